"""Follow-ups as a place of the window: the agenda beside what is selected, and the answers to keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from csr_desktop.ui.follow_ups.agenda_words import AgendaWords
from csr_desktop.ui.follow_ups.asking import Asking
from csr_desktop.ui.follow_ups.deeds import Deeds, open_ids
from csr_desktop.ui.follow_ups.detail_pane import DetailPane
from csr_desktop.ui.follow_ups.list_pane import ListPane
from csr_desktop.ui.follow_ups.new_pane import NewPane
from csr_desktop.ui.follow_ups.place_actions import actions_of
from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.place import Place
from csr_desktop.ui.three_panes import Breadth, Share, ThreePanes

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.follow_up_rows import FollowUpRow, KeptRate
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.actions import Action
    from csr_desktop.ui.desk import Desk, Target
    from csr_desktop.ui.kit.tokens import Sizes

_MOST_AT_ONCE: Final = 500
"""Changed rows beyond which the agenda is read anew; the first filling of a desk brings thousands."""


def _usual(sizes: Sizes, _breadth: Breadth, whole: int) -> Share:
    """Agenda and what is selected share the room evenly."""
    return max(sizes.width.list_min, min(whole // 2, whole - sizes.width.main_min)), 0


class FollowUpsPlace(Place):
    key = "follow_ups"

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.words = AgendaWords(desk.words)
        self.deeds = Deeds(desk, self)
        self.asking = Asking(desk, self.words, self.deeds, self)
        self.list = ListPane(desk, self.words)
        self.detail = DetailPane(desk, self.words)
        self.new = NewPane(desk)
        self._selected = QStackedWidget()
        for pane in (self.detail, self.new):
            self._selected.addWidget(pane)
        self.panes = ThreePanes(desk.themes, self.list, self._selected, usual=_usual)
        column(self).addWidget(self.panes)
        self.can_write = False
        self._rate: KeptRate | None = None
        self._is_loaded = False
        self._connect()

    def _connect(self) -> None:
        self.list.chosen.connect(self._on_chosen)
        self.list.opened.connect(self._on_opened)
        self.list.checked.connect(self._on_checked)
        self.list.new_wanted.connect(self.start_new)
        self.list.whose_changed.connect(lambda _whose: self._ask_rate())
        self.list.bulk.completed.connect(self.complete)
        self.list.bulk.snoozed.connect(self.ask_snooze)
        self.list.bulk.reassigned.connect(self.ask_assignee)
        self.list.bulk.cleared.connect(self.list.rows.clear_marks)
        self.detail.completed.connect(self.complete)
        self.detail.reopened.connect(self.complete)
        self.detail.outcome_wanted.connect(self.ask_outcome)
        self.detail.move_wanted.connect(self.ask_move)
        self.detail.snooze_wanted.connect(self.ask_snooze)
        self.detail.woken.connect(self.wake)
        self.detail.reassign_wanted.connect(self.ask_assignee)
        self.detail.rename_wanted.connect(self.ask_words)
        self.detail.rate.how.clicked.connect(self._show_counted)
        self.detail.back.clicked.connect(self.go_back)
        self.deeds.done.connect(self._on_done)
        self.new.added.connect(self._on_added)
        self.new.left.connect(self._leave_form)

    # What the window asks

    def actions_of_place(self) -> list[Action]:
        return actions_of(self)

    def on_shown(self) -> None:
        self._load()
        if not self.is_form_open:
            self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        people = self.desk.services.people

        def show(found: tuple[Colleague, bool]) -> None:
            me, self.can_write = found
            self.list.show_person(me, can_write=self.can_write)
            self.list.load()
            self._ask_rate()

        self.desk.ask(self, lambda: (people.me(), people.can_write()), show)

    def open_target(self, target: Target) -> None:
        self._load()
        if target.kind == "new_follow_up":
            self.start_new(target.client_id, target.id)
            return
        self._selected.setCurrentWidget(self.detail)
        self.list.want(target.id)
        self.detail.show_item(target.id)
        self.panes.show_selected(is_shown=True)
        self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def on_changed(self, change_set: ChangeSet) -> None:
        if not self._is_loaded:
            return
        ids = change_set.ids("follow_ups")
        if change_set.rights or len(ids) > _MOST_AT_ONCE or change_set.touches("clients", "contacts", "calendars"):
            self.list.model.reload()
        else:
            self.list.model.refresh(ids)
        if ids or change_set.rights:
            self._ask_rate()
        self.detail.on_changed(change_set)

    def on_minute(self) -> None:
        if self._is_loaded:
            self.list.pass_time()
            self.detail.on_minute()

    def _ask_rate(self) -> None:
        follow_ups, whose = self.desk.services.follow_ups, self.list.shown_whose

        def show(rate: KeptRate) -> None:
            self._rate = rate
            self.detail.show_rate(rate, whose)

        self.desk.ask(self, lambda: follow_ups.kept_rate(whose), show, key="rate")

    def give_way(self, window_width: int) -> None:
        self.panes.give_way(window_width)
        self.detail.header.buttons.set_shown(self.detail.back, is_shown=self.panes.is_single)

    def save_panes(self) -> dict[str, list[int]]:
        return self.panes.save()

    def restore_panes(self, panes: dict[str, list[int]]) -> None:
        self.panes.restore(panes)

    def go_back(self) -> bool:
        """What floats first, then the form, marks, and from what is selected to the list."""
        if self.asking.step_back():
            return True
        if self.is_form_open:
            if not self.new.step_back():
                self._leave_form()
            return True
        if self.list.rows.is_marking:
            self.list.rows.clear_marks()
        elif self.panes.shows_selected_only or not self.list.rows.hasFocus():
            self.panes.show_selected(is_shown=False)
        else:
            return False
        self.list.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    # What is selected

    @property
    def is_form_open(self) -> bool:
        return self._selected.currentWidget() is self.new

    def chosen_rows(self) -> list[FollowUpRow]:
        """What a deed is done to: the marked rows, else what is shown."""
        if self.is_form_open:
            return []
        if self.list.rows.is_marking:
            return self.list.marked_rows()
        row = self.list.model.row_of(self.detail.item_id) or self.detail.row
        return [row] if row is not None else []

    def _on_chosen(self, row: FollowUpRow | None) -> None:
        self.asking.step_back()
        if self.is_form_open and self.list.rows.hasFocus():
            self._selected.setCurrentWidget(self.detail)
        if row is not None:
            self.detail.show_item(row.id)
        else:
            self.detail.clear()

    def _on_opened(self) -> None:
        """Enter: the keyboard goes to what can be done with it."""
        self._selected.setCurrentWidget(self.detail)
        self.panes.show_selected(is_shown=True)
        for button in (self.detail.call, self.detail.complete, self.detail.reopen):
            if button.isVisible():
                button.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    def _on_checked(self, row: FollowUpRow) -> None:
        if row.state == "open":
            self.deeds.complete_as_usual([row])
        else:
            self.deeds.reopen([row])

    def _on_done(self, ids: list[str]) -> None:
        if self.list.rows.is_marking:
            self.list.rows.clear_marks()
        self.list.go_on_from(ids)

    # Deeds; see place_actions for their keys

    def _anchor(self, button: QWidget, in_bar: QWidget) -> QWidget:
        """By which a float opens: its button, or the row where the list stands alone."""
        if self.list.rows.is_marking:
            return in_bar
        return button if self.detail.isVisible() else self.list.rows

    def can_complete(self) -> bool:
        rows = self.chosen_rows()
        is_done = len(rows) == 1 and rows[0].state != "open" and rows[0].can_work
        return is_done or bool(open_ids(rows))

    def complete(self) -> None:
        """As usual; one that is done already opens again."""
        rows = self.chosen_rows()
        if len(rows) == 1 and rows[0].state != "open":
            self.deeds.reopen(rows)
        else:
            self.deeds.complete_as_usual(rows)

    def ask_outcome(self) -> None:
        shown = self.detail.detail
        if shown is not None and self.detail.row is not None:
            self.asking.outcome(shown, self._anchor(self.detail.complete, self.list.bulk.complete))

    def ask_move(self) -> None:
        if self.detail.row is not None:
            self.asking.move(self.detail.row, self._anchor(self.detail.move_button, self.list.bulk.snooze))

    def ask_words(self) -> None:
        if self.detail.row is not None:
            self.asking.rename(self.detail.row, self._anchor(self.detail.buttons, self.detail.buttons))

    def ask_snooze(self) -> None:
        anchor = self.detail.snooze if self.detail.snooze.isVisible() else self.detail.wake
        self.asking.snooze(self.chosen_rows(), self._anchor(anchor, self.list.bulk.snooze))

    def ask_assignee(self) -> None:
        self.asking.reassign(self.chosen_rows(), self._anchor(self.detail.reassign, self.list.bulk.reassign))

    def wake(self) -> None:
        self.deeds.wake(self.chosen_rows())

    def _show_counted(self) -> None:
        if self._rate is not None:
            self.asking.counted(self._rate, self.list.shown_whose, self.detail.rate.how)

    def has_client(self) -> bool:
        rows = self.chosen_rows()
        return len(rows) == 1 and bool(rows[0].client_id)

    def open_client(self) -> None:
        client_id = self.chosen_rows()[0].client_id
        self.desk.open("client", client_id, client_id)

    # A new one

    def start_new(self, client_id: str = "", contact_id: str = "") -> None:
        self._selected.setCurrentWidget(self.new)
        self.panes.show_selected(is_shown=True)
        self.new.start(client_id, contact_id)

    def _leave_form(self) -> None:
        self._selected.setCurrentWidget(self.detail)
        self.panes.show_selected(is_shown=False)
        self.list.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_added(self, follow_up_id: str) -> None:
        self._leave_form()
        self.list.want(follow_up_id)
        self.detail.show_item(follow_up_id)
