"""Tiers: marginal and whole, percentage point and relative, above and from."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clauses import clause_of
from domain.refusals import AmbiguousClause, Invalid
from domain.tiers import rule_of, slices_pay
from tests.domain.paying import commission

RAISE = ("100000", "1%")


def pays(data: dict, sales: str) -> Decimal:
    return rule_of(clause_of(data), "commission").pay(Decimal(sales))


@pytest.mark.parametrize(
    ("mode", "step", "expected"),
    [
        ("marginal", "percentage_point", "6200.00"),
        ("whole", "percentage_point", "7200.00"),
        ("whole", "relative", "6060.00"),
        ("marginal", "relative", "6010.00"),
    ],
)
def test_above_100000_rate_plus_1_pays_by_the_mode_and_step_of_the_clause(mode, step, expected):
    """5 % on sales of 120,000, "sales above 100,000: rate + 1 %" (terms.md)."""
    assert pays(commission("5%", RAISE, mode=mode, step=step), "120000") == Decimal(expected)


@pytest.mark.parametrize(
    ("boundary", "sales", "expected"),
    [
        ("above", "99999.99", "4999.9995"),
        ("above", "100000", "5000"),
        ("above", "100000.01", "6000.0006"),
        ("from", "99999.99", "4999.9995"),
        ("from", "100000", "6000"),
    ],
)
def test_above_excludes_the_number_and_from_includes_it(boundary, sales, expected):
    data = commission("5%", RAISE, mode="whole", boundary=boundary)
    assert pays(data, sales) == Decimal(expected)


def test_each_tier_adds_to_the_base_rate_not_to_the_tier_before():
    data = commission("5%", RAISE, ("150000", "2%"))
    assert pays(data, "200000") == 200000 * Decimal("0.05") + 50000 * Decimal("0.01") + 1000


def test_returns_beyond_sales_take_back_at_the_base_rate():
    assert pays(commission("5%", RAISE), "-1000") == -50


def test_a_tier_without_an_end_ends_where_the_next_one_starts():
    said = commission("5%", mode="whole", step="percentage_point", boundary="above")
    said["tiers"] = [
        {"start": "1000", "end": "2000", "rate": "1%"},
        {"start": "2000", "rate": "2%"},
    ]
    unsaid = commission("5%", ("1000", "1%"), ("2000", "2%"), mode="whole")
    assert [pays(said, x) for x in ("1500", "2000", "2001")] == [
        pays(unsaid, x) for x in ("1500", "2000", "2001")
    ]


@pytest.mark.parametrize(
    ("tiers", "problem", "bounds"),
    [
        ([("0", "100", "1%"), ("200", None, "2%")], "gap", ["100.00", "200.00"]),
        ([("0", "300", "1%"), ("200", None, "2%")], "overlap", ["200.00", "300.00"]),
        ([("200", None, "1%"), ("100", None, "2%")], "order", ["200.00", "100.00"]),
        ([("200", None, "1%"), ("200", None, "2%")], "order", ["200.00", "200.00"]),
        ([("200", "100", "1%")], "order", ["200.00", "100.00"]),
    ],
)
def test_tiers_with_a_gap_an_overlap_or_out_of_order_are_refused_with_both_bounds(
    tiers, problem, bounds
):
    data = commission("5%", RAISE)
    data["tiers"] = [{"start": a, "end": b, "rate": c} for a, b, c in tiers]
    with pytest.raises(Invalid) as refused:
        pays(data, "1")
    assert refused.value.details["problem"] == problem
    assert refused.value.details["bounds"] == bounds
    assert bounds[0] in refused.value.en and bounds[1] in refused.value.zh


def test_a_last_tier_with_an_end_is_refused_for_nothing_says_what_is_paid_above_it():
    data = commission("5%", RAISE)
    data["tiers"] = [{"start": "100", "end": "200", "rate": "1%"}]
    with pytest.raises(Invalid, match=r"ends at 200\.00"):
        pays(data, "1")


def test_tiers_that_do_not_say_how_they_are_read_are_refused_with_every_amount():
    data = commission("5%", RAISE, mode=None, step=None, boundary=None)
    with pytest.raises(AmbiguousClause) as refused:
        pays(data, "120000")
    assert "6,200.00, 7,200.00 or 6,060.00" in refused.value.en
    assert "say which" in refused.value.en
    assert "6,200.00、7,200.00 或 6,060.00" in refused.value.zh
    readings = refused.value.details["readings"]
    assert [r["amount"] for r in readings] == ["6,200.00", "7,200.00", "6,060.00", "6,010.00"]


@pytest.mark.parametrize(
    ("missing", "example", "readings"),
    [
        ("mode", "120,000.00", ["6,200.00", "7,200.00"]),
        ("step", "120,000.00", ["6,200.00", "6,010.00"]),
        ("boundary", "100,000.00", ["5,000.00", "5,000.00"]),
    ],
)
def test_one_missing_word_is_refused_with_its_two_readings(missing, example, readings):
    with pytest.raises(AmbiguousClause) as refused:
        pays(commission("5%", RAISE, **{missing: None}), "1")
    assert refused.value.details["missing"] == [missing]
    assert refused.value.details["example"] == example
    assert [r["amount"] for r in refused.value.details["readings"]] == readings


def test_a_missing_boundary_is_asked_at_the_threshold_itself():
    with pytest.raises(AmbiguousClause) as refused:
        pays(commission("5%", RAISE, mode="whole", boundary=None), "1")
    assert "5,000.00 or 6,000.00" in refused.value.en


rates = st.decimals("0", "0.3", places=3)
sales = st.decimals("-10000", "500000", places=2)


@st.composite
def rules(draw, mode=("marginal", "whole")):
    starts = sorted(draw(st.sets(st.integers(0, 400), min_size=1, max_size=4)))
    tiers = [(str(start * 1000), str(draw(rates))) for start in starts]
    return rule_of(
        clause_of(
            commission(
                str(draw(rates)),
                *tiers,
                mode=draw(st.sampled_from(mode)),
                step=draw(st.sampled_from(["percentage_point", "relative"])),
                boundary=draw(st.sampled_from(["above", "from"])),
            )
        )
    )


@given(rules(), st.lists(sales, min_size=1, max_size=6))
def test_a_month_walked_in_parts_earns_what_the_month_at_once_earns(rule, parts):
    total = sum(parts)
    walked, low = Decimal(0), Decimal(0)
    for part in parts:
        walked += slices_pay(rule.slices(low, low + part, total))
        low += part
    assert walked == rule.pay(total)


@given(rules(mode=("marginal",)), sales, sales)
def test_marginal_pay_never_falls_as_sales_rise(rule, one, other):
    low, high = sorted((one, other))
    assert rule.pay(low) <= rule.pay(high)


@given(rules(mode=("marginal",)), sales)
def test_marginal_pay_is_the_same_for_above_and_from(rule, value):
    other = type(rule)(rule.rate, rule.bands, rule.mode, "from")
    assert rule.pay(value) == other.pay(value)
