"""Asks the server whether a caller's PIN is right, on a thread of its own. The PIN is in memory until the answer has
come, and never in the file.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault
from csr_desktop.protocol import PinQuestion, PinReply, PinSetting

ANSWERED = "pins"
"""The name under which a ChangeSet says of which contacts an answer has come."""


class PinTransport(Protocol):
    def check_pin(self, question: PinQuestion) -> PinReply: ...
    def set_pin(self, setting: PinSetting) -> PinReply: ...


class PinQuestions:
    """Between the screens and the thread that asks; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[PinQuestion | PinSetting] = deque()
        self._answers: dict[str, PinReply] = {}
        self.come = threading.Event()

    def ask(self, question: PinQuestion | PinSetting) -> None:
        with self._lock:
            self._answers.pop(question.contact_id, None)
            self._waiting.append(question)
        self.come.set()

    def take_answer(self, contact_id: str) -> PinReply | None:
        """What came of it, once; None while nothing has. Besides the server's, the outcome can be `offline`."""
        with self._lock:
            return self._answers.pop(contact_id, None)

    # For the thread that asks

    def next(self) -> PinQuestion | PinSetting | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def answered(self, contact_id: str, reply: PinReply) -> None:
        with self._lock:
            self._answers[contact_id] = reply


class PinAsking:
    """A companion of the engine."""

    def __init__(
        self, transport: PinTransport, questions: PinQuestions, on_changed: Callable[[ChangeSet], None]
    ) -> None:
        self._transport = transport
        self._questions = questions
        self._on_changed = on_changed
        self._stopped = threading.Event()

    def wake(self) -> None:
        """Rows were exchanged: nothing that was asked waits for that."""

    def end(self) -> None:
        self._stopped.set()
        self._questions.come.set()

    def run(self) -> None:
        while True:
            self._questions.come.clear()
            if self._stopped.is_set():  # looked at after clearing, or an end between would be waited out
                return
            self.round()
            if not self._stopped.is_set():
                self._questions.come.wait()

    def round(self) -> None:
        while not self._stopped.is_set() and (question := self._questions.next()) is not None:
            self._questions.answered(question.contact_id, self._answer(question))
            self._on_changed(changed({ANSWERED: [question.contact_id]}))

    def _answer(self, question: PinQuestion | PinSetting) -> PinReply:
        try:
            if isinstance(question, PinSetting):
                return self._transport.set_pin(question)
            return self._transport.check_pin(question)
        except EnvironmentFault:
            return PinReply("offline")
        except CsrDesktopError as fault:
            return PinReply(f"refused: {fault}")
