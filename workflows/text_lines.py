"""Bytes from outside as lines of text: the encoding told, memory bounded."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from domain.refusals import Invalid
from workflows.row_check import Malformed, Wrong, shown

LONGEST_LINE = 65536
_BLOCK = 65536
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_EXCEL = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def refused(zh: str, en: str, reason: str, *, do: str) -> Invalid:
    """A file that cannot be read at all; nothing of it is kept."""
    return Invalid(zh, en, do=do, reason=reason)


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of 64 KB, however they arrive."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _BLOCK:
            yield bytes(buffer[:_BLOCK])
            del buffer[:_BLOCK]
    if buffer:
        yield bytes(buffer)


class TextReader:
    """Decodes bytes as UTF-8 or GB18030, told by the first characters that are not ASCII.

    `encoding` says which it was, once read. Raises Invalid for anything else.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.encoding = "utf-8"
        self._blocks = blocks(chunks)

    def text(self) -> Iterator[str]:
        """The text in pieces."""
        decoder: codecs.IncrementalDecoder | None = None
        waiting = b""
        first = True
        try:
            for block in self._blocks:
                if first:
                    _refuse_other_files(block)
                    first = False
                waiting += block
                if decoder is None:
                    decoder = self._choose(waiting)
                if decoder is not None:
                    yield decoder.decode(waiting)
                    waiting = b""
                elif waiting.isascii():
                    yield waiting.decode("ascii")
                    waiting = b""
            decoder = decoder or codecs.getincrementaldecoder("utf-8")()
            yield decoder.decode(waiting, final=True)
        except UnicodeDecodeError as error:
            raise self._unknown() from error

    def lines(self) -> Iterator[str | Malformed]:
        """The lines without their ends; one that is too long is an error value."""
        rest = ""
        skipping = False
        for piece in self.text():
            head, *tail = (rest + piece).split("\n")
            for line in [head, *tail][:-1]:
                if skipping:
                    skipping = False
                else:
                    yield _line(line)
            rest = tail[-1] if tail else head
            if len(rest) > LONGEST_LINE:
                if not skipping:
                    yield _too_long(rest)
                skipping, rest = True, ""
        if rest and not skipping:
            yield _line(rest)

    def _choose(self, block: bytes) -> codecs.IncrementalDecoder | None:
        """The decoder, or None while nothing but ASCII has been seen whole."""
        if block.startswith(codecs.BOM_UTF8):
            self.encoding = "utf-8-sig"
            return codecs.getincrementaldecoder("utf-8-sig")()
        try:
            if codecs.getincrementaldecoder("utf-8")().decode(block).isascii():
                return None
        except UnicodeDecodeError:
            if _mostly_utf8(block):
                raise
            self.encoding = "gb18030"
        return codecs.getincrementaldecoder(self.encoding)()

    def _unknown(self) -> Invalid:
        return refused(
            f"文件编码不是 UTF-8 或 GB18030（按 {self.encoding} 读取失败）",
            f"the file is in neither UTF-8 nor GB18030 (reading it as {self.encoding} failed)",
            "encoding",
            do="Save it as CSV UTF-8 and send it again.",
        )


def _mostly_utf8(block: bytes) -> bool:
    """Whether it is UTF-8 with a broken byte. That is no GB18030: read as such, its characters
    would become other ones without a word."""
    text = block.decode("utf-8", "replace")
    return sum(char >= "\u0800" for char in text) > 2 * text.count("\ufffd")


def _refuse_other_files(block: bytes) -> None:
    if block.startswith(_UTF16):
        raise refused(
            "文件编码是 UTF-16",
            "the file is in UTF-16",
            "encoding",
            do="Save it as CSV UTF-8 and send it again.",
        )
    if block.startswith((_EXCEL, _OLD_EXCEL)):
        raise refused(
            "这是 Excel 文件，不是文本",
            "this is an Excel file, not text",
            "format",
            do="Send it as xlsx (an .xls has to be saved as .xlsx first), or export CSV.",
        )


def _line(line: str) -> str | Malformed:
    if len(line) > LONGEST_LINE:
        return _too_long(line)
    return line[:-1] if line.endswith("\r") else line


def _too_long(line: str) -> Malformed:
    return Malformed(Wrong("line_too_long", {"most": LONGEST_LINE}), shown(line[:200]))
