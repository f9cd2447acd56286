"""The group `tallystick pay`, to which the modules of pay add their commands."""

from __future__ import annotations

import click

from api.cli_base import Section

RUN = click.argument("run_id", metavar="RUN")
EXAMPLES = """\
Examples:
  tallystick pay compute 2025-03
  tallystick pay exceptions 2025-03-1
  tallystick pay review 2025-03-1 --acknowledge pay_up
  tallystick pay approve 2025-03-1 --actor cfo.li
  tallystick pay post 2025-03-1
  tallystick pay payslip 2025-03-1 C-0001
  tallystick pay instruct 2025-03-1
  tallystick pay settle 2025-03-1.C-0001.net --bank-reference B20250410-17 --on 2025-04-10

Nobody approves a run they computed, or one whose contracts they amended.
"""


@click.group(cls=Section, epilog=EXAMPLES)
def pay() -> None:
    """Pay a month: compute, review, approve (somebody else), post, instruct the bank, close."""
