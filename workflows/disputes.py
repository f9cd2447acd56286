"""Payslips confirmed or disputed by who is paid; disputes answered with a linked correction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from domain import dispute
from domain.contract_facts import ClauseAdded, ClauseAmended, ClauseEnded
from domain.dispute import Answers, DisputeLine, DisputeResolved, LineDisputed, ResolveDispute
from domain.facts import Fact
from domain.lines import Payslip
from domain.metric import MetricBatchRecorded
from domain.payrun import POSTED
from domain.refusals import WrongState
from workflows.desk import Ask, Desk, Outcome, handle, load, scan
from workflows.payrun import read_run
from workflows.payslips import read_payslip

NAMES = ("statement.line_disputed.v1", "statement.dispute_resolved.v1")


def confirm(desk: Desk, tenant: str, run: str, contract: str, ask: Ask) -> Outcome[Answers]:
    """Record that the person agrees with a posted payslip."""
    slip = _posted(desk, tenant, run, contract)
    return _on(desk, tenant, run, contract, lambda state: dispute.confirm(state, run, slip), ask)


def raise_dispute(
    desk: Desk, tenant: str, run: str, contract: str, command: DisputeLine, ask: Ask
) -> Outcome[Answers]:
    """Record that the person does not agree with a line of a posted payslip."""
    slip = _posted(desk, tenant, run, contract)
    return _on(
        desk, tenant, run, contract, lambda state: dispute.dispute(state, run, slip, command), ask
    )


def resolve(
    desk: Desk, tenant: str, run: str, contract: str, name: str, command: ResolveDispute, ask: Ask
) -> Outcome[Answers]:
    """Answer a dispute; an accepted one is linked to the fact that mends it."""
    mends = _mends(desk, tenant, contract, command.correction)
    return _on(
        desk,
        tenant,
        run,
        contract,
        lambda state: dispute.resolve(state, name, command, mends),
        ask,
    )


def read_answers(
    desk: Desk, tenant: str, run: str, contract: str, known: int | None = None
) -> Answers:
    """What was said about a payslip, as known at a position."""
    return load(desk, tenant, _stream(run, contract), Answers(), dispute.evolve, known)


def open_disputes(desk: Desk, tenant: str) -> list[tuple[str, str, str]]:
    """Run, contract and id of every dispute that nobody has answered, the oldest first."""
    make = partial(_open, desk, tenant)
    return desk.memory.get(desk.store, tenant, "disputes", NAMES, make)


def _open(desk: Desk, tenant: str, known: int) -> list[tuple[str, str, str]]:
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for record in scan(desk, tenant, NAMES, upto=known):
        match record.fact:
            case LineDisputed(run=run, contract=contract, dispute=dispute):
                found[(record.stream, dispute)] = (run, contract, dispute)
            case DisputeResolved(dispute=dispute):
                found.pop((record.stream, dispute), None)
    return list(found.values())


def _mends(desk: Desk, tenant: str, contract: str, position: int | None) -> bool:
    """Whether an amendment of the contract, or a batch of figures, stands at the position."""
    if position is None:
        return False
    found = desk.store.facts_after(tenant, position - 1, 1, upto=position)
    if not found:
        return False
    if isinstance(found[0].fact, ClauseAdded | ClauseAmended | ClauseEnded):
        return found[0].stream == f"contract/{contract}"
    return isinstance(found[0].fact, MetricBatchRecorded)


def _posted(desk: Desk, tenant: str, run: str, contract: str) -> Payslip:
    state = read_run(desk, tenant, run)
    if state.status not in POSTED:
        raise WrongState(
            f"批次 {run} 未过账",
            f"Run {run} is {state.status}: only posted payslips are confirmed or disputed",
            do="Post it first.",
            state=state.status,
        )
    return read_payslip(desk, tenant, run, contract)


def _on(
    desk: Desk,
    tenant: str,
    run: str,
    contract: str,
    decide: Callable[[Answers], list[Fact]],
    ask: Ask,
) -> Outcome[Answers]:
    return handle(desk, tenant, _stream(run, contract), Answers(), dispute.evolve, decide, ask)


def _stream(run: str, contract: str) -> str:
    return f"statement/{run}/{contract}"
