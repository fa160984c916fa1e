"""The calls that phone systems tell of, as sets of events in the database: whichever process hears of one, and after a
restart, it is the same call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from csr_desktop.domain.phone import digits
from csr_desktop.domain.phone_calls import PhoneCall, call_of, origin_of
from csr_desktop.domain.phone_events import PhoneAgent, PhoneEvent, phone_event
from csr_desktop.server.calls.connections import WORDS_KEPT, Connection, known_agents
from csr_desktop.server.phone.private import without_private_numbers
from csr_desktop.server.phone.reading import Reading
from csr_desktop.store.queries.lists import home_region
from csr_desktop.store.sql import Sql

MOST_EVENTS: Final = 200
"""Of one call; what is said of it then counts only where it ends the call."""
MOST_AGENTS: Final = 60
"""Of one call; who else is named was not in it."""
_MOST_NAMES: Final = 1_000
"""Of agents, in all that was said of a call."""
KEPT_MS: Final = 86_400_000
"""So long after the last word a call is forgotten."""
LATE_MS: Final = 15_000
"""What is said so long after a call's end is still of this call."""
REPEATED_MS: Final = 3_600_000
"""The same words so long after a call's end are said again: webhooks are tried again for a while."""
RINGING_MS: Final = 300_000
WAITING_MS: Final = 3_600_000
"""A call that rings, or waits in a queue, is over when so long nothing more is said of it."""
_OTHER_MS: Final = 60_000
"""A reference that was silent for so long and rings for another number is another call's."""
_AGENTS_MS: Final = 5_000
_ENDING: Final = frozenset({"hangup", "missed"})
_RECORDED: Final = frozenset({"recording"})
_BEGINNING: Final = frozenset({"ring", "queue"})
_OTHERS: Final = 20
_MOST_SILENT: Final = 1_000
_COLUMNS: Final = "call_key, events, began_at, heard_at, ended_at, is_settled, interaction_id, command_id"

Key = tuple[str, str]
"""Ids of the connection and of the call in it."""

_events = msgspec.msgpack.Decoder(list[PhoneEvent])


class KeptCall(msgspec.Struct):
    """A row of `phone_calls`, with the call that it tells."""

    call: PhoneCall
    events: list[PhoneEvent]
    heard_at: int
    is_settled: bool = False
    interaction_id: str = ""
    command_id: str = ""


