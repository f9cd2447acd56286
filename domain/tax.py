"""Income tax to withhold from a payment, by its tax character.

The character (wages, labour remuneration, labour remuneration from a platform enterprise,
business income) is a dated fact of the engagement and its payer; the tax year and the tables
follow the month of payment.
"""

from __future__ import annotations

from domain.law import LawBook
from domain.money import ZERO, fen
from domain.periods import Month
from domain.refusals import Invalid
from domain.tax_bonus import BonusComparison, bonus_tax, compare_bonus, wages_with_bonus
from domain.tax_labour import continuous_months, labour_tax, platform_tax, student_tax
from domain.tax_types import (
    BonusMethod,
    BusinessPayment,
    Character,
    LabourMonth,
    LabourPayment,
    PlatformPayment,
    Step,
    TaxResult,
    WagesPayment,
    WagesYear,
    refuse_negative,
)
from domain.tax_wages import (
    may_deduct_sixty_thousand,
    months_employed,
    special_additional,
    wages_tax,
)

__all__ = [
    "Amounts",
    "BonusComparison",
    "BonusMethod",
    "BusinessPayment",
    "Character",
    "History",
    "LabourMonth",
    "LabourPayment",
    "PlatformPayment",
    "Step",
    "TaxResult",
    "WagesPayment",
    "WagesYear",
    "bonus_tax",
    "business_income",
    "compare_bonus",
    "continuous_months",
    "labour_tax",
    "may_deduct_sixty_thousand",
    "months_employed",
    "platform_tax",
    "special_additional",
    "student_tax",
    "wages_tax",
    "wages_with_bonus",
    "withhold",
]

BUSINESS = "cn.business_income"

Amounts = WagesPayment | LabourPayment | PlatformPayment | BusinessPayment
History = WagesYear | tuple[LabourMonth, ...] | None


def withhold(
    character: Character, month: Month, amounts: Amounts, history: History, book: LawBook
) -> TaxResult:
    """Tax in yuan to withhold from one payment made in `month`, with steps and lineage.

    | character | amounts | history |
    | --- | --- | --- |
    | wages | WagesPayment, with a bonus or without | WagesYear; None: nothing paid this year |
    | labour_remuneration | LabourPayment | None; for a student intern LabourMonth… or None |
    | platform_labour_remuneration | PlatformPayment | LabourMonth… or None |
    | business_income | BusinessPayment | None |

    Raises NoRule where no law table covers the month, Invalid where amounts or history are not
    those of the character, and what the character's own function raises.
    """
    match character, amounts, history:
        case "wages", WagesPayment(), WagesYear() | None:
            return wages_with_bonus(history or WagesYear(year=month.year), amounts, month, book)
        case "labour_remuneration", LabourPayment(student_intern=True), tuple() | None:
            return student_tax(amounts, history or (), month, book)
        case "labour_remuneration", LabourPayment(student_intern=False), None | ():
            return labour_tax(amounts, month, book)
        case "platform_labour_remuneration", PlatformPayment(), tuple() | None:
            return platform_tax(amounts, history or (), month, book)
        case "business_income", BusinessPayment(), None | ():
            return business_income(amounts, month, book)
    raise Invalid(
        f"{character} 与所给的金额或历史不符",
        f"the amounts or the history given are not those of {character}",
        do="give the structures that `withhold` names for this character",
        field="character",
    )


def business_income(payment: BusinessPayment, month: Month, book: LawBook) -> TaxResult:
    """Nothing is withheld from business income: the payee files. 个人所得税法 (2018) art. 12.

    Raises NoRule where no table covers the month, Invalid for a negative income (yuan).
    """
    refuse_negative(income=payment.income)
    table = book.on(BUSINESS, month.first)
    table.choice("withholding", "none")
    return TaxResult(
        character="business_income",
        method="none",
        month=month,
        tax=fen(ZERO),
        unrounded=ZERO,
        taxable=ZERO,
        rate=ZERO,
        quick=ZERO,
        steps=(
            Step("经营所得", "business income", payment.income),
            Step("由纳税人自行申报,不代扣", "the payee files: nothing is withheld", ZERO),
        ),
        laws=(table.cited,),
    )
