"""A client of the Asterisk Manager Interface that watches: bytes in, phone events and bytes out, without a socket.

Who has the socket calls `connected` for each new one and sends what that and `take` return. It signs in by an MD5
challenge or by the plain secret, asks Asterisk to send nothing but the events that are needed, and lists the channels,
so that calls whose end fell into a gap are known to be over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from csr_desktop.domain.phone_events import PhoneEvent, phone_event
from csr_desktop.server.phone.ami_events import EVENTS, RECORDING_VARIABLE, USER_EVENT, Lines, read_event
from csr_desktop.server.phone.ami_messages import BrokenStream, Message, MessageReader, written

Phase = Literal["closed", "greeting", "challenge", "login", "watching", "refused"]
"""'refused' is for good until the settings change: Asterisk does not accept the name or the secret."""

QUIET_SECONDS: Final = 30.0
"""After so long without a byte, `ping` is due; after twice that the connection is dead."""
_FIRST_WAIT_SECONDS: Final = 1.0
_LONGEST_WAIT_SECONDS: Final = 60.0
_REFUSED_WAIT_SECONDS: Final = 300.0
_CLASSES: Final = "call,agent"
_CLASSES_WITH_VARIABLES: Final = "call,agent,dialplan,user"
_FILTER: Final = f"Event: ({'|'.join(EVENTS)})[^A-Za-z]"
_RECORDING_FILTER: Final = f"Event: VarSet.*Variable: {RECORDING_VARIABLE}|Event: UserEvent.*UserEvent: {USER_EVENT}"
_OLDEST_PROTOCOL: Final = 2
"""Of the interface, as Asterisk 12 and newer greet: before, events had no Linkedid."""
_MOST_CALLS_LISTED: Final = 20_000

_NO_FILTER: Final = (
    "Asterisk sends more events than are needed: the manager user lacks the system permission in its write line."
)
_NO_LIST: Final = (
    "Calls that end while the connection is down stay open: the manager user lacks the system or reporting permission."
)
_TOO_OLD: Final = "This Asterisk is older than version 12: its events don't tell which belong to one call."
_NO_CHALLENGE: Final = "Asterisk offers no MD5 challenge, and sending the secret in plain is not allowed."
_NOT_ACCEPTED: Final = "Asterisk does not accept the manager user's name or secret, or not from this address."


class AmiLogin(msgspec.Struct, frozen=True):
    """A user of manager.conf. With `plain` the secret itself is sent, which wants TLS or a network of one's own."""

    username: str
    secret: str
    plain: bool = False

    def __repr__(self) -> str:
        return f"AmiLogin(username={self.username!r})"


class Heard(msgspec.Struct, frozen=True):
    """What came of some bytes: bytes to send, events in order, and sentences for who connects the phone system.
    `calls_up` are the references of all calls that Asterisk has, told once after each sign-in; None otherwise.
    """

    send: bytes = b""
    events: tuple[PhoneEvent, ...] = ()
    diagnoses: tuple[str, ...] = ()
    calls_up: frozenset[str] | None = None
    is_to_close: bool = False


