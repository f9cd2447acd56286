"""What is asked of a what-if: months, whom it is about, and what would be different."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from domain.clauses import Key
from domain.commands import Command, Id, Name
from domain.contract_commands import ClauseChange
from domain.contract_facts import Engagement
from domain.kpi import KpiMetricDraft
from domain.periods import Month, MonthText

MOST_MONTHS = 24
Weights = Annotated[tuple[KpiMetricDraft, ...], Field(min_length=1, max_length=20)]
Parameters = Annotated[dict[Key, dict[str, Any]], Field(max_length=50)]


class Cohort(Command):
    """Whose terms change: the contracts named, or those that fit; nothing said means all."""

    contracts: Annotated[tuple[Id, ...], Field(max_length=10_000)] | None = None
    team: Name | None = None
    track: Name | None = None
    engagement: Engagement | None = None
    person: Id | None = None


class Different(Command):
    """What would have been different, on every contract of the cohort."""

    changes: Annotated[tuple[ClauseChange, ...], Field(max_length=50)] = ()
    """Clauses added, changed (where they are in force) or ended."""
    parameters: Parameters = Field(default_factory=dict)
    """Clause key to the parameters that differ, laid over each contract's own clause."""
    weights: Annotated[dict[Id, Weights], Field(max_length=50)] = Field(default_factory=dict)
    """KPI scheme to other weights (and targets and caps)."""
    teams: Annotated[dict[Id, Name], Field(max_length=10_000)] = Field(default_factory=dict)
    """Contract to the team it would have been in: team figures move with it."""


class WhatIf(Different):
    """Rate past months again with other terms, weights or teams; nothing is written."""

    first: MonthText
    last: MonthText
    cohort: Cohort = Cohort()
    lines: bool = False
    """Give the lines of the other rating too, with their sentences."""

    @model_validator(mode="after")
    def _something_differs(self) -> WhatIf:
        first, last = Month.parse(self.first), Month.parse(self.last)
        if last < first:
            raise ValueError("last must not lie before first")
        if last >= first.plus(MOST_MONTHS):
            raise ValueError(f"at most {MOST_MONTHS} months")
        if not (self.changes or self.parameters or self.weights or self.teams):
            raise ValueError("say what would be different: changes, parameters, weights or teams")
        return self

    @property
    def months(self) -> tuple[Month, Month]:
        """The first and the last month."""
        return Month.parse(self.first), Month.parse(self.last)


class AmendedPay(Command):
    """Which pay a contract's last months would have brought under an amendment."""

    contract: Id
    changes: Annotated[tuple[ClauseChange, ...], Field(max_length=50)] = ()
    parameters: Parameters = Field(default_factory=dict)
    months: Annotated[int, Field(ge=1, le=12)] = 3
    """How many months that are over, the last ones of the contract."""

    @model_validator(mode="after")
    def _something_differs(self) -> AmendedPay:
        if not (self.changes or self.parameters):
            raise ValueError("say what would be different: changes or parameters")
        return self
