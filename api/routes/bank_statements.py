"""Bank statements in, matching them with payouts, and the reconciliation statement."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from api import views
from api.bodies import StrictRoute, media_type, unsupported, upload
from api.examples import writes
from api.params import RunId
from api.reads import LimitQuery, Text, View, present, reading, seen
from api.routes.bank import BankActRequest, example
from api.writes import Reasoned, Write, headers_of, json_answer, writing
from domain.periods import Month
from domain.reconcile import LineVerdict, Verdict
from domain.refusals import Invalid
from ledger.records import Receipt
from workflows import bank_match, bank_statements, reconcile
from workflows.bank_books import bank_lines
from workflows.desk import Ask, scan

router = APIRouter(prefix="/v1", tags=["Bank"], route_class=StrictRoute)
StatementPath = Annotated[str, Path(pattern=r"^S[0-9a-f]{24}$", examples=["S" + "0" * 24])]
LinePath = Annotated[int, Path(ge=1, le=10_000_000)]
MonthQuery = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$", examples=["2025-03"])]
AccountQuery = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9 ]{1,40}$", description="The company's account, for a CSV."),
]
STATEMENT_TYPES: dict[str, bank_statements.StatementFormat] = {
    "text/csv": "csv",
    "application/xml": "camt.053",
    "text/xml": "camt.053",
}
STATEMENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "example": "银行流水号,交易日期,借方发生额,贷方发生额,客户流水号\n"
                "B1,2025-04-10,6321.50,,2025-03-1.C-0001.net.1\n"
            },
            "application/xml": {"example": "<Document>…camt.053…</Document>"},
        },
    }
}


class LineMatchRequest(Reasoned):
    """The instruction that the line belongs to, and how that was found."""

    end_to_end_id: Annotated[str, Field(min_length=1, max_length=200)]
    rule: Annotated[str, Field(min_length=1, max_length=80)] = "person"
    model_config = example(end_to_end_id="2025-03-1.C-0001.net.1", rule="sum, name, days")


# Statements


@router.post(
    "/bank-statements",
    status_code=201,
    openapi_extra=STATEMENT_BODY,
    **writes("The statements of the file"),
)
def import_bank_statement(
    request: Request,
    write: Annotated[Write, writing("payout.answer")],
    account: AccountQuery = None,
    reason: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Record a bank's file, CSV under the usual headings or camt.053: every line is kept, and
    counts once in however many files it stands."""
    form = STATEMENT_TYPES.get(media_type(request))
    if form is None:
        raise unsupported(media_type(request), *STATEMENT_TYPES)
    ask = Ask(write.act(reason))
    made = bank_statements.import_statement(
        write.desk, write.tenant, form, upload(request), ask, account=account
    )
    position = write.desk.store.head(write.tenant)[0]
    body = {
        "receipts": [],
        "statements": [
            {**msgspec.structs.asdict(one.statement), "fresh": one.fresh} for one in made
        ],
    }
    return json_answer(body, 201, headers_of([], position))


@router.get("/bank-statements")
def list_statements(view: Annotated[View, present("payout.read")]) -> Response:
    """The statements that were recorded, in order."""
    found = scan(view.desk, view.tenant, ["bank.statement_recorded.v1"])
    items = [{"position": one.position, **msgspec.structs.asdict(one.fact)} for one in found]
    return seen(view, {"items": items, "next": None})


