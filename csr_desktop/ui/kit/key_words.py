"""Keys as the screen writes them: one way everywhere, and on a Mac the system's own."""

from __future__ import annotations

from functools import cache
from typing import Final

from PySide6.QtGui import QKeySequence

_SIGNS: Final = {"\u21e7": "Shift", "\u21b5": "Return"}


@cache
def key_text(key: str) -> str:
    """As the person's keyboard says it, of "Ctrl+K" or "Ctrl K": "Ctrl K" here, "⌘K" on a Mac. What is no key, such
    as "↑ ↓", stays as it is.
    """
    portable = "+".join(_SIGNS.get(part, part) for part in key.replace("+", " ").split())
    native = QKeySequence(portable).toString(QKeySequence.SequenceFormat.NativeText)
    return native.replace("+", " ").replace("Return", "\u21b5") or key
