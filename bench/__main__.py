"""All benchmarks, each beside its reference measured in the same run.

    make bench
    .venv/bin/python -m bench [--rounds 5] [--only append]

The figures go to bench/results/<commit>.json, with the machine they were measured on: compare
ratios, not rates, between machines.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent


def run(name: str, rounds: int) -> list[dict[str, Any]]:
    """The figures of one benchmark; one that only prints is run by itself and quoted."""
    module = importlib.import_module(f"bench.{name}")
    if "rounds" in inspect.signature(module.main).parameters:
        return list(module.main(rounds))
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py", "--rounds", str(rounds)],
        cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [{"name": name, "printed": done.stdout}]


def commit() -> str:
    """The short name of the commit that is measured."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(asked, cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def show(results: list[dict[str, Any]]) -> None:
    """A table of what was measured, and what was printed."""
    console = Console(markup=False, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for column in ("benchmark", "unit", "reference"):
        table.add_column(column)
    for column in ("ours", "its rate", "ratio"):
        table.add_column(column, justify="right")
    for one in results:
        if "ours" in one:
            rates = (f"{one['ours']:,.0f}", f"{one['reference']:,.0f}", f"{one['ratio']:.3f}")
            table.add_row(one["name"], one["unit"], one["reference_name"], *rates)
    console.print(table)
    for one in results:
        if "printed" in one:
            console.print(f"\n{one['name']}\n{one['printed']}")


def write(results: list[dict[str, Any]], rounds: int) -> Path:
    """Keep the figures under the commit they belong to."""
    path = HERE / "results" / f"{commit()}.json"
    path.parent.mkdir(exist_ok=True)
    said = {
        "commit": commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": rounds,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "results": results,
    }
    path.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return path


def main() -> None:
    """Run what was asked for, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="a part of the name: append, catchup, payrun, …")
    asked = parser.parse_args()
    names = sorted(path.stem for path in HERE.glob("bench_*.py"))
    results: list[dict[str, Any]] = []
    for name in names:
        if asked.only is None or asked.only in name:
            print(f"{name} …", file=sys.stderr, flush=True)
            results += run(name, asked.rounds)
    show(results)
    if asked.only is None:
        print(f"Written to {write(results, asked.rounds).relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
