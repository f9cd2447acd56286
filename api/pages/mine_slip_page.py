"""My pay: one statement with every line explained; confirmed, or a line disputed."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Request, Response

from api.pages.mine_page import bar
from api.pages.payslip_page import GROUPS
from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, no_such_act, seen
from api.params import ContractId, RunId
from domain.dispute import DisputeLine
from domain.lines import Line
from domain.refusals import Refusal
from workflows import mine, statements

pages = router()


@pages.get("/mine/pay/{run}/{contract}")
def statement(
    request: Request,
    visit: Annotated[Visit, seen("mine.read")],
    run: RunId,
    contract: ContractId,
) -> Response:
    """A statement: net, lines with their explanations, next tiers, what returns cost."""
    return _statement(request, visit, run, contract)


def _statement(
    request: Request,
    visit: Visit,
    run: str,
    contract: str,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    desk, tenant, person = visit.caller.desk, visit.tenant, visit.caller.actor
    made = mine.own_statement(desk, tenant, person, run, contract)
    visit.view().read_pay(f"payslip/{run}/{contract}", [person])
    answers = mine.own_answers(desk, tenant, person, run, contract)
    by_line: dict[int, list[Any]] = {}
    for one in answers.disputes.values():
        by_line.setdefault(one.line, []).append(one)
    values: dict[str, Any] = {
        "run": run,
        "slip": made.payslip,
        "s": made,
        "groups": _groups(made.payslip.lines),
        "answers": answers,
        "by_line": by_line,
        "open": [one for one in answers.disputes.values() if one.status == "open"],
        "bar": bar,
        "salt": secrets.token_hex(4),
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "mine_slip.html", refusal.status if refusal else 200, **values)


def _groups(lines: tuple[Line, ...]) -> list[tuple[str, list[tuple[int, Line]]]]:
    """The lines under their headings, each with its number on the payslip."""
    numbered = list(enumerate(lines, start=1))
    return [
        (name, [(number, line) for number, line in numbered if line.component in kinds])
        for name, kinds in GROUPS
    ]


@pages.post("/mine/pay/{run}/{contract}")
def answer(
    request: Request,
    visit: Annotated[Visit, seen("mine.answer")],
    run: RunId,
    contract: ContractId,
) -> Response:
    """Agree with a statement, or disagree with one of its lines."""
    form, caller = form_of(request), visit.caller
    what = form.get("do")
    try:
        ask = visit.write(form).ask()
        if what == "confirm":
            mine.confirm(caller.desk, visit.tenant, caller.actor, run, contract, ask)
        elif what == "dispute":
            command = checked(lambda: DisputeLine.model_validate(_dispute(form)))
            mine.dispute(caller.desk, visit.tenant, caller.actor, run, contract, command, ask)
        else:
            raise no_such_act()
    except Refusal as refusal:
        return _statement(request, visit, run, contract, refusal, form)
    return to(f"/mine/pay/{run}/{contract}?done={what}")


def _dispute(form: Form) -> dict[str, Any]:
    line = form.get("line")
    return {
        "dispute": form.get("dispute"),
        "line": int(line) if line.isascii() and line.isdigit() and len(line) < 7 else 0,
        "statement": form.get("statement"),
        "expected": form.get("expected").replace(",", "") or None,
    }


@pages.get("/mine/pay/{run}/{contract}/statement.pdf")
def pdf(visit: Annotated[Visit, seen("mine.read")], run: RunId, contract: ContractId) -> Response:
    """The statement as a PDF with its evidence."""
    made = mine.own_statement(visit.caller.desk, visit.tenant, visit.caller.actor, run, contract)
    visit.view().read_pay(f"payslip/{run}/{contract}", [visit.caller.actor])
    headers = {"Content-Disposition": f'attachment; filename="{run}-{contract}.pdf"'}
    return Response(statements.as_pdf(made), 200, headers, "application/pdf")
