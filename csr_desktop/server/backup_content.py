"""What is in a backup: the server's tables and files in a form of our own, which both databases can give and take.

A backup is a row of records, each with its length before it. So a backup of SQLite can be restored into PostgreSQL and
the other way round, no copy of the database in the clear is ever written, and a row is read as often as it is kept.
`pg_dump` would tie a backup to one database and its version, and would have to be installed beside the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from csr_desktop.domain.errors import Unreadable

FORMAT: Final = 1
WITH_CONTENTS: Final = 2
"""The format of a backup that also holds the content of attachments, which an older program could not put back."""
_LENGTH_BYTES: Final = 4
_RECORD_LIMIT: Final = 64 << 20
_ROWS_BYTES: Final = 1 << 20


class Beginning(msgspec.Struct, frozen=True, array_like=True, tag="csr-desktop backup"):
    """`tables` are columns by table; `made_at` in milliseconds, UTC. `schema_version` is the database's own, `kind` is
    sqlite or postgresql.
    """

    format: int
    made_at: int
    program: str
    schema_version: int
    epoch: str
    kind: str
    tables: dict[str, list[str]]


class Rows(msgspec.Struct, frozen=True, array_like=True, tag="rows"):
    """Some rows of a table, lists in the order of its columns."""

    table: str
    rows: list[list[Any]]


class File(msgspec.Struct, frozen=True, array_like=True, tag="file"):
    """A small file of the server's folder, by its name there."""

    name: str
    content: bytes


class Content(msgspec.Struct, frozen=True, array_like=True, tag="content"):
    """Bytes of the file with this SHA-256, from `offset` on. After all rows."""

    sha256: str
    offset: int
    body: bytes


class ContentEnd(msgspec.Struct, frozen=True, array_like=True, tag="content end"):
    """`is_whole` tells whether what was there was all of it; else it counts as missing."""

    sha256: str
    is_whole: bool


class End(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    """How many rows each table has, and how many contents are whole; without it a backup is not whole."""

    counts: dict[str, int]
    contents: int = 0


Record = Beginning | Rows | File | Content | ContentEnd | End

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def encoded(record: Record) -> bytes:
    body = _encoder.encode(record)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def kind_of(*, is_postgresql: bool) -> str:
    return "postgresql" if is_postgresql else "sqlite"


def encoded_rows(table: str, rows: Iterator[list[tuple[Any, ...]]], counts: dict[str, int]) -> Iterator[bytes]:
    """The rows of a table as records of about a megabyte; `counts` learns how many there were."""
    waiting: list[list[Any]] = []
    size, counts[table] = 0, 0
    for part in rows:
        for row in part:
            size += sum(len(value) if isinstance(value, str | bytes) else 9 for value in row)
            waiting.append(list(row))
            counts[table] += 1
            if size >= _ROWS_BYTES:
                yield encoded(Rows(table, waiting))
                waiting, size = [], 0
    if waiting:
        yield encoded(Rows(table, waiting))


class Reading:
    """Takes a backup's bytes as they come and hands its records on."""

    def __init__(self, take: Callable[[Record], object]) -> None:
        self._take = take
        self._left = bytearray()

    def feed(self, data: bytes) -> None:
        """Raises Unreadable for what is no backup."""
        self._left += data
        at = 0
        while (length := self._length(at)) is not None:
            body = bytes(self._left[at + _LENGTH_BYTES : at + _LENGTH_BYTES + length])
            at += _LENGTH_BYTES + length
            self._take(_decoded(body))
        del self._left[:at]

    def end(self) -> None:
        if self._left:
            raise no_backup()

    def _length(self, at: int) -> int | None:
        """Of the record that begins there, when all of it has come."""
        there = len(self._left) - at - _LENGTH_BYTES
        if there < 0:
            return None
        length = int.from_bytes(self._left[at : at + _LENGTH_BYTES], "big")
        if length > _RECORD_LIMIT:
            raise no_backup()
        return length if there >= length else None


def _decoded(body: bytes) -> Record:
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        raise no_backup() from None


def no_backup() -> Unreadable:
    return Unreadable(
        "no_backup",
        "This is not a whole backup of a CSR Desktop server, or one of a newer version.",
        "Nothing was changed. Take another, or the version of the program that made it.",
    )
