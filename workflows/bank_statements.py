"""Bank statements in: every line of every file is kept, and counts once."""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from domain.bank_camt import LARGEST, read_camt
from domain.bank_line import (
    BankLine,
    BankMatchKeyMade,
    BankStatementRecorded,
    KeptLine,
    Statement,
    Unreadable,
    with_references,
)
from domain.bank_statement_csv import StatementLayout, read_row
from domain.refusals import Invalid, StaleVersion
from ledger.records import NewFact
from workflows.bank_books import bank_lines
from workflows.desk import Ask, Desk
from workflows.row_check import Malformed
from workflows.row_files import csv_cells, csv_header
from workflows.text_lines import TextReader

StatementFormat = Literal["csv", "camt.053"]
MATCH_KEY = "bankmatchkey/1"
KEY_OWNER = "#bank"
"""Under this name the vault keeps the key of the digests; no person's id can have it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A statement of a file, and whether it is new."""

    statement: BankStatementRecorded
    fresh: bool


def import_statement(
    desk: Desk,
    tenant: str,
    form: StatementFormat,
    chunks: Iterable[bytes],
    ask: Ask,
    *,
    account: str | None = None,
    layout: StatementLayout | None = None,
) -> list[Imported]:
    """Record the statements of a file. The same file again changes nothing; lines that another
    file brought already are kept and do not count again.

    `account` is the company's account of a CSV; a camt.053 names its own. Raises Invalid for a
    file that cannot be read as a whole.
    """
    desk.store.head(tenant)
    data = _whole(chunks)
    if form == "camt.053":
        statements = read_camt(data)
    else:
        statements = [_csv(data, account, layout or StatementLayout())]
    key = match_key(desk, tenant, ask)
    digest = hashlib.sha256(data).hexdigest()
    made = []
    for one in statements:
        kept = [_kept(number, line, key) for number, line in enumerate(one.lines, start=1)]
        found = bank_lines(desk).record(tenant, one, kept, form, digest, ask.act)
        made.append(Imported(*found))
    desk.runner.hint()
    return made


def _whole(chunks: Iterable[bytes]) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > LARGEST:
            raise Invalid(
                f"对账单超过 {LARGEST} 字节",
                f"The statement has more than {LARGEST} bytes",
                do="Send it in parts, a day each.",
                reason="too_large",
            )
    return bytes(data)


def _csv(data: bytes, account: str | None, layout: StatementLayout) -> Statement:
    if not account:
        raise Invalid(
            "请指明对账单的账号",
            "A CSV statement does not say whose account it is of",
            do="Name the company's account.",
            field="account",
        )
    lines = with_references(_csv_lines(data, layout))
    if not lines:
        raise Invalid("对账单没有任何行", "The statement has no line", do="Send one with lines.")
    return Statement(account="".join(account.split()), lines=lines)


def _csv_lines(data: bytes, layout: StatementLayout) -> Iterator[BankLine | Unreadable]:
    lines = TextReader([data]).lines()
    header, delimiter = csv_header(lines)
    fields = {heading.strip().lower(): field for heading, field in layout.columns.items()}
    names = [fields.get(heading, "") for heading in header]
    found = set(names) - {""}
    needed = {"day"} | ({"amount"} if "amount" in fields.values() else {"debit", "credit"})
    if not needed <= found or len(found) < sum(1 for name in names if name):
        lacking = ", ".join(sorted(needed - found)) or "a heading that stands once"
        raise Invalid(
            f"对账单缺少列或列重复: {lacking}",
            f"The statement's heading lacks {lacking}",
            do="Give a layout with the headings of your bank.",
            field="layout",
            found=header[:40],
        )
    for cells in csv_cells(lines, delimiter, len(names)):
        if isinstance(cells, Malformed):
            yield Unreadable(cells.wrong.code)
        else:
            row = zip(names, cells, strict=True)
            yield read_row({name: cell for name, cell in row if name}, layout)


def match_key(desk: Desk, tenant: str, ask: Ask) -> bytes:
    """The tenant's key of digests; made the first time. Two who race get the same."""
    for _ in range(2):
        found = desk.store.stream(tenant, MATCH_KEY, limit=1)
        if found and isinstance(found[0].fact, BankMatchKeyMade):
            return bytes.fromhex(desk.vault.open(tenant, KEY_OWNER, found[0].fact.sealed)["key"])
        sealed = desk.vault.seal(tenant, KEY_OWNER, {"key": os.urandom(32).hex()})
        try:
            new = NewFact(MATCH_KEY, 1, BankMatchKeyMade(sealed=sealed))
            desk.store.append(tenant, [new], ask.act)
        except StaleVersion:
            continue
    return match_key(desk, tenant, ask)


def _kept(number: int, line: BankLine | Unreadable, key: bytes) -> KeptLine:
    if isinstance(line, Unreadable):
        return KeptLine(line_no=number, fate="unreadable", problem=line.problem)
    return KeptLine(
        line_no=number,
        fate="taken",
        ref=_storable(line.ref),
        booked_on=line.booked_on,
        amount=line.amount,
        end_to_end_id=_storable(line.end_to_end_id),
        party_account=account_digest(key, line.party_account),
        party_name=name_digest(key, line.party_name),
        reason_code=_storable(line.reason_code),
    )


def account_digest(key: bytes, account: str) -> str:
    """An account as a keyed digest, however it was spaced; blank stays blank."""
    plain = "".join(char for char in account if char.isalnum()).upper()
    return _digest(key, "account", plain)


def name_digest(key: bytes, name: str) -> str:
    """A name as a keyed digest, full and half width alike; blank stays blank."""
    plain = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return _digest(key, "name", plain)


def _digest(key: bytes, kind: str, plain: str) -> str:
    if not plain:
        return ""
    return hmac.new(key, f"{kind}\n{plain}".encode(), hashlib.sha256).hexdigest()[:32]


def _storable(text: str) -> str:
    """What no text column can hold (NUL, half a surrogate pair) as its escape."""
    return text.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")
