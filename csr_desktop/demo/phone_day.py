"""The tour's calls that the phone tells of: one pops up, a second one comes, and one is missed and called back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QPushButton

from csr_desktop.demo.hands import spin, wait
from csr_desktop.demo.seats import Seat
from csr_desktop.system.call_message import call_message

FIRST, FIRST_NUMBER = "Robin Placeholder", "(402) 555-0108"
SECOND, SECOND_NUMBER = "Dana Sample", "(312) 555-0142"
MISSED_NUMBER = "(702) 555-0119"


class PhoneDay:
    """What Alex's softphone tells comes as the running program hands it on."""

    def __init__(self, alex: Seat, pictures: Path) -> None:
        self._alex = alex
        self._pictures = pictures

    def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        yield "a call pops up while it rings, over what is being typed", self.pop
        yield "one key takes it, and it follows the phone", self.accept
        yield "the caller is verified, and a bank change stays blocked until a call back", self.verify
        yield "a second call holds the first, and both are saved", self.second_call
        yield "a missed call waits in the inbox", self.miss
        yield "called back it is gone from there", self.call_back

    def _say(self, event: str, number: str) -> None:
        fields = {"event": event, "number": number, "queue": "Payroll line"}
        self._alex.application.told.emit(call_message(fields, "command", time.time_ns() // 1_000_000))
        spin(20)
        self._alex.quiet()

    def _shows(self, words: str) -> bool:
        return self._alex.hands.shows(words)

    def _save(self) -> None:
        for keys in ("Alt+1", "Ctrl+Return"):
            self._alex.hands.key(keys)
            spin(20)
            self._alex.quiet()

    def pop(self) -> None:
        hands = self._alex.hands
        hands.key("Ctrl+1")
        hands.key("Ctrl+K")
        hands.write("half a wo")
        self._say("ring", FIRST_NUMBER)
        wait("the card of the call", lambda: self._shows("Incoming call") and self._shows(FIRST))
        assert self._shows("Demo Trucking"), "the company is not said"
        hands.write("rd")
        assert hands.text_here() == "half a word", "the card took the keyboard"
        spin(200)
        hands.picture(self._pictures / "pop.png")

    def accept(self) -> None:
        hands = self._alex.hands
        hands.key("F9")
        wait("the call", lambda: self._alex.desk.window.current_place == "calls")
        self._say("answer", FIRST_NUMBER)
        wait("its timer", lambda: hands.has(QPushButton, "Hold"))

    def verify(self) -> None:
        hands = self._alex.hands
        hands.key("Ctrl+R")
        hands.write_into(hands.find(QLineEdit, "What is asked for"), "Pay into another account from Friday on")
        hands.key("Return")
        self._alex.quiet()
        wait("the bank change to be blocked", lambda: self._shows("it stays blocked"))
        hands.key("Alt+V")
        for keys in ("Space", "Tab", "Space"):
            hands.key(keys)
            spin(20)
            self._alex.quiet()
        wait("two answers to have passed", lambda: self._shows("Verification, 2 of 4 passed"))
        assert self._shows("it stays blocked until the known number is called back"), "it is not blocked"
        assert self._shows("may not ask for this"), "that a lead has to approve is not said"
        assert hands.has(QPushButton, "Company ID, passed"), "what was asked is not said"
        hands.picture(self._pictures / "verification.png")

    def second_call(self) -> None:
        hands = self._alex.hands
        self._say("ring", SECOND_NUMBER)
        wait("the second card", lambda: self._shows(SECOND) and self._shows("Incoming call"))
        hands.key("F9")
        self._alex.quiet()
        self._say("answer", SECOND_NUMBER)
        calls = self._alex.list("Calls")
        wait("the first to be on hold", lambda: hands.has_row(calls, f"On hold, {FIRST}"))
        assert hands.has_row(calls, f"Talking, {SECOND}")
        hands.picture(self._pictures / "two-calls.png")
        for number in (SECOND_NUMBER, FIRST_NUMBER):
            self._say("hangup", number)
            self._save()
        wait("no call to be running", lambda: hands.has(QPushButton, "Start a call"))

    def miss(self) -> None:
        hands = self._alex.hands
        hands.key("Ctrl+1")
        self._say("ring", MISSED_NUMBER)
        wait("the card of the call", lambda: self._shows("Incoming call"))
        self._say("hangup", MISSED_NUMBER)
        wait("the card to leave", lambda: not self._shows("Incoming call"))
        wait("it among what waits", lambda: hands.has_row(self._alex.list("Mine"), MISSED_NUMBER))

    def call_back(self) -> None:
        hands = self._alex.hands
        rows = self._alex.list("Mine")
        hands.click_row(rows, MISSED_NUMBER)
        hands.find(QPushButton, "Call back")
        self._alex.quiet()
        hands.picture(self._pictures / "missed-call.png")
        hands.key("D")
        wait("the call to them", lambda: self._alex.desk.window.current_place == "calls")
        self._alex.quiet()
        for keys in ("F6", "F8"):
            hands.key(keys)
            spin(20)
            self._alex.quiet()
        self._save()
        wait("no call to be running", lambda: hands.has(QPushButton, "Start a call"))
        hands.key("Ctrl+1")
        self._alex.quiet()
        wait("it to be gone from the inbox", lambda: not hands.has_row(self._alex.list("Mine"), MISSED_NUMBER))
