"""Which calls a softphone tells of before there is a desk to tell: how many, and nothing of whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from csr_desktop.services.live_calls import SILENT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_GOES_ON = ("answer", "hold", "resume")
_IS_OVER = ("hangup", "missed")


class UntoldCalls(QObject):
    """A call is known by its id, else by its number; an end without either is the end of all."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ringing: set[str] = set()
        self._running: set[str] = set()
        self._silent = QTimer(self)
        """A ring of which no more is said goes by itself."""
        self._silent.setSingleShot(True)
        self._silent.setInterval(round(SILENT_SECONDS * 1000))
        self._silent.timeout.connect(self._end_rings)

    @property
    def ringing_count(self) -> int:
        return len(self._ringing)

    @property
    def running_count(self) -> int:
        return len(self._running)

    def take(self, message: Mapping[str, str]) -> None:
        """A message of `system.call_message` that is proven to come from the phone."""
        event = message.get("event", "").casefold()
        key = message.get("id") or message.get("number") or ""
        if event == "ring":
            if message.get("direction", "").casefold() != "out":
                self._ringing.add(key)
                self._silent.start()
        elif event in _GOES_ON:
            self._ringing.discard(key)
            self._running.add(key)
        elif event in _IS_OVER and key:
            self._ringing.discard(key)
            self._running.discard(key)
        elif event in _IS_OVER:
            self._ringing.clear()
            self._running.clear()
        self.changed.emit()

    def _end_rings(self) -> None:
        self._ringing.clear()
        self.changed.emit()
