"""Logged calls and other contacts: the list with its filters, one in detail, the day's figures, corrections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.commands.calls import EditInteraction, ResolveCaller
from csr_desktop.commands.clients import AddNumber
from csr_desktop.domain import local_days, phone
from csr_desktop.domain.call_parts import pauses_of_recording, read_parts, read_pauses
from csr_desktop.domain.call_scripts import read_checked
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.figures import CallParts, handle_seconds, handle_time, percentile
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.recordings import heard
from csr_desktop.domain.text import clean
from csr_desktop.services.call_lists import CallLists
from csr_desktop.services.call_rows import (
    Attached,
    CallDetail,
    CallFilter,
    CallPage,
    CallRow,
    DayFigures,
    RepeatHint,
    TicketChoice,
)
from csr_desktop.services.client_context import shown_number
from csr_desktop.services.inbox_rows import LinkedPromise
from csr_desktop.services.labels import note_title, ticket_label
from csr_desktop.services.number_claims import claim
from csr_desktop.store.queries import calls as queries
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.clients import number_id_of
from csr_desktop.store.queries.follow_ups import of_interaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csr_desktop.commands.command import Command
    from csr_desktop.domain.call_parts import Pause
    from csr_desktop.domain.call_scripts import Checked
    from csr_desktop.services.call_rows import CallKey
    from csr_desktop.services.client_edits import ClientEdits
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import Colleague, People
    from csr_desktop.sync.replica import Replica

CORRECTABLE: Final = tuple(sorted(EditInteraction.editable - {"agent_id"}))
_DAY_MS: Final = 86_400_000
_REPEAT_MS: Final = 30 * _DAY_MS
_REPEATED: Final = 3
_USUAL_MS: Final = 90 * _DAY_MS
_USUAL_SAMPLE: Final = 5
"""Fewer calls than this tell nothing of what is usual."""
_TICKET_COLUMNS: Final = ("number", "subject", "escalated_to_id", "escalated_at")
_COLUMNS: Final = (
    "client_id", "contact_id", "agent_id", "ticket_id", "channel", "direction", "result", "number", "extension",
    "started_at", "ended_at", "talk_seconds", "hold_seconds", "wrap_up_seconds", "dial_seconds", "topic_id",
    "disposition_id", "note", "called_back_by_id", "called_back_at",
)  # fmt: skip


class CallLog:
    """`local_zone` is the workstation's IANA zone, whose days and weeks the filters mean."""

    def __init__(self, replica: Replica, people: People, lists: Lists, edits: ClientEdits, local_zone: str) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._edits = edits
        self._local_zone = local_zone
        self.lists_of_calls = CallLists(replica, people, lists, local_zone)
        self._usual: tuple[int, dict[str, float]] = (0, {})

    def page(self, chosen: CallFilter, after_key: CallKey | None = None, limit: int = 100) -> CallPage:
        """Calls after a key, the newest first."""
        found = self.lists_of_calls.keys(chosen, after_key, limit)
        return CallPage(self.rows([i for _, i in found.keys]), found.next_key)

    def rows(self, ids: Sequence[str]) -> tuple[CallRow, ...]:
        """In the given order; those that are not here are left out."""
        sql = self._replica.sql
        calls = {i: row for i, row in rows.by_id(sql, "interactions", ids, _COLUMNS).items() if not row["deleted"]}
        clients = rows.by_id(sql, "clients", [row["client_id"] for row in calls.values()], ["name"])
        contacts = rows.by_id(sql, "contacts", [row["contact_id"] for row in calls.values()], ["name"])
        make = partial(self._row, clients=clients, contacts=contacts)
        return tuple(make(calls[i]) for i in ids if i in calls)

    def detail(self, call_id: str) -> CallDetail:
        """Raises Refused for a call that is not here."""
        sql = self._replica.sql
        found = self.rows([call_id])
        call = rows.one(sql, "interactions", call_id)
        if not found or call is None:
            raise unknown()
        tickets = rows.by_id(sql, "tickets", [call["ticket_id"]], _TICKET_COLUMNS)
        ticket = tickets.get(call["ticket_id"])
        escalated = ticket if ticket and ticket["escalated_at"] >= call["started_at"] else None
        who = self._people.who()
        is_ours = call["scope"] in who.teams
        return CallDetail(
            row=found[0],
            note=call["note"],
            ticket_id=call["ticket_id"],
            ticket_label=ticket_label(ticket["number"], ticket["id"]) if ticket else "",
            ticket_subject=ticket["subject"] if ticket else "",
            escalated_to_name=self._people.name(escalated["escalated_to_id"]) if escalated else "",
            escalated_at=escalated["escalated_at"] if escalated else 0,
            topic_id=call["topic_id"],
            disposition_id=call["disposition_id"],
            number=call["number"],
            extension=call["extension"],
            called_back_by_name=self._people.name(call["called_back_by_id"]),
            called_back_at=call["called_back_at"],
            follow_ups=tuple(LinkedPromise(*row) for row in of_interaction(sql, call_id)),
            can_correct=is_ours and (call["agent_id"] in {who.id, ""} or who.is_lead),
            consult_seconds=call["consult_seconds"],
            checked=_checked(call["checked"]),
            has_recording=bool(call["recording"]),
            recording=heard(who, call["recording"], call["agent_id"], call["scope"]),
            pauses=_pauses(call),
            is_nobodys=is_ours and not call["agent_id"],
            can_be_given=is_ours and who.is_lead and _is_unanswered(call),
        )

    def day_figures(self) -> DayFigures:
        """My handled phone calls that were done today: a call counts where its wrap-up ends."""
        now = self._replica.now()
        from_at = local_days.midnight_after(now, self._local_zone, 0)
        parts = queries.parts_of_day(self._replica.sql, self._people.who().id, from_at)
        times = handle_time(CallParts(*row) for row in parts)
        return DayFigures(times.count, times.mean_seconds, times.median_seconds)

    def repeat(self, client_id: str, topic_id: str) -> RepeatHint | None:
        """Whether a call that comes now is at least the third in 30 days on this branch of topics."""
        top = self._lists.top_topic(topic_id)
        return self._repeat(top, self._by_branch(client_id).get(top, [])) if client_id and top else None

    def repeated(self, client_id: str) -> RepeatHint | None:
        """The branch of topics on which a call that comes now would be at least the third in 30 days, of several that
        with the most, else the latest; before it is known what it is about.
        """
        branches = self._by_branch(client_id)
        likely = max(branches, key=lambda top: len(branches[top]), default="")
        return self._repeat(likely, branches[likely]) if likely else None

    def _by_branch(self, client_id: str) -> dict[str, list[tuple[str, int]]]:
        """(id, start) of the client's calls of 30 days, the newest first, by the branch of topics, the latest first."""
        found: dict[str, list[tuple[str, int]]] = {}
        since_at = self._replica.now() - _REPEAT_MS
        for call_id, topic_id, at in queries.calls_of_client(self._replica.sql, client_id, since_at):
            found.setdefault(self._lists.top_topic(topic_id), []).append((call_id, at))
        found.pop("", None)
        return found

    def _repeat(self, top: str, earlier: Sequence[tuple[str, int]]) -> RepeatHint | None:
        if len(earlier) + 1 < _REPEATED:
            return None
        return RepeatHint(
            count=len(earlier) + 1,
            topic_name=self._lists.topic_path(top)[-1],
            dates=tuple(at for _, at in earlier),
            call_ids=tuple(i for i, _ in earlier),
        )

    def usual_seconds(self, topic_id: str) -> int:
        """The median handle time on a topic in the last 90 days, or on its branch while there are few; 0 when
        unknown.
        """
        now = self._replica.now()
        if not self._usual[0] <= now < self._usual[0] + _DAY_MS:
            self._usual = (now, self._medians(now))
        medians = self._usual[1]
        return round(medians.get(topic_id) or medians.get(self._lists.top_topic(topic_id), 0))

    def correct(self, call_id: str, changes: Mapping[str, str]) -> Outcome:
        """Give fields of CORRECTABLE new values. Raises BadInput when nothing would change."""
        row = rows.one(self._replica.sql, "interactions", call_id)
        if row is None:
            raise unknown()
        edits: dict[str, tuple[Any, Any]] = {}
        for field, value in changes.items():
            if field not in CORRECTABLE:
                raise BadInput(field, "This cannot be corrected.")
            becomes = clean(value).strip()
            if becomes != row[field]:
                edits[field] = (row[field], becomes)
        if not edits:
            raise BadInput("", "Nothing was changed.")
        named = note_title(row["note"]) or row["number"]
        return self._replica.do(EditInteraction(row_id=call_id, changes=edits), words=f"call_corrected:{named}")

    def say_whose(self, call_id: str, agent_id: str) -> Outcome:
        """Whose call it was that nobody answered: mine, or for a lead anybody's of its team."""
        row = rows.one(self._replica.sql, "interactions", call_id)
        if row is None:
            raise unknown()
        changes = {"agent_id": (row["agent_id"], agent_id)}
        named = self._people.name(agent_id)
        return self._replica.do(EditInteraction(row_id=call_id, changes=changes), words=f"call_given:{named}")

    def attach_number(self, interaction_id: str, contact_id: str) -> Attached:
        """Make the number of a call that person's, and theirs also its earlier contacts of my teams that were nobody's,
        whoever logged them.
        """
        sql, who = self._replica.sql, self._people.who()
        call = rows.one(sql, "interactions", interaction_id)
        person = rows.one(sql, "contacts", contact_id)
        if call is None or person is None:
            raise unknown()
        e164 = phone.parse(call["number"], self._lists.home_region()).e164
        if not e164:
            raise BadInput("number", "This is not a number that can be anybody's.")
        commands: list[Command] = claim(
            self._replica,
            self._edits,
            contact_id,
            person["client_id"],
            e164,
            call["extension"],
            sorted(who.teams),
            but=[interaction_id],
        )
        earlier = sum(isinstance(command, ResolveCaller) for command in commands)
        becomes = {"client_id": person["client_id"], "contact_id": contact_id}
        edits = {field: (call[field], value) for field, value in becomes.items() if call[field] != value}
        if edits and (call["agent_id"] == who.id or who.is_lead):
            commands.append(EditInteraction(row_id=interaction_id, changes=edits))
        elif edits:
            number_id = next((c.row_id for c in commands if isinstance(c, AddNumber)), "")
            number_id = number_id or number_id_of(sql, contact_id, e164, call["extension"])
            commands.append(ResolveCaller(row_id=interaction_id, number_id=number_id, changes=edits))
        if not commands:
            raise BadInput("", "This call is that person's already.")
        outcome = self._replica.do(*commands, words=f"call_attached:{person['name']}")
        return Attached(outcome, earlier)

    def open_tickets(self, client_id: str) -> tuple[TicketChoice, ...]:
        """The client's tickets that a call can belong to, the latest first."""
        found = queries.open_tickets(self._replica.sql, client_id, sorted(self._people.who().teams))
        return tuple(TicketChoice(i, ticket_label(number, i), subject, state) for i, number, subject, state in found)

    def leads(self, ticket_id: str) -> tuple[Colleague, ...]:
        """To whom a call's ticket can be escalated: those of its team, or for a new one, '', of my own."""
        ticket = rows.one(self._replica.sql, "tickets", ticket_id) if ticket_id else None
        return self._people.leads(ticket["scope"] if ticket is not None else self._people.home_team())

    def _row(
        self, row: dict[str, Any], clients: dict[str, dict[str, Any]], contacts: dict[str, dict[str, Any]]
    ) -> CallRow:
        organisation = self._lists.organisation()
        number = phone.parse(row["number"], organisation.home_region)
        parts = _parts(row)
        is_unknown = not row["contact_id"] and phone.is_matchable(number, organisation.own_numbers)
        return CallRow(
            id=row["id"],
            client_id=row["client_id"],
            client_name=rows.text_of(clients, row["client_id"], "name"),
            contact_id=row["contact_id"],
            contact_name=rows.text_of(contacts, row["contact_id"], "name"),
            number_shown=shown_number(number.e164, row["number"], organisation.home_region, row["extension"]),
            channel=row["channel"],
            direction=row["direction"],
            result=row["result"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            handle_seconds=handle_seconds(parts),
            talk_seconds=row["talk_seconds"],
            hold_seconds=row["hold_seconds"],
            wrap_up_seconds=row["wrap_up_seconds"],
            topic_path=self._lists.topic_path(row["topic_id"]),
            disposition=self._lists.disposition_name(row["disposition_id"]),
            title=note_title(row["note"]),
            agent_id=row["agent_id"],
            agent_name=self._people.name(row["agent_id"]),
            is_mine=row["agent_id"] == self._people.who().id,
            is_waiting=row["result"] in {"missed", "abandoned"}
            and not row["called_back_at"]
            and row["direction"] == "in",
            can_attach=is_unknown and self._people.can_write(),
            dial_seconds=row["dial_seconds"] if row["direction"] == "out" else 0,
        )

    def _medians(self, now: int) -> dict[str, float]:
        times: dict[str, list[float]] = {}
        for topic_id, direction, talk, hold, wrap_up, dial in queries.handle_parts_by_topic(
            self._replica.sql, now - _USUAL_MS
        ):
            seconds = handle_seconds(CallParts(direction, "handled", talk, hold, wrap_up, dial))
            for i in {topic_id, self._lists.top_topic(topic_id)}:
                times.setdefault(i, []).append(seconds)
        return {i: percentile(values, 0.5) or 0.0 for i, values in times.items() if len(values) >= _USUAL_SAMPLE}


def _checked(text: str) -> tuple[Checked, ...]:
    try:
        return read_checked(text)
    except ValueError:  # of a newer program
        return ()


def _is_unanswered(row: Mapping[str, Any]) -> bool:
    return row["result"] in {"missed", "abandoned"} or row["channel"] == "voicemail"


def _pauses(row: Mapping[str, Any]) -> tuple[Pause, ...]:
    try:
        return pauses_of_recording(read_pauses(row["recording_pauses"]), read_parts(row["parts"]))
    except ValueError:  # a newer version wrote it
        return ()


def _parts(row: Mapping[str, Any]) -> CallParts:
    return CallParts(
        row["direction"],
        row["result"],
        row["talk_seconds"],
        row["hold_seconds"],
        row["wrap_up_seconds"],
        row["dial_seconds"],
    )
