"""Older history on a real desk of a real server, with what lies between them: outages, kills, lies, and lost rights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.older_api import OlderApi
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.search_index import SearchIndex
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import DeviceKey
from csr_desktop.store import older_rows
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, new_row
from csr_desktop.sync.older import OlderSync
from csr_desktop.sync.older_wishes import Wish
from csr_desktop.sync.transport import HttpTransport
from tests import by_hand
from tests.faults.processes import engine_of, open_data, synced, until
from tests.faults.wire import Answered, Ask, Asked, Wire, honest
from tests.server.desk import CHEAP, new_id

DAY = 86_400_000
PLAIN = {"Content-Type": "application/msgpack"}
COUNT = 450
"""Calls of the bakery: three pages."""


class Shop:
    """Ada's desk, filled; on the server the old work of both teams at one client."""

    def __init__(self, home: Path, wire: Wire, server: RunningServer) -> None:
        self.wire, self.server = wire, server
        self.sql = server.parts.sql
        self.sql.db.connect(reuse_if_open=True)
        self.teams: dict[str, str] = dict(self.sql.all("SELECT name, id FROM teams"))
        self.people: dict[str, str] = dict(self.sql.all("SELECT login, id FROM users"))
        self.home = home
        self.data = open_data(home, wire.url)
        synced(self.data)
        self.older = self.data.services.older
        self.told: list[str] = []
        self.now = self.data.replica.now()
        self.client_id = self.file("clients", {"name": "Sample Bakery", "scope": "org"})[0]
        self.sync = self.older_sync()

    def file(self, table: str, *rows: dict[str, Any]) -> list[str]:
        made = [{**new_row(table), "scope": self.teams["Team one"], "id": new_id(), **row} for row in rows]
        with by_hand.numbered(self.sql, len(made)) as last:
            self.sql.upsert(table, [{**row, "rev": last - len(made) + n} for n, row in enumerate(made, 1)])
        return [row["id"] for row in made]

    def furnish(self) -> None:
        old = self.now - 600 * DAY
        teams = list(self.teams.values())
        self.calls = self.file(
            "interactions",
            *(
                {"client_id": self.client_id, "started_at": old - n, "scope": teams[n % 2], "note": f"Call {n}"}
                for n in range(COUNT)
            ),
        )
        self.ticket = self.file(
            "tickets",
            {"client_id": self.client_id, "last_message_at": old - COUNT, "subject": "W-2 reissue", "state": "closed"},
        )[0]
        self.file("messages", {"ticket_id": self.ticket, "body": "Please send it again", "written_at": old - COUNT})
        synced(self.data)

    def older_sync(self) -> OlderSync:
        account = self.data.account
        key = DeviceKey(self.data._keys.device_key)
        self.transport = HttpTransport(account.server_url, account.device_id, key, self.data.clock, timeout_seconds=3)
        return OlderSync(self.data.replica, self.transport, self.data.services.older_wishes, self.hear)

    def hear(self, changes: ChangeSet) -> None:
        self.told += sorted(changes.ids("older"))

    def more(self) -> None:
        """The person asks for a page, and the thread has its turn."""
        self.older.show_more(self.client_id)
        self.sync.round()

    def shown(self) -> list[str]:
        """Calls of the client's timeline, all of it."""
        found: list[str] = []
        key = None
        while True:
            page = self.data.services.clients.timeline(self.client_id, ("call", "ticket"), key, 200)
            found += [row.id for row in page.rows]
            key = page.next_key
            if key is None:
                return found

    def kept(self) -> int:
        return sum(self.data.sql.value(f"SELECT COUNT(*) FROM older_{t}") for t in (*older_rows.TABLES, "fetched"))

    def close(self) -> None:
        self.transport.close()
        self.data.close()

    def again(self) -> None:
        """The program was ended and started again."""
        self.close()
        self.data = open_data(self.home)
        self.older = self.data.services.older
        self.sync = self.older_sync()


@contextmanager
def opened(folder: ServerFolder, home: Path) -> Iterator[Shop]:
    with (
        RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server,
        Wire(lambda: server.url).listening() as wire,
    ):
        made = Shop(home, wire, server)
        yield made
        made.sql.db.close()
        made.close()


