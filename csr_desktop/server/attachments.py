"""The content of attachments: who may send and fetch it, and when the row says that it is there."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from csr_desktop.commands.work import Work
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.permissions import Person, may_read, may_work_in, unknown
from csr_desktop.protocol import (
    CONTENT_PART_BYTES,
    ContentPart,
    ContentQuestion,
    ContentReply,
    ContentRequest,
    ContentState,
)
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.problems import Rejected, bad_message
from csr_desktop.server.questions import can_name_a_row
from csr_desktop.server.readers import Readers
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row

T = TypeVar("T")
LARGEST_BYTES: Final = 25_000_000
THREADS: Final = 2
"""Of their own, so that a slow disk keeps nobody from syncing."""
WAITING, CLEAN, REFUSED = "waiting", "clean", "refused"
_HASH: Final = "[0-9a-f]{64}"


class Keeping(msgspec.Struct, frozen=True):
    """`folder` None is the one in the server's folder. `scan_command` are the words of a program that is given each
    file's path, none for no look at them; `scan_seconds` is how long it may take.
    """

    folder: Path | None = None
    largest_bytes: int = LARGEST_BYTES
    scan_command: tuple[str, ...] = ()
    scan_seconds: float = 120.0


def scan_words(command: str) -> tuple[str, ...]:
    """A command as it is typed, in words. Raises BadInput for a quotation mark without its other."""
    try:
        return tuple(shlex.split(command))
    except ValueError:
        raise BadInput("scan_command", "The scan command has a quotation mark without its other.") from None


class Attachments:
    """Each method runs on a thread of its own pool; the rows are changed on the writer's. The row comes first, by a
    push: whose it is, how large and of which hash is taken from there, never from whoever sends the content.
    """

    def __init__(
        self,
        sql: Sql,
        ledger: Ledger,
        writer: Writer,
        contents: ContentFolder,
        keeping: Keeping,
        clock: Callable[[], int],
    ) -> None:
        self._sql = sql
        self._ledger = ledger
        self._writer = writer
        self._contents = contents
        self._keeping = keeping
        self._clock = clock
        self._threads = Readers(sql, THREADS, "attachments", waiting_limit=128)
        self.on_arrived: Callable[[], None] = lambda: None

    def start(self) -> None:
        if self._keeping.folder is not None:
            self._contents.make()  # told at the start, where somebody is there to read it
        self._threads.start()

    def stop(self) -> None:
        self._threads.stop()

    def ask(self, question: Callable[[], T]) -> Future[T]:
        """On a thread of the pool. Raises Rejected (503) when too much waits."""
        return self._threads.ask(question)

    # Sending

    def state(self, user_id: str, question: ContentQuestion) -> ContentState:
        """Where to begin or go on. What this person can fetch as another attachment need not be sent again; of what
        others have, nothing is said.
        """
        row, has_twin = self._own(user_id, question.id)
        if row["arrived_at"]:
            return ContentState(row["size"], is_there=True)
        if row["size"] > self._keeping.largest_bytes:
            raise self._too_large()
        if has_twin and self._arrive(row["id"]):
            self._contents.forget(row["id"])
            return ContentState(row["size"], is_there=True)
        return ContentState(self._contents.received(row["id"]))

    def put(self, user_id: str, part: ContentPart) -> ContentState:
        row, _ = self._own(user_id, part.id)
        if row["arrived_at"]:
            return ContentState(row["size"], is_there=True)
        if row["size"] > self._keeping.largest_bytes:
            raise self._too_large()
        is_in = part.offset >= 0 and part.offset + len(part.body) <= row["size"]
        if not is_in or not 0 < len(part.body) <= CONTENT_PART_BYTES:
            raise bad_message()
        if hashlib.sha256(part.body).digest() != part.sha256:
            raise Rejected(408, "spoilt", "A part of the file came in spoilt.", "It will be sent again by itself.")
        return ContentState(self._contents.append(part.id, part.offset, part.body))

    def finish(self, user_id: str, question: ContentQuestion) -> ContentState:
        """Raises Rejected (409, `other_content`) for what is not what the row says; it is thrown away."""
        row, _ = self._own(user_id, question.id)
        if row["arrived_at"]:
            return ContentState(row["size"], is_there=True)
        received = self._contents.received(row["id"])
        if received < row["size"]:
            return ContentState(received)
        if not self._contents.proved(row["id"], row["sha256"], row["size"]):
            raise Rejected(
                409, "other_content", "The file came in damaged.", "It will be sent again from the beginning."
            )
        self._writer.do(lambda: self._take_in(row["id"])).result()
        self.on_arrived()
        return ContentState(row["size"], is_there=True)

    # Fetching

    def part(self, user_id: str, request: ContentRequest) -> ContentReply:
        """The part from this offset on; whole parts, so that nobody makes the server read byte by byte."""
        row = self._readable(user_id, request.id)
        if not row["arrived_at"]:
            raise Rejected(409, "not_there", "This file is still on its way to the server.", "Try again in a while.")
        if row["scan"] == WAITING:
            raise Rejected(409, WAITING, "This file is still being checked for harm.", "Try again in a while.")
        if row["scan"] == REFUSED:
            raise Rejected(409, REFUSED, "This file was refused by the scanner and removed.")
        if not 0 <= request.offset < row["size"] or request.offset % CONTENT_PART_BYTES:
            raise bad_message()
        try:
            return ContentReply(self._contents.read(row["sha256"], request.offset, CONTENT_PART_BYTES))
        except FileNotFoundError:
            raise Rejected(410, "gone", "The server does not have this file any more.", "Tell your IT.") from None

    # Who may

    @contextmanager
    def _as(self, user_id: str) -> Iterator[Person]:
        """Reads of one moment, in which the database itself shows no rows of scopes that are not this person's."""
        with self._sql.snapshot():
            person = self._ledger.person(user_id)
            self._sql.sees(person.scopes)
            yield person

    def _row(self, attachment_id: str) -> dict[str, Any] | None:
        if not can_name_a_row(attachment_id):
            return None
        return self._sql.load("attachments", [attachment_id]).get(attachment_id)

    def _visible(self, person: Person, attachment_id: str) -> dict[str, Any]:
        """One answer for what does not exist, what is another team's, and what was removed."""
        row = self._row(attachment_id)
        return dict(may_read(person, None if row is not None and row["deleted"] else row))

    def _readable(self, user_id: str, attachment_id: str) -> dict[str, Any]:
        with self._as(user_id) as person:
            return self._visible(person, attachment_id)

    def _own(self, user_id: str, attachment_id: str) -> tuple[dict[str, Any], bool]:
        """The row, and whether this person can read the same content as another attachment already."""
        with self._as(user_id) as person:
            row = self._visible(person, attachment_id)
            may_work_in(person, row["scope"])
            if row["author_id"] != user_id:
                raise Refused("not_yours", "Only the person who added this file can send it.")
            if not re.fullmatch(_HASH, row["sha256"]):
                raise unknown()
            same = "sha256 = ? AND size = ? AND deleted = 0 AND arrived_at > 0"
            found = self._sql.all(f"SELECT DISTINCT scope FROM attachments WHERE {same}", row["sha256"], row["size"])
            has_twin = any(person.reads(scope) for (scope,) in found)
        return row, has_twin and self._contents.has(row["sha256"], row["size"])

    def _too_large(self) -> Rejected:
        return Rejected(
            413,
            "too_large",
            "This file is larger than the server takes.",
            f"At most {self._keeping.largest_bytes // 1_000_000} MB can be attached.",
        )

    # For good, on the writer's thread

    def _arrive(self, attachment_id: str) -> bool:
        """The content is here as another attachment's."""
        return self._writer.do(lambda: self._mark(attachment_id)).result()

    def _take_in(self, attachment_id: str) -> None:
        row = self._row(attachment_id)
        if row is None or row["arrived_at"]:
            return
        now = self._clock()
        scan = WAITING if self._keeping.scan_command else ""
        # The row of the content is locked until commit: what clears away at the same time waits, and looks again.
        known = self._sql.one(
            "INSERT INTO contents (sha256, size, kept_at, unnamed_at, scan, tries, tried_at) VALUES (?,?,?,0,?,0,0)"
            " ON CONFLICT (sha256) DO UPDATE SET unnamed_at = 0,"
            " scan = CASE contents.scan WHEN '' THEN excluded.scan ELSE contents.scan END RETURNING scan",
            row["sha256"],
            row["size"],
            now,
            scan,
        )
        if known is not None and known[0] == REFUSED:
            self._contents.forget(attachment_id)
        else:
            self._contents.keep(attachment_id, row["sha256"])
        self._mark(attachment_id)

    def _mark(self, attachment_id: str) -> bool:
        """Say in the row that the content is there. False when it is not any more."""
        work = Work(lambda table, ids: self._sql.load(table, ids, lock=True), new_row)
        row = work.get("attachments", attachment_id)
        if row is None:
            return False
        scan = self._sql.value("SELECT scan FROM contents WHERE sha256 = ?", row["sha256"])
        if scan is None:
            return False
        if not row["arrived_at"]:
            work.put("attachments", attachment_id, arrived_at=self._clock(), scan=scan)
            self._ledger.write(work)
        return True
