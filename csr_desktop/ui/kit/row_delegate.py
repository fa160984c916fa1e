"""Paints rows. It asks the model for one frozen struct a row and touches nothing else; see `rows`."""

from typing import Any

import msgspec
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from csr_desktop.ui.kit.chips import Badge, chip_width, paint_chip
from csr_desktop.ui.kit.focus import paint_ring
from csr_desktop.ui.kit.ground import fill
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.mirror import mirrored
from csr_desktop.ui.kit.rows import ROW_ROLE, Clock, HeaderRow, Row
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch
from csr_desktop.ui.kit.words import paint_words

_KEPT_ELISIONS = 4096
_TOP = 6
_ICON_TOP = 8


class Columns(msgspec.Struct, frozen=True):
    """Where the parts of a row start, from the leading edge, and how far they stay from the trailing one."""

    icon: int
    text: int
    right: int
    header: int
    check: int = 16


LIST_COLUMNS = Columns(icon=14, text=40, right=12, header=16)
PAGE_COLUMNS = Columns(icon=24, text=52, right=16, header=24)
_CHECK_COLUMNS = Columns(icon=44, text=72, right=12, header=16)
# The hairline starts where the text of a plain row does, also in rows with a check.
_LINE_FROM = LIST_COLUMNS.text


def columns_of(row: Row, columns: Columns) -> Columns:
    return _CHECK_COLUMNS if row.check else columns


def ground_role(view: QWidget | None) -> str:
    """The ground that a list's dynamic property names; lists in panes stand on the surface."""
    return str((view.property("ground") if view is not None else None) or "surface")


class RowDelegate(QStyledItemDelegate):
    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None, *, columns: Columns = LIST_COLUMNS) -> None:
        super().__init__(parent)
        self._themes = themes
        self._columns = columns
        self._elisions: dict[tuple[str, str, int, int], str] = {}

    def height_of(self, row: Row | HeaderRow) -> int:
        theme = self._themes.theme
        heights, line = theme.sizes.height, theme.metrics("body").height()
        if isinstance(row, HeaderRow):
            return max(heights.group_header, line)
        if row.is_one_line:
            return max(heights.row_one_line, line + 2 * _TOP)
        return max(heights.row_two_line, 2 * line + 2 * _TOP)

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row = index.data(ROW_ROLE)
        return QSize(1, self.height_of(row)) if row is not None else QSize()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        from PySide6.QtWidgets import QStyle  # see mirror.mirrored

        states: Any = QStyle.StateFlag
        is_selected, is_under = option.state & states.State_Selected, option.state & states.State_MouseOver
        self.paint_line(painter, option, index, is_selected=bool(is_selected), is_under=bool(is_under))

    def paint_line(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        *,
        is_selected: bool,
        is_under: bool,
    ) -> None:
        """For a list that knows by itself what is selected and under the pointer; the option's state is not read."""
        row = index.data(ROW_ROLE)
        painter.save()
        if isinstance(row, HeaderRow):
            self._paint_header(painter, option, row)
        elif isinstance(row, Row):
            made = _RowPainting(self, self._themes.theme, painter, option, index, columns_of(row, self._columns))
            made.paint(row, is_selected=is_selected, is_under=is_under)
        painter.restore()

    def check_rect(self, row: Row, item: QRect, direction: Qt.LayoutDirection) -> QRect:
        """The circle of a row that has one, with the whole height as its hit area; empty for others."""
        if not row.check:
            return QRect()
        circle = QRect(item.left(), item.top(), _CHECK_COLUMNS.icon - 4, item.height())
        return mirrored(direction, item, circle)

    def elided(self, theme: Theme, text: str, weight: int, width: int, size: str = "body") -> str:
        key = (text, size, weight, width)
        shown = self._elisions.get(key)
        if shown is None:
            if len(self._elisions) > _KEPT_ELISIONS:
                self._elisions.clear()
            metrics = theme.metrics(size, weight)
            shown = metrics.elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, width)
            self._elisions[key] = shown
        return shown

    def _paint_header(self, painter: QPainter, option: QStyleOptionViewItem, row: HeaderRow) -> None:
        theme, rect = self._themes.theme, QRect(option.rect)
        ground = ground_role(option.widget)
        fill(painter, rect, theme.colour("canvas" if ground == "surface" else ground))
        inner = rect.adjusted(self._columns.header, 0, -self._columns.header, 0)
        right_to_left = option.direction == Qt.LayoutDirection.RightToLeft
        title = theme.metrics("caption", 600).horizontalAdvance(row.title)
        painter.setFont(theme.font("caption", 600))
        painter.setPen(theme.tone(row.tone))
        paint_words(painter, inner, row.title, right_to_left=right_to_left)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("text-faint"))
        if row.count:
            after = inner.adjusted(title + theme.sizes.space.button_gap, 0, 0, 0)
            after = mirrored(option.direction, inner, after)
            paint_words(painter, after, row.count, right_to_left=right_to_left)
        if row.end_text:
            paint_words(painter, inner, row.end_text, right_to_left=right_to_left, place="trailing")


