"""Trying a folder: every file has its own verdict, and the worked cases come out to the fen."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.refusals import Invalid
from tests.api.cli_support import Line, line
from workflows.try_folder import try_all

__all__ = ["line"]
TRY = Path(__file__).resolve().parents[2] / "docs" / "try"
WORKED = sorted((TRY / "worked").iterdir())


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.stem)
def test_every_worked_case_comes_out_to_the_fen(path: Path) -> None:
    [tried] = try_all([str(path)])
    assert (tried.verdict, tried.why) == ("as expected", tried.why)
    assert tried.answer is not None
    assert tried.answer["expected"] == {"met": True, "differences": []}


def test_a_folder_gives_every_file_a_verdict_and_none_stops_the_others(tmp_path: Path) -> None:
    good = (TRY / "worked" / "above-100000-whole.yaml").read_text("utf-8")
    (tmp_path / "a.yaml").write_text(good, "utf-8")
    (tmp_path / "b.yaml").write_text(good.replace("net: 7200.00", "net: 7000.00"), "utf-8")
    (tmp_path / "c.yaml").write_text(good.replace("      mode: whole\n", ""), "utf-8")
    (tmp_path / "d.yml").write_text(good.partition("expect:")[0], "utf-8")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "e.json").write_text("{", "utf-8")
    (tmp_path / "notes.txt").write_text("not a document", "utf-8")
    tried = try_all([str(tmp_path)])
    assert [(Path(one.file).name, one.verdict) for one in tried] == [
        ("a.yaml", "as expected"),
        ("b.yaml", "differs"),
        ("c.yaml", "refused"),
        ("d.yml", "tried"),
        ("e.json", "refused"),
    ]
    assert "expected 7000.00, found 7200" in tried[1].why
    assert "say which" in tried[2].why


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        try_all([str(tmp_path)])


def test_the_command_line_tries_a_folder(line: Line, tmp_path: Path) -> None:
    said = line.run("try", str(TRY)).output
    assert f"{len(WORKED) + 5} as expected" in said
    (tmp_path / "a.yaml").write_text("{}", "utf-8")
    assert "refused" in line.run("try", str(tmp_path), str(WORKED[0]), code=1).output
    both = line.json("try", str(WORKED[0]), str(WORKED[1]))
    assert {one["verdict"] for one in both} == {"as expected"}
