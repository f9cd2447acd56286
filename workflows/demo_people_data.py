"""The people of the demo company on paper: whom it hired, who left and why. All invented.

Four teams of forty. 美妆一组 has the case of the business: a sales target 25 % above the others',
fans weighted 10 %, and three in ten who leave within the year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.career import CHINA
from domain.periods import Month, months_between
from workflows.demo_company import personal

CASE, SECOND, FOOD, FASHION = "美妆一组", "美妆二组", "食品组", "服饰组"
TRACKS = {CASE: "beauty", SECOND: "beauty", FOOD: "food", FASHION: "fashion"}
SCHEMES = {CASE: "team-beauty-1", SECOND: "team-beauty-2", FOOD: "team-food", FASHION: "team-fashion"}  # fmt: skip
SIZE, OLD = 40, 25
"""People of a team, and how many of them were there before 2025."""
LEAVERS = {CASE: 12, SECOND: 4, FOOD: 4, FASHION: 4}
OTHERS_TARGET, CASE_TARGET = "3000", "3750"
FASTER = date(2025, 7, 1)
"""From here on contracts are signed electronically, by the template's second version."""
RE_WEIGHED = date(2025, 7, 1)
"""From here on fans weigh 40 % instead of 10 % in 服饰组."""
CANDIDATES = 120
TEMPLATE = "hiring-full-time"
FIGURES = tuple(months_between(Month(2025, 1), Month(2025, 12)))
TALKATIVE = "H1030"
"""Viewers rise, gifts stand still, and fans are hardly answered."""
TAGS = (
    ("live_experience", "直播经验", "Live experience", "0.4"),
    ("product_test", "产品知识测验", "Product knowledge test", "0.35"),
    ("fan_cases", "粉丝互动案例", "Fan interaction cases", "0.25"),
)
_REASONS: dict[str, list[list[tuple[str, str]]]] = {
    CASE: [
        [("targets", "0.6"), ("pay_rules", "0.4")],
        [("targets", "1")],
        [("pay_rules", "0.5"), ("pay_amount", "0.5")],
        [("targets", "0.7"), ("other_offer", "0.3")],
    ],
    "": [[("family", "1")], [("other_offer", "0.6"), ("career", "0.4")], [("study", "1")]],
}
_NOTES = ("每月销售目标比别的组高, 涨粉几乎不算分", "想离家近一些", "同行给了更高的底薪")


@dataclass(frozen=True, slots=True)
class Worker:
    """One of the forty of a team."""

    team: str
    number: int

    @property
    def person(self) -> str:
        """The id: H1001 is the second of the first team."""
        return f"H{1000 + list(TRACKS).index(self.team) * 100 + self.number}"

    @property
    def hired(self) -> bool:
        """Whether a round of hiring of 2025 brought them."""
        return self.number >= OLD

    @property
    def leaves(self) -> bool:
        """The first of those of before leave, and in the case's team four of those of 2025."""
        early = LEAVERS[self.team] - (4 if self.team == CASE else 1)
        return self.number < early or OLD <= self.number < OLD + LEAVERS[self.team] - early

    @property
    def score(self) -> int:
        """How they were assessed: who is to leave was seen as weaker."""
        spread = self.number * 13 % 24
        return 48 + spread if self.leaves else 60 + spread


def workers() -> list[Worker]:
    """Everybody of the four teams."""
    return [Worker(team, number) for team in TRACKS for number in range(SIZE)]


def at(day: date, hours: int) -> str:
    """A moment so many hours after a day begins in China."""
    return (datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(hours=hours)).isoformat()  # fmt: skip


def history(place: int, worker: Worker) -> dict[str, Any]:
    """A worker's history as it is taken over."""
    steps = _round(worker) if worker.hired else [_taken_over(worker)]
    if worker.leaves:
        steps.append(_leaving(worker))
    return {
        "person": worker.person,
        "personal": personal(1000 + place),
        "tags": [TRACKS[worker.team]],
        "steps": steps,
    }


def _taken_over(worker: Worker) -> dict[str, Any]:
    start = Month(2024, 1 + worker.number % 12).first + timedelta(days=worker.number % 20)
    return {
        "kind": "active",
        "taken_over": True,
        "on": start.isoformat(),
        "team": worker.team,
        "track": TRACKS[worker.team],
        "engagement": "part_time" if worker.number % 5 == 4 else "full_time",
        "scheme": SCHEMES[worker.team],
    }


