"""A due time as people say it, understood on the client's wall and said back in both zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt

from csr_desktop.ui.kit.fields import DueField
from csr_desktop.ui.kit.notice import announce

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.desk import Desk


class _Answer(msgspec.Struct, frozen=True):
    """What the store made of a text. `opens_at` is when the client opens again, 0 while it is open then."""

    client_id: str
    text: str
    at: int
    error: str
    opens_at: int
    zone: str


class DueEntry(DueField):
    """The store knows the calendar: the field asks it, and says what it heard when the answer is home.

    `takes_closed` takes a time outside the client's hours as it is, for what concerns only ourselves. Otherwise it
    becomes the next opening, which is said before it is taken.
    """

    def __init__(self, desk: Desk, name: str, *, placeholder: str = "", parent: QWidget | None = None) -> None:
        self._desk = desk
        self._client_id = ""
        self._answer: _Answer | None = None
        self._takes_closed = False
        super().__init__(desk.themes, name, self._look_up, placeholder=placeholder, parent=parent)

    def set_client(self, client_id: str, *, takes_closed: bool = False) -> None:
        """Whose hours count; nobody's are mine."""
        if (client_id, takes_closed) != (self._client_id, self._takes_closed):
            self._client_id, self._takes_closed = client_id, takes_closed
            self._answer = None
            self._look_again()

    def set_at(self, at: int, zone: str) -> None:
        """Show a time that is known, on the client's wall, where what is typed is read too."""
        moment = self._desk.words.local(at, zone)
        self.set_text(f"{moment:%Y-%m-%d %H:%M}" if at else "")

    def settle(self, then: Callable[[int], None]) -> None:
        """Call `then` with the time that the text means, after the store has answered; where it means none, say why,
        with the keyboard in the field.
        """
        client_id, text = self._client_id, self.text().strip()

        def done(answer: _Answer) -> None:
            if self.text().strip() != text:
                return
            self._take(answer)
            if answer.error:
                self.edit.setFocus(Qt.FocusReason.OtherFocusReason)
                self.show_error()
                announce(self, self._due.error, assertive=True)
            else:
                then(answer.at if self._takes_closed else answer.opens_at or answer.at)

        self._desk.ask(self, lambda: self._read_due(client_id, text), done, key="settle")

    def _look_up(self, text: str) -> tuple[int, str, str]:
        wanted, client_id = text.strip(), self._client_id
        known = self._answer
        if known is not None and known.text == wanted and known.client_id == client_id:
            return self._said(known)
        self._desk.ask(self, lambda: self._read_due(client_id, wanted), self._take, key="parse")
        return 0, "", ""

    def _take(self, answer: _Answer) -> None:
        self._answer = answer
        if self.text().strip() == answer.text and answer.client_id == self._client_id:
            if answer.text:
                self._look_again()
            else:
                # An empty field is not parsed by itself; asked to settle, it says so.
                self._due = self._due._replace(error=self._error("empty"))

    def _look_again(self) -> None:
        self._on_text_changed(self.text())

    def _read_due(self, client_id: str, text: str) -> _Answer:
        """On the store's thread."""
        services = self._desk.services
        parsed = services.follow_ups.parse_due(text, client_id)
        rows = services.clients.rows([client_id]) if client_id else ()
        is_closed = not parsed.error and not parsed.is_open_hours and parsed.next_open_at > 0
        return _Answer(
            client_id,
            text,
            0 if parsed.error else parsed.at,
            parsed.error,
            parsed.next_open_at if is_closed else 0,
            rows[0].time_zone if rows else "",
        )

    def _said(self, answer: _Answer) -> tuple[int, str, str]:
        words = self._desk.words
        if answer.error:
            return 0, "", self._error(answer.error)
        said = words.both(answer.at, answer.zone)
        if not answer.opens_at:
            return answer.at, said, ""
        if self._takes_closed:
            return answer.at, self.tr("{0}, closed then").format(said), ""
        opening = words.both_within(answer.opens_at, answer.zone)
        return answer.opens_at, self.tr("Closed then, so {0}").format(opening), ""

    def _error(self, code: str) -> str:
        return {
            "empty": self.tr("Say by when, such as \u201ctomorrow 11\u201d."),
            "past": self.tr("That time is over. Give one to come."),
            "too_far": self.tr("That is years away. Give a nearer day."),
            "ambiguous": self.tr("That can mean two days. Write the month as a word, such as \u201cmay 6\u201d."),
        }.get(code, self.tr("Not understood. Try \u201ctomorrow 11\u201d, \u201cfri 2pm\u201d or \u201cin 2 h\u201d."))
