"""Fill the demo company's people: hiring, competences, four teams, who left, and their figures.

It comes after the year of contracts and pay (`workflows.demo.fill`) and leaves that alone: these
people have no contracts here, so no pay run sees them. A second fill changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from domain.competence import DefineCompetenceModel
from domain.facts import Act
from domain.kpi import ChangeKpiWeights, DefineKpiScheme
from domain.metric import DefineMetric
from domain.refusals import WrongState
from domain.template import DefineTemplate
from ledger.figure_rows import MetricRow
from ledger.idempotency import Idempotency, fingerprint
from workflows import career_import, careers, setup
from workflows import demo_people_data as data
from workflows.demo_company import DATA, HR, LEAD, TEMPLATES, TENANT
from workflows.desk import Ask, Desk

SOURCE = "demo-people"
METRICS = (
    ("gift_income", "礼物收入", "Gift income", "CNY", "sum", "Gifts received in the room"),
    ("fan_answers", "回复粉丝", "Answers to fans", "answer", "sum", "Answers to fans' messages"),
)
Progress = Callable[[str, int, int], None]
STEPS = 3


def is_filled(desk: Desk) -> bool:
    """Whether the people are there, to the last figures."""
    return any(one.source == SOURCE for one in desk.figures.batches(TENANT, limit=100_000))


def fill(desk: Desk, *, progress: Progress = lambda what, done, total: None) -> None:
    """Define what the teams work under, take over histories, record figures.

    Raises WrongState where a history is refused: the demo's own data does not fit together.
    """
    if is_filled(desk):
        return
    _define(desk)
    progress("people", 1, STEPS)
    _take_over(desk)
    progress("people", 2, STEPS)
    _measure(desk)
    progress("people", STEPS, STEPS)


def _ask(actor: str, step: str, reason: str = "") -> Ask:
    act = Act(actor=actor, at=datetime.now(UTC), reason=reason, correlation="demo")
    return Ask(act, None, Idempotency(f"demo/people/{step}", fingerprint("demo", step, None)))


def _define(desk: Desk) -> None:
    for code, zh, en, unit, aggregation, counts in METRICS:
        said = {"metric": code, "title_zh": zh, "title_en": en, "unit": unit}
        said |= {"aggregation": aggregation, "counts": counts, "effective": "2024-12-01"}
        command = DefineMetric.model_validate(said)
        setup.define_metric(desk, TENANT, command, _ask(HR, f"metric/{code}"))
    for track in sorted(set(data.TRACKS.values())):
        _define_model(desk, track)
    for version in (1, 2):
        _define_template(desk, version)
    for team, scheme in data.SCHEMES.items():
        _define_scheme(desk, team, scheme)
    weights = {"effective": data.RE_WEIGHED.isoformat(), "metrics": _weights(data.FASHION, "0.4")}
    change = ChangeKpiWeights.model_validate(weights)
    ask = _ask(LEAD, "weights", "服饰组下半年重视涨粉: 权重 10% → 40%")
    setup.change_kpi_weights(desk, TENANT, data.SCHEMES[data.FASHION], change, ask)


def _define_model(desk: Desk, track: str) -> None:
    tags = [
        {"tag": tag, "title_zh": zh, "title_en": en, "weight": weight}
        for tag, zh, en, weight in data.TAGS
    ]
    said = {"track": track, "title": f"{track} 主播", "effective": "2024-12-01", "tags": tags}
    command = DefineCompetenceModel.model_validate(said)
    careers.define_model(desk, TENANT, command, _ask(HR, f"competence/{track}"))


def _define_template(desk: Desk, version: int) -> None:
    """The second version has no training clause: there is one thing less to agree on."""
    clauses = [one for one in TEMPLATES[0]["clauses"] if version == 1 or one["key"] != "training"]
    said: dict[str, Any] = {**TEMPLATES[0], "template": data.TEMPLATE, "clauses": clauses}
    command = DefineTemplate.model_validate(said | {"title": "全职主播劳动合同（招聘）"})
    setup.define_template(desk, TENANT, command, _ask(HR, f"template/{version}"))


def _define_scheme(desk: Desk, team: str, scheme: str) -> None:
    fans = "0.1" if team in (data.CASE, data.FASHION) else "0.4"
    said = {"scheme": scheme, "title": f"{team}考核", "team": team, "effective": "2024-01-01"}
    command = DefineKpiScheme.model_validate(said | {"metrics": _weights(team, fans)})
    setup.define_kpi_scheme(desk, TENANT, command, _ask(LEAD, f"kpi/{scheme}"))


def _weights(team: str, fans: str) -> list[dict[str, str]]:
    target = data.CASE_TARGET if team == data.CASE else data.OTHERS_TARGET
    sales = {"0.1": "0.7", "0.4": "0.4"}[fans]
    return [
        {"metric": "sales", "weight": sales, "target": target, "cap": "1.5"},
        {"metric": "fans_gained", "weight": fans, "target": "500", "cap": "1.5"},
        {"metric": "live_minutes", "weight": "0.2", "target": "5400", "cap": "1.2"},
    ]


def _take_over(desk: Desk) -> None:
    sent = [data.history(place, one) for place, one in enumerate(data.workers())]
    sent += data.candidates()
    act = _ask(HR, "", "从旧人事系统迁入").act
    done = career_import.import_histories(desk, TENANT, sent, act)
    wrong = [one for one in done.rejected if not _repeated(desk, one)]
    if wrong:
        raise WrongState(
            f"演示履历被拒: {wrong[0].zh}", f"Refused: {wrong[0].en}", do=str(wrong[0])
        )


def _repeated(desk: Desk, one: career_import.Rejected) -> bool:
    """A fill that was cut off goes on: what was taken over then is refused now."""
    return bool(careers.steps(desk, TENANT, one.person))


def _measure(desk: Desk) -> None:
    rows = [
        MetricRow(f"{person}/{metric}/{day:%Y-%m}", person, metric, day, value)
        for person, metric, day, value in data.figures()
        if _works(person, day)
    ]
    desk.figures.record(TENANT, SOURCE, rows, _ask(DATA, "").act)


def _works(person: str, day: date) -> bool:
    """Whether somebody works on a day: only then there is something to measure."""
    return any(start <= day < stop for start, stop in _times()[person])


@cache
def _times() -> dict[str, list[tuple[date, date]]]:
    found: dict[str, list[tuple[date, date]]] = {}
    for place, worker in enumerate(data.workers()):
        steps = data.history(place, worker)["steps"]
        [start] = [_day(one) for one in steps if one["kind"] == "active"]
        ends = [_day(one) for one in steps if one["kind"] == "left"]
        found[worker.person] = [(start, ends[0] if ends else date.max)]
    return found


def _day(step: dict[str, Any]) -> date:
    return date.fromisoformat(str(step.get("on") or step["at"])[:10])
