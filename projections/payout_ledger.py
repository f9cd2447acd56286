"""Read model `payout_ledger`: one row for each payable that was instructed, and its attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from domain.payout import PayoutInstructed, PayoutReturned, PayoutSettled
from ledger.records import Recorded
from projections.model import Connection, Pool, names_of
from projections.paging import Page, after, limited, page
from projections.rows import Table, distinct, last_segment, tuples

name = "payout_ledger"
version = 1
tables = ("payout", "payout_attempt")
names = names_of(PayoutInstructed, PayoutSettled, PayoutReturned)

PAYOUT = Table(
    "payout",
    {
        "payout_id": "text",
        "run_id": "text",
        "contract_id": "text",
        "person_id": "text",
        "month": "text",
        "component": "text",
        "amount": "numeric",
        "status": "text",
        "attempts": "int",
        "end_to_end_id": "text",
        "bank_reference": "text",
        "reason_code": "text",
        "answered_on": "date",
        "first_instructed_at": "timestamptz",
        "changed_at": "timestamptz",
        "position": "bigint",
        "version": "int",
    },
    ("payout_id",),
)
ATTEMPT = Table(
    "payout_attempt",
    {
        "end_to_end_id": "text",
        "payout_id": "text",
        "attempt": "int",
        "amount": "numeric",
        "status": "text",
        "bank_reference": "text",
        "reason_code": "text",
        "answered_on": "date",
        "position": "bigint",
    },
    ("end_to_end_id",),
)


class PayoutRow(msgspec.Struct, frozen=True):
    """A payout: what it is for, how it stands, and since when."""

    payout_id: str
    run_id: str
    contract_id: str
    person_id: str
    month: str
    component: str
    amount: Decimal
    status: str
    attempts: int
    end_to_end_id: str
    bank_reference: str | None
    reason_code: str | None
    answered_on: date | None
    first_instructed_at: datetime
    changed_at: datetime
    position: int
    version: int

    def age(self, at: datetime) -> int:
        """Days since the payable was first instructed; 0 once it is settled."""
        return 0 if self.status == "settled" else (at - self.first_instructed_at).days


class AttemptRow(msgspec.Struct, frozen=True):
    """One instruction to the bank, and its answer."""

    end_to_end_id: str
    payout_id: str
    attempt: int
    amount: Decimal
    status: str
    bank_reference: str | None
    reason_code: str | None
    answered_on: date | None
    position: int


def apply(connection: Connection, tenant: str, recorded: Sequence[Recorded]) -> None:
    """Fold instructions and the bank's answers."""
    ids = distinct(last_segment(fact.stream) for fact in recorded)
    loaded = PAYOUT.load(connection, tenant, "payout_id", ids)
    payouts = {row[0]: PayoutRow(*row) for row in loaded}
    loaded = ATTEMPT.load(connection, tenant, "payout_id", ids)
    attempts = {row[0]: AttemptRow(*row) for row in loaded}
    stored = {*payouts}, {*attempts}
    for fact in recorded:
        payout = last_segment(fact.stream)
        payouts[payout] = _payout(payouts.get(payout), fact)
        end_to_end = fact.fact.end_to_end_id  # type: ignore[attr-defined]
        attempts[end_to_end] = _attempt(attempts.get(end_to_end), fact)
    PAYOUT.save(connection, tenant, tuples(payouts), stored[0])
    ATTEMPT.save(connection, tenant, tuples(attempts), stored[1])


def _payout(row: PayoutRow | None, recorded: Recorded) -> PayoutRow:
    fact = recorded.fact
    if isinstance(fact, PayoutInstructed):
        return PayoutRow(
            payout_id=fact.payout,
            run_id=fact.run,
            contract_id=fact.contract,
            person_id=fact.person,
            month=fact.month,
            component=fact.component,
            amount=fact.amount,
            status="instructed",
            attempts=fact.attempt,
            end_to_end_id=fact.end_to_end_id,
            bank_reference=None,
            reason_code=None,
            answered_on=None,
            first_instructed_at=row.first_instructed_at if row else recorded.recorded_at,
            changed_at=recorded.recorded_at,
            position=recorded.position,
            version=recorded.version,
        )
    return msgspec.structs.replace(
        _needed(row, recorded),
        changed_at=recorded.recorded_at,
        position=recorded.position,
        version=recorded.version,
        **_answer(fact),
    )


