"""Appends that did not come through for no fault of the request: what is known of the outcome."""

from __future__ import annotations

import json

import psycopg

from domain.refusals import Refusal
from ledger.errors import KeyTaken, Overtaken, stale, verdict
from ledger.records import Receipt

_FOR_NOW = ("25", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that say nothing against the request: read-only, rolled back, no room or
memory or connections, a lock or time limit, shut down, and errors of the system under it."""


class OutcomeUnknown(Refusal):
    """The connection was lost while the append was under way: it may or may not be recorded."""

    code = "outcome_unknown"
    status = 503


class Unavailable(Refusal):
    """The database could not take the append now; nothing of it was recorded."""

    code = "ledger_unavailable"
    status = 503


class NotInRecord(Refusal):
    """A receipt was given for a fact that the record does not hold: it is behind, or altered."""

    code = "not_in_record"
    status = 409


def not_in_record(given: Receipt, found: Receipt | None, head: int) -> NotInRecord:
    """The receipt's position holds another fact, or none."""
    if given.position > head:
        what = f"the record ends at {head}: it is behind what was acknowledged"
    elif found is None:
        what = "the record has nothing there"
    else:
        what = f"{found.stream} version {found.version} stands there, leaf {found.leaf_hash}"
    return NotInRecord(
        f"位置 {given.position} 的回执与账本不符",
        f"a receipt was given for position {given.position}, but {what}",
        do="Stop writing, find the newest backup, and restore again up to a later moment.",
        position=given.position,
        head=head,
        leaf_hash=given.leaf_hash,
    )


def unknown(cause: BaseException | None = None) -> OutcomeUnknown:
    """The outcome is not known here: only the record can tell."""
    return OutcomeUnknown(
        "提交过程中连接中断，结果未知",
        "the connection was lost while this was being recorded: the outcome is unknown",
        do="Retry with the same idempotency key: it is recorded once and the answer is the first.",
        cause=type(cause).__name__ if cause else "interrupted",
    )


def unavailable(cause: str, zh: str = "数据库暂时无法写入") -> Unavailable:
    """Nothing was recorded, and a retry may go through."""
    return Unavailable(
        f"{zh}，未记录任何内容",
        f"the database cannot take this now ({cause}); nothing was recorded",
        do="Try again in a moment.",
        cause=cause,
    )


def is_for_now(error: psycopg.Error) -> bool:
    """Whether the same request may go through later as it is."""
    return (error.sqlstate or "")[:2] in _FOR_NOW


def failed(error: psycopg.Error, tenant: str, *, is_lost: bool = False) -> Exception:
    """What an error of the database says to a caller of append; the error itself at worst."""
    if is_lost:
        return unknown(error)
    if is_for_now(error):
        return unavailable(f"{type(error).__name__} {error.sqlstate}")
    return verdict(error, tenant)


def unreached(error: psycopg.Error) -> Unavailable:
    """No connection could be had: nothing was sent."""
    return unavailable(type(error).__name__, "无法取得数据库连接")


def group_verdict(refusal: str) -> Exception | None:
    """What `ledger.append_group` says of one request; None where it must be asked alone."""
    found = json.loads(refusal)
    if found["constraint"] == "idempotency_pkey":
        return KeyTaken("")
    if found["constraint"] == "fact_stream_version" and found["detail"].startswith("{"):
        detail = json.loads(found["detail"])
        return stale(detail["stream"], detail["present"], detail["given"] - 1, Overtaken)
    return None
