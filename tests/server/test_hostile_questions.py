"""Fault 20 again, for all that is asked and nothing that is pushed: numbers, names and lists that no desk sends, on both
databases. Each is refused in words or answered with nothing; none is a fault of the server, none opens another team.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.commands.tickets import OpenTicket
from csr_desktop.protocol import CheckReply, CheckRequest, PullReply, PullRequest
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk, http_client, message, new_id, problem

LARGEST = 2**64 - 1
NAMES = ("\0", "a\0b", "", "'); DROP TABLE tickets; --", "../../etc/passwd", "%", "\u202e", "x" * 60_000)


class Town:
    """Ada of team one asks; Cy of team two has a ticket."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        self.ada, self.cy = (Desk(http_client(running.url), login) for login in ("ada", "cy"))
        self.ada.begin()
        self.cy.begin()
        (self.theirs,) = self.cy.pull().rights.teams
        self.ticket_id = new_id()
        self.cy.push(self.cy.stamp(OpenTicket(row_id=self.ticket_id, scope=self.theirs, subject="Their tax notice")))
        reply = self.ada.get(PullReply, "pull", PullRequest("a", {}, 0, fills=[]))
        while reply.more:
            cursors, fills = reply.cursors, reply.fills
            reply = self.ada.get(PullReply, "pull", PullRequest("a", cursors, 0, fills=fills))
        self.cursors, self.cut_off_at = reply.cursors, reply.cut_off_at
        (self.mine,) = reply.rights.teams

    def ask(self, path: str, **fields: Any) -> tuple[int, str]:
        """Status and code; a reply must hold nothing of the other team's."""
        response = self.ada.post(path, msgspec.msgpack.encode(fields))
        assert b"Their tax notice" not in msgspec.msgpack.encode(message(response, dict[str, Any]))
        return response.status_code, "" if response.status_code == 200 else problem(response).code

    def pull(self, **changed: Any) -> tuple[int, str]:
        usual = {"asked": "a", "cursors": self.cursors, "answered": 0, "fills": []}
        return self.ask("pull", **{**usual, **changed})

    def close(self) -> None:
        """It goes on as if nothing had been: both have what is theirs, and nothing else."""
        assert self.ticket_id in str(self.cy.pull().rows["tickets"])
        assert self.ticket_id not in str(self.ada.pull().rows)
        for one in (self.ada, self.cy):
            one.client.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    folder = ServerFolder(tmp_path / "server", database_url("hostile") if request.param == "postgresql" else "")
    make_bureau(folder)
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as running:
        made = Town(running)
        yield made
        made.close()


def test_places_in_a_fill_that_are_none(town: Town) -> None:
    for number in (-1, -(2**63), 2**53, 2**63 - 1, 2**63, LARGEST):
        for fill in ([town.mine, 2, "tickets", number, 0], [town.mine, 2, "tickets", 1, number]):
            assert town.pull(fills=[fill]) == (400, "bad_message"), fill
            assert town.pull(fills=[fill], limit=1) == (400, "bad_message"), fill
    for fill in (
        [town.mine, LARGEST, "tickets", 1, 0],
        [town.mine, 0, "log", 1, 0],
        [town.theirs, 2, "tickets", 99, 0],
    ):
        assert town.pull(fills=[fill])[0] == 200, "what is not known is begun anew, and another team's is left out"
    for name in NAMES[:-1]:
        assert town.pull(fills=[[name, 2, "tickets", 1, 0], [town.mine, 2, name, 1, 0]])[0] == 200
    assert town.pull(limit=-(2**63))[0] == town.pull(limit=LARGEST)[0] == 200


def test_rows_that_are_asked_for_again(town: Town) -> None:
    def again(**wanted: list[str]) -> tuple[int, str]:
        return town.pull(again=wanted)

    for name in NAMES:
        assert again(tickets=[name])[0] in {200, 400}, name
        assert town.pull(again={name: ["x"]})[0] == 200
    assert again(tickets=[town.ticket_id], log=[town.ticket_id], devices=[town.cy.device_id])[0] == 200
    assert again(tickets=["a"] * 500)[0] == 200, "as many as a desk asks for"
    assert again(tickets=["a"] * 30_000) == (400, "bad_message"), "each would be said of each team"
    assert again(**{f"table{number}": ["a"] for number in range(5_000)}) == (400, "bad_message")


