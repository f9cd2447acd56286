"""Personal data: persons by id, and of one who may see it, what keeps it, erasing it."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import Request, Response

from api.pages.render import page, problem_of, to
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, form_of, seen
from api.params import PersonId
from api.reads import CursorQuery, Text
from domain.erasure_facts import Ground, PlaceHold, RestrictPerson
from domain.refusals import Refusal
from domain.retention import SHIPPED
from projections.contract_queries import ContractFilter
from workflows import erasure, setup
from workflows.disclosure import LONGEST_PURPOSE, may_read_personal, open_personal

pages = router()
PAGE = 100
ACTS = {
    "hold": "person.hold",
    "unhold": "person.hold",
    "restrict": "person.restrict",
    "unrestrict": "person.restrict",
    "erase": "person.erase",
}


@pages.get("/persons")
def persons(
    request: Request,
    visit: Annotated[Visit, seen("person.read_keeping")],
    q: Text = None,
    cursor: CursorQuery = None,
) -> Response:
    """Persons by id, and how long data is kept."""
    view = visit.current("directory")
    entries = view.readers.directory.entries
    found = entries(view.tenant, "person", search=q or None, cursor=cursor or None, limit=PAGE)
    terms = [*SHIPPED, *erasure.every_term(view.desk, view.tenant)]
    return page(request, "persons.html", found=found, q=q or "", terms=terms)


@pages.get("/persons/{person}/data")
def one(
    request: Request, visit: Annotated[Visit, seen("person.read_keeping")], person: PersonId
) -> Response:
    """One person; personal data only when it is asked for."""
    return _page(request, visit, person)


def _page(
    request: Request,
    visit: Visit,
    person: str,
    refusal: Refusal | None = None,
    typed: Form | None = None,
    personal: dict[str, str] | None = None,
) -> Response:
    view = visit.current("contract_terms", "pay_register")
    state = setup.read_person(view.desk, view.tenant, person)
    stands = erasure.standing(view.desk, view.tenant, person)
    reader = visit.caller.reader()
    values: dict[str, Any] = {
        "person": state,
        "stands": stands,
        "needed": erasure.evidence(view.desk, view.tenant, stands, visit.caller.today),
        "contracts": _contracts(visit, person),
        "personal": personal,
        "asks": may_read_personal(reader) and stands.status == "in_use",
        "grounds": get_args(Ground),
        "acts": {name for name, act in ACTS.items() if visit.may(act)},
        "today": visit.caller.today,
        "typed": typed or Form({}),
        "problem": None if refusal is None else problem_of(refusal),
    }
    return page(request, "person_data.html", refusal.status if refusal else 200, **values)


def _contracts(visit: Visit, person: str) -> list[Any]:
    view = visit.view()
    where = ContractFilter(person=person)
    found = view.readers.contracts.contracts(
        view.tenant, view.effective, view.position, where, terms=False, limit=PAGE
    )
    return [item.state for item in found.items]


@pages.post("/persons/{person}/data")
def act(
    request: Request, visit: Annotated[Visit, seen("person.read_keeping")], person: PersonId
) -> Response:
    """Show the personal data, or one act on it."""
    form = form_of(request)
    what = form.get("do")
    try:
        if what == "show":
            return _page(request, visit, person, personal=_shown(visit, person, form))
        visit.need_one_of(ACTS, what)
        _do(visit, person, what, form)
    except Refusal as refusal:
        return _page(request, visit, person, refusal, form)
    return to(f"/persons/{person}/data?done={what}")


def _shown(visit: Visit, person: str, form: Form) -> dict[str, str]:
    reader = visit.caller.reader(form.get("purpose")[:LONGEST_PURPOSE].replace("\0", ""))
    desk = visit.caller.desk
    return open_personal(desk, visit.tenant, reader, [person], f"person/{person}").get(person, {})


def _do(visit: Visit, person: str, what: str, form: Form) -> None:
    desk, tenant, today = visit.caller.desk, visit.tenant, visit.caller.today
    reason = next(iter(form.under("reason").values()), "")  # each form's field has its own name
    ask = visit.write(form, form.version()).ask(reason)
    if what == "hold":
        sent = {"hold": form.get("hold"), "document": form.get("document")}
        hold = checked(lambda: PlaceHold.model_validate(sent))
        erasure.place_hold(desk, tenant, person, hold, ask)
    elif what == "unhold":
        erasure.lift_hold(desk, tenant, person, form.get("hold")[:60], ask)
    elif what == "restrict":
        ground = checked(lambda: RestrictPerson.model_validate({"ground": form.get("ground")}))
        erasure.restrict(desk, tenant, person, ground, ask, today)
    elif what == "unrestrict":
        erasure.lift_restriction(desk, tenant, person, ask)
    else:
        erasure.erase(desk, tenant, person, ask, today)
