"""The reconciliation board: payouts and the bank's lines, each with its verdict and its age."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from api.pages.bank_page import posted_runs
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.visit import Form, Visit, form_of, no_such_act, seen, upload_of
from api.reads import Text
from domain.bank_line import BankStatementRecorded
from domain.reconcile import PayoutVerdict
from domain.refusals import Refusal
from workflows import bank_match, bank_statements, reconcile
from workflows.desk import Ask, scan

pages = router()
RunQuery = Annotated[str, Query(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,59})?$")]
SHOWN = 200
"""So many open payouts and lines are shown; the sums above count all."""


@pages.get("/reconcile")
def board(
    request: Request,
    visit: Annotated[Visit, seen("payout.read")],
    run: RunQuery = "",
    effective: Text = None,
    known: Text = None,
) -> Response:
    """The board of a run, or of everything, with ages on a day, as known at a position."""
    return _board(request, visit, run, effective, known)


def _board(
    request: Request,
    visit: Visit,
    run: str,
    effective: str | None = None,
    known: str | None = None,
    refusal: Refusal | None = None,
    typed: Form | None = None,
    proposals: list[bank_match.Proposal] | None = None,
) -> Response:
    view = visit.view(effective, known)
    found = reconcile.reconcile(
        view.desk, view.tenant, on=view.effective, run=run or None, known=view.known
    )
    view.read_pay(f"payrun/{run}" if run else "reconciliation/all")
    statements = scan(view.desk, view.tenant, ["bank.statement_recorded.v1"], upto=view.known)
    by_line: dict[str, list[bank_match.Proposal]] = {}
    for one in proposals or ():
        by_line.setdefault(one.line.id, []).append(one)
    values: dict[str, Any] = {
        "run": run,
        "runs": posted_runs(visit),
        "r": found,
        "view": view,
        "open": sorted(found.open_payouts, key=lambda one: one.since)[:SHOWN],
        "lines": found.open_lines[:SHOWN],
        "fitting": _fitting(found.open_payouts),
        "proposals": by_line,
        "proposed": proposals is not None,
        "statements": [
            (record.position, record.fact)
            for record in statements
            if isinstance(record.fact, BankStatementRecorded)
        ][-20:][::-1],
        "shown": SHOWN,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "reconcile.html", refusal.status if refusal else 200, **values)


def _fitting(payouts: tuple[PayoutVerdict, ...]) -> dict[Any, list[PayoutVerdict]]:
    """The open payouts by their amount: a line is matched with one of the same sum."""
    found: dict[Any, list[PayoutVerdict]] = {}
    for one in payouts:
        found.setdefault(one.amount, []).append(one)
    return found


@pages.post("/reconcile")
def act(
    request: Request, visit: Annotated[Visit, seen("payout.answer")], run: RunQuery = ""
) -> Response:
    """Take in a statement, match by id, look for what lines without an id may be, say which."""
    form, desk, tenant = form_of(request), visit.caller.desk, visit.tenant
    what = form.get("do")
    write = visit.write(form)
    counts = ""
    try:
        if what == "statement":
            counts = _statement(request, visit, form, Ask(write.act(form.get("reason"))))
        elif what == "match":
            done = bank_match.match(desk, tenant, Ask(write.act()))
            counts = f"&settled={done.settled}&returned={done.returned}&refused={len(done.refused)}"
        elif what == "propose":
            found = bank_match.proposals(desk, tenant, Ask(write.act()))
            return _board(request, visit, run, proposals=found)
        elif what == "confirm":
            rule = form.get("rule")[:80] or "person"
            pair = form.get("line")[:60], form.get("end_to_end_id")[:200]
            bank_match.confirm(desk, tenant, *pair, rule, write.ask(form.get("reason")))
        else:
            raise no_such_act()
    except Refusal as refusal:
        return _board(request, visit, run, refusal=refusal, typed=form)
    return to(f"/reconcile?run={run}&done={what}{counts}")


def _statement(request: Request, visit: Visit, form: Form, ask: Ask) -> str:
    name, data = upload_of(request)
    kind: bank_statements.StatementFormat = (
        "camt.053" if name.lower().endswith(".xml") or data[:200].lstrip()[:1] == b"<" else "csv"
    )
    made = bank_statements.import_statement(
        visit.caller.desk, visit.tenant, kind, [data], ask, account=form.get("account") or None
    )
    taken = sum(one.statement.taken for one in made)
    fresh = sum(one.fresh for one in made)
    return f"&taken={taken}&fresh={fresh}"


@pages.get("/reconcile.csv")
def as_csv(visit: Annotated[Visit, seen("payout.read")], run: RunQuery = "") -> Response:
    """The board as CSV: one row for each sum, check, open payout and open line."""
    view = visit.view()
    found = reconcile.reconcile(view.desk, view.tenant, on=view.effective, run=run or None)
    view.read_pay(f"payrun/{run}" if run else "reconciliation/all")
    headers = {"Content-Disposition": f'attachment; filename="reconciliation-{run or "all"}.csv"'}
    return Response(reconcile.as_csv(found), 200, headers, "text/csv; charset=utf-8")
