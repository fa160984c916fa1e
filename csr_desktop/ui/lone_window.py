"""One window alone: any other that shows itself meanwhile is put away before it is seen, as by Esc."""

from __future__ import annotations

from functools import partial

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.withheld import belongs_to

_UNSEEN = Qt.WidgetAttribute.WA_DontShowOnScreen


class LoneWindow(QObject):
    """From its making on, until `close`. `stays` is hidden and not closed: it is shown again."""

    def __init__(self, app: QApplication, window: QWidget, stays: QWidget | None, parent: QObject) -> None:
        super().__init__(parent)
        self._app = app
        self._window = window
        self._stays = stays
        for other in app.topLevelWidgets():
            if other.isVisible() and not belongs_to(other, window):
                self._put_away(other)
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.Show
            and isinstance(watched, QWidget)
            and watched.isWindow()
            and not belongs_to(watched, self._window)
        ):
            # Who shows it has yet to come back from that, and may be about to wait until it is closed.
            watched.setAttribute(_UNSEEN)
            QTimer.singleShot(0, self, partial(self._end, watched))
        return False

    def _end(self, window: QWidget) -> None:
        if shiboken6.isValid(window):
            self._put_away(window)
        if shiboken6.isValid(window):
            window.setAttribute(_UNSEEN, on=False)

    def _put_away(self, window: QWidget) -> None:
        if window is not self._stays:
            window.close()
        if shiboken6.isValid(window):
            window.hide()

    def close(self) -> None:
        self._app.removeEventFilter(self)
        self.deleteLater()
