"""The window: rail, top bar, places, and what floats over them. It knows places by their key, never by their inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from csr_desktop.ui.actions import Action, Actions
from csr_desktop.ui.desk import Desk, Notice, Target
from csr_desktop.ui.kit.panes import Hairline
from csr_desktop.ui.notices import PlaceNotice, WindowNotice
from csr_desktop.ui.place import Place
from csr_desktop.ui.rail import RailPane, RailRow
from csr_desktop.ui.sync_words import SyncLine
from csr_desktop.ui.three_panes import breadth_of, usual_share
from csr_desktop.ui.top_bar import TopBar

PLACES = ("inbox", "clients", "calls", "follow_ups")
LIVES_IN = {
    "ticket": "inbox",
    "new_ticket": "inbox",
    "client": "clients",
    "contact": "clients",
    "new_client": "clients",
    "call": "calls",
    "log_contact": "calls",
    "follow_up": "follow_ups",
    "new_follow_up": "follow_ups",
}
INBOX_VIEWS = ("mine", "unassigned", "my_team", "due_today", "breached", "waiting", "escalated")
SMALLEST = (640, 480)
"""In logical pixels: a small screen at 200 %."""


class MainWindow(QMainWindow):
    """`makers` build a place when it is first shown. `call_bar` stands in the top bar."""

    closing = Signal()
    palette_wanted = Signal()
    keys_wanted = Signal()
    settings_wanted = Signal()
    needs_you_wanted = Signal()
    person_wanted = Signal()
    help_wanted = Signal()
    minute_passed = Signal()

    def __init__(
        self,
        desk: Desk,
        organisation: str,
        person: str,
        call_bar: QWidget,
        makers: Mapping[str, Callable[[Desk], Place]],
    ) -> None:
        super().__init__()
        self.desk = desk
        self._makers = makers
        self._places: dict[str, Place] = {}
        self._current = ""
        self._panes: dict[str, list[int]] = {}
        self._before_float: QWidget | None = None
        self.setWindowTitle(self.tr("{0} - CSR Desktop").format(organisation))
        self.setAccessibleName(self.windowTitle())
        self.setMinimumSize(*SMALLEST)
        self.sync_line = SyncLine(desk)
        self.top_bar = TopBar(desk.themes, call_bar, self.sync_line, person)
        self.rail = RailPane(desk.themes, organisation, self._rail_rows(), self._foot_rows())
        self._stack = QStackedWidget()
        self.notice = WindowNotice(desk, self._stack)
        self._lay_out()
        self.actions_table = Actions(self, lambda: self._current)
        self._add_actions()
        self._connect()
        self._minute = QTimer(self)
        self._minute.setInterval(60_000)
        self._minute.timeout.connect(self.pass_minute)
        self._minute.start()

    # Building

    def _lay_out(self) -> None:
        themes = self.desk.themes
        self._right = right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.top_bar)
        right.addWidget(Hairline(themes))
        right.addWidget(self._stack, 1)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(Hairline(themes, is_vertical=True))
        row.addLayout(right, 1)
        self.setCentralWidget(whole)

    def _views_of_inbox(self) -> dict[str, str]:
        return {
            "mine": self.tr("Mine"),
            "unassigned": self.tr("Unassigned"),
            "my_team": self.tr("My team"),
            "due_today": self.tr("Due today"),
            "breached": self.tr("Breached"),
            "waiting": self.tr("Waiting for client"),
            "escalated": self.tr("Escalated"),
        }

    def _views_of_calls(self) -> dict[str, str]:
        return {
            "calls_mine": self.tr("My calls"),
            "calls_team": self.tr("Team's calls"),
            "calls_numbers": self.tr("Caller log"),
        }

    def _rail_rows(self) -> list[RailRow]:
        views = self._views_of_inbox()
        return [
            RailRow("inbox", self.tr("Inbox"), "tray", key_hint="Ctrl+1"),
            *(RailRow(key, views[key], parent="inbox") for key in INBOX_VIEWS),
            RailRow("clients", self.tr("Clients"), "buildings", key_hint="Ctrl+2"),
            RailRow("calls", self.tr("Calls"), "phone", key_hint="Ctrl+3"),
            *(RailRow(key, words, parent="calls") for key, words in self._views_of_calls().items()),
            RailRow("follow_ups", self.tr("Follow-ups"), "calendar-check", key_hint="Ctrl+4"),
        ]

    def _foot_rows(self) -> list[RailRow]:
        return [RailRow("keys", self.tr("Keys"), "keyboard"), RailRow("settings", self.tr("Settings"), "gear-six")]

    def _add_actions(self) -> None:
        names = {
            "inbox": self.tr("Go to the inbox"),
            "clients": self.tr("Go to clients"),
            "calls": self.tr("Go to calls"),
            "follow_ups": self.tr("Go to follow-ups"),
        }
        icons = {"inbox": "tray", "clients": "buildings", "calls": "phone", "follow_ups": "calendar-check"}
        for number, key in enumerate(PLACES, 1):
            go = Action(f"go_{key}", names[key], lambda key=key: self.go(key), f"Ctrl+{number}", icon=icons[key])  # type: ignore[misc]
            self.actions_table.add(go)
        self.actions_table.add(
            Action("search", self.tr("Search or run a command"), self.palette_wanted.emit, "Ctrl+K", in_palette=False),
            Action(
                "undo",
                self.tr("Undo the last change"),
                self._on_undo,
                "Ctrl+Z",
                icon="arrow-u-up-left",
                rests_in_text=True,
                is_offered=lambda: any(bar.offers_undo for bar in self.findChildren(PlaceNotice)),
            ),
            Action("keys", self.tr("Show the keys of this place"), self.keys_wanted.emit, "?", icon="keyboard"),
            Action("help", self.tr("Help"), self._on_help, "F1", icon="question", works_in_text=True),
            Action("quit", self.tr("Quit"), self._on_quit, "Ctrl+Q", icon="sign-out"),
            Action("settings", self.tr("Open settings"), self.settings_wanted.emit, "Ctrl+,", icon="gear-six"),
            Action(
                "needs_you", self.tr("Show what needs you"), self.needs_you_wanted.emit, "Ctrl+Shift+U", icon="warning"
            ),
            Action(
                "places", self.tr("Move to the list of places"), self.rail.places.setFocus, "Ctrl+0", in_palette=False
            ),
            Action("back", self.tr("Go back"), self._on_back, "Esc", in_palette=False, waits=True),
        )
        for view, name in self._views_of_inbox().items():
            title = self.tr("Inbox: {0}").format(name)
            self.actions_table.add(
                Action(f"inbox_view_{view}", title, partial(self._on_view, "inbox", view), icon="tray")
            )

        for view, name in self._views_of_calls().items():
            title = self.tr("Calls: {0}").format(name)
            self.actions_table.add(
                Action(f"calls_view_{view}", title, partial(self._on_view, "calls", view), icon="phone")
            )

    def _connect(self) -> None:
        self.rail.places.place_chosen.connect(self.go)
        self.rail.places.view_chosen.connect(self._on_view)
        self.rail.foot.place_chosen.connect(self.actions_table.run)
        self.top_bar.search_wanted.connect(self.palette_wanted)
        self.sync_line.needs_you_wanted.connect(self.needs_you_wanted)
        self.top_bar.person_wanted.connect(self.person_wanted)
        self.desk.opening.connect(self._on_opening)
        self.actions_table.refused.connect(lambda why: self.desk.noticed.emit(Notice(why, tone="info")))
        self.desk.store.failed.connect(self.desk.say_fault)

    # Places

    @property
    def current_place(self) -> str:
        return self._current

    def show_instead(self, page: QWidget) -> None:
        """In place of the places, until `show_places`."""
        right = self._right
        right.insertWidget(right.indexOf(self._stack), page, 1)
        self._stack.hide()

    def show_places(self) -> None:
        self._stack.show()
        if self._current:
            self.go(self._current)

    def has_place(self, key: str) -> bool:
        return key in self._places

    def place(self, key: str) -> Place:
        """The place, built now if it was not yet."""
        if key not in self._places:
            made = self._makers[key](self.desk)
            self._places[key] = made
            self._stack.addWidget(made)
            made.restore_panes({n.partition(".")[2]: w for n, w in self._panes.items() if n.startswith(f"{key}.")})
            self.actions_table.add(*made.actions_of_place())
            made.view_changed.connect(lambda view, key=key: self.rail.places.show_place(key, view))
            made.give_way(self.width())
        return self._places[key]

    def go(self, key: str, *, is_quiet: bool = False) -> None:
        """Bring a place to the front; quiet when something in it is about to be opened anyway."""
        made = self.place(key)
        self._current = key
        self._stack.setCurrentWidget(made)
        first = {"inbox": "mine", "calls": "calls_mine"}.get(key, "")
        self.rail.places.show_place(key, "" if self.rail.places.view_of(key) else first)
        self._fit_search()
        if not is_quiet:
            made.on_shown()
            self._keep_focus_in_sight(made)

    @staticmethod
    def _keep_focus_in_sight(place: Place) -> None:
        """A place may have asked for the keyboard in a pane that is folded now."""
        focus = QApplication.focusWidget()
        if focus is not None and place.isAncestorOf(focus) and not focus.isVisible():
            first = next((w for w in place.findChildren(QWidget) if takes_tab(w)), None)
            if first is not None:
                first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_view(self, place: str, view: str) -> None:
        self.go(place, is_quiet=True)
        self.rail.places.show_place(place, view)
        self.place(place).choose_view(view)

    def _on_opening(self, target: Target) -> None:
        key = LIVES_IN[target.kind]
        self.go(key, is_quiet=True)
        self.place(key).open_target(target)

    def set_count(self, key: str, count: int) -> None:
        self.rail.places.set_count(key, count)

    # Keys

    def _on_undo(self) -> None:
        self.desk.undo(self)

    def _on_quit(self) -> None:
        self.close()

    def _on_help(self) -> None:
        """What is to be read about what is open, such as the script of a call's topic; else the program's help."""
        if not (self._current and self.place(self._current).read_here()):
            self.help_wanted.emit()

    def _on_back(self) -> None:
        if self._current:
            self.place(self._current).go_back()

    # Size and time

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self.width()
        self.rail.set_compact(is_compact=width < self.desk.themes.theme.sizes.width.compact_rail_below)
        for place in self._places.values():
            place.give_way(width)
        self._fit_search()

    def _fit_search(self) -> None:
        sizes, width = self.desk.themes.theme.sizes, self.width()
        self.top_bar.fit_list(usual_share(sizes, breadth_of(sizes, width), width)[0])

    def pass_minute(self) -> None:
        """Time moved on: the places repaint, and look again where a cut-off passed without any row changing."""
        for place in self._places.values():
            place.on_minute()
        self.minute_passed.emit()

    def save_panes(self) -> dict[str, list[int]]:
        """Widths by "place.pane"."""
        now = {
            f"{key}.{name}": widths
            for key, place in self._places.items()
            for name, widths in place.save_panes().items()
        }
        return {**self._panes, **now}

    def restore_panes(self, panes: dict[str, list[int]]) -> None:
        self._panes = panes

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.actions_table.press(event):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._minute.stop()
        self.closing.emit()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self._current:
            self._places[self._current].on_minute()


def takes_tab(widget: QWidget) -> bool:
    """Whether Tab stops there."""
    policy = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return policy == Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()


def focus_kept(window: QMainWindow) -> Callable[[], None]:
    """Remember where the keyboard is; call the result to give it back."""
    before: QObject | None = QApplication.focusWidget()

    def back() -> None:
        import shiboken6

        if isinstance(before, QWidget) and shiboken6.isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            window.setFocus()

    return back
