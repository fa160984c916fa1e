"""What the phone says, on the window: the card of a call that rings, the running call that follows it, and the missed
one that comes to the inbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from csr_desktop.services.live_calls import SETTLED_MS
from csr_desktop.ui.actions import Action
from csr_desktop.ui.calls.call_words import CallWords
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.desk import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from csr_desktop.protocol import CallNews
    from csr_desktop.services.call_rows import LiveCall, Saved
    from csr_desktop.ui.calls.incoming_card import IncomingCard
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow


class _Heard(NamedTuple):
    """What follows from what was heard; `references` are of calls that stand here, `elsewhere` as LiveCalls says it."""

    is_running: bool
    ringing: tuple[LiveCall, ...]
    is_waiting: bool
    references: frozenset[str]
    elsewhere: tuple[tuple[str, str], ...]


class PhoneLine(QObject):
    """One a window. `take` gets what a softphone or a link says, on the window's thread."""

    heard = Signal()
    """Something came, whatever it was."""
    accepted = Signal()
    """A call is about to be shown in the pane: what floats over the window gives way."""
    shown = Signal()
    """The card shows the calls that ring."""
    stands_here = Signal(str, bool)
    """The reference of a phone system's call that is in the call pane, and whether it is taken over for that."""

    def __init__(self, desk: Desk, window: MainWindow) -> None:
        super().__init__(desk)
        self._desk = desk
        self._window = window
        self._words = CallWords(desk.words)
        self._card: IncomingCard | None = None
        self._ringing: tuple[LiveCall, ...] = ()
        self._standing: frozenset[str] = frozenset()
        self._elsewhere: tuple[tuple[str, str], ...] = ()
        self._missed = QTimer(self)
        self._missed.setSingleShot(True)
        self._missed.setInterval(SETTLED_MS + 500)
        self._missed.timeout.connect(self._log_missed)
        window.actions_table.add(
            Action(
                "accept_call",
                self.tr("Accept the incoming call"),
                self.accept,
                "F9",
                icon="phone",
                is_enabled=lambda: bool(self._ringing),
                works_in_text=True,
                works_always=True,
            ),
            Action(
                "put_call_away",
                self.tr("Put the incoming call away"),
                self.dismiss,
                "F10",
                icon="x",
                is_enabled=lambda: bool(self._ringing),
                works_in_text=True,
                works_always=True,
            ),
            Action(
                "take_call_over",
                self.tr("Bring the call from my other workstation here"),
                self.take_over,
                "Shift+F9",
                icon="phone-call",
                is_enabled=lambda: bool(self._elsewhere),
                works_in_text=True,
                why_not=lambda: self.tr("No call of yours is open at another workstation."),
            ),
        )

    @property
    def card(self) -> IncomingCard:
        """Built when the first call rings."""
        if self._card is None:
            from csr_desktop.ui.calls.incoming_card import IncomingCard

            self._card = IncomingCard(self._desk, self._words, self._window)
            self._card.accepted.connect(self._accept)
            self._card.dismissed.connect(self._dismiss)
            self._card.contact_opened.connect(self._desk.open)
        return self._card

    def take(self, message: Mapping[str, str]) -> None:
        if message.get("what") == "dial":
            number = message.get("number", "").strip()
            if number:
                self._desk.call(number)
            return
        services = self._desk.services

        def take() -> bool:
            told = services.softphone.take(message)
            return told is not None and bool(services.live_calls.take(told).running_id)

        self._take(take)

    def take_calls(self, news: CallNews, me: str) -> None:
        """What phone systems tell of my calls, by the server; on the window's thread. `me` is my id."""
        live_calls = self._desk.services.live_calls

        def take() -> bool:
            if news.is_all:
                live_calls.forget_others(news.calls)
            before = live_calls.elsewhere()
            taken = live_calls.take_news(news.calls, news.elsewhere, me)
            return any(one.running_id for one in taken) or live_calls.elsewhere() != before

        self._take(take)

    def _take(self, take: Callable[[], bool]) -> None:
        """`take` runs on the store's thread; whether a running call follows what it took."""
        services = self._desk.services

        def work() -> _Heard:
            is_running = take()
            live = services.live_calls
            return _Heard(is_running, live.ringing(), live.is_waiting, live.references(), live.elsewhere())

        def done(answer: _Heard) -> None:
            is_running, ringing, is_waiting, references, elsewhere = answer
            if is_running:
                running_calls(self._desk).load()
            self._show_elsewhere(references, elsewhere)
            if is_waiting:
                self._missed.start()
            self._show(ringing)
            self.heard.emit()

        self._desk.ask(self, work, done, self._desk.say_fault)

    # At another workstation of mine

    def _show_elsewhere(self, references: frozenset[str], elsewhere: tuple[tuple[str, str], ...]) -> None:
        """What stands here is said to the others, and what stands there here."""
        new = references - self._standing
        self._standing = references
        for reference in sorted(new):
            self.stands_here.emit(reference, False)
        for reference, name in elsewhere:
            if (reference, name) not in self._elsewhere:
                words = self.tr("This call is open at your other workstation, {0}. Shift+F9 brings it here.").format(
                    name
                )
                self._desk.noticed.emit(Notice(words, tone="info", stays=True))
        self._elsewhere = elsewhere

    def take_over(self) -> None:
        """Bring the call that stands at my other workstation here."""
        for reference, _ in self._elsewhere[:1]:
            self.stands_here.emit(reference, True)

    # The card

    def accept(self) -> None:
        """Take the first into the call pane."""
        if self._ringing:
            self._accept(self._ringing[0].key)

    def dismiss(self) -> None:
        if self._ringing:
            self._dismiss(self._ringing[0].key)

    def _accept(self, key: str) -> None:
        live = self._desk.services.live_calls

        def done(answer: tuple[str, tuple[LiveCall, ...], frozenset[str]]) -> None:
            self._show(answer[1])
            self._show_elsewhere(answer[2], self._elsewhere)
            self.accepted.emit()
            running_calls(self._desk).load(lambda: self._desk.open("call", answer[0]))

        self._desk.ask(self, lambda: (live.accept(key), live.ringing(), live.references()), done, self._desk.say_fault)

    def _dismiss(self, key: str) -> None:
        live = self._desk.services.live_calls

        def work() -> tuple[LiveCall, ...]:
            live.dismiss(key)
            return live.ringing()

        self._desk.ask(self, work, self._show, self._desk.say_fault)

    def _show(self, ringing: tuple[LiveCall, ...]) -> None:
        self._ringing = ringing
        if ringing:
            self.card.show_call(ringing[0], len(ringing) - 1)
        elif self._card is not None:
            self._card.leave()
        self.shown.emit()

    # What nobody took

    def close(self) -> None:
        """Log what is still to be logged; the store does it before it closes."""
        self._missed.stop()
        services = self._desk.services
        if services.has_live_calls:
            self._desk.ask(self, lambda: services.live_calls.log_missed(is_last=True), lambda _: None)

    def _log_missed(self) -> None:
        services = self._desk.services

        def work() -> tuple[list[Saved], bool]:
            saved = services.live_calls.log_missed()
            for one in saved:
                services.changed(one.outcome.changed)
            return saved, services.live_calls.is_waiting

        def done(answer: tuple[list[Saved], bool]) -> None:
            saved, is_waiting = answer
            for one in saved:
                self._desk.publish(one.outcome.changed)
                said = one.outcome.words.partition(":")[2]
                words = self.tr("Missed call from {0}. It waits in the inbox.").format(said)
                self._desk.noticed.emit(Notice(words, tone="info"))
            if saved:
                self._desk.saved.emit()
            if is_waiting:
                self._missed.start()

        self._desk.ask(self, work, done, self._desk.say_fault)
