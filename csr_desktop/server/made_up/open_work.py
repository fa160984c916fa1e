"""What is open now: tickets, follow-ups, calls to return, first those that the demonstration tells of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.domain.call_parts import written_parts, written_pauses
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.made_up.busy_hours import DAY_MS
from csr_desktop.server.made_up.clients import Caller, MadeUpClient
from csr_desktop.server.made_up.follow_ups import KINDS, FollowUpWriter, Move, in_office_hours
from csr_desktop.server.made_up.history import INTERACTION, TOLD_CALL
from csr_desktop.server.made_up.organisation import Bureau, MadeUpTeam
from csr_desktop.server.made_up.rows import Filling, RowShape, fast_ids
from csr_desktop.server.made_up.story import (
    RECORDED_FILE,
    RECORDED_PAUSE_SECONDS,
    StoryCall,
    StoryFollowUp,
    StoryTicket,
    story,
)
from csr_desktop.server.made_up.tickets import PRIORITIES, TicketLine, TicketWriter, asked_at
from csr_desktop.server.made_up.wording import Wording, topic_words

TICKETS_A_SEAT: Final = 30
FOLLOW_UPS_A_SEAT: Final = 25
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_SOON_MINUTES: Final = 10 * 60
_CHANNELS: Final = ("email",) * 9 + ("web_form",) * 4 + ("chat",) * 3 + ("voicemail",) * 2 + ("phone", "social")
_CHANGE: Final = RowShape("changes", "id", "scope", "client_id", "contact_id", "author_id", "fields", "changed_at")
_VERIFICATION: Final = RowShape(
    "verifications",
    "id",
    "scope",
    "client_id",
    "contact_id",
    "ticket_id",
    "request_kind",
    "agent_id",
    "asked",
    "asked_at",
)


class OpenWork:
    def __init__(
        self,
        random: Random,
        bureau: Bureau,
        clients: Sequence[MadeUpClient],
        wording: Wording,
        filling: Filling,
        tickets: TicketWriter,
        follow_ups: FollowUpWriter,
        now_at: int,
    ) -> None:
        self._random = random
        self._bureau = bureau
        self._wording = wording
        self._filling = filling
        self._tickets = tickets
        self._follow_ups = follow_ups
        self._now_at = now_at
        self._new_id = fast_ids(random)
        self._by_name = {client.name: client for client in clients if client.is_story}
        self._by_team: dict[str, list[MadeUpClient]] = {team.id: [] for team in bureau.teams}
        for client in clients:
            if not client.is_story and client.status == "active":
                self._by_team[client.team.id].append(client)
        self._names = {user.id: user.name for user in bureau.users}
        self._work_topics = [place for place, words in enumerate(topic_words()) if words.is_work]
        self._spread = 0.65  # the first step is to the late ones
        self.told: dict[str, str] = {}

    def write(self, seats: int) -> None:
        """`told` then has the ids of the story's tickets and follow-ups by their words."""
        for told in (*story().resolved, *story().tickets):
            self.told[told.subject] = self._told_ticket(told)
        for told_follow_up in story().follow_ups:
            self.told[told_follow_up.title] = self._told_follow_up(told_follow_up)
        for call in story().calls:
            self._told_call(call)
        self._told_changes()
        for team, assignee_id, state in self._ticket_plan(TICKETS_A_SEAT * seats - len(story().tickets)):
            self._ticket(team, assignee_id, state)
        open_told = sum(told.done is None for told in story().follow_ups)
        for place in range(FOLLOW_UPS_A_SEAT * seats - open_told):
            team = self._bureau.teams[place % len(self._bureau.teams)]
            self._follow_up(team, self._random.choice(self._colleagues(team)))
        for team in self._bureau.teams:
            self._calls_to_return(team)
        for told in story().tickets:
            if told.shown:
                self._told_verification(told)

    # The story

    def _told_ticket(self, told: StoryTicket) -> str:
        client = self._by_name[told.client]
        caller = client.caller()
        assignee_id = self._bureau.user(told.assignee).id if told.assignee else ""
        calendar_id, due_at, shift = client.calendar_id, 0, 0
        last = max((place for place, line in enumerate(told.lines) if line.kind == "inbound"), default=0)
        if told.due is not None:
            due_at = self._now_at + told.due * _MINUTE_MS
            calendar = self._bureau.calendars[calendar_id]
            if not calendar.is_open(due_at):
                # Outside of its client's hours nothing would be due now, so that ticket runs around the clock.
                if told.due < _SOON_MINUTES:
                    calendar_id = self._bureau.around_the_clock_id
                else:
                    due_at = calendar.add_open(due_at, _HOUR_MS // 1000)
            is_first = not any(line.kind == "reply" for line in told.lines[:last])
            seconds = self._target(client, told.priority, is_first=is_first)
            owed_at, due_at = self._owed(self._bureau.calendars[calendar_id], due_at, seconds)
            shift = owed_at - (self._now_at + told.lines[last].at * _MINUTE_MS)
        lines: list[TicketLine] = []
        for place, line in enumerate(told.lines):
            at = self._now_at + line.at * _MINUTE_MS + (shift if place <= last else 0)
            if place > last:
                at = min(max(at, lines[-1][3] + _MINUTE_MS), self._now_at)
            author_id = self._bureau.user(line.by).id if line.by else ""
            lines.append((line.kind, author_id, line.body, at))
        return self._tickets.write(
            client, caller, told.subject, told.channel, self._topic_id(told.topic), lines, priority=told.priority,
            state=told.state, assignee_id=assignee_id, reply_due_at=due_at, calendar_id=calendar_id,
            resolved_at=lines[-1][3] if told.state == "resolved" else 0,
            escalated_to_id=self._bureau.user(told.escalated_to).id if told.escalated_to else "",
            request_kind=told.request,
        )  # fmt: skip

    def _told_verification(self, told: StoryTicket) -> None:
        """What the contact showed; a call back to a known number is still missing."""
        client, shown_at = self._by_name[told.client], self._now_at - _HOUR_MS
        asked = [(factor, True, shown_at) for factor in told.shown]
        self._filling.add(
            "verifications",
            _VERIFICATION(
                self._new_id(shown_at), client.team.id, client.id, client.caller().contact_id,
                self.told[told.subject], told.request, self._bureau.user(told.assignee).id,
                msgspec.json.encode(asked).decode(), shown_at,
            ),
        )  # fmt: skip

    def _told_follow_up(self, told: StoryFollowUp) -> str:
        client = self._by_name[told.client]
        assignee_id = self._bureau.user(told.assignee).id
        due_at = self._now_at + told.due * _MINUTE_MS
        if told.due > _SOON_MINUTES:
            due_at = in_office_hours(self._bureau.calendars[client.calendar_id], due_at)
        moves: list[Move] = []
        created_at = min(self._now_at, due_at) - DAY_MS - 40 * _MINUTE_MS
        if told.moved_from is not None:
            was_at = (self._now_at + told.moved_from * _MINUTE_MS) // _HOUR_MS * _HOUR_MS
            moved_at = min(was_at, self._now_at) - DAY_MS // 4
            created_at = moved_at - 6 * DAY_MS
            moves = [(was_at, due_at, told.reason, assignee_id, moved_at)]
        done = None if told.done is None else (self._now_at + told.done[0] * _MINUTE_MS, told.done[1], "")
        return self._follow_ups.write(
            client, client.caller(told.contact), told.kind, told.title, assignee_id, created_at, due_at,
            ticket_id=self.told.get(told.ticket, ""), moves=moves, done=done,
        )  # fmt: skip

    def _told_call(self, told: StoryCall) -> None:
        client = self._by_name.get(told.client)
        caller = client.caller(told.contact) if client else Caller("", "", "", told.number, "")
        at = self._now_at + told.at * _MINUTE_MS
        is_handled = told.result == "handled"
        dial = (7 if is_handled else 31) if told.direction == "out" else 0
        waited = 26 if told.result == "missed" else dial + told.seconds + told.hold_seconds
        parts = (("dial", dial), ("talk", told.seconds), ("hold", told.hold_seconds), ("wrap_up", 45 * is_handled))
        row_id = self._new_id(at)
        recording = RECORDED_FILE if told.is_recorded else f"https://phones.example/recordings/{row_id}.wav"
        self._filling.add(
            "interactions",
            TOLD_CALL(
                row_id, self._bureau.teams[0].id, client.id if client else "", caller.contact_id,
                self._bureau.user(told.by).id, "", "phone", told.direction, told.result, caller.number,
                caller.extension, at, at + waited * 1000, told.seconds, told.hold_seconds, 45 if is_handled else 0,
                dial, self._topic_id(told.topic) if is_handled else "",
                self._bureau.disposition_ids.get(told.disposition, ""), told.note, "", 0,
                "Payroll line" if told.direction == "in" else "",
                recording if is_handled else "",
                written_parts(_in_a_row(at, parts)),
                written_pauses([(told.seconds // 3, RECORDED_PAUSE_SECONDS)]) if told.hold_seconds else "",
            ),
        )  # fmt: skip

    def _told_changes(self) -> None:
        for told in story().changes:
            client = self._by_name[told.client]
            at = self._now_at + told.at * _MINUTE_MS
            contact_id = client.caller(told.contact).contact_id if told.contact else ""
            fields = msgspec.json.encode(told.fields).decode()
            by_id = self._bureau.user(told.by).id
            self._filling.add(
                "changes", _CHANGE(self._new_id(at), ORGANISATION, client.id, contact_id, by_id, fields, at)
            )

    def _topic_id(self, path: str) -> str:
        parent, _, name = path.partition(" > ")
        place = next(i for i, words in enumerate(topic_words()) if (words.parent, words.name) == (parent, name))
        return self._bureau.topic_ids[place]

    # The rest

    def _ticket_plan(self, count: int) -> Iterator[tuple[MadeUpTeam, str, str]]:
        """Team, assignee and state of each. The first agent has the story's and eight that wait for the client."""
        first = self._bureau.teams[0]
        plan = [(first, first.agent_ids[0], "waiting")] * 8 + [(first, "", "open")] * 6
        yield from plan
        for place in range(count - len(plan)):
            team = self._bureau.teams[place % len(self._bureau.teams)]
            chance = self._random.random()
            state = "waiting" if chance < 0.28 else "open"
            yield team, "" if chance > 0.88 else self._random.choice(self._colleagues(team)), state

    def _colleagues(self, team: MadeUpTeam) -> tuple[str, ...]:
        """Who has work that the story does not tell of."""
        return team.agent_ids[1:] if team is self._bureau.teams[0] else team.agent_ids

    def _ticket(self, team: MadeUpTeam, assignee_id: str, state: str) -> None:
        random = self._random
        client = random.choice(self._by_team[team.id])
        caller = random.choice(client.callers)
        topic = random.choice(self._work_topics)
        channel, priority = random.choice(_CHANNELS), random.choice(PRIORITIES)
        agent_id = assignee_id or random.choice(team.agent_ids)
        calendar = self._bureau.calendars[client.calendar_id]
        is_first = state == "open" and random.random() < 0.6
        if state == "open":
            due_at = self._due_at()
            if due_at < self._now_at:
                due_at = asked_at(calendar, due_at, random.randrange(60, 3_600))
            elif not calendar.is_open(due_at):
                due_at = calendar.add_open(due_at, random.randrange(60, 14_400))
            owed_at, due_at = self._owed(calendar, due_at, self._target(client, priority, is_first=is_first))
        else:
            due_at, owed_at = 0, self._now_at - random.randrange(2 * _HOUR_MS, 6 * DAY_MS)
        lines: list[TicketLine] = []
        if is_first:
            lines.append(("inbound", "", self._wording.ask(topic), owed_at))
        else:
            began_at = owed_at - random.randrange(3 * _HOUR_MS, 3 * DAY_MS)
            lines.append(("inbound", "", self._wording.ask(topic), began_at))
            between_at = (began_at + owed_at) // 2
            lines.append(("reply", agent_id, self._wording.answer(topic, caller.first_name), between_at))
            if state == "open":
                lines.append(("inbound", "", self._wording.ask_again(), owed_at))
        lines += self._later_lines(topic, assignee_id, lines[-1][3], state)
        escalated_to_id = ""
        if assignee_id and random.random() < 0.07:
            escalated_to_id = team.lead_id
            lines.append(("event", agent_id, f"Escalated to {self._names[team.lead_id]}", self._after(lines[-1][3])))
        self._tickets.write(
            client, caller, self._wording.subject(topic), channel, self._bureau.topic_ids[topic], lines,
            priority=priority, state=state, assignee_id=assignee_id, reply_due_at=due_at,
            escalated_to_id=escalated_to_id,
        )  # fmt: skip

    def _owed(self, calendar: BusinessCalendar, due_at: int, seconds: int) -> tuple[int, int]:
        """From when a reply is owed that is due then, and when: earlier, should the question be still to come."""
        owed_at = asked_at(calendar, due_at, seconds)
        latest_at = self._now_at - self._random.randrange(2, 12) * _MINUTE_MS
        if owed_at <= latest_at:
            return owed_at, calendar.add_open(owed_at, seconds)
        return latest_at, calendar.add_open(latest_at, seconds)

    def _later_lines(self, topic: int, assignee_id: str, at: int, state: str) -> list[TicketLine]:
        lines: list[TicketLine] = []
        if assignee_id and state == "waiting":
            at = self._after(at)
            lines.append(("event", assignee_id, "Waiting for the client", at))
        elif assignee_id and self._random.random() < 0.5:
            at = self._after(at)
            lines.append(("event", assignee_id, f"Taken by {self._names[assignee_id]}", at))
        if self._random.random() < 0.35:
            author_id = assignee_id or self._bureau.teams[0].lead_id
            lines.append(("note", author_id, self._wording.inner(topic), self._after(at)))
        return lines

    def _after(self, at: int) -> int:
        return at + int(self._random.random() * 0.6 * max(0, self._now_at - at))

    def _due_at(self) -> int:
        """Some late, some within the hour, some today, most later."""
        random = self._random
        # Even steps, so that a small team has some of each.
        self._spread = chance = (self._spread + 0.381966) % 1
        if chance < 0.07:
            return self._now_at - random.randrange(2, 400) * _MINUTE_MS
        if chance < 0.13:
            return self._now_at + random.randrange(4, 60) * _MINUTE_MS
        if chance < 0.4:
            return self._now_at + random.randrange(60, 480) * _MINUTE_MS
        return self._now_at + random.randrange(480, 8 * 1440) * _MINUTE_MS

    def _target(self, client: MadeUpClient, priority: str, *, is_first: bool) -> int:
        first_seconds, next_seconds = self._bureau.targets[client.sla_policy_id][priority]
        return first_seconds if is_first else next_seconds

    def _follow_up(self, team: MadeUpTeam, assignee_id: str) -> None:
        random = self._random
        client = random.choice(self._by_team[team.id])
        calendar = self._bureau.calendars[client.calendar_id]
        kind = random.choice(KINDS)
        chance = random.random()
        if chance < 0.08:
            due_at = self._now_at - random.randrange(5, 1500) * _MINUTE_MS
        elif chance < 0.3:
            due_at = self._now_at + random.randrange(10, 500) * _MINUTE_MS
        elif chance < 0.5:
            due_at = self._now_at + DAY_MS + random.randrange(-200, 300) * _MINUTE_MS
        elif chance < 0.8:
            due_at = self._now_at + random.randrange(2, 8) * DAY_MS
        else:
            due_at = self._now_at + random.randrange(8, 40) * DAY_MS
        due_at = in_office_hours(calendar, due_at)
        created_at = min(self._now_at, due_at) - random.randrange(_HOUR_MS, 5 * DAY_MS)
        moves: list[Move] = []
        if kind == "promise" and random.random() < 0.2:
            was_at = in_office_hours(calendar, due_at - 4 * DAY_MS)
            moved_at = min(was_at, self._now_at) - random.randrange(_MINUTE_MS, _HOUR_MS)
            created_at = min(created_at, moved_at - _HOUR_MS)
            moves = [(was_at, due_at, "Tax team needs one more day, client knows.", assignee_id, moved_at)]
        title = self._wording.follow_up_title(kind, random.choice(self._work_topics))
        caller = random.choice(client.callers)
        self._follow_ups.write(client, caller, kind, title, assignee_id, created_at, due_at, moves=moves)

    def _calls_to_return(self, team: MadeUpTeam) -> None:
        """Missed today, given up in the queue, or spoken on the machine; nobody has called back yet."""
        random = self._random
        for channel, result, note in (
            ("phone", "missed", ""),
            ("phone", "missed", "Asked for a callback"),
            ("phone", "abandoned", ""),
            ("voicemail", "handled", "Voicemail, 0:31: please call back about the preview"),
        ):
            client = random.choice(self._by_team[team.id])
            caller = random.choice(client.callers)
            at = self._now_at - random.randrange(3, 150) * _MINUTE_MS
            self._filling.add(
                "interactions",
                INTERACTION(
                    self._new_id(at), team.id, client.id, caller.contact_id, "", "", channel, "in", result,
                    caller.number, caller.extension, at, at + 31_000, 0, 0, 0, 0, "", "", note, "", 0,
                ),
            )  # fmt: skip


def _in_a_row(at: int, parts: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, float, str]]:
    """Those that took any time, one after the other, as a phone system tells them."""
    for kind, seconds in parts:
        if seconds:
            yield kind, at, seconds, "person" if kind == "wrap_up" else "cti"
            at += seconds * 1000