@pytest.fixture
def shop(folder: ServerFolder, tmp_path: Path) -> Iterator[Shop]:
    with opened(folder, tmp_path / "desk") as made:
        yield made


@contextmanager
def connected(*databases: Sql) -> Iterator[None]:
    """In this thread."""
    for sql in databases:
        sql.db.connect()
    yield
    for sql in databases:
        sql.db.close()


def as_it_was(data: DeskData) -> dict[str, list[str]]:
    """All that older history must leave alone."""
    tables = (*SYNCED, "outbox", "needs_you", "cursors", "base", "undo", "drafts", "inbox_items", "client_clocks")
    found = {table: sorted(map(repr, data.sql.all(f"SELECT * FROM {table}"))) for table in tables}
    return found | {"state": sorted(map(repr, data.replica.state().items()))}


def test_a_history_comes_page_by_page_and_touches_nothing_else(shop: Shop) -> None:
    shop.furnish()
    before = as_it_was(shop.data)
    assert shop.older.state(shop.client_id).step == "not_asked"
    counts = []
    for _ in range(3):
        shop.more()
        state = shop.older.state(shop.client_id)
        counts.append((state.step, state.shown_count, state.left))
    assert counts == [("shown", 200, COUNT + 1 - 200), ("shown", 400, COUNT + 1 - 400), ("whole", COUNT + 1, 0)]
    assert shop.shown() == [*shop.calls, shop.ticket]
    assert shop.told == [shop.client_id] * 3
    asked = len(shop.wire.asked)
    shop.more()
    assert len(shop.wire.asked) == asked, "nothing is left to ask for"
    names = {row.team_name for row in shop.data.services.clients.timeline(shop.client_id).rows}
    assert names == {"", "Team two"}
    assert as_it_was(shop.data) == before
    found = shop.data.services.search.find("reissue")
    assert found.hits == (), "the desk's own search does not know it"


def test_a_ticket_opens_with_its_conversation(shop: Shop) -> None:
    shop.furnish()
    assert shop.older.open("ticket", shop.ticket) is None
    assert shop.older.opened("ticket", shop.ticket).step == "fetching"
    shop.sync.round()
    opened = shop.older.opened("ticket", shop.ticket)
    assert opened.step == "whole"
    assert opened.work is not None
    assert [message.body for message in opened.work.messages] == ["Please send it again"]
    assert opened.work.client_name == "Sample Bakery"
    by_hand.update(shop.sql, "tickets", "deleted = 1", "id = ?", shop.ticket)
    older_rows.drop_row(shop.data.sql, "tickets", shop.ticket)
    shop.older.open("ticket", shop.ticket)
    shop.sync.round()
    opened = shop.older.opened("ticket", shop.ticket)
    assert (opened.step, opened.work) == ("refused", None)
    assert opened.words == "This is not there any more, or not yours to see."


def test_what_a_page_still_shows_goes_when_the_server_does_not_have_it_any_more(shop: Shop) -> None:
    shop.furnish()
    for _ in range(3):
        shop.more()
    by_hand.update(shop.sql, "tickets", "deleted = 1", "id = ?", shop.ticket)
    work = shop.older.open("ticket", shop.ticket)
    assert work is not None
    assert not work.is_whole
    shop.sync.round()
    assert shop.older.opened("ticket", shop.ticket).work is None
    assert shop.ticket not in shop.shown()


def test_a_search_finds_what_is_on_the_server_and_it_can_be_opened(shop: Shop) -> None:
    shop.furnish()
    with shop.sql.transaction():
        while SearchIndex(shop.sql).step():
            pass
    assert shop.older.search("  reis ").step == "fetching"
    shop.sync.round()
    found = shop.older.search_found()
    assert (found.text, found.step, found.is_more) == ("reis", "shown", False)
    (hit,) = found.hits
    assert (hit.kind, hit.row_id, hit.title, hit.client_name) == ("ticket", shop.ticket, "W-2 reissue", "Sample Bakery")
    assert [hit.title[start : start + size] for start, size in hit.marks] == ["reis"]
    assert shop.told == ["search"]
    shop.older.open(hit.open_kind, hit.open_id)
    shop.sync.round()
    assert shop.older.opened(hit.open_kind, hit.open_id).step == "whole"
    shop.older.search("send again")
    shop.sync.round()
    (line,) = shop.older.search_found().hits
    assert (line.kind, line.open_kind, line.open_id) == ("message", "ticket", shop.ticket)
    assert shop.older.search("").step == "not_asked"
    assert shop.older.search_found().hits == ()


