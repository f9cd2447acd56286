"""Verify a filled ledger in this process and print what was found, with a digest of what stands.

python -m tests.acceptance.replay CONNINFO
"""

from __future__ import annotations

import hashlib
import json
import sys

from psycopg import sql

from projections.models import MODELS
from tests.acceptance.filled import whole_desk
from tests.workflows.company import TENANT
from workflows.desk import Desk
from workflows.payrun import read_run
from workflows.payslips import payslips
from workflows.verify import verify


def digest(desk: Desk) -> str:
    """SHA-256 over the rows of all read models in the order of their bytes, and all payslips."""
    found = hashlib.sha256()
    with desk.store._pool.connection() as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        for model in MODELS:
            for table in model.tables:
                query = sql.SQL(
                    'SELECT t::text FROM projections.{} AS t ORDER BY t::text COLLATE "C"'
                )
                for (row,) in connection.execute(query.format(sql.Identifier(table))).fetchall():
                    found.update(row.encode())
    for run in desk.register.posted_runs(TENANT):
        for slip in payslips(desk, TENANT, read_run(desk, TENANT, run.run)):
            found.update(repr(slip).encode())
    return found.hexdigest()


def main() -> None:
    """One line of JSON."""
    with whole_desk(sys.argv[1]) as desk:
        report = verify(desk, TENANT)
        places = [f"{f.place}: {f.what}" for check in report.checks for f in check.findings]
        counted = {check.name: check.counted for check in report.checks}
        said = {"places": places, "counted": counted, "digest": digest(desk)}
        print(json.dumps({**said, "python": sys.version}))


if __name__ == "__main__":
    main()
