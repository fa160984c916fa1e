"""Whether selected text can be dragged out of the window with the pointer. It can, unless policy keeps it inside."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent

_stays_inside: list[bool] = [False]


def keep_text_inside(*, stays: bool) -> None:
    """For all text of the program from now on."""
    _stays_inside[0] = stays


def would_drag(event: QMouseEvent) -> bool:
    """Whether this press, on text that is selected, would begin what is to stay inside: the text is selected anew then.
    With Shift a selection is only made longer.
    """
    is_left = event.button() == Qt.MouseButton.LeftButton
    return _stays_inside[0] and is_left and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
