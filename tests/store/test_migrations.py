from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, Literal

import peewee as pw
import pytest

from csr_desktop.domain.errors import Unreadable
from csr_desktop.domain.ids import uuid7
from csr_desktop.store import migrations
from csr_desktop.store.derived_tables import DERIVED_TABLES
from csr_desktop.store.desk_tables import DESK_TABLES
from csr_desktop.store.migrations import Step, latest_version, migrate, version_of
from csr_desktop.store.opening import close_desk, open_desk, open_server
from csr_desktop.store.server_tables import SERVER_TABLES
from csr_desktop.store.tables import SYNCED, new_row
from tests import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from csr_desktop.store.sql import Sql

KEY = bytes(range(32))
DESK, SERVER = latest_version("desk"), latest_version("server")


def columns_of(db: pw.Database, table: str) -> list[tuple[str, str, bool, bool]]:
    return [(c.name, c.data_type.upper(), c.null, c.primary_key) for c in db.get_columns(table)]


def indexes_of(db: pw.Database, table: str) -> set[tuple[tuple[str, ...], bool]]:
    return {(tuple(i.columns), i.unique) for i in db.get_indexes(table)}


def from_models(models: list[type[pw.Model]], db: pw.Database) -> None:
    for model in models:
        pw.SchemaManager(model, db).create_all(safe=False)


def assert_same(made: Sql, models: list[type[pw.Model]], reference: pw.Database, extra: set[tuple[str, ...]]) -> None:
    from_models(models, reference)
    for model in models:
        table = model._meta.table_name
        assert columns_of(made.db, table) == columns_of(reference, table), table
        more = {(columns, False) for columns in extra} if table in SYNCED else set()
        expected = indexes_of(reference, table) | more | SERVERS.get(table if extra else "", set())
        own = {index for index in indexes_of(made.db, table) if index in expected or index not in SCREENS}
        assert own == expected, table


SERVERS = {
    "users": {(("login",), True)},
    "memberships": {(("user_id",), False)},
    "interactions": {(("call_reference",), False)},
}
"""What only a server has: a model cannot say that, nor that some are of a part of the rows."""
# Those of `store.queries.indexes`, which only a desk has.
SCREENS = {
    (columns, False)
    for columns in (
        ("name", "id", "code"),
        ("specialist_id", "name", "id"),
        ("started_at", "id"),
        ("ticket_id",),
        ("completed_by_id", "completed_at"),
        ("escalated_to_id", "consequence_at", "item_id"),
        ("state", "consequence_at", "item_id"),
        ("cut_off_at",),
    )
}


@pytest.fixture
def memory() -> Iterator[pw.Database]:
    db = pw.SqliteDatabase(":memory:", autoconnect=False)
    db.connect()
    yield db
    db.close()


def test_a_new_desk_has_the_models_tables_and_no_index_for_the_feed(
    opened: Callable[[], Sql], memory: pw.Database
) -> None:
    assert_same(opened(), [*SYNCED.values(), *DESK_TABLES, *DERIVED_TABLES], memory, set())


def test_a_new_server_file_has_the_models_tables_and_the_feeds_index(tmp_path: Path, memory: pw.Database) -> None:
    sql = open_server(tmp_path / "server.db")
    assert_same(sql, [*SYNCED.values(), *SERVER_TABLES], memory, {("scope", "rev")})
    sql.db.close()


@pytest.mark.postgresql
def test_a_new_postgresql_has_the_models_tables_and_the_feeds_index(postgresql_url: str) -> None:
    sql = open_server(postgresql_url)
    assert sql.value("SHOW plan_cache_mode") == "force_custom_plan"
    sql.do("CREATE SCHEMA reference")
    reference = pw.PostgresqlDatabase(
        postgresql_url + "&options=-csearch_path%3Dreference", prefer_psycopg3=True, autoconnect=False
    )
    reference.connect()
    try:
        models = [*SYNCED.values(), *SERVER_TABLES]
        from_models(models, reference)
        for model in models:
            table = model._meta.table_name
            feed = {(("scope", "rev"), False)} if table in SYNCED else set()
            there = reference.get_columns(table, "reference")
            assert columns_of(sql.db, table) == [(c.name, c.data_type.upper(), c.null, c.primary_key) for c in there]
            expected = {(tuple(i.columns), i.unique) for i in reference.get_indexes(table, "reference")}
            assert indexes_of(sql.db, table) == expected | feed | SERVERS.get(table, set())
    finally:
        reference.close()
        sql.db.close()


