"""How things are shown: states of the domain as plain data for JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.contract_state import Contract
from domain.erasure import Standing, Step
from domain.money import fen
from domain.periods import Period
from domain.person import Person
from domain.terms import Term, terms_on
from ledger.records import Recorded
from projections.paging import Page


def period(span: Period) -> dict[str, Any]:
    """A half-open period of days."""
    return {"start": span.start, "end": span.end}


def clause(term: Term) -> dict[str, Any]:
    """One version of a clause, and the fact that made it."""
    return {
        "key": term.key,
        "kind": term.data.get("kind"),
        "clause": term.data,
        "zh": term.text_zh,
        "en": term.text_en,
        **period(term.period),
        "position": term.position,
        "version": term.version,
    }


def contract(state: Contract) -> dict[str, Any]:
    """A contract without its clauses."""
    return {
        "contract": state.contract,
        "version": state.version,
        "status": state.status,
        "person": state.person,
        "number": state.number,
        "engagement": state.engagement,
        "team": state.team,
        "track": state.track,
        "start": state.start,
        "end": state.end,
        "template": state.template,
        "template_version": state.template_version,
        "characters": [
            {"effective": day, "character": character} for day, character in state.characters
        ],
        "document_sha256": state.document_sha256 or None,
        "signed_by": state.signed_by,
        "activated_on": state.activated_on,
        "fixed_terms": state.fixed_terms,
        "expiry_decision": state.expiry_decision,
    }


def whole_contract(state: Contract) -> dict[str, Any]:
    """A contract with every version of every clause, whatever day they are for."""
    terms = sorted(state.terms, key=lambda term: (term.key, term.period))
    return {**contract(state), "clauses": [clause(term) for term in terms]}


def contract_on(state: Contract, day: date) -> dict[str, Any]:
    """A contract with the clauses in force on a day."""
    in_force = terms_on(state.terms, day) if day in state.period else ()
    return {
        **contract(state),
        "status": state.status_on(day),
        "effective": day,
        "character": state.character_on(day),
        "clauses": [clause(term) for term in in_force],
    }


def person(state: Person, day: date | None = None) -> dict[str, Any]:
    """A person without personal data."""
    shown: dict[str, Any] = {
        "person": state.person,
        "version": state.version,
        "tags": state.tags,
        "tax_profiles": [
            {"effective": start, "profile": profile} for start, profile in state.profiles
        ],
    }
    if day is not None:
        shown["tax_profile"] = state.profile_on(day)
    return shown


def standing(state: Standing) -> dict[str, Any]:
    """How a person's data stands: in use, restricted or erased, and what holds it."""
    return {
        "status": state.status,
        "holds": [
            {"hold": name, "document": one.ground, "by": one.by, "at": one.at}
            for name, one in state.holds.items()
        ],
        "restricted": _step(state.restricted),
        "erased": _step(state.erased),
    }


def _step(step: Step | None) -> dict[str, Any] | None:
    return None if step is None else msgspec.structs.asdict(step)


def fact(record: Recorded) -> dict[str, Any]:
    """A recorded fact as it stands: sealed parts stay sealed."""
    return {
        "position": record.position,
        "version": record.version,
        "stream": record.stream,
        "name": record.name,
        "actor": record.actor,
        "recorded_at": record.recorded_at,
        "reason": record.reason,
        "correlation": record.correlation,
        "effective": record.effective,
        "fact": record.fact,
    }


_MONEY = frozenset(
    [
        "amount",
        "gross",
        "contributions",
        "tax",
        "net",
        "employer_cost",
        "carried_out",
        "owed_out",
        "draw_balance",
        "posted",
        "now",
        "difference",
        "made_good",
        "open",
        "income",
        "exempt",
        "special_additional",
        "other",
        "relief",
        "withheld",
    ]
)
"""Names that hold amounts in yuan: they are shown to the fen wherever they are exact to it."""


def money(value: Any) -> Any:
    """Plain data in which amounts have their two decimals: the ledger keeps 9000, not 9000.00."""
    plain = msgspec.to_builtins(value, builtin_types=(Decimal, date, datetime))
    return _with_fen(plain)


def _with_fen(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _with_fen(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_fen(inner) for inner in value]
    if name in _MONEY and isinstance(value, Decimal) and value == fen(value):
        return fen(value)
    return value


_SHORT = {"run_id": "run", "contract_id": "contract", "person_id": "person", "payout_id": "payout"}


def row(found: msgspec.Struct) -> dict[str, Any]:
    """A row of a read model under the names the rest of the interface uses."""
    values = {
        _SHORT.get(name, name): value for name, value in msgspec.structs.asdict(found).items()
    }
    shown: dict[str, Any] = money(values)
    return shown


def page(found: Page[Any], show: Callable[[Any], Any] = row) -> dict[str, Any]:
    """One page of a list, and the cursor of the next."""
    return {"items": [show(item) for item in found.items], "next": found.next}
