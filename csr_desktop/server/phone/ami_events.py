"""What events of Asterisk say of calls. One customer call is one Linkedid; each event is read by itself, so nothing
that was missed while the connection was down makes what follows wrong.

A channel is an agent's when its peer is an extension, an outside line's when its peer is a trunk. Local channels lie
between two others, and only pass on what happens there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.phone_events import Cause, Direction, EventKind, PhoneAgent, PhoneEvent, phone_event
from csr_desktop.server.phone.causes import cause_of_dial, cause_of_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from csr_desktop.server.phone.ami_messages import Message

EVENTS: Final = (
    *("AgentCalled", "AgentComplete", "AgentConnect", "AttendedTransfer", "BlindTransfer", "DialBegin", "DialEnd"),
    *("Hangup", "Hold", "MixMonitorMute", "QueueCallerAbandon", "QueueCallerJoin", "Unhold"),
)
"""All that calls need; Asterisk is asked for no others, but for recordings."""
RECORDING_VARIABLE: Final = "MIXMONITOR_FILENAME"
"""The channel variable in which MixMonitor says which file it writes."""

USER_EVENT: Final = "Recording"
"""What a dial plan calls its own event that names a recording: UserEvent(Recording,File:/where/it/is.wav). The events
MixMonitorStart and MonitorStart name none.
"""

_CHANNEL: Final = re.compile(r"([A-Za-z0-9_]+)/(.+?)(-(?:[0-9a-fA-F]{8}|[0-9]{1,5}))?(;[12])?")
_EXTENSION: Final = re.compile(r"[0-9]{2,6}")
_MAILBOX: Final = re.compile(r"(?:macro-)?vm(?:ail)?|(?:.*[-_])?voicemail(?:[-_].*)?|vm[a-z]?[0-9]{2,6}", re.IGNORECASE)
_UP: Final = "6"
_LATEST_SECOND: Final = 2**40


class Lines(msgspec.Struct, frozen=True):
    """Which channels lead where. `trunks` are names of peers that lead outside, as in PJSIP/name-00000001; when none
    are named, each peer that is no number of two to six digits does.
    """

    trunks: frozenset[str] = frozenset()


class Channel(msgspec.Struct, frozen=True):
    """`peer` is the extension or trunk; '' when there is no channel."""

    technology: str
    peer: str

    @property
    def is_local(self) -> bool:
        return self.technology.lower() == "local"

    def is_outside(self, lines: Lines) -> bool:
        if not self.peer or self.is_local:
            return False
        return self.peer in lines.trunks if lines.trunks else _EXTENSION.fullmatch(self.peer) is None

    def is_agent(self, lines: Lines) -> bool:
        return bool(self.peer) and not self.is_outside(lines)


def channel_of(text: str) -> Channel:
    """PJSIP/201-0000001a is the peer 201, Local/201@from-queue-0000001a;1 as well."""
    found = _CHANNEL.fullmatch(text[:200])
    if found is None:
        return Channel("", "")
    technology, peer = found[1], found[2]
    return Channel(technology, peer.partition("@")[0] if technology.lower() == "local" else peer)


def read_event(message: Message, connection: str, lines: Lines, at: int) -> tuple[PhoneEvent, ...]:
    """The phone events in one event of Asterisk, received `at` (ms since the epoch); () for what tells nothing."""
    reader = _READERS.get(message.event)
    if reader is None:
        return ()
    told = reader(_Told(message, connection, lines, at))
    return tuple(event for event in told if event.reference)


class _Told:
    """One event, and how to say what it tells."""

    def __init__(self, message: Message, connection: str, lines: Lines, at: int) -> None:
        self.message = message
        self.lines = lines
        self._connection = connection
        self._at = at

    def channel(self, prefix: str = "") -> Channel:
        return channel_of(self.message[prefix + "Channel"])

    def say(
        self,
        kind: EventKind,
        *,
        reference: str = "",
        direction: Direction = "",
        number: str = "",
        name: str = "",
        line: str = "",
        agents: Iterable[PhoneAgent] = (),
        cause: Cause = "",
        target: str = "",
        came_from: str = "",
        recording: str = "",
    ) -> PhoneEvent:
        message = self.message
        return phone_event(
            "ami",
            self._connection,
            reference or message["Linkedid"] or message["DestLinkedid"],
            kind,
            self._at,
            sent_at=_milliseconds(message["Timestamp"]),
            direction=direction,
            number=number,
            name=name,
            line=line,
            queue=message["Queue"],
            agents=agents,
            cause=cause,
            target=target,
            came_from=came_from,
            recording=recording,
        )


def _milliseconds(seconds: str) -> int:
    """Of the header that `timestampevents` of manager.conf adds: seconds since the epoch with a fraction."""
    try:
        found = float(seconds)
    except ValueError:
        return 0
    return round(found * 1000) if 0 < found < _LATEST_SECOND else 0


def _agent(channel: Channel, user: str = "") -> tuple[PhoneAgent, ...]:
    return (PhoneAgent(extension=channel.peer, user=user),)


def _member(told: _Told) -> tuple[PhoneAgent, ...]:
    """The member of a queue: by the interface that rings, and by their name where it says more than that."""
    message = told.message
    interface = message["Interface"] or message["DestChannel"]
    name = message["MemberName"]
    return _agent(channel_of(interface), "" if name == interface else name)


def _dial_direction(caller: Channel, called: Channel, lines: Lines) -> Direction:
    if called.is_outside(lines):
        return "out" if caller.peer and not caller.is_local else ""
    if caller.is_outside(lines):
        return "in"
    return "internal" if caller.peer and not caller.is_local and not called.is_local else ""


def _dialled(message: Message) -> str:
    """The number that an outside line was asked for: the end of trunk/15550142, the beginning of 15550142@trunk."""
    text = message["DialString"].rpartition("/")[2].partition("@")[0]
    if sum(character.isdigit() for character in text) < 3:
        text = message["DestCallerIDNum"] or message["Exten"]
    return text


def _dial(told: _Told, kind: EventKind, cause: Cause = "") -> list[PhoneEvent]:
    message, lines = told.message, told.lines
    caller, called = told.channel(), told.channel("Dest")
    direction = _dial_direction(caller, called, lines)
    if direction == "out":
        return [
            told.say(
                kind,
                direction="out",
                number=_dialled(message),
                line=message["CallerIDNum"],
                agents=_agent(caller),
                cause=cause,
            )
        ]
    if called.is_outside(lines) or called.is_local:
        # What Local channels lead to is told of the channel behind them.
        return []
    said = told.say(
        kind,
        direction=direction,
        number=message["CallerIDNum"],
        name=message["CallerIDName"],
        line=message["Exten"] if direction == "in" else "",
        agents=_agent(called),
        cause=cause,
    )
    return [said]


def _dial_begin(told: _Told) -> list[PhoneEvent]:
    return _dial(told, "ring")


def _dial_end(told: _Told) -> list[PhoneEvent]:
    state = told.message["DialStatus"].upper()
    return _dial(told, "answer") if state == "ANSWER" else _dial(told, "ring_ended", cause_of_dial(state))


def _queue_caller_join(told: _Told) -> list[PhoneEvent]:
    message = told.message
    return [
        told.say(
            "queue",
            direction="in" if told.channel().is_outside(told.lines) else "",
            number=message["CallerIDNum"],
            name=message["CallerIDName"],
            line=message["Exten"],
        )
    ]


def _queue_caller_abandon(told: _Told) -> list[PhoneEvent]:
    return [told.say("hangup", cause="cancel")]


def _agent_called(told: _Told) -> list[PhoneEvent]:
    message = told.message
    return [told.say("ring", number=message["CallerIDNum"], name=message["CallerIDName"], agents=_member(told))]


def _agent_connect(told: _Told) -> list[PhoneEvent]:
    return [told.say("answer", agents=_member(told))]


def _agent_complete(told: _Told) -> list[PhoneEvent]:
    left = told.say("left", agents=_member(told))
    if told.message["Reason"].lower() != "transfer":
        return [left]
    return [told.say("transfer", agents=_member(told)), left]


def _hold(told: _Told) -> list[PhoneEvent]:
    return _of_agent(told, "hold")


def _unhold(told: _Told) -> list[PhoneEvent]:
    return _of_agent(told, "resume")


def _of_agent(told: _Told, kind: EventKind) -> list[PhoneEvent]:
    channel = told.channel()
    if channel.is_local or not channel.is_agent(told.lines):
        return []
    return [told.say(kind, agents=_agent(channel))]


def _blind_transfer(told: _Told) -> list[PhoneEvent]:
    message, channel = told.message, told.channel("Transferer")
    if message["Result"].lower() != "success" or not channel.is_agent(told.lines):
        return []
    reference = message["TransfererLinkedid"]
    return [told.say("transfer", reference=reference, agents=_agent(channel), target=message["Extension"])]


def _attended_transfer(told: _Told) -> list[PhoneEvent]:
    """The customer's call goes on with whom the other one reached; that one, a consultation, is over."""
    message, channel = told.message, told.channel("OrigTransferer")
    if message["Result"].lower() != "success" or not channel.is_agent(told.lines):
        return []
    first, second = message["OrigTransfererLinkedid"], message["SecondTransfererLinkedid"]
    customer, target = told.channel("Transferee"), told.channel("TransferTarget")
    if target.is_outside(told.lines) and customer.is_agent(told.lines):
        first, second, target = second, first, customer
    extension = target.peer or message["SecondTransfererConnectedLineNum"] or message["SecondTransfererExten"]
    found = [
        told.say("transfer", reference=first, agents=_agent(channel), target=extension),
        told.say("left", reference=first, agents=_agent(channel)),
    ]
    if target.is_agent(told.lines) and not target.is_local:
        found.append(told.say("answer", reference=first, agents=_agent(target)))
    if second and second != first:
        found.append(told.say("hangup", reference=second, direction="internal", cause="forwarded", came_from=first))
    return found


