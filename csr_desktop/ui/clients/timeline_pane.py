"""The client's history: filters with counts, the lines, and the note that is being written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QEvent, QModelIndex, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QWidget

from csr_desktop.domain.change_set import changed
from csr_desktop.ui.clients.note_composer import NoteComposer
from csr_desktop.ui.clients.timeline_model import OLDER, OLDER_KINDS, TimelineModel
from csr_desktop.ui.keyed_model import keeping_place
from csr_desktop.ui.kit.chips import FilterChips
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.float import is_in_float
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.notice import announce
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


class _Lines(RowList):
    """Of a history that may be long: a row is known by its key."""

    def _row_of(self, key: object) -> int:
        model = self.model()
        return model.place_of(str(key)) if isinstance(model, TimelineModel) else -1


class TimelinePane(QFrame):
    opened = Signal(object)
    """A TimelineRow to be opened or read."""
    _older_waits = False
    """For what came from the server to be shown. The class has it, too: the window may be collected; see Actions."""

    def __init__(self, desk: Desk, words: TimelineWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._client_id = ""
        self._client_name = ""
        self._counts: TimelineCounts | None = None
        self._said = ""
        self._acted = QElapsedTimer()
        self._acted.start()
        themes, sizes = desk.themes, desk.themes.theme.sizes
        set_look(self, ground="surface")
        self.setAccessibleName(self.tr("Timeline"))
        self.setMinimumWidth(sizes.width.list_min)
        self.model = TimelineModel(desk, words)
        self.rows = _Lines(themes, self.tr("Timeline"), columns=PAGE_COLUMNS)
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
        self.model.older_said.connect(self._on_older_said)
        self.model.older_came.connect(self._on_older_came)
        self.model.end_read.connect(self._on_end_read)
        self.rows.opened.connect(self._on_opened)
        self.rows.clicked.connect(self._on_clicked)
        self.rows.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)
        self.filters.chosen.connect(self._on_filter)
        self._empty.acted.connect(self._on_empty_acted)
        self._error.acted.connect(self._try_again)

    def _try_again(self) -> None:
        self.model.show_client(self._client_id, self.model.kind)

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
            self.model.stop_older()
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

    def refresh_older(self, changes: ChangeSet) -> None:
        """What came from the server waits while something floats over the window: who types there is not held up."""
        if self._is_covered():
            self._older_waits = True
        else:
            self.model.refresh_older(changes)

    @staticmethod
    def _is_covered() -> bool:
        return is_in_float(QApplication.focusWidget())

    @Slot(QWidget, QWidget)  # as in Actions
    def _on_focus_changed(self, _old: QWidget | None, _now: QWidget | None) -> None:
        if self._older_waits and not self._is_covered():
            self._older_waits = False
            self.model.refresh_older(changed({"older": [self._client_id]}))

    def on_minute(self) -> None:
        older = self.model.older
        if older is not None and 0 < older.kept_until_at <= self._desk.words.now():
            self.model.show_client(self._client_id, self.model.kind)  # a day has passed: it is not shown any more
        self.model.pass_time()

    def _on_page_loaded(self) -> None:
        self._slow.stop()
        if self.model.has_rows():
            had_keyboard = self._empty.button.hasFocus()
            self._states.show_content()
            if had_keyboard:
                self.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        older = self.model.older_line
        if older is not None and older.act:
            title = self.tr("Nothing of this kind is here") if self.model.kind else self.tr("Nothing is here yet")
            text = older.title if older.title.endswith(("…", ".")) else f"{older.title}."
            self._empty.say(title, f"{text} {older.text}".strip(), button=older.act)
        elif self.model.kind:
            self._empty.say(self.tr("Nothing of this kind yet"), "", button=self.tr("Show everything"))
        else:
            text = self.tr("Calls, tickets, follow-ups, notes and changes of {0} will stand here.")
            words = [text.format(self._client_name), *([older.title, older.text] if older is not None else ())]
            self._empty.say(self.tr("Nothing has happened yet"), " ".join(part for part in words if part))
        self._states.show_state(self._empty)

    def _on_empty_acted(self) -> None:
        older = self.model.older_line
        if older is not None and older.act:
            self._act_on_older()
        else:
            self.choose_kind("")

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._error.say(self.tr("This timeline could not be read"), str(fault), button=self.tr("Try again"))
        self._states.show_state(self._error)

    def _on_opened(self, index: QModelIndex) -> None:
        if self.model.key_at(index) == OLDER:
            self._act_on_older()
        row: TimelineRow | None = self.model.row_at(index)
        if row is not None:
            self.opened.emit(row)

    # Older history

    @property
    def can_show_older(self) -> bool:
        return self.model.older is not None and self.model.older.step != "whole"

    def show_older(self) -> None:
        """Go to the end of what is here, and wish for what is on the server."""
        if self.model.kind not in {"", *OLDER_KINDS}:
            self.choose_kind("")
        if self.model.older is not None and self.model.older.step != "fetching":
            self.model.show_more_older()
        self.model.read_to_end()

    def _act_on_older(self) -> None:
        """What the last line says that Enter does. The second half of a double click does nothing."""
        older = self.model.older
        if older is None:
            return
        if older.step == "fetching":
            if self._acted.elapsed() > QApplication.doubleClickInterval():
                self.model.stop_older()
            return
        self._acted.start()
        if older.step not in {"whole", "refused"}:
            self.model.show_more_older()

    def _on_clicked(self, index: QModelIndex) -> None:
        if self.model.key_at(index) == OLDER:
            self._act_on_older()

    def _on_scrolled(self, value: int) -> None:
        """At the end the next page comes by itself, once the first was asked for."""
        older = self.model.older
        is_at_end = 0 < value == self.rows.verticalScrollBar().maximum()
        if is_at_end and older is not None and older.step == "shown" and self.model.place_of(OLDER) >= 0:
            self.model.show_more_older()

    def _on_end_read(self) -> None:
        if self._states.shows_content:
            self.rows.select_key(OLDER)
            self.rows.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_older_said(self) -> None:
        older = self.model.older_line
        said = older.title if older is not None else ""
        if said != self._said and said and self.isVisible():
            announce(self.rows, f"{said} {older.text}".strip() if older is not None else said)
        self._said = said
        client_id, clients = self._client_id, self._desk.services.clients
        self._desk.ask(self, lambda: clients.timeline_counts(client_id), self.show_counts, key="counts")

    def _on_older_came(self, first_key: str) -> None:
        """Who waited at the last line goes on reading at the first that came."""
        if first_key and self.model.key_at(self.rows.currentIndex()) == OLDER:
            self.rows.select_key(first_key)
