"""A call, ticket or follow-up that is only read, in words: its title, its facts, and all of it as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from csr_desktop.ui.kit.panes import Fact
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.older_history import OlderFile, OlderMessage, OlderWork
    from csr_desktop.ui.wording import Wording

_PATH_SIGN: Final = " \u203a "
_LOST: Final = {"missed", "abandoned", "no_answer", "busy"}


class OlderWorkWords(QObject):
    def __init__(self, words: Wording) -> None:
        super().__init__()
        self._words = words

    def title(self, work: OlderWork) -> str:
        """A call's is what it was: its note stands beneath."""
        return (work.title if work.kind != "call" else "") or self.kind(work)

    def kind(self, work: OlderWork) -> str:
        if work.kind == "ticket":
            return self.tr("Ticket {0}").format(work.label)
        if work.kind == "follow_up":
            return self._words.follow_up_kind(work.view_kind)
        if work.result in _LOST:
            return {
                "missed": self.tr("Missed call"),
                "abandoned": self.tr("Caller hung up"),
                "no_answer": self.tr("Call without an answer"),
                "busy": self.tr("Their line was busy"),
            }[work.result]
        if work.channel not in {"", "phone"}:
            return self._words.channel(work.channel)
        return self.tr("Call to them") if work.direction == "out" else self.tr("Call from them")

    def icon(self, work: OlderWork) -> str:
        if work.kind == "call" and work.view_kind in {"", "phone"}:
            outgoing = "phone-outgoing" if work.direction == "out" else "phone-incoming"
            return VIEW_ICONS["missed"] if work.result in _LOST else outgoing
        return VIEW_ICONS.get(work.view_kind, VIEW_ICONS[work.kind])

    def whose(self, work: OlderWork) -> str:
        """What it is, and whose: "Ticket #4821 · Example Bakery · Dana Sample"."""
        kind = self.kind(work) if self.title(work) == work.title else ""
        return " · ".join(part for part in (kind, work.client_name, work.contact_name) if part)

    def facts(self, work: OlderWork) -> list[Fact]:
        found = {"call": self._call, "ticket": self._ticket, "follow_up": self._follow_up}[work.kind](work)
        found.append((self.tr("Team"), work.team_name))
        return [Fact(name, value) for name, value in found if value]

    def _call(self, work: OlderWork) -> list[tuple[str, str]]:
        return [
            (self.tr("When"), self._words.moment(work.at)),
            (self.tr("Handled by"), work.by_name),
            (self.tr("Number"), work.number_shown),
            (self.tr("Topic"), _PATH_SIGN.join(work.topic_path)),
            (self.tr("Disposition"), work.disposition),
        ]

    def _ticket(self, work: OlderWork) -> list[tuple[str, str]]:
        state = self._words.ticket_state(work.state)
        if work.completed_at and work.state in {"resolved", "closed"}:
            state = self.tr("{0}, {1}").format(state, self._words.moment(work.completed_at))
        priority = self._words.priority(work.priority)
        return [
            (self.tr("State"), state),
            (self.tr("Assigned to"), work.by_name or self.tr("Nobody")),
            (self.tr("Opened"), self._when(work.opened_at, work.made_by_name)),
            (self.tr("Reply due"), self._words.moment(work.due_at) if work.due_at and work.state == "open" else ""),
            (self.tr("Priority"), priority if work.priority not in {"", "normal"} else ""),
            (self.tr("Came by"), self._words.channel(work.channel)),
            (self.tr("Topic"), _PATH_SIGN.join(work.topic_path)),
        ]

    def _follow_up(self, work: OlderWork) -> list[tuple[str, str]]:
        is_open = work.state == "open"
        return [
            (self.tr("State"), self.tr("Open") if is_open else self._words.follow_up_outcome(work.outcome)),
            (self.tr("Due"), self._words.moment(work.due_at) if work.due_at else ""),
            (self.tr("Assigned to"), work.by_name or self.tr("Nobody")),
            (self.tr("Completed"), "" if is_open else self._when(work.completed_at, work.completed_by_name)),
            (self.tr("Made"), self._when(work.at, work.made_by_name)),
        ]

    def _when(self, at: int, who: str) -> str:
        when = self._words.moment(at) if at else ""
        return self.tr("{0} by {1}").format(when, who) if when and who else when or who

    def body_title(self, work: OlderWork) -> str:
        return self.tr("What came of it") if work.kind == "follow_up" else self.tr("Note")

    def author(self, message: OlderMessage, work: OlderWork) -> str:
        return message.author_name or work.contact_name or work.client_name or self.tr("Client")

    def file(self, file: OlderFile) -> str:
        """ "notice.pdf, 84 kB"."""
        size = self._words.locale.formattedDataSize(file.size, 0, self._words.locale.DataSizeFormat.DataSizeSIFormat)
        return self.tr("{0}, {1}").format(file.name, size)

    def text(self, work: OlderWork) -> str:
        """All of it, for the clipboard."""
        parts = [self.title(work), self.whose(work), ""]
        parts += [f"{fact.label}: {fact.value}" for fact in self.facts(work)]
        parts += ["", work.body] if work.body else []
        for message in work.messages:
            head = f"{self.author(message, work)}, {self._words.moment(message.written_at)}"
            if message.kind == "note":
                head = self.tr("{0}, internal note").format(head)
            parts += ["", head, message.body]
        parts += ["", *map(self.file, work.files)] if work.files else []
        return "\n".join(parts)
