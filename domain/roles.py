"""Who may do what: one table of acts and the roles that may do them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from domain.refusals import Forbidden

Role = Literal["hr", "finance", "approver", "lead", "auditor", "streamer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

_STAFF: tuple[Role, ...] = ("hr", "finance", "approver", "lead", "auditor", "admin")
_HR: tuple[Role, ...] = ("hr", "admin")
_PEOPLE_READERS: tuple[Role, ...] = ("hr", "lead", "auditor", "admin")
_PAY_READERS: tuple[Role, ...] = ("hr", "finance", "approver", "auditor", "admin")

TABLE: dict[str, tuple[Role, ...]] = {
    "tenant.read": _STAFF,
    "tenant.open": ("admin",),
    "key.manage": ("admin",),
    "status.read": _STAFF,
    "person.read": _STAFF,
    "person.read_personal": ("hr", "finance", "admin"),
    "person.read_granted": ("auditor",),
    "person.register": _HR,
    "person.change": _HR,
    "person.set_tax_profile": ("hr", "finance", "admin"),
    "career.read": _PEOPLE_READERS,
    "career.record": ("hr", "lead", "admin"),
    "career.assess": ("hr", "lead", "admin"),
    "career.import": _HR,
    "people.read": _PEOPLE_READERS,
    "people.set_limits": _HR,
    "attendance.read": ("hr", "finance", "approver", "lead", "auditor", "admin"),
    "attendance.record": _HR,
    "signal.set_rule": ("hr", "lead", "admin"),
    "signal.decide": ("hr", "lead", "admin"),
    "competence.read": _STAFF,
    "competence.define": ("hr", "lead", "admin"),
    "template.read": _STAFF,
    "template.define": _HR,
    "contract.read": _STAFF,
    "contract.draft": _HR,
    "contract.send": _HR,
    "contract.sign": ("hr", "lead", "admin"),
    "contract.activate": _HR,
    "contract.cancel": _HR,
    "contract.amend": _HR,
    "contract.renew": _HR,
    "contract.end": _HR,
    "contract.set_tax_character": ("hr", "finance", "admin"),
    "contract.decide_expiry": ("hr", "lead", "admin"),
    "expiry.read": _STAFF,
    "kpi.read": _STAFF,
    "kpi.define": ("hr", "lead", "admin"),
    "kpi.change_weights": ("hr", "lead", "admin"),
    "metric.read": _STAFF,
    "metric.define": ("hr", "finance", "admin"),
    "batch.read": _STAFF,
    "batch.record": ("hr", "finance", "admin"),
    "law.read": _STAFF,
    "law.publish": ("finance", "admin"),
    "run.read": _PAY_READERS,
    "run.compute": ("finance", "admin"),
    "run.review": ("finance", "approver", "admin"),
    "run.approve": ("approver",),
    "run.reject": ("approver", "finance"),
    "run.post": ("finance", "admin"),
    "run.reconcile": ("finance", "admin"),
    "run.close": ("finance", "admin"),
    "one_off.read": _PAY_READERS,
    "one_off.agree": ("hr", "finance", "admin"),
    "payslip.answer": ("hr", "finance", "admin"),
    "payslip.resolve": ("finance", "admin"),
    "journal.read": ("finance", "approver", "auditor", "admin"),
    "journal.map": ("finance", "admin"),
    "payslip.read": _PAY_READERS,
    "payslip.try": _STAFF,
    "pay.what_if": ("hr", "finance", "lead", "auditor", "admin"),
    "payout.read": ("finance", "approver", "auditor", "admin"),
    "payout.instruct": ("finance", "admin"),
    "payout.answer": ("finance", "admin"),
    "payout.approve": ("approver",),
    "payout.file": ("finance", "admin"),
    "person.hold": _HR,
    "person.restrict": _HR,
    "person.read_keeping": ("hr", "finance", "auditor", "admin"),
    "person.erase": _HR,
    "retention.read": _STAFF,
    "retention.set": _HR,
    "grant.read": ("hr", "auditor", "admin"),
    "grant.give": _HR,
    "read_log.read": ("auditor", "admin"),
    "log.rotate": ("admin",),
    "link.manage": _HR,
    "mine.read": ("streamer",),
    "mine.answer": ("streamer",),
    "mine.sign": ("streamer",),
    "receipt.check": _STAFF,
    "audit.read": ("hr", "finance", "approver", "auditor", "admin"),
}
"""Act → the roles that may do it. An act that is not here may be done by nobody."""


def may(roles: Iterable[str], act: str) -> bool:
    """Whether one of these roles may do the act. Raises KeyError for an act without a row."""
    return not set(TABLE[act]).isdisjoint(roles)


def is_limited_to_teams(roles: Iterable[str]) -> bool:
    """Whether somebody sees own teams alone: a business lead with no other role of the staff."""
    return {role for role in roles if role in _STAFF} == {"lead"}


def refuse_unless(roles: Iterable[str], act: str) -> None:
    """Raise Forbidden, naming who may, unless one of these roles may do the act."""
    if not may(roles, act):
        allowed = ", ".join(TABLE[act])
        raise Forbidden(
            f"您的角色不能执行 {act}",
            f"Your roles may not do {act}",
            do=f"Ask somebody with one of these roles: {allowed}.",
            act=act,
            allowed=list(TABLE[act]),
        )
