"""A month's payslip from its earnings: late differences, balances, contributions, tax, net."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.reference import law, shanghai, tax
from tests.reference.carry import contractor, employee
from tests.reference.earnings import Earned

NOTHING = Fraction(0)


@dataclass(frozen=True)
class Person:
    """What pay has to know of a person, the same for all months."""

    character: str
    hired: date
    left: date | None = None
    """The last day of employment."""
    special: Fraction = NOTHING
    claims: dict[str, Fraction] = field(default_factory=dict)
    other: Fraction = NOTHING
    exempt: Fraction = NOTHING
    relief: Fraction = NOTHING
    first_job: bool = False
    sixty_thousand: bool = False
    average: Fraction | None = None
    """Last year's average monthly wage, for Shanghai's insurance; None has none."""
    fund_rate: Fraction | None = None
    transferred: bool = False


@dataclass(frozen=True)
class Balances:
    """What goes from one run to the next."""

    carried: Fraction = NOTHING
    owed: Fraction = NOTHING
    draws: Fraction = NOTHING


@dataclass(frozen=True)
class Slip:
    """The sums of a payslip, and what the next one has to know."""

    gross: Fraction
    contributions: Fraction
    employer: Fraction
    tax: Fraction
    net: Fraction
    after: Balances
    taxed: tax.Paid


def payslip(
    person: Person,
    month: tuple[int, int],
    paid_on: date,
    earned: Earned,
    late: list[Earned],
    before: Balances,
    history: list[tax.Paid],
) -> Slip:
    """Net is earnings and late differences within the guard, less contributions and tax."""
    draws = before.draws + _draws(earned) + sum((_draws(one) for one in late), NOTHING)
    taken_back_too_much = max(NOTHING, -draws)
    due = before.carried + taken_back_too_much + sum((_pay(one) for one in late), NOTHING)
    if person.character == "wages":
        city = "shanghai" if person.average is not None else None
        settled = employee(_pay(earned), due, law.minimum_wage(city, paid_on) or NOTHING)
    else:
        settled = contractor(_pay(earned), due)
    own, employers = _contributions(person, month)
    now = _payment(person, paid_on, settled.income, own, history)
    taxed = tax.Paid(**{**vars(now), "withheld": _tax(person, paid_on, now, history)})
    left = settled.income - own - taxed.withheld + before.owed
    after = Balances(settled.carried_out, min(NOTHING, left), max(NOTHING, draws))
    return Slip(settled.income, own, employers, taxed.withheld, max(NOTHING, left), after, taxed)


def _pay(earned: Earned) -> Fraction:
    return sum(earned.amounts.values(), NOTHING)


def _draws(earned: Earned) -> Fraction:
    return sum(earned.draws.values(), NOTHING)


def _contributions(person: Person, month: tuple[int, int]) -> tuple[Fraction, Fraction]:
    if person.average is None:
        return NOTHING, NOTHING
    return shanghai.contributions(
        month,
        person.average,
        hired=(person.hired.year, person.hired.month),
        fund_rate=person.fund_rate,
        transferred=person.transferred,
    )


def _payment(
    person: Person, paid_on: date, income: Fraction, own: Fraction, history: list[tax.Paid]
) -> tax.Paid:
    month = (paid_on.year, paid_on.month)
    if any(paid.month == month for paid in history):
        return tax.Paid(month, income, contributions=own)
    special = person.special
    for kind, count in person.claims.items():
        special += law.CLAIMS[kind] * count
    return tax.Paid(month, income, person.exempt, own, special, person.other, person.relief)


def _tax(person: Person, paid_on: date, now: tax.Paid, history: list[tax.Paid]) -> Fraction:
    same = [paid for paid in history if paid.month == now.month]
    if person.character == "wages":
        hired = (person.hired.year, person.hired.month)
        left = (person.left.year, person.left.month) if person.left else None
        months = tax.months_here(hired, left, now.month)
        rules = {"first_job": person.first_job, "sixty_thousand": person.sixty_thousand}
        return tax.wages(history, now, months, **rules)
    if person.character == "labour_remuneration":
        return tax.labour([*same, now])
    if person.character == "platform_labour_remuneration":
        return tax.platform(history, now)
    return NOTHING
