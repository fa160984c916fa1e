"""Verification rules as an administrator sets them: by client, topic or kind of request, each replaced as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csr_desktop.commands.administration import AddVerificationRule, EditVerificationRule, RemoveVerificationRule
from csr_desktop.commands.verifications import rule_fields
from csr_desktop.domain.caller_verification import Rule

if TYPE_CHECKING:
    from csr_desktop.commands.command import Command
    from csr_desktop.domain.ids import NewId
    from csr_desktop.store.sql import Sql


class KeptRule(msgspec.Struct, frozen=True):
    """A rule and what it is for, '' for all; the topic with those above it."""

    id: str
    client: str
    topic: str
    request_kind: str
    factors: str
    required_count: int
    is_call_back_needed: int
    is_second_approver_needed: int
    holds_seconds: int


def rule_command(row_id: str, rule: Rule, request_kind: str = "", client_id: str = "", topic_id: str = "") -> Command:
    """What adds it."""
    return AddVerificationRule(
        row_id=row_id, client_id=client_id, topic_id=topic_id, request_kind=request_kind, **rule_fields(rule)
    )


def kept_rules(sql: Sql) -> list[KeptRule]:
    """The widest first."""
    rows = sql.all(
        "SELECT r.id, COALESCE(c.name, ''), COALESCE(t.name, ''), r.request_kind, r.factors, r.required_count, "
        "r.is_call_back_needed, r.is_second_approver_needed, r.holds_seconds FROM verification_rules r "
        "LEFT JOIN clients c ON c.id = r.client_id AND r.client_id <> '' "
        "LEFT JOIN topics t ON t.id = r.topic_id AND r.topic_id <> '' "
        "WHERE r.deleted = 0 ORDER BY 2, 3, 4, 1"
    )
    return [KeptRule(*row) for row in rows]


def setting_command(
    sql: Sql, new_id: NewId, rule: Rule | None, request_kind: str, client_id: str, topic_id: str
) -> Command | None:
    """What makes this the rule for that place, or takes the one there away; None when nothing changes."""
    columns = ("id", *rule_fields(Rule((), 0)))
    found = sql.one(
        f"SELECT {', '.join(columns)} FROM verification_rules WHERE deleted = 0 AND request_kind = ? AND client_id = ? "
        "AND topic_id = ?",
        *(request_kind, client_id, topic_id),
    )
    if found is None:
        return rule_command(new_id(), rule, request_kind, client_id, topic_id) if rule is not None else None
    row = dict(zip(columns, found, strict=True))
    if rule is None:
        return RemoveVerificationRule(row_id=row["id"])
    changes = {field: (row[field], value) for field, value in rule_fields(rule).items() if row[field] != value}
    return EditVerificationRule(row_id=row["id"], changes=changes) if changes else None