def _round(worker: Worker) -> list[dict[str, Any]]:
    """A round of hiring: with paper signing took a week, electronically it takes hours."""
    place = worker.number - OLD
    entered = Month(2025, 1 + place % 10).first + timedelta(days=2 + place)
    asked = entered + timedelta(days=3 + place % 4)
    offered = asked + timedelta(days=1 + place % 2)
    fast = offered >= FASTER
    sent = offered if fast else offered + timedelta(days=2)
    signed = 16 + 4 + place if fast else 24 * (6 + place % 4)
    begun = sent + timedelta(hours=signed + 72)
    track = TRACKS[worker.team]
    return [
        {"kind": "candidate", "team": worker.team, "track": track, "at": at(entered, 10),
         "source": ("校园招聘", "内部推荐", "招聘网站")[place % 3]},
        {"kind": "interview", "interview": "试播", "outcome": "passed", "at": at(asked, 14)},
        _assessment(track, asked, worker.score),
        {"kind": "offer", "engagement": "full_time", "at": at(offered, 11)},
        {"kind": "contract_sent", "template": TEMPLATE, "template_version": 2 if fast else 1,
         "at": at(sent, 15)},
        {"kind": "signed", "way": "electronic" if fast else "paper", "at": at(sent, 15 + signed)},
        {"kind": "active", "scheme": SCHEMES[worker.team], "at": at(begun, 48)},
    ]  # fmt: skip


def _assessment(track: str, day: date, score: int) -> dict[str, Any]:
    marks = {tag: str(min(100, score + shift)) for (tag, *_), shift in zip(TAGS, (0, 5, -5), strict=True)}  # fmt: skip
    return {"kind": "assessed", "track": track, "marks": marks, "at": at(day, 15)}


def _leaving(worker: Worker) -> dict[str, Any]:
    if worker.team == FASHION and not worker.hired:
        day = RE_WEIGHED - timedelta(days=20 + 45 * worker.number)
    elif worker.team == FASHION:
        day = date(2025, 12, 3)
    elif worker.hired:
        day = Month(2025, 6 + worker.number - OLD).first + timedelta(days=9)
    else:
        day = Month(2025, 3 + worker.number).first + timedelta(days=14)
    kinds = _REASONS[CASE if worker.team == CASE else ""]
    reasons = [
        {"reason": name, "weight": share} for name, share in kinds[worker.number % len(kinds)]
    ]
    note = _NOTES[0] if worker.team == CASE else _NOTES[1 + worker.number % 2]
    return {"kind": "left", "on": day.isoformat(), "reasons": reasons, "note": note}


def candidates() -> Iterator[dict[str, Any]]:
    """Rounds of hiring that led to no work: most end early, the last eight still wait."""
    teams = list(TRACKS)
    for number in range(CANDIDATES):
        team = teams[number % len(teams)]
        entered = Month(2025, 1 + number % 12).first + timedelta(days=1 + number % 17)
        waits = number >= CANDIDATES - 8
        if waits:
            entered = date(2025, 12, 8) + timedelta(days=number % 8)
        steps = _so_far(team, entered, number % 5)
        if not waits:
            last = datetime.fromisoformat(steps[-1]["at"]) + timedelta(days=5)
            by = "candidate" if number % 3 else "company"
            steps.append({"kind": "withdrawn", "by": by, "at": last.isoformat()})
        yield {
            "person": f"K{2000 + number}",
            "personal": personal(2000 + number),
            "tags": [TRACKS[team]],
            "steps": steps,
        }


def _so_far(team: str, entered: date, depth: int) -> list[dict[str, Any]]:
    """The first steps of a round; every second candidate comes to no interview."""
    asked, offered = entered + timedelta(days=4), entered + timedelta(days=6)
    steps: list[dict[str, Any]] = [
        {"kind": "candidate", "team": team, "track": TRACKS[team], "at": at(entered, 9),
         "source": "招聘网站"},
        {"kind": "interview", "interview": "面试", "at": at(asked, 14),
         "outcome": "failed" if depth == 2 else "passed"},
        {"kind": "offer", "engagement": "full_time", "at": at(offered, 10)},
    ]  # fmt: skip
    return steps[: {0: 1, 1: 1, 2: 2, 3: 2}.get(depth, 3)]


def figures() -> Iterator[tuple[str, str, date, Decimal]]:
    """Person, metric, day and value: a month's figures on its fifteenth."""
    for worker in workers():
        for number, month in enumerate(FIGURES):
            day = month.first + timedelta(days=14)
            for metric, value in _of_month(worker, number).items():
                yield worker.person, metric, day, Decimal(value)


def _of_month(worker: Worker, month: int) -> dict[str, int]:
    """Traffic of the case's team falls by 4 % of its start a month, that of the others rises."""
    trend = 100 - 4 * month if worker.team == CASE else 100 + 2 * month
    noise = 90 + (worker.number * 7 + month * 11) % 21
    talks = worker.person == TALKATIVE
    viewers = 200 + 40 * month if talks else 300 * trend // 100
    return {
        "views_gained": 400 * trend * (90 + worker.number * 7 % 21) // 100,
        "average_viewers": viewers,
        "sales": worker.score * 40 * noise // 100,
        "live_minutes": 5_400 + 30 * (worker.number % 10),
        "gift_income": 900 if talks else 700 * trend * noise // 10_000,
        "fan_answers": 12 if talks else 240 * noise // 100,
    }
