"""All pages of the site, and how they are added to the app."""

from __future__ import annotations

from fastapi import FastAPI

from api.pages import contract_page, contracts_page, login_page, payslip_page, routing

login = routing.router()
login.get("/login")(login_page.show)
login.post("/login")(login_page.enter)
login.post("/logout")(login_page.leave)

ROUTERS = (
    login,
    contracts_page.pages,
    contract_page.pages,
    payslip_page.pages,
)


def install(app: FastAPI) -> None:
    """Add every page."""
    routing.install(app, *ROUTERS)
