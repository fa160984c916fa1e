"""A ticket: its header, its facts, its messages, and where one writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.difference_bar import DifferenceBar
from csr_desktop.ui.inbox.composer import Composer
from csr_desktop.ui.inbox.message_kinds import HEARD, NOTE, REPLY
from csr_desktop.ui.inbox.request_bar import RequestBar
from csr_desktop.ui.inbox.thread import Thread
from csr_desktop.ui.inbox.ticket_files import TicketFiles
from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.elide import ElidedLabel, Label, plain_tooltip
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Pane, SubHeader, column
from csr_desktop.ui.kit.prose import files_of
from csr_desktop.ui.kit.states import ErrorState, LoadingState, StateStack
from csr_desktop.ui.presence_words import PresenceWords

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.inbox_rows import Conversation
    from csr_desktop.services.presence import Company
    from csr_desktop.ui.desk import Desk

_SKELETON_AFTER_MILLISECONDS = 150
_SHOWN_FROM = (
    "tickets",
    "messages",
    "follow_ups",
    "contacts",
    "clients",
    "users",
    "topics",
    "attachments",
    "verifications",
    "verification_rules",
    "phone_numbers",
)
_PRIORITY_TONES = {"urgent": "danger", "high": "warning"}
_STATES: dict[str, tuple[str, str]] = {
    "open": ("neutral", "circle"),
    "waiting": ("neutral", "hourglass"),
    "resolved": ("success", "check"),
    "closed": ("neutral", "lock-simple"),
}


class ConversationPane(Pane):
    shown = Signal(object)
    """The Conversation that now stands here."""
    assign_wanted = Signal()
    resolve_wanted = Signal()
    """Resolve it, or open it again."""
    more_wanted = Signal()
    written = Signal()
    """What was written is logged, and nothing more was typed since; the keyboard is still in the empty text."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self.set_title(" ")
        self._desk = desk
        self._ticket_id = ""
        self._conversation: Conversation | None = None
        self.setMinimumWidth(desk.themes.theme.sizes.width.list)
        self._add_header()
        self._add_facts()
        self.thread_view = Thread(desk)
        self.composer = Composer(desk)
        self.composer.logging.connect(self._on_logging)
        self.composer.typed.connect(desk.writing)
        desk.presence_changed.connect(self._ask_company)
        self.files = TicketFiles(desk, self, self.composer, self.thread_view)
        self.setAcceptDrops(True)
        space = desk.themes.theme.sizes.space
        self._read_only = Label(
            self.tr("Another team works on this ticket. You can read it."), tone="muted", wraps=True
        )
        self._read_only.setContentsMargins(space.pane, space.close, space.pane, space.pane)
        content = QWidget()
        inner = column(content)
        inner.addWidget(self._facts)
        edge = (space.pane, space.close, space.pane, space.close)
        self.differences = DifferenceBar(desk, self._field_words, self._value_words, edge)
        self.request = RequestBar(desk, edge)
        inner.addWidget(self.request)
        inner.addWidget(self.differences)
        inner.addWidget(self.thread_view, 1)
        inner.addWidget(self.composer)
        inner.addWidget(self._read_only)
        self._states = StateStack(content)
        self._loading = LoadingState(desk.themes)
        self._error = ErrorState(desk.themes, "", "", self.tr("Try again"))
        self._error.acted.connect(self._ask)
        self.body.addWidget(self._states)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))
        self._read_only.hide()

    def _add_header(self) -> None:
        themes = self._desk.themes
        self.more_button = IconButton(themes, "dots-three", self.tr("More actions"))
        self.more_button.clicked.connect(self.more_wanted)
        self.assign_button = Button(themes, self.tr("Assign"), key_hint="A")
        self.assign_button.clicked.connect(self.assign_wanted)
        self.resolve_button = Button(themes, self.tr("Resolve"), icon="check", key_hint="E")
        self.resolve_button.clicked.connect(self.resolve_wanted)
        self.context_button = IconButton(themes, "info", self.tr("About the client"), key_hint="I")
        self.back_button = IconButton(themes, "arrow-left", self.tr("Back to the list"), key_hint="Esc")
        for button in (
            self.back_button,
            self.more_button,
            self.assign_button,
            self.resolve_button,
            self.context_button,
        ):
            self.header.add_button(button)
        for button in (self.back_button, self.context_button):
            self.header.buttons.set_shown(button, is_shown=False)

    def _add_facts(self) -> None:
        themes = self._desk.themes
        self._facts = SubHeader(themes)
        self._label = Label(size="caption", tone="muted")
        self._channel = Label(size="caption", tone="muted")
        self._topic = ElidedLabel(size="caption", tone="muted")
        self._priority = Chip(themes, "")
        self._state = Chip(themes, "")
        self._escalated = Chip(themes, "", tone="warning", icon="flag")
        self._avatar = Avatar(themes, "", size=themes.theme.sizes.height.avatar_small)
        self._assignee = ElidedLabel(size="caption", tone="muted")
        for part in (self._label, self._channel, self._topic, self._priority, self._state, self._escalated):
            self._facts.add(part)
        self._presence_words = PresenceWords(self)
        self.company = ElidedLabel(size="caption", tone="muted")
        self._facts.add_end(self.company)
        self._facts.add_end(self._avatar)
        self._facts.add_end(self._assignee)

    # Showing

    @property
    def conversation(self) -> Conversation | None:
        """The one on the screen; None while another is being read."""
        return self._conversation

    @property
    def ticket_id(self) -> str:
        return self._ticket_id

    def show_ticket(self, ticket_id: str, title: str = "") -> None:
        """`title` stands in the header until the ticket has been read."""
        if ticket_id == self._ticket_id:
            return
        self._ticket_id = ticket_id
        self._conversation = None
        self.set_title(title or " ")
        # At once: what is typed while the ticket is being read is already its own.
        self.composer.set_ticket(ticket_id, "")
        self._say_company("", "")
        self._slow.start()
        self._ask()

    def _ask(self) -> None:
        ticket_id, inbox = self._ticket_id, self._desk.services.inbox
        if ticket_id:
            self._desk.ask(self, lambda: inbox.conversation(ticket_id), self._show, self._on_failed, key="conversation")

    def on_changed(self, change_set: ChangeSet) -> None:
        if self._ticket_id and (change_set.rights or change_set.touches(*_SHOWN_FROM)):
            self._ask()
        if change_set.touches("messages"):
            self.composer.look_again()
        if change_set.touches("attachments"):
            self.files.refresh()

    def on_minute(self) -> None:
        if self._conversation is not None:
            self.thread_view.show_conversation(self._conversation)
            if self._conversation.check.is_risky:
                self._ask()  # it may have run out

    def _show(self, found: Conversation) -> None:
        if found.ticket_id != self._ticket_id:
            return
        self._slow.stop()
        self._conversation = found
        words = self._desk.words
        self.set_title(found.subject)
        self._label.setText(found.label)
        self._channel.setText(words.channel(found.channel))
        self._topic.setText(" \u203a ".join(found.topic_path))
        self._priority.set_badge(Badge(words.priority(found.priority), _PRIORITY_TONES.get(found.priority, "neutral")))  # type: ignore[arg-type]
        self._priority.setVisible(found.priority != "normal")
        tone, icon = _STATES.get(found.state, ("neutral", ""))
        self._state.set_badge(Badge(words.ticket_state(found.state), tone, icon))  # type: ignore[arg-type]
        self._state.setVisible(found.state != "open")
        self._escalated.set_badge(Badge(self.tr("Escalated to {0}").format(found.escalated_to_name), "warning", "flag"))
        self._escalated.setVisible(bool(found.escalated_to_id))
        self._show_assignee(found)
        is_over = found.state in {"resolved", "closed"}
        self.resolve_button.setText(self.tr("Reopen") if is_over else self.tr("Resolve"))
        self.resolve_button.set_icon_name("arrow-u-up-left" if is_over else "check")
        self.resolve_button.setEnabled(found.can_work)
        self.assign_button.setEnabled(found.can_work)
        self.thread_view.show_conversation(found)
        self.composer.setVisible(found.can_work)
        self._read_only.setVisible(not found.can_work)
        self.composer.set_ticket(found.ticket_id, found.contact_name)
        self.request.show_ticket(found)
        self.differences.show_ticket(found.ticket_id)
        self._states.show_content()
        self._attend()
        self._ask_company()
        self.shown.emit(found)

    # Who else is at it

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._attend()
        self._ask_company()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._desk.attending.emit("", "")

    def _attend(self) -> None:
        found = self._conversation
        if found is not None and self.isVisible():
            self._desk.attending.emit(found.ticket_id, found.team_id)

    def _ask_company(self) -> None:
        ticket_id, presence = self._ticket_id, self._desk.services.presence
        if not ticket_id or not self.isVisible():
            return

        def show(company: Company) -> None:
            if ticket_id == self._ticket_id:
                words = self._presence_words
                self._say_company(words.company(company), words.whole_company(company))

        self._desk.ask(self, lambda: presence.company(ticket_id), show, key="company")

    def _say_company(self, words: str, whole: str) -> None:
        if words != self.company.text():
            self.company.setText(words)
            if words:
                announce(self.company, words)
        self.company.setToolTip(plain_tooltip(whole))

    def _field_words(self, field: str) -> str:
        return {
            "subject": self.tr("Subject"),
            "priority": self.tr("Priority"),
            "topic_id": self.tr("Topic"),
            "client_id": self.tr("Client"),
            "contact_id": self.tr("Contact"),
        }.get(field, field)

    def _value_words(self, field: str, value: str | int) -> str:
        if field == "priority":
            return self._desk.words.priority(str(value))
        return str(value) if field == "subject" else ""

    def _show_assignee(self, found: Conversation) -> None:
        name = self.tr("You") if found.is_mine else found.assignee_name
        self._assignee.setText(name or self.tr("Nobody yet"))
        self._assignee.setToolTip(plain_tooltip(self.tr("Assignee")))
        self._assignee.setAccessibleName(self.tr("Assignee: {0}").format(self._assignee.text()))
        self._avatar.set_person(found.assignee_name, is_me=found.is_mine)
        self._avatar.setVisible(bool(found.assignee_id))

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._error.say(fault.title, fault.advice, button=self.tr("Try again"))
        self._states.show_state(self._error)

    # Writing

    @property
    def can_write(self) -> bool:
        """Also while the ticket is being read: most can be written in, and a draft harms none."""
        return bool(self._ticket_id) and (self._conversation is None or self._conversation.can_work)

    def write(self) -> None:
        """Put the keyboard where one writes, or into the messages where one only reads."""
        if self.can_write:
            self.composer.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.thread_view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.can_write and self._desk.services.files == "on" and files_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.files.take(files_of(event.mimeData()))
        event.acceptProposedAction()

    def _on_logging(self, ticket_id: str, kind: str, text: str, then_state: str) -> None:
        inbox, place = self._desk.services.inbox, f"{kind}:{ticket_id}"
        if self.files.is_busy(place):
            self.composer.say_fault(ticket_id, self.tr("A file is still being taken in."))
            return
        if not text.strip():
            self.files.attach(place, ticket_id)
            return
        work = {
            REPLY: lambda: inbox.reply(ticket_id, text, then_state),
            NOTE: lambda: inbox.note(ticket_id, text),
            HEARD: lambda: inbox.heard(ticket_id, text),
        }[kind]
        self._desk.do(
            self,
            work,
            lambda _outcome: self._on_logged(ticket_id, kind, text),
            lambda fault: self.composer.say_fault(ticket_id, str(fault)),
        )

    def _on_logged(self, ticket_id: str, kind: str, text: str) -> None:
        self.composer.was_logged(ticket_id, kind, text)
        if self.composer.has_keyboard() and not self.composer.editor.text():
            self.written.emit()
