"""Contracts: draft from a template, act on one, amend a cohort, look at two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.plan_check import Finding, PlanContext, check_plan

from domain import contract, contract_commands, template
from domain import person as persons
from domain.contract_state import Contract
from domain.facts import Act
from domain.refusals import Invalid, NotFound, Refusal
from domain.terms import Term, terms_on
from ledger.idempotency import Idempotency
from ledger.records import Receipt
from workflows.desk import Ask, Desk, Outcome, fold, fold_all, handle, load

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
) -> Outcome[Contract]:
    """Let one command act on one contract."""
    context = None

    def decide(state: Contract) -> Sequence[Any]:
        nonlocal context
        if context is None:
            context = plan_context(desk, tenant, state, command)
        return contract.decide(state, command, ask.act, context)

    return handle(desk, tenant, f"contract/{contract_id}", Contract(), contract.evolve, decide, ask)


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
    contracts: Sequence[str],
    command: contract_commands.AmendContract,
    ask: Ask,
    *,
    preview: bool = False,
) -> list[CohortResult]:
    """Amend many contracts; each has its own verdict, and none fails because of another.

    With `preview` nothing is recorded. A key covers the whole cohort: each contract gets a key
    of its own made from it, so a repeated request does again only what was not done.
    """
    return [
        _amend_one(desk, tenant, contract_id, command, ask, preview=preview)
        for contract_id in dict.fromkeys(contracts)
    ]


def _amend_one(
    desk: Desk,
    tenant: str,
    contract_id: str,
    command: contract_commands.AmendContract,
    ask: Ask,
    *,
    preview: bool,
) -> CohortResult:
    before = read(desk, tenant, contract_id)
    was = list(terms_on(before.terms, command.effective))
    try:
        if preview:
            after = _preview(desk, tenant, before, command, ask.act)
            receipts: list[Receipt] = []
        else:
            outcome = act_on(desk, tenant, contract_id, command, _own_key(ask, contract_id))
            after, receipts = outcome.state, outcome.receipts
    except Refusal as refusal:
        return CohortResult(contract_id, False, [], was, was, refusal)
    return CohortResult(
        contract_id, True, receipts, was, list(terms_on(after.terms, command.effective))
    )


def _own_key(ask: Ask, contract_id: str) -> Ask:
    if ask.idempotency is None:
        return ask
    key = ask.idempotency
    return Ask(ask.act, None, Idempotency(f"{key.key}/{contract_id}", key.fingerprint))


def _preview(
    desk: Desk,
    tenant: str,
    state: Contract,
    command: contract_commands.AmendContract,
    act: Act,
) -> Contract:
    context = plan_context(desk, tenant, state, command)
    for number, fact in enumerate(contract.decide(state, command, act, context), start=1):
        state = contract.evolve(state, fact, _imagined(state, number, act))
    return state


def _imagined(state: Contract, number: int, act: Act) -> Any:
    from domain.facts import Place

    return Place(version=state.version + 1, actor=act.actor)


def plan_context(desk: Desk, tenant: str, state: Contract, command: Any) -> PlanContext:
    """What the plan check has to know besides the clauses: metrics, schemes, law, kind."""
    raise AssertionError


def findings(desk: Desk, tenant: str, state: Contract, day: date) -> list[Finding]:
    """The plan check's findings on the terms of a day."""
    clauses = {term.key: term.clause for term in terms_on(state.terms, day)}
    return check_plan(clauses, plan_context(desk, tenant, state, None))


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
