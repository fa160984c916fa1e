"""The palette's lines of what was found on this computer, and of the commands that fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from csr_desktop.ui.actions import Action, Actions
from csr_desktop.ui.palette.rows import Heading, Line, Nothing, PaletteRow
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.search import Hit
    from csr_desktop.ui.desk import Desk

COMMANDS_SHOWN = 6
_WITHOUT_FINDS = ("start_call", "clients_new", "inbox_new", "follow_ups_new", "help")


class FoundLines(QObject):
    def __init__(self, desk: Desk, actions: Actions, current_place: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._actions = actions
        self._current_place = current_place

    def nothing(self, text: str) -> list[PaletteRow]:
        title = self.tr("Nothing found for “{0}”").format(text.lstrip("># "))
        return [Nothing(title, self.tr("Try fewer letters, or another word of it. This can be done meanwhile:"))]

    def offered(self) -> list[PaletteRow]:
        """What can be done where nothing was found."""
        return self.commands("", most=COMMANDS_SHOWN, ids=_WITHOUT_FINDS)

    def section_words(self, key: str, *, is_recent: bool) -> str:
        if is_recent:
            return self.tr("Last calls") if key == "work" else self.tr("Lately with")
        return {
            "directory": self.tr("Contacts and clients"),
            "work": self.tr("Tickets and calls"),
            "notes": self.tr("Notes"),
            "follow_ups": self.tr("Follow-ups"),
        }.get(key, key)

    def hit(self, hit: Hit, cut_off_at: int = 0) -> Line:
        desk = self._desk
        kind, row_id = hit.open_kind, hit.open_id

        def run() -> None:
            desk.open(kind, row_id, hit.client_id)

        def call() -> None:
            desk.call(hit.number, hit.contact_id or (hit.row_id if hit.kind == "contact" else ""), hit.client_id)

        can_call = call if hit.number or hit.kind in {"client", "contact"} else None
        return Line(
            key=f"{hit.kind}:{hit.row_id}",
            icon=VIEW_ICONS.get(hit.kind, "chat-text"),
            title=hit.title,
            run=run,
            title_marks=hit.title_marks,
            detail=hit.subtitle,
            detail_marks=hit.subtitle_marks,
            end=desk.words.short(hit.time_at) if hit.time_at else "",
            call=can_call,
            clock=desk.words.clock("cut_off", cut_off_at),
            more=lambda: self._more_lines(hit, run, can_call),
        )

    def _more_lines(self, hit: Hit, run: Callable[[], None], call: Callable[[], None] | None) -> list[Line]:
        """What can be done with a find besides opening it."""
        desk, client_id = self._desk, hit.client_id or (hit.row_id if hit.kind == "client" else "")

        def opens(kind: str, row_id: str = "") -> Callable[[], None]:
            return lambda: desk.open(kind, row_id, client_id)

        lines = [Line("action:open", VIEW_ICONS.get(hit.kind, "chat-text"), self.tr("Open"), run)]
        if call is not None:
            lines.append(Line("action:call", "phone", self.tr("Call"), call, detail=hit.number))
        if client_id and hit.open_kind != "client":
            lines.append(Line("action:client", "buildings", self.tr("Open the client"), opens("client", client_id)))
        if client_id:
            lines += [
                Line("action:ticket", "plus", self.tr("New ticket"), opens("new_ticket")),
                Line("action:log", "note-pencil", self.tr("Log a contact"), opens("log_contact")),
                Line("action:follow_up", "calendar-plus", self.tr("New follow-up"), opens("new_follow_up")),
            ]
        return lines

    def commands(self, text: str, most: int, ids: Sequence[str] = ()) -> list[PaletteRow]:
        """Commands whose words fit, or those of `ids`."""
        words = text.casefold().split()

        def fits(action: Action) -> bool:
            title = action.title.casefold()
            if ids:
                return action.id in ids
            return all(word in title for word in words)

        offered = self._actions.of_place(self._current_place())
        fitting = [a for a in offered if a.in_palette and a.is_enabled() and fits(a)][:most]
        lines = [
            Line(
                f"action:{a.id}",
                a.icon or "terminal-window",
                a.title,
                a.callback,
                key_hint=a.key,
            )
            for a in fitting
        ]
        number = "".join(c for c in text if c.isdigit())
        if len(number) >= 7 and not any(c.isalpha() for c in text):
            call_title = self.tr("Call {0}").format(text)
            lines.insert(0, Line("action:call_number", "phone", call_title, lambda: self._desk.call(text)))
        return [Heading(self.tr("Commands")), *lines] if lines else []


def is_name_of(text: str, title: str) -> bool:
    """Whether this is a command's name, each word begun at least: "team calls" is "Calls: Team's calls". One word alone
    is looked for among what was written.
    """
    typed, name = text.casefold().split(), title.rpartition(": ")[2].casefold().split()
    return 1 < len(typed) == len(name) and all(word.startswith(begun) for begun, word in zip(typed, name, strict=True))
