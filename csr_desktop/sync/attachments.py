"""The content of attachments on its way: sent beside the rows and fetched when asked for, a part at a time.

What is sent or fetched is read from the file each time, so that it goes on after a kill or an outage where it was.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Refused
from csr_desktop.protocol import (
    CONTENT_PART_BYTES,
    ContentPart,
    ContentQuestion,
    ContentReply,
    ContentRequest,
    ContentState,
)
from csr_desktop.store import attachment_contents as contents
from csr_desktop.store.attachment_contents import Content
from csr_desktop.store.faults import said_plainly
from csr_desktop.sync.answers import NoAnswer, SignedOut
from csr_desktop.sync.replica import Replica

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 2.0, 60.0
IDLE_SECONDS: Final = 300.0
SAID_SECONDS: Final = 0.25
"""So often the screen is told how far it is."""
_AGAIN: Final = frozenset({"other_content", "not_there", "waiting"})
"""Refusals that pass by themselves."""
_TRIES: Final = 3
"""How often a file whose hash does not come out right is sent or fetched from the beginning."""


class ContentTransport(Protocol):
    """What this needs of the network."""

    def content_state(self, question: ContentQuestion) -> ContentState: ...
    def put_content(self, part: ContentPart) -> ContentState: ...
    def finish_content(self, question: ContentQuestion) -> ContentState: ...
    def get_content(self, request: ContentRequest) -> ContentReply: ...


class _Stopped(Exception):
    """The program ends, or the person wants it no more; what is there stays."""


class AttachmentSync:
    """Runs on a thread of its own, with its own connection; see engine.Companion."""

    def __init__(
        self,
        replica: Replica,
        transport: ContentTransport,
        on_changed: Callable[[ChangeSet], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._replica = replica
        self._sql = replica.sql
        self._transport = transport
        self._on_changed = on_changed
        self._jitter = jitter
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._failures = 0
        self._tries: dict[str, int] = {}
        self._said_at = 0.0

    def wake(self) -> None:
        """Rows were exchanged, or a person asked for something."""
        self._wake.set()

    def end(self) -> None:
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        self._sql.db.connect(reuse_if_open=True)
        try:
            while True:
                self._wake.clear()
                if self._stopped.is_set():  # looked at after clearing, or an end between would be waited out
                    return
                self._wake.wait(self.round())
        finally:
            self._sql.db.close()

    def round(self) -> float:
        """Send and fetch what there is; how many seconds to wait before the next time."""
        try:
            with said_plainly():
                contents.tidy(self._sql, self._replica.now())
                is_done = self._each(contents.to_fetch(self._sql), self._fetch)
                is_done = self._each(contents.to_send(self._sql), self._send) and is_done
        except SignedOut:
            return IDLE_SECONDS
        except (EnvironmentFault, Refused):
            is_done = False
        except _Stopped:
            return 0
        if is_done:
            self._failures = 0
            return IDLE_SECONDS
        self._failures += 1
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(self._failures - 1, 8))
        return wait * (0.5 + self._jitter())

    def _each(self, found: list[Content], work: Callable[[Content], None]) -> bool:
        """One after the other. False when one of them is to be tried again."""
        is_done = True
        for content in found:
            try:
                work(content)
            except SignedOut:
                raise
            except Refused as fault:
                if fault.code not in _AGAIN:
                    contents.note_problem(self._sql, content.id, fault.code)
                is_done = is_done and fault.code not in _AGAIN
            self._say(content.id, is_last=True)
        return is_done

    # Sending

    def _send(self, content: Content) -> None:
        question = ContentQuestion(content.id)
        state = self._transport.content_state(question)
        while not state.is_there:
            self._check(content)
            if state.received < content.size:
                state = self._put(content, state.received)
                continue
            try:
                state = self._transport.finish_content(question)
            except Refused as fault:
                self._begin_again(content, fault)
                contents.note_sent(self._sql, content.id, 0)
                raise
        contents.note_sent(self._sql, content.id, content.size)

    def _put(self, content: Content, offset: int) -> ContentState:
        if offset < 0:
            raise _wrong_answer()
        position, start = divmod(offset, CONTENT_PART_BYTES)
        body = contents.part(self._sql, content.id, position)[start:]
        if not body:
            raise Refused(contents.DAMAGED, "This file is not whole on this computer.")
        state = self._transport.put_content(ContentPart(content.id, offset, body, hashlib.sha256(body).digest()))
        if state.received <= offset and not state.is_there:
            raise _wrong_answer()  # it would be sent without end
        contents.note_sent(self._sql, content.id, min(state.received, content.size))
        self._say(content.id)
        return state

    # Fetching

    def _fetch(self, content: Content) -> None:
        held = content.held
        while held < content.size:
            self._check(content)
            body = self._transport.get_content(ContentRequest(content.id, held)).body
            if len(body) != min(CONTENT_PART_BYTES, content.size - held):
                raise _wrong_answer()
            if not contents.put(self._sql, content.id, body):
                return
            held += len(body)
            self._say(content.id)
        if contents.hash_of(self._sql, content.id) != content.sha256:
            contents.empty(self._sql, content.id, "")
            fault = Refused("other_content", "This file came in damaged.")
            self._begin_again(content, fault)
            raise fault

    # Both

    def _begin_again(self, content: Content, fault: Refused) -> None:
        tries = self._tries[content.id] = self._tries.get(content.id, 0) + 1
        if fault.code == "other_content" and tries >= _TRIES:
            raise Refused(contents.DAMAGED, fault.title)

    def _check(self, content: Content) -> None:
        if self._stopped.is_set():
            raise _Stopped
        if contents.find(self._sql, content.id) is None:
            raise Refused("left", "It is not wanted any more.")

    def _say(self, content_id: str, *, is_last: bool = False) -> None:
        now = time.monotonic()
        if is_last or now - self._said_at >= SAID_SECONDS:
            self._said_at = now
            self._on_changed(changed({"attachments": [content_id]}))


def _wrong_answer() -> CsrDesktopError:
    return NoAnswer("The server's answer does not fit what was asked.", "It will be tried again.")
