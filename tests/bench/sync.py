"""Download to a new desk, upload of an offline backlog, a change on its way to another screen, and a thousand desks at
once, over HTTP with a server process.

The limits in the same run: what sqlcipher3 alone needs to put the downloaded rows into a file with the same tables, in
transactions of 500; and what the server's database alone needs for the rows of the uploaded calls.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from csr_desktop.commands.calls import LogInteraction
from csr_desktop.server.folder import ServerFolder
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.transport import HttpCalls
from csr_desktop.system.clock import wall_clock
from tests.bench.servers import Organisation, RunningProcess, made_up_rows, signed_in
from tests.bench.sync_cost import measure_cost
from tests.bench.sync_live import measure_live
from tests.bench.sync_load import measure_load
from tests.by_hand import lift_the_fence
from tests.desks import KEY
from tests.postgresql import database_url

DOWNLOADS: Final = (10_000, 100_000)
BACKLOG: Final = 10_000
BARE_ROWS: Final = 500
"""Rows a transaction of the bare side."""


class _Counted:
    """Counts the bytes of all replies as they came over the wire."""

    def __init__(self) -> None:
        self.size = 0
        self._read = HttpCalls._read

    def __enter__(self) -> Self:
        def read(response: Any) -> bytes:
            raw: bytes = self._read(response)
            self.size += len(raw)
            return raw

        HttpCalls._read = staticmethod(read)  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        HttpCalls._read = staticmethod(self._read)  # type: ignore[method-assign]


def engine_of(data: DeskData) -> Engine:
    return data.engine(lambda _changed: None, lambda _status: None)


def sync_whole(engine: Engine) -> None:
    if not engine.sync_once():
        status = engine.status
        assert status.state == "saved", f"{status.title} {status.advice}"


def measure_download(home: Path, url: str, database: str, login: str, count: int) -> dict[str, float]:
    data = signed_in(url, login, home / f"desk-{count}")
    engine = engine_of(data)
    with _Counted() as counted:
        began = time.perf_counter()
        sync_whole(engine)
        seconds = time.perf_counter() - began
    engine.stop()
    sql = data.sql
    rows = {table: sql.all(f"SELECT {','.join(_quoted(table))} FROM {table}") for table in SYNCED}
    total = sum(map(len, rows.values()))
    assert len(rows["interactions"]) == count, f"{len(rows['interactions'])} of {count} calls came"
    data.close()
    bare = bare_upserts(home / f"bare-{count}.db", rows)
    name = f"download_{count // 1000}k"
    return {
        f"{name}_rows_s": total / seconds,
        f"{name}_bare_rows_s": total / bare,
        f"{name}_share": bare / seconds,
        f"{name}_bytes_row": counted.size / total,
    }


def bare_upserts(path: Path, rows: dict[str, list[tuple[Any, ...]]]) -> float:
    """Seconds of sqlcipher3 alone, into a desk's file with all its indexes."""
    sql = open_desk(path, KEY, clock=wall_clock)
    connection = sql.db.connection()
    began = time.perf_counter()
    for table, found in rows.items():
        text = sql.upsert_text(table)
        for start in range(0, len(found), BARE_ROWS):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(text, found[start : start + BARE_ROWS])
            connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    close_desk(sql)
    return seconds


def _quoted(table: str) -> list[str]:
    return [f'"{column}"' for column in COLUMNS[table]]


