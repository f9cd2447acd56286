"""The session of one command: who acts on which company, on what, and how it is answered."""

from __future__ import annotations

import getpass
import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api import cli_show
from api.settings import Settings
from domain.refusals import Invalid, NotFound

if TYPE_CHECKING:
    from api.readers import Readers
    from domain.facts import Act
    from ledger.access import AccessStore
    from ledger.queries import Pool
    from workflows.desk import Ask, Desk, Outcome
    from workflows.disclosure import Reader

CHINA = timezone(timedelta(hours=8))
"""Days of the business are days in China."""


@dataclass
class Session:
    """One run of one command: who acts on which company, and how the answer is shown."""

    command: str
    as_json: bool = False
    given_tenant: str | None = None
    given_actor: str | None = None
    reason: str = ""
    key: str | None = None
    at_version: int | None = None

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment."""
        return Settings.from_env()

    @cached_property
    def desk(self) -> Desk:
        """The desk, opened at the first use and closed when the command is over."""
        from api.compose import opened

        with cli_show.waiting("Opening the database"):
            return click.get_current_context().with_resource(opened(self.settings))

    @cached_property
    def current(self) -> Desk:
        """The desk with the read models brought up to date with the ledger."""
        desk = self.desk
        with cli_show.waiting("Bringing the read models up to date"):
            desk.runner.wait_for(self.tenant, desk.store.head(self.tenant)[0], timeout=600)
        return desk

    @cached_property
    def readers(self) -> Readers:
        """The queries of the read models, up to date with the ledger."""
        from api.readers import Readers

        return Readers.beside(self.current.store)

    @property
    def pool(self) -> Pool:
        """The database connections of the desk."""
        return self.desk.store._pool

    @cached_property
    def access(self) -> AccessStore:
        """The API keys."""
        from ledger.access import AccessStore

        return AccessStore.beside(self.desk.store)

    def body(self, file: Path | None, **options: Any) -> dict[str, Any]:
        """A file's object with the options laid over it; its `reason` is the act's."""
        from api.cli_files import body

        said = body(file, options)
        reason = said.pop("reason", None)
        self.reason = self.reason or str(reason or "")
        return said

    @cached_property
    def tenant(self) -> str:
        """The company named, or the only one there is."""
        if self.given_tenant:
            return self.given_tenant
        tenants = self.desk.store.tenants()
        if len(tenants) == 1:
            return tenants[0]
        if not tenants:
            raise NotFound(
                "还没有任何主体",
                "There is no company yet",
                do="Open one with `tallystick tenant open ID --name NAME`, or look at "
                "`tallystick demo`.",
            )
        raise Invalid(
            "有多个主体, 请指明一个",
            "There are several companies: " + ", ".join(tenants[:20]),
            do="Name one with --tenant, or set TALLYSTICK_TENANT.",
            field="tenant",
        )

    @property
    def actor(self) -> str:
        """Who acts: as named, or the login."""
        return self.given_actor or f"cli:{_login()}"

    @cached_property
    def act(self) -> Act:
        """Who, when and why."""
        from domain.facts import Act

        return Act(
            actor=self.actor,
            at=datetime.now(UTC),
            reason=self.reason,
            correlation=str(uuid.uuid4()),
        )

    def ask(self, target: str = "", body: Any = None) -> Ask:
        """How a command is asked; the body is what a repetition under the same key must equal."""
        from ledger.idempotency import Idempotency, fingerprint
        from workflows.desk import Ask

        once = None
        if self.key is not None:
            said = body.model_dump(mode="json") if hasattr(body, "model_dump") else body
            once = Idempotency(self.key, fingerprint(self.command, target, said))
        return Ask(self.act, self.at_version, once)

    def reader(self, purpose: str = "") -> Reader:
        """Who acts, as somebody who is shown personal data or pay."""
        from workflows.disclosure import Reader

        act = self.act
        return Reader(
            actor=act.actor,
            via="cli",
            act=f"tallystick {self.command}",
            at=act.at,
            purpose=purpose or self.reason,
            correlation=act.correlation,
        )

    def read_pay(self, about: str, people: Iterable[str] = ()) -> None:
        """Write down that the answer holds pay, before it is shown."""
        from workflows.disclosure import read_pay

        read_pay(self.desk, self.tenant, self.reader(), about, people)

    @property
    def today(self) -> date:
        """The day in China."""
        return datetime.now(CHINA).date()

    def known(self, text: str | None) -> int | None:
        """A position from `--known`: a position, or a time that names one; None for now."""
        if text is None:
            return None
        head, _ = self.desk.store.head(self.tenant)
        if text.isascii() and text.isdigit():
            if int(text[:20]) > head:
                raise _not_yet(f"position {text[:20]}", head)
            return int(text)
        at = moment(text)
        if at > datetime.now(UTC):
            raise _not_yet(text, head)
        return self.desk.store.position_at(self.tenant, at)

    def show(self, data: Any, human: Callable[[], None]) -> None:
        """The answer: JSON for machines, or words and tables."""
        if self.as_json:
            cli_show.as_json(data)
        else:
            human()

    def done(self, what: str, outcome: Outcome[Any], **more: Any) -> None:
        """The answer to a write: what was done, and its receipt."""
        version = outcome.receipts[-1].version if outcome.receipts else outcome.state.version
        data = {
            "done": what,
            "version": version,
            "position": outcome.position,
            "receipts": outcome.receipts,
            **more,
        }
        self.show(data, lambda: cli_show.receipt(what, version, outcome.position))


def _not_yet(what: str, head: int) -> Invalid:
    return Invalid(
        f"{what} 尚不存在, 账本最新位置是 {head}",
        f"{what} is not there yet; the ledger ends at {head}",
        do="Leave --known out to see what is known now.",
        field="known",
        head=head,
    )


def moment(text: str) -> datetime:
    """A time with its zone, as RFC 3339 writes it. Raises Invalid."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or "T" not in text.upper():
            raise ValueError
    except ValueError:
        raise Invalid(
            f"{text[:40]} 不是带时区的时间",
            f"{text[:40]!r} is neither a position nor a time with its zone",
            do="Write a position such as 1200, or a time such as 2025-09-01T12:00:00+08:00.",
            field="known",
        ) from None
    return found


def day(text: str | None, field: str) -> date | None:
    """A day of an option. Raises Invalid naming the field."""
    from domain.periods import in_range

    if text is None:
        return None
    try:
        if len(text) != 10:
            raise ValueError("write a date as 2025-09-01")
        return in_range(date.fromisoformat(text))
    except ValueError as error:
        raise Invalid(
            f"{text[:40]} 不是日期",
            f"{text[:40]!r} is not a date: {error}",
            do="Write it as 2025-09-01.",
            field=field,
        ) from None


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
