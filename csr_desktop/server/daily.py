"""What a server does when it starts, and once a day while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

import structlog

from csr_desktop.server.problems import places

DAY_SECONDS: Final = 86_400.0
AGAIN_SECONDS: Final = 300.0
"""After a try that failed, as while the database is away."""

_log = structlog.get_logger(__name__)


class Daily:
    """`job` gives the change to the writer and returns what will tell how it went."""

    def __init__(self, job: Callable[[], Future[Any]], seconds: float = DAY_SECONDS) -> None:
        self._job = job
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="daily")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Before the writer stops."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            wait = self._seconds
            try:
                self._job().result()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
                _log.error("daily_failed", places=places(error))
                wait = AGAIN_SECONDS
