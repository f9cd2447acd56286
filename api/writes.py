"""What every write has in common: its key, its version, its reason, and the answer to it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast

import msgspec
from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from api.auth import Allowed, Caller
from api.bodies import SMALL
from api.problems import correlation
from api.refusals import BadHeader
from domain.commands import Command
from domain.facts import Act
from domain.refusals import Refusal
from ledger.idempotency import Idempotency, fingerprint
from ledger.records import Answer, Receipt
from workflows.desk import Ask, Desk, Outcome

_KEY = re.compile(r"[!-~]{1,200}")
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
_LONGEST_STORED_KEY = 120
"""Longer keys are stored as their digest: workflows add to a key, and an index row is short."""
C = TypeVar("C", bound=Command)
S = TypeVar("S")

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 200 visible ASCII characters. The same key with the same request gives "
        "the first answer again, with `Idempotent-Replayed: true`.",
    ),
]
MatchHeader = Annotated[
    str | None,
    Header(alias="If-Match", description='The version the change was made on, `"3"` (an ETag).'),
]


class Reasoned(Command):
    """Every write may say why; the trail shows it."""

    reason: Annotated[
        str,
        Field(max_length=2000, description="Why this is done; it stands in the trail for ever."),
    ] = ""


def command_of(kind: type[C], body: BaseModel, **more: Any) -> C:
    """The command in a body that was checked already: its fields without `reason`."""
    values = {name: getattr(body, name) for name in kind.model_fields if name not in more}
    return cast(C, kind.model_construct(**values, **more))


class _Kept(msgspec.Struct, frozen=True):
    """A whole answer as it is kept with a key."""

    status: int
    headers: dict[str, str]
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Write:
    """A caller who writes, under a key and on a version where these were sent."""

    caller: Caller
    key: str | None
    print: bytes
    expected: int | None

    @property
    def desk(self) -> Desk:
        """The ledger and everything beside it."""
        return self.caller.desk

    @property
    def tenant(self) -> str:
        """The caller's tenant."""
        return self.caller.tenant

    def act(self, reason: str = "") -> Act:
        """Who does it, when and why."""
        caller = self.caller
        return Act(
            actor=caller.actor,
            at=caller.now,
            reason=reason.strip(),
            correlation=correlation(caller.request),
        )

    def ask(self, reason: str = "", part: str = "") -> Ask:
        """How the command is asked; `part` names one of several appends of one request."""
        once = None if self.key is None else Idempotency(self.key + part, self.print)
        return Ask(self.act(reason), self.expected, once)

    def answered(self, part: str = "") -> Answer | None:
        """What was answered to this request before. Raises KeyReused for another request."""
        if self.key is None:
            return None
        return self.desk.store.idempotent_answer(self.tenant, self.key + part, self.print)

    def once(
        self,
        do: Callable[[Ask], Sequence[Receipt]],
        show: Callable[[int], dict[str, Any]],
        *,
        reason: str = "",
        status: int = 201,
        location: str | None = None,
    ) -> Response:
        """Do it, or find what it led to the first time, and show things as they were then."""
        before = self.answered()
        receipts = do(self.ask(reason)) if before is None else before.receipts
        position = self._position(receipts)
        body = {"receipts": receipts, **show(position)}
        headers = headers_of(receipts, position)
        if location is not None:
            headers["Location"] = location
        return json_answer(body, status, headers, replayed=before is not None)

    def acted(
        self,
        do: Callable[[Ask], Outcome[S]],
        show: Callable[[S], dict[str, Any]],
        then: Callable[[int], S],
        *,
        reason: str = "",
        location: str | None = None,
    ) -> Response:
        """`once` for one command on one stream: the first time, nothing is read again to show it.

        `then` reads the state as it was at a position, for an answer that is given again.
        """
        try:
            outcome = do(self.ask(reason))
            receipts, state, replayed = outcome.receipts, outcome.state, outcome.replayed
        except Refusal:
            before = self.answered()
            if before is None:
                raise
            receipts, replayed = before.receipts, True
            state = then(self._position(receipts))
        body = {"receipts": receipts, **show(state)}
        headers = headers_of(receipts, self._position(receipts))
        if location is not None:
            headers["Location"] = location
        return json_answer(body, 201, headers, replayed=replayed)

    def _position(self, receipts: Sequence[Receipt]) -> int:
        return receipts[-1].position if receipts else self.desk.store.head(self.tenant)[0]

    def whole(
        self,
        do: Callable[[], dict[str, Any]],
        *,
        reason: str = "",
        status: int = 201,
        shown_once: Callable[[], dict[str, Any]] = dict,
    ) -> Response:
        """Do something of several appends and keep the whole answer with the key.

        What `do` records must be safe to repeat: a kill before the answer is kept repeats it.
        What `shown_once` adds is in this answer alone and is kept nowhere.
        """
        found = self.answered()
        if found is not None:
            return _kept_answer(found.answer)
        body = do()
        if self.key is not None:
            kept = _Kept(status, {}, msgspec.Raw(msgspec.json.encode(body)))
            mine = msgspec.json.encode(kept)
            once = Idempotency(self.key, self.print, mine)
            self.desk.store.append(self.tenant, [], self.act(reason), idempotency=once)
            found = self.answered()
            if found is not None and found.answer != mine:
                return _kept_answer(found.answer)  # the same request, sent twice, was faster
        return json_answer({**body, **shown_once()}, status)


