"""Setting a company up: tenants, persons, templates, KPI schemes and metric definitions."""

from __future__ import annotations

from typing import Any

from domain import erasure, kpi, metric, template
from domain import person as persons
from domain.facts import Act
from domain.pay_profile import checked_profile
from domain.refusals import NotFound, WrongState
from domain.tenant import OpenTenant, TenantOpened
from ledger.records import NewFact, Receipt
from workflows.desk import Ask, Desk, Outcome, handle, load
from workflows.law import publish_shipped


def open_tenant(desk: Desk, command: OpenTenant, act: Act) -> list[Receipt]:
    """Open a ledger for an entity and publish the shipped law tables to it.

    Raises WrongState where the tenant exists.
    """
    desk.store.open_tenant(command.tenant)
    if desk.store.stream(command.tenant, f"tenant/{command.tenant}", limit=1):
        raise WrongState(
            f"主体 {command.tenant} 已存在",
            f"Tenant {command.tenant} is open already",
            do="Choose another id.",
        )
    opened = TenantOpened(tenant=command.tenant, name=command.name, city=command.city)
    new = NewFact(f"tenant/{command.tenant}", 1, opened)
    receipts = desk.store.append(command.tenant, [new], act)
    return [*receipts, *publish_shipped(desk, command.tenant, act)]


def register_person(
    desk: Desk, tenant: str, command: persons.RegisterPerson, ask: Ask
) -> Outcome[persons.Person]:
    """Register a person; the personal data is sealed before it becomes part of a fact."""

    def decide(state: persons.Person) -> list[Any]:
        persons.refuse_known(state, command.person)
        sealed = desk.vault.seal(tenant, command.person, _fields(command.personal))
        return list(persons.register(state, command, sealed))

    return _on_person(desk, tenant, command.person, decide, ask)


def change_personal_data(
    desk: Desk, tenant: str, person: str, command: persons.ChangePersonalData, ask: Ask
) -> Outcome[persons.Person]:
    """Replace a person's data under the same key."""

    def decide(state: persons.Person) -> list[Any]:
        persons.refuse_unknown(state)
        refuse_unusable(desk, tenant, person)
        sealed = desk.vault.seal(tenant, person, _fields(command.personal))
        return list(persons.change_personal_data(state, sealed))

    return _on_person(desk, tenant, person, decide, ask)


def set_tax_profile(
    desk: Desk, tenant: str, person: str, command: persons.SetTaxProfile, ask: Ask
) -> Outcome[persons.Person]:
    """Set what counts for tax and insurance from a month on. Raises Invalid naming the field."""
    profile = checked_profile(command.profile)
    return _on_person(
        desk,
        tenant,
        person,
        lambda state: persons.set_tax_profile(state, command, profile),
        ask,
    )


def refuse_unusable(desk: Desk, tenant: str, person: str) -> None:
    """Raise Erased or Restricted where a person's data is not to be used."""
    stream = f"person/{person}"
    erasure.refuse_unusable(load(desk, tenant, stream, erasure.Standing(), erasure.evolve))


def _on_person(
    desk: Desk, tenant: str, person: str, decide: Any, ask: Ask
) -> Outcome[persons.Person]:
    return handle(desk, tenant, f"person/{person}", persons.Person(), persons.evolve, decide, ask)


def read_person(desk: Desk, tenant: str, person: str, known: int | None = None) -> persons.Person:
    """A person as known at a position; the personal data stays sealed. Raises NotFound."""
    state = load(desk, tenant, f"person/{person}", persons.Person(), persons.evolve, known)
    if not state.version:
        raise NotFound(f"没有人员 {person}", f"There is no person {person}", do="Check the id.")
    return state


def require_person(desk: Desk, tenant: str, person: str, known: int | None = None) -> None:
    """Raise NotFound unless the person is registered, as known at a position."""
    if not desk.store.stream(tenant, f"person/{person}", known=known, limit=1):
        raise NotFound(f"没有人员 {person}", f"There is no person {person}", do="Check the id.")


def _fields(personal: persons.PersonalData) -> dict[str, str]:
    return {name: value for name, value in personal.model_dump().items() if value is not None}


def define_template(
    desk: Desk, tenant: str, command: template.DefineTemplate, ask: Ask
) -> Outcome[template.Template]:
    """Define a template or its next version."""
    return handle(
        desk,
        tenant,
        f"template/{command.template}",
        template.Template(),
        template.evolve,
        lambda _: template.define(command),
        ask,
    )


def define_kpi_scheme(
    desk: Desk, tenant: str, command: kpi.DefineKpiScheme, ask: Ask
) -> Outcome[kpi.KpiScheme]:
    """Define a KPI scheme over defined metrics."""
    _refuse_undefined(desk, tenant, [entry.metric for entry in command.metrics])
    return handle(
        desk,
        tenant,
        f"kpi/{command.scheme}",
        kpi.KpiScheme(),
        kpi.evolve,
        lambda state: kpi.define(state, command),
        ask,
    )


def change_kpi_weights(
    desk: Desk, tenant: str, scheme: str, command: kpi.ChangeKpiWeights, ask: Ask
) -> Outcome[kpi.KpiScheme]:
    """Change a scheme's weights with effect from a month on."""
    _refuse_undefined(desk, tenant, [entry.metric for entry in command.metrics])
    return handle(
        desk,
        tenant,
        f"kpi/{scheme}",
        kpi.KpiScheme(),
        kpi.evolve,
        lambda state: kpi.change_weights(state, command, ask.act),
        ask,
    )


def define_metric(
    desk: Desk, tenant: str, command: metric.DefineMetric, ask: Ask
) -> Outcome[metric.Metric]:
    """Define a metric, or what it counts from a later day on."""
    return handle(
        desk,
        tenant,
        f"metric/{command.metric}",
        metric.Metric(),
        metric.evolve,
        lambda _: metric.define(command),
        ask,
    )


def _refuse_undefined(desk: Desk, tenant: str, codes: list[str]) -> None:
    for code in codes:
        if not desk.store.stream(tenant, f"metric/{code}", limit=1):
            raise NotFound(
                f"指标 {code} 没有定义",
                f"Metric {code} is not defined",
                do="Define what it counts first (metric definitions).",
                field="metrics",
                metric=code,
            )
