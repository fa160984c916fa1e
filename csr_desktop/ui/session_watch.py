"""Tells when the person's session on this computer is locked, or the computer goes to sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from csr_desktop.system.session_lock import listen_for_lock

if TYPE_CHECKING:
    from csr_desktop.system.session_lock import Ends


class SessionWatch(QObject):
    """Hears from its making on, until `close`."""

    left = Signal()
    """Nobody sits at it any more, as far as the system knows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ends: Ends | None = listen_for_lock(self.left.emit)

    def close(self) -> None:
        ends, self._ends = self._ends, None
        if ends is not None:
            ends()
