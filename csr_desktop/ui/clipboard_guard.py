"""What is copied in the desk, as far as the organization lets it go: out to other programs, and for how long.

Within the desk copying, cutting and pasting work always; text that stays inside is not dragged either. What holds
nothing of a client, such as a softphone's line, goes out by `copy_out`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication

from csr_desktop.ui.kit.text_drag import keep_text_inside

_UNWATCHED: Final = {
    "win32": ('application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"', b"\0\0\0\0"),
    "darwin": ("application/x-concealed", b"1"),
}
_HINT: Final = ("x-kde-passwordManagerHint", b"secret")
"""Histories of the clipboard leave out what has it."""


_let_out: list[str] = [""]
"""The text that was last put there for other programs. What Qt made outlives Python; what Python made would not."""


def copy_out(text: str) -> None:
    """Put text that is of no client on the clipboard, for another program."""
    _let_out[0] = text
    QGuiApplication.clipboard().setText(text)


class ClipboardGuard(QObject):
    """With `stays_inside` what was copied here is taken off the clipboard when the person turns to another program, and
    put back when they return. After `clear_seconds` it is gone; 0 is never. `owns` says whether what is there comes
    from this program.
    """

    def __init__(
        self,
        app: QGuiApplication,
        *,
        stays_inside: bool,
        clear_seconds: float,
        owns: Callable[[], bool] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._clipboard = QGuiApplication.clipboard()
        self._owns = owns or self._clipboard.ownsClipboard
        self._stays_inside = stays_inside
        self._held: QMimeData | None = None
        self._is_changing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(clear_seconds * 1000))
        self._timer.timeout.connect(self.forget)
        if stays_inside or clear_seconds:
            self._clipboard.dataChanged.connect(self._on_copied)
        keep_text_inside(stays=stays_inside)
        if stays_inside:
            app.applicationStateChanged.connect(self._on_state)
        if (stays_inside or clear_seconds) and self._clipboard.supportsSelection():
            self._clipboard.selectionChanged.connect(self._on_selected)

    def forget(self) -> None:
        """What was copied or selected here is on no clipboard any more."""
        self._held = None
        self._timer.stop()
        if self._content() is not None:
            self._put(None)
        self._clear_selection()

    def close(self) -> None:
        """The program ends. What was to stay inside or to go after a while does not outlive it."""
        if self._stays_inside or self._timer.interval():
            self.forget()

    def _content(self) -> QMimeData | None:
        """What was copied here and is to be guarded; None where nothing is."""
        content = _of(self._clipboard) if self._owns() else None
        return None if content is None or (content.hasText() and content.text() == _let_out[0]) else content

    def _on_copied(self) -> None:
        if self._is_changing:
            return
        self._held = None
        self._timer.stop()
        content = self._content()
        if content is None:
            return
        if self._timer.interval():
            self._timer.start()
        if self._stays_inside:
            self._put(_kept(content))

    def _on_selected(self) -> None:
        if self._stays_inside:
            self._clear_selection()
        elif self._timer.interval() and self._offers_selection() and not self._timer.isActive():
            self._timer.start()

    def _offers_selection(self) -> bool:
        """X11 offers what is only selected to every program's middle button."""
        own = self._clipboard.supportsSelection() and self._clipboard.ownsSelection()
        return own and bool(self._clipboard.text(QClipboard.Mode.Selection))

    def _clear_selection(self) -> None:
        if self._offers_selection():
            self._clipboard.clear(QClipboard.Mode.Selection)

    def _on_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            held, self._held = self._held, None
            if held is not None and _of(self._clipboard) is None:
                self._put(held)
        elif (content := self._content()) is not None:
            self._held = _kept(content)
            self._put(None)

    def _put(self, content: QMimeData | None) -> None:
        self._is_changing = True
        if content is None:
            self._clipboard.clear()
        else:
            self._clipboard.setMimeData(content)
        self._is_changing = False


def _of(clipboard: QClipboard) -> QMimeData | None:
    """What is on it; None while it is empty."""
    content: QMimeData | None = clipboard.mimeData()
    return content if content is not None and content.formats() else None


def _kept(content: QMimeData) -> QMimeData:
    """The text of it, marked so that histories of the clipboard leave it out."""
    made = QMimeData()
    if content.hasText():
        made.setText(content.text())
    for kind, value in (_HINT, _UNWATCHED.get(sys.platform, _HINT)):
        made.setData(kind, value)
    return made
