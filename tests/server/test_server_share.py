"""What workstations keep, as the server sees to it: its setting, its daily work, and what it says when they compare."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from csr_desktop.commands.clients import AddNote
from csr_desktop.commands.work import Work
from csr_desktop.domain.digest import digest
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.share import DEFAULT_MONTHS
from csr_desktop.protocol import CheckReply, CheckRequest, Digest, Fill, PullReply, PullRequest
from csr_desktop.server.cli import server as server_commands
from csr_desktop.server.daily import Daily
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.share import MARKS_KEPT_MS, floors, months
from csr_desktop.server.verification import verify
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row
from tests import by_hand
from tests.server.desk import CHEAP, Clock, Desk, message, new_id, problem, zstd


def filled(desk: Desk) -> tuple[PullReply, dict[str, list[tuple[str, int]]]]:
    """The last page of a new desk's fill, and id and revision of all rows of each scope."""
    rows: dict[str, list[tuple[str, int]]] = {}
    cursors: dict[str, int] = {}
    fills: list[Fill] = []
    while True:
        reply = desk.get(PullReply, "pull", PullRequest("a", cursors, 0, limit=7, fills=fills))
        for table, some in reply.rows.items():
            scope, rev = reply.columns[table].index("scope"), reply.columns[table].index("rev")
            for row in some:
                rows.setdefault(row[scope], []).append((f"{table} {row[0]}", row[rev]))
        cursors, fills = reply.cursors, reply.fills
        if not reply.more:
            return reply, rows


def test_a_desk_that_fills_itself_can_compare_and_what_came_of_it_is_kept(quiet_ada: Desk, quiet_sql: Sql) -> None:
    last, rows = filled(quiet_ada)
    ask = CheckRequest(last.cursors, last.cut_off_at)
    said = quiet_ada.get(CheckReply, "check", ask)
    assert said.is_now
    assert set(said.scopes) == set(last.rights.scopes)
    expected = {scope: [0, 0] for scope in said.scopes}
    for scope, some in rows.items():
        for name, rev in some:
            table, row_id = name.split()
            count, total = digest(table, [(row_id, rev)])
            expected[scope][0] += count
            expected[scope][1] = (expected[scope][1] + total) % 2**64
    assert said.scopes == {scope: Digest(*both) for scope, both in expected.items()}
    by_bucket = quiet_ada.get(CheckReply, "check", msgspec.structs.replace(ask, scope="org")).buckets
    assert sum(one.count for one in by_bucket.values()) == said.scopes["org"].count
    buckets = sorted(by_bucket)[:2]
    found = quiet_ada.get(CheckReply, "check", msgspec.structs.replace(ask, scope="org", buckets=buckets)).rows
    assert {i[-2:] for ids in found.values() for i in ids} == set(buckets)
    assert quiet_ada.get(CheckReply, "check", msgspec.structs.replace(ask, row_count=40, differing_count=2)).is_now
    kept = quiet_sql.all("SELECT device_id, row_count, differing_count FROM device_checks")
    assert kept == [(quiet_ada.device_id, 40, 2)]


def test_a_desk_that_is_behind_is_told_to_ask_another_time(quiet_ada: Desk, still: Callable[[str], Desk]) -> None:
    last, _ = filled(quiet_ada)
    bob = still("bob").begin()
    bob.push(bob.client_command("Example Foundry"))
    stale = CheckRequest(last.cursors, last.cut_off_at)
    for ask in (stale, msgspec.structs.replace(stale, cut_off_at=5), msgspec.structs.replace(stale, cursors={})):
        assert quiet_ada.get(CheckReply, "check", ask) == CheckReply(is_now=False)


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", zstd(b"x" * 100_000), msgspec.msgpack.encode({"cursors": {"org": -1}, "cut_off_at": 0})]
)
def test_what_is_no_question_is_refused(quiet_ada: Desk, body: bytes) -> None:
    assert problem(quiet_ada.post("check", body)).code


def test_comparing_needs_a_workstation_that_stands(quiet_ada: Desk, quiet_sql: Sql) -> None:
    last, _ = filled(quiet_ada)
    with quiet_sql.transaction():
        quiet_sql.do("UPDATE devices SET revoked_at = 1 WHERE id = ?", quiet_ada.device_id)
    assert problem(quiet_ada.post("check", CheckRequest(last.cursors, last.cut_off_at))).code == "revoked"