@pytest.mark.postgresql
def test_several_servers_may_start_at_once_on_an_empty_postgresql(postgresql_url: str) -> None:
    program = "import sys; from csr_desktop.store.opening import open_server; s = open_server(sys.argv[1]); print(s.value('SELECT version FROM schema_version'))"
    started = [
        subprocess.Popen([sys.executable, "-c", program, postgresql_url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in started] == [str(SERVER)] * 3


LOG_ROW = "INSERT INTO log VALUES (1,'c','d',1,'u',?,'done','','',5,?,?)"


def assert_the_log_stays(sql: Sql) -> None:
    sql.do(LOG_ROW, b"body", b"", b"hash")
    for change in ("UPDATE log SET status = 'refused'", "DELETE FROM log"):
        with pytest.raises(pw.DatabaseError, match="append-only"):
            sql.do(change)
    assert sql.value("SELECT status FROM log") == "done"


def test_the_log_can_only_be_appended_to(tmp_path: Path) -> None:
    sql = open_server(tmp_path / "server.db")
    assert_the_log_stays(sql)
    sql.db.close()


@pytest.mark.postgresql
def test_the_log_can_only_be_appended_to_on_postgresql(postgresql_url: str) -> None:
    sql = open_server(postgresql_url)
    assert_the_log_stays(sql)
    with pytest.raises(pw.DatabaseError, match="append-only"):
        sql.do("TRUNCATE log")
    sql.db.close()


def with_second_step(monkeypatch: pytest.MonkeyPatch, statements: Callable[[Sql], Iterator[str]]) -> None:
    steps = (
        *migrations.STEPS,
        Step(DESK + 1, "desk", statements),
        Step(SERVER + 1, "server", statements),
    )
    monkeypatch.setattr(migrations, "STEPS", steps)


def two_columns(sql: Sql) -> Iterator[str]:
    yield "ALTER TABLE clients ADD COLUMN nickname TEXT NOT NULL DEFAULT ''"
    yield "ALTER TABLE contacts ADD COLUMN nickname TEXT NOT NULL DEFAULT ''"


def test_an_older_file_is_copied_and_then_brought_up(
    desk_path: Path, opened: Callable[[], Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = opened()
    sql.do("INSERT INTO drafts VALUES ('call', 'half a sentence', 1)")
    close_desk(sql)
    with_second_step(monkeypatch, two_columns)
    sql = opened()
    assert version_of(sql) == DESK + 1
    assert "nickname" in [c.name for c in sql.db.get_columns("contacts")]
    assert sql.value("SELECT body FROM drafts") == "half a sentence"
    monkeypatch.undo()
    copy = open_desk(desk_path.with_name(f"desk.db.version-{DESK}"), KEY, clock=lambda: 1)
    assert (version_of(copy), copy.value("SELECT body FROM drafts")) == (DESK, "half a sentence")
    close_desk(copy)


def test_a_file_of_the_first_version_keeps_what_waits(
    opened: Callable[[], Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "STEPS", tuple(step for step in migrations.STEPS if step.version == 1))
        sql = opened()
        sql.do("INSERT INTO outbox VALUES (1, 'c', 'g', x'00', '')")
        close_desk(sql)
    sql = opened()
    assert version_of(sql) == DESK
    assert sql.value("SELECT id FROM outbox") == "c"
    assert sql.value("SELECT COUNT(*) FROM sent") == 0
    close_desk(sql)


def test_a_ticket_of_the_first_version_keeps_when_its_reply_is_due(
    opened: Callable[[], Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "STEPS", tuple(step for step in migrations.STEPS if step.version == 1))
        sql = opened()
        names = [c.name for c in sql.db.get_columns("tickets")]
        row = {**new_row("tickets"), "id": "t", "scope": "team", "reply_due_at": 5}
        sql.do(f"INSERT INTO tickets VALUES ({','.join('?' * len(names))})", *(row[name] for name in names))
        close_desk(sql)
    sql = opened()
    assert sql.load("tickets", ["t"])["t"] == {**row, "reply_clock": "", "reply_from_at": 0, "reply_used_seconds": 0}
    close_desk(sql)


def test_a_server_file_is_copied_and_then_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_server(tmp_path / "server.db").db.close()
    with_second_step(monkeypatch, two_columns)
    sql = open_server(f"sqlite:///{tmp_path}/server.db")
    assert version_of(sql) == SERVER + 1
    sql.db.close()
    monkeypatch.undo()
    copy = open_server(tmp_path / f"server.db.version-{SERVER}")
    assert version_of(copy) == SERVER
    copy.db.close()


@pytest.mark.parametrize("stop_after", range(3))
def test_a_step_that_is_cut_off_leaves_the_old_file(
    opened: Callable[[], Sql], monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    close_desk(opened())

    def cut_off(sql: Sql) -> Iterator[str]:
        for number, statement in enumerate(two_columns(sql)):
            if number == stop_after:
                raise KeyboardInterrupt
            yield statement
        if stop_after == 2:
            raise KeyboardInterrupt

    with_second_step(monkeypatch, cut_off)
    with pytest.raises(KeyboardInterrupt):
        opened()
    monkeypatch.undo()
    sql = opened()
    assert version_of(sql) == DESK
    assert "nickname" not in [c.name for c in sql.db.get_columns("clients")]
    close_desk(sql)


KILLED = """
import os, sys
from pathlib import Path
from csr_desktop.store.opening import open_desk
from csr_desktop.store.sql import Sql
import csr_desktop.store.database as database
left = int(sys.argv[2])
original = database.DeskDatabase.execute_sql
def counted(self, sql, params=None):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
    return original(self, sql, params)
database.DeskDatabase.execute_sql = counted
open_desk(Path(sys.argv[1]), bytes(range(32)), clock=lambda: 1)
"""


@pytest.mark.parametrize("statement", [1, 2, 3, 5, 9, 30, 55])
def test_a_first_start_that_is_killed_anywhere_is_simply_begun_again(
    desk_path: Path, opened: Callable[[], Sql], statement: int
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(desk_path), str(statement)], check=False, capture_output=True
    )
    assert killed.returncode == 9, killed.stderr.decode()
    sql = opened()
    assert version_of(sql) == DESK
    close_desk(sql)


def test_a_newer_server_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    sql = open_server(path)
    sql.do("UPDATE schema_version SET version = 70")
    sql.db.close()
    before = path.read_bytes()
    with pytest.raises(Unreadable) as refused:
        open_server(path)
    assert refused.value.kind == "newer"
    assert path.read_bytes() == before


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    sql = open_server(tmp_path / "server.db")
    shapes: list[Any] = sql.all("SELECT sql FROM sqlite_master ORDER BY name")
    assert migrate(sql, "server") == SERVER
    assert sql.all("SELECT sql FROM sqlite_master ORDER BY name") == shapes
    sql.db.close()


def numbers_of_before(sql: Sql, kind: Literal["desk", "server"], version: int) -> dict[str, int]:
    """Two numbers whose ids say nothing and one whose id does, as they stood before it was kept; then since when they
    are known.
    """
    ids = (uuid7(1_747_040_400_123, 5), "number", "9c5b94b1-35ad-49bb-b118-8e8fc24abf80")
    rows = [{**new_row("phone_numbers"), "id": i, "scope": "org"} for i in ids]
    if kind == "server":
        sql.do("INSERT INTO counters (id, value, taken, taken_in) VALUES ('rev', 0, 0, 0)")
        with by_hand.numbered(sql, 3) as last:
            sql.upsert("phone_numbers", [{**row, "rev": last - n} for n, row in enumerate(rows)])
    else:
        sql.upsert("phone_numbers", rows)
    sql.do("ALTER TABLE phone_numbers DROP COLUMN known_since_at")
    sql.do("DROP INDEX verifications_called_back_call_id")
    for column in ("called_back_call_id", "lacks_approval"):
        sql.do(f"ALTER TABLE verifications DROP COLUMN {column}")
    sql.do("UPDATE schema_version SET version = ?", version - 1)
    migrate(sql, kind, up_to=version)
    found = dict(sql.all("SELECT id, known_since_at FROM phone_numbers"))
    return {i: found[i] for i in ids}


def test_numbers_of_before_are_known_since_their_id_was_made(opened: Callable[[], Sql], tmp_path: Path) -> None:
    assert list(numbers_of_before(opened(), "desk", 13).values()) == [1_747_040_400_123, 0, 0]
    sql = open_server(tmp_path / "server.db")
    assert list(numbers_of_before(sql, "server", 15).values()) == [1_747_040_400_123, 0, 0]
    with pytest.raises(pw.PeeweeException):  # the fence stands again
        sql.do("UPDATE phone_numbers SET rev = 99")
    sql.db.close()


@pytest.mark.postgresql
def test_numbers_of_before_are_known_on_postgresql_too(postgresql_url: str) -> None:
    sql = open_server(postgresql_url)
    sql.sees_all()
    assert list(numbers_of_before(sql, "server", 15).values()) == [1_747_040_400_123, 0, 0]
    with pytest.raises(pw.PeeweeException):
        sql.do("UPDATE phone_numbers SET rev = 99")
    sql.db.close()
