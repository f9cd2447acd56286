"""A read model that has stopped blocks the pay that reads it, and no other work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from projections import directory
from projections.errors import Halted
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import payrun

COMMISSION = {"commission": {"kind": "commission", "rate": "0.05", "base": "settled"}}


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        made.hire("S0044", COMMISSION)
        made.figures(("S0044", "sales", "2025-03-05", "100000"))
        made.figures(("S0044", "sales", "2025-04-05", "140000"))
        yield made


def poisoned(company: Company, monkeypatch: pytest.MonkeyPatch, fold: str) -> None:
    """The next fact of that read model cannot be applied."""

    def broken(*_: Any) -> None:
        raise ValueError("poison")

    monkeypatch.setattr(fold, broken)


def test_pay_is_not_computed_past_a_register_that_stopped(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as poison:
        poisoned(company, poison, "projections.pay_register._fold_runs")
        with pytest.raises(Halted, match="pay_register"):
            company.pay("2025-03")
            company.compute("2025-04")
        with pytest.raises(Halted, match="pay_register"):
            company.compute("2025-04")
        company.hire("S0001", COMMISSION)  # what has nothing to do with it goes on
    company.desk.runner.resume(TENANT, "pay_register")
    assert (
        payrun.post(company.desk, TENANT, "2025-03-1", by("finance.zhao")).state.status == "posted"
    )
    assert company.compute("2025-04").status == "computed"


def test_a_directory_that_stopped_keeps_nobody_from_being_paid(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.desk.runner.models[directory.name] = directory
    with monkeypatch.context() as poison:
        poisoned(company, poison, "projections.directory._describe")
        company.hire("S0001", COMMISSION)
        assert company.pay("2025-03").status == "posted"
        stopped = {one.name for one in company.desk.runner.status(TENANT) if one.halted}
        assert stopped == {"directory"}
