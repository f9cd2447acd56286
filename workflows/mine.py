"""What a streamer sees and does: the own contracts, payslips and figures, and nobody else's.

Whoever asks is a person's id. What belongs to another is answered as if it were not there, so
that trying ids tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain.contract_commands import SignContract
from domain.contract_state import Contract
from domain.dispute import Answers, DisputeLine
from domain.earnings import earn
from domain.figures import Figures
from domain.law import LawBook
from domain.lines import Line
from domain.money import ZERO
from domain.pay_input import PayInput
from domain.payrun import POSTED
from domain.periods import Month, Period
from domain.refusals import NotFound, Refusal
from domain.statement import Note, Statement, costs_of, next_tiers
from domain.terms import Term
from workflows import contracts, disputes
from workflows.definitions import aggregations_of, metrics_at
from workflows.desk import Ask, Desk, Outcome
from workflows.payrun import read_run
from workflows.statements import read_statement, returned_of

HIDDEN = ("none", "drafted")
"""A contract is seen from when it is sent on: a draft may still say anything."""
ON_FIGURES = ("revenue_share", "commission", "category_uplift", "metric_bonus")
"""Clauses that a month's figures alone say something about before the month is over."""
METHOD = "recorded acceptance by the streamer"
LOOK_BACK = timedelta(days=400)


class SoFar(msgspec.Struct, frozen=True, kw_only=True):
    """A month of one contract as far as its figures have come in."""

    month: str
    upto: date | None
    """The last day with a figure; None where there is none."""
    totals: tuple[tuple[str, Decimal], ...] = ()
    """Metric and its total of the month."""
    tiers: tuple[Note, ...] = ()
    returns: tuple[Note, ...] = ()
    lines: tuple[Line, ...] = ()
    """What the clauses on figures come to so far; fixed pay, KPI, team and tax are not in it."""
    amount: Decimal = ZERO


def own_contract(
    desk: Desk, tenant: str, person: str, contract: str, known: int | None = None
) -> Contract:
    """A contract of the person, from when it was sent on. Raises NotFound for any other."""
    try:
        state = contracts.read(desk, tenant, contract, known)
    except NotFound:
        raise _not_yours(contract) from None
    if state.person != person or state.status in HIDDEN:
        raise _not_yours(contract)
    return state


def own_statement(desk: Desk, tenant: str, person: str, run: str, contract: str) -> Statement:
    """The statement of a posted payslip of the person. Raises NotFound for any other."""
    _own_payslip(desk, tenant, person, run, contract)
    return read_statement(desk, tenant, run, contract)


def own_answers(desk: Desk, tenant: str, person: str, run: str, contract: str) -> Answers:
    """What was said about a payslip of the person. Raises NotFound for any other."""
    _own_payslip(desk, tenant, person, run, contract)
    return disputes.read_answers(desk, tenant, run, contract)


def confirm(
    desk: Desk, tenant: str, person: str, run: str, contract: str, ask: Ask
) -> Outcome[Answers]:
    """The person agrees with an own payslip."""
    _own_payslip(desk, tenant, person, run, contract)
    return disputes.confirm(desk, tenant, run, contract, ask)


def dispute(
    desk: Desk, tenant: str, person: str, run: str, contract: str, command: DisputeLine, ask: Ask
) -> Outcome[Answers]:
    """The person disagrees with a line of an own payslip."""
    _own_payslip(desk, tenant, person, run, contract)
    return disputes.raise_dispute(desk, tenant, run, contract, command, ask)


def sign(
    desk: Desk, tenant: str, person: str, contract: str, document: str, evidence: str, ask: Ask
) -> Outcome[Contract]:
    """The person accepts the document of an own contract by its hash."""
    own_contract(desk, tenant, person, contract)
    command = SignContract.model_validate(
        {
            "party": "streamer",
            "signatory": person,
            "document_sha256": document,
            "method": METHOD,
            "evidence": evidence[:2000],
        }
    )
    return contracts.act_on(desk, tenant, contract, command, ask)


def _own_payslip(desk: Desk, tenant: str, person: str, run: str, contract: str) -> None:
    own_contract(desk, tenant, person, contract)
    state = read_run(desk, tenant, run, missing_ok=True)
    if state.status not in POSTED or not desk.store.stream(
        tenant, f"payslip/{run}/{contract}", limit=1
    ):
        raise NotFound(
            f"没有工资单 {run}", f"There is no payslip {run}", do="Look at the list of your pay."
        )


def _not_yours(contract: str) -> NotFound:
    return NotFound(
        f"没有合同 {contract}", f"There is no contract {contract}", do="Look at your contracts."
    )


# The month so far


def months_with_figures(
    desk: Desk, tenant: str, person: str, today: date, known: int
) -> list[Month]:
    """The months of the last year in which something was measured of the person, in order."""
    period = Period(today - LOOK_BACK, today + timedelta(days=1))
    found = desk.figures.read(tenant, [person], period, known, {})[person]
    return sorted({Month.of(row.day) for row in found.rows})


def so_far(desk: Desk, tenant: str, state: Contract, month: Month, known: int) -> SoFar:
    """The month of a contract from the figures known at a position."""
    aggregations = aggregations_of(metrics_at(desk, tenant, known))
    figures = desk.figures.read(tenant, [state.person], month.period, known, aggregations)[
        state.person
    ]
    if not figures.rows:
        return SoFar(month=str(month), upto=None, tiers=next_tiers(state.terms, figures, month))
    returned = returned_of(desk, tenant, state.person, month, known)
    lines = _on_figures(state, figures, month)
    metrics = sorted({row.metric for row in figures.rows})
    return SoFar(
        month=str(month),
        upto=max(row.day for row in figures.rows),
        totals=tuple((metric, figures.total(metric, month.period)) for metric in metrics),
        tiers=next_tiers(state.terms, figures, month),
        returns=costs_of(returned, state.terms, figures, month),
        lines=lines,
        amount=sum((line.amount for line in lines), ZERO),
    )


def _on_figures(state: Contract, figures: Figures, month: Month) -> tuple[Line, ...]:
    """What the clauses on figures come to; nothing where one of them cannot be rated yet."""
    pay = PayInput(
        contract=state.contract,
        person=state.person,
        month=month,
        pay_date=month.period.stop,
        engagement=state.period,
        character=state.character_on(month.first),
        terms=tuple(_on(state.terms)),
        figures=figures,
        book=LawBook(()),
    )
    try:
        return earn(pay)
    except Refusal:
        return ()


def _on(terms: Iterable[Term]) -> Iterable[Term]:
    return (term for term in terms if term.data.get("kind") in ON_FIGURES)
