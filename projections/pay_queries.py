"""Queries of the pay register: runs, registers, payslips, and what earlier pay says to later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from domain.lines import Line, PaidMonth, Payslip
from domain.money import ZERO
from domain.refusals import NotFound
from projections.model import Pool
from projections.paging import Page, after, limited, page

_LAST = 2**63 - 1
_RUN: LiteralString = """
    SELECT run_id, version, status, month, pay_date, pinned, engine, contracts, payslips, gross,
        contributions, tax, net, digest, exceptions, computed_by, approved_by, started_at,
        started_position, posted_position
    FROM projections.pay_run WHERE tenant_id = %(tenant)s"""
_RUNS = (
    _RUN
    + """
        AND (%(month)s::text IS NULL OR month = %(month)s)
        AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(position)s::bigint IS NULL OR started_position < %(position)s)
    ORDER BY started_position DESC LIMIT %(limit)s"""
)
_SLIP_COLUMNS: LiteralString = """
    SELECT s.run_id, s.contract_id, s.person_id, s.month, s.pay_date, s.character, s.gross,
        s.contributions, s.tax, s.net, s.employer_cost, s.carried_out, s.owed_out,
        s.draw_balance, s.taxed, s.lineage, s.position, s.version
    FROM projections.payslip AS s"""
_REGISTER = (
    _SLIP_COLUMNS
    + """
    WHERE s.tenant_id = %(tenant)s AND s.run_id = %(run)s
        AND (%(contract)s::text IS NULL OR s.contract_id > %(contract)s)
    ORDER BY s.contract_id LIMIT %(limit)s"""
)
_OF_CONTRACT = (
    _SLIP_COLUMNS
    + """
    WHERE s.tenant_id = %(tenant)s AND s.contract_id = %(contract)s
        AND (%(position)s::bigint IS NULL OR s.position < %(position)s)
    ORDER BY s.position DESC LIMIT %(limit)s"""
)
_POSTED: LiteralString = """
    JOIN projections.pay_run AS r ON r.tenant_id = s.tenant_id AND r.run_id = s.run_id
    WHERE s.tenant_id = %(tenant)s AND r.posted_position <= %(known)s"""
_LINES: LiteralString = """
    SELECT contract_id, code, component, clause, period, base, rate, unrounded, amount, zh, en,
        lineage
    FROM projections.payslip_line
    WHERE tenant_id = %(tenant)s AND run_id = %(run)s
        AND (%(contracts)s::text[] IS NULL OR contract_id = ANY(%(contracts)s))
    ORDER BY contract_id, line"""
_POSTED_LINES = (
    """
    SELECT l.contract_id, l.code, l.component, l.clause, l.period, l.base, l.rate, l.unrounded,
        l.amount, l.zh, l.en, l.lineage
    FROM projections.payslip AS s
    JOIN projections.payslip_line AS l ON l.tenant_id = s.tenant_id AND l.run_id = s.run_id
        AND l.contract_id = s.contract_id"""
    + _POSTED
    + """ AND s.contract_id = ANY(%(contracts)s)
    ORDER BY s.contract_id, r.posted_position, l.line"""
)
_POSTED_RUNS: LiteralString = """
    SELECT run_id, month, pinned, pay_date, posted_position FROM projections.pay_run
    WHERE tenant_id = %(tenant)s AND posted_position <= %(known)s ORDER BY posted_position"""
_OF_CONTRACTS: LiteralString = (
    " AND (%(contracts)s::text[] IS NULL OR s.contract_id = ANY(%(contracts)s))"
)
_PAID_MONTHS = (
    "SELECT s.contract_id, s.month FROM projections.payslip AS s"
    + _POSTED
    + " AND NOT s.lineage ? 'supplement'"
    + _OF_CONTRACTS
)
_PAID_ONE_OFFS = (
    """
    SELECT DISTINCT l.lineage ->> 'one_off'
    FROM projections.payslip AS s
    JOIN projections.payslip_line AS l ON l.tenant_id = s.tenant_id AND l.run_id = s.run_id
        AND l.contract_id = s.contract_id"""
    + _POSTED
    + " AND l.component = 'one_off'"
)
_TAX_HISTORY = (
    "SELECT s.person_id, s.taxed FROM projections.payslip AS s"
    + _POSTED
    + """ AND s.taxed IS NOT NULL
        AND s.pay_date >= %(first)s AND s.pay_date < %(end)s
        AND (%(persons)s::text[] IS NULL OR s.person_id = ANY(%(persons)s))
    ORDER BY s.person_id, s.pay_date, s.position"""
)
_BALANCES = (
    """
    SELECT DISTINCT ON (s.contract_id) s.contract_id, s.carried_out, s.owed_out, s.draw_balance
    FROM projections.payslip AS s"""
    + _POSTED
    + _OF_CONTRACTS
    + " ORDER BY s.contract_id, s.month DESC, r.posted_position DESC"
)


class RunRow(msgspec.Struct, frozen=True):
    """A pay run as the list of runs shows it."""

    run_id: str
    version: int
    status: str
    month: str
    pay_date: date
    pinned: int
    engine: str
    contracts: int
    payslips: int
    gross: Decimal
    contributions: Decimal
    tax: Decimal
    net: Decimal
    digest: str
    exceptions: Any
    computed_by: str
    approved_by: str
    started_at: datetime
    started_position: int
    posted_position: int | None


class PayslipRow(msgspec.Struct, frozen=True):
    """The sums of a payslip, without its lines."""

    run_id: str
    contract_id: str
    person_id: str
    month: str
    pay_date: date
    character: str
    gross: Decimal
    contributions: Decimal
    tax: Decimal
    net: Decimal
    employer_cost: Decimal
    carried_out: Decimal
    owed_out: Decimal
    draw_balance: Decimal
    taxed: Any
    lineage: Any
    position: int
    version: int


class PostedRun(msgspec.Struct, frozen=True):
    """A posted run: its month, where it was pinned, when it is paid, and where it was posted."""

    run: str
    month: str
    pinned: int
    pay_date: date
    posted: int


class Balances(msgspec.Struct, frozen=True):
    """What a contract's last posted payslip hands on to the next one."""

    carried_out: Decimal = ZERO
    owed_out: Decimal = ZERO
    draw_balance: Decimal = ZERO


