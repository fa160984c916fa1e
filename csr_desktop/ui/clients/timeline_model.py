"""A client's history, the newest first: read in pages, refreshed line by line, parted by time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.ui.keyed_model import Index, KeyedModel
from csr_desktop.ui.kit.rows import HeaderRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import TimelineKey, TimelineKind, TimelinePage, TimelineRow
    from csr_desktop.ui.clients.timeline_words import TimelineWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.rows import Row

PAGE: Final = 50
TABLES: Final[dict[TimelineKind, str]] = {
    "call": "interactions",
    "ticket": "tickets",
    "follow_up": "follow_ups",
    "note": "notes",
    "change": "changes",
}
_GROUP: Final = "group:"
_NAMES: Final = ("contacts", "users", "topics", "dispositions")


class TimelineModel(KeyedModel):
    """Lines are "<kind>:<id>", with a heading of time above each group."""

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

    def make_line(self, key: str) -> Row | HeaderRow:
        if key.startswith(_GROUP):
            return HeaderRow(self._words.group(key.removeprefix(_GROUP)))
        return self._words.row(self._rows[key])

    def row_at(self, index: Index) -> TimelineRow | None:
        return self._rows.get(self.key_at(index))

    def has_rows(self) -> bool:
        return bool(self._rows)

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
        self._is_loading = False
        self._ask_page(None)

    def _kinds(self) -> tuple[TimelineKind, ...]:
        return tuple(kind for kind in TABLES if kind == self.kind)

    def _ask_page(self, after_key: TimelineKey | None) -> None:
        client_id, kinds, edition = self.client_id, self._kinds(), self._edition
        clients = self._desk.services.clients
        self._is_loading = True

        def show(page: TimelinePage) -> None:
            if edition != self._edition:
                return
            self._is_loading = False
            self._next_key = page.next_key
            if after_key is not None:
                self._rows.update((_key(row), row) for row in page.rows)
                self.set_lines(self._laid_out())
                return
            self._rows = {_key(row): row for row in page.rows}
            if self._shown == (client_id, self.kind):
                self.set_lines(self._laid_out())
                self.repaint_all()
            else:
                self._shown = (client_id, self.kind)
                self.reset_lines(self._laid_out())
            self.page_loaded.emit()

        def fail(fault: CsrDesktopError) -> None:
            if edition == self._edition:
                self._is_loading = False
                self.failed.emit(fault)

        self._desk.ask(
            self,
            lambda: clients.timeline(client_id, kinds, after_key, PAGE),
            show,
            fail,
            key="" if after_key else "first",
        )

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
        return lines

    # Refreshing

    def refresh(self, changes: ChangeSet) -> bool:
        """Read again what changed of this client, and what is new; True when anything may have."""
        if changes.touches(*_NAMES):
            self.show_client(self.client_id, self.kind)
            return True
        if not changes.touches(*TABLES.values()):
            return False
        held = [
            (kind, row_id)
            for kind, table in TABLES.items()
            for row_id in changes.ids(table)
            if f"{kind}:{row_id}" in self._rows
        ]
        client_id, kinds, edition = self.client_id, self._kinds(), self._edition
        clients = self._desk.services.clients

        def read() -> tuple[TimelinePage, list[TimelineRow | None]]:
            return clients.timeline(client_id, kinds, None, PAGE), [clients.timeline_row(*one) for one in held]

        def show(found: tuple[TimelinePage, list[TimelineRow | None]]) -> None:
            if edition == self._edition:
                self._apply(held, *found)

        self._desk.ask(self, read, show)
        return True

    def _apply(
        self, held: Sequence[tuple[TimelineKind, str]], first: TimelinePage, rows: Sequence[TimelineRow | None]
    ) -> None:
        changed = [f"{kind}:{row_id}" for kind, row_id in held]
        for key, row in zip(changed, rows, strict=True):
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row
        self._rows.update((_key(row), row) for row in first.rows)
        self.set_lines(self._laid_out())
        self.repaint(changed)
        self.page_loaded.emit()

    def pass_time(self) -> None:
        """A minute went by: clocks read anew, and after midnight rows stand under other headings."""
        self.set_lines(self._laid_out())
        self.repaint_all()


def _key(row: TimelineRow) -> str:
    return f"{row.kind}:{row.id}"
