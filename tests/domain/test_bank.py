"""Files for the bank against the published schemas, statements nobody vouches for, and verdicts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.bank_camt import read_camt
from domain.bank_csv import CsvLayout, write_csv
from domain.bank_line import BankLine, BankStatementRecorded, Statement, TakenLine, Unreadable
from domain.bank_pain import Initiation, write_pain
from domain.bank_statement_csv import StatementLayout, read_row
from domain.bank_transfer import Transfer, bank_id
from domain.reconcile import VERDICTS, Attempt, Picture, judge
from domain.reconcile_sums import Owed, reconciliation
from domain.refusals import Invalid
from tests.domain.xsd import Schema
from tests.workflows.bank import camt

PAIN, CAMT = Schema("pain.001.001.09"), Schema("camt.053.001.08")
DAY = date(2025, 4, 10)
HEAD = Initiation(
    message_id="2025-03-1.b1",
    created=datetime(2025, 4, 9, 8, tzinfo=UTC),
    debtor_name="星光传媒 & 伙伴",
    debtor_account="310066001234567",
    debtor_bank="102290000010",
    pay_on=DAY,
)


def transfer(number: int = 1, **more: str) -> Transfer:
    said = {"name": "林小满", "account": "6222020000000000000", "bank": "工商银行", "memo": "工资"}
    return Transfer(
        end_to_end_id=f"2025-03-1.C-{number}.net.1",
        person=f"S{number}",
        amount=Decimal("6321.50") + number,
        **{**said, **more},
    )


# Files


def test_a_pain_file_is_valid_against_the_published_schema():
    transfers = [transfer(n, name=name) for n, name in enumerate(("林<小>满", "O'Neil & 子", "A"))]
    data = write_pain(transfers, HEAD)
    assert PAIN.problems(data) == []
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    root = Tree.fromstring(data)
    amounts = [Decimal(one.text or "") for one in root.iterfind(".//p:InstdAmt", space)]
    assert {one.text for one in root.iterfind(".//p:CtrlSum", space)} == {str(sum(amounts))}
    assert {one.text for one in root.iterfind(".//p:NbOfTxs", space)} == {"3"}
    assert write_pain(transfers, HEAD) == data


def test_a_bic_and_a_payee_without_a_named_bank_are_valid_too():
    import msgspec

    head = msgspec.structs.replace(HEAD, debtor_bank="ICBKCNBJSHI")
    assert PAIN.problems(write_pain([transfer(bank="")], head)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<PmtMtd>TRF</PmtMtd>", b"<PmtMtd>XXX</PmtMtd>"),
        (b"<NbOfTxs>1</NbOfTxs>", b"<NbOfTxs>one</NbOfTxs>"),
        (b' Ccy="CNY"', b""),
        (b"<MsgId>2025-03-1.b1</MsgId>", b""),
        (b"<Cdtr><Nm>", b"<Cdtr><Name>x</Name><Nm>"),
    ],
)
def test_the_validator_of_these_tests_sees_what_is_wrong(old: bytes, new: bytes):
    data = write_pain([transfer()], HEAD)
    assert old in data
    assert PAIN.problems(data.replace(old, new, 1)) != []


@given(st.text(min_size=1, max_size=200))
def test_an_id_goes_to_the_bank_in_35_characters_that_every_clearing_carries(text: str):
    short = bank_id(text)
    assert 1 <= len(short) <= 35
    assert short.isascii()
    assert bank_id(short) == short


@pytest.mark.parametrize("name", ["=1+1", "+86", "-x", "@SUM(A1)", "a\nb", "a\tb", "x" * 141, ""])
def test_a_name_that_a_spreadsheet_would_run_or_a_bank_not_take_is_refused(name: str):
    for write in (lambda: write_csv([transfer(name=name)], CsvLayout()),
                  lambda: write_pain([transfer(name=name)], HEAD)):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            write()
        assert [one["person"] for one in refused.value.details["persons"]] == ["S1"]
        assert name == "" or name not in str(refused.value.as_dict())


def test_a_layout_gives_the_columns_a_bank_wants():
    layout = CsvLayout.model_validate(
        {
            "columns": [("备注", "end_to_end_id"), ("户名", "name"), ("账号", "account"),
                        ("金额", "amount")],
            "encoding": "gb18030",
            "delimiter": "|",
        }
    )  # fmt: skip
    text = write_csv([transfer(name='引"号|竖线')], layout).decode("gb18030")
    rows = list(csv.reader(io.StringIO(text), delimiter="|"))
    assert rows[0] == ["备注", "户名", "账号", "金额"]
    assert rows[1] == ["2025-03-1.C-1.net.1", '引"号|竖线', "6222020000000000000", "6322.50"]
    with pytest.raises(ValidationError, match="lack"):
        CsvLayout.model_validate({"columns": [("户名", "name")]})


# Statements


def test_a_camt_statement_is_valid_and_read_with_its_signs_and_ids():
    data = camt(
        [("B1", "-10.00", "E1", ""), ("B2", "10.00", "E1", "AC04"), ("B3", "-1.00", "", "")]
    )
    assert CAMT.problems(data) == []
    (found,) = read_camt(data)
    lines = [line for line in found.lines if isinstance(line, BankLine)]
    assert [(line.ref, line.amount, line.end_to_end_id, line.reason_code) for line in lines] == [
        ("B1", Decimal("-10.00"), "E1", ""),
        ("B2", Decimal("10.00"), "E1", "AC04"),
        ("B3", Decimal("-1.00"), "", ""),
    ]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Document><BkToCstmrStmt><Stmt><Id>&b;</Id></Stmt></BkToCstmrStmt></Document>"""
