"""Trying a payslip: documents in, payslips with every line explained out."""

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest

from domain.pay_profile import InsuranceProfile, Profile
from domain.refusals import AmbiguousClause, Invalid, NoRule
from workflows.try_document import TryDocument, TryExpect, TryMonth
from workflows.try_payslip import load_try_file, parse_try_document, try_payslip

DOCS = Path(__file__).parents[2] / "docs"
FILES = sorted((DOCS / "try").glob("*.yaml"))


def document(**more):
    """5 % on settled sales of 120,000 in March 2025, paid in April."""
    base = {
        "engagement": {"kind": "agency", "start": "2025-01-01"},
        "character": "business_income",
        "clauses": [
            {"key": "c", "clause": {"kind": "commission", "rate": "5%", "base": "settled"}}
        ],
        "month": "2025-03",
        "pay_date": "2025-04-10",
        "figures": [{"metric": "sales", "value": 120000}],
    }
    return {**copy.deepcopy(base), **more}


def refused(data, error=Invalid):
    with pytest.raises(error) as caught:
        try_payslip(data)
    return caught.value


class TestWorkedFiles:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_every_file_pays_what_it_expects(self, path):
        answer = try_payslip(load_try_file(path))
        assert answer["expected"] == {"met": True, "differences": []}
        assert not [f for f in answer["findings"] if f["severity"] == "refuse"]

    def test_there_are_five_and_the_documentation_names_each(self):
        text = (DOCS / "try.md").read_text("utf-8")
        assert len(FILES) == 5
        assert all(f"(try/{path.name})" in text for path in FILES)

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_every_month_says_what_it_expects(self, path):
        months = TryDocument.model_validate(load_try_file(path)).months
        assert all(month.expect and month.expect.net is not None for month in months)

    def test_the_document_in_the_documentation_pays_what_it_says(self):
        text = (DOCS / "try.md").read_text("utf-8").split("```yaml\n")[1].split("```")[0]
        assert try_payslip(parse_try_document(text.encode()))["expected"]["met"]

    @pytest.mark.parametrize("model", [TryDocument, TryMonth, TryExpect, Profile, InsuranceProfile])
    def test_every_field_is_documented(self, model):
        text = (DOCS / "try.md").read_text("utf-8")
        assert [name for name in model.model_fields if f"`{name}`" not in text] == []


