"""The messages of a ticket, the newest in view; older ones on demand."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from csr_desktop.ui.inbox.file_words import FileWords
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge
from csr_desktop.ui.kit.message import Attachment, DayLine, EventLine, Message, MessageView
from csr_desktop.ui.kit.overlay_bar import OverlayBar
from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.wording import VIEW_ICONS, place_of

if TYPE_CHECKING:
    from csr_desktop.services.inbox_rows import Conversation, ConversationMessage, LinkedPromise
    from csr_desktop.ui.desk import Desk

_AT_ONCE: Final = 25
"""Messages shown when a ticket is opened, and added for each press on the button above them."""


class _Piece(msgspec.Struct, frozen=True):
    """A part of the thread: a day, an event or a message."""

    kind: str
    key: str
    icon: str = ""
    text: str = ""
    message: Message | None = None


def _without_files(piece: _Piece) -> _Piece:
    if piece.message is None or not piece.message.attachments:
        return piece
    return msgspec.structs.replace(piece, message=dataclasses.replace(piece.message, attachments=()))


class Thread(QScrollArea):
    """Opens at the newest message. What comes in later is put beneath; who reads further up is not moved."""

    file_opened = Signal(str)
    file_removed = Signal(str)
    file_menu_wanted = Signal(str, QWidget)
    """Ids of attachments."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._conversation: Conversation | None = None
        self._pieces: list[_Piece] = []
        self._views: dict[str, MessageView] = {}
        self._shown = _AT_ONCE
        self._follows = True
        self._from_end = 0
        self._file_words = FileWords(desk.words.locale)
        self.setAccessibleName(self.tr("Conversation"))
        self.viewport().setAccessibleName(self.accessibleName())  # a screen reader meets it, too
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        space = desk.themes.theme.sizes.space
        self._content = content = QWidget()
        self._column = column(content, margins=(0, space.close, 0, space.close))
        self._earlier = Button(desk.themes, "", role="link")
        self._earlier.clicked.connect(self._show_earlier)
        self._column.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(1)
        self.setWidget(content)
        # A scroll area has its widget filled with the window's ground.
        content.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        OverlayBar(self)
        bar = self.verticalScrollBar()
        bar.setSingleStep(desk.themes.theme.sizes.height.row_one_line)
        bar.rangeChanged.connect(self._on_range_changed)
        bar.valueChanged.connect(self._on_scrolled)

    def show_conversation(self, conversation: Conversation) -> None:
        is_other = self._conversation is None or conversation.ticket_id != self._conversation.ticket_id
        self._conversation = conversation
        if is_other:
            self._shown = _AT_ONCE
            self._follows = True
        pieces = self._pieces_of(conversation)
        there = pieces[: len(self._pieces)]
        if not is_other and [_without_files(p) for p in there] == [_without_files(p) for p in self._pieces]:
            self._show_files(there)
            self._append(pieces[len(self._pieces) :])
        else:
            self._rebuild(pieces)
        self._pieces = pieces
        if self._follows:
            self._to_end()

    def add_to_foot(self, widget: QWidget) -> None:
        """Something that stands beneath the last message."""
        self._column.insertWidget(self._column.count() - 1, widget)

    def name_of(self, attachment_id: str) -> str:
        return self._file(attachment_id).name

    def can_remove(self, attachment_id: str) -> bool:
        return self._file(attachment_id).can_remove

    def _file(self, attachment_id: str) -> Attachment:
        """Raises LookupError for one that is not shown."""
        for view in self._views.values():
            for file in view.message.attachments:
                if file.key == attachment_id:
                    return file
        raise LookupError(attachment_id)

    # Pieces

    def _pieces_of(self, conversation: Conversation) -> list[_Piece]:
        words = self._desk.words
        hidden = max(0, len(conversation.messages) - self._shown)
        self._earlier.setVisible(hidden > 0)
        self._earlier.setText(self.tr("Show %n earlier message(s)", "", hidden))
        pieces: list[_Piece] = []
        linked: set[str] = set()
        day = ""
        for message in conversation.messages[hidden:]:
            date = words.local(message.written_at).date().isoformat()
            if date != day:
                day = date
                pieces.append(_Piece("day", date, text=words.long_day(message.written_at)))
            linked.update(promise.id for promise in message.promises)
            pieces.append(self._piece_of(message, conversation))
        for message in conversation.messages[:hidden]:
            linked.update(promise.id for promise in message.promises)
        pieces += [
            _Piece(
                "event",
                promise.id,
                VIEW_ICONS.get(promise.kind, ""),
                self._promise_words(promise, conversation, with_title=True),
            )
            for promise in conversation.promises
            if promise.id not in linked and promise.state == "open"
        ]
        return pieces

    def _piece_of(self, message: ConversationMessage, conversation: Conversation) -> _Piece:
        time = self._desk.words.time_of_day(message.written_at)
        if message.kind == "event":
            return _Piece("event", message.id, "arrow-elbow-down-left", self._event_words(message, time))
        if message.kind == "inbound" and not message.author_id:
            author = message.author_name or conversation.contact_name or conversation.client_name or self.tr("Client")
        else:
            author = self.tr("You") if message.is_mine else message.author_name
        shown = Message(
            author=author,
            at_text=time,
            text=message.body,
            person=message.author_name or author,
            is_me=message.is_mine,
            is_note=message.kind == "note",
            badges=tuple(self._badge(promise, conversation) for promise in message.promises),
            attachments=tuple(map(self._file_words.attachment, message.files)),
        )
        return _Piece("message", message.id, message=shown)

    def _event_words(self, message: ConversationMessage, time: str) -> str:
        """ "Resolved, 11:59 AM, by Casey Demo", unless the record says the name itself."""
        words = f"{message.body}, {time}"
        if not message.author_name or message.author_name in message.body:
            return words
        by = self.tr("you") if message.is_mine else message.author_name
        return self.tr("{0}, by {1}").format(words, by)

    def _badge(self, promise: LinkedPromise, conversation: Conversation) -> Badge:
        icon = VIEW_ICONS.get(promise.kind, "")
        words = self._promise_words(promise, conversation, with_title=False)
        if promise.state == "open":
            is_late = promise.due_at < self._desk.words.now()
            return Badge(words, "danger" if is_late else "info", icon)
        return Badge(words, "danger" if promise.outcome == "broken" else "success", icon)

    def _promise_words(self, promise: LinkedPromise, conversation: Conversation, *, with_title: bool) -> str:
        """ "Promise: Fri, May 15, 11:00 AM in Chicago"; of one that is over, how it ended."""
        words = self._desk.words
        kind = words.follow_up_kind(promise.kind)
        if promise.state != "open":
            return f"{kind}: {words.follow_up_outcome(promise.outcome)}"
        zone = conversation.client_zone
        due = words.within(promise.due_at, zone) if with_title else words.moment(promise.due_at, zone)
        if zone and words.local(promise.due_at, zone).utcoffset() != words.local(promise.due_at).utcoffset():
            due = self.tr("{0} in {1}").format(due, place_of(zone))
        return f"{kind}: {promise.title}, {due}" if with_title else f"{kind}: {due}"

    # Widgets

    def _show_files(self, pieces: list[_Piece]) -> None:
        for piece in pieces:
            if piece.message is not None and piece.message != self._views[piece.key].message:
                self._views[piece.key].show_attachments(piece.message.attachments)

    def _rebuild(self, pieces: list[_Piece]) -> None:
        self._views.clear()
        self._content.setUpdatesEnabled(False)
        for at in range(self._column.count() - 2, 0, -1):
            item = self._column.takeAt(at)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._append(pieces)
        self._content.setUpdatesEnabled(True)

    def _append(self, pieces: list[_Piece]) -> None:
        for piece in pieces:
            self._column.insertWidget(self._column.count() - 1, self._widget_of(piece))

    def _widget_of(self, piece: _Piece) -> QWidget:
        themes = self._desk.themes
        if piece.message is not None:
            view = self._views[piece.key] = MessageView(themes, piece.message)
            view.attachment_opened.connect(self.file_opened)
            view.attachment_removed.connect(self.file_removed)
            view.attachment_menu_wanted.connect(lambda key: self.file_menu_wanted.emit(key, view.button_of(key)))
            return view
        return DayLine(themes, piece.text) if piece.kind == "day" else EventLine(themes, piece.icon, piece.text)

    # The place in it

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _on_range_changed(self, _least: int, most: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(most)
        elif self._from_end:
            self.verticalScrollBar().setValue(most - self._from_end)
            self._from_end = 0

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        # Reading further up ends following; so does a person's way back down begin it.
        if bar.isSliderDown() or self.underMouse() or self.hasFocus():
            self._follows = value >= bar.maximum()

    def scroll_by_page(self, pages: float) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(round(bar.value() + pages * bar.pageStep()))
        self._follows = bar.value() >= bar.maximum()

    def _show_earlier(self) -> None:
        if self._conversation is None:
            return
        bar = self.verticalScrollBar()
        self._follows = False
        self._from_end = bar.maximum() - bar.value()
        self._shown += _AT_ONCE
        self._pieces = self._pieces_of(self._conversation)
        self._rebuild(self._pieces)
