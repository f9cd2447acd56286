"""A small company for the tests of workflows: a tenant, metrics, persons and contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain.contract_commands import (
    ActivateContract,
    AmendContract,
    DraftContract,
    SendContract,
    SignContract,
)
from domain.contract_facts import SIGNING_ORDER
from domain.facts import Act
from domain.kpi import ChangeKpiWeights, DefineKpiScheme
from domain.metric import DefineMetric
from domain.payrun import ApprovePayRun, PayRun, StartPayRun
from domain.person import PersonalData, RegisterPerson
from domain.run_findings import to_acknowledge
from domain.run_step_facts import ReviewPayRun
from domain.tenant import OpenTenant
from ledger.figure_rows import MetricRow
from ledger.figures import FigureStore
from ledger.store import FactStore, open_pool
from ledger.vault import KeyVault
from projections import pay_register
from projections.pay_register import PayRegister
from projections.runner import Runner
from workflows import contracts, payrun, run_steps, setup
from workflows.desk import Ask, Desk

TENANT = "starlight"
TODAY = date(2026, 1, 15)


def by(actor: str, reason: str = "as agreed") -> Ask:
    """An act of a person at some time; the recorded time is the database's."""
    return Ask(Act(actor=actor, at=datetime.now(UTC), reason=reason))


@contextmanager
def opened_desk(conninfo: str) -> Iterator[Desk]:
    """A desk on a migrated database."""
    pool = open_pool(conninfo, max_size=12)
    store = FactStore(pool)
    try:
        yield Desk(
            store,
            FigureStore(pool, store),
            KeyVault(pool, b"k" * 32),
            Runner(pool, store, [pay_register]),
            PayRegister(pool),
        )
    finally:
        pool.close()


@dataclass
class Company:
    """Acts of the company, in the business's words."""

    desk: Desk
    tenant: str = TENANT

    def open(self) -> None:
        """The tenant with its law tables and the metrics that everybody uses."""
        setup.open_tenant(
            self.desk, OpenTenant(tenant=self.tenant, name="星光传媒"), by("admin").act
        )
        for code, unit in (("sales", "CNY"), ("fans_gained", "fan"), ("live_minutes", "min")):
            command = DefineMetric(
                metric=code,
                title_zh=code,
                title_en=code,
                unit=unit,
                counts=f"{code} as the platform counts it",
                effective=date(2024, 1, 1),
            )
            setup.define_metric(self.desk, self.tenant, command, by("hr.lin"))

    def hire(self, person: str, clauses: dict[str, Any], **more: Any) -> str:
        """Register a person and put a contract in force; returns the contract's id."""
        personal = PersonalData(name=f"主播{person}")
        register = RegisterPerson(person=person, personal=personal)
        setup.register_person(self.desk, self.tenant, register, by("hr.lin"))
        return self.sign(person, clauses, **more)

    def sign(self, person: str, clauses: dict[str, Any], **more: Any) -> str:
        """Draft, send, sign and activate a contract."""
        contract = more.pop("contract", f"C-{person}")
        values = {
            "contract": contract,
            "person": person,
            "number": f"2025-{person}",
            "engagement": "full_time",
            "character": "labour_remuneration",
            "start": "2025-01-01",
            "team": "Korean",
            "clauses": [{"key": key, "clause": clause} for key, clause in clauses.items()],
        }
        draft = DraftContract.model_validate({**values, **more})
        contracts.draft(self.desk, self.tenant, draft, {}, by("hr.lin"))
        sent = self.act(contract, SendContract())
        for party in SIGNING_ORDER:
            signing = SignContract(
                party=party, signatory=party, document_sha256=sent.document_sha256
            )
            self.act(contract, signing)
        self.act(contract, ActivateContract())
        return contract

    def act(self, contract: str, command: Any, actor: str = "hr.lin") -> Any:
        """One command on one contract; returns its state."""
        return contracts.act_on(self.desk, self.tenant, contract, command, by(actor)).state

    def amend(self, contract: str, effective: str, changes: Sequence[Any], **more: Any) -> Any:
        """Amend a contract."""
        command = AmendContract.model_validate(
            {"amendment": "A-1", "effective": effective, "changes": changes, **more}
        )
        return self.act(contract, command)

    def scheme(self, scheme: str, weights: dict[str, tuple[str, str]]) -> None:
        """Define a KPI scheme: metric → (weight, target)."""
        command = DefineKpiScheme.model_validate(
            {"scheme": scheme, "title": scheme, "effective": "2025-01-01", **_metrics(weights)}
        )
        setup.define_kpi_scheme(self.desk, self.tenant, command, by("hr.lin"))

    def weights(self, scheme: str, effective: str, weights: dict[str, tuple[str, str]]) -> None:
        """Change a scheme's weights."""
        command = ChangeKpiWeights.model_validate({"effective": effective, **_metrics(weights)})
        setup.change_kpi_weights(self.desk, self.tenant, scheme, command, by("lead.wu"))

    def figures(self, *rows: tuple[str, str, str, str], source: str = "shop", **more: Any) -> Any:
        """Record a batch of (person, metric, day, value)."""
        made = [
            MetricRow(
                more.get("row_id") or f"{person}/{metric}/{day}",
                person,
                metric,
                date.fromisoformat(day),
                Decimal(value),
            )
            for person, metric, day, value in rows
        ]
        return self.desk.figures.record(self.tenant, source, made, by("data.bot").act)

    def compute(self, month: str) -> PayRun:
        """Compute a month by finance."""
        return payrun.compute(
            self.desk, self.tenant, StartPayRun(month=month), by("finance.zhao"), today=TODAY
        ).state

    def review(self, run_id: str, actor: str = "finance.zhao") -> PayRun:
        """Take note of every exception of a run."""
        listed = run_steps.findings(self.desk, self.tenant, run_id, ReviewPayRun(), TODAY)
        command = ReviewPayRun(acknowledge=tuple(to_acknowledge(listed)))
        return run_steps.review(
            self.desk, self.tenant, run_id, command, by(actor), today=TODAY
        ).state

    def pay(self, month: str) -> PayRun:
        """Compute, review, approve and post a month."""
        run = self.compute(month)
        self.review(run.run)
        return self.approve_and_post(run.run)

    def approve_and_post(self, run_id: str) -> PayRun:
        """Approve and post a reviewed run."""
        payrun.approve(self.desk, self.tenant, run_id, ApprovePayRun(), by("approver.qian"))
        return payrun.post(self.desk, self.tenant, run_id, by("finance.zhao")).state


def _metrics(weights: dict[str, tuple[str, str]]) -> dict[str, Any]:
    return {
        "metrics": [
            {"metric": metric, "weight": weight, "target": target, "cap": "1.5"}
            for metric, (weight, target) in weights.items()
        ]
    }
