"""The journal: given posted payslips, then a voucher that balances to the fen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import accounts
from domain.accounts import DEFAULTS, ROLES, AccountMap, MapAccounts
from domain.facts import Place
from domain.guarantee import DRAW
from domain.journal import movements, voucher
from domain.journal_files import beancount, kingdee, yonyou
from domain.lines import Line, Payslip, total
from domain.money import ZERO
from domain.periods import Month
from domain.refusals import Invalid

MARCH = Month.parse("2025-03")
fens = st.integers(-10_000_000, 10_000_000).map(lambda n: Decimal(n) / 100)
components = st.sampled_from(["earnings", "arrears", "carry", "contribution", "tax", "information"])


def line(component: str, amount: Decimal, code: str = "x", **lineage: str) -> Line:
    return Line(
        code=code,
        component=component,
        period="2025-03",
        unrounded=amount,
        amount=amount,
        zh="",
        en="",
        lineage=lineage,
    )


def slip(lines: list[Line], character: str = "wages", employer: Decimal = ZERO) -> Payslip:
    paid = ("earnings", "arrears", "carry", "contribution", "tax")
    return Payslip(
        contract="C-1",
        person="P-1",
        month="2025-03",
        pay_date="2025-04-10",
        character=character,
        lines=tuple(lines),
        gross=total(tuple(lines), "earnings", "arrears", "carry"),
        contributions=ZERO - total(tuple(lines), "contribution"),
        tax=ZERO - total(tuple(lines), "tax"),
        net=total(tuple(lines), *paid),
        employer_cost=employer,
    )


codes = st.sampled_from([DRAW, "commission"])
any_line = st.builds(line, components, fens, codes)
characters = st.sampled_from(
    ["wages", "labour_remuneration", "platform_labour_remuneration", "business_income"]
)
any_slip = st.builds(slip, st.lists(any_line, max_size=8), characters, fens.map(abs))


@given(st.lists(any_slip, max_size=6))
def test_a_voucher_balances_whatever_the_payslips(slips: list[Payslip]):
    made = voucher("2025-03-1", MARCH, slips, DEFAULTS)
    assert made.debit == made.credit
    assert all(entry.debit >= 0 and entry.credit >= 0 for entry in made.entries)
    for one in slips:
        assert sum(movements(one).values(), ZERO) == 0


WORKED = slip(
    [
        line("earnings", Decimal("8000.00")),
        line("earnings", Decimal("2000.00"), DRAW),
        line("arrears", Decimal("-500.00")),
        line("carry", Decimal("100.00")),
        line("contribution", Decimal("-840.00")),
        line("tax", Decimal("-60.00")),
    ],
    employer=Decimal("2160.00"),
)


def test_each_sum_goes_to_the_account_of_what_it_is_for():
    """
    given   8,000 earned, a draw of 2,000, arrears of -500, 100 carried out, 840 and 60 withheld
    then    cost 7,500, advances 2,000, carried 100 = 8,700 net, 840 and 60 owed to others
    """
    made = voucher("2025-03-1", MARCH, [WORKED], DEFAULTS)
    sides = {entry.role: entry.debit - entry.credit for entry in made.entries}
    assert {role: str(amount) for role, amount in sides.items()} == {
        "wages_expense": "7500.00",
        "employer_contributions": "2160.00",
        "wages_payable": "-8700.00",
        "tax_payable": "-60.00",
        "contributions_withheld": "-840.00",
        "contributions_payable": "-2160.00",
        "carried": "100.00",
        "advances": "2000.00",
    }


def test_a_payslip_whose_net_is_not_the_sum_of_its_lines_makes_no_voucher():
    wrong = Payslip(
        **{name: getattr(WORKED, name) for name in WORKED.__struct_fields__}
        | {"net": Decimal("8700.01")}
    )
    with pytest.raises(Invalid, match="does not balance"):
        voucher("2025-03-1", MARCH, [wrong], DEFAULTS)


def test_accounts_are_those_of_the_day_and_what_is_not_named_stays():
    named = {
        "wages_payable": {
            "code": "2211.03",
            "name": "应付职工薪酬-主播",
            "beancount": "Liabilities:Pay:Streamers",
        }
    }
    command = MapAccounts.model_validate({"effective": "2025-03-01", "accounts": named})
    (made,) = accounts.map_accounts(command)
    mapping = accounts.evolve(AccountMap(), made, Place(version=1))
    assert mapping.on(date(2025, 2, 28)) == DEFAULTS
    march = mapping.on(date(2025, 3, 31))
    assert march["wages_payable"].code == "2211.03"
    assert {role for role in ROLES if march[role] != DEFAULTS[role]} == {"wages_payable"}


def test_files_hold_every_entry_with_two_places():
    made = voucher("2025-03-1", MARCH, [WORKED], DEFAULTS)
    first = "2025-03-31,记,2025-03-1,0,2025-03 计提工资,6601.01,7500.00,0.00"
    assert yonyou(made).splitlines()[1] == first
    assert kingdee(made).splitlines()[1] == (
        "2025-03-31,记,2025-03-1,0,2025-03 计提工资,6601.01,销售费用-职工薪酬,7500.00,0.00,RMB,1"
    )
    text = beancount(made)
    assert '2025-03-31 * "2025-03 薪酬" "Pay run 2025-03-1"' in text
    amounts = [Decimal(row.split()[1]) for row in text.splitlines() if row.startswith("  ")]
    assert (len(amounts), sum(amounts)) == (8, 0)
