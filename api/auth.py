"""Who calls, and whether they may: API keys as bearer tokens, roles from one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.own_teams import refuse_other_team
from api.problems import correlation
from api.readers import Readers
from api.refusals import NotOpen, Unauthorized
from domain.roles import TABLE, is_limited_to_teams, may, refuse_unless
from ledger.access import Bearer
from ledger.teams import ALL_TEAMS
from workflows.desk import Desk
from workflows.disclosure import Reader

Clock = Callable[[], datetime]
CHINA = timezone(timedelta(hours=8))
"""Days of the business are days in China."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the app serves from: the desk, the readers and a clock."""

    desk: Desk
    readers: Readers
    clock: Clock


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated caller at one moment."""

    service: Service
    tenant: str
    actor: str
    key_id: str
    roles: tuple[str, ...]
    now: datetime
    act: str
    request: Request

    @property
    def desk(self) -> Desk:
        """The ledger and everything beside it."""
        return self.service.desk

    @property
    def readers(self) -> Readers:
        """The queries of the read models, and the keys."""
        return self.service.readers

    @property
    def today(self) -> date:
        """The day in China."""
        return self.now.astimezone(CHINA).date()

    def reader(self, purpose: str = "") -> Reader:
        """The caller as somebody who is shown personal data or pay."""
        route = getattr(self.request.scope.get("route"), "path", "")
        return Reader(
            actor=self.actor,
            via="api" if route.startswith("/v1") else "page",
            act=f"{self.request.method} {route}",
            at=self.now,
            roles=self.roles,
            purpose=purpose.strip(),
            correlation=correlation(self.request),
        )

    @property
    def teams(self) -> tuple[str, ...] | None:
        """The teams a business lead is limited to; None for all others, and a lead of all teams."""
        if not is_limited_to_teams(self.roles):
            return None
        found = self.readers.teams.of(self.tenant, self.actor)
        return None if ALL_TEAMS in found else found

    def may(self, act: str) -> bool:
        """Whether the caller's roles allow another act too."""
        return may(self.roles, act)


def service_of(request: Request) -> Service:
    """What the app was made with. Raises NotOpen where it was made without a database."""
    service = request.app.state.service
    if not isinstance(service, Service):
        raise NotOpen("没有连接数据库", "This app runs without a database", do="Use `serve`.")
    return service


class Allowed(HTTPBearer):
    """The dependency that knows the caller and lets in only who may do the act.

    It is the security scheme as well: one dependency upon another costs the framework as much as
    a small query.
    """

    def __init__(self, act: str) -> None:
        assert act in TABLE, f"{act} has no row in domain/roles.py"
        super().__init__(
            auto_error=False,
            scheme_name="API key",
            description="`Authorization: Bearer tsk_…`: a key of one tenant, with an actor and "
            "roles.",
        )
        self.act = act

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        return await self.caller(request, await super().__call__(request))

    async def caller(self, request: Request, given: HTTPAuthorizationCredentials | None) -> Caller:
        """Who has given a key. Raises Unauthorized, and Forbidden for whom the act is not."""
        service = service_of(request)
        bearer = None if given is None else await _bearer(service, given.credentials)
        if bearer is None:
            raise Unauthorized(
                "缺少有效的 API 密钥",
                "There is no API key, or it is not a good one",
                do="Send Authorization: Bearer tsk_… with a key that is not revoked.",
            )
        request.state.tenant = bearer.tenant
        refuse_unless(bearer.roles, self.act)
        made = Caller(
            service=service,
            tenant=bearer.tenant,
            actor=bearer.actor,
            key_id=bearer.key_id,
            roles=bearer.roles,
            now=service.clock().astimezone(UTC),
            act=self.act,
            request=request,
        )
        if is_limited_to_teams(made.roles):
            await run_in_threadpool(refuse_other_team, made)
        return made


async def _bearer(service: Service, text: str) -> Bearer | None:
    """Who a key stands for, from memory where it was asked for within the last moment."""
    access = service.readers.access
    return access.remembered(text) or await run_in_threadpool(access.bearer, text)


def allowed(act: str) -> Any:
    """`Annotated[Caller, allowed("contract.amend")]`: a caller who may do the act."""
    return Depends(Allowed(act))
