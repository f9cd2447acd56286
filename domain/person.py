"""Persons: personal data stands in facts only in sealed form; tax facts are dated."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from pydantic import Field

from domain.commands import Command, Id
from domain.erasure_facts import KEEPING
from domain.facts import Fact, Place
from domain.periods import Day, Month
from domain.refusals import Invalid, NotFound, WrongState

Personal = Annotated[str, Field(min_length=1, max_length=200)]


class PersonRegistered(Fact, frozen=True, kw_only=True):
    """A person is known; the sealed part can be read only with that person's own key."""

    person: str
    sealed: dict[str, Any]
    tags: tuple[str, ...] = ()


class PersonalDataChanged(Fact, frozen=True, kw_only=True):
    """The personal data is now this (sealed, whole)."""

    person: str
    sealed: dict[str, Any]


class TaxProfileSet(Fact, frozen=True, kw_only=True):
    """What the person declared for tax and insurance, from a month on."""

    person: str
    effective: date
    profile: dict[str, Any]


class PersonalData(Command):
    """What identifies a person. It is encrypted before it becomes part of any fact."""

    name: Personal
    identity_number: Personal | None = None
    phone: Personal | None = None
    bank_account: Personal | None = None
    bank_name: Personal | None = None


class RegisterPerson(Command):
    """Make a person known, with tags that are not personal data."""

    person: Id
    personal: PersonalData
    tags: Annotated[tuple[str, ...], Field(max_length=50)] = ()


class ChangePersonalData(Command):
    """Replace the personal data."""

    personal: PersonalData


class SetTaxProfile(Command):
    """Set what counts for tax and insurance from a month's first day on."""

    effective: Day
    profile: dict[str, Any]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person at a version."""

    person: str = ""
    version: int = 0
    sealed: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    profiles: tuple[tuple[date, dict[str, Any]], ...] = ()

    def profile_on(self, day: date) -> dict[str, Any]:
        """The tax profile in force on a day, empty where none was set."""
        begun = [profile for start, profile in self.profiles if start <= day]
        return begun[-1] if begun else {}


def evolve(state: Person, fact: Fact, place: Place) -> Person:
    """Fold one fact into the person."""
    replace = msgspec.structs.replace
    match fact:
        case PersonRegistered():
            changed = Person(person=fact.person, sealed=fact.sealed, tags=fact.tags)
        case PersonalDataChanged():
            changed = replace(state, sealed=fact.sealed)
        case TaxProfileSet():
            kept = [entry for entry in state.profiles if entry[0] < fact.effective]
            profiles = (*kept, (fact.effective, fact.profile))
            changed = replace(state, profiles=profiles)
        case _ if isinstance(fact, KEEPING):
            changed = state  # how the data stands: domain/erasure.py
        case _:
            raise TypeError(f"a person has no fact {type(fact).__name__}")
    return replace(changed, version=place.version)


def refuse_known(state: Person, person: str) -> None:
    """Raise WrongState where the person is registered already."""
    if state.version:
        raise WrongState(
            f"人员 {person} 已存在",
            f"Person {person} is already registered",
            do="Choose another id, or change the person's data.",
            current_version=state.version,
        )


def refuse_unknown(state: Person) -> None:
    """Raise NotFound where the person is not registered."""
    if not state.version:
        raise NotFound("没有这个人员", "There is no such person", do="Register the person first.")


def register(state: Person, command: RegisterPerson, sealed: dict[str, Any]) -> list[Fact]:
    """Register a person whose personal data has been sealed. Raises WrongState if known."""
    refuse_known(state, command.person)
    return [PersonRegistered(person=command.person, sealed=sealed, tags=command.tags)]


def change_personal_data(state: Person, sealed: dict[str, Any]) -> list[Fact]:
    """Replace the sealed data. Raises NotFound for an unknown person."""
    refuse_unknown(state)
    return [PersonalDataChanged(person=state.person, sealed=sealed)]


def set_tax_profile(state: Person, command: SetTaxProfile, checked: dict[str, Any]) -> list[Fact]:
    """Set a checked tax profile from the first day of a month on."""
    refuse_unknown(state)
    if command.effective != Month.of(command.effective).first:
        raise Invalid(
            "税务资料自每月一日起生效",
            "A tax profile starts on the first day of a month",
            do=f"Use {Month.of(command.effective).first} or the first of the next month.",
            field="effective",
        )
    return [TaxProfileSet(person=state.person, effective=command.effective, profile=checked)]
