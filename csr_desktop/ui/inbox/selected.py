"""What stands beside the list: nothing, what is selected, how many are, or the form of a new ticket. Each is built when
first shown: the list can be worked in before, and a start shows one of them at most.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from csr_desktop.ui.kit.panes import Pane
from csr_desktop.ui.kit.tab_order import follow_with_tab

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.inbox.conversation_pane import ConversationPane
    from csr_desktop.ui.inbox.item_panes import CallPane, FollowUpPane
    from csr_desktop.ui.inbox.new_ticket_pane import NewTicketPane
    from csr_desktop.ui.inbox.several_pane import SeveralPane

P = TypeVar("P", bound=QWidget)
R = TypeVar("R", "ConversationPane", "CallPane", "FollowUpPane")


class Selected(QStackedWidget):
    """`before` is what Tab leaves when it comes here."""

    assign_wanted = Signal()
    resolve_wanted = Signal()
    more_wanted = Signal()
    written = Signal()
    ticket_shown = Signal(object)
    """The Conversation that now stands here."""
    call_dismissed = Signal(str)
    call_shown = Signal(str, str)
    follow_up_completed = Signal(str, str)
    snooze_wanted = Signal()
    ticket_opened = Signal(str)
    form_left = Signal()
    client_chosen = Signal(str, str)
    several_wanted = Signal(str)
    """What to do with all that are selected; see SeveralPane."""
    context_wanted = Signal()
    list_wanted = Signal()

    def __init__(self, desk: Desk, before: QWidget) -> None:
        super().__init__()
        self._desk = desk
        self._before = before
        self._reading: list[ConversationPane | CallPane | FollowUpPane] = []
        self._is_folded = False
        self._is_single = False
        self._blank = Pane(desk.themes)
        self.addWidget(self._blank)

    @cached_property
    def _nothing(self) -> Pane:
        from csr_desktop.ui.kit.states import EmptyState

        themes = self._desk.themes
        pane = Pane(themes)
        pane.body.addWidget(
            EmptyState(themes, "tray", self.tr("Nothing is selected"), self.tr("Choose a line to read it here."))
        )
        return self._added(pane)

    @cached_property
    def conversation(self) -> ConversationPane:
        from csr_desktop.ui.inbox.conversation_pane import ConversationPane

        pane = self._added(ConversationPane(self._desk))
        pane.assign_wanted.connect(self.assign_wanted)
        pane.resolve_wanted.connect(self.resolve_wanted)
        pane.more_wanted.connect(self.more_wanted)
        pane.written.connect(self.written)
        pane.shown.connect(self.ticket_shown)
        return self._to_read(pane)

    @cached_property
    def call(self) -> CallPane:
        from csr_desktop.ui.inbox.item_panes import CallPane

        pane = self._added(CallPane(self._desk))
        pane.dismissed.connect(self.call_dismissed)
        pane.shown.connect(self.call_shown)
        return self._to_read(pane)

    @cached_property
    def follow_up(self) -> FollowUpPane:
        from csr_desktop.ui.inbox.item_panes import FollowUpPane

        pane = self._added(FollowUpPane(self._desk))
        pane.completed.connect(self.follow_up_completed)
        pane.snooze_wanted.connect(self.snooze_wanted)
        return self._to_read(pane)

    @cached_property
    def new_ticket(self) -> NewTicketPane:
        from csr_desktop.ui.inbox.new_ticket_pane import NewTicketPane

        pane = self._added(NewTicketPane(self._desk))
        pane.opened.connect(self.ticket_opened)
        pane.left.connect(self.form_left)
        pane.client_chosen.connect(self.client_chosen)
        return pane

    @cached_property
    def several(self) -> SeveralPane:
        from csr_desktop.ui.inbox.several_pane import SeveralPane

        pane = self._added(SeveralPane(self._desk.themes))
        pane.wanted.connect(self.several_wanted)
        return pane

    def _added(self, pane: P) -> P:
        self.addWidget(pane)
        follow_with_tab(self._before, pane)
        return pane

    def _to_read(self, pane: R) -> R:
        pane.context_button.clicked.connect(self.context_wanted)
        pane.back_button.clicked.connect(self.list_wanted)
        self._reading.append(pane)
        self._fold(pane)
        return pane

    # What is shown

    def shows(self, name: str) -> bool:
        """Whether it is the one of this name; one that was never shown is not built for the question."""
        return name in self.__dict__ and self.currentWidget() is self.__dict__[name]

    @property
    def is_writing(self) -> bool:
        """Whether the keyboard is in a text of the ticket."""
        return "conversation" in self.__dict__ and self.conversation.composer.has_keyboard()

    def show_nothing(self) -> None:
        self.setCurrentWidget(self._nothing)

    def on_changed(self, change_set: ChangeSet) -> None:
        for pane in self._reading:
            pane.on_changed(change_set)

    def on_minute(self) -> None:
        if "conversation" in self.__dict__:
            self.conversation.on_minute()
        if "follow_up" in self.__dict__:
            self.follow_up.on_minute()

    def fold(self, *, is_folded: bool, is_single: bool) -> None:
        """Whether the client is reached by a button, and whether the list is."""
        self._is_folded, self._is_single = is_folded, is_single
        for pane in self._reading:
            self._fold(pane)

    def _fold(self, pane: ConversationPane | CallPane | FollowUpPane) -> None:
        pane.header.buttons.set_shown(pane.context_button, is_shown=self._is_folded)
        pane.header.buttons.set_shown(pane.back_button, is_shown=self._is_single)
