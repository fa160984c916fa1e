"""Where one writes in a ticket: the reply that was given, an internal note on paper, what the client said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.inbox.message_kinds import HEARD, NOTE, REPLY
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.fields import ErrorLine, FieldFrame
from csr_desktop.ui.kit.message import AttachmentRow
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.tabs import TabBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.message import Attachment
    from csr_desktop.ui.kit.private_text import PrivateText
    from csr_desktop.ui.kit.theme import ThemeSwitch

_KINDS: Final = (REPLY, NOTE, HEARD)


class _Paper(FieldFrame):
    """The frame; while an internal note is written it is paper with an edge, like the notes in the thread."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__(themes)
        self._switch = themes
        self._is_note = False

    def set_note(self, *, is_note: bool) -> None:
        self._is_note = is_note
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_note:
            return
        theme, painter = self._switch.theme, QPainter(self)
        ring, radius = theme.sizes.stroke.focus_ring, theme.sizes.radius.control
        inner = QRectF(self.rect()).adjusted(ring, ring, -ring, -ring)
        shape = QPainterPath()
        shape.addRoundedRect(inner, radius - ring, radius - ring)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(shape)
        painter.fillRect(inner, theme.colour("note"))
        edge = theme.sizes.stroke.selection_mark
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = inner.right() - edge if is_mirrored else inner.left()
        painter.fillRect(QRectF(left, inner.top(), edge, inner.height()), theme.colour("note-line"))


