"""Read model `audit_history`: who, when, what changed from what to what, and why, in words.

One row a fact. To say what was before, the last state of each stream is kept beside the rows,
folded by the domain's own functions. Personal data is in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from domain import contract_state, erasure_facts, kpi, metric, payout, payrun, person, template
from domain import tenant as tenants
from domain.contract_state import Contract
from domain.facts import Fact, Place
from ledger.records import Recorded
from projections import audit_search
from projections.audit_queries import AuditEntry, AuditHistory
from projections.audit_words import Told, tell_contract
from projections.audit_words_other import (
    tell_kpi,
    tell_metric,
    tell_payout,
    tell_person,
    tell_run,
    tell_single,
    tell_template,
)
from projections.audit_words_people import WORDS as PEOPLE_WORDS
from projections.audit_words_people import tell_people
from projections.audit_words_steps import WORDS, tell_step
from projections.contract_terms import CONTRACT_FACTS
from projections.model import Connection, names_of
from projections.rows import Row, Table, as_json, distinct

__all__ = ["AuditEntry", "AuditHistory", "apply", "name", "names", "tables", "version"]

name = "audit_history"
version = 2
tables = ("audit_entry", "audit_words", "audit_state")
names = names_of(
    *CONTRACT_FACTS,
    tenants.TenantOpened,
    tenants.LawTablePublished,
    person.PersonRegistered,
    person.PersonalDataChanged,
    person.TaxProfileSet,
    *erasure_facts.KEEPING,
    template.TemplateDefined,
    kpi.KpiSchemeDefined,
    kpi.KpiWeightsChanged,
    metric.MetricDefined,
    metric.MetricBatchRecorded,
    payrun.PayRunStarted,
    payrun.OffCycleRunStarted,
    payrun.PayslipComputed,
    payrun.PayRunComputed,
    payrun.PayRunApproved,
    payrun.PayRunRejected,
    payrun.PayRunPosted,
    payout.PayoutInstructed,
    payout.PayoutSettled,
    payout.PayoutReturned,
    *WORDS,
    *PEOPLE_WORDS,
)

ENTRY = Table(
    "audit_entry",
    {
        "position": "bigint",
        "stream_id": "text",
        "version": "int",
        "kind": "text",
        "subject_kind": "text",
        "subject_id": "text",
        "contract_id": "text",
        "person_id": "text",
        "actor": "text",
        "recorded_at": "timestamptz",
        "reason": "text",
        "correlation": "text",
        "effective": "date",
        "zh": "text",
        "en": "text",
        "before": "jsonb",
        "after": "jsonb",
    },
    ("position",),
)
STATE = Table("audit_state", {"stream_id": "text", "state": "text"}, ("stream_id",))


class Teller(NamedTuple):
    """How one kind of stream is folded and told."""

    empty: Any
    evolve: Callable[[Any, Fact, Place], Any]
    tell: Callable[[Any, Fact], Told]


TELLERS: dict[str, Teller] = {
    "contract": Teller(Contract(), contract_state.evolve, tell_contract),
    "person": Teller(person.Person(), person.evolve, tell_person),
    "kpi": Teller(kpi.KpiScheme(), kpi.evolve, tell_kpi),
    "metric": Teller(metric.Metric(), metric.evolve, tell_metric),
    "template": Teller(template.Template(), template.evolve, tell_template),
    "payrun": Teller(payrun.PayRun(), payrun.evolve, tell_run),
    "payout": Teller(payout.Payout(), payout.evolve, tell_payout),
}
_DECODERS = {kind: msgspec.json.Decoder(type(t.empty)) for kind, t in TELLERS.items()}


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Tell each fact, and keep the last state of its stream."""
    told_with_state = [f.stream for f in recorded if _kind(f.stream) in TELLERS]
    states = _load(connection, tenant, distinct(told_with_state))
    stored = {*states}
    rows = [_row(fact, _tell(states, fact)) for fact in recorded]
    ENTRY.copy(connection, tenant, rows)
    audit_search.fill(connection, tenant, [(row[0], row[13], row[14], row[10]) for row in rows])
    encoded = {stream: (stream, as_json(state)) for stream, state in states.items()}
    STATE.save(connection, tenant, encoded, stored)


def _load(connection: Connection, tenant: str, streams: Sequence[str]) -> dict[str, Any]:
    stored = STATE.load(connection, tenant, "stream_id", streams) if streams else []
    return {stream: _DECODERS[_kind(stream)].decode(state) for stream, state in stored}


def _tell(states: dict[str, Any], recorded: Recorded) -> Told:
    teller = TELLERS.get(_kind(recorded.stream))
    if teller is None:
        fact = recorded.fact
        return tell_step(fact) or tell_people(fact) or tell_single(fact)
    before = states.get(recorded.stream, teller.empty)
    after = teller.evolve(before, recorded.fact, recorded)
    if isinstance(after, person.Person):
        after = msgspec.structs.replace(after, sealed={})
    states[recorded.stream] = after
    told = tell_step(recorded.fact) or teller.tell(before, recorded.fact)
    if isinstance(after, Contract):
        return msgspec.structs.replace(told, contract=after.contract, person=after.person)
    if isinstance(after, person.Person):
        return msgspec.structs.replace(told, person=after.person)
    return told


def _row(recorded: Recorded, told: Told) -> Row:
    kind, subject = recorded.stream.split("/", 1)
    return (
        recorded.position,
        recorded.stream,
        recorded.version,
        recorded.name.rsplit(".", 1)[0],
        kind,
        subject,
        told.contract,
        told.person,
        recorded.actor,
        recorded.recorded_at,
        recorded.reason,
        recorded.correlation,
        recorded.effective,
        told.zh,
        told.en,
        as_json(told.before),
        as_json(told.after),
    )


def _kind(stream: str) -> str:
    return stream.split("/", 1)[0]
