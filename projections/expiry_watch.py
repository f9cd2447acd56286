"""Read model `expiry_watch`: when contracts end, and what was decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import LiteralString

import msgspec

from domain import contract_facts as facts
from domain.periods import add_months
from ledger.records import Recorded
from projections.model import Connection, Pool, names_of
from projections.rows import Table, distinct, last_segment, tuples

name = "expiry_watch"
version = 1
tables = ("expiry",)
names = names_of(
    facts.ContractDrafted,
    facts.ContractSent,
    facts.PartySigned,
    facts.ContractActivated,
    facts.ContractCancelled,
    facts.ContractRenewed,
    facts.ContractEnded,
    facts.ExpiryDecided,
)

EXPIRY = Table(
    "expiry",
    {
        "contract_id": "text",
        "person_id": "text",
        "number": "text",
        "engagement": "text",
        "team": "text",
        "track": "text",
        "status": "text",
        "starts": "date",
        "ends": "date",
        "months": "int",
        "fixed_terms": "int",
        "decision": "text",
        "decided_by": "text",
        "decided_at": "timestamptz",
        "position": "bigint",
        "version": "int",
    },
    ("contract_id",),
)
_EXPIRING: LiteralString = """
    SELECT contract_id, person_id, number, engagement, team, track, status, starts, ends, months,
        fixed_terms, decision, decided_by, decided_at, position, version
    FROM projections.expiry
    WHERE tenant_id = %(tenant)s AND status = 'active'
        AND ends <= %(last)s AND (ends > %(day)s OR %(lapsed)s AND decision IS NULL)
        AND (%(team)s::text IS NULL OR team = %(team)s)
        AND (%(teams)s::text[] IS NULL OR team = ANY(%(teams)s))
        AND (%(undecided)s IS FALSE OR decision IS NULL)
    ORDER BY ends, contract_id"""


class Expiry(msgspec.Struct, frozen=True):
    """A contract, the end of its present term and the decision about it."""

    contract_id: str
    person_id: str
    number: str
    engagement: str
    team: str
    track: str
    status: str
    starts: date
    """First day of the present term: a renewal begins a new one."""
    ends: date | None
    """First day after the term."""
    months: int | None
    """Whole months of the present term."""
    fixed_terms: int
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    position: int
    version: int


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Fold what starts, renews, ends and decides contracts."""
    contracts = distinct(last_segment(fact.stream) for fact in recorded)
    loaded = EXPIRY.load(connection, tenant, "contract_id", contracts)
    rows = {row[0]: Expiry(*row) for row in loaded}
    stored = {*rows}
    for fact in recorded:
        contract = last_segment(fact.stream)
        row = _fold(contract, rows.get(contract), fact)
        rows[contract] = msgspec.structs.replace(
            row,
            months=whole_months(row.starts, row.ends),
            position=fact.position,
            version=fact.version,
        )
    EXPIRY.save(connection, tenant, tuples(rows), stored)


def _fold(contract: str, row: Expiry | None, recorded: Recorded) -> Expiry:
    replace, fact = msgspec.structs.replace, recorded.fact
    if isinstance(fact, facts.ContractDrafted):
        return _drafted(contract, fact)
    if row is None:
        raise ValueError(f"{recorded.stream} has a {recorded.name} before it was drafted")
    match fact:
        case facts.ContractSent():
            return replace(row, status="sent")
        case facts.PartySigned():
            done = fact.party == facts.SIGNING_ORDER[-1]
            return replace(row, status="signed" if done else row.status)
        case facts.ContractActivated():
            return replace(row, status="active")
        case facts.ContractCancelled():
            return replace(row, status="cancelled")
        case facts.ContractRenewed():
            undecided = {"decision": None, "decided_by": None, "decided_at": None}
            terms = {"ends": fact.end, "fixed_terms": fact.fixed_terms}
            return replace(row, starts=fact.effective, **terms, **undecided)
        case facts.ContractEnded():
            return replace(row, status="ended", ends=fact.effective)
        case facts.ExpiryDecided():
            who = {"decided_by": recorded.actor, "decided_at": recorded.recorded_at}
            return replace(row, decision=fact.decision, **who)
    raise TypeError(f"a term has no fact {type(fact).__name__}")


def _drafted(contract: str, fact: facts.ContractDrafted) -> Expiry:
    return Expiry(
        contract_id=contract,
        person_id=fact.person,
        number=fact.number,
        engagement=fact.engagement,
        team=fact.team,
        track=fact.track,
        status="drafted",
        starts=fact.effective,
        ends=fact.end,
        months=None,
        fixed_terms=0 if fact.end is None else 1,
        decision=None,
        decided_by=None,
        decided_at=None,
        position=0,
        version=0,
    )


def whole_months(start: date, end: date | None) -> int | None:
    """Whole months from a day to the first day after; None for an open end."""
    if end is None:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


class ExpiryWatch:
    """Reads the expiry watch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def expiring(
        self,
        tenant: str,
        day: date,
        *,
        lead_months: int = 1,
        team: str | None = None,
        teams: Sequence[str] | None = None,
        undecided: bool = False,
        lapsed: bool = False,
    ) -> list[Expiry]:
        """Active contracts whose term ends after a day and within so many calendar months.

        `teams` are the only ones that are looked at. `undecided` leaves out those that are decided on; `lapsed` adds those whose term is over
        already and that nobody decided on. The first to end comes first.
        """
        asked = {
            "tenant": tenant,
            "day": day,
            "last": add_months(day, lead_months),
            "team": team,
            "teams": None if teams is None else list(teams),
            "undecided": undecided,
            "lapsed": lapsed,
        }
        with self._pool.connection() as connection:
            rows = connection.execute(_EXPIRING, asked, binary=True).fetchall()
        return [Expiry(*row) for row in rows]
