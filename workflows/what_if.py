"""What-if: real past months rated again with other terms, weights or teams. Nothing is written.

The engine is the one that pays (`domain.payslip.earn`), the figures are those that were measured,
everything is as known at one position. A month that was posted keeps the KPI weights it was given
on the side that stands, as late truth does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import msgspec

from domain.arrears import draw_change
from domain.contract_state import Contract
from domain.findings import PlanContext
from domain.kpi import Dated, KpiScheme
from domain.kpi_terms import KpiMetric, check_weights
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.payrun import check_month_over
from domain.payslip import earn
from domain.periods import Month, months_between
from domain.refusals import NotFound, Refusal
from domain.what_if import (
    BEHAVIOUR_EN,
    BEHAVIOUR_ZH,
    MonthChange,
    PersonChange,
    Sums,
    by_person,
    compared,
    sums_of,
)
from domain.what_if_command import AmendedPay, Cohort, Weights, WhatIf
from projections.pay_register import PostedRun
from workflows.contracts import plan_context, read
from workflows.definitions import schemes_at
from workflows.desk import Desk
from workflows.pay_books import Books, books_of_contract, in_force, open_books
from workflows.pay_inputs import pay_input
from workflows.payslips import find_payslip
from workflows.what_if_terms import PlanNote, changed_terms, notes_on, refuse_unused


class MonthSum(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody in one month, in yuan."""

    month: str
    before: Decimal
    after: Decimal
    difference: Decimal


class NotRated(msgspec.Struct, frozen=True, kw_only=True):
    """A contract and month that cannot be rated on one of the sides: it is in no sum."""

    contract: str
    person: str
    month: str
    code: str
    zh: str
    en: str


class WhatIfAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a what-if found: by person and in total, who gains, who loses, tiers crossed."""

    known: int
    first: str
    last: str
    behaviour_zh: str
    behaviour_en: str
    sums: Sums
    months: tuple[MonthSum, ...]
    crossed_up: int
    crossed_down: int
    people: tuple[PersonChange, ...]
    not_rated: tuple[NotRated, ...]
    findings: tuple[PlanNote, ...]


def what_if(
    desk: Desk, tenant: str, command: WhatIf, *, today: date, known: int | None = None
) -> WhatIfAnswer:
    """Rate the months of a cohort twice, as known at a position (now by default).

    Raises MonthNotOver for a month whose figures are not all there, NotFound where the cohort is
    empty or nothing of it would be different, Invalid for clauses and weights that are not right.
    """
    first, last = command.months
    check_month_over(last, today)
    position = desk.store.head(tenant)[0] if known is None else known
    desk.runner.wait_for(tenant, position, ("pay_register",), timeout=60)
    books = open_books(desk, tenant, position)
    cohort = _cohort(books, command.cohort, first, last)
    return _answer(books, command, cohort, plan_context(desk, tenant, position))


def amended_pay(
    desk: Desk,
    tenant: str,
    command: AmendedPay,
    *,
    today: date,
    known: int | None = None,
) -> WhatIfAnswer:
    """What a contract's last months would have brought under an amendment (three by default).

    Only months that are over and lie in the contract's term count. Raises NotFound where there is
    none, or no such contract.
    """
    position = desk.store.head(tenant)[0] if known is None else known
    contract = read(desk, tenant, command.contract, position)
    last = _last_month(contract, today)
    first = max(last.plus(1 - command.months), Month.of(contract.start))
    asked = WhatIf(
        first=str(first),
        last=str(last),
        cohort=Cohort(contracts=(command.contract,)),
        changes=command.changes,
        parameters=command.parameters,
        lines=True,
    )
    desk.runner.wait_for(tenant, position, ("pay_register",), timeout=60)
    books = _books(desk, tenant, position, contract, asked)
    return _answer(books, asked, {contract.contract}, plan_context(desk, tenant, position))


def _last_month(contract: Contract, today: date) -> Month:
    """The last month that is over and in which the contract is in force."""
    over = Month.of(today).plus(-1)
    last = over if contract.end is None else min(over, Month.of(contract.end))
    if last != over and contract.end == last.first:
        last = last.plus(-1)
    if contract.activated_on is None or last < Month.of(contract.start):
        raise NotFound(
            f"合同 {contract.contract} 还没有已结束的月份",
            f"Contract {contract.contract} has no month yet that is over",
            do="Try the clauses with figures of your own: docs/try.md.",
        )
    return last


def _books(desk: Desk, tenant: str, known: int, contract: Contract, asked: WhatIf) -> Books:
    """The books of one contract; of everybody only where its team counts."""
    added = [change.clause.kind for change in asked.changes if change.clause is not None]
    if "team_incentive" in {*added, *(term.data["kind"] for term in contract.terms)}:
        return open_books(desk, tenant, known)
    return books_of_contract(desk, tenant, known, contract)


def _cohort(books: Books, cohort: Cohort, first: Month, last: Month) -> set[str]:
    """The contracts meant that are in force in one of the months. Raises NotFound for none."""
    months = list(months_between(first, last))
    wanted = {
        "team": cohort.team,
        "track": cohort.track,
        "engagement": cohort.engagement,
        "person": cohort.person,
    }
    found = {
        contract.contract
        for contract in books.contracts.values()
        if all(value in (None, getattr(contract, name)) for name, value in wanted.items())
        and any(in_force(contract, month) for month in months)
    }
    named = set(cohort.contracts or found)
    unknown = sorted(named - set(books.contracts))
    if unknown or not found & named:
        raise NotFound(
            "没有符合条件的合同" if not unknown else f"没有合同 {unknown[0]}",
            "No contract in force in these months fits"
            if not unknown
            else f"There is no contract {unknown[0]}",
            do="Check the ids, the team and the months.",
            contracts=unknown[:20],
        )
    return found & named


def _answer(books: Books, command: WhatIf, cohort: set[str], plan: PlanContext) -> WhatIfAnswer:
    study = _Study(books, command, cohort)
    months, not_rated = study.rated()
    people = by_person(months)
    first, last = command.months
    return WhatIfAnswer(
        known=books.known,
        first=str(first),
        last=str(last),
        behaviour_zh=BEHAVIOUR_ZH,
        behaviour_en=BEHAVIOUR_EN,
        sums=sums_of(people),
        months=tuple(_month_sums(months, first, last)),
        crossed_up=sum(one.up for month in months for one in month.crossed),
        crossed_down=sum(not one.up for month in months for one in month.crossed),
        people=tuple(people),
        not_rated=tuple(not_rated),
        findings=tuple(
            notes_on(
                ((books.contracts[name], study.other.contracts[name]) for name in sorted(cohort)),
                plan,
                first,
            )
        ),
    )


def _month_sums(months: Iterable[MonthChange], first: Month, last: Month) -> Iterator[MonthSum]:
    found = {str(month): (ZERO, ZERO) for month in months_between(first, last)}
    for change in months:
        before, after = found[change.month]
        found[change.month] = before + change.before, after + change.after
    for month, (before, after) in found.items():
        yield MonthSum(month=month, before=before, after=after, difference=after - before)


@dataclass
class _Study:
    """Both sides: the books as they stand, and the same with what would be different."""

    books: Books
    command: WhatIf
    cohort: set[str]
    other: Books = field(init=False)
    runs: dict[str, PostedRun] = field(init=False)
    _schemes: dict[int, dict[str, KpiScheme]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_unused(self.command, [self.books.contracts[name] for name in self.cohort])
        register = self.books.desk.register
        posted = register.posted_runs(self.books.tenant, known=self.books.known)
        # The first run of a month: its payslips were given the month's weights.
        self.runs = {run.month: run for run in reversed(posted)}
        contracts = {
            name: self._changed(contract) for name, contract in self.books.contracts.items()
        }
        self.other = replace(self.books, contracts=contracts, _teams={})

    def _changed(self, contract: Contract) -> Contract:
        moved = self.command.teams.get(contract.contract, contract.team)
        changed = msgspec.structs.replace(contract, team=moved)
        if contract.contract not in self.cohort:
            return changed
        return msgspec.structs.replace(changed, terms=changed_terms(contract, self.command))

    def rated(self) -> tuple[list[MonthChange], list[NotRated]]:
        """Every contract that may differ, in every month in which it is in force."""
        made: list[MonthChange] = []
        failed: list[NotRated] = []
        for name in sorted(self.cohort | self._teammates()):
            for one in self._contract(self.books.contracts[name]):
                if isinstance(one, NotRated):
                    failed.append(one)
                else:
                    made.append(one)
        return made, failed

    def _teammates(self) -> set[str]:
        """Contracts outside the cohort whose team somebody joins or leaves."""
        moves = self.command.teams.items()
        teams = {team for _, team in moves}
        teams |= {self.books.contracts[name].team for name, _ in moves}
        return {name for name, one in self.books.contracts.items() if one.team in teams}

    def _contract(self, contract: Contract) -> Iterator[MonthChange | NotRated]:
        draws: tuple[Decimal, Decimal] | None = None
        for month in months_between(*self.command.months):
            if not in_force(contract, month):
                continue
            if draws is None:
                start = self._draws_before(contract, month)
                draws = start, start
            pay, other = self._inputs(contract, month, draws)
            try:
                before, after = earn(pay), earn(other)
            except Refusal as refusal:
                yield _not_rated(contract, month, refusal)
                continue
            draws = _after(draws[0], before), _after(draws[1], after)
            team = self.other.contracts[contract.contract].team
            yield compared(pay, other, before, after, team, lines=self.command.lines)

    def _inputs(
        self, contract: Contract, month: Month, draws: tuple[Decimal, Decimal]
    ) -> tuple[PayInput, PayInput]:
        schemes = self._schemes_of(month)
        day = month.last
        pay = pay_input(
            self.books.with_schemes(schemes), contract, month, pay_date=day, draw_balance=draws[0]
        )
        if contract.contract in self.cohort:
            schemes = schemes | self._other_weights()
        changed = self.other.contracts[contract.contract]
        other = pay_input(
            self.other.with_schemes(schemes), changed, month, pay_date=day, draw_balance=draws[1]
        )
        return pay, other

    def _draws_before(self, contract: Contract, month: Month) -> Decimal:
        """The recoverable draws that stood before the month."""
        run = self.runs.get(str(month))
        slip = run and find_payslip(
            self.books.desk, self.books.tenant, run.run, contract.contract, self.books.known
        )
        return Decimal(str(slip.lineage["draw_balance_in"])) if slip else ZERO

    def _schemes_of(self, month: Month) -> dict[str, KpiScheme]:
        """Scores of closed periods keep the weights they were given."""
        run = self.runs.get(str(month))
        if run is None:
            return self.books.schemes
        if run.pinned not in self._schemes:
            self._schemes[run.pinned] = schemes_at(self.books.desk, self.books.tenant, run.pinned)
        return self._schemes[run.pinned]

    def _other_weights(self) -> dict[str, KpiScheme]:
        first, _ = self.command.months
        return {
            scheme: _scheme(scheme, weights, first)
            for scheme, weights in self.command.weights.items()
        }


def _scheme(scheme: str, weights: Weights, first: Month) -> KpiScheme:
    metrics = tuple(KpiMetric(one.metric, one.weight, one.target, one.cap) for one in weights)
    check_weights(metrics)
    return KpiScheme(scheme=scheme, weights=(Dated(first.first, metrics, 0),))


def _after(draws: Decimal, lines: tuple[Line, ...]) -> Decimal:
    return max(ZERO, draws + draw_change(lines))


def _not_rated(contract: Contract, month: Month, refusal: Refusal) -> NotRated:
    return NotRated(
        contract=contract.contract,
        person=contract.person,
        month=str(month),
        code=refusal.code,
        zh=refusal.zh,
        en=refusal.en,
    )
