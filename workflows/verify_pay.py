"""Pay verified from the ledger: every posted payslip is computed again, at its pinned position.

What earlier payslips say to later ones is folded here from the facts themselves, so that an
altered read model cannot make a recomputation wrong, or right.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from domain import payrun
from domain.facts import Fact
from domain.lines import Payslip
from domain.money import ZERO
from domain.payout import (
    PayoutFailed,
    PayoutInstructed,
    PayoutReturned,
    PayoutSent,
    PayoutSettled,
)
from domain.payrun import PayRun, PayslipComputed
from domain.payslip import ENGINE_VERSION
from domain.periods import Month
from domain.refusals import Refusal
from ledger import queries
from ledger.codec import canonical, split
from ledger.names import UnreadableFact
from ledger.records import Recorded, recorded
from ledger.stored_names import STORED_NAMES
from ledger.verify_report import Check, Progress
from workflows.desk import Desk
from workflows.journal import read_voucher
from workflows.pay_books import open_books
from workflows.pay_chunks import Computation
from workflows.run_scope import Payee, RunScope
from workflows.verify_register import FoldedRegister, Slip

PAGE = 2_000
ANSWERS: dict[type[Fact], str] = {
    PayoutSent: "sent",
    PayoutSettled: "settled",
    PayoutReturned: "returned",
    PayoutFailed: "failed",
}
"""Fact about an instruction → the state after it."""
AWAITED: dict[type[Fact], tuple[str, ...]] = {
    PayoutSent: ("instructed",),
    PayoutSettled: ("instructed", "sent"),
    PayoutReturned: ("instructed", "sent", "settled"),
    PayoutFailed: ("instructed", "sent"),
}
"""Fact about an instruction → the states it may follow."""
NAMES = tuple(name for name in STORED_NAMES if name.startswith(("pay.", "payout.")))
_SUMS = ("gross", "contributions", "tax", "net")


@dataclass
class _Run:
    """A run as its facts tell it, and what its payslips add up to."""

    state: PayRun = field(default_factory=PayRun)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    payloads: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Contract → the position of its payslip and the SHA-256 of its stored payload."""


