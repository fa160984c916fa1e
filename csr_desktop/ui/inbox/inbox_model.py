"""The rows of the inbox: read in pages, refreshed by id, parted by the time of their consequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import Signal

from csr_desktop.ui.inbox.inbox_words import GROUPS, InboxWords
from csr_desktop.ui.keyed_model import KeyedModel
from csr_desktop.ui.kit.rows import HeaderRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.inbox_rows import GroupCounts, InboxKey, InboxPage, InboxRow, View
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.keyed_model import Index
    from csr_desktop.ui.kit.rows import Row

PAGE: Final = 100
_HOUR: Final = 3_600_000
_LAST: Final = 9_999_999_999_999
"""Behind every time, as services order it: of what has no consequence."""
_GROUP: Final = "group:"


def order_of(row: InboxRow) -> tuple[int, str]:
    return (row.consequence_at or _LAST, row.id)


class InboxModel(KeyedModel):
    """Lines are ids of rows, or groups. Only what has been paged is here; a row that left its view stays, grey, until
    `let_go`. The held row stays where it is until then, whatever becomes of its time.
    """

    about_to_change = Signal()
    """Rows will be put in or taken out; the list remembers its place."""
    was_changed = Signal()
    refreshed = Signal()
    """What was asked for by id has come, whether or not lines changed by it."""

    def __init__(self, desk: Desk, words: InboxWords) -> None:
        super().__init__(desk.themes)
        self._desk = desk
        self._words = words
        self.view: View = "mine"
        self._rows: dict[str, InboxRow] = {}
        self._counts: GroupCounts | None = None
        self._midnight_at = 0
        self.held_id = ""
        self._moved: InboxRow | None = None
        """The held row as it is, when its place is another."""
        self._next_key: InboxKey | None = None
        self._is_loading = False
        self._edition = 0
        """Counts views shown, so that a page of another is known."""

    # What the list asks

    def make_line(self, key: str) -> Row | HeaderRow:
        if key.startswith(_GROUP):
            return self._header(key.removeprefix(_GROUP))
        return self._words.row(self._rows[key])

    def _header(self, group: str) -> HeaderRow:
        count = self._words.count_of(group, self._counts) if self._counts else 0
        return HeaderRow(self._words.group(group), self._words.words.locale.toString(count) if count else "")

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next_key is not None and not self._is_loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask_page(self._next_key)

    # What the pane asks

    @property
    def is_loading(self) -> bool:
        return self._is_loading

    @property
    def group_lines(self) -> list[int]:
        """Where groups begin, in order; at most one line a group."""
        return [place for group in GROUPS if (place := self.place_of(_GROUP + group)) >= 0]

    def row_at(self, index: Index) -> InboxRow | None:
        return self._rows.get(self._lines[index.row()]) if index.isValid() else None

    def row_of(self, row_id: str) -> InboxRow | None:
        return self._rows.get(row_id)

    def has_rows(self) -> bool:
        return bool(self._rows)

    def ids_of_clients(self, client_ids: frozenset[str]) -> frozenset[str]:
        if not client_ids:
            return frozenset()
        return frozenset(row.id for row in self._rows.values() if row.client_id in client_ids)

    # Reading

    def show_view(self, view: View) -> None:
        """Start again with the first page; the rows of the view before stay until it comes."""
        if view != self.view:
            self.held_id, self._moved = "", None
        self.view = view
        self._edition += 1
        self._is_loading = False
        self._ask_page(None)

    def _ask_page(self, after_key: InboxKey | None) -> None:
        view, edition, inbox = self.view, self._edition, self._desk.services.inbox
        held_id = "" if after_key else self.held_id
        self._is_loading = True

        def read() -> tuple[InboxPage, GroupCounts | None, tuple[InboxRow, ...]]:
            page, counts = inbox.page(view, after_key, PAGE), None if after_key else inbox.groups(view)
            is_here = not held_id or any(row.id == held_id for row in page.rows)
            return page, counts, () if is_here else inbox.rows((held_id,), view)

        def show(found: tuple[InboxPage, GroupCounts | None, tuple[InboxRow, ...]]) -> None:
            if edition != self._edition:
                return
            self._is_loading = False
            page, counts, held = found
            if counts is not None:
                self._show_first(page, counts, held)
            else:
                self._append(page)
            self.page_loaded.emit()

        def fail(fault: CsrDesktopError) -> None:
            if edition == self._edition:
                self._is_loading = False
                self.failed.emit(fault)

        self._desk.ask(self, read, show, fail, key="" if after_key else "first")

    def _show_first(self, page: InboxPage, counts: GroupCounts, held: Sequence[InboxRow] = ()) -> None:
        """`held` is the held row where it is not on the first page."""
        self._counts = counts
        self._set_page(page)
        self._moved = None
        rows = {row.id: row for row in page.rows}
        for row in (*page.rows, *held):
            if row.id == self.held_id and row.id in self._rows:
                rows[row.id] = self._hold(row, self._rows[row.id], page.now_at)
        # Rows of the view before are looked at until the lines are others.
        self._rows.update(rows)
        self.reset_lines(self._laid_out(sorted(rows.values(), key=order_of)))
        self._rows = rows

    def _append(self, page: InboxPage) -> None:
        """Rows that came in by refresh meanwhile are here already."""
        new = [row for row in page.rows if row.id not in self._rows]
        self._set_page(page)
        if not new:
            return
        last = self._rows[self._lines[-1]] if self._lines else None
        if last is not None and order_of(new[0]) < order_of(last):
            self._rows.update((row.id, row) for row in new)
            self._lay_out_again()
            return
        self._rows.update((row.id, row) for row in new)
        self.set_lines([*self._lines, *self._laid_out(new, last.group if last else "")])

    def _set_page(self, page: InboxPage) -> None:
        self._next_key = page.next_key
        self._midnight_at = page.midnight_at

    @staticmethod
    def _laid_out(rows: Iterable[InboxRow], group: str = "") -> list[str]:
        lines: list[str] = []
        for row in rows:
            if row.group != group:
                group = row.group
                lines.append(_GROUP + group)
            lines.append(row.id)
        return lines

    # Refreshing

    def refresh(self, ids: Iterable[str]) -> None:
        """Read these rows again: those here, and those that may belong here now."""
        wanted, view, edition, inbox = tuple(ids), self.view, self._edition, self._desk.services.inbox
        if not wanted:
            return

        def read() -> tuple[tuple[InboxRow, ...], GroupCounts, frozenset[str]]:
            return inbox.rows(wanted, view), inbox.groups(view), inbox.undone(wanted)

        def show(found: tuple[tuple[InboxRow, ...], GroupCounts, frozenset[str]]) -> None:
            if edition == self._edition:
                self._apply(wanted, *found)

        self._desk.ask(self, read, show)

    def _apply(
        self, asked: Sequence[str], rows: Sequence[InboxRow], counts: GroupCounts, undone: frozenset[str]
    ) -> None:
        self._set_counts(counts)
        found = {row.id: row for row in rows}
        end = self._next_key
        for row_id in asked:
            row = found.get(row_id)
            held = self._rows.get(row_id)
            if row is None:
                if row_id in undone and row_id != self.held_id:
                    self._rows.pop(row_id, None)
                elif held is not None:
                    self._rows[row_id] = msgspec.structs.replace(held, is_in_view=False)
            elif held is not None:
                self._rows[row_id] = self._hold(row, held)
            elif row.is_in_view and (end is None or order_of(row) <= tuple(end)):
                self._rows[row_id] = row
            self._made.pop(row_id, None)
        self._lay_out_again()
        self.repaint(asked)
        self.refreshed.emit()

    def _hold(self, row: InboxRow, was: InboxRow, now_at: int = 0) -> InboxRow:
        """The row as it stands in the list: the held one where it was. One that left its view, too: what no longer
        waits has no time to sort by.
        """
        if row.id == self.held_id:
            self._moved = row if row.is_in_view else None
        elif row.is_in_view:
            return row
        group = self._group(was.consequence_at, now_at) if now_at else was.group
        return msgspec.structs.replace(row, consequence_at=was.consequence_at, group=group)

    def _set_counts(self, counts: GroupCounts) -> None:
        if counts != self._counts:
            self._counts = counts
            self.repaint(_GROUP + group for group in GROUPS)

    def pass_time(self, now_at: int) -> None:
        """A minute went by: clocks read anew, and rows move into the groups they now belong to."""
        self._made.clear()
        for row_id, row in self._rows.items():
            group = self._group(row.consequence_at, now_at)
            if group != row.group:
                self._rows[row_id] = msgspec.structs.replace(row, group=group)
        self._lay_out_again()
        self.repaint_all()

    def _group(self, at: int, now_at: int) -> str:
        if not at:
            return "later"
        if at < now_at:
            return "breached"
        if at < now_at + _HOUR:
            return "next_hour"
        return "today" if at < self._midnight_at else "later"

    def let_go(self, held_id: str = "") -> None:
        """Hold this row from now on; take out the other grey ones, and put the one held before where it belongs."""
        moved, self.held_id = self._moved, held_id
        if moved is not None and moved.id != held_id:
            self._moved = None
            if moved.id in self._rows:
                self._rows[moved.id] = moved
                self._made.pop(moved.id, None)
        for row_id in [row.id for row in self._rows.values() if not row.is_in_view and row.id != held_id]:
            del self._rows[row_id]
        self._lay_out_again()

    def _lay_out_again(self) -> None:
        wanted = self._laid_out(sorted(self._rows.values(), key=order_of))
        if wanted != self._lines:
            self.about_to_change.emit()
            self.set_lines(wanted)
            self.was_changed.emit()
