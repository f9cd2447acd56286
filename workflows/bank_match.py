"""Matching: what the bank's lines say is recorded of the payouts, and what only a person can say.

A line with a known end-to-end id speaks for itself. One without is proposed, by sum, account or
name, and days, and counts only once a person has confirmed it: the confirmation is a fact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from domain.bank_batch import BankDataOpened
from domain.bank_line import BankLineMatched, TakenLine
from domain.payout import AWAITING, ReturnPayout, SettlePayout
from domain.reconcile import Attempt, PayoutVerdict, Picture, judge
from domain.refusals import NotFound, StaleVersion, WrongState
from ledger.records import NewFact, Receipt
from workflows.bank_books import Standing, bank_lines, payouts_of
from workflows.bank_files import open_details
from workflows.bank_statements import account_digest, match_key, name_digest
from workflows.desk import RETRIES, Ask, Desk, busy, scan
from workflows.payouts import Answer, record_answers

WINDOW_DAYS = 15
"""A line that is booked later after the instruction than this is not proposed for it."""
NO_CODE = "RETURNED"


@dataclass(frozen=True, slots=True)
class Matched:
    """What matching recorded, and what it could not."""

    settled: int = 0
    returned: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A line without a known id, and an instruction it may have paid."""

    line: TakenLine
    end_to_end_id: str
    payout: str
    rule: str
    only: bool
    """There is no other instruction that it could be by the same rule."""


def picture(desk: Desk, tenant: str, known: int | None = None) -> Picture:
    """Every line and every payout with its verdict, as known at a position (now by default)."""
    return _picture(desk, tenant, payouts_of(desk, tenant, known=known), known)


def _picture(
    desk: Desk, tenant: str, standing: Mapping[str, Standing], known: int | None = None
) -> Picture:
    attempts = [attempt for one in standing.values() for attempt in one.attempts]
    lines = bank_lines(desk).taken(tenant, known=known)
    return judge(attempts, lines, confirmed(desk, tenant, known))


def confirmed(desk: Desk, tenant: str, known: int | None = None) -> dict[str, str]:
    """Line id → end-to-end id, as persons said."""
    found = {}
    for record in scan(desk, tenant, ["bank.line_matched.v1"], upto=known):
        if isinstance(record.fact, BankLineMatched):
            fact = record.fact
            found[f"{fact.statement}/{fact.line_no}"] = fact.end_to_end_id
    return found


def match(desk: Desk, tenant: str, ask: Ask) -> Matched:
    """Record of each payout what its lines say: settled, returned. Safe to repeat.

    A line of another sum, and a second payment, are recorded nowhere but in their verdicts.
    """
    standing = payouts_of(desk, tenant)
    seen = _picture(desk, tenant, standing)
    answers = [answer for one in seen.payouts if (answer := _answer(one)) is not None]
    states = {name: one.state for name, one in standing.items()}
    told = record_answers(desk, tenant, answers, Ask(ask.act), states)
    done = {"settled": 0, "returned": 0}
    for answer, verdict in zip(answers, told, strict=True):
        if verdict.receipt is not None:
            done["settled" if isinstance(answer.command, SettlePayout) else "returned"] += 1
    refused = [{"payout": one.payout, **_why(one.refusal)} for one in told if one.refusal]
    verdicts: dict[str, int] = defaultdict(int)
    for line in seen.lines:
        verdicts[line.verdict] += 1
    warnings = [
        f"{one.payout}: the bank paid {one.paid_under}, and {one.end_to_end_id} was instructed"
        for one in seen.payouts
        if one.paid_under_earlier_id
    ]
    receipts = [one.receipt for one in told if one.receipt is not None]
    return Matched(done["settled"], done["returned"], refused, receipts, dict(verdicts), warnings)


def _why(refusal: Exception | None) -> dict[str, str]:
    return {"en": str(refusal)}


def _answer(one: PayoutVerdict) -> Answer | None:
    """What the lines of a payout say that its facts do not say yet."""
    if one.paid is not None:
        if one.paid_under_earlier_id or one.status not in AWAITING:
            return None
        settled = SettlePayout(
            bank_reference=one.paid.ref, on=one.paid.booked_on, amount=one.amount
        )
        return Answer(one.payout, settled, of_statement=True)
    if one.came_back is not None and one.status in (*AWAITING, "settled"):
        code = one.came_back.reason_code or NO_CODE
        back = ReturnPayout(reason_code=code, on=one.came_back.booked_on)
        return Answer(one.payout, back, of_statement=True)
    return None


