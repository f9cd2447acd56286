"""Reconciliation: one verdict for every line of the bank and for every payout, and its age.

Lines are matched by end-to-end id, or by a person's word where they have none that is known. The
verdicts do not depend on the order of the lines: banks list a day either way round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from domain.bank_line import TakenLine
from domain.bank_transfer import bank_id
from domain.money import ZERO
from domain.payout import Status

Verdict = Literal["settled", "unpaid", "amount_differs", "duplicate", "returned", "unknown"]
VERDICTS: tuple[Verdict, ...] = (
    "settled",
    "unpaid",
    "amount_differs",
    "duplicate",
    "returned",
    "unknown",
)
"""Of a line: it pays a payout; (never unpaid); it is of another sum; the payout was paid already;
the payment came back, both lines; it belongs to no payout. Of a payout: paid; not paid; a line
has another sum; paid more than once; came back; answered by hand, and no line says so."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction of a payout, as the ledger has it."""

    end_to_end_id: str
    payout: str
    contract: str
    person: str
    run: str
    month: str
    amount: Decimal
    attempt: int
    status: Status
    instructed_on: date
    instructed_by: str = ""


class LineVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of the bank is."""

    line: TakenLine
    verdict: Verdict
    end_to_end_id: str = ""
    payout: str = ""

    def age(self, on: date) -> int:
        """Days since the bank booked it."""
        return max(0, (on - self.line.booked_on).days)


class PayoutVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a payout stands against the bank."""

    payout: str
    run: str
    contract: str
    person: str
    amount: Decimal
    verdict: Verdict
    status: Status
    end_to_end_id: str
    attempts: int
    since: date
    bank_net: Decimal
    """What its lines took from the account, what came back taken off."""
    paid: TakenLine | None = None
    """The line that paid it."""
    paid_under: str = ""
    came_back: TakenLine | None = None
    """The line that brought the present instruction's money back."""

    def age(self, on: date) -> int:
        """Days since it was first instructed; 0 once it is settled."""
        return 0 if self.verdict == "settled" else max(0, (on - self.since).days)

    @property
    def paid_under_earlier_id(self) -> bool:
        """The bank paid an instruction that another has followed: stop that one."""
        return bool(self.paid_under) and self.paid_under != self.end_to_end_id


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """All lines and all payouts, each with its one verdict."""

    lines: tuple[LineVerdict, ...]
    payouts: tuple[PayoutVerdict, ...]


class _Sorted(msgspec.Struct, kw_only=True):
    """The lines of one instruction."""

    paid: list[TakenLine]
    returned: list[TakenLine]
    extra: list[TakenLine]
    differing: list[TakenLine]
    came_back: TakenLine | None = None


def judge(
    attempts: Iterable[Attempt], lines: Iterable[TakenLine], confirmed: Mapping[str, str]
) -> Picture:
    """Give every line and every payout its verdict.

    `confirmed`: line id → end-to-end id, as persons said. An id that the line itself carries and
    that is known goes before it.
    """
    by_payout: dict[str, list[Attempt]] = defaultdict(list)
    by_id: dict[str, Attempt] = {}
    for attempt in attempts:
        by_payout[attempt.payout].append(attempt)
        by_id[attempt.end_to_end_id] = by_id[bank_id(attempt.end_to_end_id)] = attempt
    of_attempt: dict[str, list[TakenLine]] = defaultdict(list)
    judged: list[LineVerdict] = []
    for line in lines:
        found = by_id.get(line.end_to_end_id) or by_id.get(confirmed.get(line.id, ""))
        if found is None:
            judged.append(LineVerdict(line=line, verdict="unknown"))
        else:
            of_attempt[found.end_to_end_id].append(line)
    payouts = []
    for tries in by_payout.values():
        tries.sort(key=lambda one: one.attempt)
        payout, told = _payout(tries, of_attempt)
        payouts.append(payout)
        judged += told
    return Picture(lines=tuple(judged), payouts=tuple(payouts))


def _payout(
    tries: Sequence[Attempt], of_attempt: Mapping[str, list[TakenLine]]
) -> tuple[PayoutVerdict, list[LineVerdict]]:
    told: list[LineVerdict] = []
    paid: TakenLine | None = None
    paid_under = ""
    last = tries[-1]
    parts = [_sort(one, of_attempt.get(one.end_to_end_id, ())) for one in tries]
    for one, part in zip(tries, parts, strict=True):
        if paid is None and part.paid:
            paid, paid_under = part.paid[0], one.end_to_end_id
        verdicts: list[tuple[Verdict, list[TakenLine]]] = [
            ("settled", [line for line in part.paid if line is paid]),
            ("duplicate", [line for line in part.paid if line is not paid] + part.extra),
            ("returned", part.returned),
            ("amount_differs", part.differing),
        ]
        told += [
            LineVerdict(
                line=line, verdict=verdict, end_to_end_id=one.end_to_end_id, payout=one.payout
            )
            for verdict, lines in verdicts
            for line in lines
        ]
    payout = PayoutVerdict(
        payout=last.payout,
        run=last.run,
        contract=last.contract,
        person=last.person,
        amount=last.amount,
        verdict=_verdict(last, parts[-1], paid, {one.verdict for one in told}),
        status=last.status,
        end_to_end_id=last.end_to_end_id,
        attempts=len(tries),
        since=tries[0].instructed_on,
        bank_net=-sum((one.line.amount for one in told), ZERO),
        paid=paid,
        paid_under=paid_under,
        came_back=parts[-1].came_back,
    )
    return payout, told


def _sort(attempt: Attempt, lines: Iterable[TakenLine]) -> _Sorted:
    """Debits and credits of the instruction's sum, paired: what came back, what stays paid."""
    ordered = sorted(lines, key=lambda line: (line.booked_on, line.ref, line.statement))
    debits = [line for line in ordered if line.amount == -attempt.amount]
    credits_ = [line for line in ordered if line.amount == attempt.amount]
    differing = [line for line in ordered if abs(line.amount) != attempt.amount]
    back = min(len(debits), len(credits_))
    returned, extra = debits[:back] + credits_[:back], credits_[back:]
    if not debits and extra:  # the debit stands on a statement that nobody has imported
        returned, extra = extra[:1], extra[1:]
    stays = debits[back:]
    came_back = credits_[0] if credits_ and not stays else None
    return _Sorted(
        paid=stays, returned=returned, extra=extra, differing=differing, came_back=came_back
    )


def _verdict(last: Attempt, part: _Sorted, paid: TakenLine | None, told: set[Verdict]) -> Verdict:
    if "duplicate" in told:
        return "duplicate"
    if "amount_differs" in told:
        return "amount_differs"
    if paid is not None:
        return "settled"
    if part.came_back is not None:
        return "returned"
    return "unknown" if last.status in ("settled", "returned") else "unpaid"
