"""Peewee without the servers' drivers, for a process that opens a desk's file alone.

Peewee imports each driver that is installed, which costs a desk more than Peewee itself. Where it was imported before,
nothing changes; `database.PostgresqlDatabase` brings the driver when one is needed after all. Imports nothing of ours.
"""

from __future__ import annotations

import sys

_DRIVERS = ("psycopg2cffi", "psycopg2", "psycopg", "pymysql", "MySQLdb")


def import_peewee() -> None:
    """Call it before any other module imports Peewee, from the only thread there is."""
    if "peewee" in sys.modules:
        return
    hidden = [name for name in _DRIVERS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python says that there is no such module
    try:
        import peewee  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
