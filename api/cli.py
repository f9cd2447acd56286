"""The command line `tallystick`: the same workflows as the HTTP interface, from a terminal."""

from __future__ import annotations

import click

from api import (
    cli_attendance,
    cli_audit,
    cli_bank,
    cli_company,
    cli_contract_amend,
    cli_distribute,
    cli_erasure,
    cli_figures,
    cli_links,
    cli_log_keys,
    cli_master_key,
    cli_measures,
    cli_pay,
    cli_people,
    cli_receipt,
    cli_signals,
    cli_system,
    cli_what_if,
)
from api.cli_base import Section

START = """\
Start here:
  tallystick demo                        a company with a year behind it, to look at
  tallystick try docs/try/5-part-timer.yaml  clauses and figures in, an explained payslip out
  tallystick tenant open acme --name ACME        your own company
  tallystick contract --help             and so on for each group

Dates are written 2025-09-01. --effective says on which day something applies, --known as it was
known when: a position of the ledger, or a time such as 2025-09-01T12:00:00+08:00.
Exit codes: 0 done, 1 refused (the message says what to do), 2 not understood.
Without DATABASE_URL an embedded PostgreSQL is used, shared with a running `serve`.
"""


@click.group(cls=Section, epilog=START, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("0.1.0", prog_name="tallystick")
def main() -> None:
    """Contracts, figures and pay as facts in one ledger that only grows.

    The chain: contract → amendment → KPI weights → figures → pay run → payout → history.
    """


for command in (
    cli_system.demo,
    cli_system.serve,
    cli_system.try_files,
    cli_what_if.what_if,
    cli_company.tenant,
    cli_company.person,
    cli_people.career,
    cli_people.competence,
    cli_attendance.attendance,
    cli_signals.people,
    cli_erasure.privacy,
    cli_company.template,
    cli_contract_amend.contract,
    cli_measures.metric,
    cli_measures.kpi,
    cli_figures.figures,
    cli_figures.import_files,
    cli_pay.pay,
    cli_bank.bank,
    cli_system.history,
    cli_audit.verify,
    cli_audit.bundle,
    cli_audit.checkpoint,
    cli_audit.witness,
    cli_log_keys.log_key,
    cli_receipt.receipt,
    cli_system.status,
    cli_system.key,
    cli_master_key.master_key,
    cli_master_key.kms,
    cli_links.link,
    cli_system.migrate,
    cli_system.rebuild,
    cli_distribute.distribute,
):
    main.add_command(command)
