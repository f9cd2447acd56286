"""The same history gives the same bytes, wherever and by whatever it is computed again.

In each environment a new process folds every read model anew and computes every posted payslip
again; both are held against what this process wrote, byte for byte.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.filled import fill, whole_desk

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PLACES = [
    {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
    {"TZ": "Asia/Shanghai", "LC_ALL": "zh_CN.UTF-8", "PYTHONHASHSEED": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONHASHSEED": "4294967295", "PYTHONUTF8": "1"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "random"},
]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
NEEDED = "import click, cryptography, eventsourcing, msgspec, orjson, psycopg_pool, pydantic"


@pytest.fixture(scope="module")
def filled(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with whole_desk(shared_database) as desk:
        fill(desk, tmp_path_factory.mktemp("keys") / "log-keys")
    yield shared_database


def replayed(python: str, conninfo: str, place: dict[str, str]) -> dict[str, Any]:
    environment = {**os.environ, **place, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, "-m", "tests.acceptance.replay", conninfo],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_time_zone_locale_and_hash_seed_change_nothing(filled: str) -> None:
    found = [replayed(sys.executable, filled, place) for place in PLACES]
    assert [one["places"] for one in found] == [[]] * len(PLACES)
    assert len({one["digest"] for one in found}) == 1
    assert found[0]["counted"]["payslips"] >= 20
    assert found[0]["counted"]["read models"] >= 6


def others() -> Iterator[str]:
    """Other Pythons here that have what the program needs; `.venv-*` beside `.venv` among them."""
    beside = [str(path) for path in ROOT.glob(".venv-*/bin/python")]
    for name in (*PYTHONS, *beside):
        path = shutil.which(name)
        if path is None:
            continue
        asked = subprocess.run(
            [path, "-c", f"{NEEDED}, sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0 and asked.stdout.strip() != str(tuple(sys.version_info[:2])):
            yield path


def test_another_python_changes_nothing(filled: str) -> None:
    pythons = list(others())
    if not pythons:
        pytest.skip("no other Python with the dependencies is here")
    here = replayed(sys.executable, filled, PLACES[0])
    for python in pythons:
        there = replayed(python, filled, PLACES[1])
        assert (there["places"], there["digest"]) == ([], here["digest"]), python
