"""Try a payslip: clauses, figures and tax facts in, every line explained out. Nothing is written."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from domain.clauses import clause_data
from domain.figures import DayFigure, Figures, figures_of
from domain.findings import Finding, PlanContext
from domain.kpi_terms import KpiMetric, KpiTerms
from domain.law import LawBook, load_law_book
from domain.lines import PaidMonth, Payslip
from domain.pay_input import Attendance, Insurance, PayInput, TaxProfile, Unpaid
from domain.payslip import payslip
from domain.periods import Month, Period
from domain.plan_check import check_plan
from domain.refusals import Invalid
from domain.sentences import sentence
from domain.terms import Term, paint, terms_on
from workflows.try_document import (
    TryDocument,
    TryExpect,
    TryFigure,
    TryMonth,
    read_document,
)
from workflows.try_files import load_try_file, parse_try_document

__all__ = ["load_try_file", "parse_try_document", "try_payslip"]

BATCH = "try"
FIXED_KINDS = ("base_pay", "guarantee")


def try_payslip(document: dict[str, Any], book: LawBook | None = None) -> dict[str, Any]:
    """The payslips of a document with their lines explained, and the plan check's findings.

    `book` is the program's own where none is given. Raises Invalid naming the field for a
    document that is not right, and what the payslip raises: AmbiguousClause with the amounts of
    the readings, NoRule for a date that no table covers. Amounts in the answer are text.
    """
    wanted = read_document(document)
    book = book or load_law_book()
    terms = _terms(wanted)
    slips = _run(wanted, terms, book)
    return {
        "title": wanted.title,
        "clauses": _sentences(terms),
        "findings": [msgspec.to_builtins(finding) for finding in _findings(wanted, terms, book)],
        "payslips": [msgspec.to_builtins(slip) for slip in slips],
        "expected": _compared(wanted, slips),
    }


def _terms(wanted: TryDocument) -> tuple[Term, ...]:
    """The clauses painted in the order of the document; a later one wins on its days."""
    terms: tuple[Term, ...] = ()
    engagement = _engagement(wanted)
    for number, entry in enumerate(wanted.clauses, start=1):
        start = entry.start or engagement.start
        try:
            period = Period(start, entry.end or engagement.end)
        except ValueError as error:
            raise _wrong(f"clauses.{number - 1}.end", str(error)) from None
        zh, en = sentence(entry.clause)
        data = clause_data(entry.clause)
        terms = paint(terms, Term(entry.key, period, data, zh, en, position=number, version=1))
    return terms


def _engagement(wanted: TryDocument) -> Period:
    try:
        return Period(wanted.engagement.start, wanted.engagement.end)
    except ValueError as error:
        raise _wrong("engagement.end", str(error)) from None


def _run(wanted: TryDocument, terms: tuple[Term, ...], book: LawBook) -> list[Payslip]:
    """The months in a row; each one's tax facts and balances go into the next."""
    slips: list[Payslip] = []
    history = tuple(
        PaidMonth(**entry.model_dump(), character=wanted.character) for entry in wanted.earlier
    )
    carried, owed, draws = wanted.carried_in, wanted.owed_in, wanted.draw_balance
    for number, month in enumerate(wanted.months):
        pay = msgspec.structs.replace(
            _pay_input(wanted, terms, number, month, book),
            history=history,
            carried_in=carried,
            owed_in=owed,
            draw_balance=draws,
        )
        slip = payslip(pay)
        slips.append(slip)
        history = (*history, slip.taxed) if slip.taxed else history
        carried, owed, draws = slip.carried_out, slip.owed_out, slip.draw_balance
    return slips


def _pay_input(
    wanted: TryDocument, terms: tuple[Term, ...], number: int, tried: TryMonth, book: LawBook
) -> PayInput:
    month, engagement = Month.parse(tried.month), _engagement(wanted)
    insurance = wanted.tax.insurance
    own = wanted.tax.model_dump(exclude={"insurance"})
    place = f"months.{number}"
    days = month.period.overlap(engagement) or month.period
    _refuse_unsplit(terms, days, tried.figures, place)
    before = month.plus(-1)
    return PayInput(
        contract="try",
        person="try",
        month=month,
        pay_date=tried.pay_date,
        engagement=engagement,
        character=wanted.character,
        terms=terms,
        figures=_figures(wanted, tried.figures, days, f"{place}.figures"),
        team_figures=_figures(wanted, tried.team, month.period, f"{place}.team"),
        team_figures_last=_figures(
            wanted, tried.team_last_month, before.period, f"{place}.team_last_month"
        ),
        kpi=_kpi(wanted, tried),
        attendance=Attendance(tuple(Unpaid(day.day, day.share) for day in tried.unpaid)),
        tax=TaxProfile(**own),
        insurance=None if insurance is None else Insurance(**insurance.model_dump()),
        book=book,
    )


