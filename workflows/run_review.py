"""The exceptions of a run: every payslip with what stands beside it, looked at before approval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from decimal import Decimal

from domain.contract_state import Contract
from domain.facts import Act
from domain.insurance import minimum_wage
from domain.lines import Payslip
from domain.payrun import REFUSED, PayRun, PayslipComputed
from domain.periods import Month, Period
from domain.run_checks import check_run, gaps_between
from domain.run_findings import RunCase, RunFinding
from projections.pay_register import PostedRun
from workflows.desk import Desk, scan
from workflows.one_off_books import all_one_offs
from workflows.pay_books import Books, open_books
from workflows.payslips import payslips

CHINA = timezone(timedelta(hours=8))
DAYS = 30
"""So long a change of personal data is looked at."""
FIGURE_KINDS = frozenset(
    ["revenue_share", "commission", "category_uplift", "metric_bonus", "performance_pay"]
)


def findings_of(
    desk: Desk, tenant: str, run: PayRun, change: Decimal, today: date, known: int
) -> list[RunFinding]:
    """The exceptions of a run on a day, with changes of personal data as known at a position.

    Pay and contracts are those of the run's pinned position; no personal data is read.
    """
    books = open_books(desk, tenant, run.pinned)
    review = _Review(
        books,
        Month.parse(run.month),
        change,
        _month_before(desk, tenant, run),
        _replaced(desk, tenant, today - timedelta(days=DAYS), known),
        _earlier(desk, tenant, run),
        _waiting(desk, tenant, run),
    )
    refused = [
        RunFinding(
            code=entry["code"],
            severity="stop",
            contract=entry["contract"],
            person=books.contracts[entry["contract"]].person,
            zh=entry["zh"],
            en=entry["en"],
        )
        for entry in run.exceptions
        if entry["code"].startswith(REFUSED)
    ]
    return check_run(review.cases(list(payslips(desk, tenant, run))), refused)


def day_of(act: Act) -> date:
    """The day of an act in China."""
    return act.instant.astimezone(CHINA).date()


def _earlier(desk: Desk, tenant: str, run: PayRun) -> dict[str, list[tuple[str, Decimal]]]:
    """Contract → the runs that have paid it for the month, and how much."""
    found: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for posted in desk.register.posted_runs(tenant, known=run.pinned):
        if posted.month == run.month and posted.run != run.run:
            for slip in _slips_of(desk, tenant, posted):
                found[slip.contract].append((posted.run, slip.net))
    return found


def _waiting(desk: Desk, tenant: str, run: PayRun) -> dict[str, list[str]]:
    """Contract → annual bonuses that wait for a choice."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in all_one_offs(desk, tenant, run.pinned).values():
        if one.status == "agreed" and one.waits and one.month <= run.month:
            found[one.contract].append(one.one_off)
    return found


def _slips_of(desk: Desk, tenant: str, posted: PostedRun) -> Iterator[Payslip]:
    names = ["pay.payslip_computed.v1"]
    for record in scan(desk, tenant, names, after=posted.pinned, upto=posted.posted):
        fact = record.fact
        if isinstance(fact, PayslipComputed) and fact.run == posted.run:
            yield fact.payslip


def _month_before(desk: Desk, tenant: str, run: PayRun) -> dict[str, Payslip]:
    """The posted payslips of the month before, by contract."""
    before = str(Month.parse(run.month).plus(-1))
    found: dict[str, Payslip] = {}
    for posted in desk.register.posted_runs(tenant, known=run.pinned):
        if posted.month == before:
            for slip in _slips_of(desk, tenant, posted):
                if not slip.lineage.get("supplement"):
                    found[slip.contract] = slip
    return found


def _replaced(desk: Desk, tenant: str, since: date, known: int) -> dict[str, date]:
    """Person → the last day on which the personal data was replaced, since a day."""
    names = ["person.personal_data_changed.v1"]
    days = (
        (record.stream.removeprefix("person/"), record.recorded_at.astimezone(CHINA).date())
        for record in scan(desk, tenant, names, upto=known)
    )
    return {person: day for person, day in days if day >= since}


@dataclass
class _Review:
    """What is looked at beside the payslips of a run."""

    books: Books
    month: Month
    change: Decimal
    before: dict[str, Payslip]
    replaced: dict[str, date]
    earlier: dict[str, list[tuple[str, Decimal]]]
    waiting: dict[str, list[str]]

    def cases(self, slips: list[Payslip]) -> Iterator[RunCase]:
        by_person: dict[str, list[Payslip]] = defaultdict(list)
        for slip in slips:
            by_person[slip.person].append(slip)
        periods: dict[str, list[Period]] = defaultdict(list)
        for contract in self.books.contracts.values():
            if contract.activated_on is not None:
                periods[contract.person].append(contract.period)
        for slip in slips:
            contract = self.books.contracts[slip.contract]
            yield RunCase(
                slip=slip,
                change=self.change,
                before=self.before.get(slip.contract),
                whole_month=contract.period.overlap(self.month.period) == self.month.period,
                figure_clauses=self._figure_clauses(contract),
                has_figures=bool(slip.lineage.get("batches")),
                gaps=self._gaps(contract, periods[slip.person]),
                minimum=self._minimum(contract),
                bank_changed=self.replaced.get(slip.person),
                others=tuple(
                    (other.contract, other.net)
                    for other in by_person[slip.person]
                    if other.contract != slip.contract
                ),
                earlier=tuple(self.earlier.get(slip.contract, ())),
                ended=contract.end is not None and contract.end <= self.month.period.stop,
                waiting=tuple(self.waiting.get(slip.contract, ())),
            )

    def _figure_clauses(self, contract: Contract) -> tuple[str, ...]:
        keys = {
            term.key
            for term in contract.terms
            if term.data["kind"] in FIGURE_KINDS and term.period.overlap(self.month.period)
        }
        return tuple(sorted(keys)) if contract.period.overlap(self.month.period) else ()

    def _gaps(self, contract: Contract, periods: list[Period]) -> tuple[Period, ...]:
        """Gaps of the person, told with the contract that begins after them."""
        gaps = gaps_between(self.month, periods)
        return tuple(gap for gap in gaps if gap.stop == contract.start)

    def _minimum(self, contract: Contract) -> Decimal | None:
        """The minimum wage of the person's city, for who is employed full time."""
        _, insurance = self.books.profile(contract.person, self.month.first)
        city = insurance.city if insurance else None
        day = self.month.last
        if city is None or contract.engagement != "full_time":
            return None
        if not self.books.law.covers(f"cn.{city}.minimum_wage", day):
            return None
        return minimum_wage(city, day, self.books.law).month
