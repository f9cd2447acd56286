"""A small company for the tests of the read models: its contracts, pay and people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain import contract_facts as facts
from domain.facts import Act, Fact
from ledger.records import NewFact
from ledger.store import FactStore

TENANT = "hangzhou-media"
NOON = datetime(2025, 9, 12, 4, 0, tzinfo=UTC)


def act(actor: str = "hr.chen", reason: str = "agreed with the business department") -> Act:
    return Act(actor=actor, at=NOON, reason=reason)


class Book:
    """Writes facts of one tenant, keeping count of the versions of its streams."""

    def __init__(self, store: FactStore, tenant: str = TENANT) -> None:
        self.store = store
        self.tenant = tenant
        self.versions: dict[str, int] = {}
        store.open_tenant(tenant)

    def add(self, stream: str, *new: Fact, by: Act | None = None) -> int:
        """Record facts of one stream; the position of the last one."""
        return self.add_many([(stream, fact) for fact in new], by=by)

    def add_many(self, new: Iterable[tuple[str, Fact]], by: Act | None = None) -> int:
        rows = []
        for stream, fact in new:
            self.versions[stream] = self.versions.get(stream, 0) + 1
            rows.append(NewFact(stream, self.versions[stream], fact))
        return self.store.append(self.tenant, rows, by or act())[-1].position


def commission(rate: str, step_from: str | None = None) -> dict[str, Any]:
    """Commission on settled sales, with one more percentage point above a step."""
    tiers = [] if step_from is None else [{"start": step_from, "end": None, "rate": "0.01"}]
    said = step_from is not None
    return {
        "kind": "commission",
        "metric": "sales",
        "category": None,
        "rate": rate,
        "tiers": tiers,
        "mode": "marginal" if said else None,
        "step": "percentage_point" if said else None,
        "boundary": "above" if said else None,
        "base": "settled",
        "cap": None,
        "floor": None,
        "clawback_days": 0,
    }


def base_pay(amount: str) -> dict[str, Any]:
    return {"kind": "base_pay", "amount": amount, "proration": "calendar_days"}


def entry(key: str, clause: dict[str, Any], **days: date | None) -> facts.ClauseEntry:
    zh, en = words(clause)
    return facts.ClauseEntry(key=key, clause=clause, text_zh=zh, text_en=en, **days)


def words(clause: dict[str, Any]) -> tuple[str, str]:
    said = clause.get("rate") or clause.get("amount")
    return f"{clause['kind']} 为 {said}", f"{clause['kind']} is {said}"


def drafted(
    contract: str,
    *,
    person: str = "P-0007",
    team: str = "beauty",
    start: date = date(2025, 1, 1),
    end: date | None = date(2026, 1, 1),
    clauses: tuple[facts.ClauseEntry, ...] | None = None,
) -> facts.ContractDrafted:
    return facts.ContractDrafted(
        contract=contract,
        person=person,
        number=f"HT-2025-{contract}",
        engagement="full_time",
        character="wages",
        effective=start,
        end=end,
        team=team,
        track="skincare",
        template=None,
        template_version=None,
        clauses=clauses
        or (entry("base", base_pay("8000")), entry("commission", commission("0.05"))),
    )


def signed(contract: str, **draft: Any) -> list[tuple[str, Fact]]:
    """A contract from draft to active."""
    stream, sha = f"contract/{contract}", "ab" * 32
    first = drafted(contract, **draft)
    parties = [
        facts.PartySigned(
            party=party, signatory="Chen", document_sha256=sha, method="recorded", evidence=""
        )
        for party in facts.SIGNING_ORDER
    ]
    activated = facts.ContractActivated(effective=first.effective)
    return [
        (stream, f) for f in (first, facts.ContractSent(document_sha256=sha), *parties, activated)
    ]


def amended(
    key: str,
    clause: dict[str, Any],
    effective: date,
    until: date | None = None,
    amendment: str = "A-1",
) -> facts.ClauseAmended:
    zh, en = words(clause)
    return facts.ClauseAmended(
        amendment=amendment,
        key=key,
        clause=clause,
        text_zh=zh,
        text_en=en,
        effective=effective,
        until=until,
        document=None,
    )


def yuan(text: str) -> Decimal:
    return Decimal(text)
