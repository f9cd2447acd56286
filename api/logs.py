"""Logs: one JSON object a line on stderr, without personal data and without exception texts.

The text of an exception may repeat what somebody typed or what a row holds. A log line gives its
class and the places it went through; who has to see more reproduces it.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PRIVATE = frozenset(
    {
        "name",
        "personal",
        "identity_number",
        "phone",
        "bank_account",
        "bank_name",
        "signatory",
        "password",
        "token",
        "authorization",
        "api_key",
        "body",
    }
)
"""Names under which personal data or secrets would stand: their values are never written."""
DEEPEST = 12


def configure(level: str = "info") -> None:
    """Send structlog and the standard library's logging to stderr as JSON."""
    chosen = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(chosen)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
        # Its starting and stopping is told by `serve` itself, in words.
        logging.getLogger(name).setLevel(max(chosen, logging.WARNING))


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        without_exception_text,
        without_private_values,
    ]


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            *_shared(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        use_get_message=True,
    )


def without_exception_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and the places it went through."""
    given = event.pop("exc_info", None)
    event.pop("exception", None)
    event.pop("stack_info", None)
    error, trace = _error_of(given)
    if error is not None:
        event["error"] = type(error).__name__
        event["trace"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(trace)[-DEEPEST:]
        ]
    record = event.get("_record")
    if record is not None:
        record.exc_info = record.exc_text = record.stack_info = None
    return event


def _error_of(given: Any) -> tuple[BaseException | None, TracebackType | None]:
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        return error, error.__traceback__
    return None, None


def without_private_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep the names of private fields and drop their values."""
    for key in PRIVATE & event.keys():
        event[key] = "…"
    return event


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=lambda value: type(value).__name__).decode()
