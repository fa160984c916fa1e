"""The clock of the reply that a ticket owes: started, paused while the client is waited for, stopped.

A ticket keeps which target holds (the first reply's or a later one's), since when the clock runs and the open seconds
that it had used before; when the reply is due follows from these, the policy and the priority. So a new priority and a
pause change only the time that remains, and taking either back gives the former time again. Under a priority without a
target the clock runs on and nothing is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from csr_desktop.commands.work import Work
from csr_desktop.domain import business_calendar, sla_policy

FIELDS: Final = frozenset({"reply_due_at", "reply_clock", "reply_from_at", "reply_used_seconds"})
STOPPED: Final[Mapping[str, Any]] = {"reply_due_at": 0, "reply_clock": "", "reply_from_at": 0, "reply_used_seconds": 0}
Which = Literal["first", "next"]
Ticket = Mapping[str, Any]


def started(work: Work, ticket: Ticket, at: int, which: Which) -> dict[str, Any]:
    """A reply is owed from now on. Without a policy no clock runs."""
    return _running(work, {**ticket, "reply_clock": which}, at, 0)


def runs(ticket: Ticket) -> bool:
    """Whether time counts, also where the priority has no target by which anything is due."""
    return bool(ticket["reply_due_at"] or ticket["reply_from_at"])


def paused(work: Work, ticket: Ticket, at: int) -> dict[str, Any]:
    """The client is waited for: nothing is due, and what was used is kept."""
    if not runs(ticket):
        return {}
    which, used = _so_far(work, ticket, at)
    return {**STOPPED, "reply_clock": which, "reply_used_seconds": used}


def resumed(work: Work, ticket: Ticket, at: int) -> dict[str, Any]:
    """A paused clock runs on with the time that was left; any other is left alone."""
    if runs(ticket) or not ticket["reply_clock"]:
        return {}
    return _running(work, ticket, at, ticket["reply_used_seconds"])


def prioritised(work: Work, ticket: Ticket, old_priority: str, at: int) -> dict[str, Any]:
    """A running clock under the ticket's priority as it is now; it was reckoned under the old one."""
    if not runs(ticket):
        return {}
    if ticket["reply_from_at"]:
        return aligned(work, ticket)
    which, used = _so_far(work, {**ticket, "priority": old_priority}, at)
    return _running(work, {**ticket, "reply_clock": which}, at, used)


def aligned(work: Work, ticket: Ticket) -> dict[str, Any]:
    """When it is due, reckoned again, after part of a ticket was taken back; nothing when the clock does not run."""
    if not ticket["reply_from_at"] or not _has_policy(work, ticket):
        return {}
    return {"reply_due_at": _due_at(work, ticket, ticket["reply_from_at"], ticket["reply_used_seconds"])}


def _running(work: Work, ticket: Ticket, at: int, used: int) -> dict[str, Any]:
    if not _has_policy(work, ticket):
        return dict(STOPPED)
    return {
        "reply_due_at": _due_at(work, ticket, at, used),
        "reply_clock": ticket["reply_clock"],
        "reply_from_at": at,
        "reply_used_seconds": used,
    }


def _so_far(work: Work, ticket: Ticket, at: int) -> tuple[str, int]:
    """Which target holds and the open seconds used of it. A ticket that does not say since when its clock runs has used
    what its time until then leaves of the target.
    """
    calendar = work.get("calendars", ticket["calendar_id"])
    if calendar is None:
        return ticket["reply_clock"], ticket["reply_used_seconds"]
    hours = business_calendar.decode(calendar["body"])
    if ticket["reply_from_at"]:
        used = ticket["reply_used_seconds"] + hours.open_between(ticket["reply_from_at"], at)
        return ticket["reply_clock"], max(0, used)
    which = "next" if ticket["first_replied_at"] else "first"
    left = hours.open_between(at, ticket["reply_due_at"])
    return which, max(0, _target(work, {**ticket, "reply_clock": which}) - left)


def _has_policy(work: Work, ticket: Ticket) -> bool:
    """With the calendar that its open time is counted by."""
    return None not in (work.get("sla_policies", ticket["sla_policy_id"]), work.get("calendars", ticket["calendar_id"]))


def _due_at(work: Work, ticket: Ticket, from_at: int, used: int) -> int:
    """0 without a target."""
    calendar = work.get("calendars", ticket["calendar_id"])
    seconds = _target(work, ticket)
    if calendar is None or not seconds:
        return 0
    return business_calendar.decode(calendar["body"]).add_open(from_at, max(0, seconds - used))


def _target(work: Work, ticket: Ticket) -> int:
    """Seconds of open time; 0 for none."""
    policy = work.get("sla_policies", ticket["sla_policy_id"])
    if policy is None:
        return 0
    first, later = sla_policy.decode(policy["targets"]).get(ticket["priority"], (0, 0))
    return first if ticket["reply_clock"] == "first" else later
