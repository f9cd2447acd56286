"""Facts of persons, KPI schemes, metrics, law, pay and payouts in words."""

from __future__ import annotations

from typing import Any

from domain import erasure_facts, kpi, metric, payout, payrun, person, template, tenant
from domain.facts import Fact
from domain.texts import per_cent, percent, yuan
from projections.audit_words import Told
from projections.clause_words import from_words


def tell_person(state: person.Person, fact: Fact) -> Told:
    """Personal data is never told: only that it changed."""
    match fact:
        case person.PersonRegistered():
            tags = ", ".join(fact.tags) or "—"
            return Told(
                f"登记人员 {fact.person}（标签：{tags}）",
                f"Registered person {fact.person} (tags: {tags})",
                after={"tags": fact.tags},
            )
        case person.PersonalDataChanged():
            return Told("更新个人资料（内容加密）", "Personal data changed (kept encrypted)")
        case person.TaxProfileSet():
            before = state.profile_on(fact.effective)
            changed = sorted(
                key for key in {*before, *fact.profile} if before.get(key) != fact.profile.get(key)
            )
            zh, en = from_words(fact.effective)
            what = ", ".join(changed) or "—"
            return Told(
                f"{zh}变更税务资料：{what}",
                f"Tax profile changed {en}: {what}",
                before=before,
                after=fact.profile,
            )
    return tell_keeping(fact)


def tell_keeping(fact: Fact) -> Told:
    """Holds, restriction and erasure; what a person wrote freely is not repeated."""
    match fact:
        case erasure_facts.HoldPlaced():
            return Told(f"设置法律保全 {fact.hold}", f"Placed the legal hold {fact.hold}")
        case erasure_facts.HoldLifted():
            return Told(f"解除法律保全 {fact.hold}", f"Lifted the legal hold {fact.hold}")
        case erasure_facts.PersonRestricted():
            return Told(
                f"限制处理个人信息，最早可于 {fact.keep_until} 删除",
                f"Restricted the personal data; it can be erased from {fact.keep_until} on",
            )
        case erasure_facts.RestrictionLifted():
            return Told("解除个人信息处理限制", "Lifted the restriction of the personal data")
        case erasure_facts.PersonErased():
            return Told(
                f"销毁个人信息密钥（由 {fact.restricted_by} 先行限制）",
                f"Destroyed the key of the personal data (restricted by {fact.restricted_by})",
            )
    raise TypeError(f"a person has no fact {type(fact).__name__}")


def tell_kpi(state: kpi.KpiScheme, fact: Fact) -> Told:
    """Weights metric by metric, from what to what."""
    if not isinstance(fact, kpi.KpiSchemeDefined | kpi.KpiWeightsChanged):
        raise TypeError(f"a KPI scheme has no fact {type(fact).__name__}")
    begun = [dated for dated in state.weights if dated.effective <= fact.effective]
    latest = max(begun, key=lambda dated: dated.effective, default=None)
    old = {m.metric: m.weight for m in latest.metrics} if latest else {}
    new = {m.metric: m.weight for m in fact.metrics}
    zh_when, en_when = from_words(fact.effective)
    targets = {m.metric: {"target": m.target, "cap": m.cap} for m in fact.metrics}
    after = {"weights": new, "targets": targets}
    if isinstance(fact, kpi.KpiSchemeDefined):
        zh = "、".join(f"{name} {per_cent(weight)}" for name, weight in new.items())
        en = ", ".join(f"{name} {percent(weight)}" for name, weight in new.items())
        return Told(
            f"设立考核方案“{fact.title}”，{zh_when}：{zh}",
            f"Defined KPI scheme “{fact.title}” {en_when}: {en}",
            after=after,
        )
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    zero = new[fact.metrics[0].metric] * 0
    zh = "、".join(
        f"{n}由{per_cent(old.get(n, zero))}变为{per_cent(new.get(n, zero))}" for n in changed
    )
    en = ", ".join(
        f"{n} from {percent(old.get(n, zero))} to {percent(new.get(n, zero))}" for n in changed
    )
    return Told(
        f"{zh_when}考核权重：{zh or '不变（目标变更）'}",
        f"KPI weights {en_when}: {en or 'unchanged (targets change)'}",
        before={"weights": old},
        after=after,
    )


def tell_metric(state: metric.Metric, fact: Fact) -> Told:
    """What a metric counts."""
    if not isinstance(fact, metric.MetricDefined):
        raise TypeError(f"a metric has no fact {type(fact).__name__}")
    old = state.on(fact.effective)
    zh, en = from_words(fact.effective)
    return Told(
        f"{zh}指标 {fact.metric}（{fact.title_zh}）的口径：{fact.counts}",
        f"Metric {fact.metric} ({fact.title_en}) {en} counts: {fact.counts}",
        before={"counts": old.counts, "unit": old.unit} if old else None,
        after={"counts": fact.counts, "unit": fact.unit, "aggregation": fact.aggregation},
    )


def tell_template(state: template.Template, fact: Fact) -> Told:
    """A template's next version."""
    if not isinstance(fact, template.TemplateDefined):
        raise TypeError(f"a template has no fact {type(fact).__name__}")
    count = len(state.versions) + 1
    before = {"clauses": state.versions[-1].clauses} if state.versions else None
    return Told(
        f"模板“{fact.title}”第{count}版，共{len(fact.clauses)}项条款",
        f"Version {count} of template “{fact.title}” with {len(fact.clauses)} clauses",
        before=before,
        after={"clauses": fact.clauses},
    )


