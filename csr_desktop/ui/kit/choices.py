"""Choices in a row with a number each, and a row of buttons that puts into a menu what does not fit."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.ui.kit.buttons import Button, ChoiceButton, IconButton
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.theme import ThemeSwitch


class ChoiceRow(QWidget):
    """Exactly one of several, or none yet. Numbers beside the words are the keys of the place."""

    chosen = Signal(str)

    def __init__(
        self,
        themes: ThemeSwitch,
        name: str,
        *,
        numbered: bool = True,
        look: Literal["soft", "pick"] = "soft",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._themes = themes
        self._numbered = numbered
        self._look: Literal["soft", "pick"] = look
        self._group = QButtonGroup(self)
        self._buttons: dict[str, ChoiceButton] = {}
        space = themes.theme.sizes.space
        self._flow = FlowLayout(space.tight // 2 if look == "pick" else space.tight, self)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Pairs of key and words, in order. What was chosen stays chosen where it is still offered."""
        kept = self.chosen_key
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._flow.removeWidget(button)
            button.deleteLater()
        self._buttons.clear()
        for number, (key, words) in enumerate(choices, start=1):
            hint = str(number) if self._numbered and number <= 9 else ""
            button = ChoiceButton(self._themes, words, key_hint=hint, look=self._look, parent=self)
            self._buttons[key] = button
            self._group.addButton(button)
            button.clicked.connect(lambda: self.chosen.emit(self.chosen_key))
            self._flow.addWidget(button)
            button.show()
        self.choose(kept if kept in self._buttons else "")

    @property
    def chosen_key(self) -> str:
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, key: str) -> None:
        """'' takes the choice back. Raises KeyError for a key that is not offered. Sends no signal."""
        if key:
            self._buttons[key].setChecked(True)
            return
        self._group.setExclusive(False)
        for button in self._buttons.values():
            button.setChecked(False)
        self._group.setExclusive(True)

    def press_number(self, number: int) -> bool:
        """Choose by the number beside the words, as if pressed; False where there is no such number.

        The keyboard goes along when it is on one of them, and stays in a text.
        """
        if not 1 <= number <= len(self._buttons):
            return False
        button = list(self._buttons.values())[number - 1]
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            button.setFocus(Qt.FocusReason.ShortcutFocusReason)
        button.click()
        return True


class ButtonRow(QWidget):
    """Buttons in order. Their words never elide: what does not fit goes into the menu at the end, last first.

    They stand at the trailing edge, or with `is_leading` at the leading one.
    """

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None, *, is_leading: bool = False) -> None:
        super().__init__(parent)
        self._themes = themes
        self._buttons: list[Button] = []
        self._wanted: dict[Button, bool] = {}
        self._is_arranging = self._is_stale = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(themes.theme.sizes.space.close)
        self._more = IconButton(themes, "dots-three", self.tr("More actions"))
        self._more.clicked.connect(self._open_menu)
        self._row.addWidget(self._more)
        self._row.insertStretch(1 if is_leading else 0, 1)
        self._more.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add(self, button: Button) -> Button:
        self._buttons.append(button)
        self._wanted[button] = True
        self._row.insertWidget(self._row.indexOf(self._more), button)
        self._arrange()
        return button

    def set_shown(self, button: Button, *, is_shown: bool) -> None:
        """Whether the button belongs to the row at present; hiding it directly would be undone."""
        self._wanted[button] = is_shown
        self._arrange()

    @property
    def in_menu(self) -> list[Button]:
        """The buttons that did not fit, in order."""
        fitting = self._fitting(self.width())
        return [button for button in self._offered() if button not in fitting]

    def _offered(self) -> list[Button]:
        return [button for button in self._buttons if self._wanted[button]]

    def _width_of(self, buttons: Sequence[Button]) -> int:
        widths = [button.sizeHint().width() for button in buttons]
        return sum(widths) + self._row.spacing() * max(0, len(widths) - 1)

    def _fitting(self, width: int) -> list[Button]:
        offered = self._offered()
        if self._width_of(offered) <= width:
            return offered
        room = width - self._more.sizeHint().width() - self._row.spacing()
        fitting = list(offered)
        while len(fitting) > 0 and self._width_of(fitting) > room:
            fitting.pop()
        return fitting

    def _arrange(self) -> None:
        if self._is_arranging:
            # Showing a button has the row laid out at once; hiding it before it is shown would leave it half shown.
            self._is_stale = True
            return
        self._is_arranging = True
        fitting = self._fitting(self.width())
        for button in self._buttons:
            button.setVisible(button in fitting)
        self._more.setVisible(len(fitting) < len(self._offered()))
        self.updateGeometry()
        self._is_arranging = False
        if self._is_stale:
            self._is_stale = False
            self._arrange()

    def _open_menu(self) -> None:
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu  # most rows fit

        lines = [
            MenuLine(
                button.words or button.accessibleName(),
                button.click,
                button.shown_icon(),
                button.accessibleDescription(),
                is_enabled=button.isEnabled(),
            )
            for button in self.in_menu
        ]
        open_menu(self._themes, self._more.accessibleName(), self._more, lines, is_trailing=True)

    def sizeHint(self) -> QSize:
        return QSize(self._width_of(self._offered()), self._themes.theme.sizes.height.control)

    def minimumSizeHint(self) -> QSize:
        first = self._offered()[:1]
        whole = self._width_of(self._offered())
        with_more = self._width_of(first) + self._row.spacing() + self._more.sizeHint().width()
        return QSize(min(whole, with_more), self._themes.theme.sizes.height.control)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()
