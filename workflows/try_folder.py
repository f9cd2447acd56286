"""Try many files at once: every document of a folder, each with its own verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from domain.law import LawBook, load_law_book
from domain.money import ZERO
from domain.refusals import Invalid, Refusal
from domain.texts import yuan
from workflows.try_files import load_try_file
from workflows.try_payslip import try_payslip

ENDINGS = (".yaml", ".yml", ".json")
Verdict = Literal["as expected", "differs", "tried", "refused"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One file: its answer, or why there is none."""

    file: str
    answer: dict[str, Any] | None
    refusal: Refusal | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the file came out as it expects; `tried` where it expects nothing."""
        if self.answer is None:
            return "refused"
        expected = self.answer["expected"]
        if expected is None:
            return "tried"
        return "as expected" if expected["met"] else "differs"

    @property
    def net(self) -> str:
        """What all its payslips pay together; empty where there are none."""
        if self.answer is None:
            return ""
        return yuan(sum((Decimal(slip["net"]) for slip in self.answer["payslips"]), ZERO))

    @property
    def why(self) -> str:
        """What differs, or what the refusal says; else the title."""
        if self.refusal is not None:
            return f"{self.refusal.en} ({self.refusal.zh})"
        assert self.answer is not None
        if self.verdict != "differs":
            return str(self.answer["title"])
        return "; ".join(
            f"{one['month']} {one['what']}: expected {one['expected']}, found {one['found']}"
            for one in self.answer["expected"]["differences"]
        )

    def as_dict(self) -> dict[str, Any]:
        """The answer, or the refusal, with the file's name and the verdict."""
        told = self.answer if self.refusal is None else {"refusal": self.refusal.as_dict()}
        return {"file": self.file, "verdict": self.verdict, **(told or {})}


def try_all(paths: Iterable[str], book: LawBook | None = None) -> list[Tried]:
    """Try files, and every YAML and JSON file of folders and the folders in them, in the order of
    their names. A file that is refused does not stop the others.

    Raises Invalid for a folder with no such file.
    """
    book = book or load_law_book()
    return [_one(file, book) for path in paths for file in _files(Path(path))]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
    if not found:
        raise Invalid(
            f"文件夹 {path.name} 中没有可试算的文件",
            f"There is no YAML or JSON file in {path.name}",
            do="Name a folder with files in the format of docs/try.md.",
        )
    return found


def _one(file: Path, book: LawBook) -> Tried:
    try:
        return Tried(str(file), try_payslip(load_try_file(file), book))
    except Refusal as refusal:
        return Tried(str(file), None, refusal)