def measure_upload(home: Path, url: str, organisation: Organisation) -> dict[str, float]:
    team = organisation.teams[0]
    data = signed_in(url, team.people[1][1], home / "uploading")
    sync_whole(engine_of(data))  # the directory; then the network is away
    replica = data.replica
    note = data.sql.all("SELECT note FROM interactions WHERE note <> '' ORDER BY id LIMIT 200")
    clients = [i for (i,) in data.sql.all("SELECT id FROM clients ORDER BY id LIMIT 200")]
    contacts: dict[str, str] = dict(data.sql.all("SELECT client_id, id FROM contacts"))
    now = wall_clock()
    for start in range(0, BACKLOG, 100):
        calls = []
        for number in range(start, start + 100):
            client = clients[number % len(clients)]
            began_at = now - (BACKLOG - number) * 1000
            calls.append(
                LogInteraction(
                    row_id=replica.new_id(),
                    scope=team.id,
                    client_id=client,
                    contact_id=contacts.get(client, ""),
                    number="+12125550100",
                    started_at=began_at,
                    ended_at=began_at + 240_000,
                    talk_seconds=200,
                    wrap_up_seconds=40,
                    note=note[number % len(note)][0] if note else f"Asked about pay run {number}, sample.",
                )
            )
        replica.do(*calls, words="bench")
    engine = engine_of(data)
    began = time.perf_counter()
    engine._push()  # without the pull that follows it
    pushed = time.perf_counter() - began
    sync_whole(engine)
    whole = time.perf_counter() - began
    assert replica.waiting_count() == 0
    engine.stop()
    ids = [i for (i,) in data.sql.all("SELECT id FROM interactions ORDER BY id DESC LIMIT ?", BACKLOG)]
    rows = [list(row.values()) for row in data.sql.load("interactions", ids).values()]
    data.close()
    bare = bare_inserts(home, organisation, rows)
    return {
        "upload_commands_s": BACKLOG / pushed,
        "upload_until_settled_commands_s": BACKLOG / whole,
        "upload_bare_rows_s": BACKLOG / bare,
        "upload_share": bare / pushed,
    }


def bare_inserts(home: Path, organisation: Organisation, rows: Sequence[Sequence[Any]]) -> float:
    """Seconds for the rows alone in an empty database of the server's kind, in transactions of 500."""
    database = database_url("bench_bare", has_fsync=True) if organisation.database else ""
    sql: Sql = ServerFolder(home / "bare-server", database).create()
    lift_the_fence(sql)
    text = sql.upsert_text("interactions")
    began = time.perf_counter()
    for start in range(0, len(rows), BARE_ROWS):
        part = rows[start : start + BARE_ROWS]
        if sql.is_postgresql:
            with sql.db.atomic():
                sql.db.execute_sql(text, [list(column) for column in zip(*part, strict=True)])
        else:
            connection = sql.db.connection()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(text, part)
            connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    sql.db.close()
    return seconds


def measure(seats: int, database: str = "", only: str = "") -> dict[str, float]:
    """`database`: '' for SQLite, `postgresql` for one of the tests' own with fsync, or an address. `only` names a part:
    download, upload, live, load or cost.
    """
    home = Path(tempfile.mkdtemp(prefix="csr-desktop-bench-"))
    figures: dict[str, float] = {}
    try:
        if only in {"", "download", "upload"}:
            with made_up_rows() as source:
                for count in DOWNLOADS if only != "upload" else DOWNLOADS[:1]:
                    figures |= _small(home / str(count), _address(database), source, count, only)
        if only in {"", "live"}:
            with made_up_rows() as source:
                figures |= measure_live(home / "live", _address(database), source)
        if only in {"", "load"}:
            figures |= measure_load(home / "load", _address(database), 1000)
        if only in {"", "cost"}:
            with made_up_rows() as source:
                figures |= measure_cost(home / "cost", _address(database), source)
        return figures
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _address(database: str) -> str:
    return database_url("bench_sync", has_fsync=True) if database == "postgresql" else database


def _small(home: Path, database: str, source: Sql, count: int, only: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    organisation = Organisation(home / "server", database, people=4)
    try:
        organisation.take_directory(source)
        organisation.take_calls(source, count)
        with RunningProcess(home / "server", database) as server:
            if only != "upload":
                figures |= measure_download(home, server.url, database, organisation.teams[0].people[0][1], count)
            if only != "download" and count == DOWNLOADS[0]:
                figures |= measure_upload(home, server.url, organisation)
    finally:
        organisation.close()
    return figures
