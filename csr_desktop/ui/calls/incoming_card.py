"""An incoming call's card over the top right of the window: who calls and what waits for them. It takes no focus."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.calls.call_words import people_sharing
from csr_desktop.ui.calls.card_keys import ATTACH_KEY, PERSON_KEYS
from csr_desktop.ui.context_parts import LastContactLine
from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.elide import ClampedLabel, ElidedLabel, Label
from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.focus import RingedButton
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.wording import CLOCK_ICONS, VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import CallerMatch, LiveCall, Pop
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import Tone

_PEOPLE = 3
_OTHERS = 2
"""Beside one who was taken."""
_CALLBACKS = 2
_PROMISES = _TICKETS = 2
_CONTACTS = 3
_ALERT_LINES = 2
_MOVES = {QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Resize}


class Caller(NamedTuple):
    """What CallWords.match says why somebody is shown."""

    contact_id: str
    contact_name: str
    client_id: str
    number_shown: str
    match: CallerMatch


class _Fact(QWidget):
    """An icon, a line, and when at the edge."""

    def __init__(
        self, desk: Desk, icon: str, text: str, *, at: int = 0, kind: str = "due", tone: Tone = "faint"
    ) -> None:
        super().__init__()
        sizes = desk.themes.theme.sizes
        row = line(self, spacing=sizes.space.close)
        self.setFixedHeight(sizes.height.control)
        row.addWidget(IconMark(desk.themes, icon, tone=tone))
        row.addWidget(ElidedLabel(text, tone="warning" if tone == "warning" else ""), 1)
        clock = desk.words.clock(kind, at)
        if clock is not None:
            chip = Chip(desk.themes, clock.text, tone=clock.tone, icon=clock.icon if clock.tone != "neutral" else "")
            chip.setAccessibleName(clock.spoken)
            row.addWidget(chip)
        self.setAccessibleName(", ".join(part for part in (text, clock.spoken if clock else "") if part))


class _Alert(QWidget):
    """What has to be known of the company before a word is said: it is read whole, or nearly."""

    def __init__(self, desk: Desk, text: str) -> None:
        super().__init__()
        space = desk.themes.theme.sizes.space
        row = line(self, spacing=space.close, margins=(0, space.tight, 0, space.tight))
        row.addWidget(IconMark(desk.themes, "push-pin", tone="warning"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(ClampedLabel(text, most_lines=_ALERT_LINES, tone="warning"), 1)
        self.setAccessibleName(text)


class PersonLine(RingedButton):
    """Somebody who may be calling, why, and the key that takes them."""

    def __init__(self, desk: Desk, name: str, company: str, reason: str, key: str) -> None:
        super().__init__(desk.themes)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        sizes = desk.themes.theme.sizes
        self.setFixedHeight(sizes.height.row_one_line + sizes.space.close)
        row = line(self, spacing=sizes.space.close)
        row.addWidget(IconMark(desk.themes, "user"))
        words = column()
        who = ", ".join(part for part in (name, company) if part)
        words.addWidget(ElidedLabel(who))
        words.addWidget(ElidedLabel(reason, size="caption", tone="muted"))
        row.addLayout(words, 1)
        row.addWidget(Label(key, size="caption", tone="faint"))
        for label in self.findChildren(QWidget):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(f"{who}, {reason}")
        self.setAccessibleDescription(key)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.underMouse() or self.isDown():
            theme = self.themes.theme
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(self.rect(), theme.sizes.radius.control, theme.sizes.radius.control)


class IncomingCard(FloatFrame):
    """Shows one call; `later` more are counted. Its buttons have keys that work while one types."""

    accepted = Signal(str)
    attach_wanted = Signal(str)
    """Take it, and say at once whose number it is."""
    person_chosen = Signal(str, str, str)
    """Take it with this person on the line: the call's key, the contact's id and the client's."""
    dismissed = Signal(str)
    contact_opened = Signal(str, str)

    def __init__(self, desk: Desk, words: CallWords, window: QWidget) -> None:
        super().__init__(desk.themes, window, self.tr("Incoming call"))
        self._desk = desk
        self._words = words
        self._call: LiveCall | None = None
        self._shown_since = 0.0
        self._kept_clear: QWidget | None = None
        self._slide = QPropertyAnimation(self, b"pos", self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self.refresh_time)
        sizes = desk.themes.theme.sizes
        self._state = Label("", weight=600, tone="success")
        self._time = Label("", tone="muted")
        self._queue = ElidedLabel(size="caption", tone="muted")
        self._queue.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._avatar = Avatar(desk.themes, "", size=sizes.height.avatar_large)
        self._name = ElidedLabel(size="title", weight=600)
        self._company = ElidedLabel(tone="muted")
        self._tier = Chip(desk.themes, "", icon="star")
        self._why_mark = IconMark(desk.themes, "question", size="icon_small")
        self._why = Label("", size="caption", tone="muted", wraps=True)
        self._local_time = Label("", size="caption", tone="muted")
        self._facts = column(spacing=0)
        self._facts_line = Hairline(desk.themes)
        self.accept = Button(desk.themes, self.tr("Accept"), role="primary", icon="phone", key_hint="F9")
        self.dismiss = Button(desk.themes, self.tr("Put away"), key_hint="F10")
        self.attach = Button(desk.themes, self.tr("Attach to a person"), icon="user-plus", key_hint=ATTACH_KEY)
        self.choices: list[PersonLine] = []
        self._contacts: list[LastContactLine] = []
        self._foot = Label("", size="caption", tone="faint")
        self._foot.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._lay_out()
        self.accept.clicked.connect(self._on_accept)
        self.dismiss.clicked.connect(self._on_dismiss)
        self.attach.clicked.connect(self._on_attach)
        for button in (self.accept, self.dismiss, self.attach):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it is
        window.installEventFilter(self)

    def _lay_out(self) -> None:
        sizes = self._desk.themes.theme.sizes
        pane, close = sizes.space.pane, sizes.space.close
        self.body.setContentsMargins(pane, pane, pane, sizes.space.apart)
        self.body.setSpacing(sizes.space.apart)
        head = line(spacing=close)
        self._mark = IconMark(self._desk.themes, "phone-incoming", tone="success")
        head.addWidget(self._mark)
        head.addWidget(self._state)
        head.addWidget(self._time)
        head.addWidget(self._queue, 1)
        self.body.addLayout(head)
        person = line(spacing=sizes.space.apart)
        person.addWidget(self._avatar)
        names = column()
        names.addWidget(self._name)
        names.addWidget(self._company)
        person.addLayout(names, 1)
        person.addWidget(self._tier, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(person)
        why = line(spacing=sizes.space.tight)
        why.addWidget(self._why_mark, 0, Qt.AlignmentFlag.AlignTop)
        why.addWidget(self._why, 1)
        why.addWidget(self._local_time, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(why)
        self.body.addWidget(self._facts_line)
        self.body.addLayout(self._facts)
        buttons = line(spacing=close)
        buttons.addWidget(self.accept, 1)
        buttons.addWidget(self.dismiss, 1)
        self.body.addWidget(self.attach)
        self.body.addLayout(buttons)
        self.body.addWidget(self._foot)

    # Showing

    @property
    def call(self) -> LiveCall | None:
        """The one that is shown."""
        return self._call

    def show_call(self, call: LiveCall, later: int) -> None:
        is_other = self._call is None or self._call.key != call.key
        self._call, self._shown_since = call, time.monotonic()
        pop = call.pop
        if pop is not None:
            self._show_pop(call, pop)
        self._queue.setText(call.queue)
        self._foot.setText(
            self.tr("%n more call(s) ringing", "", later) if later else self.tr("Your typing stays where it is")
        )
        self.refresh_time()
        self._second.start()
        self._place(slides=is_other and not self.isVisible())
        if is_other:
            announce(self, self.spoken())

    def refresh_time(self) -> None:
        call = self._call
        if call is None:
            return
        seconds = int(call.rung_seconds + time.monotonic() - self._shown_since)
        self._state.setText(self.tr("Incoming call"))
        self._time.setText(self.tr("ringing {0}").format(self._desk.words.timer(seconds)))

    def leave(self) -> None:
        self._call = None
        self._slide.stop()
        self._second.stop()
        self.hide()

    def spoken(self) -> str:
        """All of it in a sentence, for a screen reader."""
        parts = (self.tr("Incoming call"), self._name.text(), self._company.text(), self._why.text())
        return ", ".join(part for part in parts if part)

    def _show_pop(self, call: LiveCall, pop: Pop) -> None:
        match, context = pop.match, pop.context
        person = next((one for one in match.candidates if one.contact_id and one.contact_id == match.chosen_id), None)
        caller = Caller(
            match.chosen_id, person.contact_name if person else "", match.chosen_client_id, pop.number_shown, match
        )
        icon, tone, why = self._words.match(caller)
        title = person.contact_name if person else context.name if context else ""
        told = self.tr("The phone says “{0}”").format(call.name) if call.name else ""
        self._name.setText(title or (call.name if match.sharing_count < 2 else "") or self._unknown(pop))
        company = (context.name if context and person else "", person.title if person else "")
        self._company.setText(", ".join(part for part in company if part) or (told if title else pop.number_shown))
        self._avatar.set_person(title)
        if not title:
            self._avatar.set_icon("question" if match.sharing_count < 2 else "users")
        elif person is None:
            self._avatar.set_icon("buildings")
        else:
            self._avatar.set_icon("")
        tier = context.tier if context else ""
        self._tier.setVisible(bool(tier))
        if tier:
            self._tier.set_badge(Badge(self._desk.words.tier(tier), icon="star"))
        self._why_mark.set_icon(icon, tone)
        self._why.setText(why)
        self._local_time.setText(self._desk.words.client_time(context.time_zone).partition(",")[0] if context else "")
        self._show_facts(pop)
        self.setAccessibleDescription(self.spoken())

    def _unknown(self, pop: Pop) -> str:
        if people_sharing(pop.match) > 1:
            return self.tr("One of {0} people").format(self._words.count(people_sharing(pop.match)))
        if pop.match.number_kind == "anonymous":
            return self._words.unknown_number()
        return self.tr("Unknown caller")

    def _show_facts(self, pop: Pop) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.choices, self._contacts = self._people(pop), []
        self.attach.setVisible(pop.match.number_kind == "possible" and not pop.match.candidates)
        made = [*self._of_client(pop), *self.choices] if pop.match.chosen_id else [*self.choices, *self._of_client(pop)]
        for widget in made:
            self._facts.addWidget(widget)
            widget.show()  # a card that stands already shows it only later by itself, and is measured before that
        self._facts_line.setVisible(bool(made))

    def _people(self, pop: Pop) -> list[PersonLine]:
        """Whom to choose from, the likeliest first; whoever was taken stands above already."""
        if people_sharing(pop.match) < 2:
            return []
        chosen_id = pop.match.chosen_id
        people = [one for one in pop.match.candidates if one.is_active and one.contact_id]
        known = {one.client_id for one in people}
        lines = [one for one in pop.match.candidates if not one.contact_id and one.client_id not in known]
        others = [one for one in [*people, *lines] if one.contact_id != chosen_id or not chosen_id]
        shown: list[PersonLine] = []
        for one, key in zip(others[: _OTHERS if chosen_id else _PEOPLE], PERSON_KEYS, strict=False):
            count = one.reason_value if one.reason == "called_from_number" else 0
            reason = self._words.candidate_reason(one.reason, one.last_called_at, count)
            name = one.contact_name or self._words.own_line()
            made = PersonLine(self._desk, name, one.client_name, reason, key_text(key))
            made.clicked.connect(partial(self.choose, one.contact_id, one.client_id))
            shown.append(made)
        return shown

    def choose(self, contact_id: str, client_id: str) -> None:
        if self._call is not None:
            self.person_chosen.emit(self._call.key, contact_id, client_id)

    def choose_at(self, place: int) -> None:
        """Take the call with the person at this place, from 0, on the line."""
        if place < len(self.choices):
            self.choices[place].click()

    def _of_client(self, pop: Pop) -> list[QWidget]:
        desk, context = self._desk, pop.context
        if context is None:
            return []
        shown: list[QWidget] = []
        if context.alert:
            shown.append(_Alert(desk, context.alert))
        if pop.repeat is not None:
            shown.append(_Fact(desk, "arrow-clockwise", self._words.repeat(pop.repeat)[0].rstrip(","), tone="warning"))
        for one in pop.callbacks[:_CALLBACKS]:
            title = one.title or self.tr("Missed call, not called back")
            shown.append(_Fact(desk, "phone-x" if one.kind == "missed" else "phone-call", title, at=one.due_at))
        for promise in context.promises[:_PROMISES]:
            icon = VIEW_ICONS.get(promise.kind, VIEW_ICONS["promise"])
            shown.append(_Fact(desk, icon, promise.title, at=promise.due_at, kind="promise"))
        shown.extend(
            _Fact(desk, VIEW_ICONS["ticket"], f"{ticket.label} {ticket.subject}") for ticket in pop.tickets[:_TICKETS]
        )
        if context.cut_off_at:
            shown.append(
                _Fact(
                    desk, CLOCK_ICONS["cut_off"], self.tr("Processing cut-off"), at=context.cut_off_at, kind="cut_off"
                )
            )
        for contact in context.last_contacts[:_CONTACTS]:
            made = LastContactLine(desk.themes, desk.words)
            made.show_contact(contact)
            made.opened.connect(self.contact_opened)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._contacts.append(made)
        return [*shown, *self._contacts]

    # Where it stands

    def keep_clear_of(self, buttons: QWidget) -> None:
        """Of the running call's own buttons, which are needed most while another one rings."""
        if self._kept_clear is not buttons:
            self._kept_clear = buttons
            buttons.installEventFilter(self)
            buttons.destroyed.connect(self._on_buttons_gone)

    def _on_buttons_gone(self) -> None:
        self._kept_clear = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.isVisible() and event.type() in (_MOVES if watched is self._kept_clear else {QEvent.Type.Resize}):
            self._place(slides=False)
        return super().eventFilter(watched, event)

    def _top(self, target: QRect) -> int:
        """Beneath the running call's buttons where they stand in the way and the card is whole there, too."""
        buttons = self._kept_clear
        if buttons is None or not buttons.isVisible():
            return target.top()
        space = self._desk.themes.theme.sizes.space
        in_the_way = QRect(buttons.mapTo(self.window(), QPoint()), buttons.size())
        if not target.intersects(in_the_way.adjusted(-space.close, -space.close, space.close, space.close)):
            return target.top()
        beneath = in_the_way.bottom() + 1 + space.close
        return max(target.top(), min(beneath, self.window().height() - space.apart - target.height()))

    def _height_for(self, width: int) -> int:
        """Without the oldest contacts where it would cover what a running call is saved with."""
        sizes, buttons = self._desk.themes.theme.sizes, self._kept_clear
        room = self.window().height()
        if buttons is not None and buttons.isVisible():
            beneath = buttons.mapTo(self.window(), QPoint(0, buttons.height())).y() + sizes.space.close
            room -= beneath + sizes.height.top_bar + sizes.space.close
        for contact in self._contacts:
            contact.setVisible(True)
        height = self._whole_height(width)
        for contact in reversed(self._contacts):
            if height > room:
                contact.setVisible(False)
                height = self._whole_height(width)
        return height

    def _whole_height(self, width: int) -> int:
        layout = self.layout()
        assert layout is not None  # noqa: S101
        layout.activate()
        return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else self.sizeHint().height()

    def _place(self, *, slides: bool) -> None:
        sizes = self._desk.themes.theme.sizes
        window = self.window()
        width = min(sizes.width.call_card, window.width() - 2 * sizes.space.apart)
        height = min(self._height_for(width), window.height() - sizes.height.top_bar - 2 * sizes.space.apart)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = sizes.space.apart if is_mirrored else window.width() - width - sizes.space.apart
        target = QRect(left, sizes.height.top_bar + sizes.space.close, width, height)
        target.moveTop(self._top(target))
        time = self._desk.themes.theme.slide_milliseconds
        if not slides or not time:
            self._slide.stop()
            self.place_at(target)
            return
        self.place_at(target.translated(-width if is_mirrored else width, 0))
        self._slide.stop()
        self._slide.setDuration(time)
        self._slide.setStartValue(self.pos())
        self._slide.setEndValue(QPoint(target.topLeft()))
        self._slide.start()

    def _on_accept(self) -> None:
        """A screen reader may press the button of a card that has just gone; no key then."""
        self.accepted.emit("" if self._call is None else self._call.key)

    def _on_attach(self) -> None:
        if self._call is not None:
            self.attach_wanted.emit(self._call.key)

    def _on_dismiss(self) -> None:
        if self._call is not None:
            self.dismissed.emit(self._call.key)
