"""The accounts that pay is booked to: a mapping as dated facts, over defaults.

The defaults follow the chart of 企业会计准则——应用指南 附录 (会计科目和主要账务处理): 2211 应付职工薪酬,
2221 应交税费, 2241 其他应付款, 1221 其他应收款, 6601 销售费用, 6401 主营业务成本, 2202 应付账款.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, get_args

import msgspec
from pydantic import Field

from domain.commands import Command
from domain.facts import Fact, Place
from domain.periods import Day

Role = Literal[
    "wages_expense",
    "labour_expense",
    "agency_expense",
    "employer_contributions",
    "wages_payable",
    "labour_payable",
    "agency_payable",
    "tax_payable",
    "contributions_withheld",
    "contributions_payable",
    "carried",
    "advances",
]
ROLES: tuple[Role, ...] = get_args(Role)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account: its code and name in the books, and its name in Beancount."""

    code: str
    name: str
    beancount: str


Accounts = dict[Role, Account]


def _account(code: str, name: str, beancount: str) -> Account:
    return Account(code=code, name=name, beancount=beancount)


DEFAULTS: Accounts = {
    "wages_expense": _account("6601.01", "销售费用-职工薪酬", "Expenses:Pay:Wages"),
    "labour_expense": _account("6601.02", "销售费用-劳务报酬", "Expenses:Pay:Labour"),
    "agency_expense": _account("6401.01", "主营业务成本-主播分成", "Expenses:Pay:Agency"),
    "employer_contributions": _account(
        "6601.03", "销售费用-单位社保公积金", "Expenses:Pay:Contributions"
    ),
    "wages_payable": _account("2211.01", "应付职工薪酬-工资", "Liabilities:Pay:Wages"),
    "labour_payable": _account("2202.01", "应付账款-劳务报酬", "Liabilities:Pay:Labour"),
    "agency_payable": _account("2202.02", "应付账款-主播分成", "Liabilities:Pay:Agency"),
    "tax_payable": _account("2221.12", "应交税费-应交个人所得税", "Liabilities:Tax:Income"),
    "contributions_withheld": _account(
        "2241.01", "其他应付款-代扣社保公积金", "Liabilities:Contributions:Withheld"
    ),
    "contributions_payable": _account(
        "2211.02", "应付职工薪酬-社保公积金", "Liabilities:Contributions:Employer"
    ),
    "carried": _account("1221.01", "其他应收款-人员结转", "Assets:Receivable:People"),
    "advances": _account("1221.02", "其他应收款-可回收预支", "Assets:Receivable:Draws"),
}


class AccountsMapped(Fact, frozen=True, kw_only=True):
    """From a day on, pay is booked to these accounts; roles that are not named stay."""

    effective: date
    accounts: dict[str, Account]


Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f,\"]+$")]


class AccountText(Command):
    """An account as it is sent."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z.\-]{1,30}$", examples=["2211.01"])]
    name: Text
    beancount: Annotated[
        str,
        Field(pattern=r"^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9\-]*)+$"),
    ]


class MapAccounts(Command):
    """Book pay to other accounts from a day on."""

    effective: Day
    accounts: Annotated[dict[Role, AccountText], Field(min_length=1)]


class AccountMap(msgspec.Struct, frozen=True, kw_only=True):
    """All mappings that were said, in the order they were recorded."""

    version: int = 0
    mapped: tuple[tuple[date, dict[str, Account]], ...] = ()

    def on(self, day: date) -> Accounts:
        """The accounts of a day: the defaults, then what was said from a day up to it; what
        begins later, and what was recorded later for the same day, wins."""
        found: Accounts = dict(DEFAULTS)
        for effective, accounts in sorted(self.mapped, key=lambda one: one[0]):
            if effective <= day:
                found |= {role: accounts[role] for role in ROLES if role in accounts}
        return found


def evolve(state: AccountMap, fact: Fact, place: Place) -> AccountMap:
    """Fold one fact into the mapping."""
    if not isinstance(fact, AccountsMapped):
        raise TypeError(f"an account map has no fact {type(fact).__name__}")
    return AccountMap(
        version=place.version, mapped=(*state.mapped, (fact.effective, fact.accounts))
    )


def map_accounts(command: MapAccounts) -> list[Fact]:
    """Say which accounts pay is booked to from a day on."""
    accounts = {
        str(role): Account(code=one.code, name=one.name, beancount=one.beancount)
        for role, one in command.accounts.items()
    }
    return [AccountsMapped(effective=command.effective, accounts=accounts)]
