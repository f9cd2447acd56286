"""The business's notation for pay tests: clauses as HR writes them, figures as they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.clauses import Clause, clause_data, clause_of
from domain.figures import Aggregation, DayFigure, Figures, figures_of
from domain.kpi_terms import KpiMetric, KpiTerms
from domain.law import load_law_book
from domain.lines import Line, Payslip
from domain.pay_input import PayInput
from domain.payslip import earn
from domain.periods import Month, Period
from domain.terms import Term

MARCH = Month(2025, 3)
LONG_AGO = date(2024, 1, 1)


def commission(rate: str = "5%", *tiers: tuple[str, str], **more: Any) -> dict[str, Any]:
    """5 % on settled sales, "above 100,000 + 1 %" as marginal percentage points, unless said."""
    said = {"mode": "marginal", "step": "percentage_point", "boundary": "above"} if tiers else {}
    rows = [{"start": start, "rate": added} for start, added in tiers]
    base = {"kind": "commission", "rate": rate, "tiers": rows, "base": "settled"}
    return {**base, **said, **more}


def base_pay(amount: str, proration: str = "workdays_actual") -> dict[str, Any]:
    return {"kind": "base_pay", "amount": amount, "proration": proration}


def guarantee(amount: str, offset: str = "max", **more: Any) -> dict[str, Any]:
    base = {"kind": "guarantee", "amount": amount, "offset": offset}
    return {**base, "proration": "calendar_days", **more}


def performance(amount: str, **more: Any) -> dict[str, Any]:
    table = [
        {"from_score": "0", "coefficient": "0"},
        {"from_score": "0.8", "coefficient": "0.8"},
        {"from_score": "1", "coefficient": "1"},
        {"from_score": "1.1", "coefficient": "1.2"},
    ]
    base = {"kind": "performance_pay", "amount": amount, "scheme": "live"}
    return {**base, "coefficients": table, "proration": "calendar_days", **more}


def team(percentage: str = "10%", **more: Any) -> dict[str, Any]:
    base = {"kind": "team_incentive", "metric": "traffic", "threshold": "15%"}
    return {**base, "boundary": "above", "percentage": percentage, **more}


def fan_bonus(**more: Any) -> dict[str, Any]:
    base = {"kind": "metric_bonus", "metric": "fans", "threshold": "50000", "boundary": "above"}
    return {**base, "amount": "5000", "per": "once", **more}


def clause(data: dict[str, Any]) -> Clause:
    return clause_of(data)


def term(
    key: str,
    data: dict[str, Any],
    start: date = LONG_AGO,
    end: date | None = None,
    position: int = 1,
) -> Term:
    return Term(key, Period(start, end), clause_data(clause_of(data)), position=position, version=1)


def on(
    day: int, metric: str, value: str | int, category: str = "", month: Month = MARCH
) -> DayFigure:
    return DayFigure(date(month.year, month.number, day), metric, category, Decimal(value))


def measured(
    *rows: DayFigure, batches: Iterable[str] = ("batch-1",), **how: Aggregation
) -> Figures:
    return figures_of(rows, how, batches)


def live_days(days: int, hours: str, month: Month = MARCH) -> list[DayFigure]:
    minutes = Decimal(hours) * 60
    return [
        DayFigure(month.first + timedelta(days=n), "live_minutes", "", minutes) for n in range(days)
    ]


def scheme(*metrics: tuple[str, str, str, str], position: int = 7) -> dict[str, KpiTerms]:
    """Rows of (metric, weight, target, cap) of the scheme "live"."""
    rows = tuple(KpiMetric(m, Decimal(w), Decimal(t), Decimal(c)) for m, w, t, c in metrics)
    return {"live": KpiTerms("live", rows, position)}


def pay_input(*terms: Term, figures: Figures | None = None, **more: Any) -> PayInput:
    month = more.pop("month", MARCH)
    given = {
        "contract": "C-1",
        "person": "P-1",
        "month": month,
        "pay_date": month.plus(1).first + timedelta(days=9),
        "engagement": Period(LONG_AGO),
        "character": "wages",
        "terms": terms,
        "figures": figures or Figures(),
        "book": load_law_book(),
    }
    return PayInput(**{**given, **more})


def earned(*terms: Term, figures: Figures | None = None, **more: Any) -> tuple[Line, ...]:
    return earn(pay_input(*terms, figures=figures, **more))


def amounts(lines: Iterable[Line]) -> list[str]:
    """Lines as "code amount", as a payslip lists them."""
    return [f"{line.code} {line.amount}" for line in lines]


def amount_of(lines: Payslip | Iterable[Line], code: str) -> Decimal:
    rows = lines.lines if isinstance(lines, Payslip) else lines
    return sum((line.amount for line in rows if line.code == code), Decimal(0))
