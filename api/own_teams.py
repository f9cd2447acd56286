"""A business lead sees and decides on own teams alone: what an address names is looked up first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

from domain.career import Career
from domain.career import evolve as evolve_career
from domain.kpi import KpiScheme
from domain.kpi import evolve as evolve_scheme
from domain.refusals import Forbidden, NotFound
from domain.what_if_command import WhatIf
from projections.contract_queries import ContractFilter
from workflows import careers, contracts
from workflows.desk import load

if TYPE_CHECKING:
    from api.auth import Caller


class OfTeam(Protocol):
    """A row that says which team it is of."""

    @property
    def team(self) -> str:
        """The team."""


T = TypeVar("T", bound=OfTeam)
NAMED = {"contract", "person", "scheme"}
READS = frozenset({"GET", "HEAD"})


class OtherTeam(Forbidden):
    """It belongs to a team that the business lead does not answer for."""

    code = "other_team"


def refuse_other_team(caller: Caller, named: dict[str, str] | None = None) -> None:
    """Raise OtherTeam where somebody else's contract, person or scheme is named.

    `named` are names and ids; those of the address where nothing is said.
    """
    named = caller.request.path_params if named is None else named
    teams = caller.teams if NAMED & named.keys() else None
    if teams is None:
        return
    if "contract" in named and not _has_contract(caller, named["contract"], teams):
        raise _other(f"合同 {named['contract']}", f"Contract {named['contract']}")
    if "person" in named and not _has_person(caller, named["person"], teams):
        raise _other(f"人员 {named['person']}", f"Person {named['person']}")
    if "scheme" in named:
        _refuse_scheme(caller, named["scheme"], teams)


def refuse_team(caller: Caller, team: str | None) -> None:
    """Raise OtherTeam unless the caller answers for a team; None means all teams."""
    teams = caller.teams
    if teams is not None and team not in teams:
        raise _other(f"团队 {team or '(全部)'}", f"Team {team or '(all)'}")


def own_contracts(caller: Caller, teams: tuple[str, ...]) -> list[str]:
    """The contracts of teams, by id."""
    head, _ = caller.desk.store.head(caller.tenant)
    caller.desk.runner.wait_for(caller.tenant, head, ("contract_terms",), timeout=10)
    found: list[str] = []
    cursor: str | None = None
    while True:
        listed = caller.readers.contracts.contracts(
            caller.tenant,
            caller.today,
            where=ContractFilter(teams=teams),
            terms=False,
            cursor=cursor,
            limit=1000,
        )
        found += [item.state.contract for item in listed.items]
        cursor = listed.next
        if cursor is None:
            return found


def within_own_teams(caller: Caller, command: WhatIf) -> WhatIf:
    """A what-if about own contracts alone. Raises OtherTeam where others are named."""
    teams = caller.teams
    if teams is None:
        return command
    own = own_contracts(caller, teams)
    named = command.cohort.contracts or ()
    for contract in (*named, *command.teams):
        if contract not in own:
            raise _other(f"合同 {contract}", f"Contract {contract}")
    cohort = command.cohort.model_copy(update={"contracts": named or tuple(own)})
    return command.model_copy(update={"cohort": cohort})


def own_alone(caller: Caller, rows: Iterable[T]) -> list[T]:
    """Of rows with a team those of the caller's own teams; all of them for everybody else."""
    teams = caller.teams
    return [row for row in rows if teams is None or row.team in teams]


def _has_contract(caller: Caller, contract: str, teams: tuple[str, ...]) -> bool:
    try:
        return contracts.read(caller.desk, caller.tenant, contract).team in teams
    except NotFound:
        return True  # the endpoint says that there is none


def _has_person(caller: Caller, person: str, teams: tuple[str, ...]) -> bool:
    """Whether the person has a contract in the teams, is a candidate there, or of no team yet."""
    head, _ = caller.desk.store.head(caller.tenant)
    caller.desk.runner.wait_for(caller.tenant, head, ("contract_terms",), timeout=10)
    if _any_contract(caller, ContractFilter(person=person, teams=teams)):
        return True
    stream = careers.stream_of(person)
    stands = load(caller.desk, caller.tenant, stream, Career(), evolve_career)
    if stands.version:
        return stands.team in teams
    return not _any_contract(caller, ContractFilter(person=person))


def _any_contract(caller: Caller, where: ContractFilter) -> bool:
    found = caller.readers.contracts.contracts(
        caller.tenant, caller.today, where=where, terms=False, limit=1
    )
    return bool(found.items)


def _refuse_scheme(caller: Caller, scheme: str, teams: tuple[str, ...]) -> None:
    state = load(caller.desk, caller.tenant, f"kpi/{scheme}", KpiScheme(), evolve_scheme)
    if not state.version or state.team in teams:
        return
    if state.team is None and caller.request.method in READS:
        return  # a scheme of all teams is the lead's own to read, not to change
    raise _other(f"考核方案 {scheme}", f"KPI scheme {scheme}")


def _other(zh: str, en: str) -> OtherTeam:
    return OtherTeam(
        f"{zh} 不属于您负责的团队",
        f"{en} does not belong to a team of yours",
        do="Ask an administrator to give you the team.",
    )