class Composer(QWidget):
    """One text of each kind for each ticket; all of them are drafts until they are logged. Nothing that comes in from
    elsewhere touches what stands here.
    """

    typed = Signal(str, str)
    """Ticket and the kind of text in which something was typed; '' when nothing of the text is left."""
    turned = Signal(str)
    """To the draft of this key."""
    attach_wanted = Signal()
    """The person wants to choose files."""
    files_given = Signal(list)
    picture_given = Signal(object)
    file_left_out = Signal(str)
    logging = Signal(str, str, str, str)
    """Ticket, kind, text and the state that the ticket then has ('' leaves it)."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._ticket_id = ""
        themes, sizes = desk.themes, desk.themes.theme.sizes
        self._tabs = TabBar(themes, self.tr("What to write"))
        self._tabs.add(REPLY, self.tr("Reply"))
        self._tabs.add(NOTE, self.tr("Internal note"), "lock-simple")
        self._tabs.add(HEARD, self.tr("What the client said"))
        self._tabs.chosen.connect(self._on_tab)
        self._to = ElidedLabel(tone="faint", size="caption")
        self._error = ErrorLine(themes)
        self._kept = Label(tone="faint", size="caption")
        self._more = ButtonRow(themes)
        self._resolve = self._more.add(Button(themes, self.tr("Log and resolve"), role="quiet"))
        self._wait = self._more.add(Button(themes, self.tr("Log and wait"), role="quiet"))
        self._wait.setAccessibleDescription(self.tr("The ticket then waits for the client"))
        self._log = Button(themes, "", role="primary", key_hint="Ctrl+Return")
        self._log.clicked.connect(self.log)
        self._resolve.clicked.connect(lambda: self.log("resolved"))
        self._wait.clicked.connect(lambda: self.log("waiting"))
        self._frame = _Paper(themes)
        top = line(spacing=sizes.space.close, margins=(sizes.space.apart, 0, sizes.space.apart, 0))
        top.addWidget(self._tabs)
        top.addStretch(1)
        top.addWidget(self._to)
        bar = QWidget()
        bar.setLayout(top)
        bar.setFixedHeight(sizes.height.composer_bar)
        self._frame.body.addWidget(bar)
        self._frame.body.addWidget(Hairline(themes))
        self._editors: dict[str, NotesEditor] = {}
        self._keepers: dict[str, DraftKeeper] = {}
        self._private: dict[str, PrivateText] = {}
        hints = column(margins=(sizes.space.apart, 0, sizes.space.apart, 0))
        for kind in _KINDS:
            self._add_editor(kind)
            hints.addWidget(self._private[kind].hint)
        self._frame.body.addLayout(hints)
        error = line(margins=(sizes.space.apart, 0, sizes.space.apart, 0))
        error.addWidget(self._error)
        self._frame.body.addLayout(error)
        self._files = AttachmentRow(themes)
        self._files.hide()
        self._files.opened.connect(self.file_left_out)
        self._files.removed.connect(self.file_left_out)
        around = line(margins=(sizes.space.apart, 0, sizes.space.apart, 0))
        around.addWidget(self._files)
        self._frame.body.addLayout(around)
        self._attach = IconButton(themes, "paperclip", self.tr("Attach files"), key_hint="Ctrl+Shift+A")
        self._attach.clicked.connect(self.attach_wanted)
        foot = line(
            spacing=sizes.space.close, margins=(sizes.space.apart, 0, sizes.space.button_gap, sizes.space.tight)
        )
        foot.addWidget(self._attach)
        foot.addWidget(self._kept)
        foot.addStretch(1)
        foot.addWidget(self._more)
        foot.addWidget(self._log)
        self._frame.body.addLayout(foot)
        whole = column(self, margins=(sizes.space.pane, 0, sizes.space.pane, sizes.space.pane))
        whole.addWidget(self._frame)
        self._show_kind(REPLY)

    def _add_editor(self, kind: str) -> None:
        names = {
            REPLY: (self.tr("Reply"), self.tr("What you told the client")),
            NOTE: (self.tr("Internal note"), self.tr("Only your organization reads this")),
            HEARD: (self.tr("What the client said"), self.tr("What the client said, by phone or in person")),
        }
        name, placeholder = names[kind]
        space = self._desk.themes.theme.sizes.space
        editor = NotesEditor(self._desk.themes, name, placeholder=placeholder, least_lines=3, most_lines=9)
        editor.setViewportMargins(space.apart, space.close, space.apart, space.close)
        editor.textChanged.connect(self._on_text_changed)
        editor.takes_files = True
        editor.files_given.connect(self.files_given)
        editor.picture_given.connect(self.picture_given)
        self._frame.add_editor(editor)
        keeper = DraftKeeper(self._desk, editor)
        keeper.kept.connect(self._say_kept)
        keeper.loaded.connect(lambda kind=kind: self._on_loaded(kind))
        keeper.not_kept.connect(lambda _fault: self._say_kept(is_kept=False))
        self._editors[kind] = editor
        self._private[kind] = self._desk.private(editor)
        self._keepers[kind] = keeper

    # What the pane says

    @property
    def kind(self) -> str:
        return self._tabs.chosen_key

    @property
    def editor(self) -> NotesEditor:
        """The one in front."""
        return self._editors[self.kind]

    @property
    def place(self) -> str:
        """The key of the draft in front, with which files wait, too."""
        return f"{self.kind}:{self._ticket_id}" if self._ticket_id else ""

    def offer_files(self, *, is_offered: bool) -> None:
        """Whether files can be attached here at all."""
        self._attach.setVisible(is_offered)

    def show_files(self, place: str, files: Sequence[Attachment]) -> None:
        """What goes with the text of that draft."""
        if place == self.place:
            self._files.show_attachments(files)

    @property
    def has_files(self) -> bool:
        return bool(self._files.buttons)

    def set_ticket(self, ticket_id: str, contact_name: str) -> None:
        """Turn to that ticket's drafts. Telling it the same one again changes nothing that is being written."""
        self._to.setText(self.tr("To {0}").format(contact_name) if contact_name else "")
        if ticket_id == self._ticket_id:
            return
        self._ticket_id = ticket_id
        self._error.say("", is_error=False)
        self._tabs.choose(REPLY)
        self._show_kind(REPLY)
        for kind, keeper in self._keepers.items():
            keeper.set_key(f"{kind}:{ticket_id}" if ticket_id else "")
        self._say_kept()
        self.turned.emit(self.place)

    def start(self, kind: str) -> None:
        """Put the keyboard into that text."""
        self._tabs.choose(kind)
        self._show_kind(kind)
        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def has_keyboard(self) -> bool:
        return self.editor.hasFocus()

    def was_logged(self, ticket_id: str, kind: str, text: str) -> None:
        """It is saved: the draft goes, but not what was typed since."""
        self._keepers[kind].sent(f"{kind}:{ticket_id}", text)
        self._say_kept()

    def look_again(self) -> None:
        """Messages changed: one that was taken back may be a draft again."""
        for keeper in self._keepers.values():
            keeper.look_again()

    def say_fault(self, ticket_id: str, words: str) -> None:
        if ticket_id == self._ticket_id:
            self._error.say(words, is_error=True)

    def log(self, then_state: str = "") -> None:
        """As the buttons do; an empty text is pointed at instead."""
        text = self.editor.text()
        if not text.strip() and not self.has_files:
            self._error.say(self.tr("Write something first."), is_error=True)
            self.editor.setFocus()
            return
        if not self._private[self.kind].may_save():
            return
        self.logging.emit(self._ticket_id, self.kind, text, then_state if self.kind == REPLY else "")

    # Inside

    def _on_tab(self, kind: str) -> None:
        self._show_kind(kind)
        self.editor.setFocus()

    def _show_kind(self, kind: str) -> None:
        for other, editor in self._editors.items():
            editor.setVisible(other == kind)
            self._private[other].set_shown(is_shown=other == kind)
        self._frame.set_note(is_note=kind == NOTE)
        words = {REPLY: self.tr("Log reply"), NOTE: self.tr("Add note"), HEARD: self.tr("Log message")}
        self._log.setText(words[kind])
        self._more.setVisible(kind == REPLY)
        self._to.setVisible(kind == REPLY)
        self._error.say("", is_error=False)
        self._say_kept()
        self._files.show_attachments(())
        self.turned.emit(self.place)

    def _on_loaded(self, kind: str) -> None:
        """A ticket with a draft opens where the draft is."""
        if self._keepers[kind].text and not self.editor.text() and not self.has_keyboard():
            self._tabs.choose(kind)
            self._show_kind(kind)
        self._say_kept()

    def _on_text_changed(self) -> None:
        if self._error.text():
            self._error.say("", is_error=False)
        is_empty = not self.editor.text()
        if is_empty:
            self._kept.setText("")
        if self._ticket_id and self.has_keyboard():  # else a draft was put there
            self.typed.emit(self._ticket_id, "" if is_empty else self.kind)

    def _say_kept(self, *, is_kept: bool = True) -> None:
        self._kept.set_tone("faint" if is_kept else "danger")
        words = self.tr("Draft kept") if is_kept else self.tr("Not kept")
        self._kept.setText(words if self.editor.text() else "")
