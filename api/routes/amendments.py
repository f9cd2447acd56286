"""Amendments of many contracts at once: a cohort by ids or by filter, with a preview."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field, model_validator

from api import views
from api.bodies import StrictRoute
from api.examples import EXAMPLES, writes
from api.reads import WAIT
from api.writes import Reasoned, Write, command_of, json_answer, writing
from domain.commands import Command, Id, Name
from domain.contract_commands import AmendContract, ClauseChange
from domain.contract_facts import Engagement
from domain.periods import Day
from projections.contract_queries import ContractFilter
from workflows import contracts

router = APIRouter(prefix="/v1/amendments", tags=["Amendments"], route_class=StrictRoute)
MOST = 10_000
PAGE = 1_000


class Override(Command):
    """What is different for one contract of the cohort."""

    effective: Day | None = None
    until: Day | None = None
    changes: Annotated[tuple[ClauseChange, ...], Field(max_length=50)] | None = None


class CohortRequest(AmendContract, Reasoned):
    """The same amendment for many contracts: name them, or say which active ones are meant."""

    contracts: Annotated[tuple[Id, ...], Field(max_length=MOST)] | None = None
    team: Name | None = None
    engagement: Engagement | None = None
    track: Name | None = None
    person: Id | None = None
    overrides: Annotated[dict[Id, Override], Field(max_length=MOST, default_factory=dict)]
    preview: bool = False
    model_config = EXAMPLES["cohort"]

    @model_validator(mode="after")
    def _somebody_is_meant(self) -> CohortRequest:
        if self.contracts is None and not any(
            (self.team, self.engagement, self.track, self.person)
        ):
            raise ValueError("say contracts, or at least one of team, engagement, track, person")
        for contract in self.overrides:
            self.command(contract)
        return self

    def command(self, contract: str) -> AmendContract:
        """The amendment of one contract. Raises ValueError for an override that is not right."""
        common = command_of(AmendContract, self)
        own = self.overrides.get(contract)
        if own is None:
            return common
        said = {name: getattr(own, name) for name in own.model_fields_set}
        fields = {name: getattr(common, name) for name in AmendContract.model_fields}
        return AmendContract(**{**fields, **said})


@router.post("", status_code=201, **writes("The verdict on each contract"))
def amend_cohort(
    body: CohortRequest, write: Annotated[Write, writing("contract.amend")]
) -> Response:
    """Amend a cohort; each contract has its own verdict. `preview: true` records nothing."""

    def do() -> dict[str, Any]:
        found = contracts.amend_cohort(
            write.desk,
            write.tenant,
            {contract: body.command(contract) for contract in _cohort(write, body)},
            write.ask(body.reason),
            preview=body.preview,
        )
        return {
            "receipts": [receipt for result in found for receipt in result.receipts],
            "preview": body.preview,
            "accepted": sum(result.accepted for result in found),
            "refused": sum(not result.accepted for result in found),
            "results": [_shown(result) for result in found],
        }

    if body.preview:
        return json_answer(do())
    return write.whole(do, reason=body.reason)


def _cohort(write: Write, body: CohortRequest) -> Iterator[str]:
    """The contracts that are meant: as named, or those active now that fit the filter."""
    if body.contracts is not None and not any(
        (body.team, body.engagement, body.track, body.person)
    ):
        yield from dict.fromkeys(body.contracts)
        return
    head, _ = write.desk.store.head(write.tenant)
    write.desk.runner.wait_for(write.tenant, head, ["contract_terms"], timeout=WAIT)
    where = ContractFilter(
        team=body.team,
        engagement=body.engagement,
        track=body.track,
        person=body.person,
        contracts=body.contracts,
        status="active",
    )
    cursor: str | None = None
    while True:
        page = write.caller.readers.contracts.contracts(
            write.tenant, body.effective, head, where, terms=False, cursor=cursor, limit=PAGE
        )
        yield from (item.state.contract for item in page.items)
        cursor = page.next
        if cursor is None:
            return


def _shown(result: contracts.CohortResult) -> dict[str, Any]:
    return {
        "contract": result.contract,
        "accepted": result.accepted,
        "receipts": result.receipts,
        "before": [views.clause(term) for term in result.before],
        "after": [views.clause(term) for term in result.after],
        "refusal": None if result.refusal is None else result.refusal.as_dict(),
    }
