"""How long personal data is kept: classes with dated terms, each with the source it rests on.

A class begins with an event of the person's (paid, contract ended, registered) and lasts so many
months. What keeps longest, keeps. A term that a law names can be made longer by a fact, never
shorter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from domain.erasure_facts import RetentionSet, SetRetention
from domain.facts import Fact, Place
from domain.periods import add_months
from domain.refusals import Invalid, NoRule

RetentionClass = Literal["pay", "contract", "candidate"]


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """How many months a class is kept from a day on, and what says so."""

    retention: str
    months: int
    effective: date
    source: str
    law: bool = False
    """A law names it: it may be made longer only."""


SHIPPED: tuple[Term, ...] = (
    Term(
        retention="pay",
        months=24,
        effective=date(1995, 1, 1),
        source="工资支付暂行规定 (劳部发〔1994〕489号) art. 6: pay records with the payee's name, "
        "two years or more",
        law=True,
    ),
    Term(
        retention="contract",
        months=24,
        effective=date(2008, 1, 1),
        source="劳动合同法 art. 50: the text of an ended contract, two years or more",
        law=True,
    ),
    Term(
        retention="candidate",
        months=6,
        effective=date(2021, 11, 1),
        source="个人信息保护法 art. 19: the shortest time the purpose needs; six months are the "
        "company's choice",
    ),
)
"""In force until a fact sets others."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of one class that were set by facts."""

    version: int = 0
    terms: tuple[Term, ...] = ()


def evolve(state: Terms, fact: Fact, place: Place) -> Terms:
    """Fold one fact of a class; what is recorded later replaces what was to begin then or after."""
    if not isinstance(fact, RetentionSet):
        raise TypeError(f"a retention class has no fact {type(fact).__name__}")
    made = Term(
        retention=fact.retention,
        months=fact.months,
        effective=fact.effective,
        source=fact.source,
    )
    kept = tuple(term for term in state.terms if term.effective < fact.effective)
    return Terms(version=place.version, terms=(*kept, made))


def set_terms(state: Terms, command: SetRetention) -> list[Fact]:
    """Set a class's term from a day on. Raises Invalid for less than a law asks for."""
    least = max(
        (t.months for t in SHIPPED if t.law and t.retention == command.retention), default=0
    )
    if command.months < least:
        raise Invalid(
            f"法律要求至少保存 {least} 个月",
            f"A law asks for {least} months or more",
            do="Choose a longer term.",
            field="months",
            least=least,
        )
    return [
        RetentionSet(
            retention=command.retention,
            months=command.months,
            effective=command.effective,
            source=command.source,
        )
    ]


def term_on(terms: Sequence[Term], retention: str, day: date) -> Term:
    """The term of a class on a day. Raises NoRule where none covers it."""
    begun = [t for t in (*SHIPPED, *terms) if t.retention == retention and t.effective <= day]
    if not begun:
        raise NoRule(
            f"{day} 没有保存期限规则 {retention}",
            f"No retention rule for {retention} covers {day}",
            do="Set one that begins earlier.",
            day=day.isoformat(),
        )
    # A term that was set replaces the shipped one, also where it begins on the same day.
    return max(enumerate(begun), key=lambda entry: (entry[1].effective, entry[0]))[1]


def kept_until(begun: Mapping[str, date], terms: Sequence[Term], today: date) -> dict[str, date]:
    """Class → the first day on which it keeps nothing any more, by the terms in force today."""
    return {
        retention: add_months(start, term_on(terms, retention, today).months)
        for retention, start in begun.items()
    }
