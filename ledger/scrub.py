"""What is left of a destroyed key on the server's disk, and getting rid of it.

An UPDATE leaves the old row in the table's file until its place is used again, and the write-ahead
log holds every row that was ever written until its segments are removed. Both hold the key in
wrapped form alone. `scrub` writes the table anew and lets go of the log behind a checkpoint; what
the database's role may not do is said and left to the operator, who can also turn the master key:
then every old copy of a wrapped key, in backups too, opens with a key that is gone.
"""

from __future__ import annotations

from typing import LiteralString

import msgspec
import psycopg
from psycopg import errors

from ledger.queries import Connection, Pool

WAIT = "2s"
"""So long the table's rewrite waits for those who read it; then it is left for the next time."""
_STEPS: tuple[tuple[str, LiteralString], ...] = (
    ("table_rewritten", "VACUUM (FULL) ledger.person_key"),
    ("log_switched", "SELECT pg_switch_wal()"),
    ("checkpoint", "CHECKPOINT"),
)


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """Which steps were taken, and why others were not."""

    done: tuple[str, ...]
    left: dict[str, str]
    """Step → why it was not taken."""

    @property
    def whole(self) -> bool:
        """Whether every step was taken."""
        return not self.left


def scrub(pool: Pool) -> Scrubbed:
    """Take every step that the role may; safe to repeat, and never an error."""
    done: list[str] = []
    left: dict[str, str] = {}
    with pool.connection() as connection:
        before, connection.autocommit = connection.autocommit, True
        try:
            connection.execute(f"SET lock_timeout = '{WAIT}'")
            for name, statement in _STEPS:
                why = _step(connection, statement)
                if why is None:
                    done.append(name)
                else:
                    left[name] = why
        finally:
            if not connection.closed:
                connection.execute("RESET lock_timeout")
                connection.autocommit = before
    return Scrubbed(done=tuple(done), left=left)


def _step(connection: Connection, statement: LiteralString) -> str | None:
    """Why the step could not be taken; None where it was."""
    try:
        connection.execute(statement)
    except errors.InsufficientPrivilege:
        return "the database role may not do it"
    except errors.LockNotAvailable:
        return "others were using the table; try again"
    except psycopg.DatabaseError as error:
        return type(error).__name__
    return None