def _hangup(told: _Told) -> list[PhoneEvent]:
    message, channel = told.message, told.channel()
    cause = cause_of_number(message["Cause"])
    is_up = message["ChannelState"] == _UP
    is_first = bool(message["Linkedid"]) and message["Uniqueid"] == message["Linkedid"]
    if not channel.peer or channel.is_local:
        return []
    if channel.is_agent(told.lines):
        # A phone that was called and is up was answered; the line of who dialled may be up while it still rings there.
        kind: EventKind = "gone" if is_first else "left" if is_up else "ring_ended"
        return [told.say(kind, agents=_agent(channel), cause=cause)]
    if is_first:
        direction: Direction = "in"
        mailbox = any(_MAILBOX.fullmatch(message[header]) for header in ("Context", "Exten"))
        voicemail = [told.say("voicemail", direction=direction)] if mailbox else []
        return [*voicemail, told.say("hangup", direction=direction, cause=cause)]
    # An outside line that was tried and did not answer ends no call: another may be tried, and who dialled is there.
    return [told.say("hangup", cause=cause)] if is_up else []


def _variable(told: _Told) -> list[PhoneEvent]:
    message = told.message
    is_recording = message["Variable"].upper() == RECORDING_VARIABLE and message["Value"]
    return [told.say("recording", recording=message["Value"])] if is_recording else []


