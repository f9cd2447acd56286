"""The words of the audit history, indexed by blocks of positions.

A trigram index over every entry costs more than all else that is written for it. So the words of
each block of positions are kept once, without those that repeat, and it is these that are
indexed: a search finds the blocks, then looks at their entries. The block that is still being
filled has no words yet and is always looked at. A block is written when the first entry beyond
it is: what is stored does not depend on how facts came in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import LiteralString

from projections.model import Connection
from projections.paging import like
from projections.rows import Row, Table

BLOCK = 256
WORDS = Table("audit_words", {"block": "bigint", "words": "text"}, ("block",))
Said = tuple[int, str, str, str]
"""Of an entry: position, Chinese words, English words, reason."""
_LAST_BEFORE: LiteralString = """
    SELECT max(position) FROM audit_entry WHERE tenant_id = %b AND position < %b"""
_BEFORE: LiteralString = """
    SELECT position, zh, en, reason FROM audit_entry
    WHERE tenant_id = %b AND position >= %b AND position < %b ORDER BY position"""
_NEAR: LiteralString = """
    JOIN (
        SELECT block * %(block)s AS low, (block + 1) * %(block)s - 1 AS high
        FROM projections.audit_words WHERE tenant_id = %(tenant)s"""
_LAST: LiteralString = """
        UNION ALL
        SELECT (coalesce(max(block), -1) + 1) * %(block)s, 9223372036854775807
        FROM projections.audit_words WHERE tenant_id = %(tenant)s
    ) AS near ON position BETWEEN near.low AND near.high"""
_WORDS: tuple[LiteralString, ...] = (
    " AND words ILIKE %(word0)s",
    " AND words ILIKE %(word1)s",
    " AND words ILIKE %(word2)s",
    " AND words ILIKE %(word3)s",
    " AND words ILIKE %(word4)s",
    " AND words ILIKE %(word5)s",
)
"""So many words of a search choose the blocks; their entries are held against all of it."""


def near(search: str) -> tuple[LiteralString, dict[str, object]]:
    """A join with the ranges of positions where a text may stand, and what it asks with.

    Every word of the text is part of a word of the entry it stands in, and of its block's.
    """
    words = sorted(set(search.split()), key=len, reverse=True)[: len(_WORDS)]
    query = _NEAR
    for condition in _WORDS[: len(words)]:
        query += condition
    asked: dict[str, object] = {f"word{n}": like(word) for n, word in enumerate(words)}
    return query + _LAST, {**asked, "block": BLOCK}


def fill(connection: Connection, tenant: str, said: Sequence[Said]) -> None:
    """Write the words of the blocks that these new entries, in order, complete."""
    first, last = said[0][0], said[-1][0] // BLOCK
    row = connection.execute(_LAST_BEFORE, [tenant, first], binary=True).fetchone()
    begun = (row[0] if row and row[0] is not None else first) // BLOCK
    if begun == last:
        return
    asked = [tenant, begun * BLOCK, first]
    before = connection.execute(_BEFORE, asked, binary=True).fetchall()
    WORDS.copy(connection, tenant, _blocks([*before, *said], last))


def _blocks(said: Iterable[Row], last: int) -> list[Row]:
    """Each block before the last one with the words its entries say."""
    texts: dict[int, list[str]] = {}
    for position, zh, en, reason in said:
        texts.setdefault(position // BLOCK, []).append(f"{zh} {en} {reason}")
    texts.pop(last, None)
    return [(block, words_of(" ".join(lines))) for block, lines in texts.items()]


def words_of(text: str) -> str:
    """What stands between white space, each once, in the order of its first appearance."""
    return " ".join(dict.fromkeys(text.split()))
