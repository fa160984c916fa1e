"""Writes a note on the client: it opens over the timeline, keeps its draft, and goes when the note is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import ErrorLine, FieldFrame
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.prose import NotesEditor

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk


class DraftedText(QWidget):
    """An editor with its draft, an error line, and buttons beneath: what notes and alerts are written in."""

    closed = Signal()
    """The person is done with it for now; the draft stays."""
    submitted = Signal(str)

    def __init__(
        self, desk: Desk, name: str, placeholder: str, save_words: str, *, least_lines: int = 2, most_lines: int = 8
    ) -> None:
        super().__init__()
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.editor = NotesEditor(themes, name, placeholder=placeholder, least_lines=least_lines, most_lines=most_lines)
        self.keeper = DraftKeeper(desk, self.editor)
        self.private = desk.private(self.editor)
        self.state = Label(tone="faint", size="caption")
        self.close_button = Button(themes, self.tr("Close"), role="quiet", key_hint="Esc")
        self.save_button = Button(themes, save_words, role="primary", key_hint="Ctrl+Return")
        self._error = ErrorLine(themes)
        frame = FieldFrame(themes)
        self.editor.setViewportMargins(space.apart, space.close, space.apart, space.tight)
        frame.add_editor(self.editor)
        hint = line(margins=(space.apart, 0, space.apart, 0))
        hint.addWidget(self.private.hint)
        frame.body.addLayout(hint)
        bar = line(spacing=space.close, margins=(space.close, space.tight, space.tight, space.tight))
        bar.addWidget(self.state)
        bar.addStretch(1)
        bar.addWidget(self.close_button)
        bar.addWidget(self.save_button)
        frame.body.addLayout(bar)
        whole = column(self, spacing=space.tight)
        whole.addWidget(frame)
        whole.addWidget(self._error)
        self.setFocusProxy(self.editor)
        self.editor.textChanged.connect(self._on_text_changed)
        self.keeper.kept.connect(self._on_kept)
        self.save_button.clicked.connect(self.submit)
        self.close_button.clicked.connect(self.closed)

    @property
    def has_keyboard(self) -> bool:
        focus = self.window().focusWidget()
        return self.isVisible() and focus is not None and self.isAncestorOf(focus)

    def submit(self) -> None:
        if self.private.may_save():
            self.submitted.emit(self.editor.text())

    def show_fault(self, fault: CsrDesktopError) -> None:
        self._error.say(str(fault), is_error=True)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_text_changed(self) -> None:
        self._error.say("", is_error=False)
        self.state.setText("")

    def _on_kept(self) -> None:
        self.state.setText(self.tr("Draft kept") if self.editor.text() else "")


class NoteComposer(QWidget):
    """Hidden until `open`; it is there by itself when a note on this client was begun and not added."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._client_id = ""
        space = desk.themes.theme.sizes.space
        self.text = DraftedText(
            desk,
            self.tr("Note on this client"),
            self.tr("A note for everyone who works with them"),
            self.tr("Add note"),
        )
        whole = column(self, margins=(space.page, space.apart, space.pane, space.apart))
        whole.addWidget(self.text)
        self.setFocusProxy(self.text)
        self.text.closed.connect(self.hide)
        self.text.submitted.connect(self._on_submitted)
        self.text.keeper.loaded.connect(self._on_draft)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(0, super().sizeHint().height())

    def show_client(self, client_id: str) -> None:
        if client_id != self._client_id:
            self._client_id = client_id
            self.hide()
            self.text.keeper.set_key(f"client_note:{client_id}" if client_id else "")

    def _on_draft(self) -> None:
        if self.text.editor.text():
            self.show()

    def open(self) -> None:
        self.show()
        self.text.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_submitted(self, body: str) -> None:
        client_id, key, clients = self._client_id, self.text.keeper.key, self._desk.services.clients

        def done(_outcome: Outcome) -> None:
            self.text.keeper.sent(key, body)
            if not self.text.editor.text():
                self.hide()

        self._desk.do(self, lambda: clients.add_note(client_id, body).outcome, done, self.text.show_fault)
