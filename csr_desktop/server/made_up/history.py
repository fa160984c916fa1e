"""Three years of contacts, and the tickets and follow-ups that came of them and are done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from csr_desktop.server.made_up.busy_hours import DAY_MS, days_of_contacts
from csr_desktop.server.made_up.clients import Caller, MadeUpClient
from csr_desktop.server.made_up.follow_ups import KINDS, FollowUpWriter, in_office_hours
from csr_desktop.server.made_up.organisation import TIME_ZONE, Bureau, MadeUpTeam
from csr_desktop.server.made_up.rows import Filling, RowShape, drawer, fast_ids
from csr_desktop.server.made_up.tickets import PRIORITIES, TicketLine, TicketWriter
from csr_desktop.server.made_up.wording import Wording, general_words, topic_words
from csr_desktop.server.standard_lists import office_hours

CALLS_A_SEAT: Final = 24_000
WRITTEN_SHARE: Final = 0.15
"""Contacts on all other channels, for each call."""
STORY_DAYS: Final = 46
"""The story's clients have no other contacts for so many days before now."""

INTERACTION_FIELDS: Final = (
    "id", "scope", "client_id", "contact_id", "agent_id", "ticket_id", "channel", "direction", "result",
    "number", "extension", "started_at", "ended_at", "talk_seconds", "hold_seconds", "wrap_up_seconds", "dial_seconds",
    "topic_id", "disposition_id", "note", "called_back_by_id", "called_back_at",
)  # fmt: skip
INTERACTION: Final = RowShape("interactions", *INTERACTION_FIELDS)
TOLD_CALL: Final = RowShape("interactions", *INTERACTION_FIELDS, "queue", "recording", "parts", "recording_pauses")
_CHANNELS: Final = ("email",) * 8 + ("chat",) * 4 + ("voicemail",) * 4 + ("web_form",) * 3 + ("in_person", "social")
_NO_CALLER: Final = Caller("", "", "Caller", "", "")
_WITHHELD: Final = ("anonymous", "Unknown", "+19005550199", "Restricted")
_EPISODE_MS: Final = 12 * DAY_MS
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000


