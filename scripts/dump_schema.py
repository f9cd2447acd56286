"""Print the schema that the migrations make, or write it to migrations/schema.sql (--write).

Starts a throw-away embedded PostgreSQL, applies migrations/ to an empty database, and prints
what pg_dump says about it, less the lines that differ from one run or version to another.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api.postgres_keeper import binaries  # noqa: E402
from api.postgres_server import EmbeddedPostgres  # noqa: E402
from ledger.migrate import migrate  # noqa: E402

MIGRATIONS = ROOT / "migrations"
SCHEMA = MIGRATIONS / "schema.sql"
# Only what pg_dump itself writes: a function's own comments and SET lines are kept.
_SESSION = (
    "statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|"
    "client_encoding|standard_conforming_strings|check_function_bodies|xmloption|"
    "client_min_messages|row_security|default_tablespace|default_table_access_method"
)
_DROPPED = re.compile(
    rf"^(|--|-- (Name:|PostgreSQL database dump|Dumped ).*|\\(un)?restrict .*"
    rf"|SET ({_SESSION}) = .*;|SELECT pg_catalog\.set_config\('search_path'.*)$"
)


def canonical(dump: str) -> str:
    """A dump without comments, session settings, version lines and blank lines in between."""
    statements = [line for line in dump.splitlines() if not _DROPPED.match(line)]
    heading = "-- Made by scripts/dump_schema.py --write from the migrations: do not edit.\n"
    return heading + "\n".join(statements) + "\n"


def schema_of(conninfo: str) -> str:
    """The canonical schema of a database, by the pg_dump of the embedded PostgreSQL."""
    program = binaries() / "pginstall" / "bin" / "pg_dump"
    options = ["--schema-only", "--no-owner", "--no-tablespaces"]
    done = subprocess.run(
        [program, *options, f"--dbname={conninfo}"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return canonical(done.stdout)


def migrated_schema() -> str:
    """The schema of an empty database after every migration."""
    folder = Path(tempfile.mkdtemp(prefix="tally-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder, durable=False) as url:
            migrate(url, MIGRATIONS)
            return schema_of(url)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """The program: print, or write with --write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {SCHEMA.relative_to(ROOT)}")
    text = migrated_schema()
    if parser.parse_args().write:
        SCHEMA.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
