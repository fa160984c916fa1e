"""Says that a pause of the recording is marked while card data or the like is spoken, and what that does not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.kit.bars import duration_text
from csr_desktop.ui.kit.notice import NoticeBar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.ui.kit.theme import ThemeSwitch


class PauseBar(NoticeBar):
    """Takes no room while no pause lasts. No phone system here can be told to pause: all are only listened to."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(themes, parent=parent)
        self._shown: tuple[str, float] = ("", 0.0)

    def show_call(self, call: RunningCall) -> None:
        last = call.pauses[-1] if call.pauses and call.phase != "wrap_up" else None
        if last is None or last.ended >= 0:
            self._shown = ("", 0.0)
            self.dismiss()
            return
        if self._shown == (call.id, last.began):
            return
        self._shown = (call.id, last.began)
        # By the recording's time, as the saved call says it: it begins when somebody is on the line.
        in_recording = max(0.0, last.began - call.ring_seconds - call.dial_seconds)
        self.say(
            self.tr("but your phone system records on."),
            lead=self.tr("Recording pause marked at {0},").format(duration_text(round(in_recording))),
            tone="warning",
            icon="pause",
            action=self.tr("End the pause"),
            key_hint="F5",
            stays=True,
        )
