"""Work off the window's thread: values in, values out, brought home by one queued signal.

One executor thread owns every read and write of the screens. A result whose owner is gone is dropped; of several
questions with the same key only the newest is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from csr_desktop.domain.errors import CsrDesktopError

T = TypeVar("T")


class SameThread(Executor):
    """Runs at once where it is asked; for tests."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as fault:  # noqa: BLE001  # carried home by the future, raised there
            future.set_exception(fault)
        return future


def store_executor(connect: Callable[[], object]) -> ThreadPoolExecutor:
    """The one thread for the store; `connect` opens its connection when it starts."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="store", initializer=connect)


class StoreWorker(QObject):
    """Asks the store and answers on the window's thread."""

    failed = Signal(object)
    """A CsrDesktopError for which the asker had no words of its own."""
    idle = Signal()
    """The last question is answered."""
    _came_home = Signal(object)

    def __init__(
        self,
        executor: Executor,
        parent: QObject | None = None,
        translate: Callable[[BaseException], CsrDesktopError | None] = lambda _: None,
    ) -> None:
        """`translate` finds words for a driver's error, where it is the world's and not a bug."""
        super().__init__(parent)
        self._executor = executor
        self.translate = translate
        self._newest: dict[tuple[int, str], int] = {}
        self._asked = 0
        self._open = 0
        self._is_closed = False
        self._came_home.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        return self._open > 0

    def ask(
        self,
        owner: QObject,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[CsrDesktopError], None] | None = None,
        *,
        key: str = "",
    ) -> None:
        """Run `work` on the store's thread, then `done` with its value here, unless `owner` is gone by then."""
        if self._is_closed:
            return
        self._asked += 1
        self._open += 1
        number, slot = self._asked, (id(owner), key)
        if key:
            self._newest[slot] = number

        def run() -> Any:
            if key and self._newest.get(slot) != number:
                return _SKIPPED
            try:
                return work()
            except CsrDesktopError:
                raise
            except Exception as fault:
                said = self.translate(fault)
                if said is None:
                    raise
                raise said from fault

        future = self._executor.submit(run)
        future.add_done_callback(
            lambda finished: self._came_home.emit((owner, slot if key else None, number, done, failed, finished))
        )

    def ask_in_steps(
        self,
        owner: QObject,
        work: Callable[[], Generator[None, None, T]],
        done: Callable[[T], None],
        failed: Callable[[CsrDesktopError], None] | None = None,
        *,
        key: str = "",
    ) -> None:
        """For what takes long: `work` goes on a step at a time, with what others ask meanwhile answered between two
        steps. `done` gets what it returns.
        """
        steps: list[Generator[None, None, T]] = []

        def step() -> list[T]:
            if not steps:
                steps.append(work())
            try:
                next(steps[0])
            except StopIteration as end:
                return [end.value]
            return []

        def go_on(found: list[T]) -> None:
            if found:
                done(found[0])
            else:
                self.ask(owner, step, go_on, failed, key=key)

        self.ask(owner, step, go_on, failed, key=key)

    def _deliver(self, parcel: tuple[Any, ...]) -> None:
        try:
            self._answer(parcel)
        finally:
            if not self._open:
                self.idle.emit()

    def _answer(self, parcel: tuple[Any, ...]) -> None:
        owner, slot, number, done, failed, future = parcel
        self._open -= 1
        is_newest = slot is None or self._newest.get(slot) == number
        if slot is not None and is_newest:
            del self._newest[slot]
        fault = future.exception()
        if fault is not None and not isinstance(fault, CsrDesktopError):
            raise fault
        if not shiboken6.isValid(owner) or not is_newest or self._is_closed:
            return
        if fault is not None:
            (failed or self.failed.emit)(fault)
        elif future.result() is not _SKIPPED:
            done(future.result())

    def retire(self) -> None:
        """Take and answer nothing any more; the executor goes on for another."""
        self._is_closed = True

    def close(self) -> None:
        """Wait for what is under way; nothing is answered any more."""
        self.retire()
        self._executor.shutdown(wait=True, cancel_futures=False)


_SKIPPED = object()
