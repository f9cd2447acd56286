"""Random stories: a contract over some months, and when each of its truths became known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.reference.case import Case, Kpi, Row, Version, month_days
from tests.reference.payslip import Person

YearMonth = tuple[int, int]
POLICIES = ("paid_days_21_75", "deduct_21_75", "workdays_actual", "calendar_days")
CATEGORIES = ("", "beauty", "food")
MARKS = ("1000", "30000", "100000", "200000")
"""Thresholds; figures like to lie on them and a fen beside them."""
RATES = ("0.01", "0.005", "0.02", "0.0333", "0.15")
HOW = {"sales": "sum", "sales_paid": "sum", "gift_income": "sum", "peak": "max", "fans": "last"}
TARGETS = ("3", "7", "30", "1000", "60000", "100000")
WEIGHTS = (("1",), ("0.3", "0.7"), ("0.5", "0.5"), ("0.2", "0.3", "0.5"), ("0.15", "0.6", "0.25"))


@dataclass(frozen=True)
class Known:
    """A truth and the number of the run that is the first to know it."""

    run: int
    what: Any


@dataclass(frozen=True)
class Story:
    """Months in a row, each run once; every run pays its month and what it finds late."""

    months: tuple[YearMonth, ...]
    start: date
    end: date | None
    person: Person
    versions: tuple[Known, ...]
    rows: tuple[Known, ...]
    unpaid: tuple[Known, ...]
    team: dict[YearMonth, tuple[Row, ...]] = field(default_factory=dict)
    schemes: dict[str, tuple[Kpi, ...]] = field(default_factory=dict)
    paid_after: int = 9
    """Days from the end of the month to its payment."""

    def case(self, run: int, month: YearMonth, draws: Fraction = Fraction(0)) -> Case:
        """One month as one run knows it."""
        first = month_days(*month)[0]
        before = first - timedelta(days=1)
        return Case(
            *month,
            self.start,
            self.end,
            tuple(self.known(self.versions, run)),
            tuple(self.known(self.rows, run)),
            self.team.get(month, ()),
            self.team.get((before.year, before.month), ()),
            HOW,
            self.schemes,
            dict(self.known(self.unpaid, run)),
            draws,
        )

    def known(self, truths: tuple[Known, ...], run: int) -> list[Any]:
        """What a run knows, in the order in which it became known."""
        ordered = sorted(truths, key=lambda truth: truth.run)
        return [truth.what for truth in ordered if truth.run <= run]

    def paid_on(self, month: YearMonth) -> date:
        """The day of payment."""
        return month_days(*month)[-1] + timedelta(days=self.paid_after)

    def at_once(self) -> Story:
        """The same story with everything known from the first run on, in the same order."""
        return Story(
            **{
                **vars(self),
                "versions": _all_early(self.versions),
                "rows": _all_early(self.rows),
                "unpaid": _all_early(self.unpaid),
            }
        )


def _all_early(truths: tuple[Known, ...]) -> tuple[Known, ...]:
    ordered = sorted(truths, key=lambda truth: truth.run)
    return tuple(Known(0, truth.what) for truth in ordered)


def cents(low: int, high: int) -> st.SearchStrategy[str]:
    """Amounts in yuan with two decimals."""
    return st.integers(low * 100, high * 100).map(lambda n: f"{n // 100}.{n % 100:02d}")


def near_marks() -> st.SearchStrategy[Fraction]:
    """Figures on thresholds, beside them, returned, and anywhere."""
    beside = st.builds(
        lambda mark, n: Fraction(mark) + Fraction(n, 100),
        st.sampled_from(MARKS),
        st.integers(-1, 1),
    )
    anywhere = st.integers(-3_000_000, 20_000_000).map(lambda n: Fraction(n, 100))
    small = st.integers(-3, 40).map(Fraction)
    return st.one_of(beside, anywhere, small)


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, Any]:
    """Tiers that say how they are to be read; none of them a third of the time."""
    count = draw(st.integers(0, 3))
    if not count:
        return {}
    starts = sorted(draw(st.sets(st.sampled_from(MARKS), min_size=1, max_size=count)), key=float)
    ends = [*starts[1:], None]
    rows = []
    for start, end in zip(starts, ends, strict=True):
        row = {"start": start, "rate": draw(st.sampled_from((*RATES, "-0.004")))}
        rows.append({**row, "end": end} if end and draw(st.booleans()) else row)
    return {
        "tiers": rows,
        "mode": draw(st.sampled_from(("marginal", "whole"))),
        "step": draw(st.sampled_from(("percentage_point", "relative"))),
        "boundary": draw(st.sampled_from(("above", "from"))),
    }


@st.composite
def commission(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": "commission",
        "rate": draw(st.sampled_from(("0.05", "0.0333", "0.1", "0.005"))),
        "base": draw(st.sampled_from(("settled", "settled", "paid"))),
        "category": draw(st.sampled_from((None, None, "beauty"))),
        **draw(tiers()),
    }


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    """Cap and floor, the same for all versions of a clause."""
    floor = draw(st.sampled_from((None, None, "100", "777.77")))
    cap = draw(st.sampled_from((None, None, "1000.01", "5000")))
    return {"cap": cap, "floor": floor}


@st.composite
def share(draw: st.DrawFn) -> dict[str, Any]:
    rate = draw(st.sampled_from(("0.45", "0.333", "0.07")))
    return {"kind": "revenue_share", "metric": "gift_income", "share": rate, **draw(tiers())}


@st.composite
def uplift(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": "category_uplift",
        "category": draw(st.sampled_from(("beauty", "food"))),
        "added_rate": draw(st.sampled_from(RATES)),
        "stacking_order": draw(st.integers(0, 2)),
    }


@st.composite
def bonus(draw: st.DrawFn) -> dict[str, Any]:
    per = draw(st.sampled_from(("once", "step")))
    return {
        "kind": "metric_bonus",
        "metric": draw(st.sampled_from(("sales", "fans", "peak"))),
        "threshold": draw(st.sampled_from(("0", *MARKS))),
        "boundary": draw(st.sampled_from(("above", "from"))),
        "amount": draw(cents(1, 6000)),
        "per": per,
        "step_size": draw(st.sampled_from(("10000", "33333.33"))) if per == "step" else None,
        "category": draw(st.sampled_from((None, None, "food"))),
    }


@st.composite
def base_pay(draw: st.DrawFn) -> dict[str, Any]:
    policy = draw(st.sampled_from(POLICIES))
    return {"kind": "base_pay", "amount": draw(cents(1, 30000)), "proration": policy}


@st.composite
def performance(draw: st.DrawFn) -> dict[str, Any]:
    scores = ("0", "0.5", "0.8", "1", "1.1")
    marks = sorted(draw(st.sets(st.sampled_from(scores), min_size=1, max_size=4)))
    factors = st.sampled_from(("0", "0.15", "0.5", "0.8", "1", "1.2", "3"))
    gate = {"metric": "sales", "minimum": draw(st.sampled_from(MARKS))}
    return {
        "kind": "performance_pay",
        "amount": draw(cents(1, 9000)),
        "scheme": "live",
        "coefficients": [{"from_score": m, "coefficient": draw(factors)} for m in marks],
        "gates": [gate] if draw(st.integers(0, 3)) == 0 else [],
        "proration": draw(st.sampled_from(POLICIES)),
    }


@st.composite
def team(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": "team_incentive",
        "metric": "traffic",
        "threshold": draw(st.sampled_from(("0", "0.15", "0.1", "-0.05"))),
        "boundary": draw(st.sampled_from(("above", "from"))),
        "percentage": draw(st.sampled_from(("0.1", "0.125", "0.0333"))),
    }


@st.composite
def guarantee(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": "guarantee",
        "amount": draw(cents(1, 15000)),
        "conditions": {
            "days": draw(st.sampled_from((0, 0, 1, 2))),
            "hours_a_day": draw(st.sampled_from(("0", "2", "6"))),
        },
        "proration": draw(st.sampled_from(POLICIES)),
    }


@st.composite
def offset(draw: st.DrawFn) -> dict[str, Any]:
    """The offset of a guarantee, the same for all its versions."""
    offsets = ("max", "top_up", "recoverable_draw", "recoverable_draw")
    return {"offset": draw(st.sampled_from(offsets))}


NOTHING_MORE = st.just({})
CLAUSES = {
    "base": (base_pay(), NOTHING_MORE),
    "commission": (commission(), limits()),
    "gifts": (share(), NOTHING_MORE),
    "added": (uplift(), NOTHING_MORE),
    "bonus": (bonus(), NOTHING_MORE),
    "performance": (performance(), NOTHING_MORE),
    "team": (team(), NOTHING_MORE),
    "guarantee": (guarantee(), offset()),
    "other_guarantee": (guarantee(), offset()),
}
"""Key to what its versions may say, and to what all of them say alike."""


def days_of(months: tuple[YearMonth, ...]) -> list[date]:
    return [day for month in months for day in month_days(*month)]


@st.composite
def versions_of(
    draw: st.DrawFn, key: str, months: tuple[YearMonth, ...], start: date
) -> list[Known]:
    """A clause as it was first written down, and its amendments, late or early."""
    says, alike = CLAUSES[key]
    same = draw(alike)
    days, last_run = days_of(months), len(months) - 1
    begins = start if key == "team" else draw(st.sampled_from((start, start, *days[:20])))
    ends = None if key == "team" else draw(st.sampled_from((None, None, None, *days[-20:])))
    if ends is not None and ends <= begins:
        ends = None
    found = [Known(0, Version(key, begins, ends, {**draw(says), **same}))]
    firsts = [date(*month, 1) for month in months]
    for _ in range(draw(st.sampled_from((0, 0, 1, 1, 2)))):
        effective = draw(st.sampled_from(firsts if key == "team" else days))
        until = None if key == "team" else draw(st.sampled_from((None, None, *days)))
        if until is not None and until <= effective:
            until = None
        version = Version(key, effective, until, {**draw(says), **same})
        found.append(Known(draw(st.integers(0, last_run)), version))
    return found


@st.composite
def rows_of(draw: st.DrawFn, months: tuple[YearMonth, ...]) -> list[Known]:
    """Figures by day; some become known in a later run, as do returns."""
    metrics = ("sales", "sales", "sales_paid", "gift_income", "fans", "peak")
    found = []
    for number, month in enumerate(months):
        days = month_days(*month)
        for _ in range(draw(st.integers(0, 5))):
            metric = draw(st.sampled_from(metrics))
            of = draw(st.sampled_from(CATEGORIES)) if metric != "gift_income" else ""
            row = (draw(st.sampled_from(days)), metric, of, draw(near_marks()))
            run = draw(st.sampled_from((number, number, *range(number, len(months)))))
            found.append(Known(run, row))
        for _ in range(draw(st.integers(0, 3))):
            minutes = Fraction(draw(st.sampled_from((0, 60, 119, 120, 360, 400))))
            row = (draw(st.sampled_from(days)), "live_minutes", "", minutes)
            found.append(Known(draw(st.integers(number, len(months) - 1)), row))
    return found


@st.composite
def schemes(draw: st.DrawFn) -> dict[str, tuple[Kpi, ...]]:
    weights = draw(st.sampled_from(WEIGHTS))
    metrics = ("fans", "sales", "gift_income")
    rows = [
        (
            metric,
            Fraction(weight),
            Fraction(draw(st.sampled_from(TARGETS))),
            Fraction(draw(st.sampled_from(("1", "1.2", "1.5", "3")))),
        )
        for metric, weight in zip(metrics, weights, strict=False)
    ]
    return {"live": tuple(rows)}


@st.composite
def team_rows(draw: st.DrawFn, months: tuple[YearMonth, ...]) -> dict[YearMonth, tuple[Row, ...]]:
    """The team's traffic of each month and of the one before the first."""
    before = date(*months[0], 1) - timedelta(days=1)
    values = st.sampled_from((0, 1000, 1100, 1150, 1151, 1210, 1322, 700))
    return {
        month: ((date(*month, 15), "traffic", "", Fraction(draw(values))),)
        for month in ((before.year, before.month), *months)
    }