def _figures(wanted: TryDocument, rows: tuple[TryFigure, ...], days: Period, place: str) -> Figures:
    """Figures by day; one of a whole month stands on the last of its days."""
    last = days.stop - timedelta(days=1)
    made = []
    for number, row in enumerate(rows):
        day = row.day or last
        if day not in days:
            raise _wrong(f"{place}.{number}.day", f"{day} is not in {days.text()}")
        made.append(DayFigure(day, row.metric, row.category, row.value))
    return figures_of(made, wanted.metrics or {}, (BATCH,) if made else ())


def _refuse_unsplit(
    terms: tuple[Term, ...], days: Period, rows: tuple[TryFigure, ...], place: str
) -> None:
    """A month's figure cannot be shared between two versions of a clause."""
    change = next(iter(_changes_inside(terms, days)), None)
    number = next((n for n, row in enumerate(rows) if row.day is None), None)
    if change is not None and number is not None:
        raise Invalid(
            f"条款 {change.key} 在月内 {change.period.start} 变更，数据须按日给出",
            f"Clause {change.key} changes on {change.period.start}, inside the month: give the "
            "figures by day",
            do="Add `day` to each figure of the month.",
            field=f"{place}.figures.{number}.day",
        )


def _changes_inside(terms: tuple[Term, ...], days: Period) -> list[Term]:
    return [
        term
        for term in terms
        if days.start < term.period.start < days.stop and term.data["kind"] not in FIXED_KINDS
    ]


def _kpi(wanted: TryDocument, tried: TryMonth) -> dict[str, KpiTerms]:
    return {
        scheme: KpiTerms(
            scheme, tuple(KpiMetric(m.metric, m.weight, m.target, m.cap) for m in metrics)
        )
        for scheme, metrics in {**wanted.kpi, **tried.kpi}.items()
    }


def _sentences(terms: tuple[Term, ...]) -> list[dict[str, Any]]:
    return [
        {"key": t.key, "period": t.period.text(), "zh": t.text_zh, "en": t.text_en} for t in terms
    ]


def _findings(wanted: TryDocument, terms: tuple[Term, ...], book: LawBook) -> list[Finding]:
    """The plan check on the first day and on every day a clause starts, each finding once."""
    starts = {term.period.start for term in terms} | {_engagement(wanted).start}
    found: dict[tuple[str, str, str], Finding] = {}
    for day in sorted(starts):
        clauses = {term.key: term.clause for term in terms_on(terms, day)}
        for finding in check_plan(clauses, _context(wanted, terms, day, book)):
            found.setdefault((finding.code, finding.clause, finding.en), finding)
    return sorted(found.values(), key=lambda finding: finding.severity != "refuse")


def _context(wanted: TryDocument, terms: tuple[Term, ...], day: date, book: LawBook) -> PlanContext:
    insurance = wanted.tax.insurance
    kpi = _kpi(wanted, wanted.months[0])
    for month in wanted.months:
        kpi |= _kpi(wanted, month)
    return PlanContext(
        engagement=wanted.engagement.kind,
        character=wanted.character,
        term=_engagement(wanted),
        effective=day,
        changed=frozenset(
            term.key for term in terms if day in (term.period.start, term.period.end)
        ),
        before={term.key: term.clause for term in terms_on(terms, day - timedelta(days=1))},
        metrics=None if wanted.metrics is None else frozenset(wanted.metrics),
        aggregations=wanted.metrics or {},
        schemes=frozenset(kpi),
        kpi=kpi,
        probation_months=wanted.engagement.probation_months,
        city=(insurance.city if insurance else None) or wanted.city,
        book=book,
    )


def _compared(wanted: TryDocument, slips: list[Payslip]) -> dict[str, Any] | None:
    """What the document expects beside what came out; None where it expects nothing."""
    if all(month.expect is None for month in wanted.months):
        return None
    differences = [
        {"month": slip.month, "what": what, "expected": str(expected), "found": str(found)}
        for month, slip in zip(wanted.months, slips, strict=True)
        if month.expect is not None
        for what, expected, found in _pairs(month.expect, slip)
        if expected != found
    ]
    return {"met": not differences, "differences": differences}


def _pairs(expect: TryExpect, slip: Payslip) -> list[tuple[str, Decimal, Decimal | None]]:
    sums = ("gross", "contributions", "tax", "net", "employer_cost", "carried_out")
    pairs: list[tuple[str, Decimal, Decimal | None]] = [
        (name, value, getattr(slip, name))
        for name in sums
        if (value := getattr(expect, name)) is not None
    ]
    for line in expect.lines:
        amounts = [
            row.amount
            for row in slip.lines
            if row.code == line.code and line.clause in (None, row.clause)
        ]
        found = sum(amounts, Decimal(0)) if amounts else None
        what = line.code if line.clause is None else f"{line.code} ({line.clause})"
        pairs.append((what, line.amount, found))
    return pairs


def _wrong(field: str, why: str) -> Invalid:
    return Invalid(
        f"{field} 不正确：{why}",
        f"The document is not right at {field}: {why}",
        do="docs/try.md shows every field with an example.",
        field=field,
    )
