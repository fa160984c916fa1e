"""What colleagues are told of the person at this desk: it follows from what they do. Nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from csr_desktop.domain.presence import WRITING_SECONDS, status_of
from csr_desktop.ui.calls.running_calls import running_calls

if TYPE_CHECKING:
    from csr_desktop.ui.desk import Desk

_TOGETHER_MILLISECONDS = 250
"""Who moves through a list looks at nothing on the way."""


class OwnPresence(QObject):
    """Listens to the calls, and to the ticket that is looked at and written in."""

    said = Signal(str, str, str, str)
    """Status, ticket, the kind of text written in it, and the ticket's team."""
    break_changed = Signal()
    status_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.is_on_break = False
        self.since_at = desk.words.now()
        """When the status became what it is."""
        self._status = "available"
        self._ticket = ("", "")
        self._writing = ("", "")
        self._said: tuple[str, ...] = ()
        self._calls = running_calls(desk)
        self._calls.listed.connect(self._on_calls)
        desk.attending.connect(self._on_attending)
        desk.writing.connect(self._on_writing)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_TOGETHER_MILLISECONDS)
        self._soon.timeout.connect(self._say)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(round(WRITING_SECONDS * 1000))
        self._pause.timeout.connect(self._on_pause)
        self._note_status()

    @property
    def status(self) -> str:
        return status_of([call.phase for call in self._calls.all()], is_on_break=self.is_on_break)

    @property
    def can_take_break(self) -> bool:
        return not self.is_on_break and not self._calls.all()

    def say_again(self) -> None:
        """Somebody else listens."""
        self._said = ()
        self._say()

    def set_break(self, *, is_on_break: bool) -> None:
        """Until the person ends it, or a call comes before it."""
        if is_on_break != self.is_on_break:
            self.is_on_break = is_on_break
            self.break_changed.emit()
            self._say()

    def _on_calls(self) -> None:
        if self._calls.all():
            self.set_break(is_on_break=False)
        self._say()

    def _on_attending(self, ticket_id: str, team_id: str) -> None:
        self._ticket = (ticket_id, team_id)
        self._soon.start()

    def _on_writing(self, ticket_id: str, kind: str) -> None:
        """A key was pressed in a text of this ticket; without a kind nothing is left of it."""
        self._writing = (ticket_id, kind)
        self._pause.start()
        self._soon.start()

    def _on_pause(self) -> None:
        self._writing = ("", "")
        self._say()

    def _note_status(self) -> None:
        if self.status != self._status:
            self._status = self.status
            self.since_at = self._desk.words.now()
            self.status_changed.emit()

    def _say(self) -> None:
        self._note_status()
        ticket_id, team_id = self._ticket
        writes = self._writing[1] if self._writing[0] == ticket_id else ""
        said = (self.status, ticket_id, writes, team_id)
        if said != self._said:
            self._said = said
            self.said.emit(*said)
