"""A hand of a pay run: `python -m workflows.pay_hand`, started by `workflows/pay_hands.py` alone."""

from __future__ import annotations

import os
import sys
import traceback
from typing import IO, NoReturn

import msgspec

from domain.refusals import WrongState
from ledger.figures import FigureStore
from ledger.store import FactStore, Pool, open_pool
from projections.pay_register import PayRegister
from projections.runner import Runner
from workflows.desk import Desk
from workflows.pay_books import shared_books
from workflows.pay_chunks import Payer
from workflows.pay_hands import Answer, Setup, read, write


class NoVault:
    """Pay needs nobody's name: nothing is sealed or opened here."""

    def _no(self, *_: object) -> NoReturn:
        raise WrongState("此进程不读个人资料", "This process reads no personal data", do="–")

    seal = open = open_many = destroy = destroyed = _no


def main() -> None:
    """Answer chunks until there are no more."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed goes where errors go, not between the answers
    told = read(asked)
    if told is not None:
        setup = msgspec.msgpack.decode(told, type=Setup)
        with open_pool(setup.conninfo, max_size=2) as pool:
            with pool.connection() as connection:
                connection.execute("SET jit = off")
                connection.execute("SET work_mem = '64MB'")
            _answer(_payer(pool, setup), asked, answers)


def _payer(pool: Pool, setup: Setup) -> Payer:
    store = FactStore(pool)
    desk = Desk(
        store, FigureStore(pool, store), NoVault(), Runner(pool, store, []), PayRegister(pool)
    )
    shared = shared_books(desk, setup.tenant, setup.run.pinned, setup.roll)
    return Payer(shared, setup.run)


def _answer(payer: Payer, asked: IO[bytes], answers: IO[bytes]) -> None:
    while (data := read(asked)) is not None:
        try:
            answer = Answer(payer.chunk(msgspec.msgpack.decode(data, type=list[str])))
        except Exception:  # noqa: BLE001 - told to who asked, which raises it
            answer = Answer([], traceback.format_exc())
        try:
            write(answers, msgspec.msgpack.encode(answer))
        except BrokenPipeError:
            return  # who asked is gone


if __name__ == "__main__":
    main()
