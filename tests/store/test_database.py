from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import peewee as pw
import pytest

from csr_desktop.store.opening import open_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from csr_desktop.store.sql import Sql


class DiskTookNothingError(Exception):
    """Stands for the error after which SQLite has already rolled back by itself."""


def roll_back_behind_its_back(sql: Sql) -> None:
    db: Any = sql.db
    db.connection().execute("ROLLBACK")


def fail_inside(sql: Sql) -> None:
    with sql.transaction():
        sql.do("INSERT INTO drafts VALUES ('inner', 'x', 1)")
        raise DiskTookNothingError


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_when_sqlite_has_rolled_back_the_first_error_is_what_comes_out(opened: Callable[[], Sql], depth: int) -> None:
    sql = opened()

    def nested(left: int) -> None:
        with sql.transaction():
            sql.do("INSERT INTO drafts VALUES (?, 'x', 1)", str(left))
            if left > 1:
                nested(left - 1)
            roll_back_behind_its_back(sql)
            raise DiskTookNothingError

    with pytest.raises(DiskTookNothingError):
        nested(depth)
    assert not sql.db.in_transaction()
    assert sql.value("SELECT COUNT(*) FROM drafts") == 0
    with sql.transaction():
        sql.do("INSERT INTO drafts VALUES ('later', 'x', 1)")
    assert sql.value("SELECT COUNT(*) FROM drafts") == 1


def test_a_transaction_that_sqlite_ended_is_never_reported_as_saved(tmp_path: Path) -> None:
    sql = open_server(tmp_path / "server.db")
    with pytest.raises(pw.OperationalError, match="no transaction"), sql.transaction():
        roll_back_behind_its_back(sql)
    assert not sql.db.in_transaction()
    sql.db.close()


def test_a_block_that_joins_is_there_with_the_other_or_not_at_all(opened: Callable[[], Sql]) -> None:
    sql = opened()

    def write_both(*, fails: bool) -> None:
        with sql.transaction():
            sql.do("INSERT INTO drafts VALUES ('outer', 'x', 1)")
            write_part(fails=False)
            if fails:
                raise DiskTookNothingError

    def write_part(*, fails: bool) -> None:
        with sql.transaction(joins=True):
            sql.do("INSERT INTO drafts VALUES ('part', 'x', 1)")
            if fails:
                raise DiskTookNothingError

    for write in (write_both, write_part):
        with pytest.raises(DiskTookNothingError):
            write(fails=True)
        assert sql.all("SELECT key FROM drafts") == []
    write_both(fails=False)
    assert sql.all("SELECT key FROM drafts ORDER BY key") == [("outer",), ("part",)]


def test_a_nested_block_that_fails_takes_back_only_itself(opened: Callable[[], Sql]) -> None:
    sql = opened()
    with sql.transaction():
        sql.do("INSERT INTO drafts VALUES ('outer', 'x', 1)")
        with pytest.raises(DiskTookNothingError):
            fail_inside(sql)
    assert sql.all("SELECT key FROM drafts") == [("outer",)]


def test_a_file_that_is_opened_twice_in_a_process_is_one_that_others_know_to_be_open(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    first = open_server(path)
    first.do("CREATE TABLE heard (word TEXT)")
    first.do("INSERT INTO heard VALUES ('a')")
    open_server(path).db.close()
    other = (
        "import sqlite3, sys\n"
        "for word in ('b', 'c'):\n"
        "    db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "    db.execute('INSERT INTO heard VALUES (?)', (word,))\n"
        "    db.close()\n"
    )
    subprocess.run([sys.executable, "-c", other, str(path)], check=True, timeout=30)
    first.do("INSERT INTO heard VALUES ('d')")
    assert [word for (word,) in first.all("SELECT word FROM heard ORDER BY word")] == list("abcd")
    first.db.close()
