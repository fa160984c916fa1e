"""A list model that has the keys of all its lines, and of the rows those that are looked at and the next ones."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from PySide6.QtCore import QTimer, Signal

from csr_desktop.ui.keyed_model import KeyedModel
from csr_desktop.ui.kit.rows import HeaderRow, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from csr_desktop.ui.kit.theme import ThemeSwitch

R = TypeVar("R")

COMING: Final = Row("\u2026", is_done=True)
"""Stands in a line until its row has come."""
_KEPT: Final = 1_000
"""Rows held at once: many times what a screen shows."""
_AT_ONCE: Final = 60
"""Rows of one question; a screen shows fewer."""


class LookedAtModel(KeyedModel, Generic[R]):
    """One question for rows at a time: what is seen first, then what comes next in the direction of scrolling. No row
    is asked for twice.
    """

    rows_wanted = Signal(tuple)
    """Keys of rows that are not here; answered by `put_rows` or `give_up_rows`."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__(themes)
        self._rows: OrderedDict[str, R] = OrderedDict()
        self._seen: dict[str, None] = {}
        self._ahead: list[str] = []
        self._is_asking = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._ask_for_rows)

    def key_of(self, row: R) -> str:
        raise NotImplementedError

    def has_row(self, key: str) -> bool:
        """Whether that line can have a row that is to be read."""
        raise NotImplementedError

    def line(self, key: str) -> Row | HeaderRow:
        made = self._made.get(key)
        if made is None:
            made = self.make_line(key)
            if made is not COMING:
                self._made[key] = made
        return made

    def row(self, key: str) -> R | None:
        return self._rows.get(key)

    def is_here(self, key: str) -> bool:
        """Whether the line can be painted."""
        return key in self._rows or not self.has_row(key)

    def want(self, key: str) -> Row:
        """The line is looked at and its row not here."""
        self._seen[key] = None
        self._soon.start()
        return COMING

    def look_ahead(self, first: int, last: int) -> None:
        """These lines come next, in this order, which may go upwards."""
        step = 1 if last >= first else -1
        inside = range(max(0, min(first, last)), min(len(self._lines), max(first, last) + 1))
        lines = (self._lines[at] for at in (inside if step > 0 else reversed(inside)))
        self._ahead = [key for key in lines if not self.is_here(key)]
        if self._ahead:
            self._soon.start()

    def _ask_for_rows(self) -> None:
        if self._is_asking:
            return
        seen, self._seen = [key for key in self._seen if not self.is_here(key)], {}
        wanted = seen[-_AT_ONCE:] or [key for key in self._ahead if not self.is_here(key)][:_AT_ONCE]
        if wanted:
            self._is_asking = True
            self.rows_wanted.emit(tuple(wanted))

    def put_rows(self, rows: Iterable[R]) -> None:
        """What was wanted has come."""
        rows = list(rows)
        self._take(rows)
        self.repaint([self.key_of(row) for row in rows])
        self.give_up_rows()

    def give_up_rows(self) -> None:
        """The question was answered, or could not be."""
        self._is_asking = False
        if self._seen or self._ahead:
            self._soon.start()

    def _take(self, rows: Iterable[R]) -> None:
        for row in rows:
            key = self.key_of(row)
            self._rows[key] = row
            self._rows.move_to_end(key)
            self._made.pop(key, None)
        while len(self._rows) > _KEPT:
            old, _ = self._rows.popitem(last=False)
            self._made.pop(old, None)

    def _drop_rows(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._rows.pop(key, None)
            self._made.pop(key, None)
