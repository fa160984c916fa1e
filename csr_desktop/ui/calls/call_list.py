"""The list of calls: what runs now, what ran earlier, with filters above and the day's figures beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPoint, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.call_rows import CallFilter, CallKeys, CallRow, CallSpan, DayFigures
from csr_desktop.ui.calls.call_filters import CallFilters, DayFoot
from csr_desktop.ui.calls.call_list_model import CallListModel
from csr_desktop.ui.calls.exporting import ExportBar
from csr_desktop.ui.calls.filtered_pane import FilteredPane
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.kit.rows import KEY_ROLE, Row
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack
from csr_desktop.ui.notices import PlaceNotice

if TYPE_CHECKING:
    from collections.abc import Generator

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.calls.call_words import CallWords

PAGE: Final = 200
"""Keys of the first page, which stands at once."""
_MORE: Final = 500
"""Keys of a further page, which is read long before its lines are reached."""
_MOST_AGAIN: Final = 2_000
"""Keys that are read again at once."""
_FIRST_ROWS: Final = 60
_ONE_BY_ONE: Final = 300
"""Calls that changed at once; of more the list is read anew."""
_SKELETON_AFTER_MILLISECONDS: Final = 150
PLAIN: Final = {"mine": CallFilter(), "team": CallFilter(whose="team")}
"""By view, what it shows when nothing is filtered."""

_Page = tuple[CallFilter, CallKeys, tuple[CallRow, ...], DayFigures, CallSpan]


class CallList(FilteredPane):
    """Keys of rows are the calls' ids; headers have keys of their own."""

    selected = Signal(str)
    opened = Signal(str)
    loaded = Signal()
    """The first page stands."""
    log_wanted = Signal()
    start_wanted = Signal()
    export_wanted = Signal()
    private_wanted = Signal()
    older_wanted = Signal(str)
    """Of this client, what is older than the calls here."""

    def __init__(self, desk: Desk, words: CallWords, parent: QWidget | None = None) -> None:
        themes = desk.themes
        self.model = CallListModel(themes, words)
        self._more_button = IconButton(themes, "dots-three", desk.tr("More to do with this list"))
        super().__init__(desk, CallFilters(desk), self.model, desk.tr("Calls"), self._more_button, parent)
        self._words = words
        self._running = running_calls(desk)
        self.view = "mine"
        self.is_lead = False
        self._shown: CallFilter | None = None
        """Whose calls stand in the list."""
        self._span = CallSpan(0, 0, 0)
        self._count: int | None = None
        self._figures: DayFigures | None = None
        self._has_answer = False
        self._wanted_id = ""
        self._stack = StateStack(self.rows)
        self._empty = EmptyState(themes, "phone", "", "")
        self._error = ErrorState(themes)
        self._loading = LoadingState(themes)
        self.notice = PlaceNotice(desk, self)
        self.export_bar = ExportBar(themes)
        self._foot = DayFoot(themes)
        self._lay_out()
        self._connect()
        self._skeleton = QTimer(self)
        self._skeleton.setSingleShot(True)
        self._skeleton.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._skeleton.timeout.connect(self._show_skeleton)
        self._say_title()

    def _lay_out(self) -> None:
        space = self._desk.themes.theme.sizes.space
        self.body.addWidget(self._stack, 1)
        self._notices = QWidget()
        column(self._notices, margins=(space.close, space.tight, space.close, space.close)).addWidget(self.notice)
        self.notice.closed.connect(self._notices.hide)
        self._notices.hide()
        self._desk.noticed.disconnect(self.notice.show_notice)
        self._desk.noticed.connect(self._show_notice)
        self.body.addWidget(self._notices)
        self.body.addWidget(self.export_bar)
        self.body.addWidget(self._foot)

    def _show_notice(self, notice: Notice) -> None:
        if self.isVisible() and self._desk.page_notice is None:
            self._notices.show()
            self.notice.show_notice(notice)

    def _connect(self) -> None:
        self.filters.changed.connect(self._on_filter)
        self._more_button.clicked.connect(self._open_more)
        self.rows.current_row_changed.connect(self._on_current)
        self.rows.opened.connect(lambda index: self.opened.emit(str(index.data(KEY_ROLE))))
        self.model.wants_more.connect(self._ask_more)
        self.model.rows_wanted.connect(self._ask_rows)
        self._running.listed.connect(self._show_running)
        self._running.edited.connect(lambda _id: self._on_tick())
        self._running.ticked.connect(self._on_tick)
        self._error.acted.connect(self.load)
        self._empty.acted.connect(self._on_empty)

    def _open_more(self) -> None:
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

        lines = [
            MenuLine(self.tr("Log a call afterwards"), self.log_wanted.emit, "note-pencil", "L"),
            MenuLine(self.tr("Saved filters"), self.saved_wanted.emit, "bookmark-simple", "S"),
            MenuLine(self.tr("Export this list"), self.export_wanted.emit, "download-simple", key_text("Ctrl+E")),
        ]
        if self.is_lead:
            lines.append(MenuLine(self.tr("Private numbers, counted"), self.private_wanted.emit, "eye-slash", "P"))
        open_menu(self._desk.themes, self._more_button.accessibleName(), self._more_button, lines, is_trailing=True)

    # Views

    def show_view(self, view: str) -> None:
        """Mine, or the team's; what is filtered stays."""
        if view != self.view:
            self.view = view
            self.filters.set_plain(PLAIN[view])
            self._say_title()
            self.load()

    def _say_what(self) -> None:
        """How many, where chips say what is filtered by; else of what time."""
        if self.filters.isHidden():
            self.header.set_count(self.filters.words())
        else:
            self.header.set_count("" if self._count is None else self._desk.words.locale.toString(self._count))

    def _say_title(self) -> None:
        title = {"mine": self.tr("My calls"), "team": self.tr("Team's calls")}[self.view]
        self.set_title(title)
        self.rows.setAccessibleName(title)
        self._say_what()

    # Asking

    def load(self) -> None:
        """Ask for the first page, or for as much as is shown, and for the day's figures."""
        wanted = self.filters.chosen
        limit = PAGE if wanted != self._shown else max(PAGE, min(self.model.call_count, _MOST_AGAIN))
        if not self._has_answer:
            self._skeleton.start()
        calls, lists = self._desk.services.calls, self._desk.services.call_lists

        def run() -> Generator[None, None, _Page]:
            yield from lists.gather(wanted)
            found = lists.keys(wanted, None, limit)
            rows = calls.rows([i for _, i in found.keys[:_FIRST_ROWS]])
            return wanted, found, rows, calls.day_figures(), lists.span(wanted)

        self._desk.ask_in_steps(self, run, self._on_page, self._on_fault, key="page")

    def _on_page(self, answer: _Page) -> None:
        wanted, found, rows, self._figures, self._span = answer
        is_other, self._shown = self._shown is not None and wanted != self._shown, wanted
        self._has_answer = True
        self._skeleton.stop()
        self._count = None if found.next_key else len(found.keys)
        self.rows.blockSignals(True)
        self.model.show_running(self._running_rows())
        self.model.show_first(wanted, found, rows, is_other=is_other)
        if is_other:
            self.rows.scrollToTop()
        self.rows.blockSignals(False)
        self._show_state()
        if self._count is None:
            self._ask_count(wanted)
        self.loaded.emit()

    def _ask_count(self, wanted: CallFilter) -> None:
        lists = self._desk.services.call_lists

        def show(count: int) -> None:
            self._count = count
            self._say_foot()

        self._desk.ask_in_steps(self, lambda: lists.count(wanted), show, key="count")

    def _on_fault(self, fault: CsrDesktopError) -> None:
        self._skeleton.stop()
        self.model.give_up_page()
        self.model.give_up_rows()
        self._error.say(self.tr("These calls could not be opened"), str(fault), button=self.tr("Try again"))
        self._stack.show_state(self._error)

    def _ask_more(self) -> None:
        wanted, after, lists = self._shown, self.model.next_key, self._desk.services.call_lists
        if wanted is None or after is None:
            return

        def run() -> Generator[None, None, CallKeys]:
            yield from lists.gather(wanted)
            return lists.keys(wanted, after, _MORE)

        def show(found: CallKeys) -> None:
            if wanted == self._shown:
                self.model.add_page(found)
                self.rows.fetch_ahead()

        self._desk.ask_in_steps(self, run, show, self._on_fault, key="more")

    def _ask_rows(self, ids: tuple[str, ...]) -> None:
        calls = self._desk.services.calls
        self._desk.ask(self, lambda: calls.rows(ids), self.model.put_rows, self._on_fault)

    def on_changed(self, change_set: ChangeSet) -> None:
        """Calls are asked for by id: those here, and those that may belong here now."""
        touched = sorted(change_set.ids("interactions"))
        if change_set.rights or len(touched) > _ONE_BY_ONE or self._shown is None:
            self.load()
            return
        if change_set.touches("clients", "contacts", "phone_numbers", "users"):
            seen = self._seen()
            self.model.forget_rows(seen)
            self._ask_rows(tuple(seen))
        if not touched:
            return
        calls, lists, wanted = self._desk.services.calls, self._desk.services.call_lists, self._shown

        def read() -> tuple[tuple[tuple[int, str], ...], tuple[CallRow, ...], DayFigures]:
            found = lists.among(wanted, touched)
            return found, calls.rows([i for _, i in found[:_FIRST_ROWS]]), calls.day_figures()

        def show(answer: tuple[tuple[tuple[int, str], ...], tuple[CallRow, ...], DayFigures]) -> None:
            if wanted != self._shown:
                return
            found, rows, self._figures = answer
            if self._count is not None:
                self._count += len(found) - len(self.model.ids_here(touched))
            self.rows.blockSignals(True)
            self.model.apply(touched, found, rows)
            self.rows.blockSignals(False)
            self._show_state()

        self._desk.ask(self, read, show)

    def _seen(self) -> list[str]:
        """Ids of the calls in sight."""
        rows = self.rows
        first, last = (rows.indexAt(QPoint(0, y)).row() for y in (0, rows.viewport().height() - 1))
        lines = self.model.lines[max(0, first) : (last if last >= 0 else len(self.model.lines)) + 1]
        return [key for key in lines if self.model.row(key) is not None]

    # Showing

    def row(self, call_id: str) -> CallRow | None:
        return self.model.row(call_id)

    @property
    def _rows(self) -> list[CallRow]:
        return self.model.rows_here()

    def _running_rows(self) -> dict[str, Row]:
        return {c.id: self._words.running_row(c, self._running.handle_seconds(c)) for c in self._running.all()}

    def _show_running(self) -> None:
        self.rows.blockSignals(True)
        self.model.show_running(self._running_rows())
        self.rows.blockSignals(False)
        self._show_state()

    def _show_state(self) -> None:
        if self._wanted_id and self.selected_id != self._wanted_id and self.model.place_of(self._wanted_id) >= 0:
            self.show_selected(self._wanted_id)
        self._say_foot()
        if self.model.lines:
            self._stack.show_content()
        elif self._has_answer:
            self._say_empty()
            self._stack.show_state(self._empty)

    def _say_foot(self) -> None:
        self._say_what()
        if self._figures is None:
            return
        if self.view == "mine" and self._shown is not None and self._shown.period == "today":
            self._foot.say(*self._words.figures(self._figures))
            return
        count = self.tr("%Ln call(s)", "", self._count) if self._count is not None else self.tr("Counting\u2026")
        self._foot.say(count, self.older_words())

    def older_words(self) -> str:
        """What of the list's time is not on this computer; '' when all is."""
        if not self._span.is_cut:
            return ""
        since = self._desk.words.day(self._desk.words.local(self._span.kept_since_at).date(), with_weekday=False)
        if self.filters.chosen.client_id:
            return self.tr("Older than {0}: O").format(since)
        return self.tr("Here since {0}").format(since)

    def ask_older(self) -> None:
        """O: what is older of the client that is filtered by."""
        if self.filters.chosen.client_id:
            self.older_wanted.emit(self.filters.chosen.client_id)

    def _say_empty(self) -> None:
        if self.filters.is_plain and self.view == "mine":
            self._empty.say(
                self.tr("No calls yet today"),
                self.tr("Calls you take and make stand here. Start one with {0}, or log one afterwards with L.").format(
                    key_text("Ctrl+D")
                ),
                button=self.tr("Start a call"),
            )
        elif self.filters.is_plain:
            self._empty.say(
                self.tr("No calls of the team yet today"),
                self.tr("What colleagues take and make stands here as soon as they save it."),
                button=self.tr("Show the last 30 days"),
            )
        else:
            words = [self.filters.words(), self.older_words()]
            self._empty.say(
                self.tr("No calls match"),
                ". ".join(part for part in words if part),
                button=self.tr("Show today's calls"),
            )

    def _on_empty(self) -> None:
        if not self.filters.is_plain:
            self.filters.choose()
        elif self.view == "mine":
            self.start_wanted.emit()
        else:
            self.filters.set_part("period", "month")

    def _show_skeleton(self) -> None:
        if not self._has_answer and not self._running.all():
            self._stack.show_state(self._loading)

    def _on_tick(self) -> None:
        if self.isVisible():
            self.model.show_running(self._running_rows())

    def on_minute(self) -> None:
        self.model.pass_time()

    # Choosing

    def _on_filter(self) -> None:
        self._say_what()
        self.load()

    def _on_current(self, index: QModelIndex) -> None:
        key = str(index.data(KEY_ROLE)) if index.isValid() else ""
        if self.model.is_call(key):
            self._wanted_id = key
            self.selected.emit(key)

    def show_selected(self, call_id: str) -> bool:
        """Mark that row without telling anyone, as soon as the list shows it; False while it does not."""
        self._wanted_id = call_id
        self.rows.blockSignals(True)
        found = self.rows.select_key(call_id)
        if not found:
            self.rows.clearSelection()
            self.rows.setCurrentIndex(QModelIndex())  # said, or with the keyboard Qt would take the first
        self.rows.blockSignals(False)
        return found

    def choose_first(self) -> str:
        """Mark the first call without telling anyone: its id, '' where there is none."""
        call_id = next((key for key in self.model.lines if self.model.has_row(key)), "")
        if call_id:
            self.show_selected(call_id)
        return call_id

    @property
    def selected_id(self) -> str:
        index = self.rows.currentIndex()
        return str(index.data(KEY_ROLE)) if index.isValid() else ""
