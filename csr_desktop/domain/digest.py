"""One number for many rows, by which two places tell whether they hold the same: a sum, so the order is no matter."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

MODULO: Final = 1 << 64
BUCKET: Final = 2
"""How many letters at the end of an id, which are random in UUIDv7, name the bucket that it falls into."""


def row_digest(table: str, row_id: str, rev: int) -> int:
    """The first eight bytes of BLAKE2b over the row's table, id and revision."""
    return int.from_bytes(blake2b(f"{table} {row_id} {rev}".encode(), digest_size=8).digest(), "big")


def digest(table: str, rows: Iterable[tuple[str, int]]) -> tuple[int, int]:
    """Of rows as (id, revision): how many, and the sum of their digests modulo 2^64."""
    count = total = 0
    for row_id, rev in rows:
        count += 1
        total += row_digest(table, row_id, rev)
    return count, total % MODULO


def bucket_of(row_id: str) -> str:
    return row_id[-BUCKET:]