class KeptCalls:
    """All runs in the caller's transaction, on its connection. `clock` gives milliseconds."""

    def __init__(self, sql: Sql, clock: Callable[[], int], new_id: Callable[[], str]) -> None:
        self._sql = sql
        self._clock = clock
        self._new_id = new_id
        self._agents: dict[str, tuple[int, dict[str, str]]] = {}

    def take(self, connection: Connection, reading: Reading) -> list[Key]:
        """Keep what a message says; the calls of which it told something."""
        reading = without_private_numbers(reading, home_region(self._sql))
        keys: dict[Key, None] = {}
        for reference in sorted({event.reference for event in reading.events}):
            said = [event for event in reading.events if event.reference == reference]
            keys.update(dict.fromkeys(self._take_of(connection.id, reference, said)))
        if reading.said or reading.diagnoses:
            self._remember(connection.id, reading)
        return list(keys)

    def _remember(self, connection_id: str, reading: Reading) -> None:
        reference = reading.events[0].reference if reading.events else ""
        told = msgspec.json.encode(reading.diagnoses).decode()
        self._sql.do(
            "INSERT INTO phone_words (id, connection_id, said_at, said, reference, diagnoses) VALUES (?,?,?,?,?,?)",
            *(self._new_id(), connection_id, self._clock(), reading.said, reference, told),
        )
        oldest = "SELECT id FROM phone_words WHERE connection_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
        if last := self._sql.value(oldest, connection_id, WORDS_KEPT):
            self._sql.do("DELETE FROM phone_words WHERE connection_id = ? AND id <= ?", connection_id, last)

    def _take_of(self, connection_id: str, reference: str, said: Sequence[PhoneEvent]) -> list[Key]:
        self._lock_reference(connection_id, reference)
        latest = self._latest(connection_id, reference)
        changed: dict[str, KeptCall] = {}
        for event in said:
            if latest is None or not _goes_on(latest, event):
                again = _rung_again(latest) if latest is not None and event.kind not in _BEGINNING else None
                first = again if again is not None and again.number == event.number else event
                latest = self._new(reference, first, is_first=latest is None)
                self._add(latest, first)
            self._add(latest, event)
            changed[latest.call.reference] = latest
        for key, kept in changed.items():
            self._store(connection_id, key, reference, kept)
        return [(connection_id, key) for key in changed]

    def _lock_reference(self, connection_id: str, reference: str) -> None:
        """Two processes that hear of one call at once keep it one after the other."""
        if self._sql.is_postgresql:
            name = f"{connection_id} {reference}"
            self._sql.all("SELECT pg_advisory_xact_lock(hashtextextended(?, 4))", name)

    def _latest(self, connection_id: str, reference: str) -> KeptCall | None:
        row = self._sql.one(
            f"SELECT {_COLUMNS} FROM phone_calls WHERE connection_id = ? AND reference = ? "
            "ORDER BY heard_at DESC, call_key DESC LIMIT 1",
            *(connection_id, reference),
        )
        return self._kept(connection_id, row) if row else None

    def _new(self, reference: str, event: PhoneEvent, *, is_first: bool) -> KeptCall:
        key = reference if is_first else f"{reference}@{event.at}"
        first = msgspec.structs.replace(event, reference=key)
        return KeptCall(call_of([first]), [], event.at)

    def _add(self, kept: KeptCall, event: PhoneEvent) -> None:
        key = kept.call.reference
        event = msgspec.structs.replace(event, reference=key, agents=_first_agents(kept, event))
        is_needed = any(
            event.kind in kinds and not any(one.kind in kinds for one in kept.events) for kinds in (_ENDING, _RECORDED)
        )
        if event in kept.events or (_is_full(kept, event) and not is_needed):
            return
        kept.events.append(event)
        kept.heard_at = max(kept.heard_at, event.at)
        kept.is_settled = False
        kept.call = self._call(kept.events)

    def end_silent(self) -> list[Key]:
        """End webhooks' calls that ring, and of which nothing more is said; which. In a transaction."""
        now = self._clock()
        found = self._sql.all(
            "SELECT connection_id, call_key, reference FROM phone_calls c WHERE is_settled = 0 AND ended_at = 0 "
            "AND heard_at BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM call_desks d "
            "WHERE d.connection_id = c.connection_id AND d.call_key = c.call_key) ORDER BY heard_at DESC LIMIT ?",
            *(now - KEPT_MS, now - RINGING_MS, _MOST_SILENT),
        )
        ended: list[Key] = []
        for connection_id, key, reference in found:
            kept = self.one((connection_id, key))
            if kept is None or not _is_silent(kept, now):
                continue
            self._lock_reference(connection_id, reference)
            kept = self.one((connection_id, key), lock=True)
            if kept is not None and _is_silent(kept, now):
                call = kept.call
                self._add(kept, phone_event(call.source, connection_id, key, "hangup", now, direction=call.direction))
                self._store(connection_id, key, reference, kept)
                ended.append((connection_id, key))
        return ended

    def _call(self, events: Sequence[PhoneEvent]) -> PhoneCall:
        """As it stands, with the agents known and the call that it came from."""
        connection_id = events[0].connection
        known = self._known(connection_id)
        call = call_of(events, known)
        if not call.came_from and not digits(call.diverted_from):
            return call
        rows = self._sql.all(
            "SELECT events FROM phone_calls WHERE connection_id = ? AND call_key <> ? "
            "AND (reference = ? OR number = ?) ORDER BY heard_at DESC LIMIT ?",
            *(connection_id, call.reference, call.came_from, digits(call.number) or "-", _OTHERS),
        )
        others = [call_of(_events.decode(bytes(found)), known) for (found,) in rows]
        return call_of(events, known, origin_of(call, others))

    def _known(self, connection_id: str) -> dict[str, str]:
        now = self._clock()
        read_at, known = self._agents.get(connection_id, (0, {}))
        if not 0 <= now - read_at < _AGENTS_MS:
            known = known_agents(self._sql, connection_id)
            self._agents[connection_id] = (now, known)
        return known

    def _store(self, connection_id: str, key: str, reference: str, kept: KeptCall) -> None:
        call = kept.call
        self._sql.do(
            "INSERT INTO phone_calls (connection_id, call_key, reference, number, events, began_at, heard_at, "
            "ended_at, is_settled, interaction_id, command_id, recording) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) "
            "ON CONFLICT (connection_id, call_key) DO UPDATE SET number = excluded.number, events = excluded.events, "
            "began_at = excluded.began_at, heard_at = excluded.heard_at, ended_at = excluded.ended_at, "
            "is_settled = excluded.is_settled, recording = excluded.recording",
            *(connection_id, key, reference, digits(call.number), msgspec.msgpack.encode(kept.events)),
            *(call.began_at, kept.heard_at, call.ended_at, int(kept.is_settled), "", "", call.recording),
        )

    def _kept(self, connection_id: str, row: tuple[Any, ...]) -> KeptCall:
        _, events, _, heard_at, _, is_settled, interaction_id, command_id = row
        read = [msgspec.structs.replace(one, connection=connection_id) for one in _events.decode(bytes(events))]
        return KeptCall(self._call(read), read, heard_at, bool(is_settled), interaction_id, command_id)

    # Read

    def one(self, key: Key, *, lock: bool = False) -> KeptCall | None:
        tail = " FOR UPDATE" if lock and self._sql.is_postgresql else ""
        row = self._sql.one(f"SELECT {_COLUMNS} FROM phone_calls WHERE connection_id = ? AND call_key = ?{tail}", *key)
        return self._kept(key[0], row) if row else None

    def recent(self, since_at: int) -> list[KeptCall]:
        """Those that go on or ended since then, and of which something was said within the day."""
        rows = self._sql.all(
            f"SELECT connection_id, {_COLUMNS} FROM phone_calls WHERE (ended_at = 0 OR ended_at >= ?) "
            "AND heard_at >= ? ORDER BY began_at",
            *(since_at, self._clock() - KEPT_MS),
        )
        return [self._kept(row[0], row[1:]) for row in rows]

    def open_references(self, connection_id: str) -> list[str]:
        """References of calls that have not ended."""
        sql = "SELECT reference FROM phone_calls WHERE connection_id = ? AND ended_at = 0"
        return [reference for (reference,) in self._sql.all(sql, connection_id)]

    def unsettled(self, ended_by_at: int, most: int = 100) -> list[Key]:
        """Those that ended by then, of which it was not looked at whether they have to be logged."""
        return self._sql.all(
            "SELECT connection_id, call_key FROM phone_calls WHERE is_settled = 0 AND ended_at > 0 AND ended_at <= ? "
            "ORDER BY ended_at LIMIT ?",
            *(ended_by_at, most),
        )

    # What became of it

    def settled(self, key: Key, interaction_id: str = "", command_id: str = "") -> None:
        self._sql.do(
            "UPDATE phone_calls SET is_settled = 1, interaction_id = ?, command_id = ? "
            "WHERE connection_id = ? AND call_key = ?",
            *(interaction_id, command_id, *key),
        )

    def forget_old(self) -> int:
        """Those of which nothing was said for a day; how many."""
        old_at = self._clock() - KEPT_MS
        self._sql.do("DELETE FROM call_desks WHERE taken_at < ?", old_at)
        return self._sql.do("DELETE FROM phone_calls WHERE heard_at < ?", old_at)


