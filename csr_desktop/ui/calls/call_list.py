"""The list of calls: what runs now, what ran earlier, with filters above and the day's figures beneath."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.services.call_rows import CallFilter, CallPage, CallRow, DayFigures
from csr_desktop.ui.calls.call_filters import CallFilters, DayFoot
from csr_desktop.ui.calls.call_list_model import CallListModel, Entry
from csr_desktop.ui.calls.call_words import CallWords
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import Pane, column
from csr_desktop.ui.kit.rows import KEY_ROLE, HeaderRow, Row
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack
from csr_desktop.ui.notices import PlaceNotice

PAGE = 100
_SKELETON_AFTER_MILLISECONDS = 150
_HEADERS = ("now", "earlier")


class CallList(Pane):
    """Keys of rows are the calls' ids; headers have keys of their own."""

    selected = Signal(str)
    opened = Signal(str)
    log_wanted = Signal()
    start_wanted = Signal()

    def __init__(self, desk: Desk, words: CallWords, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, " ", parent=parent)
        self._desk = desk
        self._words = words
        self._running = running_calls(desk)
        self._rows: list[CallRow] = []
        self._next_key: tuple[int, str] | None = None
        self._has_answer = False
        self._wanted_id = ""
        self.set_title(self.tr("Calls"))
        themes = desk.themes
        self.filters = CallFilters(themes)
        self.filters.hide()
        self.model = CallListModel(self)
        self.rows = RowList(themes, self.tr("Calls"))
        self.rows.setModel(self.model)
        self._stack = StateStack(self.rows)
        self._empty = EmptyState(themes, "phone", "", "")
        self._error = ErrorState(themes)
        self._loading = LoadingState(themes)
        self.notice = PlaceNotice(desk, self)
        self._foot = DayFoot(themes)
        self._filter_button = IconButton(themes, "funnel-simple", self.tr("Filter and search calls"), key_hint="/")
        self._filter_button.setCheckable(True)
        self._log_button = IconButton(themes, "note-pencil", self.tr("Log a call afterwards"), key_hint="L")
        self.header.add_button(self._log_button)
        self.header.add_button(self._filter_button)
        self._lay_out()
        self._connect()
        self._skeleton = QTimer(self)
        self._skeleton.setSingleShot(True)
        self._skeleton.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._skeleton.timeout.connect(self._show_skeleton)
        self._say_filter()
        desk.ask(self, desk.services.people.is_lead, lambda is_lead: self.filters.set_lead(is_lead=is_lead))

    def _lay_out(self) -> None:
        space = self._desk.themes.theme.sizes.space
        self.body.addWidget(self.filters)
        self.body.addWidget(self._stack, 1)
        self._notices = QWidget()
        column(self._notices, margins=(space.close, space.tight, space.close, space.close)).addWidget(self.notice)
        self.notice.closed.connect(self._notices.hide)
        self._notices.hide()
        self._desk.noticed.disconnect(self.notice.show_notice)
        self._desk.noticed.connect(self._show_notice)
        self.body.addWidget(self._notices)
        self.body.addWidget(self._foot)

    def _show_notice(self, notice: Notice) -> None:
        if self.isVisible():
            self._notices.show()
            self.notice.show_notice(notice)

    def _connect(self) -> None:
        self.filters.changed.connect(self._on_filter)
        self._filter_button.toggled.connect(self._on_filter_button)
        self._log_button.clicked.connect(self.log_wanted)
        self.rows.current_row_changed.connect(self._on_current)
        self.rows.opened.connect(lambda index: self.opened.emit(str(index.data(KEY_ROLE))))
        self.model.wants_more.connect(self._ask_more)
        self._running.listed.connect(self._show_rows)
        self._running.edited.connect(lambda _id: self._on_tick())
        self._running.ticked.connect(self._on_tick)
        self._error.acted.connect(self.load)
        self._empty.acted.connect(self._on_empty)

    # Asking

    def load(self) -> None:
        """Ask for the first page, or for as much as is shown, and for the day's figures."""
        wanted, limit = self.filters.chosen, max(PAGE, len(self._rows))
        if not self._has_answer:
            self._skeleton.start()
        calls = self._desk.services.calls

        def run() -> tuple[CallFilter, CallPage, DayFigures]:
            return wanted, calls.page(wanted, None, limit), calls.day_figures()

        self._desk.ask(self, run, self._on_page, self._on_fault, key="page")

    def _on_page(self, answer: tuple[CallFilter, CallPage, DayFigures]) -> None:
        _, page, figures = answer
        self._has_answer = True
        self._skeleton.stop()
        self._rows = list(page.rows)
        self._next_key = page.next_key
        self._foot.say(*self._words.figures(figures))
        self._show_rows()

    def _on_fault(self, fault: CsrDesktopError) -> None:
        self._skeleton.stop()
        self._error.say(self.tr("These calls could not be opened"), str(fault), button=self.tr("Try again"))
        self._stack.show_state(self._error)

    def _ask_more(self) -> None:
        if self._next_key is None:
            return
        wanted, after = self.filters.chosen, self._next_key
        self._desk.ask(
            self, lambda: self._desk.services.calls.page(wanted, after, PAGE), self._on_more, self._on_fault, key="more"
        )

    def _on_more(self, page: CallPage) -> None:
        known = {row.id for row in self._rows}
        self._rows += [row for row in page.rows if row.id not in known]
        self._next_key = page.next_key
        self._show_rows()

    def on_changed(self, change_set: ChangeSet) -> None:
        """Known calls are asked for by id; new ones, or ones that went, by the page."""
        touched = change_set.ids("interactions")
        if change_set.rights or change_set.touches("clients", "contacts", "phone_numbers", "users"):
            self.load()
            return
        if not touched:
            return
        known = {row.id for row in self._rows}
        if not touched <= known:
            self.load()
            return
        calls = self._desk.services.calls
        self._desk.ask(
            self, lambda: (calls.rows(sorted(touched)), calls.day_figures()), lambda a: self._on_rows(touched, *a)
        )

    def _on_rows(self, asked: frozenset[str], rows: tuple[CallRow, ...], figures: DayFigures) -> None:
        fresh = {row.id: row for row in rows}
        self._rows = [fresh.get(row.id, row) for row in self._rows if row.id in fresh or row.id not in asked]
        self._foot.say(*self._words.figures(figures))
        self._show_rows()

    # Showing

    def row(self, call_id: str) -> CallRow | None:
        return next((row for row in self._rows if row.id == call_id), None)

    def _entries(self) -> list[Entry]:
        entries: list[Entry] = []
        running = self._running.all()
        if running:
            entries.append(("now", HeaderRow(self.tr("Now"))))
            entries += [(c.id, self._words.running_row(c, self._running.handle_seconds(c))) for c in running]
        shown = [row for row in self._rows if self._running.get(row.id) is None]
        wanted = self.filters.chosen
        if wanted.period == "today":
            if shown:
                count = "" if self._next_key else self._desk.words.locale.toString(len(shown))
                entries.append(("earlier", HeaderRow(self.tr("Earlier"), count)))
            entries += [(row.id, self._past(row, wanted)) for row in shown]
            return entries
        day = ""
        for row in shown:
            today = self._desk.words.local(row.started_at).date().isoformat()
            if today != day:
                day = today
                entries.append((f"day {day}", HeaderRow(self._desk.words.long_day(row.started_at))))
            entries.append((row.id, self._past(row, wanted)))
        return entries

    def _past(self, row: CallRow, wanted: CallFilter) -> Row:
        made = self._words.past_row(row, shows_agent=wanted.whose == "team")
        if wanted.period == "today":
            return made
        return msgspec.structs.replace(made, time_text=self._desk.words.time_of_day(row.started_at))

    def _show_rows(self) -> None:
        entries = self._entries()
        self.rows.blockSignals(True)
        with self.rows.keep_place():
            self.model.set_entries(entries)
        self.rows.blockSignals(False)
        self.model.has_more = self._next_key is not None
        if self._wanted_id and self.model.row_of(self._wanted_id) >= 0 and self.selected_id != self._wanted_id:
            self.show_selected(self._wanted_id)
        if entries:
            self._stack.show_content()
        elif self._has_answer:
            self._say_empty()
            self._stack.show_state(self._empty)

    def _say_empty(self) -> None:
        if self.filters.is_plain:
            self._empty.say(
                self.tr("No calls yet today"),
                self.tr("Calls you take and make stand here. Start one with Ctrl D, or log one afterwards with L."),
                button=self.tr("Start a call"),
            )
        else:
            self._empty.say(self.tr("No calls match"), self.filters.words(), button=self.tr("Show today's calls"))

    def _on_empty(self) -> None:
        if self.filters.is_plain:
            self.start_wanted.emit()
        else:
            self.filters.choose()

    def _show_skeleton(self) -> None:
        if not self._has_answer and not self._running.all():
            self._stack.show_state(self._loading)

    def _on_tick(self) -> None:
        if self.isVisible():
            self.model.repaint(self._running_row)

    def _running_row(self, key: str) -> Row | None:
        call = self._running.get(key)
        return self._words.running_row(call, self._running.handle_seconds(call)) if call else None

    def on_minute(self) -> None:
        self._show_rows()

    # Choosing

    def _on_filter_button(self, is_on: bool) -> None:  # Qt's signal
        self.filters.setVisible(is_on)
        if is_on:
            self.filters.text.setFocus()
        elif not self.filters.is_plain:
            self.filters.choose()

    def search(self) -> None:
        self._filter_button.setChecked(True)
        self.filters.text.setFocus()
        self.filters.text.selectAll()

    def fold_filters(self) -> bool:
        """Esc in the filters; False when they were folded already."""
        if not self._filter_button.isChecked():
            return False
        self._filter_button.setChecked(False)
        self.rows.setFocus()
        return True

    def _on_filter(self) -> None:
        self._say_filter()
        self._rows = []
        self._next_key = None
        self.load()

    def _say_filter(self) -> None:
        self.header.set_count(self.filters.words())

    def _on_current(self, index: QModelIndex) -> None:
        key = str(index.data(KEY_ROLE)) if index.isValid() else ""
        if key and key not in _HEADERS:
            self._wanted_id = key
            self.selected.emit(key)

    def show_selected(self, call_id: str) -> bool:
        """Mark that row without telling anyone, as soon as the list shows it; False while it does not."""
        self._wanted_id = call_id
        self.rows.blockSignals(True)
        found = self.rows.select_key(call_id)
        if not found:
            self.rows.clearSelection()
            self.rows.setCurrentIndex(QModelIndex())
        self.rows.blockSignals(False)
        return found

    @property
    def selected_id(self) -> str:
        index = self.rows.currentIndex()
        return str(index.data(KEY_ROLE)) if index.isValid() else ""
