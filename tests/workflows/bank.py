"""A posted run of many people made of facts alone, and a bank that answers its files."""

from __future__ import annotations

import base64
import csv
import io
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.bank_batch import ApproveBatch, Debtor, ProposeBatch
from domain.lines import Payslip
from domain.payrun import (
    PayRunApproved,
    PayRunComputed,
    PayRunPosted,
    PayRunStarted,
    PayslipComputed,
)
from domain.person import PersonRegistered
from ledger.codec import canonical
from ledger.records import NewFact
from ledger.vault import KeyVault, _key_id
from tests.workflows.company import TENANT, by
from workflows import bank_batches, bank_files, payouts
from workflows.desk import Desk

RUN = "2025-03-1"
ACCOUNT = "310066001234567"
DEBTOR = Debtor(name="星光传媒有限公司", account=ACCOUNT, bank="102290000010")
TODAY = datetime.now(UTC).date()
FINANCE, APPROVER, CLERK = by("finance.zhao"), by("approver.qian"), by("clerk.sun")


def amount_of(number: int) -> Decimal:
    """Sums that differ, most of them."""
    return Decimal(3000 + number % 9000) + Decimal(number % 100) / 100


def posted_run(desk: Desk, people: int, *, without_account: Sequence[int] = ()) -> str:
    """Persons with accounts, and a posted run that owes each of them something."""
    desk.store.open_tenant(TENANT)
    facts = _people(desk, range(1, people + 1), without_account)
    facts.append(NewFact(f"payrun/{RUN}", 1, _started(people)))
    facts += [NewFact(f"payslip/{RUN}/C{n:05}", 1, _slip(n)) for n in range(1, people + 1)]
    net = sum((amount_of(n) for n in range(1, people + 1)), Decimal(0))
    computed = PayRunComputed(
        payslips=people,
        gross=net,
        contributions=Decimal(0),
        tax=Decimal(0),
        net=net,
        digest="0" * 64,
        exceptions=(),
    )
    steps = (computed, PayRunApproved(digest="0" * 64), PayRunPosted(digest="0" * 64))
    facts += [NewFact(f"payrun/{RUN}", n, fact) for n, fact in enumerate(steps, start=2)]
    for first in range(0, len(facts), 2000):
        desk.store.append(TENANT, facts[first : first + 2000], FINANCE.act)
    return RUN


def _people(desk: Desk, numbers: range, without_account: Sequence[int]) -> list[NewFact]:
    """Registered persons. Their keys are made at once: the vault makes one at a time, durably."""
    assert isinstance(desk.vault, KeyVault)
    keys = {f"S{n:05}": AESGCM.generate_key(256) for n in numbers}
    bound = [(key, canonical([TENANT, one])) for one, key in keys.items()]
    made = zip(keys, desk.vault._master.wrap(bound), strict=True)
    wrapped = [(TENANT, one, each) for one, each in made]
    copy_in = "COPY ledger.person_key (tenant_id, person_id, wrapped_key, retention) FROM STDIN"
    with (
        desk.store._pool.connection() as connection,
        connection.cursor() as cursor,
        cursor.copy(copy_in) as copy,
    ):
        for row in wrapped:
            copy.write_row((*row, "standard"))
    facts = []
    for number, (person, key) in zip(numbers, keys.items(), strict=True):
        data = {"name": f"主播{number}", "bank_name": "工商银行 & 分行"}
        if number not in without_account:
            data["bank_account"] = account_of(number)
        sealed = _sealed(person, key, data)
        facts.append(NewFact(f"person/{person}", 1, PersonRegistered(person=person, sealed=sealed)))
    return facts


def _sealed(person: str, key: bytes, data: dict[str, str]) -> dict[str, Any]:
    nonce = os.urandom(12)
    ciphertext = AESGCM(key).encrypt(nonce, canonical(data), canonical([TENANT, person]))
    return {
        "format": 1,
        "key": _key_id(key),
        "nonce": base64.b64encode(nonce).decode(),
        "ciphertext": base64.b64encode(ciphertext).decode(),
    }


