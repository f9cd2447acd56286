"""Templates to answers: what every page knows, and what it looks like when something is refused."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from api.pages import shown
from api.pages.visit import Visit, language_of, theme_of
from api.pages.words import Words
from domain.refusals import Refusal

PACKAGE = Path(__file__).resolve().parent.parent
STATIC = PACKAGE / "static"
NAVIGATION = (
    ("home", "/", None),
    ("contracts", "/contracts", "contract.read"),
    ("people", "/people", "people.read"),
    ("persons", "/persons", "person.read_keeping"),
    ("kpi", "/kpi", "kpi.read"),
    ("figures", "/figures", "batch.read"),
    ("pay", "/pay", "run.read"),
    ("payouts", "/payouts", "payout.read"),
    ("bank", "/bank", "payout.read"),
    ("audit", "/audit", "audit.read"),
    ("reads", "/reads", "read_log.read"),
    ("grants", "/grants", "grant.read"),
    ("status", "/status", "status.read"),
    ("accounts", "/accounts", "key.manage"),
    ("mine", "/mine", "mine.read"),
)
"""Name, address and the act that a visitor needs to see the link."""


@cache
def environment() -> Environment:
    """The templates; everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(PACKAGE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        money=shown.money,
        count=shown.count,
        share=shown.share,
        iso=shown.iso,
        short_hash=shown.short_hash,
        q=lambda text: quote(str(text), safe=""),
        query=query,
        query_pairs=lambda pairs: f"?{urlencode(pairs)}" if pairs else "",
        named=lambda entry: (entry.id, f"{entry.title} ({entry.id})"),
        months_in=lambda count, words: (count, words("expiring.months", count=count)),
        pair=lambda value: (value, value),
        words_of=lambda code, kind, words: (code, words.word(kind, code)),
    )
    made.globals.update(static=static, once=lambda: secrets.token_hex(16))
    return made


@cache
def static(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def text_of(request: Request, template: str, **values: Any) -> str:
    """A template as text, with what every page knows."""
    language = language_of(request)
    visit: Visit | None = getattr(request.state, "visit", None)
    words = Words(language)
    return (
        environment()
        .get_template(template)
        .render(
            t=words,
            word=words.word,
            say=words.say,
            lang=language,
            theme=theme_of(request),
            visit=visit,
            may=visit.may if visit else lambda act: False,
            path=request.url.path,
            here=partial(here, request),
            here_query=partial(here_query, request),
            navigation=NAVIGATION,
            day=partial(shown.day, language=language),
            last_day=partial(shown.last_day, language=language),
            moment=partial(shown.moment, language=language),
            month=partial(shown.month, language=language),
            problem=values.pop("problem", None),
            **values,
        )
    )


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page as an answer."""
    return HTMLResponse(text_of(request, template, **values), status)


def here(request: Request, **changed: Any) -> str:
    """The address of this page with some of its query changed; None takes a name away."""
    return request.url.path + here_query(request, **changed)


def here_query(request: Request, **changed: Any) -> str:
    """The query of this page with some of it changed; names that stand several times stay so."""
    gone = {"cursor", *changed}
    asked = [pair for pair in request.query_params.multi_items() if pair[0] not in gone]
    asked += [(name, value) for name, value in changed.items() if value is not None]
    return f"?{urlencode(asked)}" if asked else ""


def query(values: dict[str, Any]) -> str:
    """The query of an address; what is empty is left out."""
    kept = {name: shown.iso(value) for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else ""


def to(address: str) -> Response:
    """Go on to another page after a form was taken; reloading it sends nothing again."""
    return RedirectResponse(address, 303)


def refused(request: Request, refusal: Refusal) -> Response:
    """A refusal as a page of its own."""
    request.state.refusal = refusal.code
    return page(request, "refused.html", refusal.status, refusal=refusal)


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a form shows it: beside its field, or above the form."""
    return {"refusal": refusal, "field": str(refusal.details.get("field", ""))}