OUTSIDE = b"""<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>"""


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        OUTSIDE,
        BOMB.decode().encode("utf-16"),
        b"<Document>" + b"<a>" * 100 + b"</a>" * 100 + b"</Document>",
        b"<Document><BkToCstmrStmt></BkToCstmrStmt></Document>",
        b"<Document><Bk",
        b"",
        b"\xff\xfe\x00",
        b"{}",
    ],
)
def test_a_file_with_entities_or_none_at_all_is_refused(data: bytes):
    with pytest.raises(Invalid):
        read_camt(data)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(data: bytes):
    with pytest.raises(Invalid):
        read_camt(data)


def test_an_entry_with_many_transactions_is_as_many_lines_where_they_add_up():
    data = camt([("B1", "-10.00", "E1", "")]).decode()
    one = data[data.index("<TxDtls>") : data.index("</NtryDtls>")]
    parts = [
        one.replace("<Refs>", f"<Refs><MsgId>{n}</MsgId>").replace(
            "</Refs>", f'</Refs><Amt Ccy="CNY">{amount}</Amt>'
        )
        for n, amount in enumerate(("4.00", "6.00"))
    ]
    (found,) = read_camt(data.replace(one, "".join(parts)).encode())
    assert [line.amount for line in found.lines if isinstance(line, BankLine)] == [-4, -6]
    (whole,) = read_camt(data.replace(one, parts[0]).encode())
    assert [line.amount for line in whole.lines if isinstance(line, BankLine)] == [-10]


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        ({"day": "2025-04-10", "amount": "-1,234.50"}, "-1234.50"),
        ({"day": "2025-04-10", "amount": "1234.5", "direction": "借"}, "-1234.5"),
        ({"day": "2025-04-10", "amount": "1234.5", "direction": "C"}, "1234.5"),
        ({"day": "2025-04-10", "debit": "¥3.00", "credit": ""}, "-3.00"),
        ({"day": "2025-04-10", "debit": "3", "credit": "3"}, "debit_and_credit"),
        ({"day": "10.04.2025", "amount": "1"}, "malformed_day"),
        ({"day": "2025-04-10", "amount": "1.005"}, "malformed_amount"),
        ({"day": "2025-04-10", "amount": "1e3"}, "malformed_amount"),
        ({"day": "2025-04-10", "amount": "0.00"}, "no_amount"),
        ({"day": "2025-04-10", "amount": "1", "currency": "USD"}, "other_currency"),
    ],
)
def test_a_row_of_a_csv_is_a_line_or_a_reason(row: dict[str, str], amount: str):
    found = read_row(row, StatementLayout())
    if isinstance(found, Unreadable):
        assert found.problem == amount
    else:
        assert found.amount == Decimal(amount)


# Verdicts

