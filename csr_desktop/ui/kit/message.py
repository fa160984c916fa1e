"""A conversation's parts: messages, internal notes on paper that can't be taken for replies, and events between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent, QPen
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
    """A file: its whole name, and in `detail` its size and how it stands. `spoken` says what can be done with it."""

    key: str
    name: str
    detail: str = ""
    icon: str = "paperclip"
    spoken: str = ""
    can_remove: bool = False


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
    """A file's name and how it stands, in an outline. Enter or a click opens it, Delete removes it."""

    opened = Signal(str)
    removed = Signal(str)
    menu_wanted = Signal(str)

    def __init__(self, themes: ThemeSwitch, attachment: Attachment, parent: QWidget | None = None) -> None:
        super().__init__(themes, attachment.name, role="quiet", elides=True, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.attachment = attachment
        self.show_attachment(attachment)
        self.clicked.connect(lambda: self.opened.emit(self.attachment.key))

    def show_attachment(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.icon_name = attachment.icon
        self.key_hint = attachment.detail
        self.setText(attachment.name)
        self.setAccessibleDescription(", ".join(part for part in (attachment.detail, attachment.spoken) if part))

    def _shown_words(self) -> str:
        """A name that does not fit is cut in its middle: what it ends in stays in sight."""
        missing = self._parts_width() + 2 * self.side_padding() - self.width()
        if missing <= 0:
            return self.words
        metrics = self.themes.theme.metrics(self.text_size, self.weight())
        return metrics.elidedText(self.words, Qt.TextElideMode.ElideMiddle, self._advance(self.words) - missing)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and self.attachment.can_remove:
            self.removed.emit(self.attachment.key)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            self.click()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self.attachment.key)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = self.themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("hairline"), 1))
        radius = theme.sizes.radius.control
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class AttachmentRow(QWidget):
    """Files beside each other; they wrap where the pane is narrow. Told of them again, those that stay keep focus."""

    opened = Signal(str)
    removed = Signal(str)
    menu_wanted = Signal(str)

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._flow = FlowLayout(themes.theme.sizes.space.tight, self)
        self.buttons: dict[str, AttachmentButton] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Attached files"))

    def show_attachments(self, attachments: Sequence[Attachment]) -> None:
        for key in set(self.buttons) - {attachment.key for attachment in attachments}:
            button = self.buttons.pop(key)
            if button.hasFocus():
                self.focusNextChild()
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        for attachment in attachments:
            if attachment.key in self.buttons:
                self.buttons[attachment.key].show_attachment(attachment)
            else:
                self._add(attachment)
        self.setVisible(bool(self.buttons))
        self.updateGeometry()

    def _add(self, attachment: Attachment) -> None:
        button = self.buttons[attachment.key] = AttachmentButton(self._themes, attachment, self)
        button.opened.connect(self.opened)
        button.removed.connect(self.removed)
        button.menu_wanted.connect(self.menu_wanted)
        self._flow.addWidget(button)
        button.show()


class MessageView(QWidget):
    """One message. Its text is plain and can be selected."""

    attachment_opened = Signal(str)
    attachment_removed = Signal(str)
    attachment_menu_wanted = Signal(str)

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
        self._right = right
        self._files: AttachmentRow | None = None
        self.prose.setVisible(bool(message.text))
        self.show_attachments(message.attachments)
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

    @property
    def files(self) -> AttachmentRow | None:
        return self._files

    def button_of(self, key: str) -> QWidget:
        return self._files.buttons[key] if self._files is not None else self

    def show_attachments(self, attachments: tuple[Attachment, ...]) -> None:
        """In place: what the person is at stays there while a file is on its way."""
        self.message = replace(self.message, attachments=attachments)
        if self._files is None:
            if not attachments:
                return
            self._right.addSpacing(self._themes.theme.sizes.space.button_gap)
            self._files = AttachmentRow(self._themes)
            self._files.opened.connect(self.attachment_opened)
            self._files.removed.connect(self.attachment_removed)
            self._files.menu_wanted.connect(self.attachment_menu_wanted)
            self._right.addWidget(self._files)
        self._files.show_attachments(attachments)

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
