"""Writes every keystroke without a timer: one write is queued, and of what is typed meanwhile only the newest waits."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from PySide6.QtCore import QObject

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.desk import Desk


class LatestWriter(QObject):
    """Texts by key. `write` runs on the store's thread, with the newest text at the time of its turn."""

    def __init__(
        self,
        desk: Desk,
        write: Callable[[str, str], object],
        failed: Callable[[CsrDesktopError], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._write = write
        self._failed = failed
        self._has_failed = False
        self._lock = Lock()
        self._waiting: dict[str, str] = {}

    def put(self, key: str, text: str) -> None:
        """Keep this text for that key; an older one that still waits is given up."""
        with self._lock:
            is_queued = bool(self._waiting)
            self._waiting[key] = text
        if not is_queued:
            self._desk.ask(self, self._write_all, self._on_written, self._on_failed)

    def drop(self, key: str) -> None:
        """The thing is gone: nothing more is written for it."""
        with self._lock:
            self._waiting.pop(key, None)

    def _write_all(self) -> None:
        with self._lock:
            texts, self._waiting = self._waiting, {}
        for key, text in texts.items():
            self._write(key, text)

    def _on_written(self, _none: None) -> None:
        self._has_failed = False

    def _on_failed(self, fault: CsrDesktopError) -> None:
        # Said once: the next key tries again, and a notice for each would bury the note.
        if not self._has_failed:
            self._has_failed = True
            self._failed(fault)