class PayVerification:
    """One pass over the facts of pay, and one computation of every posted run."""

    def __init__(self, desk: Desk, tenant: str, progress: Progress) -> None:
        self._desk = desk
        self._tenant = tenant
        self._progress = progress
        self._register = FoldedRegister(desk, tenant)
        self._runs: dict[str, _Run] = {}
        self._instructed: dict[str, tuple[int, str]] = {}
        """Payout → its last attempt, and what became of it."""
        self.runs = Check(name="pay runs", unit="runs")
        self.slips = Check(name="payslips", unit="payslips")
        self.payouts = Check(name="payouts", unit="payouts")

    def run(self) -> list[Check]:
        """Look at everything that was paid."""
        for record, payload in self._facts():
            match record.fact:
                case PayslipComputed():
                    self._slip(record, record.fact, payload)
                case (
                    PayoutInstructed()
                    | PayoutSent()
                    | PayoutSettled()
                    | PayoutReturned()
                    | PayoutFailed()
                ):
                    self._payout(record)
                case _ if record.stream.startswith("payrun/"):
                    self._step(record)
                case _:
                    pass  # batches for the bank: they move no money by themselves
        return [self.runs, self.slips, self.payouts]

    def _facts(self) -> Iterator[tuple[Recorded, bytes]]:
        """The facts of pay with their stored payloads; one that cannot be read is a finding."""
        names, after = self._desk.store.names.stored(NAMES), 0
        while True:
            with self._desk.store._pool.connection() as connection:
                page = queries.after(connection, self._tenant, after, PAGE, names=names)
            for envelope in page:
                try:
                    record = recorded(envelope, self._desk.store.names)
                    after = max(after, record.position)
                    yield record, split(envelope).payload
                except (UnreadableFact, ValueError) as error:
                    self.runs.add(f"ledger.fact after position {after}", f"unreadable: {error}")
                    after += 1
            if len(page) < PAGE:
                return

    # Runs

    def _step(self, record: Recorded) -> None:
        run_id = record.stream.removeprefix("payrun/")
        run = self._runs.setdefault(run_id, _Run())
        place = f"ledger.fact position {record.position}"
        try:
            run.state = payrun.evolve(run.state, record.fact, record)
        except TypeError as error:
            self.runs.add(place, str(error))
            return
        match record.fact:
            case payrun.PayRunComputed():
                self.runs.counted += 1
                self._sums(place, run, record.fact)
            case payrun.PayRunApproved():
                if record.actor == run.state.computed_by:
                    self.runs.add(place, f"run {run_id} was approved by who computed it")
                self._same_digest(place, run, record.fact.digest)
            case payrun.PayRunPosted():
                self._same_digest(place, run, record.fact.digest)
                self._recompute(run)
                self._balance(place, run_id)
                self._register.post(run.state, record.position)

    def _balance(self, place: str, run_id: str) -> None:
        try:
            voucher = read_voucher(self._desk, self._tenant, run_id)
        except (Refusal, UnreadableFact, ValueError, LookupError, ArithmeticError) as error:
            self.runs.add(place, f"run {run_id} has no voucher: {error}")
            return
        if voucher.debit != voucher.credit:
            self.runs.add(place, f"the voucher of run {run_id} does not balance")

    def _same_digest(self, place: str, run: _Run, digest: str) -> None:
        if digest != run.state.digest:
            self.runs.add(place, f"the digest is not that of run {run.state.run}")

    def _sums(self, place: str, run: _Run, fact: payrun.PayRunComputed) -> None:
        said = {name: getattr(fact, name) for name in _SUMS}
        wrong = [name for name in _SUMS if said[name] != run.sums[name]]
        if wrong:
            self.runs.add(place, f"{', '.join(wrong)} of the run are not the sums of its payslips")
        if fact.payslips != len(run.payloads):
            self.runs.add(place, f"{fact.payslips} payslips, {len(run.payloads)} are there")
        if fact.digest != run.digest.hexdigest():
            self.runs.add(place, "the digest is not that of the payslips")

    # Payslips

    def _slip(self, record: Recorded, fact: PayslipComputed, payload: bytes) -> None:
        slip, place = fact.payslip, f"ledger.fact position {record.position}"
        run = self._runs.setdefault(fact.run, _Run())
        if record.stream != f"payslip/{fact.run}/{slip.contract}":
            self.slips.add(place, f"the payslip of {slip.contract} stands in {record.stream}")
        if slip.contract in run.payloads:
            self.slips.add(place, f"a second payslip of {slip.contract} in run {fact.run}")
        run.payloads[slip.contract] = record.position, hashlib.sha256(payload).hexdigest()
        run.digest.update(canonical(slip) + b"\n")
        for name in _SUMS:
            run.sums[name] += getattr(slip, name)
        if slip.net != _net(slip):
            self.slips.add(place, f"net {slip.net} is not the sum of the lines, {_net(slip)}")
        self._register.add(fact.run, Slip.of(record.position, slip))

    def _recompute(self, run: _Run) -> None:
        """Compute a posted run again and hold every payslip against its stored bytes."""
        if run.state.engine != ENGINE_VERSION:
            self.slips.notes.append(
                f"run {run.state.run} was computed by engine {run.state.engine}, this is "
                f"{ENGINE_VERSION}: not computed again"
            )
            return
        try:
            computation = self._computation(run.state)
            payees = computation.scope.payees(run.state)
        except (Refusal, UnreadableFact, ValueError, LookupError, TypeError) as error:
            self.runs.add(f"run {run.state.run}", f"it cannot be computed again: {error}")
            return
        left = dict(run.payloads)
        for payee in payees:
            found = left.pop(payee.contract.contract, None)
            self._one(run, computation, payee, found)
            self.slips.counted += 1
            self._progress("payslips", self.slips.counted, 0)
        for contract_id, (position, _) in left.items():
            self.slips.add(
                f"ledger.fact position {position}",
                f"{contract_id} had nothing to be paid in run {run.state.run}",
            )

    def _computation(self, run: PayRun) -> Computation:
        desk = replace(self._desk, register=self._register)
        books = open_books(desk, self._tenant, run.pinned)
        known, year = run.pinned, run.pay_date.year
        taxed = self._register.tax_history(self._tenant, year, known=known)
        scope = RunScope.of(books, Month.parse(run.month))
        balances = self._register.balances(self._tenant, known=known)
        return Computation(books, run, scope, defaultdict(list, taxed), balances)

    def _one(
        self,
        run: _Run,
        computation: Computation,
        payee: Payee,
        found: tuple[int, str] | None,
    ) -> None:
        contract = payee.contract.contract
        excepted = {entry["contract"] for entry in run.state.exceptions}
        place = f"ledger.fact position {found[0]}" if found else f"run {run.state.run}"
        try:
            made = computation.payslip(payee)
        except Refusal as refusal:
            if found or contract not in excepted:
                self.slips.add(place, f"the pay of {contract} cannot be computed: {refusal.en}")
            return
        except (LookupError, ValueError, TypeError, ArithmeticError) as error:
            self.slips.add(place, f"the pay of {contract} cannot be computed: {error!r}")
            return
        if found is None:
            self.slips.add(place, f"the payslip of {contract} is missing")
            return
        again = canonical(PayslipComputed(run=run.state.run, payslip=made))
        if hashlib.sha256(again).hexdigest() != found[1]:
            self.slips.add(place, f"the payslip of {contract} computed again has other bytes")

    # Payouts

    def _payout(self, record: Recorded) -> None:
        fact, payout = record.fact, record.stream.removeprefix("payout/")
        place = f"ledger.fact position {record.position}"
        attempt, status = self._instructed.get(payout, (0, "none"))
        if isinstance(fact, PayoutInstructed):
            self.payouts.counted += 1
            self._against_payslip(place, payout, fact)
            if status not in ("none", "returned", "failed") or fact.attempt != attempt + 1:
                self.payouts.add(place, f"{payout} was {status} and is instructed again")
            self._instructed[payout] = fact.attempt, "instructed"
        elif isinstance(fact, PayoutSent | PayoutSettled | PayoutReturned | PayoutFailed):
            if status not in AWAITED[type(fact)] or fact.end_to_end_id != f"{payout}.{attempt}":
                self.payouts.add(place, f"an answer to {fact.end_to_end_id}, which awaits none")
            self._instructed[payout] = attempt, ANSWERS[type(fact)]

    def _against_payslip(self, place: str, payout: str, fact: PayoutInstructed) -> None:
        slip = self._register.posted_slip(fact.run, fact.contract)
        if slip is None:
            self.payouts.add(place, f"{payout} pays a payslip that was not posted")
            return
        said = (fact.payout, fact.amount, fact.person, fact.month)
        owed = (f"{fact.run}.{fact.contract}.{fact.component}", slip.net, slip.person, slip.month)
        if said != owed or payout != fact.payout:
            self.payouts.add(place, f"{payout} is not what the payslip says: {said} for {owed}")


def _net(slip: Payslip) -> Decimal:
    return sum((line.amount for line in slip.lines if line.component != "information"), ZERO)
