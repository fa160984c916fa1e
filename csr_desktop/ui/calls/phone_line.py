"""What the phone says, on the window: the card of a call that rings, the running call that follows it, and the missed
one that comes to the inbox.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from csr_desktop.domain.phone_calls import SETTLED_MS
from csr_desktop.domain.text import clean_line
from csr_desktop.services.live_calls import SILENT_SECONDS
from csr_desktop.ui.actions import Action
from csr_desktop.ui.calls.call_words import CallWords
from csr_desktop.ui.calls.card_keys import ATTACH_KEY, PERSON_KEYS
from csr_desktop.ui.calls.running_calls import ON_THE_LINE, running_calls
from csr_desktop.ui.desk import Notice
from csr_desktop.ui.kit.key_words import key_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from csr_desktop.protocol import CallNews
    from csr_desktop.services.call_rows import LiveCall, Saved
    from csr_desktop.ui.calls.dialling import Dialling
    from csr_desktop.ui.calls.incoming_card import IncomingCard
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow

_SHOWN_CHARACTERS: Final = 40
"""Of a number that a link names."""


class _Heard(NamedTuple):
    """What follows from what was heard; `references` are of calls that stand here, `elsewhere` as LiveCalls says it."""

    is_running: bool
    ringing: tuple[LiveCall, ...]
    is_waiting: bool
    references: frozenset[str]
    elsewhere: tuple[tuple[str, str], ...]


class PhoneLine(QObject):
    """One a window. `take` gets what a softphone or a link says, on the window's thread."""

    accepted = Signal()
    """A call is about to be shown in the pane: what floats over the window gives way."""
    shown = Signal()
    """The card shows the calls that ring."""
    stands_here = Signal(str, bool)
    """The reference of a phone system's call that is in the call pane, and whether it is taken over for that."""

    def __init__(self, desk: Desk, window: MainWindow, dialling: Dialling | None = None) -> None:
        super().__init__(desk)
        self._desk = desk
        self._dialling = dialling
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
        self._silent = QTimer(self)
        """A ring of which no more is said goes by itself."""
        self._silent.setSingleShot(True)
        self._silent.setInterval(round(SILENT_SECONDS * 1000) + 500)
        self._silent.timeout.connect(lambda: self._take(lambda: False))
        window.actions_table.add(
            Action(
                "accept_call",
                self.tr("Accept the call, or go to the one that runs"),
                self.accept,
                "F9",
                icon="phone",
                is_enabled=lambda: bool(self._ringing) or running_calls(self._desk).foremost() is not None,
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
                "attach_caller",
                self.tr("Accept the call and say whose number it is"),
                self.attach,
                ATTACH_KEY,
                icon="user-plus",
                is_enabled=lambda: bool(self._ringing),
                works_in_text=True,
                works_always=True,
            ),
            *(
                Action(
                    f"choose_caller_{place + 1}",
                    self.tr("Accept the call of person {0} on the card").format(place + 1),
                    partial(self.choose, place),
                    key,
                    icon="user",
                    is_enabled=partial(self._has_choice, place),
                    in_palette=False,
                    works_in_text=True,
                    works_always=True,
                )
                for place, key in enumerate(PERSON_KEYS)
            ),
            Action(
                "take_call_over",
                self.tr("Bring the call from my other workstation here"),
                self.take_over,
                "Ctrl+F9",
                icon="phone-call",
                is_enabled=lambda: bool(self._elsewhere),
                works_in_text=True,
                why_not=lambda: self.tr("No call of yours is open at another workstation."),
            ),
        )

    @property
    def ringing_count(self) -> int:
        return len(self._ringing)

    def _has_choice(self, place: int) -> bool:
        return bool(self._ringing) and self._card is not None and place < len(self._card.choices)

    @property
    def card(self) -> IncomingCard:
        """Built when the first call rings."""
        if self._card is None:
            from csr_desktop.ui.calls.incoming_card import IncomingCard

            self._card = IncomingCard(self._desk, self._words, self._window)
            self._card.accepted.connect(self._on_accepted)
            self._card.dismissed.connect(self._dismiss)
            self._card.attach_wanted.connect(partial(self._accept, asks_who=True))
            self._card.person_chosen.connect(self._accept_as)
            self._card.contact_opened.connect(self._desk.open)
            running = running_calls(self._desk)
            running.kept_in_sight.connect(self._card.keep_clear_of)
            if running.in_sight is not None:
                self._card.keep_clear_of(running.in_sight)
        return self._card

    def take(self, message: Mapping[str, str]) -> None:
        if message.get("what") == "dial":
            self._take_link(message.get("number", "").strip())
            return
        services = self._desk.services
        is_proven = message.get("via") != "link" or self._is_own_link(message)

        def take() -> bool:
            told = services.softphone.take(message, is_proven=is_proven)
            return told is not None and bool(services.live_calls.take(told).running_id)

        self._take(take)

    def _is_own_link(self, message: Mapping[str, str]) -> bool:
        """Any page can hold a link that tells of a call, or of its end: the softphone's has the desk's key."""
        return self._dialling is not None and self._dialling.access.knows(message.get("key", ""))

    def _take_link(self, number: str) -> None:
        """Show the call. Any page can bring a link here, so it is dialled by a key of the person."""
        dialling = self._dialling
        if not number:
            return
        if dialling is not None and dialling.is_echo(number):
            words = self.tr("CSR Desktop itself opens the links by which it dials. Choose another way in the settings.")
            self._desk.noticed.emit(Notice(words, tone="warning"))
            return
        if any(call.phase in ON_THE_LINE for call in running_calls(self._desk).all()):
            self._offer_link(number)
            return
        running_calls(self._desk).start(number, is_dialled=False)
        if dialling is not None and dialling.is_on:
            words = self.tr("A link asks for this call. {0} dials it.").format(key_text("Ctrl+Shift+D"))
            self._desk.noticed.emit(Notice(words, tone="info"))

    def _offer_link(self, number: str) -> None:
        """A second call would put the first on hold, which is for the person alone to do."""
        shown = clean_line(number, _SHOWN_CHARACTERS)
        words = self.tr("A link asks for a call to {0}. The call that goes on was left as it is.").format(shown)
        if self._dialling is not None:
            self._dialling.offer(number)
            words = self.tr("A link asks for a call to {0}. {1} starts it and holds this one.").format(
                shown, key_text("Ctrl+Shift+D")
            )
        self._desk.noticed.emit(Notice(words, tone="info"))

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
            self._desk.phone_heard.emit()

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
                words = self.tr("This call is open at your other workstation, {0}. {1} brings it here.").format(
                    name, key_text("Ctrl+F9")
                )
                self._desk.noticed.emit(Notice(words, tone="info", stays=True))
        self._elsewhere = elsewhere

    def take_over(self) -> None:
        """Bring the call that stands at my other workstation here."""
        for reference, _ in self._elsewhere[:1]:
            self.stands_here.emit(reference, True)

    # The card

    def accept(self) -> None:
        """Take the first into the call pane; where the phone has answered it, it runs already and is opened."""
        if self._ringing:
            self._accept(self._ringing[0].key)
        elif (call := running_calls(self._desk).foremost()) is not None:
            self._desk.open("call", call.id)

    def _on_accepted(self, key: str) -> None:
        if key:
            self._accept(key)
        else:
            self.accept()

    def dismiss(self) -> None:
        if self._ringing:
            self._dismiss(self._ringing[0].key)

    def attach(self) -> None:
        """Take the first, and say whose number it is."""
        if self._ringing:
            self._accept(self._ringing[0].key, asks_who=True)

    def choose(self, place: int) -> None:
        """Take the first with the person on the line who stands at this place of the card, from 0."""
        if self._ringing:
            self.card.choose_at(place)

    def _accept_as(self, key: str, contact_id: str, client_id: str) -> None:
        self._accept(key, who=(contact_id, client_id))

    def _accept(self, key: str, *, asks_who: bool = False, who: tuple[str, str] | None = None) -> None:
        live, calls = self._desk.services.live_calls, self._desk.services.calls

        def work() -> tuple[str, tuple[LiveCall, ...], frozenset[str]]:
            running_id = live.accept(key)
            if who is not None:
                calls.attach(running_id, *who)
            return running_id, live.ringing(), live.references()

        def done(answer: tuple[str, tuple[LiveCall, ...], frozenset[str]]) -> None:
            self._show(answer[1])
            self._show_elsewhere(answer[2], self._elsewhere)
            self.accepted.emit()

            def show() -> None:
                self._desk.open("call", answer[0])
                if asks_who:
                    self._window.actions_table.run("calls_who")

            running_calls(self._desk).load(show)

        self._desk.ask(self, work, done, self._desk.say_fault)

    def _dismiss(self, key: str) -> None:
        live = self._desk.services.live_calls

        def work() -> tuple[LiveCall, ...]:
            live.dismiss(key)
            return live.ringing()

        self._desk.ask(self, work, self._show, self._desk.say_fault)

    def _show(self, ringing: tuple[LiveCall, ...]) -> None:
        self._ringing = ringing
        if ringing:
            self._silent.start()
            self.card.show_call(ringing[0], len(ringing) - 1)
        elif self._card is not None:
            self._silent.stop()
            self._card.leave()
        self.shown.emit()

    # What nobody took

    def close(self) -> None:
        """Log what is still to be logged; the store does it before it closes."""
        self._missed.stop()
        self._silent.stop()
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
                said = services.calls.number_shown(one.outcome.words.partition(":")[2])
                words = self.tr("Missed call from {0}. It waits in the inbox.").format(said)
                self._desk.noticed.emit(Notice(words, tone="info"))
            if saved:
                self._desk.saved.emit()
            if is_waiting:
                self._missed.start()

        self._desk.ask(self, work, done, self._desk.say_fault)
