"""The ledger's whole interface against a model of dicts, in random order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger.queries import Pool
from tests.soak.machine import LedgerMachine

pytestmark = pytest.mark.postgres


def test_the_ledger_does_what_a_model_of_dicts_does(pool: Pool) -> None:
    machine = type("Machine", (LedgerMachine,), {"pool": pool})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
