"""Canonical JSON and the three lines: one value, one sequence of bytes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import Act
from domain.refusals import Invalid
from ledger.codec import act_line, canonical, checked_text, leaf_hash, split, timestamp
from ledger.idempotency import fingerprint
from tests.ledger.samples import ACT, Changed

SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"王": "小明", "é": "👍"}, '{"é":"👍","王":"小明"}'),
        (Decimal("8000.00"), '"8000"'),
        (Decimal("0.0500"), '"0.05"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("1E-8"), '"0.00000001"'),
        (Decimal("-0.00"), '"0"'),
        (Decimal("-1.50"), '"-1.5"'),
        (date(2025, 9, 1), '"2025-09-01"'),
        (datetime(2025, 9, 1, tzinfo=UTC), '"2025-09-01T00:00:00.000000Z"'),
        (datetime(2025, 9, 1, 8, 0, 0, 1, SHANGHAI), '"2025-09-01T00:00:00.000001Z"'),
        ('\b\t\n\f\r\x01\x1f\x7f\u2028"\\/', '"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\u2028\\"\\\\/"'),
        ("\\u0000", '"\\\\u0000"'),
        (2**63, "9223372036854775808"),
        (("tuple", frozenset({"b", "a"})), '["tuple",["a","b"]]'),
    ],
)
def test_a_value_has_one_form(value: Any, written: str) -> None:
    assert canonical(value) == written.encode()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.1, "float 0.1 is not exact"),
        ({"a": [{"b": float("nan")}]}, "float nan is not exact"),
        (Decimal("NaN"), "NaN is not a number"),
        (Decimal("Infinity"), "Infinity is not a number"),
        (Decimal("1E+1000000"), "is not a number"),
        (datetime(2025, 9, 1), "no time zone"),
        ({"a": "x\0y"}, "NUL"),
        ({"a\0": "x"}, "NUL"),
        ("\ud800", "cannot be recorded"),
        (2**64, "cannot be recorded"),
        (object(), "cannot be recorded"),
    ],
)
def test_what_is_not_exact_is_refused(value: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        canonical(value)


def test_a_nest_too_deep_is_refused() -> None:
    nest: list[Any] = []
    for _ in range(5000):
        nest = [nest]
    with pytest.raises(Invalid, match="cannot be recorded"):
        canonical(nest)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner
        )
    ),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_comes_back_and_is_written_the_same_again(value: Any) -> None:
    data = canonical(value)
    assert json.loads(data) == value
    assert canonical(json.loads(data)) == data
    assert b"\n" not in data


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12
    )
)
def test_equal_decimals_have_equal_bytes(number: Decimal) -> None:
    assert canonical(number) == canonical(number.normalize())
    assert Decimal(json.loads(canonical(number))) == number


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_has_one_form_in_every_zone(moment: datetime) -> None:
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:  # within a day of year 1 or 9999
        return
    assert timestamp(moment) == timestamp(instant)
    assert datetime.fromisoformat(timestamp(moment)) == instant


def test_a_fact_comes_back_as_it_was() -> None:
    fact = Changed(
        amount=Decimal("12.30"),
        effective=date(2025, 9, 1),
        at=datetime(2025, 9, 1, 8, tzinfo=SHANGHAI),
        more={"说明": "👍", "n": 3},
    )
    assert msgspec.json.decode(canonical(fact), type=Changed) == fact


def test_an_envelope_is_split_at_its_first_two_line_ends_only() -> None:
    assert split(b"1\n2\n3\n4") == (b"1", b"2", b"3\n4")
    with pytest.raises(ValueError, match="not enough values"):
        split(b"1\n2")


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    # The hash of the leaf "" in the RFC's test vectors.
    known = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"").hex() == known
    assert leaf_hash(b"x") == hashlib.sha256(b"\0x").digest()


def test_the_act_line_has_all_five_members_always() -> None:
    bare = Act(actor="bob", at=ACT.at)
    assert act_line(bare, None) == (
        b'{"actor":"bob","causation":"","correlation":"","effective":null,"reason":""}'
    )


def test_an_act_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Act(actor="bob", at=datetime(2025, 9, 1))


@pytest.mark.parametrize("text", ["", "a\0b", "\udfff", "x" * 201])
def test_an_id_no_index_can_hold_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="the stream must have 1 to 200 characters"):
        checked_text("stream", text)


def test_a_fingerprint_is_of_what_is_asked_not_of_its_spelling() -> None:
    asked = fingerprint("POST", "/v1/contracts", {"a": 1, "b": Decimal("2.0")})
    assert asked == fingerprint("POST", "/v1/contracts", {"b": Decimal(2), "a": 1})
    assert len(asked) == 32
    others: list[tuple[str, str, dict[str, str]]] = [
        ("PUT", "/v1/contracts", {}),
        ("POST", "/v1/contracts/1", {}),
        ("POST", "/v1", {}),
    ]
    assert len({asked, *(fingerprint(*other) for other in others)}) == 4
