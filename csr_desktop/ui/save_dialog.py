"""The system's dialog for where a file is to be kept. It blocks nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from csr_desktop.ui.kit.hidden import was_hidden

Location = QStandardPaths.StandardLocation


def ask_where_to_save(
    parent: QWidget | None,
    title: str,
    name: str,
    chosen: Callable[[Path], object],
    *,
    location: Location = Location.DownloadLocation,
    suffix: str = "",
) -> None:
    """`name` is suggested, in the person's folder for `location`; `suffix`, without its point, is added where they
    write none. `chosen` is called unless they leave it. Nobody is asked from a window that was put away.
    """
    if parent is not None and was_hidden(parent.window()):
        return
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if suffix:
        dialog.setDefaultSuffix(suffix)
    folder = QStandardPaths.writableLocation(location)
    if folder and Path(folder).is_dir():
        dialog.setDirectory(folder)
    dialog.selectFile(name)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.open()
