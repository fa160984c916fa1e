"""The place of calls: the list, the call that runs or ran, the client beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from csr_desktop.ui.calls.call_list import CallList
from csr_desktop.ui.calls.call_pane import CallPane
from csr_desktop.ui.calls.call_words import CallWords
from csr_desktop.ui.calls.exporting import Exporting
from csr_desktop.ui.calls.log_form import LogForm
from csr_desktop.ui.calls.number_list import NumberList
from csr_desktop.ui.calls.past_call import PastCall
from csr_desktop.ui.calls.place_actions import actions_of
from csr_desktop.ui.calls.private_counts_list import PrivateCountsList
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.calls.saved_asking import SavedAsking
from csr_desktop.ui.calls.view_button import ViewButton
from csr_desktop.ui.context_pane import ContextPane
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.panes import Pane, column
from csr_desktop.ui.kit.states import EmptyState
from csr_desktop.ui.place import Place
from csr_desktop.ui.three_panes import Breadth, Share, ThreePanes, usual_share

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.call_rows import CallKey, Saved
    from csr_desktop.services.saved_filters import SavedFilter
    from csr_desktop.ui.actions import Action
    from csr_desktop.ui.desk import Desk, Target
    from csr_desktop.ui.kit.tokens import Sizes

_SHOWN_FROM = (
    "interactions",
    "tickets",
    "follow_ups",
    "clients",
    "contacts",
    "phone_numbers",
    "users",
    "verifications",
)


VIEW = "calls_"
"""How the rail's keys of views begin: others have a view of that name, too."""


def _usual(sizes: Sizes, breadth: Breadth, whole: int) -> Share:
    """Names and times need less than the inbox's lines, notes more."""
    return sizes.width.context - sizes.space.pane, usual_share(sizes, breadth, whole)[1]


