"""Older history over HTTP, on both databases: who reads what by way of a client, page by page, opened and searched."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.protocol import (
    OLDER_COUNTED,
    OLDER_MESSAGES,
    OlderFound,
    OlderPageReply,
    OlderPageRequest,
    OlderRowReply,
    OlderRowRequest,
    OlderSearchReply,
    OlderSearchRequest,
    PullReply,
    PullRequest,
)
from csr_desktop.server import older as older_module
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.rates import Limits, Rate
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.search_index import SearchIndex
from csr_desktop.store.tables import COLUMNS, new_row
from tests import by_hand
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Clock, Desk, http_client, message, new_id, problem

DAY = 86_400_000
LOGINS = ("ada", "bob", "cy", "lea", "max", "adm")
TIMES = {"interactions": "started_at", "tickets": "last_message_at", "follow_ups": "created_at"}


class Site:
    """A running server with two teams; rows are put there by hand."""

    def __init__(self, home: Path, database: str, limits: Limits) -> None:
        make_bureau(ServerFolder(home / "server", database))
        self.clock = Clock(time.time_ns() // 1_000_000)
        self._closing = ExitStack()
        around = Surroundings(clock=self.clock, passwords=CHEAP, limits=limits)
        self.running = self._closing.enter_context(
            RunningServer(ServerFolder(home / "server", database), surroundings=around)
        )
        self.sql = self.running.parts.sql
        self.sql.db.connect()
        self._closing.callback(self.sql.db.close)
        self.sql.sees_all()
        self.teams: dict[str, str] = dict(self.sql.all("SELECT name, id FROM teams"))
        self.people: dict[str, str] = dict(self.sql.all("SELECT login, id FROM users"))

    def is_in(self, login: str, team: str) -> bool:
        found = "SELECT 1 FROM memberships WHERE user_id = ? AND team_id = ? AND deleted = 0"
        return bool(self.sql.value(found, self.people[login], team))

    def ago(self, days: float) -> int:
        return self.clock() - int(days * DAY)

    def desk(self, login: str) -> Desk:
        made = Desk(http_client(self.running.url), login)
        self._closing.callback(made.client.close)
        return made.begin()

    def file(self, table: str, *rows: dict[str, Any]) -> list[str]:
        """Rows of Team one, unless they say otherwise; their ids."""
        made = [{**new_row(table), "scope": self.teams["Team one"], "id": new_id(), **row} for row in rows]
        with by_hand.numbered(self.sql, len(made)) as last:
            self.sql.upsert(table, [{**row, "rev": last - len(made) + n} for n, row in enumerate(made, 1)])
        return [row["id"] for row in made]

    def index(self) -> None:
        """What the server does by itself once nothing is written for a while."""
        index = SearchIndex(self.sql)
        while True:
            with self.sql.transaction():
                if not index.step(3):
                    return

    def close(self) -> None:
        self._closing.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    limits = Limits(older=Rate(1_000_000, 1_000_000), device=Rate(100_000, 100_000), account=Rate(100_000, 100_000))
    made = Site(tmp_path, database_url("older") if request.param == "postgresql" else "", limits)
    yield made
    made.close()


def page(desk: Desk, client_id: str, after: tuple[int, str] = (0, ""), **changed: Any) -> OlderPageReply:
    return desk.get(OlderPageReply, "older/page", OlderPageRequest(client_id, *after, **changed))


def ids(reply: OlderPageReply | OlderRowReply) -> set[tuple[str, str]]:
    return {(table, row[0]) for table, rows in reply.rows.items() for row in rows}


def history(desk: Desk, client_id: str, limit: int = 200, **changed: Any) -> list[tuple[str, str]]:
    """All pages, one after the other; (table, id) in the order of time."""
    found: list[tuple[int, str, str]] = []
    after, left = (0, ""), -1
    while True:
        reply = page(desk, client_id, after, limit=limit, **changed)
        here = [(row[COLUMNS[t].index(TIMES[t])], row[0], t) for t, rows in reply.rows.items() for row in rows]
        assert len(here) <= limit
        assert left in {-1, len(here) + reply.left}, "what is left was counted right"
        here.sort(reverse=True)
        found += here
        left = reply.left
        if not reply.next_id:
            assert left == 0
            break
        assert (reply.next_at, reply.next_id) == here[-1][:2]
        after = (reply.next_at, reply.next_id)
    assert found == sorted(found, reverse=True)
    return [(table, row_id) for _, row_id, table in found]


def share(desk: Desk) -> set[str]:
    """What the desk keeps, by a whole fill."""
    cursors: dict[str, int] = {}
    fills: list[Any] = []
    found: set[str] = set()
    while True:
        reply = desk.get(PullReply, "pull", PullRequest("a", cursors, 0, fills=fills))
        found |= {row[0] for rows in reply.rows.values() for row in rows}
        cursors, fills = reply.cursors, reply.fills
        if not reply.more:
            return found


def search(desk: Desk, text: str, limit: int = 50) -> list[OlderFound]:
    return desk.get(OlderSearchReply, "older/search", OlderSearchRequest(text, limit)).hits


def furnish(site: Site, seed: int = 1) -> dict[str, dict[str, Any]]:
    """Some of everything: two teams, a team that is gone, people's own, of every age and state; by id."""
    dice = random.Random(seed)
    scopes = [*site.teams.values(), site.people["bob"], "team that is gone"]
    made: dict[str, dict[str, Any]] = {}
    for table, at in TIMES.items():
        rows = []
        for _ in range(40):
            old = site.ago(dice.choice([1, 100, 380, 420, 500, 800, 800.0, 1500]))
            row = {**new_row(table), "id": new_id(), "client_id": dice.choice(["bakery", "dental", ""]), at: old}
            row |= {"scope": dice.choice(scopes), "deleted": int(dice.random() < 0.2)}
            row[{"interactions": "note", "tickets": "subject", "follow_ups": "title"}[table]] = "Payroll matter"
            if table == "tickets":
                row |= {"state": dice.choice(["open", "waiting", "resolved", "closed"]), "opened_at": old - DAY}
            if table == "follow_ups":
                row |= {"state": dice.choice(["open", "done", "cancelled"]), "due_at": old}
            if dice.random() < 0.1:
                row["stamps"] = f'{{"note":[{site.ago(3)},"command"]}}'
            rows.append(row)
        site.file(table, *rows)
        made |= {row["id"]: {**row, "table": table} for row in rows}
    return made


