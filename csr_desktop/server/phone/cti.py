"""The generic CTI webhook, in the wire format that Zammad documents: recipes made for that work here.

Fields: event (newCall, answer, hangup), from, to, direction (in, out), callId, user or user[], queue, answeringNumber,
cause; of our own, recording with the address or file of one, in any event or, once the file is finished, in an event of
its own that is called so. JSON, either packing of forms, or the query of the address (docs.zammad.org, "Generic CTI").
"""

from __future__ import annotations

from typing import Final

import msgspec

from csr_desktop.domain.phone_events import (
    Direction,
    EventKind,
    PhoneAgent,
    PhoneEvent,
    agent_key,
    clean_reference,
    phone_event,
)
from csr_desktop.server.phone.causes import cause_of_word
from csr_desktop.server.phone.reading import (
    MOST_BYTES,
    TOO_BIG,
    UNREADABLE,
    VOICEMAIL,
    Fields,
    Reading,
    by_users,
    missing_reference,
    read_fields,
    unfilled_fields,
)

REPLY_TYPE: Final = "application/json"
NOTHING: Final = b"{}"
"""The reply when the call goes on as the phone system would have it."""

_KINDS: Final[dict[str, EventKind]] = {
    "newcall": "ring",
    "answer": "answer",
    "hangup": "hangup",
    "recording": "recording",
}


def read(body: bytes, content_type: str, connection: str, at: int, query: str = "") -> Reading:
    """Of one request, received `at` (ms since the epoch). Hostile, broken and unknown requests become diagnoses; never
    raises.
    """
    if len(body) > MOST_BYTES:
        return Reading(diagnoses=(TOO_BIG,))
    fields = read_fields(body, content_type, query)
    if fields is None:
        return Reading(diagnoses=(UNREADABLE,))
    said = fields.first("event").lower()[:40]
    kind = _KINDS.get(said)
    if kind is None:
        return Reading(said, diagnoses=(_unknown_event(said),))
    reference = fields.first("callId")
    if not clean_reference(reference):
        return Reading(said, diagnoses=(missing_reference(reference),))
    events = _events(fields, kind, connection, reference, at)
    return Reading(said, events, (*_doubts(fields, kind), *unfilled_fields(events, _wire_names(events[0].direction))))


def rejection() -> bytes:
    """The reply to a newCall from a number that is blocked: the caller hears that the line is busy."""
    return msgspec.json.encode({"action": "reject", "reason": "busy"})


def dialling(caller_id: str, number: str) -> bytes:
    """The reply to a newCall: dial this number, showing that one as the caller's."""
    return msgspec.json.encode({"action": "dial", "caller_id": caller_id, "number": number})


def _events(fields: Fields, kind: EventKind, connection: str, reference: str, at: int) -> tuple[PhoneEvent, ...]:
    direction = _direction(fields)
    theirs, ours = ("to", "from") if direction == "out" else ("from", "to")
    users = fields.every("user")
    told = phone_event(
        "cti",
        connection,
        reference,
        kind,
        at,
        direction=direction,
        number=fields.first(theirs),
        line=fields.first(ours),
        queue=fields.first("queue"),
        recording=fields.first("recording"),
        agents=by_users(users) if kind == "ring" else (),
        cause=(cause_of_word(fields.first("cause")) or "") if kind == "hangup" else "",
    )
    if kind in {"ring", "recording"}:
        return (told,)
    if kind == "hangup":
        return (*_answer_before(told, fields, direction), told)
    if any(agent_key(user) in VOICEMAIL for user in users):
        return (msgspec.structs.replace(told, kind="voicemail"),)
    answered = msgspec.structs.replace(told, agents=_answerers(fields, direction))
    if len(users) < 2:
        return (answered,)
    # A group's answer names them all: those whose phones rang.
    rang = phone_event("cti", connection, reference, "ring", at, direction=direction, agents=by_users(users))
    return (rang, answered)


def _answerers(fields: Fields, direction: Direction) -> tuple[PhoneAgent, ...]:
    """Who answered: by the number, and by the user where there is one alone. Of an outgoing call it is who dialled, and
    the number would be the other party's.
    """
    users = fields.every("user")
    extension = "" if direction == "out" else fields.first("answeringNumber")
    user = users[0] if len(users) == 1 else ""
    return _cleaned(PhoneAgent(extension, user)) if extension or user else ()


def _answer_before(told: PhoneEvent, fields: Fields, direction: Direction) -> tuple[PhoneEvent, ...]:
    """A call that ended normally at a number that answered it had an answer, should the news of that be lost."""
    if told.cause != "normal" or direction == "out" or not fields.first("answeringNumber"):
        return ()
    if any(agent_key(user) in VOICEMAIL for user in fields.every("user")):
        return ()
    return (msgspec.structs.replace(told, kind="answer", agents=_answerers(fields, direction), cause=""),)


def _cleaned(agent: PhoneAgent) -> tuple[PhoneAgent, ...]:
    return phone_event("cti", "", "", "answer", 0, agents=[agent]).agents


def _direction(fields: Fields) -> Direction:
    said = fields.first("direction").lower()
    return "out" if said == "out" else "in" if said == "in" else ""


def _doubts(fields: Fields, kind: EventKind) -> list[str]:
    found: list[str] = []
    if kind == "recording" and not fields.first("recording"):
        found.append("The field recording is missing: it should be an address or a file.")
    if not _direction(fields) and kind != "recording":
        found.append("The field direction is neither in nor out: the call counts as incoming.")
    cause = fields.first("cause")
    if kind == "hangup" and cause and cause_of_word(cause) is None:
        found.append(f"The cause “{cause[:40]}” is unknown.")
    return found


def _unknown_event(said: str) -> str:
    if not said:
        return "The field event is missing: it should be newCall, answer or hangup."
    return f"The event “{said}” is unknown: it should be newCall, answer or hangup."


def _wire_names(direction: Direction) -> dict[str, str]:
    theirs, ours = ("to", "from") if direction == "out" else ("from", "to")
    return {"number": theirs, "line": ours}
