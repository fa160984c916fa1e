"""One change from a desk to another one's screen: two windows and the server, each a process of its own, on loopback.

From the moment that the change is asked for on one desk until the changed row is painted in the other one's list. The
limit in the same run is what lies on the way in any case: two commits into encrypted files, one into a database of the
server's kind, two round trips of HTTP to a server that does nothing.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from csr_desktop.commands.work import Work
from csr_desktop.server.folder import ServerFolder
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from tests.bench.bureaus import percentile
from tests.bench.servers import Organisation, RunningProcess, signed_in
from tests.by_hand import lift_the_fence
from tests.desks import KEY
from tests.postgresql import database_url

TICKETS: Final = 300
ROUNDS, WARM_UP = 100, 5
HUNDREDS: Final = 15
_ECHO: Final = """
import asyncio, sys
async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            size = next(int(l[15:]) for l in head.split(b"\\r\\n") if l.lower().startswith(b"content-length:"))
            await reader.readexactly(size)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 300\\r\\n\\r\\n" + b"x" * 300)
    except asyncio.IncompleteReadError:
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
asyncio.run(main())
"""


class _Child:
    """A process that is told lines and answers with lines."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def tell(self, **said: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process ended with {self._process.wait()}"
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class _Bare:
    """What lies on the way in any case."""

    def __init__(self, home: Path, database: str, port: int) -> None:
        address = database_url("bench_bare", has_fsync=True) if database else ""
        self._server: Sql = ServerFolder(home / "bare-server", address).create()
        lift_the_fence(self._server)
        self._desk = open_desk(home / "bare.db", KEY, clock=wall_clock)
        self._http = http.client.HTTPConnection("127.0.0.1", port)
        self._blank = new_row("tickets")

    def once(self, number: int) -> float:
        """Milliseconds."""
        row = {**self._blank, "id": f"bare-{number}", "scope": "team", "subject": f"Sample {number}"}
        began = time.perf_counter()
        for sql in (self._desk, self._server, self._desk):
            with sql.transaction():
                sql.upsert("tickets", [row])
        for _ in range(2):
            self._http.request("POST", "/", b"x" * 300)
            self._http.getresponse().read()
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        self._http.close()
        close_desk(self._desk)
        self._server.db.close()


def _open_tickets(organisation: Organisation) -> None:
    """All of the second person, so that they stand in their inbox."""
    team, now = organisation.teams[0], wall_clock()
    clients = [i for (i,) in organisation.sql.all("SELECT id FROM clients ORDER BY id LIMIT 50")]
    with organisation.sql.transaction():
        work = Work(lambda _table, _ids: {}, new_row)
        for number in range(TICKETS):
            work.put(
                "tickets",
                f"0190b000-0000-7000-8000-{number:012}",
                scope=team.id,
                subject=f"Question {number} about the deposit",
                client_id=clients[number % len(clients)],
                assignee_id=team.people[1][0],
                channel="email",
                opened_at=now - number * 1000,
                last_message_at=now - number * 1000,
                reply_due_at=now + (number + 1) * 60_000,
            )
        organisation.ledger.write(work)
    assert "subject" in COLUMNS["tickets"]


def measure_live(home: Path, database: str, source: Sql) -> dict[str, float]:
    organisation = Organisation(home / "server", database, people=4)
    try:
        organisation.take_directory(source)
        _open_tickets(organisation)
        with ExitStack() as closing:
            server = closing.enter_context(RunningProcess(home / "server", database))
            desks = []
            for _, login in organisation.teams[0].people[:2]:
                signed_in(server.url, login, home / login).close()
                desks.append(closing.enter_context(_Child("-m", "tests.bench.live_desk", str(home / login))))
            echo = closing.enter_context(_Child("-c", _ECHO))
            bare = _Bare(home, database, int(echo.hear()))
            closing.callback(bare.close)
            for desk in desks:
                assert desk.hear() == {"ready": True}
            return _figures(desks[0], desks[1], bare)
    finally:
        organisation.close()


def _figures(one: _Child, other: _Child, bare: _Bare) -> dict[str, float]:
    other.tell(list=100)
    ids = other.hear()["ids"]
    assert len(ids) >= 50, "the list has no rows"
    chance = random.Random(1)
    single, saved, hundred, limit = [], [], [], []
    for number in range(WARM_UP + ROUNDS):
        took, own = _round(one, other, [chance.choice(ids[:5])], f"Changed {number}")
        if number >= WARM_UP:
            single.append(took)
            saved.append(own)
            limit.append(bare.once(number))
        time.sleep(chance.uniform(0.05, 0.25))  # as news comes: at any time
    for number in range(HUNDREDS):
        hundred.append(_round(one, other, ids, f"Together {number}")[0])
        time.sleep(chance.uniform(0.2, 0.4))
    return {
        "live_p50_ms": percentile(single, 0.5),
        "live_p95_ms": percentile(single, 0.95),
        "live_worst_ms": max(single),
        "live_own_save_p50_ms": percentile(saved, 0.5),
        "live_bare_p50_ms": percentile(limit, 0.5),
        "live_bare_p95_ms": percentile(limit, 0.95),
        "hundred_rows_ms": percentile(hundred, 0.5),
        "hundred_rows_p95_ms": percentile(hundred, 0.95),
        "hundred_rows_count": len(ids),
    }


def _round(one: _Child, other: _Child, ids: list[str], text: str) -> tuple[float, float]:
    """Milliseconds until it was painted there, and until it was saved here."""
    other.tell(watch={row_id: f"{text} {row_id[-6:]}" for row_id in ids})
    assert "watching" in other.hear()
    one.tell(rename=ids, to=text)
    here, seen = one.hear(), other.hear()["seen"]
    return (seen - here["began"]) * 1000, (here["saved"] - here["began"]) * 1000
