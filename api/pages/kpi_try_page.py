"""Trying other KPI weights over real months: before and after by person, who gains, who loses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Request, Response

from api.own_teams import within_own_teams
from api.pages import kpi_page, shown
from api.pages.render import page
from api.pages.routing import router
from api.pages.typed import checked
from api.pages.visit import Form, Visit, seen
from api.pages.works import Work, works_of
from api.params import SchemeId
from api.reads import View
from domain.what_if import PersonChange
from domain.what_if_command import Cohort, WhatIf
from workflows.what_if import WhatIfAnswer, what_if

pages = router()
MOST_BARS = 24
"""So many people stand in the chart: those who lose most and those who gain most."""
MOST_ROWS = 500


@pages.get("/kpi/{scheme}/what-if")
def try_weights(
    request: Request, visit: Annotated[Visit, seen("pay.what_if")], scheme: SchemeId
) -> Response:
    """What other weights would have done over real months; the address holds all of it."""
    form = Form(_fields(request))
    view = visit.current("directory", "pay_register")
    state = kpi_page.read(view, scheme)
    first, last = kpi_page.months(view)
    sent = {
        "first": form.get("first") or first,
        "last": form.get("last") or last,
        "cohort": Cohort(team=state.team),
        "weights": {scheme: kpi_page.sent_rows(form)},
    }
    command = checked(lambda: WhatIf.model_validate(sent))
    work = _started(request, visit, view, within_own_teams(visit.caller, command))
    if not work.over.is_set():
        return page(request, "working.html", work=work, title=visit.words("what_if.working"))
    if work.refusal is not None:
        raise work.refusal
    if work.broken:
        return page(request, "broken.html", 500, instance=work.id)
    view.read_pay(f"what-if/{scheme}", [one.person for one in work.result.people])
    return _shown(request, visit, form, state, work.result)


def _fields(request: Request) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        fields.setdefault(name, []).append(value[:200])
    return fields


def _started(request: Request, visit: Visit, view: View, command: WhatIf) -> Work:
    """The study of these weights as known now; asked again, it is not done again."""
    today, desk, tenant, position = view.effective, view.desk, view.tenant, view.position
    key = f"{position} {command.model_dump_json()}"
    return works_of(request).start(
        visit,
        "what_if",
        {},
        lambda moved: what_if(desk, tenant, command, today=today, known=position),
        key=key,
    )


def _shown(request: Request, visit: Visit, form: Form, state: Any, found: WhatIfAnswer) -> Response:
    changed = [one for one in found.people if one.difference]
    values: dict[str, Any] = {
        "s": state,
        "f": form,
        "found": found,
        "may_change": kpi_page.may_change(visit, state),
        "rows": kpi_page.sent_rows(form),
        "hidden": [
            (name, one)
            for name in (*kpi_page.COLUMNS, "effective", "reason", "version")
            for one in form.all(name)
        ],
        "people": changed[:MOST_ROWS],
        "more": max(0, len(changed) - MOST_ROWS),
        "by_month": _by_month(visit, found),
        "by_person": _by_person(visit, changed),
    }
    return page(request, "kpi_what_if.html", **values)


def _by_month(visit: Visit, found: WhatIfAnswer) -> str:
    sides = (("before", "what_if.before"), ("after", "what_if.after"))
    series = [
        {
            "name": visit.words(text),
            "data": [str(getattr(one, side)) for one in found.months],
            "labels": [shown.money(getattr(one, side)) for one in found.months],
        }
        for side, text in sides
    ]
    x = [shown.month(one.month, visit.language) for one in found.months]
    return json.dumps({"kind": "bar", "x": x, "series": series}, ensure_ascii=False)


def _by_person(visit: Visit, changed: list[PersonChange]) -> str:
    """Who loses most and who gains most, as one bar each."""
    half = MOST_BARS // 2
    listed = changed if len(changed) <= MOST_BARS else [*changed[:half], *changed[-half:]]
    series = [
        {
            "name": visit.words("what_if.difference"),
            "data": [str(one.difference) for one in listed],
            "labels": [_signed(one.difference) for one in listed],
        }
    ]
    x = [one.person for one in listed]
    drawn = {"kind": "bar", "signed": True, "x": x, "series": series}
    return json.dumps(drawn, ensure_ascii=False)


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else ''}{shown.money(amount)}"
