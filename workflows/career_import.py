"""Histories of persons taken over from elsewhere: each decided step by step, recorded whole.

A person's history is recorded whole or not at all; what is refused is reported with its step, and
nothing else is held up by it. Past steps keep their own dates; when they became known is their
place in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from pydantic import Field, ValidationError

from domain import career
from domain import competence as competences
from domain import person as persons
from domain.career import Career
from domain.career_commands import AnyStep, AssessCandidate
from domain.career_steps import step
from domain.commands import Command, Id
from domain.facts import Act, Fact, Place
from domain.refusals import Invalid, NotFound, Refusal, StaleVersion
from ledger.records import NewFact, Receipt
from workflows.careers import read_model, sealed_note, stream_of
from workflows.desk import RETRIES, Desk, busy, load

Models = dict[str, competences.CompetenceModel]
MOST_HISTORIES = 2_000
MOST_FACTS = 500
"""Facts of one append."""


class History(Command):
    """One person: personal data where the person is not registered, and the steps in order.

    A step of kind `assessed` holds marks; it must follow a model that was in force on its day.
    """

    person: Id
    personal: persons.PersonalData | None = None
    tags: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    steps: Annotated[tuple[AnyStep, ...], Field(max_length=200)] = ()


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """A history that was not recorded, and why."""

    number: int
    """Its place in what was sent, from 1."""
    person: str
    step: int | None
    """The step that was refused, from 1; None where the history could not be read."""
    code: str
    zh: str
    en: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the histories: recorded + rejected is what was sent."""

    recorded: int
    facts: int
    rejected: tuple[Rejected, ...]
    receipts: list[Receipt]


class _Refused(Exception):
    def __init__(self, at: int | None, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.at, self.refusal = at, refusal


def import_histories(desk: Desk, tenant: str, sent: Sequence[Any], act: Act) -> Imported:
    """Record histories; sent again they are refused as repeated, and nothing is there twice.

    Raises Invalid for more than 2,000 at once, NotFound (the tenant).
    """
    if len(sent) > MOST_HISTORIES:
        raise Invalid(
            f"一次最多导入 {MOST_HISTORIES} 人",
            f"At most {MOST_HISTORIES} histories are taken at once",
            do="Send them in several parts.",
            field="histories",
        )
    desk.store.head(tenant)
    part = _Part(desk, tenant, act)
    for number, raw in enumerate(sent, start=1):
        part.take(number, raw)
    part.flush()
    return Imported(
        recorded=len(sent) - len(part.rejected),
        facts=len(part.receipts),
        rejected=tuple(part.rejected),
        receipts=part.receipts,
    )


class _Part:
    """Histories that are appended together; where another was first, each is decided again."""

    def __init__(self, desk: Desk, tenant: str, act: Act) -> None:
        self.desk, self.tenant, self.act = desk, tenant, act
        self.models: Models = {}
        self.kept: list[tuple[int, History, list[NewFact]]] = []
        self.rejected: list[Rejected] = []
        self.receipts: list[Receipt] = []

    def take(self, number: int, raw: Any) -> None:
        """Decide a history and keep it for the next append, or reject it."""
        try:
            history = _read(raw)
            if any(kept.person == history.person for _, kept, _ in self.kept):
                self.flush()
            self.kept.append((number, history, self._decided(history)))
        except _Refused as no:
            self.rejected.append(_rejected(number, raw, no))
            return
        if sum(len(facts) for _, _, facts in self.kept) >= MOST_FACTS:
            self.flush()

    def flush(self) -> None:
        """Append what is kept."""
        kept, self.kept = self.kept, []
        facts = [one for _, _, found in kept for one in found]
        if not facts:
            return
        try:
            self.receipts += self.desk.store.append(self.tenant, facts, self.act)
        except StaleVersion:
            for number, history, _ in kept:
                self._again(number, history)
        self.desk.runner.hint()

    def _again(self, number: int, history: History) -> None:
        for _ in range(RETRIES):
            try:
                facts = self._decided(history)
                self.receipts += self.desk.store.append(self.tenant, facts, self.act)
            except StaleVersion:
                continue
            except _Refused as no:
                self.rejected.append(_rejected(number, {"person": history.person}, no))
            return
        raise busy(f"人员 {history.person}")

    def _decided(self, history: History) -> list[NewFact]:
        return _decided(self.desk, self.tenant, history, self.act, self.models)


def _read(raw: Any) -> History:
    try:
        return History.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        loc = found["loc"]
        at = int(loc[1]) + 1 if loc[:1] == ("steps",) and len(loc) > 1 else None
        field = ".".join(str(one) for one in loc)
        said = str(found["msg"]).removeprefix("Value error, ")
        refusal = Invalid(f"内容不正确: {field}", f"{field}: {said}", do="Correct the field.")
        raise _Refused(at, refusal) from None


def _decided(
    desk: Desk,
    tenant: str,
    history: History,
    act: Act,
    models: Models,
) -> list[NewFact]:
    """The facts of a history on top of what is recorded of the person already."""
    new = _registered(desk, tenant, history)
    name = history.person
    state = load(desk, tenant, stream_of(name), Career(), career.evolve)
    for at, command in enumerate(history.steps, start=1):
        try:
            for fact in _step(desk, tenant, state, name, command, act, models):
                version = state.version + 1
                new.append(NewFact(stream_of(name), version, fact))
                state = career.evolve(state, fact, Place(version=version))
        except Refusal as refusal:
            raise _Refused(at, refusal) from None
    return new


def _step(
    desk: Desk,
    tenant: str,
    state: Career,
    name: str,
    command: Any,
    act: Act,
    models: Models,
) -> Iterable[Fact]:
    sealed = sealed_note(desk, tenant, name, command)
    if not isinstance(command, AssessCandidate):
        return step(state, name, command, act, sealed)
    if command.track not in models:
        models[command.track] = read_model(desk, tenant, command.track)
    return competences.assess(state, name, command, models[command.track], act, sealed)


def _registered(desk: Desk, tenant: str, history: History) -> list[NewFact]:
    """The fact that registers the person, where that was not done before."""
    stream = f"person/{history.person}"
    if desk.store.stream(tenant, stream, limit=1):
        return []
    if history.personal is None:
        refusal = NotFound(
            f"没有人员 {history.person}",
            f"There is no person {history.person}",
            do="Register the person, or send `personal` with the history.",
        )
        raise _Refused(None, refusal)
    said = {k: v for k, v in history.personal.model_dump().items() if v is not None}
    sealed = desk.vault.seal(tenant, history.person, said)
    command = persons.RegisterPerson(
        person=history.person, personal=history.personal, tags=history.tags
    )
    facts = persons.register(persons.Person(), command, dict(sealed))
    return [NewFact(stream, number, fact) for number, fact in enumerate(facts, start=1)]


def _rejected(number: int, raw: Any, no: _Refused) -> Rejected:
    name = str(raw.get("person", ""))[:60] if isinstance(raw, dict) else ""
    refusal = no.refusal
    return Rejected(
        number=number, person=name, step=no.at, code=refusal.code, zh=refusal.zh, en=refusal.en
    )
