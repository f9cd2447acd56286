"""Facts of contracts in words: what changed from what to what."""

from __future__ import annotations

from typing import Any

import msgspec

from domain import contract_facts as facts
from domain.contract_state import Contract
from domain.facts import Fact
from domain.periods import Period
from domain.terms import Term
from projections.clause_words import (
    Words,
    clause_changes,
    clause_name,
    day_words,
    from_words,
)

PARTIES: dict[str, Words] = {
    "business_department": ("业务部门", "the business department"),
    "company_seal": ("公司盖章方", "the company seal"),
    "streamer": ("主播", "the streamer"),
}
ENGAGEMENTS: dict[str, Words] = {
    "full_time": ("全职", "full-time"),
    "part_time": ("兼职", "part-time"),
    "agency": ("经纪", "agency"),
}
CHARACTERS: dict[str, Words] = {
    "wages": ("工资薪金", "wages"),
    "labour_remuneration": ("劳务报酬", "labour remuneration"),
    "platform_labour_remuneration": ("平台劳务报酬", "platform labour remuneration"),
    "business_income": ("经营所得", "business income"),
}
ENDINGS: dict[str, Words] = {
    "expired": ("到期", "expired"),
    "terminated": ("解除", "terminated"),
    "rescinded": ("撤销", "rescinded"),
    "superseded": ("被替代", "superseded"),
}
DECISIONS: dict[str, Words] = {
    "renew": ("续签", "renew"),
    "renegotiate": ("重新协商", "renegotiate"),
    "let_end": ("到期终止", "let it end"),
}


class Told(msgspec.Struct, frozen=True):
    """A fact in words, with what it changed."""

    zh: str
    en: str
    before: Any = None
    after: Any = None
    contract: str | None = None
    person: str | None = None


def tell_contract(state: Contract, fact: Fact) -> Told:
    """A fact of a contract, told with the state before it."""
    match fact:
        case facts.ContractDrafted():
            return _drafted(fact)
        case facts.ContractSent():
            sha = fact.document_sha256
            return Told(
                f"发出签署，文本哈希 {sha[:12]}",
                f"Sent out to be signed; the text's hash begins {sha[:12]}",
                after={"document_sha256": sha},
            )
        case facts.PartySigned():
            return _signed(fact)
        case facts.ContractActivated():
            zh, en = day_words(fact.effective)
            return Told(f"合同自{zh}起生效", f"In force from {en}", after={"status": "active"})
        case facts.ContractCancelled():
            return Told("合同草稿取消", "Cancelled before all had signed")
        case facts.ClauseAdded() | facts.ClauseAmended() | facts.ClauseEnded():
            return _clause(state, fact)
    return _term(state, fact)


def _term(state: Contract, fact: Fact) -> Told:
    match fact:
        case facts.ContractRenewed():
            return _renewed(state, fact)
        case facts.ContractEnded():
            zh, en = day_words(fact.effective)
            zh_how, en_how = ENDINGS[fact.ending]
            note = f": {fact.note}" if fact.note else ""
            return Told(
                f"合同自{zh}起不再有效（{zh_how}）{note}",
                f"Not in force from {en} ({en_how}){note}",
                before={"end": state.end},
                after={"end": fact.effective, "ending": fact.ending},
            )
        case facts.TaxCharacterSet():
            old, new = state.character_on(fact.effective), fact.character
            zh, en = from_words(fact.effective)
            return Told(
                f"{zh}所得性质由{CHARACTERS[old][0]}变为{CHARACTERS[new][0]}",
                f"Taxed {en} as {CHARACTERS[new][1]}, before as {CHARACTERS[old][1]}",
                before={"character": old},
                after={"character": new},
            )
        case facts.ExpiryDecided():
            zh, en = DECISIONS[fact.decision]
            return Told(
                f"到期决定：{zh}",
                f"Decided for the end of the term: {en}",
                before={"decision": state.expiry_decision},
                after={"decision": fact.decision},
            )
    raise TypeError(f"a contract has no fact {type(fact).__name__}")


