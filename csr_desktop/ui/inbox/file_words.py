"""How a file on a ticket reads: its size, how it stands, what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject

from csr_desktop.ui.kit.message import Attachment

if TYPE_CHECKING:
    from csr_desktop.services.inbox_rows import AttachedFile

_ICONS = {"refused": "warning", "problem": "warning", "waiting": "clock", "coming": "clock", "scanning": "clock"}


class FileWords(QObject):
    def __init__(self, locale: QLocale) -> None:
        super().__init__()
        self._locale = locale

    def size(self, count: int) -> str:
        """ "2.2 MB", in powers of ten as the limit is."""
        return self._locale.formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)

    def attachment(self, file: AttachedFile) -> Attachment:
        state = self.state(file)
        size = self.size(file.size)
        spoken = [self.tr("Enter saves it")] if file.state in {"there", "here", "fetching"} else []
        spoken += [self.tr("Delete removes it")] if file.can_remove else []
        return Attachment(
            key=file.id,
            name=file.name,
            detail=self.tr("{0}, {1}").format(size, state) if state else size,
            icon=_ICONS.get(file.state, "paperclip"),
            spoken=", ".join(spoken),
            can_remove=file.can_remove,
        )

    def waiting(self, file: AttachedFile, percent: int = -1) -> Attachment:
        """One that goes with the text that is being written; `percent` of it is taken in, -1 for all."""
        size = self.size(file.size)
        taking = self.tr("{0}, being taken in, {1} %").format(size, percent)
        return Attachment(
            key=file.id,
            name=file.name,
            detail=size if percent < 0 else taking,
            icon="paperclip" if percent < 0 else "clock",
            spoken=self.tr("Delete leaves it out") if percent < 0 else "",
            can_remove=percent < 0,
        )

    def state(self, file: AttachedFile) -> str:
        """'' where there is nothing to say."""
        if file.state == "problem":
            return self.problem(file.problem)
        return {
            "waiting": self.tr("kept here, not sent yet"),
            "sending": self.tr("{0} % sent").format(file.percent),
            "coming": self.tr("being sent by {0}").format(file.author_name or self.tr("a colleague")),
            "scanning": self.tr("being checked"),
            "refused": self.tr("refused by the scanner, removed"),
            "fetching": self.tr("{0} % fetched").format(file.percent),
        }.get(file.state, "")

    def problem(self, code: str) -> str:
        return {
            "too_large": self.tr("too large for the server, kept here"),
            "damaged": self.tr("damaged on the way"),
            "gone": self.tr("not at the server any more"),
            "refused": self.tr("refused by the scanner, removed"),
            "unknown": self.tr("not taken by the server"),
        }.get(code, self.tr("not taken by the server"))
