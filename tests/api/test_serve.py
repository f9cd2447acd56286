"""Serving in a process of its own: started, stopped, killed; the data stays, no process does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_postgres_server import processes_of, wait_until_none_is_left
from tests.conftest import ROOT, short_folder

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """`tallystick …` in a home of its own, on a free port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.running: list[subprocess.Popen[str]] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TALLYSTICK_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "TALLYSTICK_HOME": str(home),
            "TALLYSTICK_PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command that stays."""
        log = (self.home / "out").open("a")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "api", *words],
            env=self.environment, cwd=self.home, stdout=log, stderr=log, text=True,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        self.running.append(process)
        return process

    def call(self, *words: str, code: int = 0) -> str:
        """Run a command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "api", *words],
            env=self.environment, cwd=self.home, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def get(self, path: str, key: str = "", timeout: float = PATIENCE) -> Any:
        """The JSON at a path; asks again until the service answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        deadline = time.monotonic() + timeout
        while True:
            try:
                with urllib.request.urlopen(request, timeout=timeout) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError:
                raise
            except OSError:
                died = [one.returncode for one in self.running if one.poll() not in (None, 0)]
                assert time.monotonic() < deadline, (died, (self.home / "out").read_text())
                time.sleep(0.1)


@pytest.fixture
def service() -> Iterator[Service]:
    with short_folder() as home:
        made = Service(home)
        try:
            yield made
        finally:
            for process in made.running:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                process.wait()
            wait_until_none_is_left(home)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_that_is_told_to_stop_leaves_nothing(
    service: Service, number: signal.Signals
) -> None:
    process = service.start("serve")
    assert service.get("/health")["status"] == "ready"
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 10
    assert processes_of(service.home) == []


def test_a_service_that_is_killed_leaves_nothing_and_the_next_has_the_data(
    service: Service,
) -> None:
    process = service.start("serve")
    service.get("/health")
    # The command line joins the running service's database.
    service.call("tenant", "open", "acme", "--name", "ACME")
    assert "acme" in service.call("tenant", "list")
    process.kill()
    process.wait()
    wait_until_none_is_left(service.home)
    again = service.start("serve")
    service.get("/health")
    assert "acme" in service.call("tenant", "list")
    key = json.loads(service.call("key", "create", "ann", "--role", "admin", "--json"))["secret"]
    assert service.get("/v1/status", key)["tenant"] == "acme"
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=10) == 0


def test_a_command_that_started_the_database_may_end_before_the_service(service: Service) -> None:
    """The service joins the server of a command that ends while the service goes on."""
    script = (
        "import sys\nfrom api.settings import Settings\nfrom api.compose import opened\n"
        "with opened(Settings.from_env()) as desk:\n"
        "    print('open', flush=True)\n    sys.stdin.readline()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", script],
        env=service.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert first.stdout is not None
    assert first.stdout.readline() == "open\n"
    process = service.start("serve")
    service.get("/health")
    first.communicate("\n", timeout=20)
    time.sleep(0.5)
    assert service.get("/health")["status"] == "ready"
    process.kill()
    process.wait()
    wait_until_none_is_left(service.home)


def test_a_port_in_use_names_the_setting(service: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", service.port))
        taken.listen()
        said = service.call("serve", code=1)
    assert "TALLYSTICK_PORT" in said
    assert "Traceback" not in said
    assert processes_of(service.home) == []


def test_a_host_that_is_not_ours_names_the_setting(service: Service) -> None:
    service.environment["TALLYSTICK_HOST"] = "192.0.2.1"
    assert "TALLYSTICK_HOST" in service.call("serve", code=1)


def test_the_demo_is_filled_once_and_survives_a_kill(service: Service) -> None:
    data = str(ROOT / "demo_data" / "sample")
    cut_off = service.start("demo", "--data", data)
    deadline = time.monotonic() + PATIENCE
    while not (service.home / "postgres" / "server.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(2)
    cut_off.kill()
    cut_off.wait()
    first = service.start("demo", "--data", data)
    service.get("/health", timeout=180)
    keys = json.loads((service.home / "demo-keys.json").read_text())
    assert (service.home / "demo-keys.json").stat().st_mode & 0o777 == 0o600
    assert {key["role"] for key in keys} >= {"hr", "finance", "approver", "auditor", "admin"}
    secret = next(key["secret"] for key in keys if key["role"] == "hr")
    stands = service.get("/v1/status", secret)
    assert stands["pay_runs"] == {"closed": 12}
    assert stands["rows_in"] == stands["rows_recorded"] + stands["rows_rejected"]
    first.kill()
    first.wait()
    began = time.monotonic()
    again = service.start("demo")
    assert service.get("/v1/status", secret)["position"] == stands["position"]
    assert time.monotonic() - began < 15
    assert secret in (service.home / "out").read_text()
    again.send_signal(signal.SIGINT)
    assert again.wait(timeout=10) == 0
