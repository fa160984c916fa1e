"""A fill under way: the next page is asked for while one is taken in, and how far it is, in rows and seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import PullReply, PullRequest
from csr_desktop.sync.filling import WHOLE

if TYPE_CHECKING:
    from csr_desktop.sync.replica import Replica
    from csr_desktop.sync.transport import Transport

TOLD_SECONDS: Final = 0.5
"""How often screens hear of older rows that have come: each time they read their page of a list again."""
_KNOWN_SECONDS: Final = 1.0
"""So long rows must have come before the time that is left can be told."""


class Ahead:
    """One thread that waits for the page that follows. Left, it waits for it no more than the transport lets."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._thread: ThreadPoolExecutor | None = None

    def ask(self, request: PullRequest) -> Future[PullReply]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sync-ahead")
        return self._thread.submit(self._transport.pull, request)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)


class Progress:
    """Of one exchange. `clock` gives milliseconds."""

    def __init__(self, replica: Replica, clock: Callable[[], int]) -> None:
        self._replica = replica
        self._clock = clock
        self._began = self._told = time.monotonic()
        self._left = self._whole = 0
        self._first_left = -1
        self._come: dict[str, set[str]] = {}
        self._rights = False

    def took(self, reply: PullReply, found: ChangeSet) -> None:
        for table, ids in found.rows.items():
            self._come.setdefault(table, set()).update(ids)
        self._rights = self._rights or found.rights
        if reply.fills or self._first_left < 0:
            self._left = reply.left
        else:  # an older server tells it once
            self._left = max(0, self._left - len(reply.gone) - sum(map(len, reply.rows.values())))
        if self._first_left < 0:
            self._first_left, self._began = self._left, time.monotonic()
            whole = self._replica.sql.value("SELECT value FROM state WHERE key = ?", WHOLE) if reply.fills else None
            self._whole = max(int(whole or 0), self._left)

    def status(self, *, is_filled: bool, mended_count: int) -> SyncStatus:
        seconds, done = time.monotonic() - self._began, self._first_left - self._left
        is_known = seconds >= _KNOWN_SECONDS and done > 0
        left_seconds = max(1, round(self._left * seconds / done)) if is_known and self._left else 0
        return SyncStatus(
            "syncing",
            self._clock(),
            rows_left=self._left,
            is_filled=is_filled,
            row_count=self._whole,
            seconds_left=left_seconds,
            mended_count=mended_count,
        )

    def is_due(self) -> bool:
        return time.monotonic() - self._told >= TOLD_SECONDS

    def flush(self, on_changed: Callable[[ChangeSet], None]) -> None:
        """Tell what has come since it was told last."""
        found = changed(self._come, rights=self._rights)
        self._come, self._rights, self._told = {}, False, time.monotonic()
        if found:
            on_changed(found)
