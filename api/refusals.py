"""Refusals of the HTTP interface itself: what is wrong with a request before it means anything."""

from __future__ import annotations

from domain.refusals import Invalid, Refusal


class Malformed(Refusal):
    """The body is not JSON."""

    code = "malformed_json"
    status = 400


class NotUtf8(Malformed):
    """The body is not UTF-8."""

    code = "not_utf8"


class TooDeep(Malformed):
    """The body is nested deeper than anything this interface takes."""

    code = "too_deep"


class DuplicateName(Malformed):
    """An object of the body has one name twice: which one is meant is not known."""

    code = "duplicate_name"


class NotANumber(Invalid):
    """NaN, infinity, or a number nobody can mean."""

    code = "not_a_number"


class BadText(Invalid):
    """Text holds NUL or half a character: no database and no hash can hold it."""

    code = "bad_text"


class TooLarge(Refusal):
    """The body is larger than the limit."""

    code = "body_too_large"
    status = 413


class CutOff(Refusal):
    """The connection ended before the body did; nothing was kept."""

    code = "upload_cut_off"
    status = 400


class UnsupportedMedia(Refusal):
    """The body is of a media type this endpoint does not take."""

    code = "unsupported_media_type"
    status = 415


class Unauthorized(Refusal):
    """There is no API key, or not one that is good."""

    code = "unauthorized"
    status = 401


class NaiveTime(Invalid):
    """A time without a zone could be any of 24 instants."""

    code = "naive_time"


class BadKnown(Invalid):
    """`known` names no position of the ledger."""

    code = "bad_known"


class BadHeader(Invalid):
    """A header cannot be read."""

    code = "bad_header"


class NotOpen(Refusal):
    """The app runs without a database."""

    code = "no_database"
    status = 503
