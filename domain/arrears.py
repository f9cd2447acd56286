"""What became known after posting: the difference between a re-rated period and what was posted.

A posted payslip never changes. The original earning period is rated again, tiers included, and
each clause whose amount differs gets one line in the next open run.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.guarantee import DRAW, RECOVERY
from domain.lines import Line
from domain.money import ZERO, fen
from domain.periods import Month
from domain.texts import yuan

_CAUSES = {
    "laws": ("基数或法规表变更", "base or law table changed"),
    "clauses": ("条款变更", "clause changed"),
    "batches": ("数据更正", "figures corrected"),
    "kpi": ("考核变更", "KPI weights or figures changed"),
    "team": ("团队数据变更", "team figures changed"),
    "engine": ("计算引擎变更", "engine changed"),
}


def differences(
    period: Month | str, posted_lines: Iterable[Line], rerated_lines: Iterable[Line]
) -> tuple[Line, ...]:
    """One arrears line for each clause whose re-rated amount differs from what was posted.

    `posted_lines` may hold whole payslips: of them count the earnings of the period and every
    earlier arrears line of the same period. Nothing differs, nothing is returned. By clause key.
    """
    month = str(period)
    posted = [
        line
        for line in posted_lines
        if line.period == month and line.component in ("earnings", "arrears")
    ]
    rerated = [line for line in rerated_lines if line.component == "earnings"]
    keys = sorted({line.clause or line.code for line in (*posted, *rerated)})
    made = (_difference(month, key, _of(posted, key), _of(rerated, key)) for key in keys)
    return tuple(line for line in made if line is not None)


def contribution_differences(
    period: Month | str, posted_lines: Iterable[Line], rerated_lines: Iterable[Line]
) -> tuple[Line, ...]:
    """One line for each contribution whose sum for a month differs from what was taken for it,
    such as a city's base that is published in September for July. By code.

    The lines are of component `contribution`: taken from (or given back to) the employee now,
    with the employer's side in the lineage.
    """
    month = str(period)
    posted = [
        line for line in posted_lines if line.period == month and line.component == "contribution"
    ]
    rerated = [line for line in rerated_lines if line.component == "contribution"]
    made = (
        _contribution(month, code, _coded(posted, code), _coded(rerated, code))
        for code in sorted({line.code for line in (*posted, *rerated)})
    )
    return tuple(line for line in made if line is not None)


def _coded(lines: list[Line], code: str) -> list[Line]:
    return [line for line in lines if line.code == code]


def _contribution(month: str, code: str, posted: list[Line], rerated: list[Line]) -> Line | None:
    before, after = (sum((x.amount for x in lines), ZERO) for lines in (posted, rerated))
    employers = [
        sum((Decimal(x.lineage["employer"]) for x in lines), ZERO) for lines in (posted, rerated)
    ]
    if before == after and employers[0] == employers[1]:
        return None
    name = (rerated or posted)[0]
    text = f"{yuan(ZERO - after)} − {yuan(ZERO - before)} = {yuan(before - after)}"
    side = f"{yuan(employers[1] - employers[0])}"
    return Line(
        code=code,
        component="contribution",
        period=month,
        base=name.base,
        rate=name.rate,
        unrounded=after - before,
        amount=fen(after - before),
        zh=f"{month} {name.zh.partition('（')[0]}补差（个人）：{text}；单位 {side}",
        en=f"Difference for {month}, {name.en.partition(',')[0]}, employee: {text}; "
        f"employer {side}",
        lineage={
            "posted": str(before),
            "rerated": str(after),
            "employer": str(employers[1] - employers[0]),
            "laws": name.lineage.get("laws", []),
            "causes": ["laws"],
        },
    )


def draw_change(lines: Iterable[Line]) -> Decimal:
    """What lines add to the balance of recoverable draws, arrears included; in yuan."""
    return sum((_draw(line) for line in lines), ZERO)


def _draw(line: Line) -> Decimal:
    if line.component == "arrears":
        return Decimal(line.lineage.get("draw", "0"))
    return line.amount if line.code in (DRAW, RECOVERY) else ZERO


def _of(lines: list[Line], key: str) -> list[Line]:
    return [line for line in lines if (line.clause or line.code) == key]


def _difference(month: str, key: str, posted: list[Line], rerated: list[Line]) -> Line | None:
    before = sum((line.amount for line in posted), ZERO)
    after = sum((line.amount for line in rerated), ZERO)
    if before == after:
        return None
    causes = _causes(posted, rerated)
    zh_cause = "、".join(_CAUSES[cause][0] for cause in causes) or "重新计算"
    en_cause = ", ".join(_CAUSES[cause][1] for cause in causes) or "calculated again"
    text = f"{yuan(after)} − {yuan(before)} = {yuan(after - before)}"
    draw = draw_change(rerated) - draw_change(posted)
    return Line(
        code="arrears",
        component="arrears",
        clause=key,
        period=month,
        unrounded=after - before,
        amount=fen(after - before),
        zh=f"{month} {key} 补差（{zh_cause}）：重算 {text}",
        en=f"Difference for {month}, {key} ({en_cause}): re-rated {text}",
        lineage={
            "posted": str(before),
            "rerated": str(after),
            "causes": causes,
            **({"draw": str(draw)} if draw else {}),
            **_facts(rerated),
        },
    )


def _causes(posted: list[Line], rerated: list[Line]) -> list[str]:
    """Which facts of the lineage are others now than when the period was last rated."""
    arrears = [line for line in posted if line.component == "arrears"]
    last = _facts(arrears[-1:] or posted)
    now = _facts(rerated)
    return [name for name in _CAUSES if last.get(name) != now.get(name)]


def _facts(lines: list[Line]) -> dict[str, Any]:
    """The facts lines were made from, as far as a difference is told by them."""
    found: dict[str, Any] = {}
    for line in lines:
        for name in _CAUSES:
            value = line.lineage.get(name)
            if isinstance(value, list):
                known = found.setdefault(name, [])
                known.extend(entry for entry in value if entry not in known)
            elif value:
                found[name] = value
    return found
