"""Brings the index of older work after what was written, once the writer has nothing else to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from csr_desktop.server.problems import places
from csr_desktop.server.readers import Readers
from csr_desktop.server.search_index import SearchIndex
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql

LOOK_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0
"""Where something is always written, the index follows all the same, a step each look."""
AGAIN_SECONDS: Final = 60.0
"""After a step that failed, as while the database is away."""

_log = structlog.get_logger(__name__)


class Indexing:
    """A thread that looks whether anything was written, without a connection of its own."""

    def __init__(
        self,
        sql: Sql,
        writer: Writer,
        readers: Readers,
        look_seconds: float = LOOK_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sql = sql
        self._index = SearchIndex(sql)
        self._writer = writer
        self._readers = readers
        self._look_seconds = look_seconds
        self._monotonic = monotonic
        self._done = self._seen = -1
        """Revisions up to which all is indexed, and that stood at the last look."""
        self._behind_since = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexing")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Before the writer and the readers stop."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        wait = self._look_seconds
        while not self._stopped.wait(wait):
            wait = self._look_seconds
            try:
                self._look()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
                _log.error("indexing_failed", places=places(error))
                wait = AGAIN_SECONDS

    def _look(self) -> None:
        top = self._readers.ask(self._top).result()
        if top == self._done:
            self._behind_since = 0.0
            return
        now = self._monotonic()
        self._behind_since = self._behind_since or now
        is_still = top == self._seen and not self._writer.waiting_count
        self._seen = top
        if not is_still:
            if now - self._behind_since > PATIENCE_SECONDS:
                self._writer.do(self._index.step).result()
            return
        while self._writer.do(self._index.step).result():
            if self._stopped.is_set() or self._readers.ask(self._top).result() != top or self._writer.waiting_count:
                return
        self._done, self._behind_since = top, 0.0

    def _top(self) -> int:
        return int(self._sql.value("SELECT value FROM counters WHERE id = 'rev'") or 0)
