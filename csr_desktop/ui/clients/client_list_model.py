"""The rows of the list: those looked at last, mine, then all, read in pages and refreshed by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.ui.keyed_model import Index, KeyedModel
from csr_desktop.ui.kit.rows import HeaderRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import ClientCounts, ClientPage, ClientRow
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.rows import Row

PAGE: Final = 100
RECENT: Final = 4
_MOST_REFRESHED: Final = 300
"""More changed rows than this, as after a first pull, and the list is read anew."""
_GROUP: Final = "group"
_First = tuple["tuple[ClientRow, ...]", "ClientPage | None", "ClientPage | None", "ClientCounts"]


def order_of(row: ClientRow) -> tuple[str, str]:
    return (row.name.casefold(), row.id)


class ClientListModel(KeyedModel):
    """Lines are "recent:<id>", "mine:<id>", "all:<id>", with a heading above each group; of a filter, only "all"."""

    def __init__(self, desk: Desk, words: ClientWords) -> None:
        super().__init__(desk.themes)
        self._desk = desk
        self._words = words
        self.text = ""
        self._rows: dict[str, ClientRow] = {}
        self._recent: list[str] = []
        self._paged: dict[str, list[str]] = {"mine": [], "all": []}
        self._next: dict[str, tuple[str, str] | None] = {"mine": None, "all": None}
        self._is_begun: dict[str, bool] = {"mine": False, "all": False}
        self.counts: ClientCounts | None = None
        self._is_loading = False
        self._edition = 0

    # What the list asks

    def make_line(self, key: str) -> Row | HeaderRow:
        group, _, client_id = key.partition(":")
        return self._header(client_id) if group == _GROUP else self._words.row(self._rows[client_id])

    def _header(self, group: str) -> HeaderRow:
        counts = self.counts
        if group == "recent":
            return HeaderRow(self.tr("Recent"))
        if group == "mine":
            return HeaderRow(self.tr("My clients"), self._words.count(counts.mine) if counts else "")
        if self.text:
            has_all = self._is_begun["all"] and self._next["all"] is None
            return HeaderRow(self.tr("Found"), self._words.count(len(self._paged["all"])) if has_all else "")
        return HeaderRow(self.tr("All"), self._words.count(counts.all) if counts else "")

    def row_at(self, index: Index) -> ClientRow | None:
        return self._rows.get(self.key_at(index).partition(":")[2])

    def row_of(self, client_id: str) -> ClientRow | None:
        return self._rows.get(client_id)

    def keys_of(self, client_id: str) -> list[str]:
        """The client's lines, the topmost first."""
        keys = [f"{group}:{client_id}" for group in ("recent", "mine", "all")]
        return [key for key in keys if self.place_of(key) >= 0]

    def has_rows(self) -> bool:
        return bool(self._lines)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._is_loading and self._next_group() != ""

    def fetchMore(self, parent: Index) -> None:
        if not self.canFetchMore(parent):
            return
        group, text, edition = self._next_group(), self.text, self._edition
        after, clients = self._next[group], self._desk.services.clients
        self._is_loading = True

        def show(page: ClientPage) -> None:
            if edition == self._edition:
                self._is_loading = False
                self._take(group, page)
                self._lay_out()

        def fail(fault: CsrDesktopError) -> None:
            if edition == self._edition:
                self._is_loading = False
                self._desk.say_fault(fault)

        self._desk.ask(self, lambda: clients.page(group, text, after, PAGE), show, fail)

    def _next_group(self) -> str:
        return next((g for g in ("mine", "all") if not self._is_begun[g] or self._next[g] is not None), "")

    # Reading

    def show_text(self, text: str) -> None:
        """Start again with those that match; '' is everything. What stood there stays until they are read."""
        self.text = text.strip()
        self.reload()

    def reload(self) -> None:
        self._edition += 1
        self._is_loading = True
        text, edition, clients = self.text, self._edition, self._desk.services.clients
        search = self._desk.services.search

        def read() -> _First:
            counts = clients.counts()
            if text:
                page = clients.page("all", text, None, PAGE)
                if not page.rows:  # words in another order, or misspelt
                    hits = search.find_all(text, "directory").hits
                    page = msgspec.structs.replace(
                        page, rows=clients.rows([hit.row_id for hit in hits if hit.kind == "client"])
                    )
                return (), None, page, counts
            mine = clients.page("mine", "", None, PAGE)
            rest = clients.page("all", "", None, PAGE) if mine.next_key is None else None
            return clients.recent(RECENT), mine, rest, counts

        def show(found: _First) -> None:
            if edition == self._edition:
                self._is_loading = False
                self._show_first(*found)
                self.page_loaded.emit()

        def fail(fault: CsrDesktopError) -> None:
            if edition == self._edition:
                self._is_loading = False
                self.failed.emit(fault)

        self._desk.ask(self, read, show, fail, key="first")

    def _show_first(
        self, recent: Sequence[ClientRow], mine: ClientPage | None, rest: ClientPage | None, counts: ClientCounts
    ) -> None:
        self.counts = counts
        self._recent = [row.id for row in recent]
        self._rows.update((row.id, row) for row in recent)
        for group, page in (("mine", mine), ("all", rest)):
            self._paged[group] = []
            self._next[group] = None
            self._is_begun[group] = group == "mine" and bool(self.text)
            if page is not None:
                self._take(group, page)
        self._lay_out()
        kept = {key.partition(":")[2] for key in self._lines}
        self._rows = {i: row for i, row in self._rows.items() if i in kept}
        self.repaint_all()

    def _take(self, group: str, page: ClientPage) -> None:
        here = set(self._paged[group])
        self._paged[group] += [row.id for row in page.rows if row.id not in here]
        self._rows.update((row.id, row) for row in page.rows)
        self._next[group] = page.next_key
        self._is_begun[group] = True

    def _lay_out(self) -> None:
        lines: list[str] = []
        for group, ids in (("recent", self._recent), ("mine", self._paged["mine"]), ("all", self._paged["all"])):
            if ids:
                lines.append(f"{_GROUP}:{group}")
                lines += [f"{group}:{client_id}" for client_id in ids]
        self.set_lines(lines)
        self.repaint([f"{_GROUP}:mine", f"{_GROUP}:all"])

    # Refreshing

    def refresh_recent(self) -> None:
        """Those looked at last, anew; the rest stays."""
        if self.text:
            return
        edition, clients = self._edition, self._desk.services.clients

        def show(recent: tuple[ClientRow, ...]) -> None:
            if edition == self._edition:
                self._rows.update((row.id, row) for row in recent)
                self._recent = [row.id for row in recent]
                self._lay_out()

        self._desk.ask(self, lambda: clients.recent(RECENT), show, key="recent")

    def refresh(self, ids: frozenset[str]) -> None:
        """These were changed, added or removed."""
        if len(ids) > _MOST_REFRESHED:
            self.reload()
            return
        wanted, edition, clients = tuple(ids), self._edition, self._desk.services.clients

        def show(found: tuple[tuple[ClientRow, ...], ClientCounts]) -> None:
            if edition == self._edition:
                self._apply(wanted, *found)

        self._desk.ask(self, lambda: (clients.rows(wanted), clients.counts()), show)

    def _apply(self, asked: Sequence[str], rows: Sequence[ClientRow], counts: ClientCounts) -> None:
        self.counts = counts
        found = {row.id: row for row in rows}
        for client_id in asked:
            row = found.get(client_id)
            for group, ids in self._paged.items():
                if client_id in ids and (row is None or not self._belongs(row, group)):
                    ids.remove(client_id)
                elif row is not None and client_id not in ids and not self.text and self._belongs(row, group):
                    ids.append(client_id)
            if row is None:
                self._recent = [i for i in self._recent if i != client_id]
                self._rows.pop(client_id, None)
            else:
                self._rows[client_id] = row
        if not self.text:
            for ids in self._paged.values():
                ids.sort(key=lambda i: order_of(self._rows[i]))
        self._lay_out()
        kept = {key.partition(":")[2] for key in self._lines}
        self.repaint(f"{group}:{i}" for i in asked if i in kept for group in ("recent", "mine", "all"))

    def _belongs(self, row: ClientRow, group: str) -> bool:
        """Whether it stands among what was read of a group so far."""
        if not self._is_begun[group] or (group == "mine" and (not row.is_mine or bool(self.text))):
            return False
        after = self._next[group]
        return after is None or order_of(row) <= (after[0].casefold(), after[1])