def _user_event(told: _Told) -> list[PhoneEvent]:
    message = told.message
    file = message["File"] or message["Recording"] or message["URL"]
    is_recording = message["UserEvent"].lower() == USER_EVENT.lower() and file
    return [told.say("recording", recording=file)] if is_recording else []


def _muted(told: _Told) -> list[PhoneEvent]:
    """Of either or both sides: that one of them is not heard is a gap all the same."""
    kinds: dict[str, EventKind] = {"1": "recording_paused", "0": "recording_resumed"}
    kind = kinds.get(told.message["State"].strip())
    return [told.say(kind)] if kind else []


_READERS: Final[dict[str, Callable[[_Told], list[PhoneEvent]]]] = {
    "dialbegin": _dial_begin,
    "dialend": _dial_end,
    "queuecallerjoin": _queue_caller_join,
    "queuecallerabandon": _queue_caller_abandon,
    "agentcalled": _agent_called,
    "agentconnect": _agent_connect,
    "agentcomplete": _agent_complete,
    "hold": _hold,
    "unhold": _unhold,
    "blindtransfer": _blind_transfer,
    "attendedtransfer": _attended_transfer,
    "hangup": _hangup,
    "varset": _variable,
    "userevent": _user_event,
    "mixmonitormute": _muted,
}
