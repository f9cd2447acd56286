"""What stands in a file for the bank: one transfer for each instruction, checked character by
character, because what the bank cannot read it does not pay."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from domain.money import ZERO
from domain.refusals import Invalid

CURRENCY = "CNY"
_SHORT = re.compile(r"[A-Za-z0-9.-]{1,35}")
_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,34}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME = 140


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """One payment as the bank is told it. Holds personal data: it lives in memory alone."""

    end_to_end_id: str
    person: str
    name: str
    account: str
    bank: str
    amount: Decimal
    memo: str


def bank_id(end_to_end_id: str) -> str:
    """The end-to-end id as it stands in files and statements: at most 35 of the characters that
    every clearing carries (ISO 20022 Max35Text; the SWIFT x set has no underscore). One that is
    longer, or has others, is stood for by a digest of it."""
    if _SHORT.fullmatch(end_to_end_id):
        return end_to_end_id
    return "T" + hashlib.sha256(end_to_end_id.encode()).hexdigest()[:34].upper()


def total(transfers: Sequence[Transfer]) -> Decimal:
    """The control sum."""
    return sum((one.amount for one in transfers), ZERO)


def refuse_unfit(transfers: Sequence[Transfer]) -> None:
    """Refuse the file, naming every person whose name or account no bank can take."""
    unfit = {one.person: problem for one in transfers if (problem := _problem(one))}
    if unfit:
        raise Invalid(
            f"{len(unfit)} 人的收款资料不可用",
            f"The payment details of {len(unfit)} persons cannot go to a bank",
            do="Mend their personal data, withdraw the batch and propose it again; or leave their "
            "payouts out.",
            reason="payee",
            persons=[{"person": person, "problem": unfit[person]} for person in sorted(unfit)],
        )


def _problem(one: Transfer) -> str:
    """What is wrong, without the data itself: a code."""
    if not one.account:
        return "no_account"
    if not _ACCOUNT.fullmatch(one.account):
        return "account_characters"
    for text in (one.name, one.bank):
        if any(unicodedata.category(char) in ("Cc", "Cs", "Cn", "Zl", "Zp") for char in text):
            return "control_characters"
        if text.startswith(_FORMULA):
            return "formula"
    if not 1 <= len(one.name) <= LONGEST_NAME or len(one.bank) > LONGEST_NAME:
        return "name_length"
    return ""
