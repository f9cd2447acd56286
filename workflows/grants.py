"""Grants of personal data: given, withdrawn, listed."""

from __future__ import annotations

from domain import grants
from domain.grants import GiveGrant, Grant, Grants
from workflows.desk import Ask, Desk, Outcome, fold_all, handle

NAMES = ("privacy.grant_given.v1", "privacy.grant_withdrawn.v1")


def give(desk: Desk, tenant: str, command: GiveGrant, ask: Ask) -> Outcome[Grants]:
    """Give a grant; never to oneself."""
    return _on(desk, tenant, command.grantee, ask, lambda s: grants.give(s, command, ask.act))


def withdraw(desk: Desk, tenant: str, grantee: str, grant: str, ask: Ask) -> Outcome[Grants]:
    """End a grant."""
    return _on(desk, tenant, grantee, ask, lambda s: grants.withdraw(s, grant))


def _on(desk: Desk, tenant: str, grantee: str, ask: Ask, decide: object) -> Outcome[Grants]:
    stream = f"grant/{grantee}"
    return handle(desk, tenant, stream, Grants(), grants.evolve, decide, ask)  # type: ignore[arg-type]


def every_grant(desk: Desk, tenant: str, grantee: str | None = None) -> list[Grant]:
    """All grants, those that are over included, the latest given last."""
    states = fold_all(desk, tenant, NAMES, Grants(), grants.evolve)
    found = [one for state in states.values() for one in state.grants.values()]
    return [one for one in found if grantee in (None, one.grantee)]
