"""The Clients place: the list, the profile of the one that is chosen, and the forms that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.actions import Action
from csr_desktop.ui.clients.client_words import ClientWords
from csr_desktop.ui.clients.contact_card import dialled, pick_number
from csr_desktop.ui.clients.forms import Forms
from csr_desktop.ui.clients.list_pane import ClientListPane
from csr_desktop.ui.clients.place_actions import actions_of
from csr_desktop.ui.clients.profile_pane import ProfilePane, Whole, usual_room
from csr_desktop.ui.clients.timeline_words import TimelineWords
from csr_desktop.ui.kit.panes import line
from csr_desktop.ui.place import Place
from csr_desktop.ui.three_panes import ThreePanes, breadth_of

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.client_rows import TimelineRow
    from csr_desktop.ui.clients.note_composer import DraftedText
    from csr_desktop.ui.desk import Desk, Target

_OPENED_AFTER_MILLISECONDS = 1500
"""A client that is passed over with the arrows is not one that was looked at."""
_SHOWN_FROM = (
    "clients", "contacts", "phone_numbers", "follow_ups", "interactions", "tickets", "notes", "changes",
    "client_clocks", "calendars", "users", "topics",
)  # fmt: skip
_SIDE = "side."
_DONE_AS = {"promise": "kept", "callback": "reached"}


class ClientsPlace(Place):
    key = "clients"

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._client_id = ""
        self._contact_wanted = ""
        self._is_begun = False
        self.can_edit = True
        """Clients and their people."""
        self.can_log = True
        """Contacts and tickets."""
        self.words = ClientWords(desk.words)
        self.timeline_words = TimelineWords(self.words)
        self.list = ClientListPane(desk, self.words)
        self.pane = ProfilePane(desk, self.words, self.timeline_words)
        self.panes = ThreePanes(desk.themes, self.list, self.pane, usual=usual_room)
        line(self).addWidget(self.panes)
        self.forms = Forms(desk, self, self.words, self.timeline_words)
        self._opened = QTimer(self)
        self._opened.setSingleShot(True)
        self._opened.setInterval(_OPENED_AFTER_MILLISECONDS)
        self._opened.timeout.connect(self._remember)
        self._connect()

    def _connect(self) -> None:
        head, side = self.pane.head, self.pane.side
        self.forms.added.connect(self._on_added)
        self.forms.duplicate_opened.connect(self._open_duplicate)
        self.forms.calling.connect(self._dial)
        self.list.chosen.connect(self.show_client)
        self.list.opened.connect(self._on_opened)
        self.list.emptied.connect(self.pane.show_nothing)
        self.list.new_wanted.connect(self.new_client)
        self.pane.error.acted.connect(self._ask)
        self.pane.timeline.opened.connect(self._open_row)
        for button, run in (
            (head.call, self.call),
            (head.log, self.log_contact),
            (head.ticket, self.new_ticket),
            (head.edit, self.edit_client),
            (head.add_contact, self.add_contact),
            (head.add_note, self.add_note),
            (head.add_number, self.add_company_number),
            (head.edit_alert, self.edit_alert),
            (head.show_side, self.pane.toggle_side),
        ):
            button.clicked.connect(run)
        side.calling.connect(self._dial)
        side.contact_wanted.connect(self.edit_contact)
        side.add_contact_wanted.connect(self.add_contact)
        side.add_number_wanted.connect(self.add_company_number)
        side.promise_done.connect(self._complete)
        side.alert.done.connect(self.focus_timeline)

    def actions_of_place(self) -> list[Action]:
        return actions_of(self)

    # Showing a client

    def on_shown(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            self.list.load()
            self._ask_rights()
        else:
            self.list.model.refresh_recent()
        self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_rights(self) -> None:
        people = self.desk.services.people

        def show(rights: tuple[bool, bool]) -> None:
            self.can_edit, self.can_log = rights
            self.list.header.buttons.set_shown(self.list.new_button, is_shown=self.can_edit)
            self.pane.set_can_log(can_log=self.can_log)

        self.desk.ask(self, lambda: (people.can_edit_clients(), people.can_write()), show, key="rights")

    def show_client(self, client_id: str) -> None:
        if client_id == self._client_id and self.pane.profile is not None:
            return
        self.forms.leave_other(client_id)
        self._client_id = client_id
        self.pane.wait()
        self._opened.start()
        self._ask()

    def _ask(self) -> None:
        client_id, clients = self._client_id, self.desk.services.clients
        if not client_id:
            return

        def read() -> Whole:
            return Whole(clients.profile(client_id), clients.schedule(client_id), clients.timeline_counts(client_id))

        self.desk.ask(self, read, self._show, self.pane.show_fault, key="profile")

    def _show(self, whole: Whole) -> None:
        if whole.profile.id != self._client_id:
            return
        self.pane.show_whole(whole)
        if self._contact_wanted:
            wanted, self._contact_wanted = self._contact_wanted, ""
            self.pane.show_side()
            self.pane.side.show_contact(wanted)

    def _remember(self) -> None:
        """Keep that this client was looked at. The group of recent ones is read again when the place is next shown."""
        client_id, clients = self._client_id, self.desk.services.clients
        if client_id:
            self.desk.ask(self, lambda: clients.opened(client_id), lambda _: None)

    def _on_opened(self, client_id: str) -> None:
        self.show_client(client_id)
        self._opened.stop()
        self._remember()
        self.panes.show_selected(is_shown=True)
        self.focus_timeline()

    # Changes and time

    def on_changed(self, change_set: ChangeSet) -> None:
        if not self._is_begun:
            return
        if change_set.rights:
            self._ask_rights()
            self.list.load()
        elif change_set.touches("clients", "client_clocks"):
            self.list.model.refresh(change_set.ids("clients") | change_set.ids("client_clocks"))
        if self.pane.profile is None:
            return
        if change_set.touches("older"):
            self.pane.timeline.refresh_older(change_set)
        if not (change_set.rights or change_set.touches(*_SHOWN_FROM)):
            return
        self._ask()
        self.pane.timeline.refresh(change_set)
        if change_set.touches("clients", "contacts", "phone_numbers"):
            self.forms.meet()

    def on_minute(self) -> None:
        # A cut-off that has passed is a change like any other, for every place.
        self.desk.ask(self, self.desk.services.inbox.refresh_clocks, self.desk.publish, key="minute")
        self.list.model.repaint_all()
        if self.pane.profile is not None:
            self.pane.on_minute()
            if self.pane.has_turned:
                self._ask()

    # What can be done

    def call(self) -> None:
        profile = self.pane.profile
        if profile is None:
            return
        people = [(person.name, number) for person in profile.contacts if person.is_active for number in person.numbers]
        company = [(self.tr("Company"), number) for number in profile.company_numbers]
        entries = [
            (self.words.number_line(number, owner), dialled(number), number.contact_id)
            for owner, number in (*people, *company)
        ]
        if len(entries) == 1:
            self._dial(*entries[0][1:])
        elif entries:
            pick_number(self.pane.head.call, entries, self._dial)
        else:
            self._dial("", "")

    def _dial(self, number: str, contact_id: str) -> None:
        self.desk.call(number, contact_id, self._client_id)

    def log_contact(self) -> None:
        self.desk.open("log_contact", "", self._client_id)

    def new_ticket(self) -> None:
        self.desk.open("new_ticket", "", self._client_id)

    def edit_client(self) -> None:
        if self.pane.profile is not None:
            self.forms.leave_but(self.forms.client)
            self.forms.client.edit(self.pane.profile)

    def new_client(self) -> None:
        if self.can_edit:
            self.forms.leave_but(self.forms.client)
            self.forms.client.add()

    def add_contact(self) -> None:
        if self.pane.profile is not None:
            self.forms.leave_but(self.forms.contact)
            self.forms.contact.add(self.pane.profile.id)

    def edit_contact(self, contact_id: str) -> None:
        profile = self.pane.profile
        contact = next((c for c in profile.contacts if c.id == contact_id), None) if profile else None
        if contact is not None and profile is not None and profile.can_edit:
            self.forms.leave_but(self.forms.contact)
            self.forms.contact.edit(contact)

    def add_company_number(self) -> None:
        if self.pane.profile is not None:
            self.forms.leave_but(self.forms.contact)
            self.forms.contact.add_company_number(self.pane.profile.id, self.pane.profile.name)

    def add_note(self) -> None:
        self.pane.timeline.composer.open()

    def edit_alert(self) -> None:
        self.pane.show_side()
        self.pane.side.alert.edit()

    def why_no_older(self) -> str:
        if self.pane.profile is None:
            return self.tr("No client is selected.")
        if self.pane.timeline.model.older is None:
            return self.tr("Your role does not read what is kept on the server alone.")
        return self.tr("This is the whole history.")

    def _complete(self, follow_up_id: str, kind: str) -> None:
        follow_ups, outcome = self.desk.services.follow_ups, _DONE_AS.get(kind, "done")
        self.desk.do(self, lambda: follow_ups.complete((follow_up_id,), outcome))

    def _open_row(self, row: TimelineRow) -> None:
        if row.is_older:
            self.desk.open_older(row.kind, row.id)
        elif row.kind in {"call", "ticket", "follow_up"}:
            self.desk.open(row.kind, row.id, self._client_id)
        else:
            self.forms.leave_but(self.forms.reading)
            self.forms.reading.read(row)

    def _on_added(self, client_id: str) -> None:
        self._open_client(client_id)

    def _open_duplicate(self, client_id: str) -> None:
        self.forms.client.leave()
        self._open_client(client_id)

    @property
    def can_save(self) -> bool:
        return self._writing() is not None or self.forms.open_one is not None

    def _writing(self) -> DraftedText | None:
        texts = (self.pane.timeline.composer.text, self.pane.side.alert.text)
        return next((text for text in texts if text.has_keyboard), None)

    def save(self) -> None:
        """What is being written: the note or alert with the keyboard in it, else the open form."""
        text, form = self._writing(), self.forms.open_one
        if text is not None:
            text.submit()
        elif form is not None:
            form.save()

    # Targets

    def open_target(self, target: Target) -> None:
        is_first, self._is_begun = not self._is_begun, True
        if is_first:
            self._ask_rights()
        if target.kind == "new_client":
            if is_first:
                self.list.load()
            self.new_client()
            return
        if target.kind == "contact":
            self._open_contact(target.id, target.client_id)
        else:
            self._open_client(target.id)

    def _open_contact(self, contact_id: str, client_id: str) -> None:
        def found(known_id: str) -> None:
            self._contact_wanted = contact_id
            self._open_client(known_id)

        clients = self.desk.services.clients
        self.desk.ask(
            self, lambda: client_id or clients.client_of(contact_id), found, self.desk.say_fault, key="target"
        )

    def _open_client(self, client_id: str) -> None:
        """Show this one, at the top of those looked at last."""
        if not client_id:
            return
        clients = self.desk.services.clients

        def chosen(_none: None) -> None:
            self.list.open_at_top(client_id)
            if self._contact_wanted and self._client_id == client_id and self.pane.profile is not None:
                self._ask()
            self.show_client(client_id)
            self.panes.show_selected(is_shown=True)
            if not self._contact_wanted and self.forms.open_one is None:
                self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

        self.desk.ask(self, lambda: clients.opened(client_id), chosen, key="target")

    # Panes

    def give_way(self, window_width: int) -> None:
        self.pane.give_way(breadth_of(self.desk.themes.theme.sizes, window_width))
        was_single = self.panes.is_single
        self.panes.give_way(window_width)
        if self.panes.is_single and not was_single:
            self.panes.show_selected(is_shown=bool(self._client_id))

    def go_back(self) -> bool:
        form = self.forms.open_one
        if form is not None:
            return form.step_back()
        composer, alert = self.pane.timeline.composer, self.pane.side.alert
        if alert.text.has_keyboard:
            alert.close_editor()
            return True
        if composer.text.has_keyboard:
            composer.hide()
            self.focus_timeline()
            return True
        if self.pane.is_side_over:
            self.pane.hide_side()
            self.focus_timeline()
            return True
        if self.list.clear_filter():
            self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if self.panes.shows_selected_only:
            self.panes.show_selected(is_shown=False)
            self.list.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        focus = QApplication.focusWidget()
        if focus is not None and self.pane.isAncestorOf(focus):
            self.list.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        return False

    def focus_timeline(self) -> None:
        self.pane.timeline.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_filter(self) -> None:
        self.panes.show_selected(is_shown=False)
        self.list.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.list.field.selectAll()

    def save_panes(self) -> dict[str, list[int]]:
        side = {f"{_SIDE}{breadth}": widths for breadth, widths in self.pane.panes.save().items()}
        return self.panes.save() | side

    def restore_panes(self, panes: dict[str, list[int]]) -> None:
        side = {name.removeprefix(_SIDE): widths for name, widths in panes.items() if name.startswith(_SIDE)}
        self.pane.panes.restore(side)
        self.panes.restore({name: widths for name, widths in panes.items() if not name.startswith(_SIDE)})
