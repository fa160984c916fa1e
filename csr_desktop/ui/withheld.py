"""What reads windows aloud, or presses their buttons, finds one window and nothing else while the others are withheld.

Hiding a window is not enough: Qt lists hidden ones too, answers for each part of them by its number, and tells of every
name that changes in them. So what Qt has made to tell of a part is deleted, and made anew only as something that is
nothing, of which no system is told.
"""

from __future__ import annotations

from typing import Final

import shiboken6
from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor
from PySide6.QtWidgets import QApplication, QWidget

_FIRST_NUMBER: Final = 1 << 31
"""Qt numbers what it tells of from here on, each newer one higher."""


class _Nothing(QAccessibleInterface):
    """Never valid: Qt drops each event of it, and a system that holds its number gets no answer. It must not hold what
    it stands for, which may be on its way to be made or deleted.
    """

    def isValid(self) -> bool:
        return False

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def child(self, index: int, /) -> QAccessibleInterface | None:  # type: ignore[override]  # noqa: ARG002
        return None

    def childAt(self, x: int, y: int, /) -> QAccessibleInterface | None:  # type: ignore[override]  # noqa: ARG002
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface, /) -> int:  # noqa: ARG002
        return -1

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def rect(self) -> QRect:
        return QRect()

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.NoRole

    def state(self) -> QAccessible.State:
        return QAccessible.State()

    def text(self, kind: QAccessible.Text, /) -> str:  # noqa: ARG002
        return ""

    def setText(self, kind: QAccessible.Text, text: str, /) -> None:
        pass

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()


class _Withholding:
    """One a program: Qt keeps what makes its interfaces until it ends."""

    def __init__(self) -> None:
        self.all_but: QWidget | None = None
        self.made: list[_Nothing] = []
        self.next_number = _FIRST_NUMBER
        """What has a lower one was looked at."""

    def __call__(self, _name: str, of: QObject) -> QAccessibleInterface | None:
        kept = self.all_but
        if kept is None or not isinstance(of, QWidget) or belongs_to(of, kept):
            return None
        nothing = _Nothing()
        self.made.append(nothing)
        return nothing


_only: list[_Withholding] = []


def belongs_to(widget: QWidget, window: QWidget) -> bool:
    """Whether it is in the window, or in a menu or a tip of something in it."""
    at: QWidget | None = widget
    while at is not None and at is not window:
        at = at.parentWidget()
    return at is not None


def withhold_all_but(window: QWidget) -> None:
    """From now on, until `release`. Windows that were shown are hidden by then."""
    release()
    if not _only:
        _only.append(_Withholding())
        QAccessible.installFactory(_only[0])
    one = _only[0]
    newest = QWidget()
    end = QAccessible.uniqueId(QAccessible.queryAccessibleInterface(newest)) + 1
    for number in range(one.next_number, end):
        if not _may_stay(number, window):
            QAccessible.deleteAccessibleInterface(number)
    one.next_number = end
    one.all_but = window


def _may_stay(number: int, window: QWidget) -> bool:
    found: QAccessibleInterface | None = QAccessible.accessibleInterface(number)
    if found is None:
        return True
    # A row of a list has no object of its own.
    of = found.object() if found.isValid() else None
    return isinstance(of, QApplication) or (isinstance(of, QWidget) and belongs_to(of, window))


def release() -> None:
    """All windows can be read and pressed again. Also to be called before the program ends."""
    for one in _only:
        one.all_but = None
        made, one.made = one.made, []
        for nothing in made:
            if shiboken6.isValid(nothing):
                QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(nothing))
