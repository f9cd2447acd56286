"""Refusals of the read models: behind, halted, or to be rebuilt."""

from __future__ import annotations

from domain.refusals import Refusal


class Behind(Refusal):
    """The read model has not come to the position that was asked for; try again soon."""

    code = "read_model_behind"
    status = 503


class Halted(Refusal):
    """The read model stopped at a fact it cannot apply; somebody has to look at it."""

    code = "read_model_halted"
    status = 503


def behind(name: str, position: int, wanted: int) -> Behind:
    """A read waited long enough."""
    return Behind(
        f"读模型 {name} 处理到 {position}，尚未到 {wanted}",
        f"read model {name} is at position {position}, not yet at {wanted}",
        do="Try again in a moment; `tallystick status` shows the lag.",
        read_model=name,
        position=position,
        wanted=wanted,
    )


def halted(name: str, position: int, error: str) -> Halted:
    """A read or a pay run needs a read model that has stopped."""
    return Halted(
        f"读模型 {name} 停在位置 {position}",
        f"read model {name} stopped after position {position}: {error}",
        do="Mend the cause, then resume or rebuild the read model; nothing was skipped.",
        read_model=name,
        position=position,
    )
