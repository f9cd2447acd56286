"""Contract templates: named, versioned sets of clauses with variables."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from pydantic import Field, TypeAdapter, ValidationError

from domain.clauses import Key, clause_of
from domain.commands import Command, Id, Name
from domain.contract_commands import ClauseDraft
from domain.contract_facts import Engagement
from domain.facts import Fact, Place
from domain.refusals import Invalid, NotFound

VARIABLE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")


class TemplateDefined(Fact, frozen=True, kw_only=True):
    """A template as of this version. Contracts keep the version they came from."""

    template: str
    title: str
    engagement: str
    clauses: tuple[dict[str, Any], ...]


class TemplateClause(Command):
    """A clause whose parameters may hold variables, written `{{name}}`."""

    key: Key
    clause: dict[str, Any]


class DefineTemplate(Command):
    """Define a template, or its next version."""

    template: Id
    title: Name
    engagement: Engagement
    clauses: Annotated[tuple[TemplateClause, ...], Field(min_length=1, max_length=200)]


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of a template, the oldest first."""

    template: str = ""
    version: int = 0
    versions: tuple[TemplateDefined, ...] = ()


def evolve(state: Template, fact: Fact, place: Place) -> Template:
    """Fold one fact into the template."""
    if not isinstance(fact, TemplateDefined):
        raise TypeError(f"a template has no fact {type(fact).__name__}")
    return Template(template=fact.template, version=place.version, versions=(*state.versions, fact))


def define(command: DefineTemplate) -> list[Fact]:
    """Define a version. Clauses without variables are checked at once, others when drafted."""
    for entry in command.clauses:
        if not variables_of(entry.clause):
            clause_of(entry.clause)
    return [
        TemplateDefined(
            template=command.template,
            title=command.title,
            engagement=command.engagement,
            clauses=tuple(entry.model_dump(mode="json") for entry in command.clauses),
        )
    ]


def variables_of(data: Any) -> set[str]:
    """The names of all variables in a clause's parameters."""
    if isinstance(data, str):
        return set(VARIABLE.findall(data))
    if isinstance(data, dict):
        return set().union(*(variables_of(value) for value in data.values()), set())
    if isinstance(data, list | tuple):
        return set().union(*(variables_of(value) for value in data), set())
    return set()


def instantiate(
    state: Template, version: int | None, values: dict[str, str]
) -> tuple[int, tuple[ClauseDraft, ...]]:
    """The clauses of a template's version (the newest by default) with variables filled in.

    Raises NotFound for an unknown version and Invalid for missing or unknown variables.
    """
    wanted = version or len(state.versions)
    if not 1 <= wanted <= len(state.versions):
        raise NotFound(
            "没有这个模板版本",
            "There is no such template version",
            do=f"Versions run from 1 to {len(state.versions)}.",
        )
    defined = state.versions[wanted - 1]
    known = variables_of(list(defined.clauses))
    if known != set(values):
        raise Invalid(
            "模板变量不一致",
            "The variables do not match the template",
            do=f"Give exactly these: {', '.join(sorted(known)) or 'none'}.",
            field="variables",
            missing=sorted(known - set(values)),
            unknown=sorted(set(values) - known),
        )
    filled = [_fill(entry, values) for entry in defined.clauses]
    try:
        return wanted, TypeAdapter(tuple[ClauseDraft, ...]).validate_python(filled)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            f"模板条款不正确: {field}",
            f"A clause of the template is not right: {first['msg']}",
            do="Check the variables' values.",
            field=field,
        ) from None


def _fill(data: Any, values: dict[str, str]) -> Any:
    if isinstance(data, str):
        return VARIABLE.sub(lambda found: values[found.group(1)], data)
    if isinstance(data, dict):
        return {key: _fill(value, values) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_fill(value, values) for value in data]
    return data
