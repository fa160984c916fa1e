"""What can be done about a number that looks private, for the page of keys. The text itself hears the same keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from csr_desktop.ui.actions import Action

if TYPE_CHECKING:
    from csr_desktop.ui.kit.private_text import PrivateText


def number_actions(owner: QObject) -> tuple[Action, Action]:
    """For the text that has the keyboard; pressed elsewhere, they say that there is nothing to be done."""

    def mask() -> None:
        if (found := _here()) is not None:
            found.mask()

    def keep() -> None:
        if (found := _here()) is not None:
            found.keep()

    def why_not() -> str:
        return owner.tr("No number looks private here.")

    return (
        Action(
            "mask_number",
            owner.tr("Mask the number that looks private"),
            mask,
            "Ctrl+Shift+M",
            is_enabled=_is_open,
            in_palette=False,
            why_not=why_not,
        ),
        Action(
            "keep_number",
            owner.tr("Say that the number is not private"),
            keep,
            "Ctrl+Shift+I",
            is_enabled=_is_open,
            in_palette=False,
            why_not=why_not,
        ),
    )


def _here() -> PrivateText | None:
    from csr_desktop.ui.kit.private_text import private_text_of

    return private_text_of(QApplication.focusWidget())


def _is_open() -> bool:
    found = _here()
    return found is not None and found.is_open