CHARACTERS = (
    "wages",
    "wages",
    "labour_remuneration",
    "platform_labour_remuneration",
    "business_income",
)


@st.composite
def people(draw: st.DrawFn, start: date, end: date | None) -> Person:
    character = draw(st.sampled_from(CHARACTERS))
    wages = character == "wages"
    insured = wages and draw(st.booleans())
    special = draw(st.sampled_from((0, 0, 1000, 2000)))
    rule = draw(st.sampled_from(("", "", "first_job", "sixty_thousand"))) if wages else ""
    kinds = st.sampled_from(("child", "elderly", "rent_1500", "education"))
    counts = st.sampled_from((Fraction(1), Fraction(2), Fraction(1, 2)))
    return Person(
        character,
        start,
        end - timedelta(days=1) if end else None,
        Fraction(special) if wages else Fraction(0),
        draw(st.dictionaries(kinds, counts, max_size=2)) if wages else {},
        Fraction(draw(st.sampled_from((0, 0, 333)))),
        Fraction(draw(st.sampled_from((0, 0, 250)))),
        Fraction(draw(st.sampled_from((0, 0, 0, 40)))),
        rule == "first_job",
        rule == "sixty_thousand",
        Fraction(draw(cents(0, 60000))) if insured else None,
        draw(st.sampled_from((None, Fraction("0.05"), Fraction("0.07")))) if insured else None,
        draw(st.booleans()),
    )


