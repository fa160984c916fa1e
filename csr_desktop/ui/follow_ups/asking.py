"""What is asked before a deed: until when, to whom, how it went. Small floats by their button, one at a time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from csr_desktop.ui.follow_ups.deeds import open_ids
from csr_desktop.ui.follow_ups.form_floats import CountedFloat, MoveFloat, OutcomeFloat, RenameFloat
from csr_desktop.ui.kit.action_float import OneFloat, PickFloat
from csr_desktop.ui.kit.picker import Pick
from csr_desktop.ui.presence_words import PresenceWords
from csr_desktop.ui.wording import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from csr_desktop.domain.due_text import DueParsed
    from csr_desktop.services.follow_up_rows import FollowUpDetail, FollowUpRow, KeptRate
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.follow_ups.agenda_words import AgendaWords
    from csr_desktop.ui.follow_ups.deeds import Deeds

_MORNING, _AFTERNOON = 9, 14


class Asking(OneFloat):
    def __init__(self, desk: Desk, words: AgendaWords, deeds: Deeds, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = words
        self._deeds = deeds
        self._widget = parent

    # Until when

    def snooze(self, rows: Sequence[FollowUpRow], anchor: QWidget) -> None:
        """A pick of times, on my own wall; what is typed is understood as a time of its own."""
        if not open_ids(rows):
            return
        placeholder = self.tr("Or type: tomorrow 11, fri 2pm, in 2 h")
        made = PickFloat(self._desk.themes, self._widget.window(), self.tr("Snooze until"), placeholder)
        made.searched.connect(lambda text: self._offer_times(made, text))
        made.taken.connect(lambda key: self._deeds.snooze(rows, int(key)))
        made.offer(self._times())
        self._take_over(made)
        made.open_by(anchor)

    def _times(self) -> list[Pick]:
        words = self._desk.words
        now = words.now()
        today = words.local(now)
        morning = today.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
        tomorrow, monday = morning + dt.timedelta(days=1), morning + dt.timedelta(days=7 - today.weekday())
        in_an_hour = (now + HOUR + 5 * MINUTE - 1) // (5 * MINUTE) * 5 * MINUTE
        found = [(in_an_hour, self.tr("In 1 hour"))]
        afternoon = today.replace(hour=_AFTERNOON, minute=0, second=0, microsecond=0)
        if _milliseconds(afternoon) > in_an_hour:
            found.append((_milliseconds(afternoon), self.tr("This afternoon")))
        if tomorrow != monday:
            found.append((_milliseconds(tomorrow), self.tr("Tomorrow morning")))
        found.append((_milliseconds(monday), self.tr("Monday morning")))
        return [Pick(str(at), text, detail=self._words.when(at, ""), icon="clock") for at, text in found]

    def _offer_times(self, made: PickFloat, text: str) -> None:
        if not text.strip():
            made.offer(self._times())
            return
        follow_ups = self._desk.services.follow_ups

        def show(parsed: DueParsed) -> None:
            if made.field.text() != text:
                return
            if not parsed.error:
                made.offer([Pick(str(parsed.at), self._desk.words.moment(parsed.at), icon="clock")])
                return
            why = {
                "past": self.tr("That time is over."),
                "ambiguous": self.tr("That can mean two days. Write the month as a word."),
                "too_far": self.tr("That is years away."),
            }.get(parsed.error, self.tr("Not understood yet."))
            made.offer([], nothing=why)

        self._desk.ask(made, lambda: follow_ups.parse_due(text), show, key="times")

    # To whom

    def reassign(self, rows: Sequence[FollowUpRow], anchor: QWidget) -> None:
        if not open_ids(rows):
            return
        now_id = rows[0].assignee_id if len(rows) == 1 else None

        services, words = self._desk.services, PresenceWords(self)

        def open_with(found: tuple[tuple[Colleague, ...], dict[str, str]]) -> None:
            colleagues, statuses = found
            lead = self.tr("Lead")
            picks = [
                Pick(
                    c.id,
                    self.tr("You") if c.is_me else c.name,
                    detail=words.beside(lead if c.role == "lead" else "", words.status(statuses.get(c.id, ""))),
                    icon="user",
                )
                for c in colleagues
            ]
            made = PickFloat(self._desk.themes, self._widget.window(), self.tr("Reassign to"), self.tr("Reassign to"))
            made.narrow(picks, chosen_key=now_id, nothing=self.tr("Nobody of that name"))
            made.taken.connect(lambda key: self._deeds.reassign(rows, key))
            self._take_over(made)
            made.open_by(anchor)

        self._desk.ask(
            self, lambda: (services.people.colleagues(), services.presence.statuses()), open_with, key="float"
        )

    # Of one

    def outcome(self, shown: FollowUpDetail, anchor: QWidget) -> None:
        made = OutcomeFloat(self._desk, self._widget.window(), shown.row, shown.outcomes, self._deeds)
        self._take_over(made)
        made.open_by(anchor)

    def move(self, row: FollowUpRow, anchor: QWidget) -> None:
        made = MoveFloat(self._desk, self._widget.window(), row, self._words, self._deeds)
        self._take_over(made)
        made.open_by(anchor, made.due.edit)

    def rename(self, row: FollowUpRow, anchor: QWidget) -> None:
        made = RenameFloat(self._desk, self._widget.window(), row, self._deeds)
        self._take_over(made)
        made.open_by(anchor, made.title)

    def counted(self, rate: KeptRate, whose: str, anchor: QWidget) -> None:
        made = CountedFloat(self._desk, self._widget.window(), rate, whose, self._words)
        self._take_over(made)
        made.open_by(anchor)


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
