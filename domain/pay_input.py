"""Everything one month's payslip is made from, gathered by the caller as known at a position."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from domain.figures import Figures
from domain.kpi_terms import KpiTerms
from domain.law import LawBook
from domain.lines import Line, PaidMonth
from domain.money import ZERO
from domain.one_off import OneOff
from domain.periods import Month, Period
from domain.tax_types import Character
from domain.terms import Term

ENGINE_VERSION = "1"


class Unpaid(msgspec.Struct, frozen=True, order=True):
    """A day, or a share of one, that is not paid."""

    day: date
    share: Decimal = Decimal(1)


class Attendance(msgspec.Struct, frozen=True):
    """What the month's attendance changes in amounts a month."""

    unpaid: tuple[Unpaid, ...] = ()


class TaxProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The person's tax facts for the month of payment; amounts in yuan a month."""

    special_additional: Decimal = ZERO
    """Special additional deductions as an amount; `claims` adds those counted by kind."""
    claims: dict[str, Decimal] = {}
    """Kind of the law table (child, elderly, …) to how many are claimed."""
    other: Decimal = ZERO
    exempt: Decimal = ZERO
    relief: Decimal = ZERO
    employed_from: date | None = None
    """First day at this payer where it is not the first day of the engagement."""
    last_day: date | None = None
    """The last day of employment where it is not the last day of the engagement."""
    first_job: bool = False
    sixty_thousand: bool = False
    student_intern: bool = False


class Insurance(msgspec.Struct, frozen=True, kw_only=True):
    """Social insurance and housing fund: a city with its bases, or declared amounts."""

    city: str | None = None
    """Code of the city's law tables, such as `shanghai`."""
    base: Decimal | None = None
    """Last year's average monthly wage in yuan; cut to the city's floor and ceiling."""
    fund_base: Decimal | None = None
    """The same for the housing fund where it differs from `base`."""
    fund_rate: Decimal | None = None
    """Share of each side; None pays no fund."""
    transferred: bool = False
    """Moved from another employer: the fund starts with the first payroll, not a month later."""
    declared_insurance: Decimal | None = None
    """The employee's insurance as declared elsewhere, in yuan; replaces the city's sum."""
    declared_fund: Decimal | None = None
    declared_employer: Decimal = ZERO
    """The employer's side of declared amounts."""


class PayInput(msgspec.Struct, frozen=True, kw_only=True):
    """One contract and month. Two equal inputs give the same payslip, byte for byte."""

    contract: str
    person: str
    month: Month
    """The earning month; tax follows the month of `pay_date`."""
    pay_date: date
    engagement: Period
    """The days of the contract; the month is cut to them."""
    character: Character
    terms: tuple[Term, ...]
    """Clause versions as painted; cut to the month and the engagement here."""
    figures: Figures = Figures()
    team_figures: Figures = Figures()
    team_figures_last: Figures = Figures()
    """The team's figures of the month before."""
    kpi: dict[str, KpiTerms] = {}
    """Scheme id to its weights of the month."""
    attendance: Attendance = Attendance()
    tax: TaxProfile = TaxProfile()
    insurance: Insurance | None = None
    history: tuple[PaidMonth, ...] = ()
    """What this payer paid before in the tax year, by month of payment."""
    book: LawBook
    carried_in: Decimal = ZERO
    """A negative balance of pay from the run before, at most 0.00."""
    owed_in: Decimal = ZERO
    """Contributions a person could not cover from the run before, at most 0.00."""
    draw_balance: Decimal = ZERO
    """Recoverable draws paid and not yet taken back, at least 0.00."""
    arrears: tuple[Line, ...] = ()
    """Difference lines of earlier periods, as `differences` makes them; those of contributions,
    as `contribution_differences` makes them, among them."""
    supplement: bool = False
    """A further payslip of a month that another run pays: no earnings and no contributions."""
    one_offs: tuple[OneOff, ...] = ()
    """Payments beside the clauses that are due."""
    engine: str = ENGINE_VERSION

    @property
    def days(self) -> Period | None:
        """The days of the month on which the contract is in force; None where there are none."""
        return self.month.period.overlap(self.engagement)
