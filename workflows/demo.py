"""Fill the demo company: a year of contracts, amendments, figures, pay runs and payouts.

Everything goes through the workflows a customer would use. Every act has a key, so a fill that
was cut off goes on where it stopped, and a second one changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from domain import payrun as domain_payrun
from domain.contract_commands import (
    ActivateContract,
    AmendContract,
    ContractCommand,
    DraftContract,
    RenewContract,
    SendContract,
    SignContract,
)
from domain.contract_facts import SIGNING_ORDER
from domain.facts import Act
from domain.kpi import ChangeKpiWeights, DefineKpiScheme
from domain.metric import DefineMetric
from domain.payout import ReturnPayout, SettlePayout
from domain.payrun import ApprovePayRun, StartPayRun
from domain.periods import Month, months_between
from domain.person import PersonalData, RegisterPerson, SetTaxProfile
from domain.refusals import WrongState
from domain.template import DefineTemplate
from domain.tenant import OpenTenant
from domain.terms import terms_on
from ledger.idempotency import Idempotency, fingerprint
from workflows import contracts, demo_company, demo_steps, payouts, payrun, run_steps, setup
from workflows.demo_company import (
    APPROVER,
    BANK,
    DATA,
    END,
    FINANCE,
    HR,
    LEAD,
    SCHEME,
    START,
    TENANT,
    Streamer,
)
from workflows.desk import Ask, Desk
from workflows.import_mapping import Mapping
from workflows.imports import import_folder
from workflows.payslips import payslips

MONTHS = tuple(months_between(Month(2025, 1), Month(2025, 12)))
RENEWED = "S0001"
"""Contract ends on 1 October 2025 and is renewed with a fan bonus and a step above 150,000."""
RETROACTIVE = "S0232"
"""In August their commission is raised with effect from May: arrears in the August run."""
RETURNED = {"2025-03": 3, "2025-08": 2}
"""Month → how many of its payouts the bank returns; the first of each is paid again."""
SIGNATORIES = {"business_department": LEAD, "company_seal": "seal.office"}
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """A fill under way."""

    desk: Desk
    folder: Path
    mapping: Mapping
    today: date

    def ask(self, actor: str, step: str, reason: str = "") -> Ask:
        """An act with a key of its own: done once, however often the fill is started."""
        act = Act(actor=actor, at=datetime.now(UTC), reason=reason, correlation="demo")
        return Ask(act, None, Idempotency(f"demo/{step}", fingerprint("demo", step, None)))


def is_filled(desk: Desk) -> bool:
    """Whether the demo company is there, to its last pay run."""
    if TENANT not in desk.store.tenants():
        return False
    last = payrun.read_run(desk, TENANT, f"{MONTHS[-1]}-1", missing_ok=True)
    return last.status in domain_payrun.POSTED


def fill(
    desk: Desk,
    folder: Path,
    mapping: Mapping,
    *,
    today: date,
    progress: Progress = lambda what, done, total: None,
) -> None:
    """Fill the company from a folder of streamers, orders and traffic (see docs/demo.md)."""
    demo = Demo(desk, folder, mapping, today)
    streamers = demo_company.read_streamers(folder)
    _found(demo)
    for number, streamer in enumerate(streamers, start=1):
        _engage(demo, number, streamer)
        progress("contracts", number, len(streamers))
    for number, month in enumerate(MONTHS, start=1):
        _live_through(demo, month, streamers)
        progress("months", number, len(MONTHS))


def _found(demo: Demo) -> None:
    desk = demo.desk
    command = OpenTenant(tenant=TENANT, name=demo_company.NAME, city="Shanghai")
    with suppress(WrongState):  # a fill that was cut off goes on
        setup.open_tenant(desk, command, demo.ask("admin", "tenant").act)
    for code, zh, en, unit, aggregation, counts in demo_company.METRICS:
        metric = DefineMetric.model_validate(
            {
                "metric": code,
                "title_zh": zh,
                "title_en": en,
                "unit": unit,
                "aggregation": aggregation,
                "counts": counts,
                "effective": "2024-12-01",
            }
        )
        setup.define_metric(desk, TENANT, metric, demo.ask(HR, f"metric/{code}"))
    scheme = DefineKpiScheme.model_validate(
        {
            "scheme": SCHEME,
            "title": "主播月度考核",
            "effective": START,
            "metrics": demo_company.weights("0.6", "0.1", "0.3"),
        }
    )
    setup.define_kpi_scheme(desk, TENANT, scheme, demo.ask(LEAD, f"kpi/{SCHEME}"))
    for template in demo_company.TEMPLATES:
        define = DefineTemplate.model_validate(template)
        setup.define_template(desk, TENANT, define, demo.ask(HR, f"template/{define.template}"))


def _engage(demo: Demo, number: int, streamer: Streamer) -> None:
    """Register a streamer and bring the contract from draft to active."""
    desk, key = demo.desk, streamer.contract
    register = RegisterPerson(
        person=streamer.person,
        personal=PersonalData(**demo_company.personal(number)),
        tags=(streamer.track,),
    )
    setup.register_person(desk, TENANT, register, demo.ask(HR, f"{key}/person"))
    if streamer.kind == "full_time":
        profile = demo_company.tax_profile(number, city=False)
        _profile(demo, streamer, START, profile)
    drafted = contracts.draft(
        desk, TENANT, _draft(streamer), streamer.variables, demo.ask(HR, f"{key}/draft")
    )
    assert drafted.state.person == streamer.person
    sent = contracts.act_on(desk, TENANT, key, SendContract(), demo.ask(HR, f"{key}/send"))
    for party in SIGNING_ORDER:
        signing = SignContract(
            party=party,
            signatory=streamer.person if party == "streamer" else SIGNATORIES[party],
            document_sha256=sent.state.document_sha256,
        )
        contracts.act_on(desk, TENANT, key, signing, demo.ask(HR, f"{key}/{party}"))
    contracts.act_on(desk, TENANT, key, ActivateContract(), demo.ask(HR, f"{key}/activate"))


def _draft(streamer: Streamer) -> DraftContract:
    return DraftContract.model_validate(
        {
            "contract": streamer.contract,
            "person": streamer.person,
            "number": f"XG-2025-{streamer.person[1:]}",
            "engagement": streamer.kind,
            "character": demo_company.CHARACTERS[streamer.kind],
            "start": START,
            "end": "2025-10-01" if streamer.person == RENEWED else END,
            "team": streamer.team,
            "track": streamer.track,
            "template": streamer.kind.replace("_", "-"),
        }
    )


def _profile(demo: Demo, streamer: Streamer, effective: str, profile: dict[str, Any]) -> None:
    command = SetTaxProfile(effective=date.fromisoformat(effective), profile=profile)
    ask = demo.ask(HR, f"{streamer.contract}/profile/{effective}")
    setup.set_tax_profile(demo.desk, TENANT, streamer.person, command, ask)


def _live_through(demo: Demo, month: Month, streamers: list[Streamer]) -> None:
    """A month as the company lives it: what is agreed, what is measured, what is paid."""
    _agree(demo, month, streamers)
    months = {month} if month != MONTHS[0] else {month.plus(-1), month}
    act = demo.ask(DATA, f"figures/{month}").act
    import_folder(
        demo.desk, TENANT, demo.folder, demo.mapping, act, months=months, today=demo.today
    )
    run_id = f"{month}-1"
    _run(demo, month, run_id)
    if payrun.read_run(demo.desk, TENANT, run_id).status == "posted":
        payouts.instruct_run(demo.desk, TENANT, run_id, demo.ask(FINANCE, f"pay/{month}"))
        run_steps.mark_paid(demo.desk, TENANT, run_id, demo.ask(FINANCE, f"paid/{month}"))
    _bank_answers(demo, month, run_id)
    settled, closed = (demo.ask(FINANCE, f"{step}/{month}") for step in ("reconcile", "close"))
    demo_steps.settle_up(demo.desk, TENANT, run_id, settled, closed)


def _agree(demo: Demo, month: Month, streamers: list[Streamer]) -> None:
    """The year's events, each in the month in which it was decided."""
    if str(month) == "2025-06":
        _weigh_fans(demo)
    if str(month) == "2025-07":
        demo_steps.carry_bases_on(demo.desk, TENANT, demo.ask(FINANCE, "").act)
        for number, streamer in enumerate(streamers, start=1):
            if streamer.kind == "full_time":
                profile = demo_company.tax_profile(number, city=True)
                _profile(demo, streamer, "2025-07-01", profile)
    if str(month) == "2025-08":
        _raise_from_may(demo, streamers)
    if str(month) == "2025-09":
        demo_steps.notice_of_bases(demo.desk, TENANT, demo.ask(FINANCE, "").act)
        _beauty_campaign(demo, streamers)
        _renew(demo, streamers)


