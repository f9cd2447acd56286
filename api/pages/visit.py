"""Who looks at a page, in which language, and at which two times."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from fastapi import Depends, Request, Response

from api.auth import CHINA, Caller, service_of
from api.own_teams import refuse_other_team
from api.pages.words import LANGUAGES, Language, Words
from api.reads import View, caught_up, position_of
from api.sessions import COOKIE, LASTING, open_session
from api.writes import Write
from domain.periods import in_range
from domain.refusals import Invalid, Refusal
from domain.roles import TABLE, refuse_unless
from ledger.accounts import AccountStore, Session
from ledger.idempotency import fingerprint

THEMES = ("auto", "light", "dark")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ONCE = re.compile(r"[0-9a-f]{32}")


class LoginNeeded(Refusal):
    """Nobody is logged in, or the session is over."""

    code = "login_needed"
    status = 401


def no_such_act() -> Invalid:
    """What a form answers whose `do` names nothing that it offers."""
    return Invalid("没有这个操作", "There is no such act", do="", field="do")


def with_session(request: Request, answer: Response, cookie: str) -> Response:
    """The answer with a session's cookie: no script reads it, no other site sends it."""
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(LASTING.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody logged in who looks at a page or sends a form."""

    caller: Caller
    session: Session
    language: Language

    @property
    def words(self) -> Words:
        """The texts in the visitor's language."""
        return Words(self.language)

    @property
    def request(self) -> Request:
        """The request."""
        return self.caller.request

    @property
    def tenant(self) -> str:
        """The visitor's tenant."""
        return self.caller.tenant

    def may(self, act: str) -> bool:
        """Whether the visitor's roles allow an act."""
        return self.caller.may(act)

    def need(self, act: str) -> None:
        """Raise Forbidden unless the visitor may do the act."""
        refuse_unless(self.caller.roles, act)

    def need_one_of(self, acts: Mapping[str, str], what: str) -> None:
        """Raise Invalid unless a form's `do` is one of these, Forbidden unless its act is allowed."""
        if what not in acts:
            raise no_such_act()
        self.need(acts[what])

    def view(self, effective: str | None = None, known: str | None = None) -> View:
        """What is looked at: effective on a day, as known at a position, a time or a day's end."""
        head, _ = self.caller.desk.store.head(self.tenant)
        day = day_of(effective, "effective") or self.caller.today
        return View(self.caller, day, self.known(known), head)

    def current(self, *read_models: str) -> View:
        """Now, with these read models caught up."""
        view = self.view()
        caught_up(view, *read_models)
        return view

    def known(self, text: str | None, field: str = "known") -> int | None:
        """The position that is meant; None for now. A day means its end in China."""
        text = (text or "").strip()
        if _DAY.fullmatch(text):
            end = day_of(text, field) or self.caller.today
            moment = datetime.combine(end + timedelta(days=1), time(), CHINA)
            if moment > self.caller.now:
                return None
            text = moment.isoformat()
        return position_of(self.caller, text or None, field)

    def write(self, form: Form, expected: int | None = None) -> Write:
        """What the visitor sends: done once, however often the button was pressed."""
        once = form.get("once")
        key = f"page/{once}" if _ONCE.fullmatch(once) else None
        content = hashlib.sha256(repr(sorted(form.fields.items())).encode()).hexdigest()
        print_ = fingerprint(f"page {self.caller.actor}", self.request.url.path, content)
        return Write(self.caller, key, print_, expected)


class Form:
    """The fields of a form as they were sent."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self.fields = fields

    def get(self, name: str, default: str = "") -> str:
        """One field without blanks around it; an empty text where it was not sent."""
        return self.fields.get(name, [default])[-1].strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be there several times."""
        return [value.strip() for value in self.fields.get(name, [])]

    def under(self, prefix: str) -> dict[str, str]:
        """The fields that begin with a prefix, without it."""
        return {
            name.removeprefix(prefix): values[-1].strip()
            for name, values in self.fields.items()
            if name.startswith(prefix)
        }

    def fields_by_name(self) -> dict[str, str]:
        """Every field with its last value."""
        return {name: values[-1] for name, values in self.fields.items()}

    def version(self) -> int | None:
        """The version the form was made on."""
        text = self.get("version")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def form_of(request: Request) -> Form:
    """The form of a request, read before the endpoint began."""
    return Form(getattr(request.state, "form", {}))


def upload_of(request: Request) -> tuple[str, bytes]:
    """The name and the bytes of the file that a form brought. Raises Invalid where none came."""
    name, data = getattr(request.state, "upload", ("", b""))
    if not data:
        raise Invalid("请选择文件", "Choose a file", do="Choose a file.", field="file")
    return name, data


def day_of(text: str | None, field: str) -> date | None:
    """A day as a date input sends it. Raises Invalid that names the field."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return in_range(date.fromisoformat(text))
    except ValueError:
        raise Invalid(
            f"日期不正确: {text[:20]}",
            f"This is not a date: {text[:20]}",
            do="Write it as 2025-09-01.",
            field=field,
        ) from None


def language_of(request: Request) -> Language:
    """The language asked for, the one chosen before, or Chinese."""
    for asked in (request.query_params.get("lang"), request.cookies.get("lang")):
        if asked in LANGUAGES:
            return asked
    return "zh"


def theme_of(request: Request) -> str:
    """Light, dark, or as the system has it."""
    for asked in (request.query_params.get("theme"), request.cookies.get("theme")):
        if asked in THEMES:
            return asked
    return "auto"


class Seen:
    """The dependency that knows who looks, and lets in only who may."""

    def __init__(self, act: str | None) -> None:
        assert act is None or act in TABLE, f"{act} has no row in domain/roles.py"
        self.act = act

    def __call__(self, request: Request) -> Visit:
        visit = visit_of(request, self.act or "")
        if self.act is not None:
            visit.need(self.act)
            refuse_other_team(visit.caller)
        return visit


def visit_of(request: Request, act: str = "") -> Visit:
    """The visitor of a request. Raises LoginNeeded."""
    service = service_of(request)
    now = service.clock().astimezone(UTC)
    accounts = AccountStore.beside(service.desk.store)
    opened = open_session(accounts, request.cookies.get(COOKIE), now)
    if opened is None:
        raise LoginNeeded("请先登录", "Please log in", do="Log in and try again.")
    session, roles = opened.session, opened.roles
    caller = Caller(
        service, opened.tenant, session.account, session.session_id, roles, now, act, request
    )
    visit = Visit(caller, session, language_of(request))
    request.state.visit = visit
    return visit


def seen(act: str | None = None) -> Any:
    """`Annotated[Visit, seen("contract.read")]`: a visitor who may."""
    return Depends(Seen(act))
