"""Contracts: draft from a template, act on one, amend a cohort, look at two times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from domain import contract, contract_commands, template
from domain import person as persons
from domain.contract_state import Contract
from domain.facts import Act, Fact, Place
from domain.plan_check import Finding, PlanContext, check_plan
from domain.refusals import Invalid, NotFound, Refusal
from domain.tenant import TenantOpened
from domain.terms import Term, terms_on
from ledger.idempotency import Idempotency
from ledger.records import Receipt, Recorded
from workflows.definitions import (
    KPI_NAMES,
    METRIC_NAMES,
    aggregations_of,
    metrics_at,
    schemes_at,
)
from workflows.desk import Ask, Desk, Outcome, fold, fold_all, handle, load
from workflows.law import PUBLISHED, law_book
from workflows.setup import refuse_unusable

CONTRACT_NAMES = (
    "contract.drafted.v1",
    "contract.sent.v1",
    "contract.party_signed.v1",
    "contract.activated.v1",
    "contract.cancelled.v1",
    "contract.clause_added.v1",
    "contract.clause_amended.v1",
    "contract.clause_ended.v1",
    "contract.renewed.v1",
    "contract.ended.v1",
    "contract.tax_character_set.v1",
    "contract.expiry_decided.v1",
)

PLAN_NAMES = (*METRIC_NAMES, *KPI_NAMES, PUBLISHED, "tenant.opened.v1")
"""Facts that a plan check depends on."""


def draft(
    desk: Desk,
    tenant: str,
    command: contract_commands.DraftContract,
    variables: dict[str, str],
    ask: Ask,
) -> Outcome[Contract]:
    """Draft a contract for a registered person, from its clauses or from a template."""
    person = load(desk, tenant, f"person/{command.person}", persons.Person(), persons.evolve)
    if not person.version:
        raise NotFound(
            f"没有人员 {command.person}",
            f"There is no person {command.person}",
            do="Register the person first.",
            field="person",
        )
    refuse_unusable(desk, tenant, command.person)
    return act_on(desk, tenant, command.contract, _filled(desk, tenant, command, variables), ask)


def _filled(
    desk: Desk,
    tenant: str,
    command: contract_commands.DraftContract,
    variables: dict[str, str],
) -> contract_commands.DraftContract:
    if command.template is None:
        if variables:
            raise Invalid(
                "没有模板, 不需要变量",
                "Variables belong to a template",
                do="Name a template or leave the variables out.",
                field="variables",
            )
        return command
    state = load(desk, tenant, f"template/{command.template}", template.Template(), template.evolve)
    version, clauses = template.instantiate(state, command.template_version, variables)
    own = {entry.key for entry in command.clauses}
    merged = (*(entry for entry in clauses if entry.key not in own), *command.clauses)
    return command.model_copy(update={"template_version": version, "clauses": merged})


def act_on(
    desk: Desk,
    tenant: str,
    contract_id: str,
    command: contract_commands.ContractCommand,
    ask: Ask,
    plan: PlanContext | None = None,
) -> Outcome[Contract]:
    """Let one command act on one contract. `plan` may be read once for many contracts."""
    stream, loaded = f"contract/{contract_id}", None
    if plan is None:
        plan, loaded = _plan_for(desk, tenant, stream, command)

    def decide(state: Contract) -> Sequence[Fact]:
        return contract.decide(state, command, ask.act, plan)

    return handle(desk, tenant, stream, Contract(), contract.evolve, decide, ask, loaded)


def _plan_for(
    desk: Desk, tenant: str, stream: str, command: contract_commands.ContractCommand
) -> tuple[PlanContext, list[Recorded] | None]:
    """What a command is checked with, and the stream where it was read on the way.

    Commands that change no clause need no plan check.
    """
    checked = (
        contract_commands.DraftContract
        | contract_commands.AmendContract
        | contract_commands.RenewContract
    )
    if not isinstance(command, checked):
        return PlanContext(), None
    make = partial(_plan_context, desk, tenant)
    return desk.memory.get_with(stream, desk.store, tenant, "plan", PLAN_NAMES, make)


@dataclass(frozen=True, slots=True)
class CohortResult:
    """What an amendment did, or would do, to one contract."""

    contract: str
    accepted: bool
    receipts: list[Receipt]
    before: list[Term]
    after: list[Term]
    refusal: Refusal | None = None


def amend_cohort(
    desk: Desk,
    tenant: str,
    amendments: Mapping[str, contract_commands.AmendContract],
    ask: Ask,
    *,
    preview: bool = False,
) -> list[CohortResult]:
    """Amend many contracts, each by its own command (most often the same for all).

    Each has its own verdict, and none fails because of another. With `preview` nothing is
    recorded. A key covers the whole cohort: each contract gets a key of its own made from it, so
    a repeated request does again only what was not done.
    """
    plan = plan_context(desk, tenant)
    return [
        _amend_one(desk, tenant, contract_id, command, ask, plan, preview=preview)
        for contract_id, command in amendments.items()
    ]


def _amend_one(
    desk: Desk,
    tenant: str,
    contract_id: str,
    command: contract_commands.AmendContract,
    ask: Ask,
    plan: PlanContext,
    *,
    preview: bool,
) -> CohortResult:
    was: list[Term] = []
    receipts: list[Receipt] = []
    try:
        before = read(desk, tenant, contract_id)
        was = list(terms_on(before.terms, command.effective))
        if preview:
            after = _imagined(before, command, ask.act, plan)
        else:
            outcome = act_on(desk, tenant, contract_id, command, _own_key(ask, contract_id), plan)
            after, receipts = outcome.state, outcome.receipts
    except Refusal as refusal:
        return CohortResult(contract_id, False, [], was, was, refusal)
    now = list(terms_on(after.terms, command.effective))
    return CohortResult(contract_id, True, receipts, was, now)


def _own_key(ask: Ask, contract_id: str) -> Ask:
    if ask.idempotency is None:
        return Ask(ask.act)
    key = ask.idempotency
    return Ask(ask.act, None, Idempotency(f"{key.key}/{contract_id}", key.fingerprint))


def _imagined(
    state: Contract, command: contract_commands.AmendContract, act: Act, plan: PlanContext
) -> Contract:
    """The contract as it would be after the amendment."""
    for fact in contract.decide(state, command, act, plan):
        state = contract.evolve(state, fact, Place(version=state.version + 1, actor=act.actor))
    return state


def plan_context(desk: Desk, tenant: str, known: int | None = None) -> PlanContext:
    """What the plan check has to know besides the clauses: metrics, schemes, city and law."""
    if known is None:
        make = partial(_plan_context, desk, tenant)
        return desk.memory.get(desk.store, tenant, "plan", PLAN_NAMES, make)
    return _plan_context(desk, tenant, known)


def _plan_context(desk: Desk, tenant: str, known: int) -> PlanContext:
    metrics = metrics_at(desk, tenant, known)
    opened = desk.store.stream(tenant, f"tenant/{tenant}", limit=1)
    fact = opened[0].fact if opened else None
    return PlanContext(
        metrics=frozenset(metrics),
        aggregations=aggregations_of(metrics),
        schemes=frozenset(schemes_at(desk, tenant, known)),
        city=fact.city.lower() if isinstance(fact, TenantOpened) else None,
        book=law_book(desk, tenant, known),
    )


def findings(
    desk: Desk, tenant: str, state: Contract, day: date, known: int | None = None
) -> list[Finding]:
    """The plan check's findings on a contract's terms of a day."""
    clauses = {term.key: term.clause for term in terms_on(state.terms, day)}
    return check_plan(clauses, contract.plan_on(state, plan_context(desk, tenant, known), day))


def read(desk: Desk, tenant: str, contract_id: str, known: int | None = None) -> Contract:
    """A contract as known at a position. Raises NotFound where it was not known yet."""
    records = desk.store.stream(tenant, f"contract/{contract_id}", known=known)
    if not records:
        raise NotFound(
            f"没有合同 {contract_id}" + (f" (截至位置 {known})" if known is not None else ""),
            f"There is no contract {contract_id}"
            + (f" as known at position {known}" if known is not None else ""),
            do="Check the id, or ask for a later `known`.",
        )
    return fold(records, Contract(), contract.evolve)


def all_contracts(desk: Desk, tenant: str, known: int | None = None) -> dict[str, Contract]:
    """Every contract as known at a position, by id, folded in one pass over the ledger."""
    states = fold_all(desk, tenant, CONTRACT_NAMES, Contract(), contract.evolve, known)
    return {state.contract: state for state in states.values()}