class CallsPlace(Place):
    """Stays in step with the running calls, wherever they were started, held or ended."""

    key = "calls"

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        words = self.words = CallWords(desk.words)
        self.running = running_calls(desk)
        self.list = CallList(desk, words)
        self.numbers = NumberList(desk, words)
        self._lists = QStackedWidget()
        self._lists.addWidget(self.list)
        self._lists.addWidget(self.numbers)
        self.private = PrivateCountsList(desk)
        self._lists.addWidget(self.private)
        self._view_buttons = [ViewButton(desk, pane.header) for pane in (self.list, self.numbers, self.private)]
        self._is_narrow = False
        self.is_lead = self._wants_first = self._is_unasked = self._is_other_list = False
        desk.ask(self, desk.services.people.is_lead, self._set_lead)
        self.view = "mine"
        self.saved = SavedAsking(desk, self)
        self.exporting = Exporting(desk, self, self.list.export_bar)
        self.call_pane = CallPane(desk, words, self.running)
        self.past = PastCall(desk, words, self.running)
        self.log = LogForm(desk)
        self.context = ContextPane(desk, shows_waiting=True)
        self._nothing = Pane(desk.themes)
        self._nothing.body.addWidget(
            EmptyState(
                desk.themes,
                "phone",
                self.tr("No call is open"),
                self.tr("Start one with {0}, log one afterwards with L, or pick one from the list.").format(
                    key_text("Ctrl+D")
                ),
            )
        )
        self._centre = QStackedWidget()
        self._counted = Pane(desk.themes)
        self._counted.body.addWidget(
            EmptyState(
                desk.themes,
                "eye-slash",
                self.tr("Counted, never shown"),
                self.tr(
                    "Card, bank and social security numbers are masked before a note is kept. Here is how many, by "
                    "person and day, and how many a person said to be none. What they were is written nowhere."
                ),
            )
        )
        for pane in (self._nothing, self.call_pane, self.past, self.log, self._counted):
            self._centre.addWidget(pane)
        self._lists.setMinimumWidth(desk.themes.theme.sizes.width.context_min)
        self.panes = ThreePanes(desk.themes, self._lists, self._centre, self.context, usual=_usual)
        column(self).addWidget(self.panes)
        self._connect()

    def _connect(self) -> None:
        self.list.selected.connect(self.show_call)
        self.list.loaded.connect(self._choose_first)
        self.numbers.loaded.connect(self._choose_first)
        self.list.opened.connect(self._on_opened)
        self.list.log_wanted.connect(self.log_afterwards)
        self.list.start_wanted.connect(self._on_start_wanted)
        self.list.export_wanted.connect(self.export)
        self.list.private_wanted.connect(self.show_private)
        self.list.older_wanted.connect(self._on_older_wanted)
        self.numbers.selected.connect(self.show_call)
        self.numbers.attach_wanted.connect(self._on_attach_wanted)
        for shown in (self.list, self.numbers):
            shown.saved_wanted.connect(self.ask_saved)
            shown.filters.changed.connect(self._on_other_list)
            shown.loaded.connect(self._leave_what_is_not_listed)
        self.saved.chosen.connect(self._on_saved_filter)
        self.call_pane.shown_changed.connect(self._show_client)
        self.call_pane.earlier_wanted.connect(self.show_call)
        self.call_pane.discard_wanted.connect(self.discard)
        self.past.shown_changed.connect(self._show_client)
        self.past.gone.connect(self._on_gone)
        self.log.client_changed.connect(self._show_client)
        self.log.saved.connect(self._on_logged)
        self.log.left.connect(self.go_back)
        self.panes.folded.connect(self._on_folded)
        for button in self._view_buttons:
            button.view_wanted.connect(lambda view: self.choose_view(VIEW + view))
        for pane in (self.call_pane.head, self.past, self.log):
            pane.context_button.clicked.connect(self.toggle_context)
        self._on_folded(self.panes.is_folded)
        self.running.listed.connect(self._on_listed)
        self.running.saved.connect(self._on_saved)
        self.running.came_back.connect(self._on_came_back)

    # What the window asks

    def actions_of_place(self) -> list[Action]:
        return actions_of(self)

    def on_shown(self) -> None:
        self._wants_first = True
        self._left.load()
        call = self.running.foremost()
        if self._centre.currentWidget() is self._nothing and call is not None:
            self.show_call(call.id)
        if self.shows_running:
            self.call_pane.focus_work()
        else:
            self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_first(self) -> None:
        """Where nothing is open yet, the list's first call is; a narrow window goes on showing the list."""
        wants, self._wants_first = self._wants_first, False
        if wants and self.isVisible() and self._centre.currentWidget() is self._nothing and not self.running.all():
            call_id = self.shown_list.choose_first()
            if call_id:
                self._centre.setCurrentWidget(self.past)
                self._is_unasked = True
                self.past.show_call(call_id)

    def _on_other_list(self) -> None:
        self._is_other_list = True

    def _leave_what_is_not_listed(self) -> None:
        """Once something else is filtered by, what stood open and is not among it gives way to the first that is."""
        is_other, self._is_other_list = self._is_other_list, False
        if not is_other or not self.shows_past:
            return
        call_id, lists, wanted = self.past.call_id, self.desk.services.call_lists, self.shown_list.filters.chosen

        def leave(found: tuple[CallKey, ...]) -> None:
            if found or not self.shows_past or self.past.call_id != call_id:
                return
            first = self.list.choose_first() if self.shown_list is self.list else ""
            if first:
                self._is_unasked = True
                self.past.show_call(first)
            else:
                self._centre.setCurrentWidget(self._nothing)
                self.context.clear()

        self.desk.ask(self, lambda: lists.among(wanted, [call_id]), leave, key="listed")

    def on_changed(self, change_set: ChangeSet) -> None:
        self.list.on_changed(change_set)
        self.numbers.on_changed(change_set)
        self.private.on_changed(change_set)
        if change_set.rights:
            self.desk.ask(self, self.desk.services.people.is_lead, self._set_lead)
        if self.past.call_id and self.shows_past and (change_set.rights or change_set.touches(*_SHOWN_FROM)):
            self.past.show_call(self.past.call_id)
        if change_set.touches("topics", "dispositions", "scripts"):
            self.call_pane.lists_changed()
            self.past.lists_changed()

    def on_minute(self) -> None:
        self._left.on_minute()
        self.context.on_minute()

    def open_target(self, target: Target) -> None:
        self.list.load()
        if target.kind == "log_contact":
            self.log_afterwards(target.id, target.client_id)
            return
        self.show_call(target.id)
        self.focus_call()

    # Views

    @property
    def shown_list(self) -> CallList | NumberList:
        """The list that can be filtered."""
        return self.numbers if self.view == "numbers" else self.list

    @property
    def _left(self) -> CallList | NumberList | PrivateCountsList:
        return self.private if self.view == "private" else self.shown_list

    def _set_lead(self, is_lead: bool) -> None:  # a callback's only argument
        self.is_lead = self.list.is_lead = is_lead
        if not is_lead and self.view == "private":
            self.show_view("mine")
        self._offer_views()

    def show_private(self) -> None:
        """P: for a lead, how many private numbers their people wrote."""
        self.choose_view(VIEW + "private")

    def choose_view(self, key: str) -> None:
        self._wants_first = True
        self.show_view(key.removeprefix(VIEW))
        self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_view(self) -> None:
        """V: one after the other."""
        views = list(self._views())
        self.choose_view(VIEW + views[(views.index(self.view) + 1) % len(views)])

    def _views(self) -> dict[str, str]:
        """The lists' keys with their words, in order."""
        views = {"mine": self.tr("My calls"), "team": self.tr("Team's calls"), "numbers": self.tr("Caller log")}
        return views | ({"private": self.tr("Private numbers")} if self.is_lead else {})

    def _offer_views(self) -> None:
        for button in self._view_buttons:
            button.offer(self._views(), self.view, is_shown=self._is_narrow)

    def show_view(self, view: str) -> None:
        self.view = view
        self._lists.setCurrentWidget(self._left)
        if view == "private":
            self._open(self._counted)
            self.context.clear()
        elif self._centre.currentWidget() is self._counted:
            self._show_nothing()
        if view in {"numbers", "private"}:
            self._left.load()
        else:
            self.list.show_view(view)
            self.list.load()
        self._offer_views()
        self.view_changed.emit(VIEW + view)

    def ask_saved(self) -> None:
        """S: the filters that are kept, and this one to be kept."""
        pane = self.shown_list
        self.saved.ask(self.view, pane.filters.chosen, pane.filters.words(), pane.header)

    def export(self) -> None:
        """Ctrl+E: the list as it is filtered. Of the caller log, the calls behind its numbers."""
        pane = self.shown_list
        words = f"{pane.accessibleName()}, {pane.filters.words()}"
        self.exporting.ask(pane.filters.chosen, words, pane.header)

    def _on_saved_filter(self, saved: SavedFilter) -> None:
        if saved.view != self.view:
            self.show_view(saved.view)
        self.shown_list.show_filter(saved.chosen)
        self.shown_list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_attach_wanted(self, call_id: str) -> None:
        self.show_call(call_id)
        self.past.ask_who()

    def _on_older_wanted(self, client_id: str) -> None:
        """What is older than the calls here is read by way of the client, whose profile shows it."""
        older = self.desk.services.older
        self.desk.ask(self, lambda: older.show_more(client_id), lambda _state: self._open_client(client_id))

    def _open_client(self, client_id: str) -> None:
        self.desk.saved.emit()  # wakes what fetches
        self.desk.open("client", client_id)

    def give_way(self, window_width: int) -> None:
        self._is_narrow = window_width < self.desk.themes.theme.sizes.width.compact_rail_below
        self._offer_views()
        self.panes.give_way(window_width)

    def _on_folded(self, is_folded: bool) -> None:  # a signal's argument
        self.call_pane.head.context_button.setVisible(is_folded)
        self.past.context_button.setVisible(is_folded)
        self.log.header.buttons.set_shown(self.log.context_button, is_shown=is_folded)

    def toggle_context(self) -> None:
        self.panes.show_context(is_shown=not self.panes.shows_context_over)

    def save_panes(self) -> dict[str, list[int]]:
        return self.panes.save()

    def restore_panes(self, panes: dict[str, list[int]]) -> None:
        self.panes.restore(panes)

    def go_back(self) -> bool:
        if self.panes.shows_context_over:
            self.panes.show_context(is_shown=False)
            return True
        pane = self._centre.currentWidget()
        if isinstance(pane, CallPane | PastCall | LogForm) and pane.go_back():
            return True
        if pane is self.log:
            call = self.running.foremost()
            if call is not None:
                self.show_call(call.id)
            elif self.past.call_id:
                self.show_call(self.past.call_id)
            else:
                self._show_nothing()
        if (self.view != "private" and self.shown_list.rows.hasFocus()) or self.shown_list.filters.isAncestorOf(
            self.focusWidget() or self
        ):
            return self.shown_list.fold_filters()
        self.panes.show_selected(is_shown=False)
        self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    # What is open

    @property
    def shows_running(self) -> bool:
        return self._centre.currentWidget() is self.call_pane and self.call_pane.call is not None

    @property
    def shows_past(self) -> bool:
        return self._centre.currentWidget() is self.past

    @property
    def shows_log(self) -> bool:
        return self._centre.currentWidget() is self.log

    def show_call(self, call_id: str) -> None:
        """A running call or one that was."""
        if self.running.get(call_id) is not None:
            self._open(self.call_pane)
            self.call_pane.show_call(call_id)
        else:
            self._open(self.past)
            self.past.show_call(call_id)
        self.list.show_selected(call_id)
        self.numbers.show_selected(call_id)

    def _open(self, pane: QWidget) -> None:
        self._is_unasked = False
        self._centre.setCurrentWidget(pane)
        self.panes.show_selected(is_shown=True)

    def _show_nothing(self) -> None:
        self._centre.setCurrentWidget(self._nothing)
        self.panes.show_selected(is_shown=False)
        self.context.clear()

    def _on_gone(self) -> None:
        # A call that is taken back goes and waits again at once: that one stays open.
        if self.shows_past:
            self._show_nothing()

    def focus_call(self) -> None:
        if self.shows_running:
            self.call_pane.focus_work()
        elif self.shows_past:
            self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_client(self) -> None:
        client_id = contact_id = ticket_id = ""
        call, detail = self.call_pane.call, self.past.detail
        if self.shows_running and call is not None:
            client_id, contact_id = call.client_id, call.contact_id
            ticket_id = call.steps.ticket.ticket_id if call.steps.ticket else ""
        elif self.shows_past and detail is not None:
            client_id, contact_id, ticket_id = detail.row.client_id, detail.row.contact_id, detail.ticket_id
        elif self.shows_log:
            client_id, contact_id = self.log.client
        if client_id:
            self.context.show_client(client_id, contact_id, ticket_id)
        elif self.shows_running and call is not None:
            self._show_number(call.number, call.number_shown, can_attach=True)
        elif self.shows_past and detail is not None and detail.row.channel in {"phone", "voicemail"}:
            self._show_number(detail.number, detail.row.number_shown, can_attach=detail.can_correct)
        else:
            self.context.clear()

    def _show_number(self, number: str, shown: str, *, can_attach: bool) -> None:
        way = self.tr("{0} says who it is.").format(key_text("Ctrl+M")) if can_attach else ""
        self.context.show_number(number if shown else "", shown, way)

    def _on_opened(self, call_id: str) -> None:
        """Enter or a double click: a held call is taken up again."""
        call = self.running.get(call_id)
        if call is not None and call.phase == "hold":
            self.running.resume(call_id)
        self.show_call(call_id)
        if call is not None:
            self.call_pane.focus_work()
        elif self.past.topic.isEnabled():
            self.past.focus_topic()

    # Running calls

    def _on_listed(self) -> None:
        if self._centre.currentWidget() is self.call_pane and self.call_pane.call is None:
            self._leave_gone()

    def _leave_gone(self) -> None:
        """The call that stood here is not running any more."""
        gone = self.call_pane.call_id
        self.call_pane.forget()
        other = self.running.foremost()
        if other is not None:
            self.show_call(other.id)
            if self.isVisible():
                self.call_pane.focus_work()
        elif gone:
            self._show_nothing()
            if self.isVisible():
                self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_saved(self, saved: Saved) -> None:
        if self.running.foremost() is None:
            self.show_call(saved.interaction_id)
            if self.isVisible():
                self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_came_back(self, call_id: str) -> None:
        self.show_call(call_id)
        if self.isVisible():
            self.call_pane.focus_work()

    def discard(self, call_id: str) -> None:
        call = self.running.get(call_id)
        if call is not None:
            is_shown = self.call_pane.call_id == call_id
            self.running.discard(call_id, self.call_pane.notes.text() if is_shown else self.running.note_of(call))

    # Logging afterwards

    def log_afterwards(self, contact_id: str = "", client_id: str = "") -> None:
        def show(_may: None) -> None:
            self._open(self.log)
            self.log.open(contact_id, client_id)
            self._show_client()

        self.desk.ask(self, self.desk.services.calls.may_log, show, self.desk.say_fault)

    def _on_logged(self, saved: Saved) -> None:
        self.show_call(saved.interaction_id)
        self._left.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_start_wanted(self) -> None:
        self.running.start_asked.emit()

    # What keys do

    def finish(self) -> None:
        """Ctrl+Return in whatever is open."""
        if self.shows_running:
            self.call_pane.save()
        elif self.shows_past:
            self.past.save()
        elif self.shows_log:
            self.log.save()

    @property
    def takes_disposition(self) -> bool:
        """Not for an earlier call that nobody opened: it only shows because the list begins with it."""
        return self.shows_running or self.shows_log or (self.shows_past and not self._is_unasked)

    def press_disposition(self, number: int) -> None:
        pane = self._centre.currentWidget()
        if isinstance(pane, CallPane | PastCall | LogForm):
            pane.press_disposition(number)

    def focus_topic(self) -> None:
        pane = self._centre.currentWidget()
        if isinstance(pane, CallPane | PastCall | LogForm):
            pane.focus_topic()

    def focus_notes(self) -> None:
        pane = self._centre.currentWidget()
        if isinstance(pane, CallPane | PastCall | LogForm):
            pane.notes.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_who(self) -> None:
        if self.shows_running:
            self.call_pane.ask_who()
        elif self.shows_past:
            self.past.ask_who()

    def ticket(self) -> None:
        if self.shows_running:
            self.call_pane.steps.enter_ticket()
        elif self.shows_past:
            self.past.ask_ticket()

    def hold(self) -> None:
        """F6, from any place: the call on the screen here, else the foremost."""
        call = self._line_call()
        if call:
            self.running.toggle_hold(call)

    def consult(self) -> None:
        """Shift+F6, from any place."""
        call = self._line_call()
        if call:
            self.running.toggle_consult(call)

    def read_here(self) -> bool:
        return self.shows_running and self.call_pane.read_script()

    def mark_pause(self) -> None:
        """F5, from any place: card data is spoken now, or is no more."""
        call_id = self._line_call()
        if call_id:
            self.running.mark_pause(call_id)

    def hang_up(self) -> None:
        """F8, from any place."""
        call_id = self._line_call()
        if not call_id:
            return
        if not self.isVisible() or self.call_pane.call_id != call_id or not self.shows_running:
            self.desk.open("call", call_id)
        self.call_pane.end()

    def _line_call(self) -> str:
        """The call that the keys of the line mean; '' when none is on the line."""
        shown = self.call_pane.call
        if self.isVisible() and self.shows_running and shown is not None and shown.phase != "wrap_up":
            return shown.id
        foremost = self.running.foremost()
        return foremost.id if foremost is not None and foremost.phase != "wrap_up" else ""

    @property
    def has_line(self) -> bool:
        return bool(self._line_call())
