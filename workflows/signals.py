"""Signals computed over the last whole months, each with what somebody said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from domain import signals, tenure
from domain.clauses import Hours
from domain.contract_state import Contract
from domain.facts import Fact
from domain.figures import Figures
from domain.findings import PlanContext
from domain.money import ZERO
from domain.periods import Month, Period
from domain.plan_law import agency_like_employment
from domain.refusals import NotFound
from domain.signals import (
    CODES,
    Decided,
    DecideSignal,
    RuleCode,
    RuleSettings,
    SetSignalRule,
    Signal,
    SignalDecided,
)
from domain.terms import terms_on
from workflows.contracts import all_contracts
from workflows.definitions import aggregations_of, metrics_at
from workflows.desk import Ask, Desk, Outcome, handle, load, scan
from workflows.leaving_report import spells_at
from workflows.team_report import TRAFFIC

DECIDED = "signal.decided.v1"
Numbers = dict[str, Decimal]


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is on a day: on or off, its numbers, its sentences."""

    rule: RuleCode
    enabled: bool
    params: dict[str, Decimal]
    zh: str
    en: str
    proposes_zh: str
    proposes_en: str
    version: int


class _Look(msgspec.Struct, frozen=True, kw_only=True):
    """What all rules look at: the last whole month, figures, who works where, contracts."""

    day: date
    month: Month
    figures: Mapping[str, Figures]
    spells: list[tenure.Spell]
    contracts: list[Contract]

    def monthly(self, person: str, metric: str, months: int) -> list[Decimal | None]:
        """A person's figure in each of the last whole months; None where nothing was measured."""
        own = self.figures.get(person, Figures())
        found: list[Decimal | None] = []
        for back in range(months - 1, -1, -1):
            span = self.month.plus(-back).period
            found.append(own.total(metric, span) if own.values(metric, span) else None)
        return found


def rules(desk: Desk, tenant: str, day: date, known: int | None = None) -> list[RuleView]:
    """Every rule as it is on a day, as known at a position."""
    found = []
    for code in CODES:
        state = _settings(desk, tenant, code, known)
        enabled, params = state.on(code, day)
        zh, en = signals.in_words(code, params)
        of = signals.RULES[code]
        found.append(
            RuleView(
                rule=code,
                enabled=enabled,
                params=params,
                zh=zh,
                en=en,
                proposes_zh=of.proposes_zh,
                proposes_en=of.proposes_en,
                version=state.version,
            )
        )
    return found


def _settings(desk: Desk, tenant: str, code: RuleCode, known: int | None) -> RuleSettings:
    stream = f"signal-rule/{code}"
    return load(desk, tenant, stream, RuleSettings(), signals.evolve_rule, known)


def set_rule(
    desk: Desk, tenant: str, rule: RuleCode, command: SetSignalRule, ask: Ask
) -> Outcome[RuleSettings]:
    """Switch a rule on or off, or change its numbers, from a day on."""
    return handle(
        desk,
        tenant,
        f"signal-rule/{rule}",
        RuleSettings(),
        signals.evolve_rule,
        lambda _: signals.set_rule(rule, command),
        ask,
    )


def read_signals(desk: Desk, tenant: str, day: date, known: int | None = None) -> list[Signal]:
    """What the rules that are on say of the last whole month before a day, the open ones first."""
    switched = {one.rule: one for one in rules(desk, tenant, day, known)}
    months = max(int(one.params.get("months", 1)) for one in switched.values()) + 1
    look = _look(desk, tenant, day, months, known)
    said = _decided(desk, tenant, known)
    found = []
    for code, rule in switched.items():
        for signal in _BY_RULE[code](look, rule.params) if rule.enabled else ():
            decision, actor = said.get(signal.signal, (None, None))
            changed = {"decision": decision, "decided_by": actor}
            found.append(msgspec.structs.replace(signal, **changed))
    return sorted(found, key=lambda one: (one.decision is not None, one.rule, one.subject))


def _decided(desk: Desk, tenant: str, known: int | None) -> dict[str, tuple[signals.Decision, str]]:
    return {
        one.fact.signal: (one.fact.decision, one.actor)
        for one in scan(desk, tenant, [DECIDED], upto=known)
        if isinstance(one.fact, SignalDecided)
    }


def read_signal(desk: Desk, tenant: str, signal: str, day: date) -> Signal:
    """A signal that stands on a day. Raises NotFound where none does."""
    standing = next((one for one in read_signals(desk, tenant, day) if one.signal == signal), None)
    if standing is None:
        raise NotFound(
            f"没有提示 {signal}",
            f"There is no signal {signal} on {day}",
            do="List the signals; one that its rule no longer gives cannot be answered.",
        )
    return standing


