"""What was signed: the keys of the log, every kept checkpoint, cosignatures, and old checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import LiteralString

import msgspec

from domain.log_facts import LogKeyRotated
from ledger import queries
from ledger.codec import split
from ledger.keys import KeyTrouble, check_statement
from ledger.log_store import Kept, LogKey, State
from ledger.notes import (
    BadNote,
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    open_note,
    parse_note,
    parse_signature,
)
from ledger.queries import Connection
from ledger.verify_report import Check

_KEPT: LiteralString = """
    SELECT size, root, key_number, note FROM ledger.checkpoint WHERE tenant_id = %b ORDER BY size"""
_TIMES: LiteralString = """
    SELECT a.size FROM (
        SELECT size, signed_at, lag(signed_at) OVER (ORDER BY size) AS before
        FROM ledger.checkpoint WHERE tenant_id = %b) AS a
    WHERE a.signed_at < a.before OR a.signed_at > clock_timestamp() ORDER BY a.size LIMIT 100"""
_COSIGNED: LiteralString = """
    SELECT c.size, c.witness, c.line, k.note FROM ledger.cosignature AS c
    LEFT JOIN ledger.checkpoint AS k ON k.tenant_id = c.tenant_id AND k.size = c.size
    WHERE c.tenant_id = %b ORDER BY c.size, c.witness"""
_ROTATED: LiteralString = """
    SELECT position, envelope FROM ledger.fact
    WHERE tenant_id = %b AND name = 'log.key_rotated.v1' ORDER BY position"""
_rotated = msgspec.json.Decoder(LogKeyRotated).decode


def kept_checkpoints(connection: Connection, tenant: str) -> list[Kept]:
    """Every checkpoint of a tenant, the smallest first."""
    return [Kept(*row) for row in queries.rows(connection, _KEPT, [tenant])]


def check_keys(
    keys: Sequence[LogKey], state: State, trusted: Sequence[VerifierKey]
) -> tuple[Check, dict[int, VerifierKey]]:
    """The keys of a log: each handed over by the one before. The good ones by number."""
    check = Check(name="keys", unit="keys")
    good: dict[int, VerifierKey] = {}
    before: VerifierKey | None = None
    if state.origin not in {row.vkey.partition("+")[0] for row in keys} and keys:
        check.add("ledger.log_state origin", f"{state.origin} is not the name of its keys")
    for expected, row in enumerate(keys, start=1):
        check.counted += 1
        place = f"ledger.log_key {row.number}"
        try:
            key = row.key
            check_statement(row.statement, before, key, row.from_size)
        except (BadNote, KeyTrouble) as error:
            check.add(place, str(error))
            continue
        if row.number != expected or (expected == 1 and row.from_size):
            check.add(place, f"key {row.number} of {key.name} stands in the place of {expected}")
        good[row.number] = before = key
    if trusted and not set(trusted) & set(good.values()):
        check.add("ledger.log_key", "none of the keys is one that you trust")
    return check, good


def check_rotations(
    connection: Connection, tenant: str, keys: Sequence[LogKey], check: Check
) -> None:
    """Every key after the first was handed over by a fact, and every such fact has its key."""
    left = {row.number: (before, row) for before, row in pairwise(keys)}
    for position, envelope in queries.rows(connection, _ROTATED, [tenant]):
        place = f"ledger.fact position {position}"
        try:
            fact = _rotated(split(envelope).payload)
            before, row = left.pop(fact.number)
        except (ValueError, KeyError, msgspec.MsgspecError):
            check.add(place, "a rotation to a key that the log does not have")
            continue
        said = (fact.before, fact.after, fact.size, fact.statement)
        if said != (before.vkey, row.vkey, row.from_size, row.statement):
            check.add(place, f"it does not say what ledger.log_key {row.number} says")
        if position <= row.from_size:
            check.add(place, "it stands before the size that it names")
    for number in left:
        check.add(f"ledger.log_key {number}", "no fact hands the log over to this key")


def check_signatures(
    connection: Connection,
    tenant: str,
    state: State,
    kept: Sequence[Kept],
    keys: dict[int, VerifierKey],
) -> Check:
    """Every checkpoint: signed by its key, about this log, and its columns say what its note says."""
    check = Check(name="checkpoints", unit="checkpoints", counted=len(kept))
    for row in kept:
        place = f"ledger.checkpoint {row.size}"
        key = keys.get(row.key_number)
        if key is None:
            check.add(place, f"its key {row.key_number} is not a good one")
            continue
        try:
            said = open_checkpoint(row.note, [key])
        except BadNote as error:
            check.add(place, str(error))
            continue
        if said != Checkpoint(state.origin, row.size, row.root):
            check.add(place, "the columns are not what the note says")
    for (size,) in queries.rows(connection, _TIMES, [tenant]):
        check.add(f"ledger.checkpoint {size}", "its time is not between those before and after")
    if len(kept) != state.checkpoints:
        check.add(
            "ledger.checkpoint, ledger.log_state checkpoints",
            f"{state.checkpoints} were signed, {len(kept)} are kept",
        )
    if (kept[-1].size if kept else 0) != state.size:
        last = kept[-1].size if kept else "none"
        check.add(
            "ledger.log_state size", f"{state.size} leaves, but the last checkpoint is {last}"
        )
    return check


def check_cosignatures(
    connection: Connection, tenant: str, witnesses: Sequence[VerifierKey]
) -> Check:
    """The witnesses' lines: well formed, about a checkpoint that is there, and good where the
    witness's key is given."""
    check = Check(name="cosignatures", unit="signatures")
    for size, witness, line, note in queries.rows(connection, _COSIGNED, [tenant]):
        check.counted += 1
        place = f"ledger.cosignature {size} {witness}"
        try:
            signature = parse_signature(line)
            if signature.name != witness or signature.line != line or note is None:
                check.add(place, "the line is not this witness's, or its checkpoint is gone")
                continue
            keys = [key for key in witnesses if key.name == witness]
            if keys:
                open_note(parse_note(note + line), keys)
            else:
                check.notes.append(f"the key of {witness} was not given: not verified")
        except BadNote as error:
            check.add(place, str(error))
    check.notes = sorted(set(check.notes))
    return check


def old_checkpoints(
    files: Sequence[tuple[str, str]], keys: Sequence[VerifierKey], state: State
) -> tuple[Check, list[Kept]]:
    """Checkpoints that an auditor kept: signed by a key of this log. The good ones go into the
    recomputation of the tree, which finds whether the log still begins with them."""
    check = Check(name="kept by you", unit="checkpoints")
    good: list[Kept] = []
    for name, text in files:
        check.counted += 1
        try:
            said = open_checkpoint(text, keys)
        except BadNote as error:
            check.add(name, str(error))
            continue
        if said.origin != state.origin:
            check.add(name, f"it is a checkpoint of {said.origin}")
        elif said.size > state.size:
            check.add(
                name,
                f"it was signed over {said.size} facts, the log has {state.size}: facts were "
                "removed, or an older copy was put back",
            )
        else:
            good.append(Kept(said.size, said.root, 0, text))
    return check, good