def _weigh_fans(demo: Demo) -> None:
    command = ChangeKpiWeights.model_validate(
        {"effective": "2025-06-01", "metrics": demo_company.weights("0.4", "0.4", "0.2")}
    )
    ask = demo.ask(LEAD, "kpi/june", "粉丝增长成为下半年重点: 涨粉权重 10% → 40%")
    setup.change_kpi_weights(demo.desk, TENANT, SCHEME, command, ask)


def _act_on(demo: Demo, streamer: Streamer, command: ContractCommand, reason: str) -> None:
    ask = demo.ask(HR, f"{streamer.contract}/{type(command).__name__}", reason)
    contracts.act_on(demo.desk, TENANT, streamer.contract, command, ask)


def _raise_from_may(demo: Demo, streamers: list[Streamer]) -> None:
    """A raise agreed by word of mouth in May, written down in August."""
    for streamer in _with(streamers, RETROACTIVE):
        command = AmendContract.model_validate(
            {
                "amendment": "A-2025-08-raise",
                "effective": "2025-05-01",
                "changes": [_more_for_sales(demo, streamer)],
                "document": "补充协议 2025-08",
            }
        )
        _act_on(demo, streamer, command, "五月口头约定的提成上调, 八月补签")


def _more_for_sales(demo: Demo, streamer: Streamer) -> dict[str, Any]:
    """One point more on whatever pays for sales in the contract."""
    state = contracts.read(demo.desk, TENANT, streamer.contract)
    in_force = {term.key: term.data for term in terms_on(state.terms, date(2025, 5, 1))}
    key, field = ("revenue_share", "share") if "revenue_share" in in_force else (
        "commission", "rate")  # fmt: skip
    raised = {"share": "0.46", "rate": "0.06" if streamer.kind == "full_time" else "0.09"}
    return {"op": "change", "key": key, "clause": {**in_force[key], field: raised[field]}}


