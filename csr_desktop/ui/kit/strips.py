"""Painted strips of time: the payroll schedule of two weeks, and the opening hours of one day."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.theme import Theme, ThemeSwitch, Tone

MarkKind = Literal["cut_off", "pay_date", "deposit", "holiday"]

_LABEL_GAP = 12


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the strip with its short name, "Fri 15"."""

    label: str
    is_weekend: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A date of the payroll. `at` counts days from the start of the first one: 1.5 is noon of the second."""

    at: float
    kind: MarkKind
    title: str
    detail: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A label laid out: where it starts, how wide it is, in which line it stands."""

    left: float
    width: float
    line: int

    @property
    def right(self) -> float:
        return self.left + self.width


def place_labels(anchors: Sequence[tuple[float, float]], room: float, gap: float = _LABEL_GAP) -> list[Placed]:
    """Lay labels out so that none touches another. Each anchor is (wished left, width), from left to right.

    In one line if they fit, moved as little as needed; otherwise in as many lines as it takes.
    """
    if sum(width for _, width in anchors) + gap * max(0, len(anchors) - 1) <= room:
        lefts = [min(max(0.0, left), room - width) for left, width in anchors]
        for at in range(1, len(lefts)):
            lefts[at] = max(lefts[at], lefts[at - 1] + anchors[at - 1][1] + gap)
        edge = room
        for at in range(len(lefts) - 1, -1, -1):
            lefts[at] = min(lefts[at], edge - anchors[at][1])
            edge = lefts[at] - gap
        return [Placed(left, width, 0) for left, (_, width) in zip(lefts, anchors, strict=True)]
    ends: list[float] = []
    placed = []
    for left, width in anchors:
        start = max(0.0, min(left, room - width))
        free = next((number for number, end in enumerate(ends) if end + gap <= start), len(ends))
        ends[free : free + 1] = [start + width]
        placed.append(Placed(start, width, free))
    return placed


def shown_names(spans: Sequence[tuple[float, float, bool]], gap: float) -> list[bool]:
    """Which of several names are shown so that none touches another; the important ones (third part) go first."""
    shown = [False] * len(spans)
    order = sorted(range(len(spans)), key=lambda at: not spans[at][2])
    for at in order:
        left, right, _ = spans[at]
        shown[at] = all(
            not shown[other] or right + gap <= spans[other][0] or left >= spans[other][1] + gap
            for other in range(len(spans))
        )
    return shown