def proposals(desk: Desk, tenant: str, ask: Ask) -> list[Proposal]:
    """For each line without a known id the instructions it may have paid: the same sum, the
    payee's account or name, and booked within days of the instruction.

    Names and accounts of these payees are opened for it, and that they were is recorded.
    """
    seen = picture(desk, tenant)
    unknown = [one.line for one in seen.lines if one.verdict == "unknown" and one.line.amount < 0]
    standing = payouts_of(desk, tenant)
    sums = {-line.amount for line in unknown}
    paid = {one.payout for one in seen.payouts if one.paid is not None}
    waiting = [
        one.attempts[-1]
        for name, one in standing.items()
        if one.state.status in AWAITING and one.state.amount in sums and name not in paid
    ]
    if not waiting:
        return []
    digests = _digests(desk, tenant, {one.person for one in waiting}, ask)
    made = []
    for line in unknown:
        made += _proposed(line, waiting, digests)
    return made


def _digests(desk: Desk, tenant: str, persons: set[str], ask: Ask) -> dict[str, tuple[str, str]]:
    """Person → digests of account and name."""
    opening = BankDataOpened(purpose="matching", persons=len(persons))
    for _ in range(RETRIES):
        version = len(desk.store.stream(tenant, "bankmatching/opened"))
        try:
            new = NewFact("bankmatching/opened", version + 1, opening)
            desk.store.append(tenant, [new], ask.act)
            break
        except StaleVersion:
            continue
    else:
        raise busy("matching")
    key = match_key(desk, tenant, ask)
    return {
        person: (
            account_digest(key, known.get("bank_account", "")),
            name_digest(key, known.get("name", "")),
        )
        for person, known in open_details(desk, tenant, persons).items()
    }


def _proposed(
    line: TakenLine, waiting: list[Attempt], digests: Mapping[str, tuple[str, str]]
) -> list[Proposal]:
    near = [
        one
        for one in waiting
        if one.amount == -line.amount
        and one.instructed_on - timedelta(days=1)
        <= line.booked_on
        <= one.instructed_on + timedelta(days=WINDOW_DAYS)
    ]
    for rule, place, told in (
        ("sum, account, days", 0, line.party_account),
        ("sum, name, days", 1, line.party_name),
    ):
        fit = [one for one in near if told and digests.get(one.person, ("", ""))[place] == told]
        if fit:
            return [
                Proposal(
                    line=line,
                    end_to_end_id=one.end_to_end_id,
                    payout=one.payout,
                    rule=rule,
                    only=len(fit) == 1,
                )
                for one in fit
            ]
    return []


def confirm(
    desk: Desk, tenant: str, line_id: str, end_to_end_id: str, rule: str, ask: Ask
) -> list[Receipt]:
    """Record that a person says: this line belongs to this instruction. The same word again
    changes nothing; another one is refused, and so is a line that speaks for itself."""
    seen = picture(desk, tenant)
    line = next((one for one in seen.lines if one.line.id == line_id), None)
    if line is None:
        raise _missing("对账单行", "line", line_id)
    attempts = [one for each in payouts_of(desk, tenant).values() for one in each.attempts]
    found = next((one for one in attempts if one.end_to_end_id == end_to_end_id), None)
    if found is None:
        raise _missing("付款指示", "instruction", end_to_end_id)
    if confirmed(desk, tenant).get(line_id) == end_to_end_id:
        return []
    if line.verdict != "unknown":
        raise _known(line_id, line.end_to_end_id)
    fact = BankLineMatched(
        statement=line.line.statement,
        line_no=line.line.line_no,
        end_to_end_id=end_to_end_id,
        rule=rule,
    )
    try:
        new = [NewFact(f"bankline/{line_id}", 1, fact)]
        return desk.store.append(tenant, new, ask.act, idempotency=ask.idempotency)
    except StaleVersion:
        present = confirmed(desk, tenant).get(line_id, "")
        if present == end_to_end_id:
            return []
        raise _known(line_id, present) from None


def _missing(zh: str, en: str, name: str) -> NotFound:
    return NotFound(
        f"没有{zh} {name}", f"There is no {en} {name}", do="List the lines that wait for a match."
    )


def _known(line_id: str, end_to_end_id: str) -> WrongState:
    return WrongState(
        f"{line_id} 已属于 {end_to_end_id}",
        f"{line_id} belongs to {end_to_end_id} already",
        do="A line belongs to one instruction; look at both again.",
        end_to_end_id=end_to_end_id,
    )
