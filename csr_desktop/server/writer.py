"""The one thread that changes the shared database: many pushes in one commit, each with its own answer."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import peewee as pw
import structlog

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.server.ledger import Executed, Ledger, Push
from csr_desktop.server.problems import Rejected, bad_command, busy, is_of_the_world, places
from csr_desktop.server.readers import forget_connection, is_lost
from csr_desktop.server.retries import settled
from csr_desktop.store.sql import Sql

T = TypeVar("T")
GROUP_PUSHES = 32
GROUP_COMMANDS = 500
"""What one commit takes together; more would hold the counter's lock for too long."""
WAITING_BYTES = 64 * 1024 * 1024
"""Of all pushes that wait, unpacked: a thousand desks that come back with a hundred calls each have room."""

# A value that does not fit a column, an id that is taken: the database's own word for a command that cannot be stored.
_UNKEEPABLE = (pw.DatabaseError, sqlite3.DatabaseError, OverflowError, ValueError)

_log = structlog.get_logger(__name__)


class _Waiting:
    """A push with whoever waits for it."""

    def __init__(self, push: Push) -> None:
        self.push = push
        self.size = sum(map(len, push.commands))
        self.future: Future[int] = Future()


class _Job:
    """Another change of the database, in a transaction of its own."""

    def __init__(self, change: Callable[[], Any]) -> None:
        self.change = change
        self.future: Future[Any] = Future()


class Writer:
    """`after_commit` is called on the thread after each commit that may have changed rows."""

    def __init__(
        self,
        sql: Sql,
        ledger: Ledger,
        after_commit: Callable[[], None] = lambda: None,
        waiting_limit: int = 1024,
        measured: Callable[[int, float, Executed | None], None] = lambda *_: None,
    ) -> None:
        """`measured` is told of each commit: how many pushes, how many seconds, and what was executed."""
        self._sql = sql
        self._ledger = ledger
        self._after_commit = after_commit
        self._measured = measured
        self._waiting: queue.Queue[_Waiting | _Job | None] = queue.Queue(waiting_limit)
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._thread = threading.Thread(target=self._run, name="writer")

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def waiting_count(self) -> int:
        """Of pushes and changes, about."""
        return self._waiting.qsize()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does what waits, then ends the thread and closes its connection."""
        self._waiting.put(None)
        self._thread.join()

    def push(self, push: Push) -> Future[int]:
        """The device's last known seq, once this is committed. Raises Rejected (503) when too much waits."""
        waiting = _Waiting(push)
        self._add_waiting(waiting.size)
        try:
            self._enqueue(waiting)
        except Rejected:
            self._add_waiting(-waiting.size)
            raise
        return waiting.future

    def do(self, change: Callable[[], T]) -> Future[T]:
        """Run a change in one transaction on this thread. Raises Rejected (503) when too much waits."""
        job = _Job(change)
        self._enqueue(job)
        return job.future

    def _add_waiting(self, size: int) -> None:
        with self._lock:
            if size > 0 and self._waiting_bytes + size > WAITING_BYTES:
                raise busy()
            self._waiting_bytes += size

    def _enqueue(self, item: _Waiting | _Job) -> None:
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            raise busy() from None

    def _run(self) -> None:
        item: _Waiting | _Job | None = self._waiting.get()
        try:
            while item is not None:
                if isinstance(item, _Job):
                    self._do(item)
                    item = self._waiting.get()
                else:
                    item = self._commit_group(item)
        finally:
            if not self._sql.db.is_closed():
                self._sql.db.close()

    def _commit_group(self, first: _Waiting) -> _Waiting | _Job | None:
        """Commit this push with those that wait behind it. Returns the next item, taken from the queue."""
        group, count = [first], len(first.push.commands)
        following: _Waiting | _Job | None = None
        is_next_known = False
        while len(group) < GROUP_PUSHES and count < GROUP_COMMANDS:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if not isinstance(following, _Waiting) or count + len(following.push.commands) > GROUP_COMMANDS:
                is_next_known = True
                break
            group.append(following)
            count += len(following.push.commands)
        self._commit([waiting for waiting in group if waiting.future.set_running_or_notify_cancel()])
        self._add_waiting(-sum(waiting.size for waiting in group))
        return following if is_next_known else self._waiting.get()

    def _commit(self, group: list[_Waiting]) -> None:
        if not group:
            return
        begun = time.perf_counter()
        try:
            known = self._pushed([waiting.push for waiting in group])
        except Exception as error:  # noqa: BLE001  # it belongs to the one push that caused it
            if len(group) == 1 or is_of_the_world(error):
                for waiting in group:
                    waiting.future.set_exception(self._reason(error))
                return
            for waiting in group:
                self._commit([waiting])
            return
        self._measured(len(group), time.perf_counter() - begun, self._ledger.executed)
        for waiting in group:
            waiting.future.set_result(known[waiting.push.device_id])
        self._tell()

    def _pushed(self, pushes: Sequence[Push]) -> dict[str, int]:
        """Where the connection broke, once more on a fresh one: what was committed all the same is known by its seq."""
        for is_last in (False, True):
            try:
                self._connect()
                return settled(self._sql, lambda: self._ledger.push(pushes))
            except Exception as error:
                if not is_lost(self._sql.db, error):
                    raise
                forget_connection(self._sql.db)
                if is_last:
                    raise
        raise AssertionError

    def _connect(self) -> None:
        if self._sql.db.connect(reuse_if_open=True):
            self._sql.sees_all()

    @staticmethod
    def _reason(error: Exception) -> Exception:
        """What is told of a push that failed alone: the world's fault as it is, else that it cannot be kept."""
        if isinstance(error, CsrDesktopError) or is_of_the_world(error):
            return error
        _log.error("push_failed", places=places(error))
        return bad_command() if isinstance(error, _UNKEEPABLE) or hasattr(error, "sqlstate") else error

    def _do(self, job: _Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        try:
            self._connect()
            result = settled(self._sql, lambda: self._changed(job))
        except Exception as error:  # noqa: BLE001  # it belongs to whoever asked
            if is_lost(self._sql.db, error):
                forget_connection(self._sql.db)
            job.future.set_exception(error)
            return
        job.future.set_result(result)
        self._tell()

    def _changed(self, job: _Job) -> Any:
        with self._sql.transaction():
            return job.change()

    def _tell(self) -> None:
        try:
            self._after_commit()
        except Exception as error:  # noqa: BLE001  # what is committed is committed, and others wait to be written
            _log.error("not_announced", places=places(error))