AMOUNTS = st.sampled_from([Decimal(10), Decimal(20)])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Attempt], list[TakenLine], dict[str, str]]:
    """Some payouts with one to three attempts, and lines that may mean any of them."""
    attempts = []
    for payout in range(draw(st.integers(1, 4))):
        amount = draw(AMOUNTS)
        tries = draw(st.integers(1, 3))
        for number in range(1, tries + 1):
            last = st.sampled_from(["instructed", "sent", "settled", "returned", "failed"])
            status = draw(last if number == tries else st.sampled_from(["returned", "failed"]))
            attempts.append(
                Attempt(
                    end_to_end_id=f"2025-03-1.C{payout}.net.{number}",
                    payout=f"2025-03-1.C{payout}.net",
                    contract=f"C{payout}",
                    person=f"S{payout}",
                    run="2025-03-1",
                    month="2025-03",
                    amount=amount,
                    attempt=number,
                    status=status,  # type: ignore[arg-type]
                    instructed_on=DAY,
                )
            )
    ids = [one.end_to_end_id for one in attempts]
    lines = []
    for number in range(draw(st.integers(0, 10))):
        lines.append(
            TakenLine(
                statement="S",
                line_no=number + 1,
                account="1",
                ref=f"B{number}",
                booked_on=DAY + timedelta(days=draw(st.integers(0, 3))),
                amount=draw(AMOUNTS) * draw(st.sampled_from([-1, 1])),
                end_to_end_id=draw(st.sampled_from(["", "elsewhere", *ids])),
            )
        )
    said = {line.id: draw(st.sampled_from(ids)) for line in lines if draw(st.integers(0, 3)) == 0}
    return attempts, lines, said


def told(seen: Picture) -> tuple[dict[str, str], dict[str, str]]:
    lines = {one.line.id: one.verdict for one in seen.lines}
    return lines, {one.payout: one.verdict for one in seen.payouts}


@given(worlds(), st.randoms())
def test_every_line_and_every_payout_has_one_verdict_whatever_the_order(world, random):
    attempts, lines, said = world
    seen = judge(attempts, lines, said)
    assert Counter(one.line.id for one in seen.lines) == Counter(line.id for line in lines)
    assert Counter(one.payout for one in seen.payouts) == Counter({a.payout for a in attempts})
    assert {one.verdict for one in [*seen.lines, *seen.payouts]} <= set(VERDICTS)
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert told(judge(attempts, shuffled, said)) == told(seen)


@given(worlds())
def test_a_payout_is_settled_by_one_line_and_paid_once_unless_said_to_be_duplicate(world):
    seen = judge(*world)
    settling = Counter(one.payout for one in seen.lines if one.verdict == "settled")
    assert all(count == 1 for count in settling.values())
    for one in seen.payouts:
        if one.verdict == "settled":
            assert settling[one.payout] == 1
            assert one.age(DAY + timedelta(days=90)) == 0
        if one.verdict in ("unpaid", "returned", "unknown"):
            assert one.paid is None


@given(worlds())
def test_the_reconciliation_adds_up_whatever_the_bank_wrote(world):
    attempts, lines, _ = world
    seen = judge(*world)
    owed = [
        Owed(payout=name, run="2025-03-1", contract=name, net=amount)
        for name, amount in {one.payout: one.amount for one in attempts}.items()
    ]
    owed.append(Owed(payout="x", run="2025-03-1", contract="x", net=Decimal("5.00")))
    statement = BankStatementRecorded(
        statement="S",
        account="1",
        format="csv",
        file_sha256="",
        period_start=DAY,
        period_end=DAY,
        taken=len(lines),
        repeated=0,
        conflicting=0,
        unreadable=0,
        debits=-sum((one.amount for one in lines if one.amount < 0), Decimal(0)),
        credits=sum((one.amount for one in lines if one.amount > 0), Decimal(0)),
        opening=None,
        closing=None,
        lines_sha256="",
    )
    found = reconciliation("all", DAY, owed, seen, [statement])
    assert [check.difference for check in found.checks] == [0, 0, 0]
    assert found.adds_up
    assert sum(one.count for one in found.payouts) == len(seen.payouts)
    assert sum(one.count for one in found.lines) == len(lines)
    assert [one.payout for one in found.unpaid_payslips] == ["x"]


def test_a_statement_has_no_line_twice_under_a_made_reference():
    from domain.bank_line import with_references

    alike = [BankLine(ref="", booked_on=DAY, amount=Decimal(1)) for _ in range(3)]
    made = Statement(account="1", lines=with_references(alike)).lines
    refs = [line.ref for line in made if isinstance(line, BankLine)]
    assert len(set(refs)) == 3
    assert with_references(alike[:2]) == made[:2]
