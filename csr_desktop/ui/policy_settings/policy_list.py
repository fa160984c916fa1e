"""The list of a page of policies: groups of lines, a button for a new one, and what stands there when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Hairline, Section, column, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.ui.kit.theme import ThemeSwitch
    from csr_desktop.ui.policy_settings.policy_line import PolicyLine


class PolicyList(QWidget):
    """Showing other lines keeps the keyboard on the line where it is, or on the one that stands there now."""

    new_wanted = Signal()

    def __init__(self, themes: ThemeSwitch, about: str, new: str) -> None:
        super().__init__()
        self._themes = themes
        space = themes.theme.sizes.space
        self.about = Label(about, tone="muted", wraps=True)
        self.new_button = Button(themes, new, icon="plus")
        self.new_button.clicked.connect(self.new_wanted)
        self.lines: list[PolicyLine] = []
        whole = column(self, spacing=space.pane)
        head = line(spacing=space.pane)
        head.addWidget(self.about, 1)
        head.addWidget(self.new_button, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(head)
        self._groups = column(spacing=space.pane)
        whole.addLayout(self._groups)

    def show_lines(self, groups: Sequence[tuple[str, str, Sequence[PolicyLine]]], *, can_add: bool) -> None:
        """Each group with its caption, and what stands under it before its lines; '' for nothing."""
        at, is_last = self._place_of_focus()
        while (item := self._groups.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.new_button.setVisible(can_add)
        self.lines = []
        for caption, note, lines in groups:
            section = Section(self._themes, caption, spacing=0)
            if note:
                section.body.addWidget(Label(note, tone="muted", wraps=True))
            for place, each in enumerate(lines):
                if place:
                    section.body.addWidget(Hairline(self._themes))
                section.body.addWidget(each)
                each.stepped.connect(self._step)
                self.lines.append(each)
            self._groups.addWidget(section)
            section.show()  # Qt would do it later, and until then it has no height
        if at >= 0:
            self._focus_near(at, is_last=is_last)

    def focus_line(self, key: str) -> None:
        """On the line of that key, else on the button for a new one."""
        found = next((one for one in self.lines if one.key == key and one.buttons), None)
        if found is not None:
            found.focus()
        else:
            self.new_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place_of_focus(self) -> tuple[int, bool]:
        focus = QApplication.focusWidget()
        for at, each in enumerate(self.lines):
            if focus is not None and focus in each.buttons:
                return at, focus is not each.buttons[0]
        return -1, False

    def _focus_near(self, at: int, *, is_last: bool) -> None:
        able = [one for one in self.lines if one.buttons]
        if able:
            able[min(at, len(able) - 1)].focus(is_last=is_last)
        else:
            self.new_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _step(self, by: int) -> None:
        at, is_last = self._place_of_focus()
        wanted = at + by
        while 0 <= wanted < len(self.lines) and not self.lines[wanted].buttons:
            wanted += by
        if at >= 0 and 0 <= wanted < len(self.lines):
            self.lines[wanted].focus(is_last=is_last and len(self.lines[wanted].buttons) > 1)
