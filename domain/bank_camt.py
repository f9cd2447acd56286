"""ISO 20022 BankToCustomerStatement: camt.053 read from bytes nobody vouches for.

No entities, no document type, UTF-8 alone; size, depth and number of elements are bounded. Read
are versions 02 to 13: what differs between them (Sts, Pty, Amt) is looked for in both places.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Tree

from domain.bank_line import BankLine, Statement, Unreadable, refuse_cut_off, with_references
from domain.bank_transfer import CURRENCY
from domain.money import ZERO, exact
from domain.refusals import Invalid

LARGEST = 64 * 1024 * 1024
DEEPEST = 32
MOST_ELEMENTS = 3_000_000
_NOT_PROVIDED = ("", "NOTPROVIDED", "NOT PROVIDED", "NONREF")
Element = Tree.Element


def read_camt(data: bytes) -> list[Statement]:
    """The statements of a camt.053 file, one for each Stmt. Raises Invalid for a file that is
    none, that holds a document type or an entity, or whose balances do not add up."""
    root = _tree(data)
    statements = list(root.iter("Stmt"))
    if root.tag != "Document" or not statements:
        raise _broken("it has no BkToCstmrStmt/Stmt")
    return [_statement(element) for element in statements]


def _tree(data: bytes) -> Element:
    """The elements without their namespace."""
    if len(data) > LARGEST:
        raise _broken(f"it has more than {LARGEST} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _broken("it is not UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _broken("it declares a document type or entities, which are never read")
    bounded = _Bounded()
    parser = Tree.XMLParser(target=bounded)  # noqa: S314 - see _Bounded
    try:
        parser.feed(text)
        root: Element = parser.close()
    except Tree.ParseError as error:
        raise _broken(str(error)) from None
    return root


class _Bounded(Tree.TreeBuilder):
    """Builds the tree without namespaces, and stops where it is deeper or larger than a bank's."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: Any, attrs: dict[Any, Any], /) -> Element:
        """An element begins."""
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            raise _broken("it is nested too deeply or has too many elements")
        return super().start(str(tag).rpartition("}")[2], attrs)

    def end(self, tag: Any, /) -> Element:
        """An element ends."""
        self._depth -= 1
        return super().end(str(tag).rpartition("}")[2])

    def doctype(self, name: str, pubid: str, system: str) -> None:
        """A document type is refused, however it was written."""
        raise _broken("it declares a document type")


def _statement(element: Element) -> Statement:
    account = _text(element, "Acct/Id/IBAN", "Acct/Id/Othr/Id")
    if not account:
        raise _broken("a statement names no account")
    booked = ZERO
    lines: list[BankLine | Unreadable] = []
    for entry in element.iter("Ntry"):
        if _text(entry, "Sts/Cd", "Sts") not in ("BOOK", ""):
            lines.append(Unreadable("not_booked"))
            continue
        amount = _signed(entry, entry)
        booked += amount
        lines += _entry(entry, amount)
    statement = Statement(
        account=account.replace(" ", ""),
        lines=with_references(lines),
        opening=_balance(element, "OPBD", "PRCD"),
        closing=_balance(element, "CLBD"),
    )
    refuse_cut_off(statement, booked)
    return statement


def _entry(entry: Element, amount: Decimal) -> Iterator[BankLine | Unreadable]:
    """The lines of an entry: its transactions where these make its amount, else itself."""
    details = entry.findall("NtryDtls/TxDtls")
    amounts = [_signed(one, entry, amount) for one in details]
    if sum(amounts, ZERO) != amount:
        details, amounts = [], []
    reference = _text(entry, "AcctSvcrRef", "NtryRef")
    if not details:
        yield _line(entry, entry, amount, reference)
    for number, (one, part) in enumerate(zip(details, amounts, strict=True), start=1):
        several = f"{reference}/{number}" if reference and len(details) > 1 else reference
        yield _line(entry, one, part, several)


def _line(entry: Element, one: Element, amount: Decimal, ref: str) -> BankLine | Unreadable:
    booked_on = _text(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")[:10]
    if _currency(one, entry) != CURRENCY:
        return Unreadable("other_currency")
    try:
        day = date.fromisoformat(booked_on)
    except ValueError:
        return Unreadable("malformed_day")
    end_to_end = _text(one, "Refs/EndToEndId", "NtryDtls/TxDtls/Refs/EndToEndId")
    sides = ("Cdtr", "Dbtr") if amount < 0 else ("Dbtr", "Cdtr")
    names = [f"RltdPties/{side}{inner}/Nm" for side in sides for inner in ("", "/Pty")]
    accounts = [
        f"RltdPties/{side}Acct/Id/{inner}" for side in sides for inner in ("IBAN", "Othr/Id")
    ]
    return BankLine(
        ref=ref[:200],
        booked_on=day,
        amount=amount,
        end_to_end_id="" if end_to_end.upper() in _NOT_PROVIDED else end_to_end[:200],
        party_account=_text(one, *accounts).replace(" ", ""),
        party_name=_text(one, *names),
        reason_code=_text(one, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")[:35],
    )


def _signed(one: Element, entry: Element, default: Decimal | None = None) -> Decimal:
    """Amount with the sign of the company's account: DBIT is below zero."""
    text = _text(one, "Amt", "AmtDtls/TxAmt/Amt")
    if not text and default is not None:
        return default
    sign = _text(one, "CdtDbtInd") or _text(entry, "CdtDbtInd")
    try:
        amount = exact(text)
    except ValueError:
        raise _broken("an amount is no number") from None
    if sign not in ("CRDT", "DBIT") or amount < 0:
        raise _broken("an amount is below zero or neither CRDT nor DBIT")
    return amount if sign == "CRDT" else -amount


def _balance(element: Element, *codes: str) -> Decimal | None:
    for code in codes:
        for balance in element.findall("Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") == code:
                return _signed(balance, balance)
    return None


def _currency(*elements: Element) -> str:
    """The currency of the first amount there is."""
    for element in elements:
        for path in ("Amt", "AmtDtls/TxAmt/Amt"):
            amount = element.find(path)
            if amount is not None:
                return amount.get("Ccy", CURRENCY)
    return CURRENCY


def _text(parent: Element, *paths: str) -> str:
    """The text of the first of these paths that has any."""
    for path in paths:
        found = parent.findtext(path)
        if found and found.strip():
            return found.strip()
    return ""


def _broken(problem: str) -> Invalid:
    return Invalid(
        f"不是可读取的 camt.053 文件: {problem}",
        f"This is no camt.053 file that can be read: {problem}",
        do="Ask the bank for the file again, as UTF-8; nothing of this one was kept.",
        reason="format",
    )
