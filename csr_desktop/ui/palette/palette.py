"""The palette: what is typed goes to search and to the table of actions; arrows choose, Enter opens, Esc leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListView, QStyleOptionViewItem, QVBoxLayout

from csr_desktop.ui.actions import Actions
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.chips import KeyHints
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.float import DimSheet, FloatFrame
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Hairline
from csr_desktop.ui.kit.rows import ROW_ROLE
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.palette.found_lines import COMMANDS_SHOWN, FoundLines, is_name_of
from csr_desktop.ui.palette.rows import Heading, Line, PaletteDelegate, PaletteModel, PaletteRow
from csr_desktop.ui.palette.server_search import ASK_HINT, LINE, ServerSearch

if TYPE_CHECKING:
    from csr_desktop.services.clients import Clients
    from csr_desktop.services.search import Hit, SearchResults, Section, SectionKey
    from csr_desktop.ui.main_window import MainWindow

TOP_SHARE = 0.107
"""How far down the palette stands, as a part of the window's height."""


class Palette(QObject):
    """Opens over the window; what had the keyboard gets it back."""

    closed = Signal()

    def __init__(self, window: MainWindow, desk: Desk, actions: Actions) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._actions = actions
        self._give_back: Callable[[], None] = lambda: None
        self._shown_for: str | None = None
        """The text that the lines answer; None until the first answer."""
        self._more_of: Line | None = None
        """The line whose actions are shown."""
        self._is_of_one = False
        """Whether all of one section is shown; Esc then goes back to all sections."""
        self._local: tuple[list[PaletteRow], list[PaletteRow]] = ([], [])
        """Lines of what was found here, and of commands."""
        self._when_found: Callable[[int], None] | None = None
        """What to do with the first line of the answer, when a key was faster than the search."""
        themes = desk.themes
        self.sheet = DimSheet(themes, window)
        self.frame = FloatFrame(themes, window, self.tr("Search or run a command"))
        self.box = QLineEdit()
        self.box.setAccessibleName(self.tr("Search or run a command"))
        self.box.setPlaceholderText(self.tr("A name, number, ticket, word of a note, or a command"))
        self.box.setFrame(False)
        set_look(self.box, isBare=True)
        self.box.setFont(themes.theme.font("title"))
        self.found = Label(tone="muted", size="caption")
        self.list = RowList(themes, self.tr("Found"), ground="raised")
        self.list.be_for_picking()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.model = PaletteModel()
        self.list.setModel(self.model)
        self.delegate = PaletteDelegate(themes, self.list)
        self.list.setItemDelegate(self.delegate)
        self.lines = FoundLines(desk, actions, lambda: window.current_place, self)
        self._server = ServerSearch(desk, self)
        self._server_hint = KeyHints(themes, ((ASK_HINT, self.tr("search the server")),))
        self._forgiven = ElidedLabel(self.tr("Spelling is forgiven"), tone="muted", size="caption")
        self._lay_out()
        self._server.answered.connect(self._on_server_answered)
        self.box.textChanged.connect(self._on_typed)
        self.box.installEventFilter(self)
        self.list.clicked.connect(lambda index: self._run(index.row()))
        self.list.pressed_aloud.connect(lambda index: self._run(index.row()))
        self.sheet.clicked.connect(self.close)
        window.installEventFilter(self)

    def _lay_out(self) -> None:
        themes = self._desk.themes
        space = themes.theme.sizes.space
        head = QHBoxLayout()
        head.setContentsMargins(space.pane, space.apart, space.pane, space.apart)
        head.setSpacing(space.apart)
        head.addWidget(IconMark(themes, "magnifying-glass", tone="muted"))
        head.addWidget(self.box, 1)
        head.addWidget(self.found)
        foot = QHBoxLayout()
        foot.setContentsMargins(space.pane, space.close, space.pane, space.close)
        foot.setSpacing(space.pane)
        hints = (
            ("↑ ↓", self.tr("move")),
            (key_text("Tab"), self.tr("more actions")),
            (">", self.tr("commands only")),
            ("#", self.tr("numbers only")),
        )
        foot.addWidget(KeyHints(themes, hints), 1)
        foot.addWidget(self._server_hint)
        foot.addWidget(self._forgiven)
        body: QVBoxLayout = self.frame.body
        body.addLayout(head)
        body.addWidget(Hairline(themes))
        body.addWidget(self.list, 1)
        body.addWidget(Hairline(themes))
        body.addLayout(foot)

    # Open and close

    @property
    def is_open(self) -> bool:
        return self.frame.isVisible()

    def open(self, text: str = "") -> None:
        from csr_desktop.ui.main_window import focus_kept

        if not self.is_open:
            self._give_back = focus_kept(self._window)
        self._actions.is_held = True
        self._shown_for = self._when_found = None
        self.sheet.cover()
        self._place()
        self.box.setText(text)
        self.box.selectAll()
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._on_typed(text)

    def close(self) -> None:
        if self.is_open:
            self._server.forget()
            self.frame.hide()
            self.sheet.hide()
            self._actions.is_held = False
            self._give_back()
            self.closed.emit()

    def _place(self) -> None:
        sizes = self._desk.themes.theme.sizes
        width = min(sizes.width.palette, self._window.width() - 2 * sizes.space.page)
        top = int(self._window.height() * TOP_SHARE)
        rows = sum(
            self.delegate.sizeHint(QStyleOptionViewItem(), self.model.index(at)).height()
            for at in range(self.model.rowCount())
        )
        chrome = 2 * sizes.height.pane_header + sizes.space.close
        height = min(chrome + max(rows, sizes.height.row_two_line) + sizes.space.close, self._window.height() - 2 * top)
        self.frame.place_at(QRect((self._window.width() - width) // 2, top, width, height))

    # Typing

    def _on_typed(self, text: str) -> None:
        text = text.strip()
        self._when_found = self._more_of = None
        self._is_of_one = False
        self._server.forget()
        if text.startswith(">"):
            self._show(text, [*self.lines.commands(text[1:].strip(), most=100)], None)
            return
        search = self._desk.services.search
        services = self._desk.services

        def ask() -> tuple[SearchResults, dict[str, int], bool]:
            results = search.find(text) if text else search.recent()
            return results, _cut_offs(services.clients, results.hits), services.older.may_ask()

        self._desk.ask(self, ask, lambda found: self._on_found(text, *found[:2], may_ask=found[2]), key="find")

    def _on_found(self, text: str, results: SearchResults, cut_offs: Mapping[str, int], *, may_ask: bool) -> None:
        if not self.is_open or text != self.box.text().strip():
            return
        rows: list[PaletteRow] = []
        for section in results.sections:
            rows.append(Heading(self.lines.section_words(section.key, is_recent=not text)))
            rows += [self.lines.hit(hit, cut_offs.get(hit.row_id, 0)) for hit in section.hits]
            rows += self._rest_line(text, section)
        self._server.begin("" if text.startswith("#") else text, may_ask=may_ask)
        self._local = rows, self.lines.commands(text, most=COMMANDS_SHOWN if text else 5)
        self._show(text, self._composed(text), results if text else None)

    def _composed(self, text: str) -> list[PaletteRow]:
        """What was found here, then the server's, then commands, unless commands are all there is, or what was typed
        is the name of one.
        """
        found, commands = self._local
        server = self._server.rows()
        if text and any(isinstance(line, Line) and is_name_of(text, line.title) for line in commands):
            return [*commands, *found, *server]
        if found:
            return [*found, *server, *commands]
        return [*commands, *server] if commands else [*self.lines.nothing(text), *server, *self.lines.offered()]

    def _ask_server(self, _row: int) -> None:
        self._move_to(self.model.row_of(LINE))
        self._server.ask()

    def _on_server_answered(self) -> None:
        """Its lines stand in their place; what was chosen stays so, or gives way to the first that came."""
        text = self.box.text().strip()
        if not self.is_open or self._shown_for != text or self._more_of is not None or self._is_of_one:
            return
        line = self._line(self.list.currentIndex().row())
        chosen = line.key if line is not None else ""
        self.model.show_rows(self._composed(text))
        row = self.model.row_of(chosen)
        came = row < 0 and chosen == LINE
        if came:
            row = self.model.first_of("server:")
        self._place()
        index = self.model.index(row if row >= 0 else self.model.first_line())
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)
        if came:  # with as much of it in sight as there is
            self.list.scrollTo(self.model.index(row - 1), QListView.ScrollHint.PositionAtTop)
        if self._server.said:
            announce(self.list, self._server.said)

    def _rest_line(self, text: str, section: Section) -> list[Line]:
        """The way to those of a section that are not shown."""
        count, key = section.found_count, section.key
        if count <= len(section.hits):
            return []
        shown = self._desk.words.locale.toString(count)
        title = self.tr("Show the first {0}") if section.is_more else self.tr("Show all {0}")
        return [
            Line(f"action:all_{key}", "dots-three", title.format(shown), lambda: self._ask_all(text, key), stays=True)
        ]

    def _ask_all(self, text: str, key: SectionKey) -> None:
        search, clients = self._desk.services.search, self._desk.services.clients

        def ask() -> tuple[Section, dict[str, int]]:
            section = search.find_all(text, key)
            return section, _cut_offs(clients, section.hits)

        def show(found: tuple[Section, dict[str, int]]) -> None:
            section, cut_offs = found
            if self.is_open and text == self.box.text().strip():
                self._is_of_one = True
                lines = [self.lines.hit(hit, cut_offs.get(hit.row_id, 0)) for hit in section.hits]
                self._show(text, [Heading(self.lines.section_words(key, is_recent=False)), *lines], None)
                self.list.scrollToTop()

        self._desk.ask(self, ask, show, key="find")

    def _show(self, text: str, rows: list[PaletteRow], results: SearchResults | None) -> None:
        self._shown_for = text
        self._server_hint.setVisible(self._server.can_ask)
        self._forgiven.setVisible(not self._server.can_ask)
        self.model.show_rows(rows or [*self.lines.nothing(text), *self.lines.offered()])
        if results is None:
            self.found.setText("")
        else:
            count = self._desk.words.locale.toString(results.found_count)
            self.found.setText(self.tr("{0} found").format(count + ("+" if results.is_more else "")))
        first = self.model.first_line()
        if first >= 0:
            self.list.setCurrentIndex(self.model.index(first))
        self._place()
        wanted, self._when_found = self._when_found, None
        if wanted is not None:
            wanted(first)

    # Keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize and self.is_open:
            self._place()
        if watched is self.box and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        at = self.list.currentIndex().row()
        if key == Qt.Key.Key_Tab:
            self._once_found(self._show_more, at)
        elif key == Qt.Key.Key_Backtab or (key == Qt.Key.Key_Escape and self._more_of is not None):
            self._show_less()
        elif key == Qt.Key.Key_Down or (control and key == Qt.Key.Key_N):
            self._move_to(self.model.next_line(at, 1))
        elif key == Qt.Key.Key_Up or (control and key == Qt.Key.Key_P):
            self._move_to(self.model.next_line(at, -1))
        elif control and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._once_found(self._ask_server, at)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._once_found(self._run, at)
        elif key == Qt.Key.Key_Escape and self._is_of_one:
            self._on_typed(self.box.text())
        elif key == Qt.Key.Key_Escape:
            self.close()
        elif control and key == Qt.Key.Key_D:
            self._once_found(self._call, at)
        else:
            return False
        return True

    def _once_found(self, act: Callable[[int], None], row: int) -> None:
        """Act on the line of what is typed, never on one that an earlier text left there."""
        if self._shown_for == self.box.text().strip():
            act(row)
        else:
            self._when_found = act

    def _move_to(self, row: int) -> None:
        if row >= 0:
            index = self.model.index(row)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)
            announce(self.list, index.data(Qt.ItemDataRole.AccessibleTextRole))

    def _show_more(self, row: int) -> None:
        """What else can be done with that line, in place of the finds."""
        line = self._line(row)
        if line is None or line.more is None:
            return
        self._more_of = line
        self.model.show_rows([Heading(line.title), *line.more()])
        self.found.setText("")
        self._move_to(self.model.first_line())
        self._place()

    def _show_less(self) -> None:
        """Back to the finds, at the line that it was about."""
        line, self._more_of = self._more_of, None
        if line is None:
            return

        def choose(_first: int) -> None:
            rows = range(self.model.rowCount())
            self._move_to(next((at for at in rows if (one := self._line(at)) and one.key == line.key), _first))

        self._on_typed(self.box.text())
        self._shown_for = None
        self._when_found = choose

    def _line(self, row: int) -> Line | None:
        found = self.model.index(row).data(ROW_ROLE) if row >= 0 else None
        return found if isinstance(found, Line) else None

    def _run(self, row: int) -> None:
        line = self._line(row)
        if line is not None:
            if not line.stays:
                self.close()
            line.run()

    def _call(self, row: int) -> None:
        line = self._line(row)
        if line is not None and line.call is not None:
            self.close()
            line.call()


def _cut_offs(clients: Clients, hits: Sequence[Hit]) -> dict[str, int]:
    """By client; on the store's thread."""
    named = [hit.row_id for hit in hits if hit.kind == "client"]
    return {row.id: row.cut_off_at for row in clients.rows(named)} if named else {}
