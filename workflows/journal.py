"""The journal of a posted run, made from its payslips and the accounts known when it was posted.

It is computed, not recorded: posting makes the payslips final, and the same payslips and the same
mapping give the same voucher for ever.
"""

from __future__ import annotations

from domain import accounts
from domain.accounts import AccountMap, MapAccounts
from domain.journal import Voucher, voucher
from domain.journal_files import beancount, kingdee, yonyou
from domain.payrun import POSTED, PayRunPosted
from domain.periods import Month
from domain.refusals import WrongState
from workflows.desk import Ask, Desk, Outcome, handle, load
from workflows.payrun import read_run
from workflows.payslips import payslips

STREAM = "journal/accounts"
LAYOUTS = {"yonyou": yonyou, "kingdee": kingdee, "beancount": beancount}


def map_accounts(desk: Desk, tenant: str, command: MapAccounts, ask: Ask) -> Outcome[AccountMap]:
    """Book pay to other accounts from a day on; runs that are posted keep theirs."""
    return handle(
        desk,
        tenant,
        STREAM,
        AccountMap(),
        accounts.evolve,
        lambda _: accounts.map_accounts(command),
        ask,
    )


def read_accounts(desk: Desk, tenant: str, known: int | None = None) -> AccountMap:
    """The account mapping as known at a position."""
    return load(desk, tenant, STREAM, AccountMap(), accounts.evolve, known)


def read_voucher(desk: Desk, tenant: str, run_id: str) -> Voucher:
    """The voucher of a posted run. Raises WrongState for one that is not posted."""
    run = read_run(desk, tenant, run_id)
    if run.status not in POSTED:
        raise WrongState(
            f"批次 {run_id} 未过账, 没有凭证",
            f"Run {run_id} is {run.status}: only posted runs have a journal",
            do="Approve and post it first.",
            state=run.status,
        )
    month = Month.parse(run.month)
    posted = _posted_at(desk, tenant, run_id)
    mapped = read_accounts(desk, tenant, posted).on(month.last)
    return voucher(run_id, month, payslips(desk, tenant, run), mapped)


def _posted_at(desk: Desk, tenant: str, run_id: str) -> int:
    records = desk.store.stream(tenant, f"payrun/{run_id}")
    return next(one.position for one in records if isinstance(one.fact, PayRunPosted))