def _beauty_campaign(demo: Demo, streamers: list[Streamer]) -> None:
    """September: half a point more on beauty for every employed or part-time beauty room."""
    command = AmendContract.model_validate(
        {
            "amendment": "A-2025-09-beauty",
            "effective": "2025-09-01",
            "until": "2025-10-01",
            "changes": [
                {
                    "op": "add",
                    "key": "beauty_campaign",
                    "clause": {
                        "kind": "category_uplift",
                        "category": "beauty",
                        "added_rate": "0.005",
                        "stacking_order": 1,
                    },
                }
            ],
            "document": "九月美妆活动通知",
        }
    )
    cohort = [one for one in streamers if one.track == "beauty" and one.kind != "agency"]
    amendments = {one.contract: command for one in cohort}
    ask = demo.ask(HR, "campaign", "九月美妆节: 美妆品类加成 0.5%")
    results = contracts.amend_cohort(demo.desk, TENANT, amendments, ask)
    refused = [result.contract for result in results if not result.accepted]
    if refused:
        raise WrongState(
            f"美妆活动未能用于 {refused}", f"The campaign was refused for {refused}", do="See why."
        )


def _renew(demo: Demo, streamers: list[Streamer]) -> None:
    """A renewal with a fan bonus of 5,000 above 50,000 a month and a step above 150,000."""
    bonus = {
        "kind": "metric_bonus",
        "metric": "fans_gained",
        "threshold": "50000",
        "boundary": "above",
        "amount": "5000",
        "per": "once",
    }
    step = demo_company.commission("0.01", [("150000", "0.01")])
    for streamer in _with(streamers, RENEWED):
        command = RenewContract.model_validate(
            {
                "amendment": "R-2025-10",
                "end": "2026-10-01",
                "changes": [
                    {"op": "add", "key": "fans", "clause": bonus},
                    {"op": "add", "key": "commission_step", "clause": step},
                ],
                "document": "续签协议 2025-10",
            }
        )
        _act_on(demo, streamer, command, "续签: 增加涨粉奖励和 15 万以上提成阶梯")


