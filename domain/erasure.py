"""Deciding on holds, restriction and erasure of one person's data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from domain.erasure_facts import (
    HoldLifted,
    HoldPlaced,
    PersonErased,
    PersonRestricted,
    PlaceHold,
    RestrictionLifted,
    RestrictPerson,
)
from domain.facts import Act, Fact, Place
from domain.person import PersonalDataChanged, PersonRegistered
from domain.refusals import Invalid, NotFound, Refusal, SeparationOfDuties, WrongState

Status = Literal["in_use", "restricted", "erased"]


class Erased(Refusal):
    """The person's data was erased: nobody can read it again, or add to it."""

    code = "erased"
    status = 410


class Restricted(WrongState):
    """The person's data is restricted: it is stored and not used."""

    code = "restricted"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One act on the person's data: by whom, when, where it stands."""

    by: str
    at: datetime | None
    position: int
    ground: str = ""
    keep_until: date | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a person's data stands: in use, restricted or erased, and what holds it."""

    person: str = ""
    version: int = 0
    registered_at: datetime | None = None
    key: str = ""
    holds: Mapping[str, Step] = {}
    restricted: Step | None = None
    erased: Step | None = None

    @property
    def status(self) -> Status:
        """In use, restricted or erased."""
        if self.erased is not None:
            return "erased"
        return "restricted" if self.restricted is not None else "in_use"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a person beside the person's own stream."""

    open_contracts: tuple[str, ...] = ()
    """Drafted, sent, signed or active."""
    unpaid: tuple[str, ...] = ()
    """Payslips under way, and payables that no bank has settled."""
    until: Mapping[str, date] = {}
    """Retention class → the first day on which it keeps nothing any more."""

    @property
    def keep_until(self) -> date | None:
        """The first day on which nothing keeps the data."""
        return max(self.until.values(), default=None)


def evolve(state: Standing, fact: Fact, place: Place) -> Standing:
    """Fold one fact of a person's stream; what is not about keeping moves the version alone."""
    step = Step(by=place.actor, at=place.recorded_at, position=place.position)
    changed: dict[str, Any] = {}
    match fact:
        case PersonRegistered():
            key = str(fact.sealed.get("key", ""))
            changed = {"person": fact.person, "registered_at": place.recorded_at, "key": key}
        case PersonalDataChanged():
            changed = {"key": str(fact.sealed.get("key", ""))}
        case HoldPlaced():
            held = msgspec.structs.replace(step, ground=fact.document)
            changed = {"holds": {**state.holds, fact.hold: held}}
        case HoldLifted():
            left = {name: one for name, one in state.holds.items() if name != fact.hold}
            changed = {"holds": left}
        case PersonRestricted():
            made = msgspec.structs.replace(step, ground=fact.ground, keep_until=fact.keep_until)
            changed = {"restricted": made}
        case RestrictionLifted():
            changed = {"restricted": None}
        case PersonErased():
            changed = {"erased": msgspec.structs.replace(step, ground=fact.ground)}
    return msgspec.structs.replace(state, version=place.version, **changed)


def refuse_erased(state: Standing) -> None:
    """Raise Erased where the person's key is gone."""
    if state.erased is not None:
        raise Erased(
            f"{state.person} 的个人信息已删除，无法恢复",
            f"the personal data of {state.person} was erased and cannot be read again",
            do="Nothing can bring it back; sums and proofs still hold.",
            person=state.person,
        )


def refuse_unusable(state: Standing) -> None:
    """Raise Erased or Restricted where the person's data is not to be used."""
    refuse_erased(state)
    if state.restricted is not None:
        raise Restricted(
            f"{state.person} 的个人信息已限制处理",
            f"The personal data of {state.person} is restricted: it is stored and not used",
            do="Lift the restriction first, if it was a mistake.",
            person=state.person,
        )


def _need_known(state: Standing) -> None:
    if not state.version:
        raise NotFound("没有这个人员", "There is no such person", do="Register the person first.")
    refuse_erased(state)


def _need_reason(act: Act) -> None:
    if not act.reason:
        raise Invalid("请说明原因", "This needs a reason", do="Say why it is done.", field="reason")


