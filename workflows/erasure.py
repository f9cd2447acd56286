"""Keeping and erasing a person's data: holds, restriction, destruction, and what needs the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta, timezone

from domain import erasure, payout, retention
from domain.contract_facts import ContractDrafted
from domain.erasure import Evidence, Standing, Status
from domain.erasure_facts import PlaceHold, RestrictPerson, SetRetention
from domain.facts import Fact
from domain.refusals import NotFound, StaleVersion
from domain.retention import Terms
from ledger.errors import KeyTaken, stale
from ledger.records import NewFact, Receipt
from ledger.scrub import Scrubbed, scrub
from projections.pay_queries import PayslipRow
from workflows import contracts
from workflows.desk import RETRIES, Ask, Desk, Outcome, busy, fold, handle, load, scan
from workflows.payrun import read_run

CHINA = timezone(timedelta(hours=8))
WAIT = 30.0
POSTED = ("posted", "paid", "reconciled", "closed")
OPEN = ("drafted", "sent", "signed", "active")
CLASSES: tuple[retention.RetentionClass, ...] = ("pay", "contract", "candidate")


def standing(desk: Desk, tenant: str, person: str, known: int | None = None) -> Standing:
    """How a person's data stands. Raises NotFound for an unknown person."""
    found = load(desk, tenant, f"person/{person}", Standing(), erasure.evolve, known)
    if not found.version:
        raise NotFound(f"没有人员 {person}", f"There is no person {person}", do="Check the id.")
    return found


def status(desk: Desk, tenant: str, person: str) -> Status:
    """Whether a person's data is in use, restricted or erased."""
    return load(desk, tenant, f"person/{person}", Standing(), erasure.evolve).status


def place_hold(
    desk: Desk, tenant: str, person: str, command: PlaceHold, ask: Ask
) -> Outcome[Standing]:
    """Place a legal hold."""
    return _on(desk, tenant, person, ask, lambda s: erasure.place_hold(s, command, ask.act))


def lift_hold(desk: Desk, tenant: str, person: str, hold: str, ask: Ask) -> Outcome[Standing]:
    """Lift a legal hold."""
    return _on(desk, tenant, person, ask, lambda s: erasure.lift_hold(s, hold, ask.act))


def restrict(
    desk: Desk, tenant: str, person: str, command: RestrictPerson, ask: Ask, today: date
) -> Outcome[Standing]:
    """First step: the data is stored, and used for nothing but what a law needs."""

    def decide(state: Standing) -> Sequence[Fact]:
        found = evidence(desk, tenant, state, today)
        return erasure.restrict(state, command, found, ask.act, today)

    return _on(desk, tenant, person, ask, decide)


def lift_restriction(desk: Desk, tenant: str, person: str, ask: Ask) -> Outcome[Standing]:
    """Use the data again."""
    return _on(desk, tenant, person, ask, lambda s: erasure.lift_restriction(s, ask.act))


def _on(
    desk: Desk,
    tenant: str,
    person: str,
    ask: Ask,
    decide: Callable[[Standing], Sequence[Fact]],
) -> Outcome[Standing]:
    return handle(desk, tenant, f"person/{person}", Standing(), erasure.evolve, decide, ask)


def erase(
    desk: Desk, tenant: str, person: str, ask: Ask, today: date
) -> tuple[list[Receipt], Scrubbed]:
    """Second step: the fact and the end of the key are one transaction; then what is left of the
    key on the server's disk is scrubbed.

    Raises what `domain.erasure.erase` raises, and StaleVersion where another version was expected.
    """
    receipts = _answered(desk, tenant, ask)
    for _ in range(RETRIES):
        if receipts is not None:
            break
        records = desk.store.stream(tenant, f"person/{person}")
        state = fold(records, Standing(), erasure.evolve)
        _need_version(ask, person, state)
        found = evidence(desk, tenant, state, today)
        facts = erasure.erase(state, found, ask.act, today)
        receipts = _destroy(desk, tenant, person, state.version, facts, ask)
    if receipts is None:
        raise busy(f"person/{person}")
    desk.runner.hint()
    return receipts, scrub(desk.store._pool)


