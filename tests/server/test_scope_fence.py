"""PostgreSQL itself shows a reading session no rows of other scopes, and lets the server's role lift no fence."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

import peewee as pw
import pytest
from click.testing import CliRunner

from csr_desktop.domain.errors import BadInput, Refused, Unreadable
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import (
    OlderPageReply,
    OlderPageRequest,
    OlderSearchReply,
    OlderSearchRequest,
    PullReply,
    PullRequest,
)
from csr_desktop.server import feed as feed_module
from csr_desktop.server.administration import Administration
from csr_desktop.server.cli import server as command_line
from csr_desktop.server.exports import calls_table, write_table
from csr_desktop.server.feed import Feed
from csr_desktop.server.folder import ServerFolder, epoch
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.older import OlderHistory, Sight
from csr_desktop.server.roles import grant_to
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.store import migrations
from csr_desktop.store.opening import connect_server, open_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, new_row
from csr_desktop.system.clock import wall_clock
from tests import by_hand, postgresql
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk, http_client, new_id

pytestmark = pytest.mark.postgresql
NAME = "scope_fence"


@pytest.fixture
def owners(tmp_path: Path) -> ServerFolder:
    """A bureau as the owner of its tables sees it, who is no superuser."""
    url = postgresql.database_url(NAME)
    make_role(url, "csr_owner")
    with_all = connect_server(url)
    with_all.do(f'GRANT CREATE ON DATABASE "{NAME}" TO csr_owner')
    with_all.do("GRANT CREATE ON SCHEMA public TO csr_owner")
    with_all.db.close()
    folder = ServerFolder(tmp_path / "server", as_role(url, "csr_owner"))
    make_bureau(folder)
    return folder


@pytest.fixture
def folder(owners: ServerFolder) -> ServerFolder:
    """The same as the server's own role sees it."""
    make_role(owners.address, "csr_app", superuser=owners.address)
    sql = owners.open()
    grant_to(sql, "csr_app")
    sql.db.close()
    return ServerFolder(owners.path, as_role(owners.address, "csr_app"))


def as_role(url: str, role: str) -> str:
    return url.rpartition("user=")[0] + f"user={role}"


def make_role(url: str, role: str, superuser: str = "") -> None:
    sql = connect_server(as_role(superuser or url, "csr"))
    if not sql.value("SELECT 1 FROM pg_roles WHERE rolname = ?", role):
        sql.do(f"CREATE ROLE {role} LOGIN")
    sql.db.close()


@pytest.fixture
def desk(folder: ServerFolder) -> Iterator[Callable[[str], Desk]]:
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server, ExitStack() as closing:
        yield lambda login: closing.enter_context(Desk(http_client(server.url), login))


def fill(sql: Sql, count: int) -> tuple[str, str]:
    """So many calls for each of the two teams; the teams' ids."""
    one, two = (str(sql.value("SELECT id FROM teams WHERE name = ?", f"Team {name}")) for name in ("one", "two"))
    for team in (one, two):
        rows = [{**new_row("interactions"), "id": new_id(), "scope": team} for _ in range(count)]
        ledger = Ledger(sql, wall_clock)
        names = COLUMNS["interactions"]
        ledger.fill("interactions", [[row[n] for n in names] for row in rows], names.index("rev"))
    return one, two


def reader(folder: ServerFolder) -> tuple[Sql, Feed, str, str]:
    """A connection as a reading thread opens it, a feed, and Ada with a workstation."""
    whole = folder.open()
    ada, device_id = str(whole.value("SELECT id FROM users WHERE login = 'ada'")), new_id()
    insert = "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq)"
    whole.do(f"{insert} VALUES (?,?,'',?,0,0,0,0)", device_id, ada, b"")
    feed = Feed(whole, Ledger(whole, wall_clock), wall_clock, epoch(whole))
    whole.db.close()
    whole.db.connect()  # as a thread does for itself
    return whole, feed, ada, device_id


def ask_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the feed's questions take rows of every scope."""
    right = feed_module._questions

    def wrong(cut_off_at: int, *, is_postgresql: bool) -> dict[str, str]:
        questions = right(cut_off_at, is_postgresql=is_postgresql)
        assert all("scope=? AND" in question for question in questions.values())
        return {table: q.replace("scope=? AND", "(scope=? OR true) AND") for table, q in questions.items()}

    monkeypatch.setattr(feed_module, "_questions", wrong)


def scopes_seen(reply: PullReply) -> set[str]:
    return {row[reply.columns[table].index("scope")] for table, rows in reply.rows.items() for row in rows} | {
        mark.scope for mark in reply.gone
    }


