"""A small company for the tests of the read models: its contracts, pay and people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain import contract_facts as facts
from domain.facts import Act, Fact
from domain.lines import Line, PaidMonth, Payslip
from domain.money import fen
from domain.payout import PayoutInstructed
from domain.payrun import (
    PayRunApproved,
    PayRunComputed,
    PayRunPosted,
    PayRunStarted,
    PayslipComputed,
)
from domain.periods import Month
from ledger.records import NewFact
from ledger.store import FactStore

TENANT = "hangzhou-media"
Streamed = tuple[str, Fact]
"""A fact and the stream it goes to."""
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

    def add_many(self, new: Iterable[Streamed], by: Act | None = None) -> int:
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


def signed(contract: str, **draft: Any) -> list[Streamed]:
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


def payslip(contract: str, month: str, sales: str, **changed: Any) -> Payslip:
    """A month of 5 % commission on settled sales beside a base pay of 8,000."""
    first = Month.parse(month)
    earned = fen(Decimal(sales) * Decimal("0.05"))
    gross = 8000 + earned
    tax = fen(gross * Decimal("0.03"))
    lines = (
        line("base_pay", "earnings", month, Decimal(8000), clause="base"),
        line("commission", "earnings", month, earned, clause="commission"),
        line("tax", "tax", month, -tax),
    )
    paid = PaidMonth(month=str(first.plus(1)), income=gross, withheld=tax)
    values: dict[str, Any] = {
        "contract": contract,
        "person": "P" + contract.removeprefix("K"),
        "month": month,
        "pay_date": str(first.plus(1).first.replace(day=10)),
        "character": "wages",
        "lines": lines,
        "gross": gross,
        "contributions": Decimal(0),
        "tax": tax,
        "net": gross - tax,
        "employer_cost": gross,
        "taxed": paid,
        "lineage": {"engine": "1", "positions": {"pinned": 1}},
    }
    return Payslip(**{**values, **changed})


def line(
    code: str, component: Any, period: str, amount: Decimal, clause: str | None = None
) -> Line:
    return Line(
        code=code,
        component=component,
        clause=clause,
        period=period,
        unrounded=amount,
        amount=amount,
        zh=f"{code} {amount}",
        en=f"{code} {amount}",
        lineage={"clause_position": 1},
    )


def pay_run(run: str, month: str, contracts: Iterable[str], pinned: int) -> list[Streamed]:
    """A run from start to computed, with a payslip for each contract."""
    slips = [payslip(contract, month, "120000") for contract in contracts]
    started = PayRunStarted(
        run=run,
        month=month,
        pay_date=date.fromisoformat(slips[0].pay_date),
        pinned=pinned,
        engine="1",
        contracts=len(slips),
    )
    computed = PayRunComputed(
        payslips=len(slips),
        gross=sum((slip.gross for slip in slips), Decimal(0)),
        contributions=Decimal(0),
        tax=sum((slip.tax for slip in slips), Decimal(0)),
        net=sum((slip.net for slip in slips), Decimal(0)),
        digest="cd" * 32,
        exceptions=({"contract": slips[0].contract, "code": "negative", "zh": "负", "en": "neg"},),
    )
    made: list[Streamed] = [(f"payrun/{run}", started)]
    for slip in slips:
        fact = PayslipComputed(run=run, payslip=slip)
        made.append((f"payslip/{run}/{slip.contract}", fact))
    return [*made, (f"payrun/{run}", computed)]


def posting(run: str) -> list[Streamed]:
    digest = "cd" * 32
    stream = f"payrun/{run}"
    return [(stream, PayRunApproved(digest=digest)), (stream, PayRunPosted(digest=digest))]


def instructed(run: str, contract: str, amount: str, attempt: int = 1) -> Streamed:
    payout = f"{run}.{contract}.net"
    fact = PayoutInstructed(
        payout=payout,
        contract=contract,
        person="P" + contract.removeprefix("K"),
        month=run[:7],
        component="net",
        run=run,
        amount=Decimal(amount),
        end_to_end_id=f"{payout}.{attempt}",
        attempt=attempt,
    )
    return (f"payout/{payout}", fact)