def agents_of(call: PhoneCall) -> frozenset[str]:
    """Ids of the people whose phones had to do with it."""
    return frozenset(leg.agent_id for leg in call.legs if leg.agent_id)


def _is_silent(kept: KeptCall, now: int) -> bool:
    """Asterisk is asked which calls it has; webhooks may have been lost."""
    call = kept.call
    is_waiting = call.source in {"cti", "sipgate"} and call.direction in {"", "in"} and not call.ended_at
    longest = WAITING_MS if call.queue else RINGING_MS
    return is_waiting and call.outcome in {"ringing", "busy"} and now - kept.heard_at > longest


def _first_agents(kept: KeptCall, event: PhoneEvent) -> tuple[PhoneAgent, ...]:
    """Those of an event with whom the call has no more than it may have."""
    known = {agent for one in kept.events for agent in one.agents}
    named: list[PhoneAgent] = []
    for agent in event.agents:
        if agent in known or len(known) < MOST_AGENTS:
            known.add(agent)
            named.append(agent)
    return tuple(named)


def _is_full(kept: KeptCall, event: PhoneEvent) -> bool:
    names = sum(len(one.agents) for one in kept.events) + len(event.agents)
    return len(kept.events) >= MOST_EVENTS or names > _MOST_NAMES


def _rung_again(kept: KeptCall) -> PhoneEvent | None:
    """What told once more, long after the end, that the call rings: with what follows it may be another call."""
    late_at = kept.call.ended_at + LATE_MS
    late = [one for one in kept.events if one.kind in _BEGINNING and kept.call.ended_at and one.at > late_at]
    return max(late, key=lambda one: one.at, default=None)


def _is_said_again(kept: KeptCall, event: PhoneEvent) -> bool:
    """Of a call that ended a while ago: whether these are its own words once more."""
    if event.at > kept.call.ended_at + REPEATED_MS:
        return False
    if event.kind not in _BEGINNING and _rung_again(kept) and (event.kind not in _ENDING or kept.call.answered_at):
        return False
    return any(_words(one) == _words(event) for one in kept.events)


def _words(event: PhoneEvent) -> PhoneEvent:
    return msgspec.structs.replace(event, reference="", at=0, sent_at=0)


def _goes_on(kept: KeptCall, event: PhoneEvent) -> bool:
    """Whether an event with the same reference is of this call. Some webhooks count their calls from 1 again and again;
    Asterisk and sipgate name no two calls alike.
    """
    if event.source != "cti":
        return True
    if event.recording and event.kind in {"recording", "hangup"}:
        return True  # it is told once the file is finished, which may be long after the call
    call = kept.call
    is_other = bool(digits(event.number)) and bool(digits(call.number)) and digits(event.number) != digits(call.number)
    if not call.ended_at:
        return not (is_other and event.kind in _BEGINNING and event.at - kept.heard_at > _OTHER_MS)
    if event.at > call.ended_at + LATE_MS:
        return _is_said_again(kept, event)
    return call.is_unknown or not (is_other and event.kind in _BEGINNING)
