"""The version of the desk that the administrator has ready; workstations whose policy lets them say so. It is kept as
one number, three digits a part.
"""

from __future__ import annotations

import re
from typing import Final

from csr_desktop.store.sql import Sql

NEWEST_DESK: Final = "newest_desk"
_VERSION: Final = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)


def version_number(text: str) -> int:
    """Of a version such as 1.4.2. Raises ValueError for what is none."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    major, minor, patch = map(int, found.groups())
    return (major * 1000 + minor) * 1000 + patch


def version_text(number: int) -> str:
    """'' for 0, no version."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}" if number else ""


def newest_desk(sql: Sql) -> str:
    return version_text(int(sql.value("SELECT value FROM counters WHERE id = ?", NEWEST_DESK) or 0))


def set_newest_desk(sql: Sql, text: str) -> None:
    """'' for none. Runs within the caller's transaction; workstations hear of it at their next pull."""
    sql.do(
        "INSERT INTO counters (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
        NEWEST_DESK,
        version_number(text) if text else 0,
    )
