"""Facts told by one sentence with their own fields: steps of a run, the bank, statements."""

from __future__ import annotations

from domain import payout
from domain.accounts import AccountsMapped
from domain.bank_batch import (
    BankDataOpened,
    PayoutBatchApproved,
    PayoutBatchProposed,
    PayoutBatchSent,
    PayoutBatchWithdrawn,
    PayoutFileWritten,
)
from domain.bank_line import BankLineMatched, BankMatchKeyMade, BankStatementRecorded
from domain.dispute import DisputeResolved, LineDisputed, PayslipConfirmed
from domain.erasure_facts import RetentionSet
from domain.facts import Fact
from domain.grants import GrantGiven, GrantWithdrawn
from domain.log_facts import LogKeyRotated
from domain.master_key import MasterKeyTurned
from domain.one_off import OneOffAgreed, OneOffTaxChosen, OneOffWithdrawn
from domain.run_step_facts import PayRunClosed, PayRunPaid, PayRunReconciled, PayRunReviewed
from projections.audit_words import Told

WORDS: dict[type[Fact], tuple[str, str]] = {
    PayRunReviewed: ("复核薪资批次及其异常", "Reviewed the run and its exceptions"),
    PayRunPaid: (
        "批次款项已全部指示付款：{payouts}笔，{amount}元",
        "Every payable of the run is instructed: {payouts} payouts, {amount} yuan",
    ),
    PayRunReconciled: (
        "批次对账完成：已到账{settled}笔，{amount}元",
        "Reconciled the run: {settled} payouts settled, {amount} yuan",
    ),
    PayRunClosed: ("关闭薪资批次", "Closed the run"),
    OneOffAgreed: (
        "约定一次性款项 {one_off}（{kind}）：{amount}元，自{month}批次支付",
        "Agreed on one-off payment {one_off} ({kind}): {amount} yuan, paid from {month} on",
    ),
    OneOffTaxChosen: (
        "员工选择奖金计税方式：{way}（{year}年）",
        "Bonus to be taxed {way} in {year}",
    ),
    OneOffWithdrawn: ("撤回一次性款项", "Withdrew the one-off payment"),
    payout.PayoutSent: ("付款指令已送银行", "Sent to the bank"),
    payout.PayoutFailed: (
        "银行未执行付款（{reason_code}），款项重新待付",
        "The bank did not carry it out ({reason_code}); the payable is open again",
    ),
    PayoutBatchProposed: (
        "提出付款批：{payouts}笔，{total}元",
        "Proposed a batch of {payouts} payouts, {total} yuan",
    ),
    PayoutBatchApproved: ("批准付款批", "Approved the batch"),
    PayoutBatchWithdrawn: ("撤回付款批", "Withdrew the batch"),
    PayoutBatchSent: ("付款文件已送银行", "Sent the file to the bank"),
    BankDataOpened: (
        "为付款文件打开{persons}人的收款账户",
        "Opened the accounts of {persons} people for a payment file",
    ),
    PayoutFileWritten: (
        "生成付款文件（{format}）：{payouts}笔，{total}元",
        "Wrote the payment file ({format}): {payouts} payouts, {total} yuan",
    ),
    BankStatementRecorded: (
        "收到银行对账单 {statement}（{format}）",
        "Recorded the bank's statement {statement} ({format})",
    ),
    BankLineMatched: (
        "确认对账单第{line_no}行对应 {end_to_end_id}",
        "Confirmed that line {line_no} is {end_to_end_id}",
    ),
    BankMatchKeyMade: ("生成对账摘要密钥", "Made the key of the matching digests"),
    AccountsMapped: ("设定会计科目对照", "Mapped the accounts of the journal"),
    PayslipConfirmed: (
        "确认批次{run}的工资单，实发{net}元",
        "Confirmed the payslip of run {run}, net {net} yuan",
    ),
    LineDisputed: ("对批次{run}第{line}行提出异议", "Disputed line {line} of run {run}"),
    RetentionSet: (
        "设定保存期限（{retention}）：{months}个月，自{effective}起",
        "Set the retention of {retention}: {months} months, from {effective} on",
    ),
    MasterKeyTurned: (
        "更换主密钥（{master}），重新包装{persons}人的密钥",
        "Turned the master key ({master}): the keys of {persons} persons are wrapped anew",
    ),
    GrantGiven: (
        "授权 {grantee} 查看个人信息（{grant}），至 {until:%Y-%m-%d %H:%M} UTC",
        "Granted {grantee} to read personal data ({grant}) until {until:%Y-%m-%d %H:%M} UTC",
    ),
    GrantWithdrawn: ("撤回授权 {grant}", "Withdrew the grant {grant}"),
    LogKeyRotated: (
        "日志的签名密钥换为第{number}把，此前{size}条事实由前一把封存",
        "Key {number} signs the log from here on; the one before sealed {size} facts",
    ),
    DisputeResolved: ("异议处理结果：{outcome}", "Resolved the dispute: {outcome}"),
}
"""Class → sentences over its fields. What a person wrote freely is not repeated here."""


def tell_step(fact: Fact) -> Told | None:
    """The fact in words; None where another teller knows it."""
    words = WORDS.get(type(fact))
    if words is None:
        return None
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    contract = fields.get("contract")
    return Told(words[0].format(**fields), words[1].format(**fields), contract=contract)
