"""Fault 19: a server that lies. Whatever it answers, the desk stays within bounds and its database as it was."""

from __future__ import annotations

import functools
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from csr_desktop.domain.errors import Unreachable
from csr_desktop.protocol import ChallengeReply
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.tables import COLUMNS, NUMBERS, SYNCED
from csr_desktop.sync import rebase, transport
from csr_desktop.sync.engine import Engine
from tests.faults.processes import client, engine_of, note, open_data, synced
from tests.faults.wire import Answered, Ask, Asked, Manner, Wire, honest
from tests.server.desk import CHEAP

Answers = Callable[[dict[str, Any]], bytes]
PLAIN = {"Content-Type": "application/msgpack"}


@pytest.fixture
def wire(folder: ServerFolder) -> Iterator[Wire]:
    with (
        RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server,
        Wire(lambda: server.url).listening() as made,
    ):
        yield made


@pytest.fixture
def desk(wire: Wire, tmp_path: Path) -> Iterator[DeskData]:
    """Ada's, filled, with a client and a note that the server has, and one note that waits."""
    data = open_data(tmp_path / "desk", wire.url)
    row_id = client(data, "Sample Bakery")
    note(data, row_id, "known to the server")
    synced(data)
    note(data, row_id, "not sent yet")
    yield data
    data.close()


@pytest.fixture
def engine(desk: DeskData) -> Iterator[Engine]:
    made = engine_of(desk)
    yield made
    made.stop()


def contents(data: DeskData) -> dict[str, list[Any]]:
    """All that a lie could change."""
    tables = (*SYNCED, "outbox", "needs_you", "cursors", "base", "undo", "drafts")
    found = {table: sorted(map(repr, data.sql.all(f"SELECT * FROM {table}"))) for table in tables}
    kept = {"device_id", "rights", "epoch", "seq", "answered"}
    found["state"] = sorted(f"{key}={value}" for key, value in data.replica.state().items() if key in kept)
    return found


def page(asked: Asked, ask: Ask) -> dict[str, Any]:
    """An honest page with everything from the beginning, to be changed."""
    question = msgspec.msgpack.decode(asked.body)
    body = msgspec.msgpack.encode(question | {"cursors": {}})
    answered = ask(Asked(asked.path, asked.headers | {"Accept-Encoding": "identity"}, body))
    assert answered.status == 200, answered
    found: dict[str, Any] = msgspec.msgpack.decode(answered.body)
    assert found["rows"]["notes"]
    return found


NOT_TAKEN = "The server does not take what waits here."
"""Said where an answer was taken, but a push led nowhere."""


def always(answered: Answered) -> Manner:
    return lambda _asked, _ask: answered


def lie(wire: Wire, answer: Answers) -> None:
    """Pushes go nowhere; pulls are answered with this made of an honest answer."""

    def manner(asked: Asked, ask: Ask) -> Answered | None:
        path = asked.path.rpartition("/")[2]
        if path == "push":
            return Answered(200, PLAIN, msgspec.msgpack.encode({"seq": 0}))
        if path == "pull":
            return Answered(200, PLAIN, answer(page(asked, ask)))
        return ask(asked)

    wire.manner = manner


def assert_refused(desk: DeskData, engine: Engine, before: dict[str, list[Any]], what: object) -> None:
    assert not engine.sync_once(), what
    assert engine.status.state in {"offline", "stopped", "copied"}, (what, engine.status)
    assert engine.status.title not in {"", NOT_TAKEN}, what
    assert contents(desk) == before, what


WRONG: tuple[Any, ...] = (None, -1.5, 2**63, "text", b"bytes", [[None]], {"a": 1})