class History:
    """Writes the past up to now, in the order of time."""

    def __init__(
        self,
        random: Random,
        bureau: Bureau,
        clients: Sequence[MadeUpClient],
        wording: Wording,
        filling: Filling,
        now_at: int,
    ) -> None:
        self._random = random
        self._bureau = bureau
        self._clients = clients
        self._wording = wording
        self._filling = filling
        self._now_at = now_at
        self._new_id: Callable[[int], str] = fast_ids(random)
        self.tickets = TicketWriter(random, bureau, filling)
        self.follow_ups = FollowUpWriter(random, filling)
        self._draw_client = drawer(random, [client.weight for client in clients])
        self._draw_topic: Callable[[], int] = lambda: 0
        self._words = topic_words()
        self._episodes: list[tuple[int, Caller, int, int]] = []
        self._free_at: dict[str, int] = {}
        self._story_until_at = now_at - STORY_DAYS * DAY_MS
        self._dispositions = bureau.disposition_ids
        self._hours = office_hours(TIME_ZONE)
        # Talk times scatter about their topic's; a few take very long.
        self._scatter = [random.lognormvariate(-0.12, 0.5) for _ in range(2048)]

    def write(self, first: dt.date, seats: int) -> None:
        calls = CALLS_A_SEAT * seats
        zone = ZoneInfo(TIME_ZONE)
        month = 0
        for day in days_of_contacts(self._random, zone, first, self._now_at, calls, round(calls * WRITTEN_SHARE)):
            self._wording.move_to(day.date)
            if day.date.month != month:
                month = day.date.month
                weights = [words.share * (2 if month in words.busy_months else 1) for words in self._words]
                self._draw_topic = drawer(self._random, weights)
            is_today = day.midnight_at > self._now_at - DAY_MS
            both = [(at, True) for at in day.called_at] + [(at, False) for at in day.written_at]
            both.sort()
            for at, is_call in both:
                if is_call:
                    self._call(at, is_today=is_today)
                else:
                    self._written(at, is_today=is_today)

    def _who(self, at: int) -> tuple[MadeUpClient, Caller, int]:
        """A client, who of it and on what: often somebody who was in touch lately, on the same topic."""
        random = self._random.random
        episodes = self._episodes
        if episodes and random() < 0.22:
            place, caller, topic, until_at = episodes[int(random() * len(episodes))]
            if at < until_at:
                return self._clients[place], caller, topic
        place = self._draw_client()
        client = self._clients[place]
        while client.is_story and at > self._story_until_at:
            place = self._draw_client()
            client = self._clients[place]
        caller = client.callers[int(random() ** 1.7 * len(client.callers))]
        topic = self._draw_topic()
        if random() < 0.3 and self._words[topic].is_work and not client.is_story:
            episode = (place, caller, topic, at + _EPISODE_MS)
            if len(episodes) < 24 + len(self._clients) // 12:
                episodes.append(episode)
            else:
                episodes[int(random() * len(episodes))] = episode
        return client, caller, topic

    def _agent(self, client: MadeUpClient, at: int, *, is_today: bool) -> str:
        """Somebody of the team who is free; '' when three that were tried are busy."""
        random = self._random.random
        team: MadeUpTeam = client.team
        agents = team.agent_ids
        if random() < 0.25 and self._free_at.get(client.specialist_id, 0) <= at and not is_today:
            return client.specialist_id
        for _ in range(3):
            agent_id = agents[int(random() * len(agents))]
            # The first agent of all is whoever looks at the demonstration: today's calls are the story's.
            if is_today and agent_id == self._bureau.teams[0].agent_ids[0]:
                agent_id = team.lead_id
            if self._free_at.get(agent_id, 0) <= at:
                return agent_id
        return ""

    def _call(self, at: int, *, is_today: bool) -> None:
        random = self._random.random
        client, caller, topic = self._who(at)
        agent_id = self._agent(client, at, is_today=is_today)
        fate = random()
        if not agent_id or fate < 0.075:
            self._not_answered(client, caller, at, is_missed=fate < 0.035)
            return
        client_id, contact_id, number = client.id, caller.contact_id, caller.number
        talk = int(self._words[topic].talk_seconds * self._scatter[int(random() * 2048)])
        hold = int(random() * 180) + 8 if random() < 0.22 else 0
        wrap_up = int(random() ** 2 * 200) + 12
        dial, direction, result = 0, "in", "handled"
        if fate > 0.8:
            direction, dial = "out", int(random() * 20) + 4
            if fate > 0.955:
                result, talk, hold, dial, wrap_up = "no_answer", 0, 0, dial + 20, 10
                note = self._wording.no_answer_note()
            else:
                note = self._wording.outbound_note(topic)
        elif fate < 0.1 and not self._words[topic].is_work:
            client_id, contact_id, number, caller = "", "", _WITHHELD[int(random() * 4)], _NO_CALLER
            note = self._wording.note(topic, "Caller")
        else:
            note = self._wording.note(topic, caller.first_name)
        ended_at = at + (dial + talk + hold) * 1000
        if ended_at > self._now_at:
            ended_at, talk, hold = self._now_at, max(0, (self._now_at - at) // 1000 - dial), 0
        self._free_at[agent_id] = ended_at + wrap_up * 1000
        disposition_id, ticket_id = "", ""
        interaction_id = self._new_id(at)
        if result == "handled":
            name = self._disposition(topic)
            disposition_id = self._dispositions[name]
            if client_id and name == "Needs follow-up":
                if random() < 0.3:
                    ticket_id = self._ticket(client, caller, topic, "phone", at, agent_id, note)
                if random() < 0.5:
                    self._follow_up(client, caller, topic, ended_at, agent_id, interaction_id, ticket_id)
        self._filling.add(
            "interactions",
            INTERACTION(
                interaction_id, client.team.id, client_id, contact_id, agent_id, ticket_id, "phone", direction, result,
                number, caller.extension, at, ended_at, talk, hold, wrap_up, dial, self._bureau.topic_ids[topic],
                disposition_id, note, "", 0,
            ),
        )  # fmt: skip

    def _disposition(self, topic: int) -> str:
        if not self._words[topic].is_work:
            return "Wrong number"
        chance = self._random.random()
        if chance < 0.64:
            return "Resolved"
        if chance < 0.9:
            return "Needs follow-up"
        return "Escalated" if chance < 0.95 else "Transferred"

    def _not_answered(self, client: MadeUpClient, caller: Caller, at: int, *, is_missed: bool) -> None:
        """Missed or given up; answered within hours, unless that is still to come."""
        random = self._random.random
        waited = int(random() ** 2 * 240) + (12 if is_missed else 4)
        returned_at = self._working(at + int(random() ** 2 * 5 * _HOUR_MS) + 4 * _MINUTE_MS)
        is_returned = returned_at < self._now_at
        agents = client.team.agent_ids
        by_id = agents[int(random() * len(agents))] if is_returned else ""
        note = "" if random() < 0.7 else general_words().missed[int(random() * len(general_words().missed))]
        self._filling.add(
            "interactions",
            INTERACTION(
                self._new_id(at), client.team.id, client.id, caller.contact_id, "", "", "phone", "in",
                "missed" if is_missed else "abandoned", caller.number, caller.extension, at,
                min(at + waited * 1000, self._now_at), 0, 0, 0, 0, "", "", note, by_id,
                returned_at if is_returned else 0,
            ),
        )  # fmt: skip

    def _written(self, at: int, *, is_today: bool) -> None:
        """A contact on another channel; most become tickets, today's are those of the open work."""
        random = self._random.random
        channel = _CHANNELS[int(random() * len(_CHANNELS))]
        client, caller, topic = self._who(at)
        if is_today and channel != "in_person":
            return
        agents = client.team.agent_ids
        agent_id = agents[int(random() * len(agents))]
        ticket_id, number, returned_at, talk = "", "", 0, 0
        note = self._wording.note(topic, caller.first_name)
        if channel in {"email", "web_form"} or random() < 0.4:
            ticket_id = self._ticket(client, caller, topic, channel, at, agent_id, "")
        if channel == "voicemail":
            number = caller.number
            returned_at = self._working(min(at + int(random() * 20 * _HOUR_MS), self._now_at))
        elif channel in {"chat", "in_person"}:
            talk = int(self._words[topic].talk_seconds * self._scatter[int(random() * 2048)] * 1.4)
        wrap_up = int(random() ** 2 * 400) + 30
        self._filling.add(
            "interactions",
            INTERACTION(
                self._new_id(at), client.team.id, client.id, caller.contact_id, agent_id, ticket_id, channel, "in",
                "handled", number, "", at, min(at + talk * 1000, self._now_at), talk, 0, wrap_up, 0,
                self._bureau.topic_ids[topic], self._dispositions[self._disposition(topic)], note,
                agent_id if returned_at else "", returned_at,
            ),
        )  # fmt: skip

    def _ticket(
        self, client: MadeUpClient, caller: Caller, topic: int, channel: str, at: int, agent_id: str, note: str
    ) -> str:
        """A ticket that is done by now: asked, taken, answered, sometimes asked again."""
        random = self._random.random
        wording = self._wording
        # All of it fits between the contact and now.
        span = min(int((random() ** 3 * 60 + 1) * _HOUR_MS), int((self._now_at - at) * 0.9))
        is_by_phone = channel in {"phone", "in_person", "chat"}
        opening = note or wording.ask(topic)
        lines: list[TicketLine] = [
            ("note" if is_by_phone and note else "inbound", agent_id if note else "", opening, at)
        ]
        if random() < 0.3:
            lines.append(("event", agent_id, f"Taken by {self._name(agent_id)}", at + span // 20))
        if random() < 0.25:
            lines.append(("note", agent_id, wording.inner(topic), at + span // 5))
        lines.append(("reply", agent_id, wording.answer(topic, caller.first_name), at + span // 3))
        if random() < 0.35:
            lines.append(("inbound", "", wording.ask_again(), at + span // 2))
            lines.append(("reply", agent_id, wording.answer(topic, caller.first_name), at + span * 3 // 4))
        lines.append(("event", agent_id, "Resolved", at + span))
        lines = self._in_working_hours(lines)
        return self.tickets.write(
            client, caller, wording.subject(topic), channel, self._bureau.topic_ids[topic], lines,
            priority=PRIORITIES[int(random() * len(PRIORITIES))], state="closed" if random() < 0.6 else "resolved",
            assignee_id=agent_id, resolved_at=lines[-1][3],
        )  # fmt: skip

    def _follow_up(
        self,
        client: MadeUpClient,
        caller: Caller,
        topic: int,
        at: int,
        agent_id: str,
        interaction_id: str,
        ticket_id: str,
    ) -> None:
        """Something that was to be done and is, kept or not."""
        random = self._random.random
        kind = KINDS[int(random() * len(KINDS))]
        calendar = self._bureau.calendars[client.calendar_id]
        due_at = in_office_hours(calendar, at + int((random() * 3.5 + 0.1) * DAY_MS))
        is_late = random() < 0.09
        if is_late:
            done_at = self._working(due_at + int(random() * 20 * _HOUR_MS))
        else:
            early_at = at + int(random() * (due_at - at))
            done_at = early_at if self._hours.is_open(early_at) else max(at, due_at - int(random() * 50) * _MINUTE_MS)
        if max(done_at, due_at) > self._now_at - _HOUR_MS:
            return
        if kind == "promise":
            outcome = "broken" if is_late else "kept"
        elif kind in {"callback", "check_in"}:
            outcome = ("reached", "reached", "reached", "left_message", "no_answer")[int(random() * 5)]
        else:
            outcome = "done"
        general = general_words()
        note = self._wording.general(general.outcome_notes) if random() < 0.4 else ""
        moves = []
        if kind == "promise" and random() < 0.12 and not is_late:
            was_at = in_office_hours(calendar, at + (done_at - at) // 2)
            moves = [
                (was_at, due_at, self._wording.general(general.renegotiations), agent_id, max(at, was_at - _HOUR_MS))
            ]
        self.follow_ups.write(
            client, caller, kind, self._wording.follow_up_title(kind, topic), agent_id, at, due_at, ticket_id=ticket_id,
            interaction_id=interaction_id, moves=moves, done=(done_at, outcome, note),
        )  # fmt: skip

    def _in_working_hours(self, lines: list[TicketLine]) -> list[TicketLine]:
        """What agents did happens while the bureau is open, in the same order; clients write when they like."""
        moved: list[TicketLine] = [lines[0]]
        last_at = lines[0][3]
        for kind, author_id, body, at in lines[1:]:
            last_at = max(last_at + 1000, self._working(at) if author_id else at)
            moved.append((kind, author_id, body, min(last_at, self._now_at)))
        return moved

    def _working(self, at: int) -> int:
        """The time itself while the bureau is open, else soon after it opens; never one that is still to come."""
        opened_at = self._hours.next_open(at)
        if opened_at != at:
            opened_at += int(self._random.random() * 45 * _MINUTE_MS)
        return opened_at if opened_at < self._now_at else at

    def _name(self, user_id: str) -> str:
        return next((user.name for user in self._bureau.users if user.id == user_id), "a colleague")
