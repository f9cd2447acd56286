"""Exceptions of a run before approval: a plain list of functions that look at one payslip.

Each gives findings and none of them raises, so that everything there is to say is said at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from domain.lines import total
from domain.money import ZERO, fen
from domain.periods import Month, Period
from domain.run_findings import RunCase, RunFinding, Severity
from domain.texts import per_cent, percent, yuan

Found = Iterable[RunFinding]


def check_run(cases: Iterable[RunCase], refused: Sequence[RunFinding] = ()) -> list[RunFinding]:
    """Everything the checks have to say about a run, by contract and code; who is refused first."""
    found = [finding for case in cases for check in CHECKS for finding in check(case)]
    return [*refused, *sorted(found, key=lambda one: (one.contract, one.code))]


def _say(
    case: RunCase, severity: Severity, code: str, zh: str, en: str, **figures: object
) -> RunFinding:
    return RunFinding(
        code=code,
        severity=severity,
        contract=case.slip.contract,
        person=case.slip.person,
        zh=zh,
        en=en,
        figures={name: str(value) for name, value in figures.items()},
    )


def changed_much(case: RunCase) -> Found:
    """Pay up or down by more than the share of last month's; a first payslip has none."""
    if case.before is None or case.supplement:
        return
    now, then = case.slip.gross, case.before.gross
    if abs(now - then) <= case.change * abs(then):
        return
    up = now > then
    share = f"{fen((now - then) / then * 100)} %" if then else "–"
    zh, en = ("增加", "up") if up else ("减少", "down")
    yield _say(
        case,
        "look",
        f"pay_{en}",
        f"应发 {yuan(now)}, 上月 {yuan(then)}, {zh}超过 {per_cent(case.change)}",
        f"Gross {yuan(now)} is {en} by more than {percent(case.change)} on {yuan(then)} last month",
        gross=now,
        gross_before=then,
        change=share,
    )


def without_figures(case: RunCase) -> Found:
    """Clauses that pay for figures, and no figure of the person in the month."""
    if case.figure_clauses and not case.has_figures and not case.supplement:
        keys = ", ".join(case.figure_clauses)
        yield _say(
            case,
            "look",
            "no_figures",
            f"条款 {keys} 按数据计酬, 但 {case.slip.month} 没有任何数据",
            f"Clauses {keys} pay for figures, and {case.slip.month} has none",
            clauses=keys,
        )


def between_contracts(case: RunCase) -> Found:
    """Days of the month on which the person had no contract, between two of them."""
    for gap in case.gaps:
        last = gap.stop - timedelta(days=1)
        yield _say(
            case,
            "look",
            "no_contract",
            f"{gap.start} 至 {last} 没有有效合同",
            f"No contract from {gap.start} to {last}, between two contracts",
            first=gap.start,
            last=last,
        )


def negative(case: RunCase) -> Found:
    """A negative balance goes to the next run."""
    carried, owed = case.slip.carried_out, case.slip.owed_out
    if carried or owed:
        yield _say(
            case,
            "look",
            "negative",
            f"负数结转 {yuan(carried + owed)}",
            f"A negative balance of {yuan(carried + owed)} is carried on",
            carried_out=carried,
            owed_out=owed,
        )


def nothing_to_pay(case: RunCase) -> Found:
    """Nothing is paid and nothing is carried."""
    slip = case.slip
    if not slip.net and not slip.carried_out and not slip.owed_out:
        yield _say(
            case, "look", "nothing_to_pay", "本月无应付金额", "Nothing to pay", gross=slip.gross
        )


def below_minimum(case: RunCase) -> Found:
    """An employee's earnings of a whole month are below the city's minimum wage.

    最低工资规定 (2004) art. 12: what is earned in normal working time, arrears of other months
    aside; the minimum as the city's table says for the month's last day.
    """
    earned = total(case.slip.lines, "earnings")
    if case.minimum is None or not case.whole_month or case.slip.character != "wages":
        return
    if case.supplement:
        return
    if earned < case.minimum:
        yield _say(
            case,
            "look",
            "below_minimum_wage",
            f"当月收入 {yuan(earned)} 低于最低工资 {yuan(case.minimum)}",
            f"The month's earnings of {yuan(earned)} are below the minimum wage of "
            f"{yuan(case.minimum)}",
            earned=earned,
            minimum=case.minimum,
        )


