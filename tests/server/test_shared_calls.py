"""Two desks and a real server: a missed call that one returns, a number that both say is somebody's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.commands.calls import LogInteraction
from csr_desktop.commands.clients import AddClient, AddContact
from csr_desktop.domain.errors import Refused
from csr_desktop.server.run import RunningServer
from tests.server.desk import new_id
from tests.server.test_engine import Workstation, until

NUMBER = "+17025550119"


@pytest.fixture
def both(server: RunningServer, tmp_path: Path) -> Iterator[tuple[Workstation, Workstation]]:
    """Ada and Bob, of one team."""
    desks = tuple(Workstation(tmp_path / "desks" / login, server.url, login) for login in ("ada", "bob"))
    until(lambda: all(desk.is_saved() for desk in desks))
    yield desks[0], desks[1]
    for desk in desks:
        desk.close()


def sync(*desks: Workstation) -> None:
    for desk in desks:
        desk.engine.wake()
    until(lambda: all(desk.is_saved() for desk in desks))


def row(desk: Workstation, table: str, row_id: str) -> dict[str, Any]:
    return dict(desk.data.sql.load(table, [row_id]).get(row_id, {}))


def calls_from(desk: Workstation, **fields: Any) -> str:
    at = desk.data.now() - 600_000
    command = LogInteraction(
        row_id=new_id(),
        scope=next(iter(desk.data.replica.who().teams)),
        number=NUMBER,
        started_at=at,
        ended_at=at,
        **fields,
    )
    desk.data.replica.do(command)
    return command.row_id


def people(desk: Workstation) -> tuple[str, str]:
    """Two contacts of two clients."""
    made = []
    for name in ("Example Bakery", "Sample Dental Group"):
        client_id, contact_id = new_id(), new_id()
        desk.data.replica.do(
            AddClient(row_id=client_id, name=name),
            AddContact(row_id=contact_id, client_id=client_id, name=f"Of {name}"),
        )
        made.append(contact_id)
    return made[0], made[1]


def waits(desk: Workstation, call_id: str) -> bool:
    return any(item.id == call_id for item in desk.data.services.inbox.page("my_team").rows)


def test_a_missed_call_that_one_returns_waits_for_nobody_any_more(both: tuple[Workstation, Workstation]) -> None:
    ada, bob = both
    missed = calls_from(ada, result="missed")
    sync(ada)
    until(lambda: bool(row(bob, "interactions", missed)))
    assert waits(ada, missed)
    assert waits(bob, missed)
    call = bob.data.services.calls.start(NUMBER, returns_id=missed)
    bob.data.services.calls.answer(call.id)
    bob.data.services.calls.end(call.id)
    saved = bob.data.services.calls.save(call.id)
    sync(bob)
    until(lambda: not waits(ada, missed))
    assert row(ada, "interactions", missed)["called_back_by_id"] == bob.data.replica.who().id
    # Taken back, it waits for everybody again.
    bob.data.services.undo(saved.outcome.group_id)
    sync(bob)
    until(lambda: waits(ada, missed))


def test_a_number_that_two_give_to_different_people_is_one_persons_everywhere(
    both: tuple[Workstation, Workstation],
) -> None:
    ada, bob = both
    first, second = people(ada)
    adas, bobs = calls_from(ada), calls_from(bob)
    sync(ada, bob)
    until(
        lambda: bool(row(bob, "interactions", adas) and row(ada, "interactions", bobs) and row(bob, "contacts", second))
    )
    # Each without knowing of the other: the engines sleep meanwhile.
    ada.engine.stop()
    bob.engine.stop()
    ada.data.services.calls.attach_number(adas, first)
    time.sleep(1)  # the two differ in what o'clock it is by what their questions to the server took
    bob.data.services.calls.attach_number(bobs, second)
    assert row(ada, "interactions", bobs)["contact_id"] == first, "also what a colleague logged"
    ada.engine = ada.data.engine(ada.changes.append, ada.statuses.append)
    bob.engine = bob.data.engine(bob.changes.append, bob.statuses.append)
    ada.engine.start()
    bob.engine.start()
    sync(ada, bob)
    until(lambda: row(ada, "interactions", adas)["contact_id"] == second)
    for desk in both:
        assert {row(desk, "interactions", i)["contact_id"] for i in (adas, bobs)} == {second}
        assert desk.data.sql.all("SELECT status FROM needs_you WHERE status <> 'differs'") == []
        assert len(desk.data.services.calls.candidates(NUMBER).candidates) == 2, "both have the number"
        client_id = row(desk, "contacts", second)["client_id"]
        assert row(desk, "interactions", adas)["client_id"] == client_id


def test_what_was_attached_is_taken_back_everywhere(both: tuple[Workstation, Workstation]) -> None:
    ada, bob = both
    first, _ = people(ada)
    bobs = calls_from(bob)
    sync(ada, bob)
    until(lambda: bool(row(ada, "interactions", bobs)))
    attached = ada.data.services.calls.attach_number(bobs, first)
    sync(ada)
    until(lambda: row(bob, "interactions", bobs)["contact_id"] == first)
    ada.data.services.undo(attached.outcome.group_id)
    sync(ada)
    until(lambda: row(bob, "interactions", bobs)["contact_id"] == "")
    assert bob.data.services.calls.candidates(NUMBER).candidates == ()
    with pytest.raises(Refused):
        ada.data.services.undo(attached.outcome.group_id)