def place_hold(state: Standing, command: PlaceHold, act: Act) -> list[Fact]:
    """Place a hold, with a reason. Raises Erased, and WrongState for one that stands."""
    _need_known(state)
    _need_reason(act)
    if command.hold in state.holds:
        raise WrongState(
            f"保全 {command.hold} 已存在",
            f"The hold {command.hold} stands already",
            do="Choose another id.",
        )
    return [HoldPlaced(person=state.person, hold=command.hold, document=command.document)]


def lift_hold(state: Standing, hold: str, act: Act) -> list[Fact]:
    """Lift a hold, with a reason. Raises NotFound."""
    _need_known(state)
    _need_reason(act)
    if hold not in state.holds:
        raise NotFound(
            f"没有保全 {hold}", f"There is no hold {hold}", do="Look at the person's holds."
        )
    return [HoldLifted(person=state.person, hold=hold)]


def restrict(
    state: Standing, command: RestrictPerson, evidence: Evidence, act: Act, today: date
) -> list[Fact]:
    """Restrict a person's data. Raises WrongState while a contract is open."""
    _need_known(state)
    refuse_unusable(state)
    _need_reason(act)
    _refuse_open(evidence)
    return [
        PersonRestricted(
            person=state.person,
            ground=command.ground,
            keep_until=evidence.keep_until or today,
            kept_for=tuple(sorted(evidence.until)),
        )
    ]


def lift_restriction(state: Standing, act: Act) -> list[Fact]:
    """Use the data again. Raises WrongState where it is in use."""
    _need_known(state)
    _need_reason(act)
    if state.restricted is None:
        raise WrongState(
            "个人信息未被限制", "The data is not restricted", do="There is nothing to lift."
        )
    return [RestrictionLifted(person=state.person)]


def erase(state: Standing, evidence: Evidence, act: Act, today: date) -> list[Fact]:
    """Destroy a person's key. Raises WrongState unless it was restricted, SeparationOfDuties for
    the one who did that; and WrongState while a hold, a contract, unpaid pay or a retention term
    needs the data: there is no way round, and each says what it is."""
    _need_known(state)
    _need_reason(act)
    if state.restricted is None:
        raise WrongState(
            "须先限制处理, 再由另一人删除",
            "The data has to be restricted first, by somebody else",
            do="Restrict it; another person then erases it.",
        )
    if state.restricted.by == act.actor:
        raise SeparationOfDuties(
            "限制与删除须由不同的人执行",
            "Who restricted the data may not erase it",
            do="Ask another person who may.",
        )
    _refuse_held(state)
    _refuse_open(evidence)
    _refuse_needed(evidence, today)
    return [
        PersonErased(
            person=state.person,
            ground=state.restricted.ground,
            restricted_by=state.restricted.by,
            key=state.key,
            kept_for=tuple(sorted(evidence.until)),
        )
    ]


def _refuse_held(state: Standing) -> None:
    if state.holds:
        raise WrongState(
            "处于法律保全中, 不能删除",
            "A legal hold keeps the data: " + ", ".join(sorted(state.holds)),
            do="Who placed the hold, or another who may, lifts it when its cause is over.",
            state="held",
            holds=sorted(state.holds),
        )


def _refuse_open(evidence: Evidence) -> None:
    if evidence.open_contracts:
        raise WrongState(
            "还有未结束的合同",
            "A contract needs the data: " + ", ".join(evidence.open_contracts[:20]),
            do="End or cancel the contract first.",
            state="contract_open",
            contracts=list(evidence.open_contracts),
        )


def _refuse_needed(evidence: Evidence, today: date) -> None:
    if evidence.unpaid:
        raise WrongState(
            "还有未付清的薪资",
            "Pay is not settled yet: " + ", ".join(evidence.unpaid[:20]),
            do="Pay it, record that the bank paid, and try again.",
            state="unpaid",
            unpaid=list(evidence.unpaid),
        )
    kept = {name: day for name, day in evidence.until.items() if day > today}
    if kept:
        last = max(kept.values())
        raise WrongState(
            f"保存期限未满, 须保存至 {last}",
            f"A retention rule keeps the data until {last} ({', '.join(sorted(kept))})",
            do=f"It stays restricted; erase it on {last} or later.",
            state="kept",
            until=last.isoformat(),
            classes={name: day.isoformat() for name, day in kept.items()},
        )
