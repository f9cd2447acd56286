"""Two runs compared: by contract, and within it line by line. A run that was rejected and computed
again keeps its payslips, so that what the second one changed can be seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from domain.lines import Payslip
from domain.money import ZERO


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of one code, clause and month came to in each run, in yuan."""

    code: str
    clause: str | None
    period: str
    before: Decimal
    after: Decimal


class SlipChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changed on the payslip of a contract; None where a run has none."""

    contract: str
    person: str
    net_before: Decimal | None
    net_after: Decimal | None
    lines: tuple[LineChange, ...]


def compare(before: Iterable[Payslip], after: Iterable[Payslip]) -> list[SlipChange]:
    """The contracts whose payslips differ in any amount, by contract."""
    old = {slip.contract: slip for slip in before}
    new = {slip.contract: slip for slip in after}
    changes = (_compared(old.get(contract), new.get(contract)) for contract in sorted({*old, *new}))
    return [change for change in changes if change is not None]


def _compared(old: Payslip | None, new: Payslip | None) -> SlipChange | None:
    known = new or old
    assert known is not None
    then, now = _sums(old), _sums(new)
    lines = tuple(
        LineChange(
            code=key[0],
            clause=key[1] or None,
            period=key[2],
            before=then.get(key, ZERO),
            after=now.get(key, ZERO),
        )
        for key in sorted({*then, *now})
        if then.get(key, ZERO) != now.get(key, ZERO)
    )
    if not lines and old is not None and new is not None:
        return None
    return SlipChange(
        contract=known.contract,
        person=known.person,
        net_before=old.net if old else None,
        net_after=new.net if new else None,
        lines=lines,
    )


def _sums(slip: Payslip | None) -> dict[tuple[str, str, str], Decimal]:
    found: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in slip.lines if slip else ():
        found[line.code, line.clause or "", line.period] += line.amount
    return dict(found)
