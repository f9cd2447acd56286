"""Paying through a bank: batches, files, statements, matching."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from xml.etree import ElementTree as Tree

import pytest

from domain.bank_batch import ApproveBatch, BankDataOpened, ProposeBatch
from domain.payout import FailPayout
from domain.person import ChangePersonalData, PersonalData
from domain.refusals import Invalid, SeparationOfDuties, WrongState
from ledger.store import open_pool
from tests.workflows.bank import (
    ACCOUNT,
    APPROVER,
    CLERK,
    DEBTOR,
    FINANCE,
    RUN,
    TODAY,
    account_of,
    amount_of,
    approved_batch,
    camt,
    paid,
    posted_run,
    sent_batch,
    statement_csv,
)
from tests.workflows.company import TENANT, opened_desk
from workflows import bank_batches, bank_files, bank_match, bank_statements, payouts, setup
from workflows.bank_books import bank_lines, batches_of, payouts_of, read_batch
from workflows.desk import Desk

PROPOSE = ProposeBatch(debtor=DEBTOR)


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with opened_desk(database) as made:
        posted_run(made, 5)
        yield made


def payout_id(number: int) -> str:
    return f"{RUN}.C{number:05}.net"


def status(desk: Desk, number: int) -> str:
    return payouts.read_payout(desk, TENANT, payout_id(number)).status


def imported(desk: Desk, data: bytes, form: str = "csv") -> bank_statements.Imported:
    account = ACCOUNT if form == "csv" else None
    (made,) = bank_statements.import_statement(
        desk, TENANT, form, [data], CLERK, account=account  # type: ignore[arg-type]
    )  # fmt: skip
    return made


# Batches


def test_a_run_is_instructed_batched_approved_written_sent_and_settled(desk: Desk):
    file = sent_batch(desk)
    assert {one.state.status for one in payouts_of(desk, TENANT, RUN).values()} == {"sent"}
    imported(desk, statement_csv(paid(file)))
    done = bank_match.match(desk, TENANT, CLERK)
    assert (done.settled, done.returned, done.refused) == (5, 0, [])
    assert {one.state.status for one in payouts_of(desk, TENANT, RUN).values()} == {"settled"}
    assert bank_match.match(desk, TENANT, CLERK).settled == 0


def test_who_instructed_or_proposed_may_not_approve(desk: Desk):
    payouts.instruct_run(desk, TENANT, RUN, FINANCE)
    batch = bank_batches.propose(desk, TENANT, RUN, PROPOSE, CLERK).state
    for actor in (FINANCE, CLERK):
        with pytest.raises(SeparationOfDuties):
            bank_batches.approve(desk, TENANT, batch.batch, ApproveBatch(), actor)
    with pytest.raises(WrongState, match="not the one you looked at"):
        bank_batches.approve(desk, TENANT, batch.batch, ApproveBatch(digest="0" * 64), APPROVER)
    bank_batches.approve(desk, TENANT, batch.batch, ApproveBatch(digest=batch.digest), APPROVER)


def test_no_file_without_approval_and_nothing_sent_without_a_file(desk: Desk):
    payouts.instruct_run(desk, TENANT, RUN, FINANCE)
    batch = bank_batches.propose(desk, TENANT, RUN, PROPOSE, FINANCE).state.batch
    with pytest.raises(WrongState, match="proposed"):
        bank_files.write_file(desk, TENANT, batch, "csv", None, FINANCE)
    bank_batches.approve(desk, TENANT, batch, ApproveBatch(), APPROVER)
    with pytest.raises(WrongState, match="approved"):
        bank_batches.send(desk, TENANT, batch, FINANCE)


def test_an_instruction_is_in_one_batch_however_many_propose_at_once(desk: Desk):
    payouts.instruct_run(desk, TENANT, RUN, FINANCE)

    def propose(number: int) -> str:
        try:
            return bank_batches.propose(desk, TENANT, RUN, PROPOSE, FINANCE).state.batch
        except (Invalid, WrongState) as refusal:
            return refusal.code

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(propose, range(6)))
    assert sorted(made) == ["2025-03-1.b1", *["invalid"] * 5]
    (batch,) = batches_of(desk, TENANT, RUN)
    assert (batch.payouts, batch.total) == (5, sum(amount_of(n) for n in range(1, 6)))


def test_what_is_left_out_and_what_a_withdrawn_batch_held_goes_into_the_next(desk: Desk):
    payouts.instruct_run(desk, TENANT, RUN, FINANCE)
    without = ProposeBatch(debtor=DEBTOR, leave_out=(payout_id(2),))
    first = bank_batches.propose(desk, TENANT, RUN, without, FINANCE).state
    second = bank_batches.propose(desk, TENANT, RUN, PROPOSE, FINANCE).state
    assert second.end_to_end_ids == (f"{payout_id(2)}.1",)
    bank_batches.withdraw(desk, TENANT, first.batch, FINANCE)
    third = bank_batches.propose(desk, TENANT, RUN, PROPOSE, FINANCE).state
    assert third.end_to_end_ids == first.end_to_end_ids


# Files


def test_the_file_of_a_batch_is_one_fact_with_its_digest_and_the_same_bytes_for_ever(desk: Desk):
    batch = approved_batch(desk)
    first = bank_files.write_file(desk, TENANT, batch, "csv", None, FINANCE)
    new = ChangePersonalData(personal=PersonalData(name="改名", bank_account="999"))
    setup.change_personal_data(desk, TENANT, "S00001", new, CLERK)
    bank_batches.send(desk, TENANT, batch, FINANCE)
    again = bank_files.write_file(desk, TENANT, batch, None, None, FINANCE)
    assert again.data == first.data
    fact = read_batch(desk, TENANT, batch).file
    assert fact is not None
    assert fact.sha256 == hashlib.sha256(first.data).hexdigest()
    assert (fact.payouts, fact.total) == (5, sum(amount_of(n) for n in range(1, 6)))
    rows = list(csv.DictReader(io.StringIO(first.data.decode("utf-8-sig"))))
    assert [row["收款账号"] for row in rows] == [account_of(n) for n in range(1, 6)]
    assert sum(Decimal(row["金额"]) for row in rows) == fact.total
    with pytest.raises(WrongState, match="second form"):
        bank_files.write_file(desk, TENANT, batch, "pain.001", None, FINANCE)


def test_every_opening_of_accounts_is_recorded_and_none_of_them_stands_in_a_fact(desk: Desk):
    batch = approved_batch(desk)
    bank_files.write_file(desk, TENANT, batch, "pain.001", None, FINANCE)
    bank_files.write_file(desk, TENANT, batch, None, None, CLERK)
    stream = desk.store.stream(TENANT, f"payoutbatch/{batch}")
    opened = [one for one in stream if isinstance(one.fact, BankDataOpened)]
    assert [one.actor for one in opened] == ["finance.zhao", "clerk.sun"]
    everything = b"".join(desk.store.envelopes_after(TENANT, 0, 1000))
    assert account_of(1).encode() not in everything
    assert "主播1".encode() not in everything


def test_a_person_without_an_account_is_named_and_can_be_left_out(database: str):
    with opened_desk(database) as desk:
        posted_run(desk, 3, without_account=[2])
        batch = approved_batch(desk)
        with pytest.raises(Invalid) as refused:
            bank_files.write_file(desk, TENANT, batch, "csv", None, FINANCE)
        assert refused.value.details["persons"] == [{"person": "S00002", "problem": "no_account"}]
        bank_batches.withdraw(desk, TENANT, batch, FINANCE)
        rest = approved_batch(desk, leave_out=(payout_id(2),))
        assert bank_files.write_file(desk, TENANT, rest, "csv", None, FINANCE).fact.payouts == 2


# A second instruction


def test_a_failed_payout_is_not_instructed_again_while_its_batch_may_still_go_out(desk: Desk):
    batch = approved_batch(desk)
    failed = FailPayout(reason_code="AC04", on=TODAY)
    payouts.fail(desk, TENANT, payout_id(1), failed, CLERK)
    with pytest.raises(WrongState, match="stands in batch"):
        payouts.instruct_again(desk, TENANT, payout_id(1), FINANCE)
    with pytest.raises(WrongState, match="do not stand any more"):
        bank_files.write_file(desk, TENANT, batch, "csv", None, FINANCE)
    bank_batches.withdraw(desk, TENANT, batch, FINANCE)
    again = payouts.instruct_again(desk, TENANT, payout_id(1), FINANCE).state
    assert (again.status, again.end_to_end_id) == ("instructed", f"{payout_id(1)}.2")


def test_a_second_instruction_is_refused_where_the_bank_says_the_first_was_paid(desk: Desk):
    file = sent_batch(desk)
    payouts.fail(desk, TENANT, payout_id(1), FailPayout(reason_code="??", on=TODAY), CLERK)
    imported(desk, statement_csv(paid(file)))
    with pytest.raises(WrongState, match="was paid"):
        payouts.instruct_again(desk, TENANT, payout_id(1), FINANCE)


def test_a_return_after_settlement_reopens_the_payable_and_it_is_paid_under_a_new_id(desk: Desk):
    file = sent_batch(desk)
    imported(desk, statement_csv(paid(file)))
    bank_match.match(desk, TENANT, CLERK)
    back = [("R1", str(amount_of(1)), f"{payout_id(1)}.1", "AC04")]
    imported(desk, statement_csv(back, day=TODAY + timedelta(days=1)))
    assert bank_match.match(desk, TENANT, CLERK).returned == 1
    assert (status(desk, 1), status(desk, 2)) == ("returned", "settled")
    payouts.instruct_again(desk, TENANT, payout_id(1), FINANCE)
    second = sent_batch(desk)
    assert paid(second) == [("B1", f"-{amount_of(1)}", f"{payout_id(1)}.2", "")]
    later = [("B9", f"-{amount_of(1)}", f"{payout_id(1)}.2", "")]
    imported(desk, statement_csv(later))
    bank_match.match(desk, TENANT, CLERK)
    assert status(desk, 1) == "settled"
    seen = bank_match.picture(desk, TENANT)
    assert {one.verdict for one in seen.payouts} == {"settled"}


def test_a_file_the_bank_refused_as_a_whole_opens_every_payable_again(desk: Desk):
    sent_batch(desk)
    refused = FailPayout(reason_code="RJCT", on=TODAY)
    told = bank_batches.refuse_all(desk, TENANT, f"{RUN}.b1", refused, CLERK)
    assert [one.refusal for one in told] == [None] * 5
    payouts.instruct_again(desk, TENANT, payout_id(3), FINANCE)
    assert status(desk, 3) == "instructed"


# Statements


def test_the_same_file_counts_once_and_its_lines_in_another_file_do_too(desk: Desk):
    lines = paid(sent_batch(desk))
    first = imported(desk, statement_csv(lines[:3]))
    assert (first.fresh, imported(desk, statement_csv(lines[:3])).fresh) == (True, False)
    more = imported(desk, statement_csv(lines)).statement
    assert (more.taken, more.repeated) == (2, 3)
    xml = imported(desk, camt(lines), "camt.053").statement
    assert (xml.taken, xml.repeated) == (0, 5)
    assert len(bank_lines(desk).taken(TENANT)) == 5


def test_every_line_of_a_file_is_kept_under_the_digest_of_the_fact(desk: Desk):
    lines = paid(sent_batch(desk))
    changed = [("B1", "-1.00", "x", ""), *lines[1:], ("", "-2.00", "", ""), ("", "-2.00", "", "")]
    imported(desk, statement_csv(lines))
    broken = statement_csv(changed) + b"B77,yesterday,1.00,,,,,\r\nB78,only\r\n"
    fact = imported(desk, broken).statement
    counts = (fact.taken, fact.repeated, fact.conflicting, fact.unreadable)
    assert counts == (2, 4, 1, 2)
    kept = bank_lines(desk).lines(TENANT, fact.statement)
    assert len(kept) == sum(counts)
    assert [one.problem for one in kept if one.fate == "unreadable"] == [
        "malformed_day",
        "too_few_columns",
    ]
    assert bank_lines(desk).digest(TENANT, fact.statement) == fact.lines_sha256


def test_two_files_that_share_lines_and_race_count_each_line_once(desk: Desk):
    lines = paid(sent_batch(desk))
    files = [statement_csv(lines[:n]) for n in (1, 2, 3, 4, 5, 5)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda data: imported(desk, data), files))
    assert len(bank_lines(desk).taken(TENANT)) == 5


def test_a_statement_whose_balances_do_not_add_up_is_refused_whole(desk: Desk):
    whole = camt([("B1", "-10.00", "x", ""), ("B2", "-20.00", "y", "")])
    cut = whole.replace(b'<Amt Ccy="CNY">10.00</Amt>', b'<Amt Ccy="CNY">11.00</Amt>', 1)
    with pytest.raises(Invalid, match="cut off or was altered"):
        imported(desk, cut, "camt.053")
    assert bank_lines(desk).taken(TENANT) == []


def test_lines_of_a_statement_stay_as_they_came(desk: Desk, database: str):
    imported(desk, statement_csv([("B1", "-1.00", "x", "")]))
    with open_pool(database) as pool, pool.connection() as connection:
        for table in ("bank_line", "bank_statement"):
            for act in (f"DELETE FROM ledger.{table}", f"UPDATE ledger.{table} SET account = 'x'"):
                with pytest.raises(Exception, match="is refused"):
                    connection.execute(act)  # type: ignore[call-overload]


# Matching


def test_each_kind_of_trouble_has_its_verdict(desk: Desk):
    lines = paid(sent_batch(desk))
    one, two, three, four, _ = lines
    short = (two[0], "-1.00", two[2], "")
    twice = ("B1b", one[1], one[2], "")
    back = ("B3r", three[1].lstrip("-"), three[2], "AC04")
    strange = ("B99", "-77.00", "NO-SUCH-ID", "")
    imported(desk, statement_csv([one, twice, short, three, back, strange]))
    done = bank_match.match(desk, TENANT, CLERK)
    assert (done.settled, done.returned) == (1, 1)
    seen = bank_match.picture(desk, TENANT)
    assert {line.line.ref: line.verdict for line in seen.lines} == {
        "B1": "settled",
        "B1b": "duplicate",
        "B2": "amount_differs",
        "B3": "returned",
        "B3r": "returned",
        "B99": "unknown",
    }
    assert {int(payout.contract[1:]): payout.verdict for payout in seen.payouts} == {
        1: "duplicate",
        2: "amount_differs",
        3: "returned",
        4: "unpaid",
        5: "unpaid",
    }
    assert four[0] == "B4"


def test_a_line_without_an_id_is_proposed_by_account_and_counts_once_confirmed(desk: Desk):
    sent_batch(desk)
    heading, row = statement_csv([("B1", f"-{amount_of(4)}", "", "")]).decode().splitlines()
    cells = row.split(",")
    cells[5] = account_of(4)
    data = f"{heading}\n{','.join(cells)}\n".encode()
    imported(desk, data)
    assert bank_match.match(desk, TENANT, CLERK).settled == 0
    (proposal,) = bank_match.proposals(desk, TENANT, CLERK)
    assert (proposal.payout, proposal.rule, proposal.only) == (
        payout_id(4),
        "sum, account, days",
        True,
    )
    word = (proposal.line.id, proposal.end_to_end_id, proposal.rule)
    assert bank_match.confirm(desk, TENANT, *word, CLERK)
    assert bank_match.confirm(desk, TENANT, *word, CLERK) == []
    with pytest.raises(WrongState, match="belongs to"):
        bank_match.confirm(desk, TENANT, proposal.line.id, f"{payout_id(3)}.1", "person", CLERK)
    assert bank_match.match(desk, TENANT, CLERK).settled == 1
    assert status(desk, 4) == "settled"


def test_a_pain_file_names_the_sum_and_count_of_the_facts(desk: Desk):
    batch = approved_batch(desk)
    made = bank_files.write_file(desk, TENANT, batch, "pain.001", None, FINANCE)
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    root = Tree.fromstring(made.data)
    for block in ("GrpHdr", "PmtInf"):
        assert root.findtext(f".//p:{block}/p:NbOfTxs", "", space) == str(made.fact.payouts)
        assert Decimal(root.findtext(f".//p:{block}/p:CtrlSum", "", space)) == made.fact.total
