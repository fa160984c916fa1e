"""Where Tab goes when parts of a window are built later than what stands around them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def tab_stops(part: QWidget) -> list[QWidget]:
    """What Tab may stop at in there, in its order, hidden or not; a part that is a stop itself comes first."""
    found = [part]
    at = part.nextInFocusChain()
    while at is not None and at is not part:
        if part.isAncestorOf(at):
            found.append(at)
        at = at.nextInFocusChain()
    tab = Qt.FocusPolicy.TabFocus
    return [stop for stop in found if stop.focusPolicy() & tab == tab]


def follow_with_tab(before: QWidget, part: QWidget) -> None:
    """Let Tab go from the last stop in `before` through those in `part`, which was built later than its neighbours."""
    last = (tab_stops(before) or [before])[-1]
    for stop in tab_stops(part):
        QWidget.setTabOrder(last, stop)
        last = stop