@router.get("/bank-statements/{statement}/lines")
def list_statement_lines(
    statement: StatementPath,
    view: Annotated[View, present("payout.read")],
    limit: LimitQuery = 100,
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """All lines of a statement after a number, with what became of each."""
    view.read_pay(f"bankstatement/{statement}")
    rows = bank_lines(view.desk).lines(view.tenant, statement, after, limit)
    following = rows[-1].line_no if len(rows) == limit else None
    return seen(view, {"items": [msgspec.structs.asdict(row) for row in rows], "next": following})


# Matching


@router.post("/bank-matches", status_code=201, **writes("What was settled and returned"))
def match_lines(
    body: BankActRequest, write: Annotated[Write, writing("payout.answer")]
) -> Response:
    """Record of each payout what the bank's lines say: settled, returned. Safe to repeat."""

    def do() -> dict[str, Any]:
        found = bank_match.match(write.desk, write.tenant, Ask(write.act(body.reason)))
        return {
            "receipts": found.receipts,
            "settled": found.settled,
            "returned": found.returned,
            "refused": found.refused,
            "verdicts": found.verdicts,
            "warnings": found.warnings,
        }

    return write.whole(do, reason=body.reason)


@router.get("/bank-lines")
def list_bank_lines(
    view: Annotated[View, reading("payout.read")],
    verdict: Verdict | None = None,
    limit: LimitQuery = 100,
    after: Text = None,
) -> Response:
    """The lines of the bank, each with its one verdict and its age."""
    found = bank_match.picture(view.desk, view.tenant, view.known).lines
    lines = sorted(
        (one for one in found if verdict in (None, one.verdict)), key=lambda one: one.line.id
    )
    lines = [one for one in lines if after is None or one.line.id > after]
    following = lines[limit - 1].line.id if len(lines) > limit else None
    items = [_line(one, view) for one in lines[:limit]]
    view.read_pay("bank-lines")
    return seen(view, {"items": items, "next": following, "known": view.position})


def _line(one: LineVerdict, view: View) -> dict[str, Any]:
    return {
        "id": one.line.id,
        **msgspec.structs.asdict(one.line),
        "verdict": one.verdict,
        "payout": one.payout,
        "days": one.age(view.effective),
    }


@router.post("/bank-lines/proposals", status_code=201, **writes("Lines and what they may be"))
def propose_matches(
    body: BankActRequest, write: Annotated[Write, writing("payout.answer")]
) -> Response:
    """For each line without a known id the instructions it may have paid. Names and accounts are
    opened for it, and that is recorded."""
    ask = Ask(write.act(body.reason))
    found = bank_match.proposals(write.desk, write.tenant, ask)
    items = [
        {
            "line": one.line.id,
            "booked_on": one.line.booked_on,
            "amount": one.line.amount,
            "end_to_end_id": one.end_to_end_id,
            "payout": one.payout,
            "rule": one.rule,
            "only": one.only,
        }
        for one in found
    ]
    position = write.desk.store.head(write.tenant)[0]
    return json_answer({"receipts": [], "items": items}, 201, headers_of([], position))


@router.post("/bank-lines/{statement}/{line}/match", status_code=201, **writes("The line, matched"))
def confirm_match(
    statement: StatementPath,
    line: LinePath,
    body: LineMatchRequest,
    write: Annotated[Write, writing("payout.answer")],
) -> Response:
    """Say that a line without a known id belongs to an instruction."""

    def receipts(ask: Ask) -> list[Receipt]:
        return bank_match.confirm(
            write.desk, write.tenant, f"{statement}/{line}", body.end_to_end_id, body.rule, ask
        )

    return write.once(
        receipts, lambda position: {"end_to_end_id": body.end_to_end_id}, reason=body.reason
    )


# Reconciliation


@router.get("/reconciliation", response_model=None)
def get_reconciliation(
    view: Annotated[View, reading("payout.read")],
    run: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")] = None,
    month: MonthQuery = None,
    layout: Literal["json", "text", "csv"] = "json",
) -> Response:
    """Payslips, ledger and bank as sums that add up, of a run, a month or everything."""
    if run is not None and month is not None:
        raise Invalid(
            "批次和月份只能给一个", "Name a run or a month, not both", do="Leave one out."
        )
    _month_of(month)
    found = reconcile.reconcile(
        view.desk, view.tenant, on=view.effective, run=run, month=month, known=view.known
    )
    view.read_pay(f"payrun/{run}" if run else f"reconciliation/{month or 'all'}")
    if layout == "text":
        return Response(reconcile.as_text(found), media_type="text/plain; charset=utf-8")
    if layout == "csv":
        return Response(reconcile.as_csv(found), media_type="text/csv; charset=utf-8")
    shown = views.money({**msgspec.to_builtins(found), "adds_up": found.adds_up})
    for check, one in zip(shown["checks"], found.checks, strict=True):
        check["difference"] = one.difference
    return seen(view, {"reconciliation": shown, "known": view.position})


def _month_of(text: str | None) -> None:
    try:
        if text is not None:
            Month.parse(text)
    except ValueError as error:
        raise Invalid(f"{text} 不是月份", str(error), do="Write 2025-03.", field="month") from None


@router.get("/pay-runs/{run}/order-matches")
def list_order_matches(run: RunId, view: Annotated[View, present("payout.read")]) -> Response:
    """Settled orders, the commission lines paid on them and the bank's lines, three ways."""
    found = reconcile.order_matches(view.desk, view.tenant, run)
    items = [{**msgspec.structs.asdict(one), "difference": one.difference} for one in found]
    view.read_pay(f"payrun/{run}")
    return seen(view, {"items": items, "next": None})
