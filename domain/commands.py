"""What every command has in common: checked on the way in, never changed after."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$", examples=["C-0001"])]
"""An id chosen by the caller: letters, digits, `_`, `.` and `-`, at most 60."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]


class Command(BaseModel):
    """Base of all commands. Unknown fields are refused: a typing error is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
