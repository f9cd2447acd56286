"""Read model `payout_ledger`: one row for each payable that was instructed, and its attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from domain.facts import Fact
from domain.payout import (
    PayoutFailed,
    PayoutInstructed,
    PayoutReturned,
    PayoutSent,
    PayoutSettled,
)
from ledger.records import Recorded
from projections.model import Connection, Pool, names_of
from projections.paging import Page, after, limited, page
from projections.rows import Row, Table, distinct, last_segment

name = "payout_ledger"
version = 1
tables = ("payout", "payout_attempt")
names = names_of(PayoutInstructed, PayoutSent, PayoutSettled, PayoutReturned, PayoutFailed)

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
Answer = tuple[str, str | None, str | None, date | None]
"""Status, bank reference, reason code, day of the answer."""
_UNANSWERED = (None, None, None)


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
    payouts = {row[0]: row for row in PAYOUT.load(connection, tenant, "payout_id", ids)}
    attempts = {row[0]: row for row in ATTEMPT.load(connection, tenant, "payout_id", ids)}
    stored = {*payouts}, {*attempts}
    for place in recorded:
        payout, fact = last_segment(place.stream), place.fact
        if isinstance(fact, PayoutInstructed):
            payouts[payout] = _instructed(payouts.get(payout), place, fact)
            attempts[fact.end_to_end_id] = _attempted(place, fact)
        else:
            answer = _answer(fact)
            asked = fact.end_to_end_id  # type: ignore[attr-defined]
            payouts[payout] = _answered(payouts.get(payout), place, answer)
            row = _needed(attempts.get(asked), place)
            attempts[asked] = (*row[:4], *answer, row[8])
    PAYOUT.save(connection, tenant, payouts, stored[0])
    ATTEMPT.save(connection, tenant, attempts, stored[1])


def _instructed(row: Row | None, place: Recorded, fact: PayoutInstructed) -> Row:
    """A row of `payout`, as the columns of PAYOUT say."""
    return (
        fact.payout,
        fact.run,
        fact.contract,
        fact.person,
        fact.month,
        fact.component,
        fact.amount,
        "instructed",
        fact.attempt,
        fact.end_to_end_id,
        *_UNANSWERED,
        row[13] if row else place.recorded_at,
        place.recorded_at,
        place.position,
        place.version,
    )


def _answered(row: Row | None, place: Recorded, answer: Answer) -> Row:
    row = _needed(row, place)
    status, *said = answer
    return (
        *row[:7],
        status,
        *row[8:10],
        *said,
        row[13],
        place.recorded_at,
        place.position,
        place.version,
    )


def _attempted(place: Recorded, fact: PayoutInstructed) -> Row:
    """A row of `payout_attempt`, as the columns of ATTEMPT say."""
    asked = (fact.end_to_end_id, fact.payout, fact.attempt, fact.amount)
    return (*asked, "instructed", *_UNANSWERED, place.position)


def _answer(fact: Fact) -> Answer:
    """What the bank said: status, its reference, its reason, the day."""
    if isinstance(fact, PayoutSettled):
        return ("settled", fact.bank_reference, None, fact.effective)
    if isinstance(fact, PayoutSent):
        return ("sent", None, None, None)
    if isinstance(fact, PayoutFailed):
        return ("failed", None, fact.reason_code, fact.effective)
    if isinstance(fact, PayoutReturned):
        return ("returned", None, fact.reason_code, fact.effective)
    raise TypeError(f"a payout has no fact {type(fact).__name__}")


def _needed(row: Row | None, recorded: Recorded) -> Row:
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
