"""A page over the window: title, close, a body that scrolls. Esc or a click beside it leaves; keys go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.float import DimSheet, FloatFrame
from csr_desktop.ui.kit.overlay_bar import OverlayBar
from csr_desktop.ui.kit.panes import Hairline, line

if TYPE_CHECKING:
    from csr_desktop.ui.main_window import MainWindow


class _PageFrame(FloatFrame):
    """Tab goes round in the page and does not leave it."""

    def focusNextPrevChild(self, is_forward: bool) -> bool:
        at = QApplication.focusWidget()
        if at is None or not self.isAncestorOf(at):
            at = self
        wanted = at
        while True:
            following = wanted.nextInFocusChain() if is_forward else wanted.previousInFocusChain()
            if following is None or following is at:
                return at is not self  # it is the only one
            wanted = following
            takes_tab = wanted.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
            if takes_tab and self.isAncestorOf(wanted) and wanted.isVisible() and wanted.isEnabled():
                reason = Qt.FocusReason.TabFocusReason if is_forward else Qt.FocusReason.BacktabFocusReason
                wanted.setFocus(reason)
                return True


class PageFloat(QObject):
    """Subclasses fill `body` in `refresh`, which runs at each opening."""

    keeps_size = False
    """One size, whichever of its tabs is shown; else as high as it needs to be."""

    def __init__(self, window: MainWindow, desk: Desk, title: str) -> None:
        super().__init__(window)
        self.window = window
        self.desk = desk
        self._give_back: Callable[[], None] = lambda: None
        themes = desk.themes
        space = themes.theme.sizes.space
        self.sheet = DimSheet(themes, window)
        self.frame = _PageFrame(themes, window, title)
        self.close_button = IconButton(themes, "x", self.tr("Close"), key_hint="Esc")
        self.heading = Label(title, size="title", weight=600, wraps=True)
        self.head = line(spacing=space.close, margins=(space.page, space.apart, space.apart, space.apart))
        self.head.addWidget(self.heading, 1)
        self.head.addWidget(self.close_button)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(space.page, space.pane, space.page, space.page)
        self.body.setSpacing(space.apart)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.content)
        OverlayBar(self._scroll)
        # A scroll area has its widget filled with the window's ground.
        self.content.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        self.frame.body.addLayout(self.head)
        self.frame.body.addWidget(Hairline(themes))
        self.frame.body.addWidget(self._scroll, 1)
        self.close_button.clicked.connect(self.close)
        self.sheet.clicked.connect(self.close)
        self.frame.installEventFilter(self)
        window.installEventFilter(self)

    def refresh(self) -> None:
        raise NotImplementedError

    @property
    def is_open(self) -> bool:
        return self.frame.isVisible()

    def open(self) -> None:
        from csr_desktop.ui.main_window import focus_kept

        if not self.is_open:
            self._give_back = focus_kept(self.window)
        self.refresh()
        self.window.actions_table.is_held = True
        self.sheet.cover()
        self.place()
        self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def close(self) -> None:
        if self.is_open:
            self.frame.hide()
            self.sheet.hide()
            self.window.actions_table.is_held = False
            self._give_back()

    def place(self) -> None:
        sizes = self.desk.themes.theme.sizes
        width = min(sizes.width.palette, self.window.width() - 2 * sizes.space.page)
        most = self.window.height() - 4 * sizes.space.page
        content = self.body.totalHeightForWidth(width) if self.body.hasHeightForWidth() else -1
        wanted = max(content, self.content.sizeHint().height()) + sizes.height.top_bar + 2 * sizes.space.pane
        height = min(sizes.width.palette if self.keeps_size else max(wanted, sizes.width.list_min), most)
        rect = QRect((self.window.width() - width) // 2, (self.window.height() - height) // 3, width, height)
        if self.is_open:
            self.frame.setGeometry(rect)  # the card of a call that rings stays above it
        else:
            self.frame.place_at(rect)

    def clear(self) -> None:
        while (item := self.body.takeAt(0)) is not None:
            widget, layout = item.widget(), item.layout()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
            elif layout is not None:
                while (inner := layout.takeAt(0)) is not None:
                    if (part := inner.widget()) is not None:
                        part.hide()
                        part.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.window and event.type() == QEvent.Type.Resize and self.is_open:
            self.place()
        if watched is self.frame and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.close()
            self._scroll_by(Qt.Key(event.key()))
            return True  # what lies beneath must not get the keys
        return False

    def _scroll_by(self, key: Qt.Key) -> None:
        step = QAbstractSlider.SliderAction
        actions = {
            Qt.Key.Key_Down: step.SliderSingleStepAdd,
            Qt.Key.Key_Up: step.SliderSingleStepSub,
            Qt.Key.Key_PageDown: step.SliderPageStepAdd,
            Qt.Key.Key_PageUp: step.SliderPageStepSub,
            Qt.Key.Key_Home: step.SliderToMinimum,
            Qt.Key.Key_End: step.SliderToMaximum,
        }
        if key in actions:
            self._scroll.verticalScrollBar().triggerAction(actions[key])
