"""Gives a file out where the person says: fetched first if it is not here. Nothing is opened, and nothing readable is
left anywhere else.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault
from csr_desktop.domain.file_names import is_program
from csr_desktop.ui.aside import AsideThread
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.desk import Notice
from csr_desktop.ui.inbox.file_words import FileWords
from csr_desktop.ui.save_dialog import ask_where_to_save

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.ui.desk import Desk


class _Writing:
    """A file that is being written beside its place, for its owner alone, and takes it when it is whole."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(f".{secrets.token_hex(8)}.part")
        self._file: BinaryIO | None = None

    def put(self, body: bytes) -> None:
        try:
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb")
            self._file.write(body)
        except OSError as error:
            raise self._fault(error) from error

    def finish(self) -> None:
        assert self._file is not None  # noqa: S101  # no attachment is empty
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self.path)
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> EnvironmentFault:
        self.leave()
        return EnvironmentFault(
            f"The file cannot be saved there ({os.strerror(error.errno or 0)}).", "Choose another place."
        )

    def leave(self) -> None:
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
            self._part.unlink(missing_ok=True)


class FileSaving(QObject):
    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._window = window
        self._words = FileWords(desk.words.locale)
        self._aside = StoreWorker(AsideThread(), self, desk.store.translate)
        self._waiting: dict[str, str] = {}
        """By attachment, where it goes once it is here."""
        desk.changed.connect(self._on_changed)
        self.destroyed.connect(self._aside.retire)

    def save(self, attachment_id: str, name: str) -> None:
        """Ask where to. Fetching begins meanwhile."""
        attachments = self._desk.services.attachments

        def ask_where(is_here: bool) -> None:  # a callback's only argument
            if not is_here:
                self._desk.saved.emit()  # wakes what fetches
            self._ask_where(attachment_id, name)

        self._desk.ask(self, lambda: attachments.ask_for(attachment_id), ask_where, self._desk.say_fault)

    def _ask_where(self, attachment_id: str, name: str) -> None:
        ask_where_to_save(self._window, self.tr("Save file"), name, lambda path: self.save_as(attachment_id, str(path)))

    def save_as(self, attachment_id: str, path: str) -> None:
        """Now, or as soon as it is here."""
        self._waiting[attachment_id] = path
        self._look(attachment_id)

    def _on_changed(self, change_set: ChangeSet) -> None:
        for attachment_id in self._waiting.keys() & change_set.ids("attachments"):
            self._look(attachment_id)

    def _look(self, attachment_id: str) -> None:
        attachments = self._desk.services.attachments

        def look() -> tuple[bool, str]:
            problem = attachments.problem_of(attachment_id)
            return not problem and attachments.ask_for(attachment_id), problem

        def found(answer: tuple[bool, str]) -> None:
            is_here, problem = answer
            if problem:
                self._waiting.pop(attachment_id, None)
                text = self.tr("The file was not saved: {0}.").format(self._words.problem(problem))
                self._desk.noticed.emit(Notice(text, tone="danger"))
            elif is_here and (path := self._waiting.pop(attachment_id, "")):
                self._write(attachment_id, _Writing(path), 0)

        self._desk.ask(self, look, found, lambda fault: self._give_up(attachment_id, fault), key=attachment_id)

    def _give_up(self, attachment_id: str, fault: CsrDesktopError) -> None:
        self._waiting.pop(attachment_id, None)
        self._desk.say_fault(fault)

    def _write(self, attachment_id: str, writing: _Writing, position: int) -> None:
        attachments = self._desk.services.attachments

        def failed(fault: CsrDesktopError) -> None:
            writing.leave()
            self._desk.say_fault(fault)

        def put(body: bytes) -> None:
            if body:
                self._aside.ask(
                    self,
                    lambda: writing.put(body),
                    lambda _none: self._write(attachment_id, writing, position + 1),
                    failed,
                )
            else:
                self._aside.ask(self, writing.finish, lambda _none: self._say_saved(writing.path), failed)

        self._desk.ask(self, lambda: attachments.part(attachment_id, position), put, failed)

    def _say_saved(self, path: Path) -> None:
        if is_program(path.name):
            text = self.tr("Saved: {0}. It is a program: start it only if you know whom it is from.")
            self._desk.noticed.emit(Notice(text.format(path.name), tone="warning"))
        else:
            self._desk.noticed.emit(Notice(self.tr("Saved: {0}.").format(path.name)))
