"""Keeps what is being typed: every change goes to the file, so that it survives whatever happens to the program."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from csr_desktop.ui.kit.prose import NotesEditor

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QLineEdit, QWidget

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.desk import Desk


class _OnTheWay:
    """The newest text of each key that is not in the file yet. Both threads use it.

    At most one write is queued: while it waits for its turn only the newest text is kept for it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._texts: dict[str, str] = {}

    def put(self, key: str, text: str) -> bool:
        """Whether a write has to be queued for it."""
        with self._lock:
            is_first = not self._texts
            self._texts[key] = text
            return is_first

    def take(self) -> dict[str, str]:
        with self._lock:
            texts, self._texts = self._texts, {}
            return texts

    def __bool__(self) -> bool:
        with self._lock:
            return bool(self._texts)


class DraftKeeper(QObject):
    """Loads the draft of `key` into its editor and keeps each change, in order, without delay.

    What is typed before the draft has come home stays behind it. An empty key keeps nothing.
    """

    kept = Signal()
    """The newest text is in the file."""
    loaded = Signal()
    """The draft of the key, if there is one, stands in the editor."""
    not_kept = Signal(object)
    """A CsrDesktopError: the text is only on the screen."""

    def __init__(self, desk: Desk, editor: NotesEditor | QLineEdit, key: str = "") -> None:
        super().__init__(editor)
        self._desk = desk
        self._editor = editor
        self._key = ""
        self._on_the_way = _OnTheWay()
        self._has_failed = False
        self._is_loaded = True
        self._is_showing = False
        editor.textChanged.connect(self._on_text_changed)
        if key:
            self.set_key(key)

    @property
    def key(self) -> str:
        return self._key

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded

    @property
    def text(self) -> str:
        return self._editor.text()

    def set_key(self, key: str) -> None:
        """Turn to another draft; the text of the one before is kept under its own key."""
        if key == self._key:
            return
        if not self._is_loaded and self._editor.text():
            self._append(self._key, self._editor.text())
        self._key = key
        self._is_loaded = not key
        self._show("")
        if key:
            self._read()

    def look_again(self) -> None:
        """What was said and was taken back is a draft again: read it, unless something is being written."""
        if self._key and self._is_loaded and not self._editor.text():
            self._is_loaded = False
            self._read()

    def keep_unread(self) -> None:
        """Queue what was typed before its draft came home: the program ends before it does."""
        if not self._is_loaded and self._editor.text():
            self._is_loaded = True
            self._append(self._key, self._editor.text())

    def _read(self) -> None:
        key, drafts = self._key, self._desk.services.drafts
        self._desk.ask(self, lambda: drafts.read(key), self._on_read(key), self._on_unread(key), key="read")

    def clear(self) -> None:
        """What was written is used or given up: the editor and the draft are emptied."""
        self._show("")
        self._keep(self._key, "")

    def sent(self, key: str, text: str) -> None:
        """`text` of `key` has been saved as what it was meant for; what was typed since stays a draft."""
        if key != self._key:
            self._keep(key, "")
            return
        now = self._editor.text()
        self._show(now[len(text) :].lstrip() if now.startswith(text) else now)
        self._keep(key, self._editor.text())

    def _on_read(self, key: str) -> Callable[[str], None]:
        def show(draft: str) -> None:
            if key != self._key or self._is_loaded:
                return
            self._is_loaded = True
            typed = self._editor.text()
            if draft:
                self._show(draft + typed)
            if typed:
                self._keep(key, draft + typed)
            self.loaded.emit()

        return show

    def _on_unread(self, key: str) -> Callable[[CsrDesktopError], None]:
        def fail(fault: CsrDesktopError) -> None:
            # Nothing is written over a draft that could not be read.
            if key == self._key:
                self._on_failed(fault)

        return fail

    def _show(self, text: str) -> None:
        if text == self._editor.text():
            return
        self._is_showing = True
        if isinstance(self._editor, NotesEditor):
            self._editor.set_text(text)
        else:
            self._editor.setText(text)
        self._is_showing = False

    def _on_text_changed(self) -> None:
        # While the draft is still being read, what is typed waits: written alone it would replace the draft.
        if self._key and self._is_loaded and not self._is_showing:
            self._keep(self._key, self._editor.text())

    def _append(self, key: str, typed: str) -> None:
        drafts = self._desk.services.drafts
        self._desk.ask(self, lambda: drafts.write(key, drafts.read(key) + typed), self._on_written, self._on_failed)

    def _keep(self, key: str, text: str) -> None:
        if key and self._on_the_way.put(key, text):
            on_the_way, drafts = self._on_the_way, self._desk.services.drafts

            def write() -> None:
                for draft_key, newest in on_the_way.take().items():
                    drafts.write(draft_key, newest)

            self._desk.ask(self, write, self._on_written, self._on_failed)

    def _on_written(self, _none: None) -> None:
        self._has_failed = False
        if not self._on_the_way:
            self.kept.emit()

    def _on_failed(self, fault: CsrDesktopError) -> None:
        # Said once: the next key tries again, and a notice for each would bury the text.
        if not self._has_failed:
            self._has_failed = True
            self._desk.say_fault(fault)
        self.not_kept.emit(fault)


def keep_all(window: QWidget) -> None:
    """Queue whatever is typed in this window and not on its way to the file."""
    for keeper in window.findChildren(DraftKeeper):
        keeper.keep_unread()
