"""Serving: the app under uvicorn in this process, ended gracefully by Ctrl-C or `kill`."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from api import logs
from api.compose import CannotStart, opened
from api.settings import Settings
from workflows.desk import Desk

BACKLOG = 2048
GRACE_SECONDS = 5
"""How long requests under way may go on after the order to stop."""
LAST_SECONDS = 9.5
"""After so long the process ends whatever still runs; the database recovers by itself."""
Prepared = Callable[[Desk], None]


def serve(settings: Settings, prepared: Prepared = lambda desk: None) -> None:
    """Serve until told to stop. `prepared` is called with the open desk before the first request.

    Raises CannotStart where the port is taken or the database cannot be used.
    """
    logs.configure(settings.log_level)
    with stopping_on_signals():
        try:
            with listening(settings.host, settings.port) as listener:
                _run(settings, listener, prepared)
        except KeyboardInterrupt:
            _say("Stopped.")


def _run(settings: Settings, listener: socket.socket, prepared: Prepared) -> None:
    from api.app import create_app

    with opened(settings, follow=True) as desk:
        prepared(desk)
        config = uvicorn.Config(
            create_app(desk, settings),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
            lifespan="on",
        )
        _say(f"Tallystick is at {address(settings)}  (Ctrl-C ends it)")
        uvicorn.Server(config).run(sockets=[listener])


def address(settings: Settings) -> str:
    """Where the service is, as a browser takes it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens already: whoever connects now is answered when the app is ready.

    Raises CannotStart that names the setting to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sets TCP_NODELAY; without it every answer waits 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            raise _cannot_listen(host, port, error) from error
        yield listener


def _cannot_listen(host: str, port: int, error: Exception) -> CannotStart:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return CannotStart(
            f"端口 {port} 已被占用",
            f"Port {port} of {host} is in use by another program",
            do=f"Stop that program, or choose another port: TALLYSTICK_PORT={port % 65535 + 1}.",
            setting="TALLYSTICK_PORT",
        )
    if number == errno.EACCES:
        return CannotStart(
            f"无权使用端口 {port}",
            f"You may not listen on port {port}",
            do="Choose a port above 1023: TALLYSTICK_PORT=8400.",
            setting="TALLYSTICK_PORT",
        )
    return CannotStart(
        f"无法监听 {host}",
        f"{host} is no address of this machine to listen on ({error})",
        do="Set TALLYSTICK_HOST to 127.0.0.1, or to 0.0.0.0 for all addresses.",
        setting="TALLYSTICK_HOST",
    )


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal stop the program as Ctrl-C does, with everything closed in
    order; what takes too long is cut off."""
    before = {
        number: signal.signal(number, _interrupt)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    last = threading.Timer(LAST_SECONDS, os._exit, [1])
    last.daemon = True
    last.start()
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
