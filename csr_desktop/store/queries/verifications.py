"""Verifications of callers, the rules for them, and the numbers that can be called back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csr_desktop.store.tables import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql


def rules(sql: Sql) -> list[dict[str, Any]]:
    """Whole rows."""
    names = COLUMNS["verification_rules"]
    found = sql.all(f"SELECT {_quoted(names)} FROM verification_rules WHERE deleted = 0 ORDER BY id")
    return [dict(zip(names, row, strict=True)) for row in found]


def of_contact(sql: Sql, client_id: str, contact_id: str, request_kind: str) -> list[dict[str, Any]]:
    """Whole rows of this contact for this kind of request, the latest first; `known_since_at` is of the number that was
    called back, None for none.
    """
    names = COLUMNS["verifications"]
    since = "(SELECT n.known_since_at FROM phone_numbers n WHERE n.id = verifications.called_number_id)"
    found = sql.all(
        f"SELECT {_quoted(names)}, {since} FROM verifications WHERE client_id = ? AND contact_id = ? "
        "AND request_kind = ? AND deleted = 0 ORDER BY asked_at DESC, id DESC",
        *(client_id, contact_id, request_kind),
    )
    return [dict(zip((*names, "known_since_at"), row, strict=True)) for row in found]


def latest_pass(sql: Sql, client_id: str, contact_id: str, now: int) -> int:
    """Until when the contact is verified for anything; 0 for not at all."""
    text = "SELECT MAX(expires_at) FROM verifications WHERE client_id = ? AND contact_id = ? AND deleted = 0"
    return int(sql.value(f"{text} AND passed_at > 0 AND expires_at > ?", client_id, contact_id, now) or 0)


def of_calls(sql: Sql, interaction_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By call, the whole row of what was asked in it, or of what it called back for."""
    if not interaction_ids:
        return {}
    names, marks = COLUMNS["verifications"], ",".join("?" * len(interaction_ids))
    found: dict[str, dict[str, Any]] = {}
    for column in ("called_back_call_id", "interaction_id"):
        text = f"SELECT {_quoted(names)} FROM verifications WHERE {column} IN ({marks}) AND deleted = 0 ORDER BY id"
        for values in sql.all(text, *interaction_ids):
            row = dict(zip(names, values, strict=True))
            found[row[column]] = row
    return found


def of_call(sql: Sql, interaction_id: str) -> list[dict[str, Any]]:
    """Whole rows of what was asked in a call, or what it called back for, the earliest first."""
    names = COLUMNS["verifications"]
    where = "(interaction_id = ? OR called_back_call_id = ?) AND deleted = 0 ORDER BY asked_at, id"
    text = f"SELECT {_quoted(names)} FROM verifications WHERE {where}"
    return [dict(zip(names, row, strict=True)) for row in sql.all(text, interaction_id, interaction_id)]


def known_numbers(sql: Sql, client_id: str, contact_id: str) -> list[tuple[str, str, str, str, str, int]]:
    """(id, E.164, as written, extension, contact, known since) of the contact's numbers and the company's own lines,
    the contact's first. One that the server does not have yet is not known.
    """
    if not client_id:
        return []
    return sql.all(
        "SELECT id, e164, raw, extension, contact_id, known_since_at FROM phone_numbers WHERE client_id = ? "
        "AND deleted = 0 AND rev <> 0 AND (contact_id = '' OR contact_id = ?) ORDER BY contact_id = '', id",
        *(client_id, contact_id),
    )


def _quoted(names: Sequence[str]) -> str:
    return ",".join(f'"{name}"' for name in names)
