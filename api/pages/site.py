"""All pages of the site, and how they are added to the app."""

from __future__ import annotations

from fastapi import FastAPI

from api.pages import (
    accounts_page,
    amend_page,
    audit_page,
    bank_page,
    cohort_page,
    contract_page,
    contracts_page,
    draft_page,
    enter_page,
    figures_page,
    grants_page,
    home_page,
    integrity_page,
    journal_page,
    keys_page,
    kpi_page,
    kpi_try_page,
    leaving_page,
    links_page,
    login_page,
    mine_page,
    mine_slip_page,
    payouts_page,
    payslip_page,
    people_page,
    person_page,
    persons_page,
    reads_page,
    reconcile_page,
    renewals_page,
    restatement_page,
    routing,
    run_page,
    runs_page,
    signals_page,
    teams_page,
    templates_page,
    works,
)

login = routing.router()
login.get("/login")(login_page.show)
login.post("/login")(login_page.enter)
login.post("/logout")(login_page.leave)
login.get("/enter/{link}")(enter_page.show)
login.post("/enter/{link}")(enter_page.enter)

ROUTERS = (
    login,
    home_page.pages,
    contracts_page.pages,
    cohort_page.pages,
    draft_page.pages,
    renewals_page.pages,
    templates_page.pages,
    teams_page.pages,
    works.pages,
    amend_page.pages,
    contract_page.pages,
    people_page.pages,
    leaving_page.pages,
    signals_page.pages,
    person_page.pages,
    kpi_page.pages,
    kpi_try_page.pages,
    figures_page.pages,
    runs_page.pages,
    run_page.pages,
    payslip_page.pages,
    payouts_page.pages,
    bank_page.pages,
    reconcile_page.pages,
    integrity_page.pages,
    journal_page.pages,
    keys_page.pages,
    restatement_page.pages,
    audit_page.pages,
    persons_page.pages,
    reads_page.pages,
    grants_page.pages,
    accounts_page.pages,
    links_page.pages,
    mine_page.pages,
    mine_slip_page.pages,
)
"""Addresses that are written out come before those with a name in them."""


def install(app: FastAPI) -> None:
    """Add every page."""
    routing.install(app, *ROUTERS)