def tell_run(state: payrun.PayRun, fact: Fact) -> Told:
    """The steps of a pay run."""
    before = {"status": state.status}
    month = state.month or getattr(fact, "month", "")
    match fact:
        case payrun.PayRunStarted():
            return Told(
                f"开始计算 {month} 薪资：{fact.contracts}份合同，依据位置 {fact.pinned}",
                f"Started the pay of {month}: {fact.contracts} contracts as known at position "
                f"{fact.pinned}",
                after={"status": "computing", "pinned": fact.pinned, "engine": fact.engine},
            )
        case payrun.OffCycleRunStarted():
            count = len(fact.contracts)
            return Told(
                f"开始计算 {month} 补充批次（{fact.off_cycle}）：{count}份合同，依据位置 {fact.pinned}",
                f"Started a run of {fact.off_cycle} for {month}: {count} contracts as known at "
                f"position {fact.pinned}",
                after={"status": "computing", "pinned": fact.pinned, "engine": fact.engine},
            )
        case payrun.PayRunComputed():
            sums: dict[str, Any] = {"gross": fact.gross, "tax": fact.tax, "net": fact.net}
            return Told(
                f"{month} 薪资算毕：{fact.payslips}份工资单，应发 {yuan(fact.gross)}，"
                f"个税 {yuan(fact.tax)}，实发 {yuan(fact.net)}，例外 {len(fact.exceptions)} 项",
                f"Computed the pay of {month}: {fact.payslips} payslips, gross "
                f"{yuan(fact.gross)}, tax {yuan(fact.tax)}, net {yuan(fact.net)}, "
                f"{len(fact.exceptions)} exceptions",
                before=before,
                after={"status": "computed", "digest": fact.digest, **sums},
            )
        case payrun.PayRunApproved():
            return Told(
                f"审批通过 {month} 薪资",
                f"Approved the pay of {month}",
                before,
                {"status": "approved", "digest": fact.digest},
            )
        case payrun.PayRunRejected():
            return Told(
                f"退回 {month} 薪资",
                f"Rejected the pay of {month}",
                before,
                {"status": "rejected"},
            )
        case payrun.PayRunPosted():
            return Told(
                f"{month} 薪资过账",
                f"Posted the pay of {month}",
                before,
                {"status": "posted", "digest": fact.digest},
            )
    raise TypeError(f"a pay run has no fact {type(fact).__name__}")


def tell_payout(state: payout.Payout, fact: Fact) -> Told:
    """What was asked of the bank and what it answered."""
    before = None if state.status == "none" else {"status": state.status}
    contract, who = state.contract or None, state.person or None
    match fact:
        case payout.PayoutInstructed():
            amount = yuan(fact.amount)
            return Told(
                f"指示付款 {amount} 元（{fact.month}，第{fact.attempt}次）",
                f"Instructed payment of {amount} yuan for {fact.month} (attempt {fact.attempt})",
                before,
                {"status": "instructed", "amount": fact.amount, "id": fact.end_to_end_id},
                fact.contract,
                fact.person,
            )
        case payout.PayoutSettled():
            return Told(
                f"银行已付 {yuan(state.amount)} 元（{fact.bank_reference}）",
                f"The bank paid {yuan(state.amount)} yuan ({fact.bank_reference})",
                before,
                {"status": "settled", "bank_reference": fact.bank_reference},
                contract,
                who,
            )
        case payout.PayoutReturned():
            return Told(
                f"银行退回 {yuan(state.amount)} 元（{fact.reason_code}）",
                f"The bank returned {yuan(state.amount)} yuan ({fact.reason_code})",
                before,
                {"status": "returned", "reason_code": fact.reason_code},
                contract,
                who,
            )
    raise TypeError(f"a payout has no fact {type(fact).__name__}")


def tell_single(fact: Fact) -> Told:
    """Facts whose words need nothing of what was before."""
    match fact:
        case tenant.TenantOpened():
            return Told(
                f"开立主体“{fact.name}”（{fact.city}）",
                f"Opened the entity “{fact.name}” ({fact.city})",
                after={"name": fact.name, "city": fact.city},
            )
        case tenant.LawTablePublished():
            zh, en = from_words(fact.effective, fact.valid_to)
            return Told(
                f"发布法规表 {fact.table} 第{fact.table_version}版，{zh}（{fact.source}）",
                f"Published law table {fact.table} version {fact.table_version}, valid {en} "
                f"({fact.source})",
                after={"version": fact.table_version, "unread": fact.unread},
            )
        case metric.MetricBatchRecorded():
            rows, rejected = number_of(fact.rows), number_of(fact.rejected)
            span = f"{fact.period_start}/{fact.period_end}"
            return Told(
                f"收到 {fact.source} 的数据 {span}：{rows} 行，拒收 {rejected} 行",
                f"Figures of {span} from {fact.source}: {rows} rows, {rejected} rejected",
                after={"rows": fact.rows, "rejected": fact.rejected, "sha256": fact.rows_sha256},
            )
        case payrun.PayslipComputed():
            slip = fact.payslip
            sums = {"gross": slip.gross, "tax": slip.tax, "net": slip.net}
            return Told(
                f"{slip.month} 工资单：应发 {yuan(slip.gross)}，个税 {yuan(slip.tax)}，"
                f"实发 {yuan(slip.net)}",
                f"Payslip of {slip.month}: gross {yuan(slip.gross)}, tax {yuan(slip.tax)}, net "
                f"{yuan(slip.net)}",
                after={"run": fact.run, "month": slip.month, **sums},
                contract=slip.contract,
                person=slip.person,
            )
    raise TypeError(f"the audit history has no words for a {type(fact).__name__}")


def number_of(count: int) -> str:
    """A count with commas."""
    return format(count, ",")
