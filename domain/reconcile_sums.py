"""The reconciliation statement: payslips, ledger and bank as sums that add up, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from domain.bank_line import BankStatementRecorded
from domain.money import ZERO
from domain.reconcile import VERDICTS, LineVerdict, PayoutVerdict, Picture


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """The net of a posted payslip that is to be paid."""

    payout: str
    run: str
    contract: str
    net: Decimal


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """So many things of one kind, their sum, and the age of the oldest in days."""

    kind: str
    count: int
    amount: Decimal
    oldest: int = 0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Two ways to the same sum: what it starts from, what is added and taken off, where it ends."""

    zh: str
    en: str
    steps: tuple[tuple[str, Decimal], ...]
    target: Decimal

    @property
    def difference(self) -> Decimal:
        """0 where it adds up."""
        return sum((amount for _, amount in self.steps), ZERO) - self.target


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A run, a month or everything, held three ways against each other."""

    scope: str
    on: date
    payslips: Sum
    payouts: tuple[Sum, ...]
    """By verdict, all verdicts."""
    lines: tuple[Sum, ...]
    """By verdict; sums are what left the company's account, what came back taken off."""
    checks: tuple[Check, ...]
    open_payouts: tuple[PayoutVerdict, ...]
    open_lines: tuple[LineVerdict, ...]
    unpaid_payslips: tuple[Owed, ...]
    """Payslips whose net nobody has instructed."""

    @property
    def adds_up(self) -> bool:
        """Whether every check comes out even."""
        return all(not check.difference for check in self.checks)


def reconciliation(
    scope: str,
    on: date,
    owed: Sequence[Owed],
    seen: Picture,
    statements: Iterable[BankStatementRecorded],
) -> Reconciliation:
    """The statement of these payslips against all that the ledger and the bank say of them.

    Lines of other runs, and of no payout, are items of the bank's side: its sums are those of
    its own statements, whole.
    """
    runs = {one.run for one in owed}
    payouts = [one for one in seen.payouts if one.run in runs]
    names = {one.payout for one in payouts}
    lines = [one for one in seen.lines if one.payout in names]
    unknown = [one for one in seen.lines if not one.payout]
    others = [one for one in seen.lines if one.payout and one.payout not in names]
    instructed = {one.payout for one in payouts}
    missing = tuple(one for one in owed if one.payout not in instructed)
    return Reconciliation(
        scope=scope,
        on=on,
        payslips=_sum("net", [one.net for one in owed]),
        payouts=tuple(_payouts(verdict, payouts, on) for verdict in VERDICTS),
        lines=tuple(_lines(verdict, [*lines, *unknown], on) for verdict in VERDICTS),
        checks=(
            _payslips_and_payouts(owed, missing, payouts),
            _ledger_and_bank(payouts, lines),
            _bank_and_statements(lines, unknown, others, statements),
        ),
        open_payouts=tuple(one for one in payouts if one.verdict != "settled"),
        open_lines=tuple(one for one in [*lines, *unknown] if one.verdict != "settled"),
        unpaid_payslips=missing,
    )


def _payslips_and_payouts(
    owed: Sequence[Owed], missing: Sequence[Owed], payouts: Sequence[PayoutVerdict]
) -> Check:
    return Check(
        zh="工资单实发 = 付款",
        en="Payslips' net = payouts",
        steps=(
            ("payslips", _total(one.net for one in owed)),
            ("not instructed", -_total(one.net for one in missing)),
        ),
        target=_total(one.amount for one in payouts),
    )


def _ledger_and_bank(payouts: Sequence[PayoutVerdict], lines: Sequence[LineVerdict]) -> Check:
    """From what the ledger calls settled to what the lines of these payouts took."""
    settled = [one for one in payouts if one.status == "settled"]
    by_hand = [one for one in settled if one.paid is None]
    early = [one for one in payouts if one.paid is not None and one.status != "settled"]
    return Check(
        zh="账面已付 = 银行流水",
        en="Settled in the ledger = the bank's lines",
        steps=(
            ("settled in the ledger", _total(one.amount for one in settled)),
            ("settled by hand, no line", -_total(one.amount for one in by_hand)),
            ("on the statement, not recorded", _total(one.amount for one in early)),
            ("returned, net of the payment", _net(lines, "returned")),
            ("paid more than once", _net(lines, "duplicate")),
            ("of another sum", _net(lines, "amount_differs")),
        ),
        target=-_total(one.line.amount for one in lines),
    )


def _bank_and_statements(
    lines: Sequence[LineVerdict],
    unknown: Sequence[LineVerdict],
    others: Sequence[LineVerdict],
    statements: Iterable[BankStatementRecorded],
) -> Check:
    """From the lines to the sums that stand in the facts of the bank's statements."""
    return Check(
        zh="银行流水 = 对账单借贷合计",
        en="The bank's lines = debits less credits of its statements",
        steps=(
            ("lines of these payouts", -_total(one.line.amount for one in lines)),
            ("lines of other runs", -_total(one.line.amount for one in others)),
            ("lines of no payout", -_total(one.line.amount for one in unknown)),
        ),
        target=_total(one.debits - one.credits for one in statements),
    )


def _payouts(verdict: str, payouts: Sequence[PayoutVerdict], on: date) -> Sum:
    of = [one for one in payouts if one.verdict == verdict]
    return _sum(verdict, [one.amount for one in of], [one.age(on) for one in of])


def _lines(verdict: str, lines: Sequence[LineVerdict], on: date) -> Sum:
    of = [one for one in lines if one.verdict == verdict]
    ages = [one.age(on) for one in of] if verdict != "settled" else []
    return _sum(verdict, [-one.line.amount for one in of], ages)


def _net(lines: Sequence[LineVerdict], verdict: str) -> Decimal:
    return -_total(one.line.amount for one in lines if one.verdict == verdict)


def _sum(kind: str, amounts: Sequence[Decimal], ages: Sequence[int] = ()) -> Sum:
    return Sum(kind=kind, count=len(amounts), amount=_total(amounts), oldest=max(ages, default=0))


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