class PayRegister:
    """Reads the pay register. `known` is a position; None is everything applied so far."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # Lists and single payslips

    def runs(
        self,
        tenant: str,
        *,
        month: str | None = None,
        status: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[RunRow]:
        """Pay runs, the latest first."""
        (position,) = after(cursor, int) or (None,)
        size = limited(limit)
        asked = {"month": month, "status": status, "position": position, "limit": size + 1}
        rows = [RunRow(*row) for row in self._rows(_RUNS, tenant, **asked)]
        return page(rows, size, lambda row: row.started_position)

    def run(self, tenant: str, run: str) -> RunRow:
        """One run. Raises NotFound."""
        rows = self._rows(_RUN + " AND run_id = %(run)s", tenant, run=run)
        if not rows:
            raise NotFound(
                f"没有薪资批次 {run}", f"There is no pay run {run}", do="List the runs.", run=run
            )
        return RunRow(*rows[0])

    def register(
        self, tenant: str, run: str, *, cursor: str | None = None, limit: int = 500
    ) -> Page[PayslipRow]:
        """The payslips of a run, by contract."""
        (contract,) = after(cursor, str) or (None,)
        size = limited(limit)
        asked = {"run": run, "contract": contract, "limit": size + 1}
        rows = [PayslipRow(*row) for row in self._rows(_REGISTER, tenant, **asked)]
        return page(rows, size, lambda row: row.contract_id)

    def payslips_of(
        self, tenant: str, contract: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[PayslipRow]:
        """The payslips of a contract, the latest first, those of rejected runs included."""
        (position,) = after(cursor, int) or (None,)
        size = limited(limit)
        asked = {"contract": contract, "position": position, "limit": size + 1}
        rows = [PayslipRow(*row) for row in self._rows(_OF_CONTRACT, tenant, **asked)]
        return page(rows, size, lambda row: row.position)

    def lines(
        self, tenant: str, run: str, contracts: Sequence[str] | None = None
    ) -> dict[str, list[Line]]:
        """The lines of a run by contract (of some contracts, or of all)."""
        asked = None if contracts is None else list(contracts)
        found: dict[str, list[Line]] = {}
        for row in self._rows(_LINES, tenant, run=run, contracts=asked):
            found.setdefault(row[0], []).append(_line(row[1:]))
        return found

    def payslip(self, tenant: str, run: str, contract: str) -> Payslip | None:
        """The whole payslip of a contract in a run, or None."""
        query = _SLIP_COLUMNS + (
            " WHERE s.tenant_id = %(tenant)s AND s.run_id = %(run)s"
            " AND s.contract_id = %(contract)s"
        )
        rows = self._rows(query, tenant, run=run, contract=contract)
        if not rows:
            return None
        return _payslip(PayslipRow(*rows[0]), self.lines(tenant, run, [contract]).get(contract, []))

    # What earlier pay says to later pay

    def posted_runs(self, tenant: str, *, known: int | None = None) -> list[PostedRun]:
        """Posted runs in the order they were posted."""
        return [PostedRun(*row) for row in self._rows(_POSTED_RUNS, tenant, known=known)]

    def posted_lines(
        self, tenant: str, contracts: Iterable[str], *, known: int | None = None
    ) -> dict[str, dict[str, list[Line]]]:
        """All posted lines of contracts: contract → earning period → lines as posted."""
        found: dict[str, dict[str, list[Line]]] = {}
        for row in self._rows(_POSTED_LINES, tenant, contracts=list(contracts), known=known):
            line = _line(row[1:])
            found.setdefault(row[0], {}).setdefault(line.period, []).append(line)
        return found

    def paid_months(
        self, tenant: str, *, contracts: Iterable[str] | None = None, known: int | None = None
    ) -> dict[str, set[str]]:
        """Contract → months whose earnings a posted payslip paid (or would have, had it any); of
        some contracts, or of all."""
        asked = None if contracts is None else list(contracts)
        found: dict[str, set[str]] = {}
        for contract, month in self._rows(_PAID_MONTHS, tenant, contracts=asked, known=known):
            found.setdefault(contract, set()).add(month)
        return found

    def paid_one_offs(self, tenant: str, *, known: int | None = None) -> set[str]:
        """Ids of the one-off payments that stand on a posted payslip."""
        return {row[0] for row in self._rows(_PAID_ONE_OFFS, tenant, known=known)}

    def tax_history(
        self,
        tenant: str,
        year: int,
        *,
        persons: Iterable[str] | None = None,
        known: int | None = None,
    ) -> dict[str, list[PaidMonth]]:
        """What posted payslips paid in a calendar year were for tax: person → in order paid."""
        asked = None if persons is None else list(persons)
        days = {"first": date(year, 1, 1), "end": date(year + 1, 1, 1)}
        found: dict[str, list[PaidMonth]] = {}
        rows = self._rows(_TAX_HISTORY, tenant, persons=asked, known=known, **days)
        for person, taxed in rows:
            found.setdefault(person, []).append(msgspec.convert(taxed, PaidMonth))
        return found

    def balances(
        self, tenant: str, *, contracts: Iterable[str] | None = None, known: int | None = None
    ) -> dict[str, Balances]:
        """What each contract's last posted payslip hands on; of some contracts, or of all."""
        asked = None if contracts is None else list(contracts)
        found = self._rows(_BALANCES, tenant, contracts=asked, known=known)
        return {row[0]: Balances(*row[1:]) for row in found}

    def _rows(self, query: LiteralString, tenant: str, **asked: Any) -> list[tuple[Any, ...]]:
        if asked.get("known", 0) is None:
            asked["known"] = _LAST
        with self._pool.connection() as connection:
            return connection.execute(query, {"tenant": tenant, **asked}, binary=True).fetchall()


def _line(row: Sequence[Any]) -> Line:
    return Line(**dict(zip(Line.__struct_fields__, row, strict=True)))


def _payslip(row: PayslipRow, lines: list[Line]) -> Payslip:
    same = set(Payslip.__struct_fields__) & set(PayslipRow.__struct_fields__)
    values = {field: getattr(row, field) for field in same - {"pay_date", "taxed"}}
    return Payslip(
        contract=row.contract_id,
        person=row.person_id,
        pay_date=row.pay_date.isoformat(),
        taxed=None if row.taxed is None else msgspec.convert(row.taxed, PaidMonth),
        lines=tuple(lines),
        **values,
    )
