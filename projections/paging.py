"""Pages of lists: an opaque cursor that goes on after the last row that was shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from domain.refusals import Invalid

Item = TypeVar("Item")
MOST = 10_000
"""The largest page; a larger limit is cut down to it."""


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some rows of a list, the cursor of the next page (None at the end), and the position the
    list is known at where it has one."""

    items: tuple[Item, ...]
    next: str | None = None
    known: int | None = None


def limited(limit: int) -> int:
    """A limit between 1 and the largest page."""
    return max(1, min(limit, MOST))


def cursor(*key: Any) -> str:
    """An opaque cursor after a row with this key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def after(text: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The key in a cursor, None for the first page. Raises Invalid for what is no cursor."""
    if text is None:
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        key = msgspec.json.decode(data, type=tuple[kinds])  # type: ignore[valid-type]
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            "游标无效",
            "the cursor is not one of this list",
            do="Take `next` from the page before, or leave the cursor out.",
            field="cursor",
        ) from error
    return tuple(key)


def page(
    rows: Sequence[Item], limit: int, key: Callable[[Item], Any], known: int | None = None
) -> Page[Item]:
    """A page of rows that were asked for with one more than the limit."""
    shown = tuple(rows[:limit])
    more = len(rows) > limit
    return Page(shown, cursor(*_parts(key(shown[-1]))) if more else None, known)


def like(text: str) -> str:
    """A pattern for ILIKE that finds the text itself, wherever it stands."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)
