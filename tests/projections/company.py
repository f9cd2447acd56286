"""A ledger with at least one fact of every kind, as a young company would have it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain import contract_facts as facts
from domain.kpi import KpiMetricEntry, KpiSchemeDefined, KpiWeightsChanged
from domain.metric import MetricBatchRecorded, MetricDefined
from domain.payout import PayoutReturned, PayoutSettled
from domain.payrun import PayRunRejected
from domain.person import PersonalDataChanged, PersonRegistered, TaxProfileSet
from domain.template import TemplateDefined
from domain.tenant import LawTablePublished, TenantOpened
from tests.projections.business import (
    Book,
    amended,
    base_pay,
    commission,
    instructed,
    pay_run,
    posting,
    signed,
)


def weights(fans: str, sales: str) -> tuple[KpiMetricEntry, ...]:
    return tuple(
        KpiMetricEntry(metric=m, weight=Decimal(w), target=Decimal(1000), cap=Decimal(2))
        for m, w in (("fans_gained", fans), ("sales", sales))
    )


def everything(book: Book) -> None:
    """At least one fact of every kind that a tenant's ledger may hold."""
    book.add(
        f"tenant/{book.tenant}", TenantOpened(tenant=book.tenant, name="杭州传媒", city="Hangzhou")
    )
    law = LawTablePublished(
        table="cn.wages", table_version=1, effective=date(2025, 1, 1), valid_to=None,
        source="个人所得税法", data={"rates": []},
    )  # fmt: skip
    book.add("law/cn.wages", law)
    sealed = {"key": "c2VhbGVk"}
    book.add(
        "person/P-0007",
        PersonRegistered(person="P-0007", sealed=sealed, tags=("skincare",)),
        PersonalDataChanged(person="P-0007", sealed=sealed),
        TaxProfileSet(person="P-0007", effective=date(2025, 1, 1), profile={"other": "500"}),
    )
    clauses = ({"key": "base", "clause": base_pay("{{base}}")},)
    book.add(
        "template/beauty",
        TemplateDefined(
            template="beauty", title="美妆全职", engagement="full_time", clauses=clauses
        ),
    )
    scheme = {"scheme": "streamers", "title": "主播考核", "team": "beauty"}
    book.add(
        "kpi/streamers",
        KpiSchemeDefined(effective=date(2025, 1, 1), metrics=weights("0.1", "0.9"), **scheme),
        KpiWeightsChanged(
            scheme="streamers", effective=date(2025, 6, 1), metrics=weights("0.4", "0.6")
        ),
    )
    book.add("metric/sales", METRIC)
    book.add("batch/B-1", BATCH)
    contract_facts_of(book)
    book.add_many(pay_run("2025-03-1", "2025-03", ["K-1", "K-2"], pinned=0))
    book.add("payrun/2025-03-1", PayRunRejected())
    book.add_many(pay_run("2025-03-2", "2025-03", ["K-1", "K-2"], pinned=0))
    book.add_many(posting("2025-03-2"))
    back = PayoutReturned(
        end_to_end_id="2025-03-2.K-1.net.1", reason_code="AC04", effective=date(2025, 4, 11)
    )
    paid = PayoutSettled(
        end_to_end_id="2025-03-2.K-1.net.2", bank_reference="ICBC-77", effective=date(2025, 4, 14)
    )
    book.add_many([instructed("2025-03-2", "K-1", "13580")])
    book.add("payout/2025-03-2.K-1.net", back)
    book.add_many([instructed("2025-03-2", "K-1", "13580", attempt=2)])
    book.add("payout/2025-03-2.K-1.net", paid)


def contract_facts_of(book: Book) -> None:
    book.add_many(signed("K-1"))
    stream = "contract/K-1"
    zh, en = "粉丝超过五万奖励五千", "A bonus of 5,000 for fans above 50,000"
    clause = {"kind": "metric_bonus", "metric": "fans_gained", "threshold": "50000"}
    added = facts.ClauseAdded(
        amendment="A-1", key="fan_bonus", clause=clause, text_zh=zh, text_en=en,
        effective=date(2025, 5, 1), until=None, document="DOC-1",
    )  # fmt: skip
    ended = facts.ClauseEnded(
        amendment="A-3", key="commission", effective=date(2025, 10, 1), until=None, document=None
    )
    book.add(
        stream,
        added,
        amended("commission", commission("0.06"), date(2025, 6, 1), amendment="A-2"),
        ended,
        facts.TaxCharacterSet(character="labour_remuneration", effective=date(2025, 7, 1)),
        facts.ExpiryDecided(decision="renew", effective=date(2026, 1, 1)),
        facts.ContractRenewed(effective=date(2026, 1, 1), end=date(2027, 1, 1), fixed_terms=2),
        facts.ContractEnded(effective=date(2026, 3, 1), ending="terminated", note="moved away"),
    )
    book.add("contract/K-2", signed("K-2")[0][1], facts.ContractCancelled())


METRIC = MetricDefined(
    metric="sales", title_zh="销售额", title_en="Sales", unit="yuan", aggregation="sum",
    counts="settled orders less returns", effective=date(2025, 1, 1),
)  # fmt: skip
BATCH = MetricBatchRecorded(
    batch="B-1", source="taobao", period_start=date(2025, 3, 1), period_end=date(2025, 4, 1),
    rows=25943, rejected=12, rows_sha256="ef" * 32, rejected_sha256="01" * 32,
    metrics=("sales",),
)  # fmt: skip
