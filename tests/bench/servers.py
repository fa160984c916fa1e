"""A server of a small organisation in a process of its own, on loopback, with calls as the made-up bureau has them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from argon2 import PasswordHasher

from csr_desktop.bootstrap import DeskOpener, demo_secrets
from csr_desktop.commands.work import Work
from csr_desktop.server.administration import Administration
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.share import set_months
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Account
from csr_desktop.store.opening import open_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.places import Places
from tests.bench.bureaus import filled

PASSWORD: Final = "correct horse battery"
CHEAP: Final = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
TEAM_SIZE: Final = 20
_ROWS_A_COMMIT: Final = 5000
_DIRECTORY: Final = ("clients", "contacts", "phone_numbers", "topics", "dispositions")


class Team(NamedTuple):
    """A team's id, and of its people ids and sign-in names."""

    id: str
    people: tuple[tuple[str, str], ...]


class Organisation:
    """Its database, open in this process as well; the server works on the same one."""

    def __init__(self, folder: Path, database: str, people: int, team_size: int = TEAM_SIZE) -> None:
        self.folder, self.database = folder, database
        self.sql = ServerFolder(folder, database).create()
        self.ledger = Ledger(self.sql, wall_clock)
        made = Administration(self.sql, self.ledger, wall_clock, passwords=CHEAP)
        self.teams: list[Team] = []
        with self.sql.transaction():
            made.create_organisation("Sample Payroll", "US", "America/New_York")
            set_months(self.sql, 0)  # all the calls that are counted out
            for number in range(-(-people // team_size)):
                name = f"Team {number + 1}"
                team_id = made.add_team(name)
                logins = [f"sample{n}" for n in range(number * team_size, min(people, (number + 1) * team_size))]
                ids = [made.add_user(f"Sample {login}", login, "csr", [name], PASSWORD) for login in logins]
                self.teams.append(Team(team_id, tuple(zip(ids, logins, strict=True))))

    def take_directory(self, source: Sql) -> None:
        """Clients, contacts, numbers and lists of a made-up bureau."""
        for table in _DIRECTORY:
            self._take(table, source.all(f"SELECT {_columns(table)} FROM {table}"))

    def take_calls(self, source: Sql, count: int) -> None:
        """The newest calls of a made-up bureau, as the first team's."""
        team = self.teams[0]
        newest = f"SELECT {_columns('interactions')} FROM interactions ORDER BY started_at DESC LIMIT ?"
        self._take("interactions", source.all(newest, count), scope=team.id, agent_id=team.people[0][0], ticket_id="")

    def _take(self, table: str, rows: list[tuple[Any, ...]], **instead: str) -> None:
        for start in range(0, len(rows), _ROWS_A_COMMIT):
            with self.sql.transaction():
                work = Work(lambda _table, _ids: {}, new_row)
                for row in rows[start : start + _ROWS_A_COMMIT]:
                    values = dict(zip(COLUMNS[table], row, strict=True)) | instead
                    work.put(table, values.pop("id"), **values)
                self.ledger.write(work)

    def close(self) -> None:
        self.sql.db.close()


def _columns(table: str) -> str:
    return ",".join(f'"{column}"' for column in COLUMNS[table])


@contextlib.contextmanager
def made_up_rows() -> Iterator[Sql]:
    """The database of the made-up bureau of ten seats, to take rows from."""
    sql = open_server(filled(10) / "server" / "server.db")
    try:
        yield sql
    finally:
        sql.db.close()


class RunningProcess:
    """`csr-desktop server run` as an administrator starts it."""

    def __init__(self, folder: Path, database: str, *options: str) -> None:
        self.database = database
        ready = folder / "ready"
        command = [sys.executable, "-m", "csr_desktop", "server", "run", "--data", str(folder), "--port", "0"]
        command += ["--ready-file", str(ready), *(["--database", database] if database else []), *options]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        until = time.monotonic() + 60
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                said = self._process.stderr.read().decode() if self._process.stderr else ""
                raise AssertionError(f"the server did not start: {said}")
            time.sleep(0.02)
        self.url = ready.read_text().strip()

    def resident_mb(self) -> float:
        """Of the server's process and its children, PostgreSQL's not counted."""
        pids = [self._process.pid, *_children(self._process.pid)]
        return sum(_resident_kb(pid) for pid in pids) / 1024

    def cpu_seconds(self) -> float:
        """Of the server's process and its children so far, PostgreSQL's not counted."""
        return sum(_cpu_seconds(pid) for pid in [self._process.pid, *_children(self._process.pid)])

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _children(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*found, *(each for child in found for each in _children(child))]


def _resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def _cpu_seconds(pid: int) -> float:
    """Its own, and that of children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def database_cpu_seconds(database: str) -> float:
    """Of PostgreSQL's processes so far, where it is the tests' own; else 0."""
    home = parse_qs(urlsplit(database).query).get("host", [""])[0]
    pid_file = Path(home) / "data" / "postmaster.pid"
    if not home or not pid_file.exists():
        return 0.0
    pid = int(pid_file.read_text().split()[0])
    return _cpu_seconds(pid) + sum(_cpu_seconds(child) for child in _children(pid))


def signed_in(url: str, login: str, home: Path) -> DeskData:
    """A workstation of this person, its file new and empty."""
    places = Places.under(home)
    opener = DeskOpener(places, demo_secrets(places))
    account: Account = opener.sign_in(url, login, PASSWORD)
    return opener.open(account, "America/New_York")