class _RowPainting:
    """One row being painted. Rectangles are reckoned left to right and mirrored when drawn."""

    def __init__(
        self,
        delegate: RowDelegate,
        theme: Theme,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        columns: Columns,
    ) -> None:
        self._delegate = delegate
        self._theme = theme
        self._painter = painter
        self._rect = QRect(option.rect)
        self._widget: QWidget | None = option.widget
        self._direction: Qt.LayoutDirection = option.direction
        self._is_mirrored = self._direction == Qt.LayoutDirection.RightToLeft
        self._index = index
        self._columns = columns
        self._list_width = self._widget.width() if self._widget else self._rect.width()
        self._is_selected = self._is_under = False
        # A search field's list shows the keyboard's place although the field has it.
        self._has_keyboard = self._widget is not None and (
            self._widget.hasFocus() or bool(self._widget.property("hasKeyboard"))
        )

    def paint(self, row: Row, *, is_selected: bool, is_under: bool) -> None:
        self._is_selected, self._is_under = is_selected, is_under
        self._paint_ground(row)
        self._paint_hairline()
        if row.check:
            self._paint_check(row)
        if row.icon:
            self._paint_row_icon(row)
        if row.is_one_line:
            self._paint_one_line(row)
        else:
            self._paint_two_lines(row)
        if row.progress >= 0:
            self._paint_progress(row.progress)
        self._paint_focus()

    def _mirror(self, rect: QRect) -> QRect:
        return mirrored(self._direction, self._rect, rect)

    def _paint_ground(self, row: Row) -> None:
        theme = self._theme
        role = ground_role(self._widget)
        if row.taken_reason:
            role = "canvas"
        if self._is_selected:
            role = "selection" if self._has_keyboard else "selection-idle"
        elif self._is_under:
            role = "hover"
        fill(self._painter, self._rect, theme.colour(role))
        if self._is_selected:
            mark = QRect(self._rect.left(), self._rect.top(), theme.sizes.stroke.selection_mark, self._rect.height())
            fill(self._painter, self._mirror(mark), theme.colour("accent" if self._has_keyboard else "control"))

    def _paint_hairline(self) -> None:
        if self._is_selected or self._index.row() == 0 or ground_role(self._widget) == "raised":
            return
        above = self._index.sibling(self._index.row() - 1, self._index.column())
        if not isinstance(above.data(ROW_ROLE), Row):
            return
        if isinstance(self._widget, QAbstractItemView) and self._widget.selectionModel().isSelected(above):
            return
        thin = self._theme.sizes.stroke.hairline / self._painter.device().devicePixelRatioF()
        start = min(_LINE_FROM, self._columns.text)
        line = self._mirror(QRect(self._rect.left() + start, self._rect.top(), self._rect.width() - start, 1))
        fill(self._painter, QRectF(line.left(), line.top(), line.width(), thin), self._theme.colour("hairline"))

    def _icon_rect(self, left: int, row: Row) -> QRect:
        size = self._theme.sizes.height.icon
        top = (self._rect.height() - size) // 2 if row.is_one_line else _ICON_TOP
        return self._mirror(QRect(self._rect.left() + left, self._rect.top() + top, size, size))

    def _paint_row_icon(self, row: Row) -> None:
        tone = row.icon_tone
        if row.taken_reason or row.is_done:
            tone = "faint"
        elif row.is_new and tone == "faint":
            tone = "accent"
        paint_icon(self._painter, self._icon_rect(self._columns.icon, row), row.icon, self._theme.tone(tone))

    def _paint_check(self, row: Row) -> None:
        theme, rect = self._theme, QRectF(self._icon_rect(self._columns.check, row))
        role = {"open": "control", "done": "success", "missed": "danger"}[row.check]
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setPen(QPen(theme.colour(role), 1))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawEllipse(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        if row.check != "open":
            inset = (theme.sizes.height.icon - theme.sizes.height.icon_small) / 2
            mark = "check" if row.check == "done" else "x"
            paint_icon(self._painter, rect.adjusted(inset, inset, -inset, -inset), mark, theme.colour(role))

    def _text(self, rect: QRect, text: str, colour: QColor, *, weight: int = 400, size: str = "body") -> None:
        if rect.width() <= 0 or not text:
            return
        shown = self._delegate.elided(self._theme, text, weight, rect.width(), size)
        self._painter.setFont(self._theme.font(size, weight))
        self._painter.setPen(colour)
        paint_words(self._painter, self._mirror(rect), shown, right_to_left=self._is_mirrored)

    def _from_edge(self, line: QRect, width: int, high: int) -> tuple[QRect, QRect]:
        """Cut a part of that width off the trailing end of a line: the part, and what is left of the line."""
        part = QRect(line.right() + 1 - width, line.top() + (line.height() - high) // 2, width, high)
        return part, line.adjusted(0, 0, -width - self._theme.sizes.space.close, 0)

    def _end_text(self, line: QRect, text: str, colour: QColor) -> QRect:
        width = self._theme.metrics("caption").horizontalAdvance(text) + 1
        part, rest = self._from_edge(line, width, line.height())
        self._text(part, text, colour, size="caption")
        return rest

    def _badge(self, line: QRect, badge: Badge) -> QRect:
        width = min(chip_width(self._theme, badge), line.width())
        part, rest = self._from_edge(line, width, self._theme.sizes.height.chip)
        # The ground of a selection is that of a neutral chip, all but a shade.
        neutral = "surface" if self._is_selected else "fill"
        place = self._mirror(part)
        paint_chip(self._painter, self._theme, place, badge, right_to_left=self._is_mirrored, neutral=neutral)
        return rest

    def _clock(self, line: QRect, clock: Clock, *, is_first: bool) -> QRect:
        if is_first:
            return self._badge(line, Badge(clock.text, clock.tone, clock.icon, is_lead=clock.is_lead))
        return self._badge(line, Badge(clock.text, clock.tone, clock.icon, is_plain=True))

    def _title_colour(self, row: Row) -> QColor:
        return self._theme.colour("text-faint" if row.taken_reason or row.is_done else "text")

    def _title_weight(self, row: Row) -> int:
        return 600 if row.is_new and not row.taken_reason else 400

    def _line_rects(self) -> tuple[QRect, QRect]:
        high = self._theme.line_height("body")
        spare = max(0, self._rect.height() - self._theme.sizes.height.row_two_line) // 2
        first = QRect(
            self._rect.left() + self._columns.text,
            self._rect.top() + _TOP + spare,
            self._rect.width() - self._columns.text - self._columns.right,
            high,
        )
        return first, first.translated(0, high)

    def _paint_two_lines(self, row: Row) -> None:
        first, second = self._line_rects()
        if row.mark_icon:
            self._paint_mark(row.mark_icon, second)
        self._text(self._line_end(first, row), row.title, self._title_colour(row), weight=self._title_weight(row))
        second, faint = self._second_line_end(second, row), self._theme.colour("text-faint")
        if row.taken_reason:
            self._text(second, row.taken_reason, faint)
        else:
            colour = faint if row.is_done else self._theme.tone(row.subtitle_tone)
            self._text(second, " · ".join(part for part in row.subtitle if part), colour)

    def _paint_mark(self, icon: str, second: QRect) -> None:
        """On the second line, in the middle of the icon's column."""
        heights = self._theme.sizes.height
        left = self._rect.left() + self._columns.icon + (heights.icon - heights.icon_small) // 2
        top = second.top() + (second.height() - heights.icon_small) // 2
        place = self._mirror(QRect(left, top, heights.icon_small, heights.icon_small))
        paint_icon(self._painter, place, icon, self._theme.colour("text-faint"))

    def _line_end(self, line: QRect, row: Row) -> QRect:
        """Paint what ends the first line; what is left is the title's."""
        if row.title_badge is not None:
            return self._badge(line, row.title_badge)
        shows_time = row.keeps_time or self._list_width >= self._theme.sizes.width.row_time_from
        if row.time_text and shows_time:
            return self._end_text(line, row.time_text, self._theme.colour("text-faint"))
        return line

    def _second_line_end(self, line: QRect, row: Row) -> QRect:
        """Paint what ends the second line, the edge first; what is left is the subtitle's."""
        if not row.taken_reason:
            if row.first_clock is not None:
                line = self._clock(line, row.first_clock, is_first=True)
            for badge in reversed(row.badges):
                line = self._badge(line, badge)
            has_room = self._list_width >= self._theme.sizes.width.row_second_clock_from
            if row.second_clock is not None and has_room:
                line = self._clock(line, row.second_clock, is_first=False)
        if row.end_text and not self._needs_all(line, row):
            line = self._end_text(line, row.end_text, self._theme.tone(row.end_tone))
        return line

    def _needs_all(self, line: QRect, row: Row) -> bool:
        """Whether the reason of a taken row leaves no room for what would stand after it."""
        if not row.taken_reason:
            return False
        reason = self._theme.metrics("body").horizontalAdvance(row.taken_reason)
        end = self._theme.metrics("caption").horizontalAdvance(row.end_text)
        return reason + end + self._theme.sizes.space.close > line.width()

    def _paint_one_line(self, row: Row) -> None:
        start = self._columns.text if row.icon or row.keeps_icon else self._columns.icon
        line = self._rect.adjusted(start, 0, -self._columns.right, 0)
        line = self._line_end(self._second_line_end(line, row), row)
        weight, colour = self._title_weight(row), self._title_colour(row)
        self._text(line, row.title, colour, weight=weight)
        gone = self._theme.metrics("body", weight).horizontalAdvance(row.title) + self._theme.sizes.space.close
        rest = line.adjusted(gone, 0, 0, 0)
        words = row.taken_reason or ", ".join(part for part in row.subtitle if part)
        if rest.width() > self._theme.sizes.space.wide:
            self._text(rest, words, self._theme.tone("faint" if row.taken_reason else row.subtitle_tone))

    def _paint_progress(self, fraction: float) -> None:
        high = self._theme.sizes.stroke.focus_ring
        track = QRect(
            self._rect.left() + self._columns.text,
            self._rect.bottom() + 1 - high,
            self._rect.width() - self._columns.text - self._columns.right,
            high,
        )
        fill(self._painter, self._mirror(track), self._theme.colour("fill-hover"))
        track.setWidth(round(track.width() * min(1.0, fraction)))
        fill(self._painter, self._mirror(track), self._theme.colour("accent"))

    def _paint_focus(self) -> None:
        view = self._widget
        if not (self._has_keyboard and isinstance(view, QAbstractItemView)) or view.currentIndex() != self._index:
            return
        if self._theme.is_contrast or view.property("showsFocus"):
            paint_ring(self._painter, self._theme, QRectF(self._rect), 0)
