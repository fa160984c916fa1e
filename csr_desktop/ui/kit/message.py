"""A conversation's parts: messages, internal notes on paper that can't be taken for replies, and events between."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.prose import Prose
from csr_desktop.ui.kit.theme import ThemeSwitch


@dataclass(frozen=True, slots=True)
class Attachment:
    key: str
    name: str
    size_text: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """`author` is shown, `person` gives the initials where the author reads "You"."""

    author: str
    at_text: str
    text: str
    person: str = ""
    is_me: bool = False
    is_note: bool = False
    badges: tuple[Badge, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class AttachmentButton(Button):
    """A file's name and size in an outline."""

    def __init__(self, themes: ThemeSwitch, attachment: Attachment, parent: QWidget | None = None) -> None:
        super().__init__(
            themes,
            attachment.name,
            role="quiet",
            icon="paperclip",
            key_hint=attachment.size_text,
            parent=parent,
        )
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = self.themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("hairline"), 1))
        radius = theme.sizes.radius.control
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class MessageView(QWidget):
    """One message. Its text is plain and can be selected."""

    attachment_opened = Signal(str)

    def __init__(self, themes: ThemeSwitch, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self.message = message
        space = themes.theme.sizes.space
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        avatar = Avatar(themes, message.person or message.author, is_me=message.is_me)
        if message.is_note:
            margins = (space.pane + space.apart, space.apart, space.pane + space.apart, space.apart)
        else:
            margins = (space.pane, space.apart, space.pane, space.apart)
        whole = line(self, spacing=space.apart, margins=margins)
        whole.addWidget(avatar, 0, Qt.AlignmentFlag.AlignTop)
        right = column(spacing=space.tight // 2)
        whole.addLayout(right, 1)
        right.addLayout(self._head())
        self.prose = Prose(themes, message.text, name=self._spoken())
        if not message.is_note:
            self.prose.setMaximumWidth(themes.theme.sizes.width.message)
        right.addWidget(self.prose)
        if message.badges:
            right.addSpacing(space.tight)
            right.addLayout(self._badges())
        if message.attachments:
            right.addSpacing(space.button_gap)
            right.addLayout(self._attachments())
        self.setAccessibleName(self._spoken())

    def _spoken(self) -> str:
        kind = self.tr("Internal note") if self.message.is_note else self.tr("Message")
        return f"{kind}, {self.message.author}, {self.message.at_text}"

    def _head(self) -> QHBoxLayout:
        space = self._themes.theme.sizes.space
        head = line(spacing=space.close)
        head.addWidget(ElidedLabel(self.message.author, weight=600))
        head.addWidget(Label(self.message.at_text, tone="muted" if self.message.is_note else "faint", size="caption"))
        head.addStretch(1)
        if self.message.is_note:
            words = line(spacing=space.tight)
            words.addWidget(IconMark(self._themes, "lock-simple", tone="muted", size="icon_small"))
            words.addWidget(Label(self.tr("Internal note, not sent"), tone="muted", size="caption"))
            head.addLayout(words)
        return head

    def _badges(self) -> FlowLayout:
        flow = FlowLayout(self._themes.theme.sizes.space.tight)
        for badge in self.message.badges:
            flow.addWidget(Chip(self._themes, badge.text, tone=badge.tone, icon=badge.icon, is_lead=badge.is_lead))
        return flow

    def _attachments(self) -> FlowLayout:
        flow = FlowLayout(self._themes.theme.sizes.space.tight)
        for attachment in self.message.attachments:
            button = AttachmentButton(self._themes, attachment)
            button.clicked.connect(partial(self.attachment_opened.emit, attachment.key))
            flow.addWidget(button)
        return flow

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self.message.is_note:
            return
        theme, painter = self._themes.theme, QPainter(self)
        space, radius = theme.sizes.space, theme.sizes.radius.card
        paper = QRectF(self.rect()).adjusted(space.pane, space.tight, -space.pane, -space.tight)
        edge = theme.sizes.stroke.selection_mark
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("note"))
        painter.drawRoundedRect(paper, radius, radius)
        side = QRectF(paper)
        if right_to_left:
            side.setLeft(paper.right() - radius)
        else:
            side.setRight(paper.left() + radius)
        painter.drawRect(side)
        mark = QRectF(paper.right() - edge if right_to_left else paper.left(), paper.top(), edge, paper.height())
        painter.fillRect(mark, theme.colour("note-line"))


class EventLine(QWidget):
    """Something that happened between messages, in faint small words."""

    def __init__(self, themes: ThemeSwitch, icon: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        start = space.pane + themes.theme.sizes.height.avatar + space.apart
        row = line(self, spacing=space.button_gap, margins=(start, space.tight, space.pane, space.tight))
        row.addWidget(IconMark(themes, icon, size="icon_small"))
        row.addWidget(Label(text, tone="faint", size="caption", wraps=True), 1)
        self.setAccessibleName(text)


class DayLine(QWidget):
    """The day from which the messages beneath are."""

    def __init__(self, themes: ThemeSwitch, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        row = line(self, spacing=space.close, margins=(space.pane, space.tight, space.pane, space.tight))
        row.addWidget(Label(text, tone="faint", size="caption"))
        row.addWidget(Hairline(themes), 1, Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(text)