def test_offline_it_is_said_why_and_comes_by_itself_when_the_server_is_back(shop: Shop) -> None:
    shop.furnish()
    shop.wire.manner = lambda _asked, _ask: None
    shop.more()
    state = shop.older.state(shop.client_id)
    assert (state.step, state.shown_count) == ("offline", 0)
    assert "hung up without an answer" in state.words
    shop.sync.wake()
    shop.sync.round()
    assert shop.older.state(shop.client_id).step == "offline"
    shop.wire.manner = honest
    shop.sync.round()
    assert shop.older.state(shop.client_id).step == "offline", "nobody asked again yet"
    shop.sync.wake()  # as after each exchange
    assert shop.older.state(shop.client_id).step == "offline", "nothing flickers meanwhile"
    shop.sync.round()
    assert shop.older.state(shop.client_id).shown_count == 200


def test_an_older_server_is_told_from_one_that_is_away(
    folder: ServerFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OlderApi, "paths", ())
    with opened(folder, tmp_path / "desk") as shop:
        shop.more()
        state = shop.older.state(shop.client_id)
        words = "Your server does not give out older history yet. Ask your administrator to update it."
        assert (state.step, state.words) == ("refused", words)
        shop.older.search("x")
        shop.sync.round()
        assert (shop.older.search_found().step, shop.older.search_found().words) == ("refused", words)
        synced(shop.data)


def test_what_is_wished_last_comes_first_and_what_is_not_wanted_does_not_come(shop: Shop) -> None:
    shop.furnish()
    asked: list[str] = []

    def manner(one: Asked, ask: Ask) -> Answered | None:
        if "older" in one.path:
            asked.append(one.path.rpartition("/")[2])
        return ask(one)

    shop.wire.manner = manner
    shop.older.show_more(shop.client_id)
    shop.older.open("ticket", shop.ticket)
    shop.older.open("call", shop.calls[0])
    shop.older.search("one")
    shop.older.search("two")
    shop.older.stop(shop.calls[0])
    shop.sync.round()
    assert asked == ["search", "row", "page"]
    assert shop.older.search_found().text == "two"
    shop.older.show_more(shop.client_id)

    def stop_meanwhile(one: Asked, ask: Ask) -> Answered | None:
        shop.older.stop(shop.client_id)
        return ask(one)

    shop.wire.manner = stop_meanwhile
    shop.sync.round()
    assert shop.older.state(shop.client_id).shown_count == 200, "what was on its way is not kept"


SCROLLING = """
import sys, time
from pathlib import Path
from tests.faults.processes import open_data

data = open_data(Path(sys.argv[1]))
older = data.services.older
engine = data.engine(lambda _: None, lambda _: None)
engine.start()
client_id, count = sys.argv[2], 0
while True:
    state = older.show_more(client_id)
    if state.shown_count != count:
        count = state.shown_count
        print(count, flush=True)
    time.sleep(0.01)
"""


def test_killed_between_two_pages_it_goes_on_where_it_was(shop: Shop) -> None:
    shop.furnish()
    shop.close()
    slow = threading.Event()

    def manner(one: Asked, ask: Ask) -> Answered | None:
        if one.path.endswith("older/page") and not slow.is_set():
            slow.wait(0.05)
        return ask(one)

    shop.wire.manner = manner
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", SCROLLING, str(shop.home), shop.client_id],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "200\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    slow.set()
    shop.data = open_data(shop.home)
    shop.older = shop.data.services.older
    shop.sync = shop.older_sync()
    count = shop.older.state(shop.client_id).shown_count
    assert count in {200, 400, COUNT + 1}
    assert shop.shown() == [*shop.calls, shop.ticket][:count]
    while shop.older.state(shop.client_id).step != "whole":
        shop.more()
    assert shop.shown() == [*shop.calls, shop.ticket]


