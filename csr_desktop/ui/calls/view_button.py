"""In a narrow window, where the rail has no room for them: the way from one list of calls to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from csr_desktop.ui.kit.buttons import IconButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.panes import PaneHeader


class ViewButton(IconButton):
    """Opens a menu of the lists, the one that is shown marked."""

    view_wanted = Signal(str)

    def __init__(self, desk: Desk, header: PaneHeader) -> None:
        super().__init__(desk.themes, "caret-down", desk.tr("Choose a list of calls"), key_hint="V")
        self._themes = desk.themes
        self._header = header
        self._views: Mapping[str, str] = {}
        self._view = ""
        header.add_button(self)
        self.clicked.connect(self._open)

    def offer(self, views: Mapping[str, str], view: str, *, is_shown: bool) -> None:
        """`views` are the lists' keys with their words; `view` is the one in front."""
        self._views, self._view = views, view
        self._header.buttons.set_shown(self, is_shown=is_shown)

    def _open(self) -> None:
        from csr_desktop.ui.kit.menu_float import MenuFloat
        from csr_desktop.ui.kit.picker import Pick

        picks = [Pick(key, words) for key, words in self._views.items()]
        menu = MenuFloat(self._themes, self.window(), self.accessibleName(), picks)
        menu.taken.connect(self.view_wanted)
        menu.open_by(self, chosen_key=self._view, is_trailing=True)
