"""Panes and what stands in them: header, sections, lines of facts, cards, hairlines."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.ground import fill
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.theme import TextSize, ThemeSwitch, Tone, set_look

Margins = tuple[int, int, int, int]


def column(parent: QWidget | None = None, *, spacing: int = 0, margins: Margins = (0, 0, 0, 0)) -> QVBoxLayout:
    """A column without Qt's own margins; given a parent, it becomes its layout."""
    made = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    made.setSpacing(spacing)
    made.setContentsMargins(*margins)
    return made


def line(parent: QWidget | None = None, *, spacing: int = 0, margins: Margins = (0, 0, 0, 0)) -> QHBoxLayout:
    """The same, side by side."""
    made = QHBoxLayout() if parent is None else QHBoxLayout(parent)
    made.setSpacing(spacing)
    made.setContentsMargins(*margins)
    return made


class Hairline(QWidget):
    """A line of one device pixel, whatever the scaling."""

    def __init__(self, themes: ThemeSwitch, *, is_vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._is_vertical = is_vertical
        fixed, free = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(fixed if is_vertical else free, free if is_vertical else fixed)

    def sizeHint(self) -> QSize:
        return QSize(1, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._themes.theme
        thin = theme.sizes.stroke.hairline / self.devicePixelRatioF()
        width, height = (thin, self.height()) if self._is_vertical else (self.width(), thin)
        fill(QPainter(self), QRectF(0, 0, width, height), theme.colour("hairline"))


class _HeaderLine(QWidget):
    """A line of fixed height with a hairline along its lower edge."""

    def __init__(self, themes: ThemeSwitch, height: int, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._themes = themes
        self.setFixedHeight(height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._themes.theme
        thin = theme.sizes.stroke.hairline / self.devicePixelRatioF()
        fill(QPainter(self), QRectF(0, self.height() - thin, self.width(), thin), theme.colour("hairline"))


class PaneHeader(_HeaderLine):
    """Title, count, a quiet caption, buttons. The caption goes where the title would be cut for it; then the title
    elides, then buttons go into a menu, last first.
    """

    def __init__(self, themes: ThemeSwitch, title: str = "", parent: QWidget | None = None) -> None:
        sizes = themes.theme.sizes
        super().__init__(themes, sizes.height.pane_header, parent)
        self._title = ElidedLabel(title, size="title", weight=600)
        self._count = Label(tone="faint")
        self._caption = ElidedLabel(tone="faint", size="caption")
        self.buttons = ButtonRow(themes)
        top = line(self, spacing=sizes.space.close, margins=(sizes.space.pane, 0, sizes.space.close, 0))
        top.addWidget(self._title)
        top.addWidget(self._count)
        top.addStretch(1)
        top.addWidget(self._caption)
        top.addWidget(self.buttons)
        self._caption.hide()
        self._count.hide()
        self._gap = sizes.space.close

    @property
    def title(self) -> str:
        return self._title.text()

    def set_title(self, text: str) -> None:
        self._title.setText(text)

    def set_count(self, text: str) -> None:
        """A count or other short words after the title, "14" or "Mine, 9 open"."""
        self._count.setText(text)
        self._count.setVisible(bool(text))

    def set_caption(self, text: str) -> None:
        self._caption.setText(text)
        self._share_room()

    def add_button(self, button: Button) -> Button:
        return self.buttons.add(button)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._share_room()
        return super().event(event)

    def _share_room(self) -> None:
        """Buttons get what they want as long as half of the line is left to the title; a caption what both leave."""
        wanted = self.buttons.sizeHint().width()
        room = max(self.buttons.minimumSizeHint().width(), self.width() // 2)
        self.buttons.setMinimumWidth(min(wanted, room))
        parts = [self._title, self._count, self._caption] if self._count.text() else [self._title, self._caption]
        needed = sum(part.sizeHint().width() + self._gap for part in parts) + self.buttons.minimumWidth()
        margins = self.contentsMargins() if (top := self.layout()) is None else top.contentsMargins()
        has_room = needed <= self.width() - margins.left() - margins.right()
        self._caption.setVisible(bool(self._caption.text()) and has_room)


class SubHeader(_HeaderLine):
    """The line of small facts under a header, 36 high."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        sizes = themes.theme.sizes
        super().__init__(themes, sizes.height.sub_header, parent)
        self._line = line(self, spacing=sizes.space.close, margins=(sizes.space.pane, 0, sizes.space.pane, 0))
        self._line.addStretch(1)
        self._leading = 0

    def add(self, widget: QWidget) -> None:
        self._line.insertWidget(self._leading, widget)
        self._leading += 1

    def add_end(self, widget: QWidget) -> None:
        self._line.addWidget(widget)


class Pane(QFrame):
    """A pane with its ground; the header stands above `body` where a title was given."""

    def __init__(
        self,
        themes: ThemeSwitch,
        title: str = "",
        *,
        ground: Literal["surface", "canvas"] = "surface",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        set_look(self, ground=ground)
        whole = column(self)
        self.header = PaneHeader(themes, title)
        whole.addWidget(self.header)
        # Not before: shown without a parent it would be a window of its own.
        self.header.setVisible(bool(title))
        self.body = column()
        whole.addLayout(self.body, 1)
        if title:
            self.setAccessibleName(title)

    def set_title(self, text: str) -> None:
        self.header.set_title(text)
        self.header.setVisible(bool(text))
        self.setAccessibleName(text)


class Section(QWidget):
    """A caption with its count, and what belongs to it beneath."""

    def __init__(
        self,
        themes: ThemeSwitch,
        caption: str,
        *,
        count: str = "",
        spacing: int = -1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self.setAccessibleName(caption)
        self._caption = Label(caption, tone="muted", size="caption", weight=600)
        self._count = Label(count, tone="faint", size="caption")
        if not count:  # shown without a parent it would be a window of its own
            self._count.hide()
        self._head = line(spacing=space.button_gap)
        self._head.addWidget(self._caption)
        self._head.addWidget(self._count)
        self._head.addStretch(1)
        self._spacing = space.close if spacing < 0 else spacing
        self._whole = column(self, spacing=self._spacing)
        self._whole.addLayout(self._head)
        self.body = column(spacing=self._spacing)
        self._whole.addLayout(self.body)

    def set_caption(self, text: str) -> None:
        self._caption.setText(text)
        self.setAccessibleName(text)

    def set_count(self, text: str) -> None:
        self._count.setText(text)
        self._count.setVisible(bool(text))

    def add_link(self, button: Button) -> Button:
        """A link at the end of the caption's line, "All 109"."""
        button.set_text_size("caption")
        button.setFixedHeight(button.themes.theme.sizes.space.page)
        self._head.addWidget(button)
        # The link is higher than the caption; what follows stays where it was.
        self._whole.setSpacing(max(0, self._spacing - button.themes.theme.sizes.space.tight))
        return button


class KeyValue(QWidget):
    """Icon, words, and a value or a chip at the end."""

    def __init__(
        self,
        themes: ThemeSwitch,
        icon: str,
        text: str,
        value: str = "",
        *,
        tone: Tone = "muted",
        weight: int = 400,
        badge: Badge | None = None,
        text_tone: Tone = "",
        value_size: TextSize = "body",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self._text = ElidedLabel(text, tone=text_tone)
        self._value = Label(value, tone=tone, size=value_size, weight=weight)
        self._value.setVisible(bool(value))
        row = line(self, spacing=space.close)
        if icon:
            row.addWidget(IconMark(themes, icon))
        row.addWidget(self._text, 1)
        row.addWidget(self._value)
        if badge is not None:
            row.addWidget(Chip(themes, badge.text, tone=badge.tone, icon=badge.icon, is_lead=badge.is_lead))
        self.setMinimumHeight(space.page)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_value(self, value: str, tone: Tone = "muted") -> None:
        self._value.setText(value)
        self._value.set_tone(tone)
        self._value.setVisible(bool(value))


class Fact(NamedTuple):
    """A line of `Facts`. What no longer holds is struck through."""

    label: str
    value: str
    tone: Tone = ""
    weight: int = 400
    is_struck: bool = False


class Facts(QWidget):
    """Two columns: what, in muted words, and how it is."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(space.pane)
        self._grid.setVerticalSpacing(space.button_gap)
        self._grid.setColumnStretch(1, 1)

    def set_facts(self, facts: Sequence[Fact | tuple[str, str, Tone]]) -> None:
        """In order; what stood there before goes."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for at, fact in enumerate(Fact(*fact) for fact in facts):
            value = Label(fact.value, tone=fact.tone, weight=fact.weight, wraps=True, is_struck=fact.is_struck)
            self._grid.addWidget(Label(fact.label, tone="muted"), at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, at, 1)


class Card(QFrame):
    """A thing separate from its neighbours: hairline, round corners, its title inside."""

    def __init__(
        self, themes: ThemeSwitch, *, title: str = "", caption: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        set_look(self, role="card")
        whole = column(self, spacing=space.close, margins=(space.pane, space.apart, space.pane, space.apart))
        self._title = ElidedLabel(title, weight=600)
        self._caption = Label(caption, tone="muted", size="caption")
        self.head = line(spacing=space.close)
        self.head.addWidget(self._title, 1)
        self.head.addWidget(self._caption)
        if title or caption:
            whole.addLayout(self.head)
            self.setAccessibleName(title)
        self.body = column(spacing=space.button_gap)
        whole.addLayout(self.body)

    def set_title(self, text: str) -> None:
        self._title.setText(text)
        self.setAccessibleName(text)

    def set_caption(self, text: str) -> None:
        self._caption.setText(text)


class GroupLine(QFrame):
    """A group's header outside a painted list, 28 high on canvas."""

    def __init__(self, themes: ThemeSwitch, text: str, count: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sizes = themes.theme.sizes
        set_look(self, ground="canvas")
        self._words = Label(text, tone="muted", size="caption", weight=600)
        self._count = Label(count, tone="faint", size="caption")
        self.end = Label("", tone="faint", size="caption")
        row = line(self, spacing=sizes.space.button_gap, margins=(sizes.space.pane, 0, sizes.space.pane, 0))
        row.addWidget(self._words)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self.end)
        self.setFixedHeight(sizes.height.group_header)

    def set_text(self, text: str, count: str = "") -> None:
        self._words.setText(text)
        self._count.setText(count)
