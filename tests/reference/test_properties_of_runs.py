"""What holds of any sequence of runs, whatever is agreed and whenever it becomes known."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.clauses import clause_of
from domain.lines import Payslip
from domain.payslip import differences, earn
from domain.periods import Month, Period
from domain.plan_check import check_plan
from domain.terms import Term
from domain.tiers import rule_of
from tests.reference.bridge import by_clause, pay_input, runs
from tests.reference.campaign import examples, told_seed
from tests.reference.stories import MARKS, Story, commission, days_of, stories

ZERO = Decimal(0)


def paid_for(slips: list[Payslip], month: Month) -> dict[str, Decimal]:
    """All that was paid for an earning month, late differences included, by clause."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in (line for slip in slips for line in slip.lines):
        if line.period == str(month) and line.component in ("earnings", "arrears"):
            sums[line.clause or ""] += line.amount
    return {key: amount for key, amount in sums.items() if amount}


def sums(slips: list[Payslip], *components: str) -> Decimal:
    lines = (line for slip in slips for line in slip.lines)
    return sum((line.amount for line in lines if line.component in components), ZERO)


def advances(story: Story) -> bool:
    return any(v.what.says.get("offset") == "recoverable_draw" for v in story.versions)


@examples(0.1)
@given(stories())
def test_all_late_differences_of_a_month_are_the_difference_of_its_ratings(story: Story) -> None:
    """What is paid for a month through all runs is the month as it is known in the end."""
    told_seed()
    slips, last = runs(story), len(story.months) - 1
    for slip, month in zip(slips, story.months, strict=True):
        draws = Decimal(slip.lineage["draw_balance_in"])
        case = story.case(last, month)
        pay = pay_input(case, story.person, story.paid_on(month), draw_balance=draws)
        assert paid_for(slips, Month(*month)) == by_clause(earn(pay))
        posted = tuple(line for one in slips for line in one.lines)
        assert differences(Month(*month), posted, earn(pay)) == (), "nothing is found twice"


@examples(0.1)
@given(stories())
def test_late_or_early_the_same_is_paid_once_all_is_known(story: Story) -> None:
    """Guards and advances aside: what both hold back is in the balances."""
    told_seed()
    assume(not advances(story))
    late, early = runs(story), runs(story.at_once())
    for month in story.months:
        assert paid_for(late, Month(*month)) == paid_for(early, Month(*month))
    assert sum(s.gross for s in late) + late[-1].carried_out == (
        sum(s.gross for s in early) + early[-1].carried_out
    )


@examples(0.1)
@given(stories())
def test_nothing_is_lost_or_paid_twice_through_any_sequence_of_runs(story: Story) -> None:
    told_seed()
    slips = runs(story)
    gross = sum((slip.gross for slip in slips), ZERO)
    returned = sum((n.amount for s in slips for n in s.lines if n.code == "draw_returned"), ZERO)
    earned = sums(slips, "earnings", "arrears") + returned
    assert gross + slips[-1].carried_out == earned, "what is not paid is carried"
    taken = sum((slip.contributions + slip.tax for slip in slips), ZERO)
    net = sum((slip.net for slip in slips), ZERO)
    assert net + slips[-1].owed_out == gross - taken, "what pay did not cover is owed"
    assert all(slip.net >= 0 and slip.gross >= 0 and slip.draw_balance >= 0 for slip in slips)
    for slip in slips:
        lines = (n for n in slip.lines if n.component != "information")
        assert slip.net == sum((n.amount for n in lines), ZERO)


@examples(0.1)
@given(stories(most_months=1), st.data())
def test_a_month_split_where_the_terms_are_equal_pays_the_same(
    story: Story, data: st.DataObject
) -> None:
    told_seed()
    month = story.months[0]
    pay = pay_input(story.case(0, month), story.person, story.paid_on(month))
    day = data.draw(st.sampled_from(days_of((month,))))
    split = tuple(half for term in pay.terms for half in halves(term, day))
    whole, parts = earn(pay), earn(msgspec.structs.replace(pay, terms=split))
    assert [(n.code, n.clause, n.amount) for n in parts] == [
        (n.code, n.clause, n.amount) for n in whole
    ]


def halves(term: Term, day: date) -> list[Term]:
    """A version recorded as two that say the same, before a day and from it on."""
    if day not in term.period or day == term.period.start:
        return [term]
    first, second = Period(term.period.start, day), Period(day, term.period.end)
    return [msgspec.structs.replace(term, period=part) for part in (first, second)]


figures = st.one_of(
    st.decimals(0, 300_000, places=2),
    st.sampled_from(MARKS).flatmap(
        lambda mark: st.sampled_from([Decimal(mark) + Decimal(n) / 100 for n in (-1, 0, 1)])
    ),
)


@examples(0.2)
@given(commission(), figures, figures)
def test_pay_rises_with_sales_wherever_the_plan_check_finds_no_falling_pay(
    says: dict, one: Decimal, other: Decimal
) -> None:
    told_seed()
    clause = clause_of(says)
    assume(not any(f.code == "falling_pay" for f in check_plan({"commission": clause})))
    pay = rule_of(clause).pay
    low, high = sorted((one, other))
    assert pay(low) <= pay(high)
