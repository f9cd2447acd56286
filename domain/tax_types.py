"""What the withholding of income tax takes and gives: amounts, history, results, their end.

All amounts are yuan. `withheld` is always the tax that was really withheld, in fen.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from domain.brackets import Bracket
from domain.law import LawCited
from domain.money import ZERO, fen
from domain.periods import Month
from domain.refusals import Invalid

Character = Literal[
    "wages", "labour_remuneration", "platform_labour_remuneration", "business_income"
]
"""The tax character of a payment: a dated fact of the engagement and its payer."""
Method = Literal["cumulative", "per_time", "bonus_separate", "severance_separate", "none"]
BonusMethod = Literal["separate", "merged"]


class WagesYear(msgspec.Struct, frozen=True, kw_only=True):
    """What this payer has paid and withheld in the tax year so far, before this payment."""

    year: int
    """Calendar year of payment."""
    income: Decimal = ZERO
    exempt: Decimal = ZERO
    months_employed: int = 0
    """Months of employment counted at the last payment."""
    contributions: Decimal = ZERO
    special_additional: Decimal = ZERO
    other: Decimal = ZERO
    relief: Decimal = ZERO
    withheld: Decimal = ZERO
    """Without the tax on a bonus that was taxed separately."""
    bonus_used: bool = False
    """Whether a bonus was taxed separately this year: that is possible once."""


class WagesPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment of wages. A second payment in a month keeps `months_employed`."""

    income: Decimal
    months_employed: int
    """Months employed here in the year of payment, the month of payment included."""
    exempt: Decimal = ZERO
    contributions: Decimal = ZERO
    """The employee's insurance and fund; negative where some is given back."""
    special_additional: Decimal = ZERO
    other: Decimal = ZERO
    relief: Decimal = ZERO
    first_job: bool = False
    """First wages of the person's year: the deduction runs from January (公告2020年第13号)."""
    sixty_thousand: bool = False
    """Same employer and at most 60,000 all last year: 60,000 at once (公告2020年第19号)."""
    bonus: Decimal = ZERO
    """Annual bonus paid with these wages, not part of `income`."""
    bonus_method: BonusMethod | None = None
    """The worker's choice; needed where there is a bonus."""


class LabourPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment for labour by an ordinary payer."""

    income: Decimal
    earlier_income: Decimal = ZERO
    """Paid this month for the same continuing project: with `income` it is one time."""
    earlier_withheld: Decimal = ZERO
    student_intern: bool = False
    """A full-time student's internship: withheld cumulatively (公告2020年第13号)."""
    exempt: Decimal = ZERO
    other: Decimal = ZERO
    relief: Decimal = ZERO


class PlatformPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment for labour by a platform enterprise or its settling entity."""

    income: Decimal
    exempt: Decimal = ZERO
    other: Decimal = ZERO
    relief: Decimal = ZERO


class LabourMonth(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier payment under the same cumulative regime, by month of payment."""

    month: Month
    income: Decimal
    exempt: Decimal = ZERO
    other: Decimal = ZERO
    relief: Decimal = ZERO
    withheld: Decimal = ZERO


class BusinessPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment of business income."""

    income: Decimal


class Step(msgspec.Struct, frozen=True):
    """One line of the arithmetic, for the payslip: a label and yuan, or a count, or a rate."""

    label_zh: str
    label_en: str
    amount: Decimal


class TaxResult(msgspec.Struct, frozen=True, kw_only=True):
    """The tax to withhold from one payment and how it came about."""

    character: Character
    method: Method
    month: Month
    """Month of payment."""
    tax: Decimal
    """Yuan to withhold now, rounded to the fen, never below 0; with the tax of all `parts`."""
    unrounded: Decimal
    """The same before rounding and before the floor of 0: below 0 more was withheld than due."""
    taxable: Decimal
    """Taxable amount the rate was applied to (cumulative where the method is)."""
    rate: Decimal
    quick: Decimal
    steps: tuple[Step, ...]
    laws: tuple[LawCited, ...]
    parts: tuple[TaxResult, ...] = ()
    """Wages and bonus apart, where a bonus was taxed separately; else empty."""
    year_after: WagesYear | None = None
    """For wages: the state for the next payment."""

    @property
    def over_withheld(self) -> Decimal:
        """Yuan withheld beyond what is due so far; it is kept, not refunded in the year."""
        return fen(max(ZERO, -self.unrounded))


def conclude(
    character: Character,
    method: Method,
    month: Month,
    *,
    taxable: Decimal,
    bracket: Bracket,
    relief: Decimal,
    withheld: Decimal,
    steps: tuple[Step, ...],
    laws: tuple[LawCited, ...],
) -> TaxResult:
    """Taxable x rate - quick deduction - relief - withheld, at least 0: the end of every method.

    Amounts in yuan; `steps` lead up to the taxable amount. The one rounding is here.
    """
    zh, en = ("累计", "cumulative ") if method == "cumulative" else ("", "")
    owed = taxable * bracket.rate - bracket.quick
    due = owed - relief - withheld
    tax = fen(max(ZERO, due))
    ends = (
        Step(f"{zh}应纳税所得额", f"{en}taxable income", taxable),
        Step("税率", "rate", bracket.rate),
        Step("速算扣除数", "quick deduction", bracket.quick),
        Step(f"{zh}应纳税额", f"{en}tax", owed),
        Step(f"{zh}减免税额", f"{en}relief", relief),
        Step("已预扣税额", "tax already withheld", withheld),
        Step("本期应预扣税额", "tax to withhold now", tax),
    )
    return TaxResult(
        character=character,
        method=method,
        month=month,
        tax=tax,
        unrounded=due,
        taxable=taxable,
        rate=bracket.rate,
        quick=bracket.quick,
        steps=steps + ends,
        laws=laws,
    )


def refuse_negative(**amounts: Decimal) -> None:
    """Raise Invalid, naming the field, where an amount in yuan is below 0."""
    for name, amount in amounts.items():
        if amount < 0:
            raise Invalid(
                f"{name} 不能为负:{amount}",
                f"{name} must not be negative: {amount}",
                do="carry a negative balance forward instead of paying it",
                field=name,
            )
