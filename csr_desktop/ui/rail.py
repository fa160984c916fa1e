"""The places at the left, with what waits in each; the inbox's views beneath it. Narrow: icons with counts."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QCursor, QFocusEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.mirror import mirrored
from csr_desktop.ui.kit.rows import ROW_ROLE
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.kit.viewport import bring_viewport
from csr_desktop.ui.kit.words import paint_words

Index = QModelIndex | QPersistentModelIndex


class RailRow(msgspec.Struct, frozen=True):
    """A place, or with a `parent` one of its views."""

    key: str
    words: str
    icon: str = ""
    count: int = 0
    parent: str = ""
    key_hint: str = ""


class RailModel(QAbstractListModel):
    def __init__(self, rows: list[RailRow]) -> None:
        super().__init__()
        self._all = rows
        self._rows = rows
        self._open_place = ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return row.words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.words}, {row.count}" if row.count else row.words
        return None

    def show_views_of(self, place: str, *, is_compact: bool) -> None:
        """Views stand only beneath the open place, and not in the narrow rail."""
        wanted = [r for r in self._all if not r.parent or (r.parent == place and not is_compact)]
        self._open_place = place
        if [r.key for r in wanted] != [r.key for r in self._rows]:
            self.beginResetModel()
            self._rows = wanted
            self.endResetModel()

    def set_count(self, key: str, count: int) -> None:
        for rows in (self._all, self._rows):
            for at, row in enumerate(rows):
                if row.key == key and row.count != count:
                    rows[at] = msgspec.structs.replace(row, count=count)
                    if rows is self._rows:
                        self.dataChanged.emit(self.index(at), self.index(at))

    def row_of(self, key: str) -> int:
        return next((at for at, row in enumerate(self._rows) if row.key == key), -1)


class RailDelegate(QStyledItemDelegate):
    def __init__(self, themes: ThemeSwitch, rail: Rail) -> None:
        super().__init__(rail)
        self._themes = themes
        self._rail = rail

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        sizes = self._themes.theme.sizes
        return QSize(0, sizes.height.control + sizes.space.tight // 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, row = self._themes.theme, index.data(ROW_ROLE)
        sizes = theme.sizes
        rect = QRectF(option.rect).adjusted(sizes.space.close, 1, -sizes.space.close, -1)
        is_place = row.key == self._rail.place
        is_view = row.key == self._rail.view and bool(row.parent)
        has_focus = self._rail.hasFocus() and index == self._rail.currentIndex()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if (is_place and not row.parent) or self._rail.is_under_pointer(index):
            painter.setBrush(theme.colour("fill" if is_place else "hover"))
            painter.drawRoundedRect(rect, sizes.radius.control, sizes.radius.control)
        if has_focus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setColor(theme.colour("focus"))
            pen.setWidth(sizes.stroke.focus_ring)
            painter.setPen(pen)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), sizes.radius.control, sizes.radius.control)
        is_strong = is_place or is_view
        colour = theme.colour("text" if is_strong else "text-muted")
        icon_size = sizes.height.icon
        if self._rail.is_compact:
            self._paint_compact(painter, rect, row, is_strong=is_strong)
        else:
            left = rect.left() + sizes.space.close
            direction = self._rail.layoutDirection()
            is_mirrored = direction == Qt.LayoutDirection.RightToLeft

            def placed(box: QRectF) -> QRect:
                return mirrored(direction, option.rect, box.toRect())

            if row.icon:
                icon_rect = placed(QRectF(left, rect.center().y() - icon_size / 2, icon_size, icon_size))
                paint_icon(painter, icon_rect, row.icon, theme.colour("accent-text") if is_place else colour)
            text_left = left + icon_size + sizes.space.close
            painter.setFont(theme.font(weight=600 if is_strong else 400))
            painter.setPen(colour)
            end = rect.right() - sizes.space.close
            count = self._rail.locale().toString(row.count) if row.count else ""
            count_width = theme.metrics("caption", 600).horizontalAdvance(count) + (sizes.space.tight if count else 0)
            words = theme.metrics(weight=600 if is_strong else 400).elidedText(
                row.words, Qt.TextElideMode.ElideRight, int(end - count_width - text_left)
            )
            words_box = placed(QRectF(text_left, rect.top(), end - count_width - text_left, rect.height()))
            paint_words(painter, words_box, words, right_to_left=is_mirrored)
            if count:
                painter.setFont(theme.font("caption", 600 if is_strong else 400))
                count_box = placed(QRectF(end - count_width, rect.top(), count_width, rect.height()))
                paint_words(painter, count_box, count, right_to_left=is_mirrored, place="trailing")
        painter.restore()

    def _paint_compact(self, painter: QPainter, rect: QRectF, row: RailRow, *, is_strong: bool) -> None:
        theme = self._themes.theme
        size = theme.sizes.height.icon
        colour = theme.colour("accent-text" if is_strong else "text-muted")
        at = QRectF(rect.center().x() - size / 2, rect.center().y() - size / 2, size, size)
        paint_icon(painter, at, row.icon, colour)
        if row.count:
            text = str(row.count) if row.count < 100 else "99+"
            painter.setFont(theme.font("caption", 600))
            painter.setPen(theme.colour("text" if is_strong else "text-muted"))
            painter.drawText(
                QRectF(at.right() - 2, rect.top() - 1, rect.right() - at.right() + 6, size),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                text,
            )


class Rail(QListView):
    """Up and down choose, Enter or a click opens."""

    place_chosen = Signal(str)
    view_chosen = Signal(str, str)

    def __init__(self, themes: ThemeSwitch, name: str, rows: list[RailRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bring_viewport(self)
        self._themes = themes
        self.place = ""
        self.view = ""
        self.is_compact = False
        self._views: dict[str, str] = {}
        self.setAccessibleName(name)
        self.setProperty("ground", "canvas")
        self._rows = RailModel(rows)
        self.setModel(self._rows)
        self.setItemDelegate(RailDelegate(themes, self))
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # Only so that a screen reader can press a row, which it does by selecting it: see `selectionCommand`.
        self.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.setSpacing(0)
        self.activated.connect(self._on_activated)
        self.clicked.connect(self._on_activated)
        self.viewport().setAutoFillBackground(False)
        themes.changed.connect(self.viewport().update)

    def selectionCommand(self, _index: Index, _event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """Neither keys nor the mouse select here."""
        return QItemSelectionModel.SelectionFlag.NoUpdate

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        for index in selected.indexes():
            QTimer.singleShot(0, self, partial(self._on_pressed_aloud, QPersistentModelIndex(index)))

    def _on_pressed_aloud(self, index: QPersistentModelIndex) -> None:
        self.clearSelection()
        if index.isValid():
            self._on_activated(self._rows.index(index.row(), 0))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()  # the first click has done it

    def _on_activated(self, index: QModelIndex) -> None:
        row: RailRow = index.data(ROW_ROLE)
        if row.parent:
            self.view_chosen.emit(row.parent, row.key)
        else:
            self.place_chosen.emit(row.key)

    def show_place(self, place: str, view: str = "") -> None:
        self.place = place
        self.view = view or self._views.get(place, "")
        if self.view:
            self._views[place] = self.view
        self._rows.show_views_of(place, is_compact=self.is_compact)
        if self.hasFocus():
            self._stand_on_place()
        self.viewport().update()

    def _stand_on_place(self) -> None:
        self.setCurrentIndex(self._rows.index(max(0, self._rows.row_of(self.place))))

    def focusInEvent(self, event: QFocusEvent) -> None:
        if not self.currentIndex().isValid():
            self._stand_on_place()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}:
            # A screen reader is told that the current row has the focus, of each list.
            self.setCurrentIndex(QModelIndex())

    def view_of(self, place: str) -> str:
        """The view chosen last beneath a place; '' when none was."""
        return self._views.get(place, "")

    def set_count(self, key: str, count: int) -> None:
        self._rows.set_count(key, count)

    def set_compact(self, *, is_compact: bool) -> None:
        if is_compact != self.is_compact:
            self.is_compact = is_compact
            self._rows.show_views_of(self.place, is_compact=is_compact)
            self.viewport().update()

    def is_under_pointer(self, index: Index) -> bool:
        viewport = self.viewport()
        return viewport.underMouse() and index == self.indexAt(viewport.mapFromGlobal(QCursor.pos()))

    def natural_height(self) -> int:
        return sum(self.sizeHintForRow(row) for row in range(self._rows.rowCount()))


class OrganisationMark(QWidget):
    """The bureau's initial and name, over the rail."""

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._name = name
        self._label = Label(name, weight=600)
        sizes = themes.theme.sizes
        self.setFixedHeight(sizes.height.top_bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(sizes.space.pane, 0, sizes.space.close, 0)
        row.setSpacing(0)
        row.addSpacing(sizes.height.avatar_small + sizes.space.close)
        row.addWidget(self._label, 1)

    def set_name(self, name: str) -> None:
        self._name = name
        self._label.setText(name)
        self._label.setToolTip(name)
        self.update()

    def set_compact(self, *, is_compact: bool) -> None:
        self._label.setVisible(not is_compact)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        sizes = theme.sizes
        side = sizes.height.avatar_small
        left = sizes.space.pane if self.width() > sizes.width.rail_compact else (self.width() - side) // 2
        square = QRect(left, (self.height() - side) // 2, side, side)
        rect = QRectF(mirrored(self.layoutDirection(), self.rect(), square))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(rect, sizes.radius.chip, sizes.radius.chip)
        painter.setPen(theme.colour("on-accent"))
        painter.setFont(theme.font("caption", 600))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._name[:1].upper())


class RailPane(QWidget):
    """The mark, the places, and at the foot keys and settings."""

    def __init__(self, themes: ThemeSwitch, organisation: str, places: list[RailRow], foot: list[RailRow]) -> None:
        super().__init__()
        self._themes = themes
        self.mark = OrganisationMark(themes, organisation)
        self.places = Rail(themes, self.tr("Places"), places)
        self.foot = Rail(themes, self.tr("Program"), foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, themes.theme.sizes.space.apart)
        column.setSpacing(0)
        column.addWidget(self.mark)
        column.addWidget(self.places, 1)
        column.addWidget(self.foot)
        self.foot.setFixedHeight(self.foot.natural_height())
        self.set_compact(is_compact=False)

    def set_compact(self, *, is_compact: bool) -> None:
        width = self._themes.theme.sizes.width
        self.setFixedWidth(width.rail_compact if is_compact else width.rail)
        for part in (self.mark, self.places, self.foot):
            part.set_compact(is_compact=is_compact)
