"""Competence models: what a track asks of a streamer, with weights, and how a candidate fits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from pydantic import Field

from domain import career_facts
from domain.career import Career, day_in_china, moment_of
from domain.career_commands import AssessCandidate, TagCode
from domain.commands import Command, Id, Name
from domain.facts import Act, Fact, Place
from domain.money import ZERO, Number, Share
from domain.periods import Day
from domain.refusals import Invalid, NoRule, WrongWeights
from domain.texts import number, per_cent, percent, short


class CompetenceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One competence of a model as stored; decimals as text in the stored bytes."""

    tag: str
    title_zh: str
    title_en: str
    weight: Decimal
    full: Decimal


class CompetenceModelDefined(Fact, frozen=True, kw_only=True):
    """A track asks for these competences from a day on."""

    track: str
    title: str
    effective: date
    tags: tuple[CompetenceEntry, ...]


class CompetenceDraft(Command):
    """A competence: its weight, a fraction or a percentage, and the mark that is full marks."""

    tag: TagCode
    title_zh: Name
    title_en: Name
    weight: Share
    full: Annotated[Number, Field(gt=0, le=1_000_000)] = Decimal(100)


class DefineCompetenceModel(Command):
    """Define what a track asks for from a day on; weights sum to exactly 100 %."""

    track: Id
    title: Name
    effective: Day
    tags: Annotated[tuple[CompetenceDraft, ...], Field(min_length=1, max_length=30)]


class ModelVersion(msgspec.Struct, frozen=True):
    """A model as it was defined, under its number."""

    number: int
    defined: CompetenceModelDefined
    position: int


class CompetenceModel(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of a track's model, the oldest first."""

    track: str = ""
    version: int = 0
    versions: tuple[ModelVersion, ...] = ()

    def on(self, day: date) -> ModelVersion:
        """The version in force on a day: recorded later wins. Raises NoRule before the first."""
        begun = [one for one in self.versions if one.defined.effective <= day]
        if not begun:
            raise NoRule(
                f"赛道 {self.track or '?'} 在 {day} 没有胜任力模型",
                f"No competence model of track {self.track or '?'} is in force on {day}",
                do="Define it with an earlier effective date.",
                field="track",
            )
        return max(begun, key=lambda one: (one.defined.effective, one.number))

    def numbered(self, number: int) -> ModelVersion | None:
        """The version of a number, or None."""
        return next((one for one in self.versions if one.number == number), None)


def evolve(state: CompetenceModel, fact: Fact, place: Place) -> CompetenceModel:
    """Fold one fact into the model."""
    if not isinstance(fact, CompetenceModelDefined):
        raise TypeError(f"a competence model has no fact {type(fact).__name__}")
    new = ModelVersion(len(state.versions) + 1, fact, place.position)
    versions = (*state.versions, new)
    return CompetenceModel(track=fact.track, version=place.version, versions=versions)


def define(command: DefineCompetenceModel) -> list[Fact]:
    """Define a version. Raises WrongWeights unless weights sum to exactly 100 %."""
    names = [one.tag for one in command.tags]
    if len(set(names)) < len(names):
        raise Invalid(
            "同一能力标签只能出现一次",
            "Each competence stands once",
            do="Keep one.",
            field="tags",
        )
    total = sum((one.weight for one in command.tags), ZERO)
    if total != 1:
        raise WrongWeights(
            f"权重之和为 {per_cent(total)}，必须正好是 100%",
            f"The weights sum to {per_cent(total)}; they must be exactly 100%",
            do="Change the weights so that they sum to 100 %.",
            field="tags",
            sum=per_cent(total),
        )
    tags = tuple(CompetenceEntry(**one.model_dump()) for one in command.tags)
    return [
        CompetenceModelDefined(
            track=command.track, title=command.title, effective=command.effective, tags=tags
        )
    ]


def assess(
    state: Career,
    person: str,
    command: AssessCandidate,
    model: CompetenceModel,
    act: Act,
    sealed: dict[str, object] | None = None,
) -> list[Fact]:
    """Record marks. Raises NoRule (no model on the day), Invalid (an unknown competence, or a
    mark above full marks)."""
    at = moment_of(state, command, act)
    version = model.on(day_in_china(at))
    full = {one.tag: one.full for one in version.defined.tags}
    for tag, mark in command.marks.items():
        if tag not in full or mark > full[tag]:
            most = number(full[tag]) if tag in full else "—"
            raise Invalid(
                f"能力 {tag} 不在模型中，或分数超过满分 {most}",
                f"{tag} is not in the model, or its mark is above {most}",
                do=f"Use the model's competences: {', '.join(full)}.",
                field=f"marks.{tag}",
            )
    return [
        career_facts.CandidateAssessed(
            person=person,
            at=at,
            effective=day_in_china(at),
            track=command.track,
            model_version=version.number,
            marks=dict(sorted(command.marks.items())),
            sealed=sealed or {},
        )
    ]


class MatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one competence gives: points of 100."""

    tag: str
    weight: Decimal
    mark: Decimal | None
    full: Decimal
    points: Decimal
    zh: str
    en: str


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How a person fits a track: points of 100, line by line; what was not assessed gives none."""

    track: str
    model_version: int
    score: Decimal
    missing: tuple[str, ...]
    lines: tuple[MatchLine, ...]


def match(version: ModelVersion, marks: Mapping[str, Decimal]) -> Match:
    """Score = Σ weight × mark ÷ full marks × 100."""
    lines = tuple(_line(one, marks.get(one.tag)) for one in version.defined.tags)
    return Match(
        track=version.defined.track,
        model_version=version.number,
        score=sum((line.points for line in lines), ZERO),
        missing=tuple(line.tag for line in lines if line.mark is None),
        lines=lines,
    )


def _line(entry: CompetenceEntry, mark: Decimal | None) -> MatchLine:
    points = ZERO if mark is None else entry.weight * 100 * mark / entry.full
    if mark is None:
        zh = f"{entry.title_zh}：权重 {per_cent(entry.weight)}，未评估，计 0 分"
        en = f"{entry.title_en}: weight {percent(entry.weight)}, not assessed, 0 points"
    else:
        of = f"{number(mark)} / {number(entry.full)}"
        zh = f"{entry.title_zh}：权重 {per_cent(entry.weight)} × {of} = {short(points)} 分"
        en = f"{entry.title_en}: weight {percent(entry.weight)} × {of} = {short(points)} points"
    return MatchLine(
        tag=entry.tag,
        weight=entry.weight,
        mark=mark,
        full=entry.full,
        points=points,
        zh=zh,
        en=en,
    )
