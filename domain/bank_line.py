"""Lines of bank statements: what came in, what is kept of it, and whom a person says it paid.

What a line says of the other party is personal data: it is kept as keyed digests, good for
comparing and for nothing else.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from domain.facts import Fact
from domain.money import ZERO, plain
from domain.refusals import Invalid

Fate = Literal["taken", "repeated", "conflicting", "unreadable"]
"""Of a line in a file: it counts; it stood already; it contradicts one that stands under the
same reference; it could not be read. Every line of every file has one of these."""


class BankStatementRecorded(Fact, frozen=True, kw_only=True):
    """A statement of an account of the company. Its lines stand in an append-only table, under
    their digest: `taken + repeated + conflicting + unreadable` is the number of lines it had."""

    statement: str
    account: str
    format: str
    file_sha256: str
    period_start: date | None
    period_end: date | None
    taken: int
    repeated: int
    conflicting: int
    unreadable: int
    debits: Decimal
    credits: Decimal
    opening: Decimal | None
    closing: Decimal | None
    lines_sha256: str


class BankLineMatched(Fact, frozen=True, kw_only=True):
    """A person says which instruction a line without a known end-to-end id belongs to."""

    statement: str
    line_no: int
    end_to_end_id: str
    rule: str


class BankMatchKeyMade(Fact, frozen=True, kw_only=True):
    """The key of the digests by which names and accounts are compared, sealed by the vault."""

    sealed: dict[str, Any]


class BankLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the bank wrote it. Holds personal data: it lives in memory alone."""

    ref: str
    booked_on: date
    amount: Decimal
    """Signed as the company's account sees it: what was paid is below zero."""
    end_to_end_id: str = ""
    party_account: str = ""
    party_name: str = ""
    reason_code: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """A line that could not be read, and a code that says why."""

    problem: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement as it was read from a file."""

    account: str
    lines: tuple[BankLine | Unreadable, ...]
    opening: Decimal | None = None
    closing: Decimal | None = None


class KeptLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is kept: no name, no account of anybody but the company."""

    line_no: int
    fate: Fate
    ref: str = ""
    booked_on: date | None = None
    amount: Decimal | None = None
    end_to_end_id: str = ""
    party_account: str = ""
    party_name: str = ""
    reason_code: str = ""
    problem: str = ""

    @property
    def content(self) -> tuple[object, ...]:
        """What two readings of the same line have in common."""
        return (self.ref, self.booked_on, self.amount, self.end_to_end_id, self.reason_code)


class TakenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that counts, with where it stands."""

    statement: str
    line_no: int
    account: str
    ref: str
    booked_on: date
    amount: Decimal
    end_to_end_id: str = ""
    party_account: str = ""
    party_name: str = ""
    reason_code: str = ""

    @property
    def id(self) -> str:
        """The line's name: `statement/number`."""
        return f"{self.statement}/{self.line_no}"


def refuse_cut_off(statement: Statement, booked: Decimal) -> None:
    """Refuse a statement whose entries do not lead from its opening to its closing balance."""
    if statement.opening is None or statement.closing is None:
        return
    if statement.opening + booked != statement.closing:
        raise Invalid(
            f"期初 {statement.opening} 加发生额 {booked} 不等于期末 {statement.closing}",
            f"The opening balance {statement.opening} and the entries {booked} do not make the "
            f"closing balance {statement.closing}: the file is cut off or was altered",
            do="Ask the bank for the statement again; nothing of this one was kept.",
            reason="balance",
        )


def with_references(lines: Iterable[BankLine | Unreadable]) -> tuple[BankLine | Unreadable, ...]:
    """Give a line without the bank's own reference one made of what it says: its day, amount and
    id, and its number among those alike. The same day in another file gets the same ones."""
    alike: Counter[str] = Counter()
    made: list[BankLine | Unreadable] = []
    for line in lines:
        if isinstance(line, BankLine) and not line.ref:
            said = (plain(line.amount), line.end_to_end_id, line.party_account, line.party_name)
            key = f"{line.booked_on}|" + hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
            alike[key] += 1
            line = msgspec.structs.replace(line, ref=f"#{key}|{alike[key]}")
        made.append(line)
    return tuple(made)


def judged(
    lines: Sequence[KeptLine], standing: dict[str, tuple[object, ...]]
) -> tuple[KeptLine, ...]:
    """The fate of each line, given what stands under the references of the account already."""
    known = dict(standing)
    made = []
    for line in lines:
        fate: Fate = line.fate
        if fate != "unreadable" and line.ref in known:
            fate = "repeated" if known[line.ref] == line.content else "conflicting"
        elif fate != "unreadable":
            known[line.ref] = line.content
        made.append(msgspec.structs.replace(line, fate=fate))
    return tuple(made)


def recorded(
    statement: str, parsed: Statement, form: str, file_sha256: str, lines: Sequence[KeptLine]
) -> BankStatementRecorded:
    """The fact of a statement whose lines have been judged; its digest is filled in by the store."""
    fates = Counter(line.fate for line in lines)
    days = [line.booked_on for line in lines if line.booked_on is not None]
    amounts = [line.amount for line in lines if line.fate == "taken" and line.amount is not None]
    return BankStatementRecorded(
        statement=statement,
        account=parsed.account,
        format=form,
        file_sha256=file_sha256,
        period_start=min(days, default=None),
        period_end=max(days, default=None),
        taken=fates["taken"],
        repeated=fates["repeated"],
        conflicting=fates["conflicting"],
        unreadable=fates["unreadable"],
        debits=-sum((amount for amount in amounts if amount < 0), ZERO),
        credits=sum((amount for amount in amounts if amount > 0), ZERO),
        opening=parsed.opening,
        closing=parsed.closing,
        lines_sha256="",
    )
