"""The agenda with its header and filters, its states, the bar for several rows and the notice at its foot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from csr_desktop.ui.follow_ups.agenda_list import AgendaList
from csr_desktop.ui.follow_ups.agenda_model import AgendaModel
from csr_desktop.ui.follow_ups.bulk_bar import BulkBar
from csr_desktop.ui.follow_ups.deeds import open_ids, usual_outcome
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import FilterChips
from csr_desktop.ui.kit.panes import Hairline, Pane, column
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack
from csr_desktop.ui.notices import PlaceNotice

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.follow_up_rows import AgendaCounts, FollowUpRow
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.follow_ups.agenda_words import AgendaWords
    from csr_desktop.ui.kit.theme import ThemeSwitch

_SKELETON_AFTER_MILLISECONDS = 150


class _ChipsLine(QWidget):
    """Filters in a line of their own under the header; they wrap."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        space = themes.theme.sizes.space
        self._inner = column(margins=(space.pane, space.tight, space.pane, space.tight))
        whole = column(self)
        whole.addLayout(self._inner)
        whole.addWidget(Hairline(themes))

    def set_chips(self, chips: FilterChips) -> None:
        self._inner.addWidget(chips)


class ListPane(Pane):
    """Says which follow-up is chosen; keeps it chosen while rows come and go."""

    chosen = Signal(object)
    """The FollowUpRow of the current line, None without one."""
    opened = Signal()
    """Enter or a double click: the keyboard goes to what is selected."""
    checked = Signal(object)
    """The FollowUpRow whose circle was pressed."""
    whose_changed = Signal(str)
    new_wanted = Signal()

    def __init__(self, desk: Desk, words: AgendaWords, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, self.tr("Follow-ups"), parent=parent)
        self._desk = desk
        self._words = words
        self._wanted_id = ""
        self._can_write = True
        self._sees_team = False
        themes, sizes = desk.themes, desk.themes.theme.sizes
        self.setMinimumWidth(sizes.width.list_min)
        self.model = AgendaModel(desk, words)
        self.rows = AgendaList(themes, self.tr("Follow-ups"), self.model)
        self.bulk = BulkBar(themes)
        self.notice = PlaceNotice(desk)
        self.kinds = FilterChips(themes, self.tr("Show"))
        for key, text in (
            ("", self.tr("All")),
            ("promise", self.tr("Promises")),
            ("callback", self.tr("Callbacks")),
            ("deadline", self.tr("Deadlines")),
        ):
            self.kinds.add(key, text)
        self.whose = FilterChips(themes, self.tr("Whose"))
        self.whose.add("mine", self.tr("Mine"))
        self.whose.add("team", self.tr("Team"))
        self.new = Button(themes, self.tr("New"), role="primary", icon="plus", key_hint="N")
        self.new.setAccessibleName(self.tr("New follow-up"))
        self._empty = EmptyState(themes, "calendar-check", "")
        self._loading = LoadingState(themes)
        self._error = ErrorState(themes, "", "", "")
        self._states = StateStack(self.rows)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        themes = self._desk.themes
        self.header.add_button(self.new)
        self._whose_line, self._kinds_line = _ChipsLine(themes), _ChipsLine(themes)
        self._whose_line.set_chips(self.whose)
        self._in_header = False
        self._place_kinds(in_header=True)
        for chips_line in (self._whose_line, self._kinds_line):
            chips_line.hide()
            self.body.addWidget(chips_line)
        self.body.addWidget(self._states, 1)
        self._foot = column()
        self._foot.addWidget(self.bulk)
        self._foot.addWidget(self.notice)
        self.body.addLayout(self._foot)
        self._fit_foot()

    def _connect(self) -> None:
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))
        self.new.clicked.connect(self.new_wanted)
        self.kinds.chosen.connect(lambda _key: self.load())
        self.whose.chosen.connect(self._on_whose)
        self.model.page_loaded.connect(self._on_page_loaded)
        self.model.failed.connect(self._on_failed)
        self.model.counted.connect(self._on_counted)
        self.model.laid_out.connect(self._on_laid_out)
        self.rows.current_row_changed.connect(self._on_current_changed)
        self.rows.opened.connect(lambda _index: self.opened.emit())
        self.rows.check_clicked.connect(self._on_check)
        self.rows.marks_changed.connect(self._on_marks_changed)
        self._empty.acted.connect(self._on_empty_acted)
        self._error.acted.connect(self.load)
        self.notice.closed.connect(self._fit_foot)
        # Qt calls in the order of connecting: the bar has decided whether it shows before the foot is fitted.
        self._desk.noticed.connect(self._fit_foot)

    def _fit_foot(self) -> None:
        """No room is kept while there is nothing to say."""
        space = self._desk.themes.theme.sizes.space
        is_used = not self.bulk.isHidden() or not self.notice.isHidden()
        high = space.close if is_used else 0
        self._foot.setContentsMargins(space.pane, high, space.pane, 2 * high)
        self._foot.setSpacing(high)

    # The header gives way: filters go into a line of their own

    def _place_kinds(self, *, in_header: bool) -> None:
        if in_header == self._in_header:
            return
        self._in_header = in_header
        if in_header:
            top = self.header.layout()
            assert isinstance(top, QHBoxLayout)  # noqa: S101
            top.insertWidget(top.count() - 1, self.kinds, 0, Qt.AlignmentFlag.AlignVCenter)
            self.kinds.setMinimumWidth(self.kinds.sizeHint().width())
        else:
            self.kinds.setMinimumWidth(0)
            self._kinds_line.set_chips(self.kinds)
        self.kinds.show()
        self._kinds_line.setVisible(not in_header)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        sizes = self._desk.themes.theme.sizes
        needed = self.kinds.sizeHint().width() + self.new.sizeHint().width()
        self._place_kinds(in_header=self.width() >= needed + sizes.width.context_min)
        self.model.set_narrow(is_narrow=self.width() < sizes.width.main_min + sizes.space.wide)

    def show_person(self, me: Colleague, *, can_write: bool) -> None:
        """What the signed-in person may see and do here."""
        self._can_write = can_write
        self._sees_team = me.role in {"lead", "manager"}
        self.model.sees_all = me.role == "manager"
        self._whose_line.setVisible(self._sees_team)
        self.header.buttons.set_shown(self.new, is_shown=can_write)
        if not can_write and self._sees_team:
            self.whose.choose("team")

    # Loading

    @property
    def shown_whose(self) -> str:
        return self.whose.chosen_key

    def load(self) -> None:
        self.rows.clear_marks()
        if not self.model.has_rows():
            self._slow.start()
        self.model.show(self.whose.chosen_key, self.kinds.chosen_key)

    def _on_whose(self, key: str) -> None:
        self.whose_changed.emit(key)
        self.load()

    def toggle_team(self) -> None:
        if self._sees_team:
            self.whose.choose("team" if self.shown_whose == "mine" else "mine")
            self._on_whose(self.shown_whose)

    @property
    def sees_team(self) -> bool:
        return self._sees_team

    def _on_counted(self, counts: AgendaCounts) -> None:
        self.header.set_count(self._words.whose(self.model.whose, counts.open))

    def _on_laid_out(self) -> None:
        self._show_state()
        if not self.rows.currentIndex().isValid() and self.model.place_of(self._wanted_id) >= 0:
            self._select(self._wanted_id)

    def _on_page_loaded(self) -> None:
        self._slow.stop()
        self._show_state()
        if self.model.place_of(self._wanted_id) >= 0:
            self._select(self._wanted_id)
        elif not self._wanted_id and self.model.has_rows():
            self._select(self.model.first_of_interest())

    def _select(self, row_id: str) -> None:
        now = self.rows.currentIndex()
        if self.model.key_at(now) != row_id or not self.rows.selectionModel().isSelected(now):
            self.rows.select_key(row_id)
            if self.rows.currentIndex().row() <= 1:
                self.rows.scrollToTop()

    def _show_state(self) -> None:
        if self.model.has_rows():
            self._states.show_content()
            return
        if self._slow.isActive():
            return
        self._say_empty()
        self._states.show_state(self._empty)
        self.chosen.emit(None)

    def _say_empty(self) -> None:
        kind = self.kinds.chosen_key
        if kind:
            title = {
                "promise": self.tr("No promises are open"),
                "callback": self.tr("Nobody waits for a call back"),
                "deadline": self.tr("No deadlines are near"),
            }[kind]
            self._empty.say(title, self.tr("Other follow-ups may still be open."), button=self.tr("Show all"))
            return
        title = self.tr("Nothing to follow up")
        text = self.tr("What you promised a client, and what you want to be reminded of, stands here by its time.")
        button = self.tr("New follow-up") if self._can_write else ""
        if self._shows_team_next:
            button = self.tr("See what the team has open")
        self._empty.say(title, text, button=button)

    @property
    def _shows_team_next(self) -> bool:
        return self._sees_team and self.shown_whose == "mine"

    def _on_empty_acted(self) -> None:
        if self.kinds.chosen_key:
            self.kinds.choose("")
            self.load()
        elif self._shows_team_next:
            self.toggle_team()
        else:
            self.new_wanted.emit()

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._error.say(self.tr("The follow-ups could not be read"), str(fault), button=self.tr("Try again"))
        self._states.show_state(self._error)

    def pass_time(self) -> None:
        if not self.model.pass_time():
            self.model.reload()

    # Choosing

    @property
    def current(self) -> FollowUpRow | None:
        return self.model.row_at(self.rows.currentIndex())

    def want(self, row_id: str) -> bool:
        """Choose that row; when it is not here yet, as soon as the list has it. False where it is not here."""
        self._wanted_id = row_id
        if self.model.place_of(row_id) < 0:
            self.rows.leave_current()
            return False
        self._select(row_id)
        return True

    def go_on_from(self, ids: list[str]) -> None:
        """Those are done with: if the current one is among them, the next becomes it."""
        now = self.current
        if now is None or now.id not in ids:
            return
        after = self.model.next_after(now.id, ids)
        if after:
            self.rows.select_key(after)

    def marked_rows(self) -> list[FollowUpRow]:
        """The selected rows, in order."""
        found = [self.model.row_of(key) for key in self.rows.marked_keys]
        return [row for row in found if row is not None]

    def _on_current_changed(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        self._wanted_id = row.id if row else ""
        self.chosen.emit(row)
        # Rows that left go when the selection moves on; not while it is moving.
        QTimer.singleShot(0, self, self._drop_left)

    def _drop_left(self) -> None:
        self.model.drop_left(self._wanted_id)

    def _on_check(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            self.checked.emit(row)

    def _on_marks_changed(self) -> None:
        rows = self.marked_rows()
        if self.rows.is_marking and rows:
            outcome = usual_outcome(rows)
            words = self._desk.words.follow_up_outcome(outcome) if outcome else ""
            self.bulk.show_count(len(rows), workable=len(open_ids(rows)), outcome_words=words)
        else:
            self.bulk.hide()
        self._fit_foot()
