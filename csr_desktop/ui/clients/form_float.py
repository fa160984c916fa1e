"""The frame of a form: it floats over the profile's end, keeps Tab inside, and scrolls what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.fields import ErrorLine
from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.picker import SearchPicker
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from csr_desktop.ui.desk import Desk


class FormFloat(FloatFrame):
    """Subclasses fill `form.body`. Esc and the cross leave; what was typed is kept by the subclass."""

    closed = Signal()

    def __init__(self, desk: Desk, place: QWidget, *, is_wide: bool = True) -> None:
        super().__init__(desk.themes, place.window(), "")
        self.desk = desk
        self._place = place
        self._is_wide = is_wide
        self._came_from: QWidget | None = None
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.title = ElidedLabel(size="title", weight=600)
        self.close_button = IconButton(themes, "x", self.tr("Close"), key_hint="Esc")
        self.form = ScrollColumn(
            "", ground="raised", spacing=space.apart, margins=(space.page, space.pane, space.page, space.pane)
        )
        self.state = Label(tone="faint", size="caption")
        self.error = ErrorLine(themes)
        self.discard_button = Button(themes, self.tr("Discard"), role="quiet")
        self.save_button = Button(themes, self.tr("Save"), role="primary", key_hint="Ctrl+Return")
        head = line(spacing=space.close, margins=(space.page, space.close, space.apart, space.close))
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        self._foot = QWidget()
        foot = line(self._foot, spacing=space.close, margins=(space.page, space.close, space.apart, space.close))
        foot.addWidget(self.state)
        foot.addWidget(self.error, 1)
        foot.addStretch(1)
        foot.addWidget(self.discard_button)
        foot.addWidget(self.save_button)
        self.body.setContentsMargins(1, 1, 1, 1)
        self.body.addLayout(head)
        self.body.addWidget(Hairline(themes))
        self.body.addWidget(self.form, 1)
        self._rule = Hairline(themes)
        self.body.addWidget(self._rule)
        self.body.addWidget(self._foot)
        self.close_button.clicked.connect(self.leave)
        self.save_button.clicked.connect(self.save)
        self.discard_button.clicked.connect(self.discard)
        place.installEventFilter(self)
        place.destroyed.connect(self.deleteLater)
        self._content = self.form.widget()
        if self._content is not None:
            self._content.installEventFilter(self)

    def set_name(self, name: str) -> None:
        """What it is, for a screen reader; `title` says whose."""
        self.setAccessibleName(name)
        self.form.setAccessibleName(name)
        self.form.viewport().setAccessibleName(name)

    def save(self) -> None:
        raise NotImplementedError

    def discard(self) -> None:
        self.leave()

    def hide_foot(self) -> None:
        """For what is only read."""
        self._foot.hide()
        self._rule.hide()

    # Opening and leaving

    @property
    def is_open(self) -> bool:
        return not self.isHidden()

    @property
    def has_keyboard(self) -> bool:
        focus = QApplication.focusWidget()
        return self.is_open and focus is not None and self.isAncestorOf(focus)

    def open(self, first: QWidget | None = None) -> None:
        if not self.is_open:
            focus = QApplication.focusWidget()
            self._came_from = focus if focus is not None and self._place.isAncestorOf(focus) else None
            self.form.scroll_to_top()
        self.fit()
        if first is not None:
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close, and give the keyboard back to where it was."""
        if not self.is_open:
            return
        self.hide()
        if self._came_from is not None and self._came_from.isVisible():
            self._came_from.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def step_back(self) -> bool:
        """Esc: close an open list first, then the form."""
        if not self.is_open:
            return False
        focus = QApplication.focusWidget()
        if isinstance(focus, SearchPicker) and self.isAncestorOf(focus) and focus.is_open:
            focus.close_list()
            focus.choose(focus.chosen)
            return True
        self.leave()
        return True

    def fit(self) -> None:
        """At the trailing edge of the place, as high as the form needs and the place has."""
        sizes, window = self.desk.themes.theme.sizes, self._place.window()
        gap = sizes.space.apart
        room = QRect(self._place.mapTo(window, QPoint(0, 0)), self._place.size()).adjusted(gap, gap, -gap, -gap)
        width = min(sizes.width.palette if self._is_wide else sizes.width.call_card, room.width())
        inner = self.form.body
        wanted = inner.totalHeightForWidth(width - 2) if inner.hasHeightForWidth() else inner.sizeHint().height()
        frame = self.sizeHint().height() - self.form.sizeHint().height()
        height = min(wanted + frame, room.height())
        left = room.left() if self.isRightToLeft() else room.right() + 1 - width
        self.place_at(QRect(left, room.top(), width, height))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.is_open:
            if watched is self._place and event.type() in {QEvent.Type.Resize, QEvent.Type.Move}:
                self.fit()
            elif watched is self._place and event.type() == QEvent.Type.Hide and self.window().isVisible():
                self.leave()  # another place was chosen; behind a locked window it stays
            elif event.type() == QEvent.Type.LayoutRequest and watched is self._content:
                QTimer.singleShot(0, self, self._fit_again)
        return super().eventFilter(watched, event)

    def _fit_again(self) -> None:
        if self.is_open:
            self.fit()

    def focusNextPrevChild(self, is_next: bool) -> bool:  # Qt's own signature
        """Tab stays within the form."""
        order: list[QWidget] = []
        at: QWidget | None = self.nextInFocusChain()
        while at is not None and at is not self:
            is_reached = bool(at.focusPolicy() & Qt.FocusPolicy.TabFocus) and at.focusProxy() is None
            if is_reached and self.isAncestorOf(at) and at.isVisible() and at.isEnabled():
                order.append(at)
            at = at.nextInFocusChain()
        focus = QApplication.focusWidget()
        if not order or focus is None:
            return False
        step = 1 if is_next else -1
        now = order.index(focus) if focus in order else -1 if is_next else 0
        wanted = order[(now + step) % len(order)]
        wanted.setFocus(Qt.FocusReason.TabFocusReason if is_next else Qt.FocusReason.BacktabFocusReason)
        self.form.ensureWidgetVisible(wanted)
        return True


def two_columns(left: QWidget, right: QWidget, gap: int) -> QWidget:
    """Two fields side by side, equally wide, their captions on one line."""
    pair = QWidget()
    row = line(pair, spacing=gap)
    for part in (left, right):
        held = column()
        held.addWidget(part)
        held.addStretch(1)
        row.addLayout(held, 1)
    return pair
