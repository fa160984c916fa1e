"""What a list of calls asks by: one float at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.kit.action_float import OneFloat, PickFloat

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.form_float import FormFloat


class Asked(OneFloat):
    def pick(self, made: PickFloat, anchor: QWidget) -> None:
        self._take_over(made)
        made.open_by(anchor)

    def form(self, made: FormFloat, anchor: QWidget, first: QWidget) -> None:
        self._take_over(made)
        made.open_by(anchor, first)
