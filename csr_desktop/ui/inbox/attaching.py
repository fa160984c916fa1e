"""Takes chosen files into the encrypted file at once, so that they may move or go afterwards: read on a thread of
their own a part at a time, so that neither the window nor the store waits for a slow disk.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QImage, QImageWriter

from csr_desktop.domain.errors import BadInput, CsrDesktopError, EnvironmentFault
from csr_desktop.domain.file_names import safe_name
from csr_desktop.services.attachments import PART_BYTES
from csr_desktop.services.inbox_rows import AttachedFile
from csr_desktop.ui.aside import AsideThread
from csr_desktop.ui.background import StoreWorker

if TYPE_CHECKING:
    from csr_desktop.ui.desk import Desk


class _Reading:
    """A file that is being read; each method runs on a thread that may wait. Raises BadInput and EnvironmentFault."""

    def __init__(self, path: str, picture: QImage | None = None) -> None:
        """A `picture` is made a PNG file, and the path is only its name."""
        self._path = path
        self._picture = picture
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self.name = safe_name(path)
        self.size = 0
        self.read_count = 0

    def open(self) -> None:
        if self._picture is not None:
            content = _png(self._picture)
            self._file, self.size = io.BytesIO(content), len(content)
            return
        try:
            if not stat.S_ISREG(Path(self._path).stat().st_mode):  # a pipe would wait for ever
                raise BadInput("file", f"“{self.name}” is no file.", "Folders can be attached as a ZIP file.")
            self._file = Path(self._path).open("rb")  # noqa: SIM115  # it is read part by part
            self.size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise self._fault(error) from error

    def part(self) -> bytes:
        """The next part, b'' at the end."""
        assert self._file is not None  # noqa: S101  # it was opened
        try:
            body = self._file.read(PART_BYTES)
        except OSError as error:
            raise self._fault(error) from error
        self._hash.update(body)
        self.read_count += len(body)
        return body

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _fault(self, error: OSError) -> EnvironmentFault:
        return EnvironmentFault(
            f"“{self.name}” cannot be read ({os.strerror(error.errno or 0)}).", "It was not attached."
        )


class Attaching(QObject):
    """One file after the other, for the draft of a key (`place`)."""

    changed = Signal(str)
    """The files of this draft, or how far one of them is."""
    failed = Signal(str, str)
    """Place, and why a file was not taken."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._aside = StoreWorker(AsideThread(), self, desk.store.translate)
        self._queue: list[tuple[str, _Reading]] = []
        self._now: tuple[str, _Reading] | None = None
        self._content_id = ""
        self.destroyed.connect(self._aside.retire)

    def take(self, place: str, paths: Sequence[str]) -> None:
        self._queue += [(place, _Reading(path)) for path in paths]
        self._next()

    def take_picture(self, place: str, name: str, picture: QImage) -> None:
        self._queue.append((place, _Reading(name, picture)))
        self._next()

    def under_way(self, place: str) -> tuple[AttachedFile, int] | None:
        """The file that is being taken in for this draft, and how much of it in percent."""
        if self._now is None or self._now[0] != place:
            return None
        reading = self._now[1]
        file = AttachedFile("taking", reading.name, reading.size, "waiting", is_mine=True)
        return file, 100 * reading.read_count // reading.size if reading.size else 0

    def is_busy(self, place: str) -> bool:
        return self.under_way(place) is not None or any(waiting == place for waiting, _ in self._queue)

    def _next(self) -> None:
        if self._now is not None or not self._queue:
            return
        place, reading = self._queue.pop(0)
        self._now, self._content_id = (place, reading), ""
        self._aside.ask(self, reading.open, lambda _none: self._begin(place, reading), self._fail)

    def _begin(self, place: str, reading: _Reading) -> None:
        attachments = self._desk.services.attachments
        self._desk.ask(self, lambda: attachments.begin(place, reading.name, reading.size), self._go_on, self._fail)

    def _go_on(self, content_id: str) -> None:
        self._content_id = content_id
        self._say()
        self._read()

    def _read(self) -> None:
        assert self._now is not None  # noqa: S101
        self._aside.ask(self, self._now[1].part, self._put, self._fail)

    def _put(self, body: bytes) -> None:
        assert self._now is not None  # noqa: S101
        attachments, content_id, reading = self._desk.services.attachments, self._content_id, self._now[1]
        if reading.read_count > reading.size:  # it grows while it is read
            body = b""
        if body:
            self._desk.ask(self, lambda: attachments.put(content_id, body), lambda _none: self._on_put(), self._fail)
        else:
            self._desk.ask(self, lambda: attachments.finish(content_id, reading.sha256), self._on_taken, self._fail)

    def _on_put(self) -> None:
        self._say()
        self._read()

    def _on_taken(self, _none: None) -> None:
        self._end()

    def _fail(self, fault: CsrDesktopError) -> None:
        content_id, attachments = self._content_id, self._desk.services.attachments
        if content_id:
            self._desk.ask(self, lambda: attachments.drop(content_id), lambda _none: None)
        place = self._now[0] if self._now else ""
        self._end()
        self.failed.emit(place, str(fault))

    def _end(self) -> None:
        assert self._now is not None  # noqa: S101
        place, reading = self._now
        reading.close()
        self._now = None
        self.changed.emit(place)
        self._next()

    def _say(self) -> None:
        if self._now is not None:
            self.changed.emit(self._now[0])


def _png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(picture)
    return bytes(buffer.data().data())


def chosen_files(title: str, parent: QObject, take: Callable[[list[str]], None]) -> None:
    """Ask the person for files with the system's dialog; the window goes on meanwhile. Nobody is asked from a window
    that was put away.
    """
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QFileDialog, QWidget

    from csr_desktop.ui.kit.hidden import was_hidden

    window = parent if isinstance(parent, QWidget) else None
    if window is not None and was_hidden(window.window()):
        return
    dialog = QFileDialog(window, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(take)
    dialog.open()
