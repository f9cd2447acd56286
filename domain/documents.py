"""The text of a contract as it is signed, and its hash."""

from __future__ import annotations

import hashlib

from domain.contract_state import Contract


def document_text(contract: Contract) -> str:
    """The signed text: the parties, the term and every clause's sentences, in fixed order."""
    head = [
        f"合同编号 {contract.number} ({contract.contract})",
        f"人员 {contract.person}",
        f"类型 {contract.engagement}",
        f"期限 {contract.start} 至 {contract.end or '无固定期限'} (止日不含)",
        f"团队 {contract.team}; 赛道 {contract.track}",
    ]
    clauses = [
        f"{number}. [{term.key}] {term.text_zh}\n   {term.text_en}"
        + (f"\n   {term.period.text()}" if term.period.start != contract.start else "")
        for number, term in enumerate(contract.terms, start=1)
    ]
    return "\n".join([*head, "", *clauses, ""])


def document_sha256(contract: Contract) -> str:
    """SHA-256 of the text in UTF-8, in hex: what each party accepts."""
    return hashlib.sha256(document_text(contract).encode()).hexdigest()
