"""The list of a page of policies: groups of lines, and a button for a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.policy_settings.policy_line import LineWords, PolicyLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from csr_desktop.ui.kit.theme import ThemeSwitch

_AT_ONCE: Final = 12
"""More than are seen; the others follow a few at a time, so that nothing stands still meanwhile."""
_IN_A_SLICE: Final = 12


class Group(NamedTuple):
    """`note` stands under the caption, before the lines; '' for nothing."""

    caption: str
    note: str
    lines: Sequence[LineWords]


class PolicyList(QWidget):
    """Showing other lines keeps those that say the same, and the keyboard on the line where it is, or on the one that
    stands there now.
    """

    new_wanted = Signal()
    change_wanted = Signal(str)
    remove_wanted = Signal(str)
    grown = Signal()
    """All lines stand there."""

    def __init__(self, themes: ThemeSwitch, new: str) -> None:
        super().__init__()
        self._themes = themes
        self._kept: dict[LineWords, PolicyLine] = {}
        self._waiting: list[tuple[Group, int]] = []
        self._wanted_line: tuple[str, ...] = ()
        self._wanted_place = (-1, False)
        self.lines: list[PolicyLine] = []
        space = themes.theme.sizes.space
        self.about = Label("", tone="muted", wraps=True)
        self.new_button = Button(themes, new, icon="plus")
        self.new_button.clicked.connect(self.new_wanted)
        whole = column(self, spacing=space.pane)
        head = line(spacing=space.pane)
        head.addWidget(self.about, 1)
        head.addWidget(self.new_button, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(head)
        self._room = QWidget()
        self._body = column(self._room)
        whole.addWidget(self._room)
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._go_on)

    def show_groups(self, groups: Sequence[Group], *, can_add: bool) -> None:
        self._wanted_place = self._place_of_focus()
        self.new_button.setVisible(can_add)
        wanted = {said for group in groups for said in group.lines}
        while (item := self._body.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and not (isinstance(widget, PolicyLine) and widget.said in wanted):
                widget.hide()
                widget.deleteLater()
        self._kept = {said: kept for said, kept in self._kept.items() if said in wanted}
        self.lines = []
        self._waiting = list(_places(groups))
        self._go_on(_AT_ONCE)

    def _go_on(self, fresh: int = _IN_A_SLICE) -> None:
        """Lay out what waits, making up to so many new lines."""
        focus = QApplication.focusWidget()
        self._room.hide()  # each line that is shown in what is seen would have all of it laid out anew
        while self._waiting:
            group, at = self._waiting[0]
            if group.lines[at] not in self._kept and not fresh:
                break
            del self._waiting[0]
            fresh -= group.lines[at] not in self._kept
            self._lay(group, at)
        self._room.show()
        if focus is not None and self._room.isAncestorOf(focus):
            focus.setFocus(Qt.FocusReason.OtherFocusReason)
        if self._waiting:
            self._next.start()
            return
        self._give_focus()
        self.grown.emit()

    def _lay(self, group: Group, at: int) -> None:
        space = self._themes.theme.sizes.space
        if at == 0:
            if self.lines:
                self._body.addSpacing(space.pane)
            self._add(Label(group.caption, tone="muted", size="caption", weight=600))
            if group.note:
                self._add(Label(group.note, tone="muted", wraps=True))
        else:
            self._add(Hairline(self._themes))
        said = group.lines[at]
        if said not in self._kept:
            made = self._kept[said] = PolicyLine(self._themes, said, self._room)
            made.stepped.connect(self._step)
            made.change_wanted.connect(self.change_wanted)
            made.remove_wanted.connect(self.remove_wanted)
        self._add(self._kept[said])
        self.lines.append(self._kept[said])

    def _add(self, widget: QWidget) -> None:
        self._body.addWidget(widget)
        widget.show()

    def focus_line(self, key: str) -> None:
        """On the line of that key, else on the button for a new one; once all lines stand there."""
        self._wanted_line = (key,)
        if not self._waiting:
            self._give_focus()

    def _give_focus(self) -> None:
        (at, is_last), self._wanted_place = self._wanted_place, (-1, False)
        if self._wanted_line:
            (key,), self._wanted_line = self._wanted_line, ()
            found = next((one for one in self.lines if one.key == key and one.buttons), None)
            self._focus(found, is_last=False)
        elif at >= 0:
            able = [one for one in self.lines if one.buttons]
            self._focus(able[min(at, len(able) - 1)] if able else None, is_last=is_last)

    def _focus(self, found: PolicyLine | None, *, is_last: bool) -> None:
        if found is not None:
            found.focus(is_last=is_last)
        else:
            self.new_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place_of_focus(self) -> tuple[int, bool]:
        """The line that has the keyboard, and whether it is on its last button; -1 for none."""
        focus = QApplication.focusWidget()
        for at, each in enumerate(self.lines):
            if focus is not None and focus in each.buttons:
                return at, focus is not each.buttons[0]
        return -1, False

    def _step(self, by: int) -> None:
        at, is_last = self._place_of_focus()
        wanted = at + by
        while 0 <= wanted < len(self.lines) and not self.lines[wanted].buttons:
            wanted += by
        if at >= 0 and 0 <= wanted < len(self.lines):
            self.lines[wanted].focus(is_last=is_last and len(self.lines[wanted].buttons) > 1)


def _places(groups: Sequence[Group]) -> Iterator[tuple[Group, int]]:
    for group in groups:
        for at in range(len(group.lines)):
            yield group, at
