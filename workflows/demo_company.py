"""The demo company on paper: who is engaged how, under which clauses. See docs/demo.md.

Names and identity numbers are invented. Figures come from the files, money terms from here.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

TENANT = "starlight"
NAME = "星光传媒（演示）"
START, END = "2025-01-01", "2027-01-01"
SCHEME = "streamer-2025"

HR, LEAD, DATA = "hr.lin", "lead.wu", "data.bot"
FINANCE, APPROVER, BANK = "finance.zhao", "approver.qian", "bank.statement"

AGENCY_FOLLOWERS = 2_000_000
PART_TIME_MINUTES = 80_000

METRICS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("sales", "结算销售额", "Settled sales", "CNY", "sum",
     "Order amounts attributed to the room, less cancellations, on the day they happened"),
    ("fans_gained", "新增粉丝", "Fans gained", "fan", "sum", "Followers won less followers lost"),
    ("live_minutes", "直播分钟", "Minutes live", "min", "sum", "Minutes on air"),
    ("views_gained", "新增观看", "Views gained", "view", "sum", "Views of the room"),
    ("average_viewers", "平均在线", "Average viewers", "viewer", "average",
     "Mean number of viewers while on air"),
    ("peak_viewers", "峰值在线", "Peak viewers", "viewer", "max", "Most viewers at one moment"),
)  # fmt: skip

Kind = Literal["full_time", "part_time", "agency"]


@dataclass(frozen=True, slots=True)
class Streamer:
    """A row of the streamers' file, and what follows from it."""

    person: str
    team: str
    followers: int
    minutes: int
    track: str

    @property
    def kind(self) -> Kind:
        """The largest are agency partners, who streams little is part-time, the rest employed."""
        if self.followers >= AGENCY_FOLLOWERS:
            return "agency"
        return "part_time" if self.minutes < PART_TIME_MINUTES else "full_time"

    @property
    def contract(self) -> str:
        """The contract's id."""
        return f"C-{self.person[1:]}"

    @property
    def variables(self) -> dict[str, str]:
        """The template's variables: base pay by the size of the team, the rest by the person."""
        if self.kind == "full_time":
            return {"base": "8000" if self.team == "English" else "7000"}
        if self.kind == "agency":
            return {"guarantee": "10000" if self.followers >= 2 * AGENCY_FOLLOWERS else "6000"}
        return {}


def read_streamers(folder: Path) -> list[Streamer]:
    """The streamers of a folder; the track is the category most of the room's orders are of."""
    rooms = dict(_rows(folder / "attribution.csv", "buyer_id", "streamer_id"))
    orders: dict[str, Counter[str]] = defaultdict(Counter)
    for buyer, category in _rows(folder / "orders.csv", "buyer_id", "category"):
        if buyer in rooms:
            orders[rooms[buyer]][category] += 1
    with (folder / "streamers.csv").open(encoding="utf-8", newline="") as file:
        return [
            Streamer(
                row["streamer_id"],
                row["team"],
                int(row["followers"]),
                int(row["stream_minutes"]),
                _most(orders[row["streamer_id"]]),
            )
            for row in csv.DictReader(file)
        ]


def _rows(path: Path, key: str, value: str) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[key], row[value]) for row in csv.DictReader(file)]


def _most(counted: Counter[str]) -> str:
    """The most frequent category; of two as frequent the first in the alphabet."""
    return min(counted, key=lambda name: (-counted[name], name), default="general")


_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_GIVEN = [
    "晓雨",
    "子涵",
    "思远",
    "嘉怡",
    "明轩",
    "若曦",
    "浩然",
    "梓萱",
    "一诺",
    "欣妍",
    "俊熙",
    "可欣",
    "文博",
    "雅琪",
    "天佑",
]


