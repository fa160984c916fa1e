"""The caller log: every number that called or was called, who has it, how often, last when and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.call_rows import CallFilter, CallSpan, NumberChange, NumberKeys, NumberRow
from csr_desktop.ui.calls.call_filters import CallFilters, DayFoot
from csr_desktop.ui.calls.filtered_pane import FilteredPane
from csr_desktop.ui.calls.looked_at import LookedAtModel
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.rows import KEY_ROLE, HeaderRow, Row
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.call_rows import NumberKey
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.keyed_model import Index
    from csr_desktop.ui.kit.theme import ThemeSwitch

NUMBERS: Final = CallFilter(whose="team", period="month")
"""What the caller log shows when nothing is filtered."""
_PARTS: Final = ("period", "client", "agent", "direction", "result", "channel")
_FIRST_ROWS: Final = 40
_PAGE: Final = 500
"""Numbers read at once."""
_MOST_AGAIN: Final = 2_000
_ONE_BY_ONE: Final = 300
"""Calls that changed at once; of more the list is read anew."""
_SKELETON_AFTER_MILLISECONDS: Final = 150


class NumberListModel(LookedAtModel[NumberRow]):
    """Keys of lines are the numbers as they are stored."""

    about_to_change = Signal()
    was_changed = Signal()
    wants_more = Signal()

    def __init__(self, themes: ThemeSwitch, words: CallWords) -> None:
        super().__init__(themes)
        self._words = words
        self._numbers: dict[str, NumberKey] = {}
        self._next_key: NumberKey | None = None
        self._is_loading = False

    @property
    def group_lines(self) -> Sequence[int]:
        return ()

    @property
    def next_key(self) -> NumberKey | None:
        return self._next_key

    def key_of(self, row: NumberRow) -> str:
        return row.number

    def has_row(self, _key: str) -> bool:
        return True

    def make_line(self, key: str) -> Row | HeaderRow:
        row = self._rows.get(key)
        return self.want(key) if row is None else self._words.number_row(row)

    def numbers(self, keys: Iterable[str]) -> tuple[NumberKey, ...]:
        return tuple(self._numbers[key] for key in keys if key in self._numbers)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next_key is not None and not self._is_loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._is_loading = True
            self.wants_more.emit()

    def give_up_page(self) -> None:
        self._is_loading = False

    def show_first(self, found: NumberKeys) -> None:
        """In order. Rows that read otherwise now are read again when they are looked at."""
        self._next_key, self._is_loading = found.next_key, False
        self._show({one[0]: one for one in found.keys})
        self.repaint_all()

    def add_page(self, found: NumberKeys) -> None:
        """The next numbers. What came by a change meanwhile is here already."""
        self._next_key, self._is_loading = found.next_key, False
        new = {one[0]: one for one in found.keys if one[0] not in self._numbers}
        if new:
            self._numbers |= new
            self._add_at_end(list(new))

    def apply(self, found: NumberChange) -> None:
        """These were counted again."""
        gone, end = set(found.numbers), self._next_key
        kept = [one for number, one in self._numbers.items() if number not in gone]
        kept += [one for one in found.keys if end is None or (one[2], one[0]) >= (end[2], end[0])]
        kept.sort(key=lambda one: (one[2], one[0]), reverse=True)
        self._show({one[0]: one for one in kept})
        self.repaint(gone)

    def _show(self, fresh: dict[str, NumberKey]) -> None:
        self.about_to_change.emit()
        self._drop_rows([number for number, was in self._numbers.items() if fresh.get(number) != was])
        self._numbers = fresh
        self.set_lines(list(fresh))
        self.was_changed.emit()

    def rows_here(self) -> tuple[NumberRow, ...]:
        return tuple(self._rows.values())

    def forget_rows(self) -> None:
        """Names may have changed."""
        self._rows.clear()
        self.repaint_all()


class NumberList(FilteredPane):
    loaded = Signal()
    """The first page stands."""
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
        self._is_stale = False
        self._wanted_id = ""
        """The call that is open beside the list."""
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
        self.model.wants_more.connect(self._ask_more)
        self.rows.current_row_changed.connect(self._on_current)
        self.rows.opened.connect(self._on_opened)
        self._error.acted.connect(self.load)
        self._empty.acted.connect(self._on_empty)

    # Asking

    def load(self) -> None:
        wanted, lists = self.filters.chosen, self._desk.services.call_lists
        if self._shown is None:
            self._skeleton.start()

        limit = _PAGE if wanted != self._shown else max(_PAGE, min(len(self.model.lines), _MOST_AGAIN))

        def run() -> Generator[None, None, tuple[NumberKeys, CallSpan]]:
            yield from lists.gather_numbers(wanted)
            return lists.numbers(wanted, None, limit), lists.span(wanted)

        def show(answer: tuple[NumberKeys, CallSpan]) -> None:
            found, self._span = answer
            is_other, self._shown = wanted != self._shown, wanted
            self._is_stale = False
            self._skeleton.stop()
            self.model.show_first(found)
            if is_other:
                self.rows.scrollToTop()
            self.model.look_ahead(0, _FIRST_ROWS)
            self._show_state(found.number_count, found.call_count)
            self.loaded.emit()

        self._desk.ask_in_steps(self, run, show, self._on_fault, key="numbers")

    def _ask_more(self) -> None:
        wanted, after, lists = self._shown, self.model.next_key, self._desk.services.call_lists
        if wanted is None or after is None:
            return

        def run() -> Generator[None, None, NumberKeys]:
            yield from lists.gather_numbers(wanted)
            return lists.numbers(wanted, after, _PAGE)

        def show(found: NumberKeys) -> None:
            if wanted == self._shown:
                self.model.add_page(found)
                self.rows.fetch_ahead()

        self._desk.ask_in_steps(self, run, show, self._on_fault, key="more")

    def _ask_rows(self, keys: tuple[str, ...]) -> None:
        chosen, wanted, lists = self._shown, self.model.numbers(keys), self._desk.services.call_lists
        if chosen is None or not wanted:
            self.model.give_up_rows()
            return
        self._desk.ask(self, lambda: lists.number_rows(chosen, wanted), self._put_rows, self._on_fault)

    def _put_rows(self, rows: tuple[NumberRow, ...]) -> None:
        self.model.put_rows(rows)
        self.show_selected(self._wanted_id)
        now = self.rows.currentIndex()
        row = self.model.row(str(now.data(KEY_ROLE))) if now.isValid() else None
        if row is not None and row in rows and self.isVisible():
            self.selected.emit(row.last_call_id)

    def _on_fault(self, fault: CsrDesktopError) -> None:
        self._skeleton.stop()
        self.model.give_up_page()
        self.model.give_up_rows()
        self._error.say(self.tr("The numbers could not be read"), str(fault), button=self.tr("Try again"))
        self._stack.show_state(self._error)

    def on_changed(self, change_set: ChangeSet) -> None:
        if self._shown is None:
            return
        touched = sorted(change_set.ids("interactions"))
        if change_set.rights or len(touched) > _ONE_BY_ONE:
            self._load_when_seen()
        elif touched:
            self._ask_again(touched)
        if change_set.rights or change_set.touches("clients", "contacts", "phone_numbers", "users", "organisations"):
            self.model.forget_rows()

    def _load_when_seen(self) -> None:
        """The place loads a list that is shown."""
        if self.isVisible():
            self.load()
        else:
            self._is_stale = True

    def _ask_again(self, call_ids: list[str]) -> None:
        """Only the numbers of these calls."""
        wanted, lists = self._shown, self._desk.services.call_lists
        if wanted is None or self._is_stale:
            return

        def show(found: NumberChange | None) -> None:
            if wanted != self._shown:
                return
            if found is None:
                self._load_when_seen()
                return
            self.model.apply(found)
            self._show_state(found.number_count, found.call_count)

        self._desk.ask(self, lambda: lists.numbers_again(wanted, call_ids), show)

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

    def show_selected(self, call_id: str) -> None:
        """Mark the number whose latest call this is without telling anyone, as soon as it is read; else none: what is
        open is never beside a line that it is not of.
        """
        self._wanted_id = call_id
        current = self.current
        if not call_id or (current is not None and current.last_call_id == call_id):
            return
        number = next((row.number for row in self.model.rows_here() if row.last_call_id == call_id), "")
        self.rows.blockSignals(True)
        if not number or not self.rows.select_key(number):
            self.rows.clearSelection()
            self.rows.setCurrentIndex(QModelIndex())
        self.rows.blockSignals(False)

    def choose_first(self) -> str:
        """Make the first number the current one; its latest call is shown as soon as it is read."""
        if not self.rows.currentIndex().isValid():
            self.rows.select_row(0)
        return ""

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
