"""The restatement report: a posted month rated again after each fact that came in since.

One walk over the facts from the position the run was pinned to. The books go along; whoever a
fact concerns is rated before and after it. KPI weights stay those of the run (decision 011), and
tax is not restated: it follows the month of payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from domain import contract_facts as facts
from domain import contract_state
from domain.contract_state import Contract
from domain.lines import Payslip, total
from domain.metric import Metric, MetricBatchRecorded, MetricDefined
from domain.money import ZERO
from domain.payrun import PayRun
from domain.payslip import earn
from domain.periods import Month, Period
from domain.refusals import Refusal, WrongState
from domain.restatement import (
    Cause,
    CauseKind,
    RestatedPay,
    Restatement,
    cause_totals,
    clause_differences,
    earned_by_clause,
    sum_of,
)
from ledger.records import Recorded
from projections.audit_words import Told, tell_contract
from projections.audit_words_other import tell_metric, tell_single
from projections.pay_register import PostedRun
from workflows.contracts import CONTRACT_NAMES
from workflows.definitions import METRIC_NAMES, aggregations_of, metrics_at
from workflows.desk import Desk, scan
from workflows.pay_books import Books, in_force, open_books
from workflows.pay_inputs import pay_input
from workflows.payrun import CATCH_UP_SECONDS, REGISTER, read_run
from workflows.payslips import payslips

BATCHES = ("figures.batch_recorded.v1",)
NAMES = (*CONTRACT_NAMES, *METRIC_NAMES, *BATCHES)
"""Facts that earnings are made from, besides KPI weights."""
_CLAUSE_FACTS = (facts.ClauseAdded, facts.ClauseAmended, facts.ClauseEnded)
_MEMBERSHIP = (facts.ContractActivated, facts.ContractRenewed, facts.ContractEnded)
"""Facts that say who belongs to a team in a month."""
_ENGINE = ("程序现在的算法与当时不同", "The program rates the month otherwise than then")
_SUMS = ("posted", "now", "difference", "made_good", "open")
Concerned = dict[str, CauseKind]
Changed = set[tuple[str, Month]]


def restate(desk: Desk, tenant: str, run_id: str, known: int | None = None) -> Restatement:
    """What a posted run paid against what its month comes to as known at a position (now).

    Whoever no later fact touched is not in it. Raises NotFound for a run that is not there and
    WrongState for one that was not posted at that position.
    """
    head, _ = desk.store.head(tenant)
    upto = head if known is None else known
    state = read_run(desk, tenant, run_id, known=upto)
    run = _posted(desk, tenant, state, upto)
    walk = _Walk(open_books(desk, tenant, run.pinned), run, payslips(desk, tenant, state), upto)
    walk.left_out({entry["contract"]: entry for entry in state.exceptions})
    for record in scan(desk, tenant, NAMES, after=run.pinned, upto=upto):
        walk.step(record)
    return _report(desk, tenant, walk)


def _posted(desk: Desk, tenant: str, state: PayRun, known: int) -> PostedRun:
    desk.runner.wait_for(tenant, known, REGISTER, timeout=CATCH_UP_SECONDS)
    for run in desk.register.posted_runs(tenant, known=known):
        if run.run == state.run:
            return run
    raise WrongState(
        f"薪资批次 {state.run} 尚未过账",
        f"Run {state.run} was not posted then",
        do="Only a posted month can be restated; two runs are held together by a comparison.",
        run=state.run,
        state=state.status,
    )


class _Walk:
    """The books on their way, and what each fact did to whom."""

    def __init__(self, books: Books, run: PostedRun, slips: Iterable[Payslip], upto: int) -> None:
        self._books = books
        self._slips = {slip.contract: slip for slip in slips}
        self._month = Month.parse(run.month)
        self._before = self._month.plus(-1)
        days = Period(self._before.first, self._month.period.end)
        touched = books.desk.figures.touched_by
        self._changed = touched(books.tenant, run.pinned, upto, days)
        self.run = run
        self.upto = upto
        self.now: dict[str, dict[str, Decimal]] = {}
        self.causes: dict[str, list[Cause]] = defaultdict(list)
        self.refused: dict[str, Refusal] = {}

    def left_out(self, exceptions: Mapping[str, Mapping[str, str]]) -> None:
        """Contracts that were in force and got no payslip: the run's own exception says why."""
        for contract in [c.contract for c in self._paid() if c.contract not in self._slips]:
            self.now[contract] = rated = self._rated(contract)
            if rated:
                said = exceptions.get(contract, {})
                zh, en = (
                    said.get("zh", "批次中没有工资单"),
                    said.get("en", "The run had no payslip"),
                )
                cause = Cause(kind="left_out", amount=sum_of(rated), zh=zh, en=en)
                self.causes[contract].append(cause)

    def step(self, record: Recorded) -> None:
        """Rate whom a fact concerns before it, take it in, and rate them again."""
        changed = self._changed.get(record.position, set())
        concerned = self._concerned(record, changed)
        for contract in concerned:
            self._rate_before(contract)
        told = self._take_in(record, changed)
        for contract, kind in {**self._concerned(record, changed), **concerned}.items():
            self._rate_after(contract, kind, record, told)

    def person(self, contract: str) -> str:
        """Whose contract it is."""
        return self._books.contracts[contract].person

    def posted(self, contract: str) -> dict[str, Decimal]:
        """What the run paid of the month's own earnings, by clause."""
        slip = self._slips.get(contract)
        return earned_by_clause(slip.lines) if slip else {}

    # Whom a fact concerns

    def _concerned(self, record: Recorded, changed: Changed) -> Concerned:
        match record.fact:
            case MetricBatchRecorded():
                return self._by_figures(changed)
            case MetricDefined():
                return {contract.contract: "metric" for contract in self._paid()}
        contract = record.stream.removeprefix("contract/")
        own = self._books.contracts.get(contract)
        later = record.effective is not None and record.effective >= self._month.period.stop
        if own is None or (later and isinstance(record.fact, _CLAUSE_FACTS)):
            return {}
        teams = {own.team} if isinstance(record.fact, _MEMBERSHIP) else set[str]()
        return {**self._of_teams(teams), contract: "clauses"}

    def _by_figures(self, changed: Changed) -> Concerned:
        persons = {person for person, _ in changed}
        months = (self._before, self._month)
        teams = {
            contract.team
            for contract in self._books.contracts.values()
            if contract.person in persons and any(in_force(contract, month) for month in months)
        }
        now = {person for person, month in changed if month == self._month}
        own: Concerned = {c.contract: "figures" for c in self._paid() if c.person in now}
        return {**self._of_teams(teams), **own}

    def _of_teams(self, teams: set[str]) -> Concerned:
        """Contracts in these teams that have a team incentive."""
        return {
            contract.contract: "team"
            for contract in (self._paid() if teams else ())
            if contract.team in teams
            and any(term.data["kind"] == "team_incentive" for term in contract.terms)
        }

    def _paid(self) -> Iterator[Contract]:
        for contract in self._books.contracts.values():
            if in_force(contract, self._month) or contract.contract in self._slips:
                yield contract

    # Taking a fact in

    def _take_in(self, record: Recorded, changed: Changed) -> Told:
        books = self._books
        books.moved_to(record.position, changed)
        match record.fact:
            case MetricBatchRecorded():
                return tell_single(record.fact)
            case MetricDefined(metric=metric):
                before = metrics_at(books.desk, books.tenant, record.position - 1)
                now = metrics_at(books.desk, books.tenant, record.position)
                if aggregations_of(now) != books.aggregations:
                    books.counted_as(aggregations_of(now))
                return tell_metric(before.get(metric, Metric()), record.fact)
        key = record.stream.removeprefix("contract/")
        old = books.contracts.get(key, Contract())
        books.contracts[key] = contract_state.evolve(old, record.fact, record)
        return tell_contract(old, record.fact)

    # Rating

    def _rate_before(self, contract: str) -> None:
        """The first time a contract is concerned: does the program still make what was posted?"""
        if contract in self.now:
            return
        posted, rated = self.posted(contract), self._rated(contract)
        self.now[contract] = rated
        if contract in self._slips and clause_differences(posted, rated):
            amount = sum_of(rated) - sum_of(posted)
            zh, en = _ENGINE
            self.causes[contract].append(Cause(kind="engine", amount=amount, zh=zh, en=en))

    def _rate_after(self, contract: str, kind: CauseKind, record: Recorded, told: Told) -> None:
        before, after = self.now.get(contract, {}), self._rated(contract)
        self.now[contract] = after
        if not clause_differences(before, after):
            return
        cause = Cause(
            kind=kind,
            amount=sum_of(after) - sum_of(before),
            zh=told.zh,
            en=told.en,
            position=record.position,
            stream=record.stream,
            name=record.name,
            effective=record.effective,
            recorded_at=record.recorded_at,
            actor=record.actor,
            reason=record.reason,
            before_posting=record.position < self.run.posted,
        )
        self.causes[contract].append(cause)

    def _rated(self, contract: str) -> dict[str, Decimal]:
        """What the month earns as the books stand; nothing where it cannot be rated."""
        state = self._books.contracts[contract]
        self.refused.pop(contract, None)
        if not in_force(state, self._month):
            return {}
        slip = self._slips.get(contract)
        draws = Decimal(str(slip.lineage["draw_balance_in"])) if slip else ZERO
        day = self.run.pay_date
        try:
            pay = pay_input(self._books, state, self._month, pay_date=day, draw_balance=draws)
            return earned_by_clause(earn(pay))
        except Refusal as refusal:
            self.refused[contract] = refusal
            return {}


