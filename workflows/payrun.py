"""Pay runs: pin a position, compute every payslip, have it approved, post it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain import payrun
from domain.contract_state import Contract
from domain.facts import Fact
from domain.lines import PaidMonth, Payslip
from domain.money import ZERO
from domain.payrun import (
    OffCycle,
    OffCycleRunStarted,
    PayRun,
    PayRunComputed,
    PayRunStarted,
    PayslipComputed,
)
from domain.payslip import ENGINE_VERSION, payslip
from domain.periods import Month
from domain.refusals import NotFound, Refusal, StaleVersion, WrongState
from ledger.codec import canonical
from ledger.records import NewFact
from projections.pay_register import Balances
from workflows.desk import RETRIES, Ask, Desk, Outcome, busy, handle, load, scan
from workflows.pay_books import Books, in_force, open_books
from workflows.pay_inputs import pay_input
from workflows.payslips import payslips
from workflows.posted_runs import posted_runs
from workflows.run_order import refuse_out_of_order, refuse_overtaken
from workflows.run_scope import Payee, RunScope

CHUNK = 200
"""Payslips recorded in one append: a kill loses at most one chunk of work, no fact."""
REGISTER = ("pay_register",)
"""The read model a run reads earlier pay from: a run waits for it, and stops where it halted."""
CATCH_UP_SECONDS = 60
AMENDING = (
    "contract.clause_added.v1",
    "contract.clause_amended.v1",
    "contract.clause_ended.v1",
    "one_off.agreed.v1",
)
"""Facts by which somebody says what is paid: who recorded one does not approve."""
Progress = Callable[[int, int], None]


def compute(
    desk: Desk,
    tenant: str,
    command: payrun.StartPayRun,
    ask: Ask,
    *,
    today: date,
    progress: Progress = lambda done, total: None,
) -> Outcome[PayRun]:
    """Compute a month's pay. A computation that was cut off goes on at its pinned position.

    Raises Invalid for a month that is not over, WrongState where the month has a run that
    stands or a later month is posted already.
    """
    month = Month.parse(command.month)
    if command.off_cycle is None:
        payrun.check_month_over(month, today)
    run = _run_to_compute(desk, tenant, month, command.off_cycle)
    if run.status == "none":
        run = _start(desk, tenant, run.run, month, command, ask, today)
    return _finish(desk, tenant, run, ask, progress)


def _run_to_compute(desk: Desk, tenant: str, month: Month, off_cycle: OffCycle | None) -> PayRun:
    """The month's run of the kind that is being computed, or an empty one with the next free
    number. Of the month's own runs only one stands."""
    number = 1
    while True:
        run_id = f"{month}-{number}"
        run = read_run(desk, tenant, run_id, missing_ok=True)
        if run.status == "none":
            return PayRun(run=run_id)
        if run.status == "computing" and run.off_cycle == off_cycle:
            return run
        stands = run.status != "rejected" and (off_cycle is None) == (run.off_cycle is None)
        if stands and (off_cycle is None or run.status not in payrun.POSTED):
            raise _stands(month, run)
        number += 1


def _stands(month: Month, run: PayRun) -> WrongState:
    return WrongState(
        f"{month} 的薪资批次 {run.run} 已是 {run.status}",
        f"Run {run.run} of {month} is {run.status} already",
        do="Reject it to compute the month again."
        if run.status not in payrun.POSTED
        else "What is found later goes into the next month's run, or into one with off_cycle.",
        run=run.run,
        state=run.status,
    )


