"""The content of attachments in a backup: each once, under its hash, in parts, so that a file of any size goes through
the memory of one part. Put back, it is proved against that hash before anything is in place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from csr_desktop.server.backup_content import Content, ContentEnd, encoded, no_backup
from csr_desktop.server.contents import ContentFolder
from csr_desktop.store.sql import Sql

PART_BYTES: Final = 1 << 20
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Gathered(msgspec.Struct):
    """`missing` files are in the database and not, or not whole, in their folder."""

    count: int = 0
    missing: int = 0


def listed(sql: Sql) -> list[str]:
    """The hashes of all that should be in the folder. What the scanner refused is not."""
    return [i for (i,) in sql.all("SELECT sha256 FROM contents WHERE scan <> 'refused' ORDER BY sha256")]


def records(sql: Sql, folder: ContentFolder, hashes: Sequence[str], gathered: Gathered) -> Iterator[bytes]:
    """The files as records, read once; outside of any transaction, for it may take long."""
    for sha256 in hashes:
        found, offset = hashlib.sha256(), 0
        try:
            while body := folder.read(sha256, offset, PART_BYTES):
                found.update(body)
                yield encoded(Content(sha256, offset, body))
                offset += len(body)
            is_whole = found.hexdigest() == sha256
        except FileNotFoundError:
            is_whole = False
        yield encoded(ContentEnd(sha256, is_whole))
        if is_whole:
            gathered.count += 1
        elif sql.value("SELECT 1 FROM contents WHERE sha256 = ? AND scan <> 'refused'", sha256):
            gathered.missing += 1  # else it was cleared away meanwhile, as nothing named it any more


class Arriving:
    """Contents of a backup on their way into a folder; nothing is in its place before `place`."""

    def __init__(self, sql: Sql, folder: ContentFolder) -> None:
        self._sql = sql
        self._folder = folder
        self._open = ""
        self._offset = 0
        self.proved: list[str] = []

    def take(self, part: Content) -> None:
        if not self._open:
            self._begin(part.sha256)
        if part.sha256 != self._open or part.offset != self._offset or not part.body:
            raise no_backup()
        self._offset = self._folder.append(part.sha256, part.offset, part.body)

    def end(self, end: ContentEnd) -> None:
        if not self._open:
            self._begin(end.sha256)
        if end.sha256 != self._open:
            raise no_backup()
        self._open = ""
        if not end.is_whole:  # the server had no more of it
            self._folder.forget(end.sha256)
            return
        if not self._offset:
            self._folder.append(end.sha256, 0, b"")
        if not self._folder.proved(end.sha256, end.sha256, self._offset):
            raise no_backup()
        self.proved.append(end.sha256)

    def is_complete(self, count: int) -> bool:
        return not self._open and len(self.proved) == count == len(set(self.proved))

    def place(self) -> None:
        for sha256 in self.proved:
            self._folder.keep(sha256, sha256)

    def forget(self) -> None:
        for sha256 in filter(None, (self._open, *self.proved)):
            self._folder.forget(sha256)

    def _begin(self, sha256: str) -> None:
        if not _HASH.fullmatch(sha256) or not self._sql.value("SELECT 1 FROM contents WHERE sha256 = ?", sha256):
            raise no_backup()
        self._folder.forget(sha256)  # of a restore that was killed
        self._open, self._offset = sha256, 0
