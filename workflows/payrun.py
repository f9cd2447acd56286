"""Pay runs: pin a position, compute every payslip, have it approved, post it."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from domain import payrun
from domain.facts import Fact
from domain.money import ZERO
from domain.payrun import (
    OffCycle,
    OffCycleRunStarted,
    PayRun,
    PayRunComputed,
    PayRunStarted,
    PayslipComputed,
)
from domain.payslip import ENGINE_VERSION
from domain.periods import Month
from domain.refusals import NotFound, StaleVersion, WrongState
from ledger.records import Encoded, NewFact
from workflows.desk import RETRIES, Ask, Desk, Outcome, busy, handle, load, scan
from workflows.pay_books import open_books, shared_books
from workflows.pay_chunks import Made, Payer, Refused, Result
from workflows.pay_hands import Each, hands
from workflows.pay_roll import Roll, read_roll
from workflows.posted_runs import posted_runs
from workflows.run_order import refuse_out_of_order, refuse_overtaken
from workflows.run_scope import RunScope

CHUNK = 500
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
    roll = None
    if run.status == "none":
        run, roll = _start(desk, tenant, run.run, month, command, ask, today)
    return _finish(desk, tenant, run, ask, progress, roll)


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
) -> tuple[PayRun, Roll]:
    """The run as started, and the roll at its position."""
    pinned, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, pinned, REGISTER, timeout=CATCH_UP_SECONDS)
    roll = read_roll(desk, tenant, pinned)
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
            contracts=sum(entry.in_force(month) for entry in roll),
        )
    else:
        books = open_books(desk, tenant, pinned)
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
    run = handle(
        desk,
        tenant,
        f"payrun/{run_id}",
        PayRun(),
        payrun.evolve,
        lambda state: [started] if state.status == "none" else [],
        ask,
    ).state
    return run, roll if run.pinned == pinned else read_roll(desk, tenant, run.pinned)


def _finish(
    desk: Desk, tenant: str, run: PayRun, ask: Ask, progress: Progress, roll: Roll | None = None
) -> Outcome[PayRun]:
    desk.runner.wait_for(tenant, run.pinned, REGISTER, timeout=CATCH_UP_SECONDS)
    roll = roll or read_roll(desk, tenant, run.pinned)
    shared = shared_books(desk, tenant, run.pinned, roll)
    payer = Payer(shared, run)
    contracts = payer.candidates()
    tally, done = _Tally(), 0
    with hands(desk.crew, payer, len(contracts)) as each:
        for size, recorded, computed in _chunks(desk, tenant, run, contracts, each):
            for result in sorted([*recorded, *computed], key=lambda one: one.contract):
                tally.add(result)
            done += size
            progress(done, len(contracts))
            new = [_payslip_fact(run, made) for made in computed if isinstance(made, Made)]
            _record(desk, tenant, new, ask)
    return handle(
        desk,
        tenant,
        f"payrun/{run.run}",
        PayRun(),
        payrun.evolve,
        lambda state: [tally.computed()] if state.status == "computing" else [],
        Ask(ask.act),
    )


def _chunks(
    desk: Desk, tenant: str, run: PayRun, contracts: list[str], each: Each
) -> Iterator[tuple[int, list[Result], list[Result]]]:
    """Chunks in order: how many contracts, the payslips recorded before, and those computed now."""
    size, recorded = CHUNK, deque[list[Result]]()
    starts = range(0, len(contracts), size)
    resumed = _any_payslip(desk, tenant, run)

    def missing() -> Iterator[list[str]]:
        for start in starts:
            chunk = contracts[start : start + size]
            recorded.append(_recorded(desk, tenant, run, chunk) if resumed else [])
            there = {made.contract for made in recorded[-1]}
            yield [contract for contract in chunk if contract not in there]

    for start, computed in zip(starts, each(missing()), strict=True):
        yield min(size, len(contracts) - start), recorded.popleft(), computed


def _any_payslip(desk: Desk, tenant: str, run: PayRun) -> bool:
    names = ["pay.payslip_computed.v1"]
    return bool(desk.store.facts_after(tenant, run.pinned, 1, names=names))


def _recorded(desk: Desk, tenant: str, run: PayRun, chunk: list[str]) -> list[Result]:
    """The payslips of a chunk that stand already: the run was cut off, or another computes it."""
    streams = [f"payslip/{run.run}/{contract}" for contract in chunk]
    return [
        Made.of(record.fact.payslip)
        for record in desk.store.streams(tenant, streams)
        if isinstance(record.fact, PayslipComputed)
    ]


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


def _payslip_fact(run: PayRun, made: Made) -> NewFact:
    fact = Encoded(PayslipComputed, made.payload(run.run))
    return NewFact(f"payslip/{run.run}/{made.contract}", 1, fact)


class _Tally:
    """Sums, digest and exceptions of a run, a payslip at a time."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._count = 0
        self._sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self._exceptions: list[dict[str, str]] = []

    def add(self, result: Result) -> None:
        if isinstance(result, Refused):
            code = payrun.REFUSED + result.code
            self._except(result.contract, code, result.zh, result.en)
            return
        self._digest.update(result.slip + b"\n")
        self._count += 1
        for name in ("gross", "contributions", "tax", "net"):
            self._sums[name] += getattr(result, name)
        if result.carried:
            self._except(
                result.contract,
                "negative",
                f"负数结转 {result.carried}",
                f"A negative balance of {result.carried} is carried on",
            )
        elif not result.net:
            self._except(result.contract, "nothing_to_pay", "本月无应付金额", "Nothing to pay")

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
