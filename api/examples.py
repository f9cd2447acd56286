"""Examples of every write, and the problem documents, as OpenAPI shows them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

_COMMISSION = {
    "kind": "commission",
    "metric": "sales",
    "rate": "5%",
    "tiers": [{"start": "100000", "rate": "1%"}],
    "mode": "marginal",
    "step": "percentage_point",
    "boundary": "above",
    "base": "settled",
}
_BASE_PAY = {"kind": "base_pay", "amount": "8000.00", "proration": "paid_days_21_75"}
_CHANGES = [{"op": "change", "key": "base_pay", "clause": {**_BASE_PAY, "amount": "9000.00"}}]
_WEIGHTS = [
    {"metric": "sales", "weight": "60%", "target": "100000", "cap": "1.5"},
    {"metric": "fans_gained", "weight": "40%", "target": "3000", "cap": "1.2"},
]
SAMPLES: dict[str, dict[str, Any]] = {
    "tenant": {"tenant": "hangzhou-media", "name": "杭州某传媒有限公司", "city": "Shanghai"},
    "log_rotation": {"reason": "yearly rotation"},
    "link": {"days": 3, "uses": 1, "reason": "asked for by phone"},
    "own_signature": {"document_sha256": "0" * 64},
    "key": {"actor": "li.wei", "roles": ["hr"], "reason": "new colleague"},
    "team_scope": {"teams": ["Chinese", "English"], "reason": "new lead of two teams"},
    "person": {
        "person": "P-0001",
        "personal": {
            "name": "林小满",
            "identity_number": "110101199001011237",
            "phone": "13800000000",
            "bank_account": "6222020000000000000",
            "bank_name": "工商银行",
        },
        "tags": ["beauty"],
    },
    "personal_data": {"personal": {"name": "林小满", "phone": "13900000000"}, "reason": "moved"},
    "hold": {"hold": "H-2025-1", "document": "(2025) 沪0105民初1号", "reason": "labour dispute"},
    "restriction": {"ground": "person_asked", "reason": "asked by letter of 2 September"},
    "retention": {
        "retention": "candidate",
        "months": 3,
        "effective": "2025-10-01",
        "source": "decision of the data protection officer, 15 September 2025",
        "reason": "shorter",
    },
    "grant": {
        "grant": "G-2025-1",
        "grantee": "auditor.sun",
        "persons": ["P-0001"],
        "fields": ["name", "bank_account"],
        "until": "2025-10-15T18:00:00+08:00",
        "reason": "annual audit: payouts against the bank",
    },
    "tax_profile": {
        "effective": "2025-01-01",
        "profile": {
            "special_additional": "2000.00",
            "insurance": {"city": "shanghai", "base": "8000.00", "fund_rate": "7%"},
        },
    },
    "template": {
        "template": "beauty-full-time",
        "title": "美妆全职",
        "engagement": "full_time",
        "clauses": [
            {"key": "base_pay", "clause": {**_BASE_PAY, "amount": "{{base}}"}},
            {"key": "commission", "clause": _COMMISSION},
        ],
    },
    "draft": {
        "contract": "C-0001",
        "person": "P-0001",
        "number": "HT-2025-0001",
        "engagement": "full_time",
        "character": "wages",
        "start": "2025-01-01",
        "end": "2026-01-01",
        "team": "beauty-1",
        "track": "beauty",
        "template": "beauty-full-time",
        "variables": {"base": "8000.00"},
    },
    "sign": {
        "party": "business_department",
        "signatory": "wang.fang",
        "document_sha256": "0" * 64,
        "method": "recorded acceptance",
    },
    "amend": {
        "amendment": "A-2025-09",
        "effective": "2025-09-01",
        "changes": _CHANGES,
        "reason": "yearly review",
    },
    "renew": {"amendment": "R-2026", "end": "2027-01-01", "changes": [], "reason": "both agree"},
    "end": {"effective": "2025-12-01", "ending": "terminated", "note": "moved away"},
    "tax_character": {"character": "labour_remuneration", "effective": "2025-06-01"},
    "expiry_decision": {"decision": "renew", "reason": "figures of the last three months"},
    "act": {"reason": "as agreed"},
    "cohort": {
        "team": "beauty-1",
        "amendment": "A-618",
        "effective": "2025-06-01",
        "until": "2025-07-01",
        "changes": _CHANGES,
        "preview": True,
        "reason": "campaign in June",
    },
    "kpi_scheme": {
        "scheme": "beauty-2025",
        "title": "美妆考核 2025",
        "team": "beauty-1",
        "effective": "2025-01-01",
        "metrics": _WEIGHTS,
    },
    "what_if": {
        "first": "2025-06",
        "last": "2025-08",
        "cohort": {"team": "beauty"},
        "parameters": {"commission": {"rate": "6%"}},
    },
    "amended_pay": {"contract": "C-0001", "parameters": {"base": {"amount": "9000"}}, "months": 3},
    "kpi_weights": {"effective": "2025-06-01", "metrics": _WEIGHTS, "reason": "growth first"},
    "metric": {
        "metric": "sales",
        "title_zh": "结算销售额",
        "title_en": "Settled sales",
        "unit": "CNY",
        "aggregation": "sum",
        "counts": "Paid orders less returns, on the day of payment",
        "effective": "2024-01-01",
    },
    "pay_run": {"month": "2025-03", "pay_date": "2025-04-10", "reason": "pay of March"},
    "approval": {"digest": "0" * 64, "reason": "looked at the exceptions"},
    "review": {"acknowledge": ["pay_up", "no_figures"], "reason": "each one looked at"},
    "reconciliation": {"verdicts": {"2025-03-1.C-0001.net": "returned"}, "reason": "bank of 10th"},
    "accounts": {
        "effective": "2025-01-01",
        "accounts": {
            "wages_payable": {
                "code": "2211.03",
                "name": "应付职工薪酬-主播",
                "beancount": "Liabilities:Pay:Streamers",
            }
        },
        "reason": "chart of 2025",
    },
    "dispute": {
        "dispute": "D-2025-03-1",
        "line": 1,
        "statement": "The order of 5 March was not returned",
        "expected": "6200.00",
    },
    "one_off": {
        "one_off": "B-2025-1",
        "contract": "C-0001",
        "kind": "annual_bonus",
        "month": "2025-12",
        "amount": "36000.00",
        "reason": "bonus of 2025",
    },
    "bonus_choice": {"way": "separate", "year": 2026},
    "resolution": {"outcome": "rejected", "answer": "It was returned on 9 March"},
    "settlement": {"bank_reference": "B20250410-1", "on": "2025-04-10", "amount": "6321.50"},
    "return": {"reason_code": "account closed", "on": "2025-04-11"},
    "law_table": {
        "table": "cn.minimum_wage.shanghai",
        "version": 9,
        "valid_from": "2027-07-01",
        "valid_to": None,
        "source": "沪人社规〔2027〕1号",
        "data": {"monthly": "2800"},
    },
}
TRY_EXAMPLE: dict[str, Any] = {
    "engagement": {"kind": "agency", "start": "2025-01-01"},
    "character": "business_income",
    "clauses": [{"key": "commission", "clause": _COMMISSION}],
    "month": "2025-03",
    "pay_date": "2025-04-10",
    "figures": [{"metric": "sales", "value": "120000"}],
}
_ROW = {
    "row_id": "536365-1",
    "person": "P-0001",
    "metric": "sales",
    "day": "2025-03-01",
    "value": "199.90",
    "category": "beauty",
    "order_ref": "536365",
}
BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"example": [_ROW]},
            "application/x-ndjson": {"example": _ROW},
            "text/csv": {
                "example": "row_id,person,metric,day,value,category,order_ref\n"
                "536365-1,P-0001,sales,2025-03-01,199.90,beauty,536365\n"
            },
        },
    }
}
EXAMPLES: dict[str, ConfigDict] = {
    name: ConfigDict(json_schema_extra={"examples": [sample]}) for name, sample in SAMPLES.items()
}


class Receipt(BaseModel):
    """One fact that was recorded; the leaf hash can be checked against a checkpoint."""

    stream: str
    version: int
    position: int
    leaf_hash: str
    recorded_at: str


class Written(BaseModel, extra="allow"):
    """The receipts of a write, and what it led to."""

    receipts: list[Receipt]


class Problem(BaseModel, extra="allow"):
    """RFC 9457: what is wrong, in both languages, and what to do next."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str
    code: str
    do: str
    instance: str


