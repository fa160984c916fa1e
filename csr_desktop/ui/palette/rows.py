"""The painted lines of the palette: icon, title and detail with what matched in the accent, a hint at the edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from csr_desktop.ui.kit.chips import Badge, cap_size, chip_width, paint_cap, paint_chip
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.rows import ROW_ROLE, Clock
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch
from csr_desktop.ui.kit.words import direction_of, paint_words

Index = QModelIndex | QPersistentModelIndex
Marks = Sequence[tuple[int, int]]
"""(start, length) of what matched."""
_WIDEST = 1 << 20
_TITLE_SHARE = 0.6
"""The least part of a line that its title gets when the detail is long, too."""


class Heading(msgspec.Struct, frozen=True):
    words: str


class Nothing(msgspec.Struct, frozen=True):
    """That nothing was found, and what to try."""

    title: str
    text: str

    @property
    def words(self) -> str:
        return f"{self.title}. {self.text}"


class Line(msgspec.Struct, frozen=True):
    """Something to open or run. `call` is what Ctrl+D does with it, `more` what else can be done, by Tab."""

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
    clock: Clock | None = None
    more: Callable[[], Sequence[Line]] | None = None
    stays: bool = False
    """Enter runs it with the palette open, for more of what was found."""
    verb: str | None = None
    """What Enter does; None for the usual, '' for nothing."""
    mark_icon: str = ""
    """A quiet sign before `end`, such as where it is kept; `mark_words` say it aloud."""
    mark_words: str = ""


PaletteRow = Heading | Nothing | Line


class PaletteModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._rows: list[PaletteRow] = []

    def show_rows(self, rows: Sequence[PaletteRow]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def first_line(self) -> int:
        return next((at for at, row in enumerate(self._rows) if isinstance(row, Line)), -1)

    def row_of(self, key: str) -> int:
        """-1 for a line that is not here."""
        return next((at for at, row in enumerate(self._rows) if isinstance(row, Line) and row.key == key), -1)

    def first_of(self, start: str) -> int:
        """The first line whose key starts so, -1 for none."""
        return next(
            (at for at, row in enumerate(self._rows) if isinstance(row, Line) and row.key.startswith(start)), -1
        )

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
            if not isinstance(row, Line):
                return row.words
            spoken = row.clock.spoken if row.clock else ""
            return ", ".join(part for part in (row.title, row.detail, spoken, row.end, row.mark_words) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not isinstance(self._rows[index.row()], Line):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class PaletteDelegate(QStyledItemDelegate):
    def __init__(self, themes: ThemeSwitch, parent: QWidget) -> None:
        super().__init__(parent)
        self._themes = themes

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        heights, row = self._themes.theme.sizes.height, index.data(ROW_ROLE)
        if isinstance(row, Nothing):
            return QSize(0, 3 * heights.pane_header)
        return QSize(0, heights.group_header if isinstance(row, Heading) else heights.row_one_line + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: PaletteRow = index.data(ROW_ROLE)
        painter.save()
        line = _LinePainting(painter, self._themes.theme, option.rect, option.direction)
        if isinstance(row, Heading):
            line.paint_heading(row.words)
        elif isinstance(row, Nothing):
            line.paint_nothing(row)
        else:
            is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            line.paint_line(row, self._end(row, is_chosen=is_chosen), is_chosen=is_chosen)
        painter.restore()

    def _end(self, row: Line, *, is_chosen: bool) -> list[End]:
        """What stands at the edge: what the keys do with the chosen line; else a clock, a time or a key."""
        if is_chosen:
            is_action = row.key.partition(":")[0] == "action"
            usual = self.tr("Run") if is_action else self.tr("Open")
            verb = usual if row.verb is None else row.verb
            opens: list[End] = [_Cap("\u21b5"), verb] if verb else []
            calls: list[End] = [_Cap(key_text("Ctrl+D")), self.tr("Call")] if row.call is not None else []
            return [*opens, *calls, *([_Cap(key_text(row.key_hint))] if row.key_hint else [])]
        if row.clock is not None:
            is_lead = row.clock.tone != "neutral"
            return [Badge(row.clock.text, row.clock.tone, row.clock.icon, is_lead=is_lead, is_plain=not is_lead)]
        if row.key_hint:
            return [_Cap(key_text(row.key_hint))]
        if row.mark_icon:
            return [Badge(row.end, "neutral", row.mark_icon, is_plain=True)]
        return [row.end] if row.end else []


class _Cap(msgspec.Struct, frozen=True):
    keys: str


End = _Cap | Badge | str


class _LinePainting:
    """One row of the palette. What is placed here is placed as from left to right, and mirrored where that is so."""

    def __init__(self, painter: QPainter, theme: Theme, rect: QRect, direction: Qt.LayoutDirection) -> None:
        self._painter, self._theme, self._rect, self._direction = painter, theme, rect, direction
        self._is_mirrored = direction == Qt.LayoutDirection.RightToLeft

    def _at(self, rect: QRect) -> QRect:
        return QStyle.visualRect(self._direction, self._rect, rect)

    def _across(self, left: int, right: int) -> QRect:
        return QRect(left, self._rect.top(), max(0, right - left), self._rect.height())

    def paint_heading(self, words: str) -> None:
        space = self._theme.sizes.space.pane
        self._painter.setFont(self._theme.font("caption", 600))
        self._painter.setPen(self._theme.colour("text-muted"))
        box = self._rect.adjusted(space, 0, -space, 0)
        paint_words(self._painter, box, words, right_to_left=self._is_mirrored)

    def paint_nothing(self, row: Nothing) -> None:
        """As in any other list that is empty."""
        painter, theme, rect, size = self._painter, self._theme, self._rect, self._theme.sizes.height.icon_large
        line = theme.line_height("body")
        top = rect.top() + (rect.height() - size - theme.sizes.space.close - 2 * line) // 2
        icon = QRect(rect.left() + (rect.width() - size) // 2, top, size, size)
        paint_icon(painter, icon, "magnifying-glass", theme.colour("text-faint"))
        top += size + theme.sizes.space.close
        for words, weight, role in ((row.title, 600, "text"), (row.text, 400, "text-muted")):
            painter.setFont(theme.font(weight=weight))
            painter.setPen(theme.colour(role))
            box = QRect(rect.left() + theme.sizes.space.pane, top, rect.width() - 2 * theme.sizes.space.pane, line)
            shown = theme.metrics(weight=weight).elidedText(words, Qt.TextElideMode.ElideRight, box.width())
            paint_words(painter, box, shown, right_to_left=self._is_mirrored, place="centre")
            top += line

    def paint_line(self, row: Line, end: Sequence[End], *, is_chosen: bool) -> None:
        painter, theme, rect = self._painter, self._theme, self._rect
        space, size = theme.sizes.space, theme.sizes.height.icon
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("selection"))
            ground = QRectF(rect).adjusted(space.tight, 1, -space.tight, -1)
            painter.drawRoundedRect(ground, theme.sizes.radius.control, theme.sizes.radius.control)
        inner = rect.adjusted(space.pane, 0, -space.pane, 0)
        icon = QRect(inner.left(), inner.center().y() - size // 2 + 1, size, size)
        paint_icon(painter, self._at(icon), row.icon, theme.colour("accent-text" if is_chosen else "text-muted"))
        right = inner.right()
        for piece in reversed(end):
            right -= self._paint_end(piece, right, is_chosen=is_chosen) + space.close
        left = inner.left() + size + space.close
        room = right - left
        if row.detail:
            # A long note leaves room for whose it is, which is why it was found more often than not.
            detail = ceil(self._laid_out(_parts(row.detail, row.detail_marks), "text-muted")[1])
            room = max(round(room * _TITLE_SHARE), room - detail - space.close)
        left += self._paint_marked(self._across(left, left + room), row.title, row.title_marks, "text") + space.close
        if row.detail and right - left > space.wide:
            self._paint_marked(self._across(left, right), row.detail, row.detail_marks, "text-muted")

    def _paint_end(self, piece: End, right: int, *, is_chosen: bool) -> int:
        """A key, a chip or words that end there. How wide it is."""
        painter, theme = self._painter, self._theme
        ground = "surface" if is_chosen else "fill"
        if isinstance(piece, _Cap):
            size = cap_size(theme, piece.keys)
            paint_cap(
                painter, theme, self._at(self._ending(right, size.width(), size.height())), piece.keys, ground=ground
            )
            return size.width()
        if isinstance(piece, Badge):
            width = chip_width(theme, piece)
            box = self._at(self._ending(right, width, theme.sizes.height.chip))
            paint_chip(painter, theme, box, piece, right_to_left=self._is_mirrored, neutral=ground)
            return width
        width = theme.metrics("caption").horizontalAdvance(piece)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("text-muted"))
        box = self._at(self._across(right - width, right + 1))
        paint_words(painter, box, piece, right_to_left=self._is_mirrored, place="trailing")
        return width

    def _ending(self, right: int, width: int, height: int) -> QRect:
        return QRect(right + 1 - width, self._rect.top() + (self._rect.height() - height) // 2, width, height)

    def _paint_marked(self, area: QRect, text: str, marks: Marks, role: str) -> int:
        """Text with its marks bold in the accent; elided at the end. How wide it is."""
        theme, parts = self._theme, _parts(text, marks)
        layout, width = self._laid_out(parts, role)
        if width > area.width():
            metrics = theme.metrics()
            room = area.width() - round(width - metrics.horizontalAdvance(text))
            kept = len(metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, room))) - 1
            layout, width = self._laid_out([*_first(parts, max(0, kept)), ("\u2026", False)], role)
        box = self._at(area)
        left = box.right() + 1 - width if self._is_mirrored else box.left()
        line = layout.lineAt(0)
        layout.draw(self._painter, QPointF(left, box.top() + (box.height() - line.height()) / 2))
        return min(area.width(), ceil(width))

    def _laid_out(self, parts: Sequence[tuple[str, bool]], role: str) -> tuple[QTextLayout, float]:
        """As one text, so that each part stands where its direction says."""
        theme = self._theme
        text = "".join(part for part, _ in parts)
        layout = QTextLayout(text, theme.font())
        option = QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        option.setTextDirection(direction_of(text))
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        ranges, start = [], 0
        for part, is_marked in parts:
            found = QTextLayout.FormatRange()
            found.start, found.length = start, len(part.encode("utf-16-le", "surrogatepass")) // 2
            form = QTextCharFormat()
            form.setForeground(theme.colour("accent-text" if is_marked else role))
            if is_marked:
                form.setFont(theme.font(weight=600))
            found.format = form
            ranges.append(found)
            start += found.length
        layout.setFormats(ranges)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(_WIDEST)
        layout.endLayout()
        return layout, line.naturalTextWidth()


def _first(parts: Sequence[tuple[str, bool]], length: int) -> list[tuple[str, bool]]:
    """The parts of the first so many characters."""
    found = []
    for part, is_marked in parts:
        if length > 0:
            found.append((part[:length], is_marked))
        length -= len(part)
    return found


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
