"""A client's history, the newest first: read in pages, refreshed line by line, parted by time. Its last line says what
is on the server besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import Signal

from csr_desktop.ui.keyed_model import Index, KeyedModel
from csr_desktop.ui.kit.rows import HeaderRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import TimelineKey, TimelineKind, TimelinePage, TimelineRow
    from csr_desktop.services.older_history import OlderHistory, OlderState
    from csr_desktop.ui.clients.older_words import OlderLine
    from csr_desktop.ui.clients.timeline_words import TimelineWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.rows import Row

PAGE: Final = 50
OLDER: Final = "older:"
"""The key of the last line, which is none of the history's."""
OLDER_KINDS: Final[tuple[TimelineKind, ...]] = ("call", "ticket", "follow_up")
"""Of these the server may have more than is here."""
_PAGE_TO_END: Final = 500
TABLES: Final[dict[TimelineKind, str]] = {
    "call": "interactions",
    "ticket": "tickets",
    "follow_up": "follow_ups",
    "note": "notes",
    "change": "changes",
}
_GROUP: Final = "group:"
_NAMES: Final = ("contacts", "users", "topics", "dispositions")


class _Read(msgspec.Struct, frozen=True):
    page: TimelinePage
    older: OlderState | None


class TimelineModel(KeyedModel):
    """Lines are "<kind>:<id>", with a heading of time above each group, and `OLDER` at the end."""

    older_said = Signal()
    """How far older history has come."""
    older_came = Signal(str)
    """The key of the first line that came in a row before the last one; '' when what came stands further up."""
    end_read = Signal()
    """Everything that is here stands in the list, as `read_to_end` wanted."""

    def __init__(self, desk: Desk, words: TimelineWords) -> None:
        super().__init__(desk.themes)
        self._desk = desk
        self._words = words
        self.client_id = ""
        self.kind = ""
        """A TimelineKind, or '' for all."""
        self._rows: dict[str, TimelineRow] = {}
        self._next_key: TimelineKey | None = None
        self._is_loading = False
        self._edition = 0
        self._shown = ("", "")
        """Client and kind whose lines stand here."""
        self.older: OlderState | None = None
        """None where the person may not ask for it, and until it is known."""
        self._marked_until_at = 0
        """What the marks of older rows say."""
        self._wants_end = False

    def make_line(self, key: str) -> Row | HeaderRow:
        if key.startswith(_GROUP):
            return HeaderRow(self._words.group(key.removeprefix(_GROUP)))
        if key == OLDER:
            older = self.older_line
            return self._words.older.row(older) if older is not None else HeaderRow("")
        return self._words.row(self._rows[key], self.older.kept_until_at if self.older else 0)

    def row_at(self, index: Index) -> TimelineRow | None:
        return self._rows.get(self.key_at(index))

    def has_rows(self) -> bool:
        return bool(self._rows)

    @property
    def older_line(self) -> OlderLine | None:
        """What the last line says; None where there is none, as among the notes, of which all are here."""
        if self.older is None or (self.kind and self.kind not in OLDER_KINDS):
            return None
        return self._words.older.line(self.older)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next_key is not None and not self._is_loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask_page(self._next_key)

    # Reading

    def show_client(self, client_id: str, kind: str = "") -> None:
        """Start again at the newest; what stood there stays until it is read."""
        self.client_id, self.kind = client_id, kind
        self._edition += 1
        self._is_loading = self._wants_end = False
        self._ask_page(None)

    def read_to_end(self) -> None:
        """All that is here; `end_read` follows."""
        self._wants_end = True
        if not self._is_loading:
            self._go_on_to_end()

    def _go_on_to_end(self) -> None:
        if self._next_key is not None:
            self._ask_page(self._next_key, _PAGE_TO_END)
        else:
            self._wants_end = False
            self.end_read.emit()

    def _kinds(self) -> tuple[TimelineKind, ...]:
        return tuple(kind for kind in TABLES if kind == self.kind)

    def _ask_page(self, after_key: TimelineKey | None, limit: int = PAGE) -> None:
        client_id, edition = self.client_id, self._edition
        self._is_loading = True

        def show(found: _Read) -> None:
            if edition != self._edition:
                return
            self._is_loading = False
            self._next_key, self.older = found.page.next_key, found.older
            if after_key is not None:
                self._rows.update((_key(row), row) for row in found.page.rows)
                self.set_lines(self._laid_out())
            else:
                self._show_first(client_id, {_key(row): row for row in found.page.rows})
                self.page_loaded.emit()
            if self._wants_end:
                self._go_on_to_end()

        def fail(fault: CsrDesktopError) -> None:
            if edition == self._edition:
                self._is_loading = self._wants_end = False
                self.failed.emit(fault)

        self._desk.ask(self, self._read(after_key, limit), show, fail, key="" if after_key else "first")

    def _read(self, after_key: TimelineKey | None, limit: int = PAGE) -> Callable[[], _Read]:
        """What the store's thread does for a page."""
        client_id, kinds, services = self.client_id, self._kinds(), self._desk.services

        def read() -> _Read:
            page = services.clients.timeline(client_id, kinds, after_key, limit)
            return _Read(page, services.older.state(client_id) if services.older.may_ask() else None)

        return read

    def _show_first(self, client_id: str, rows: dict[str, TimelineRow]) -> None:
        if self._shown == (client_id, self.kind):
            self._show_only(rows)
            self.repaint_all()
        else:
            self._shown, self._rows = (client_id, self.kind), rows
            self.reset_lines(self._laid_out())

    def _show_only(self, rows: dict[str, TimelineRow]) -> None:
        """The list asks for lines that go until they are gone."""
        before, self._rows = self._rows, rows
        lines = self._laid_out()
        self._rows = {**before, **rows}
        self.set_lines(lines)
        self._rows = rows

    def _laid_out(self) -> list[str]:
        ordered = sorted(self._rows.values(), key=lambda row: (row.at, row.id), reverse=True)
        lines: list[str] = []
        last = ""
        for row in ordered:
            group = self._words.group_of(row.at)
            if group != last:
                lines.append(_GROUP + group)
                last = group
            lines.append(_key(row))
        if self._next_key is None and self.older_line is not None:
            lines.append(OLDER)
        return lines

    # Refreshing

    def refresh(self, changes: ChangeSet) -> bool:
        """Read again what changed of this client, and what is new; True when anything may have."""
        if changes.rights or changes.touches(*_NAMES):
            self.show_client(self.client_id, self.kind)
            return True
        if not changes.touches(*TABLES.values(), "verifications"):
            return False
        held = [
            (kind, row_id)
            for kind, table in TABLES.items()
            for row_id in changes.ids(table)
            if f"{kind}:{row_id}" in self._rows
        ]
        if changes.touches("verifications"):  # one that was not finished may be
            held += [(row.kind, row.id) for row in self._rows.values() if row.verification]
        self._read_again(held)
        return True

    def _read_again(self, held: Sequence[tuple[TimelineKind, str]]) -> None:
        """These lines, and what is new at the top."""
        client_id, kinds, edition = self.client_id, self._kinds(), self._edition
        clients = self._desk.services.clients

        def read() -> tuple[TimelinePage, list[TimelineRow | None]]:
            return clients.timeline(client_id, kinds, None, PAGE), [clients.timeline_row(*one) for one in held]

        def show(found: tuple[TimelinePage, list[TimelineRow | None]]) -> None:
            if edition == self._edition:
                self._apply(held, *found)

        self._desk.ask(self, read, show)

    def _apply(
        self, held: Sequence[tuple[TimelineKind, str]], first: TimelinePage, rows: Sequence[TimelineRow | None]
    ) -> None:
        changed = [f"{kind}:{row_id}" for kind, row_id in held]
        gone = {key for key, row in zip(changed, rows, strict=True) if row is None}
        now = {_key(row): row for row in (*rows, *first.rows) if row is not None}
        self._show_only({key: row for key, row in {**self._rows, **now}.items() if key not in gone})
        self.repaint(changed)
        self.page_loaded.emit()

    # Older history

    def refresh_older(self, changes: ChangeSet) -> None:
        """Something came from the server, was not to be had, or has left."""
        ids = changes.ids("older")
        if self.client_id in ids:
            self._ask_older(lambda older, client_id: older.state(client_id))
        held = [(kind, row_id) for row_id in ids for kind in OLDER_KINDS if f"{kind}:{row_id}" in self._rows]
        if held:
            self._read_again(held)

    def show_more_older(self) -> None:
        """Wish for the next page of what is on the server."""
        self._ask_older(lambda older, client_id: older.show_more(client_id))

    def stop_older(self) -> None:
        """It is not waited for any more."""

        def stop(older: OlderHistory, client_id: str) -> OlderState:
            older.stop(client_id)
            return older.state(client_id)

        if self.older is not None and self.older.step == "fetching":
            self._ask_older(stop)

    def _ask_older(self, ask: Callable[[OlderHistory, str], OlderState]) -> None:
        client_id, edition, services = self.client_id, self._edition, self._desk.services

        def show(state: OlderState | None) -> None:
            if edition == self._edition:
                self._take_older(state)

        self._desk.ask(self, lambda: ask(services.older, client_id) if services.older.may_ask() else None, show)

    def _take_older(self, state: OlderState | None) -> None:
        before, self.older = self.older, state
        known, came_to_at = (before.shown_count, before.back_to_at) if before is not None else (0, 0)
        if state is None or state.shown_count < known:
            self.show_client(self.client_id, self.kind)  # what was fetched has left this computer
        elif state.shown_count > known:
            self._read_what_came((came_to_at + 1, "") if came_to_at else None, state.back_to_at, {})
        else:
            self._say_older()

    def _read_what_came(self, after_key: TimelineKey | None, back_to_at: int, gathered: dict[str, TimelineRow]) -> None:
        """Page by page, so that others who ask are answered between them; shown at once."""
        edition = self._edition

        def show(found: _Read) -> None:
            if edition != self._edition:
                return
            for row in found.page.rows:
                key = _key(row)
                if self._rows.get(key) != row:
                    gathered[key] = row
            next_key = found.page.next_key
            is_past_what_is_here = next_key is None or (self._next_key is not None and next_key <= self._next_key)
            if is_past_what_is_here:
                self._next_key = next_key
            if next_key is None or is_past_what_is_here or next_key[0] < back_to_at:
                self._show_what_came(gathered)
            else:
                self._read_what_came(next_key, back_to_at, gathered)

        self._desk.ask(self, self._read(after_key), show)

    def _show_what_came(self, gathered: dict[str, TimelineRow]) -> None:
        known = set(self._rows)
        self._rows.update(gathered)
        self._say_older()
        first = ""
        for key in reversed(self.lines[:-1] if self._next_key is None else ()):
            if key in known:
                break
            first = first if key.startswith(_GROUP) else key
        self.older_came.emit(first)

    def _say_older(self) -> None:
        until_at = self.older.kept_until_at if self.older is not None else 0
        # First what reads otherwise, then what is new: a long list is laid out once for both.
        if until_at != self._marked_until_at:
            self._marked_until_at = until_at
            self.repaint_all()
        else:
            self.repaint([OLDER])
        self.set_lines(self._laid_out())
        self.page_loaded.emit()
        self.older_said.emit()

    def pass_time(self) -> None:
        """A minute went by: clocks read anew, and after midnight rows stand under other headings."""
        self.set_lines(self._laid_out())
        self.repaint_all()


def _key(row: TimelineRow) -> str:
    return f"{row.kind}:{row.id}"
