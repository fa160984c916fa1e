"""Whether a window was put away, as behind a locked one."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def was_hidden(window: QWidget) -> bool:
    """Not so for one that is still to be shown."""
    return window.isHidden() and window.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