@st.composite
def stories(draw: st.DrawFn, most_months: int = 4) -> Story:
    """A contract between October 2025 and June 2026, where every regime has its tables."""
    count = draw(st.integers(1, most_months))
    first = draw(st.integers(0, 9 - count))
    months = tuple(((2025 + (9 + n) // 12), (9 + n) % 12 + 1) for n in range(first, first + count))
    days = days_of(months)
    start = draw(st.sampled_from((date(2025, 1, 1), date(2025, 12, 1), *days[:25])))
    start = min(start, days[0]) if draw(st.booleans()) else min(start, days[25])
    end = draw(st.sampled_from((None, None, *days[-25:])))
    end = None if end is not None and end <= start else end
    keys = draw(st.sets(st.sampled_from(sorted(CLAUSES)), min_size=1, max_size=4))
    if "team" in keys:
        keys.add("performance")
    versions = [v for key in sorted(keys) for v in draw(versions_of(key, months, start))]
    shares = st.sampled_from((Fraction(1), Fraction(1, 2), Fraction(1, 4)))
    away = draw(st.dictionaries(st.sampled_from(days), shares, max_size=3))
    return Story(
        months,
        start,
        end,
        draw(people(start, end)),
        tuple(versions),
        tuple(draw(rows_of(months))),
        tuple(Known(draw(st.integers(0, count - 1)), item) for item in away.items()),
        draw(team_rows(months)),
        draw(schemes()),
        draw(st.sampled_from((0, 9, 9))),
    )
