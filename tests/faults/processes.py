"""Desk and server in processes of their own, which may be killed at each of their commits and steps.

They are forked from a process that has imported everything, so that a hundred of them cost seconds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from csr_desktop.commands.clients import AddClient, AddNote
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Accounts
from csr_desktop.store.database import ServerSqliteDatabase
from csr_desktop.sync.engine import Engine
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import FolderSecrets
from csr_desktop.system.proxies import Proxies
from tests.desks import ZONE
from tests.server.desk import CHEAP, PASSWORD

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, ForkServerProcess

When = Literal["before", "after"]
KILLED = -9


def _forking() -> ForkServerContext:
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([__name__])
    return found


# A desk


def accounts(home: Path) -> Accounts:
    from csr_desktop.store.meta_file import key_checks

    home.mkdir(parents=True, exist_ok=True)
    return Accounts(home, FolderSecrets(home / "keys"), key_checks=lambda: key_checks(home))


def at_another_address(home: Path, folder: ServerFolder, url: str, proxies: Proxies | None = None) -> DeskData:
    """Ada's, who signed in at this server and has one change that waits; from now on it is said to be at `url`."""
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server:
        open_data(home, server.url).close()
    known = accounts(home)
    account = known.current()
    assert account is not None
    keys = known.keys(account)
    assert keys is not None
    elsewhere = msgspec.structs.replace(account, server_url=url)
    data = DeskData(home, elsewhere, keys, wall_clock, ZONE, proxies=proxies or Proxies())
    client(data, "Sample Bakery")
    return data


def open_data(home: Path, url: str = "", login: str = "ada") -> DeskData:
    """This person's file; where nobody is signed in yet, at the server of this address."""
    known = accounts(home)
    account = known.current() or known.sign_in(url, login, PASSWORD)
    keys = known.keys(account)
    assert keys is not None
    return DeskData(home, account, keys, wall_clock, ZONE)


def engine_of(data: DeskData) -> Engine:
    """Not started: `sync_once` is a round of it in this thread."""
    return data.engine(lambda _: None, lambda _: None)


def synced(data: DeskData, seconds: float = 20) -> None:
    """Round after round until all is saved."""
    engine = engine_of(data)
    try:
        until(lambda: engine.sync_once() and not data.replica.waiting_count(), seconds)
    finally:
        engine.stop()


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def client(data: DeskData, name: str) -> str:
    row_id = data.replica.new_id()
    data.replica.do(AddClient(row_id=row_id, name=name), words="client")
    return row_id


def note(data: DeskData, client_id: str, body: str) -> str:
    row_id = data.replica.new_id()
    data.replica.do(AddNote(row_id=row_id, client_id=client_id, body=body), words="note")
    return row_id


def names(data: DeskData) -> list[str]:
    return [name for (name,) in data.sql.all("SELECT name FROM clients WHERE deleted = 0 ORDER BY name")]


def server_names(folder: ServerFolder) -> list[str]:
    """Of its clients; each as often as it is there."""
    sql = folder.open()
    try:
        return [name for (name,) in sql.all("SELECT name FROM clients WHERE deleted = 0 ORDER BY name")]
    finally:
        sql.db.close()


def log_of(folder: ServerFolder) -> list[tuple[str, int, str]]:
    """Device, number and status of all that was executed."""
    sql = folder.open()
    try:
        return [tuple(row) for row in sql.all("SELECT device_id, seq, status FROM log ORDER BY position")]
    finally:
        sql.db.close()


# Being killed


def kill_at_commit(database: type[Any], number: int, when: When) -> None:
    """This process ends at the n-th commit of such a database from now on."""
    left = number
    commit = database.commit

    def counted(self: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            die()
        commit(self)
        if left == 0:
            die()

    database.commit = counted


def kill_at_step(number: int, folder: Path) -> None:
    """This process ends when it would take its n-th step from now on that changes a file of this folder, by name."""
    left = number
    events = {"open", "os.rename", "os.remove", "os.mkdir", "shutil.copyfile", "os.truncate", "os.chmod"}

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event not in events or not isinstance(arguments[0], str | bytes | os.PathLike):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        if not os.fsdecode(arguments[0]).startswith(str(folder)):
            return
        left -= 1
        if left == 0:
            die()

    sys.addaudithook(heard)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)  # it comes at once, but not within the call


def run(work: Callable[..., None], *arguments: Any, seconds: float = 40) -> int:
    """Do this in a process of its own; its exit code."""
    process: ForkServerProcess = _forking().Process(target=work, args=arguments)
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError("it did not end")
    code = process.exitcode
    process.close()
    assert code is not None
    return code


# A server


def _serve(path: Path, port: int, number: int, when: When | Literal["hook"], say: Connection) -> None:
    if number and when == "hook":
        left = number

        def hook() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                die()

        surroundings = Surroundings(passwords=CHEAP, before_commit=hook)
    else:
        surroundings = Surroundings(passwords=CHEAP)
    with RunningServer(ServerFolder(path), port=port, surroundings=surroundings) as running:
        if number and when != "hook":
            kill_at_commit(ServerSqliteDatabase, number, when)
        say.send(running.url)
        say.poll(None)  # until whoever started it lets go


class Server:
    """A server in its own process, always at the same address; `pid` while it runs."""

    def __init__(self, folder: ServerFolder) -> None:
        self.folder = folder
        self.url = ""
        self._port = 0
        self._process: ForkServerProcess | None = None
        self._say: Connection | None = None

    def start(self, number: int = 0, when: When | Literal["hook"] = "before") -> None:
        """It is killed before or after its n-th commit from now on, or at the n-th time that a push may be stopped."""
        if self._process is not None:
            self.kill()
        mine, its = multiprocessing.Pipe()
        self._process = _forking().Process(target=_serve, args=(self.folder.path, self._port, number, when, its))
        self._process.start()
        its.close()
        assert mine.poll(30), "the server did not start"
        self.url = mine.recv()
        self._port = int(self.url.rpartition(":")[2])
        self._say = mine

    @property
    def pid(self) -> int:
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process is None or not self._process.is_alive()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
        if self._say is not None:
            self._say.close()
            self._say = None


@contextmanager
def serving(folder: ServerFolder) -> Iterator[Server]:
    made = Server(folder)
    made.start()
    try:
        yield made
    finally:
        made.kill()