class TestAnswer:
    def test_every_line_is_explained_in_both_languages(self):
        (slip,) = try_payslip(document())["payslips"]
        assert slip["net"] == "6000.00"
        assert slip["lines"][0]["zh"] == "提成（直播间销售额）：120,000.00 × 5 % = 6,000.00"
        assert (
            slip["lines"][0]["en"] == "Commission on live-room sales: 120,000.00 × 5 % = 6,000.00"
        )

    def test_the_answer_is_plain_data_without_a_binary_float(self):
        assert "Decimal" not in json.dumps(try_payslip(document()))

    def test_the_clauses_sentences_and_the_plan_checks_findings_are_told(self):
        tiers = {
            "tiers": [{"start": "100000", "rate": "1%"}],
            "mode": "whole",
            "step": "percentage_point",
            "boundary": "above",
        }
        data = document()
        data["clauses"][0]["clause"] |= tiers
        answer = try_payslip(data)
        assert [f["code"] for f in answer["findings"]] == ["cliff"]
        assert answer["findings"][0]["en"] == "At 100,000.01 pay jumps by 1,000.00"
        assert "全额适用" in answer["clauses"][0]["zh"]

    def test_what_differs_from_what_is_expected_is_listed(self):
        data = document(expect={"net": "6000.01", "lines": [{"code": "bonus", "amount": "1"}]})
        assert try_payslip(data)["expected"] == {
            "met": False,
            "differences": [
                {"month": "2025-03", "what": "net", "expected": "6000.01", "found": "6000.00"},
                {"month": "2025-03", "what": "bonus", "expected": "1", "found": "None"},
            ],
        }

    def test_nothing_expected_nothing_compared(self):
        assert try_payslip(document())["expected"] is None

    def test_months_in_a_row_carry_the_tax_history_along(self):
        """10,000 a month, 1,500 and 1,000 deducted: 75.00 each (rules-cn.md)."""
        data = document(
            character="wages",
            engagement={"kind": "full_time", "start": "2025-01-01"},
            clauses=[
                {
                    "key": "b",
                    "clause": {"kind": "base_pay", "amount": 10000, "proration": "workdays_actual"},
                }
            ],
            tax={"special_additional": 1000, "insurance": {"declared_insurance": 1500}},
            months=[{"month": f"2025-0{n}", "pay_date": f"2025-0{n}-28"} for n in (1, 2, 3)],
        )
        for name in ("month", "pay_date", "figures"):
            del data[name]
        assert [slip["tax"] for slip in try_payslip(data)["payslips"]] == ["75.00"] * 3

    def test_earlier_months_of_the_year_count(self):
        earlier = [
            {
                "month": "2025-01",
                "income": 30000,
                "contributions": 4500,
                "special_additional": 2000,
                "withheld": 555,
            }
        ]
        data = document(
            character="wages",
            engagement={"kind": "full_time", "start": "2025-01-01"},
            clauses=[
                {
                    "key": "b",
                    "clause": {"kind": "base_pay", "amount": 30000, "proration": "workdays_actual"},
                }
            ],
            tax={"special_additional": 2000, "insurance": {"declared_insurance": 4500}},
            month="2025-02",
            pay_date="2025-02-28",
            earlier=earlier,
            figures=[],
        )
        assert try_payslip(data)["payslips"][0]["tax"] == "625.00"

    def test_a_negative_month_goes_into_the_next(self):
        def month(number, sales):
            return {
                "month": f"2025-0{number}",
                "pay_date": f"2025-0{number}-28",
                "figures": [{"metric": "sales", "value": sales}],
            }

        data = document(months=[month(1, -1000), month(2, 3000)])
        for name in ("month", "pay_date", "figures"):
            del data[name]
        first, second = try_payslip(data)["payslips"]
        assert (first["net"], first["carried_out"], second["net"]) == ("0.00", "-50.00", "100.00")

    def test_a_month_with_figures_of_whole_months_is_not_split(self):
        data = document()
        raised = {"kind": "commission", "rate": "6%", "base": "settled"}
        data["clauses"].append({"key": "c", "start": "2025-03-16", "clause": raised})
        assert "give the figures by day" in refused(data).en
        data["figures"] = [
            {"metric": "sales", "day": f"2025-03-{day}", "value": 1000} for day in (10, 20)
        ]
        lines = try_payslip(data)["payslips"][0]["lines"]
        assert [line["amount"] for line in lines[:2]] == ["50.00", "60.00"]


class TestRefusals:
    def test_a_clause_with_several_readings_is_refused_with_their_amounts(self):
        data = document()
        data["clauses"][0]["clause"]["tiers"] = [{"start": 100000, "rate": "1%"}]
        refusal = refused(data, AmbiguousClause)
        assert "6,200.00, 7,200.00 or 6,060.00" in refusal.en
        assert refusal.code == "ambiguous_clause"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"charcter": "wages"}, "charcter"),
            ({"character": "salary"}, "character"),
            ({"month": "2025-3"}, "month"),
            ({"month": None}, "month"),
            ({"pay_date": "10 April"}, "pay_date"),
            ({"figures": [{"metric": "sales", "value": 0.1}]}, "figures.0.value"),
            ({"figures": [{"metric": "sales", "value": "NaN"}]}, "figures.0.value"),
            (
                {"figures": [{"metric": "sales", "value": 1, "day": "2025-04-01"}]},
                "months.0.figures.0.day",
            ),
            ({"clauses": []}, "clauses"),
            ({"carried_in": 5}, "carried_in"),
            (
                {"engagement": {"kind": "agency", "start": "2025-01-01", "end": "2024-01-01"}},
                "engagement.end",
            ),
            ({"tax": {"insurance": {"base": "1.234"}}}, "tax.insurance.base"),
            ({"months": []}, "months"),
        ],
    )
    def test_what_is_not_right_is_refused_with_its_field(self, change, field):
        assert refused(document(**change)).details["field"] == field

    def test_a_tier_with_a_gap_names_both_bounds(self):
        data = document()
        data["clauses"][0]["clause"] |= {
            "tiers": [{"start": 0, "end": 100, "rate": "1%"}, {"start": 200, "rate": "2%"}],
            "mode": "marginal",
            "step": "percentage_point",
            "boundary": "above",
        }
        assert refused(data).details["bounds"] == ["100.00", "200.00"]

    def test_weights_that_sum_to_99_99_per_cent_are_refused(self):
        kpi = [
            {"metric": "a", "weight": "50%", "target": 1, "cap": 1},
            {"metric": "b", "weight": "49.99%", "target": 1, "cap": 1},
        ]
        clause = {
            "kind": "performance_pay",
            "amount": 1,
            "scheme": "s",
            "coefficients": [{"from_score": 0, "coefficient": 1}],
            "proration": "calendar_days",
        }
        data = document(kpi={"s": kpi}, clauses=[{"key": "p", "clause": clause}])
        assert "99.99%" in refused(data).en

    def test_a_month_no_law_covers_is_refused(self):
        data = document(character="platform_labour_remuneration")
        assert "no rule covers 2025-04" in refused(data, NoRule).en

    def test_months_out_of_order_are_refused(self):
        months = [{"month": f"2025-0{n}", "pay_date": "2025-04-01"} for n in (2, 1)]
        data = {k: v for k, v in document().items() if k not in ("month", "pay_date", "figures")}
        assert "months must rise" in refused({**data, "months": months}).en


