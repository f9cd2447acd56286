"""A store that dies at every boundary, and a program that a test kills: paying through both."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from domain.bank_batch import ApproveBatch, ProposeBatch
from domain.facts import Act
from ledger.bank_lines import BankLines
from ledger.records import NewFact, Receipt
from ledger.store import FactStore
from tests.workflows.bank import (
    ACCOUNT,
    APPROVER,
    CLERK,
    DEBTOR,
    FINANCE,
    RUN,
    camt,
    paid,
)
from tests.workflows.company import TENANT, opened_desk
from workflows import bank_batches, bank_files, bank_match, bank_statements, payouts
from workflows.bank_books import batches_of
from workflows.desk import Desk


class Crash(BaseException):
    """The process is gone: nothing in the program can catch it."""


class DyingStore(FactStore):
    """Every append dies once before it is written and once after, then succeeds; which comes
    first, and whether both come, is drawn from a seed."""

    def __init__(self, pool: Any, seed: int) -> None:
        super().__init__(pool)
        self._random = random.Random(seed)
        self._plan: list[str] = []
        self.crashes = 0

    def append(self, tenant: str, facts: Sequence[NewFact], act: Act, **more: Any) -> list[Receipt]:
        return self._dying(lambda: super(DyingStore, self).append(tenant, facts, act, **more))

    def append_in(self, *given: Any, **more: Any) -> list[Receipt]:
        """Inside a transaction: dying before or after takes the whole transaction with it."""
        return self._dying(lambda: super(DyingStore, self).append_in(*given, **more))

    def _dying(self, write: Callable[[], list[Receipt]]) -> list[Receipt]:
        if not self._plan:
            self._plan = self._random.choice(
                (["before", "after", "on"], ["before", "on"], ["after", "on"])
            )[:]
        fate = self._plan.pop(0)
        if fate == "on":
            return write()
        if fate == "after":
            write()
        self.crashes += 1
        raise Crash(fate)


def through(step: Callable[[], Any]) -> Any:
    """Start a step again until it lives to its end."""
    while True:
        try:
            return step()
        except Crash:
            continue


def pay(desk: Desk, *, form: str = "csv") -> None:
    """The whole chain; every step of it may be started any number of times."""
    through(lambda: payouts.instruct_run(desk, TENANT, RUN, FINANCE))
    through(lambda: _propose(desk))
    for batch in batches_of(desk, TENANT, RUN):
        through(lambda batch=batch: _approve(desk, batch.batch))
        file = through(
            lambda batch=batch: bank_files.write_file(
                desk, TENANT, batch.batch, form, None, FINANCE  # type: ignore[arg-type]
            )
        )  # fmt: skip
        through(lambda batch=batch: bank_batches.send(desk, TENANT, batch.batch, FINANCE))
        lines = [(f"{batch.batch}/{ref}", *rest) for ref, *rest in paid(file.data)]
        for part in (lines[: len(lines) // 2], lines):  # a day's file, then both days in one
            data = camt(part)  # type: ignore[arg-type]
            through(
                lambda data=data: bank_statements.import_statement(
                    desk, TENANT, "camt.053", [data], CLERK, account=ACCOUNT
                )
            )
            through(lambda: bank_match.match(desk, TENANT, CLERK))


def _propose(desk: Desk) -> None:
    if not batches_of(desk, TENANT, RUN):
        bank_batches.propose(desk, TENANT, RUN, ProposeBatch(debtor=DEBTOR), FINANCE)


def _approve(desk: Desk, batch: str) -> None:
    if next(one for one in batches_of(desk, TENANT, RUN) if one.batch == batch).status == (
        "proposed"
    ):
        bank_batches.approve(desk, TENANT, batch, ApproveBatch(), APPROVER)


def lines_of(desk: Desk) -> BankLines:
    """The statements' lines, written through the desk's own store."""
    return BankLines(desk.store._pool, desk.store)


if __name__ == "__main__":  # what the test kills: the chain on a database that is there
    with opened_desk(sys.argv[1]) as opened:
        pay(opened)
    print("paid")
