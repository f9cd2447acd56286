"""Figures from outside: every row checked, the batch recorded whole, the rejected rows kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypedDict, Unpack

import msgspec

from domain import metric as metrics
from domain.facts import Act
from domain.metric import Metric
from domain.person import PersonRegistered
from ledger.figures import BatchReceipt, FigureStore
from ledger.store import FactStore
from workflows.row_check import Malformed, Raw, RowRules
from workflows.row_files import Format, Upload
from workflows.text_lines import refused

MOST_ROWS = 1_000_000
_PAGE = 5000

__all__ = ["Malformed", "RowRules", "UploadResult", "record_figures", "record_upload", "rules_of"]


class UploadResult(msgspec.Struct, frozen=True):
    """What became of a file: the batch's receipt, and how the text was read."""

    receipt: BatchReceipt
    encoding: str


class Sending(TypedDict, total=False):
    """What a sender may say besides the rows; `FigureStore.record` says what each means."""

    declared: int | None
    key: str | None
    revision: str


def rules_of(facts: FactStore, tenant: str, today: date) -> RowRules:
    """The rules for a tenant's rows: its persons and its metric definitions as known now."""
    names = ["metric.defined.v1", "person.registered.v1"]
    persons: set[str] = set()
    defined: dict[str, Metric] = {}
    position = 0
    while page := facts.facts_after(tenant, position, _PAGE, names=names):
        for recorded in page:
            if isinstance(recorded.fact, PersonRegistered):
                persons.add(recorded.fact.person)
            else:
                code = recorded.stream.removeprefix("metric/")
                state = defined.get(code, Metric())
                defined[code] = metrics.evolve(state, recorded.fact, recorded)
        position = page[-1].position
    return RowRules(frozenset(persons), defined, today)


def record_figures(
    store: FigureStore,
    tenant: str,
    source: str,
    rows: Iterable[Raw],
    rules: RowRules,
    act: Act,
    **sending: Unpack[Sending],
) -> BatchReceipt:
    """Check rows one by one and record them as a batch; rows may be any iterable, read once.

    Raises what `FigureStore.record` raises, and Invalid above a million rows. Whatever `rows`
    raises ends the batch with nothing kept.
    """
    checked = (rules.check(row) for row in _limited(rows))
    return store.record(tenant, source, checked, act, **sending)


def record_upload(
    store: FigureStore,
    tenant: str,
    source: str,
    form: Format,
    chunks: Iterable[bytes],
    rules: RowRules,
    act: Act,
    **sending: Unpack[Sending],
) -> UploadResult:
    """Read a file of figures as it arrives and record it as a batch."""
    upload = Upload(form, chunks)
    receipt = record_figures(store, tenant, source, upload.rows(), rules, act, **sending)
    return UploadResult(receipt, upload.encoding)


def _limited(rows: Iterable[Raw]) -> Iterator[Raw]:
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise refused(
                f"一批最多 {MOST_ROWS:,} 行",
                f"a batch has at most {MOST_ROWS:,} rows",
                "too_many_rows",
                do="Send it as several batches; nothing of this one was kept.",
            )
        yield row
