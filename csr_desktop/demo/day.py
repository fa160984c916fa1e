"""The steps of the day, in order."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QLineEdit, QPushButton, QTextEdit

from csr_desktop.demo.bureau import Bureau, program
from csr_desktop.demo.hands import NotSeen, spin, wait
from csr_desktop.demo.phone_day import PhoneDay
from csr_desktop.demo.seats import Seat
from csr_desktop.server.made_up.bureau import MadeUp
from csr_desktop.ui.kit.theme import ThemeSwitch, WantedTheme

NOTE = "Notice about the April deposit. The bank trace is ordered."
PROMISE = "Send Dana the number of the trace"
CLIENT = "Example Bakery"
HALF_NOTE = "She asks to have the refund go to"
THEMES: tuple[WantedTheme, ...] = ("light", "dark")
PLACES = {"inbox": "Ctrl+1", "clients": "Ctrl+2", "calls": "Ctrl+3", "follow_ups": "Ctrl+4"}


class Day:
    """Alex works, Casey beside them, Lee leads."""

    def __init__(self, app: QApplication, themes: ThemeSwitch, bureau: Bureau, pictures: Path) -> None:
        assert bureau.made_up is not None
        self.app, self.themes, self.bureau, self.pictures = app, themes, bureau, pictures
        self.made: MadeUp = bureau.made_up
        self.alex = self._seat(self.made.agent)
        self.casey: Seat | None = None
        self.lee: Seat | None = None

    def _seat(self, who: object) -> Seat:
        return Seat(self.app, self.themes, self.bureau, who)  # type: ignore[arg-type]

    def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        calls = PhoneDay(self.alex, self.pictures)
        yield "sign in by keyboard", self.sign_in
        yield "the inbox stands, the earliest consequence first", self.inbox_stands
        yield "a call is started from its number", self.start_call
        yield "the caller is found", self.caller_found
        yield "notes are written", self.write_note
        yield "the topic is chosen", self.choose_topic
        yield "a promise is made in the client's hours", self.make_promise
        yield "the ended call is saved in three keystrokes", self.save_in_three_keys
        yield "the promise waits under follow-ups", self.promise_waits
        yield from calls.steps()
        yield "a ticket is taken, answered and resolved", self.work_inbox
        yield "the resolved ticket comes back by undo", self.undo_resolve
        yield "search finds a misspelt name with a piece of its number", self.search
        yield "a second desk opens", self.open_second
        yield "one client is edited on two desks at once", self.edit_on_two_desks
        yield "a follow-up is done, and taken back", self.follow_up_and_undo
        yield "work goes on without the server", self.work_offline
        yield "what was done offline arrives", self.back_online
        yield "the program is killed with a half-written note", self.kill_with_half_note
        yield "the half-written note is there again", self.note_is_back
        yield "the second desk sees it all", self.second_sees
        yield "the lead sees it all", self.lead_sees
        yield "each place, light and dark, large and small", self.take_pictures

    # Morning

    def sign_in(self) -> None:
        self.alex.start()
        if self.alex.application.front is not None:
            self._picture_of_front("sign-in")
            self.alex.sign_in()
        wait("all to be saved", self.alex.is_saved)

    def inbox_stands(self) -> None:
        rows = self.alex.list("Mine")
        wait("rows", lambda: rows.model().rowCount() > 5)
        assert self.alex.hands.has_row(rows, "Tax notice"), "the tax notice is not in the inbox"

    # A call

    def start_call(self) -> None:
        hands = self.alex.hands
        hands.key("Ctrl+D")
        wait("the field for a number", lambda: isinstance(QApplication.focusWidget(), QLineEdit))
        hands.write("(312) 555-0142")
        self.alex.quiet()
        spin(100)
        hands.key("Return")
        wait("the running call", lambda: self.alex.desk.window.current_place == "calls")

    def caller_found(self) -> None:
        wait("Dana Sample on the line", lambda: self._shows("Dana Sample"))
        assert self._shows("Example Bakery"), "the company is not said"

    def write_note(self) -> None:
        hands = self.alex.hands
        hands.key("Alt+N")
        wait("the notes", lambda: isinstance(QApplication.focusWidget(), QTextEdit))
        hands.write(NOTE)
        assert hands.text_here().endswith(NOTE), "the note is not what was typed"
        self.alex.quiet()

    def choose_topic(self) -> None:
        hands = self.alex.hands
        hands.key("Alt+T")
        hands.write("tax notice")
        spin(100)
        hands.key("Return")
        self.alex.quiet()
        field = hands.find(QLineEdit, "Topic")
        wait("the topic", lambda: "Notice" in field.text())

    def make_promise(self) -> None:
        hands = self.alex.hands
        hands.key("Ctrl+P")
        for part, text in (("What", PROMISE), ("By when", "tomorrow 11am")):
            hands.write_into(hands.find(QLineEdit, part), text)
            self.alex.quiet()
        for _ in range(2):  # in closed hours the next opening is offered first, and taken by a second Enter
            if not hands.shows(f"Change: {PROMISE}"):
                hands.key("Return")
                self.alex.quiet()
                spin(50)
        wait(
            "the promise among the next steps",
            lambda: hands.shows(PROMISE) and not hands.has(QPushButton, "Add promise"),
        )
        hands.picture(self.pictures / "call-running.png")

    def save_in_three_keys(self) -> None:
        hands = self.alex.hands
        for keys in ("F8", "1", "Ctrl+Return"):
            hands.key(keys)
            spin(20)
            self.alex.quiet()
        wait("no call to be running", lambda: hands.has(QPushButton, "Start a call"))
        rows = self.alex.list("My calls")
        wait("the call in the list", lambda: hands.has_row(rows, "Dana Sample"))

    def promise_waits(self) -> None:
        self.alex.hands.key("Ctrl+4")
        rows = self.alex.list("Follow-ups")
        self.alex.hands.row(rows, PROMISE)

    # The inbox

    def work_inbox(self) -> None:
        hands = self.alex.hands
        hands.key("Ctrl+1")
        self.alex.quiet()
        rows = self.alex.list("Mine")
        hands.click_row(rows, "Tax notice")
        hands.find(QPushButton, "Resolve")
        self.alex.quiet()
        hands.key("R")
        wait("the reply", lambda: isinstance(QApplication.focusWidget(), QTextEdit))
        hands.write("The deposit left on April 7. The trace will show it.")
        hands.key("Ctrl+Return")
        self.alex.quiet()
        wait("the reply in the conversation", lambda: self._shows("The deposit left on April 7"))
        hands.key("Escape")
        wait("the keyboard in the list", lambda: QApplication.focusWidget() is rows)
        hands.key("E")
        self.alex.quiet()
        wait("the ticket to be resolved", lambda: hands.has(QPushButton, "Reopen"))

    def undo_resolve(self) -> None:
        hands = self.alex.hands
        hands.reach(self.alex.list("Mine"))
        hands.key("Ctrl+Z")
        self.alex.quiet()
        wait("the ticket to be open again", lambda: hands.has(QPushButton, "Resolve"))

    def search(self) -> None:
        hands = self.alex.hands
        hands.key("Ctrl+K")
        hands.write("exmaple 0142")
        self.alex.quiet()
        hands.choose(hands.find(QAbstractItemView, "Found"), "Dana Sample, Example Bakery")
        hands.picture(self.pictures / "palette.png")
        hands.key("Return")
        wait("the profile", lambda: self.alex.desk.window.current_place == "clients")

    # Colleagues

    def open_second(self) -> None:
        self.casey = self._seat(self.made.colleague)
        self.casey.start()
        if self.casey.application.front is not None:
            self.casey.sign_in()
        wait("all to be saved", self.casey.is_saved)

    def edit_on_two_desks(self) -> None:
        """The same field at the same time: both desks end with the same value, and nobody's other field is lost."""
        casey = self._second()
        self._open_form(self.alex, city="Tulsa")
        tier = self.alex.hands.find(QComboBox, "Tier")
        self.alex.hands.reach(tier)
        self.alex.hands.write("S")
        self._open_form(casey, city="Omaha")
        for seat in (self.alex, casey):
            seat.hands.key("Ctrl+Return")
            seat.quiet()
        wait("both to be saved", lambda: self.alex.is_saved() and casey.is_saved())
        wait("both desks to say one city", lambda: len({self._city(self.alex), self._city(casey)} - {""}) == 1)
        wait("the tier on the second desk", lambda: casey.hands.shows("Silver"))
        casey.hands.picture(self.pictures / "edited-on-two-desks.png")

    def _open_form(self, seat: Seat, city: str) -> None:
        hands = seat.hands
        hands.key("Ctrl+K")
        hands.write(CLIENT)
        seat.quiet()
        hands.choose(hands.find(QAbstractItemView, "Found"), f"{CLIENT}, ")
        hands.key("Return")
        hands.find(QPushButton, "Log contact")
        seat.quiet()
        hands.key("E")
        seat.quiet()
        hands.write_into(hands.find(QLineEdit, "City"), city)
        seat.quiet()

    @staticmethod
    def _city(seat: Seat) -> str:
        """What the list says of the client; '' while it says neither."""
        hands = seat.hands
        said = hands.said(hands.find(QAbstractItemView, "Clients"), CLIENT)
        return next((city for city in ("Tulsa", "Omaha") if city in said), "")

    def follow_up_and_undo(self) -> None:
        hands = self.alex.hands
        hands.key("Ctrl+4")
        self.alex.quiet()
        rows = self.alex.list("Follow-ups")
        hands.click_row(rows, PROMISE)
        self.alex.quiet()
        hands.key("E")
        self.alex.quiet()
        wait("it to be done", lambda: hands.shows(f"Kept: {PROMISE}") and self._is_kept())
        hands.key("Ctrl+Z")
        self.alex.quiet()
        wait("it to be open again", lambda: not self._is_kept())

    def _is_kept(self) -> bool:
        """What the list says of the promise."""
        hands = self.alex.hands
        return "kept" in hands.said(self.alex.list("Follow-ups"), PROMISE).casefold()

    # Without the network

    def work_offline(self) -> None:
        self.bureau.stop_server()
        wait("the desk to say that it is offline", lambda: self.alex.says("Offline since"), 60)
        hands = self.alex.hands
        hands.key("Ctrl+1")
        self.alex.quiet()
        self.alex.write_note("Tax notice", "Written without the server.")
        hands.key("Ctrl+Return")
        self.alex.quiet()
        wait("the note in the conversation", lambda: self._shows("Written without the server"))
        hands.picture(self.pictures / "offline.png")

    def back_online(self) -> None:
        self.bureau.start_server(self.bureau.port)
        wait("all to be saved", self.alex.is_saved, 60)

    # Bad luck

    def kill_with_half_note(self) -> None:
        self.alex.close()
        command = [*program(), "demo", "--home", str(self.bureau.home), "--half-note", HALF_NOTE]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            assert child.stdout is not None
            for line in child.stdout:
                if line.strip() == "typed":
                    break
            else:
                raise NotSeen("the second program did not come as far as the note")
        finally:
            child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
            child.wait(15)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def note_is_back(self) -> None:
        self.alex = self._seat(self.made.agent)
        self.alex.start()
        hands = self.alex.hands
        self.alex.quiet()
        self.alex.write_note("Tax notice", "")
        wait("the half-written note", lambda: HALF_NOTE in hands.text_here())
        hands.picture(self.pictures / "after-the-kill.png")

    # In the end

    def second_sees(self) -> None:
        casey = self._second()
        casey.hands.key("Ctrl+K")
        casey.hands.write("bank trace is ordered")
        casey.quiet()
        found = casey.hands.find(QAbstractItemView, "Found")
        wait("the call's note on the second desk", lambda: casey.hands.has_row(found, "bank trace is ordered"))
        casey.hands.key("Escape")

    def lead_sees(self) -> None:
        self.lee = self._seat(self.made.lead)
        self.lee.start()
        if self.lee.application.front is not None:
            self.lee.sign_in()
        lee = self.lee
        hands = lee.hands
        wait("the places", lambda: lee.desk.shows_places)  # they take the keyboard as they come
        lee.quiet()
        hands.key("Ctrl+0")
        hands.choose(hands.find(QAbstractItemView, "Places"), "My team")
        hands.key("Return")
        lee.quiet()
        team = lee.list("My team")
        assert hands.has_row(team, "Tax notice"), "the lead does not see the team's ticket"
        lee.hands.picture(self.pictures / "lead-inbox.png")

    def take_pictures(self) -> None:
        hands = self.alex.hands
        for theme in THEMES:
            self.themes.choose(theme)
            for width, height in ((1440, 900), (1280, 720)):
                self.alex.desk.window.resize(width, height)
                for place, keys in PLACES.items():
                    hands.key(keys)
                    self.alex.quiet()
                    spin(80)
                    hands.picture(self.pictures / f"{place.replace('_', '-')}-{theme}-{width}.png")
        self.themes.choose("light")

    def close(self) -> None:
        for seat in (self.alex, self.casey, self.lee):
            if seat is not None:
                seat.close()

    # Looking

    def _second(self) -> Seat:
        if self.casey is None:
            raise NotSeen("the second desk is not open")
        return self.casey

    def _shows(self, words: str) -> bool:
        """Whether some visible part of the window says this."""
        return self.alex.hands.shows(words)

    def picture_of_failure(self, name: str) -> None:
        for window in self.app.topLevelWidgets():
            if window.isVisible() and window.isActiveWindow():
                window.grab().save(str(self.pictures / f"{name}.png"))

    def _picture_of_front(self, name: str) -> None:
        front = self.alex.application.front
        if front is not None:
            spin(60)
            front.grab().save(str(self.pictures / f"{name}.png"))
