"""What processes tell each other through PostgreSQL: after a commit, which scopes changed; and who is there."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import Board
from csr_desktop.server.notices import AGAIN_SECONDS, CHANGES, PRESENCE, Notices, told_to
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from tests import postgresql
from tests.server.desk import new_id

pytestmark = pytest.mark.postgresql


class Listener:
    def __init__(self, sql: Sql) -> None:
        self.heard: queue.Queue[str] = queue.Queue()
        self.said: queue.Queue[str] = queue.Queue()
        self.looked: queue.Queue[int] = queue.Queue()
        self.notices = Notices(sql, {CHANGES: self.heard.put, PRESENCE: self.said.put}, self.looked.put)
        self.notices.start()
        assert self.looked.get(timeout=10) >= 0  # from now on it hears


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[Sql]:
    found = ServerFolder(tmp_path / "server", postgresql.database_url("notices")).create()
    yield found
    found.db.close()


@pytest.fixture
def listener(sql: Sql) -> Iterator[Listener]:
    made = Listener(sql)
    yield made
    made.notices.stop()


def fill(sql: Sql, *scopes: str) -> None:
    names = COLUMNS["clients"]
    rows: list[list[Any]] = []
    for scope in scopes:
        row = {**new_row("clients"), "id": new_id(), "scope": scope}
        rows.append([row[name] for name in names])
    Ledger(sql, wall_clock).fill("clients", rows, names.index("rev"))


def fill_in_vain(sql: Sql) -> None:
    fill(sql, "org")
    raise RuntimeError


def test_each_commit_names_its_scopes_in_the_order_of_the_commits(sql: Sql, listener: Listener) -> None:
    fill(sql, "org")
    fill(sql, "team-b", "team-a", "team-b")
    with sql.transaction():
        fill(sql, "org")
        assert [listener.heard.get(timeout=10) for _ in range(2)] == ["0 1 org", "1 4 team-a team-b"]
        fill(sql, "team-a")
        time.sleep(0.3)
        assert listener.heard.empty()
    assert [listener.heard.get(timeout=10) for _ in range(2)] == ["4 5 org", "5 6 team-a"]


def test_what_was_not_committed_is_not_told(sql: Sql, listener: Listener) -> None:
    with pytest.raises(RuntimeError), sql.transaction():
        fill_in_vain(sql)
    fill(sql, "org")
    assert listener.heard.get(timeout=10) == "0 1 org"
    assert listener.heard.empty()


def test_too_many_scopes_are_all(sql: Sql, listener: Listener) -> None:
    fill(sql, *(new_id() for _ in range(300)))
    assert listener.heard.get(timeout=10) == "0 300 *"


def cut(sql: Sql) -> None:
    sql.all(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND (query LIKE 'SELECT value%%' OR query LIKE 'SELECT pg_notify%%')"
    )


def test_after_a_lost_connection_it_looks_and_hears_again(sql: Sql, listener: Listener) -> None:
    cut(sql)
    fill(sql, "org")
    assert listener.looked.get(timeout=10) == 1
    fill(sql, "team-a")
    assert listener.heard.get(timeout=10) == "1 2 team-a"


def test_what_one_says_all_hear_also_after_a_lost_connection(sql: Sql, listener: Listener) -> None:
    other = Listener(sql)
    try:
        listener.notices.say(PRESENCE, "x" * 8_000)  # more than PostgreSQL takes
        listener.notices.say(PRESENCE, "Ada Sample is there")
        assert [one.said.get(timeout=10) for one in (listener, other)] == ["Ada Sample is there"] * 2
        cut(sql)
        for one in (listener, other):
            assert one.looked.get(timeout=10) == 0
        listener.notices.say(PRESENCE, "Ada Sample is away")
        assert [one.said.get(timeout=10) for one in (listener, other)] == ["Ada Sample is away"] * 2
    finally:
        other.notices.stop()
    assert listener.heard.empty()


def take_files(held: list[int], seconds: float) -> None:
    """Have every number up to `select`'s last taken, also those that get free meanwhile, as workstations do."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        file = os.open(os.devnull, os.O_RDONLY)
        if file < 1_024:
            held.append(file)
        else:
            os.close(file)
            time.sleep(0.01)


def test_it_hears_again_where_a_thousand_workstations_took_the_places(sql: Sql, listener: Listener) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2_000:
        pytest.skip("this machine does not let a program have so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_000), hard))
    held: list[int] = []
    try:
        take_files(held, 0.1)
        cut(sql)
        take_files(held, AGAIN_SECONDS * 0.8)
        assert listener.looked.get(timeout=10) == 0
        fill(sql, "org")
        assert listener.heard.get(timeout=10) == "0 1 org"
        listener.notices.say(PRESENCE, "Ada Sample is there")
        assert listener.said.get(timeout=10) == "Ada Sample is there"
    finally:
        for file in held:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_ends_at_once(sql: Sql) -> None:
    listener = Listener(sql)
    begun = time.monotonic()
    listener.notices.stop()
    assert time.monotonic() - begun < 2


def test_who_waits_for_other_scopes_is_left_alone() -> None:
    """The board as notices move it: the first one in order, one whose neighbours are missing, one for all."""
    import asyncio

    async def told(*notices: str) -> list[bool]:
        async def nothing_to_check() -> None: ...

        board = Board()
        board.open(nothing_to_check)
        listeners = [board.join(scope, "somebody") for scope in ("org", "team-a")]
        for listener in listeners:
            board.set_scopes(listener, frozenset({listener.device_id}))
        for notice in notices:
            told_to(board)(notice)
        return [await listener.next(0.2) is not None for listener in listeners]

    assert asyncio.run(told("0 1 org")) == [True, False]
    assert asyncio.run(told("0 1 team-b", "1 4 team-a team-b")) == [False, True]
    assert asyncio.run(told("0 300 *")) == [True, True]
    assert asyncio.run(told("7 8 team-b")) == [True, True]
