"""How it stands with saving, in words: all saved, so many waiting, offline since, something needs you."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.services.sync_state import SyncWords
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.notice import announce


class SyncLine(Button):
    """A press shows what needs the person, or says more about being offline."""

    needs_you_wanted = Signal()
    details_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, "", role="quiet", icon="check-circle", parent=parent)
        self._desk = desk
        self._code = ""
        self._tone = ""
        self._title = ""
        self._rows_left = 0
        desk.changed.connect(self._on_changed)
        desk.saved.connect(self.refresh)
        self.clicked.connect(self._on_clicked)
        self.setText(self.tr("Opening"))

    def set_status(self, state: str, since_at: int, title: str, advice: str, rows_left: int) -> None:
        """What the sync engine says; runs on the window's thread."""
        self._rows_left = rows_left if state == "syncing" else 0
        is_offline = state in {"offline", "signed_out", "stopped"}
        self._title = f"{title} {advice}".strip()
        sync_state = self._desk.services.sync_state
        self._desk.ask(
            self,
            lambda: sync_state.set_offline(since_at) if is_offline else sync_state.set_online(),
            lambda _: self.refresh(),
            key="status",
        )

    def refresh(self) -> None:
        self._desk.ask(self, self._desk.services.sync_state.words, self._show, key="words")

    def _on_changed(self, _change_set: ChangeSet) -> None:
        self.refresh()

    def _show(self, said: SyncWords) -> None:
        code, count, since_at = said.code, said.count, said.since_at
        words = self._desk.words
        if code == "needs_you":
            text = self.tr("1 change needs you") if count == 1 else self.tr("%n changes need you", "", count)
            icon, tone = "warning", "warning"
        elif code == "offline":
            since = words.time_of_day(since_at)
            text, icon, tone = self.tr("Offline since {0}, everything is kept").format(since), "wifi-slash", "info"
        elif self._rows_left:
            left = words.locale.toString(self._rows_left)
            text, icon, tone = self.tr("Fetching, {0} to go").format(left), "arrow-clockwise", ""
        elif code == "waiting":
            text, icon, tone = self.tr("%n change(s) waiting", "", count), "arrow-clockwise", ""
        else:
            text, icon, tone = self.tr("All saved"), "check-circle", ""
        if code != self._code and self._code and code in {"offline", "needs_you"}:
            announce(self, text)
        self._code = code
        self.setText(text)
        self._tone = tone
        self.set_icon_name(icon)
        self.setAccessibleName(text)
        self.setAccessibleDescription(self._title)
        self.setToolTip(plain_tooltip(self._title) if self._title else "")
        self.updateGeometry()
        self.update()

    def _on_clicked(self) -> None:
        if self._code == "needs_you":
            self.needs_you_wanted.emit()
        else:
            self.details_wanted.emit()

    def grounds(self) -> tuple[str, str, str]:
        rest, over, colour = super().grounds()
        return rest, over, self._tone or colour
