"""Paying through a bank: batches proposed, approved by another person, written, sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from domain.bank_batch import ApproveBatch, Batch, ProposeBatch
from domain.payout import FailPayout
from domain.payrun import POSTED
from domain.refusals import Refusal
from workflows import bank_batches, bank_files
from workflows.bank_books import batches_of, payouts_of
from workflows.desk import Ask
from workflows.disclosure import read_for_payment

pages = router()
RunQuery = Annotated[str, Query(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,59})?$")]
BatchPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
FILE_TYPES = {"csv": "text/csv", "pain.001": "application/xml"}
ACTS = {
    "propose": "payout.instruct",
    "withdraw": "payout.instruct",
    "send": "payout.instruct",
    "approve": "payout.approve",
    "refuse": "payout.answer",
}
"""What a form may ask for, and the act that it needs."""


@pages.get("/bank")
def batches(
    request: Request, visit: Annotated[Visit, seen("payout.read")], run: RunQuery = ""
) -> Response:
    """The batches of a run (the last posted one), and a form to propose the next."""
    return _page(request, visit, run)


def posted_runs(visit: Visit) -> list[str]:
    """The runs that are posted or further, the latest first."""
    rows = visit.current("pay_register").desk.register.runs(visit.tenant, limit=60).items
    return [row.run_id for row in rows if row.status in POSTED]


def _page(
    request: Request,
    visit: Visit,
    run: str,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    desk, tenant = visit.caller.desk, visit.tenant
    runs = posted_runs(visit)
    run = run or (runs[0] if runs else "")
    found = batches_of(desk, tenant, run) if run else []
    standing = payouts_of(desk, tenant, run) if run else {}
    taken = {name for one in found if one.status != "withdrawn" for name in one.end_to_end_ids}
    waiting = [
        one.instruction
        for one in standing.values()
        if one.state.status == "instructed" and one.state.end_to_end_id not in taken
    ]
    visit.view().read_pay(f"payrun/{run}" if run else "bank")
    values: dict[str, Any] = {
        "run": run,
        "runs": runs,
        "batches": found[::-1],
        "waiting": waiting,
        "total": sum((one.amount for one in waiting), start=0),
        "debtor": found[-1].debtor if found else {},
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "bank.html", refusal.status if refusal else 200, **values)


@pages.post("/bank")
def act(
    request: Request, visit: Annotated[Visit, seen("payout.read")], run: RunQuery = ""
) -> Response:
    """Propose, approve, withdraw or send a batch, or record that the bank refused it."""
    form = form_of(request)
    what = form.get("do")
    try:
        visit.need_one_of(ACTS, what)
        _do(visit, run, what, form)
    except Refusal as refusal:
        return _page(request, visit, run, refusal, form)
    return to(f"/bank?run={run}&done={what}")


def _do(visit: Visit, run: str, what: str, form: Form) -> None:
    desk, tenant, batch = visit.caller.desk, visit.tenant, form.get("batch")[:80]
    ask: Ask = visit.write(form).ask(form.get("reason"))
    match what:
        case "propose":
            command = checked(lambda: ProposeBatch.model_validate(_proposal(form)))
            bank_batches.propose(desk, tenant, run, command, ask)
        case "approve":
            approve = checked(lambda: ApproveBatch.model_validate({"digest": form.get("digest")}))
            bank_batches.approve(desk, tenant, batch, approve, ask)
        case "withdraw":
            bank_batches.withdraw(desk, tenant, batch, ask)
        case "send":
            bank_batches.send(desk, tenant, batch, Ask(ask.act))
        case _:
            said = {"reason_code": form.get("reason_code"), "on": form.get("on")}
            failed = checked(lambda: FailPayout.model_validate(said))
            bank_batches.refuse_all(desk, tenant, batch, failed, Ask(ask.act))


def _proposal(form: Form) -> dict[str, Any]:
    names = ("name", "account", "bank")
    return {
        "debtor": {name: form.get(f"debtor.{name}") for name in names},
        "pay_on": form.get("pay_on") or None,
        "leave_out": tuple(form.all("leave_out")),
    }


@pages.post("/bank/{batch}/file")
def file(
    request: Request, visit: Annotated[Visit, seen("payout.file")], batch: BatchPath
) -> Response:
    """The file for the bank; that names and accounts were opened for it is recorded."""
    form = form_of(request)
    kind: Any = form.get("format") if form.get("format") in FILE_TYPES else None
    run = batch.rpartition(".")[0]
    try:
        ask = visit.write(form).ask(form.get("reason"))
        made = bank_files.write_file(visit.caller.desk, visit.tenant, batch, kind, None, ask)
        about = f"payoutbatch/{batch}"
        reader = visit.caller.reader()
        read_for_payment(visit.caller.desk, visit.tenant, reader, about, made.persons)
    except Refusal as refusal:
        return _page(request, visit, run, refusal, form)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.data, 200, headers, media_type=FILE_TYPES[made.fact.format])


__all__ = ["Batch", "pages", "posted_runs"]
