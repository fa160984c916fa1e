"""Filters that a person keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql


def of_person(sql: Sql, user_id: str, place: str) -> list[tuple[str, str, str, str]]:
    """(id, name, words, body), in any order."""
    text = "SELECT id, name, words, body FROM saved_filters WHERE scope = ? AND place = ? AND deleted = 0"
    return sql.all(text, user_id, place)
