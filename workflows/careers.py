"""A person's way through the company: steps recorded, read at two times, notes sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain import career, career_facts, contract_facts
from domain import competence as competences
from domain.career import Career
from domain.career_commands import AssessCandidate, CompleteSigning, SendContractToPerson, StartWork
from domain.career_steps import step
from domain.contract_state import Contract
from domain.contract_state import evolve as evolve_contract
from domain.facts import Fact
from domain.refusals import Invalid, NotFound, WrongState
from ledger.records import Recorded
from workflows.desk import Ask, Desk, Outcome, fold, handle, load, scan
from workflows.setup import refuse_unusable, require_person

CAREER_NAMES = (
    "career.candidate_entered.v1",
    "career.interview_held.v1",
    "career.offer_made.v1",
    "career.contract_sent.v1",
    "career.signed.v1",
    "career.work_started.v1",
    "career.team_changed.v1",
    "career.left.v1",
    "career.candidacy_ended.v1",
    "career.assessed.v1",
)
REACHED: dict[str, tuple[str, ...]] = {
    "contract_sent": ("sent", "signed", "active", "ended"),
    "signed": ("signed", "active", "ended"),
    "active": ("active", "ended"),
}
"""Step → the states a named contract must have come to."""
Contractual = SendContractToPerson | CompleteSigning | StartWork


def stream_of(person: str) -> str:
    """The stream of a person's career."""
    return f"career/{person}"


def record(desk: Desk, tenant: str, person: str, command: Any, ask: Ask) -> Outcome[Career]:
    """Record one step of a registered person.

    A step that names a contract of this record takes its time and template from the contract,
    where they are not said. Raises NotFound (person, contract), WrongState (the order, or a
    contract that has not come so far), Invalid (the time, another person's contract).
    """
    require_person(desk, tenant, person)
    if isinstance(command, Contractual) and command.contract is not None:
        command = _by_contract(desk, tenant, person, command)
    sealed = sealed_note(desk, tenant, person, command)

    def decide(state: Career) -> Sequence[Fact]:
        return step(state, person, command, ask.act, sealed)

    return handle(desk, tenant, stream_of(person), Career(), career.evolve, decide, ask)


def assess(
    desk: Desk, tenant: str, person: str, command: AssessCandidate, ask: Ask
) -> Outcome[Career]:
    """Record marks by the competence model of the track."""
    require_person(desk, tenant, person)
    model = read_model(desk, tenant, command.track)
    sealed = sealed_note(desk, tenant, person, command)

    def decide(state: Career) -> Sequence[Fact]:
        return competences.assess(state, person, command, model, ask.act, sealed)

    return handle(desk, tenant, stream_of(person), Career(), career.evolve, decide, ask)


def sealed_note(desk: Desk, tenant: str, person: str, command: Any) -> dict[str, Any]:
    """The command's free text under the person's key; nothing where none was written."""
    note = getattr(command, "note", None)
    if not note:
        return {}
    refuse_unusable(desk, tenant, person)
    return dict(desk.vault.seal(tenant, person, {"note": note}))


def _by_contract(desk: Desk, tenant: str, person: str, command: Contractual) -> Any:
    assert command.contract is not None
    stream = desk.store.stream(tenant, f"contract/{command.contract}")
    state = fold(stream, Contract(), evolve_contract)
    if not state.version:
        raise NotFound(
            f"没有合同 {command.contract}",
            f"There is no contract {command.contract}",
            do="Check the id, or leave the contract out.",
            field="contract",
        )
    if state.person != person:
        raise Invalid(
            f"合同 {command.contract} 是 {state.person} 的",
            f"Contract {command.contract} is {state.person}'s",
            do="Name a contract of this person.",
            field="contract",
        )
    if state.status not in REACHED[command.kind]:
        raise WrongState(
            f"合同 {command.contract} 的状态是 {state.status}, 还没有到这一步",
            f"Contract {command.contract} is {state.status}: it has not come so far",
            do="Send, sign or activate the contract first.",
            field="contract",
            status=state.status,
        )
    return command.model_copy(update=_said_by(state, stream, command))


