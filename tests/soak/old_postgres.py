"""Runs a command against an older PostgreSQL than the embedded one: 15 on Debian 12.

    python -m tests.soak.old_postgres python -m pytest tests/ledger

The command finds the server in TALLYSTICK_TEST_DATABASE_URL. Where that PostgreSQL is not
installed nothing is run, and said; with TALLYSTICK_NEED_OLD_POSTGRES set that is an error.
"""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg

from tests.conftest import short_folder
from tests.soak.server import OLD_BINARIES, Server


def main() -> int:
    """The exit code of the command."""
    if not (OLD_BINARIES / "postgres").exists():
        print(f"no older PostgreSQL is in {OLD_BINARIES}: its tests are not run", file=sys.stderr)
        return 1 if os.environ.get("TALLYSTICK_NEED_OLD_POSTGRES") else 0
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    with (
        short_folder() as folder,
        Server(folder / "o", binaries=OLD_BINARIES, shared_buffers="256MB", **fast) as server,
    ):
        with psycopg.connect(server.url) as connection:
            print(f"PostgreSQL {connection.info.server_version // 10000}:", flush=True)
        environment = {**os.environ, "TALLYSTICK_TEST_DATABASE_URL": server.url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