def _answered(desk: Desk, tenant: str, ask: Ask) -> list[Receipt] | None:
    once = ask.idempotency
    if once is None:
        return None
    found = desk.store.idempotent_answer(tenant, once.key, once.fingerprint)
    return None if found is None else found.receipts


def _need_version(ask: Ask, person: str, state: Standing) -> None:
    if ask.expected_version not in (None, state.version):
        raise stale(f"person/{person}", state.version, ask.expected_version)


def _destroy(
    desk: Desk, tenant: str, person: str, version: int, facts: Sequence[Fact], ask: Ask
) -> list[Receipt] | None:
    """The receipts; None where somebody else wrote to the person in between."""
    new = [NewFact(f"person/{person}", version + 1, fact) for fact in facts]
    try:
        with desk.store._pool.connection() as connection, connection.transaction():
            desk.vault.destroy(connection, tenant, person)
            return desk.store.append_in(
                connection, tenant, new, ask.act, idempotency=ask.idempotency
            )
    except KeyTaken:
        return _answered(desk, tenant, ask)
    except StaleVersion:
        return None


# What needs the data


def evidence(desk: Desk, tenant: str, state: Standing, today: date) -> Evidence:
    """What contracts, pay and retention terms say about a person, read from the facts."""
    begun: dict[str, date] = {}
    open_contracts, unpaid = [], []
    for contract_id in _contracts(desk, tenant, state.person):
        contract = contracts.read(desk, tenant, contract_id)
        if contract.status in OPEN:
            open_contracts.append(contract_id)
        elif contract.activated_on is not None:
            _later(begun, "contract", contract.end or today)
        for slip in _payslips(desk, tenant, contract_id):
            status = read_run(desk, tenant, slip.run_id).status
            if status == "rejected":
                continue
            _later(begun, "pay", slip.pay_date)
            if not _settled(desk, tenant, slip, status):
                unpaid.append(f"{slip.run_id}/{contract_id}")
    if not begun and state.registered_at is not None:  # who never worked here
        begun["candidate"] = state.registered_at.astimezone(CHINA).date()
    return Evidence(
        open_contracts=tuple(open_contracts),
        unpaid=tuple(unpaid),
        until=retention.kept_until(begun, every_term(desk, tenant), today),
    )


def _contracts(desk: Desk, tenant: str, person: str) -> list[str]:
    facts = (record.fact for record in scan(desk, tenant, ["contract.drafted.v1"]))
    return [f.contract for f in facts if isinstance(f, ContractDrafted) and f.person == person]


def _payslips(desk: Desk, tenant: str, contract: str) -> list[PayslipRow]:
    """Every payslip of a contract; the register is caught up first."""
    head, _ = desk.store.head(tenant)
    desk.runner.wait_for(tenant, head, ["pay_register"], timeout=WAIT)
    found: list[PayslipRow] = []
    cursor: str | None = None
    while True:
        page = desk.register.payslips_of(tenant, contract, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def _settled(desk: Desk, tenant: str, slip: PayslipRow, status: str) -> bool:
    """Whether nothing of a payslip is left to pay."""
    if status not in POSTED:
        return False
    if slip.net <= 0:
        return True
    name = f"payout/{slip.run_id}.{slip.contract_id}.net"
    return load(desk, tenant, name, payout.Payout(), payout.evolve).status == "settled"


def _later(begun: dict[str, date], retention_class: str, day: date) -> None:
    begun[retention_class] = max(begun.get(retention_class, day), day)


# Retention


def every_term(desk: Desk, tenant: str) -> list[retention.Term]:
    """The terms of all classes that were set by facts."""
    found: list[retention.Term] = []
    for name in CLASSES:
        found += load(desk, tenant, f"retention/{name}", Terms(), retention.evolve).terms
    return found


def set_retention(desk: Desk, tenant: str, command: SetRetention, ask: Ask) -> Outcome[Terms]:
    """Set how long a class is kept, from a day on."""
    return handle(
        desk,
        tenant,
        f"retention/{command.retention}",
        Terms(),
        retention.evolve,
        lambda state: retention.set_terms(state, command),
        ask,
    )