def test_after_a_day_it_is_gone_from_the_file(shop: Shop) -> None:
    shop.furnish()
    shop.more()
    offset = int(shop.data.replica.state()["offset"])
    for hours, is_there in ((23, True), (25, False)):
        shop.data.replica.set_state("offset", str(offset + hours * DAY // 24))
        shop.again()
        shop.sync.round()
        assert (shop.kept() > 0) == is_there
        assert (shop.shown() != []) == is_there
    assert shop.told[-1] == shop.client_id, "who shows it is told"


def test_rights_that_change_take_it_away(shop: Shop) -> None:
    shop.furnish()
    shop.more()
    engine = shop.data.engine(shop.hear, lambda _: None)
    by_hand.update(shop.sql, "memberships", "deleted = 1", "user_id = ?", shop.people["ada"])
    until(engine.sync_once)
    assert shop.kept() == 0
    assert shop.client_id in shop.told
    engine.stop()
    shop.again()
    shop.more()
    assert len(shop.shown()) == 200, "by way of the profile all teams' work is read on"
    by_hand.update(shop.sql, "users", "role = 'administrator'", "id = ?", shop.people["ada"])
    synced(shop.data)
    assert shop.kept() == 0


def test_what_was_asked_under_other_rights_is_not_kept(shop: Shop) -> None:
    shop.furnish()
    engine = engine_of(shop.data)

    def manner(one: Asked, ask: Ask) -> Answered | None:
        answered = ask(one)
        if one.path.endswith("older/page"):
            shop.wire.manner = honest
            with connected(shop.sql, shop.data.sql):
                by_hand.update(shop.sql, "users", "role = 'administrator'", "id = ?", shop.people["ada"])
                until(engine.sync_once)
        return answered

    shop.wire.manner = manner
    shop.more()
    assert shop.shown() == []
    assert shop.data.sql.value("SELECT COUNT(*) FROM older_interactions") == 0
    engine.stop()


def test_a_server_that_was_put_back_takes_it_away(shop: Shop) -> None:
    shop.furnish()
    shop.more()
    with shop.sql.transaction():
        shop.sql.do("UPDATE counters SET value = value + 1 WHERE id = 'epoch'")
    shop.data.replica.set_state("epoch", "another")
    synced(shop.data)
    assert shop.kept() == 0


def test_a_workstation_that_was_signed_out_for_good_has_none_of_it(shop: Shop) -> None:
    shop.furnish()
    shop.more()
    with shop.sql.transaction():
        shop.sql.do("UPDATE devices SET revoked_at = 1")
    engine = engine_of(shop.data)
    engine.sync_once()
    assert engine.status.state == "revoked"
    assert shop.kept() == 0
    engine.stop()


# A server that lies

WRONG: tuple[Any, ...] = (None, -1.5, 2**63, "text", b"bytes", [[None]], {"a": 1}, {"users": [[1]]})


def lies(path: str, honest_body: dict[str, Any], shop: Shop) -> Iterator[tuple[str, bytes]]:
    pack = msgspec.msgpack.encode
    yield from (("bytes", body) for body in (b"", b"\xc1", b"\x80", pack([]), pack({"hits": None})))
    for field, right in honest_body.items():
        wrong = (value for value in WRONG if value != right)
        yield from ((f"{field}={value!r}", pack(honest_body | {field: value})) for value in wrong)
    if path == "search":
        (hit,) = honest_body["hits"]
        for place, value in ((0, "users"), (0, "clients"), (1, ""), (1, "x" * 999), (2, "x" * 99), (6, -1), (6, 2**60),
                             (7, "two\nlines"), (7, "x" * 9999), (7, "\u202eabc"), (8, [[0, 10_000]]), (8, [[-1, 2]]),
                             (10, -4), (10, 2**62)):  # fmt: skip
            yield f"hit {place}", pack(honest_body | {"hits": [[*hit[:place], value, *hit[place + 1 :]]]})
        yield "many", pack(honest_body | {"hits": [hit] * 51})
        return
    table = "tickets" if path == "row" else "interactions"
    names, rows = honest_body["columns"][table], honest_body["rows"][table]

    def changed(**fields: Any) -> bytes:
        row = [fields.get(name, value) for name, value in zip(names, rows[-1], strict=True)]
        return pack(honest_body | {"rows": honest_body["rows"] | {table: [*rows[:-1], row]}})

    yield "deleted", changed(deleted=1)
    yield "no id", changed(id="")
    yield "text for a number", changed(rev="text")
    yield "too large", changed(rev=2**60)
    yield "stamps", changed(stamps="[")
    others = {"users": [["x"] * len(COLUMNS["users"])]}
    users = {"users": list(COLUMNS["users"])}
    yield (
        "another table",
        pack(honest_body | {"rows": honest_body["rows"] | others, "columns": honest_body["columns"] | users}),
    )
    if path == "row":
        yield "another row", changed(id="another")
        yield "no row", pack(honest_body | {"rows": {}})
        messages = honest_body["rows"]["messages"]
        at = honest_body["columns"]["messages"].index("ticket_id")
        stray = [*messages[0][:at], "another", *messages[0][at + 1 :]]
        yield "a message of another", pack(honest_body | {"rows": honest_body["rows"] | {"messages": [stray]}})
        yield "one twice", pack(honest_body | {"rows": honest_body["rows"] | {"messages": messages * 2}})
        return
    yield "another client", changed(client_id="another")
    yield "one twice", pack(honest_body | {"rows": {table: [*rows[:-1], rows[0]]}})
    yield "goes nowhere", pack(honest_body | {"rows": {}})
    yield "too many", pack(honest_body | {"rows": {table: [*rows, [new_id(), *rows[0][1:]]]}})
    yield "next is not the last", pack(honest_body | {"next_id": rows[0][0]})
    yield "left", pack(honest_body | {"left": -1})
    yield "much left", pack(honest_body | {"left": 10**9})
    yield "left of nothing", pack(honest_body | {"next_id": ""})


def lying(path: str, body: bytes, one: Asked, ask: Ask) -> Answered | None:
    return Answered(200, PLAIN, body) if one.path.endswith(f"older/{path}") else ask(one)


@pytest.mark.parametrize("path", ["page", "row", "search"])
def test_a_server_that_lies_puts_nothing_elsewhere(shop: Shop, path: str) -> None:
    shop.furnish()
    with shop.sql.transaction():
        while SearchIndex(shop.sql).step():
            pass
    wish: Callable[[], Any] = {
        "page": lambda: shop.older.show_more(shop.client_id),
        "row": lambda: shop.older.open("ticket", shop.ticket),
        "search": lambda: shop.older.search("reissue"),
    }[path]
    honest_body: dict[str, Any] = {}

    def listen(one: Asked, ask: Ask) -> Answered | None:
        answered = ask(one._replace(headers=one.headers | {"Accept-Encoding": "identity"}))
        if one.path.endswith(f"older/{path}"):
            honest_body.update(msgspec.msgpack.decode(answered.body))
        return answered

    shop.wire.manner = listen
    wish()
    shop.sync.round()
    assert honest_body
    with shop.data.sql.transaction():
        older_rows.empty(shop.data.sql)
    shop.older.search("")
    before = as_it_was(shop.data)
    for what, body in lies(path, honest_body, shop):
        shop.wire.manner = partial(lying, path, body)
        wish()
        shop.sync.round()
        standing = shop.data.services.older_wishes.standing(
            {
                "page": Wish("page", shop.client_id),
                "row": Wish("row", shop.ticket, "tickets"),
                "search": Wish("search", "reissue"),
            }[path]
        )
        assert standing.step in {"refused", "offline"}, what
        assert standing.words, what
        assert as_it_was(shop.data) == before, what
        assert shop.kept() == 0, what
        assert shop.older.search_found().hits == (), what
    shop.wire.manner = honest
    wish()
    shop.sync.round()
    assert shop.kept() or shop.older.search_found().hits


def test_a_page_that_comes_again_or_late_changes_nothing(shop: Shop) -> None:
    """A stale answer to another question is behind no key that was asked for."""
    shop.furnish()
    first: list[Answered] = []

    def manner(one: Asked, ask: Ask) -> Answered | None:
        if not one.path.endswith("older/page"):
            return ask(one)
        if not first:
            answered = ask(one)
            assert answered is not None
            first.append(answered)
        return first[0]

    shop.wire.manner = manner
    shop.more()
    shop.more()
    state = shop.older.state(shop.client_id)
    assert (state.step, state.shown_count) == ("refused", 200)
    shop.wire.manner = honest
    shop.more()
    assert shop.older.state(shop.client_id).shown_count == 400
    assert json.dumps(shop.shown()) == json.dumps(shop.calls[:400])
