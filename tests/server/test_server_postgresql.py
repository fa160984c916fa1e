"""The same server on PostgreSQL: the main path, lost connections, a database that is stopped and started."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from csr_desktop.commands.administration import AddTeam
from csr_desktop.commands.command import Command
from csr_desktop.protocol import PullRequest, PushReply
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings, administration
from tests import postgresql
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk, http_client, message, new_id, problem

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgresql.Cluster]:
    programs = postgresql.programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed")
    made = postgresql.Cluster(programs)
    yield made
    made.stop()
    shutil.rmtree(made.home, ignore_errors=True)


@pytest.fixture
def server(cluster: postgresql.Cluster, tmp_path: Path) -> Iterator[RunningServer]:
    name = "bureau" + new_id().replace("-", "")
    cluster.do(f"CREATE DATABASE {name}")
    folder = ServerFolder(tmp_path / "server", f"postgresql:///{name}?host={cluster.home}&user=csr")
    make_bureau(folder)
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as running:
        yield running
    cluster.do(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def desk(server: RunningServer) -> Iterator[Callable[[str], Desk]]:
    with ExitStack() as closing:
        yield lambda login: closing.enter_context(Desk(http_client(server.url), login))


def cut_connections(cluster: postgresql.Cluster) -> None:
    cluster.do(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE 'bureau%'"
    )


def push_until_taken(desk: Desk, *commands: Command, seconds: float = 20) -> tuple[int, list[int]]:
    """As a desk does it: again after each 503. The last known seq, and the statuses on the way."""
    statuses: list[int] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        response = desk.push_raw(*commands)
        statuses.append(response.status_code)
        if response.status_code == 200:
            return message(response, PushReply).seq, statuses
        assert response.status_code == 503, response.content
        assert problem(response).code == "database"
        assert int(response.headers["retry-after"]) > 0
        time.sleep(0.1)
    pytest.fail(f"never taken: {statuses}")


def test_the_main_path(server: RunningServer, desk: Callable[[str], Desk]) -> None:
    ada, bob = desk("ada").begin(), desk("bob").begin()
    seen = bob.pull()
    assert ada.push(ada.client_command("Sample Bakery"), ada.client_command("Sample Mill")) == 2
    assert bob.poke(seen.cursors) is True
    assert bob.names("clients") == {"Sample Bakery", "Sample Mill"}
    assert [a.status for a in ada.pull().answers] == ["done", "done"]
    again = desk("ada")
    assert again.sign_in(device_id=ada.device_id).database_key == ada.database_key
    heard: list[bool] = []
    cursors = bob.pull().cursors
    thread = threading.Thread(target=lambda: heard.append(bob.poke(cursors)))
    thread.start()
    time.sleep(0.3)
    with administration(server.folder) as admin:
        admin.do(AddTeam(row_id=new_id(), name="Team three"))
        assert [d.id for d in admin.list_devices("ada")] == [ada.device_id]
        admin.revoke_device(ada.device_id)
    thread.join(10)
    assert heard == [True]
    assert ada.post("pull", PullRequest("a", {}, 0)).status_code == 401


def test_eight_workstations_push_at_once(server: RunningServer, desk: Callable[[str], Desk]) -> None:
    desks = [desk(login).begin() for login in ("ada", "bob", "cy", "lea") for _ in range(2)]

    def work(d: Desk) -> None:
        for _ in range(10):
            d.push(d.client_command("Sample"), d.client_command("Sample"))

    threads = [threading.Thread(target=work, args=(d,)) for d in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    reply = desks[0].pull()
    at = reply.columns["clients"].index("rev")
    revs = [row[at] for row in reply.rows["clients"]]
    assert len(revs) == len(set(revs)) == 160
    assert [d.pull().seq for d in desks] == [20] * 8


def test_a_connection_that_was_cut_is_opened_again(
    server: RunningServer, desk: Callable[[str], Desk], cluster: postgresql.Cluster
) -> None:
    ada = desk("ada").begin()
    for n in range(1, 4):
        cut_connections(cluster)
        ada.pull()  # a question is asked again by the server itself
        seq, statuses = push_until_taken(ada, ada.client_command(f"Sample {n}"))
        assert seq == n
        assert len(statuses) <= 2
    assert len(ada.names("clients")) == 3


def test_a_database_that_stops_and_starts(
    server: RunningServer, desk: Callable[[str], Desk], cluster: postgresql.Cluster
) -> None:
    ada = desk("ada").begin()
    first = ada.client_command("Sample One")
    assert ada.push(first) == 1
    cluster.stop()
    command = ada.client_command("Sample Two")
    for response in (
        ada.push_raw(command),
        ada.post("pull", PullRequest("a", {}, 0)),
        ada.post("sign-in", ada.sign_in_request()),
    ):
        assert (response.status_code, problem(response).code) == (503, "database")
        assert str(cluster.home) not in response.text
    assert ada.client.get("/health").status_code == 503
    cluster.start()
    seq, _ = push_until_taken(ada, first, command)
    assert seq == 2
    assert ada.names("clients") == {"Sample One", "Sample Two"}
    assert ada.client.get("/health").status_code == 200


def test_nothing_acknowledged_is_lost_while_connections_are_cut(
    server: RunningServer, desk: Callable[[str], Desk], cluster: postgresql.Cluster
) -> None:
    desks = [desk(login).begin() for login in ("ada", "bob", "lea")]
    ended = threading.Event()

    def cut() -> None:
        while not ended.wait(0.15):
            cut_connections(cluster)

    def work(d: Desk) -> None:
        for _ in range(15):
            push_until_taken(d, d.client_command(f"Sample {d.login}"))

    cutting = threading.Thread(target=cut)
    threads = [threading.Thread(target=work, args=(d,)) for d in desks]
    for thread in (cutting, *threads):
        thread.start()
    for thread in threads:
        thread.join(90)
    ended.set()
    cutting.join()
    replies = [d.pull() for d in desks]
    assert [r.seq for r in replies] == [15, 15, 15]
    assert [a.status for r in replies for a in r.answers] == ["done"] * 45
    assert len(replies[0].rows["clients"]) == 45
