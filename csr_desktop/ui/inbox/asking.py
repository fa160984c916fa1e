"""What is asked before a deed: to whom, how urgent, about what, until when. Small floats, never a dialog."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from csr_desktop.ui.check_words import CheckWords
from csr_desktop.ui.inbox.deeds import Deeds, Item, assignable, tickets
from csr_desktop.ui.inbox.line_float import LineFloat
from csr_desktop.ui.kit.action_float import OneFloat, PickFloat
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.picker import Pick
from csr_desktop.ui.presence_words import PresenceWords
from csr_desktop.ui.wording import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from csr_desktop.services.inbox_rows import Conversation
    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.desk import Desk

_PRIORITIES = ("urgent", "high", "normal", "low")
_STATES = ("open", "waiting", "resolved", "closed")
_MORNING = 9


class Asking(OneFloat):
    def __init__(self, desk: Desk, deeds: Deeds, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._deeds = deeds
        self._widget = parent

    def _open(self, made: PickFloat | LineFloat, anchor: QWidget) -> None:
        self._take_over(made)
        if isinstance(made, LineFloat):
            made.open_at(anchor)
        else:
            made.open_by(anchor, is_trailing=not isinstance(anchor, RowList))

    def _pick(
        self, anchor: QWidget, title: str, picks: Sequence[Pick], taken: Callable[[str], None], chosen_key: str = ""
    ) -> None:
        made = PickFloat(self._desk.themes, self._widget.window(), title)
        made.narrow(picks, chosen_key=chosen_key)
        made.taken.connect(taken)
        self._open(made, anchor)

    # Questions

    def assignee(self, items: Sequence[Item], anchor: QWidget) -> None:
        if not assignable(items):
            return

        services, words = self._desk.services, PresenceWords(self)

        def offer(found: tuple[tuple[Colleague, ...], dict[str, str]]) -> None:
            colleagues, statuses = found
            lead = self.tr("Lead")
            picks = [
                Pick(
                    c.id,
                    self.tr("You") if c.is_me else c.name,
                    detail=words.beside(lead if c.role == "lead" else "", words.status(statuses.get(c.id, ""))),
                )
                for c in colleagues
            ]
            if tickets(items):
                picks.append(Pick("", self.tr("Nobody"), detail=self.tr("anyone can take it")))
            now = items[0].assignee_id if len(items) == 1 else "?"
            self._pick(anchor, self.tr("Assign to"), picks, lambda to_id: self._deeds.assign(items, to_id), now)

        self._desk.ask(self, lambda: (services.people.colleagues(), services.presence.statuses()), offer, key="float")

    def priority(self, items: Sequence[Item], anchor: QWidget) -> None:
        if tickets(items):
            picks = [Pick(key, self._desk.words.priority(key)) for key in _PRIORITIES]
            now = items[0].priority if len(items) == 1 else ""
            self._pick(anchor, self.tr("Priority"), picks, lambda key: self._deeds.set_priority(items, key), now)

    def state(self, items: Sequence[Item], anchor: QWidget) -> None:
        if tickets(items):
            picks = [Pick(key, self._desk.words.ticket_state(key)) for key in _STATES]
            now = items[0].state if len(items) == 1 else ""
            self._pick(anchor, self.tr("State"), picks, lambda key: self._deeds.set_state(items, key), now)

    def topic(self, items: Sequence[Item], anchor: QWidget, *, client_id: str = "", topic_id: str = "") -> None:
        if not tickets(items):
            return
        lists = self._desk.services.lists

        def offer(topics: tuple[TopicNode, ...]) -> None:
            likely = self.tr("asked about lately")
            picks = [Pick(t.id, detail=likely if t.is_likely else "", path=t.path) for t in topics]
            self._pick(anchor, self.tr("Topic"), picks, lambda key: self._deeds.set_topic(items, key), topic_id)

        self._desk.ask(self, lambda: lists.topics(client_id), offer, key="float")

    def request(self, ticket: Conversation, anchor: QWidget) -> None:
        """What it asks for; the risky kinds first."""
        words = CheckWords(self)
        picks = [Pick(key, said) for key, said in words.requests()]
        picks.append(Pick("", self.tr("Nothing of the kind")))
        now = ticket.check.request_kind
        self._pick(
            anchor, self.tr("Asked for"), picks, lambda key: self._deeds.name_request(ticket.ticket_id, key), now
        )

    def escalation(self, ticket: Conversation, anchor: QWidget) -> None:
        words = PresenceWords(self)

        def offer(found: tuple[tuple[Colleague, ...], dict[str, str]]) -> None:
            leads, statuses = found
            made = LineFloat(
                self._desk,
                self._widget.window(),
                self.tr("Escalate this ticket"),
                self.tr("Reason"),
                self.tr("Escalate"),
                lambda to_id, reason: self._deeds.escalate(ticket.ticket_id, to_id, reason),
                people_label=self.tr("To"),
                people=[Pick(lead.id, lead.name, words.status(statuses.get(lead.id, ""))) for lead in leads],
                needs_text=False,
            )
            self._open(made, anchor)

        people, presence = self._desk.services.people, self._desk.services.presence
        self._desk.ask(self, lambda: (people.leads(ticket.team_id), presence.statuses()), offer, key="float")

    def subject(self, ticket: Conversation, anchor: QWidget) -> None:
        made = LineFloat(
            self._desk,
            self._widget.window(),
            self.tr("Change the subject"),
            self.tr("Subject"),
            self.tr("Change"),
            lambda _who, text: self._deeds.rename(ticket.ticket_id, text),
            text=ticket.subject,
        )
        self._open(made, anchor)

    def snooze(self, follow_up_id: str, anchor: QWidget) -> None:
        words = self._desk.words
        now = words.now()
        today = words.local(now)
        morning = today.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
        monday = morning + dt.timedelta(days=7 - today.weekday())
        times = (
            (now + HOUR, self.tr("In 1 hour")),
            (now + 3 * HOUR, self.tr("In 3 hours")),
            (_milliseconds(morning + dt.timedelta(days=1)), self.tr("Tomorrow morning")),
            (_milliseconds(monday), self.tr("Next Monday morning")),
        )
        picks = [Pick(str(at), text, detail=words.moment(at)) for at, text in times]
        self._pick(anchor, self.tr("Snooze until"), picks, lambda key: self._deeds.snooze(follow_up_id, int(key)))


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
