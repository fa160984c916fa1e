"""The painted lines of the palette: icon, title and detail with what matched in the accent, a hint at the edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.rows import ROW_ROLE
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch

Index = QModelIndex | QPersistentModelIndex
Marks = Sequence[tuple[int, int]]
"""(start, length) of what matched."""


class Heading(msgspec.Struct, frozen=True):
    words: str


class Line(msgspec.Struct, frozen=True):
    """Something to open or run. `call` is what Ctrl+D does with it."""

    key: str
    icon: str
    title: str
    run: Callable[[], None]
    title_marks: tuple[tuple[int, int], ...] = ()
    detail: str = ""
    detail_marks: tuple[tuple[int, int], ...] = ()
    end: str = ""
    key_hint: str = ""
    call: Callable[[], None] | None = None


class PaletteModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Heading | Line] = []

    def show_rows(self, rows: Sequence[Heading | Line]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def first_line(self) -> int:
        return next((at for at, row in enumerate(self._rows) if isinstance(row, Line)), -1)

    def next_line(self, at: int, step: int) -> int:
        """The next line from `at`, over headings and round the ends; -1 when there is none."""
        count = len(self._rows)
        for distance in range(1, count + 1):
            found = (at + step * distance) % count
            if isinstance(self._rows[found], Line):
                return found
        return -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            if isinstance(row, Heading):
                return row.words
            return ", ".join(part for part in (row.title, row.detail, row.end) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self._rows[index.row()], Heading):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class PaletteDelegate(QStyledItemDelegate):
    def __init__(self, themes: ThemeSwitch, parent: QWidget) -> None:
        super().__init__(parent)
        self._themes = themes

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        heights = self._themes.theme.sizes.height
        is_heading = isinstance(index.data(ROW_ROLE), Heading)
        return QSize(0, heights.group_header if is_heading else heights.row_one_line + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, row = self._themes.theme, index.data(ROW_ROLE)
        rect: QRect = option.rect
        painter.save()
        if isinstance(row, Heading):
            painter.setFont(theme.font("caption", 600))
            painter.setPen(theme.colour("text-muted"))
            painter.drawText(
                rect.adjusted(theme.sizes.space.pane, 0, -theme.sizes.space.pane, 0),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                row.words,
            )
        else:
            is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            self._paint_line(painter, theme, rect, row, is_chosen=is_chosen)
        painter.restore()

    def _paint_line(self, painter: QPainter, theme: Theme, rect: QRect, row: Line, *, is_chosen: bool) -> None:
        space, heights = theme.sizes.space, theme.sizes.height
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("selection"))
            ground = QRectF(rect).adjusted(space.tight, 1, -space.tight, -1)
            painter.drawRoundedRect(ground, theme.sizes.radius.control, theme.sizes.radius.control)
        inner = rect.adjusted(space.pane, 0, -space.pane, 0)
        icon = QRect(inner.left(), inner.center().y() - heights.icon // 2 + 1, heights.icon, heights.icon)
        paint_icon(painter, icon, row.icon, theme.colour("accent-text" if is_chosen else "text-muted"))
        right = self._paint_end(painter, theme, inner, row, is_chosen=is_chosen)
        left = inner.left() + heights.icon + space.close
        left = self._paint_marked(
            painter, theme, QRect(left, rect.top(), right - left, rect.height()), row.title, row.title_marks, "text"
        )
        left += space.close
        if row.detail and right - left > space.wide:
            area = QRect(left, rect.top(), right - left, rect.height())
            self._paint_marked(painter, theme, area, row.detail, row.detail_marks, "text-muted")

    def _paint_end(self, painter: QPainter, theme: Theme, inner: QRect, row: Line, *, is_chosen: bool) -> int:
        """Time or keys at the edge; where they begin."""
        words = row.end
        if is_chosen and row.call is not None:
            words = self.tr("↵ open    Ctrl D call")
        elif is_chosen and not row.key_hint:
            words = self.tr("↵ open") if row.key.partition(":")[0] != "action" else "↵"
        elif row.key_hint:
            words = row.key_hint
        if not words:
            return inner.right()
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("text-muted"))
        width = theme.metrics("caption").horizontalAdvance(words)
        area = QRect(inner.right() - width, inner.top(), width + 1, inner.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)
        return inner.right() - width - theme.sizes.space.close

    @staticmethod
    def _paint_marked(painter: QPainter, theme: Theme, area: QRect, text: str, marks: Marks, role: str) -> int:
        """Text with its marks bold in the accent; elided at the end. Where it ends."""
        plain, bold = theme.font(), theme.font(weight=600)
        x, end = area.left(), area.right()
        for part, is_marked in _parts(text, marks):
            font: QFont = bold if is_marked else plain
            metrics = theme.metrics(weight=600 if is_marked else 400)
            width = metrics.horizontalAdvance(part)
            shown = part if x + width <= end else metrics.elidedText(part, Qt.TextElideMode.ElideRight, end - x)
            painter.setFont(font)
            painter.setPen(theme.colour("accent-text" if is_marked else role))
            painter.drawText(
                QRect(x, area.top(), max(0, end - x) + 1, area.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                shown,
            )
            x += min(width, end - x)
            if shown is not part:
                break
        return x


def _parts(text: str, marks: Marks) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    at = 0
    for start, length in sorted(marks):
        if not at <= start < len(text) or length <= 0:
            continue
        if start > at:
            parts.append((text[at:start], False))
        parts.append((text[start : start + length], True))
        at = start + length
    if at < len(text):
        parts.append((text[at:], False))
    return parts
