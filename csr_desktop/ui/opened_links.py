"""Links that macOS opens: it tells a running program of them, where other systems start it once more with the link."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QUrl
from PySide6.QtGui import QFileOpenEvent

from csr_desktop.system.call_message import message_of_link


class OpenedLinks(QObject):
    """A filter of the application's events, which `tell`s what `csr-desktop link` would tell."""

    def __init__(self, parent: QObject, tell: Callable[[dict[str, str]], object]) -> None:
        super().__init__(parent)
        self._tell = tell

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent):
            return False
        link = event.url().toString(QUrl.ComponentFormattingOption.FullyEncoded)
        message = message_of_link(link, time.time_ns() // 1_000_000)
        if message is not None:
            self._tell(message)
        return message is not None
