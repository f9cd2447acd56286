"""The auditor at the integrity page, the proof of a fact, a bundle; the administrator's keys."""

from __future__ import annotations

import re

import httpx
import pytest

from api.sessions import COOKIE
from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from tests.web.test_pages import violations


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_auditor_verifies_now_and_sees_every_check(visit: Visit, lang: str) -> None:
    auditor = visit("auditor.sun", lang=lang)
    page = auditor.go("/integrity")
    for part in ("models", "pay", "persons"):
        page.uncheck(f"[name=part][value={part}]")
    page.dblclick("form[action='/integrity'] button")
    page.wait_for_url(re.compile("/integrity/runs/"))
    page.wait_for_selector("main table", timeout=60_000)
    auditor.save(f"integrity-run-{lang}")
    assert page.locator("tbody tr").count() >= 4
    assert page.locator(".alert-success").count() == 1
    assert violations(page) == []


def test_a_payslip_leads_to_its_proof_and_its_bundle(visit: Visit, site: Site) -> None:
    auditor = visit("auditor.sun")
    page = auditor.go("/pay/2025-08-1/C-0232")
    page.click("details.line >> nth=0 >> summary")
    page.click("details.line >> nth=0 >> .fact >> nth=0")
    page.click("text=包含证明")
    assert "检查点" in page.inner_text("main")
    cookies = {COOKIE: site.cookie("auditor.sun")}
    with httpx.Client(base_url=site.url, cookies=cookies, timeout=60) as client:
        proof = client.get(page.url.removeprefix(site.url) + ".tlog")
        assert proof.status_code == 200
        assert TENANT in proof.text
        bundle = client.get("/bundle?contract=C-0232&run=2025-08-1")
        assert (bundle.status_code, bundle.content[:2]) == (200, b"PK")
        assert client.get("/facts/999999/proof").status_code == 404


def test_keys_are_made_shown_once_and_revoked(visit: Visit, site: Site) -> None:
    admin = visit("admin")
    page = admin.go("/keys")
    page.fill("[name=actor]", "robot.one")
    page.click("form:has([value=make]) button")
    assert page.input_value("[name=actor]") == "robot.one", "a role is asked for"
    page.check("[name=role][value=auditor]")
    page.click("form:has([value=make]) button")
    secret = page.inner_text(".alert-success code")
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{site.url}/v1/status", headers=headers, timeout=60).status_code == 200
    page.goto(f"{site.url}/keys")
    assert secret not in page.content()
    page.click("tr:has-text('robot.one') button")
    page.wait_for_url(re.compile("done=revoke"))
    assert httpx.get(f"{site.url}/v1/status", headers=headers, timeout=60).status_code == 401
