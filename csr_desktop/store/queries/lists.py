"""People, teams and the lists that a bureau works with: short tables, read as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csr_desktop.store.tables import (
    CalendarTable,
    DispositionTable,
    MembershipTable,
    OrganisationTable,
    ScriptTable,
    SlaPolicyTable,
    TeamTable,
    TopicTable,
    UserTable,
)

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql


def users(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, name, role, is active), also of those who left: their names stay on what they did."""
    t = UserTable
    active = (t.is_active == 1) & (t.deleted == 0)
    return list(t.select(t.id, t.name, t.role, active).order_by(t.name, t.id).tuples().execute(sql.db))


def extensions(sql: Sql) -> dict[str, str]:
    """The name of who has an extension, as it is written, of those who are active."""
    t = UserTable
    active = (t.is_active == 1) & (t.deleted == 0) & (t.extension != "")
    return dict(t.select(t.extension, t.name).where(active).order_by(t.id.desc()).tuples().execute(sql.db))


def teams(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, name, calendar id), by name."""
    t = TeamTable
    return list(t.select(t.id, t.name, t.calendar_id).where(t.deleted == 0).order_by(t.name).tuples().execute(sql.db))


def memberships(sql: Sql) -> list[tuple[Any, ...]]:
    """(user id, team id)."""
    t = MembershipTable
    return list(t.select(t.user_id, t.team_id).where(t.deleted == 0).tuples().execute(sql.db))


def organisation(sql: Sql) -> tuple[Any, ...] | None:
    """(id, name, home region, time zone, own numbers as JSON, limit of wrap-up in seconds, its disposition's id)."""
    t = OrganisationTable
    facts = (t.id, t.name, t.home_region, t.time_zone, t.own_numbers, t.wrap_up_limit_seconds, t.wrap_up_disposition_id)
    query = t.select(*facts).where(t.deleted == 0).order_by(t.id)
    found = list(query.limit(1).tuples().execute(sql.db))
    return found[0] if found else None


def home_region(sql: Sql) -> str:
    """Where phone numbers are dialled from, ISO 3166 alpha-2."""
    return str(sql.value("SELECT home_region FROM organisations WHERE deleted = 0 ORDER BY id LIMIT 1") or "US")


def topics(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, name, parent id, is active), in the order of the tree's lists."""
    t = TopicTable
    active = (t.is_active == 1) & (t.deleted == 0)
    query = t.select(t.id, t.name, t.parent_id, active).order_by(t.position, t.name, t.id)
    return list(query.tuples().execute(sql.db))


def dispositions(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, name, is resolution, is active), in their order."""
    t = DispositionTable
    active = (t.is_active == 1) & (t.deleted == 0)
    query = t.select(t.id, t.name, t.is_resolution, active).order_by(t.position, t.name, t.id)
    return list(query.tuples().execute(sql.db))


def scripts(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, topic id, title, kind, steps as JSON, reviewed on, owner id) of those in use, by title."""
    t = ScriptTable
    query = t.select(t.id, t.topic_id, t.title, t.kind, t.steps, t.reviewed_on, t.owner_id)
    chosen = query.where((t.is_active == 1) & (t.deleted == 0)).order_by(t.title, t.id)
    return list(chosen.tuples().execute(sql.db))


def all_scripts(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, topic id, title, kind, steps as JSON, reviewed on, owner id, is active), also of those out of use."""
    t = ScriptTable
    query = t.select(t.id, t.topic_id, t.title, t.kind, t.steps, t.reviewed_on, t.owner_id, t.is_active)
    return list(query.where(t.deleted == 0).order_by(t.title, t.id).tuples().execute(sql.db))


def calendars(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, name, body), by name."""
    t = CalendarTable
    return list(t.select(t.id, t.name, t.body).where(t.deleted == 0).order_by(t.name).tuples().execute(sql.db))


def sla_policies(sql: Sql) -> list[tuple[Any, ...]]:
    """(id, name, calendar id, targets as JSON), by name."""
    t = SlaPolicyTable
    query = t.select(t.id, t.name, t.calendar_id, t.targets).where(t.deleted == 0).order_by(t.name)
    return list(query.tuples().execute(sql.db))