_PROBLEMS = {
    400: ("The body cannot be read as strict JSON in UTF-8", "malformed_json"),
    401: ("No good API key", "unauthorized"),
    403: ("The roles of the key may not do it", "forbidden"),
    404: ("There is no such thing in this tenant", "not_found"),
    409: ("Another state or version than the request is made for", "stale_version"),
    413: ("The body is too large", "body_too_large"),
    415: ("Another media type than the endpoint takes", "unsupported_media_type"),
    422: ("The content is wrong; `field` or `errors` say where", "invalid"),
    503: ("A read model is behind or halted; Retry-After says when to try again", "behind"),
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem documents an endpoint may answer with."""
    return {status: _problem(status, *_PROBLEMS[status]) for status in statuses}


def _problem(status: int, sentence: str, code: str) -> dict[str, Any]:
    example = {
        "type": f"urn:tallystick:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": sentence,
        "detail_zh": "…",
        "code": code,
        "do": "…",
        "instance": "urn:uuid:00000000-0000-0000-0000-000000000000",
    }
    content = {"application/problem+json": {"example": example}}
    return {"description": sentence, "model": Problem, "content": content}


def writes(description: str, status: int = 201) -> dict[str, Any]:
    """The documented answers of a write."""
    done: dict[int | str, dict[str, Any]] = {
        status: {"description": description, "model": Written},
    }
    return {"responses": done | problem_responses(400, 401, 403, 404, 409, 413, 415, 422)}
