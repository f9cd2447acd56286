"""Examples of the writes about people, as OpenAPI shows them."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

SAMPLES: dict[str, dict[str, Any]] = {
    "career_step": {
        "step": {
            "kind": "candidate",
            "team": "beauty-1",
            "track": "beauty",
            "source": "校园招聘",
            "at": "2025-03-03T10:00:00+08:00",
        },
        "reason": "spring fair",
    },
    "assessment": {
        "track": "beauty",
        "marks": {"live_experience": "80", "product_test": "72"},
        "note": "熟悉护肤成分",
    },
    "histories": {
        "histories": [
            {
                "person": "P-0009",
                "personal": {"name": "沈一诺"},
                "steps": [
                    {
                        "kind": "active",
                        "taken_over": True,
                        "team": "beauty-1",
                        "engagement": "full_time",
                        "on": "2024-05-01",
                    },
                    {"kind": "left", "on": "2025-02-01", "reasons": [{"reason": "targets"}]},
                ],
            }
        ],
        "reason": "moved from the old people file",
    },
    "attendance": {
        "entry": {
            "kind": "leave",
            "entry": "L-2025-03-1",
            "start": "2025-03-10",
            "last": "2025-03-11",
            "leave": "unpaid",
        }
    },
    "attendance_rows": {
        "rows": [
            {
                "person": "P-0001",
                "entry": {
                    "kind": "overtime",
                    "entry": "O-2025-03-1",
                    "day": "2025-03-08",
                    "hours": "3",
                    "overtime": "rest_day",
                },
            }
        ],
        "reason": "from the time clock",
    },
    "signal_rule": {
        "effective": "2025-07-01",
        "enabled": True,
        "params": {"months": "3"},
        "reason": "three months are enough to see it",
    },
    "signal_decision": {"decision": "dismissed", "reason": "on leave since June"},
    "step_limits": {
        "effective": "2025-07-01",
        "limits": {"contract_sent": 24, "signed": 72},
        "reason": "signing is electronic now",
    },
    "competence_model": {
        "track": "beauty",
        "title": "美妆主播",
        "effective": "2025-01-01",
        "tags": [
            {
                "tag": "live_experience",
                "title_zh": "直播经验",
                "title_en": "Live experience",
                "weight": "40%",
            },
            {
                "tag": "product_test",
                "title_zh": "产品知识测验",
                "title_en": "Product knowledge test",
                "weight": "35%",
            },
            {
                "tag": "fan_cases",
                "title_zh": "粉丝互动案例",
                "title_en": "Fan interaction cases",
                "weight": "25%",
                "full": "10",
            },
        ],
    },
}
EXAMPLES: dict[str, ConfigDict] = {
    name: ConfigDict(json_schema_extra={"examples": [body]}) for name, body in SAMPLES.items()
}