def _drafted(fact: facts.ContractDrafted) -> Told:
    zh_kind, en_kind = ENGAGEMENTS[fact.engagement]
    zh_from, en_from = from_words(fact.effective, fact.end)
    count = len(fact.clauses)
    return Told(
        f"起草合同 {fact.number}：{fact.person}，{zh_kind}，团队 {fact.team}，{zh_from}，"
        f"共{count}项条款",
        f"Drafted contract {fact.number} for {fact.person}: {en_kind}, team {fact.team}, "
        f"{en_from}, {count} clauses",
        after={
            "number": fact.number,
            "engagement": fact.engagement,
            "character": fact.character,
            "start": fact.effective,
            "end": fact.end,
            "team": fact.team,
            "track": fact.track,
            "template": fact.template,
            "template_version": fact.template_version,
            "clauses": {
                entry.key: {"clause": entry.clause, "zh": entry.text_zh, "en": entry.text_en}
                for entry in fact.clauses
            },
        },
        person=fact.person,
    )


def _signed(fact: facts.PartySigned) -> Told:
    zh, en = PARTIES[fact.party]
    return Told(
        f"{zh}签署（{fact.signatory}，{fact.method}）",
        f"Signed by {en} ({fact.signatory}, {fact.method})",
        after={"party": fact.party, "document_sha256": fact.document_sha256},
    )


def _renewed(state: Contract, fact: facts.ContractRenewed) -> Told:
    zh_old, en_old = day_words(state.end) if state.end else ("无固定期限", "an open end")
    zh_new, en_new = day_words(fact.end) if fact.end else ("无固定期限", "an open end")
    return Told(
        f"续签：终止日由{zh_old}延至{zh_new}（第{fact.fixed_terms}次固定期限）",
        f"Renewed: the end moves from {en_old} to {en_new} (fixed term {fact.fixed_terms})",
        before={"end": state.end, "fixed_terms": state.fixed_terms},
        after={"end": fact.end, "fixed_terms": fact.fixed_terms},
    )


def _clause(
    state: Contract, fact: facts.ClauseAdded | facts.ClauseAmended | facts.ClauseEnded
) -> Told:
    was = _in_force(state, fact.key, Period(fact.effective, fact.until))
    old = was.data if was else None
    new = None if isinstance(fact, facts.ClauseEnded) else fact.clause
    zh_name, en_name = clause_name(fact.key, new or old)
    zh_when, en_when = from_words(fact.effective, fact.until)
    before = _said(was.data, was.text_zh, was.text_en) if was else None
    after = None
    if isinstance(fact, facts.ClauseEnded):
        zh, en = f"{zh_when}终止{zh_name}", f"Ended {en_name} {en_when}"
    else:
        after = _said(fact.clause, fact.text_zh, fact.text_en)
        if old is None:
            zh = f"{zh_when}增加{zh_name}：{fact.text_zh}"
            en = f"Added {en_name} {en_when}: {fact.text_en}"
        else:
            zh_change, en_change = clause_changes(old, new)
            zh = f"{zh_when}{zh_name}{zh_change}"
            en = f"{en_name[:1].upper()}{en_name[1:]} {en_change}, effective {en_when}"
    place = {"key": fact.key, "effective": fact.effective, "until": fact.until}
    trail = {"amendment": fact.amendment, "document": fact.document}
    return Told(zh, en, before, {**place, **trail, **(after or {})})


def _said(clause: dict[str, Any], zh: str, en: str) -> dict[str, Any]:
    return {"clause": clause, "zh": zh, "en": en}


def _in_force(state: Contract, key: str, period: Period) -> Term | None:
    """What the clause said on the first day of the change, or later in it."""
    held = [t for t in state.terms if t.key == key and t.period.overlap(period) is not None]
    return min(held, key=lambda term: term.period.start, default=None)
