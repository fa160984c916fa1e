"""Logging a contact afterwards: a call on another phone, a visit, a message on a channel that is not ours."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.domain.errors import BadInput, CsrDesktopError
from csr_desktop.services.call_rows import NextSteps, Saved
from csr_desktop.ui.calls import people_search
from csr_desktop.ui.calls.call_pane import topic_picks
from csr_desktop.ui.calls.finder import Found
from csr_desktop.ui.calls.typed_times import clock_time, length_seconds
from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import KeyHints
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, Labelled, TextField
from csr_desktop.ui.kit.panes import Hairline, Pane, column, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.lists import DispositionChoice, TopicNode
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.search import Hit
    from csr_desktop.ui.desk import Desk

CHANNELS = ("phone", "email", "chat", "social", "in_person", "web_form", "voicemail")
_DAYS_BACK = 7
_DRAFT = "call_log"


class LogForm(Pane):
    """Ctrl+Return saves; Esc leaves, and what was typed stays for the next time."""

    saved = Signal(object)
    left = Signal()
    client_changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, desk.tr("Log a call afterwards"), parent=parent)
        self.set_title(self.tr("Log a call afterwards"))
        self._desk = desk
        self._people: dict[str, Found] = {}
        self._known: Found | None = None
        themes = desk.themes
        self.channel = ChoiceRow(themes, self.tr("Channel"), numbered=False)
        self.channel.set_choices([(key, desk.words.channel(key)) for key in CHANNELS])
        self.direction = ChoiceRow(themes, self.tr("Who started it"), numbered=False)
        self.direction.set_choices([("in", self.tr("They did")), ("out", self.tr("I did"))])
        self.who = SearchPicker(themes, self.tr("Who"), placeholder=self.tr("Name, company or number"), icon="user")
        self.day = Choice(themes, self.tr("Day"))
        self.time = TextField(themes, self.tr("Time"), placeholder=self.tr("10:20"))
        self.length = TextField(themes, self.tr("How long"), placeholder=self.tr("5 or 4:30"))
        self.topic = TreeChoice(themes, self.tr("Topic"), placeholder=self.tr("What it was about"))
        self.notes = NotesEditor(
            themes, self.tr("Notes"), placeholder=self.tr("What was said and agreed"), least_lines=5
        )
        self.private = desk.private(self.notes)
        self.disposition = ChoiceRow(themes, self.tr("Disposition"))
        self.finish = Button(themes, self.tr("Save call"), role="primary", key_hint="Ctrl+Return")
        self.cancel = Button(themes, self.tr("Leave"), role="quiet", key_hint="Esc")
        self.context_button = IconButton(themes, "info", self.tr("About the client"), key_hint="I")
        self.header.add_button(self.context_button)
        self._draft = DraftKeeper(desk, self.notes, _DRAFT)
        self._fields: dict[str, Labelled] = {}
        self._lay_out()
        self._connect()
        self._ask_lists("")

    def _field(self, key: str, words: str, widget: QWidget) -> Labelled:
        made = Labelled(self._desk.themes, words, widget)
        self._fields[key] = made
        return made

    def _lay_out(self) -> None:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        space = sizes.space
        margins = (space.page, space.pane, space.page, space.pane)
        scroll = ScrollColumn(self.tr("Log a call afterwards"), spacing=space.pane, margins=margins)
        body = scroll.body
        body.addWidget(self._field("channel", self.tr("Channel"), self.channel))
        body.addWidget(self._field("direction", self.tr("Who started it"), self.direction))
        people = line()
        people.addWidget(self._field("who", self.tr("Who"), self.who), 3)
        people.addStretch(1)
        body.addLayout(people)
        times = line(spacing=space.close)
        parts = (
            ("day", self.tr("Day"), self.day),
            ("time", self.tr("Time"), self.time),
            ("length", self.tr("How long, minutes"), self.length),
        )
        for key, words, widget in parts:
            held = column()
            held.addWidget(self._field(key, words, widget))
            held.addStretch(1)
            times.addLayout(held, 1)
        times.addStretch(1)
        body.addLayout(times)
        topic = line()
        topic.addWidget(self._field("topic_id", self.tr("Topic"), self.topic), 3)
        topic.addStretch(1)
        body.addLayout(topic)
        notes = column(spacing=space.tight)
        notes.addWidget(Label(self.tr("Notes"), tone="muted", size="caption"))
        notes.addWidget(self.notes, 1)
        notes.addWidget(self.private.hint)
        body.addLayout(notes, 1)
        body.addWidget(self._field("disposition_id", self.tr("Disposition"), self.disposition))
        self.body.addWidget(scroll, 1)
        self.body.addWidget(Hairline(themes))
        foot = QWidget()
        foot.setFixedHeight(sizes.height.top_bar)
        row = line(foot, spacing=space.close, margins=(space.page, 0, space.page, 0))
        row.addWidget(KeyHints(themes, (("Alt+T", self.tr("topic")), ("Alt+1", self.tr("disposition")))), 1)
        row.addWidget(self.cancel)
        row.addWidget(self.finish)
        self.body.addWidget(foot)

    def _connect(self) -> None:
        self.who.searched.connect(self._search)
        self.who.picked.connect(self._on_who)
        self.finish.clicked.connect(self.save)
        self.cancel.clicked.connect(self.left)
        for key, field in (("time", self.time), ("length", self.length)):
            field.textEdited.connect(lambda _text, key=key: self._fields[key].set_error(""))

    def _ask_lists(self, client_id: str) -> None:
        lists = self._desk.services.lists

        def show(answer: tuple[tuple[TopicNode, ...], tuple[DispositionChoice, ...]]) -> None:
            self.topic.set_picks(topic_picks(answer[0], self.tr("likely")))
            self.disposition.set_choices([(one.id, one.name) for one in answer[1]])

        self._desk.ask(self, lambda: (lists.topics(client_id), lists.dispositions()), show, key="lists")

    # Opening

    def open(self, contact_id: str = "", client_id: str = "") -> None:
        """A form for now, with this person where one is given."""
        words = self._desk.words
        now = words.local(words.now())
        self._days = [now.date() - dt.timedelta(days=back) for back in range(_DAYS_BACK + 1)]
        names = [self.tr("Today"), self.tr("Yesterday"), *(words.day(day) for day in self._days[2:])]
        self.day.set_choices([(day.isoformat(), name) for day, name in zip(self._days, names, strict=True)])
        if not self.channel.chosen_key:
            self.channel.choose("phone")
        if not self.direction.chosen_key:
            self.direction.choose("in")
        if not self.time.text():
            self.time.setText(words.time_of_day(words.now()))
        if client_id:
            self._ask_person(contact_id, client_id)
        self.who.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _ask_person(self, contact_id: str, client_id: str) -> None:
        services = self._desk.services

        def ask() -> tuple[str, str, str, str]:
            context = services.inbox.context(client_id, contact_id)
            if context.contact is None or context.contact.id != contact_id:
                return "", client_id, context.name, ""
            return contact_id, client_id, context.contact.name, context.name

        def show(answer: tuple[str, str, str, str]) -> None:
            found = Found(answer[0] or answer[1], answer[2], answer[3], contact_id=answer[0], client_id=answer[1])
            self._people = {found.key: found}
            pick = Pick(found.key, found.title, found.detail, found.icon)
            self.who.choose(pick)
            self._on_who(pick)
            self.notes.setFocus(Qt.FocusReason.ShortcutFocusReason)

        self._desk.ask(self, ask, show, key="person")

    @property
    def client(self) -> tuple[str, str]:
        """Client and contact that were picked."""
        return (self._known.client_id, self._known.contact_id) if self._known else ("", "")

    def _search(self, text: str) -> None:
        wanted = text.strip()

        def offer(hits: Sequence[Hit]) -> None:
            found = people_search.say_named(hits)
            if people_search.is_number(wanted) and not found:
                found = [Found("number", wanted, self.tr("Nobody has this number yet"), icon="phone", number=wanted)]
            self._people = {one.key: one for one in found}
            self.who.offer([Pick(one.key, one.title, one.detail, one.icon) for one in found])

        self._desk.ask(self, lambda: people_search.find_named(self._desk.services, wanted), offer, key="search")

    def _on_who(self, pick: Pick | None) -> None:
        self._known = self._people.get(pick.key) if pick else None
        self._fields["who"].set_error("")
        self._ask_lists(self.client[0])
        self.client_changed.emit()

    def focus_topic(self) -> None:
        self.topic.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def press_disposition(self, number: int) -> None:
        self.disposition.press_number(number)

    def go_back(self) -> bool:
        focus = QApplication.focusWidget()
        if isinstance(focus, SearchPicker) and self.isAncestorOf(focus) and focus.is_open:
            focus.close_list()
            focus.choose(focus.chosen)
            return True
        return False

    # Saving

    def _entered(self) -> tuple[int, int] | None:
        """Start in milliseconds and length in seconds; says at its field what is wrong."""
        words = self._desk.words
        now = words.local(words.now())
        moment = clock_time(self.time.text(), dt.date.fromisoformat(self.day.chosen_key), now)
        if moment is None:
            self._wrong("time", self.tr("Not a time. Try 10:20 or 2 pm."))
            return None
        if moment.timestamp() > now.timestamp():
            self._wrong("time", self.tr("That is still to come."))
            return None
        text = self.length.text().strip()
        seconds = length_seconds(text) if text else 0
        if seconds is None:
            self._wrong("length", self.tr("Not a length. Try 5 or 4:30."))
            return None
        return round(moment.timestamp() * 1000), seconds

    def _wrong(self, key: str, text: str) -> None:
        self._fields[key].set_error(text)
        self._fields[key].field.setFocus()

    def save(self) -> None:
        known, times = self._known, self._entered()
        if times is None:
            return
        if known is None:
            self._wrong("who", self.tr("Say who it was, or at least the number."))
            return
        if not self.private.may_save():
            return
        calls, note, answers = self._desk.services.calls, self.notes.text(), list[Saved]()
        channel, direction = self.channel.chosen_key, self.direction.chosen_key
        topic = self.topic.chosen.key if self.topic.chosen else ""
        disposition = self.disposition.chosen_key

        def run() -> Outcome:
            answers.append(
                calls.log_afterwards(
                    contact_id=known.contact_id,
                    client_id=known.client_id,
                    number=known.number,
                    channel=channel,
                    direction=direction,
                    result="handled",
                    started_at=times[0],
                    talk_seconds=times[1],
                    topic_id=topic,
                    disposition_id=disposition,
                    note=note,
                    steps=NextSteps(),
                )
            )
            return answers[0].outcome

        def done(_outcome: Outcome) -> None:
            self._clear()
            self.saved.emit(answers[0])

        self._desk.do(self, run, done, self._on_refused)

    def _on_refused(self, fault: CsrDesktopError) -> None:
        if isinstance(fault, BadInput) and fault.field in self._fields:
            self._wrong(fault.field, str(fault))
        else:
            self._desk.say_fault(fault)

    def _clear(self) -> None:
        self._draft.clear()
        self.who.choose(None)
        self._known = None
        self.time.clear()
        self.length.clear()
        self.topic.choose(None)
        self.disposition.choose("")
