"""What a list or pane shows when there is nothing, not yet, or not possible: why, and the next thing to do."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.bars import ProgressBar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.state_stack import StateStack
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone

__all__ = ["EmptyState", "ErrorState", "LoadingState", "StateStack"]

# Widths of a placeholder's two lines, as parts of the room beside its circle.
_SKELETON = ((0.74, 0.54), (0.6, 0.4))


class EmptyState(QWidget):
    """Icon, what this place is for, and a button for the next thing to do."""

    acted = Signal()

    def __init__(
        self,
        themes: ThemeSwitch,
        icon: str,
        title: str,
        text: str = "",
        *,
        button: str = "",
        tone: Tone = "faint",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self._mark = IconMark(themes, icon, tone=tone, size="icon_large")
        self._title = Label(title, weight=600, wraps=True)
        self._text = Label(text, tone="muted", wraps=True)
        self._button = Button(themes, button)
        self._button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._button.clicked.connect(self.acted)
        whole = column(self, margins=(space.pane, space.pane, space.pane, space.pane))
        centre = Qt.AlignmentFlag.AlignHCenter
        for label in (self._title, self._text):
            label.setAlignment(centre | Qt.AlignmentFlag.AlignTop)
        whole.addStretch(1)
        whole.addWidget(self._mark, 0, centre)
        whole.addSpacing(space.button_gap)
        whole.addWidget(self._title)
        whole.addWidget(self._text)
        whole.addSpacing(space.page)
        whole.addWidget(self._button, 0, centre)
        whole.addStretch(1)
        self.say(title, text, button=button)

    def say(self, title: str, text: str = "", *, button: str = "") -> None:
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    @property
    def button(self) -> Button:
        return self._button


class ErrorState(EmptyState):
    """What could not be done, what was kept, and a way on. Said in a person's words."""

    def __init__(
        self, themes: ThemeSwitch, title: str = "", text: str = "", button: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(themes, "warning-circle", title, text, button=button, tone="danger", parent=parent)


class _Skeleton(QWidget):
    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        self._themes = themes

    def sizeHint(self) -> QSize:
        space = self._themes.theme.sizes.space
        return QSize(space.wide * 4, len(_SKELETON) * space.wide)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        space, icon = theme.sizes.space, theme.sizes.height.icon
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        room = self.width() - icon - space.apart
        for at, (first, second) in enumerate(_SKELETON):
            top = at * (space.wide + space.tight)
            painter.setBrush(theme.colour("fill"))
            painter.drawEllipse(QRectF(0, top + 3, icon, icon))
            left = icon + space.apart
            painter.drawRoundedRect(QRectF(left, top, room * first, space.close), space.tight, space.tight)
            painter.setBrush(theme.colour("hover"))
            below = QRectF(left, top + space.close + 6, room * second, space.close)
            painter.drawRoundedRect(below, space.tight, space.tight)


class LoadingState(QWidget):
    """Still rows in outline, and for work over a second a number and a way to stop."""

    stopped = Signal()

    def __init__(self, themes: ThemeSwitch, *, can_stop: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_stop = can_stop
        space = themes.theme.sizes.space
        self._words = Label(tone="muted", wraps=True)
        self._stop = Button(themes, self.tr("Stop"))
        self._stop.clicked.connect(self.stopped)
        self._bar = ProgressBar(themes, self.tr("Loading"))
        whole = column(self, spacing=space.apart, margins=(space.pane, space.pane, space.pane, space.pane))
        whole.addWidget(_Skeleton(themes), 1)
        row = line(spacing=space.close)
        row.addWidget(self._words, 1)
        row.addWidget(self._stop)
        whole.addLayout(row)
        whole.addWidget(self._bar)
        self.set_progress("")

    def set_progress(self, text: str, done: int = 0, total: int = 0) -> None:
        """`text` with its numbers, "Loading older calls, 1,800 of 4,200"; '' while it may still be quick."""
        self._words.setText(text)
        self._stop.setVisible(bool(text) and self._can_stop)
        self._bar.setVisible(bool(text) and total > 0)
        self._bar.set_fraction(done / total if total else 0.0)
        self.setAccessibleName(text)