def personal(number: int) -> dict[str, str]:
    """Invented personal data of the n-th streamer."""
    surname = _SURNAMES[number % len(_SURNAMES)]
    given = _GIVEN[number // len(_SURNAMES) % len(_GIVEN)]
    return {
        "name": surname + given,
        "identity_number": f"DEMO-ID-{number:06}",
        "phone": f"DEMO-{number:08}",
        "bank_account": f"DEMO{number:012}",
        "bank_name": "演示银行",
    }


def commission(rate: str, tiers: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    """Commission on settled sales: above each start so many points are added, marginally."""
    return {
        "kind": "commission",
        "rate": rate,
        "base": "settled",
        "tiers": [{"start": start, "rate": added} for start, added in tiers],
        "mode": "marginal",
        "step": "percentage_point",
        "boundary": "above",
        **more,
    }


_CONFIDENTIAL = {
    "kind": "confidentiality",
    "text_zh": "双方对合作内容、报酬及经营数据负有保密义务。",
    "text_en": "Both parties keep terms, pay and business figures confidential.",
}
_TRAINING = {"kind": "training", "times_a_month": 1, "cost": "0", "service_months": 0}
TEMPLATES: tuple[dict[str, Any], ...] = (
    {
        "template": "full-time",
        "title": "全职主播劳动合同",
        "engagement": "full_time",
        "clauses": [
            {"key": "base_pay", "clause": {
                "kind": "base_pay", "amount": "{{base}}", "proration": "workdays_actual"}},
            {"key": "commission", "clause": commission("0.05", [("5000", "0.01")])},
            {"key": "performance", "clause": {
                "kind": "performance_pay", "amount": "2000", "scheme": SCHEME,
                "coefficients": [
                    {"from_score": "0", "coefficient": "0.5"},
                    {"from_score": "0.6", "coefficient": "0.8"},
                    {"from_score": "0.8", "coefficient": "1"},
                    {"from_score": "1", "coefficient": "1.2"}],
                "proration": "workdays_actual"}},
            {"key": "team_incentive", "clause": {
                "kind": "team_incentive", "metric": "sales", "threshold": "0.15",
                "boundary": "above", "percentage": "0.1"}},
            {"key": "hours", "clause": {"kind": "hours", "minimum_hours": "60"}},
            {"key": "training", "clause": _TRAINING},
            {"key": "confidentiality", "clause": _CONFIDENTIAL},
        ],
    },
    {
        "template": "part-time",
        "title": "兼职主播劳务协议",
        "engagement": "part_time",
        "clauses": [
            {"key": "commission", "clause": commission("0.08", [("3000", "0.01")])},
            {"key": "fans", "clause": {
                "kind": "metric_bonus", "metric": "fans_gained", "threshold": "10000",
                "boundary": "from", "amount": "500", "per": "once"}},
            {"key": "flexible_schedule", "clause": {
                "kind": "flexible_schedule", "notice_hours": 24, "told": "业务部门"}},
            {"key": "confidentiality", "clause": _CONFIDENTIAL},
        ],
    },
    {
        "template": "agency",
        "title": "主播经纪合约",
        "engagement": "agency",
        "clauses": [
            {"key": "revenue_share", "clause": {
                "kind": "revenue_share", "metric": "sales", "share": "0.45"}},
            {"key": "guarantee", "clause": {
                "kind": "guarantee", "amount": "{{guarantee}}", "offset": "top_up",
                "proration": "calendar_days"}},
            {"key": "exclusivity", "clause": {
                "kind": "exclusivity", "scope": "合约期内不在其他平台直播"}},
            {"key": "confidentiality", "clause": _CONFIDENTIAL},
        ],
    },
)  # fmt: skip

CHARACTERS: dict[Kind, str] = {
    "full_time": "wages",
    "part_time": "labour_remuneration",
    "agency": "business_income",
}


def weights(sales: str, fans: str, live: str) -> list[dict[str, str]]:
    """The scheme's metrics under these weights."""
    return [
        {"metric": "sales", "weight": sales, "target": "3000", "cap": "1.5"},
        {"metric": "fans_gained", "weight": fans, "target": "15000", "cap": "1.5"},
        {"metric": "live_minutes", "weight": live, "target": "9000", "cap": "1.2"},
    ]


def tax_profile(number: int, *, city: bool) -> dict[str, Any]:
    """Declared insurance until the city's table is there (July 2025), then the table. Every fifth
    earned less last year: the city's floor decides."""
    base = "7400" if number % 5 == 0 else "8000"
    insurance: dict[str, Any] = (
        {"city": "shanghai", "base": base, "fund_base": "8000", "fund_rate": "0.07",
         "transferred": True}
        if city
        else {"declared_insurance": "840", "declared_fund": "560", "declared_employer": "2616"}
    )  # fmt: skip
    return {
        "special_additional": ("0", "1000", "1500", "2000")[number % 4],
        "employed_from": START,
        "insurance": insurance,
    }