def _report(desk: Desk, tenant: str, walk: _Walk) -> Restatement:
    run = walk.run
    concerned = [key for key in walk.now if walk.causes.get(key) or key in walk.refused]
    paid = desk.register.posted_lines(tenant, concerned, known=walk.upto)
    items = []
    for contract in sorted(concerned, key=lambda key: (walk.person(key), key)):
        lines = paid.get(contract, {}).get(run.month, [])
        items.append(_item(walk, contract, total(tuple(lines), "arrears")))
    sums = {name: sum((getattr(item, name) for item in items), ZERO) for name in _SUMS}
    return Restatement(
        run=run.run,
        month=run.month,
        pinned=run.pinned,
        posted_position=run.posted,
        known=walk.upto,
        items=tuple(items),
        causes=cause_totals(items),
        **sums,
    )


def _item(walk: _Walk, contract: str, made_good: Decimal) -> RestatedPay:
    posted, now = walk.posted(contract), walk.now[contract]
    difference = sum_of(now) - sum_of(posted)
    refusal = walk.refused.get(contract)
    return RestatedPay(
        person=walk.person(contract),
        contract=contract,
        posted=sum_of(posted),
        now=sum_of(now),
        difference=difference,
        made_good=made_good,
        open=difference - made_good,
        clauses=clause_differences(posted, now),
        causes=tuple(walk.causes.get(contract, ())),
        refusal_zh=refusal.zh if refusal else "",
        refusal_en=refusal.en if refusal else "",
    )
