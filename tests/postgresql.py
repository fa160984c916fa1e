"""A PostgreSQL of the tests' own: Debian's programs on a socket in a new folder, stopped when the tests end."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

NOBODY = 65534


def programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def folder(*, has_fsync: bool = False) -> Path:
    """Start it once a process; the folder of its socket. What measures wants `has_fsync`."""
    return _started(has_fsync)


@functools.cache
def _started(has_fsync: bool) -> Path:
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL's programs are not installed")
    home = Path(tempfile.mkdtemp(prefix="csr-postgresql-"))
    as_nobody: list[str] = []
    if os.getuid() == 0:
        os.chown(home, NOBODY, NOBODY)
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    data = home / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [*as_nobody, *command], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=home
        )

    run(
        str(where / "initdb"),
        "-D",
        str(data),
        "-U",
        "csr",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    options = f"-c listen_addresses='' -k {home} -c fsync={'on' if has_fsync else 'off'}"
    run(str(where / "pg_ctl"), "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start")

    def stop() -> None:
        run(str(where / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    return home


def database_url(name: str, *, has_fsync: bool = False) -> str:
    """A new, empty database of this name; skips where PostgreSQL is missing."""
    import psycopg

    home = folder(has_fsync=has_fsync)
    with psycopg.connect(f"postgresql:///postgres?host={home}&user=csr", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY')  # without fsync a third of the usual way
    return f"postgresql:///{name}?host={home}&user=csr"


def is_own(url: str) -> bool:
    """Whether it was made by `database_url` and is used by who may do all there."""
    return url.endswith("&user=csr") and _started.cache_info().currsize > 0 and f"?host={folder()}&" in url


@functools.cache
def _template(make: Callable[[str], None]) -> str:
    name = f"template{make.__name__}"
    make(database_url(name))
    return name


def fill(url: str, make: Callable[[str], None]) -> None:
    """Put a copy of what `make` does to an empty database, once a process, in the place of this empty one."""
    import psycopg

    name, template = urlsplit(url).path.removeprefix("/"), _template(make)
    with psycopg.connect(f"postgresql:///postgres?host={folder()}&user=csr", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')


class Cluster:
    """PostgreSQL on a socket in a folder of its own, to be stopped and killed at will."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.home = Path(tempfile.mkdtemp(prefix="csr-cluster-"))
        self._as_nobody: list[str] = []
        if os.getuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)
            user = str(NOBODY)
            self._as_nobody = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        self._run("initdb", "-U", "csr", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    def _run(self, program: str, *options: str) -> None:
        command = [*self._as_nobody, str(self._programs / program), "-D", str(self.home / "data"), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=self.home)

    def start(self) -> None:
        options = f"-c listen_addresses='' -k {self.home} -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self.home / "log"), "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-m", how, "-w", "stop")

    def kill(self) -> None:
        """`kill -9` of the postmaster and of all that it started, at once, as when the power fails."""
        pid = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        started = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for process in (pid, *started):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(Path(f"/proc/{process}").exists() for process in started) and time.monotonic() < deadline:
            time.sleep(0.05)

    def do(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(f"postgresql:///{database}?host={self.home}&user=csr", autocommit=True) as connection:
            connection.execute(statement)