def may_read(site: Site, login: str, scope: str, client_id: str) -> bool:
    """The roles table: own team's, others' through the client's profile; the manager all; the administrator nothing."""
    if login == "adm":
        return False
    if scope in site.teams.values():
        return bool(client_id) or login == "max" or site.is_in(login, scope)
    return scope == site.people[login]


def test_pages_and_share_make_up_all_that_the_roles_table_lets_a_person_read(site: Site) -> None:
    made = furnish(site)
    for login in LOGINS:
        desk = site.desk(login)
        kept = share(desk)
        for client_id in ("bakery", "dental"):
            for limit in (200, 7, 1) if login == "ada" else (9,):
                found = history(desk, client_id, limit)
                assert len(set(found)) == len(found)
                expected = {
                    (row["table"], row_id)
                    for row_id, row in made.items()
                    if row["client_id"] == client_id
                    and not row["deleted"]
                    and row_id not in kept
                    and may_read(site, login, row["scope"], row["client_id"])
                }
                assert set(found) == expected, login
                assert expected or login == "adm"
    assert history(site.desk("ada"), "bakery", kinds=["ticket"]) == [
        one for one in history(site.desk("ada"), "bakery") if one[0] == "tickets"
    ]


def test_a_row_opens_for_who_may_read_it_and_else_is_as_if_it_were_not_there(site: Site) -> None:
    made = furnish(site, 2)
    for login in LOGINS:
        desk = site.desk(login)
        nowhere = problem(desk.post("older/row", OlderRowRequest("tickets", new_id())))
        assert nowhere.code == "unknown"
        for row_id, row in made.items():
            response = desk.post("older/row", OlderRowRequest(row["table"], row_id))
            if may_read(site, login, row["scope"], row["client_id"]) and not row["deleted"]:
                reply = message(response, OlderRowReply)
                assert [one[0] for one in reply.rows[row["table"]]] == [row_id]
                assert reply.columns[row["table"]] == list(COLUMNS[row["table"]])
            else:
                assert (response.status_code, problem(response)) == (403, nowhere), login