class TestFiles:
    def yaml(self, text):
        return parse_try_document(text.encode())

    def refusal(self, data, kind="yaml"):
        with pytest.raises(Invalid) as caught:
            parse_try_document(data if isinstance(data, bytes) else data.encode(), kind)
        return caught.value

    def test_numbers_are_exactly_what_was_written(self):
        exact = {"a": Decimal("0.1"), "b": Decimal("6200.00"), "c": 5, "d": "5%"}
        assert self.yaml("a: 0.1\nb: 6200.00\nc: 5\nd: 5%") == exact
        text = '{"a": 0.1, "b": 6200.00, "c": 5, "d": "5%"}'
        assert parse_try_document(text.encode(), "json") == exact
        assert str(self.yaml("a: 123456789.123456789012345")["a"]) == "123456789.123456789012345"

    def test_words_dates_and_codes_stay_what_they_are(self):
        assert self.yaml("a: 2025-03-01\nb: no\nc: 2025-03\nd: 007\ne: 12:30\nf: true\ng:") == {
            "a": "2025-03-01",
            "b": "no",
            "c": "2025-03",
            "d": "007",
            "e": "12:30",
            "f": True,
            "g": None,
        }

    @pytest.mark.parametrize("text", [".nan", ".inf", "-.INF", "NaN", "Infinity"])
    def test_nan_and_infinity_are_refused_in_yaml(self, text):
        assert self.refusal(f"a: {text}").details["field"] == text

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e5", "1E999999999"])
    def test_nan_infinity_and_exponents_are_refused_in_json(self, text):
        assert self.refusal(f'{{"a": {text}}}', "json").details["field"] == text

    @pytest.mark.parametrize(
        "text",
        [
            "a: !!python/object/apply:os.system ['true']",
            "a: !!python/name:os.system",
            "a: !custom 1",
            "a: &x [1]\nb: *x",
            "a: {b: 1, <<: {c: 2}}",
            "a: 1\na: 2",
            "a: [",
            "a: 1\n--- \nb: 2",
            "- 1",
            "",
            "a: !!float x",
            "a: \x01",
        ],
    )
    def test_what_is_no_plain_document_is_refused(self, text):
        assert self.refusal(text).details["field"]

    @pytest.mark.parametrize(
        "text", ['{"a": 1, "a": 2}', "[1]", "{", "nul", '{"a": ' + "9" * 5000 + "}"]
    )
    def test_what_is_no_plain_json_is_refused(self, text):
        self.refusal(text, "json")

    def test_a_file_over_1_mb_that_is_no_text_or_too_deep_is_refused(self, tmp_path):
        large = tmp_path / "large.yaml"
        large.write_bytes(b"a: " + b"x" * 1_000_001)
        with pytest.raises(Invalid, match="larger than 1 MB"):
            load_try_file(large)
        assert "UTF-8" in self.refusal(b"a: \xff").en
        assert "deeper" in self.refusal("a: " + "[" * 40 + "]" * 40).en
        assert "deeper" in self.refusal('{"a":' * 5000 + "1" + "}" * 5000, "json").en
        assert "deeper" in self.refusal("a: " + "[" * 5000 + "]" * 5000).en

    def test_a_file_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(Invalid, match="Cannot read"):
            load_try_file(tmp_path / "none.yaml")

    def test_json_files_are_read_by_their_name(self, tmp_path):
        path = tmp_path / "one.json"
        path.write_text(json.dumps(document()))
        assert try_payslip(load_try_file(path))["payslips"][0]["net"] == "6000.00"
