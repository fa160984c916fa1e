"""The caller log: every number that called or was called, who has it, how often, last when and by whom."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.call_rows import CallFilter, CallSpan, NumberRow
from csr_desktop.ui.calls.call_filters import CallFilters, DayFoot
from csr_desktop.ui.calls.call_list_model import COMING
from csr_desktop.ui.calls.filtered_pane import FilteredPane
from csr_desktop.ui.keyed_model import KeyedModel
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.rows import KEY_ROLE, HeaderRow, Row
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtCore import QModelIndex

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import ThemeSwitch

NUMBERS: Final = CallFilter(whose="team", period="month")
"""What the caller log shows when nothing is filtered."""
_PARTS: Final = ("period", "client", "agent", "direction", "result", "channel")
_KEPT: Final = 500
_SKELETON_AFTER_MILLISECONDS: Final = 150

_Number = tuple[str, int, int]
"""A number, how often, last."""


class NumberListModel(KeyedModel):
    """Keys of lines are the numbers as they are stored. Rows are read when they are looked at."""

    about_to_change = Signal()
    was_changed = Signal()
    rows_wanted = Signal(tuple)

    def __init__(self, themes: ThemeSwitch, words: CallWords) -> None:
        super().__init__(themes)
        self._words = words
        self._numbers: dict[str, _Number] = {}
        self._rows: OrderedDict[str, NumberRow] = OrderedDict()
        self._wanted: dict[str, None] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._ask_for_rows)

    @property
    def group_lines(self) -> Sequence[int]:
        return ()

    def line(self, key: str) -> Row | HeaderRow:
        row = self._rows.get(key)
        if row is None:
            self._wanted[key] = None
            self._soon.start()
            return COMING
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._words.number_row(row)
        return made

    def _ask_for_rows(self) -> None:
        wanted, self._wanted = tuple(self._numbers[key] for key in self._wanted if key in self._numbers), {}
        if wanted:
            self.rows_wanted.emit(wanted)

    def row(self, number: str) -> NumberRow | None:
        return self._rows.get(number)

    def show_numbers(self, numbers: Iterable[_Number]) -> None:
        """In order. Rows that read otherwise now are read again when they are looked at."""
        fresh = {one[0]: one for one in numbers}
        self.about_to_change.emit()
        for number in [number for number, was in self._numbers.items() if fresh.get(number) != was]:
            self._rows.pop(number, None)
            self._made.pop(number, None)
        self._numbers = fresh
        self.set_lines(list(fresh))
        self.was_changed.emit()
        self.repaint_all()

    def put_rows(self, rows: Iterable[NumberRow]) -> None:
        rows = list(rows)
        for row in rows:
            self._rows[row.number] = row
            self._rows.move_to_end(row.number)
        while len(self._rows) > _KEPT:
            self._made.pop(self._rows.popitem(last=False)[0], None)
        self.repaint([row.number for row in rows])

    def forget_rows(self) -> None:
        """Names may have changed."""
        self._rows.clear()
        self.repaint_all()


class NumberList(FilteredPane):
    selected = Signal(str)
    """The latest call of the number."""
    attach_wanted = Signal(str)
    """Of this call's number it is to be said whose it is."""

    def __init__(self, desk: Desk, words: CallWords, parent: QWidget | None = None) -> None:
        themes = desk.themes
        self.model = NumberListModel(themes, words)
        self.saved_button = IconButton(themes, "bookmark-simple", desk.tr("Saved filters"), key_hint="S")
        filters = CallFilters(desk, plain=NUMBERS, parts=_PARTS)
        super().__init__(desk, filters, self.model, desk.tr("Caller log"), self.saved_button, parent)
        self._words = words
        self._shown: CallFilter | None = None
        self._span = CallSpan(0, 0, 0)
        self.set_title(self.tr("Caller log"))
        self._stack = StateStack(self.rows)
        self._empty = EmptyState(themes, "phone", "", "")
        self._error = ErrorState(themes)
        self._loading = LoadingState(themes)
        self._foot = DayFoot(themes)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self._foot)
        self._skeleton = QTimer(self)
        self._skeleton.setSingleShot(True)
        self._skeleton.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._skeleton.timeout.connect(lambda: self._stack.show_state(self._loading))
        self._say_what()
        self._connect()

    def _connect(self) -> None:
        self.filters.changed.connect(self._on_filter)
        self.saved_button.clicked.connect(self.saved_wanted)
        self.model.rows_wanted.connect(self._ask_rows)
        self.rows.current_row_changed.connect(self._on_current)
        self.rows.opened.connect(self._on_opened)
        self._error.acted.connect(self.load)
        self._empty.acted.connect(self._on_empty)

    # Asking

    def load(self) -> None:
        wanted, lists = self.filters.chosen, self._desk.services.call_lists
        if self._shown is None:
            self._skeleton.start()

        def show(answer: tuple[tuple[_Number, ...], CallSpan]) -> None:
            numbers, self._span = answer
            is_other, self._shown = wanted != self._shown, wanted
            self._skeleton.stop()
            self.model.show_numbers(numbers)
            if is_other:
                self.rows.scrollToTop()
            self._show_state(len(numbers), sum(count for _, count, _ in numbers))

        self._desk.ask(self, lambda: (lists.numbers(wanted), lists.span(wanted)), show, self._on_fault, key="numbers")

    def _ask_rows(self, wanted: tuple[_Number, ...]) -> None:
        chosen, lists = self._shown, self._desk.services.call_lists
        if chosen is not None:
            self._desk.ask(self, lambda: lists.number_rows(chosen, wanted), self._put_rows, self._on_fault, key="rows")

    def _put_rows(self, rows: tuple[NumberRow, ...]) -> None:
        self.model.put_rows(rows)
        now = self.rows.currentIndex()
        row = self.model.row(str(now.data(KEY_ROLE))) if now.isValid() else None
        if row is not None and row in rows and self.isVisible():
            self.selected.emit(row.last_call_id)

    def _on_fault(self, fault: CsrDesktopError) -> None:
        self._skeleton.stop()
        self._error.say(self.tr("The numbers could not be read"), str(fault), button=self.tr("Try again"))
        self._stack.show_state(self._error)

    def on_changed(self, change_set: ChangeSet) -> None:
        if self._shown is None:
            return
        if change_set.rights or change_set.touches("interactions"):
            self.load()
        if change_set.rights or change_set.touches("clients", "contacts", "phone_numbers", "users", "organisations"):
            self.model.forget_rows()

    def on_minute(self) -> None:
        self.model.repaint_all()

    # Showing

    def _say_what(self) -> None:
        self.header.set_count(self.filters.words() if self.filters.isHidden() else "")

    def _show_state(self, count: int, calls: int) -> None:
        self._say_what()
        numbers = self.tr("%Ln number(s)", "", count)
        self._foot.say(numbers, self.older_words() or self.tr("%Ln call(s)", "", calls))
        if count:
            self._stack.show_content()
            return
        words = ". ".join(part for part in (self.filters.words(), self.older_words()) if part)
        self._empty.say(self.tr("No number called or was called"), words, button=self.tr("Show all of them"))
        self._stack.show_state(self._empty)

    def older_words(self) -> str:
        """What of the list's time is not on this computer; '' when all is."""
        if not self._span.is_cut:
            return ""
        since = self._desk.words.day(self._desk.words.local(self._span.kept_since_at).date(), with_weekday=False)
        return self.tr("Here since {0}").format(since)

    # Choosing

    def _on_current(self, index: QModelIndex) -> None:
        row = self.model.row(str(index.data(KEY_ROLE))) if index.isValid() else None
        if row is not None and row.last_call_id:
            self.selected.emit(row.last_call_id)

    def _on_opened(self, _index: QModelIndex) -> None:
        self.attach()

    @property
    def current(self) -> NumberRow | None:
        index = self.rows.currentIndex()
        return self.model.row(str(index.data(KEY_ROLE))) if index.isValid() else None

    def attach(self) -> None:
        """Enter or M: say whose an unknown number is."""
        row = self.current
        if row is not None and row.last_call_id:
            if row.can_attach:
                self.attach_wanted.emit(row.last_call_id)
            else:
                self.selected.emit(row.last_call_id)

    def _on_filter(self) -> None:
        self._say_what()
        self.load()

    def _on_empty(self) -> None:
        if self.filters.is_plain:
            self.filters.set_part("period", "all")
        else:
            self.filters.choose()