def test_work_of_no_client_is_read_by_its_own_team_alone(site: Site) -> None:
    """There is no profile by way of which others could come to it."""
    old, theirs = site.ago(600), {"scope": site.teams["Team two"]}
    (call,) = site.file("interactions", {"started_at": old, "note": "Garnishment, who called is not known", **theirs})
    (ticket,) = site.file(
        "tickets", {"subject": "Garnishment", "last_message_at": old, "opened_at": old, "state": "closed", **theirs}
    )
    (message_id,) = site.file("messages", {"ticket_id": ticket, "body": "garnishment", "written_at": old, **theirs})
    site.index()
    strangers, team = site.desk("ada"), site.desk("cy")
    assert search(strangers, "garnishment") == []
    assert {hit.row_id for hit in search(team, "garnishment")} == {call, ticket, message_id}
    for table, row_id in (("interactions", call), ("tickets", ticket)):
        assert problem(strangers.post("older/row", OlderRowRequest(table, row_id))).code == "unknown"
        assert ids(team.get(OlderRowReply, "older/row", OlderRowRequest(table, row_id))) >= {(table, row_id)}


def test_a_ticket_comes_with_its_conversation_and_what_its_files_are_called(site: Site) -> None:
    theirs = {"scope": site.teams["Team two"]}
    (ticket,) = site.file("tickets", {"client_id": "bakery", "opened_at": site.ago(900), **theirs})
    messages = site.file(
        "messages",
        *({"ticket_id": ticket, "body": f"Line {n}", "written_at": site.ago(900) + n, **theirs} for n in range(4)),
        {"ticket_id": ticket, "deleted": 1, **theirs},
        {"ticket_id": ticket, "scope": site.people["bob"]},
        {"ticket_id": "another", **theirs},
    )
    files = site.file("attachments", {"ticket_id": ticket, "name": "w2.pdf", "size": 5, **theirs})
    reply = site.desk("ada").get(OlderRowReply, "older/row", OlderRowRequest("tickets", ticket))
    assert [row[0] for row in reply.rows["messages"]] == messages[:4]
    assert [row[0] for row in reply.rows["attachments"]] == files


def test_of_a_long_conversation_the_newest_come(site: Site) -> None:
    (ticket,) = site.file("tickets", {"client_id": "bakery"})
    made = ({"ticket_id": ticket, "written_at": n + 1} for n in range(OLDER_MESSAGES + 3))
    messages = site.file("messages", *made)
    reply = site.desk("ada").get(OlderRowReply, "older/row", OlderRowRequest("tickets", ticket))
    assert [row[0] for row in reply.rows["messages"]] == messages[3:]


def test_an_answer_has_room_for_so_many_bytes_and_the_rest_comes_with_the_next_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(older_module, "PAGE_BYTES", 5_000)
    sizes = (100, 30_000, 2_000, 2_000, 2_000, 100)
    made = [{"client_id": "bakery", "started_at": n, "note": "x" * size} for n, size in enumerate(sizes, 1)]
    calls = site.file("interactions", *made)
    desk = site.desk("ada")
    assert history(desk, "bakery") == [("interactions", row_id) for row_id in reversed(calls)]
    assert len(ids(page(desk, "bakery"))) < len(calls)


