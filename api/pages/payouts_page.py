"""Payouts by status, with the bank's answers and a second instruction after a return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

from fastapi import Depends, Request, Response

from api.pages.render import page, problem_of, query, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, no_such_act, seen
from api.reads import CursorQuery, Text
from domain.payout import Payout, ReturnPayout, SettlePayout
from domain.refusals import Refusal
from workflows import payouts

pages = router()
PAGE = 50
STATUSES = tuple(one for one in get_args(get_type_hints(Payout)["status"]) if one != "none")


@dataclass
class Asked:
    """What the filter form sends."""

    run: Text = None
    status: Text = None
    contract: Text = None
    person: Text = None
    cursor: CursorQuery = None

    def filters(self) -> dict[str, str | None]:
        """The filters that were filled in."""
        status = self.status if self.status in STATUSES else None
        return {
            "run": self.run or None,
            "status": status,
            "contract": self.contract or None,
            "person": self.person or None,
        }


@pages.get("/payouts")
def listed(
    request: Request,
    visit: Annotated[Visit, seen("payout.read")],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """Payouts by id, with the sums of each status."""
    return _page(request, visit, asked)


def _page(
    request: Request,
    visit: Visit,
    asked: Asked,
    refusal: Refusal | None = None,
    typed: Form | None = None,
) -> Response:
    view = visit.current("payout_ledger")
    filters: dict[str, Any] = asked.filters()
    found = view.readers.payouts.payouts(
        view.tenant, cursor=asked.cursor or None, limit=PAGE, **filters
    )
    view.read_pay("payouts", {one.person_id for one in found.items})
    return page(
        request,
        "payouts.html",
        refusal.status if refusal else 200,
        found=found,
        asked=asked,
        totals=view.readers.payouts.totals(view.tenant, filters["run"]),
        statuses=STATUSES,
        now=visit.caller.now,
        typed=typed or Form({}),
        back=query({**filters, "cursor": asked.cursor}),
        problem=None if refusal is None else problem_of(refusal),
    )


@pages.post("/payouts")
def act(
    request: Request,
    visit: Annotated[Visit, seen("payout.read")],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """What the bank said about a payout, or a new instruction after a return."""
    form = form_of(request)
    try:
        _do(visit, form)
    except Refusal as refusal:
        return _page(request, visit, asked, refusal, form)
    done = {"done": form.get("do"), "payout": form.get("payout")}
    return to("/payouts" + query({**asked.filters(), "cursor": asked.cursor, **done}))


def _do(visit: Visit, form: Form) -> None:
    desk, tenant, payout = visit.caller.desk, visit.tenant, form.get("payout")[:160]
    what = form.get("do")
    ask = visit.write(form, form.version()).ask(form.get("reason"))
    if what == "again":
        visit.need("payout.instruct")
        payouts.instruct_again(desk, tenant, payout, ask)
        return
    visit.need("payout.answer")
    if what == "settle":
        sent = {"bank_reference": form.get("bank_reference"), "on": form.get("on")}
        settle = checked(lambda: SettlePayout.model_validate(sent))
        payouts.settle(desk, tenant, payout, settle, ask)
    elif what == "return":
        sent = {"reason_code": form.get("reason_code"), "on": form.get("on")}
        back = checked(lambda: ReturnPayout.model_validate(sent))
        payouts.give_back(desk, tenant, payout, back, ask)
    else:
        raise no_such_act()
