"""Each clause kind that pays by figures: slices and steps walked through one at a time."""

from __future__ import annotations

from fractions import Fraction

from tests.reference.case import Case, Key, parts
from tests.reference.measure import month_value, streamer, values
from tests.reference.rounding import number

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


def rated(case: Case, key: Key) -> list[Fraction]:
    """Commission or revenue share by part of the month: figures belong to the day of earning.

    The month's figure runs on through a change of terms: a later part starts in the tiers where
    the earlier one ended, and the whole figure is what reaches a rate.
    """
    pieces = parts(case, key)
    figures = [streamer(case, metric_of(s), d, s.get("category")) for s, d in pieces]
    total, before, pay = sum(figures, NOTHING), NOTHING, []
    for (says, _), figure in zip(pieces, figures, strict=True):
        if says.get("mode") == "whole":
            pay.append(figure * reached(says, total))
        else:
            pay.append(marginal(says, before + figure) - marginal(says, before))
        before += figure
    return limited(pieces[-1][0], pay)


def limited(says: dict, pay: list[Fraction]) -> list[Fraction]:
    """Cap and floor of a month hold for the sum of its parts; the last part takes the change."""
    total = sum(pay, NOTHING)
    held = total
    if says.get("floor") is not None:
        held = max(held, number(says["floor"]))
    if says.get("cap") is not None:
        held = min(held, number(says["cap"]))
    return [*pay[:-1], pay[-1] + held - total]


def uplift(case: Case, key: Key) -> list[Fraction]:
    """品类加成: the added rate on the category's figure of each part."""
    return [
        number(says["added_rate"])
        * streamer(case, says.get("metric", "sales"), days, says["category"])
        for says, days in parts(case, key)
    ]


def bonus(case: Case, key: Key) -> list[Fraction]:
    """达标奖: an amount once the month's figure passes the threshold, or for every step beyond."""
    pieces = parts(case, key)
    says = pieces[-1][0]
    days = [day for _, part in pieces for day in part]
    metric, category = says["metric"], says.get("category")
    figure = month_value(case, metric, case.rows, values(case.rows, metric, days, category))
    return [number(says["amount"]) * times(says, figure)]


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
