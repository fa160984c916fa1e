"""`server verify`: clean on a server that works, and each kind of damage is found, by table and id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from csr_desktop.commands.clients import EditClient
from csr_desktop.server.cli import server
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer
from csr_desktop.server.verification import REFERENCES, verify
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from tests import by_hand
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import Desk, http_client

NAME = "Unmistakable Sample Bakery"


def found(sql: Sql) -> list[tuple[str, str, str]]:
    return [(checked.check, f.table, f.words) for checked in verify(sql) for f in checked.findings]


@pytest.fixture
def worked(folder: ServerFolder, server: RunningServer, ada: Desk) -> Iterator[Sql]:
    """A server on which somebody added and edited clients, and took an edit back."""
    work(ada)
    sql = folder.open()
    yield sql
    sql.db.close()


def work(ada: Desk) -> None:
    added = ada.client_command(NAME)
    row_id = added.row_id  # type: ignore[attr-defined]
    first = ada.stamp(EditClient(row_id=row_id, changes={"city": ("", "Springfield"), "tier": ("", "gold")}))
    second = ada.stamp(EditClient(row_id=row_id, changes={"city": ("Springfield", "Shelbyville")}))
    undone = ada.stamp(EditClient(row_id=row_id, changes={"city": ("Shelbyville", "Springfield")}, undoes=second.id))
    ada.push(added, first, second, undone, ada.client_command("Sample Two"))
    assert {a.status for a in ada.pull().answers} == {"done"}


def test_a_server_on_which_people_worked_is_in_order(worked: Sql) -> None:
    assert found(worked) == []


def test_a_whole_bureau_is_in_order(furnished: Path) -> None:
    sql = ServerFolder(furnished / "server").open()
    assert found(sql) == []
    assert int(sql.value("SELECT count(*) FROM interactions")) > 1000
    sql.db.close()


def test_every_column_that_points_somewhere_is_looked_at() -> None:
    pointing = {column for columns in COLUMNS.values() for column in columns if column.endswith("_id")}
    assert pointing == set(REFERENCES)
    assert set(REFERENCES.values()) <= set(COLUMNS)


def without_guards(sql: Sql) -> None:
    for (name,) in sql.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        sql.do(f"DROP TRIGGER {name}")


NAMED = f"(SELECT id FROM clients WHERE name = '{NAME}')"
DAMAGE = {
    "a lost client": (
        f"UPDATE clients SET specialist_id = '0190a000-0000-7000-8000-000000000000' WHERE id = {NAMED}",
        ("references", "clients", "specialist_id points to nothing"),
    ),
    "a lost scope": (
        f"UPDATE clients SET scope = '0190a000-0000-7000-8000-000000000000' WHERE id = {NAMED}",
        ("references", "clients", "scope points to nothing"),
    ),
    "a workstation of nobody": (
        "UPDATE devices SET user_id = 'gone' WHERE id <> 'server'",
        ("references", "devices", "user_id points to nothing"),
    ),
    "a key of no workstation": (
        "UPDATE escrow SET device_id = 'gone'",
        ("references", "escrow", "device_id points to nothing"),
    ),
    "a password of nobody": (
        "INSERT INTO credentials VALUES ('gone', '', 0, 0)",
        ("references", "credentials", "user_id points to nothing"),
    ),
    "a comparison of no workstation": (
        "INSERT INTO device_checks VALUES ('gone', 1, 0, 0, 0)",
        ("references", "device_checks", "device_id points to nothing"),
    ),
    "a workstation that differed": (
        "INSERT INTO device_checks SELECT id, 1, 40, 2, 1 FROM devices WHERE id <> 'server'",
        ("workstations", "devices", "2 rows differed from the server's, of 40 that it had"),
    ),
    "a changed answer": (
        "UPDATE log SET status = 'refused' WHERE position = 3",
        ("log", "log", "the hash does not fit the row and the one before it"),
    ),
    "a changed body": (
        "UPDATE log SET body = x'00' WHERE position = 3",
        ("log", "log", "the hash does not fit the row and the one before it"),
    ),
    "a row cut out": ("DELETE FROM log WHERE position = 3", ("log", "log", "positions 3 to 3 are missing")),
    "a tail cut off": (
        "DELETE FROM log WHERE position = (SELECT max(position) FROM log)",
        ("log", "log", "the last position is not the counter's, which is"),
    ),
    "numbers with a gap": (
        "UPDATE devices SET seq = 9 WHERE id <> 'server'",
        ("log", "devices", "its commands are not numbered without gaps up to 9"),
    ),
    "a revision twice": (
        f"UPDATE clients SET rev = (SELECT max(rev) FROM topics) WHERE id = {NAMED}",
        ("revisions", "clients", "revision"),
    ),
    "a revision to come": (
        f"UPDATE clients SET rev = 99999 WHERE id = {NAMED}",
        ("revisions", "clients", "revision 99999 is not between 1 and the counter's"),
    ),
    "no revision": (f"UPDATE clients SET rev = 0 WHERE id = {NAMED}", ("revisions", "clients", "revision 0 is not")),
    "gone and there": (
        f"INSERT INTO gone SELECT scope, 'clients', id, rev, 0 FROM clients WHERE id = {NAMED}",
        ("gone marks", "clients", "is marked as gone from the scope that it is in"),
    ),
    "gone from nowhere": (
        "INSERT INTO gone VALUES ('org', 'nonsense', 'x', 1, 0)",
        ("gone marks", "gone", "is of a table that there is not"),
    ),
    "a stamp without history": (
        f"DELETE FROM history WHERE row_id = {NAMED} AND field = 'tier'",
        ("history", "clients", "tier does not bear the latest edit of its history"),
    ),
    "a history without stamp": (
        f"UPDATE clients SET stamps = '' WHERE id = {NAMED}",
        ("history", "clients", "city does not bear the latest edit of its history"),
    ),
    "a withdrawn edit that came back": (
        "UPDATE history SET is_withdrawn = 0",
        ("history", "clients", "city does not bear the latest edit of its history"),
    ),
    "a broken stamp": (
        f"UPDATE clients SET stamps = '[1' WHERE id = {NAMED}",
        ("history", "clients", "its stamps cannot be read"),
    ),
    "a history of nothing": (
        "UPDATE history SET row_id = 'gone' WHERE field = 'tier'",
        ("history", "clients", "has a history, and is not there"),
    ),
}


@pytest.mark.parametrize(
    "put_right",
    [
        "UPDATE device_checks SET differing_count = 0",
        "UPDATE devices SET revoked_at = 1 WHERE id <> 'server'",
        "UPDATE users SET is_active = 0",
    ],
)
def test_a_workstation_that_fits_again_or_syncs_no_more_is_no_finding(worked: Sql, put_right: str) -> None:
    without_guards(worked)
    statement, (check, _, _) = DAMAGE["a workstation that differed"]
    worked.do(statement)
    assert [c for c, _, _ in found(worked)] == [check]
    worked.do(put_right)
    assert found(worked) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(worked: Sql, damage: str) -> None:
    statement, (check, table, words) = DAMAGE[damage]
    without_guards(worked)
    assert worked.do(statement)
    assert any(c == check and t == table and w.startswith(words) for c, t, w in found(worked)), found(worked)


def test_what_is_told_names_no_client_and_its_exit_code_says_that_something_was_found(
    worked: Sql, folder: ServerFolder
) -> None:
    def run(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(server, ["verify", "--data", str(folder.path), *options])
        structlog.reset_defaults()
        return result.exit_code, result.stdout

    assert run() == (0, run()[1])
    assert run()[1].endswith("All is in order.\n")
    assert json.loads(run("--json")[1])["is_well"] is True
    without_guards(worked)
    for statement, _ in DAMAGE.values():
        worked.do(statement)
    code, words = run()
    assert code == 3
    assert "log 4: " in words
    code, told = run("--json")
    assert (code, json.loads(told)["is_well"]) == (3, False)
    for text in (words, told):
        assert not re.search("Unmistakable|Springfield|Shelbyville|gold|Sample|ada", text)
    folder.path.rename(folder.path.with_name("elsewhere"))
    assert run()[0] == 1


def test_of_many_findings_the_first_are_told_and_all_are_counted(worked: Sql) -> None:
    without_guards(worked)
    worked.many(
        "INSERT INTO gone (scope, table_name, row_id, rev) VALUES ('org', 'nonsense', ?, 1)",
        [(f"{n}",) for n in range(1500)],
    )
    (gone,) = [checked for checked in verify(worked) if checked.check == "gone marks"]
    assert (gone.count, len(gone.findings)) == (1500, 1000)


@pytest.mark.postgresql
def test_on_postgresql(tmp_path: Path) -> None:

    folder = ServerFolder(tmp_path / "server", database_url("verified"))
    make_bureau(folder)
    with RunningServer(folder) as running, http_client(running.url) as client:
        work(Desk(client).begin())
    sql = folder.open()
    assert found(sql) == []
    by_hand.lift_the_fence(sql)
    sql.do(f"UPDATE clients SET rev = 99999, specialist_id = 'gone' WHERE id = {NAMED}")
    sql.do(f"DELETE FROM history WHERE row_id = {NAMED} AND field = 'tier'")
    assert {(check, table) for check, table, _ in found(sql)} == {
        ("references", "clients"),
        ("revisions", "clients"),
        ("history", "clients"),
    }
    sql.db.close()