def _said_by(state: Contract, stream: list[Recorded], command: Contractual) -> dict[str, Any]:
    """What the contract says of the step and the command does not."""
    said: dict[str, Any] = {}
    if command.at is None and command.on is None:
        said["at"] = _time_of(state, stream, command)
    if isinstance(command, SendContractToPerson) and not command.template:
        said["template"] = state.template or ""
        said["template_version"] = state.template_version or 0
    if isinstance(command, StartWork):
        own = {"team": state.team, "track": state.track, "engagement": state.engagement}
        said |= {name: value for name, value in own.items() if getattr(command, name) is None}
    return said


def _time_of(state: Contract, stream: list[Recorded], command: Contractual) -> datetime | None:
    kinds: dict[str, type[Fact]] = {
        "contract_sent": contract_facts.ContractSent,
        "signed": contract_facts.PartySigned,
        "active": contract_facts.ContractActivated,
    }
    wanted = [one for one in stream if isinstance(one.fact, kinds[command.kind])]
    return wanted[-1].recorded_at if wanted else None


def read(desk: Desk, tenant: str, person: str, known: int | None = None) -> Career:
    """Where a person stands, as known at a position. Raises NotFound for an unknown person."""
    require_person(desk, tenant, person, known)
    state = load(desk, tenant, stream_of(person), Career(), career.evolve, known)
    return msgspec.structs.replace(state, person=person)


def steps(desk: Desk, tenant: str, person: str, known: int | None = None) -> list[Recorded]:
    """The facts of a person's career in order, as known at a position."""
    return desk.store.stream(tenant, stream_of(person), known=known)


def notes(desk: Desk, tenant: str, person: str, recorded: Sequence[Recorded]) -> dict[int, str]:
    """The free texts of a career by version; what was erased is left out."""
    found = {}
    for one in recorded:
        sealed = getattr(one.fact, "sealed", {})
        if sealed and (opened := desk.vault.open_many(tenant, {person: sealed})):
            found[one.version] = opened[person]["note"]
    return found


def histories(desk: Desk, tenant: str, known: int | None = None) -> dict[str, list[Fact]]:
    """Every person's career as known at a position: person → facts in order."""
    found: dict[str, list[Fact]] = {}
    for one in scan(desk, tenant, CAREER_NAMES, upto=known):
        found.setdefault(one.stream.split("/", 1)[1], []).append(one.fact)
    return found


def define_model(
    desk: Desk, tenant: str, command: competences.DefineCompetenceModel, ask: Ask
) -> Outcome[competences.CompetenceModel]:
    """Define a track's competence model, or its next version."""
    return handle(
        desk,
        tenant,
        f"competence/{command.track}",
        competences.CompetenceModel(),
        competences.evolve,
        lambda _: competences.define(command),
        ask,
    )


def read_model(
    desk: Desk, tenant: str, track: str, known: int | None = None
) -> competences.CompetenceModel:
    """A track's model with all its versions. Raises NotFound."""
    empty = competences.CompetenceModel()
    state = load(desk, tenant, f"competence/{track}", empty, competences.evolve, known)
    if not state.version:
        raise NotFound(
            f"赛道 {track} 没有胜任力模型",
            f"Track {track} has no competence model",
            do="Define the track's competence model first.",
            field="track",
        )
    return state


def match(
    desk: Desk, tenant: str, person: str, track: str | None, known: int | None = None
) -> competences.Match:
    """How a person fits a track by the last assessment, under the version it was made by.

    `track` is that of the last assessment where none is named. Raises NotFound where the person
    was not assessed.
    """
    require_person(desk, tenant, person, known)
    made = [
        one.fact
        for one in steps(desk, tenant, person, known)
        if isinstance(one.fact, career_facts.CandidateAssessed) and track in (None, one.fact.track)
    ]
    if not made:
        raise NotFound(
            f"{person} 还没有评估",
            f"{person} has not been assessed",
            do="Record an assessment first.",
        )
    last = max(made, key=lambda fact: fact.at)
    return match_of(read_model(desk, tenant, last.track, known), last)


def match_of(
    model: competences.CompetenceModel, made: career_facts.CandidateAssessed
) -> competences.Match:
    """The score of an assessment under the model's version it was made by."""
    version = model.numbered(made.model_version) or model.on(made.effective)
    return competences.match(version, made.marks)
