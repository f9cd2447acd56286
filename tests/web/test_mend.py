"""Rejected rows are mended on the page, or as a file, and sent again."""

from __future__ import annotations

import json
import re
from datetime import date

from tests.web.conftest import Visit
from tests.web.site import TENANT, Site
from tests.web.test_pages import violations
from tests.workflows.company import by
from workflows.figures import record_upload, rules_of

ROW = {"row_id": "m-1", "person": "S0232", "metric": "sales", "day": "2026-01-05"}


def test_rejected_rows_are_mended_and_sent_again(visit: Visit, site: Site) -> None:
    rows = [{**ROW, "value": "100.00"}, {**ROW, "row_id": "m-2", "value": "a hundred"}]
    data = "\n".join(json.dumps(row) for row in rows).encode()
    rules = rules_of(site.desk.store, TENANT, date(2026, 2, 15))
    sent = record_upload(
        site.desk.figures, TENANT, "mend", "ndjson", [data], rules, by("finance.zhao").act
    ).receipt
    assert (sent.rows, sent.rejected) == (1, 1)
    finance = visit("finance.zhao", width=360)
    page = finance.go(f"/figures/{sent.batch}?show=rejected")
    assert finance.overflow() <= 0
    assert violations(page) == []
    typed = page.input_value("[name=rows]")
    assert "a hundred" in typed
    page.fill("[name=rows]", "not json at all {")
    page.click("main form button")
    if page.locator(".alert-danger").count():
        assert page.input_value("[name=rows]") == "not json at all {"
    page.goto(f"{site.url}/figures/{sent.batch}?show=rejected")
    page.fill("[name=rows]", typed.replace("a hundred", "120.00"))
    page.dblclick("main form button")
    page.wait_for_url(re.compile("done=mend"))
    made = site.desk.figures.batches(TENANT, after=sent.position)[-1]
    assert (made.source, made.rows, made.rejected) == ("mend", 1, 0)
