"""Erasing a person over the ledger: two people, what keeps the data, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg.errors import RestrictViolation

from domain.erasure import Erased, Restricted
from domain.erasure_facts import PlaceHold, RestrictPerson
from domain.payout import SettlePayout
from domain.person import ChangePersonalData, PersonalData, RegisterPerson
from domain.refusals import KeyReused, Refusal, StaleVersion, WrongState
from ledger.idempotency import Idempotency
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import erasure, payouts, setup
from workflows.bank_files import open_details
from workflows.desk import Ask, Desk
from workflows.disclosure import Reader, open_personal, read_log
from workflows.verify_persons import check_persons

pytestmark = pytest.mark.postgres
LATER = date(2031, 1, 1)
"""Years after everything: every retention term is over."""
BASE = {"kind": "base_pay", "amount": "8000", "proration": "calendar_days"}


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with opened_desk(database) as found:
        Company(found).open()
        yield found


def register(desk: Desk, person: str, name: str = "林小满") -> None:
    command = RegisterPerson(person=person, personal=PersonalData(name=name))
    setup.register_person(desk, TENANT, command, by("hr.lin"))


def restrict(desk: Desk, person: str, actor: str = "hr.lin", today: date = LATER) -> Any:
    return erasure.restrict(desk, TENANT, person, RestrictPerson(), by(actor), today)


def erase(desk: Desk, person: str, actor: str = "hr.guo", today: date = LATER) -> Any:
    return erasure.erase(desk, TENANT, person, by(actor), today)


def names(desk: Desk, *people: str) -> dict[str, str]:
    reader = Reader("hr.lin", "cli", "test", by("hr.lin").act.at)
    found = open_personal(desk, TENANT, reader, people, "test")
    return {person: data["name"] for person, data in found.items()}


def test_a_candidate_is_erased_in_two_steps_and_the_others_stay(desk: Desk) -> None:
    register(desk, "P-1")
    register(desk, "P-2", "夏冰")
    assert names(desk, "P-1", "P-2") == {"P-1": "林小满", "P-2": "夏冰"}
    restrict(desk, "P-1")
    assert names(desk, "P-1", "P-2") == {"P-2": "夏冰"}
    receipts, scrubbed = erase(desk, "P-1")
    assert receipts[0].stream == "person/P-1"
    assert scrubbed.whole, scrubbed.left
    assert names(desk, "P-1", "P-2") == {"P-2": "夏冰"}
    assert erasure.status(desk, TENANT, "P-1") == "erased"
    state = setup.read_person(desk, TENANT, "P-1")
    with pytest.raises(Erased):
        desk.vault.open(TENANT, "P-1", state.sealed)


def test_verification_knows_the_erased_and_finds_a_key_that_should_be_gone(
    desk: Desk, database: str
) -> None:
    register(desk, "P-1")
    with psycopg.connect(database) as connection:
        [kept] = connection.execute("SELECT wrapped_key FROM ledger.person_key").fetchall()
    restrict(desk, "P-1")
    erase(desk, "P-1")
    assert check_persons(desk, TENANT, lambda *_: None).findings == []
    with psycopg.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE ledger.person_key DISABLE TRIGGER USER")
        put_back = "UPDATE ledger.person_key SET wrapped_key = %s, destroyed_at = NULL"
        connection.execute(put_back, kept)
    [finding] = check_persons(desk, TENANT, lambda *_: None).findings
    assert finding.place == "ledger.person_key P-1"


def test_verification_finds_a_key_destroyed_without_a_fact(desk: Desk, database: str) -> None:
    register(desk, "P-1")
    with psycopg.connect(database) as connection:
        desk.vault.destroy(connection, TENANT, "P-1")
    found = check_persons(desk, TENANT, lambda *_: None).findings
    assert [finding.place for finding in found] == ["ledger.person_key P-1"]


def test_a_worker_is_kept_while_a_contract_runs_pay_is_owed_and_the_law_asks(desk: Desk) -> None:
    company = Company(desk)
    contract = company.hire("P-1", {"base": BASE}, end="2025-04-01")
    company.pay("2025-03")
    with pytest.raises(WrongState) as refused:
        restrict(desk, "P-1")
    assert refused.value.details["state"] == "contract_open"
    _end(company, contract)
    restrict(desk, "P-1")
    with pytest.raises(WrongState) as refused:
        erase(desk, "P-1")
    assert refused.value.details["state"] == "unpaid"
    payouts.instruct_run(desk, TENANT, "2025-03-1", by("finance.zhao"))
    assert open_details(desk, TENANT, {"P-1"})["P-1"]["name"] == "主播P-1", "what is owed is paid"
    settled = SettlePayout.model_validate({"bank_reference": "B-7", "on": "2025-04-12"})
    payouts.settle(desk, TENANT, f"2025-03-1.{contract}.net", settled, by("bank"))
    with pytest.raises(WrongState) as refused:
        erase(desk, "P-1", today=date(2027, 4, 9))
    assert refused.value.details["until"] == "2027-04-10"
    assert set(refused.value.details["classes"]) == {"pay"}
    erase(desk, "P-1", today=date(2027, 4, 10))


def _end(company: Company, contract: str) -> None:
    from domain.contract_commands import EndContract

    command = EndContract.model_validate({"ending": "expired", "effective": "2025-04-01"})
    company.act(contract, command)


def test_a_held_person_is_not_erased(desk: Desk) -> None:
    register(desk, "P-1")
    hold = PlaceHold(hold="H-1", document="case 1")
    erasure.place_hold(desk, TENANT, "P-1", hold, by("hr.lin", "labour dispute"))
    restrict(desk, "P-1")
    with pytest.raises(WrongState):
        erase(desk, "P-1")
    erasure.lift_hold(desk, TENANT, "P-1", "H-1", by("hr.guo", "settled in court"))
    erase(desk, "P-1")


def test_restricted_and_erased_data_takes_nothing_new(desk: Desk) -> None:
    register(desk, "P-1")
    change = ChangePersonalData(personal=PersonalData(name="林大满"))
    restrict(desk, "P-1")
    with pytest.raises(Restricted):
        setup.change_personal_data(desk, TENANT, "P-1", change, by("hr.lin"))
    with pytest.raises(Restricted):
        Company(desk).sign("P-1", {"base": BASE})
    erase(desk, "P-1")
    with pytest.raises(Erased):
        setup.change_personal_data(desk, TENANT, "P-1", change, by("hr.lin"))
    with pytest.raises(Erased):
        Company(desk).sign("P-1", {"base": BASE})
    with pytest.raises(Refusal):
        register(desk, "P-1")


def test_a_destroyed_key_is_never_made_again(desk: Desk, database: str) -> None:
    register(desk, "P-1")
    restrict(desk, "P-1")
    erase(desk, "P-1")
    with pytest.raises(Erased):
        desk.vault.seal(TENANT, "P-1", {"name": "x"})
    for statement in (
        "UPDATE ledger.person_key SET wrapped_key = 'x', destroyed_at = NULL",
        "DELETE FROM ledger.person_key",
        "TRUNCATE ledger.person_key",
    ):
        with psycopg.connect(database) as connection, pytest.raises(RestrictViolation):
            connection.execute(statement)  # type: ignore[arg-type]


def test_the_same_request_again_gives_the_same_receipt(desk: Desk) -> None:
    register(desk, "P-1")
    restrict(desk, "P-1")
    once = Ask(by("hr.guo").act, 2, Idempotency("erase-1", b"f" * 32))
    first, _ = erasure.erase(desk, TENANT, "P-1", once, LATER)
    again, _ = erasure.erase(desk, TENANT, "P-1", once, LATER)
    assert again == first
    other = Ask(once.act, 2, Idempotency("erase-1", b"g" * 32))
    with pytest.raises(KeyReused):
        erasure.erase(desk, TENANT, "P-1", other, LATER)


def test_a_version_that_is_past_is_refused(desk: Desk) -> None:
    register(desk, "P-1")
    restrict(desk, "P-1")
    with pytest.raises(StaleVersion):
        erasure.erase(desk, TENANT, "P-1", Ask(by("hr.guo").act, 1), LATER)


def test_of_a_hold_and_an_erasure_at_once_one_wins_and_both_are_told(desk: Desk) -> None:
    """Either the data is gone and the hold refused, or the hold stands and the data is there."""
    for number in range(6):
        person = f"P-{number}"
        register(desk, person)
        restrict(desk, person)

        def hold(person: str = person) -> bool:
            return _done(
                lambda: erasure.place_hold(
                    desk, TENANT, person, PlaceHold(hold="H"), by("hr.lin", "dispute")
                )
            )

        def gone(person: str = person) -> bool:
            return _done(lambda: erase(desk, person))

        with ThreadPoolExecutor(2) as both:
            held, erased = both.submit(hold), both.submit(gone)
        assert held.result() != erased.result()
        state = erasure.standing(desk, TENANT, person)
        assert (state.status == "erased", bool(state.holds)) == (erased.result(), held.result())
        assert (person in desk.vault.destroyed(TENANT)) == erased.result()


def _done(act: Any) -> bool:
    try:
        act()
    except Refusal:
        return False
    return True


def test_reads_of_the_erased_write_nothing_down(desk: Desk) -> None:
    register(desk, "P-1")
    restrict(desk, "P-1")
    before = len(read_log(desk).entries(TENANT))
    assert names(desk, "P-1") == {}
    assert len(read_log(desk).entries(TENANT)) == before
