"""A due time as people say it, understood in the client's business hours and said back in both zones."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.fields import DueField


class _Answer(msgspec.Struct, frozen=True):
    """What the store made of a text. `suggested_at` is when the client opens again, 0 while it is open then."""

    client_id: str
    text: str
    at: int
    error: str
    suggested_at: int
    zone: str


class DueEntry(DueField):
    """The store knows the calendar, so the field asks it, and looks again when the answer is there."""

    def __init__(self, desk: Desk, name: str, parent: QWidget | None = None) -> None:
        self._desk = desk
        self._client_id = ""
        self._answer: _Answer | None = None
        super().__init__(desk.themes, name, self._look_up, parent=parent)

    def set_client(self, client_id: str) -> None:
        if client_id != self._client_id:
            self._client_id = client_id
            self._answer = None
            self._look_again()

    def set_at(self, at: int, zone: str) -> None:
        """Show a time that was agreed before, on the client's wall, where what is typed is read too."""
        moment = self._desk.words.local(at, zone)
        self.set_text(f"{moment:%Y-%m-%d %H:%M}" if at else "")

    def settle(self, then: Callable[[int], None]) -> None:
        """Call `then` with the time that the text means, after the store has answered; closed hours become the next
        opening. Says what is wrong and calls nothing where there is no time.
        """
        text = self.text().strip()

        def done(answer: _Answer) -> None:
            if self.text().strip() != text:
                return
            self._take(answer)
            at = answer.at or answer.suggested_at
            if at:
                then(at)
            else:
                self.show_error()

        client_id = self._client_id
        self._desk.ask(self, lambda: self._parse_for(client_id, text), done, key="settle")

    def _look_up(self, text: str) -> tuple[int, str, str]:
        wanted = text.strip()
        known = self._answer
        if known is not None and known.text == wanted and known.client_id == self._client_id:
            return self._said(known)
        client_id = self._client_id
        self._desk.ask(self, lambda: self._parse_for(client_id, wanted), self._take, key="parse")
        return 0, "", ""

    def _take(self, answer: _Answer) -> None:
        self._answer = answer
        if self.text().strip() == answer.text:
            self._look_again()

    def _look_again(self) -> None:
        self.edit.textChanged.emit(self.edit.text())

    def _parse_for(self, client_id: str, text: str) -> _Answer:
        """On the store's thread."""
        services = self._desk.services
        parsed = services.follow_ups.parse_due(text, client_id)
        rows = services.clients.rows([client_id]) if client_id else ()
        zone = rows[0].time_zone if rows else ""
        is_closed = not parsed.error and not parsed.is_open_hours and parsed.next_open_at > 0
        at = 0 if parsed.error or is_closed else parsed.at
        return _Answer(client_id, text, at, parsed.error, parsed.next_open_at if is_closed else 0, zone)

    def _said(self, answer: _Answer) -> tuple[int, str, str]:
        words = self._desk.words
        if answer.at:
            return answer.at, words.both(answer.at, answer.zone), ""
        if answer.suggested_at:
            opening = words.both(answer.suggested_at, answer.zone)
            return 0, "", self.tr("Closed then. Enter takes {0}.").format(opening)
        return 0, "", self._error(answer.error)

    def _error(self, code: str) -> str:
        return {
            "empty": self.tr("Say by when, such as \u201ctomorrow 11\u201d."),
            "past": self.tr("That time is over. Give one to come."),
            "ambiguous": self.tr("Morning or afternoon? Add am or pm."),
        }.get(code, self.tr("Not understood. Try \u201ctomorrow 11\u201d, \u201cfri 2pm\u201d or \u201cin 2 h\u201d."))
