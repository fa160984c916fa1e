"""Whether everything in a page can be read to its end: each part within what holds it, each text within its label."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QWidget

from csr_desktop.ui.kit.elide import ElidedLabel
from tests.ui.frame_bench import describe


def broken_parts(root: QWidget) -> list[str]:
    """What sticks out or has too little room for its words; what scrolls may be longer than its sight."""
    found = []
    for part in root.findChildren(QWidget):
        holder = part.parentWidget()
        if not part.isVisibleTo(root) or holder is None or part.isWindow():
            continue
        scrolls = (
            isinstance(holder.parentWidget(), QAbstractScrollArea) and part.metaObject().className() != "QScrollBar"
        )
        sides = part.geometry().left() < 0 or part.geometry().right() > holder.rect().right()
        ends = part.geometry().top() < 0 or part.geometry().bottom() > holder.rect().bottom()
        if sides or (ends and not scrolls):
            found.append(f"sticks out: {describe(part)} {part.geometry()} of {holder.rect()}")
        if isinstance(part, QLabel) and part.text() and not isinstance(part, ElidedLabel):
            needed = part.heightForWidth(part.width()) if part.wordWrap() else part.sizeHint().height()
            if part.height() < needed or (not part.wordWrap() and part.width() < part.sizeHint().width()):
                found.append(f"cut: {describe(part)} {part.size()}, {needed} high wanted")
        elif not part.findChildren(QWidget) and part.height() < part.minimumSizeHint().height():
            found.append(f"squeezed: {describe(part)} {part.size()}, {part.minimumSizeHint()} wanted")
    return found