def _start(
    desk: Desk,
    tenant: str,
    run_id: str,
    month: Month,
    command: payrun.StartPayRun,
    ask: Ask,
    today: date,
) -> PayRun:
    pinned, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, pinned, REGISTER, timeout=CATCH_UP_SECONDS)
    books = open_books(desk, tenant, pinned)
    pay_date = command.pay_date or (
        month.period.stop + timedelta(days=9) if command.off_cycle is None else today
    )
    refuse_out_of_order(desk, tenant, month, run_id, pay_date, own=command.off_cycle is None)
    started: Fact
    if command.off_cycle is None:
        started = PayRunStarted(
            run=run_id,
            month=str(month),
            pay_date=pay_date,
            pinned=pinned,
            engine=ENGINE_VERSION,
            contracts=sum(in_force(contract, month) for contract in books.contracts.values()),
        )
    else:
        scope = RunScope.of(books, month).off_cycle(command.off_cycle, command.contracts, today)
        started = OffCycleRunStarted(
            run=run_id,
            month=str(month),
            pay_date=pay_date,
            pinned=pinned,
            engine=ENGINE_VERSION,
            off_cycle=command.off_cycle,
            contracts=scope,
        )
    # Of two people who start a month at once one does; the other goes on with the same run.
    return handle(
        desk,
        tenant,
        f"payrun/{run_id}",
        PayRun(),
        payrun.evolve,
        lambda state: [started] if state.status == "none" else [],
        ask,
    ).state


@dataclass
class _Computation:
    """A run under way: the books, and what earlier payslips say to later ones."""

    books: Books
    run: PayRun
    scope: RunScope
    history: dict[str, list[PaidMonth]]
    balances: dict[str, Balances]

    def payslip(self, payee: Payee) -> Payslip:
        contract = payee.contract
        balance = self.balances.get(contract.contract, Balances())
        pay = pay_input(
            self.books,
            contract,
            Month.parse(self.run.month),
            pay_date=self.run.pay_date,
            history=tuple(self.history[contract.person]),
            arrears=self.scope.late.lines(contract),
            carried_in=balance.carried_out,
            owed_in=balance.owed_out,
            draw_balance=balance.draw_balance,
        )
        due = self.scope.one_offs.get(contract.contract, ())
        made = payslip(msgspec.structs.replace(pay, supplement=payee.supplement, one_offs=due))
        self.remember(made)
        return made

    def remember(self, made: Payslip) -> None:
        """A person's second contract in the month is taxed after the first."""
        if made.taxed is not None:
            self.history[made.person].append(made.taxed)


def _finish(desk: Desk, tenant: str, run: PayRun, ask: Ask, progress: Progress) -> Outcome[PayRun]:
    month = Month.parse(run.month)
    desk.runner.wait_for(tenant, run.pinned, REGISTER, timeout=CATCH_UP_SECONDS)
    books = open_books(desk, tenant, run.pinned)
    history = defaultdict(
        list, desk.register.tax_history(tenant, run.pay_date.year, known=run.pinned)
    )
    computation = _Computation(
        books,
        run,
        RunScope.of(books, month),
        history,
        desk.register.balances(tenant, known=run.pinned),
    )
    tally = _Tally()
    payees = computation.scope.payees(run)
    done = {made.contract: made for made in payslips(desk, tenant, run)}
    chunk: list[NewFact] = []
    for number, payee in enumerate(payees, start=1):
        if payee.contract.contract in done:
            made = done[payee.contract.contract]
            computation.remember(made)
        else:
            try:
                made = computation.payslip(payee)
            except Refusal as refusal:
                tally.refused(payee.contract, refusal)
                continue
            chunk.append(_payslip_fact(run, made))
        tally.add(made)
        if len(chunk) == CHUNK:
            _record(desk, tenant, chunk, ask)
            chunk = []
        progress(number, len(payees))
    _record(desk, tenant, chunk, ask)
    return handle(
        desk,
        tenant,
        f"payrun/{run.run}",
        PayRun(),
        payrun.evolve,
        lambda state: [tally.computed()] if state.status == "computing" else [],
        Ask(ask.act),
    )


def _record(desk: Desk, tenant: str, chunk: list[NewFact], ask: Ask) -> None:
    """Record payslips. Who computes the same run at the same time makes the same bytes, so those
    that stand already are left as they are."""
    for _ in range(RETRIES):
        if not chunk:
            return
        try:
            desk.store.append(tenant, chunk, ask.act)
        except StaleVersion:
            chunk = [new for new in chunk if not desk.store.stream(tenant, new.stream, limit=1)]
        else:
            return
    raise busy("pay run")


