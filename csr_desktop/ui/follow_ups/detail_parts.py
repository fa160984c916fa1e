"""Parts of one follow-up in detail: links, when it is due, the client's day, what led here, the promise rate."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QRect, QSize, Qt, QTime, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from csr_desktop.ui.follow_ups.agenda_words import LED_ICONS
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import ElidedLabel, Label, plain_tooltip
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.focus import RingedButton
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.panes import Card, line
from csr_desktop.ui.kit.strips import DayStrip
from csr_desktop.ui.kit.words import paint_words
from csr_desktop.ui.wording import VIEW_ICONS, place_of

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from csr_desktop.services.follow_up_rows import FollowUpDetail, FollowUpRow, KeptRate, LedHere
    from csr_desktop.ui.follow_ups.agenda_words import AgendaWords
    from csr_desktop.ui.kit.theme import ThemeSwitch, Tone

_FIRST_HOUR, _LAST_HOUR = 6.0, 18.0


class Detail(msgspec.Struct, frozen=True):
    """A follow-up with the instant at which its client opens again after it is due; 0 where it is due in open hours."""

    shown: FollowUpDetail
    opens_at: int
    has_hours: bool


class PlainLink(Button):
    """A link in the colour of text, or in the accent's where it `leads`."""

    def __init__(self, themes: ThemeSwitch, icon: str, *, leads: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(themes, "", role="link", icon=icon, elides=True, parent=parent)
        self._leads = leads
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(themes.theme.sizes.space.page)

    def show_words(self, words: str, spoken: str) -> None:
        self.setText(words)
        self.setAccessibleName(spoken)
        self.setVisible(bool(words))

    def grounds(self) -> tuple[str, str, str]:
        return "", "", "accent-text" if self._leads or self.underMouse() else "text-muted"


def _wrapping(part: QWidget) -> QWidget:
    policy = part.sizePolicy()
    policy.setHeightForWidth(True)
    part.setSizePolicy(policy)
    return part


class WhenCard(Card):
    """The time first said, the one that holds now, why it moved; of one that is done, how it went."""

    def __init__(self, themes: ThemeSwitch, words: AgendaWords) -> None:
        super().__init__(themes, title=" ")
        self.set_title(self.tr("When"))
        self._words = words
        space = themes.theme.sizes.space
        self._space = space
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(space.pane)
        self._grid.setVerticalSpacing(space.button_gap)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, 3 * space.wide - space.tight)
        self.body.addLayout(self._grid)

    def show_detail(self, detail: FollowUpDetail) -> None:
        row, words = detail.row, self._words
        self._clear()
        zone = row.client_zone
        if detail.moves:
            for at, move in enumerate(detail.moves):
                label = self.tr("First said") if at == 0 else self.tr("Then said")
                self._add(label, Label(words.whole(move.was_at, zone)[0], tone="muted", wraps=True, is_struck=True))
        due, mine = words.whole(row.due_at, zone)
        self._add(self.tr("Now due") if detail.moves else self.tr("Due"), self._two(due, mine))
        if detail.moves:
            last = detail.moves[-1]
            if last.reason:
                self._add(self.tr("Why it moved"), Label(last.reason, wraps=True))
            who = self.tr("You") if last.is_mine else last.by_name
            order = self.tr("before it was due") if last.is_in_time else self.tr("after it was due")
            self._add(self.tr("Moved by"), Label(f"{who}, {words.moment(last.at)}, {order}", wraps=True))
        if row.state == "open" and row.snoozed_until_at > words.words.now():
            self._add(self.tr("Snoozed to"), Label(words.moment(row.snoozed_until_at), wraps=True))
        if row.state != "open":
            self._add_outcome(detail)
        elif not row.is_mine:
            self._add(self.tr("For"), Label(row.assignee_name or self.tr("Nobody yet"), wraps=True))
        self.show_time(detail)

    def _add_outcome(self, detail: FollowUpDetail) -> None:
        row, words = detail.row, self._words
        tone: Tone = "danger" if row.outcome == "broken" else "success"
        if row.outcome in {"no_answer", "left_message"}:
            tone = ""
        elif row.outcome == "kept" and row.kept_early_seconds < 0:
            tone = "warning"
        self._add(self.tr("Outcome"), Label(words.outcome(row), tone=tone, weight=600, wraps=True))
        self._add(self.tr("Done by"), Label(f"{row.completed_by_name}, {words.moment(row.completed_at)}", wraps=True))
        if detail.outcome_note:
            self._add(self.tr("Note"), Label(detail.outcome_note, wraps=True))

    def show_time(self, detail: FollowUpDetail) -> None:
        row = detail.row
        is_open = row.state == "open"
        self.set_caption(self._words.left(row) if is_open else "")
        late = is_open and row.due_at < self._words.words.now()
        self._caption.set_tone("danger" if late else "muted")

    def _add(self, label: str, value: QWidget) -> None:
        at = self._grid.rowCount()
        self._grid.addWidget(Label(label, tone="muted"), at, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, at, 1)

    def _two(self, due: str, mine: str) -> QWidget:
        both = QWidget()
        flow = FlowLayout(self._space.tight, both)
        flow.addWidget(Label(f"{due}," if mine else due, weight=600))
        if mine:
            flow.addWidget(Label(mine, tone="muted"))
        both.setAccessibleName(f"{due}, {mine}" if mine else due)
        return _wrapping(both)

    def _clear(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()


class DayCard(Card):
    """The day it is due on the client's wall: when they are open, and where in it the time falls."""

    def __init__(self, themes: ThemeSwitch, words: AgendaWords) -> None:
        super().__init__(themes, title=" ")
        self._words = words
        self._strip = DayStrip(themes, self.tr("The client's day"))
        self._hint = Label(tone="muted", wraps=True)
        self.body.addWidget(self._strip)
        self.body.addWidget(self._hint)

    def show_detail(self, detail: Detail) -> None:
        shown, words = detail.shown, self._words.words
        day, row = shown.day, shown.row
        self.setVisible(bool(row.client_id) and detail.has_hours)
        date = words.local(row.due_at, day.zone).date()
        weekday = words.locale.dayName(date.isoweekday())
        self.set_title(self.tr("{0} in {1}").format(weekday, place_of(day.zone)))
        hours = day.open_hours
        if hours:
            opens, closes = self._hour(hours[0][0], whole=True), self._hour(hours[-1][1], whole=True)
            self.set_caption(self.tr("Open {0} to {1}").format(opens, closes))
        else:
            self.set_caption(self.tr("Closed"))
        gap = ""
        if any(ended >= 11 and starts <= 14 for (_, ended), (starts, _) in pairwise(hours)):
            gap = self.tr("Lunch")
        due = words.time_of_day(row.due_at, day.zone).partition("\u00a0")[0]
        self._strip.set_day(
            hours,
            self._ticks(shown),
            due_hour=day.due_hour,
            due_text=self.tr("Due {0}").format(due),
            gap_text=gap,
            first_hour=min(_FIRST_HOUR, float(int(day.due_hour))),
            last_hour=max(_LAST_HOUR, float(int(day.due_hour) + 1)),
        )
        self._hint.setText(self._hint_text(detail))
        self._hint.setVisible(bool(self._hint.text()))

    def _hint_text(self, detail: Detail) -> str:
        if detail.opens_at <= self._words.words.now():
            return ""
        day = detail.shown.day
        if self._words.words.local(detail.opens_at, day.zone).date().isoformat() == day.date:
            opening = ", ".join(part for part in self._words.pair(detail.opens_at, day.zone) if part)
            return self.tr("That is outside their hours. They open at {0}.").format(opening)
        opening = ", ".join(part for part in self._words.whole(detail.opens_at, day.zone) if part)
        if day.open_hours:
            return self.tr("That is outside their hours. They open again {0}.").format(opening)
        return self.tr("They are closed that day and open again {0}.").format(opening)

    def _ticks(self, shown: FollowUpDetail) -> list[tuple[float, str]]:
        """The ends of the open day in full, every second hour between."""
        hours = shown.day.open_hours
        first, last = (hours[0][0], hours[-1][1]) if hours else (8.0, 17.0)
        between = [hour for hour in range(2, 24, 2) if first + 1 < hour < last]
        return [
            (first, self._hour(first, whole=True)),
            *((float(hour), self._hour(hour)) for hour in between),
            (last, self._hour(last, whole=True)),
        ]

    def _hour(self, hour: float, *, whole: bool = False) -> str:
        """ "8 AM", "10", "Noon", as the locale counts hours."""
        locale = self._words.words.locale
        minutes = round(hour * 60) % (24 * 60)
        time = QTime(minutes // 60, minutes % 60)
        if "ap" not in locale.timeFormat(locale.FormatType.ShortFormat).lower():
            return time.toString("H:mm")
        if minutes == 12 * 60 and not whole:
            return self.tr("Noon")
        text = locale.toString(time, "h AP" if minutes % 60 == 0 else "h:mm AP")
        return text if whole else text.partition(" ")[0]


class LedHereLine(RingedButton):
    """Something that led to it: what was said, and when. Opens where it lives."""

    wanted = Signal(object)
    """The LedHere."""

    def __init__(self, themes: ThemeSwitch, words: AgendaWords) -> None:
        super().__init__(themes)
        self._words = words
        self._led: LedHere | None = None
        self._icon = self._text = self._time = ""
        self._is_link = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.wanted.emit(self._led))

    def show_led(self, led: LedHere, row: FollowUpRow, *, is_link: bool) -> None:
        self._led, self._is_link = led, is_link
        self._icon = LED_ICONS.get(led.kind, VIEW_ICONS[row.kind])
        if led.kind == "call":
            self._icon = "phone-outgoing" if led.direction == "out" else "phone-incoming"
        self._text = self._words.led_here(led, row)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_link else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.ArrowCursor)
        self.setToolTip(plain_tooltip(self._text))
        self.show_time()

    def show_time(self) -> None:
        if self._led is not None:
            self._time = self._words.moment(self._led.at)
            self.setAccessibleName(f"{self._text}, {self._time}")
            self.update()

    def sizeHint(self) -> QSize:
        sizes = self.themes.theme.sizes
        return QSize(sizes.width.context_min, sizes.height.control)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.themes.theme.sizes.width.context_min // 2, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self.themes.theme, QPainter(self)
        sizes, mirrored = theme.sizes, self.isRightToLeft()
        is_hot = self._is_link and self.underMouse()

        def place(left: int, width: int) -> QRect:
            return QRect(self.width() - left - width if mirrored else left, 0, width, self.height())

        icon = place(0, sizes.height.icon)
        icon.setTop((self.height() - sizes.height.icon) // 2)
        icon.setHeight(sizes.height.icon)
        paint_icon(painter, icon, self._icon, theme.colour("text-faint"))
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("text-faint"))
        wide = theme.metrics("caption").horizontalAdvance(self._time) + 1
        paint_words(painter, place(self.width() - wide, wide), self._time, right_to_left=mirrored, place="trailing")
        left = sizes.height.icon + sizes.space.close
        room = max(0, self.width() - left - wide - sizes.space.pane)
        painter.setFont(theme.font())
        painter.setPen(theme.colour("accent-text" if is_hot else "text"))
        shown = theme.metrics().elidedText(self._text.replace("\n", " "), Qt.TextElideMode.ElideRight, room)
        paint_words(painter, place(left, room), shown, right_to_left=mirrored)


class RateLine(QWidget):
    """The promise kept rate of the last 90 days with its interval and count, and how it is counted."""

    def __init__(self, themes: ThemeSwitch, words: AgendaWords) -> None:
        super().__init__()
        self._words = words
        space = themes.theme.sizes.space
        self._before = ElidedLabel(tone="muted", size="caption")
        self._figure = Label(size="caption", weight=600)
        self._after = ElidedLabel(tone="muted", size="caption")
        self.how = Button(themes, self.tr("How it is counted"), role="link")
        self.how.set_text_size("caption")
        row = line(self, spacing=space.tight, margins=(space.page, 0, space.page, space.apart))
        for label in (self._before, self._figure, self._after):
            row.addWidget(label)
        row.addStretch(1)
        row.addWidget(self.how)
        self.hide()

    def show_rate(self, rate: KeptRate, whose: str) -> None:
        before, figure, after = self._words.rate(rate, whose)
        for label, text in ((self._before, before), (self._figure, figure), (self._after, after)):
            label.setText(text)
            label.setVisible(bool(text))
        self.setAccessibleName(" ".join(text for text in (before, figure, after) if text))
        self.show()
