"""Hands: processes that compute chunks of a pay run side by side.

Each has a connection of its own and is told the run once; then it is asked for chunks over its
standard input and answers over its standard output. The asking process alone records, in order, so
that the bytes and positions are those of a run that one process computed. A hand whose asker is
gone, however that ended, ends with it: its input is over.
"""

from __future__ import annotations

import os
import queue
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from domain.payrun import PayRun
from ledger.failures import Unavailable
from workflows.crew import Crew
from workflows.pay_chunks import Payer, Result
from workflows.pay_roll import Entry

ROOT = Path(__file__).resolve().parent.parent
_LENGTH = struct.Struct(">Q")
_END_SECONDS = 5.0


class Setup(msgspec.Struct):
    """What a hand is told once."""

    conninfo: str
    tenant: str
    run: PayRun
    roll: list[Entry]


class Answer(msgspec.Struct):
    """What a hand answers to a chunk: its results, or what went wrong."""

    results: list[Result]
    error: str = ""


Each = Callable[[Iterable[Sequence[str]]], Iterator[list[Result]]]
"""Chunks of contracts in, their results out, in the same order."""


@contextmanager
def hands(crew: Crew | None, payer: Payer, contracts: int) -> Iterator[Each]:
    """Who computes the chunks of a run: this process, or for a large run the crew's."""
    if crew is None or crew.processes < 2 or contracts < crew.least:
        yield lambda chunks: map(payer.chunk, chunks)
        return
    setup = Setup(
        crew.conninfo,
        payer.shared.tenant,
        payer.run,
        list(payer.shared.roll or ()),
    )
    told = msgspec.msgpack.encode(setup)
    free: queue.SimpleQueue[Hand] = queue.SimpleQueue()
    started: list[Hand] = []
    try:
        for _ in range(crew.processes):
            started.append(Hand())
            free.put(started[-1])
        for hand in started:
            hand.send(told)
        with ThreadPoolExecutor(crew.processes) as asking:
            yield lambda chunks: _in_order(asking, free, chunks)
    finally:
        for hand in started:
            hand.end()


def _in_order(
    asking: ThreadPoolExecutor, free: queue.SimpleQueue[Hand], chunks: Iterable[Sequence[str]]
) -> Iterator[list[Result]]:
    """Results in the order of their chunks; a few chunks ahead of what is taken, never all."""

    def ask(chunk: Sequence[str]) -> list[Result]:
        if not chunk:
            return []
        hand = free.get()
        try:
            return hand.ask(chunk)
        finally:
            free.put(hand)

    ahead: deque[Future[list[Result]]] = deque()
    try:
        for chunk in chunks:
            ahead.append(asking.submit(ask, chunk))
            if len(ahead) > 2 * asking._max_workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for future in ahead:
            future.cancel()


class Hand:
    """A process of the crew, seen from the one that asks."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workflows.pay_hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Send a message. Raises Unavailable where the process is gone."""
        assert self._process.stdin is not None
        try:
            write(self._process.stdin, data)
        except OSError as error:
            raise _gone() from error

    def ask(self, chunk: Sequence[str]) -> list[Result]:
        """The results of a chunk. Raises Unavailable where the process is gone."""
        assert self._process.stdout is not None
        self.send(msgspec.msgpack.encode(list(chunk)))
        data = read(self._process.stdout)
        if data is None:
            raise _gone()
        answer = msgspec.msgpack.decode(data, type=Answer)
        if answer.error:
            raise RuntimeError(f"a process of the pay run failed:\n{answer.error}")
        return answer.results

    def end(self) -> None:
        """Let the process end; one that does not is killed."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # it is gone already
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def write(stream: IO[bytes], data: bytes) -> None:
    """Write one message: its length and its bytes."""
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read(stream: IO[bytes]) -> bytes | None:
    """Read one message; None where there is none any more."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def _gone() -> Unavailable:
    return Unavailable(
        "计算进程已终止, 批次停在已记录处",
        "A process of the computation ended; what is recorded stands",
        do="Compute the month again: it goes on where it stopped.",
    )
