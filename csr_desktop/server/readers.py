"""Threads with a database connection each, for what only reads or what takes time, such as checking a password."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

import peewee as pw

from csr_desktop.server.problems import busy, is_of_the_world
from csr_desktop.store.sql import Sql

T = TypeVar("T")


def is_lost(db: pw.Database, error: Exception) -> bool:
    """Whether the connection may be dead, so that it is to be opened anew."""
    return isinstance(db, pw.PostgresqlDatabase) and is_of_the_world(error)


class Readers:
    """A small pool. A question that met a lost connection is asked once more on a fresh one: reading twice is safe."""

    def __init__(
        self,
        sql: Sql,
        count: int,
        name: str,
        waiting_limit: int = 512,
        measured: Callable[[float, float], None] = lambda *_: None,
    ) -> None:
        """`measured` is told how many seconds each question waited, and took."""
        self._measured = measured
        self._db = sql.db
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(waiting_limit)
        self._threads = [threading.Thread(target=self._run, name=f"{name}-{n}") for n in range(1, count + 1)]

    @property
    def is_busy(self) -> bool:
        """Whether more waits than they do at once."""
        return self._jobs.qsize() > 2 * len(self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Answers what waits, then ends the threads and closes their connections."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def ask(self, question: Callable[[], T]) -> Future[T]:
        """Raises Rejected (503) at once when too much waits already."""
        future: Future[T] = Future()

        asked = time.perf_counter()

        def job() -> None:
            if future.set_running_or_notify_cancel():
                begun = time.perf_counter()
                self._answer(question, future)
                self._measured(begun - asked, time.perf_counter() - begun)

        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise busy() from None
        return future

    def _run(self) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                job()
                del job  # with its answer, which may be big, while nothing else is asked
        finally:
            if not self._db.is_closed():
                self._db.close()

    def _answer(self, question: Callable[[], Any], future: Future[Any]) -> None:
        for is_last in (False, True):
            try:
                self._db.connect(reuse_if_open=True)
                future.set_result(question())
            except Exception as error:  # noqa: BLE001  # it belongs to whoever asked
                if is_lost(self._db, error):
                    forget_connection(self._db)
                    if not is_last:
                        continue
                future.set_exception(error)
            return


def forget_connection(db: pw.Database) -> None:
    """Close this thread's connection though it may be dead already."""
    with suppress(pw.PeeweeException, OSError):
        db.close()
