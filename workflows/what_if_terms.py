"""A contract's terms as they would have been, and what the plan check has to say about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import msgspec

from domain.clauses import Clause, clause_data, clause_of
from domain.contract import plan_on
from domain.contract_state import Contract
from domain.findings import PlanContext
from domain.periods import Month, Period
from domain.plan_check import check_plan
from domain.refusals import NotFound, WrongState
from domain.sentences import sentence
from domain.terms import Term, cut, paint, terms_in, terms_on
from domain.what_if_command import WhatIf


class PlanNote(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the plan check on the other terms, with the contracts it is about."""

    code: str
    severity: str
    clause: str
    zh: str
    en: str
    contracts: int
    example: str
    """One of the contracts."""


def changed_terms(contract: Contract, command: WhatIf) -> tuple[Term, ...]:
    """The contract's terms with the changes laid over the months. Raises WrongState for a clause
    that is to be added and is there, and Invalid for parameters that are not right."""
    first, last = command.months
    days = Period(first.first, last.period.end).overlap(contract.period)
    terms = contract.terms
    if days is None:
        return terms
    for change in command.changes:
        if change.clause is None:
            terms = cut(terms, change.key, days)
        elif change.op == "add":
            terms = _added(contract, terms, change.key, change.clause, days)
        else:
            terms = _laid(terms, change.key, clause_data(change.clause), days)
    for key, fields in command.parameters.items():
        terms = _laid(terms, key, fields, days, over=True)
    return terms


def _added(
    contract: Contract, terms: tuple[Term, ...], key: str, clause: Clause, days: Period
) -> tuple[Term, ...]:
    if any(term.key == key for term in terms_in(terms, days)):
        raise WrongState(
            f"合同 {contract.contract} 已有条款 {key}",
            f"Contract {contract.contract} has a clause {key} already",
            do="Use op: change, or another key.",
            field=f"changes.{key}",
        )
    return paint(terms, _term(key, days, clause))


def _laid(
    terms: tuple[Term, ...], key: str, data: dict[str, Any], days: Period, *, over: bool = False
) -> tuple[Term, ...]:
    """The clause where it is in force; with `over`, its own parameters where none is given."""
    for old in terms_in(terms, days):
        if old.key == key:
            made = clause_of({**old.data, **data} if over else data)
            terms = paint(terms, _term(key, old.period, made))
    return terms


def _term(key: str, period: Period, clause: Clause) -> Term:
    zh, en = sentence(clause)
    return Term(key, period, clause_data(clause), zh, en)


def refuse_unused(command: WhatIf, cohort: list[Contract]) -> None:
    """Refuse what would change nothing on any contract: most often a typing error."""
    first, last = command.months
    days = Period(first.first, last.period.end)
    terms = [term for contract in cohort for term in terms_in(contract.terms, days)]
    keys = {term.key for term in terms}
    schemes = {term.data["scheme"] for term in terms if term.data["kind"] == "performance_pay"}
    changed = [change.key for change in command.changes if change.op != "add"]
    for name, known, what in (
        *((key, keys, "clause") for key in (*changed, *command.parameters)),
        *((scheme, schemes, "KPI scheme") for scheme in command.weights),
        *((moved, {one.contract for one in cohort}, "contract") for moved in command.teams),
    ):
        if name not in known:
            raise _unused(name, what, known)


_ZH = {"clause": "条款", "KPI scheme": "考核方案", "contract": "合同"}


def _unused(name: str, what: str, known: set[str]) -> NotFound:
    some = ", ".join(sorted(known)[:20])
    return NotFound(
        f"所选范围内没有用到{_ZH[what]} {name}",
        f"Nobody of the cohort has {what} {name} in these months",
        do=f"There are: {some or 'none'}.",
        missing=name,
    )


def notes_on(
    pairs: Iterable[tuple[Contract, Contract]], plan: PlanContext, first: Month
) -> Iterator[PlanNote]:
    """The plan check's findings on the contracts that differ, each once with their number."""
    found: dict[tuple[str, str, str], list[str]] = {}
    kept = {}
    for was, now in pairs:
        if was.terms == now.terms:
            continue
        day = max(first.first, now.start)
        context = plan_on(now, plan, day)
        clauses = {term.key: term.clause for term in terms_on(now.terms, day)}
        before = {term.key: term.clause for term in terms_on(was.terms, day - timedelta(days=1))}
        context = msgspec.structs.replace(context, before=before)
        for finding in check_plan(clauses, context):
            key = finding.code, finding.clause, finding.en
            found.setdefault(key, []).append(now.contract)
            kept[key] = finding
    for key, contracts in found.items():
        one = kept[key]
        yield PlanNote(
            code=one.code,
            severity=one.severity,
            clause=one.clause,
            zh=one.zh,
            en=one.en,
            contracts=len(contracts),
            example=contracts[0],
        )
