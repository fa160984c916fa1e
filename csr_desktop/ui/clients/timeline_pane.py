"""The client's history: filters with counts, the lines, and the note that is being written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from csr_desktop.ui.clients.note_composer import NoteComposer
from csr_desktop.ui.clients.timeline_model import TimelineModel
from csr_desktop.ui.keyed_model import keeping_place
from csr_desktop.ui.kit.chips import FilterChips
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.row_delegate import PAGE_COLUMNS
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import TimelineCounts, TimelineRow
    from csr_desktop.ui.clients.timeline_words import TimelineWords
    from csr_desktop.ui.desk import Desk

_SKELETON_AFTER_MILLISECONDS = 150
KINDS = ("", "call", "ticket", "follow_up", "note", "change")


class TimelinePane(QFrame):
    opened = Signal(object)
    """A TimelineRow to be opened or read."""

    def __init__(self, desk: Desk, words: TimelineWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._client_id = ""
        self._client_name = ""
        self._counts: TimelineCounts | None = None
        themes, sizes = desk.themes, desk.themes.theme.sizes
        set_look(self, ground="surface")
        self.setAccessibleName(self.tr("Timeline"))
        self.setMinimumWidth(sizes.width.list_min)
        self.model = TimelineModel(desk, words)
        self.rows = RowList(themes, self.tr("Timeline"), columns=PAGE_COLUMNS)
        self.rows.setModel(self.model)
        self.model.keep_place = partial(keeping_place, self.rows)
        self.composer = NoteComposer(desk)
        self._title = Label(self.tr("Timeline"), size="title", weight=600)
        self.filters = FilterChips(themes, self.tr("Show in the timeline"))
        for kind in KINDS:
            self.filters.add(kind, self._filter_name(kind))
        self._empty = EmptyState(themes, "clock-counter-clockwise", "")
        self._loading = LoadingState(themes)
        self._error = ErrorState(themes, "", "", self.tr("Try again"))
        self._states = StateStack(self.rows)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._lay_out()
        self._connect()

    def _filter_name(self, kind: str) -> str:
        return {
            "": self.tr("All"),
            "call": self.tr("Calls"),
            "ticket": self.tr("Tickets"),
            "follow_up": self.tr("Follow-ups"),
            "note": self.tr("Notes"),
            "change": self.tr("Changes"),
        }[kind]

    def _lay_out(self) -> None:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        self._head = QWidget()
        self._head.setMinimumHeight(sizes.height.pane_header)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._head.setSizePolicy(policy)
        margin = (sizes.height.pane_header - sizes.height.control) // 2
        head = line(self._head, spacing=sizes.space.pane, margins=(sizes.space.page, margin, sizes.space.pane, margin))
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self.filters, 0)
        self._head.installEventFilter(self)
        whole = column(self)
        whole.addWidget(self._head)
        whole.addWidget(Hairline(themes))
        whole.addWidget(self.composer)
        whole.addWidget(self._states, 1)

    def _connect(self) -> None:
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))
        self.model.page_loaded.connect(self._on_page_loaded)
        self.model.failed.connect(self._on_failed)
        self.rows.opened.connect(self._on_opened)
        self.filters.chosen.connect(self._on_filter)
        self._empty.acted.connect(self._on_empty_acted)
        self._error.acted.connect(lambda: self.model.show_client(self._client_id, self.model.kind))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._head and event.type() in {QEvent.Type.Resize, QEvent.Type.LayoutRequest}:
            self._share_room()
        return super().eventFilter(watched, event)

    def _share_room(self) -> None:
        """The filters stand in one line where there is room, else they wrap beside the title, or alone."""
        space = self._desk.themes.theme.sizes.space
        title = self._title.sizeHint().width()
        room = self._head.width() - space.page - space.pane
        wanted = self.filters.sizeHint().width()
        shows_title = room - title - space.pane >= min(wanted, room // 2)
        self._title.setVisible(shows_title)
        width = min(wanted, room - (title + space.pane if shows_title else 0))
        self.filters.setFixedWidth(max(1, width))
        self.filters.setFixedHeight(max(self.filters.heightForWidth(width), 1))

    # Showing

    def show_client(self, client_id: str, name: str, *, is_other: bool) -> None:
        self._client_id, self._client_name = client_id, name
        if is_other:
            self.filters.choose("")
            self._slow.start()
            self.model.show_client(client_id, "")

    def show_counts(self, counts: TimelineCounts) -> None:
        self._counts = counts
        for kind in KINDS:
            self.filters.set_count(kind, getattr(counts, kind or "all"))
        self._share_room()

    def choose_kind(self, kind: str) -> None:
        self.filters.choose(kind)
        self._on_filter(kind)

    def _on_filter(self, kind: str) -> None:
        self._slow.start()
        self.model.show_client(self._client_id, kind)

    def refresh(self, changes: ChangeSet) -> bool:
        return self.model.refresh(changes)

    def on_minute(self) -> None:
        self.model.pass_time()

    def _on_page_loaded(self) -> None:
        self._slow.stop()
        if self.model.has_rows():
            self._states.show_content()
            return
        if self.model.kind:
            self._empty.say(self.tr("Nothing of this kind yet"), "", button=self.tr("Show everything"))
        else:
            text = self.tr("Calls, tickets, follow-ups, notes and changes of {0} will stand here.")
            self._empty.say(self.tr("Nothing has happened yet"), text.format(self._client_name))
        self._states.show_state(self._empty)

    def _on_empty_acted(self) -> None:
        self.choose_kind("")

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._error.say(self.tr("This timeline could not be read"), str(fault), button=self.tr("Try again"))
        self._states.show_state(self._error)

    def _on_opened(self, index: QModelIndex) -> None:
        row: TimelineRow | None = self.model.row_at(index)
        if row is not None:
            self.opened.emit(row)
