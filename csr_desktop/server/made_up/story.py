"""The clients, people and work that a demonstration tells of. Times are minutes from now.

The words are in `resources/made_up/story.toml`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Final

import msgspec

from csr_desktop.system.resources import resource_text


class StoryNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    raw: str
    e164: str
    extension: str = ""
    label: str = ""


class StoryContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    title: str
    authorities: str
    numbers: tuple[StoryNumber, ...]


class StoryClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`cut_off` is when the next one is about; None for no pay schedule."""

    name: str
    city: str
    time_zone: str
    tier: str
    employees: int
    cut_off: int | None = None
    contacts: tuple[StoryContact, ...]
    products: str = "Payroll, tax filing"
    alert: str = ""
    status: str = "active"
    specialist: str = "alex"
    line: StoryNumber | None = None

    @property
    def numbers(self) -> tuple[StoryNumber, ...]:
        """All of them, the company's own line first."""
        own = () if self.line is None else (self.line,)
        return own + tuple(number for contact in self.contacts for number in contact.numbers)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line of a conversation; `by` is a login, '' the contact."""

    kind: str
    at: int
    body: str
    by: str = ""


class StoryTicket(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`due` is when the reply to the last inbound line is due, None when none is owed: that line then moves to the time
    from which the reply is owed, those before it with it. `assignee` is a login or ''; the contact is the client's
    first. `request` is what is asked for, `shown` the factors that the contact passed for it an hour ago, by the
    assignee.
    """

    client: str
    subject: str
    channel: str
    topic: str
    due: int | None = None
    lines: tuple[Line, ...]
    assignee: str = "alex"
    priority: str = "normal"
    state: str = "open"
    escalated_to: str = ""
    request: str = ""
    shown: tuple[str, ...] = ()


class StoryFollowUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`moved_from` and `reason` tell of a promise that was renegotiated; `done` is (when, outcome)."""

    client: str
    kind: str
    title: str
    due: int
    assignee: str = "alex"
    contact: str = ""
    ticket: str = ""
    moved_from: int | None = None
    reason: str = ""
    done: tuple[int, str] | None = None


class StoryCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`seconds` is talk time; `contact` a name at the client or '' for its first. `is_recorded` where the demo has the
    recording as a file, others name an address that leads nowhere.
    """

    client: str
    at: int
    topic: str
    note: str
    seconds: int
    by: str = "alex"
    result: str = "handled"
    direction: str = "in"
    contact: str = ""
    disposition: str = "Resolved"
    number: str = ""
    hold_seconds: int = 0
    is_recorded: bool = False


class StoryChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    client: str
    at: int
    by: str
    fields: dict[str, tuple[str, str]]
    contact: str = ""


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`tickets` are open, `resolved` are not."""

    clients: tuple[StoryClient, ...]
    tickets: tuple[StoryTicket, ...]
    resolved: tuple[StoryTicket, ...]
    follow_ups: tuple[StoryFollowUp, ...]
    calls: tuple[StoryCall, ...]
    changes: tuple[StoryChange, ...]


TELLING_CLIENT: Final = "Example Bakery"
TELLING_CONTACT: Final = "Dana Sample"
TELLING_TICKET: Final = "Tax notice says the April deposit was late"
TELLING_PROMISE: Final = "Call Dana with the bank trace"
RECORDED_FILE: Final = "made-up-call.wav"
"""In the demo's folder of recordings."""
RECORDED_PAUSE_SECONDS: Final = 14
UNKNOWN_NUMBER: Final = "+17025550119"
"""Somebody called from it lately, and no contact has it."""


@cache
def story() -> Story:
    return msgspec.convert(tomllib.loads(resource_text("made_up", "story.toml")), Story)
