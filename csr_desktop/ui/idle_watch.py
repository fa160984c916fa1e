"""Tells when nobody has used the desk's windows for so long, by key, pointer, wheel or touch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWindow

_LOOK_MILLISECONDS: Final = 15_000
_USED: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,
        QEvent.Type.InputMethod,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
    }
)


class IdleWatch(QObject):
    """Looks at the system's windows, not at each widget: few events come there. `clocks` are seconds: of the two the
    one that went on further counts, as one stands still while the computer sleeps and the other may be set back.
    """

    idled = Signal()
    """Once, until it is started anew."""

    def __init__(
        self,
        app: QGuiApplication,
        seconds: float,
        parent: QObject | None = None,
        clocks: tuple[Callable[[], float], Callable[[], float]] = (time.monotonic, time.time),
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._seconds = seconds
        self._clocks = clocks
        self._last = self._now()
        self._pointer: tuple[float, float] | None = None
        self._is_on = False
        self._watched: set[QWindow] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look)
        app.focusWindowChanged.connect(self._on_window)

    def start(self) -> None:
        """From now on, as if somebody had just used it."""
        self._last = self._now()
        self._is_on = True
        for window in self._app.topLevelWindows():
            self._on_window(window)
        self.look()

    def stop(self) -> None:
        self._is_on = False
        self._timer.stop()

    def look(self) -> None:
        """Whether it is time; else look again."""
        if not self._is_on:
            return
        left = self._seconds - self._idle_seconds()
        if left <= 0:
            self.stop()
            self.idled.emit()
        else:
            self._timer.start(min(_LOOK_MILLISECONDS, max(1, round(left * 1000))))

    def _now(self) -> tuple[float, float]:
        return self._clocks[0](), self._clocks[1]()

    def _idle_seconds(self) -> float:
        now = self._now()
        return max(now[0] - self._last[0], now[1] - self._last[1])

    def _on_window(self, window: QWindow | None) -> None:
        """Also pop-ups and dialogs, as they come."""
        if window is not None and self._is_on and window not in self._watched:
            self._watched.add(window)
            window.destroyed.connect(lambda: self._watched.discard(window))
            window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not self._is_on or event.type() not in _USED or not self._is_use(event):
            return False
        if self._idle_seconds() >= self._seconds:
            # The computer slept: the first key locks, and goes to nothing that is shown.
            self.look()
            return True
        self._last = self._now()
        return False

    def _is_use(self, event: QEvent) -> bool:
        """A pointer that lies still is moved too, by what moves beneath it."""
        if event.type() != QEvent.Type.MouseMove or not isinstance(event, QMouseEvent):
            return True
        at = event.globalPosition().toTuple()
        is_moved = self._pointer is not None and at != self._pointer
        self._pointer = at
        return is_moved
