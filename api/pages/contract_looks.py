"""Where a look at a contract stands on its two axes, and what differs from what is known now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.reads import View
from domain.contract_facts import SIGNING_ORDER
from domain.contract_state import Contract
from domain.terms import Term, terms_on
from ledger.records import Recorded

OPEN_DAYS = 366
"""How far the slider goes in a contract with an open end."""


@dataclass(frozen=True)
class Slider:
    """Where a slider stands, and how far it goes."""

    at: int
    last: int


def step_of(records: list[Recorded], known: int | None) -> Slider:
    """The slider of the recorded axis: which of the contract's facts is the last one known."""
    if known is None:
        return Slider(len(records), len(records))
    return Slider(sum(1 for one in records if one.position <= known), len(records))


def known_at(records: list[Recorded], step: str) -> int | None:
    """The position of a step of the slider; None for the last one, which is now."""
    number = int(step) if step.isascii() and step.isdigit() and len(step) < 6 else len(records)
    number = max(1, number)
    return None if number >= len(records) else records[number - 1].position


def day_slider(state: Contract, day: date) -> Slider:
    """The slider of the effective axis: days since the contract's first."""
    end = state.end or max(day, state.start) + timedelta(days=OPEN_DAYS)
    last = max(0, (end - state.start).days - 1)
    return Slider(min(max(0, (day - state.start).days), last), last)


def day_at(state: Contract, text: str) -> date:
    """The day of a step of the slider of days."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return state.start + timedelta(days=number)


def differences(view: View, then: Contract, now: Contract) -> dict[str, Any]:
    """Clause → how the term of the day is known now, where that differs; and what is there now."""
    day = view.effective
    old = {term.key: term for term in _terms(then, day)}
    new = {term.key: term for term in _terms(now, day)}
    changed: dict[str, Term | None] = {
        key: new.get(key)
        for key, term in old.items()
        if key not in new or new[key].data != term.data
    }
    return {"changed": changed, "added": [new[key] for key in sorted(new.keys() - old.keys())]}


def _terms(state: Contract, day: date) -> tuple[Term, ...]:
    return terms_on(state.terms, day) if day in state.period else ()


def way(state: Contract) -> list[dict[str, Any]]:
    """The steps from draft to force, each done, next or to come."""
    order = ("drafted", "sent", "signed", "active")
    reached = order.index(state.status) if state.status in order else len(order)
    signed = len(state.signed_by)
    steps = [("drafted", True), ("sent", reached >= 1)]
    steps += [(party, number < signed) for number, party in enumerate(SIGNING_ORDER)]
    steps.append(("active", state.activated_on is not None))
    done = sum(1 for _, is_done in steps if is_done)
    return [
        {
            "name": name,
            "is_party": name in SIGNING_ORDER,
            "done": is_done,
            "next": number == done and state.status not in ("ended", "cancelled"),
        }
        for number, (name, is_done) in enumerate(steps)
    ]
