"""Income tax of a payslip as a line with its steps and law tables, and as the next one's history.

The tax year, the months counted and the tables follow the month of payment, never the earning
month.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain import tax
from domain.deductions import laws_cited
from domain.law import LawCited
from domain.lines import Line, PaidMonth
from domain.money import ZERO
from domain.pay_input import PayInput, TaxProfile
from domain.periods import Month
from domain.texts import equals, percent, yuan


def tax_line(pay: PayInput, income: Decimal, paid_in: Decimal) -> tuple[Line, PaidMonth]:
    """The tax to withhold from `income` yuan paid on the pay date, after `paid_in` yuan of the
    employee's contributions, and the payment as the next one's history.

    What a month deducts is deducted with its first payment. Raises what `domain.tax` raises.
    """
    month = Month.of(pay.pay_date)
    facts, laws = _facts(pay, income, paid_in, month)
    amounts, history = _arguments(pay, facts, month)
    result = tax.withhold(pay.character, month, amounts, history, pay.book)
    months = amounts.months_employed if isinstance(amounts, tax.WagesPayment) else None
    facts = msgspec.structs.replace(facts, withheld=result.tax, months_employed=months)
    return _tax_line(pay, result, laws), facts


def _facts(
    pay: PayInput, income: Decimal, paid_in: Decimal, month: Month
) -> tuple[PaidMonth, tuple[LawCited, ...]]:
    profile = pay.tax
    laws: tuple[LawCited, ...] = ()
    if _this_month(pay, month):
        profile = TaxProfile()
    extra = profile.special_additional
    if profile.claims:
        claimed, law = tax.special_additional(profile.claims, month, pay.book)
        extra, laws = extra + claimed, (law,)
    return PaidMonth(
        month=str(month),
        income=income,
        exempt=profile.exempt,
        contributions=paid_in,
        special_additional=extra,
        other=profile.other,
        relief=profile.relief,
        character=pay.character,
    ), laws


def _arguments(pay: PayInput, facts: PaidMonth, month: Month) -> tuple[tax.Amounts, tax.History]:
    history = [entry for entry in pay.history if entry.character == pay.character]
    student = pay.tax.student_intern
    match pay.character:
        case "wages":
            return _wages(pay, facts, month, history)
        case "labour_remuneration" if not student:
            same = _this_month(pay, month)
            return tax.LabourPayment(
                income=facts.income,
                earlier_income=_sum(entry.income for entry in same),
                earlier_withheld=_sum(entry.withheld for entry in same),
                exempt=facts.exempt + _sum(entry.exempt for entry in same),
                other=facts.other + _sum(entry.other for entry in same),
                relief=facts.relief + _sum(entry.relief for entry in same),
            ), None
        case "labour_remuneration":
            return tax.LabourPayment(
                income=facts.income,
                student_intern=True,
                exempt=facts.exempt,
                other=facts.other,
                relief=facts.relief,
            ), tuple(_labour_month(entry) for entry in history)
        case "platform_labour_remuneration":
            return tax.PlatformPayment(
                income=facts.income,
                exempt=facts.exempt,
                other=facts.other,
                relief=facts.relief,
            ), tuple(_labour_month(entry) for entry in history)
        case _:
            return tax.BusinessPayment(income=facts.income), None


def _this_month(pay: PayInput, month: Month) -> list[PaidMonth]:
    """Payments of the same character that were already made in the month of payment."""
    return [
        entry
        for entry in pay.history
        if entry.month == str(month) and entry.character == pay.character
    ]


def _labour_month(entry: PaidMonth) -> tax.LabourMonth:
    return tax.LabourMonth(
        month=Month.parse(entry.month),
        income=entry.income,
        exempt=entry.exempt,
        other=entry.other,
        relief=entry.relief,
        withheld=entry.withheld,
    )


def _wages(
    pay: PayInput, facts: PaidMonth, month: Month, history: list[PaidMonth]
) -> tuple[tax.WagesPayment, tax.WagesYear]:
    start, last = pay.tax.employed_from or pay.engagement.start, _last_day(pay)
    year = [entry for entry in history if Month.parse(entry.month).year == month.year]
    counted = [_months(entry, start, pay) for entry in year]
    before = tax.WagesYear(
        year=month.year,
        income=_sum(entry.income for entry in year),
        exempt=_sum(entry.exempt for entry in year),
        months_employed=max(counted, default=0),
        contributions=_sum(entry.contributions for entry in year),
        special_additional=_sum(entry.special_additional for entry in year),
        other=_sum(entry.other for entry in year),
        relief=_sum(entry.relief for entry in year),
        withheld=_sum(entry.withheld for entry in year),
    )
    payment = tax.WagesPayment(
        income=facts.income,
        months_employed=max(before.months_employed, tax.months_employed(start, month, last)),
        exempt=facts.exempt,
        contributions=facts.contributions,
        special_additional=facts.special_additional,
        other=facts.other,
        relief=facts.relief,
        first_job=pay.tax.first_job,
        sixty_thousand=pay.tax.sixty_thousand,
    )
    return payment, before


def _months(entry: PaidMonth, start: date, pay: PayInput) -> int:
    if entry.months_employed is not None:
        return entry.months_employed
    return tax.months_employed(start, Month.parse(entry.month), _last_day(pay))


def _last_day(pay: PayInput) -> date | None:
    """The last day of employment: as declared, else the contract's last day."""
    end = pay.engagement.end
    return pay.tax.last_day or (end - timedelta(days=1) if end else None)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


