"""Left and right change places where one reads from right to left."""

from PySide6.QtCore import QRect, Qt


def mirrored(direction: Qt.LayoutDirection, bounds: QRect, rect: QRect) -> QRect:
    """Where a rectangle, reckoned from left to right, stands within its bounds; the same as `QStyle.visualRect`.

    QStyle and its six hundred constants take as long to be made as all icons of a window, and nothing else that is
    painted at a start wants them.
    """
    if direction != Qt.LayoutDirection.RightToLeft:
        return QRect(rect)
    return rect.translated(2 * (bounds.right() - rect.right()) + rect.width() - bounds.width(), 0)
