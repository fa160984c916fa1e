"""Messages of the Asterisk Manager Interface: lines of "Name: value", an empty line ends one. Asterisk is not
trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MOST_LINE_BYTES: Final = 16 * 1024
MOST_MESSAGE_BYTES: Final = 256 * 1024
_MOST_HEADERS: Final = 500
_MOST_EMPTY_LINES: Final = 100
"""One after another; Asterisk sends one."""


class BrokenStream(Exception):
    """What came is no manager interface; the connection is to be closed."""


class Message:
    """One event or response; names of headers in any capitals, the first of a name counts."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        """'' for a header that is missing, and where Asterisk says that it does not know."""
        value = self._headers.get(name.lower(), "")
        return "" if value == "<unknown>" else value

    @property
    def event(self) -> str:
        return self["Event"].lower()

    @property
    def is_success(self) -> bool:
        return self["Response"].lower() == "success"


class MessageReader:
    """Bytes in any pieces; whole messages out."""

    def __init__(self) -> None:
        self._rest = b""
        self._headers: dict[str, str] = {}
        self._message_bytes = 0
        self._empty_lines = 0
        self._has_greeting = False
        self.greeting = ""

    def take(self, data: bytes) -> list[Message]:
        """The messages that `data` completes. Raises BrokenStream."""
        found: list[Message] = []
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._check(line)
            self._take_line(line.rstrip(b"\r"), found)
        self._check(self._rest)
        return found

    def _take_line(self, line: bytes, found: list[Message]) -> None:
        text = line.decode("utf-8", "replace")
        if not self._has_greeting:
            self._has_greeting = True
            self.greeting = text[:200]
            if not text.startswith("Asterisk Call Manager"):
                raise BrokenStream("no manager interface answers at this address")
            return
        if not line:
            if self._headers:
                found.append(Message(self._headers))
            self._headers, self._message_bytes = {}, 0
            self._empty_lines += 1
            if self._empty_lines > _MOST_EMPTY_LINES:
                raise BrokenStream("nothing but empty lines comes")
            return
        self._empty_lines = 0
        self._message_bytes += len(line)
        if self._message_bytes > MOST_MESSAGE_BYTES:
            raise BrokenStream("a message is too long")
        name, colon, value = text.partition(":")
        if colon and len(self._headers) < _MOST_HEADERS:
            self._headers.setdefault(name.strip().lower(), value.strip())

    def _check(self, line: bytes) -> None:
        if len(line) > MOST_LINE_BYTES:
            raise BrokenStream("a line is too long")


def written(*headers: tuple[str, str]) -> bytes:
    """An action as bytes. A line end in a value would begin another header, so there is none."""
    lines = (f"{name}: {' '.join(value.splitlines())}\r\n" for name, value in headers)
    return ("".join(lines) + "\r\n").encode()
