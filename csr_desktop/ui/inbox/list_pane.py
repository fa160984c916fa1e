"""The list of the inbox with its header, its states, the bar for several rows and the notice at its foot."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QTimer, Signal

from csr_desktop.services.inbox_rows import VIEWS
from csr_desktop.ui.inbox.bulk_bar import BulkBar
from csr_desktop.ui.inbox.inbox_model import InboxModel
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.long_list import LongList
from csr_desktop.ui.kit.panes import Pane, column
from csr_desktop.ui.kit.state_stack import StateStack
from csr_desktop.ui.notices import PlaceNotice

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.inbox_rows import InboxCounts, InboxRow, View
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.inbox.inbox_words import InboxWords
    from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState

_SKELETON_AFTER_MILLISECONDS = 150


class ListPane(Pane):
    """Says which row is chosen; keeps it chosen while rows come and go."""

    chosen = Signal(object)
    """The InboxRow of the current line, None without one."""
    opened = Signal()
    """Enter or a double click: the keyboard goes to what is selected."""
    view_wanted = Signal(str)
    new_wanted = Signal()

    def __init__(self, desk: Desk, words: InboxWords, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self.set_title(words.view("mine"))
        self._desk = desk
        self._words = words
        self._counts: InboxCounts | None = None
        self._wanted_id = ""
        self._is_held = False
        themes, sizes = desk.themes, desk.themes.theme.sizes
        self.setMinimumWidth(sizes.width.list_min)
        self.model = InboxModel(desk, words)
        self.rows = LongList(themes, self.tr("Inbox"), self.model)
        self.bulk = BulkBar(themes)
        self._notice = PlaceNotice(desk)
        self._states = StateStack(self.rows)
        self._lay_out()
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))
        self.model.page_loaded.connect(self._on_page_loaded)
        self.model.failed.connect(self._on_failed)
        self.model.was_changed.connect(self._show_state)
        self.model.refreshed.connect(self._follow_held)
        self.rows.current_row_changed.connect(self._on_current_changed)
        self.rows.opened.connect(lambda _index: self.opened.emit())
        self.rows.marks_changed.connect(self._on_marks_changed)

    # What stands in place of rows is built when there are none

    @cached_property
    def _empty(self) -> EmptyState:
        from csr_desktop.ui.kit.states import EmptyState

        made = EmptyState(self._desk.themes, "tray", "")
        made.acted.connect(self._on_empty_acted)
        return made

    @cached_property
    def _loading(self) -> LoadingState:
        from csr_desktop.ui.kit.states import LoadingState

        return LoadingState(self._desk.themes)

    @cached_property
    def _error(self) -> ErrorState:
        from csr_desktop.ui.kit.states import ErrorState

        made = ErrorState(self._desk.themes, self.tr("The inbox could not be read"), "", self.tr("Try again"))
        made.acted.connect(lambda: self.show_view(self.model.view))
        return made

    def _lay_out(self) -> None:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        self.header.set_caption(self.tr("Earliest consequence first"))
        new = IconButton(themes, "plus", self.tr("New ticket"), key_hint="Ctrl+N")
        new.clicked.connect(self.new_wanted)
        self._views = IconButton(themes, "funnel-simple", self.tr("Choose a view"))
        self._views.clicked.connect(self._open_views)
        self.header.add_button(new)
        self.header.add_button(self._views)
        self.body.addWidget(self._states, 1)
        foot = column(margins=(space.apart, space.close, space.apart, space.close))
        self._foot_margins = foot
        foot.addWidget(self._notice)
        self.body.addLayout(foot)
        self.body.addWidget(self.bulk)
        self._notice.installEventFilter(self)
        self._fit_foot()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._notice and event.type() in {QEvent.Type.Show, QEvent.Type.Hide}:
            self._fit_foot()
        return super().eventFilter(watched, event)

    def _fit_foot(self) -> None:
        """No room is kept while there is nothing to say."""
        space = self._desk.themes.theme.sizes.space
        high = 0 if self._notice.isHidden() else space.close
        self._foot_margins.setContentsMargins(space.apart, high, space.apart, high)

    # Views and counts

    def show_view(self, view: View) -> None:
        if view != self.model.view:
            self._wanted_id = "" if not self._is_held else self._wanted_id
        self.header.set_title(self._words.view(view))
        self.setAccessibleName(self._words.view(view))
        self.rows.setAccessibleName(self._words.view(view))
        self.rows.clear_marks()
        self._slow.start()
        self.model.show_view(view)
        self._show_counts()

    def show_counts(self, counts: InboxCounts) -> None:
        self._counts = counts
        self._show_counts()

    def _show_counts(self) -> None:
        if self._counts is not None:
            count = getattr(self._counts, self.model.view)
            self.header.set_count(self.locale().toString(count))
            if not self._states.shows_content:
                self._say_empty()

    def _open_views(self) -> None:
        from csr_desktop.ui.kit.menu_float import MenuFloat
        from csr_desktop.ui.kit.picker import Pick

        picks = []
        for view in VIEWS:
            count = getattr(self._counts, view) if self._counts else 0
            picks.append(Pick(view, self._words.view(view), self.locale().toString(count) if count else ""))
        menu = MenuFloat(self._desk.themes, self.window(), self._views.accessibleName(), picks)
        menu.taken.connect(self.view_wanted)
        menu.open_by(self._views, chosen_key=self.model.view, is_trailing=True)

    # States

    def _on_page_loaded(self) -> None:
        self._slow.stop()
        self._show_state()
        if not self.rows.currentIndex().isValid() and self.model.has_rows():
            self._choose_first()
        self.rows.fetch_ahead()

    def _choose_first(self) -> None:
        if self._wanted_id and self.rows.select_key(self._wanted_id):
            return
        # What was opened from elsewhere may not be in this view; then no other row is shown in its place.
        if not self._is_held:
            self.rows.setCurrentIndex(self.model.index(1))

    def _follow_held(self) -> None:
        if not self._is_held or (self.current is not None and self.current.id == self._wanted_id):
            return
        if not self.rows.select_key(self._wanted_id):
            # What was opened is no row of this view; no other row may look as if it were the one that is shown.
            self.rows.leave_current()

    def _show_state(self) -> None:
        if self.model.has_rows():
            self._states.show_content()
        else:
            self._say_empty()
            self._states.show_state(self._empty)
            self.chosen.emit(None)

    def _say_empty(self) -> None:
        view = self.model.view
        if view == "mine":
            unassigned = self._counts.unassigned if self._counts else 0
            button = (
                self.tr("See what is unassigned, {0}").format(self.locale().toString(unassigned)) if unassigned else ""
            )
            text = self.tr("New work lands here, the most pressing first.")
            self._empty.say(self.tr("Nothing waits for you"), text, button=button if unassigned else "")
            return
        title, text = {
            "unassigned": (self.tr("Everything is taken"), self.tr("Tickets that nobody has taken stand here.")),
            "my_team": (self.tr("Nothing waits for your team"), self.tr("All open work of your team stands here.")),
            "due_today": (self.tr("Nothing more is due today"), self.tr("What is due by tonight stands here.")),
            "breached": (self.tr("Nothing is late"), self.tr("What is past its time stands here.")),
            "waiting": (
                self.tr("No client keeps you waiting"),
                self.tr("Tickets waiting for the client stand here."),
            ),
            "escalated": (self.tr("Nothing is escalated"), self.tr("Tickets given to a lead stand here.")),
        }[view]
        self._empty.say(title, text, button=self.tr("See what is mine"))

    def _on_empty_acted(self) -> None:
        self.view_wanted.emit("unassigned" if self.model.view == "mine" else "mine")

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._error.say(self.tr("The inbox could not be read"), str(fault), button=self.tr("Try again"))
        self._states.show_state(self._error)

    def reload(self) -> None:
        """Read the view anew; the current row stays the current one where it is on the first page."""
        current = self.current
        self._wanted_id = current.id if current else self._wanted_id
        self.model.show_view(self.model.view)

    def pass_time(self) -> None:
        self.model.pass_time(self._desk.words.now())

    # Choosing

    @property
    def current(self) -> InboxRow | None:
        return self.model.row_at(self.rows.currentIndex())

    def want(self, row_id: str) -> bool:
        """Choose that row; when it is not here yet, as soon as the first page has it."""
        self._wanted_id = row_id
        self._is_held = True
        return self.rows.select_key(row_id)

    def marked_rows(self) -> list[InboxRow]:
        """The selected rows, in order; the current one when none is."""
        found = [self.model.row_of(key) for key in self.rows.marked_keys]
        return [row for row in found if row is not None]

    def _on_current_changed(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is None:
            return
        self._wanted_id = row.id
        self._is_held = False
        self.chosen.emit(row)
        # Rows that left their view or place go when the selection moves on; not while it is moving.
        QTimer.singleShot(0, self, self._let_go)

    def _let_go(self) -> None:
        self.model.let_go(self._wanted_id)

    def _on_marks_changed(self) -> None:
        rows = self.marked_rows()
        if self.rows.is_marking and rows:
            self.bulk.show_count(
                len(rows),
                assignable=sum(row.kind != "call" and row.can_work for row in rows),
                resolvable=sum(row.kind == "ticket" and row.can_work for row in rows),
            )
        else:
            self.bulk.hide()