def _with(streamers: list[Streamer], person: str) -> list[Streamer]:
    """The streamer, where the files have them (the sample has only some)."""
    return [streamer for streamer in streamers if streamer.person == person]


def _run(demo: Demo, month: Month, run_id: str) -> None:
    run = payrun.read_run(demo.desk, TENANT, run_id, missing_ok=True)
    if run.status in ("none", "computing"):
        start = StartPayRun(month=str(month))
        ask = Ask(demo.ask(FINANCE, "").act)
        run = payrun.compute(demo.desk, TENANT, start, ask, today=demo.today).state
    if run.status == "computed":
        noted = demo.ask(FINANCE, f"review/{month}", "异常已逐类核对")
        run = demo_steps.review(demo.desk, TENANT, run, noted, demo.today)
    if run.status == "reviewed":
        refused = tuple(
            entry["contract"]
            for entry in run.exceptions
            if entry["code"].startswith(domain_payrun.REFUSED)
        )
        approve = ApprovePayRun(digest=run.digest, leave_out=refused)
        payrun.approve(demo.desk, TENANT, run_id, approve, demo.ask(APPROVER, f"approve/{month}"))
    payrun.post(demo.desk, TENANT, run_id, demo.ask(FINANCE, f"post/{month}"))


def _bank_answers(demo: Demo, month: Month, run_id: str) -> None:
    """The bank pays on the tenth; some accounts are closed and come back the day after."""
    run = payrun.read_run(demo.desk, TENANT, run_id)
    ids = [
        f"{run_id}.{slip.contract}.{payouts.COMPONENT}"
        for slip in payslips(demo.desk, TENANT, run)
        if slip.net > 0
    ]
    back = ids[: RETURNED.get(str(month), 0)]
    answers = [
        payouts.Answer(one, ReturnPayout(reason_code="AC04", on=run.pay_date + timedelta(days=1)))
        if one in back
        else payouts.Answer(
            one, SettlePayout(bank_reference=f"{month}/{number:05}", on=run.pay_date)
        )
        for number, one in enumerate(ids, start=1)
    ]
    ask = Ask(demo.ask(BANK, "").act)
    if payouts.read_payout(demo.desk, TENANT, ids[-1]).status == "instructed":
        payouts.record_answers(demo.desk, TENANT, answers, ask)
    if back:
        _pay_again(demo, month, back[0], run.pay_date + timedelta(days=5))


def _pay_again(demo: Demo, month: Month, payout_id: str, on: date) -> None:
    """The streamer gives another account: the payable is instructed again and paid."""
    ask = demo.ask(FINANCE, f"again/{month}", "银行账户已更正")
    payouts.instruct_again(demo.desk, TENANT, payout_id, ask)
    settled = SettlePayout(bank_reference=f"{month}/again", on=on)
    payouts.settle(demo.desk, TENANT, payout_id, settled, demo.ask(BANK, f"settled/{month}"))
