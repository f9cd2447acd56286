"""The journal: double entry per tenant and month, made from posted payslips; it balances.

A payslip's sums are split by what they are for the company (企业会计准则第 9 号 职工薪酬): cost of
the work, what is owed to the person, to the tax office and to the funds, and what people owe
until a later run. Amounts are those of the lines; nothing is computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from domain.accounts import Account, Accounts, Role
from domain.arrears import draw_change
from domain.lines import Payslip, total
from domain.money import ZERO, fen
from domain.periods import Month
from domain.refusals import Invalid

Group = Literal["wages", "labour", "agency"]
_GROUPS: dict[str, Group] = {
    "wages": "wages",
    "labour_remuneration": "labour",
    "platform_labour_remuneration": "labour",
    "business_income": "agency",
}
_EXPENSE: dict[Group, Role] = {
    "wages": "wages_expense",
    "labour": "labour_expense",
    "agency": "agency_expense",
}
_PAYABLE: dict[Group, Role] = {
    "wages": "wages_payable",
    "labour": "labour_payable",
    "agency": "agency_payable",
}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a voucher: an account, debited or credited, in yuan; one of them is 0."""

    role: Role
    account: Account
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    zh: str
    en: str


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of a posted run; its debits equal its credits."""

    run: str
    month: str
    day: date
    """The month's last day: pay belongs to the month in which it was earned."""
    payslips: int
    entries: tuple[Entry, ...]

    @property
    def debit(self) -> Decimal:
        """Sum of the debits in yuan."""
        return sum((entry.debit for entry in self.entries), ZERO)

    @property
    def credit(self) -> Decimal:
        """Sum of the credits in yuan."""
        return sum((entry.credit for entry in self.entries), ZERO)


_TEXTS: dict[Role, tuple[str, str]] = {
    "wages_expense": ("计提工资", "Wages"),
    "labour_expense": ("计提劳务报酬", "Labour remuneration"),
    "agency_expense": ("计提主播分成", "Agency fees"),
    "employer_contributions": ("计提单位社保公积金", "Employer's contributions"),
    "wages_payable": ("应付工资", "Wages payable"),
    "labour_payable": ("应付劳务报酬", "Labour remuneration payable"),
    "agency_payable": ("应付主播分成", "Agency fees payable"),
    "tax_payable": ("代扣个人所得税", "Income tax withheld"),
    "contributions_withheld": ("代扣个人社保公积金", "Contributions withheld"),
    "contributions_payable": ("应付单位社保公积金", "Employer's contributions payable"),
    "carried": ("人员结转余额", "Balances carried by people"),
    "advances": ("可回收预支", "Recoverable draws"),
}


def movements(slip: Payslip) -> dict[Role, Decimal]:
    """What one payslip moves, debits positive and credits negative, in yuan; the sum is 0.00.

    Cost = earnings and arrears without recoverable draws, which are advances until they are taken
    back. What balances of pay and contributions take out or bring in is owed by the person.
    """
    group = _GROUPS[slip.character]
    earned = total(slip.lines, "earnings", "arrears", "one_off")
    advance = fen(draw_change(slip.lines))
    found: dict[Role, Decimal] = defaultdict(lambda: ZERO)
    found[_EXPENSE[group]] += earned - advance
    found["advances"] += advance
    found["carried"] += total(slip.lines, "carry")
    found["contributions_withheld"] += total(slip.lines, "contribution")
    found["tax_payable"] += total(slip.lines, "tax")
    found[_PAYABLE[group]] -= slip.net
    found["employer_contributions"] += slip.employer_cost
    found["contributions_payable"] -= slip.employer_cost
    return dict(found)


def voucher(run: str, month: Month, slips: Iterable[Payslip], accounts: Accounts) -> Voucher:
    """The voucher of a posted run.

    Raises Invalid where it does not balance: then a payslip's net is not the sum of its lines.
    """
    sums: dict[Role, Decimal] = defaultdict(lambda: ZERO)
    count = 0
    for slip in slips:
        count += 1
        for role, amount in movements(slip).items():
            sums[role] += amount
    entries = tuple(
        Entry(
            role=role,
            account=accounts[role],
            debit=max(ZERO, sums[role]),
            credit=max(ZERO, -sums[role]),
            zh=f"{month} {zh}",
            en=f"{en}, {month}",
        )
        for role, (zh, en) in _TEXTS.items()
        if sums[role]
    )
    made = Voucher(run=run, month=str(month), day=month.last, payslips=count, entries=entries)
    if made.debit != made.credit:
        raise Invalid(
            f"凭证不平: 借方 {made.debit}, 贷方 {made.credit}",
            f"The journal of {run} does not balance: {made.debit} debited, {made.credit} credited",
            do="Verify the ledger: a payslip's net is not the sum of its lines.",
        )
    return made
