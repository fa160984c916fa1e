"""A simulated workstation: the real replica, puller and engine on a file of its own, with a clock that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from csr_desktop.commands.command import Command
from csr_desktop.domain.errors import CsrDesktopError, Refused, Unreachable
from csr_desktop.domain.ids import id_source
from csr_desktop.protocol import CheckReply, CheckRequest, PullReply, PullRequest, PushReply, PushRequest, encode
from csr_desktop.server.sessions import Session
from csr_desktop.store.desk_tables import DESK_TABLES
from csr_desktop.store.migrations import latest_version, migrate
from csr_desktop.store.opening import RESTORED
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync.answers import NoAnswer, Revoked, SignedOut, decoded
from csr_desktop.sync.filling import CUT_OFF, DROPPED, WHOLE
from csr_desktop.sync.rebase import OlderCopy, Restored
from csr_desktop.sync.recovery import CATCHING_UP, begin_again, is_behind, is_put_back
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from tests.sync.counting import CountingPuller
from tests.sync.databases import desk_file, file_of
from tests.sync.network import Message
from tests.sync.one_thread import Deaf, OneThreadEngine
from tests.sync.servers import Answer
from tests.sync.stepping import Fuse, SteppingSql

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Callable
    from pathlib import Path

    import peewee as pw

DAY = 86_400_000
SKEWS = (0, 0, -DAY, DAY, 5_000, -700)
"""How far, in milliseconds, clocks are off."""
FILLS_SINCE = 4
"""The first version of a desk's file that takes a scope's older rows newest first."""
M = TypeVar("M", bound=msgspec.Struct)


class Surroundings(Protocol):
    """What a desk needs of its world."""

    random: random.Random
    folder: Path
    now: int
    stats: Counter[str]
    bulk: list[str]

    def exchange(self, message: Message) -> Answer | None:
        """The server's answer; None when none comes."""


class _Replica(Replica):
    """Also lets an undo be taken back, as the commands allow, where that is wished."""

    takes_back_undos = False

    def _keep_undo(self, group_id: str, undoes_group: str, words: str, inverses: Sequence[Command], at: int) -> None:
        super()._keep_undo(group_id, undoes_group, words, inverses, at)
        if self.takes_back_undos and undoes_group and inverses:
            self._write_undo(group_id, words, inverses, at)


