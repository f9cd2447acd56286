"""Careers over the ledger: sealed notes, contracts that say the time, histories, two times."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.career_commands import AssessCandidate, CareerStep
from domain.competence import DefineCompetenceModel
from domain.person import PersonalData, RegisterPerson
from domain.refusals import Invalid, NotFound, WrongState
from tests.workflows.company import TENANT, Company, by, opened_desk
from workflows import career_import, careers, funnel, setup

READ = TypeAdapter(CareerStep).validate_python


@pytest.fixture
def company(database: str) -> Iterator[Company]:
    with opened_desk(database) as desk:
        made = Company(desk)
        made.open()
        yield made


def register(company: Company, person: str) -> None:
    command = RegisterPerson(person=person, personal=PersonalData(name="林小满"))
    setup.register_person(company.desk, TENANT, command, by("hr.lin"))


def record(company: Company, person: str, **said: Any) -> Any:
    return careers.record(company.desk, TENANT, person, READ(said), by("hr.lin")).state


def taken(person: str, **more: Any) -> dict[str, Any]:
    start = {"kind": "active", "taken_over": True, "team": "games", "engagement": "agency"}
    return {"person": person, "steps": [{**start, "on": "2024-01-01", **more}]}


def test_a_note_is_sealed_and_opened_only_with_the_persons_key(company: Company):
    register(company, "P-1")
    record(company, "P-1", kind="candidate", team="beauty-1", on="2025-03-01")
    note = "表达自然, 家里支持"
    record(company, "P-1", kind="interview", note=note, on="2025-03-02")
    found = careers.steps(company.desk, TENANT, "P-1")
    assert careers.notes(company.desk, TENANT, "P-1", found) == {2: note}
    stored = b"".join(company.desk.store.envelopes_after(TENANT, 0, 1000)).decode()
    assert "表达自然" not in stored


def test_nobody_has_a_career_who_is_not_registered(company: Company):
    with pytest.raises(NotFound):
        record(company, "P-9", kind="candidate", team="beauty-1")
    with pytest.raises(NotFound):
        careers.read(company.desk, TENANT, "P-9")


def test_a_contract_says_time_template_and_terms_of_its_steps(company: Company):
    register(company, "P-1")
    for said in (
        {"kind": "candidate", "team": "beauty-1", "on": "2025-01-02"},
        {"kind": "interview", "on": "2025-01-03"},
        {"kind": "offer", "engagement": "full_time", "on": "2025-01-04"},
    ):
        record(company, "P-1", **said)
    company.sign("P-1", {"note": {"kind": "training", "times_a_month": 1, "cost": "0"}},
                 team="Korean", track="beauty")  # fmt: skip
    record(company, "P-1", kind="contract_sent", contract="C-P-1")
    record(company, "P-1", kind="signed", contract="C-P-1", way="electronic")
    state = record(company, "P-1", kind="active", contract="C-P-1")
    assert (state.stage, state.team, state.track) == ("active", "Korean", "beauty")
    signed = company.desk.store.stream(TENANT, "contract/C-P-1")
    steps = careers.steps(company.desk, TENANT, "P-1")
    at = {one.name: one.fact.at for one in steps}
    assert at["career.signed.v1"] == signed[-2].recorded_at
    assert at["career.work_started.v1"] == signed[-1].recorded_at


def test_a_contract_of_another_or_not_so_far_is_refused(company: Company):
    company.hire("P-1", {"t": {"kind": "training", "times_a_month": 1, "cost": "0"}})
    register(company, "P-2")
    record(company, "P-2", kind="candidate", team="beauty-1", on="2025-01-02")
    record(company, "P-2", kind="interview", on="2025-01-03")
    record(company, "P-2", kind="offer", engagement="full_time", on="2025-01-04")
    with pytest.raises(Invalid, match="P-1's"):
        record(company, "P-2", kind="contract_sent", contract="C-P-1")
    with pytest.raises(NotFound):
        record(company, "P-2", kind="contract_sent", contract="C-NONE")
    draft = {"contract": "C-2", "person": "P-2", "number": "2", "engagement": "full_time",
             "character": "wages", "start": "2025-01-01", "team": "x",
             "clauses": [{"key": "t", "clause": {"kind": "training", "times_a_month": 1, "cost": "0"}}]}  # fmt: skip
    from domain.contract_commands import DraftContract
    from workflows import contracts

    contracts.draft(company.desk, TENANT, DraftContract.model_validate(draft), {}, by("hr.lin"))
    with pytest.raises(WrongState, match="drafted"):
        record(company, "P-2", kind="contract_sent", contract="C-2")


def test_a_career_is_read_as_it_was_known(company: Company):
    register(company, "P-1")
    record(company, "P-1", kind="candidate", team="beauty-1", on="2025-03-01")
    known = company.desk.store.head(TENANT)[0]
    record(company, "P-1", kind="withdrawn", by="candidate", on="2025-03-02")
    assert careers.read(company.desk, TENANT, "P-1").stage == "withdrawn"
    assert careers.read(company.desk, TENANT, "P-1", known).stage == "candidate"
    assert funnel.standing(company.desk, TENANT, known).counts == {"candidate": 1}


def test_two_who_record_the_same_step_at_once_get_one_fact(company: Company):
    register(company, "P-1")
    record(company, "P-1", kind="candidate", team="beauty-1", on="2025-03-01")
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def offer() -> None:
        ready.wait()
        try:
            record(company, "P-1", kind="withdrawn", by="company")
            outcomes.append("done")
        except WrongState:
            outcomes.append("refused")

    threads = [threading.Thread(target=offer) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["done", "refused", "refused", "refused"]
    assert len(careers.steps(company.desk, TENANT, "P-1")) == 2


def test_histories_are_recorded_whole_or_rejected_with_their_step(company: Company):
    act = by("hr.lin").act
    left = {"kind": "left", "on": "2025-02-01", "reasons": [{"reason": "targets"}]}
    good = taken("P-1") | {"personal": {"name": "沈一诺"}}
    good["steps"] = [*good["steps"], left]
    wrong = taken("P-2") | {"personal": {"name": "韩思远"}}
    wrong["steps"] = [*wrong["steps"], {**left, "on": "2023-01-01"}]
    sent = [good, wrong, taken("P-3"), {"person": "P-4", "steps": [{"kind": "flew"}]}, "nonsense",
            taken("P-1")]  # fmt: skip
    done = career_import.import_histories(company.desk, TENANT, sent, act)
    assert (done.recorded, done.facts) == (1, 3)
    assert [(one.number, one.person, one.step, one.code) for one in done.rejected] == [
        (2, "P-2", 2, "invalid"),
        (3, "P-3", None, "not_found"),
        (4, "P-4", 1, "invalid"),
        (5, "", None, "invalid"),
        (6, "P-1", 1, "wrong_state"),
    ]
    with pytest.raises(NotFound):
        careers.read(company.desk, TENANT, "P-2")
    again = career_import.import_histories(company.desk, TENANT, [good], act)
    assert (again.recorded, again.facts) == (0, 0)


def test_past_steps_keep_their_dates_and_say_when_they_became_known(company: Company):
    act = by("hr.lin", "moved from the old people file").act
    history = taken("P-1", on="2023-05-04") | {"personal": {"name": "沈一诺"}}
    career_import.import_histories(company.desk, TENANT, [history], act)
    (step,) = careers.steps(company.desk, TENANT, "P-1")
    assert step.effective == date(2023, 5, 4)
    assert step.fact.at == datetime(2023, 5, 3, 16, tzinfo=UTC)
    assert step.recorded_at > datetime(2025, 1, 1, tzinfo=UTC)
    assert step.reason == "moved from the old people file"


def test_an_assessment_is_matched_by_the_version_it_was_made_by(company: Company):
    def tags(*weights: str) -> list[dict[str, str]]:
        names = ("live_experience", "product_test")
        return [
            {"tag": tag, "title_zh": tag, "title_en": tag, "weight": weight}
            for tag, weight in zip(names, weights, strict=True)
        ]

    def define(effective: str, *weights: str) -> None:
        said = {"track": "beauty", "title": "美妆", "effective": effective, "tags": tags(*weights)}
        command = DefineCompetenceModel.model_validate(said)
        careers.define_model(company.desk, TENANT, command, by("hr.lin"))

    register(company, "P-1")
    with pytest.raises(NotFound):
        careers.match(company.desk, TENANT, "P-1", None)
    define("2025-01-01", "40%", "60%")
    said = {"track": "beauty", "marks": {"live_experience": "90"}, "on": "2025-02-01"}
    command = AssessCandidate.model_validate(said)
    careers.assess(company.desk, TENANT, "P-1", command, by("lead.wu"))
    define("2025-01-01", "100%", "0")
    found = careers.match(company.desk, TENANT, "P-1", None)
    assert (found.score, found.model_version, found.missing) == (36, 1, ("product_test",))


def test_the_funnel_counts_how_far_each_round_came(company: Company):
    steps = [
        {"kind": "candidate", "team": "games", "on": "2025-03-01"},
        {"kind": "interview", "on": "2025-03-02"},
        {"kind": "offer", "engagement": "agency", "on": "2025-03-03"},
    ]
    gone = {"kind": "withdrawn", "by": "candidate", "on": "2025-03-09"}
    sent = [
        {"person": f"P-{number}", "personal": {"name": "候选人"}, "steps": chosen}
        for number, chosen in enumerate(
            [steps, steps[:2], [*steps[:2], gone], steps[:1], [*steps, gone]]
        )
    ]
    career_import.import_histories(company.desk, TENANT, sent, by("hr.lin").act)
    facts = careers.histories(company.desk, TENANT)
    rows = funnel.funnel(facts, date(2025, 3, 1), date(2025, 4, 1))
    assert [(one.stage, one.rounds, one.ended_here, one.waiting) for one in rows[:4]] == [
        ("candidate", 5, 0, 1),
        ("interview", 4, 1, 1),
        ("offered", 2, 1, 1),
        ("contract_sent", 0, 0, 0),
    ]
    assert funnel.funnel(facts, date(2025, 4, 1), date(2025, 5, 1))[0].rounds == 0