class ScheduleStrip(QWidget):
    """Days from left to right, weekends grey, what has passed darker, today's mark, and the payroll's dates."""

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._days: list[Day] = []
        self._marks: list[Mark] = []
        self._now_at = -1.0
        self._labels: list[Placed] = []
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_schedule(self, days: Sequence[Day], marks: Sequence[Mark], now_at: float) -> None:
        """`now_at` counts days like a mark's `at`; below 0 for a schedule without today."""
        self._days = list(days)
        self._marks = sorted(marks, key=lambda mark: mark.at)
        self._now_at = now_at
        spoken = [", ".join(part for part in (self._day_name(mark), mark.title, mark.detail) if part) for mark in marks]
        self.setAccessibleDescription("; ".join(spoken))
        self._place()
        self.update()

    def _day_name(self, mark: Mark) -> str:
        return self._days[int(mark.at)].label if 0 <= int(mark.at) < len(self._days) else ""

    def _x(self, at: float) -> float:
        return at * self.width() / max(1, len(self._days))

    def _title_weight(self, mark: Mark) -> int:
        return 600 if mark.tone in ("danger", "warning") else 400

    def _place(self) -> None:
        theme = self._themes.theme
        anchors = []
        for mark in self._marks:
            wide = theme.metrics("body", self._title_weight(mark)).horizontalAdvance(mark.title)
            width = max(wide, theme.metrics("caption").horizontalAdvance(mark.detail)) + 1
            anchors.append((self._x(mark.at) - theme.sizes.space.button_gap, float(width)))
        self._labels = place_labels(anchors, float(self.width()))
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self.setFixedHeight(self.sizeHint().height())

    def _line_height(self) -> int:
        theme = self._themes.theme
        return theme.line_height("body") + theme.line_height("caption")

    def _axis(self) -> int:
        theme = self._themes.theme
        return theme.line_height("caption") + theme.sizes.space.pane + theme.sizes.space.tight

    def sizeHint(self) -> QSize:
        lines = max((label.line for label in self._labels), default=0) + 1
        height = self._axis() + self._themes.theme.sizes.space.apart + lines * self._line_height()
        return QSize(self._themes.theme.sizes.width.main_min, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._themes.theme.sizes.width.context_min, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._days:
            return
        theme, painter = self._themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axis(painter, theme)
        self._paint_names(painter, theme)
        for mark, label in zip(self._marks, self._labels, strict=True):
            self._paint_sign(painter, theme, mark)
            self._paint_label(painter, theme, mark, label)

    def _paint_axis(self, painter: QPainter, theme: Theme) -> None:
        axis, band, thick = self._axis(), theme.sizes.space.close, theme.sizes.stroke.focus_ring
        for at, day in enumerate(self._days):
            if day.is_weekend:
                left = self._x(at)
                painter.fillRect(QRectF(left, axis - band / 2, self._x(at + 1) - left, band), theme.colour("fill"))
        painter.fillRect(QRectF(0, axis - thick / 2, self.width(), thick), theme.colour("hairline"))
        if self._now_at >= 0:
            now = self._x(self._now_at)
            painter.fillRect(QRectF(0, axis - thick / 2, now, thick), theme.colour("text-faint"))
            high = theme.sizes.space.page
            painter.fillRect(QRectF(now - thick / 2, axis - high / 2, thick, high), theme.colour("accent"))

    def _paint_names(self, painter: QPainter, theme: Theme) -> None:
        marked = {int(mark.at) for mark in self._marks if mark.kind != "holiday"}
        today = int(self._now_at) if self._now_at >= 0 else -1
        spans, names = [], []
        for at, day in enumerate(self._days):
            is_bold = at == today or at in marked
            name = self.tr("Today") if at == today else day.label
            width = theme.metrics("caption", 600 if is_bold else 400).horizontalAdvance(name)
            left = min(max(0.0, self._x(at + 0.5) - width / 2), self.width() - width)
            spans.append((left, left + width, is_bold))
            names.append((name, is_bold))
        for (name, is_bold), (left, right, _), is_shown in zip(
            names, spans, shown_names(spans, theme.sizes.space.close), strict=True
        ):
            if is_shown:
                painter.setFont(theme.font("caption", 600 if is_bold else 400))
                painter.setPen(theme.colour("text" if is_bold else "text-faint"))
                rect = QRectF(left, 0, right - left + 1, theme.line_height("caption"))
                painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_sign(self, painter: QPainter, theme: Theme, mark: Mark) -> None:
        centre = QPointF(self._x(mark.at), self._axis())
        painter.setBrush(theme.colour("surface"))
        painter.setPen(QPen(theme.colour("text-muted"), 2))
        if mark.kind == "cut_off":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.tone(mark.tone or "muted"))
            painter.drawEllipse(centre, 6, 6)
        elif mark.kind == "pay_date":
            painter.drawRoundedRect(QRectF(centre.x() - 5, centre.y() - 5, 10, 10), 2, 2)
        elif mark.kind == "deposit":
            offsets = ((0, -7), (7, 0), (0, 7), (-7, 0))
            painter.drawPolygon(QPolygonF([centre + QPointF(dx, dy) for dx, dy in offsets]))
        else:
            painter.setPen(QPen(theme.colour("control"), 2))
            painter.drawEllipse(centre, 4, 4)

    def _paint_label(self, painter: QPainter, theme: Theme, mark: Mark, label: Placed) -> None:
        top = self._axis() + theme.sizes.space.apart + label.line * self._line_height()
        title = QRectF(label.left, top, label.width, theme.line_height("body"))
        tone: Tone = mark.tone or ("muted" if mark.kind == "holiday" else "")
        painter.setFont(theme.font("body", self._title_weight(mark)))
        painter.setPen(theme.tone(tone))
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, mark.title)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("text-muted"))
        below = QRectF(label.left, title.bottom(), label.width, theme.line_height("caption"))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, mark.detail)


