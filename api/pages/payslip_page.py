"""A payslip: every line opens to what it was made of, down to the facts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response

from api.pages import lineage
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import ContractId, RunId
from api.reads import Text, View, caught_up
from domain.dispute import ResolveDispute
from domain.lines import Line, Payslip
from domain.payrun import POSTED
from domain.periods import Month
from domain.refusals import Refusal
from domain.run_diff import SlipChange, compare
from domain.statement import Statement
from workflows import disputes, payrun, statements
from workflows.payslips import read_payslip

pages = router()
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("income", ("earnings", "arrears")),
    ("balances", ("carry",)),
    ("taken", ("contribution", "tax")),
    ("information", ("information",)),
)


@pages.get("/pay/{run}/{contract}")
def payslip(
    request: Request,
    visit: Annotated[Visit, seen("payslip.read")],
    run: RunId,
    contract: ContractId,
    known: Text = None,
) -> Response:
    """One payslip with every line and its lineage, as known at a position."""
    return _page(request, visit, run, contract, known)


def _page(
    request: Request,
    visit: Visit,
    run: str,
    contract: str,
    known: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.view(None, known)
    state = payrun.read_run(view.desk, view.tenant, run, known=view.known)
    slip = read_payslip(view.desk, view.tenant, run, contract, known=view.known)
    view.read_pay(f"payslip/{run}/{contract}", [slip.person])
    caught_up(view, "pay_register")
    stored = view.desk.store.stream(view.tenant, f"payslip/{run}/{contract}", limit=1)
    values: dict[str, Any] = {
        "run": state,
        "slip": slip,
        "view": view,
        "groups": [(name, _lines(slip.lines, kinds)) for name, kinds in GROUPS],
        "made": lineage.of_line,
        "position": stored[0].position if stored else None,
        "earlier": view.desk.register.payslips_of(view.tenant, contract, limit=60).items,
        "change": _change(view, contract, slip),
        "answers": disputes.read_answers(view.desk, view.tenant, run, contract, view.known),
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "payslip.html", refusal.status if refusal else 200, **values)


def _change(view: View, contract: str, slip: Payslip) -> tuple[str, SlipChange] | None:
    """The payslip of the month before and what differs from it; None where there is none."""
    before = str(Month.parse(slip.month).plus(-1))
    rows = view.desk.register.payslips_of(view.tenant, contract, limit=60).items
    for row in rows:
        posted = payrun.read_run(view.desk, view.tenant, row.run_id).status in POSTED
        if row.month == before and posted:
            old = read_payslip(view.desk, view.tenant, row.run_id, contract)
            found = compare([old], [slip])
            return (row.run_id, found[0]) if found else None
    return None


@pages.post("/pay/{run}/{contract}")
def resolve(
    request: Request,
    visit: Annotated[Visit, seen("payslip.resolve")],
    run: RunId,
    contract: ContractId,
) -> Response:
    """Answer a dispute; the payslip stays, a correction comes with the next run."""
    form = form_of(request)
    number = form.get("correction").lstrip("#")
    sent = {
        "outcome": form.get("outcome"),
        "answer": form.get("answer"),
        "correction": int(number) if number.isascii() and number.isdigit() else None,
    }
    try:
        command = checked(lambda: ResolveDispute.model_validate(sent))
        ask = visit.write(form).ask()
        name = form.get("dispute")[:60]
        disputes.resolve(visit.caller.desk, visit.tenant, run, contract, name, command, ask)
    except Refusal as refusal:
        return _page(request, visit, run, contract, None, refusal, form)
    return to(f"/pay/{run}/{contract}?done=resolve")


@pages.get("/pay/{run}/{contract}/statement.pdf")
def pdf(
    visit: Annotated[Visit, seen("payslip.read")], run: RunId, contract: ContractId
) -> Response:
    """The statement as a PDF with its evidence."""
    made = _statement(visit, run, contract)
    return _download(statements.as_pdf(made), f"{run}-{contract}.pdf", "application/pdf")


@pages.get("/pay/{run}/{contract}/statement.html")
def html(
    visit: Annotated[Visit, seen("payslip.read")], run: RunId, contract: ContractId
) -> Response:
    """The statement as one page that needs no other file."""
    made = statements.as_html(_statement(visit, run, contract))
    return _download(made.encode(), f"{run}-{contract}.html", "text/html; charset=utf-8")


def _statement(visit: Visit, run: str, contract: str) -> Statement:
    made = statements.read_statement(visit.caller.desk, visit.tenant, run, contract)
    visit.view().read_pay(f"payslip/{run}/{contract}", [made.payslip.person])
    return made


def _download(data: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, 200, headers, media_type=kind)


def _lines(lines: tuple[Line, ...], kinds: tuple[str, ...]) -> list[Line]:
    return [line for line in lines if line.component in kinds]
