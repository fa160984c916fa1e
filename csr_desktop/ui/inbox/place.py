"""The inbox as a place of the window: it brings its panes together and answers keys."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.inbox_rows import VIEWS
from csr_desktop.ui.inbox.chosen import Chosen
from csr_desktop.ui.inbox.inbox_words import InboxWords
from csr_desktop.ui.inbox.list_pane import ListPane
from csr_desktop.ui.inbox.place_actions import actions_of, open_more
from csr_desktop.ui.inbox.selected import Selected
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.panes import Pane, column
from csr_desktop.ui.kit.tab_order import follow_with_tab
from csr_desktop.ui.place import Place
from csr_desktop.ui.three_panes import ThreePanes

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.inbox_rows import Conversation, InboxCounts, InboxRow, View
    from csr_desktop.ui.actions import Action
    from csr_desktop.ui.context_pane import ContextPane
    from csr_desktop.ui.desk import Desk, Target
    from csr_desktop.ui.inbox.conversation_pane import ConversationPane
    from csr_desktop.ui.inbox.item_panes import CallPane, FollowUpPane
    from csr_desktop.ui.inbox.new_ticket_pane import NewTicketPane

_LOOKED_AT_MILLISECONDS: Final = 800
"""So long a row is the current one before it counts as looked at; who moves past it has not read it."""
_MOST_AT_ONCE: Final = 500
"""Changed rows beyond which the list is read anew; the first filling of a desk brings thousands."""


class InboxPlace(Place):
    key = "inbox"

    counts_changed = Signal(object)
    """InboxCounts, for the rail."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.words = InboxWords(desk.words)
        self.list = ListPane(desk, self.words)
        self._selected = Selected(desk, self.list)
        self.chosen = Chosen(desk, self.list, self._selected, self)
        self._beside = Pane(desk.themes, ground="canvas")
        self._beside.setMinimumWidth(desk.themes.theme.sizes.width.context_min)
        self.panes = ThreePanes(desk.themes, self.list, self._selected, self._beside)
        column(self).addWidget(self.panes)
        self._is_loaded = False
        self._waits_for_list = True
        """At the start the rows are painted before the pane of the first one is built; there is nothing to wait for
        where the first page has none.
        """
        self._before_form: QWidget | None = None
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(_LOOKED_AT_MILLISECONDS)
        self._looking.timeout.connect(self._on_looked)
        self._connect()
        people = desk.services.people
        desk.ask(self, people.me, lambda me: setattr(self.words, "my_id", me.id))

    def _connect(self) -> None:
        self.list.rows.rows_painted.connect(lambda: QTimer.singleShot(0, self, self._show_current))
        self.list.model.page_loaded.connect(self._on_page_loaded)
        self.list.chosen.connect(self._on_chosen)
        self.list.opened.connect(self._on_opened)
        self.list.view_wanted.connect(self._on_view_wanted)
        self.list.new_wanted.connect(self.start_ticket)
        self.list.rows.marks_changed.connect(self._on_marks_changed)
        selected = self._selected
        selected.more_wanted.connect(lambda: open_more(self))
        selected.ticket_shown.connect(self._on_ticket_shown)
        selected.call_shown.connect(self._on_call_shown)
        selected.ticket_opened.connect(self._on_ticket_opened)
        selected.form_left.connect(self._leave_form)
        selected.client_chosen.connect(self._show_client)
        selected.context_wanted.connect(self.toggle_context)
        selected.list_wanted.connect(lambda: self.panes.show_selected(is_shown=False))
        selected.written.connect(self._on_written)
        self.panes.folded.connect(self._on_folded)

    # Built when first wanted; the list is there before

    @property
    def conversation(self) -> ConversationPane:
        return self._selected.conversation

    @property
    def call(self) -> CallPane:
        return self._selected.call

    @property
    def follow_up(self) -> FollowUpPane:
        return self._selected.follow_up

    @property
    def new_ticket(self) -> NewTicketPane:
        return self._selected.new_ticket

    @property
    def _has_context(self) -> bool:
        return "context" in self.__dict__

    @cached_property
    def context(self) -> ContextPane:
        from csr_desktop.ui.context_pane import ContextPane

        made = ContextPane(self.desk)
        self._beside.body.addWidget(made)
        follow_with_tab(self._selected, made)
        return made

    # What the window asks

    def actions_of_place(self) -> list[Action]:
        return actions_of(self)

    def on_shown(self) -> None:
        if not self._is_loaded:
            self._load("mine")
        self._ask_counts()
        if not self.is_writing:
            self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _load(self, view: View) -> None:
        self._is_loaded = True
        self.list.show_view(view)
        self._ask_counts()

    def choose_view(self, key: str) -> None:
        if key not in VIEWS:
            return
        self._load(key)
        self.panes.show_selected(is_shown=False)
        self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def open_target(self, target: Target) -> None:
        self._waits_for_list = False
        if target.kind == "new_ticket":
            if not self._is_loaded:
                self._load("mine")
            self.start_ticket(target.client_id, target.id)
            return
        self.list.want(target.id)
        if not self._is_loaded:
            self._load("mine")
        if self.list.current is None or self.list.current.id != target.id:
            self.list.rows.leave_current()
            self._show_ticket(target.id, "")
            self.context.show_client(target.client_id, "", target.id)
        self.panes.show_selected(is_shown=True)

    def on_changed(self, change_set: ChangeSet) -> None:
        if not self._is_loaded:
            return
        ids = change_set.ids("tickets") | change_set.ids("interactions") | change_set.ids("follow_ups")
        ids |= self.list.model.ids_of_clients(change_set.ids("clients"))
        if change_set.rights or change_set.touches("client_clocks") or len(ids) > _MOST_AT_ONCE:
            self.list.reload()
        else:
            self.list.model.refresh(ids)
        if ids or change_set.rights:
            self._ask_counts()
        if checks := change_set.ids("verifications"):
            inbox = self.desk.services.inbox
            self.desk.ask(self, lambda: inbox.asked_on(checks), self._on_asked)
        self._selected.on_changed(change_set)

    def _on_asked(self, ticket_ids: frozenset[str]) -> None:
        """What these wait for is another thing now: perhaps a lead."""
        self.list.model.refresh(ticket_ids)
        self._ask_counts()

    def on_minute(self) -> None:
        if not self._is_loaded or self._waits_for_list:
            return
        inbox = self.desk.services.inbox

        def passed(moved: ChangeSet) -> None:
            self.desk.publish(moved)
            self.list.pass_time()
            self._ask_counts()

        self.desk.ask(self, inbox.refresh_clocks, passed, key="minute")
        self._selected.on_minute()
        if self._has_context:
            self.context.on_minute()

    def _ask_counts(self) -> None:
        def show(counts: InboxCounts) -> None:
            self.list.show_counts(counts)
            self.counts_changed.emit(counts)

        self.desk.ask(self, self.desk.services.inbox.counts, show, key="counts")

    def give_way(self, window_width: int) -> None:
        self.panes.give_way(window_width)

    def save_panes(self) -> dict[str, list[int]]:
        return self.panes.save()

    def restore_panes(self, panes: dict[str, list[int]]) -> None:
        self.panes.restore(panes)

    def go_back(self) -> bool:
        """What floats first, then a form, the context, marks, the text; at last from what is selected to the list."""
        if self.chosen.step_back():
            return True
        if self.is_form_open:
            if not self.new_ticket.step_back():
                self._leave_form()
            return True
        if self.panes.shows_context_over:
            self.panes.show_context(is_shown=False)
        elif self.list.rows.is_marking:
            self.list.rows.clear_marks()
        elif self.panes.shows_selected_only or not self.list.rows.hasFocus():
            self.panes.show_selected(is_shown=False)
        else:
            return False
        self.list.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    # What is selected

    def _on_chosen(self, row: InboxRow | None) -> None:
        if row is None:
            if not self.is_form_open:
                self._selected.show_nothing()
                if self._has_context:
                    self.context.clear()
            return
        if self._waits_for_list or self._selected.shows("several"):
            return
        self.chosen.step_back()
        if row.is_new:
            self._looking.start()
        if row.kind == "ticket":
            self._show_ticket(row.id, row.title)
            self.context.show_client(row.client_id, row.contact_id, row.id)
            return
        pane = self.call if row.kind == "call" else self.follow_up
        pane.show_item(row.id)
        self._selected.setCurrentWidget(pane)
        self.context.show_client(row.client_id, row.contact_id)

    def _on_looked(self) -> None:
        """The current row was read: it is not new any more."""
        row, inbox = self.list.current, self.desk.services.inbox
        if row is None or not row.is_new or not self.isVisible() or self._selected.shows("several"):
            return

        def refresh(_none: None) -> None:
            self.list.model.refresh([row.id])

        self.desk.ask(self, lambda: inbox.looked_at(row.id, row.at), refresh)

    def _on_marks_changed(self) -> None:
        """While several are selected, one of them standing beside the list would say that deeds are done to it."""
        if self.is_form_open:
            return
        if self.list.rows.is_marking:
            self._selected.several.show_items(self.chosen.items())
            self._selected.setCurrentWidget(self._selected.several)
            if self._has_context and len({row.client_id for row in self.list.marked_rows()}) > 1:
                self.context.clear()
        elif self._selected.shows("several"):
            self._selected.show_nothing()
            row = self.list.current
            if row is not None:
                self._on_chosen(row)

    def _on_page_loaded(self) -> None:
        if not self.list.model.has_rows():
            self._waits_for_list = False

    def _show_current(self) -> None:
        self._waits_for_list = False
        row = self.list.current
        if row is not None and not self.is_form_open:
            self._on_chosen(row)

    def _show_ticket(self, ticket_id: str, title: str) -> None:
        self.conversation.show_ticket(ticket_id, title)
        self._selected.setCurrentWidget(self.conversation)

    def _on_ticket_shown(self, ticket: Conversation) -> None:
        if self.shows_ticket:
            self.context.show_client(ticket.client_id, ticket.contact_id, ticket.ticket_id)

    def _on_call_shown(self, client_id: str, contact_id: str) -> None:
        """Also of a call that became somebody's while it was looked at."""
        detail = self.call.detail
        if detail is None or not self._selected.shows("call"):
            return
        if client_id:
            self.context.show_client(client_id, contact_id)
            return
        way = (
            self.tr("Open it in Calls (O) and say there who it was ({0}).").format(key_text("Ctrl+M"))
            if detail.can_correct
            else ""
        )
        self.context.show_number(detail.number if detail.row.number_shown else "", detail.row.number_shown, way)

    def _on_opened(self) -> None:
        """Enter: the keyboard goes to where one writes or acts."""
        if self._waits_for_list:
            self._show_current()
        self.panes.show_selected(is_shown=True)
        if self.shows_ticket:
            self.conversation.write()
        elif self.shows_call:
            self.call.take_keyboard()
        elif self.shows_follow_up:
            self.follow_up.take_keyboard()

    def _on_view_wanted(self, key: str) -> None:
        self.choose_view(key)
        self.view_changed.emit(key)

    @property
    def is_writing(self) -> bool:
        return self._selected.is_writing or self.is_form_open

    @property
    def shows_ticket(self) -> bool:
        return self._selected.shows("conversation")

    @property
    def shows_call(self) -> bool:
        return self._selected.shows("call")

    @property
    def shows_follow_up(self) -> bool:
        return self._selected.shows("follow_up")

    @property
    def is_form_open(self) -> bool:
        return self._selected.shows("new_ticket")

    # Writing and going elsewhere; see place_actions for their keys

    def start(self, kind: str) -> None:
        """Write a reply, a note or what the client said."""
        if self.shows_ticket and self.conversation.can_write:
            self.panes.show_selected(is_shown=True)
            self.conversation.composer.start(kind)

    def _on_written(self) -> None:
        """Out of the empty text: letters are keys of the place again, and Ctrl+Z takes back what was logged."""
        rows = self.list.rows if self.list.rows.isVisible() else self.conversation.thread_view
        rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_files(self) -> None:
        """To attach to what is being written."""
        self.panes.show_selected(is_shown=True)
        self.conversation.files.choose()

    def log(self, then_state: str = "") -> None:
        """Ctrl+Return: log what is being written, or open the ticket of the form."""
        if self.is_form_open:
            self.new_ticket.open_ticket()
        else:
            self.conversation.composer.log(then_state)

    def call_person(self) -> None:
        """Dial whoever is in question."""
        if self.shows_call:
            self.call.call_back()
        elif self.shows_follow_up:
            self.follow_up.call_now()
        else:
            self.context.call()

    def open_in_place(self) -> None:
        if self.shows_call:
            self.call.open_in_place()
        elif self.shows_follow_up:
            self.follow_up.open_in_place()
        elif self.context.client_id:
            self.desk.open("client", self.context.client_id)

    def toggle_context(self) -> None:
        self.panes.show_context(is_shown=not self.panes.shows_context_over)

    def _on_folded(self, is_folded: bool) -> None:
        self._selected.fold(is_folded=is_folded, is_single=self.panes.is_single)

    # A new ticket

    def start_ticket(self, client_id: str = "", contact_id: str = "") -> None:
        if not self.is_form_open:
            self._before_form = self._selected.currentWidget()
        self._selected.setCurrentWidget(self.new_ticket)
        self.panes.show_selected(is_shown=True)
        self.context.show_client(client_id, contact_id)
        self.new_ticket.start(client_id, contact_id)

    def _show_client(self, client_id: str, contact_id: str) -> None:
        self.context.show_client(client_id, contact_id)

    def _leave_form(self) -> None:
        if self._before_form is not None:
            self._selected.setCurrentWidget(self._before_form)
        row = self.list.current
        if row is not None:
            self._on_chosen(row)
        else:
            self.context.clear()
        self.panes.show_selected(is_shown=False)
        self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_ticket_opened(self, ticket_id: str) -> None:
        self._show_ticket(ticket_id, "")
        self.list.want(ticket_id)
        self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)
