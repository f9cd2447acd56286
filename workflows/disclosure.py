"""What is shown of a person and of pay: who may see it, and that it was seen.

Every reading of personal data in clear goes through `open_personal`: the one place that asks
whether the reader may, opens what may be shown, and writes the reading down before it is
answered. Pay is written down by `read_pay`. What the program opens for itself and shows nobody
(verifying, comparing with the bank's lines) is not a reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import erasure, grants
from domain import person as persons
from domain.erasure import Standing
from domain.grants import FIELDS, Grants
from domain.refusals import Forbidden
from domain.roles import TABLE, may
from ledger.read_log import Read, ReadLog, Via
from ledger.records import Recorded
from workflows.careers import notes
from workflows.desk import Desk, fold, load

LONGEST_PURPOSE = 200
PAY_STREAMS = ("payslip", "payout", "payrun", "payoutbatch")
"""Kinds of streams whose facts say what somebody is paid."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, from where, and for what."""

    actor: str
    via: Via
    act: str
    """The act or command that shows it."""
    at: datetime
    roles: tuple[str, ...] | None = None
    """None for the operator at the command line, who has the database and the keys anyway."""
    purpose: str = ""
    correlation: str = ""


def read_log(desk: Desk) -> ReadLog:
    """The log of reads of the desk's database."""
    return ReadLog(desk.store._pool)


def read_pay(
    desk: Desk, tenant: str, reader: Reader, about: str, people: Iterable[str] = ()
) -> None:
    """Write down that pay is read; call it before the answer goes out."""
    _record(desk, tenant, reader, "pay", about, people, ())


def read_for_payment(
    desk: Desk, tenant: str, reader: Reader, about: str, people: Iterable[str]
) -> None:
    """Write down that a file for the bank, with names and accounts, is handed out."""
    fields = ("name", "bank_account", "bank_name")
    _record(desk, tenant, reader, "personal", about, people, fields)


def may_read_personal(reader: Reader) -> bool:
    """Whether the reader may read personal data of anybody, by role or by a grant."""
    roles = reader.roles
    return roles is None or may(roles, "person.read_personal") or may(roles, "person.read_granted")


def refuse_reader(reader: Reader) -> None:
    """Raise Forbidden for whom personal data is not, whatever grants there are."""
    if not may_read_personal(reader):
        allowed = [*TABLE["person.read_personal"], *TABLE["person.read_granted"]]
        raise Forbidden(
            "您的角色不能查看个人信息",
            "Your roles may not see personal data",
            do="Leave `personal` out.",
            allowed=allowed,
        )


def open_personal(
    desk: Desk,
    tenant: str,
    reader: Reader,
    people: Iterable[str],
    about: str,
    known: int | None = None,
) -> dict[str, dict[str, str]]:
    """The personal data of persons in clear, by id, as known at a position: of each the fields
    the reader may see.

    Left out are those nothing may be seen of, those whose data is restricted now, and the erased.
    What is answered has been written down. Raises Forbidden where the reader may see nothing of
    any of them.
    """
    refuse_reader(reader)
    sealed = {
        name: found.sealed
        for name in people
        if (found := _person(desk, tenant, name, known)) is not None
    }
    wanted, granted = _permitted(desk, tenant, reader, list(sealed))
    opened = desk.vault.open_many(tenant, {name: sealed[name] for name in wanted})
    shown = {
        name: {field: value for field, value in data.items() if field in wanted[name]}
        for name, data in opened.items()
    }
    if shown:
        fields = [field for field in FIELDS if any(field in data for data in shown.values())]
        _record(desk, tenant, reader, "personal", about, shown, fields, granted)
    return shown


def _person(desk: Desk, tenant: str, name: str, known: int | None) -> persons.Person | None:
    """The person as known at a position; None where nothing is to be shown now."""
    records = desk.store.stream(tenant, f"person/{name}")
    if fold(records, Standing(), erasure.evolve).status != "in_use":
        return None
    then = [one for one in records if known is None or one.position <= known]
    found = fold(then, persons.Person(), persons.evolve)
    return found if found.sealed else None


def open_notes(
    desk: Desk, tenant: str, reader: Reader, person: str, recorded: Sequence[Recorded]
) -> dict[int, str]:
    """The free texts in a person's career by version, under the same rules."""
    refuse_reader(reader)
    wanted, granted = _permitted(desk, tenant, reader, [person])
    if "note" not in wanted[person]:
        raise _no_grant()
    if _person(desk, tenant, person, None) is None:
        return {}
    found = notes(desk, tenant, person, recorded)
    if found:
        _record(desk, tenant, reader, "personal", f"career/{person}", [person], ["note"], granted)
    return found


def _permitted(
    desk: Desk, tenant: str, reader: Reader, known: Sequence[str]
) -> tuple[dict[str, frozenset[str]], list[str]]:
    """Person → the fields that may be seen, and the grants that say so."""
    if reader.roles is None or may(reader.roles, "person.read_personal"):
        return dict.fromkeys(known, frozenset(FIELDS)), []
    given = grants_of(desk, tenant, reader.actor)
    fields = {name: given.fields_of(name, reader.at) for name in known}
    wanted = {name: each for name, each in fields.items() if each}
    if known and not wanted:
        raise _no_grant()
    return wanted, [f"grant:{name}" for name in given.naming(reader.at)]


def _no_grant() -> Forbidden:
    return Forbidden(
        "没有查看这些个人信息的有效授权",
        "No grant that stands lets you see this personal data",
        do="Ask HR or an administrator for a grant that names the persons and the purpose.",
    )


def grants_of(desk: Desk, tenant: str, grantee: str) -> Grants:
    """The grants of one reader."""
    return load(desk, tenant, f"grant/{grantee}", Grants(), grants.evolve)


def _record(
    desk: Desk,
    tenant: str,
    reader: Reader,
    kind: Any,
    about: str,
    people: Iterable[str],
    fields: Iterable[str],
    granted: Iterable[str] = (),
) -> None:
    purpose = " ".join(filter(None, [reader.purpose, *granted]))
    read = Read(
        kind=kind,
        act=reader.act,
        actor=reader.actor,
        via=reader.via,
        about=about,
        persons=tuple(people),
        fields=tuple(fields),
        purpose=purpose[:LONGEST_PURPOSE],
        correlation=reader.correlation,
    )
    read_log(desk).record(tenant, read)
