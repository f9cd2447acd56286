"""The company whose pay run is measured: contracts, thirty days of five metrics, and its month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain import contract_facts as facts
from domain.clauses import clause_data, clause_of
from domain.facts import Act
from domain.metric import DefineMetric
from domain.person import PersonRegistered
from domain.sentences import sentence
from domain.tenant import OpenTenant
from ledger.figure_rows import MetricRow
from ledger.records import NewFact
from workflows import setup
from workflows.desk import Ask, Desk

TENANT, MONTH, DAYS = "bench", "2025-04", 30
FIRST, AFTER = date(2025, 4, 1), date(2025, 5, 1)
TODAY = date(2025, 5, 20)
METRICS = ("sales", "gift_income", "fans_gained", "views", "live_minutes")
BULK = 5_000
CLAUSES: dict[str, dict[str, Any]] = {
    "base": {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"},
    "commission": {
        "kind": "commission", "metric": "sales", "rate": "0.05", "base": "settled",
        "tiers": [{"start": "100000", "rate": "0.01"}], "mode": "marginal",
        "step": "percentage_point", "boundary": "above",
    },
    "gifts": {"kind": "revenue_share", "metric": "gift_income", "share": "0.40"},
    "fans": {
        "kind": "metric_bonus", "metric": "fans_gained", "threshold": "50000",
        "boundary": "above", "amount": "5000", "per": "once",
    },
}  # fmt: skip


def act(actor: str, reason: str = "") -> Act:
    """An act of the benchmark."""
    return Act(actor=actor, at=datetime.now(UTC), reason=reason)


def fill(desk: Desk, contracts: int) -> None:
    """A company with so many contracts in force and a batch of figures for every day."""
    setup.open_tenant(desk, OpenTenant(tenant=TENANT, name="Bench"), act("admin"))
    for code in METRICS:
        metric = DefineMetric(
            metric=code, title_zh=code, title_en=code, unit="1", counts="all",
            effective=date(2025, 1, 1),
        )  # fmt: skip
        setup.define_metric(desk, TENANT, metric, Ask(act("hr")))
    new: list[NewFact] = []
    for number in range(contracts):
        new += contract(number)
        if len(new) >= BULK:
            desk.store.append(TENANT, new, act("hr"))
            new = []
    if new:
        desk.store.append(TENANT, new, act("hr"))
    for day in range(1, DAYS + 1):
        desk.figures.record(TENANT, "platform", rows(contracts, day), act("data"))


def contract(number: int) -> list[NewFact]:
    """A person and a contract in force, as facts."""
    name, person = f"C-{number:06}", f"P-{number:06}"
    entries = []
    for key, data in CLAUSES.items():
        clause = clause_of(data)
        zh, en = sentence(clause)
        entries.append(
            facts.ClauseEntry(key=key, clause=clause_data(clause), text_zh=zh, text_en=en)
        )
    drafted = facts.ContractDrafted(
        contract=name, person=person, number=f"HT-{number}", engagement="full_time",
        character="wages", effective=date(2025, 1, 1), end=date(2027, 1, 1), team="t",
        track="beauty", template=None, template_version=None, clauses=tuple(entries),
    )  # fmt: skip
    made = [drafted, facts.ContractSent(document_sha256="ab" * 32)]
    stream = f"contract/{name}"
    new = [NewFact(f"person/{person}", 1, PersonRegistered(person=person, sealed={}))]
    new += [NewFact(stream, version, fact) for version, fact in enumerate(made, start=1)]
    activated = facts.ContractActivated(effective=date(2025, 1, 1))
    return [*new, NewFact(stream, 3, activated)]


def rows(contracts: int, day: int) -> Iterator[MetricRow]:
    """Every person's figures of a day."""
    on = FIRST.replace(day=day)
    for number in range(contracts):
        person = f"P-{number:06}"
        yield MetricRow(f"s{number}-{day}", person, "sales", on, _yuan(number, day), "beauty")
        yield MetricRow(f"g{number}-{day}", person, "gift_income", on, _yuan(day, number) / 10)
        yield MetricRow(f"f{number}-{day}", person, "fans_gained", on, Decimal(number % 3400))
        yield MetricRow(f"v{number}-{day}", person, "views", on, Decimal(number * 7 % 90000))
        yield MetricRow(f"m{number}-{day}", person, "live_minutes", on, Decimal(120 + day * 7))


def _yuan(number: int, day: int) -> Decimal:
    return Decimal(number % 97 * 100 + day % 89) + Decimal("0.50")
