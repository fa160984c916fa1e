"""The sipgate push API: forms in, XML out. Answers and hang-ups come only when the reply to newCall asks for them.

A transfer or forward is a call with a reference of its own; origCallId, or diversion (the number that was dialled
first), says where it came from (developer.sipgate.io, "Push API").
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

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
    missing_reference,
    read_fields,
    unfilled_fields,
)

REPLY_TYPE: Final = "application/xml"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
NOTHING: Final = (_DECLARATION + "<Response/>").encode()
"""The reply to answers and hang-ups."""

_KINDS: Final[dict[str, EventKind]] = {"newcall": "ring", "answer": "answer", "hangup": "hangup"}
_IGNORED: Final = frozenset({"dtmf"})
_SHORTEST_FULL_NUMBER: Final = 8


def read(body: bytes, content_type: str, connection: str, at: int) -> Reading:
    """Of one request, received `at` (ms since the epoch). Hostile, broken and unknown requests become diagnoses; never
    raises.
    """
    if len(body) > MOST_BYTES:
        return Reading(diagnoses=(TOO_BIG,))
    fields = read_fields(body, content_type)
    if fields is None:
        return Reading(diagnoses=(UNREADABLE,))
    said = fields.first("event").lower()[:40]
    kind = _KINDS.get(said)
    if kind is None:
        unknown = f"The event “{said}” is unknown: it should be newCall, answer or hangup."
        return Reading(said, diagnoses=() if said in _IGNORED else (unknown,))
    reference = fields.first("callId")
    if not clean_reference(reference):
        return Reading(said, diagnoses=(missing_reference(reference),))
    event = _event(fields, kind, connection, reference, at)
    theirs, ours = _sides(event.direction)
    return Reading(said, (event,), unfilled_fields([event], {"number": theirs, "line": ours}))


def watching(url: str) -> bytes:
    """The reply to newCall that asks for the answer and the hang-up of this call, at an address (https)."""
    return (_DECLARATION + f"<Response {_told_at(url)}/>").encode()


def rejection(url: str) -> bytes:
    """The reply to newCall from a number that is blocked: the caller hears that the line is busy."""
    return (_DECLARATION + f'<Response {_told_at(url)}><Reject reason="busy"/></Response>').encode()


def _told_at(url: str) -> str:
    quoted = quoteattr(url)
    return f"onAnswer={quoted} onHangup={quoted}"


def _event(fields: Fields, kind: EventKind, connection: str, reference: str, at: int) -> PhoneEvent:
    direction: Direction = "out" if fields.first("direction").lower() == "out" else "in"
    theirs, ours = _sides(direction)
    origin = fields.first("origCallId", "originalCallId")
    agents = _agents(fields, kind, direction)
    if kind == "answer" and any(agent_key(agent.user) in VOICEMAIL for agent in agents):
        kind, agents = "voicemail", ()
    return phone_event(
        "sipgate",
        connection,
        reference,
        kind,
        at,
        direction=direction,
        number=_full(fields.first(theirs)),
        line=_full(fields.first(ours)),
        agents=() if kind == "hangup" else agents,
        cause=(cause_of_word(fields.first("cause")) or "") if kind == "hangup" else "",
        came_from="" if origin == reference else origin,
        diverted_from=_full(fields.first("diversion")),
    )


def _agents(fields: Fields, kind: EventKind, direction: Direction) -> tuple[PhoneAgent, ...]:
    """By the id of the user, which stays when they are renamed, and the name, which people know."""
    users, ids = fields.every("user"), fields.every("userId")
    if len(ids) == len(users) or not users:
        paired = [*zip(ids, users or ("",) * len(ids), strict=True)]
    else:
        paired = [("", user) for user in users]
    if kind == "answer" and not paired and direction == "in":
        paired = [(fields.first("answeringNumber"), "")]
    return tuple(PhoneAgent(extension, user) for extension, user in paired)


def _sides(direction: Direction) -> tuple[str, str]:
    """The names of the fields with the other party's number and ours."""
    return ("to", "from") if direction == "out" else ("from", "to")


def _full(number: str) -> str:
    """Numbers come with their country's code but without the plus."""
    is_full = number.isascii() and number.isdigit() and len(number) >= _SHORTEST_FULL_NUMBER and number[0] != "0"
    return "+" + number if is_full else number
