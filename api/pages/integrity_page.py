"""Integrity: head, checkpoints, proofs, bundles, and the whole ledger verified now."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from api.pages.render import page, to
from api.pages.routing import router
from api.pages.visit import Visit, form_of, seen
from api.pages.works import Moved, WorkId, works_of
from api.reads import Text
from domain.refusals import Invalid, NotFound
from ledger.log_store import Kept, LogStore
from ledger.merkle import BadProof
from ledger.proofs import proof_of
from workflows.bundle import Subject, file_name, write_bundle
from workflows.verify import PARTS, verify

pages = router()
KIND = "verify"
KEPT = 20
Position = Annotated[int, Path(ge=1, le=2**62)]
IdQuery = Annotated[str, Query(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,59})?$")]


@pages.get("/integrity")
def integrity(request: Request, visit: Annotated[Visit, seen("audit.read")]) -> Response:
    """The ledger's head, its last checkpoint and those that were kept, its keys."""
    view = visit.view()
    with visit.caller.readers.pool.connection() as connection:
        log = LogStore(connection, visit.tenant)
        kept = _kept(log)
        keys = log.log_keys()
        notes = [(one, log.cosignatures(one.size)) for one in kept]
    last = works_of(request).last(visit, KIND)
    values: dict[str, Any] = {"head": view.head, "kept": notes, "keys": keys, "last": last}
    return page(request, "integrity.html", **values, parts=PARTS)


def _kept(log: LogStore) -> list[Kept]:
    """The last checkpoints, the latest first."""
    found: list[Kept] = []
    one = log.checkpoint()
    while one is not None and len(found) < KEPT:
        found.append(one)
        one = log.checkpoint(one.size - 1) if one.size > 1 else None
    return found


@pages.post("/integrity")
def begin(request: Request, visit: Annotated[Visit, seen("audit.read")]) -> Response:
    """Verify the ledger now; what it finds stands on a page of its own."""
    desk, tenant, form = visit.caller.desk, visit.tenant, form_of(request)
    parts = [part for part in PARTS if part in form.all("part")] or list(PARTS)

    def do(moved: Moved) -> Any:
        def progress(what: str, done: int, total: int) -> None:
            moved(done, total)

        return verify(desk, tenant, parts=parts, progress=progress)

    work = works_of(request).start(visit, KIND, {"parts": parts}, do, key=form.get("once")[:64])
    return to(f"/integrity/runs/{work.id}")


@pages.get("/integrity/runs/{work}")
def run(request: Request, visit: Annotated[Visit, seen("audit.read")], work: WorkId) -> Response:
    """A verification: how far it is, and then every check with what it found."""
    found = works_of(request).of(visit, work, KIND)
    if not found.over.is_set():
        return page(request, "working.html", work=found, title=visit.words("integrity.verifying"))
    if found.refusal is not None:
        raise found.refusal
    if found.broken:
        return page(request, "broken.html", 500, instance=found.id)
    return page(request, "integrity_run.html", report=found.result, asked=found.asked)


@pages.get("/integrity/checkpoints/{size}")
def checkpoint(visit: Annotated[Visit, seen("audit.read")], size: Position) -> Response:
    """A checkpoint as a signed note, to keep."""
    with visit.caller.readers.pool.connection() as connection:
        log = LogStore(connection, visit.tenant)
        kept = log.checkpoint(size)
        if kept is None or kept.size != size:
            raise NotFound("没有这个检查点", "There is no such checkpoint", do="See the list.")
        note = log.noted(kept)
    return _download(note.encode(), f"{visit.tenant}-{size}.checkpoint", "text/plain")


@pages.get("/facts/{position}/proof")
def proof(
    request: Request, visit: Annotated[Visit, seen("audit.read")], position: Position
) -> Response:
    """That a fact is in the last checkpoint: the hashes from its leaf to the root."""
    with visit.caller.readers.pool.connection() as connection:
        try:
            made = proof_of(LogStore(connection, visit.tenant), position)
        except BadProof:
            raise _not_sealed(position) from None
    values: dict[str, Any] = {"position": position, "proof": made}
    return page(request, "proof.html", **values, hashes=[one.hex() for one in made.hashes])


@pages.get("/facts/{position}/proof.tlog")
def proof_file(visit: Annotated[Visit, seen("audit.read")], position: Position) -> Response:
    """The same as a file in the form of C2SP tlog-proof."""
    with visit.caller.readers.pool.connection() as connection:
        try:
            made = str(proof_of(LogStore(connection, visit.tenant), position))
        except BadProof:
            raise _not_sealed(position) from None
    return _download(made.encode(), f"{visit.tenant}-{position}.tlog-proof", "text/plain")


def _not_sealed(position: int) -> NotFound:
    return NotFound(
        f"位置 {position} 还没有封入检查点",
        f"The fact at {position} is in no checkpoint yet",
        do="Ask again in a second.",
    )


@pages.get("/bundle")
def bundle(
    visit: Annotated[Visit, seen("audit.read")],
    contract: IdQuery = "",
    run: IdQuery = "",
    month: Text = None,
) -> Response:
    """An audit bundle of a contract, a payslip or a month, to be checked with no server."""
    if not contract and not month:
        raise Invalid("请指明", "Say of what", do="Give contract, contract and run, or month.")
    subject = Subject(contract=contract or None, run=run or None, month=month or None)
    data = write_bundle(visit.caller.desk, visit.tenant, subject)
    visit.view().read_pay(f"bundle/{subject.title}"[:200])
    return _download(data, file_name(subject), "application/zip")


def _download(data: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, 200, headers, media_type=kind)