def test_what_is_left_is_counted_to_a_thousand(site: Site) -> None:
    site.file("interactions", *({"client_id": "bakery", "started_at": n + 1} for n in range(OLDER_COUNTED + 5)))
    desk = site.desk("ada")
    assert page(desk, "bakery", limit=1).left == OLDER_COUNTED + 1
    assert page(desk, "bakery", limit=5).left == OLDER_COUNTED
    assert len(history(desk, "bakery")) == OLDER_COUNTED + 5


def test_who_left_a_team_reads_on_through_the_profile_and_who_is_out_reads_nothing(site: Site) -> None:
    (mine,) = site.file("interactions", {"client_id": "bakery", "started_at": site.ago(1)})
    ada = site.desk("ada")
    assert history(ada, "bakery") == [], "it is in the share"
    by_hand.update(site.sql, "memberships", "deleted = 1", "user_id = ?", site.people["ada"])
    assert history(ada, "bakery") == [("interactions", mine)]
    by_hand.update(site.sql, "users", "role = 'administrator'", "id = ?", site.people["ada"])
    assert history(ada, "bakery") == []
    by_hand.update(site.sql, "users", "is_active = 0", "id = ?", site.people["ada"])
    for path, request in QUESTIONS:
        assert problem(ada.post(path, request)).code == "signed_out"
    with site.sql.transaction():
        site.sql.do("UPDATE devices SET revoked_at = 1")
    assert problem(ada.post("older/page", OlderPageRequest("bakery"))).code == "revoked"
    assert problem(Desk(ada.client).post("older/page", OlderPageRequest("bakery"))).code


QUESTIONS: tuple[tuple[str, msgspec.Struct], ...] = (
    ("older/page", OlderPageRequest("bakery")),
    ("older/row", OlderRowRequest("tickets", "x")),
    ("older/search", OlderSearchRequest("notice")),
)
HOSTILE = (
    "", "'", '"; DROP TABLE tickets; --', "\x00", "a\x00b", "%", "_", "\\", "*", "()", "AND OR NOT", "NEAR(a b)", ":*",
    "'a':*", "-x", "^x", "{x}", "\u202e\u0301\u0301", "é" * 300, "x" * 30_000, "🙂", "\ue000c0", "1" * 400, "<b>", "\ud7ff",
)  # fmt: skip


def test_no_text_makes_the_server_stumble(site: Site) -> None:
    furnish(site)
    site.index()
    desk = site.desk("ada")
    extremes = (0, -1, 1, 1 << 53, 1 << 62, -(1 << 63), (1 << 64) - 1)
    asked: list[tuple[str, Any]] = []
    for text in HOSTILE:
        asked += [
            ("older/page", OlderPageRequest(text)),
            ("older/page", OlderPageRequest("bakery", 5, text)),
            ("older/page", OlderPageRequest("bakery", kinds=[text])),
            ("older/row", OlderRowRequest("tickets", text)),
            ("older/row", OlderRowRequest(text, "x")),
            ("older/search", OlderSearchRequest(text)),
        ]
    for number in extremes:
        asked += [
            ("older/page", OlderPageRequest("bakery", number, "x")),
            ("older/page", OlderPageRequest("bakery", limit=number)),
            ("older/search", OlderSearchRequest("notice", number)),
        ]
    asked += [
        ("older/row", OlderRowRequest(table, "x")) for table in ("users", "credentials", "log", "notes", "tickets t")
    ]
    asked += [(path, body) for path, _ in QUESTIONS for body in (b"", b"\xc1", b"\x80", msgspec.msgpack.encode([1]))]
    for path, request in asked:
        response = desk.post(path, request)
        assert response.status_code in {200, 400, 403}, (path, request, response.status_code)
    assert history(desk, "bakery"), "and it goes on"


