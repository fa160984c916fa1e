"""The files of a ticket: those that wait with what is being written, and those in the conversation."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from csr_desktop.ui.desk import Notice
from csr_desktop.ui.inbox.file_words import FileWords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

    from csr_desktop.services.inbox_rows import AttachedFile
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.inbox.attaching import Attaching
    from csr_desktop.ui.inbox.composer import Composer
    from csr_desktop.ui.inbox.file_saving import FileSaving
    from csr_desktop.ui.inbox.thread import Thread
    from csr_desktop.ui.kit.message import Attachment


class TicketFiles(QObject):
    def __init__(self, desk: Desk, pane: QWidget, composer: Composer, thread: Thread) -> None:
        super().__init__(pane)
        self._desk = desk
        self._pane = pane
        self._composer = composer
        self._thread = thread
        self._words = FileWords(desk.words.locale)
        self._waiting: tuple[AttachedFile, ...] = ()
        composer.offer_files(is_offered=desk.services.files == "on")
        composer.attach_wanted.connect(self.choose)
        composer.files_given.connect(self.take)
        composer.picture_given.connect(self.take_picture)
        composer.file_left_out.connect(self._leave_out)
        composer.turned.connect(lambda _place: self.refresh())
        thread.file_opened.connect(self._open)
        thread.file_removed.connect(self._remove)
        thread.file_menu_wanted.connect(self._open_menu)

    @cached_property
    def _attaching(self) -> Attaching:
        from csr_desktop.ui.inbox.attaching import Attaching

        made = Attaching(self._desk, self)
        made.changed.connect(lambda place: self.refresh() if place == self._composer.place else None)
        made.failed.connect(self._on_failed)
        return made

    @cached_property
    def _saving(self) -> FileSaving:
        from csr_desktop.ui.inbox.file_saving import FileSaving

        return FileSaving(self._desk, self._pane)

    # With what is being written

    def choose(self) -> None:
        from csr_desktop.ui.inbox.attaching import chosen_files

        place = self._composer.place
        chosen_files(self.tr("Attach files"), self._pane, lambda paths: self._take(place, paths))

    def take(self, paths: Sequence[str]) -> None:
        """For the text in front."""
        self._take(self._composer.place, paths)

    def _take(self, place: str, paths: Sequence[str]) -> None:
        if place and paths:
            self._attaching.take(place, paths)

    def take_picture(self, picture: QImage) -> None:
        """One that was pasted, such as of the screen."""
        place = self._composer.place
        if place and not picture.isNull():
            moment = self._desk.words.local(self._desk.words.now())
            name = self.tr("Picture {0}").format(moment.strftime("%Y-%m-%d %H.%M.%S"))
            self._attaching.take_picture(place, f"{name}.png", picture)

    def is_busy(self, place: str) -> bool:
        return "_attaching" in self.__dict__ and self._attaching.is_busy(place)

    def refresh(self) -> None:
        place, attachments = self._composer.place, self._desk.services.attachments
        if place:
            self._desk.ask(
                self, lambda: attachments.waiting_with(place), lambda files: self._show(place, files), key="waiting"
            )

    def _show(self, place: str, files: tuple[AttachedFile, ...]) -> None:
        if place != self._composer.place:
            return
        shown: list[Attachment] = [self._words.waiting(file) for file in files]
        under_way = self._attaching.under_way(place) if "_attaching" in self.__dict__ else None
        if under_way is not None:
            shown.append(self._words.waiting(*under_way))
        self._composer.show_files(place, shown)

    def attach(self, place: str, ticket_id: str) -> None:
        """What waits, without a text."""
        attachments = self._desk.services.attachments
        self._desk.do(
            self,
            lambda: attachments.attach(place, ticket_id),
            lambda _outcome: self.refresh(),
            lambda fault: self._composer.say_fault(ticket_id, str(fault)),
        )

    def _leave_out(self, content_id: str) -> None:
        attachments = self._desk.services.attachments
        self._desk.do(self, lambda: attachments.leave_out(content_id), lambda _outcome: self.refresh())

    def _on_failed(self, place: str, words: str) -> None:
        ticket_id = place.partition(":")[2]
        if place == self._composer.place:
            self._composer.say_fault(ticket_id, words)
        else:
            self._desk.noticed.emit(Notice(words, tone="danger"))

    # In the conversation

    def _open(self, attachment_id: str) -> None:
        if self._desk.services.files == "off":
            words = self.tr(
                "Your organization does not let files be opened on this computer. It stays with its ticket."
            )
            self._desk.noticed.emit(Notice(words, tone="info"))
            return
        name = self._thread.name_of(attachment_id)
        self._saving.save(attachment_id, name)

    def _remove(self, attachment_id: str) -> None:
        attachments = self._desk.services.attachments
        self._desk.do(self, lambda: attachments.remove(attachment_id))

    def _open_menu(self, attachment_id: str, button: QWidget) -> None:
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

        lines = [MenuLine(self.tr("Save as…"), lambda: self._open(attachment_id), "download-simple", "Enter")]
        if self._thread.can_remove(attachment_id):
            lines.append(MenuLine(self.tr("Remove"), lambda: self._remove(attachment_id), "trash", "Del"))
        open_menu(self._desk.themes, self._thread.name_of(attachment_id), button, lines)