def _kept_answer(answer: bytes) -> Response:
    kept = msgspec.json.decode(answer, type=_Kept)
    return raw_answer(bytes(kept.body), kept.status, kept.headers, replayed=True)


class Writing(Allowed):
    """The dependency that knows the caller, lets in who may write, and reads the headers."""

    async def __call__(  # type: ignore[override]
        self,
        request: Request,
        idempotency_key: KeyHeader = None,
        if_match: MatchHeader = None,
    ) -> Write:
        caller = await self.caller(request, await HTTPBearer.__call__(self, request))
        expected, key = _expected(if_match), _key(idempotency_key)
        if key is None:
            return Write(caller, None, b"", expected)
        if getattr(request.state, "size", 0) <= SMALL:
            made = _print(request, caller, expected)
        else:
            made = await run_in_threadpool(_print, request, caller, expected)
        return Write(caller, key, made, expected)


def writing(act: str) -> Any:
    """`Annotated[Write, writing("contract.amend")]`: a caller who may, and what was sent."""
    return Depends(Writing(act))


def _key(text: str | None) -> str | None:
    if text is None:
        return None
    if not _KEY.fullmatch(text):
        raise BadHeader(
            "Idempotency-Key 须为 1 至 200 个可见 ASCII 字符",
            "Idempotency-Key must be 1 to 200 visible ASCII characters",
            do="Send a random UUID.",
            field="Idempotency-Key",
        )
    if len(text) > _LONGEST_STORED_KEY:
        return f"sha256-{hashlib.sha256(text.encode()).hexdigest()}"
    return text


def _expected(text: str | None) -> int | None:
    if text is None or text.strip() == "*":
        return None
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        raise BadHeader(
            f"If-Match 不正确: {text[:40]}",
            f"If-Match cannot be read: {text[:40]!r}",
            do='Send the ETag of the answer you looked at, such as "3" with its quotes.',
            field="If-Match",
        )
    return int(match[1])


def _print(request: Request, caller: Caller, expected: int | None) -> bytes:
    """What makes two requests the same: who, method, address, version and body."""
    scope = request.scope
    address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
    body = getattr(request.state, "json", None)
    return fingerprint(f"{request.method} {caller.actor}", address, [expected, body])


def headers_of(receipts: Sequence[Receipt], position: int) -> dict[str, str]:
    """ETag and position of a write; the ETag is the version of the last stream written."""
    headers = {"Tallystick-Position": str(position)}
    if receipts:
        headers["ETag"] = f'"{receipts[-1].version}"'
    return headers


def json_answer(
    body: Any, status: int = 200, headers: dict[str, str] | None = None, *, replayed: bool = False
) -> Response:
    """An answer in JSON: decimals as text, times in UTC."""
    return raw_answer(msgspec.json.encode(body), status, headers or {}, replayed=replayed)


def raw_answer(
    content: bytes, status: int, headers: dict[str, str], *, replayed: bool = False
) -> Response:
    """An answer whose JSON is encoded already."""
    if replayed:
        headers = {**headers, "Idempotent-Replayed": "true"}
    return Response(content, status, headers, media_type="application/json")
