"""Stored names: one name, one class; older names are lifted; an unknown one halts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from domain.facts import Fact
from ledger.names import UPCASTERS, Names, UnknownFact, UnreadableFact, Upcast
from ledger.queries import Pool
from ledger.store import FactStore
from ledger.stored_names import STORED_NAMES
from tests.ledger.samples import ACT, Changed, Opened, changed, opened


class Moved(Fact, frozen=True, kw_only=True):
    """The third shape of a fact."""

    sum: Decimal
    currency: str
    why: str


def _with_currency(payload: dict[str, Any]) -> dict[str, Any]:
    return {"sum": payload["amount"], "currency": "CNY"}


def _with_why(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "why": "not said"}


LIFTED = {
    "money.moved.v1": Upcast("money.moved.v2", _with_currency),
    "money.moved.v2": Upcast("money.moved.v3", _with_why),
}


def test_a_payload_goes_up_step_by_step() -> None:
    names = Names({"money.moved.v3": Moved}, LIFTED)
    moved = names.decode("money.moved.v1", b'{"amount":"12.5"}')
    assert moved == Moved(sum=Decimal("12.5"), currency="CNY", why="not said")
    second = names.decode("money.moved.v2", b'{"sum":"1","currency":"USD"}')
    assert second == Moved(sum=Decimal(1), currency="USD", why="not said")


def test_who_asks_for_a_name_gets_its_elders_too() -> None:
    names = Names({"money.moved.v3": Moved, "account.opened.v1": Opened}, LIFTED)
    all_three = ["money.moved.v1", "money.moved.v2", "money.moved.v3"]
    assert names.stored(["money.moved.v3"]) == all_three
    assert names.stored(["account.opened.v1"]) == ["account.opened.v1"]
    with pytest.raises(UnknownFact):
        names.stored(["account.opend.v1"])


def test_new_facts_take_the_newest_name() -> None:
    assert Names({"money.moved.v3": Moved}, LIFTED).name_of(Moved) == "money.moved.v3"


def test_a_class_without_a_name_is_not_recorded() -> None:
    with pytest.raises(UnknownFact, match="Moved has no stored name"):
        Names({}).name_of(Moved)


@pytest.mark.parametrize(
    "name", ["Account.opened.v1", "account.v1x", "opened", "account.opened", "account.opened.v0"]
)
def test_a_name_has_a_subject_an_event_and_a_version(name: str) -> None:
    with pytest.raises(ValueError, match="no stored name"):
        Names({name: Opened})


def test_a_class_has_one_name_and_a_name_one_meaning() -> None:
    with pytest.raises(ValueError, match="another meaning"):
        Names({"account.opened.v1": Opened, "account.opened.v2": Opened})
    with pytest.raises(ValueError, match="another meaning"):
        Names({"money.moved.v1": Moved}, LIFTED)


def test_upcasters_that_lead_nowhere_are_found_when_the_program_starts() -> None:
    with pytest.raises(UnknownFact, match=r"money\.moved\.v3"):
        Names({}, LIFTED)
    circle = {
        "money.moved.v1": Upcast("money.moved.v2", _with_why),
        "money.moved.v2": Upcast("money.moved.v1", _with_why),
    }
    with pytest.raises(ValueError, match="circle"):
        Names({}, circle)


def test_the_table_of_the_program_is_sound() -> None:
    names = Names()
    assert [names.name_of(kind) for kind in STORED_NAMES.values()] == list(STORED_NAMES)
    assert names.stored(STORED_NAMES) == sorted({*STORED_NAMES, *UPCASTERS})


def test_unknown_stored_fields_are_read_over_and_missing_ones_are_not() -> None:
    names = Names({"account.opened.v1": Opened})
    assert names.decode("account.opened.v1", b'{"owner":"x","later":1}') == Opened(owner="x")
    with pytest.raises(UnreadableFact, match=r"account\.opened\.v1 does not fit"):
        names.decode("account.opened.v1", b"{}")


@pytest.mark.postgres
def test_a_reader_halts_at_an_unknown_name_and_says_where(
    pool: Pool, store: FactStore, tenant: str
) -> None:
    store.append(tenant, [opened("a"), changed("a", 2), opened("b")], ACT)
    poor = FactStore(pool, Names({"account.opened.v1": Opened}))
    with pytest.raises(UnknownFact, match=rf"tenant {tenant}, position 2, stream a"):
        poor.facts_after(tenant, 0, 10)
    assert [r.position for r in poor.facts_after(tenant, 0, 1)] == [1]
    assert [r.position for r in poor.facts_after(tenant, 2, 10)] == [3]


@pytest.mark.postgres
def test_stored_facts_of_an_old_name_are_read_as_the_new_class(
    pool: Pool, new_tenant: Callable[[], str]
) -> None:
    tenant = new_tenant()
    FactStore(pool, Names({"money.moved.v1": Changed})).append(tenant, [changed("m", 1, "7")], ACT)
    later = FactStore(pool, Names({"money.moved.v3": Moved, "account.opened.v1": Opened}, LIFTED))
    later.append(tenant, [opened("m", 2)], ACT)
    [found] = later.facts_after(tenant, 0, 10, names=["money.moved.v3"])
    assert found.fact == Moved(sum=Decimal(7), currency="CNY", why="not said")
    assert found.name == "money.moved.v1", "history keeps the name it was written under"
