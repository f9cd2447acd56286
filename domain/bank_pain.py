"""ISO 20022 CustomerCreditTransferInitiationV09: the message pain.001.001.09 of a batch.

Names of elements are those of the message definition report; one PaymentInformation block, one
CreditTransferTransactionInformation for each instruction. The bytes depend on the batch alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as Tree

import msgspec

from domain.bank_transfer import CURRENCY, Transfer, bank_id, refuse_unfit, total

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_CNAPS = re.compile(r"[0-9]{12}")


class Initiation(msgspec.Struct, frozen=True, kw_only=True):
    """What the head of the message says: who pays, from which account, when."""

    message_id: str
    created: datetime
    debtor_name: str
    debtor_account: str
    debtor_bank: str
    pay_on: date


def write_pain(transfers: Sequence[Transfer], head: Initiation) -> bytes:
    """The message's bytes. Raises Invalid for a name or account that no bank can take."""
    refuse_unfit(transfers)
    document = Tree.Element("Document", {"xmlns": NAMESPACE})
    initiation = Tree.SubElement(document, "CstmrCdtTrfInitn")
    _group_header(initiation, transfers, head)
    payment = _payment_information(initiation, transfers, head)
    for one in transfers:
        _transaction(payment, one)
    body: bytes = Tree.tostring(document, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _group_header(parent: Tree.Element, transfers: Sequence[Transfer], head: Initiation) -> None:
    """GroupHeader85."""
    header = Tree.SubElement(parent, "GrpHdr")
    _text(header, "MsgId", head.message_id)
    _text(header, "CreDtTm", head.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _counts(header, transfers)
    _text(header, "InitgPty/Nm", head.debtor_name)


def _payment_information(
    parent: Tree.Element, transfers: Sequence[Transfer], head: Initiation
) -> Tree.Element:
    """PaymentInstruction30: category purpose SALA, salary payments."""
    block = Tree.SubElement(parent, "PmtInf")
    _text(block, "PmtInfId", head.message_id)
    _text(block, "PmtMtd", "TRF")
    _counts(block, transfers)
    _text(block, "PmtTpInf/CtgyPurp/Cd", "SALA")
    _text(block, "ReqdExctnDt/Dt", head.pay_on.isoformat())
    _text(block, "Dbtr/Nm", head.debtor_name)
    account = Tree.SubElement(block, "DbtrAcct")
    _text(account, "Id/Othr/Id", head.debtor_account)
    _text(account, "Ccy", CURRENCY)
    agent = Tree.SubElement(Tree.SubElement(block, "DbtrAgt"), "FinInstnId")
    if _CNAPS.fullmatch(head.debtor_bank):
        member = Tree.SubElement(agent, "ClrSysMmbId")
        _text(member, "ClrSysId/Cd", "CNAPS")
        _text(member, "MmbId", head.debtor_bank)
    else:
        _text(agent, "BICFI", head.debtor_bank)
    return block


def _transaction(parent: Tree.Element, one: Transfer) -> None:
    """CreditTransferTransaction34."""
    transaction = Tree.SubElement(parent, "CdtTrfTxInf")
    _text(transaction, "PmtId/EndToEndId", bank_id(one.end_to_end_id))
    amount = _text(transaction, "Amt/InstdAmt", _amount(one.amount))
    amount.set("Ccy", CURRENCY)
    if one.bank:
        _text(transaction, "CdtrAgt/FinInstnId/Nm", one.bank)
    _text(transaction, "Cdtr/Nm", one.name)
    _text(transaction, "CdtrAcct/Id/Othr/Id", one.account)
    _text(transaction, "RmtInf/Ustrd", one.memo)


def _counts(parent: Tree.Element, transfers: Sequence[Transfer]) -> None:
    _text(parent, "NbOfTxs", str(len(transfers)))
    _text(parent, "CtrlSum", _amount(total(transfers)))


def _amount(amount: Decimal) -> str:
    return format(amount, ".2f")


def _text(parent: Tree.Element, path: str, text: str) -> Tree.Element:
    """Elements nested in one another, the innermost with the text."""
    for name in path.split("/"):
        parent = Tree.SubElement(parent, name)
    parent.text = text
    return parent
