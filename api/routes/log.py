"""The log over HTTP: checkpoints and tiles as C2SP tlog-tiles serves them, proofs, audit bundles.

The prefix of a tenant's log is `/v1/log/TENANT`. A client that knows nothing of us can follow it:
it sends the API key as the password of Basic authentication (`https://log:tsk_…@host/v1/log/…`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials

from api.auth import Allowed, Caller
from api.writes import json_answer
from domain.refusals import Invalid, NotFound
from ledger.log_store import Kept, LogStore, partial_width
from ledger.merkle import BadProof
from ledger.proofs import leaf_at, proof_of
from ledger.queries import rows
from ledger.tiles import WIDTH, bundle, parse_tile_path
from workflows.bundle import Subject, file_name, write_bundle
from workflows.disclosure import read_pay

router = APIRouter(prefix="/v1/log/{tenant}", include_in_schema=False)
ACT = "audit.read"
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
SHORT = {"Cache-Control": "private, max-age=1"}
TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
_ENTRIES = """
    SELECT envelope FROM ledger.fact
    WHERE tenant_id = %b AND position > %b AND position <= %b ORDER BY position"""
Position = Annotated[int, Path(ge=1, le=2**62)]
Size = Annotated[int, Query(ge=1, le=2**62)]
Id = Annotated[str | None, Query(max_length=200)]


class LogReader(Allowed):
    """A caller who may read the audit trail of the tenant whose log it is."""

    async def __call__(self, tenant: str, request: Request) -> Caller:  # type: ignore[override]
        caller = await self.caller(request, _credentials(request))
        if caller.tenant != tenant:
            raise NotFound(
                "没有这个日志", f"There is no log {tenant} for you", do="Look at the name."
            )
        return caller


def _credentials(request: Request) -> HTTPAuthorizationCredentials | None:
    """The API key: a bearer token, or the password of Basic authentication."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(text, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return None
    elif scheme.lower() != "bearer":
        return None
    return HTTPAuthorizationCredentials(scheme="Bearer", credentials=text)


Reader = Annotated[Caller, Depends(LogReader(ACT))]


@contextmanager
def _log(caller: Caller) -> Iterator[LogStore]:
    """The caller's log; what is not in it is Not Found."""
    try:
        with caller.readers.pool.connection() as connection:
            yield LogStore(connection, caller.tenant)
    except BadProof as error:
        raise NotFound(
            "日志中没有", f"It is not in the log: {error}", do="Ask again in a second."
        ) from error


def _nothing(what: str) -> NotFound:
    return NotFound(f"没有 {what}", f"There is no {what}", do="Look at the checkpoint's size.")


@router.get("/checkpoint")
def checkpoint(caller: Reader) -> Response:
    """The last checkpoint, with the witnesses' signatures."""
    with _log(caller) as log:
        kept = log.checkpoint()
        if kept is None:
            raise _nothing("checkpoint yet")
        return Response(log.noted(kept), headers=SHORT, media_type=TEXT)


@router.get("/checkpoint/{size}")
def checkpoint_of(size: Position, caller: Reader) -> Response:
    """The checkpoint of exactly this size."""
    with _log(caller) as log:
        return Response(log.noted(_kept(log, size)), headers=SHORT, media_type=TEXT)


@router.get("/keys")
def keys(caller: Reader) -> Response:
    """The public keys of the log, with the statements that hand it from one to the next."""
    with _log(caller) as log:
        return json_answer({"origin": log.state.origin, "keys": log.log_keys()})


@router.get("/tile/entries/{path:path}")
def entries(path: str, caller: Reader) -> Response:
    """Envelopes, each behind two bytes of length."""
    return _bundle(caller, path, 2)


@router.get("/tile/envelopes/{path:path}")
def envelopes(path: str, caller: Reader) -> Response:
    """Envelopes, each behind four bytes of length: for facts longer than 65,535 bytes."""
    return _bundle(caller, path, 4)