def test_what_is_compared(town: Town) -> None:
    def check(**fields: Any) -> tuple[int, str]:
        return town.ask("check", **{"cursors": town.cursors, "cut_off_at": town.cut_off_at, **fields})

    asked = CheckRequest(town.cursors, town.cut_off_at, town.mine, ["00"])
    assert town.ada.get(CheckReply, "check", asked).is_now, "so what follows is looked for"
    for name in NAMES:
        assert check(scope=town.mine, buckets=[name]) == (400, "bad_message"), name
        assert check(scope=name)[0] == 200
    assert check(scope=town.mine, buckets=["'\"", "%%", "--"])[0] == 200
    assert check(scope=town.mine, buckets=["aa"] * 20_000)[0] == 200, "the first few are looked at"
    assert check(scope=town.theirs, buckets=["aa"])[0] == 200
    for number in (LARGEST, 2**53):
        assert check(row_count=number, differing_count=0) == (400, "bad_message")
        assert check(row_count=0, differing_count=number) == (400, "bad_message")
    assert check(row_count=-(2**63), differing_count=0)[0] == 200


def test_cursors_of_streams_and_polls(town: Town) -> None:
    for path in ("poke", "stream"):
        for cursors in ({"x": -1}, {"x": 2**53}, {town.mine: -(2**63)}, {town.mine: LARGEST}):
            assert town.ask(path, cursors=cursors) == (400, "bad_message"), cursors
    for foreign in ({town.theirs: 0}, {"\0": 0}, {"": 1}, {f"scope {number}": 0 for number in range(3_000)}):
        began = time.monotonic()
        assert town.ask("poke", cursors={**town.cursors, **foreign}) == (200, "")
        assert time.monotonic() - began < 1, "it is told to look, at once"
    assert town.ask("poke", cursors={f"{number:06}": 0 for number in range(20_000)})[1] == "too_large"


def test_words_of_presence(town: Town) -> None:
    bob = Desk(http_client(town.running.url), "bob").begin()
    for status in ("asleep", *NAMES):
        assert town.ask("presence", status=status) == (400, "bad_message")
    for field in ("ticket_id", "writes", "scope"):
        assert town.ask("presence", **{"status": "available", field: "x" * 65}) == (400, "bad_message")
    for name in NAMES[:-1]:
        assert town.ask("presence", status="available", ticket_id=name, writes=name, scope=town.mine) == (200, "")
    town.ask("presence", status="available", ticket_id=town.ticket_id, scope=town.theirs)
    (seen,) = (one for one in bob.say("available") if one.user_id == town.ada.user_id)
    assert (seen.status, seen.ticket_id) == ("available", ""), "another team's ticket is left out"
    assert town.ada.user_id not in {one.user_id for one in town.cy.say("available")}
    bob.client.close()


def test_a_thousand_words_at_once_are_held_to_the_workstations_rate(town: Town) -> None:
    bob = Desk(http_client(town.running.url), "bob").begin()
    ear = bob.listen()
    answers = [town.ask("presence", status=("available", "break")[number % 2])[0] for number in range(500)]
    assert answers[:200] == [200] * 200
    assert 429 in answers
    ear.until(lambda: ear.status_of(town.ada) in {"available", "break"})
    assert len(ear.events) < 60, "who hears them gets few"
    assert town.cy.say("break") == []
    time.sleep(1)  # until she may ask again
    ear.close()
    bob.client.close()


def test_attachments_by_any_name_get_one_answer(town: Town) -> None:
    for name in (*NAMES, new_id(), town.ticket_id):
        answers = {
            town.ask("content/state", id=name),
            town.ask("content/finish", id=name),
            town.ask("content/get", id=name, offset=-1),
            town.ask("content/put", id=name, offset=-1, body=b"x", sha256=b""),
            town.ask("content/put", id=name, offset=LARGEST, body=b"", sha256=b"x" * 32),
        }
        assert answers == {(403, "unknown")}, re.escape(name[:50])


def test_who_signs_in_under_any_name(town: Town) -> None:
    stranger = Desk(http_client(town.running.url), "ada")
    for name in NAMES[:-1]:
        for changed in ({"login": name}, {"password": name}, {"device_name": name}, {"device_id": name}):
            response = stranger.post("sign-in", stranger.sign_in_request(**changed))
            assert response.status_code < 500, (changed, problem(response))
        response = stranger.post("sign-in", stranger.sign_in_request(key_checks=[name] * 50))
        assert response.status_code < 500, name
    stranger.client.close()
