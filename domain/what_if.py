"""What would have been: a past month rated twice, as it stands and with other terms or weights.

Pure arithmetic over the lines of both ratings. Behaviour is held fixed: the figures are those that
were measured, and what somebody would have done under other terms is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from domain.clauses import Commission, MetricBonus, PerformancePay, RevenueShare
from domain.commission import metric_of
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.sentence_words import figure_names
from domain.texts import number, yuan
from domain.tiers import rule_of
from domain.versions import Group, groups_of

BEHAVIOUR_ZH = "按已经发生的数据重算：假设行为不变，不预测人员在新条件下会怎样做；金额为税前、扣缴社保公积金前的收入"
BEHAVIOUR_EN = (
    "Rated again on the figures that were measured: behaviour is held fixed, and nothing is said "
    "of what anybody would have done under other terms. Amounts are earnings before contributions "
    "and tax."
)


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """How far up a clause's ladder a month came: tier, coefficient or number of awards."""

    kind: str
    clause: str
    level: Decimal
    zh: str
    en: str


class Crossed(msgspec.Struct, frozen=True, kw_only=True):
    """A clause that stands on another rung than before."""

    clause: str
    kind: str
    up: bool
    zh: str
    en: str


class ClauseChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of one clause come to on both sides, in yuan."""

    clause: str
    before: Decimal
    after: Decimal


class MonthChange(msgspec.Struct, frozen=True, kw_only=True):
    """One contract and month, as it stands and as it would have been; in yuan."""

    contract: str
    person: str
    team: str
    month: str
    before: Decimal
    after: Decimal
    difference: Decimal
    clauses: tuple[ClauseChange, ...]
    """The clauses whose amounts differ."""
    crossed: tuple[Crossed, ...]
    lines: tuple[Line, ...] = ()
    """The lines of the other rating, to take it apart; only where they were asked for."""


class PersonChange(msgspec.Struct, frozen=True, kw_only=True):
    """One person over all months."""

    person: str
    contracts: tuple[str, ...]
    before: Decimal
    after: Decimal
    difference: Decimal
    months: tuple[MonthChange, ...]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody together, in yuan."""

    before: Decimal
    after: Decimal
    difference: Decimal
    gain: int
    """How many people get more."""
    gained: Decimal
    lose: int
    lost: Decimal
    same: int


def compared(
    pay: PayInput,
    other: PayInput,
    before: tuple[Line, ...],
    after: tuple[Line, ...],
    team: str,
    *,
    lines: bool = False,
) -> MonthChange:
    """One contract and month rated twice. Information lines count for nothing."""
    then, now = _by_clause(before), _by_clause(after)
    keys = sorted({*then, *now})
    stands, would = sum(then.values(), ZERO), sum(now.values(), ZERO)
    return MonthChange(
        contract=pay.contract,
        person=pay.person,
        team=team,
        month=str(pay.month),
        before=stands,
        after=would,
        difference=would - stands,
        clauses=tuple(
            ClauseChange(clause=key, before=then.get(key, ZERO), after=now.get(key, ZERO))
            for key in keys
            if then.get(key, ZERO) != now.get(key, ZERO)
        ),
        crossed=crossed(rungs(pay, before), rungs(other, after)),
        lines=after if lines else (),
    )


def _by_clause(lines: Iterable[Line]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.component == "earnings":
            key = line.clause or line.code
            sums[key] = sums.get(key, ZERO) + line.amount
    return sums


def by_person(months: Iterable[MonthChange]) -> list[PersonChange]:
    """Everybody, who loses most first, then by person."""
    found: dict[str, list[MonthChange]] = {}
    for month in months:
        found.setdefault(month.person, []).append(month)
    people = [_person(person, changes) for person, changes in found.items()]
    return sorted(people, key=lambda one: (one.difference, one.person))


def _person(person: str, months: list[MonthChange]) -> PersonChange:
    ordered = sorted(months, key=lambda one: (one.month, one.contract))
    return PersonChange(
        person=person,
        contracts=tuple(sorted({one.contract for one in ordered})),
        before=sum((one.before for one in ordered), ZERO),
        after=sum((one.after for one in ordered), ZERO),
        difference=sum((one.difference for one in ordered), ZERO),
        months=tuple(ordered),
    )


def sums_of(people: Iterable[PersonChange]) -> Sums:
    """Who gains, who loses, and how much everybody together."""
    listed = list(people)
    more = [one.difference for one in listed if one.difference > 0]
    less = [one.difference for one in listed if one.difference < 0]
    return Sums(
        before=sum((one.before for one in listed), ZERO),
        after=sum((one.after for one in listed), ZERO),
        difference=sum((one.difference for one in listed), ZERO),
        gain=len(more),
        gained=sum(more, ZERO),
        lose=len(less),
        lost=sum(less, ZERO),
        same=len(listed) - len(more) - len(less),
    )


def rungs(pay: PayInput, lines: Iterable[Line]) -> dict[str, Rung]:
    """The rung each clause with tiers, coefficients or awards came to in the month."""
    by_clause: dict[str, list[Line]] = {}
    for line in lines:
        by_clause.setdefault(line.clause or "", []).append(line)
    found: dict[str, Rung] = {}
    for group in groups_of(pay):
        rung = _rung(pay, group, by_clause.get(group[0].key, []))
        if rung is not None:
            found[group[0].key] = rung
    return found


def _rung(pay: PayInput, group: Group, lines: list[Line]) -> Rung | None:
    """The rung of a clause by its last version of the month."""
    clause = group[-1].clause
    match clause:
        case Commission() | RevenueShare() if clause.tiers:
            return _tier(pay, group, clause)
        case PerformancePay() if lines and lines[-1].rate is not None:
            level = lines[-1].rate
            text = number(level)
            return _made(group, "coefficient", level, f"系数 {text}", f"coefficient {text}")
        case MetricBonus() if lines:
            given = sum(int(line.lineage.get("awards", 0)) for line in lines)
            return _made(group, "award", Decimal(given), f"达标 {given} 次", f"{given} awards")
    return None


def _tier(pay: PayInput, group: Group, clause: Commission | RevenueShare) -> Rung:
    category = clause.category if isinstance(clause, Commission) else None
    metric = metric_of(clause)
    total = pay.figures.total_over(metric, [version.period for version in group], category)
    rule = rule_of(clause, group[-1].key)
    level = sum(
        1
        for band in rule.bands
        if (total > band.start if rule.boundary == "above" else total >= band.start)
    )
    zh_metric, en_metric = figure_names(metric, category)
    top = len(rule.bands)
    return _made(
        group,
        "tier",
        Decimal(level),
        f"{zh_metric} {yuan(total)}：第 {level} 档（共 {top} 档）",
        f"tier {level} of {top} with {en_metric} of {yuan(total)}",
    )


def _made(group: Group, kind: str, level: Decimal, zh: str, en: str) -> Rung:
    return Rung(kind=kind, clause=group[0].key, level=level, zh=zh, en=en)


def crossed(before: dict[str, Rung], after: dict[str, Rung]) -> tuple[Crossed, ...]:
    """The clauses that stand on another rung of the same kind of ladder."""
    both = sorted(key for key in before if key in after and before[key].kind == after[key].kind)
    return tuple(
        Crossed(
            clause=key,
            kind=before[key].kind,
            up=after[key].level > before[key].level,
            zh=f"{before[key].zh} → {after[key].zh}",
            en=f"{before[key].en} → {after[key].en}",
        )
        for key in both
        if before[key].level != after[key].level
    )
