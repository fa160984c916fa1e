"""Several processes and hosts on one PostgreSQL: they share an address, tokens and news; who dies is replaced; what was
acknowledged stays, once, whatever is killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from csr_desktop.commands.administration import AddTeam
from csr_desktop.commands.command import Command
from csr_desktop.domain.errors import BadInput
from csr_desktop.protocol import ChallengeReply, PullRequest, PushReply, TokenReply
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.server.workers import check_workers
from tests import postgresql
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk, http_client, message, new_id, problem

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked"),
]
WORKERS = 3


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
def folder(cluster: postgresql.Cluster, tmp_path: Path) -> Iterator[ServerFolder]:
    name = "bureau" + new_id().replace("-", "")
    cluster.do(f"CREATE DATABASE {name}")
    made = ServerFolder(tmp_path / "server", f"postgresql:///{name}?host={cluster.home}&user=csr")
    make_bureau(made)
    yield made
    cluster.do(f"DROP DATABASE {name} WITH (FORCE)")


class Running:
    """A `server run --workers`."""

    def __init__(self, folder: ServerFolder, ready: Path, *more: str) -> None:
        code = "from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
        options = ("--data", str(folder.path), "--database", folder.address, "--port", "0", "--ready-file", str(ready))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "run", *options, "--workers", str(WORKERS), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while not ready.exists() or not ready.read_text():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.url = ready.read_text().strip()

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in children.split()}


@pytest.fixture
def running(folder: ServerFolder, tmp_path: Path) -> Iterator[Running]:
    made = Running(folder, tmp_path / "ready")
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGTERM)
        made.process.communicate(timeout=40)


@pytest.fixture
def desk(running: Running) -> Iterator[Callable[[str], Desk]]:
    """Each request on a connection of its own, so that any worker may get it."""
    with ExitStack() as closing:

        def begin(login: str) -> Desk:
            limits = httpx2.Limits(max_keepalive_connections=0)
            client = http_client(running.url, limits=limits)
            return closing.enter_context(Desk(client, login)).begin()

        yield begin


def push_until_taken(desk: Desk, *commands: Command, seconds: float = 40) -> int:
    """As a desk does it: again after each 503, and when the connection broke."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            response = desk.push_raw(*commands)
        except httpx2.TransportError:
            time.sleep(0.1)
            continue
        if response.status_code == 200:
            return message(response, PushReply).seq
        assert response.status_code == 503, response.content
        assert problem(response).code == "database"
        time.sleep(0.1)
    pytest.fail("never taken")


def work(desks: list[Desk], disturb: Callable[[], None], times: int) -> None:
    """Each desk pushes on and on, while something happens to the server so many times."""
    ended = threading.Event()
    failed: list[BaseException] = []

    def push(d: Desk) -> None:
        try:
            left = 5  # after the last disturbance
            while left:
                # The last number is the server's word that it has all of them.
                assert push_until_taken(d, d.client_command(f"Sample {d.login}"), d.client_command("Sample")) == d.seq
                left -= ended.is_set()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=push, args=(d,)) for d in desks]
    for thread in threads:
        thread.start()
    try:
        for _ in range(times):
            time.sleep(0.6)
            disturb()
    finally:
        ended.set()
        for thread in threads:
            thread.join(120)
    assert failed == []


def assert_all_there_once(desks: list[Desk]) -> None:
    deadline = time.monotonic() + 30
    while desks[0].client.get("/health").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    replies = [d.pull() for d in desks]
    assert [r.seq for r in replies] == [d.seq for d in desks]
    assert all([a.seq for a in r.answers] == list(range(1, d.seq + 1)) for r, d in zip(replies, desks, strict=True))
    assert {a.status for r in replies for a in r.answers} == {"done"}
    assert len(replies[0].rows["clients"]) == sum(d.seq for d in desks)


def test_they_share_an_address_and_end_in_order(running: Running, desk: Callable[[str], Desk]) -> None:
    ada = desk("ada")
    assert len(running.workers()) == WORKERS
    for n in range(1, 13):
        assert ada.push(ada.client_command(f"Sample {n}")) == n
    workers = running.workers()
    running.process.send_signal(signal.SIGTERM)
    out, err = running.process.communicate(timeout=40)
    assert running.process.returncode == 0
    assert out == f"CSR Desktop server listens on {running.url}\n"
    assert "Traceback" not in err
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_token_of_one_is_known_to_all_and_a_challenge_is_used_once(desk: Callable[[str], Desk]) -> None:
    ada = desk("ada")
    for _ in range(20):
        ada.pull()
    challenge = ada.get(ChallengeReply, "challenge", None).challenge
    request = ada.signed(challenge)
    answers = [ada.post("token", request) for _ in range(12)]
    assert [a.status_code for a in answers].count(200) == 1
    assert answers[0].status_code == 200
    assert {problem(a).code for a in answers[1:]} == {"challenge_used"}
    token = message(answers[0], TokenReply).token
    for forged in (token[:-4] + "AAAA", token[4:], "", "a", "AAAA" * 30):
        ada.token_text = forged
        assert ada.post("pull", PullRequest("a", {}, 0)).status_code == 401


def test_news_of_one_process_come_to_all(running: Running, desk: Callable[[str], Desk], folder: ServerFolder) -> None:
    """Also from the command line and from another host."""
    ada, bobs = desk("ada"), [desk("bob") for _ in range(6)]
    assert len(running.workers()) == WORKERS
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as other, ExitStack() as closing:
        far, cy = (closing.enter_context(Desk(http_client(other.url), login)).begin() for login in ("lea", "cy"))
        changes: tuple[Callable[[], object], ...] = (
            lambda: ada.push(ada.client_command()),
            lambda: far.push(far.client_command()),
            lambda: administer(folder),
        )
        for change in changes:
            heard: list[float] = []

            def wait(d: Desk, cursors: dict[str, int], heard: list[float] = heard) -> None:
                assert d.poke(cursors)
                heard.append(time.monotonic())

            threads = [threading.Thread(target=wait, args=(d, d.pull().cursors)) for d in (*bobs, cy)]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            assert heard == []
            change()
            changed_at = time.monotonic()
            for thread in threads:
                thread.join(20)
            assert len(heard) == len(threads)
            assert max(heard) - changed_at < 1


