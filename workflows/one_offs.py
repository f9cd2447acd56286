"""One-off payments: agreed, chosen for, withdrawn; severance and non-compete pay are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain import one_off
from domain.clauses import NonCompete
from domain.contract_state import Contract
from domain.facts import Fact
from domain.guards import NON_COMPETE, non_compete_pay
from domain.insurance import minimum_wage
from domain.law import LawBook
from domain.money import ZERO, fen
from domain.one_off import AgreeOneOff, ChooseBonusTax, OneOff
from domain.pay_profile import pay_profile
from domain.periods import Month, Period
from domain.person import Person
from domain.person import evolve as evolve_person
from domain.refusals import Invalid, NotFound
from domain.severance import compensation
from domain.texts import number, yuan
from workflows import contracts
from workflows.desk import Ask, Desk, Outcome, handle, load
from workflows.law import law_book
from workflows.one_off_books import all_one_offs

CATCH_UP_SECONDS = 60
Computed = tuple[Decimal, dict[str, str]]


def agree(desk: Desk, tenant: str, command: AgreeOneOff, ask: Ask) -> Outcome[OneOff]:
    """Agree on a payment beside the clauses of a contract.

    Raises NotFound for no such contract, Invalid where severance or non-compete pay cannot be
    computed, and what `domain.one_off.agree` raises.
    """
    contract = contracts.read(desk, tenant, command.contract)
    month = Month.parse(command.month)
    computed = None
    if command.amount is None:
        ending = _Ending.read(desk, tenant, contract)
        computed = ending.severance() if command.kind == "severance" else ending.non_compete(month)
    character = contract.character_on(month.last)
    return _on(
        desk,
        tenant,
        command.one_off,
        lambda state: one_off.agree(
            state,
            command,
            ask.act,
            person=contract.person,
            character=character,
            computed=computed,
        ),
        ask,
    )


def choose(
    desk: Desk, tenant: str, one_off_id: str, command: ChooseBonusTax, ask: Ask
) -> Outcome[OneOff]:
    """Record how the worker wants an annual bonus to be taxed."""

    def decide(state: OneOff) -> list[Fact]:
        others = all_one_offs(desk, tenant).values()
        used = any(
            other.person == state.person
            and other.one_off != state.one_off
            and (other.status, other.way, other.year) == ("agreed", "separate", command.year)
            for other in others
        )
        return one_off.choose(_still_open(desk, tenant, state), command, used)

    return _on(desk, tenant, one_off_id, decide, ask)


def withdraw(desk: Desk, tenant: str, one_off_id: str, ask: Ask) -> Outcome[OneOff]:
    """Withdraw a payment before a posted run has paid it."""
    return _on(
        desk,
        tenant,
        one_off_id,
        lambda state: one_off.withdraw(state, _is_paid(desk, tenant, one_off_id)),
        ask,
    )


def _still_open(desk: Desk, tenant: str, state: OneOff) -> OneOff:
    if state.version and _is_paid(desk, tenant, state.one_off):
        one_off.withdraw(state, paid=True)  # raises: it is paid, nothing is left to choose
    return state


def _is_paid(desk: Desk, tenant: str, one_off_id: str) -> bool:
    head, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, head, ("pay_register",), timeout=CATCH_UP_SECONDS)
    return one_off_id in desk.register.paid_one_offs(tenant)


def listed(desk: Desk, tenant: str, known: int | None = None) -> list[tuple[OneOff, bool]]:
    """Every one-off payment by id, and whether a posted run has paid it."""
    position = desk.store.head(tenant)[0] if known is None else known
    desk.runner.wait_for(tenant, position, ("pay_register",), timeout=CATCH_UP_SECONDS)
    paid = desk.register.paid_one_offs(tenant, known=position)
    found = all_one_offs(desk, tenant, position)
    return [(one, name in paid) for name, one in sorted(found.items())]


def read(desk: Desk, tenant: str, one_off_id: str, known: int | None = None) -> OneOff:
    """A one-off payment as known at a position."""
    return load(desk, tenant, f"one-off/{one_off_id}", OneOff(), one_off.evolve, known)


def _on(
    desk: Desk, tenant: str, one_off_id: str, decide: Callable[[OneOff], list[Fact]], ask: Ask
) -> Outcome[OneOff]:
    stream = f"one-off/{one_off_id}"
    return handle(desk, tenant, stream, OneOff(), one_off.evolve, decide, ask)


@dataclass
class _Ending:
    """A contract that has ended (or will on a day), with the average of its last twelve months."""

    desk: Desk
    tenant: str
    contract: Contract
    book: LawBook
    city: str
    average: Decimal
    months: int

    @classmethod
    def read(cls, desk: Desk, tenant: str, contract: Contract) -> _Ending:
        if contract.end is None:
            raise Invalid(
                f"合同 {contract.contract} 没有终止日，无法计算",
                f"Contract {contract.contract} has no end: there is nothing to compute from",
                do="End the contract first, or give the amount.",
                field="amount",
            )
        last_day = contract.end - timedelta(days=1)
        person = load(desk, tenant, f"person/{contract.person}", Person(), evolve_person)
        _, insurance = pay_profile(person.profile_on(last_day))
        if insurance is None or insurance.city is None:
            raise Invalid(
                f"人员 {contract.person} 没有参保城市，无法计算",
                f"Person {contract.person} has no city of insurance: nothing says which law holds",
                do="Set insurance.city in the tax profile, or give the amount.",
                field="amount",
            )
        average, months = _average(desk, tenant, contract, last_day)
        book = law_book(desk, tenant)
        return cls(desk, tenant, contract, book, insurance.city, average, months)

    def severance(self) -> Computed:
        """Economic compensation for the contract's days."""
        assert self.contract.end is not None
        service = Period(self.contract.start, self.contract.end)
        made = compensation(self.average, service, self.city, self.book)
        working = {"months": number(made.months), "wage": yuan(made.wage)}
        return made.amount, {**self._said(), **working, "capped": "yes" if made.capped else "no"}

    def non_compete(self, month: Month) -> Computed:
        """A month's pay under the contract's non-compete clause. Raises Invalid for a month
        outside it."""
        assert self.contract.end is not None
        last = self.contract.end - timedelta(days=1)
        clauses = [t.clause for t in self.contract.terms if last in t.period]
        clause = next((one for one in clauses if isinstance(one, NonCompete)), None)
        if clause is None:
            raise Invalid(
                f"合同 {self.contract.contract} 终止时没有竞业限制条款",
                f"Contract {self.contract.contract} has no non-compete clause at its end",
                do="Give the amount, or look at the contract's clauses.",
                field="kind",
            )
        first = Month.of(self.contract.end)
        if not first <= month < first.plus(clause.months):
            raise Invalid(
                f"{month} 不在竞业限制期内",
                f"{month} lies outside the {clause.months} months of the non-compete",
                do=f"They are {first} to {first.plus(clause.months - 1)}.",
                field="month",
            )
        made = non_compete_pay(
            self.average,
            clause.months,
            clause.compensation_share,
            minimum_wage=minimum_wage(self.city, month.last, self.book).month,
            rule=self.book.on(NON_COMPETE, month.last),
        )
        raised = "yes" if made.raised_to_minimum else "no"
        return made.monthly, {**self._said(), "raised_to_minimum_wage": raised}

    def _said(self) -> dict[str, str]:
        return {"average": yuan(self.average), "months_averaged": str(self.months)}


def _average(desk: Desk, tenant: str, contract: Contract, last: date) -> tuple[Decimal, int]:
    """The average monthly wage of the last twelve months with a posted payslip, in yuan: what was
    earned for each of them, late differences included and one-off payments aside."""
    head, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, head, ("pay_register",), timeout=CATCH_UP_SECONDS)
    lines = desk.register.posted_lines(tenant, [contract.contract]).get(contract.contract, {})
    first = Month.of(last).plus(-11)
    sums = {
        month: sum((x.amount for x in found if x.component in ("earnings", "arrears")), ZERO)
        for month, found in lines.items()
        if first <= Month.parse(month) <= Month.of(last)
    }
    if not sums:
        raise NotFound(
            f"合同 {contract.contract} 没有已过账的工资单",
            f"Contract {contract.contract} has no posted payslip in its last twelve months",
            do="Give the amount.",
            field="amount",
        )
    return fen(sum(sums.values(), ZERO) / len(sums)), len(sums)
