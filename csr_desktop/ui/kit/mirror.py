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


def mirrored_alignment(direction: Qt.LayoutDirection, alignment: Qt.AlignmentFlag) -> Qt.AlignmentFlag:
    """What leading and trailing mean on the screen; the same as `QStyle.visualAlignment`, for the same reason."""
    sides = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignRight
    if not alignment & Qt.AlignmentFlag.AlignHorizontal_Mask:
        alignment |= Qt.AlignmentFlag.AlignLeft
    if alignment & Qt.AlignmentFlag.AlignAbsolute or not alignment & sides:
        return alignment
    if direction == Qt.LayoutDirection.RightToLeft:
        alignment ^= sides
    return alignment | Qt.AlignmentFlag.AlignAbsolute