def test_rows_that_are_named_come_again_and_what_is_not_there_is_said_to_be_gone(quiet_ada: Desk) -> None:
    note = AddNote(row_id=new_id(), client_id="", body="b")
    last, _ = filled(quiet_ada)
    user = last.rights.user_id
    request = PullRequest(
        "a", last.cursors, 0, fills=[], again={"users": [user, "nobody"], "notes": [note.row_id], "log": ["x"]}
    )
    reply = message(quiet_ada.post("pull", request), PullReply)
    assert [row[0] for row in reply.rows["users"]] == [user]
    assert {(gone.table, gone.row_id) for gone in reply.gone} == {("users", "nobody"), ("notes", note.row_id)}
    assert {gone.scope for gone in reply.gone} == set(last.rights.scopes)


def test_an_older_desks_pull_is_answered_as_ever(quiet_ada: Desk) -> None:
    old = {"asked": "a", "cursors": {}, "answered": 0, "limit": 5}
    reply = message(quiet_ada.post("pull", msgspec.msgpack.encode(old)), PullReply)
    assert reply.more
    assert reply.fills == []
    top = max(reply.cursors.values())
    rows = [row[COLUMNS[table].index("rev")] for table, some in reply.rows.items() for row in some]
    assert sorted(rows) == list(range(1, 6)), "from the oldest revision up"
    assert top == 5


# Its own daily work


def test_a_server_that_starts_drops_old_marks_and_keeps_how_far_they_were_whole(folder: ServerFolder) -> None:
    clock = Clock()
    sql = folder.open()
    with by_hand.numbered(sql, 9) as last:
        for row_id, rev, at in (("a", -6, 0), ("b", 0, clock() - MARKS_KEPT_MS - 1), ("c", -2, clock())):
            sql.do("INSERT INTO gone (scope, table_name, row_id, rev, gone_at) VALUES ('team','notes',?,?,?)",
                   row_id, last + rev, at)  # fmt: skip
    sql.db.close()
    with RunningServer(folder, surroundings=Surroundings(clock=clock, passwords=CHEAP)):
        sql.db.connect()
        end = time.monotonic() + 10
        while sql.all("SELECT row_id FROM gone") != [("c",)]:
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.02)
        assert floors(sql) == {"team": last}
        sql.db.close()


def test_daily_work_is_done_at_once_then_each_day_and_again_soon_when_it_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("csr_desktop.server.daily.AGAIN_SECONDS", 0.01)
    done: list[int] = []

    def job() -> Future[Any]:
        found: Future[Any] = Future()
        done.append(1)
        if len(done) == 1:
            found.set_exception(EnvironmentFault("The database is away."))
        else:
            found.set_result(None)
        return found

    daily = Daily(job, seconds=0.02)
    daily.start()
    end = time.monotonic() + 10
    while len(done) < 4:
        assert time.monotonic() < end, "it stopped"
        time.sleep(0.01)
    daily.stop()
    count = len(done)
    time.sleep(0.1)
    assert len(done) == count


def test_a_mark_of_what_is_done_and_old_is_in_order_where_the_row_still_is(folder: ServerFolder) -> None:
    clock = Clock()
    sql = folder.open()
    ledger = Ledger(sql, clock)
    old_at = clock() - 500 * 86_400_000
    for state in ("closed", "open", "closed"):  # reopened, and that taken back
        with sql.transaction():
            work = Work(sql.load, new_row)
            team = sql.value("SELECT id FROM teams LIMIT 1")
            work.put("tickets", "ticket", scope=team, state=state, subject="s", opened_at=old_at, resolved_at=old_at)
            ledger.write(work)
    assert sql.all("SELECT row_id FROM gone") == [("ticket",)]
    findings = {checked.check: checked.count for checked in verify(sql)}
    assert findings["gone marks"] == 0
    by_hand.lift_the_fence(sql)
    sql.do("UPDATE tickets SET state = 'open'")
    findings = {checked.check: checked.count for checked in verify(sql)}
    assert findings["gone marks"] == 1
    sql.db.close()


# The setting


def test_how_much_is_kept_can_be_set(folder: ServerFolder, tmp_path: Path) -> None:
    def say(*words: str) -> str:
        result = CliRunner().invoke(server_commands, ["set", "history-months", "--data", str(folder.path), *words])
        return result.output if result.exit_code == 0 else f"refused: {result.output}"

    sql = folder.open()
    assert months(sql) == DEFAULT_MONTHS, "at first"
    assert say("24") == "Workstations keep the last 24 months of finished work.\n"
    assert months(sql) == 24
    assert say() == "Workstations keep the last 24 months of finished work.\n", "shown, and not changed"
    assert months(sql) == 24
    assert say("0") == "Workstations keep all finished work.\n"
    assert months(sql) == 0
    assert say("-1").startswith("refused")
    assert say("many").startswith("refused")
    assert months(sql) == 0
    sql.db.close()
