"""Where Qt finds no display it ends the program at once; this says why, in words, instead of a core dump."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QtMsgType, qInstallMessageHandler

from csr_desktop.system.display import no_display

NO_DISPLAY = 2
"""The program's exit code."""


@contextmanager
def said_without_display() -> Iterator[None]:
    """Around the making of the QApplication, which does not come back when it fails."""
    heard: list[str] = []

    def on_message(kind: QtMsgType, _context: Any, text: str) -> None:
        if kind != QtMsgType.QtFatalMsg:
            heard.append(text)
            return
        missing = next((words for words in heard if "is needed to load" in words), "")
        words = f"Qt: {missing}" if missing else str(no_display())
        if sys.stderr is not None:
            sys.stderr.write(f"Error: {words}\n")
            sys.stderr.flush()
        os._exit(NO_DISPLAY)

    before = qInstallMessageHandler(on_message)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
    if sys.stderr is not None:
        sys.stderr.writelines(f"{text}\n" for text in heard)
