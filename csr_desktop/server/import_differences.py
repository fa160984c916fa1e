"""What a line says otherwise than is known of its client or person, and how a report says it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from csr_desktop.domain import pay_schedule
from csr_desktop.domain.text import excerpt
from csr_desktop.server.import_lines import Bureau, ImportLine

CLIENT_FIELDS: Final = (
    "status", "tier", "employee_count", "products", "specialist_id", "email", "city", "time_zone", "alert",
    "pay_schedule", "calendar_id", "sla_policy_id",
)  # fmt: skip
"""What is read of a known client, beside code and name."""
_LABELS: Final = {
    "employee_count": "employees", "specialist_id": "specialist", "email": "e-mail", "time_zone": "time zone",
    "pay_schedule": "pay schedule", "title": "job title", "authorities": "authorized for",
}  # fmt: skip
_STEP_DAYS: Final = {"weekly": 7, "biweekly": 14}
_LONGEST: Final = 60

Changes = dict[str, tuple[Any, Any]]
"""By field: what is known, and what the line says."""


def client_changes(known: Mapping[str, Any], line: ImportLine) -> Changes:
    """Where the line says something else of the client. What it does not say is no difference. `known` has each field
    that the line gives.
    """
    found: Changes = {}
    for field, value in line.client.items():
        was = known[field]
        becomes = _merged_schedule(was, line) if field == "pay_schedule" else value
        if was != becomes and not (field == "email" and str(was).casefold() == str(becomes).casefold()):
            found[field] = (was, becomes)
    return found


def contact_changes(title: str, email: str, authorities: str, line: ImportLine) -> Changes:
    found: Changes = {}
    for field, was, becomes in (
        ("title", title, line.title),
        ("email", email, line.email),
        ("authorities", authorities, line.authorities),
    ):
        if becomes and was.casefold() != becomes.casefold():
            found[field] = (was, becomes)
    return found


def with_reply_targets(changes: Changes, known: Mapping[str, Any], bureau: Bureau) -> Changes:
    """A new tier brings its reply targets, unless others were chosen for the client."""
    if "tier" not in changes:
        return changes
    was, becomes = (bureau.policies.get(tier, ("", "")) for tier in changes["tier"])
    kept = known.get("sla_policy_id", ""), known.get("calendar_id", "")
    if kept not in {was, ("", "")} or kept == becomes:
        return changes
    targets = {"sla_policy_id": (kept[0], becomes[0]), "calendar_id": (kept[1], becomes[1])}
    return {**changes, **{field: pair for field, pair in targets.items() if pair[0] != pair[1]}}


def in_words(changes: Changes, people: Mapping[str, str]) -> str:
    """`people` are names by id."""
    return ", ".join(
        f"{_LABELS.get(field, field)} ({_said(field, was, people)} → {_said(field, becomes, people)})"
        for field, (was, becomes) in changes.items()
        if field not in {"sla_policy_id", "calendar_id"}
    )


def _said(field: str, value: Any, people: Mapping[str, str]) -> str:
    if field == "specialist_id":
        value = people.get(value, value)
    if field == "pay_schedule" and value:
        value = _schedule_words(value)
    return excerpt(str(value), _LONGEST) if value else "nothing"


def _schedule_words(text: str) -> str:
    try:
        schedule = pay_schedule.decode(text)
    except pay_schedule.PayScheduleError:
        return "one that cannot be read"
    days = schedule.anchor_date or " and ".join(str(day) for day in schedule.pay_days)
    hour, minute = divmod(schedule.cut_off_minute, 60)
    return f"{schedule.frequency} {days}, cut-off {schedule.cut_off_days} days before at {hour:02d}:{minute:02d}"


def _merged_schedule(was: str, line: ImportLine) -> str:
    """The known schedule with what the line says of it; a date of the same rhythm says nothing new."""
    said = pay_schedule.decode(str(line.client["pay_schedule"]))
    try:
        known = pay_schedule.decode(was) if was else None
    except pay_schedule.PayScheduleError:
        known = None
    if known is None or known.frequency != said.frequency:
        return pay_schedule.encode(said)
    parts: dict[str, Any] = {part: getattr(said, part) for part in line.schedule_says}
    if said.pay_days:
        parts["pay_days"] = said.pay_days
    step = _STEP_DAYS.get(said.frequency)
    if step:
        apart = dt.date.fromisoformat(said.anchor_date) - dt.date.fromisoformat(known.anchor_date)
        parts["anchor_date"] = known.anchor_date if apart.days % step == 0 else said.anchor_date
    else:
        parts.pop("anchor_date", None)
    merged = msgspec.structs.replace(known, **parts)
    return was if merged == known else pay_schedule.encode(merged)
