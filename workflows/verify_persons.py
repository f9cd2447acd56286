"""Personal data verified: what is sealed in the facts opens with the person's key."""

from __future__ import annotations

from typing import Any

from domain import person as persons
from domain.erasure_facts import PersonErased
from ledger.vault import VaultError, WrongMasterKey
from ledger.verify_report import Check, Progress
from workflows.desk import Desk, fold_all, scan
from workflows.pay_books import PERSON_NAMES

CHUNK = 500


def check_persons(desk: Desk, tenant: str, progress: Progress) -> Check:
    """Open the sealed data of every person; nothing of it is kept or shown."""
    check = Check(name="personal data", unit="persons")
    try:
        states = fold_all(desk, tenant, PERSON_NAMES, persons.Person(), persons.evolve)
    except TypeError as error:
        check.add("ledger.fact", f"the persons cannot be read: {error}")
        return check
    erased = _erased(desk, tenant, check)
    sealed = {
        state.person: state.sealed
        for state in states.values()
        if state.sealed and state.person not in erased
    }
    names = sorted(sealed)
    for first in range(0, len(names), CHUNK):
        part = {name: sealed[name] for name in names[first : first + CHUNK]}
        try:
            _open(desk, tenant, part, check)
        except WrongMasterKey as error:
            check.notes.append(f"not opened: {error}")
            return check
        check.counted += len(part)
        progress("personal data", check.counted, len(names))
    return check


def _erased(desk: Desk, tenant: str, check: Check) -> set[str]:
    """The persons that facts say are erased; facts and keys have to agree about them."""
    facts = (record.fact for record in scan(desk, tenant, ["person.erased.v1"]))
    said = {fact.person for fact in facts if isinstance(fact, PersonErased)}
    gone = desk.vault.destroyed(tenant)
    for name in sorted(said - gone):
        check.add(
            f"ledger.person_key {name}", "a fact says that the key was destroyed: it is there"
        )
    for name in sorted(gone - said):
        check.add(f"ledger.person_key {name}", "the key is destroyed and no fact says so")
    return said | gone


def _open(desk: Desk, tenant: str, sealed: dict[str, Any], check: Check) -> None:
    try:
        opened = desk.vault.open_many(tenant, sealed)
    except WrongMasterKey:
        raise
    except VaultError as error:
        if len(sealed) == 1:
            check.add(f"ledger.person_key {next(iter(sealed))}", str(error))
            return
        for name, data in sealed.items():
            _open(desk, tenant, {name: data}, check)
        return
    for name in sealed.keys() - opened.keys():
        check.add(f"ledger.person_key {name}", "there is no key that opens the person's data")
