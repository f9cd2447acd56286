"""The one place that knows both: a story told to the program, and its answers read back."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

from domain.clauses import clause_data, clause_of
from domain.figures import DayFigure, Figures, figures_of
from domain.kpi_terms import KpiMetric, KpiTerms
from domain.law import LawBook, load_law_book
from domain.lines import Line, Payslip
from domain.pay_input import Attendance, Insurance, PayInput, TaxProfile, Unpaid
from domain.payslip import differences, earn, payslip
from domain.periods import Month, Period
from domain.terms import Term, paint
from tests.reference.case import Case, Row
from tests.reference.payslip import Person
from tests.reference.stories import Story

Sums = dict[str, Decimal]


@cache
def book() -> LawBook:
    """The law tables that come with the program."""
    return load_law_book()


def decimal(value: Fraction) -> Decimal:
    """A fraction with a finite decimal form."""
    made = Decimal(value.numerator) / Decimal(value.denominator)
    assert Fraction(made) == value, f"{value} has no finite form"
    return made


def figures(rows: tuple[Row, ...], how: dict[str, str]) -> Figures:
    return figures_of([DayFigure(d, m, c, decimal(v)) for d, m, c, v in rows], how)


def terms(case: Case) -> tuple[Term, ...]:
    """Versions painted over one another in the order in which they were written down."""
    painted: tuple[Term, ...] = ()
    for place, version in enumerate(case.versions, start=1):
        data = clause_data(clause_of(version.says))
        period = Period(version.start, version.end)
        painted = paint(painted, Term(version.key, period, data, position=place, version=place))
    return painted


def pay_input(case: Case, person: Person, paid_on: date, **more: object) -> PayInput:
    """One contract and month as the program takes it."""
    kpi = {
        name: KpiTerms(name, tuple(KpiMetric(r[0], *map(decimal, r[1:])) for r in rows), 1)
        for name, rows in case.schemes.items()
    }
    given: dict = {
        "contract": "C",
        "person": "P",
        "month": Month(case.year, case.month),
        "pay_date": paid_on,
        "engagement": Period(case.start, case.end),
        "character": person.character,
        "terms": terms(case),
        "figures": figures(case.rows, case.how),
        "team_figures": figures(case.team_rows, case.how),
        "team_figures_last": figures(case.team_rows_last, case.how),
        "kpi": kpi,
        "attendance": Attendance(
            tuple(Unpaid(day, decimal(share)) for day, share in case.unpaid.items())
        ),
        "tax": TaxProfile(
            special_additional=decimal(person.special),
            claims={kind: decimal(count) for kind, count in person.claims.items()},
            other=decimal(person.other),
            exempt=decimal(person.exempt),
            relief=decimal(person.relief),
            first_job=person.first_job,
            sixty_thousand=person.sixty_thousand,
        ),
        "insurance": _insurance(person),
        "draw_balance": decimal(case.draws),
        "book": book(),
    }
    return PayInput(**{**given, **more})


def _insurance(person: Person) -> Insurance | None:
    if person.average is None:
        return None
    return Insurance(
        city="shanghai",
        base=decimal(person.average),
        fund_rate=None if person.fund_rate is None else decimal(person.fund_rate),
        transferred=person.transferred,
    )


def by_clause(lines: tuple[Line, ...], component: str = "earnings") -> Sums:
    """Sums of lines by clause; nil sums are left out."""
    sums: Sums = defaultdict(Decimal)
    for line in lines:
        if line.component == component:
            sums[line.clause or ""] += line.amount
    return {key: amount for key, amount in sums.items() if amount}


def runs(story: Story) -> list[Payslip]:
    """Every run of the story, by the program: its month, and what it finds late."""
    slips: list[Payslip] = []
    draws_before: dict[Month, Decimal] = {}
    for run, month in enumerate(story.months):
        posted = tuple(line for slip in slips for line in slip.lines)
        late: list[Line] = []
        for earlier in story.months[:run]:
            draws = Fraction(draws_before[Month(*earlier)])
            case = story.case(run, earlier, draws)
            again = earn(pay_input(case, story.person, story.paid_on(earlier)))
            late.extend(differences(Month(*earlier), posted, again))
        before = slips[-1] if slips else None
        draws_before[Month(*month)] = before.draw_balance if before else Decimal(0)
        slips.append(
            payslip(
                pay_input(
                    story.case(run, month),
                    story.person,
                    story.paid_on(month),
                    arrears=tuple(late),
                    carried_in=before.carried_out if before else Decimal(0),
                    owed_in=before.owed_out if before else Decimal(0),
                    draw_balance=draws_before[Month(*month)],
                    history=tuple(slip.taxed for slip in slips if slip.taxed),
                )
            )
        )
    return slips
