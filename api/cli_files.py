"""Bodies from files and options: YAML and JSON read exactly, checked by the domain's commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml
from pydantic import BaseModel, ValidationError

from api.strict_json import check_text, read_json
from api.validation import errors_of
from domain.refusals import Invalid
from workflows.try_files import ExactLoader

Model = TypeVar("Model", bound=BaseModel)
LARGEST = 10 * 1024 * 1024
FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def document(path: Path) -> Any:
    """What a YAML or JSON file says; `-` is stdin. Raises Invalid with line and column."""
    data = sys.stdin.buffer.read(LARGEST + 1) if str(path) == "-" else _bounded(path)
    if len(data) > LARGEST:
        raise Invalid(
            f"文件超过 {LARGEST} 字节",
            f"The file is larger than {LARGEST} bytes",
            do="Split it; figures go through `figures send` or `import`, which have no limit.",
            file=str(path),
        )
    if path.suffix.lower() == ".json" or data.lstrip()[:1] in (b"{", b"["):
        return read_json(data)
    return _yaml(path, data)


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _yaml(path: Path, data: bytes) -> Any:
    try:
        value = yaml.load(data.decode("utf-8-sig"), Loader=ExactLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = getattr(error, "problem", None) or type(error).__name__
        raise Invalid(
            f"文件无法读取: {path.name}",
            f"{path.name} cannot be read{where}: {said}",
            do="Write YAML or JSON in UTF-8.",
            file=str(path),
        ) from None
    check_text(value)
    return value


def body(path: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """The file's object with the options that were given laid over it."""
    said = {} if path is None else document(path)
    if not isinstance(said, dict):
        raise Invalid(
            "文件应是一个对象",
            "The file must hold one object: names and values",
            do="See docs/cli.md for an example.",
        )
    return {**said, **{name: value for name, value in options.items() if value is not None}}


def parsed(model: type[Model], data: Any) -> Model:
    """A command from plain data. Raises Invalid that names the field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found, more = errors_of(error.errors(include_url=False))
        first = found[0]
        raise Invalid(
            f"{first['field']}：{first['message_zh']}",
            f"{first['field']}: {first['message']}",
            do="Correct the fields named in errors." if len(found) > 1 else "Correct the field.",
            field=first["field"],
            reason=first["code"],
            errors=found,
            **({"more_errors": more} if more else {}),
        ) from None


def pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """`name=value` options as a mapping."""
    made: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or name in made:
            raise click.UsageError(f"{option} takes name=value, each name once; not {text!r}.")
        made[name] = value
    return made


def value_of(text: str) -> Any:
    """One value as YAML writes it: `9000`, `0.05`, `null`, `[{start: "0", rate: "5%"}]`."""
    try:
        return yaml.load(text, Loader=ExactLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return text