def administer(folder: ServerFolder) -> None:
    with administration(folder) as admin:
        admin.do(AddTeam(row_id=new_id(), name="Team three"))


def test_one_that_dies_is_replaced_and_nothing_is_lost(running: Running, desk: Callable[[str], Desk]) -> None:
    desks = [desk(login) for login in ("ada", "bob", "lea")]
    before = running.workers()
    killed: list[int] = []

    def kill() -> None:
        killed.append(min(running.workers() - set(killed)))
        os.kill(killed[-1], signal.SIGKILL)

    work(desks, kill, 2)
    assert_all_there_once(desks)
    deadline = time.monotonic() + 30
    while len(running.workers()) < WORKERS:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert running.workers() != before
    assert running.process.poll() is None


def test_workers_that_cannot_start_end_it_in_words(folder: ServerFolder, tmp_path: Path) -> None:
    (folder.path / "server.key").chmod(0o644)
    options = ("--data", str(folder.path), "--database", folder.address, "--port", "0", "--workers", "2")
    code = "from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
    command = [sys.executable, "-c", code, "run", *options, "--ready-file", str(tmp_path / "ready")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert found.returncode == 1
    assert "Others can read" in found.stderr
    assert "The server did not start." in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_they_end_with_the_program_that_started_them(folder: ServerFolder, tmp_path: Path) -> None:
    running = Running(folder, tmp_path / "ready", "--until-input-ends")
    workers = running.workers()
    assert httpx2.get(running.url + "/health").status_code == 200
    running.process.communicate(timeout=40)  # which closes the input
    assert running.process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not (tmp_path / "ready").exists()


def test_a_reader_sees_every_row_that_eight_write_through_them(desk: Callable[[str], Desk]) -> None:
    """By its cursor, page after page, while three processes commit."""
    desks = [desk(login) for login in ("ada", "bob", "cy", "lea") for _ in range(2)]
    reading, ended, seen = desk("bob"), threading.Event(), set[str]()
    asked: list[int] = []
    written: list[int] = []

    def read() -> None:
        cursors: dict[str, int] = {}
        is_last = False
        while not is_last:
            is_last = ended.is_set()
            reply = reading.pull(cursors)
            cursors = reply.cursors
            asked.append(1)
            seen.update(row[reply.columns["clients"].index("id")] for row in reply.rows.get("clients", ()))

    def write(d: Desk) -> None:
        for number in range(1000):
            if number >= 15 and len(asked) > 8:  # on a busy machine the reader comes to it later
                return
            push_until_taken(d, d.client_command(), d.client_command())
            written.append(2)

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=write, args=(d,)) for d in desks]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join(120)
    ended.set()
    reader.join(60)
    there = desk("lea").pull()
    ids = {row[there.columns["clients"].index("id")] for row in there.rows["clients"]}
    assert len(ids) == sum(written) >= len(desks) * 30
    assert len(ids - seen) == 0
    assert len(asked) > 8


def test_when_the_parent_is_killed_its_workers_end_and_the_address_is_free(
    running: Running, folder: ServerFolder, tmp_path: Path
) -> None:
    workers = running.workers()
    running.process.kill()
    running.process.communicate(timeout=20)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    again = Running(folder, tmp_path / "again", "--port", running.url.rpartition(":")[2])
    assert again.url == running.url
    again.process.send_signal(signal.SIGTERM)
    again.process.communicate(timeout=40)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def backends(cluster: postgresql.Cluster, folder: ServerFolder) -> list[int]:
    import psycopg

    url = f"postgresql:///postgres?host={cluster.home}&user=csr"
    name = folder.address.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY pid", (name,)
        ).fetchall()
    return [pid for (pid,) in found]


def test_a_backend_is_killed_during_pushes(
    desk: Callable[[str], Desk], cluster: postgresql.Cluster, folder: ServerFolder
) -> None:
    """`kill -9` of one: PostgreSQL then ends all the others and recovers."""
    desks = [desk(login) for login in ("ada", "bob", "lea", "cy")]
    killed: list[int] = []

    def kill() -> None:
        import psycopg

        try:
            found = backends(cluster, folder)
        except psycopg.OperationalError:  # it recovers just now
            return
        if found:
            killed.append(found[-1])
            os.kill(found[-1], signal.SIGKILL)

    work(desks, kill, 5)
    assert len(killed) >= 2
    assert_all_there_once(desks)


def test_postgresql_is_killed_and_started_during_pushes(
    desk: Callable[[str], Desk], cluster: postgresql.Cluster
) -> None:
    desks = [desk(login) for login in ("ada", "bob", "lea", "cy")]
    ways = [cluster.stop, cluster.kill, cluster.stop]

    def restart() -> None:
        ways.pop()()
        time.sleep(0.3)
        cluster.start()

    work(desks, restart, len(ways))
    assert_all_there_once(desks)


def test_sqlite_takes_one_worker_and_postgresql_as_many_as_it_has_room_for(
    folder: ServerFolder, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="SQLite is written by one process"):
        check_workers(ServerFolder(tmp_path / "other"), 2, 8)
    with pytest.raises(BadInput, match="20 workers want 160 connections"):
        check_workers(folder, 20, 8)
    check_workers(folder, 10, 8)
