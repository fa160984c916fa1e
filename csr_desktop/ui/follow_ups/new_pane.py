"""A new follow-up: what, for whom, by when, and who does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from csr_desktop.domain.errors import BadInput
from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.due_entry import DueEntry
from csr_desktop.ui.follow_ups.agenda_words import KINDS
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.fields import Choice, ErrorLine, Labelled, TextField
from csr_desktop.ui.kit.panes import Hairline, Pane, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import ClientPage, ClientRow, ContextContact
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.desk import Desk


class NewPane(Pane):
    """The words and the time are kept as drafts until the follow-up is there."""

    added = Signal(str)
    """The new follow-up's id."""
    left = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, " ", parent=parent)
        self._desk = desk
        self._client_id = self._wanted_contact = ""
        themes, sizes = desk.themes, desk.themes.theme.sizes
        self.set_title(self.tr("New follow-up"))
        self.setMinimumWidth(sizes.width.list)
        cancel = self.header.add_button(Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc"))
        cancel.clicked.connect(self.left)
        self.kind = ChoiceRow(themes, self.tr("Kind"), numbered=False)
        self.kind.set_choices([(key, desk.words.follow_up_kind(key)) for key in KINDS])
        self.title = TextField(themes, self.tr("What is to be done"))
        self.client = SearchPicker(
            themes, self.tr("Client"), placeholder=self.tr("Name, code or number"), icon="buildings"
        )
        self.contact = Choice(themes, self.tr("Contact"))
        self.due = DueEntry(desk, self.tr("By when"))
        self.assignee = Choice(themes, self.tr("Who does it"))
        self.save = Button(themes, self.tr("Add follow-up"), role="primary", key_hint="Ctrl+Return")
        self._error = ErrorLine(themes)
        self._keepers = [
            DraftKeeper(desk, self.title, "new_follow_up:title"),
            DraftKeeper(desk, self.due.edit, "new_follow_up:due"),
        ]
        self._title_field = Labelled(themes, self.tr("What is to be done"), self.title)
        self._private = desk.private(self.title)
        self._title_field.add_foot(self._private.hint)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        space, top = sizes.space, Qt.AlignmentFlag.AlignTop
        scroll = ScrollColumn(
            self.tr("New follow-up"), spacing=space.pane, margins=(space.page, space.page, space.page, space.page)
        )
        form = QWidget()
        form.setMaximumWidth(sizes.width.palette)
        grid = QGridLayout(form)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(space.apart)
        grid.setVerticalSpacing(space.pane)
        for at in (0, 1):
            grid.setColumnStretch(at, 1)
        grid.addWidget(Labelled(themes, self.tr("Kind"), self.kind), 0, 0, 1, 2)
        grid.addWidget(self._title_field, 1, 0, 1, 2)
        grid.addWidget(Labelled(themes, self.tr("Client"), self.client), 2, 0, top)
        grid.addWidget(Labelled(themes, self.tr("Contact"), self.contact), 2, 1, top)
        grid.addWidget(Labelled(themes, self.tr("By when, on their clock"), self.due), 3, 0, top)
        grid.addWidget(Labelled(themes, self.tr("Who does it"), self.assignee), 3, 1, top)
        scroll.body.addWidget(form)
        self.body.addWidget(scroll, 1)
        self.body.addWidget(Hairline(themes))
        foot = line(spacing=space.close, margins=(space.page, space.close, space.page, space.close))
        foot.addWidget(self._error, 1)
        foot.addStretch(1)
        foot.addWidget(self.save)
        self.body.addLayout(foot)

    def _connect(self) -> None:
        self.client.searched.connect(self._find_clients)
        self.client.picked.connect(self._on_client)
        self.kind.chosen.connect(lambda _key: self._fit_due())
        self.title.returnPressed.connect(self.add)
        self.due.edit.returnPressed.connect(self.add)
        self.save.clicked.connect(self.add)

    # Starting

    def start(self, client_id: str = "", contact_id: str = "") -> None:
        """Begin one, for that client where one is given; texts that were not used yet are still here."""
        self.save.setEnabled(True)
        self._error.say("", is_error=False)
        self._title_field.set_error("")
        if not self.kind.chosen_key:
            self.kind.choose(KINDS[0])
        people, clients = self._desk.services.people, self._desk.services.clients
        self._desk.ask(self, people.colleagues, self._offer_colleagues, key="colleagues")
        self._wanted_contact = contact_id
        self.client.choose(None)
        self._on_client(None)
        if client_id:
            self._desk.ask(self, lambda: clients.rows((client_id,)), self._take_client, key="client")
            self.title.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.client.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _offer_colleagues(self, colleagues: tuple[Colleague, ...]) -> None:
        self.assignee.set_choices([(c.id, self.tr("Me") if c.is_me else c.name) for c in colleagues])

    def _find_clients(self, text: str) -> None:
        clients = self._desk.services.clients
        if not text.strip():
            self._desk.ask(self, clients.recent, lambda rows: self.client.offer([*map(_pick, rows)]), key="find")
            return

        def show(page: ClientPage) -> None:
            self.client.offer([*map(_pick, page.rows)])

        self._desk.ask(self, lambda: clients.page("all", text, None, 20), show, key="find")

    def _take_client(self, rows: tuple[ClientRow, ...]) -> None:
        if rows:
            pick = _pick(rows[0])
            self.client.choose(pick)
            self._on_client(pick)

    def _on_client(self, pick: Pick | None) -> None:
        self._client_id = client_id = pick.key if pick else ""
        self.contact.set_choices([("", self.tr("Nobody in particular"))])
        self._fit_due()
        if client_id:
            clients = self._desk.services.clients
            self._desk.ask(self, lambda: clients.contacts(client_id), self._offer_contacts, key="contacts")

    def _offer_contacts(self, contacts: tuple[ContextContact, ...]) -> None:
        choices = [(c.id, f"{c.name}, {c.title}" if c.title else c.name) for c in contacts if c.is_active]
        self.contact.set_choices([("", self.tr("Nobody in particular")), *choices])
        wanted = self._wanted_contact or (choices[0][0] if len(choices) == 1 else "")
        if wanted in dict(choices):
            self.contact.choose(wanted)

    def _fit_due(self) -> None:
        """Their hours bind what concerns them; what is only ours may be due at any time."""
        self.due.set_client(self._client_id, takes_closed=self.kind.chosen_key in {"task", "deadline"})

    # Adding

    def add(self) -> None:
        if not self.title.text().strip():
            self._title_field.set_error(self.tr("Say in a few words what is to be done."))
            self.title.setFocus()
            return
        self._title_field.set_error("")
        if not self._private.may_save():
            return
        if not self.due.text().strip():
            self.due.setFocus()
        self.due.settle(self._add)

    def _add(self, due_at: int) -> None:
        follow_ups, made = self._desk.services.follow_ups, list[str]()
        kind, title, client_id = self.kind.chosen_key, self.title.text(), self._client_id
        contact_id, assignee_id = self.contact.chosen_key, self.assignee.chosen_key

        def work() -> Outcome:
            added = follow_ups.add(
                kind, title, due_at, client_id=client_id, contact_id=contact_id, assignee_id=assignee_id
            )
            made.append(added.id)
            return added.outcome

        def done(_outcome: Outcome) -> None:
            self.save.setEnabled(True)
            for keeper in self._keepers:
                keeper.clear()
            self.added.emit(made[0])

        self.save.setEnabled(False)
        self._desk.do(self, work, done, self._on_failed)

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self.save.setEnabled(True)
        if isinstance(fault, BadInput) and fault.field == "title":
            self._title_field.set_error(str(fault))
        else:
            self._error.say(str(fault), is_error=True)

    def step_back(self) -> bool:
        """Esc: an open list closes first; False when the form itself is to be left."""
        if self.client.is_open:
            self.client.close_list()
            return True
        return False


def _pick(row: ClientRow) -> Pick:
    return Pick(row.id, row.name, detail=row.city, icon="buildings")