def account_of(number: int) -> str:
    return f"6222020000{number:09}"


def _started(people: int) -> PayRunStarted:
    return PayRunStarted(
        run=RUN,
        month="2025-03",
        pay_date=date(2025, 4, 10),
        pinned=0,
        engine="1",
        contracts=people,
    )


def _slip(number: int) -> PayslipComputed:
    net = amount_of(number)
    slip = Payslip(
        contract=f"C{number:05}",
        person=f"S{number:05}",
        month="2025-03",
        pay_date="2025-04-10",
        character="labour_remuneration",
        lines=(),
        gross=net,
        contributions=Decimal(0),
        tax=Decimal(0),
        net=net,
        employer_cost=net,
    )
    return PayslipComputed(run=RUN, payslip=slip)


def approved_batch(desk: Desk, **more: object) -> str:
    """Instruct the run, propose a batch of all, have somebody else approve it."""
    payouts.instruct_run(desk, TENANT, RUN, FINANCE)
    command = ProposeBatch.model_validate({"debtor": DEBTOR, **more})
    batch = bank_batches.propose(desk, TENANT, RUN, command, FINANCE).state
    bank_batches.approve(desk, TENANT, batch.batch, ApproveBatch(digest=batch.digest), APPROVER)
    return batch.batch


def sent_batch(desk: Desk, form: str = "csv") -> bytes:
    """The file of a batch that was approved, written and sent."""
    batch = approved_batch(desk)
    made = bank_files.write_file(desk, TENANT, batch, form, None, FINANCE)  # type: ignore[arg-type]
    bank_batches.send(desk, TENANT, batch, FINANCE)
    return made.data


Booked = tuple[str, str, str, str]
"""A line as a test writes it: reference, signed amount, end-to-end id, reason code."""


def paid(file: bytes) -> list[Booked]:
    """What a bank books that pays every row of a 代发 file."""
    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig")))
    return [(f"B{row['序号']}", "-" + row["金额"], row["客户流水号"], "") for row in rows]


def statement_csv(lines: Iterable[Booked], *, day: date = TODAY) -> bytes:
    """A CSV statement under the usual headings."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["银行流水号", "交易日期", "借方发生额", "贷方发生额", "客户流水号",
                     "对方账号", "对方户名", "退汇原因"])  # fmt: skip
    for ref, amount, end_to_end, code in lines:
        debit, credit = (amount[1:], "") if amount.startswith("-") else ("", amount)
        writer.writerow([ref, day.isoformat(), debit, credit, end_to_end, "", "", code])
    return text.getvalue().encode()


def camt(lines: Iterable[Booked], *, day: date = TODAY, opening: str = "100000000.00") -> bytes:
    """A camt.053.001.08 statement whose balances add up."""
    booked = list(lines)
    closing = Decimal(opening) + sum((Decimal(line[1]) for line in booked), Decimal(0))
    entries = "".join(_entry(line, day) for line in booked)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2025-04-11T08:00:00Z</CreDtTm></GrpHdr>"
        f"<Stmt><Id>ST1</Id><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id></Acct>"
        f"{_balance('OPBD', opening, day)}{_balance('CLBD', str(closing), day)}{entries}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(code: str, amount: str, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(line: Booked, day: date) -> str:
    ref, amount, end_to_end, code = line
    sign = "DBIT" if amount.startswith("-") else "CRDT"
    back = f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>" if code else ""
    return (
        f'<Ntry><Amt Ccy="CNY">{amount.lstrip("-")}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<AcctSvcrRef>{escape(ref)}</AcctSvcrRef><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{escape(end_to_end) or 'NOTPROVIDED'}</EndToEndId>"
        f"</Refs>{back}</TxDtls></NtryDtls></Ntry>"
    )
