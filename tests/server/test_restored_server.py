"""A database that was put back from an older backup: a workstation that knows more is told so, and can begin anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from csr_desktop.protocol import PullReply, PullRequest
from csr_desktop.server.app import Api
from csr_desktop.server.folder import ServerFolder, begin_epoch
from csr_desktop.server.run import Surroundings, server_parts
from tests.server.desk import CHEAP, Clock, Desk, message, problem

Question = Callable[[PullReply], PullRequest]


@contextmanager
def served(folder: ServerFolder, clock: Clock) -> Iterator[TestClient]:
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP)
    with (
        server_parts(folder, around) as parts,
        TestClient(Api(parts).application(), base_url="http://127.0.0.1") as client,
    ):
        yield client


@pytest.fixture
def away(folder: ServerFolder, clock: Clock, tmp_path: Path) -> Iterator[tuple[Desk, PullReply]]:
    """A workstation at a server that was put back from a backup of its first day, and what it had pulled before."""
    with served(folder, clock) as client:
        desk = Desk(client).begin()
        desk.push(desk.client_command("Sample One"))
    shutil.copytree(folder.path, tmp_path / "backup")
    with served(folder, clock) as client:
        desk.client = client
        desk.prove()
        for number in range(3):
            desk.push(desk.client_command(f"Lost Example {number}"))
        known = desk.pull()
    shutil.rmtree(folder.path)
    shutil.move(tmp_path / "backup", folder.path)
    with served(folder, clock) as client:
        desk.client = client
        desk.prove()
        yield desk, known


@pytest.mark.parametrize(
    "question",
    [
        lambda known: PullRequest("a", known.cursors, 0),
        lambda known: PullRequest("a", {}, known.seq),
        lambda known: PullRequest("a", known.cursors, known.seq, epoch=known.epoch),
    ],
    ids=["cursors", "answers", "all"],
)
def test_who_knows_more_than_the_server_is_told_that_it_was_put_back(
    away: tuple[Desk, PullReply], question: Question
) -> None:
    desk, known = away
    response = desk.post("pull", question(known))
    assert (response.status_code, problem(response).code) == (409, "restored")


def test_everything_can_be_asked_for_anew_and_lost_changes_sent_again(away: tuple[Desk, PullReply]) -> None:
    desk, known = away
    anew = desk.pull()
    assert (known.seq, anew.seq) == (4, 1)
    assert "Sample One" in desk.names("clients")
    desk.seq = anew.seq
    assert desk.push(desk.client_command("Sent Again Sample")) == 2
    assert "Sent Again Sample" in desk.names("clients")


def test_a_change_behind_a_gap_is_not_taken_and_the_reply_says_how_far_it_is(away: tuple[Desk, PullReply]) -> None:
    desk, _ = away
    assert desk.push(desk.client_command("Too Far Ahead Example")) == 1


def test_another_epoch_is_told_even_when_the_numbers_have_caught_up(folder: ServerFolder, clock: Clock) -> None:
    with served(folder, clock) as client:
        desk = Desk(client).begin()
        known = desk.pull()
        same = desk.post("pull", PullRequest("a", known.cursors, known.seq, epoch=known.epoch))
        assert message(same, PullReply).epoch == known.epoch
    sql = folder.open()
    with sql.transaction():
        begin_epoch(sql)
    sql.db.close()
    with served(folder, clock) as client:
        desk.client = client
        desk.prove()
        question = PullRequest("a", known.cursors, known.seq, epoch=known.epoch)
        response = desk.post("pull", question)
        assert (response.status_code, problem(response).code) == (409, "restored")
        anew = message(desk.post("pull", msgspec.structs.replace(question, cursors={}, epoch="")), PullReply)
        assert anew.epoch != known.epoch