def test_the_main_path_as_the_servers_own_role(desk: Callable[[str], Desk], folder: ServerFolder) -> None:
    ada, cy = desk("ada").begin(), desk("cy").begin()
    assert ada.push(ada.client_command("Sample Bakery")) == 1
    assert cy.names("clients") == {"Sample Bakery"}
    assert ada.poke(ada.pull().cursors | {ORGANISATION: 0}) is True
    with administration(folder) as admin:
        admin.add_user("Dee Sample", "dee", "csr", ("Team two",))
        assert {account.login for account in admin.list_users()} >= {"ada", "dee"}


def test_a_wrong_question_yields_no_foreign_row(folder: ServerFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = folder.open()
    one, two = fill(whole, 20)
    with by_hand.numbered(whole) as rev:
        for scope in (one, two):
            whole.do("INSERT INTO gone (scope, table_name, row_id, rev) VALUES (?, 'tickets', ?, ?)", scope, "t", rev)
    whole.db.close()
    sql, feed, ada, device_id = reader(folder)
    right = feed.pull(device_id, ada, PullRequest("a", {}, 0))
    assert len(right.rows["interactions"]) == 20
    assert scopes_seen(right) == {ORGANISATION, one}
    ask_wrongly(monkeypatch)
    wrong = feed.pull(device_id, ada, PullRequest("a", {}, 0))
    assert len(wrong.rows["interactions"]) >= 20
    assert scopes_seen(wrong) == {ORGANISATION, one}
    with sql.snapshot():
        sql.sees({ORGANISATION, one})
        for table in (*SYNCED, "gone"):
            assert sql.value(f"SELECT count(*) FROM {table} WHERE scope = ?", two) == 0
    sql.db.close()


def test_the_mutant_would_tell_without_the_fence(owners: ServerFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner stands outside of the fence; so the question above is a wrong one indeed."""
    whole = owners.open()
    one, two = fill(whole, 5)
    whole.db.close()
    sql, feed, ada, device_id = reader(owners)
    ask_wrongly(monkeypatch)
    assert {one, two} <= scopes_seen(feed.pull(device_id, ada, PullRequest("a", {}, 0)))
    sql.db.close()


def test_a_session_that_says_nothing_sees_the_organisation_alone_and_writes_nothing(folder: ServerFolder) -> None:
    whole = folder.open()
    one, _ = fill(whole, 3)
    whole.db.close()
    sql, _, _, _ = reader(folder)
    assert sql.value("SELECT count(*) FROM interactions") == 0
    assert sql.value("SELECT count(*) FROM teams") == 2
    assert sql.do("UPDATE teams SET name = 'x'") == 0
    assert sql.do("DELETE FROM gone") == 0
    with pytest.raises(pw.DatabaseError, match="row-level security"), by_hand.numbered(sql) as rev:
        sql.upsert("clients", [{**new_row("clients"), "id": "c", "scope": ORGANISATION, "rev": rev}])
    with sql.snapshot():
        sql.sees([one])
        assert sql.value("SELECT count(*) FROM interactions") == 3
        assert sql.value("SELECT count(*) FROM teams") == 0
    assert sql.value("SELECT count(*) FROM interactions") == 0
    sql.db.close()


def test_exports_see_the_whole(folder: ServerFolder) -> None:
    sql = folder.open()
    fill(sql, 4)
    assert write_table(sql, calls_table, io.StringIO()) == 8
    sql.db.close()


# Older history


def furnish_older(sql: Sql) -> tuple[str, str]:
    """An old call of either team and one of Bob's own; the teams' ids."""
    one, two = fill(sql, 1)
    bob = str(sql.value("SELECT id FROM users WHERE login = 'bob'"))
    for n, scope in enumerate((one, two, bob), 1):
        row = {**new_row("interactions"), "id": new_id(), "scope": scope, "client_id": "c", "started_at": n}
        by_hand.upsert(sql, "interactions", [{**row, "note": "garnishment order"}])
    return one, two


def test_older_history_as_the_servers_own_role(desk: Callable[[str], Desk], folder: ServerFolder) -> None:
    sql = folder.open()
    sql.sees_all()
    one, two = furnish_older(sql)
    sql.db.close()
    ada, at = desk("ada").begin(), COLUMNS["interactions"].index("scope")
    page = ada.get(OlderPageReply, "older/page", OlderPageRequest("c"))
    assert [row[at] for row in page.rows["interactions"]] == [two, one], "the newest first"
    end = time.monotonic() + 20
    while len(found := ada.get(OlderSearchReply, "older/search", OlderSearchRequest("garnish")).hits) < 2:
        assert time.monotonic() < end, "the server's role did not index it"
        time.sleep(0.2)
    assert [hit.scope for hit in found] == [two, one]
    assert desk("adm").begin().get(OlderPageReply, "older/page", OlderPageRequest("c")).rows == {}


def test_a_wrong_question_for_older_history_yields_nobodys_own_row(
    folder: ServerFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = folder.open()
    whole.sees_all()
    one, two = furnish_older(whole)
    ada = str(whole.value("SELECT id FROM users WHERE login = 'ada'"))
    whole.db.close()
    whole.db.connect()
    monkeypatch.setattr(Sight, "readable", lambda _self, _table: ("true", ()))
    history = OlderHistory(whole, Ledger(whole, wall_clock), wall_clock)
    with closing(whole.db):
        rows = history.page(ada, OlderPageRequest("c")).rows["interactions"]
    assert [row[COLUMNS["interactions"].index("scope")] for row in rows] == [two, one]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE clients DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE clients NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY scopes ON clients",
        "CREATE POLICY more ON clients USING (true)",
        "ALTER TABLE clients DISABLE TRIGGER ALL",
        "DROP TRIGGER clients_insert_numbered ON clients",
        "DROP TRIGGER log_is_append_only ON log",
        "CREATE OR REPLACE FUNCTION refuse_other_numbers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "SET session_replication_role = 'replica'",
        "UPDATE log SET status = 'done'",
        "DELETE FROM log",
        "TRUNCATE log",
        "DELETE FROM clients",
        "TRUNCATE clients",
        "DROP TABLE clients",
        "ALTER TABLE clients ADD COLUMN more TEXT",
        "CREATE TABLE more (id TEXT)",
        "UPDATE schema_version SET version = 1",
        "ALTER ROLE csr_app BYPASSRLS",
        "SET ROLE csr_owner",
    ],
)
def test_the_servers_role_may_not(folder: ServerFolder, statement: str) -> None:
    sql = folder.open()
    with pytest.raises(pw.DatabaseError, match=r"permission denied|must be owner|must be superuser|Only roles"):
        sql.do(statement)
    sql.db.close()


def test_who_stands_above_the_fences_is_refused(owners: ServerFolder) -> None:
    sql = owners.open()
    with pytest.raises(BadInput, match="no role called"):
        grant_to(sql, "csr_nobody")
    for role in ("csr_owner", "csr"):
        with pytest.raises(Refused, match="stands above"):
            grant_to(sql, role)
    sql.db.close()


def test_the_command_grants_and_says_what_to_do(owners: ServerFolder) -> None:
    make_role(owners.address, "csr_app", superuser=owners.address)
    app = as_role(owners.address, "csr_app")

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(command_line, [*words, "--data", str(owners.path)])
        return result.exit_code, result.output

    assert run("grant", "--role", "csr_app", "--database", owners.address)[0] == 0
    assert run("team", "list", "--database", app) == (0, "Team one\t3\nTeam two\t1\n")
    code, said = run("grant", "--role", "csr_app", "--database", app)
    assert (code, "Only the owner" in said) == (1, True)
    code, said = run("grant", "--role", "csr_app")
    assert (code, "Only PostgreSQL has roles." in said) == (1, True)


def test_an_update_is_the_owners(owners: ServerFolder, folder: ServerFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    further = migrations.Step(99, "server", lambda _sql: iter(("ALTER TABLE devices ADD COLUMN more TEXT",)))
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, further))
    with pytest.raises(Unreadable, match="wants a change that this role may not make"):
        folder.open()
    sql = owners.open()
    grant_to(sql, "csr_app")
    sql.db.close()
    folder.open().db.close()


def test_a_pull_costs_about_the_same_with_the_fence(owners: ServerFolder, folder: ServerFolder) -> None:
    """10,000 rows, by turns as the owner, for whom there is none, and as the server's role."""
    whole = owners.open()
    fill(whole, 10_000)
    whole.do("ANALYZE")
    whole.db.close()
    asking = [reader(owners), reader(folder)]
    took: list[list[float]] = [[], []]
    for _ in range(5):
        for (_, feed, ada, device_id), times in zip(asking, took, strict=True):
            begun, cursors, rows = time.perf_counter(), dict[str, int](), 0
            while True:
                reply = feed.pull(device_id, ada, PullRequest("a", cursors, 0, limit=2_000))
                cursors |= reply.cursors
                rows += len(reply.rows.get("interactions", ()))
                if not reply.more:
                    break
            times.append(time.perf_counter() - begun)
            assert rows == 10_000
    without, fenced = (median(times) for times in took)
    print(f"10,000 rows: {without * 1000:.0f} ms without, {fenced * 1000:.0f} ms with the fence")
    assert fenced < without * 2
    for sql, *_ in asking:
        sql.db.close()


def test_administration_makes_an_organisation_with_one_address_alone(tmp_path: Path) -> None:
    """For a small test: the one role owns everything, and all works as with two."""
    sql = open_server(postgresql.database_url("one_role"))
    sql.sees_all()
    Administration(sql, Ledger(sql, wall_clock), wall_clock).create_organisation("Sample Payroll")
    assert sql.value("SELECT count(*) FROM organisations") == 1
    sql.db.close()
