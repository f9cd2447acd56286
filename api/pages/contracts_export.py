"""The list of contracts as a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import xlsxwriter

from api.pages import shown
from api.pages.visit import Visit
from api.reads import View
from domain.contract_facts import SIGNING_ORDER
from projections.contract_queries import ContractAsOf, ContractFilter

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 1_000
WIDTH = {"clauses": 90, "term": 26}
LABELS = {"decision": "contract.expiry_decision", "clauses": "contract.clauses"}


def label(visit: Visit, column: str) -> str:
    """What a column is called."""
    return visit.words(LABELS.get(column, f"contract.{column}"))


def workbook(
    visit: Visit,
    view: View,
    where: ContractFilter,
    columns: list[str],
    asked: list[tuple[str, str]],
) -> bytes:
    """All contracts that fit, a row each, and a sheet that says what was asked and when.

    Every cell is text: what begins with = is no formula, and no number passes through a float.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False,
                                      "strings_to_urls": False, "strings_to_numbers": False})  # fmt: skip
    head = book.add_format({"bold": True, "bg_color": "#E8EEF5", "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(visit.words("nav.contracts"))
    names = ["id", "number", *columns]
    titles = [visit.words("contract.number"), visit.words("draft.number")]
    titles += [label(visit, column) for column in columns]
    for place, (name, title) in enumerate(zip(names, titles, strict=True)):
        sheet.set_column(place, place, WIDTH.get(name, 16))
        sheet.write_string(0, place, title, head)
    count = 0
    for item in _all(view, where, terms="clauses" in columns):
        count += 1
        for place, text in enumerate(_cells(visit, item, columns)):
            sheet.write_string(count, place, text, wrap)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(count, 1), len(names) - 1)
    _said(visit, view, book.add_worksheet(visit.words("contracts.about")), asked, count)
    book.close()
    return file.getvalue()


def _all(view: View, where: ContractFilter, *, terms: bool) -> Iterator[ContractAsOf]:
    cursor: str | None = None
    while True:
        found = view.readers.contracts.contracts(
            view.tenant,
            view.effective,
            view.position,
            where,
            terms=terms,
            cursor=cursor,
            limit=PAGE,
        )
        yield from found.items
        cursor = found.next
        if cursor is None:
            return


def _cells(visit: Visit, item: ContractAsOf, columns: list[str]) -> list[str]:
    state, words = item.state, visit.words
    signed = [words.word("party", party) for party in SIGNING_ORDER if party in state.signed_by]
    said = [f"{term.key}: {words.say(term, 'text_zh', 'text_en')}" for term in state.terms]
    last = shown.last_day(state.end, visit.language)
    cells = {
        "person": state.person,
        "status": words.word("status", state.status),
        "engagement": words.word("engagement", state.engagement),
        "team": state.team,
        "track": words.word("track", state.track),
        "term": f"{shown.iso(state.start)} – {last}",
        "character": words.word("character", item.character),
        "template": f"{state.template} v{state.template_version}" if state.template else "",
        "fixed_terms": str(state.fixed_terms),
        "signed": "、".join(signed),
        "decision": words.word("decision", state.expiry_decision),
        "version": str(state.version),
        "clauses": "\n".join(said)[:32_000],
    }
    return [state.contract, state.number, *(cells[column] for column in columns)]


def _said(visit: Visit, view: View, sheet: Any, asked: list[tuple[str, str]], count: int) -> None:
    words, caller = visit.words, visit.caller
    rows = [
        (words("site.tenant"), view.tenant),
        (words("times.effective"), shown.iso(view.effective)),
        (words("times.known"), f"#{view.position}"),
        (words("contracts.rows"), str(count)),
        (words("contracts.exported"), f"{caller.actor} {shown.iso(caller.now)}"),
        *((name, value) for name, value in asked if name != "col"),
    ]
    sheet.set_column(0, 1, 30)
    for number, (name, value) in enumerate(rows):
        sheet.write_string(number, 0, name)
        sheet.write_string(number, 1, value)
