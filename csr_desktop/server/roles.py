"""PostgreSQL: the role that runs the server gets just what it needs, and is none that could undo the fences."""

from __future__ import annotations

from typing import Final

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED

_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"
_LESS: Final = {
    **dict.fromkeys(SYNCED, "SELECT, INSERT, UPDATE"),
    "log": "SELECT, INSERT",
    "schema_version": "SELECT",
}
"""Rights on tables that are not all four: synced rows are marked deleted, what was done stays done."""


def grant_to(sql: Sql, role: str) -> None:
    """Give the role what running the server and its administration need, and take what it had besides. As the owner of
    the tables. Raises BadInput for a role that is not there or has no need of it, Refused for one that stands above the
    fences, and when this connection is not the owner's.
    """
    name = _quoted(role)
    with sql.transaction():
        _check(sql, role)
        schema = str(sql.value("SELECT current_schema()"))
        sql.do(f"GRANT USAGE ON SCHEMA {_quoted(schema)} TO {name}")
        for (table,) in sql.all("SELECT tablename FROM pg_tables WHERE schemaname = ? ORDER BY tablename", schema):
            where = f"{_quoted(schema)}.{_quoted(table)}"
            sql.do(f"REVOKE ALL ON {where} FROM {name}")
            sql.do(f"GRANT {_LESS.get(table, _ALL)} ON {where} TO {name}")


def _check(sql: Sql, role: str) -> None:
    found = sql.one("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = ?", role)
    if found is None:
        raise BadInput(
            "role",
            f"PostgreSQL has no role called {role!r}.",
            f"Make it first, such as: CREATE ROLE {_quoted(role)} LOGIN",
        )
    owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'users'::regclass"
    if not sql.value(f"SELECT pg_has_role(({owner}), 'MEMBER')"):
        raise Refused("not_owner", "Only the owner of the tables can give rights on them.", "Take the owner's address.")
    if any(found) or sql.value(f"SELECT pg_has_role(?, ({owner}), 'MEMBER')", role):
        raise Refused(
            "too_mighty",
            f"{role!r} stands above what the database guards: it owns the tables, or may do everything.",
            "Take a role of its own for the server.",
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