class _Line(Deaf):
    """The engine's transport: one question at a time, over the world's network."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def push(self, request: PushRequest) -> PushReply:
        return self._ask("push", request, PushReply)

    def pull(self, request: PullRequest) -> PullReply:
        return self._ask("pull", self._desk.in_small_pages(request), PullReply)

    def check(self, request: CheckRequest) -> CheckReply:
        return self._ask("check", request, CheckReply)

    def _ask(self, kind: str, request: msgspec.Struct, reply: type[M]) -> M:
        answer = self._desk.world.exchange(self._desk.message(kind, request))
        if answer is None:
            raise NoAnswer("Nothing came back.")
        return read(answer, reply)


def read(answer: Answer, kind: type[M]) -> M:
    """As the transport does; the simulated server needs no further proof of itself."""
    try:
        return decoded(*answer, kind)
    except SignedOut as fault:
        if fault.code == "revoked":
            raise Revoked(fault.code, fault.title) from fault
        raise


class Desk:
    """Person and workstation. `filling` are the scopes that came, or came back, and of which more pages follow;
    `mended_count` is how many rows comparing with the server put right; `blind_to` the columns that the program which
    wrote the file did not have; until the next answer `is_mixed`: rows as that program would have left them, and unsent
    commands that have not run over them yet; `dropped_until` is the latest time before which it did not keep what is done.
    """

    def __init__(self, world: Surroundings, number: int) -> None:
        self.world, self.number = world, number
        self.user_id, self.device_id = f"user-{number}", f"device-{number}"
        self.skew = world.random.choice(SKEWS)
        self.path = world.folder / f"desk-{number}.db"
        self.new_id = id_source(self.clock, world.random.getrandbits)
        self.fuse = Fuse()
        self.seen: tuple[tuple[str, ...], dict[str, int]] = ((), {})
        self.filling: set[str] = set()
        self._scopes: set[str] = set()
        self.serial = 0
        self.opened_again = 0
        self.mended_count = 0
        self.last: dict[str, int] = {}
        self.db: pw.Database | None = None
        self.copied: bytes | None = None
        self._is_copy_mixed = False
        self.blind_to: frozenset[str] = frozenset()
        self.is_mixed = False
        self.takes_back_undos = False
        self.dropped_until = 0
        self.has_been_put_back = False
        self.open()

    def clock(self) -> int:
        return self.world.now + self.skew

    # The file

    def open(self) -> None:
        """As the program starts; also after a crash."""
        self.close()
        is_new = not self.path.exists()
        if is_new:
            self.path.write_bytes(file_of("desk", latest_version("desk")))
        self.db = desk_file(self.path)
        sql = SteppingSql(self.db, self.fuse)
        migrate(sql, "desk")
        self.replica = _Replica(sql, self.clock, self.new_id)
        self.replica.takes_back_undos = self.takes_back_undos
        self.engine = OneThreadEngine(
            self.replica, _Line(self), self.clock, lambda _: None, lambda _: None, lambda: 0.5
        )
        self.engine._puller = self.puller = CountingPuller(
            self.replica, stats=self.world.stats, is_in_bulk=lambda: bool(self.world.bulk)
        )
        self.last = {}
        if is_new:
            self._scopes = set()
            first_rights(self.replica, self.device_id, newcomer(self.user_id, self.user_id))

    def close(self) -> None:
        self.fuse.put_out()
        if self.db is not None:
            self.db.close()

    def wipe(self) -> None:
        """The workstation was revoked; the person signs in anew, and a new file is made."""
        self.close()
        self.path.unlink()
        self.is_mixed = False
        self.opened_again += 1
        self.copied = None

    def copy(self) -> None:
        """Keep the file as it is."""
        self.close()
        self.copied, self._is_copy_mixed = self.path.read_bytes(), self.is_mixed
        self.open()

    def put_back(self, *, is_noticed: bool) -> None:
        """An older copy of the file stands in its place; the program notices it, or does not."""
        assert self.copied is not None
        self.close()
        self.path.write_bytes(self.copied)
        self.is_mixed = self._is_copy_mixed
        self.has_been_put_back = True
        self.opened_again += 1
        self.open()
        self._scopes = self._cursors()
        if is_noticed:
            self.replica.set_state(RESTORED, "1")

    def is_as_of(self, version: int) -> None:
        """The file as a program of this version would have written it, opened by today's."""
        self.close()
        older = self.path.with_suffix(".older")
        older.write_bytes(file_of("desk", version))
        sql = Sql(desk_file(older))
        sql.do("ATTACH ? AS today", str(self.path))
        with sql.transaction():
            for table in (*SYNCED, *(model._meta.table_name for model in DESK_TABLES)):
                names = [name for (name,) in sql.all("SELECT name FROM pragma_table_info(?, 'main')", table)]
                columns = ",".join(f'"{name}"' for name in names)
                missing = sql.all(
                    "SELECT name FROM pragma_table_info(?, 'today') EXCEPT SELECT name FROM pragma_table_info(?, 'main')",
                    table, table,
                )  # fmt: skip
                if names:
                    self.blind_to |= {name for (name,) in missing}
                    sql.do(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table} ORDER BY rowid")
            for table, row_id, image in sql.all("SELECT table_name, row_id, image FROM base WHERE image IS NOT NULL"):
                names = [name for (name,) in sql.all("SELECT name FROM pragma_table_info(?, 'main')", table)]
                if not names:  # it knew of no such rows
                    sql.do("DELETE FROM base WHERE table_name = ? AND row_id = ?", table, row_id)
                    continue
                row = msgspec.msgpack.decode(image)
                told = msgspec.msgpack.encode({name: row[name] for name in names})
                sql.do("UPDATE base SET image = ? WHERE table_name = ? AND row_id = ?", told, table, row_id)
            if version < FILLS_SINCE:  # it fetched by revision alone, so what is yet to come was after its cursor
                sql.do("UPDATE cursors SET rev = 0 WHERE rev < 0 OR scope IN (SELECT scope FROM today.fills)")
                sql.do("DELETE FROM state WHERE key IN (?, ?, ?)", CUT_OFF, DROPPED, WHOLE)
        sql.do("DETACH today")
        sql.db.close()
        older.replace(self.path)
        self.is_mixed = True
        self.opened_again += 1
        self.open()

    def rows(self, table: str, where: str = "1=1") -> list[str]:
        return [i for (i,) in self.replica.sql.all(f"SELECT id FROM {table} WHERE {where} ORDER BY id")]

    def local(self) -> dict[tuple[str, str], Any]:
        return {(t, i): row for t in SYNCED for i, row in self.replica.sql.load(t, self.rows(t)).items()}

    def course(self) -> tuple[str, ...]:
        """Within one, the file only moves forward; catching up from the beginning starts another."""
        state = self.replica.state()
        said = (state.get(key, "") for key in ("epoch", CATCHING_UP, "numbering", "device_id"))
        return (*said, str(self.opened_again))

    # Talking

    def message(self, kind: str, request: msgspec.Struct) -> Message:
        self.serial += 1
        self.last[kind] = self.serial
        return Message(kind, self.number, self.serial, Session(self.device_id, self.user_id), encode(request))

    def in_small_pages(self, request: PullRequest) -> PullRequest:
        return msgspec.structs.replace(request, limit=self.world.random.choice([3, 10, 1000]))

    def question(self) -> Message | None:
        """What the engine would send next, without waiting for the answer to what it sent before."""
        if is_put_back(self.replica):
            begin_again(self.replica, "file")
        if not is_behind(self.replica) and self.world.random.random() < 0.5:
            batch = self.replica.push_batch(limit=self.world.random.choice([1, 5, 50]))
            return self.message("push", PushRequest(batch)) if batch else None
        return self.message("pull", self.in_small_pages(self.puller.request()))

    def hear(self, message: Message) -> CsrDesktopError | None:
        """Take in an answer that came, whenever that is; what it says when it is a refusal of the last question."""
        if message.kind == "checked":  # nobody waits for it any more
            return None
        kind = PullReply if message.kind == "pulled" else PushReply
        is_newest = self.last.get("pull" if message.kind == "pulled" else "push") == message.serial
        try:
            reply = read((message.status, message.body), kind)
            if isinstance(reply, PullReply):
                self.apply(reply)
                while not reply.more and self.puller.rest() is not None:
                    pass  # as the engine does it
        except CsrDesktopError as fault:
            return fault if is_newest else None
        return None

    def apply(self, reply: PullReply) -> None:
        if reply.asked != self.puller._asked:  # late or once more: what it says of more pages is of another time
            self.puller.apply(reply)
            return
        self.puller.apply(reply)
        self.is_mixed = False
        self.note_filling(more=reply.more)

    def sync(self) -> CsrDesktopError | None:
        """All at once, as the engine does it; what the person is told when something is wrong."""
        self.engine.sync_once()
        self.note_filling(more=self.engine.status.state != "saved")
        status = self.engine.status
        if status.state == "saved":
            self.is_mixed = False
        self.mended_count += max(0, status.mended_count)
        match status.state:
            case "saved" | "offline":
                return None
            case "revoked":
                return Revoked("revoked", status.title)
            case "signed_out":
                return SignedOut("", status.title)
            case "copied":
                return OlderCopy()
        return CsrDesktopError(status.title, status.advice)

    def _cursors(self) -> set[str]:
        return {scope for (scope,) in self.replica.sql.all("SELECT scope FROM cursors")}

    def note_filling(self, *, more: bool) -> None:
        """Also after a crash, which may have come between taking a page in and saying so."""
        before, self._scopes = self._scopes, self._cursors()
        self.filling = (self.filling | (self._scopes - before)) & self._scopes if more else set()

    # What the person or the engine does about it

    def recover(self, fault: CsrDesktopError, sign_in: Callable[[Desk, bool], None]) -> None:
        """`sign_in` gets the desk and whether it has to be a new workstation."""
        match fault:
            case Revoked() | OlderCopy():
                sign_in(self, True)
            case SignedOut():
                sign_in(self, False)
            case Restored() | Refused(code="restored"):
                begin_again(self.replica, "server")
            case Refused(code="copied" | "other_device"):
                sign_in(self, True)
            case Unreachable():
                pass
            case _:
                raise AssertionError(f"desk {self.number} stopped: {fault.title}") from fault
