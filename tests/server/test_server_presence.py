"""Presence at the server: who is told what of whom, for how long, and that nothing of it is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from csr_desktop.commands.administration import RemoveMembership
from csr_desktop.protocol import PokeReply, PokeRequest, PresenceWord, Present
from csr_desktop.server.attendance import Attendance
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings, administration
from tests import postgresql
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Clock, Desk, Ear, http_client, new_id, problem
from tests.server.test_server_streams import Desks, Listen, membership_of, team_of

MARKER = "0190cafe-0000-7000-8000-00000000beef"


@pytest.fixture
def listen() -> Iterator[Listen]:
    with ExitStack() as closing:

        def begin(desk: Desk) -> Ear:
            ear = desk.listen()
            closing.callback(ear.close)
            return ear

        yield begin


def test_a_team_sees_who_is_there_and_other_teams_do_not(ada: Desk, desk: Desks, listen: Listen) -> None:
    bob, cy = desk("bob").begin(), desk("cy").begin()
    team = team_of(ada)
    ada.say("available")
    at_bobs, at_cys, at_maxs = listen(bob), listen(cy), listen(desk("max").begin())
    assert at_bobs.status_of(ada) == "available"
    ada.say("on_call", MARKER, team, writes="reply")
    at_bobs.until(lambda: at_bobs.status_of(ada) == "on_call")
    assert (at_bobs.people[ada.user_id].ticket_id, at_bobs.people[ada.user_id].writes) == (MARKER, "reply")
    # A manager reads the team's tickets, and is in none of its teams' people's lists; nor are they told of the manager.
    at_maxs.until(lambda: ada.user_id in at_maxs.people)
    time.sleep(0.2)
    assert at_cys.people == {}
    assert [one.user_id for one in bob.say("available")] == [ada.user_id]
    assert cy.say("available") == []


def test_a_ticket_is_told_only_to_who_may_read_it(ada: Desk, desk: Desks, listen: Listen) -> None:
    cy, lea = desk("cy").begin(), desk("lea").begin()
    at_leas = listen(lea)
    ada.say("available", MARKER, team_of(cy))  # a hostile desk: that team is not theirs
    at_leas.until(lambda: at_leas.status_of(ada) == "available")
    assert at_leas.people[ada.user_id].ticket_id == ""
    assert cy.say("available") == []


def test_who_breaks_off_is_offline_after_a_grace(ada: Desk, desk: Desks, listen: Listen, server: RunningServer) -> None:
    at_adas, bob = listen(ada), desk("bob").begin()
    ear = bob.listen()
    bob.say("break")
    at_adas.until(lambda: at_adas.status_of(bob) == "break")
    ear.close()
    began = time.monotonic()
    again = bob.listen()  # back within the grace
    time.sleep(1.5)
    assert at_adas.status_of(bob) == "break"
    again.close()
    at_adas.until(lambda: at_adas.status_of(bob) == "offline", 15)
    assert 10 <= time.monotonic() - began < 15


def test_who_was_not_heard_of_is_offline() -> None:
    clock, changed = Clock(), []
    attendance = Attendance("one", clock, clock.monotonic, lambda user, scopes: changed.append((user, set(scopes))))
    team = frozenset({"team"})
    attendance.say("d1", "ada", team, team | {"org"}, PresenceWord("wrap_up", "t1", writes="reply", scope="team"))
    attendance.say("d1", "ada", team, team | {"org"}, PresenceWord("wrap_up", "t1", writes="reply", scope="team"))
    assert changed == [("ada", {"team"})], "what is repeated is told nobody"
    since = clock()
    clock.pass_seconds(44)
    attendance.expire()
    assert attendance.told("ada", team) == Present("ada", "wrap_up", since, "t1", writes="reply")
    clock.pass_seconds(1)
    attendance.expire()
    assert attendance.told("ada", team).status == "offline"
    assert attendance.all_told("bob", team) == []
    assert len(changed) == 2


def test_of_two_workstations_the_one_on_a_call_counts() -> None:
    clock = Clock()
    attendance = Attendance("one", clock, clock.monotonic, lambda _user, _scopes: None)
    team = frozenset({"team"})
    attendance.say("d1", "ada", team, team, PresenceWord("on_call"))
    attendance.say("d2", "ada", team, team, PresenceWord("available", "t2", scope="team"))
    told = attendance.told("ada", team)
    assert (told.status, told.ticket_id) == ("on_call", "t2")
    attendance.drop("d1")
    assert attendance.told("ada", team).status == "available"


def test_what_was_heard_of_another_process_goes_with_its_silence() -> None:
    clock = Clock()
    team = frozenset({"team"})
    one = Attendance("one", clock, clock.monotonic, lambda _user, _scopes: None)
    two = Attendance("two", clock, clock.monotonic, lambda _user, _scopes: None)
    one.on_said, two.on_said = two.hear, one.hear
    one.say("d1", "ada", team, team, PresenceWord("on_call", "t1", scope="team"))
    assert two.told("ada", team) == one.told("ada", team)
    late = Attendance("three", clock, clock.monotonic, lambda _user, _scopes: None)
    one.on_said, late.on_said = late.hear, one.hear
    late.ask_others()
    assert late.told("ada", team) == one.told("ada", team)
    assert two.told("ada", frozenset({"other"})).status == ""
    clock.pass_seconds(46)
    two.expire()
    assert two.told("ada", team).status == "offline"
    two.hear(b"\xff not a message")


def test_what_no_workstation_says_is_refused(ada: Desk) -> None:
    for word in (PresenceWord("asleep"), PresenceWord(""), PresenceWord("available", "x" * 65, scope="org")):
        refused = ada.post("presence", word)
        assert (refused.status_code, problem(refused).code) == (400, "bad_message")


def test_a_long_poll_tells_who_is_there(ada: Desk, desk: Desks) -> None:
    bob = desk("bob").begin()
    cursors = ada.pull().cursors
    bob.say("break")
    first = ada.get(PokeReply, "poke", PokeRequest(cursors, 0))
    assert (first.is_news, [one.status for one in first.people]) == (False, ["break"])
    assert ada.poke({}) is True, "who does not ask for people waits for news alone"


def test_who_left_the_team_is_seen_there_no_more(ada: Desk, desk: Desks, listen: Listen, server: RunningServer) -> None:
    bob = desk("bob").begin()
    at_adas, _ = listen(ada), listen(bob)
    bob.say("available")
    at_adas.until(lambda: at_adas.status_of(bob) == "available")
    member = membership_of(bob)
    with administration(server.folder) as admin:
        admin.do(RemoveMembership(row_id=member))
    at_adas.until(lambda: at_adas.status_of(bob) == "")


def test_nothing_of_it_is_kept(
    ada: Desk, listen: Listen, server: RunningServer, folder: ServerFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    listen(ada)
    ada.say("on_call", MARKER, team_of(ada), writes="reply")
    ada.push(ada.client_command())
    assert MARKER not in capfd.readouterr().err
    for path in folder.path.iterdir():
        assert MARKER.encode() not in path.read_bytes(), path.name


@pytest.mark.postgresql
def test_two_processes_on_one_database_see_each_others_people(tmp_path: Path) -> None:
    url = postgresql.database_url("presence" + new_id().replace("-", ""))
    folder = ServerFolder(tmp_path / "server", url)
    make_bureau(folder)
    around = Surroundings(passwords=CHEAP)
    with ExitStack() as closing:
        here, there = (closing.enter_context(RunningServer(folder, surroundings=around)) for _ in range(2))

        def desk(server: RunningServer, login: str) -> Desk:
            return closing.enter_context(Desk(http_client(server.url), login)).begin()

        ada, bob = desk(here, "ada"), desk(there, "bob")
        ear = bob.listen()
        closing.callback(ear.close)
        ada.say("on_call", MARKER, team_of(ada))
        ear.until(lambda: ear.status_of(ada) == "on_call")
        cut(url)  # the connections come back by themselves
        ear.until(lambda: says_through(ada, ear), 15)
        late = closing.enter_context(RunningServer(folder, surroundings=around))
        lea = desk(late, "lea")
        deadline = time.monotonic() + 5
        while not lea.say("available"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert MARKER not in dumped(url)


def says_through(ada: Desk, ear: Ear) -> bool:
    """Whether a change arrives, each time another one."""
    status = "break" if ear.status_of(ada) == "available" else "available"
    ada.say(status)
    time.sleep(0.2)
    return ear.status_of(ada) == status


def cut(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


def dumped(url: str) -> str:
    """All that stands in the database, as text."""
    import psycopg

    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "".join(str(connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()) for (name,) in tables)
