"""What all commands share: their common options, how groups look, how they fail."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import click

from api import cli_show
from api.cli_session import Session
from api.settings import SettingError
from domain.refusals import Refusal

ALWAYS = (click.Option(["--json", "as_json"], is_flag=True, help="JSON on stdout, for machines."),)
OF_TENANT = (
    click.Option(
        ["--tenant"],
        envvar="TALLYSTICK_TENANT",
        metavar="ID",
        help="The company; not needed where there is only one.",
    ),
)
OF_WRITES = (
    click.Option(["--actor"], metavar="NAME", help="Who acts; by default cli: and your login."),
    click.Option(["--reason"], default="", metavar="TEXT", help="Why; the trail shows it."),
    click.Option(
        ["--key"], metavar="TEXT", help="Idempotency key: the same again does nothing twice."
    ),
    click.Option(
        ["--at-version"], type=click.IntRange(min=0), help="Refuse if it is at another version."
    ),
)
_COMMON = ("as_json", "tenant", "actor", "reason", "key", "at_version")


class Leaf(click.Command):
    """A command with the common options; its function gets the session first."""

    def __init__(self, *args: Any, tenant: bool = True, writes: bool = False, **given: Any) -> None:
        super().__init__(*args, **given)
        self.params += OF_TENANT if tenant else ()
        self.params += OF_WRITES if writes else ()
        self.params += ALWAYS

    def invoke(self, ctx: click.Context) -> Any:
        """Call the function with the session and its own parameters."""
        common = {name: ctx.params.pop(name, None) for name in _COMMON}
        session = Session(
            command=ctx.command_path.partition(" ")[2],
            as_json=bool(common["as_json"]),
            given_tenant=common["tenant"],
            given_actor=common["actor"],
            reason=common["reason"] or "",
            key=common["key"],
            at_version=common["at_version"],
        )
        assert self.callback is not None
        with failing_clearly(session.as_json):
            return ctx.invoke(self.callback, session, **ctx.params)


class Section(click.Group):
    """A group of commands; in its help every command stands with its whole first sentence."""

    command_class = Leaf

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples stand as they were written."""
        if self.epilog:
            formatter.write("\n")
            for line in self.epilog.splitlines():
                formatter.write(f"{line}\n")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with its whole first sentence."""
        rows = [
            (name, command.get_short_help_str(limit=400))
            for name, command in self.commands.items()
            if not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they were made: that of the work."""
        return list(self.commands)


Section.group_class = Section


@contextlib.contextmanager
def failing_clearly(as_json: bool) -> Any:
    """Turn what can go wrong into a sentence and an exit code: 1 a refusal, 2 a usage error."""
    try:
        yield
    except Refusal as refusal:
        cli_show.refusal(refusal, as_json)
        raise click.exceptions.Exit(1) from None
    except SettingError as error:
        raise click.UsageError(str(error)) from None
    except BrokenPipeError:
        # Who reads us (`| head`) has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None
    except Exception as error:
        refused = _as_refusal(error)
        if refused is None:
            raise
        cli_show.refusal(refused, as_json)
        raise click.exceptions.Exit(1) from None


def _as_refusal(error: Exception) -> Refusal | None:
    """Errors of the database and the vault as sentences, without the values they may repeat."""
    import psycopg
    import psycopg_pool

    from api.compose import CannotStart
    from ledger.names import UnreadableFact
    from ledger.vault import VaultError

    if isinstance(error, psycopg.OperationalError | psycopg_pool.PoolTimeout):
        return CannotStart(
            "数据库连接中断",
            f"The database went away ({type(error).__name__})",
            do="Check the server and run the command again; nothing was half done.",
        )
    if isinstance(error, VaultError):
        return CannotStart(
            "主密钥与数据不符",
            f"Personal data cannot be read: {error}",
            do="Set TALLYSTICK_MASTER_KEY or TALLYSTICK_MASTER_KEY_FILE to the key it was "
            "written with.",
        )
    if isinstance(error, UnreadableFact):
        return CannotStart(
            "账本中有本版本无法读取的事实",
            f"A fact of the ledger cannot be read: {error}",
            do="Use the version of the program that wrote it, or a later one.",
        )
    return None
