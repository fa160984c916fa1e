"""The ring around what has the keyboard: outside the widget, for keyboard focus only, always in high contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QPushButton, QWidget

from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch

if TYPE_CHECKING:
    from csr_desktop.ui.kit.focus_ring import FocusRing

_KEYBOARD = {
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
}
_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
_COMING_BACK = {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}


def came_by_keyboard(reason: Qt.FocusReason) -> bool:
    return reason in _KEYBOARD


def paint_ring(painter: QPainter, theme: Theme, rect: QRectF, radius: float) -> None:
    """A ring just inside `rect`."""
    width = theme.sizes.stroke.focus_ring
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("focus"), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


class FocusWatch:
    """Remembers how a widget got the keyboard and puts the ring on; its focus events are handed in."""

    def __init__(self, themes: ThemeSwitch, widget: QWidget) -> None:
        self._themes = themes
        self._widget = widget
        self._ring: FocusRing | None = None
        self._by_keyboard = False

    @property
    def shows_ring(self) -> bool:
        return self._ring is not None

    def entered(self, event: QFocusEvent) -> None:
        if event.reason() not in _COMING_BACK:
            self._by_keyboard = came_by_keyboard(event.reason())
        if (self._by_keyboard or self._themes.theme.is_contrast) and self._ring is None:
            from csr_desktop.ui.kit.focus_ring import FocusRing

            self._ring = FocusRing(self._themes, self._widget)

    def left(self) -> None:
        if self._ring is not None:
            self._ring.setWidget(None)  # type: ignore[arg-type]
            self._ring.hide()
            self._ring.deleteLater()
            self._ring = None


class RingedButton(QPushButton):
    """A push button that wears the ring. What it looks like is painted by those who derive from it."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.themes = themes
        self.focus_watch = FocusWatch(themes, self)
        self._is_of_us = False

    def click_when_toggled(self) -> None:
        """A screen reader toggles what can be checked without a click, of which nothing would come: it is one."""
        self.setCheckable(True)
        self.toggled.connect(self._on_toggled)

    def setChecked(self, is_checked: bool) -> None:
        was, self._is_of_us = self._is_of_us, True
        super().setChecked(is_checked)
        self._is_of_us = was

    def nextCheckState(self) -> None:
        self._is_of_us = True
        super().nextCheckState()
        self._is_of_us = False

    def _on_toggled(self, is_checked: bool) -> None:
        group = self.group()
        is_left = not is_checked and group is not None and group.exclusive()  # another of the group was chosen
        if not self._is_of_us and not is_left:
            self.on_toggled_aloud()

    def on_toggled_aloud(self) -> None:
        """What a screen reader toggled."""
        self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is a press like Space; on a choice it is left to the form, whose choices stand by then. Among chips in
        a flow an arrow goes to the next one and no further: Qt takes it for Tab, which leaves them.
        """
        step = _STEPS.get(event.key(), 0)
        among = self.parentWidget() if step and self.group() is None and not event.modifiers() else None
        if among is not None and isinstance(flow := among.layout(), FlowLayout):
            is_turned = self.isRightToLeft() and event.key() in {Qt.Key.Key_Left, Qt.Key.Key_Right}
            self._go_along(flow, -step if is_turned else step)
            return
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not self.isCheckable()
        if is_enter and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            if not event.isAutoRepeat():
                self.click()
            return
        super().keyPressEvent(event)

    def _go_along(self, flow: FlowLayout, step: int) -> None:
        items = [flow.itemAt(at) for at in range(flow.count())]
        widgets = [item.widget() for item in items if item is not None]
        chips = [one for one in widgets if isinstance(one, RingedButton) and one.isVisible() and one.isEnabled()]
        at = chips.index(self) + step
        if 0 <= at < len(chips):
            chips[at].setFocus(Qt.FocusReason.TabFocusReason)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_watch.entered(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_watch.left()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)
