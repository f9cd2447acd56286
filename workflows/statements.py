"""Statements of payslips: as data, as a page that stands alone, and as a PDF with its evidence."""

from __future__ import annotations

import html
from datetime import UTC, datetime, time
from pathlib import Path

import msgspec

from domain.periods import Month
from domain.refusals import Invalid
from domain.statement import Note, Returned, Statement, costs_of, next_tiers
from domain.texts import yuan
from ledger.codec import canonical
from workflows import contracts
from workflows.definitions import aggregations_of, metrics_at
from workflows.desk import Desk
from workflows.payrun import read_run
from workflows.payslips import read_payslip

TYPESET = Path(__file__).parent / "typeset"
SUMS = (
    ("gross", "应发", "Gross"),
    ("contributions", "个人社保公积金", "Contributions"),
    ("tax", "个人所得税", "Tax"),
    ("net", "实发", "Net"),
    ("carried_out", "结转余额", "Carried to the next run"),
    ("owed_out", "未扣缴费结转", "Contributions carried"),
    ("draw_balance", "预支余额", "Draws not yet taken back"),
)


def read_statement(desk: Desk, tenant: str, run_id: str, contract_id: str) -> Statement:
    """The statement of a payslip, from what was known at its run's pinned position."""
    slip = read_payslip(desk, tenant, run_id, contract_id)
    known = read_run(desk, tenant, run_id).pinned
    month = Month.parse(slip.month)
    terms = contracts.read(desk, tenant, contract_id, known).terms
    aggregations = aggregations_of(metrics_at(desk, tenant, known))
    people = desk.figures.read(tenant, [slip.person], month.period, known, aggregations)
    figures = people.get(slip.person)
    if figures is None:
        return Statement(run=run_id, payslip=slip)
    return Statement(
        run=run_id,
        payslip=slip,
        next_tiers=next_tiers(terms, figures, month),
        returns=costs_of(
            returned_of(desk, tenant, slip.person, month, known), terms, figures, month
        ),
    )


def returned_of(desk: Desk, tenant: str, person: str, month: Month, known: int) -> list[Returned]:
    """What came back of the month's orders, and in the month of orders not known; as known."""
    return [
        Returned(order=order, metric=metric, category=category, day=day.isoformat(), value=value)
        for order, metric, category, day, value in desk.figures.returned(
            tenant, person, month.period, known
        )
    ]


def as_html(statement: Statement) -> str:
    """One page that needs no other file and prints as it looks."""
    slip = statement.payslip
    rows = "".join(
        f"<tr><td>{number}</td><td>{_text(line.period)}</td><td>{_text(line.zh)}<br>"
        f"<small>{_text(line.en)}</small></td><td class=n>{yuan(line.amount)}</td></tr>"
        for number, line in enumerate(slip.lines, start=1)
    )
    sums = "".join(
        f"<tr><th>{zh} <small>{en}</small></th><td class=n>{yuan(getattr(slip, name))}</td></tr>"
        for name, zh, en in SUMS
    )
    notes = _notes("距下一档 Next tiers", statement.next_tiers) + _notes(
        "退货影响 What returns cost", statement.returns
    )
    page = (TYPESET / "statement.html").read_text(encoding="utf-8")
    for name, value in {
        "title": _text(_title(statement)),
        "who": _text(f"{slip.person} · {slip.contract}"),
        "paid": _text(slip.pay_date),
        "rows": rows,
        "sums": sums,
        "notes": notes,
    }.items():
        page = page.replace("{{" + name + "}}", value)
    return page


def _title(statement: Statement) -> str:
    return f"工资单 Payslip {statement.payslip.month} ({statement.run})"


def _notes(title: str, notes: tuple[Note, ...]) -> str:
    if not notes:
        return ""
    items = "".join(f"<li>{_text(one.zh)}<br><small>{_text(one.en)}</small></li>" for one in notes)
    return f"<h2>{_text(title)}</h2><ul>{items}</ul>"


def _text(value: str) -> str:
    return html.escape(value).replace("{{", "{ {")


def as_pdf(statement: Statement) -> bytes:
    """A PDF/A-3 with the payslip's JSON attached; the same statement gives the same bytes.

    Raises Invalid where the typesetter is not installed, or a character has no glyph in the font:
    a page with a hole in it is not issued.
    """
    try:
        import typst
    except ImportError as missing:
        raise Invalid(
            "未安装排版程序 typst",
            "The typesetter is not installed",
            do="Install the packages of requirements.lock, or take the HTML statement.",
        ) from missing
    slip = statement.payslip
    day = datetime.combine(datetime.fromisoformat(slip.pay_date).date(), time(), UTC)
    try:
        made = typst.compile(
            TYPESET / "statement.typ",
            sys_inputs={
                "data": msgspec.json.encode(_typeset(statement)).decode(),
                "evidence": canonical(slip).decode(),
            },
            font_paths=[TYPESET / "fonts"],
            ignore_system_fonts=True,
            pdf_standards=["a-3b"],
            timestamp=int(day.timestamp()),
            format="pdf",
        )
    except typst.TypstError as error:
        raise Invalid(
            f"无法排版工资单: {error}",
            f"The statement cannot be set: {error}",
            do="A character without a glyph stands in it; take the HTML statement.",
        ) from error
    return made


def _typeset(statement: Statement) -> dict[str, object]:
    slip = statement.payslip
    return {
        "title": _title(statement),
        "who": f"{slip.person} · {slip.contract}",
        "paid": slip.pay_date,
        "lines": [
            [str(number), line.period, line.zh, line.en, yuan(line.amount)]
            for number, line in enumerate(slip.lines, start=1)
        ],
        "sums": [[f"{zh} {en}", yuan(getattr(slip, name))] for name, zh, en in SUMS],
        "next": [[one.zh, one.en] for one in statement.next_tiers],
        "returns": [[one.zh, one.en] for one in statement.returns],
    }