_METHODS = {
    "cumulative": ("累计预扣法", "cumulative withholding"),
    "per_time": ("按次预扣", "withheld each time"),
    "bonus_separate": ("全年一次性奖金单独计税", "bonus taxed apart"),
    "severance_separate": ("经济补偿单独计税", "economic compensation taxed apart"),
    "none": ("不代扣", "nothing withheld"),
}


def own_tax_line(pay: PayInput, result: tax.TaxResult, kind: str) -> Line:
    """The tax line of a payment that is taxed by itself, under the code of its kind."""
    return msgspec.structs.replace(_tax_line(pay, result, ()), code=f"tax_{kind}")


def _tax_line(pay: PayInput, result: tax.TaxResult, laws: tuple[LawCited, ...]) -> Line:
    zh, en = _METHODS[result.method]
    if result.method == "none":
        zh_sum = en_sum = yuan(result.tax)
    else:
        zh_sum, en_sum = _tax_sums(result)
    return Line(
        code="tax",
        component="tax",
        period=str(pay.month),
        base=result.taxable,
        rate=result.rate,
        unrounded=ZERO - max(ZERO, result.unrounded),
        amount=ZERO - result.tax,
        zh=f"个人所得税（{zh}，付款月 {result.month}）：{zh_sum}",
        en=f"Income tax ({en}, paid in {result.month}): {en_sum}",
        lineage={
            "character": result.character,
            "method": result.method,
            "month": str(result.month),
            "steps": [[s.label_zh, s.label_en, str(s.amount)] for s in result.steps],
            "laws": laws_cited((*result.laws, *laws)),
            "engine": pay.engine,
        },
    )


def _tax_sums(result: tax.TaxResult) -> tuple[str, str]:
    """The end of the arithmetic in both languages; parts that are nil are left out."""
    owed = result.taxable * result.rate - result.quick
    parts = [
        (result.quick, "速算扣除", "quick deduction"),
        (owed - result.unrounded, "已预扣及减免", "withheld before and relief"),
    ]
    start = f"{yuan(result.taxable)} × {percent(result.rate)}"
    end = equals(result.unrounded)
    if result.unrounded < 0:
        end += f" → {yuan(result.tax)}"
    zh = "".join(f" − {label} {yuan(amount)}" for amount, label, _ in parts if amount)
    en = "".join(f" − {label} {yuan(amount)}" for amount, _, label in parts if amount)
    return f"应纳税所得额 {start}{zh} {end}", f"taxable {start}{en} {end}"
