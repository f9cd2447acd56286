"""Verdicts of the database as refusals: constraint names turned into words."""

from __future__ import annotations

import json

from psycopg import Error
from psycopg.errors import NoDataFound, UniqueViolation

from domain.refusals import KeyReused, NotFound, StaleVersion


class KeyTaken(Exception):
    """The idempotency key stands already: roll back, then ask `FactStore.idempotent_answer`."""


class Overtaken(StaleVersion):
    """Somebody else was first between the reading of a stream and the append to it."""


def stale(
    stream: str,
    present: int | None,
    expected: int | None = None,
    kind: type[StaleVersion] = StaleVersion,
) -> StaleVersion:
    """The version expected is not the present one; `present` is None where it is not known."""
    return kind(
        f"{stream} 已是版本 {present}，与预期不符",
        f"{stream} is at version {present}, which is not the one expected",
        do="Read it again, look at what changed, and send the command on the present version.",
        stream=stream,
        current_version=present,
        **({} if expected is None else {"expected_version": expected}),
    )


def not_open(tenant: str) -> NotFound:
    """The tenant has no ledger."""
    return NotFound(
        f"没有租户 {tenant}",
        f"there is no tenant {tenant}",
        do="Create the tenant, or check its name.",
        tenant=tenant,
    )


def key_reused(key: str) -> KeyReused:
    """The key was used for another request."""
    return KeyReused(
        f"幂等键 {key} 已用于另一个请求",
        f"the idempotency key {key} was used for another request",
        do="Use a new key for a new request; repeat the first request exactly to get its answer.",
        key=key,
    )


def verdict(error: Error, tenant: str) -> Exception:
    """The refusal that a database error stands for; the error itself where it is none."""
    constraint = error.diag.constraint_name
    if isinstance(error, NoDataFound) and constraint == "head_pkey":
        return not_open(tenant)
    if isinstance(error, UniqueViolation) and constraint == "idempotency_pkey":
        return KeyTaken(error.diag.message_detail or "")
    if isinstance(error, UniqueViolation) and constraint == "fact_stream_version":
        return _stale(error)
    return error


def _stale(error: Error) -> Exception:
    try:
        detail = json.loads(error.diag.message_detail or "")
    except ValueError:  # the bare constraint: rows were written by other hands than ledger.append
        return stale("?", None, kind=Overtaken)
    return stale(detail["stream"], detail["present"], detail["given"] - 1, Overtaken)