def test_who_asks_without_end_waits(tmp_path: Path) -> None:
    made = Site(tmp_path, "", Limits(older=Rate(10, 0.001)))
    desk = made.desk("ada")
    assert [desk.post("older/page", OlderPageRequest("x")).status_code for _ in range(12)].count(429) == 2
    assert desk.post("older/search", OlderSearchRequest("x")).status_code == 429
    assert desk.pull().rights.name == "Ada Sample", "syncing goes on"
    made.close()


# Searching


def test_older_work_is_found_by_its_words(site: Site) -> None:
    old, theirs = site.ago(600), {"scope": site.teams["Team two"]}
    calls = site.file(
        "interactions",
        {"client_id": "bakery", "started_at": old, "note": "Asked about the café's W-2 for José", "contact_id": "dana"},
        {"client_id": "bakery", "started_at": old + 5, "note": "The tax notification came", **theirs},
        {"client_id": "bakery", "started_at": old + 9, "note": "notice notice", "deleted": 1},
        {"client_id": "bakery", "started_at": site.ago(2), "note": "A notice of today is in the share"},
    )
    tickets = site.file(
        "tickets",
        {
            "client_id": "dental",
            "subject": "Tax notice 941",
            "number": 4821,
            "last_message_at": old,
            "opened_at": old,
            "state": "closed",
        },
        {"client_id": "dental", "subject": "An open notice", "number": 4822, "opened_at": old, "last_message_at": old},
    )
    messages = site.file(
        "messages",
        {"ticket_id": tickets[0], "client_id": "dental", "body": "Dear bureau, " + "see below. " * 20 + "the Notice is here",
         "written_at": old + 1, "kind": "inbound"},
        {"ticket_id": tickets[0], "client_id": "dental", "body": "notice given", "written_at": old + 2, "kind": "event"},
        {"ticket_id": tickets[1], "client_id": "dental", "body": "this notice is kept with its open ticket", "written_at": old},
        {"ticket_id": "nowhere", "client_id": "dental", "body": "notice without a ticket", "written_at": old},
    )  # fmt: skip
    follow_ups = site.file(
        "follow_ups",
        {"client_id": "bakery", "title": "Call back", "outcome_note": "They got the notice", "created_at": old, "state": "done"},
        {"client_id": "bakery", "title": "A private notice", "created_at": old, "state": "done", "scope": site.people["bob"]},
    )  # fmt: skip
    site.index()
    ada = site.desk("ada")
    found = search(ada, "notice")
    assert [(hit.table, hit.row_id) for hit in found] == [
        ("messages", messages[0]),
        *sorted([("follow_ups", follow_ups[0]), ("tickets", tickets[0])], key=lambda one: one[1]),
    ], "the newest first"
    assert [hit.row_id for hit in search(ada, "noti")] == [calls[1], messages[0], *(h.row_id for h in found[1:])]
    message_hit = found[0]
    assert (message_hit.ticket_id, message_hit.subject, message_hit.number) == (tickets[0], "Tax notice 941", 4821)
    assert [message_hit.title[start : start + size].lower() for start, size in message_hit.marks] == ["notice"]
    assert [hit.row_id for hit in search(ada, "#4821")] == [tickets[0]]
    assert [hit.row_id for hit in search(ada, "CAFE jose w-2")] == [calls[0]]
    assert [hit.row_id for hit in search(ada, "tax not")] == [calls[1], tickets[0]]
    assert search(ada, "tax bakery") == []
    assert [hit.row_id for hit in search(site.desk("cy"), "today")] == [calls[3]]
    assert search(site.desk("adm"), "notice") == []
    assert search(site.desk("bob"), "private") == [], "only what teams do"


