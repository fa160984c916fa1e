"""A new ticket: for whom, what about, and the first note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from csr_desktop.domain.errors import BadInput
from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.fields import Choice, ErrorLine, Labelled, TextField
from csr_desktop.ui.kit.panes import Hairline, Pane, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import ClientRow, ContextContact
    from csr_desktop.services.inbox_rows import Opened
    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk

_CHANNELS = ("phone", "email", "chat", "social", "in_person", "web_form", "voicemail")
_PRIORITIES = ("low", "normal", "high", "urgent")
_FOUND = 20


class NewTicketPane(Pane):
    """The subject and the note are kept as drafts until the ticket is there."""

    opened = Signal(str)
    """The new ticket's id."""
    left = Signal()
    client_chosen = Signal(str, str)
    """Client and contact, for the pane beside it."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, "", parent=parent)
        self._desk = desk
        self.set_title(self.tr("New ticket"))
        self._client_id = ""
        self._wanted_contact = ""
        themes, sizes = desk.themes, desk.themes.theme.sizes
        self.setMinimumWidth(sizes.width.list)
        cancel = Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc")
        cancel.clicked.connect(self.left)
        self.header.add_button(cancel)
        self.client = SearchPicker(
            themes, self.tr("Client"), placeholder=self.tr("Name, code or number"), icon="buildings"
        )
        self.client.searched.connect(self._find_clients)
        self.client.picked.connect(self._on_client)
        self.contact = Choice(themes, self.tr("Contact"))
        self.contact.chosen.connect(lambda key: self.client_chosen.emit(self._client_id, key))
        self.subject = TextField(themes, self.tr("Subject"))
        self.topic = TreeChoice(themes, self.tr("Topic"), placeholder=self.tr("Words of the topic"))
        self.channel = Choice(themes, self.tr("Channel"))
        self.channel.set_choices([(key, desk.words.channel(key)) for key in _CHANNELS])
        self.priority = ChoiceRow(themes, self.tr("Priority"), numbered=False)
        self.priority.set_choices([(key, desk.words.priority(key)) for key in _PRIORITIES])
        self.assignee = ChoiceRow(themes, self.tr("For"), numbered=False)
        self.assignee.set_choices([("me", self.tr("Me")), ("anyone", self.tr("Anyone in the team"))])
        self.owes_reply = CheckBox(themes, self.tr("A reply is owed"))
        self.note = NotesEditor(themes, self.tr("First note"), placeholder=self.tr("What it is about"), least_lines=5)
        self.save = Button(themes, self.tr("Open ticket"), role="primary", key_hint="Ctrl+Return")
        self.save.clicked.connect(self.open_ticket)
        self._error = ErrorLine(themes)
        self._keepers = [
            DraftKeeper(desk, self.subject, "new_ticket:subject"),
            DraftKeeper(desk, self.note, "new_ticket:note"),
        ]
        self._private = [desk.private(self.subject), desk.private(self.note)]
        self._client_field = Labelled(themes, self.tr("Client"), self.client)
        self._subject_field = Labelled(themes, self.tr("Subject"), self.subject)
        self._subject_field.add_foot(self._private[0].hint)
        self._lay_out()
        self._reset()

    def _lay_out(self) -> None:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        margins = (space.page, space.page, space.page, space.page)
        scroll = ScrollColumn(self.tr("New ticket"), spacing=space.pane, margins=margins)
        scroll.set_content_width(themes.theme.sizes.width.palette + 2 * space.page)
        inner = scroll.body
        pairs = QGridLayout()
        pairs.setHorizontalSpacing(space.apart)
        pairs.setVerticalSpacing(space.pane)
        pairs.setColumnStretch(0, 1)
        pairs.setColumnStretch(1, 1)
        pairs.addWidget(self._client_field, 0, 0, Qt.AlignmentFlag.AlignTop)
        pairs.addWidget(Labelled(themes, self.tr("Contact"), self.contact), 0, 1, Qt.AlignmentFlag.AlignTop)
        pairs.addWidget(self._subject_field, 1, 0, 1, 2)
        pairs.addWidget(Labelled(themes, self.tr("Topic"), self.topic), 2, 0, Qt.AlignmentFlag.AlignTop)
        pairs.addWidget(Labelled(themes, self.tr("Channel"), self.channel), 2, 1, Qt.AlignmentFlag.AlignTop)
        pairs.addWidget(Labelled(themes, self.tr("Priority"), self.priority), 3, 0, Qt.AlignmentFlag.AlignTop)
        pairs.addWidget(Labelled(themes, self.tr("For"), self.assignee), 3, 1, Qt.AlignmentFlag.AlignTop)
        inner.addLayout(pairs)
        first_note = Labelled(themes, self.tr("First note"), self.note)
        first_note.add_foot(self._private[1].hint)
        inner.addWidget(first_note)
        inner.addWidget(self.owes_reply)
        inner.addStretch(1)
        self.body.addWidget(scroll, 1)
        self.body.addWidget(Hairline(themes))
        foot = line(spacing=space.close, margins=(space.page, space.close, space.page, space.close))
        foot.addWidget(self._error, 1)
        foot.addStretch(1)
        foot.addWidget(self.save)
        self.body.addLayout(foot)

    def _reset(self) -> None:
        self._client_id = self._wanted_contact = ""
        self.client.choose(None)
        self.contact.set_choices([("", self.tr("Nobody in particular"))])
        self.topic.choose(None)
        self.channel.choose("phone")
        self.priority.choose("normal")
        self.assignee.choose("me")
        self.owes_reply.setChecked(True)
        self._error.say("", is_error=False)

    # Starting

    def start(self, client_id: str = "", contact_id: str = "") -> None:
        """Begin a ticket, for that client where one is given; texts that were not used yet are still here."""
        self._reset()
        self._wanted_contact = contact_id
        lists = self._desk.services.lists
        self._desk.ask(self, lambda: lists.topics(client_id), self._offer_topics, key="topics")
        if client_id:
            clients = self._desk.services.clients
            self._desk.ask(self, lambda: clients.rows((client_id,)), self._take_client, key="client")
            self.subject.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.client.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _offer_topics(self, topics: tuple[TopicNode, ...]) -> None:
        likely = self.tr("Asked about lately")
        self.topic.set_picks([Pick(t.id, detail=likely if t.is_likely else "", path=t.path) for t in topics])

    def _find_clients(self, text: str) -> None:
        clients = self._desk.services.clients

        def find() -> tuple[ClientRow, ...]:
            return clients.page("all", text, None, _FOUND).rows if text.strip() else clients.recent()

        self._desk.ask(self, find, lambda rows: self.client.offer([_pick(row) for row in rows]), key="find")

    def _take_client(self, rows: tuple[ClientRow, ...]) -> None:
        pick = _pick(rows[0]) if rows else None
        self.client.choose(pick)
        self._on_client(pick)

    def _on_client(self, pick: Pick | None) -> None:
        self._client_id = pick.key if pick else ""
        self._client_field.set_error("")
        client_id = self._client_id
        self.contact.set_choices([("", self.tr("Nobody in particular"))])
        self.client_chosen.emit(client_id, "")
        if not client_id:
            return
        clients, lists = self._desk.services.clients, self._desk.services.lists
        self._desk.ask(self, lambda: clients.contacts(client_id), self._offer_contacts, key="contacts")
        self._desk.ask(self, lambda: lists.topics(client_id), self._offer_topics, key="topics")

    def _offer_contacts(self, contacts: tuple[ContextContact, ...]) -> None:
        choices = [(c.id, f"{c.name}, {c.title}" if c.title else c.name) for c in contacts if c.is_active]
        self.contact.set_choices([("", self.tr("Nobody in particular")), *choices])
        wanted = self._wanted_contact or (choices[0][0] if len(choices) == 1 else "")
        if wanted in dict(choices):
            self.contact.choose(wanted)
            self.client_chosen.emit(self._client_id, wanted)

    # Saving

    def open_ticket(self) -> None:
        subject, note = self.subject.text(), self.note.text()
        if not subject.strip():
            self._subject_field.set_error(self.tr("Say in a few words what it is about."))
            self.subject.setFocus()
            return
        self._subject_field.set_error("")
        if not all(private.may_save() for private in self._private):
            return
        inbox, made = self._desk.services.inbox, list[str]()
        topic = self.topic.chosen
        fields = {
            "client_id": self._client_id,
            "contact_id": self.contact.chosen_key,
            "channel": self.channel.chosen_key,
            "topic_id": topic.key if topic else "",
            "priority": self.priority.chosen_key or "normal",
        }
        assignee_id = None if self.assignee.chosen_key == "me" else ""
        is_owed = self.owes_reply.isChecked()

        def work() -> Outcome:
            opened: Opened = inbox.open_ticket(
                subject, assignee_id=assignee_id, note=note, is_reply_owed=is_owed, **fields
            )
            made.append(opened.ticket_id)
            return opened.outcome

        def done(_outcome: Outcome) -> None:
            self.save.setEnabled(True)
            for keeper in self._keepers:
                keeper.clear()
            self.opened.emit(made[0])

        self.save.setEnabled(False)
        self._desk.do(self, work, done, self._on_failed)

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self.save.setEnabled(True)
        if isinstance(fault, BadInput) and fault.field == "subject":
            self._subject_field.set_error(str(fault))
        else:
            self._error.say(str(fault), is_error=True)

    def step_back(self) -> bool:
        """Esc: an open list closes first; False when the form itself is to be left."""
        for picker in (self.client, self.topic):
            if picker.is_open:
                picker.close_list()
                return True
        return False


def _pick(row: ClientRow) -> Pick:
    return Pick(row.id, row.name, detail=row.city, icon="buildings")