class AmiWatch:
    """`connection` names the phone system's connection in its events. `with_recordings` asks for the files of
    recordings too, for which Asterisk looks at each variable that a dial plan sets. Not for several threads at once.
    """

    def __init__(
        self, login: AmiLogin, connection: str, lines: Lines | None = None, *, with_recordings: bool = False
    ) -> None:
        self.phase: Phase = "closed"
        self.version = ""
        """As Asterisk greeted; '' before that."""
        self._login = login
        self._connection = connection
        self._lines = lines or Lines()
        self._with_recordings = with_recordings
        self._reader = MessageReader()
        self._failures = 0
        self._calls_up: set[str] = set()
        self._is_list_asked = False

    def connected(self) -> None:
        """A new connection stands; Asterisk speaks first."""
        self._reader = MessageReader()
        self._calls_up = set()
        self._is_list_asked = False
        self.phase = "greeting"

    def lost(self, spread: float) -> float:
        """The connection is gone or was not made. Seconds to wait before the next one, doubled with each failure;
        `spread` of 0 to 1, by chance, takes off up to half, lest all come at once.
        """
        was_refused = self.phase == "refused"
        self.phase = "closed"
        self._failures += 1
        wait = min(_FIRST_WAIT_SECONDS * 2.0 ** min(self._failures - 1, 10), _LONGEST_WAIT_SECONDS)
        if was_refused:
            wait = _REFUSED_WAIT_SECONDS
        return wait * (1 - spread / 2)

    def ping(self) -> bytes:
        """What is to be sent when nothing was heard for `QUIET_SECONDS`: b"" before the sign-in is done."""
        return written(("Action", "Ping"), ("ActionID", "ping")) if self.phase == "watching" else b""

    def take(self, data: bytes, at: int) -> Heard:
        """Bytes that came `at` (ms since the epoch), in any pieces. A stream that is none of Asterisk's is to be
        closed; never raises.
        """
        if self.phase in {"closed", "refused"}:
            return Heard(is_to_close=True)
        try:
            messages = self._reader.take(data)
        except BrokenStream as broken:
            self.phase = "closed"
            return Heard(diagnoses=(f"The connection was closed: {broken}.",), is_to_close=True)
        heard = [self._greeted()] if self.phase == "greeting" and self._reader.greeting else []
        for message in messages:
            heard.append(self._told(message, at))
            if heard[-1].is_to_close:
                break
        return _together(heard)

    def _greeted(self) -> Heard:
        self.version = self._reader.greeting.removeprefix("Asterisk Call Manager/")[:40]
        protocol = self.version.partition(".")[0]
        is_old = protocol.isascii() and protocol.isdigit() and int(protocol) < _OLDEST_PROTOCOL
        diagnoses = (_TOO_OLD,) if is_old else ()
        if self._login.plain:
            return Heard(self._sign_in(("Secret", self._login.secret)), diagnoses=diagnoses)
        self.phase = "challenge"
        asked = written(("Action", "Challenge"), ("ActionID", "challenge"), ("AuthType", "MD5"))
        return Heard(asked, diagnoses=diagnoses)

    def _sign_in(self, *proof: tuple[str, str]) -> bytes:
        self.phase = "login"
        name = ("Username", self._login.username)
        return written(("Action", "Login"), ("ActionID", "login"), name, *proof, ("Events", _CLASSES))

    def _told(self, message: Message, at: int) -> Heard:
        if message.event:
            return self._event(message, at)
        answered = message["ActionID"].lower()
        if answered == "challenge" and self.phase == "challenge":
            return self._challenged(message)
        if answered == "login" and self.phase == "login":
            return self._signed_in() if message.is_success else self._refused(_NOT_ACCEPTED)
        if answered == "filter" and not message.is_success:
            return Heard(diagnoses=(_NO_FILTER,))
        if answered == "recordings" and message.is_success:
            # Not before the filter stands: there are hundreds of variables in a call.
            return Heard(written(("Action", "Events"), ("EventMask", _CLASSES_WITH_VARIABLES)))
        if answered == "channels" and not message.is_success:
            self._is_list_asked = False
            return Heard(diagnoses=(_NO_LIST,))
        return Heard()

    def _challenged(self, message: Message) -> Heard:
        challenge = message["Challenge"]
        if not message.is_success or not challenge:
            return self._refused(_NO_CHALLENGE)
        # The protocol's own choice, which proves the secret without sending it.
        key = hashlib.md5((challenge + self._login.secret).encode(), usedforsecurity=False).hexdigest()
        return Heard(self._sign_in(("AuthType", "MD5"), ("Key", key)))

    def _signed_in(self) -> Heard:
        self.phase = "watching"
        self._failures = 0
        self._is_list_asked = True
        asked = _adding_filter("filter", _FILTER)
        if self._with_recordings:
            asked += _adding_filter("recordings", _RECORDING_FILTER)
        return Heard(asked + written(("Action", "CoreShowChannels"), ("ActionID", "channels")))

    def _refused(self, why: str) -> Heard:
        self.phase = "refused"
        return Heard(diagnoses=(why,), is_to_close=True)

    def _event(self, message: Message, at: int) -> Heard:
        if self.phase != "watching":
            return Heard()
        if message.event in {"coreshowchannel", "coreshowchannelscomplete"} and not self._is_list(message):
            return Heard()
        if message.event == "coreshowchannel":
            if len(self._calls_up) < _MOST_CALLS_LISTED:
                self._calls_up.add(message["Linkedid"])
            return Heard()
        if message.event == "coreshowchannelscomplete":
            self._is_list_asked = False
            listed, self._calls_up = frozenset(self._calls_up - {""}), set()
            return Heard(calls_up=listed if len(listed) < _MOST_CALLS_LISTED else None)
        return Heard(events=read_event(message, self._connection, self._lines, at))

    def _is_list(self, message: Message) -> bool:
        """Whether it belongs to the list that was asked for: another one may leave calls out."""
        return self._is_list_asked and message["ActionID"].lower() == "channels"


def _adding_filter(action_id: str, expression: str) -> bytes:
    return written(("Action", "Filter"), ("ActionID", action_id), ("Operation", "Add"), ("Filter", expression))


def ends_unseen(
    open_references: Iterable[str], calls_up: frozenset[str], connection: str, at: int
) -> tuple[PhoneEvent, ...]:
    """Hang-ups for calls that were open when the connection was lost and of which Asterisk knows no more."""
    over = sorted(set(open_references) - calls_up)
    return tuple(phone_event("ami", connection, reference, "hangup", at) for reference in over)


def _together(heard: list[Heard]) -> Heard:
    return Heard(
        b"".join(one.send for one in heard),
        tuple(event for one in heard for event in one.events),
        tuple(diagnosis for one in heard for diagnosis in one.diagnoses),
        next((one.calls_up for one in reversed(heard) if one.calls_up is not None), None),
        any(one.is_to_close for one in heard),
    )