def test_whole_words_come_before_beginnings_of_words(site: Site) -> None:
    calls = site.file(
        "interactions",
        *({"client_id": "bakery", "started_at": site.ago(n), "note": note} for n, note in
          ((900, "a late deposit"), (800, "two deposits"), (700, "their depositary"))),
    )  # fmt: skip
    site.index()
    ada = site.desk("ada")
    assert [hit.row_id for hit in search(ada, "deposit")] == [calls[0], calls[2], calls[1]]
    assert [hit.row_id for hit in search(ada, "deposit", 2)] == [calls[0], calls[2]]
    assert [hit.row_id for hit in search(ada, "deposits")] == [calls[1]]
    assert [hit.row_id for hit in search(ada, "dep")] == calls[::-1]
    assert search(ada, "de") == [], "too little to be a beginning"
    assert [hit.row_id for hit in search(ada, "a dep")] == [calls[0]], "but a word it is"


def test_what_is_found_follows_what_is_written(site: Site) -> None:
    old = site.ago(600)
    (call,) = site.file("interactions", {"client_id": "bakery", "started_at": old, "note": "garnishment order"})
    site.index()
    ada = site.desk("ada")
    assert [hit.row_id for hit in search(ada, "garnishment")] == [call]
    by_hand.update(site.sql, "interactions", "note = 'levy order'", "id = ?", call)
    assert [hit.title for hit in search(ada, "garnishment")] == ["levy order"], "as it is now, until the index follows"
    site.index()
    assert search(ada, "garnishment") == []
    assert [hit.row_id for hit in search(ada, "levy")] == [call]
    by_hand.update(site.sql, "interactions", "scope = ?", "id = ?", site.people["bob"], call)
    assert search(ada, "levy") == []
    by_hand.update(site.sql, "interactions", "scope = ?", "id = ?", site.teams["Team two"], call)
    by_hand.update(site.sql, "interactions", "note = 'garnishment order'", "id = ?", call)
    site.index()
    assert [hit.row_id for hit in search(ada, "garnishment")] == [call]
    by_hand.update(site.sql, "interactions", "deleted = 1", "id = ?", call)
    assert search(ada, "garnishment") == []
    site.index()
    assert site.sql.value("SELECT COUNT(*) FROM search_work") == 0


def test_the_server_indexes_by_itself_once_nothing_is_written(site: Site) -> None:
    (call,) = site.file("interactions", {"client_id": "bakery", "started_at": site.ago(600), "note": "amended return"})
    ada = site.desk("ada")
    end = time.monotonic() + 20
    while not (found := search(ada, "amended")):
        assert time.monotonic() < end, "it was not indexed"
        time.sleep(0.1)
    assert [hit.row_id for hit in found] == [call]


def test_of_very_many_the_newest_are_found_and_it_is_said_that_there_are_more(site: Site) -> None:
    calls = site.file(
        "interactions",
        *({"client_id": "bakery", "started_at": site.ago(600) + n, "note": f"deposit {n}"} for n in range(250)),
    )
    with site.sql.transaction():
        while SearchIndex(site.sql).step():
            pass
    reply = site.desk("ada").get(OlderSearchReply, "older/search", OlderSearchRequest("deposit", 20))
    assert [hit.row_id for hit in reply.hits] == calls[:-21:-1]
    assert reply.is_more
    cy = site.desk("cy")
    by_hand.update(site.sql, "interactions", "deleted = 1", "started_at > ?", site.ago(600) + 5)
    reply = cy.get(OlderSearchReply, "older/search", OlderSearchRequest("deposit"))
    assert [hit.row_id for hit in reply.hits] == calls[5::-1], "behind many that are gone"
    assert not reply.is_more


@pytest.mark.parametrize("seed", range(3))
def test_nobody_finds_what_they_may_not_read_or_have_anyway(site: Site, seed: int) -> None:
    made = furnish(site, seed)
    site.index()
    for login in LOGINS:
        desk = site.desk(login)
        kept = share(desk)
        found = {hit.row_id for hit in search(desk, "pay matter")}
        allowed = {
            row_id
            for row_id, row in made.items()
            if row["scope"] in site.teams.values()
            and not row["deleted"]
            and may_read(site, login, row["scope"], row["client_id"])
        } - kept
        assert found <= allowed, login
        assert len(found) == min(50, len(allowed))
