"""What every read may say: effective on a day, as known at a position, at least at a position."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Response

from api.auth import Allowed, Caller
from api.readers import Readers
from api.refusals import BadKnown, NaiveTime
from api.writes import json_answer
from domain.periods import Day
from domain.refusals import Invalid
from projections.audit_queries import AuditEntry
from workflows.desk import Desk
from workflows.disclosure import PAY_STREAMS, read_pay

WAIT = 5.0
"""Seconds a read waits for the read models before it answers 503."""
MOST = 500
_PLUS_LOST = re.compile(r"(T.*) (\d\d:\d\d)$")

Text = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]
EffectiveQuery = Annotated[
    Day | None,
    Query(description="The day it applies to, `2025-09-01`; today in China by default."),
]
KnownQuery = Annotated[
    str | None,
    Query(
        description="As known at a position of the ledger (`1234`) or at a time with its zone "
        "(`2025-09-01T12:00:00+08:00`, the plus sign written %2B); now by default.",
        max_length=60,
    ),
]
AtLeastQuery = Annotated[
    int | None,
    Query(description="Wait until the read models have come to this position.", ge=0),
]
LimitQuery = Annotated[int, Query(ge=1, le=MOST, description="The most rows of one answer.")]
CursorQuery = Annotated[
    str | None, Query(max_length=400, description="`next` of the answer before.")
]


@dataclass(frozen=True, slots=True)
class View:
    """A caller who reads, and the two times of the read."""

    caller: Caller
    effective: date
    known: int | None
    head: int

    @property
    def desk(self) -> Desk:
        """The ledger and everything beside it."""
        return self.caller.desk

    @property
    def tenant(self) -> str:
        """The caller's tenant."""
        return self.caller.tenant

    @property
    def readers(self) -> Readers:
        """The queries of the read models."""
        return self.caller.readers

    @property
    def position(self) -> int:
        """The position the answer is true of."""
        return self.head if self.known is None else self.known

    def read_pay(self, about: str, people: Iterable[str] = ()) -> None:
        """Write down that the answer holds pay, before it goes out."""
        read_pay(self.desk, self.tenant, self.caller.reader(), about, people)


def reading(act: str) -> Any:
    """`Annotated[View, reading("contract.read")]`: a caller who may, and the two times."""
    allowed = Allowed(act)

    def view(
        caller: Caller = Depends(allowed),
        effective: EffectiveQuery = None,
        known: KnownQuery = None,
        at_least: AtLeastQuery = None,
    ) -> View:
        head = _head(caller, at_least)
        return View(caller, effective or caller.today, position_of(caller, known), head)

    return Depends(view)


def present(act: str) -> Any:
    """`Annotated[View, present("audit.read")]`: a read of how things are, without two times."""
    allowed = Allowed(act)

    def view(caller: Caller = Depends(allowed), at_least: AtLeastQuery = None) -> View:
        return View(caller, caller.today, None, _head(caller, at_least))

    return Depends(view)


def _head(caller: Caller, at_least: int | None) -> int:
    head, _ = caller.desk.store.head(caller.tenant)
    if at_least is None:
        return head
    if at_least > head:
        raise Invalid(
            f"还没有位置 {at_least}, 最新是 {head}",
            f"There is no position {at_least} yet; the ledger ends at {head}",
            do="Use the position of a receipt.",
            field="at_least",
            head=head,
        )
    caller.desk.runner.wait_for(caller.tenant, at_least, timeout=WAIT)
    return head


def read_of_trail(view: View, entries: Iterable[AuditEntry]) -> None:
    """Write down that entries about pay are read, where there are any."""
    about_pay = [one for one in entries if one.stream.partition("/")[0] in PAY_STREAMS]
    if about_pay:
        view.read_pay("audit", {one.person for one in about_pay if one.person})


def seen(view: View, body: Any, version: int | None = None) -> Response:
    """The answer to a read: the position it is true of, and the version of the one thing shown."""
    headers = {"Tallystick-Position": str(view.position)}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    return json_answer(body, 200, headers)


def caught_up(view: View, *names: str) -> None:
    """Wait until read models have come to the head: what was written before can be read."""
    view.desk.runner.wait_for(view.tenant, view.head, names, timeout=WAIT)


def position_of(caller: Caller, known: str | None, field: str = "known") -> int | None:
    """The position that `known` names; None for now. Raises BadKnown and NaiveTime."""
    if known is None:
        return None
    head, _ = caller.desk.store.head(caller.tenant)
    if known.isascii() and known.isdigit():
        position = int(known[:20])
        if position > head:
            raise BadKnown(
                f"还没有位置 {known[:20]}, 最新是 {head}",
                f"There is no position {known[:20]} yet; the ledger ends at {head}",
                do="Leave it out to see what is known now.",
                field=field,
                head=head,
            )
        return position
    moment = moment_of(known, field)
    if moment > caller.now:
        raise BadKnown(
            f"{known} 在未来",
            f"{known} lies in the future: what will be known then is not known",
            do="Leave it out to see what is known now.",
            field=field,
        )
    return caller.desk.store.position_at(caller.tenant, moment)


def moment_of(text: str, field: str) -> datetime:
    """A time with its zone. A `+` that the query turned into a space is put back."""
    try:
        moment = datetime.fromisoformat(_PLUS_LOST.sub(r"\1+\2", text))
    except ValueError:
        raise BadKnown(
            f"{text} 不是位置也不是时间",
            f"{text!r} is neither a position nor a time",
            do="Write 1234 or 2025-09-01T12:00:00+08:00.",
            field=field,
        ) from None
    if moment.tzinfo is None:
        raise NaiveTime(
            f"时间 {text} 没有时区",
            f"{text} has no time zone: it could be any of 24 instants",
            do="Write 2025-09-01T12:00:00+08:00 (the plus sign as %2B), or a position.",
            field=field,
        )
    return moment