def bank_changed(case: RunCase) -> Found:
    """Personal data was replaced lately: the bank account may be another (nothing is read)."""
    if case.bank_changed is not None and case.slip.net > ZERO:
        yield _say(
            case,
            "look",
            "bank_account_changed",
            f"个人资料(含银行账户)于 {case.bank_changed} 变更, 请核对收款账户",
            f"Personal data with the bank account was replaced on {case.bank_changed}: "
            "check the account",
            on=case.bank_changed,
            net=case.slip.net,
        )


def same_person(case: RunCase) -> Found:
    """A person with several payslips in one run."""
    paid = [contract for contract, net in case.others if net > ZERO]
    if paid and case.slip.net > ZERO:
        names = ", ".join(sorted(paid))
        yield _say(
            case,
            "look",
            "same_person",
            f"同一人员在本批次还有合同 {names}",
            f"The same person is also paid under {names} in this run",
            contracts=names,
        )


def same_amount(case: RunCase) -> Found:
    """The same amount twice to one person: perhaps the same work."""
    net = case.slip.net
    twins = sorted(contract for contract, amount in case.others if amount == net)
    if twins and net > ZERO:
        names = ", ".join(twins)
        yield _say(
            case,
            "look",
            "same_amount",
            f"与合同 {names} 的实发金额相同: {yuan(net)}",
            f"The same net amount as {names}: {yuan(net)}",
            contracts=names,
            net=net,
        )


def paid_already(case: RunCase) -> Found:
    """Another run has paid the contract for the month: what stands here comes on top."""
    if case.earlier and case.slip.net > ZERO:
        runs = ", ".join(run for run, _ in case.earlier)
        net = sum((amount for _, amount in case.earlier), ZERO)
        yield _say(
            case,
            "look",
            "paid_already",
            f"批次 {runs} 已付当月 {yuan(net)}，本批次另付 {yuan(case.slip.net)}",
            f"Run {runs} has paid {yuan(net)} for the month; {yuan(case.slip.net)} comes on top",
            runs=runs,
            paid=net,
            net=case.slip.net,
        )


def receivable(case: RunCase) -> Found:
    """A contract that is over leaves a balance below zero: no later pay takes it in."""
    owed = case.slip.carried_out + case.slip.owed_out
    if case.ended and owed:
        yield _say(
            case,
            "look",
            "receivable",
            f"合同已终止，人员尚欠 {yuan(-owed)}，须另行收回",
            f"The contract is over and the person owes {yuan(-owed)}: a receivable, to be "
            "collected apart",
            owed=owed,
        )


def bonus_waits(case: RunCase) -> Found:
    """An annual bonus is not in the run: the worker has not chosen how it is taxed."""
    if case.waiting:
        names = ", ".join(case.waiting)
        yield _say(
            case,
            "note",
            "bonus_waits",
            f"全年一次性奖金 {names} 待员工选择计税方式",
            f"Annual bonus {names} waits for the worker's choice of how it is taxed",
            one_offs=names,
        )


def first_payslip(case: RunCase) -> Found:
    """No payslip of the month before: there is nothing to compare with."""
    if case.before is None and case.slip.net > ZERO and not case.supplement:
        yield _say(case, "note", "first_payslip", "上月无工资单", "No payslip last month")


Check = Callable[[RunCase], Found]
CHECKS: tuple[Check, ...] = (
    changed_much,
    without_figures,
    between_contracts,
    negative,
    nothing_to_pay,
    below_minimum,
    bank_changed,
    same_person,
    same_amount,
    paid_already,
    receivable,
    bonus_waits,
    first_payslip,
)


def gaps_between(month: Month, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Days of a month that lie between two periods and in none of them."""
    gaps = []
    ordered = sorted(periods, key=lambda period: period.start)
    covered = ordered[0].end if ordered else None
    for period in ordered[1:]:
        if covered is None:
            break
        if covered < period.start:
            gap = Period(covered, period.start).overlap(month.period)
            gaps += [gap] if gap is not None else []
        covered = None if period.end is None else max(covered, period.end)
    return tuple(gaps)
