"""How answers look: JSON for machines; words, tables and progress bars for people."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
import msgspec
import orjson

from domain.money import plain
from domain.refusals import Refusal

WIDE = 220
"""Columns where nobody looks: a pipe or a file must not lose text to a narrow table."""
SHORT = 20
"""Characters of a cell that is never broken over lines: an id, a day, an amount."""
LEAST = 30
"""Columns that longer text gets at least."""
Progress = Callable[[int, int], None]


def as_json(data: Any) -> None:
    """One JSON document on stdout; decimals as text, never an exponent or a float."""
    tree = msgspec.to_builtins(data, builtin_types=(Decimal,), str_keys=True, enc_hook=_other)
    text = orjson.dumps(tree, default=_decimal, option=orjson.OPT_INDENT_2)
    click.echo(text.decode())


def _other(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Refusal):
        return problem(value)
    raise NotImplementedError(type(value).__name__)


def _decimal(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(type(value).__name__)


def problem(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a problem document (RFC 9457), as the HTTP interface answers it."""
    own = {
        "type": f"urn:tallystick:problem:{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": refusal.en,
        "detail_zh": refusal.zh,
        "code": refusal.code,
        "do": refusal.do,
    }
    return {**refusal.details, **own}


def refusal(refused: Refusal, to_machine: bool) -> None:
    """A no: both sentences and what to do, on stderr; with --json a problem on stdout."""
    if to_machine:
        as_json(problem(refused))
        return
    click.secho(f"✗ {refused.en}", fg="red", err=True)
    click.secho(f"  {refused.zh}", fg="red", err=True)
    if refused.do:
        click.echo(f"  → {refused.do}", err=True)


def listed(rows: Iterable[Any]) -> dict[str, Any]:
    """A whole list, in the shape of a page of the HTTP interface."""
    return {"items": list(rows), "next": None}


def say(text: str) -> None:
    """A line for people, on stderr: stdout holds answers alone."""
    click.echo(text, err=True)


def receipt(what: str, version: int, position: int) -> None:
    """What was done and where it stands."""
    where = f"position {position}" if position else "nothing was left to do"
    click.echo(f"✓ {what}  (version {version}, {where})")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """A table on stdout. Columns whose name ends in `>` are right-aligned."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table

    cells = [[cell(value) for value in row] for row in rows]
    if not cells:
        click.echo(f"{title}: none" if title else "None.")
        return
    made = Table(title=title or None, box=box.SIMPLE_HEAD, show_edge=False, title_justify="left")
    least = 0
    for place, column in enumerate(columns):
        name = column.removesuffix(">")
        longest = max(cell_len(text) for text in (name, *(row[place] for row in cells)))
        made.add_column(
            name,
            justify="right" if column.endswith(">") else "left",
            overflow="fold",
            no_wrap=longest <= SHORT,
        )
        least += min(longest, LEAST) if longest > SHORT else longest
    for row in cells:
        made.add_row(*row)
    # A terminal that is too narrow breaks the lines itself: no digit is ever cut off.
    _console(least + 3 * len(columns)).print(made, soft_wrap=True)


def fields(pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one a line."""
    shown = [(name, cell(value)) for name, value in pairs]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name.ljust(width)}  {value}")


def cell(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {cell(item)}" for name, item in value.items())
    return str(value)


def yuan(amount: Decimal) -> str:
    """An amount of money."""
    return format(amount, ",.2f")


def flat(value: Any) -> dict[str, Any]:
    """A struct or data class as a mapping, one level deep."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    return dict(msgspec.structs.asdict(value))


def _console(least: int) -> Any:
    from rich.console import Console

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE
    width = max(width, least)
    # Data is data: no markup, no emoji codes, no guesses at what to colour.
    return Console(markup=False, emoji=False, highlight=False, width=width)


@contextlib.contextmanager
def waiting(title: str) -> Iterator[None]:
    """A spinner on stderr while something short goes on; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True, markup=False).status(f"{title} …"):
        yield


@contextlib.contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A function `(done, total)` that moves a bar on stderr; silent where nobody looks."""
    with progress_of_steps() as moved:
        yield lambda done, total: moved(title, done, total)


@contextlib.contextmanager
def progress_of_steps() -> Iterator[Callable[[str, int, int], None]]:
    """A function `(what, done, total)` that moves one bar for each `what`."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn())
    tasks: dict[str, Any] = {}
    console = Console(stderr=True)
    with Bars(*columns, MofNCompleteColumn(), TimeRemainingColumn(), console=console) as bars:

        def moved(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield moved