@router.get("/tile/{level}/{path:path}")
def tile(level: Annotated[int, Path(ge=0, le=63)], path: str, caller: Reader) -> Response:
    """A tile of hashes, full or partial."""
    with _log(caller) as log:
        number, width = _checked(log, level, path)
        return Response(log.hashes(level, number)[: width * 32], headers=FOREVER, media_type=BYTES)


def _bundle(caller: Caller, path: str, length: int) -> Response:
    with _log(caller) as log, caller.readers.pool.connection() as connection:
        number, width = _checked(log, 0, path)
        first = number * WIDTH
        found = rows(connection, _ENTRIES, [caller.tenant, first, first + width])
    read_pay(caller.desk, caller.tenant, caller.reader(), f"log/{path}"[:200])
    try:
        data = bundle([envelope for (envelope,) in found], length)
    except OverflowError as error:
        raise Invalid(
            "条目过长",
            "A fact of this bundle is longer than 65,535 bytes",
            do=f"Get it at tile/envelopes/{path}, where lengths have four bytes.",
        ) from error
    return Response(data, headers=FOREVER, media_type=BYTES)


def _checked(log: LogStore, level: int, path: str) -> tuple[int, int]:
    """The number and width of a tile that is there."""
    parsed = parse_tile_path(path)
    if parsed is None or parsed[1] > partial_width(log.state.size, level, parsed[0]):
        raise _nothing(f"tile {level}/{path[:60]}")
    return parsed


def _kept(log: LogStore, size: int | None) -> Kept:
    kept = log.checkpoint(size)
    if kept is None or (size is not None and kept.size != size):
        raise _nothing(f"checkpoint of {size} facts" if size else "checkpoint yet")
    return kept


@router.get("/inclusion/{position}")
def inclusion(
    position: Position,
    caller: Reader,
    size: Size | None = None,
    leaf_hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> Response:
    """That the fact at a position is in a checkpoint (the last one); with the leaf hash of a
    receipt, that it is the fact that was answered for."""
    with _log(caller) as log:
        proof = proof_of(log, position, _kept(log, size))
        leaf = leaf_at(log, position).hex()
    if leaf_hash not in (None, leaf):
        raise Invalid(
            "收据与日志不符",
            f"The fact at {position} does not have the leaf hash of your receipt",
            do="Keep the receipt and tell an auditor: one of the two is not genuine.",
            field="leaf_hash",
            leaf_hash=leaf,
        )
    said = proof.checkpoint
    return json_answer(
        {
            "position": position,
            "index": proof.index,
            "leaf_hash": leaf,
            "size": said.size,
            "root": said.root.hex(),
            "hashes": [one.hex() for one in proof.hashes],
            "checkpoint": proof.note,
            "tlog_proof": str(proof),
        }
    )


@router.get("/consistency")
def consistency(caller: Reader, old: Size, new: Size | None = None) -> Response:
    """That a checkpoint (the last one) goes on from an older size."""
    with _log(caller) as log:
        kept = _kept(log, new)
        hashes = log.consistency(old, kept.size)
        roots: dict[str, Any] = {"old_root": log.root(old).hex(), "new_root": kept.root.hex()}
        note = log.noted(kept)
    sizes = {"old": old, "new": kept.size}
    return json_answer({**sizes, **roots, "hashes": [h.hex() for h in hashes], "checkpoint": note})


@router.get("/bundle")
def audit_bundle(
    caller: Reader,
    contract: Id = None,
    run: Id = None,
    month: Id = None,
    personal: bool = False,
    purpose: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
) -> Response:
    """An audit bundle: `?contract=`, `?contract=&run=` (one payslip) or `?month=2025-03`;
    `personal=true` adds the personal data that the caller may see."""
    if not contract and not month:
        raise Invalid("请指明", "Say of what", do="Give contract, contract and run, or month.")
    subject = Subject(contract=contract, run=run, month=month)
    reader = caller.reader(purpose)
    data = write_bundle(caller.desk, caller.tenant, subject, reader if personal else None)
    read_pay(caller.desk, caller.tenant, caller.reader(), f"bundle/{file_name(subject)}")
    headers = {"Content-Disposition": f'attachment; filename="{file_name(subject)}"'}
    return Response(data, headers=headers, media_type="application/zip")
