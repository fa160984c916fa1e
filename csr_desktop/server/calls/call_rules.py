"""What a phone system is told to do with a call that comes in: turn a blocked number away, or dial the extension of the
person who is assigned to the caller's company while they are free. Rules of a connection, decided by the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.phone_events import PhoneEvent, phone_event
from csr_desktop.server.calls.connections import Connection
from csr_desktop.server.phone.reading import Reading
from csr_desktop.store.queries.lists import home_region
from csr_desktop.store.sql import Sql

KEPT: Final = 2_000
"""Decisions remembered: a call that is told of again gets the same one."""
KEPT_MS: Final = 60_000
"""So long: some phone systems count their calls from 1 again and again."""

_SPECIALIST: Final = (
    "SELECT DISTINCT u.id, u.extension FROM phone_numbers n JOIN clients c ON c.id = n.client_id "
    "LEFT JOIN contacts p ON p.id = n.contact_id JOIN users u ON u.id = c.specialist_id "
    "WHERE n.e164 = ? AND n.deleted = 0 AND c.deleted = 0 AND c.status <> 'closed' "
    "AND (n.contact_id = '' OR (p.deleted = 0 AND p.is_active = 1)) "
    "AND u.deleted = 0 AND u.is_active = 1 AND u.extension <> '' LIMIT 2"
)


class Decision(msgspec.Struct, frozen=True):
    """`action` is '' to let the call go on, reject or dial; `extension` and `user_id` are of whom to dial."""

    action: str = ""
    extension: str = ""
    user_id: str = ""


GO_ON: Final = Decision()


def blocked_key(text: str, region: str) -> str:
    """A number as it is compared, '' for what names no caller; phone.WITHHELD for one that was withheld."""
    parsed = phone.parse(text, region)
    if parsed.kind == phone.WITHHELD:
        return phone.WITHHELD
    return parsed.e164 or phone.digits(text)


def decided(sql: Sql, connection: Connection, event: PhoneEvent) -> Decision:
    """Of an incoming call that begins. Whether whom to dial is free is not asked here."""
    settings = connection.settings
    if event.kind != "ring" or event.direction == "out":
        return GO_ON
    region = home_region(sql)
    key = blocked_key(event.number or phone.WITHHELD, region)
    if key and key in settings.blocked:
        return Decision("reject")
    if not settings.dials_specialist or key in {"", phone.WITHHELD}:
        return GO_ON
    found = sql.all(_SPECIALIST, key)
    # A number of several companies with different people leaves a choice, which is the queue's.
    return Decision("dial", found[0][1], found[0][0]) if len(found) == 1 else GO_ON


def turned_away(reading: Reading) -> Reading:
    """The call rings nowhere and is over: nobody is told of it, and nobody has to call back."""
    (first,) = reading.events[:1]
    blocked = msgspec.structs.replace(first, agents=())
    end = phone_event(
        first.source,
        first.connection,
        first.reference,
        "hangup",
        first.at,
        direction=first.direction,
        number=first.number,
        cause="blocked",
    )
    return msgspec.structs.replace(reading, events=(blocked, end))


class CallRules:
    """Decisions of one process, remembered. `is_free` tells of a person by id; used on the event loop alone."""

    def __init__(self, is_free: Callable[[str], bool]) -> None:
        self._is_free = is_free
        self._known: dict[tuple[str, str], tuple[str, int, Decision]] = {}
        """By connection and reference: the number, when it was decided, and what."""

    def has_rules(self, connection: Connection) -> bool:
        return bool(connection.settings.blocked) or connection.settings.dials_specialist

    def known(self, event: PhoneEvent) -> Decision | None:
        """What was decided of this call just before."""
        number, at, decision = self._known.get((event.connection, event.reference), ("", 0, GO_ON))
        return decision if at and number == event.number and event.at - at <= KEPT_MS else None

    def forget(self, event: PhoneEvent) -> None:
        """The call is over: what comes with its reference is another one."""
        self._known.pop((event.connection, event.reference), None)

    def settle(self, event: PhoneEvent, decision: Decision) -> Decision:
        """For good: who is on a call is not dialled, nor whose phone rings already."""
        if decision.action == "dial" and not self._is_free(decision.user_id):
            decision = GO_ON
        self._known.pop((event.connection, event.reference), None)
        self._known[event.connection, event.reference] = (event.number, event.at, decision)
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return decision
