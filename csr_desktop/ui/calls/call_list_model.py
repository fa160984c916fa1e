"""The lines of a list of calls: what runs now, then what was. All keys that were paged are here, of the rows those that
are looked at, so a list of years costs no more than a day's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import Signal

from csr_desktop.services.call_rows import CallRow
from csr_desktop.ui.calls.looked_at import LookedAtModel
from csr_desktop.ui.kit.rows import HeaderRow, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from csr_desktop.services.call_rows import CallFilter, CallKey, CallKeys
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.keyed_model import Index
    from csr_desktop.ui.kit.theme import ThemeSwitch

NOW: Final = "now"
EARLIER: Final = "earlier"
_DAY: Final = "day "


class CallListModel(LookedAtModel[CallRow]):
    """Keys of lines are the calls' ids; headers have keys of their own."""

    about_to_change = Signal()
    """Rows will be put in or taken out; the list remembers its place."""
    was_changed = Signal()
    wants_more = Signal()

    def __init__(self, themes: ThemeSwitch, words: CallWords) -> None:
        super().__init__(themes)
        self._words = words
        self._is_by_day = self._shows_agent = False
        self._running: dict[str, Row] = {}
        self._keys: list[CallKey] = []
        self._headers: list[int] = []
        self._day_from_at = 0
        self._next_key: CallKey | None = None
        self._is_loading = False

    # What the list asks

    @property
    def group_lines(self) -> Sequence[int]:
        return self._headers

    def is_call(self, key: str) -> bool:
        return bool(key) and key not in {NOW, EARLIER} and not key.startswith(_DAY)

    def key_of(self, row: CallRow) -> str:
        return row.id

    def has_row(self, key: str) -> bool:
        return self.is_call(key) and key not in self._running

    def make_line(self, key: str) -> Row | HeaderRow:
        if key == NOW:
            return HeaderRow(self.tr("Now"))
        if key == EARLIER:
            count = "" if self._next_key else self._words.words.locale.toString(len(self._shown()))
            return HeaderRow(self.tr("Earlier"), count)
        if key.startswith(_DAY):
            return HeaderRow(self._words.words.long_day(int(key.removeprefix(_DAY))))
        if key in self._running:
            return self._running[key]
        row = self._rows.get(key)
        if row is None:
            return self.want(key)
        made = self._words.past_row(row, shows_agent=self._shows_agent)
        if not self._is_by_day:
            return made
        return msgspec.structs.replace(made, time_text=self._words.words.time_of_day(row.started_at))

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next_key is not None and not self._is_loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._is_loading = True
            self.wants_more.emit()

    # What the pane asks

    @property
    def next_key(self) -> CallKey | None:
        return self._next_key

    @property
    def call_count(self) -> int:
        """How many of the list are here so far."""
        return len(self._keys)

    def rows_here(self) -> list[CallRow]:
        """In order."""
        return [self._rows[i] for _, i in self._keys if i in self._rows]

    def ids_here(self, ids: Iterable[str]) -> list[str]:
        return [i for i in ids if self.place_of(i) >= 0 and i not in self._running]

    # Filling

    def show_running(self, rows: Mapping[str, Row]) -> None:
        """The calls that run, in order; each is no other line meanwhile."""
        before, self._running = self._running, dict(rows)
        changed = [key for key in rows if before.get(key) != rows[key]]
        if list(before) != list(rows):
            self._lay_out()
        self.repaint(changed)

    def show_first(self, chosen: CallFilter, found: CallKeys, rows: Iterable[CallRow], *, is_other: bool) -> None:
        """The first page; `is_other` when it is another list than before."""
        self._is_by_day = chosen.period not in {"today", "yesterday"}
        self._shows_agent = chosen.whose == "team"
        self._keys, self._next_key, self._is_loading = list(found.keys), found.next_key, False
        if is_other:
            self._rows.clear()
        self._take(rows)
        if is_other and self._lines:
            lines = list(self._laid_out())
            self._headers = [at for at, (_, is_header) in enumerate(lines) if is_header]
            self.reset_lines([key for key, _ in lines])
        else:
            self._lay_out()
            self.repaint([EARLIER])

    def add_page(self, found: CallKeys) -> None:
        """The next keys. What came by a change meanwhile is here already."""
        self._is_loading = False
        self._next_key = found.next_key
        after = self._keys[-1] if self._keys else None
        new = [key for key in found.keys if after is None or key < after]
        if new:
            self._keys += new
            first = len(self._lines)
            lines = [key for key, _ in self._day_lines(new) if key not in self._running]
            self._headers += [first + at for at, key in enumerate(lines) if not self.is_call(key)]
            self._add_at_end(lines)
        self.repaint([EARLIER])

    def give_up_page(self) -> None:
        self._is_loading = False

    def apply(self, asked: Iterable[str], found: Iterable[CallKey], rows: Iterable[CallRow]) -> None:
        """These were read again: keys of those that belong here, and some of their rows."""
        gone = set(asked)
        kept = [key for key in self._keys if key[1] not in gone]
        end = self._next_key
        kept += [key for key in found if end is None or key >= end]
        kept.sort(reverse=True)
        self._keys = kept
        self._drop_rows(gone)
        self._take(rows)
        self._lay_out()
        self.repaint([*gone, EARLIER])

    def forget_rows(self, kept: Iterable[str]) -> None:
        """Names may have changed: but for these, rows are read again when they are looked at."""
        keep = set(kept)
        self._drop_rows([i for i in self._rows if i not in keep])

    def pass_time(self) -> None:
        """Times are said anew."""
        self.repaint_all()

    # Lines

    def _shown(self) -> list[CallKey]:
        if not self._running:
            return self._keys
        return [key for key in self._keys if key[1] not in self._running]

    def _laid_out(self) -> Iterator[tuple[str, bool]]:
        """Keys of lines, and whether they are headers."""
        if self._running:
            yield NOW, True
            yield from ((key, False) for key in self._running)
        shown = self._shown()
        if not self._is_by_day:
            if shown:
                yield EARLIER, True
            yield from ((call_id, False) for _, call_id in shown)
            return
        self._day_from_at = 0
        yield from self._day_lines(shown)

    def _day_lines(self, keys: Iterable[CallKey]) -> Iterator[tuple[str, bool]]:
        """Behind what came last: a header whenever a day ends. Keys come from the latest down."""
        if not self._is_by_day:
            yield from ((call_id, False) for _, call_id in keys)
            return
        for at, call_id in keys:
            if not self._day_from_at or at < self._day_from_at:
                self._day_from_at = self._midnight_before(at)
                yield f"{_DAY}{self._day_from_at}", True
            yield call_id, False

    def _midnight_before(self, at: int) -> int:
        midnight = self._words.words.local(at).replace(hour=0, minute=0, second=0, microsecond=0)
        return round(midnight.timestamp()) * 1000

    def _lay_out(self) -> None:
        lines = [key for key, _ in self._laid_out()]
        if lines == self._lines:
            return
        self.about_to_change.emit()
        self.set_lines(lines)
        self._note_headers()
        self.was_changed.emit()

    def _note_headers(self) -> None:
        self._headers = [at for at, key in enumerate(self._lines) if not self.is_call(key)]
