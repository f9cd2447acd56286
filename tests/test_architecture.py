"""The shape of the code: rooms, sizes, and what may not stand where."""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("domain", "ledger", "projections", "workflows", "api")
RATCHET = Path(__file__).with_name("size_ratchet.json")
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_MODULE = 400
DOMAIN_MAY_IMPORT = {"domain", "pydantic", "msgspec", "__future__"} | set(sys.stdlib_module_names)
DOMAIN_MAY_NOT_IMPORT = {"random", "secrets", "socket", "subprocess", "time", "urllib", "uuid"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), name_of(path))


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines(node: Function) -> int:
    """Lines of a function from its first decorator to its end, the docstring not counted."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    size = (node.end_lineno or first) - first + 1
    head = node.body[0]
    if ast.get_docstring(node) is not None:
        size -= (head.end_lineno or head.lineno) - head.lineno + 1
    return size


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def calls(tree: ast.Module) -> Iterator[tuple[int, ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, node, ast.unparse(node.func)


def test_every_room_has_code() -> None:
    for room in ROOMS:
        assert modules(room), f"{room}/ is empty: the checks below would check nothing"


def test_imports_point_right_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_domain_imports_nothing_but_what_is_pure() -> None:
    wrong = [
        f"{name_of(path)}:{line} imports {module}"
        for path in modules("domain")
        for line, module in imported(tree_of(path))
        if module.split(".")[0] not in DOMAIN_MAY_IMPORT - DOMAIN_MAY_NOT_IMPORT
    ]
    assert wrong == []


def test_no_float_and_no_second_rounding_near_money() -> None:
    wrong = [
        f"{name_of(path)}:{line} calls {called}"
        for path in modules("domain", "workflows")
        for line, _, called in calls(tree_of(path))
        if called in {"float", "round"}
    ]
    assert wrong == [], "money is Decimal and is rounded by domain.money.fen alone"


def test_no_naive_clock_outside_the_api() -> None:
    naive = {"datetime.now", "datetime.datetime.now"}
    never = {"datetime.utcnow", "datetime.datetime.utcnow", "date.today", "datetime.date.today"}
    wrong = [
        f"{name_of(path)}:{line} calls {called}"
        for path in modules("domain", "ledger", "projections", "workflows")
        for line, call, called in calls(tree_of(path))
        if called in never or (called in naive and not call.args and not call.keywords)
    ]
    assert wrong == []


def test_the_domain_reads_no_clock_at_all() -> None:
    wrong = [
        f"{name_of(path)}:{line} calls {called}"
        for path in modules("domain")
        for line, _, called in calls(tree_of(path))
        if called.endswith((".now", ".utcnow", ".today"))
    ]
    assert wrong == []


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """Functions and methods of public classes whose name is public; nested ones are private."""
    holders: list[ast.Module | ast.ClassDef] = [tree]
    while holders:
        for node in holders.pop().body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                holders.append(node)
            elif isinstance(node, Function) and not node.name.startswith("_"):
                yield node


def test_every_public_function_of_domain_and_ledger_says_what_it_does() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in modules("domain", "ledger")
        for node in public_functions(tree_of(path))
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_function_and_no_module_is_too_long() -> None:
    long = [
        f"{name_of(path)}:{node.lineno} {node.name}: {lines(node)} lines"
        for path in modules(*ROOMS, "scripts")
        for node in functions(tree_of(path))
        if lines(node) > MOST_LINES_OF_A_FUNCTION
    ]
    long += [
        f"{name_of(path)}: {length} lines"
        for path in modules(*ROOMS, "scripts")
        if (length := len(path.read_text("utf-8").splitlines())) > MOST_LINES_OF_A_MODULE
    ]
    assert long == []


def sizes() -> dict[str, int]:
    """Median, 90th percentile and largest of the lines of all functions in the rooms."""
    counted = sorted(lines(node) for path in modules(*ROOMS) for node in functions(tree_of(path)))
    return {
        "median": int(statistics.median_low(counted)),
        "percentile_90": counted[int(len(counted) * 0.9)],
        "largest": counted[-1],
    }


def test_sizes_only_shrink() -> None:
    """The record may be lowered by hand (or `python tests/test_architecture.py`), not raised."""
    record = json.loads(RATCHET.read_text())
    grown = {key: (record[key], now) for key, now in sizes().items() if now > record[key]}
    assert grown == {}, "functions grew (recorded, now): split them"


def write_record() -> None:
    """Lower the recorded sizes to what they are now; a size that grew stays as recorded."""
    now = sizes()
    if RATCHET.exists():
        before = json.loads(RATCHET.read_text())
        now = {key: min(size, before[key]) for key, size in now.items()}
    RATCHET.write_text(json.dumps(now, indent=2) + "\n")


if __name__ == "__main__":
    write_record()