def decide(
    desk: Desk, tenant: str, standing: Signal, command: DecideSignal, day: date, ask: Ask
) -> Outcome[Decided]:
    """Accept or dismiss a signal that stands on a day, as `read_signal` gave it."""

    def decided(state: Decided) -> list[Fact]:
        return signals.decide(state, standing, command, ask.act, day)

    return handle(
        desk, tenant, f"signal/{standing.signal}", Decided(), signals.evolve, decided, ask
    )


def _look(desk: Desk, tenant: str, day: date, months: int, known: int | None) -> _Look:
    month = Month.of(day).plus(-1)
    head = desk.store.head(tenant)[0] if known is None else known
    how = aggregations_of(metrics_at(desk, tenant, known))
    span = Period(month.plus(1 - months).first, month.period.stop)
    states = all_contracts(desk, tenant, known)
    return _Look(
        day=day,
        month=month,
        figures=desk.figures.read(tenant, None, span, head, how),
        spells=spells_at(desk, tenant, day, known),
        contracts=[one for one in states.values() if one.status == "active"],
    )


def _interaction(look: _Look, params: Numbers) -> Iterator[Signal]:
    months = int(params["months"])
    teams = _teams_on(look, look.month.first)
    for person in sorted(look.figures):
        viewers, gifts, answers = (
            look.monthly(person, metric, months)
            for metric in ("average_viewers", "gift_income", "fan_answers")
        )
        said = signals.interaction(viewers, gifts, answers, params)
        if said is not None:
            yield signals.made(
                "interaction", person, look.month, said, person, teams.get(person, "")
            )


def _team_traffic(look: _Look, params: Numbers) -> Iterator[Signal]:
    months = int(params["months"]) + 1
    sums: dict[str, list[Decimal | None]] = {}
    for back in range(months - 1, -1, -1):
        month = look.month.plus(-back)
        totals: dict[str, Decimal] = {}
        for person, team in _teams_on(look, month.first).items():
            own = look.figures.get(person, Figures())
            if own.values(TRAFFIC, month.period):
                totals[team] = totals.get(team, ZERO) + own.total(TRAFFIC, month.period)
        for team in {*sums, *totals}:
            sums.setdefault(team, [None] * (months - 1 - back)).append(totals.get(team))
    for team in sorted(sums):
        said = signals.falling(sums[team])
        if said is not None:
            yield signals.made("team_traffic", team, look.month, said, None, team)


def _teams_on(look: _Look, day: date) -> dict[str, str]:
    """Who is in which team on a day: by career, else by contract."""
    by_contract = {one.person: one.team for one in look.contracts if day in one.period}
    return {**by_contract, **tenure.team_on(look.spells, day)}


def _hours_short(look: _Look, params: Numbers) -> Iterator[Signal]:
    for contract in sorted(look.contracts, key=lambda one: one.contract):
        days = look.month.period
        if contract.start > days.start or (contract.end or date.max) < days.stop:
            continue  # a month that is not whole is not held against the clause
        asked = [
            term.clause.minimum_hours
            for term in terms_on(contract.terms, days.start)
            if isinstance(term.clause, Hours) and term.clause.per == "month"
        ]
        own = look.figures.get(contract.person, Figures())
        if not asked or asked[0] is None or not own.values("live_minutes", days):
            continue
        minutes = own.total("live_minutes", days)
        said = signals.too_short(minutes, asked[0], params["share"])
        if said is not None:
            subject = contract.contract
            yield signals.made(
                "hours_short", subject, look.month, said, contract.person, contract.team
            )


def _employment(look: _Look, params: Numbers) -> Iterator[Signal]:
    for contract in sorted(look.contracts, key=lambda one: one.contract):
        if contract.engagement != "agency" or look.day not in contract.period:
            continue
        clauses = {term.key: term.clause for term in terms_on(contract.terms, look.day)}
        told = [*agency_like_employment(clauses, PlanContext(engagement="agency"))]
        if told:
            said = ("；".join(one.zh for one in told), "; ".join(one.en for one in told))
            subject = contract.contract
            yield signals.made(
                "looks_like_employment", subject, look.month, said, contract.person, contract.team
            )


_BY_RULE: dict[RuleCode, Callable[[_Look, Numbers], Iterator[Signal]]] = {
    "interaction": _interaction,
    "team_traffic": _team_traffic,
    "hours_short": _hours_short,
    "looks_like_employment": _employment,
}