def with_field(field: str, value: Any, reply: dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode(reply | {field: value})


def without(field: str, reply: dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode({k: v for k, v in reply.items() if k != field})


def test_wrong_types_in_each_field_of_the_answer(wire: Wire, desk: DeskData, engine: Engine) -> None:
    before = contents(desk)
    lie(wire, msgspec.msgpack.encode)
    assert not engine.sync_once()
    assert engine.status.title == NOT_TAKEN, "unchanged it is taken"
    right = {"asked": str, "epoch": str, "now": int, "seq": int, "left": int, "more": bool}
    tried = 0
    fields = ("asked", "epoch", "now", "rights", "columns", "rows", "gone", "cursors", "more", "seq", "answers", "left")
    for field in fields:
        for wrong in WRONG:
            if type(wrong) is right.get(field):
                continue
            lie(wire, functools.partial(with_field, field, wrong))
            assert_refused(desk, engine, before, (field, wrong))
            tried += 1
        if field != "left":
            lie(wire, functools.partial(without, field))
            assert_refused(desk, engine, before, (field, "missing"))
    assert tried > 70
    wire.manner = honest
    assert engine.sync_once(), "an honest answer is taken after all of these"


def test_wrong_values_in_each_column_of_a_row(wire: Wire, desk: DeskData, engine: Engine) -> None:
    before = contents(desk)
    names = COLUMNS["notes"]

    def changed(column: str, wrong: Any) -> Answers:
        def answer(reply: dict[str, Any]) -> bytes:
            reply["rows"]["notes"][0][reply["columns"]["notes"].index(column)] = wrong
            return msgspec.msgpack.encode(reply)

        return answer

    for column in names:
        wrongs: tuple[Any, ...] = (None, 1.5, [], 2**60, "text")
        for wrong in wrongs:
            if isinstance(wrong, str) and (column not in NUMBERS["notes"] and column != "stamps"):
                continue
            lie(wire, changed(column, wrong))
            assert_refused(desk, engine, before, (column, wrong))
    for stamps in ("{", "[" * 100_000, '{"body": 5}', '{"body": [-1, "x"]}', '{"body": [1e400, "x"]}'):
        lie(wire, changed("stamps", stamps))
        assert_refused(desk, engine, before, stamps[:20])


def test_rows_of_a_wrong_length_and_columns_that_are_not_there(wire: Wire, desk: DeskData, engine: Engine) -> None:
    before = contents(desk)

    def shorter(reply: dict[str, Any]) -> bytes:
        reply["rows"]["notes"][0].pop()
        return msgspec.msgpack.encode(reply)

    def nameless(reply: dict[str, Any]) -> bytes:
        reply["columns"]["notes"][reply["columns"]["notes"].index("id")] = "nothing"
        return msgspec.msgpack.encode(reply)

    def none(reply: dict[str, Any]) -> bytes:
        reply["columns"].pop("notes")
        return msgspec.msgpack.encode(reply)

    for answer in (shorter, nameless, none):
        lie(wire, answer)
        assert_refused(desk, engine, before, answer.__name__)


def peak_kilobytes() -> int:
    """The most memory that this process ever had; 0 where that is counted in another way."""
    if sys.platform != "linux":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_too_much_too_deep_and_bombs_are_bounded(
    wire: Wire, desk: DeskData, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(desk)
    monkeypatch.setattr(transport, "MAX_REPLY_BYTES", 4 * 1024 * 1024)
    most = peak_kilobytes()
    bomb = zstandard.ZstdCompressor().compress(bytes(64 * 1024 * 1024))
    for what, headers, body in (
        ("deep", {}, b"\x91" * 500_000),
        ("deep maps", {}, b"\x81\xa1a" * 500_000),
        ("a list that says it is endless", {}, b"\xdd\xff\xff\xff\xff"),
        ("a text that says it is endless", {}, b"\xdb\xff\xff\xff\xff"),
        ("JSON", {"Content-Type": "application/json"}, b"[" * 500_000),
        ("nothing", {}, b""),
        ("HTML", {"Content-Type": "text/html"}, b"<script>alert(1)</script>"),
        ("too much", {}, bytes(5 * 1024 * 1024)),
        ("a bomb", {"Content-Encoding": "zstd"}, bomb),
        ("no zstd", {"Content-Encoding": "zstd"}, b"\x28\xb5\x2f\xfd" + b"\xff" * 50),
        ("gzip", {"Content-Encoding": "gzip"}, b"\x1f\x8b" + bytes(50)),
        ("a head without end", {f"X-{n}": "x" * 4000 for n in range(60)}, b""),
    ):
        wire.manner = always(Answered(200, PLAIN | headers, body))
        began = time.monotonic()
        assert_refused(desk, engine, before, what)
        assert time.monotonic() - began < 5, what
    assert peak_kilobytes() - most < 200_000, "with what the test itself makes to send"


@pytest.mark.parametrize("status", [100, 204, 301, 302, 400, 401, 403, 404, 409, 413, 418, 429, 500, 503, 599])
def test_any_status_with_any_body_is_an_outage_or_said(wire: Wire, desk: DeskData, engine: Engine, status: int) -> None:
    before = contents(desk)
    where = {"Location": "http://127.0.0.1:9/elsewhere"}
    if status >= 200:
        for body in (b"", b"\xc1", msgspec.msgpack.encode({"code": 5, "title": None})):
            body = b"" if status == 204 else body  # noqa: PLW2901  # it has none
            wire.manner = always(Answered(status, PLAIN | where, body))
            assert_refused(desk, engine, before, (status, body))
    words = {"code": "revoked", "title": "This workstation was revoked.", "proofs": [bytes(32)]}
    wire.manner = always(Answered(max(status, 400), PLAIN, msgspec.msgpack.encode(words)))
    assert not engine.sync_once()
    assert engine.status.state != "revoked", "that has to be proved"
    assert contents(desk) == before


@pytest.mark.parametrize(
    ("begins", "piece", "longest", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b"\x91", 0, "too slowly"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: y\r\n", 0.5, "did not answer in time"),
    ],
    ids=["its body", "its head"],
)
def test_an_answer_that_drips_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, begins: bytes, piece: bytes, longest: float, words: str
) -> None:
    """Each piece comes in time; the whole does not."""
    if not longest:
        monkeypatch.setattr(transport, "LONGEST_REPLY_SECONDS", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(begins)
            for _ in range(100):
                connection.sendall(piece)
                time.sleep(0.1)

    thread = threading.Thread(target=drip)
    thread.start()
    calls = transport.HttpCalls(f"http://127.0.0.1:{listening.getsockname()[1]}", 2, longest_seconds=longest)
    began = time.monotonic()
    with pytest.raises(Unreachable, match=words):
        calls.call("challenge", None, ChallengeReply)
    assert time.monotonic() - began < 3
    calls.close()
    thread.join()
    listening.close()


def test_unknown_values_and_ids_of_other_tables_do_nothing(wire: Wire, desk: DeskData, engine: Engine) -> None:
    """What only a newer server knows is left out; marks and answers that name something else do not fit."""
    before = contents(desk)
    (bakery,) = desk.sql.one("SELECT id FROM clients") or ("",)
    scope = desk.sql.value("SELECT scope FROM clients")

    def strange(reply: dict[str, Any]) -> bytes:
        for table in list(reply["rows"]):
            reply["rows"][table] = []
        reply["rows"]["robots"] = [[1, 2]]
        reply["columns"]["robots"] = ["a", "b"]
        rev = max(reply["cursors"].values())
        reply["gone"] = [
            [scope, "robots", bakery, rev],
            [scope, "notes", bakery, rev],  # the id of a client
            ["another scope", "clients", bakery, rev],
            [scope, "outbox", bakery, rev],
            [scope, "clients; DROP TABLE notes", bakery, rev],
        ]
        reply["seq"], reply["answers"] = -1, []
        return msgspec.msgpack.encode(reply)

    lie(wire, strange)
    engine.sync_once()
    after = contents(desk)
    assert {t: r for t, r in after.items() if t != "state"} == {t: r for t, r in before.items() if t != "state"}

    def answered(command_id: str, seq: int) -> Answers:
        def answer(reply: dict[str, Any]) -> bytes:
            return msgspec.msgpack.encode(reply | {"seq": seq, "answers": [[seq, command_id, "done", "", ""]]})

        return answer

    waiting = desk.replica.unsent()[0]
    before = contents(desk)
    for command_id, seq in ((bakery, waiting.seq), (waiting.id, waiting.seq + 1), ("", waiting.seq)):
        lie(wire, answered(command_id, seq))
        assert_refused(desk, engine, before, (command_id, seq))


def test_an_endless_answer_is_given_up_and_meanwhile_fills_no_disk_and_keeps_nobody_from_working_and_ending(
    wire: Wire, desk: DeskData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page says that it leads on, and brings nothing."""
    pages = 0

    def endless(reply: dict[str, Any]) -> bytes:
        nonlocal pages
        pages += 1
        cursors = {scope: rev + pages for scope, rev in reply["cursors"].items()}
        rows: dict[str, list[Any]] = {table: [] for table in reply["rows"]}
        return msgspec.msgpack.encode(reply | {"cursors": cursors, "rows": rows, "more": True, "seq": -1})

    lie(wire, endless)
    engine = engine_of(desk)
    path = desk.sql.db.path  # type: ignore[attr-defined]
    size = sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))
    engine.start()
    end = time.monotonic() + 20
    while pages < 25:
        assert time.monotonic() < end
        time.sleep(0.01)
    client(desk, "Sample, meanwhile")
    began = time.monotonic()
    engine.stop()
    assert time.monotonic() - began < 3
    assert sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*")) - size < 3_000_000
    assert desk.replica.waiting_count() == 2
    monkeypatch.setattr(rebase, "EMPTY_PAGES", 10)
    engine = engine_of(desk)
    pages += 100
    before = pages
    assert not engine.sync_once()
    assert (engine.status.state, engine.status.title) == ("stopped", "The server's answer does not lead on.")
    assert pages - before <= 12
    engine.stop()
