"""What a phone system, a softphone or a person says of a call: one event each, of hostile text made harmless here."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from csr_desktop.domain.phone import is_unfilled
from csr_desktop.domain.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable

Source = Literal["cti", "sipgate", "ami", "softphone", "person"]
"""The generic webhook, the sipgate push API, Asterisk's manager interface, a workstation's softphone, a person."""
EventKind = Literal[
    "queue",
    "ring",
    "ring_ended",
    "answer",
    "hold",
    "resume",
    "transfer",
    "left",
    "gone",
    "voicemail",
    "recording",
    "recording_paused",
    "recording_resumed",
    "missed",
    "hangup",
]
"""In the order in which they happen when they come at one moment. 'ring' is dialling for an outgoing call. Of one
agent: 'ring_ended', their phone stopped ringing; 'left', who talked talks no longer, while the call may go on; 'gone',
their line is free again, whether they talked or not. 'missed' and 'hangup' end the call.
"""
Direction = Literal["", "in", "out", "internal"]
Cause = Literal[
    "",
    "normal",
    "busy",
    "cancel",
    "no_answer",
    "congestion",
    "not_found",
    "forwarded",
    "elsewhere",
    "rejected",
    "blocked",
]
"""Why ringing or a call ended. 'cancel': the caller gave up; 'elsewhere': another agent answered; 'rejected': an agent
did not want it; 'blocked': a rule of ours turned the caller away; '' is not said.
"""

PHONE_SYSTEMS: Final = frozenset({"cti", "sipgate", "ami"})
"""Sources that the server hears; each has a connection with an id."""
EVENT_KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
MOST_AGENTS: Final = 50
"""So many agents of one event are read; a group that rings is smaller."""
_REFERENCE_LIMIT: Final = 250
_NUMBER_LIMIT: Final = 120
_NAME_LIMIT: Final = 200
_RECORDING_LIMIT: Final = 1000
_LATEST_AT: Final = 2**53
# Joiners are part of words and emoji in several scripts; no other invisible mark belongs into a name on a card.
_JOINERS: Final = frozenset({"\u200c", "\u200d"})
_PLACEHOLDERS_OF: Final = ("number", "name", "line", "queue", "came_from", "diverted_from", "recording")


class PhoneAgent(msgspec.Struct, frozen=True, order=True):
    """An agent as a phone system calls them: by the extension or sign-in name, by the user's name there, or both."""

    extension: str = ""
    user: str = ""


class PhoneEvent(msgspec.Struct, frozen=True, order=True):
    """`reference` names the call within the connection; `at` is when it was received, by the receiver's clock,
    `sent_at` when it happened by the sender's, 0 where that is not told (milliseconds since the epoch). `number` and
    `name` are the other party's, `line` is our own number. `target` is where a transfer goes, `came_from` the reference
    of the call that this one came from, `diverted_from` the number that was dialled first. `unfilled` names the fields
    in which a placeholder arrived. Make it with `phone_event`.
    """

    source: Source
    connection: str
    reference: str
    kind: EventKind
    at: int
    sent_at: int = 0
    direction: Direction = ""
    number: str = ""
    name: str = ""
    line: str = ""
    queue: str = ""
    agents: tuple[PhoneAgent, ...] = ()
    cause: Cause = ""
    target: str = ""
    came_from: str = ""
    diverted_from: str = ""
    recording: str = ""
    unfilled: tuple[str, ...] = ()


def phone_event(
    source: Source,
    connection: str,
    reference: str,
    kind: EventKind,
    at: int,
    *,
    sent_at: int = 0,
    direction: Direction = "",
    number: str = "",
    name: str = "",
    line: str = "",
    queue: str = "",
    agents: Iterable[PhoneAgent] = (),
    cause: Cause = "",
    target: str = "",
    came_from: str = "",
    diverted_from: str = "",
    recording: str = "",
) -> PhoneEvent:
    """Of texts as they came: each is made one short line without control or direction marks. Never raises."""
    texts = {
        "number": one_line(number, _NUMBER_LIMIT),
        "name": one_line(name, _NAME_LIMIT),
        "line": one_line(line, _NUMBER_LIMIT),
        "queue": one_line(queue, _NAME_LIMIT),
        "came_from": clean_reference(came_from),
        "diverted_from": one_line(diverted_from, _NUMBER_LIMIT),
        "recording": one_line(recording, _RECORDING_LIMIT),
    }
    unfilled = tuple(field for field in _PLACEHOLDERS_OF if is_unfilled(texts[field]))
    # A placeholder is shown where a number or name would stand, but names no queue, call, file or line of ours.
    kept = {field: "" if field in unfilled and field not in {"number", "name"} else texts[field] for field in texts}
    return PhoneEvent(
        source=source,
        connection=connection,
        reference=clean_reference(reference),
        kind=kind,
        at=_in_range(at),
        sent_at=_in_range(sent_at),
        direction=direction,
        agents=_agents(agents),
        cause=cause,
        target=one_line(target, _NUMBER_LIMIT),
        unfilled=unfilled,
        **kept,
    )


def clean_reference(text: str) -> str:
    """The reference of a call; '' for a placeholder, under which different calls would become one."""
    reference = one_line(text, _REFERENCE_LIMIT)
    return "" if is_unfilled(reference) else reference


def agent_key(name: str) -> str:
    """An extension or user's name as it is compared: capitals don't count."""
    return one_line(name, _NAME_LIMIT).casefold()


def one_line(text: str, limit: int) -> str:
    """Cleaned, without direction marks and other invisible characters, without a pair of quotes around the whole."""
    shown = text[: limit * 4]
    if not shown.isascii():
        shown = "".join(
            character for character in shown if character in _JOINERS or unicodedata.category(character) != "Cf"
        )
    shown = clean_line(shown, limit)
    if len(shown) > 1 and shown[0] == shown[-1] == '"':
        shown = shown[1:-1].strip()
    return shown


def _agents(agents: Iterable[PhoneAgent]) -> tuple[PhoneAgent, ...]:
    cleaned: dict[PhoneAgent, None] = {}
    for agent in agents:
        named = PhoneAgent(*(_agent_name(name) for name in (agent.extension, agent.user)))
        if named.extension or named.user:
            cleaned[named] = None
        if len(cleaned) == MOST_AGENTS:
            break
    return tuple(cleaned)


def _agent_name(name: str) -> str:
    shown = one_line(name, _NAME_LIMIT)
    return "" if is_unfilled(shown) else shown


def _in_range(at: int) -> int:
    return min(max(at, 0), _LATEST_AT)
