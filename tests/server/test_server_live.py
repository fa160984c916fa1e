"""Long polls: who hears of what, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from csr_desktop.commands.administration import AddTeam
from csr_desktop.commands.calls import LogInteraction
from csr_desktop.commands.work import Work
from csr_desktop.server.run import RunningServer, administration
from csr_desktop.store.tables import new_row
from tests.server.desk import Desk, new_id

Desks = Callable[[str], Desk]


def test_a_poke_waits_for_a_colleague_and_uses_no_thread(ada: Desk, desk: Desks) -> None:
    listeners = [desk("bob").begin() for _ in range(12)]
    cursors = listeners[0].pull().cursors
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda d=d: answers.append(d.poke(cursors))) for d in listeners]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert answers == []
    ada.push(ada.client_command())
    for thread in threads:
        thread.join(10)
    assert answers == [True] * 12


def test_a_poke_is_not_for_another_teams_work(
    ada: Desk, desk: Desks, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csr_desktop.server.streams.POKE_SECONDS", 1.5)
    cy, bob = desk("cy").begin(), desk("bob").begin()
    team = next(iter(ada.pull().rights.teams))
    heard: dict[str, bool] = {}
    threads = [
        threading.Thread(target=lambda d=d: heard.update({d.login: d.poke(d.pull().cursors)})) for d in (cy, bob)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    ada.push(ada.stamp(LogInteraction(row_id=new_id(), scope=team, started_at=1000, ended_at=2000)))
    for thread in threads:
        thread.join(10)
    assert [a.status for a in ada.pull().answers] == ["done"]
    assert heard == {"cy": False, "bob": True}


def test_a_poke_is_for_the_team_alone_where_old_work_is_taken_up_again(
    ada: Desk, desk: Desks, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ticket's messages are numbered anew with it, though nothing was written in them."""
    monkeypatch.setattr("csr_desktop.server.streams.POKE_SECONDS", 1.5)
    cy, bob = desk("cy").begin(), desk("bob").begin()
    team, parts = next(iter(ada.pull().rights.teams)), server.parts
    old_at = int(time.time() * 1000) - 900 * 86_400_000

    def put(state: str) -> None:
        work = Work(parts.sql.load, new_row, find=parts.sql.find)
        work.put("tickets", "ticket", scope=team, state=state, subject="Garnishment", opened_at=old_at)
        for n in range(3 if state == "closed" else 0):
            work.put("messages", f"message-{n}", scope=team, ticket_id="ticket", written_at=old_at)
        parts.ledger.write(work)

    parts.writer.do(lambda: put("closed")).result()
    heard: dict[str, bool] = {}
    threads = [
        threading.Thread(target=lambda d=d: heard.update({d.login: d.poke(d.pull().cursors)})) for d in (cy, bob)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    parts.writer.do(lambda: put("open")).result()
    for thread in threads:
        thread.join(10)
    assert heard == {"cy": False, "bob": True}
    assert len(ada.pull().rows["messages"]) == 3


def test_a_change_from_the_command_line_is_heard_of(ada: Desk, server: RunningServer) -> None:
    cursors = ada.pull().cursors
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(ada.poke(cursors)))
    thread.start()
    time.sleep(0.3)
    with administration(server.folder) as admin:
        admin.do(AddTeam(row_id=new_id(), name="Team three"))
    thread.join(10)
    assert heard == [True]


def test_a_workstations_new_poke_ends_its_former_one(ada: Desk) -> None:
    cursors = ada.pull().cursors
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(ada.poke(cursors)))
    thread.start()
    time.sleep(0.3)
    second = threading.Thread(target=lambda: heard.append(ada.poke(cursors)))
    second.start()
    thread.join(10)
    assert heard == [False]
    ada.push(ada.client_command())
    second.join(10)
    assert heard == [False, True]


def test_a_poke_tells_of_scopes_won_and_lost(ada: Desk) -> None:
    cursors = ada.pull().cursors
    assert ada.poke({}) is True
    assert ada.poke({**cursors, "lost": 1}) is True


def test_stopping_lets_long_polls_go(desk: Desks, server: RunningServer) -> None:
    ada = desk("ada").begin()
    cursors = ada.pull().cursors
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(ada.poke(cursors)))
    thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    server.__exit__(None, None, None)
    thread.join(10)
    assert heard == [False]
    assert time.monotonic() - began < 5
