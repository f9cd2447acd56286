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


def interpreters() -> Iterator[tuple[str, str]]:
    """Other Pythons of this machine that the program runs on: version and path, newest first."""
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = [shutil.which(name) for name in PYTHONS]
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found: dict[str, str] = {}
    for path in (*filter(None, named), *map(str, managed.glob("3.*/bin/python"))):
        asked = subprocess.run(
            [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and f"python{version}" in PYTHONS and version != here:
            found.setdefault(version, path)
    yield from sorted(found.items(), key=lambda one: int(one[0].partition(".")[2]), reverse=True)


def environment_of(version: str, python: str) -> str:
    """The interpreter of an environment of `requirements.lock` for another Python.

    It is made once, as `make env` makes `.venv`, and stands beside it.
    """
    folder = f".venv-{version}"
    made = subprocess.run(
        ["sh", "scripts/make_env.sh"],
        cwd=ROOT,
        env={**os.environ, "VENV": folder, "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"no environment for Python {version}: {made.stderr.strip()[-300:]}")
    return str(ROOT / folder / "bin" / "python")


def test_another_python_changes_nothing(filled: str) -> None:
    found = next(interpreters(), None)
    if found is None:
        pytest.skip("this machine has one Python of 3.11 to 3.14 alone")
    there = replayed(environment_of(*found), filled, PLACES[1])
    here = replayed(sys.executable, filled, PLACES[0])
    assert (there["places"], there["digest"]) == ([], here["digest"]), found
    assert there["counted"] == here["counted"]
    assert there["python"] != here["python"]
