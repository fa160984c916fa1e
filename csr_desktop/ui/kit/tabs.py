"""Tabs as words with the accent's line beneath the chosen one."""

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.theme import ThemeSwitch


class _Tab(Button):
    def __init__(self, themes: ThemeSwitch, text: str, icon: str, parent: QWidget) -> None:
        super().__init__(themes, text, role="quiet", icon=icon, parent=parent)
        self.click_when_toggled()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def weight(self) -> int:
        return 600 if self.isChecked() else 400

    def icon_side(self) -> int:
        return self.themes.theme.sizes.height.icon_small

    def side_padding(self) -> int:
        return 0

    def grounds(self) -> tuple[str, str, str]:
        return "", "", "text" if self.isChecked() or self.underMouse() else "text-muted"

    def sizeHint(self) -> QSize:
        # As wide as when chosen, so that the others stay where they are.
        theme, size = self.themes.theme, super().sizeHint()
        bold, plain = (theme.metrics("body", weight).horizontalAdvance(self.words) for weight in (600, self.weight()))
        return QSize(size.width() + bold - plain, size.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.isChecked():
            high = self.themes.theme.sizes.stroke.focus_ring
            painter = QPainter(self)
            painter.fillRect(QRect(0, self.height() - high, self.width(), high), self.themes.theme.colour("accent"))


class TabBar(QWidget):
    """The first tab added is chosen. Arrow keys move between tabs."""

    chosen = Signal(str)

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._tabs: dict[str, _Tab] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(themes.theme.sizes.space.pane)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def add(self, key: str, text: str, icon: str = "") -> None:
        tab = _Tab(self._themes, text, icon, self)
        tab.setChecked(not self._tabs)
        self._tabs[key] = tab
        self._group.addButton(tab)
        tab.clicked.connect(lambda: self.chosen.emit(self.chosen_key))
        self._row.addWidget(tab)

    def set_shown(self, key: str, *, is_shown: bool) -> None:
        """One that is chosen and goes leaves the first that is shown."""
        tab = self._tabs[key]
        tab.setVisible(is_shown)
        if not is_shown and tab.isChecked():
            next(iter(self._tabs.values())).setChecked(True)

    @property
    def chosen_key(self) -> str:
        return next((key for key, tab in self._tabs.items() if tab.isChecked()), "")

    def choose(self, key: str) -> None:
        """Raises KeyError for a key not added. Sends no signal."""
        self._tabs[key].setChecked(True)