def _payslip_fact(run: PayRun, made: Payslip) -> NewFact:
    return NewFact(
        f"payslip/{run.run}/{made.contract}", 1, PayslipComputed(run=run.run, payslip=made)
    )


class _Tally:
    """Sums, digest and exceptions of a run, a payslip at a time."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._count = 0
        self._sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self._exceptions: list[dict[str, str]] = []

    def add(self, made: Payslip) -> None:
        self._digest.update(canonical(made) + b"\n")
        self._count += 1
        for name in ("gross", "contributions", "tax", "net"):
            self._sums[name] += getattr(made, name)
        if made.carried_out or made.owed_out:
            self._except(
                made.contract,
                "negative",
                f"负数结转 {made.carried_out + made.owed_out}",
                f"A negative balance of {made.carried_out + made.owed_out} is carried on",
            )
        elif not made.net:
            self._except(made.contract, "nothing_to_pay", "本月无应付金额", "Nothing to pay")

    def refused(self, contract: Contract, refusal: Refusal) -> None:
        self._except(contract.contract, payrun.REFUSED + refusal.code, refusal.zh, refusal.en)

    def _except(self, contract: str, code: str, zh: str, en: str) -> None:
        self._exceptions.append({"contract": contract, "code": code, "zh": zh, "en": en})

    def computed(self) -> PayRunComputed:
        return PayRunComputed(
            payslips=self._count,
            gross=self._sums["gross"],
            contributions=self._sums["contributions"],
            tax=self._sums["tax"],
            net=self._sums["net"],
            digest=self._digest.hexdigest(),
            exceptions=tuple(self._exceptions),
        )


def approve(
    desk: Desk, tenant: str, run_id: str, command: payrun.ApprovePayRun, ask: Ask
) -> Outcome[PayRun]:
    """Approve a run. The approver neither computed it nor amended clauses, nor agreed on one-off
    payments, since the month before was run."""
    run = read_run(desk, tenant, run_id)
    desk.runner.wait_for(tenant, run.pinned, REGISTER, timeout=CATCH_UP_SECONDS)
    before = posted_runs(desk, tenant, run.pinned).regular
    after = max((other.pinned for other in before), default=0)
    amended = frozenset(
        record.actor for record in scan(desk, tenant, AMENDING, after=after, upto=run.pinned)
    )
    return _on_run(
        desk, tenant, run_id, lambda state: payrun.approve(state, command, ask.act, amended), ask
    )


def reject(desk: Desk, tenant: str, run_id: str, ask: Ask) -> Outcome[PayRun]:
    """Refuse a run with a reason; the month can be computed again."""
    return _on_run(desk, tenant, run_id, lambda state: payrun.reject(state, ask.act), ask)


def post(desk: Desk, tenant: str, run_id: str, ask: Ask) -> Outcome[PayRun]:
    """Post an approved run: its payslips are final and payable.

    Raises WrongState where another run was posted since it was computed: what both found late
    would be paid twice.
    """
    refuse_overtaken(desk, tenant, read_run(desk, tenant, run_id))
    return _on_run(desk, tenant, run_id, payrun.post, ask)


def _on_run(
    desk: Desk, tenant: str, run_id: str, decide: Callable[[PayRun], list[Fact]], ask: Ask
) -> Outcome[PayRun]:
    return handle(desk, tenant, f"payrun/{run_id}", PayRun(), payrun.evolve, decide, ask)


def read_run(
    desk: Desk, tenant: str, run_id: str, *, missing_ok: bool = False, known: int | None = None
) -> PayRun:
    """A run as known at a position. Raises NotFound unless a missing one is fine."""
    run = load(desk, tenant, f"payrun/{run_id}", PayRun(), payrun.evolve, known)
    if run.status == "none" and not missing_ok:
        raise NotFound(
            f"没有薪资批次 {run_id}",
            f"There is no pay run {run_id}",
            do="List the runs; ids look like 2025-03-1.",
        )
    return run