class DayStrip(QWidget):
    """A day from `first_hour` to `last_hour` in the client's zone: open hours, the gap between, when it is due."""

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._open_hours: list[tuple[float, float]] = []
        self._ticks: list[tuple[float, str]] = []
        self._due_hour: float | None = None
        self._due_text = self._gap_text = ""
        self._first, self._last = 6.0, 18.0
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_day(
        self,
        open_hours: Sequence[tuple[float, float]],
        ticks: Sequence[tuple[float, str]],
        *,
        due_hour: float | None = None,
        due_text: str = "",
        gap_text: str = "",
        first_hour: float = 6.0,
        last_hour: float = 18.0,
    ) -> None:
        """Hours are local to the client, 13.5 is half past one; what lies outside the shown day is cut off."""
        self._open_hours = sorted(open_hours)
        self._ticks = list(ticks)
        self._due_hour = due_hour
        self._due_text = due_text
        self._gap_text = gap_text
        self._first, self._last = first_hour, last_hour
        self.setAccessibleDescription(due_text)
        self.update()

    def _x(self, hour: float) -> float:
        within = min(max(hour, self._first), self._last)
        return (within - self._first) / (self._last - self._first) * self.width()

    def sizeHint(self) -> QSize:
        theme = self._themes.theme
        caption, space = theme.line_height("caption"), theme.sizes.space
        return QSize(theme.sizes.width.main_min, 2 * caption + space.pane + 3 * space.tight)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._themes.theme.sizes.width.context_min // 2, self.sizeHint().height())

    def _text(
        self, painter: QPainter, theme: Theme, rect: QRectF, text: str, colour: QColor, weight: int = 400
    ) -> None:
        painter.setFont(theme.font("caption", weight))
        painter.setPen(colour)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        space, caption = theme.sizes.space, theme.line_height("caption")
        bar = QRectF(0, caption + space.tight, self.width(), space.pane)
        shape = QPainterPath()
        shape.addRoundedRect(bar, theme.sizes.radius.chip, theme.sizes.radius.chip)
        painter.fillPath(shape, theme.colour("fill"))
        for start, end in self._open_hours:
            left = self._x(start)
            painter.fillRect(QRectF(left, bar.top(), self._x(end) - left, bar.height()), theme.colour("accent-soft"))
        self._paint_gaps(painter, theme, bar)
        self._paint_ticks(painter, theme, bar.bottom() + space.tight)
        if self._due_hour is not None:
            self._paint_due(painter, theme, bar, self._due_hour)

    def _paint_gaps(self, painter: QPainter, theme: Theme, bar: QRectF) -> None:
        wide = theme.metrics("caption").horizontalAdvance(self._gap_text)
        for (_, ended), (starts, _) in pairwise(self._open_hours):
            gap = QRectF(self._x(ended), bar.top(), self._x(starts) - self._x(ended), bar.height())
            if self._gap_text and gap.width() >= wide:
                self._text(painter, theme, gap, self._gap_text, theme.colour("text-muted"))

    def _paint_ticks(self, painter: QPainter, theme: Theme, top: float) -> None:
        spans = []
        for at, (hour, text) in enumerate(self._ticks):
            width = theme.metrics("caption").horizontalAdvance(text)
            left = min(max(0.0, self._x(hour) - width / 2), self.width() - width)
            # The ends of the day matter more than the hours between.
            spans.append((left, left + width, at in (0, len(self._ticks) - 1)))
        for (_, text), (left, right, _), is_shown in zip(
            self._ticks, spans, shown_names(spans, theme.sizes.space.close), strict=True
        ):
            if is_shown:
                rect = QRectF(left - 1, top, right - left + 2, theme.line_height("caption"))
                self._text(painter, theme, rect, text, theme.colour("text-faint"))

    def _paint_due(self, painter: QPainter, theme: Theme, bar: QRectF, hour: float) -> None:
        space, thick = theme.sizes.space, theme.sizes.stroke.selection_mark
        at = self._x(hour)
        mark = QRectF(at - thick / 2, bar.top() - space.tight, thick, bar.height() + 2 * space.tight)
        painter.fillRect(mark, theme.colour("accent"))
        width = theme.metrics("caption", 600).horizontalAdvance(self._due_text) + 2
        left = min(max(0.0, at - width / 2), self.width() - width)
        rect = QRectF(left, 0, width, theme.line_height("caption") - space.tight // 2)
        self._text(painter, theme, rect, self._due_text, theme.colour("accent-text"), 600)
