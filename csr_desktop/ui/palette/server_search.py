"""What the server finds besides what is here: asked for on demand, for one text at a time, shown when it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from csr_desktop.ui.palette.rows import Heading, Line, PaletteRow
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.older_history import OlderHit, OlderSearch
    from csr_desktop.ui.desk import Desk

ASK_HINT: Final = "Ctrl+Return"
LINE: Final = "server:ask"
"""The key of the line that asks, and then says how it went."""


class ServerSearch(QObject):
    answered = Signal()
    """It is being searched, or something has come of it; `rows` are others now."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._text = ""
        self._asked = ""
        """What the server was last asked for, until that is taken back; `_found` may not tell of it yet."""
        self._found: OlderSearch | None = None
        self.may_ask = False
        desk.changed.connect(self._on_changed)

    def begin(self, text: str, *, may_ask: bool) -> None:
        """Another text is typed: what was asked for is of no interest any more."""
        if self._asked and text != self._asked:
            self._search("")
        self._text, self._found = text, None
        self.may_ask = may_ask

    def forget(self) -> None:
        self.begin("", may_ask=False)

    @property
    def can_ask(self) -> bool:
        return bool(self._text) and self.may_ask

    def ask(self) -> None:
        if self.can_ask:
            self._search(self._text)

    def _search(self, text: str) -> None:
        self._asked, services = text, self._desk.services
        self._desk.ask(self, lambda: services.older.search(text), self._take, key="server")

    def _on_changed(self, changes: ChangeSet) -> None:
        is_waiting = self._found is not None and self._found.step == "fetching"
        if is_waiting and (changes.rights or changes.touches("older")):
            self._desk.ask(self, self._desk.services.older.search_found, self._take, key="server")

    def _take(self, said: OlderSearch) -> None:
        """Of another text, or none, when what the person may read has changed: then it can be asked for once more."""
        found = said if self._text and said.text == self._text else None
        if found != self._found:
            self._found = found
            self.answered.emit()

    @property
    def said(self) -> str:
        """How it stands, in words."""
        found = self._found
        if found is None:
            return ""
        if found.step == "fetching":
            return self.tr("Searching the server…")
        if found.step in {"offline", "refused"}:
            return self.tr("The server could not be searched")
        if not found.hits:
            return self.tr("Nothing found on the server for “{0}”").format(self._text)
        return self.tr("%n found on the server", "", len(found.hits))

    def rows(self) -> list[PaletteRow]:
        """The line that asks; once asked, a section of its own."""
        found = self._found
        if not self.can_ask:
            return []
        if found is None:
            return [
                Line(
                    LINE,
                    "cloud",
                    self.tr("Search the server too"),
                    self.ask,
                    detail=self.tr("Older history and other teams' work"),
                    key_hint=ASK_HINT,
                    verb=self.tr("Search"),
                    stays=True,
                )
            ]
        heading = Heading(self.tr("On the server"))
        if found.step in {"offline", "refused"}:
            can_try = found.step == "offline"
            words, again = found.words, self.tr("Try again") if can_try else ""
            icon = "cloud-slash" if can_try else "info"
            return [heading, Line(LINE, icon, self.said, self.ask, detail=words, end=again, verb=again, stays=True)]
        if found.step == "fetching" or not found.hits:
            icon = "clock" if found.step == "fetching" else "cloud"
            return [heading, Line(LINE, icon, self.said, _nothing, stays=True, verb="")]
        if found.is_more:
            count = self._desk.words.locale.toString(len(found.hits))
            heading = Heading(self.tr("On the server, the newest {0}").format(count))
        return [heading, *map(self._hit_line, found.hits)]

    def _hit_line(self, hit: OlderHit) -> Line:
        desk = self._desk
        icon = VIEW_ICONS.get(hit.view_kind, VIEW_ICONS.get(hit.kind, "chat-text"))

        def run() -> None:
            desk.open_older(hit.open_kind, hit.open_id)

        def more() -> list[Line]:
            lines = [Line("action:open", icon, self.tr("Open"), run)]
            if hit.client_id:
                title = self.tr("Open the client")
                lines.append(
                    Line("action:client", "buildings", title, lambda: desk.open("client", hit.client_id, hit.client_id))
                )
            return lines

        return Line(
            f"server:{hit.kind}:{hit.row_id}",
            icon,
            hit.title,
            run,
            title_marks=hit.marks,
            detail=", ".join(part for part in (hit.subtitle, hit.team_name) if part),
            end=desk.words.short(hit.time_at),
            more=more,
            mark_icon="cloud",
            mark_words=self.tr("From the server"),
        )


def _nothing() -> None:
    """There is nothing to do with that line."""
