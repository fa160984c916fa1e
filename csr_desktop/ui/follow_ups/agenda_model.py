"""The lines of the agenda: read in pages, refreshed by id, parted by when it is their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import Signal

from csr_desktop.ui.follow_ups.agenda_words import GROUPS, AgendaWords
from csr_desktop.ui.keyed_model import KeyedModel
from csr_desktop.ui.kit.rows import HeaderRow
from csr_desktop.ui.wording import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.follow_up_rows import AgendaCounts, FollowUpKey, FollowUpPage, FollowUpRow
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.keyed_model import Index
    from csr_desktop.ui.kit.rows import Row

PAGE: Final = 200
_GROUP: Final = "group:"
_Found = tuple["FollowUpPage", tuple["FollowUpRow", ...], "AgendaCounts"]


def order_of(row: FollowUpRow) -> tuple[int, str]:
    return (row.turn_at, row.id)


class AgendaModel(KeyedModel):
    """Open ones by their turn, then those done today. One that left the view stays, grey and with the reason, until
    `drop_left`.
    """

    laid_out = Signal()
    """The lines are in their places."""
    counted = Signal(object)
    """AgendaCounts of what is shown."""

    def __init__(self, desk: Desk, words: AgendaWords) -> None:
        super().__init__(desk.themes)
        self._desk = desk
        self._words = words
        self.whose = "mine"
        self.kind = ""
        self.sees_all = False
        """Whether rows of teams that are not mine belong to the team's agenda, as for a manager."""
        self._rows: dict[str, FollowUpRow] = {}
        self._done: list[str] = []
        self._left: dict[str, str] = {}
        self._gone: set[str] = set()
        """Rows that the next laying out takes away; the list may look at them until then."""
        self._counts: AgendaCounts | None = None
        self._bounds: FollowUpPage | None = None
        self._next_key: FollowUpKey | None = None
        self._is_loading = False
        self._is_narrow = False
        self._edition = 0
        """Counts agendas shown, so that a page of another is known."""

    def make_line(self, key: str) -> Row | HeaderRow:
        if key.startswith(_GROUP):
            return self._header(key.removeprefix(_GROUP))
        return self._words.row(
            self._rows[key],
            shows_assignee=self.whose == "team",
            is_narrow=self._is_narrow,
            left_reason=self._left.get(key, ""),
        )

    def _header(self, group: str) -> HeaderRow:
        count = getattr(self._counts, group) if self._counts else 0
        return HeaderRow(self._words.group(group), self._words.words.locale.toString(count) if count else "")

    def set_narrow(self, *, is_narrow: bool) -> None:
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self.repaint_all()

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next_key is not None and not self._is_loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask_page(self._next_key)

    # What the place asks

    def row_at(self, index: Index) -> FollowUpRow | None:
        return self._rows.get(self.key_at(index)) if index.isValid() else None

    def row_of(self, row_id: str) -> FollowUpRow | None:
        return self._rows.get(row_id)

    def has_rows(self) -> bool:
        return bool(self._lines)

    def is_here(self, row_id: str) -> bool:
        """Among the open ones, and not on its way out."""
        row = self._rows.get(row_id)
        return row is not None and row.state == "open" and row_id not in self._left

    def first_of_interest(self) -> str:
        """The first that is open, else the first."""
        rows = [key for key in self._lines if not key.startswith(_GROUP)]
        return next((key for key in rows if self.is_here(key)), rows[0] if rows else "")

    def next_after(self, row_id: str, leaving: Iterable[str] = ()) -> str:
        """The open one below, else above, that is not leaving too; '' when none is left."""
        gone = {row_id, *leaving}
        at = self.place_of(row_id)
        if at < 0:
            return ""
        below, above = self._lines[at + 1 :], list(reversed(self._lines[:at]))
        return next((key for key in (*below, *above) if key not in gone and self.is_here(key)), "")

    # Reading

    def show(self, whose: str, kind: str) -> None:
        """Start again with the first page; what was shown stays until it comes."""
        self.whose, self.kind = whose, kind
        self._edition += 1
        self._is_loading = False
        self._left.clear()
        self._ask_page(None)

    def reload(self) -> None:
        """Read as much as is shown again, as when a day is over."""
        self._edition += 1
        self._is_loading = False
        self._ask_page(None, max(PAGE, len(self._rows)))

    def _ask_page(self, after_key: FollowUpKey | None, limit: int = PAGE) -> None:
        whose, kind, edition = self.whose, self.kind, self._edition
        follow_ups = self._desk.services.follow_ups
        self._is_loading = True

        def read() -> _Found:
            return (
                follow_ups.page(whose, kind, after_key, limit),
                follow_ups.done_today(whose, kind),
                follow_ups.counts(whose, kind),
            )

        def show(found: _Found) -> None:
            if edition != self._edition:
                return
            self._is_loading = False
            page, done, counts = found
            if after_key is None:
                self._gone = set(self._rows).difference(self._left)
            self._next_key, self._bounds = page.next_key, page
            self._rows.update((row.id, row) for row in page.rows)
            self._gone.difference_update(row.id for row in page.rows)
            self._set_done(done)
            self._set_counts(counts)
            self._lay_out()
            if after_key is None:
                self.repaint_all()
            self.page_loaded.emit()

        def fail(fault: CsrDesktopError) -> None:
            if edition == self._edition:
                self._is_loading = False
                self.failed.emit(fault)

        self._desk.ask(self, read, show, fail, key="" if after_key else "first")

    # Refreshing

    def refresh(self, ids: Iterable[str]) -> None:
        """Read these again: those here, and those that may belong here now."""
        wanted, whose, kind, edition = tuple(ids), self.whose, self.kind, self._edition
        follow_ups = self._desk.services.follow_ups
        if not wanted:
            return

        def read() -> tuple[tuple[FollowUpRow, ...], tuple[FollowUpRow, ...], AgendaCounts]:
            return follow_ups.rows(wanted), follow_ups.done_today(whose, kind), follow_ups.counts(whose, kind)

        def show(found: tuple[tuple[FollowUpRow, ...], tuple[FollowUpRow, ...], AgendaCounts]) -> None:
            if edition == self._edition:
                self._apply(wanted, *found)

        self._desk.ask(self, read, show)

    def _apply(
        self, asked: Sequence[str], rows: Sequence[FollowUpRow], done: Sequence[FollowUpRow], counts: AgendaCounts
    ) -> None:
        found = {row.id: row for row in rows}
        is_done = {row.id for row in done}
        for row_id in asked:
            row, held = found.get(row_id), self._rows.get(row_id)
            self._left.pop(row_id, None)
            if row is not None and self._belongs(row):
                if held is not None or self._next_key is None or order_of(row) <= tuple(self._next_key):
                    self._rows[row_id] = row
            elif held is not None and held.state != "open":
                self._gone.add(row_id)
            elif held is not None and row_id not in is_done:
                self._left[row_id] = self._reason(row)
                # It keeps its place: what no longer waits has no turn.
                self._rows[row_id] = msgspec.structs.replace(row or held, turn_at=held.turn_at, group=held.group)
        self._set_done(done)
        self._set_counts(counts)
        self._lay_out()
        self.repaint(asked)

    def _belongs(self, row: FollowUpRow) -> bool:
        is_ours = row.is_mine if self.whose == "mine" else row.can_work or self.sees_all
        return row.state == "open" and is_ours and self.kind in {"", row.kind}

    def _reason(self, row: FollowUpRow | None) -> str:
        if row is None:
            return self.tr("No longer here")
        if row.state != "open":
            return self.tr("Done by {0}").format(row.completed_by_name)
        if row.assignee_name and not row.is_mine:
            return self.tr("Given to {0}").format(row.assignee_name)
        return self.tr("No longer in this list")

    def _set_done(self, done: Sequence[FollowUpRow]) -> None:
        self._done = [row.id for row in done]
        self._gone.difference_update(self._done)
        self._rows.update((row.id, row) for row in done)
        for row_id in self._done:
            self._made.pop(row_id, None)

    def _set_counts(self, counts: AgendaCounts) -> None:
        if counts != self._counts:
            self._counts = counts
            self.repaint(_GROUP + group for group in GROUPS)
            self.counted.emit(counts)

    def drop_left(self, except_id: str = "") -> None:
        """Take out the grey ones."""
        gone = [row_id for row_id in self._left if row_id != except_id]
        for row_id in gone:
            del self._left[row_id]
        if gone:
            self._gone.update(gone)
            self._lay_out()

    def pass_time(self) -> bool:
        """A minute went by: times read anew and rows move into their groups. False when the day is over."""
        bounds, now = self._bounds, self._words.words.now()
        if bounds is None or now >= bounds.midnight_at:
            return False
        is_moved = False
        for row_id, row in self._rows.items():
            group = "overdue" if row.turn_at < now else row.group
            if group != row.group and row.state == "open":
                self._rows[row_id] = msgspec.structs.replace(row, group=group)
                is_moved = True
        # What is over a day away reads the same until midnight.
        self.repaint([row.id for row in self._rows.values() if row.due_at < now + DAY or row.snoozed_until_at])
        if is_moved:
            self._lay_out()
            self._ask_counts()
        return True

    def _ask_counts(self) -> None:
        whose, kind, edition = self.whose, self.kind, self._edition
        follow_ups = self._desk.services.follow_ups

        def show(counts: AgendaCounts) -> None:
            if edition == self._edition:
                self._set_counts(counts)

        self._desk.ask(self, lambda: follow_ups.counts(whose, kind), show, key="counts")

    def _lay_out(self) -> None:
        """Whoever is done stands at the end, which is there once all that is open has been read."""
        hidden = self._gone.union(self._done)
        here = [row for row in self._rows.values() if row.id not in hidden]
        shown = [row for row in here if row.state == "open" or row.id in self._left]
        lines: list[str] = []
        group = ""
        for row in sorted(shown, key=order_of):
            if row.group != group:
                group = row.group
                lines.append(_GROUP + group)
            lines.append(row.id)
        if self._done and self._next_key is None:
            lines += [_GROUP + "done_today", *self._done]
        self.set_lines(lines)
        for row_id in self._gone:
            self._rows.pop(row_id, None)
            self._made.pop(row_id, None)
        self._gone.clear()
        self.laid_out.emit()