def _attempt(row: AttemptRow | None, recorded: Recorded) -> AttemptRow:
    fact = recorded.fact
    if isinstance(fact, PayoutInstructed):
        return AttemptRow(
            end_to_end_id=fact.end_to_end_id,
            payout_id=fact.payout,
            attempt=fact.attempt,
            amount=fact.amount,
            status="instructed",
            bank_reference=None,
            reason_code=None,
            answered_on=None,
            position=recorded.position,
        )
    return msgspec.structs.replace(_needed(row, recorded), **_answer(fact))


def _answer(fact: Any) -> dict[str, Any]:
    """What the bank said, as columns."""
    if isinstance(fact, PayoutSettled):
        reference = {"bank_reference": fact.bank_reference, "reason_code": None}
        return {"status": "settled", "answered_on": fact.effective, **reference}
    if isinstance(fact, PayoutReturned):
        reason = {"bank_reference": None, "reason_code": fact.reason_code}
        return {"status": "returned", "answered_on": fact.effective, **reason}
    raise TypeError(f"a payout has no fact {type(fact).__name__}")


def _needed(row: Any, recorded: Recorded) -> Any:
    if row is None:
        raise ValueError(f"{recorded.stream} was answered by the bank but never instructed")
    return row


# Queries

_PAYOUTS: LiteralString = """
    SELECT payout_id, run_id, contract_id, person_id, month, component, amount, status, attempts,
        end_to_end_id, bank_reference, reason_code, answered_on, first_instructed_at, changed_at,
        position, version
    FROM projections.payout
    WHERE tenant_id = %(tenant)s
        AND (%(run)s::text IS NULL OR run_id = %(run)s)
        AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(contract)s::text IS NULL OR contract_id = %(contract)s)
        AND (%(person)s::text IS NULL OR person_id = %(person)s)
        AND (%(payout)s::text IS NULL OR payout_id > %(payout)s)
    ORDER BY payout_id LIMIT %(limit)s"""
_ATTEMPTS: LiteralString = """
    SELECT end_to_end_id, payout_id, attempt, amount, status, bank_reference, reason_code,
        answered_on, position
    FROM projections.payout_attempt
    WHERE tenant_id = %(tenant)s
        AND (%(ids)s::text[] IS NULL OR end_to_end_id = ANY(%(ids)s))
        AND (%(payout)s::text IS NULL OR payout_id = %(payout)s)
    ORDER BY payout_id, attempt"""
_TOTALS: LiteralString = """
    SELECT status, count(*), sum(amount) FROM projections.payout
    WHERE tenant_id = %(tenant)s AND (%(run)s::text IS NULL OR run_id = %(run)s)
    GROUP BY status ORDER BY status"""


class PayoutLedger:
    """Reads the payout ledger."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def payouts(
        self,
        tenant: str,
        *,
        run: str | None = None,
        status: str | None = None,
        contract: str | None = None,
        person: str | None = None,
        cursor: str | None = None,
        limit: int = 500,
    ) -> Page[PayoutRow]:
        """Payouts by id, some or all of a run, a status, a contract, a person."""
        (payout,) = after(cursor, str) or (None,)
        size = limited(limit)
        asked = {"run": run, "status": status, "contract": contract, "person": person}
        rows = self._rows(_PAYOUTS, tenant, payout=payout, limit=size + 1, **asked)
        return page([PayoutRow(*row) for row in rows], size, lambda row: row.payout_id)

    def attempts(self, tenant: str, payout: str) -> list[AttemptRow]:
        """Every instruction of a payout, in order."""
        rows = self._rows(_ATTEMPTS, tenant, ids=None, payout=payout)
        return [AttemptRow(*row) for row in rows]

    def by_end_to_end_id(self, tenant: str, ids: Iterable[str]) -> dict[str, AttemptRow]:
        """Instructions by the id that stands on the bank's lines; unknown ones are left out."""
        rows = self._rows(_ATTEMPTS, tenant, ids=list(ids), payout=None)
        return {row[0]: AttemptRow(*row) for row in rows}

    def totals(self, tenant: str, run: str | None = None) -> dict[str, tuple[int, Decimal]]:
        """Status → number and sum of payouts, of a run or of all."""
        rows = self._rows(_TOTALS, tenant, run=run)
        return {status: (count, amount) for status, count, amount in rows}

    def _rows(self, query: LiteralString, tenant: str, **asked: Any) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(query, {"tenant": tenant, **asked}, binary=True).fetchall()
