"""What every place is given: theme, store, services, words, and the signals by which places speak to each other."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, TypeVar

import msgspec
from PySide6.QtCore import QObject, Signal

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.services.desk_services import Services
from csr_desktop.services.outcome import Outcome
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.kit.number_rules import EXAMPLES, NumberRules
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone
from csr_desktop.ui.wording import Wording

if TYPE_CHECKING:
    from csr_desktop.ui.kit.fields import TextField
    from csr_desktop.ui.kit.private_text import PrivateText
    from csr_desktop.ui.kit.prose import PlainText

T = TypeVar("T")


class Notice(msgspec.Struct, frozen=True):
    """A line at the bottom of the place: what happened, and Undo where it can be taken back. One that `stays` does so
    until the person has read it, or another comes.
    """

    text: str
    tone: Tone = "success"
    undo_group: str = ""
    stays: bool = False


class Target(msgspec.Struct, frozen=True):
    """Something that can be opened: a ticket, call, follow_up, client or contact, in the place where it lives."""

    kind: str
    id: str
    client_id: str = ""


class Desk(QObject):
    """Handed to each view's constructor; there is one a window."""

    changed = Signal(object)
    """A ChangeSet, after my own commands and after each pull."""
    noticed = Signal(object)
    """A Notice to show."""
    opening = Signal(object)
    """A Target to show in its place."""
    opening_older = Signal(str, str)
    """A kind (call, ticket, follow_up) and an id of what this computer does not keep: show it to be read."""
    calling = Signal(str, str, str, str, str)
    """A number as text, a contact's and a client's id, of which one is given at least: start a call. Then the missed
    call's that it answers, and the ticket's that it belongs to.
    """
    saved = Signal()
    """Something waits to be sent."""
    attending = Signal(str, str)
    """The ticket that is looked at, and its team; both '' for none."""
    writing = Signal(str, str)
    """A ticket, and the kind of text that was typed in it just now; '' when nothing of it is left."""
    phone_heard = Signal()
    """The phone told something; what a softphone told stands in `services.softphone`."""
    presence_changed = Signal()
    """Other colleagues are there, or do something else."""

    def __init__(
        self,
        themes: ThemeSwitch,
        store: StoreWorker,
        services: Services,
        words: Wording,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.themes = themes
        self.store = store
        self.services = services
        self.words = words
        self.recordings_folder = ""
        """Where files of recordings lie for this workstation; '' for nowhere."""
        self.page_notice: QObject | None = None
        """What says notices while a page lies over the places, whose own are silent then."""
        self.number_rules = NumberRules(services.said_none, self._prepare_number_rules)

    def _prepare_number_rules(self, prepared: Callable[[str], None]) -> None:
        services = self.services

        def read() -> str:
            from csr_desktop.domain.private_numbers import find

            region = services.lists.home_region()
            find(EXAMPLES, region)
            return region

        self.ask(self, read, prepared)

    def private(self, editor: PlainText | TextField) -> PrivateText:
        """Has what is typed there looked at for private numbers; the caller lays out its `hint` beneath."""
        from csr_desktop.ui.kit.private_text import PrivateText

        return PrivateText(self.number_rules, editor)

    def ask(
        self,
        owner: QObject,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[CsrDesktopError], None] | None = None,
        *,
        key: str = "",
    ) -> None:
        """A read on the store's thread; see StoreWorker.ask."""
        self.store.ask(owner, work, done, failed, key=key)

    def ask_in_steps(
        self,
        owner: QObject,
        work: Callable[[], Generator[None, None, T]],
        done: Callable[[T], None],
        failed: Callable[[CsrDesktopError], None] | None = None,
        *,
        key: str = "",
    ) -> None:
        """A long read; see StoreWorker.ask_in_steps."""
        self.store.ask_in_steps(owner, work, done, failed, key=key)

    def do(
        self,
        owner: QObject,
        work: Callable[[], Outcome],
        done: Callable[[Outcome], None] | None = None,
        failed: Callable[[CsrDesktopError], None] | None = None,
        *,
        is_quiet: bool = False,
    ) -> None:
        """A change: done on the store's thread, then told to all places, with a notice that offers Undo.

        A refusal is said in a notice unless `failed` takes it to its field.
        """

        def run() -> Outcome:
            outcome = work()
            self.services.changed(outcome.changed)
            return outcome

        def finished(outcome: Outcome) -> None:
            self.publish(outcome.changed)
            self.saved.emit()
            if not is_quiet and outcome.words:
                text = self.words.outcome(outcome.words)
                self.noticed.emit(Notice(text, undo_group=outcome.group_id if outcome.can_undo else ""))
            if done is not None:
                done(outcome)

        self.store.ask(owner, run, finished, failed or self.say_fault)

    def undo(self, owner: QObject, group_id: str = "") -> None:
        """Take back a group, the latest when none is named."""

        def run() -> Outcome:
            outcome = self.services.undo(group_id)
            self.services.changed(outcome.changed)
            return outcome

        def finished(outcome: Outcome) -> None:
            self.publish(outcome.changed)
            self.saved.emit()
            self.noticed.emit(Notice(self.words.undone(outcome.words), tone="info"))

        self.store.ask(owner, run, finished, self.say_fault)

    def publish(self, change_set: ChangeSet) -> None:
        if change_set:
            self.changed.emit(change_set)

    def say_fault(self, fault: CsrDesktopError) -> None:
        self.noticed.emit(Notice(str(fault), tone="danger"))

    def call(
        self, number: str, contact_id: str = "", client_id: str = "", *, returns_id: str = "", ticket_id: str = ""
    ) -> None:
        """Start a call to a number, or to whom is named by their own. A client is named where no contact is known, the
        missed call that it answers, and the ticket that it belongs to.
        """
        self.calling.emit(number, contact_id, client_id, returns_id, ticket_id)

    def open(self, kind: str, row_id: str, client_id: str = "") -> None:
        self.opening.emit(Target(kind, row_id, client_id))

    def open_older(self, kind: str, row_id: str) -> None:
        self.opening_older.emit(kind, row_id)
