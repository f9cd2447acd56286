"""The program's pay against the reference's, on random stories: not a fen of difference."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from domain.lines import Payslip
from domain.payslip import earn
from domain.periods import Month
from tests.reference import earnings
from tests.reference.bridge import by_clause, pay_input, runs
from tests.reference.campaign import sharded, told_seed
from tests.reference.rounding import money
from tests.reference.stories import Story, stories
from tests.reference.telling import Told, tell
from tests.reference.telling import by_clause as told_by_clause

NAMES = [
    "gross",
    "contributions",
    "employer_cost",
    "tax",
    "net",
    "carried_out",
    "owed_out",
    "draw_balance",
]


def fen(sums: dict[str, Fraction]) -> dict[str, Decimal]:
    return {key: money(amount) for key, amount in sums.items()}


def sums_of(slip: Payslip) -> dict[str, Decimal]:
    return {name: getattr(slip, name) for name in NAMES}


def sums_told(told: Told) -> dict[str, Decimal]:
    slip, after = told.slip, told.slip.after
    amounts = (slip.gross, slip.contributions, slip.employer, slip.tax, slip.net)
    balances = (after.carried, after.owed, after.draws)
    return {name: money(n) for name, n in zip(NAMES, (*amounts, *balances), strict=True)}


@sharded(
    0.35,
    globals(),
    story=stories(most_months=1),
    draws=st.sampled_from(("0", "123.45", "5000")),
)
def test_a_month_earns_the_same_clause_by_clause(story: Story, draws: str) -> None:
    told_seed()
    case = story.case(0, story.months[0], Fraction(draws))
    lines = earn(pay_input(case, story.person, story.paid_on(story.months[0])))
    assert by_clause(lines) == fen(told_by_clause(earnings.earn(case).amounts))


@sharded(0.4, globals(), story=stories())
def test_every_run_pays_the_same_however_late_the_truth(story: Story) -> None:
    told_seed()
    for slip, told in zip(runs(story), tell(story), strict=True):
        assert by_clause(slip.lines) == fen(told_by_clause(told.earned.amounts))
        for month, late in told.late.items():
            of_month = tuple(line for line in slip.lines if line.period == str(Month(*month)))
            assert by_clause(of_month, "arrears") == fen(told_by_clause(late.amounts))
        assert sums_of(slip) == sums_told(told)
