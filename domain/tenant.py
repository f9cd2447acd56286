"""The tenant (employing entity) and the law tables it computes with."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from domain.commands import Command, Name
from domain.facts import Fact

TenantId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", examples=["hangzhou-media"])]


class TenantOpened(Fact, frozen=True, kw_only=True):
    """An employing or contracting entity keeps its ledger here."""

    tenant: str
    name: str
    city: str


class LawTablePublished(Fact, frozen=True, kw_only=True):
    """A table of the law as this tenant computes with it, with its source and validity."""

    table: str
    table_version: int
    effective: date
    valid_to: date | None
    source: str
    data: dict[str, Any]
    unread: tuple[str, ...] = ()


class OpenTenant(Command):
    """Open a ledger for an entity."""

    tenant: TenantId
    name: Name
    city: Name = "Shanghai"
