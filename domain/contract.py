"""Decisions on a contract: which facts follow from a command, or why none do."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from domain import contract_commands as commands
from domain import contract_facts as facts
from domain.clauses import Clause, clause_data
from domain.contract_state import Contract, evolve
from domain.documents import document_sha256
from domain.facts import Act, Fact
from domain.periods import Period
from domain.plan_check import PlanContext, refuse_bad_plan
from domain.refusals import Invalid, NotFound, StaleVersion, WrongState
from domain.sentences import sentence
from domain.terms import starts_after, terms_on

__all__ = ["Contract", "decide", "evolve"]


def decide(
    state: Contract, command: commands.ContractCommand, act: Act, plan: PlanContext
) -> list[Fact]:
    """The facts that follow from a command on a contract in this state.

    `plan` says what the clauses may refer to (metrics, KPI schemes, law). Raises a Refusal that
    says what to do when the command does not fit the state, the term or the plan check.
    """
    match command:
        case commands.DraftContract():
            return _draft(state, command, plan)
        case commands.SendContract():
            _need(state, "drafted", "sent out")
            return [facts.ContractSent(document_sha256=document_sha256(state))]
        case commands.SignContract():
            return _sign(state, command)
        case commands.ActivateContract():
            _need(state, "signed", "activated")
            return [facts.ContractActivated(effective=state.start)]
        case commands.CancelContract():
            _need(state, "drafted sent", "cancelled")
            return [facts.ContractCancelled()]
        case commands.AmendContract():
            return _amend(state, command, act, plan)
        case commands.RenewContract():
            return _renew(state, command, act, plan)
        case commands.EndContract():
            return _end(state, command)
        case commands.SetTaxCharacter():
            return _set_character(state, command)
        case commands.DecideExpiry():
            return _decide_expiry(state, command)


def _draft(state: Contract, command: commands.DraftContract, plan: PlanContext) -> list[Fact]:
    if state.status != "none":
        raise WrongState(
            f"合同 {command.contract} 已存在",
            f"Contract {command.contract} exists already",
            do="Choose another id, or amend the contract that is there.",
            current_version=state.version,
        )
    if not command.clauses:
        raise Invalid(
            "合同没有条款",
            "A contract needs at least one clause",
            do="Send clauses, or name a template that has some.",
            field="clauses",
        )
    keys = [draft.key for draft in command.clauses]
    if len(keys) != len(set(keys)):
        raise Invalid(
            "条款编号重复",
            "Two clauses have the same key",
            do="Give every clause a key of its own.",
            field="clauses",
        )
    in_plan = msgspec.structs.replace(
        plan,
        engagement=command.engagement,
        character=command.character,
        term=Period(command.start, command.end),
        effective=command.start,
    )
    refuse_bad_plan({draft.key: draft.clause for draft in command.clauses}, in_plan)
    return [
        facts.ContractDrafted(
            contract=command.contract,
            person=command.person,
            number=command.number,
            engagement=command.engagement,
            character=command.character,
            effective=command.start,
            end=command.end,
            team=command.team,
            track=command.track,
            template=command.template,
            template_version=command.template_version,
            clauses=tuple(_entry(draft, command) for draft in command.clauses),
        )
    ]


def _entry(draft: commands.ClauseDraft, command: commands.DraftContract) -> facts.ClauseEntry:
    term = Period(command.start, command.end)
    for day in (draft.start, draft.end):
        if day is not None and day not in term and day != term.end:
            raise Invalid(
                f"条款 {draft.key} 的日期不在合同期内",
                f"Clause {draft.key} has a day outside the contract's term {term.text()}",
                do="Leave start and end out, or choose days inside the term.",
                field=f"clauses.{draft.key}",
            )
    zh, en = sentence(draft.clause)
    return facts.ClauseEntry(
        key=draft.key,
        clause=clause_data(draft.clause),
        text_zh=zh,
        text_en=en,
        start=draft.start,
        end=draft.end,
    )


def _sign(state: Contract, command: commands.SignContract) -> list[Fact]:
    _need(state, "sent", "signed")
    following = facts.SIGNING_ORDER[len(state.signed_by)]
    if command.party != following:
        raise WrongState(
            f"签署顺序不对,下一方是 {following}",
            f"Parties sign in order; the next is {following}",
            do=f"Let {following} sign first.",
            next_party=following,
        )
    if command.document_sha256 != state.document_sha256:
        raise StaleVersion(
            "签署的文本与发出的文本不一致",
            "The document signed is not the one that was sent",
            do="Fetch the contract and sign the document of the hash it shows.",
            document_sha256=state.document_sha256,
        )
    return [
        facts.PartySigned(
            party=command.party,
            signatory=command.signatory,
            document_sha256=command.document_sha256,
            method=command.method,
            evidence=command.evidence,
        )
    ]


def _amend(
    state: Contract, command: commands.AmendContract, act: Act, plan: PlanContext
) -> list[Fact]:
    _need(state, "active", "amended")
    _need_reason(act)
    if command.effective not in state.period:
        raise Invalid(
            f"生效日 {command.effective} 不在合同期 {state.period.text()} 内",
            f"The effective date {command.effective} is outside the term {state.period.text()}",
            do="Choose a day inside the term, or renew the contract first.",
            field="effective",
        )
    if not command.supersede_later and command.until is None:
        _refuse_to_cover_later(state, command)
    span = _Span(command.amendment, command.effective, command.until, command.document)
    return _changes(state, command.changes, span, plan)


def _refuse_to_cover_later(state: Contract, command: commands.AmendContract) -> None:
    """An open-ended change would silently undo what was agreed for later days: ask."""
    for change in command.changes:
        later = starts_after(state.terms, change.key, command.effective)
        if later:
            first = min(term.period.start for term in later)
            raise WrongState(
                f"条款 {change.key} 自 {first} 起已有后续约定",
                f"Clause {change.key} already has a change agreed from {first}",
                do=f"Give until: {first} to keep that change, or supersede_later: true to "
                "replace it.",
                later_change=first.isoformat(),
                clause=change.key,
            )


class _Span(msgspec.Struct, frozen=True):
    """What the facts of one amendment share."""

    amendment: str
    effective: date
    until: date | None
    document: str | None


def _changes(
    state: Contract,
    changes: tuple[commands.ClauseChange, ...],
    span: _Span,
    plan: PlanContext,
) -> list[Fact]:
    in_force = {term.key: term.clause for term in terms_on(state.terms, span.effective)}
    after: dict[str, Clause] = dict(in_force)
    made: list[Fact] = []
    for change in changes:
        made.append(_change(change, span, in_force))
        if change.clause is None:
            after.pop(change.key)
        else:
            after[change.key] = change.clause
    keys = frozenset(change.key for change in changes)
    refuse_bad_plan(after, plan_on(state, plan, span.effective, keys))
    return made


def plan_on(
    state: Contract, plan: PlanContext, day: date, changed: frozenset[str] = frozenset()
) -> PlanContext:
    """What the plan check is told of a contract on a day."""
    return msgspec.structs.replace(
        plan,
        engagement=state.engagement,
        character=state.character_on(day),
        term=state.period,
        effective=day,
        changed=changed,
        before={term.key: term.clause for term in terms_on(state.terms, day - timedelta(days=1))},
    )


def _change(change: commands.ClauseChange, span: _Span, in_force: dict[str, Clause]) -> Fact:
    if (change.op == "add") == (change.key in in_force):
        raise _wrong_operation(change, span.effective, in_force)
    if change.clause is None:
        return facts.ClauseEnded(
            amendment=span.amendment,
            key=change.key,
            effective=span.effective,
            until=span.until,
            document=span.document,
        )
    zh, en = sentence(change.clause)
    made = facts.ClauseAdded if change.op == "add" else facts.ClauseAmended
    return made(
        amendment=span.amendment,
        key=change.key,
        clause=clause_data(change.clause),
        text_zh=zh,
        text_en=en,
        effective=span.effective,
        until=span.until,
        document=span.document,
    )


def _wrong_operation(
    change: commands.ClauseChange, day: date, in_force: dict[str, Clause]
) -> Invalid:
    there, already, instead = (
        ("已存在", "already", "change") if change.op == "add" else ("不存在", "not", "add")
    )
    return Invalid(
        f"条款 {change.key} 在 {day} {there}",
        f"Clause {change.key} is {already} in force on {day}",
        do=f"Use op: {instead}, or another key.",
        field=f"changes.{change.key}",
        in_force=sorted(in_force),
    )


def _renew(
    state: Contract, command: commands.RenewContract, act: Act, plan: PlanContext
) -> list[Fact]:
    _need(state, "active", "renewed")
    _need_reason(act)
    start = state.end
    if start is None:
        raise WrongState(
            "无固定期限合同无需续签",
            "An open-ended contract has no end to renew",
            do="Amend its clauses instead.",
        )
    if command.end is not None and command.end <= start:
        raise Invalid(
            f"续签的终止日须晚于 {start}",
            f"The new term must end after {start}",
            do="Give the first day after the new term.",
            field="end",
        )
    renewed = facts.ContractRenewed(
        effective=start,
        end=command.end,
        fixed_terms=state.fixed_terms + (0 if command.end is None else 1),
    )
    span = _Span(command.amendment, start, None, command.document)
    return [renewed, *_changes(state, command.changes, span, plan)]


def _end(state: Contract, command: commands.EndContract) -> list[Fact]:
    _need(state, "active", "ended")
    if command.effective <= state.start or (
        state.end is not None and command.effective > state.end
    ):
        raise Invalid(
            f"终止日须在合同期内 ({state.period.text()})",
            f"The end must lie inside the term {state.period.text()}",
            do="Give the first day on which the contract is not in force.",
            field="effective",
        )
    return [
        facts.ContractEnded(effective=command.effective, ending=command.ending, note=command.note)
    ]


def _set_character(state: Contract, command: commands.SetTaxCharacter) -> list[Fact]:
    _need(state, "drafted sent signed active", "given a tax character")
    if command.effective not in state.period:
        raise Invalid(
            f"生效日不在合同期内 ({state.period.text()})",
            f"The date is outside the term {state.period.text()}",
            do="Choose a day inside the term.",
            field="effective",
        )
    return [facts.TaxCharacterSet(character=command.character, effective=command.effective)]


def _decide_expiry(state: Contract, command: commands.DecideExpiry) -> list[Fact]:
    _need(state, "active", "decided on")
    if state.end is None:
        raise WrongState(
            "无固定期限合同不会到期",
            "An open-ended contract does not expire",
            do="Nothing needs to be decided.",
        )
    return [facts.ExpiryDecided(decision=command.decision, effective=state.end)]


def _need(state: Contract, wanted: str, act: str) -> None:
    if state.status == "none":
        raise NotFound("没有这份合同", "There is no such contract", do="Draft it first.")
    if state.status not in wanted.split():
        raise WrongState(
            f"合同状态为 {state.status},不能执行此操作",
            f"A contract that is {state.status} cannot be {act}",
            do=_next_step(state),
            state=state.status,
            current_version=state.version,
        )


def _next_step(state: Contract) -> str:
    steps = {
        "drafted": "Send it out to be signed.",
        "sent": "Let the parties sign in order.",
        "signed": "Activate it.",
        "active": "Amend, renew or end it.",
        "ended": "Draft a new contract; what was paid under this one stays as it is.",
        "cancelled": "Draft a new contract.",
    }
    return steps.get(state.status, "")


def _need_reason(act: Act) -> None:
    if not act.reason.strip():
        raise Invalid(
            "变更需要写明原因",
            "A change of terms needs a reason",
            do="Say in `reason` why the terms change; the trail shows it.",
            field="reason",
        )
