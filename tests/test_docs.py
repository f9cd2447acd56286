"""Every setting, command and endpoint is documented, and the docs name none that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
ENDPOINT = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/v1/[^\s`?|]*)")


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    for setting in Settings.described():
        assert f"`{setting['variable']}`" in text, f"docs/settings.md lacks {setting['variable']}"
        assert setting["sentence"] in text, (
            f"docs/settings.md says other than {setting['sentence']}"
        )
        assert setting["default"] in text, f"the default of {setting['variable']} differs"


def test_the_settings_page_names_no_setting_that_is_gone() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    known = {setting["variable"] for setting in Settings.described()}
    named = set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE))
    assert named == known


def command_paths(command: Any, path: str) -> Iterator[str]:
    """The full path of every command under a click group, groups themselves aside."""
    import click

    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from command_paths(child, f"{path} {name}")
    elif not command.hidden:
        yield path


def test_every_command_is_documented() -> None:
    from api.cli import main

    text = (DOCS / "cli.md").read_text("utf-8")
    paths = sorted(command_paths(main, "tallystick"))
    assert paths
    missing = [path for path in paths if not re.search(rf"{re.escape(path)}(?![\w-])", text)]
    assert missing == [], "docs/cli.md does not mention these commands"


def test_every_command_has_a_help_text() -> None:
    from api.cli import main

    def silent(command: Any, path: str) -> Iterator[str]:
        if not (command.help or "").strip():
            yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from silent(child, f"{path} {name}")

    assert list(silent(main, "tallystick")) == []


@pytest.fixture
def endpoints() -> set[str]:
    """METHOD /v1/path of every route of the app, as its OpenAPI description lists them."""
    from api.app import create_app

    return {
        f"{method.upper()} {path}"
        for path, operations in create_app().openapi()["paths"].items()
        for method in operations
        if path.startswith("/v1/") and method in {"get", "post", "put", "patch", "delete"}
    }


def test_every_endpoint_is_documented(endpoints: set[str]) -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    documented = {f"{method} {path}" for method, path in ENDPOINT.findall(text)}
    assert endpoints
    assert endpoints - documented == set(), "docs/api.md does not mention these endpoints"


def test_the_api_page_names_no_endpoint_that_is_gone(endpoints: set[str]) -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    documented = {f"{method} {path}" for method, path in ENDPOINT.findall(text)}
    assert documented - endpoints == set()
