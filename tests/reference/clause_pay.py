"""Each clause kind that pays by figures: slices and steps walked through one at a time."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.reference.case import Case, Key, all_days, parts
from tests.reference.measure import month_value, streamer, values
from tests.reference.rounding import number, to_fen

NOTHING = Fraction(0)


def bands(says: dict) -> list[tuple[Fraction, Fraction | None, Fraction]]:
    """Tiers as (start, end, whole rate): a tier without an end ends where the next one starts."""
    base = number(says.get("rate", says.get("share")))
    tiers = list(says.get("tiers") or ())
    found = []
    for place, tier in enumerate(tiers):
        end = tier.get("end")
        if end is None and place + 1 < len(tiers):
            end = tiers[place + 1]["start"]
        added = number(tier["rate"])
        rate = base + added if says["step"] == "percentage_point" else base * (1 + added)
        found.append((number(tier["start"]), None if end is None else number(end), rate))
    return found


def marginal(says: dict, figure: Fraction) -> Fraction:
    """分段累计: every slice of the figure at its own rate; outside every tier the base rate."""
    base = number(says.get("rate", says.get("share")))
    pay = figure * base
    for start, end, rate in bands(says):
        top = figure if end is None else min(figure, end)
        if top > start:
            pay += (top - start) * (rate - base)
    return pay


def reached(says: dict, figure: Fraction) -> Fraction:
    """The rate of the tier the whole figure lies in."""
    for start, end, rate in bands(says):
        if says["boundary"] == "above" and start < figure and (end is None or figure <= end):
            return rate
        if says["boundary"] == "from" and start <= figure and (end is None or figure < end):
            return rate
    return number(says.get("rate", says.get("share")))


def metric_of(says: dict) -> str:
    """The metric a rate is paid on; `paid` sales have a metric of their own."""
    metric = says.get("metric", "sales")
    return f"{metric}_paid" if says.get("base") == "paid" else metric


def rated(case: Case, key: Key, kind: str) -> Fraction:
    """Commission or revenue share of a month: figures belong to the day of earning.

    The month's figure runs on through a change of terms: a later part starts in the tiers where
    the earlier days ended, and the whole figure is what reaches a rate. Where the terms change
    what is counted, each part looks at its own count of the month.
    """
    pieces, pay = parts(case, key, kind), NOTHING
    for place, (says, days) in enumerate(pieces):
        before = counted(case, says, all_days(pieces[:place]))
        figure = counted(case, says, days)
        if says.get("mode") == "whole":
            pay += to_fen(figure * reached(says, counted(case, says, all_days(pieces))))
        else:
            pay += to_fen(marginal(says, before + figure) - marginal(says, before))
    return limited(pieces[-1][0], pay)


def counted(case: Case, says: dict, days: list[date]) -> Fraction:
    """What these terms count on some days."""
    return streamer(case, metric_of(says), days, says.get("category"))


def limited(says: dict, pay: Fraction) -> Fraction:
    """Cap and floor of a month, for the sum of its parts."""
    if says.get("cap") is not None:
        pay = min(pay, number(says["cap"]))
    if says.get("floor") is not None:
        pay = max(pay, number(says["floor"]))
    return pay


def uplift(case: Case, key: Key, kind: str) -> Fraction:
    """品类加成: the added rate on the category's figure of each part."""
    pay = NOTHING
    for says, days in parts(case, key, kind):
        figure = streamer(case, says.get("metric", "sales"), days, says["category"])
        pay += to_fen(number(says["added_rate"]) * figure)
    return pay


def bonus(case: Case, key: Key, kind: str) -> Fraction:
    """达标奖: an amount once the month's figure passes the threshold, or for every step beyond.

    Judged by the whole month; where the terms change inside it, an award has the amount of the
    terms under which it was first reached, and nothing is awarded twice.
    """
    pieces = parts(case, key, kind)
    given, pay = 0, NOTHING
    for place, (says, _) in enumerate(pieces, start=1):
        so_far = times(says, figure_of(case, says, all_days(pieces[:place])))
        in_all = times(says, figure_of(case, says, all_days(pieces)))
        due = max(0, min(so_far, in_all) - given)
        given, pay = given + due, pay + due * number(says["amount"])
    return pay


def figure_of(case: Case, says: dict, days: list[date]) -> Fraction:
    """The figure of a bonus over some days."""
    found = values(case.rows, says["metric"], days, says.get("category"))
    return month_value(case, says["metric"], found)


def times(says: dict, figure: Fraction) -> int:
    """How often the bonus is due: once, or for every full step, counted one by one."""
    if says["per"] == "once":
        return 1 if passes(says, figure, number(says["threshold"])) else 0
    count, mark = 0, number(says["threshold"]) + number(says["step_size"])
    while passes(says, figure, mark):
        count, mark = count + 1, mark + number(says["step_size"])
    return count


def passes(says: dict, figure: Fraction, mark: Fraction) -> bool:
    """超过 is strictly above; 达到 and 以上 include the number."""
    return figure > mark if says["boundary"] == "above" else figure >= mark
