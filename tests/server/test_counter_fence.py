"""The database itself refuses a row that was not numbered by the counter within the same transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peewee as pw
import pytest

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.administration import Administration
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.store import migrations
from csr_desktop.store.opening import open_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, new_row
from csr_desktop.system.clock import wall_clock
from tests import by_hand
from tests.postgresql import database_url

TAKE = "UPDATE counters SET value = value + ? WHERE id = 'rev' RETURNING value"
REFUSED = "not numbered by the counter"
_DENIED = (pw.DatabaseError, sqlite3.DatabaseError)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def sql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sql]:
    url = database_url("fence") if request.param == "postgresql" else ""
    found = ServerFolder(tmp_path / "server", url).create()
    Administration(found, Ledger(found, wall_clock), wall_clock).create_organisation("Sample Payroll")
    yield found
    found.db.close()


def row(table: str, row_id: str, rev: int) -> dict[str, Any]:
    return {**new_row(table), "id": row_id, "scope": ORGANISATION, "rev": rev}


def write(sql: Sql, table: str, row_id: str, rev: int) -> None:
    if table == "gone":
        sql.do("INSERT INTO gone (scope, table_name, row_id, rev) VALUES ('org', 'clients', ?, ?)", row_id, rev)
    else:
        sql.upsert(table, [row(table, row_id, rev)])


def top(sql: Sql) -> int:
    return int(sql.value("SELECT value FROM counters WHERE id = 'rev'"))


@pytest.mark.parametrize("table", [*SYNCED, "gone"])
def test_a_number_that_was_not_taken_is_refused(sql: Sql, table: str) -> None:
    for rev in (0, 1, top(sql), top(sql) + 1):
        with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
            write(sql, table, "a", rev)
    with by_hand.numbered(sql, 3) as last:
        write(sql, table, "a", last - 2)
        write(sql, table, "b", last)
    for statement in (f"UPDATE {table} SET rev = rev", f"UPDATE {table} SET rev = {top(sql)}"):
        with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
            sql.do(statement)
    for rev in (last - 3, last + 4):
        with pytest.raises(_DENIED, match=REFUSED), by_hand.numbered(sql, 3):
            write(sql, table, "c", rev)
    assert sql.value(f"SELECT count(*) FROM {table} WHERE rev >= ?", last - 2) == 2


def test_a_change_keeps_no_old_number(sql: Sql) -> None:
    with by_hand.numbered(sql) as rev:
        write(sql, "clients", "a", rev)
    with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
        sql.upsert("clients", [{**row("clients", "a", rev), "name": "Sample"}])
    with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
        sql.do("UPDATE clients SET name = 'Sample'")
    assert sql.value("SELECT name FROM clients") == ""


def test_a_take_that_was_rolled_back_opens_nothing(sql: Sql) -> None:
    before = top(sql)
    with pytest.raises(RuntimeError), by_hand.numbered(sql, 5):
        raise RuntimeError
    assert top(sql) == before
    with sql.transaction():
        with pytest.raises(RuntimeError), by_hand.numbered(sql, 5):
            raise RuntimeError
        with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
            write(sql, "clients", "a", before + 1)


def test_what_another_transaction_took_is_not_mine(sql: Sql) -> None:
    """Taken and committed without a row, as a program would that numbers first and writes later."""
    with by_hand.numbered(sql, 5) as last:
        pass
    with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
        write(sql, "clients", "a", last)


def test_the_counter_never_goes_back(sql: Sql) -> None:
    for change in ("value - 1", "0"):
        with pytest.raises(_DENIED, match="never goes back"), sql.transaction():
            sql.do(f"UPDATE counters SET value = {change} WHERE id = 'rev'")


def test_a_transaction_that_takes_several_times_writes_with_all_of_them(sql: Sql) -> None:
    """As administration does: several commands, one after another, in parts that can be taken back, one commit."""
    made = Administration(sql, Ledger(sql, wall_clock), wall_clock)
    with sql.transaction():
        made.add_team("Team one")
        made.add_user("Ada Sample", "ada", "csr", ("Team one",))
    revs = [
        rev for (rev,) in sql.all("SELECT rev FROM users UNION SELECT rev FROM memberships UNION SELECT rev FROM teams")
    ]
    assert max(revs) == top(sql)


def test_filling_goes_by_the_counter(sql: Sql) -> None:
    before = top(sql)
    rows = [[row("clients", f"c{n}", 0)[column] for column in COLUMNS["clients"]] for n in range(3)]
    Ledger(sql, wall_clock).fill("clients", rows, COLUMNS["clients"].index("rev"))
    assert sql.all("SELECT rev FROM clients ORDER BY rev") == [(before + n,) for n in (1, 2, 3)]


def at_step_2(monkeypatch: pytest.MonkeyPatch, opened: Callable[[], Sql]) -> Sql:
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "STEPS", tuple(step for step in migrations.STEPS if step.version <= 2))
        return opened()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_sign_in_names_that_two_people_share_are_parted(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = database_url("fence") if kind == "postgresql" else tmp_path / "server.db"
    sql = at_step_2(monkeypatch, lambda: open_server(where))
    sql.do("INSERT INTO counters (id, value) VALUES ('rev', 9)")
    for user_id, login, deleted in (
        ("1", "ada", 0),
        ("2", "ada", 0),
        ("3", "ada.2", 0),
        ("4", "ada", 0),
        ("5", "ada", 1),
    ):
        sql.upsert("users", [{**row("users", user_id, 1), "login": login, "deleted": deleted}])
    sql.db.close()
    sql = open_server(where)
    assert sql.all("SELECT id, login, rev FROM users ORDER BY id") == [
        ("1", "ada", 1),
        ("2", "ada.3", 10),
        ("3", "ada.2", 1),
        ("4", "ada.4", 11),
        ("5", "ada", 1),
    ]
    assert top(sql) == 11
    with pytest.raises(_DENIED), by_hand.numbered(sql) as rev:
        sql.upsert("users", [{**row("users", "6", rev), "login": "ada"}])
    sql.db.close()


@pytest.mark.postgresql
def test_a_table_of_the_sessions_own_cannot_stand_in_for_the_counter(tmp_path: Path) -> None:
    sql = ServerFolder(tmp_path / "server", database_url("fence")).create()
    with sql.transaction():
        sql.do("CREATE TEMP TABLE counters (id text, value bigint, taken bigint, taken_in bigint)")
        sql.do("INSERT INTO counters VALUES ('rev', 1000, 1000, pg_current_xact_id()::text::bigint)")
        with pytest.raises(_DENIED, match=REFUSED), sql.transaction():
            write(sql, "clients", "a", 500)
    sql.db.close()


@pytest.mark.postgresql
def test_numbers_of_one_transaction_are_no_others_while_it_runs(tmp_path: Path) -> None:
    url = database_url("fence")
    one = ServerFolder(tmp_path / "server", url).create()
    Ledger(one, wall_clock)
    refused: list[str] = []
    with one.transaction():
        one.value(TAKE, 5)

        def other() -> None:
            two = open_server(url)
            try:
                with two.transaction():
                    write(two, "clients", "a", 3)
            except _DENIED as error:
                refused.append(str(error))
            two.db.close()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)
        write(one, "clients", "b", 3)
    assert len(refused) == 1
    assert REFUSED in refused[0]
    assert one.all("SELECT id FROM clients") == [("b",)]
    one.db.close()
