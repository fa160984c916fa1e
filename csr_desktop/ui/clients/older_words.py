"""How far a client's older history has come, in words: the line beneath a timeline, the mark of what was fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from csr_desktop.ui.kit.rows import Row
from csr_desktop.ui.wording import MINUTE

if TYPE_CHECKING:
    from csr_desktop.services.older_history import OlderState
    from csr_desktop.ui.wording import Wording

SERVER_ICON = "cloud"
COUNTED = 1000
"""How far the server counts what is left; see `OlderState`."""


class OlderLine(msgspec.Struct, frozen=True):
    """What is said beneath the last line. `act` is what Enter does there, '' where there is nothing to do."""

    icon: str
    title: str
    text: str
    act: str = ""


class OlderWords(QObject):
    def __init__(self, words: Wording) -> None:
        super().__init__()
        self._words = words
        self._marked_for = (0, 0)
        self._mark = ""
        """The same for all rows of a client."""

    def mark(self, kept_until_at: int) -> str:
        """What the mark of a fetched row says; `kept_until_at` is 0 where that is not known."""
        if not kept_until_at:
            return self.tr("From the server")
        key = (kept_until_at, self._words.now() // MINUTE)
        if key != self._marked_for:
            self._marked_for, until = key, self._words.within(kept_until_at)
            self._mark = self.tr("From the server, not kept on this computer after {0}").format(until)
        return self._mark

    def line(self, state: OlderState) -> OlderLine:
        """Of two lines whatever is said, so that nothing moves while it is read."""
        if state.step == "fetching":
            text = self._left(state) or self._promise()
            return OlderLine("clock", self.tr("Fetching older history…"), text, self.tr("Stop"))
        if state.step == "shown":
            title = self.tr("Showing older history")
            if state.back_to_at:
                title = self.tr("Showing older history back to {0}").format(self._day(state.back_to_at))
            return OlderLine(SERVER_ICON, title, self._left(state) or self._promise(), self.tr("Show more"))
        if state.step == "whole":
            return self._whole(state)
        if state.step in {"offline", "refused"}:
            can_try = state.step == "offline"
            act = self.tr("Try again") if can_try else ""
            icon = "cloud-slash" if can_try else "info"
            return OlderLine(icon, self.tr("Older history could not be fetched"), state.words, act)
        title = self.tr("Older history and other teams' work is on the server")
        return OlderLine(SERVER_ICON, title, state.words or self._promise(), self.tr("Show it"))

    def _promise(self) -> str:
        return self.tr("It comes page by page and leaves this computer after a day.")

    def _whole(self, state: OlderState) -> OlderLine:
        if not state.shown_count:
            return OlderLine("check", self.tr("There is no older history."), self.tr("All of it stands here."))
        until = self._words.within(state.kept_until_at)
        text = self.tr("What is from the server leaves this computer {0}.").format(until)
        return OlderLine("check", self.tr("This is the whole history."), text)

    def _left(self, state: OlderState) -> str:
        if state.left <= 0:
            return ""
        if state.left > COUNTED:
            return self.tr("more than {0} others on the server").format(self._words.locale.toString(COUNTED))
        return self.tr("%n more on the server", "", state.left)

    def _day(self, at: int) -> str:
        return self._words.day(self._words.local(at).date(), with_weekday=False)

    def row(self, line: OlderLine) -> Row:
        return Row(
            line.title,
            icon=line.icon,
            subtitle=(line.text,),
            end_text=line.act,
            end_tone="accent",
            spoken=". ".join(part.rstrip(".…") for part in (line.title, line.text, line.act) if part),
        )
