"""The stored name of every fact class. A name is never changed; a new shape gets a new name."""

from __future__ import annotations

from domain import (
    contract_facts,
    kpi,
    metric,
    payout,
    payrun,
    person,
    template,
    tenant,
)
from domain.facts import Fact

STORED_NAMES: dict[str, type[Fact]] = {
    "tenant.opened.v1": tenant.TenantOpened,
    "law.table_published.v1": tenant.LawTablePublished,
    "person.registered.v1": person.PersonRegistered,
    "person.personal_data_changed.v1": person.PersonalDataChanged,
    "person.tax_profile_set.v1": person.TaxProfileSet,
    "template.defined.v1": template.TemplateDefined,
    "contract.drafted.v1": contract_facts.ContractDrafted,
    "contract.sent.v1": contract_facts.ContractSent,
    "contract.party_signed.v1": contract_facts.PartySigned,
    "contract.activated.v1": contract_facts.ContractActivated,
    "contract.cancelled.v1": contract_facts.ContractCancelled,
    "contract.clause_added.v1": contract_facts.ClauseAdded,
    "contract.clause_amended.v1": contract_facts.ClauseAmended,
    "contract.clause_ended.v1": contract_facts.ClauseEnded,
    "contract.renewed.v1": contract_facts.ContractRenewed,
    "contract.ended.v1": contract_facts.ContractEnded,
    "contract.tax_character_set.v1": contract_facts.TaxCharacterSet,
    "contract.expiry_decided.v1": contract_facts.ExpiryDecided,
    "kpi.scheme_defined.v1": kpi.KpiSchemeDefined,
    "kpi.weights_changed.v1": kpi.KpiWeightsChanged,
    "metric.defined.v1": metric.MetricDefined,
    "figures.batch_recorded.v1": metric.MetricBatchRecorded,
    "pay.run_started.v1": payrun.PayRunStarted,
    "pay.payslip_computed.v1": payrun.PayslipComputed,
    "pay.run_computed.v1": payrun.PayRunComputed,
    "pay.run_approved.v1": payrun.PayRunApproved,
    "pay.run_rejected.v1": payrun.PayRunRejected,
    "pay.run_posted.v1": payrun.PayRunPosted,
    "payout.instructed.v1": payout.PayoutInstructed,
    "payout.settled.v1": payout.PayoutSettled,
    "payout.returned.v1": payout.PayoutReturned,
}
"""Stored name → class. The table is the contract between this program and its history."""
