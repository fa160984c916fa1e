"""Keeps the changed fields of a form in the file while it is open, so that nothing typed is lost."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QObject, Signal

from csr_desktop.domain import pay_schedule
from csr_desktop.domain.pay_schedule import PaySchedule, PayScheduleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.desk import Desk


class FormDraft(QObject):
    """One draft at a time. While a write waits for its turn, only the newest values are kept for it."""

    kept = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._key = ""
        self._lock = Lock()
        self._waiting: dict[str, str] = {}
        self._has_failed = False

    def read(self, key: str, then: Callable[[dict[str, Any]], None]) -> None:
        """Turn to a draft, and hand over what it holds: changed fields by key."""
        self._key = key
        drafts = self._desk.services.drafts
        self._desk.ask(self, lambda: _decoded(drafts.read(key)), then, key="read")

    def keep(self, changes: Mapping[str, Any]) -> None:
        self._put(_encoded(changes) if changes else "")

    def clear(self) -> None:
        self._put("")

    def _put(self, text: str) -> None:
        if not self._key:
            return
        with self._lock:
            is_first = not self._waiting
            self._waiting[self._key] = text
        if is_first:
            self._desk.ask(self, self._write, lambda _: self._on_written(), self._on_failed)

    def _write(self) -> None:
        """On the store's thread."""
        with self._lock:
            texts, self._waiting = self._waiting, {}
        for key, text in texts.items():
            self._desk.services.drafts.write(key, text)

    def _on_written(self) -> None:
        self._has_failed = False
        self.kept.emit()

    def _on_failed(self, fault: CsrDesktopError) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._desk.say_fault(fault)


def _encoded(changes: Mapping[str, Any]) -> str:
    plain = {f: pay_schedule.encode(v) if isinstance(v, PaySchedule) else v for f, v in changes.items()}
    return msgspec.json.encode(plain).decode()


def _decoded(text: str) -> dict[str, Any]:
    """What cannot be read any more is left out."""
    if not text:
        return {}
    try:
        found: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
    if isinstance(found.get("pay_schedule"), str):
        try:
            found["pay_schedule"] = pay_schedule.decode(found["pay_schedule"])
        except PayScheduleError:
            del found["pay_schedule"]
    return found
