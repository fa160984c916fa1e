"""Work that neither the window nor the store may wait for: signing in again, reading and writing chosen files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")


class AsideThread(Executor):
    """Each work on a thread of its own, which nobody waits for: the store goes on meanwhile, and so does closing."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as fault:  # noqa: BLE001  # carried home by the future, raised there
                future.set_exception(fault)

        threading.Thread(target=run, name="aside", daemon=True).start()
        return future
