"""Steps of a run around approval and after posting: reviewed, paid, reconciled, closed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from domain.facts import Fact
from domain.money import ZERO
from domain.payout import Payout
from domain.payrun import PayRun, check_digest, need
from domain.refusals import WrongState
from domain.run_findings import RunFinding, counted, digest_of, to_acknowledge
from domain.run_step_facts import (
    PayRunClosed,
    PayRunPaid,
    PayRunReconciled,
    PayRunReviewed,
    ReconcilePayRun,
    ReviewPayRun,
)

MANY = 20
"""So many ids a refusal lists."""


def review(
    state: PayRun, command: ReviewPayRun, findings: Iterable[RunFinding], known: int
) -> list[Fact]:
    """Take note of the exceptions found at position `known`.

    Raises WrongState where the run or its list is another than the one looked at, or a code that
    has to be acknowledged was not named.
    """
    need(state, "computed", "reviewed")
    check_digest(state, command.digest)
    listed = list(findings)
    digest, wanted = digest_of(listed), to_acknowledge(listed)
    if command.findings_digest not in (None, digest):
        raise WrongState(
            "异常清单已变化",
            "The list of exceptions is not the one you looked at",
            do="Look at the exceptions again and send the digest they show.",
            findings_digest=digest,
        )
    if wanted != set(command.acknowledge):
        raise WrongState(
            f"有 {len(wanted)} 类异常须逐类确认",
            f"{len(wanted)} kinds of exceptions were not acknowledged exactly",
            do="Look at the exceptions and name every code in `acknowledge`.",
            acknowledge=sorted(wanted),
            findings=counted(listed),
            findings_digest=digest,
        )
    made = PayRunReviewed(
        digest=state.digest,
        known=known,
        change=command.change,
        findings=counted(listed),
        findings_digest=digest,
        acknowledged=tuple(sorted(wanted)),
    )
    return [made]


def paid(state: PayRun, payables: dict[str, Decimal], payouts: dict[str, Payout]) -> list[Fact]:
    """Say that every payable (payout → amount) of a posted run is instructed.

    Raises WrongState with those that are not.
    """
    need(state, "posted", "paid")
    open_ones = {payout for payout, amount in payables.items() if amount > ZERO}
    missing = sorted(open_ones - set(payouts))
    if missing:
        raise WrongState(
            f"有 {len(missing)} 笔尚未指示付款",
            f"{len(missing)} payables of the run are not instructed",
            do="Instruct the run first.",
            missing=missing[:MANY],
        )
    amount = sum((payables[one] for one in open_ones), ZERO)
    nothing = len(payables) - len(open_ones)
    return [PayRunPaid(payouts=len(open_ones), amount=amount, nothing_to_pay=nothing)]


def reconcile(state: PayRun, command: ReconcilePayRun, payouts: dict[str, Payout]) -> list[Fact]:
    """Say that every payout of the run is settled or has a verdict.

    Raises WrongState where one has neither, or a verdict names a payout that is settled.
    """
    need(state, "paid", "reconciled")
    settled = {name: one for name, one in payouts.items() if one.status == "settled"}
    open_ones = sorted(set(payouts) - set(settled))
    if set(open_ones) != set(command.verdicts):
        without = sorted(set(open_ones) - set(command.verdicts))
        wrong = sorted(set(command.verdicts) - set(open_ones))
        raise WrongState(
            f"{len(without)} 笔付款无结论, {len(wrong)} 个结论不适用",
            f"{len(without)} payouts are neither settled nor have a verdict; "
            f"{len(wrong)} verdicts are for none that is open",
            do="Record the bank's answers, or give each open payout its verdict.",
            without=without[:MANY],
            wrong=wrong[:MANY],
        )
    amount = sum((one.amount for one in settled.values()), ZERO)
    return [PayRunReconciled(settled=len(settled), amount=amount, verdicts=dict(command.verdicts))]


def close(state: PayRun) -> list[Fact]:
    """End a reconciled run."""
    need(state, "reconciled", "closed")
    return [PayRunClosed(digest=state.digest)]
