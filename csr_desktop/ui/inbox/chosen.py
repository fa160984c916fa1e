"""What is chosen in the inbox, and what its keys, buttons and menus do with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication

from csr_desktop.ui.inbox.deeds import Deeds, Item, assignable, item_of, item_of_ticket

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.services.inbox_rows import Conversation
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.inbox.asking import Asking
    from csr_desktop.ui.inbox.list_pane import ListPane
    from csr_desktop.ui.inbox.selected import Selected


class Chosen(QObject):
    """The marked rows of the list, else what stands beside it. Where more must be known first, a float asks."""

    def __init__(self, desk: Desk, list_pane: ListPane, selected: Selected, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._list = list_pane
        self._selected = selected
        self.deeds = Deeds(desk, self)
        list_pane.bulk.claimed.connect(self.claim)
        list_pane.bulk.assigned.connect(self.assign)
        list_pane.bulk.resolved.connect(self.settle)
        list_pane.bulk.cleared.connect(list_pane.rows.clear_marks)
        selected.assign_wanted.connect(self.assign)
        selected.resolve_wanted.connect(self.settle)
        selected.snooze_wanted.connect(self.state)
        selected.call_dismissed.connect(self.deeds.dismiss_call)
        selected.follow_up_completed.connect(self.deeds.complete)
        selected.several_wanted.connect(self._on_several_wanted)

    @cached_property
    def _asking(self) -> Asking:
        from csr_desktop.ui.inbox.asking import Asking

        return Asking(self._desk, self.deeds, self._selected)

    @property
    def is_asking(self) -> bool:
        return "_asking" in self.__dict__ and self._asking.is_open

    def step_back(self) -> bool:
        """Esc: close what asks; False when nothing does."""
        return self.is_asking and self._asking.step_back()

    # What it is

    def items(self) -> list[Item]:
        """What a deed is done to."""
        if self._is_marking:
            return [item_of(row) for row in self._list.marked_rows()]
        if self._selected.shows("conversation"):
            shown = self._ticket
            return [item_of_ticket(shown)] if shown is not None else []
        row = self._list.current
        return [item_of(row)] if row is not None and not self._selected.shows("new_ticket") else []

    @property
    def _is_marking(self) -> bool:
        return self._list.rows.is_marking

    @property
    def _ticket(self) -> Conversation | None:
        return self._selected.conversation.conversation if self._selected.shows("conversation") else None

    def _shows_one(self, kind: str) -> bool:
        return self._selected.shows(kind) and not self._is_marking

    def _anchor(self, deed: str) -> QWidget:
        """By which a float opens: where the keyboard is, on a button or a row; else where the deed has its button."""
        rows, selected, focus = self._list.rows, self._selected, QApplication.focusWidget()
        if isinstance(focus, QAbstractButton) and (self._list.isAncestorOf(focus) or selected.isAncestorOf(focus)):
            return focus
        if self._is_marking and selected.several.isVisible():
            return selected.several.buttons[deed]
        if rows.hasFocus() or not selected.shows("conversation"):
            return rows
        return selected.conversation.assign_button if deed == "assign" else selected.conversation.more_button

    # Deeds; see place_actions for their keys

    def claim(self) -> None:
        self.deeds.claim(self.items())
        self._end_marking()

    def assign(self) -> None:
        items = self.items()
        if assignable(items):
            self._asking.assignee(items, self._anchor("assign"))

    def release(self) -> None:
        self.deeds.assign(self.items(), "")
        self._end_marking()

    def settle(self) -> None:
        """Resolve or reopen tickets, let a missed call be, do a follow-up."""
        items = self.items()
        if self._shows_one("call"):
            self._selected.call.dismiss.click()
        elif self._shows_one("follow_up"):
            self._selected.follow_up.done.click()
        else:
            is_over = bool(items) and all(item.state in {"resolved", "closed"} for item in items)
            self.deeds.set_state(items, "open" if is_over else "resolved")
        self._end_marking()

    def _end_marking(self) -> None:
        if self._is_marking:
            self._list.rows.clear_marks()

    def priority(self) -> None:
        self._asking.priority(self.items(), self._anchor("priority"))

    def state(self) -> None:
        if self._shows_one("follow_up"):
            pane = self._selected.follow_up
            if pane.snooze.isEnabled():
                self._asking.snooze(pane.item_id, pane.snooze)
        else:
            self._asking.state(self.items(), self._anchor("state"))

    def topic(self) -> None:
        shown = self._ticket
        self._asking.topic(
            self.items(),
            self._anchor("topic"),
            client_id=shown.client_id if shown else "",
            topic_id=shown.topic_id if shown else "",
        )

    def request(self) -> None:
        shown = self._ticket
        if shown is not None and shown.can_work:
            self._asking.request(shown, self._anchor("request"))

    def escalate(self) -> None:
        """To a lead; or end that."""
        shown = self._ticket
        if shown is None or not shown.can_work:
            return
        if shown.escalated_to_id:
            self.deeds.end_escalation(shown.ticket_id)
        else:
            self._asking.escalation(shown, self._anchor("escalate"))

    def rename(self) -> None:
        shown = self._ticket
        if shown is not None and shown.can_work:
            self._asking.subject(shown, self._anchor("rename"))

    def _on_several_wanted(self, key: str) -> None:
        deeds = {
            "claim": self.claim,
            "assign": self.assign,
            "settle": self.settle,
            "priority": self.priority,
            "state": self.state,
            "topic": self.topic,
            "clear": self._list.rows.clear_marks,
        }
        deeds[key]()
        if key in {"claim", "settle", "clear"}:
            self._list.rows.setFocus(Qt.FocusReason.OtherFocusReason)
