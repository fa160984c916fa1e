"""Transactions of several processes on one PostgreSQL that meet: each is done in the end, or refused in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.administration import AddUser
from csr_desktop.commands.command import stamped
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.server.administration import Administration
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from tests import postgresql
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, new_id

pytestmark = pytest.mark.postgresql


@pytest.fixture
def folder(tmp_path: Path) -> ServerFolder:
    made = ServerFolder(tmp_path / "server", postgresql.database_url("retries"))
    make_bureau(made)
    return made


@pytest.fixture
def two(folder: ServerFolder) -> Iterator[list[tuple[Sql, Writer]]]:
    """Two processes' writers; each of their pushes takes a while."""
    made = []
    for _ in range(2):
        sql = folder.open()
        writer = Writer(sql, Ledger(sql, wall_clock, lambda: time.sleep(0.3)))
        writer.start()
        made.append((sql, writer))
    yield made
    for sql, writer in made:
        writer.stop()
        sql.db.close()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each gave, or raised."""
    found: dict[int, Any] = {}

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            found[place] = work()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            found[place] = error

    threads = [threading.Thread(target=run, args=entry) for entry in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [found[place] for place in range(len(works))]


def test_two_administrators_give_a_sign_in_name_at_once(two: list[tuple[Sql, Writer]]) -> None:
    sql = two[0][0]
    adm = str(sql.value("SELECT id FROM users WHERE login = 'adm'"))
    pushes = []
    for _ in two:
        device_id = new_id()
        insert = "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq)"
        sql.do(f"{insert} VALUES (?,?,'',?,0,0,0,0)", device_id, adm, b"")
        add = AddUser(row_id=new_id(), name="Eve Sample", login="eve", role="csr")
        command = stamped(add, new_id(), adm, device_id, 1, wall_clock())
        pushes.append(Push(device_id, adm, [catalogue.encode(command)]))
    works = [lambda w=writer, p=push: w.push(p).result(30) for (_, writer), push in zip(two, pushes, strict=True)]
    assert at_once(*works) == [1, 1]
    assert sql.value("SELECT count(*) FROM users WHERE login = 'eve'") == 1
    answers = sql.all("SELECT status, code FROM log WHERE device_id IN (?,?)", *(push.device_id for push in pushes))
    assert sorted(answers) == [("done", ""), ("refused", "login_taken")]


def test_two_command_lines_give_a_sign_in_name_at_once(two: list[tuple[Sql, Writer]]) -> None:
    works = []
    for sql, _ in two:

        def add(sql: Sql = sql) -> str:
            sql.db.connect()
            sql.sees_all()
            try:
                made = Administration(
                    sql, Ledger(sql, wall_clock, lambda: time.sleep(0.3)), wall_clock, passwords=CHEAP
                )
                return made.add_user("Eve Sample", "eve", "csr")
            finally:
                sql.db.close()

        works.append(add)
    results = at_once(*works)
    assert len([found for found in results if isinstance(found, str)]) == 1
    refusals = [str(found) for found in results if isinstance(found, BadInput | Refused)]
    assert refusals == ["The sign-in name 'eve' is taken. Take another."]
    assert two[0][0].value("SELECT count(*) FROM users WHERE login = 'eve'") == 1


def test_of_two_that_wait_for_each_other_both_are_done(two: list[tuple[Sql, Writer]]) -> None:
    sql = two[0][0]
    sql.do("INSERT INTO counters (id, value) VALUES ('a', 0), ('b', 0)")
    tried: list[str] = []

    def change(own: Sql, first: str, second: str) -> None:
        tried.append(first)
        own.do("UPDATE counters SET value = value + 1 WHERE id = ?", first)
        time.sleep(0.4)
        own.do("UPDATE counters SET value = value + 1 WHERE id = ?", second)

    works = [
        lambda w=writer, o=own, n=names: w.do(lambda: change(o, *n)).result(30)
        for (own, writer), names in zip(two, (("a", "b"), ("b", "a")), strict=True)
    ]
    assert at_once(*works) == [None, None]
    assert len(tried) >= 3
    assert sql.all("SELECT value FROM counters WHERE id IN ('a', 'b')") == [(2,), (2,)]


def test_what_cannot_be_put_in_a_row_is_run_again(two: list[tuple[Sql, Writer]]) -> None:
    """A serialisation failure, as a transaction of one moment meets it."""
    sql = two[0][0]
    sql.do("INSERT INTO counters (id, value) VALUES ('a', 0)")
    tried: list[int] = []

    def change(own: Sql, pause: float) -> None:
        own.do("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        value = own.value("SELECT value FROM counters WHERE id = 'a'")
        tried.append(value)
        time.sleep(pause)
        own.do("UPDATE counters SET value = ? WHERE id = 'a'", value + 1)

    works = [
        lambda w=writer, o=own, p=pause: w.do(lambda: change(o, p)).result(30)
        for (own, writer), pause in zip(two, (0.2, 0.5), strict=True)
    ]
    assert at_once(*works) == [None, None]
    assert sorted(tried) == [0, 0, 1]
    assert sql.value("SELECT value FROM counters WHERE id = 'a'") == 2
