"""Refusals: what the business or the record does not accept, and what to do next."""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """A no with a code, an HTTP status, a sentence in both languages and a next step.

    Subclasses set `code` and `status`; the sentences arrive with the instance. `details` holds
    machine-readable context (the current version, the field, the readings of a clause).
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422

    def __init__(self, zh: str, en: str, *, do: str = "", **details: Any) -> None:
        super().__init__(f"{en} ({zh})")
        self.zh = zh
        self.en = en
        self.do = do
        self.details = details

    def as_dict(self) -> dict[str, Any]:
        """The refusal as plain data, as problem documents and reports carry it."""
        return {
            "code": self.code,
            "status": self.status,
            "zh": self.zh,
            "en": self.en,
            "do": self.do,
            **self.details,
        }


class NotFound(Refusal):
    """The thing named does not exist in this tenant."""

    code = "not_found"
    status = 404


class Invalid(Refusal):
    """The content is malformed or contradicts itself; the field is named."""

    code = "invalid"
    status = 422


class MonthNotOver(Invalid):
    """The month's figures are not all there yet: it cannot be paid."""

    code = "month_not_over"


class WrongWeights(Invalid):
    """The weights of a KPI scheme do not sum to exactly 100 %."""

    code = "wrong_weights"


class BadPlan(Invalid):
    """The plan check refuses the clauses; the first finding and all others are given."""

    code = "bad_plan"


class WrongState(Refusal):
    """The act does not fit the state the thing is in."""

    code = "wrong_state"
    status = 409


class StaleVersion(Refusal):
    """Somebody else was first: the version expected is not the present one."""

    code = "stale_version"
    status = 409


class KeyReused(Refusal):
    """The idempotency key was used for another request."""

    code = "idempotency_key_reused"
    status = 422


class Forbidden(Refusal):
    """The actor may not do this."""

    code = "forbidden"
    status = 403


class SeparationOfDuties(Forbidden):
    """The same person may not do both acts."""

    code = "separation_of_duties"


class NoRule(Refusal):
    """No law table, metric definition or contract covers the date."""

    code = "no_rule_covers"
    status = 422


class AmbiguousClause(Refusal):
    """A clause can be read in more than one way; the readings and amounts are given."""

    code = "ambiguous_clause"
    status = 422
