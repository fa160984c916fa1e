"""What must hold in the simulation: after every answer on the desk that took it in, and when all has healed."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import msgspec

from csr_desktop.commands import calls, catalogue, clients
from csr_desktop.commands.work import Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person
from csr_desktop.domain.share import cut_off, is_within
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.share import months
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, new_row
from csr_desktop.sync.filling import CUT_OFF
from csr_desktop.sync.rebase import DIFFERS_KEPT_MS
from csr_desktop.sync.recovery import SENT_DAYS, is_behind
from csr_desktop.sync.replica import person_of
from tests.sync.accidents import CHILDREN
from tests.sync.databases import file_of, server_file
from tests.sync.desks import DAY, Desk
from tests.sync.years import within

if TYPE_CHECKING:
    from tests.sync.simulation import World

Key = tuple[str, str]
Change = tuple[str, dict[str, Any] | None, dict[str, Any]]
"""A table and a row's last version and the new one."""
SLACK_MS = 3 * DAY
"""What clocks and the way of an answer may make of a time."""


class Versions:
    """Each version that a row ever had on the server."""

    def __init__(self) -> None:
        self._known: dict[Key, list[dict[str, Any]]] = {}
        self.top = 0

    def record(self, sql: Sql) -> list[Change]:
        """What is new since the last time."""
        found: list[Change] = []
        for table, names in COLUMNS.items():
            columns = ",".join(f'"{c}"' for c in names)
            for values in sql.all(f"SELECT {columns} FROM {table} WHERE rev > ?", self.top):
                row = dict(zip(names, values, strict=True))
                known = self._known.setdefault((table, row["id"]), [])
                found.append((table, known[-1] if known else None, row))
                known.append(row)
        self.top = int(sql.value("SELECT value FROM counters WHERE id = 'rev'"))
        return found

    def has(self, key: Key, row: dict[str, Any], blind_to: frozenset[str]) -> bool:
        """Of a row that has to come again, whose rev is below 0, the rev is not compared."""
        ignored = blind_to | ({"rev"} if row["rev"] < 0 else set())
        told = {name: value for name, value in row.items() if name not in ignored}
        return any(told.items() <= known.items() for known in self._known.get(key, ()))

    def was_old(self, key: Key, cut_off_at: int) -> bool:
        """Whether any of them was done so long ago. Not of messages."""
        return any(not is_within(key[0], row, cut_off_at) for row in self._known[key])


class Deed:
    """A command of which the screen said that it is saved."""

    def __init__(self, number: int, kind: str) -> None:
        self.number, self.kind = number, kind
        self.is_on_server_alone = False


class Deeds:
    """What was acknowledged, less what is lost by rights: it was in a file, or a server, that nobody has any more."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._copied: dict[int, set[str]] = {}
        self.all: dict[str, Deed] = {}

    def add(self, command_id: str, number: int, kind: str) -> None:
        self.all[command_id] = Deed(number, kind)

    def _of(self, number: int) -> set[str]:
        return {i for i, deed in self.all.items() if deed.number == number}

    def _log(self) -> dict[str, str]:
        return dict(self._world.sql.all("SELECT id, status FROM log"))

    def copied(self, number: int) -> None:
        self._copied[number] = self._of(number)

    def lost_file(self, number: int, *, is_put_back: bool) -> None:
        log = self._log()
        for command_id in self._of(number) - (self._copied.get(number, set()) if is_put_back else set()):
            if command_id in log:
                self.all[command_id].is_on_server_alone = True
            else:
                del self.all[command_id]
        if not is_put_back:
            self._copied.pop(number, None)

    def forgot_what_was_sent(self, desk: Desk) -> None:
        log = self._log()
        waiting = {i for (i,) in desk.replica.sql.all("SELECT id FROM outbox UNION SELECT id FROM needs_you")}
        for command_id in self._of(desk.number) - waiting:
            if command_id in log:
                self.all[command_id].is_on_server_alone = True
            else:
                del self.all[command_id]

    def server_put_back(self, before: dict[str, tuple[str, int]]) -> None:
        """`before` are statuses and times of what it had executed. A desk remembers for a month what it sent."""
        known = [
            {i for (i,) in desk.replica.sql.all("SELECT id FROM sent UNION SELECT id FROM outbox")}
            for desk in self._world.desks
        ]
        month_ago = self._world.now - SENT_DAYS * DAY + SLACK_MS
        for command_id in before.keys() - self._log().keys():
            deed, (status, executed_at) = self.all.get(command_id), before[command_id]
            if deed is None:
                continue
            is_forgotten = executed_at < month_ago and command_id not in known[deed.number]
            if deed.is_on_server_alone or status == "void" or is_forgotten:
                del self.all[command_id]


# After every answer


def check_desk(world: World, desk: Desk) -> None:
    """Local = a state of the server and my unsent commands; nothing of others' teams; nothing of mine vanished."""
    sql = desk.replica.sql
    images: dict[Key, Any] = {
        (t, i): new_row(t) | msgspec.msgpack.decode(image) if image is not None else None
        for t, i, image in sql.all("SELECT table_name, row_id, image FROM base")
    }
    local = desk.local()
    state = {**local, **images}
    for key, row in state.items():
        if row is not None:
            assert world.versions.has(key, row, desk.blind_to), f"no state of the server: {key} of desk {desk.number}"
    who = person_of(desk.replica.state())
    for (table, row_id), row in local.items():
        assert row["scope"] in who.scopes, f"desk {desk.number} holds {table} {row_id} of {row['scope']}"
    expected = _with_unsent(desk, state, who)
    keys = set() if desk.is_mixed else expected.keys() | local.keys()
    different = [key for key in keys if expected.get(key) != local.get(key)]
    assert not different, "local is not the server's state and what is unsent: " + "; ".join(
        f"{key}: {_difference(local.get(key), expected.get(key))}" for key in sorted(different)[:2]
    )
    desk.dropped_until = max(desk.dropped_until, int(desk.replica.state().get(CUT_OFF, 0)))
    _check_nothing_vanished(world, desk, who, local)
    course, cursors = desk.course(), dict(sql.all("SELECT scope, rev FROM cursors WHERE rev >= 0"))
    if course == desk.seen[0]:
        assert all(rev >= desk.seen[1].get(scope, 0) for scope, rev in cursors.items()), "it went back in time"
    desk.seen = course, cursors


def _difference(here: dict[str, Any] | None, there: dict[str, Any] | None) -> str:
    """Of two rows, what each has in the fields that differ: here, and as it should be."""
    if here is None or there is None:
        return "is missing here" if here is None else "should not be here"
    return str({name: (here.get(name), there.get(name)) for name in there if here.get(name) != there.get(name)})


def _with_unsent(desk: Desk, state: dict[Key, Any], who: Person) -> dict[Key, Any]:
    by_table: dict[str, list[tuple[str, Any]]] = collections.defaultdict(list)
    for (table, row_id), row in state.items():
        by_table[table].append((row_id, row))
    work = Work(
        lambda table, ids: {i: state[table, i] for i in ids if state.get((table, i))},
        new_row,
        find=lambda table, field, value: [i for i, row in by_table[table] if row and row[field] == value],
    )
    for key in state:
        work.get(*key)
    for command in desk.replica.unsent():
        work.mark()
        try:
            command.permit(who, work)
            command.run(work)
        except Refused:
            work.drop()
    return {key: row for key, row in work.now.items() if row is not None}


def _check_nothing_vanished(world: World, desk: Desk, who: Person, local: dict[Key, Any]) -> None:
    waiting = {command.id for command in desk.replica.unsent()}
    for command_id, deed in world.deeds.all.items():
        is_call = deed.number == desk.number and deed.kind == "LogInteraction"
        if not is_call or command_id in waiting or deed.is_on_server_alone:
            continue
        found = world.sql.one("SELECT status, body FROM log WHERE id = ?", command_id)
        if found is None and world.has_been_put_back:
            continue
        assert found is not None, "a command left the outbox that the server does not know"
        command = catalogue.decode(bytes(found[1]))
        assert isinstance(command, calls.LogInteraction)
        stays = command.scope in who.scopes - desk.filling and command.row_id not in world.moved
        if found[0] == "done" and stays and ("interactions", command.row_id) not in local:
            is_old = world.versions.was_old(("interactions", command.row_id), desk.dropped_until)
            assert is_old, "my call vanished for a while"


# When all has healed


def check_all(world: World) -> None:
    for desk in world.desks:
        _check_replica(world, desk)
        assert not desk.mended_count, f"desk {desk.number} had to be put right by comparing"
    log: dict[str, tuple[str, bytes]] = {
        i: (status, bytes(body)) for i, status, body in world.sql.all("SELECT id, status, body FROM log")
    }
    _check_acknowledged(world, log)
    numbers = [n for (n,) in world.sql.all("SELECT number FROM tickets")]
    assert len(set(numbers)) == len(numbers)
    assert 0 not in numbers
    _check_fields(world, log)
    _check_children(world)
    _check_replay(world)


def _check_replica(world: World, desk: Desk) -> None:
    scopes = world.person(desk.user_id).scopes
    assert not desk.replica.sql.all("SELECT 1 FROM base")
    assert not desk.replica.waiting_count()
    assert not is_behind(desk.replica)
    for table in SYNCED:
        every = world.sql.all(f"SELECT id, scope FROM {table}")
        mine = world.sql.load(table, [i for i, scope in every if scope in scopes])
        if world.is_long:
            mine = within(world.sql, table, mine, cut_off(world.now, months(world.sql)))
        local = desk.replica.sql.load(table, desk.rows(table))
        # What a server that was put back has lost, a row's move too, and nobody sent again, stays until a person decides;
        # so does what left while the file was another one.
        is_doubtful = world.has_been_put_back or desk.has_been_put_back
        kept = {i for i, row in local.items() if row["rev"] <= 0 and i not in mine and is_doubtful}
        different = sorted(i for i in mine.keys() | local.keys() - kept if mine.get(i) != local.get(i))
        assert not different, f"desk {desk.number} differs in {table}: " + "; ".join(
            f"{i}: {_difference(local.get(i), mine.get(i))}" for i in different[:2]
        )


def _check_acknowledged(world: World, log: dict[str, tuple[str, bytes]]) -> None:
    needs = [dict(desk.replica.sql.all("SELECT id, status FROM needs_you")) for desk in world.desks]
    shown = [{waiting.command.id for waiting in desk.replica.needs_you()} for desk in world.desks]
    for command_id, deed in world.deeds.all.items():
        if command_id not in log:
            assert command_id in shown[deed.number], f"acknowledged, and lost: {deed.kind} {command_id}"
            continue
        status = log[command_id][0]
        world.stats[status] += 1
        if deed.is_on_server_alone:
            continue
        if status == "refused":
            assert command_id in shown[deed.number], f"refused without a word: {deed.kind} {command_id}"
        executed_at = world.sql.value("SELECT executed_at FROM log WHERE id = ?", command_id)
        is_of_now = executed_at > world.now - DIFFERS_KEPT_MS + SLACK_MS
        # In a server that was put back it may have been done, and been done again late.
        if status == "differs" and is_of_now and not world.has_been_put_back:
            assert command_id in needs[deed.number], f"differs without a word: {deed.kind} {command_id}"
    for number, ids in enumerate(shown):
        assert all(needs[number][i] == "refused" for i in ids), "an alarm for what merely differs"


def _check_fields(world: World, log: dict[str, tuple[str, bytes]]) -> None:
    """An oracle over the log: each field is its latest edit that was not taken back."""
    edits: dict[tuple[str, str, str], dict[str, Any]] = {}
    for (command_id,) in world.sql.all("SELECT id FROM log ORDER BY position"):
        status, body = log[command_id]
        command = catalogue.decode(body)
        if "/" in command_id or status not in {"done", "differs"}:
            continue
        if not isinstance(command, clients.EditClient | clients.EditContact):
            continue
        for field, (_, becomes) in command.changes.items():
            edits.setdefault((command.table, command.row_id, field), {})[command_id] = becomes
        if command.undoes:  # takes back all of that edit, also a field that it gave the value it had
            for (table, row_id, _), left in edits.items():
                if (table, row_id) == (command.table, command.row_id):
                    left.pop(command.undoes, None)
                    left.pop(command_id, None)
    for (table, row_id, field), left in edits.items():
        row = world.sql.load(table, [row_id])[row_id]
        question = "SELECT command_id, at FROM history WHERE table_name=? AND row_id=? AND field=?"
        times: dict[str, int] = dict(world.sql.all(question, table, row_id, field))
        expected = left[max(left, key=lambda c: (times[c], c))] if left else f"{field[0]}0"
        assert row[field] == expected, f"{table}.{field} of {row_id}"


def _check_children(world: World) -> None:
    """A conversation is where its ticket is; and nothing was done twice to a follow-up."""
    assert "messages" in CHILDREN
    strays = "SELECT m.id FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.scope <> t.scope"
    assert not world.sql.all(strays), "a message stayed behind when its ticket moved"
    for row_id, moves in world.sql.all("SELECT id, moves FROM follow_ups"):
        made = [tuple(move) for move in msgspec.json.decode(moves)]
        assert len(set(made)) == len(made), f"the same move twice: {row_id}"


def _check_replay(world: World) -> None:
    """Every command of the log once more, one a commit, on an empty server: the same answers, the same rows. What is
    counted for a commit as a whole, revisions and tickets' numbers, may come in another order.
    """
    path = world.folder / "replay.db"
    path.write_bytes(file_of("server", world.server_version))
    sql = Sql(server_file(path))
    at = world.began_at
    ledger = Ledger(sql, lambda: at)
    with sql.transaction():
        registered = "SELECT id, user_id, name, public_key, registered_at, seen_at, revoked_at FROM devices ORDER BY id"
        rows = [(*device[:3], b"", *device[4:], 0) for device in world.sql.all(registered)]
        sql.many("INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) "
                 "VALUES (?,?,?,?,?,?,?,?)", rows)  # fmt: skip
    written = list(world.written)

    def write_until(position: int) -> None:
        while written and written[0][0] < position:
            with sql.transaction():
                work = Work(sql.load, new_row)
                for table, row_id, fields in written.pop(0)[1]:
                    work.put(table, row_id, **fields)
                ledger.write(work)

    logged = "SELECT position, device_id, user_id, body, status, executed_at, seq FROM log ORDER BY position"
    for position, device_id, user_id, body, status, executed_at, seq in world.sql.all(logged):
        write_until(position)
        at = executed_at
        ledger.push([Push(device_id, user_id, [bytes(body)])])
        again = sql.value("SELECT status FROM log WHERE device_id = ? AND seq = ?", device_id, seq)
        assert again == status, f"alone it would have been {again}, not {status}: {catalogue.decode(bytes(body))}"
    write_until(2**60)
    for table in SYNCED:
        for row_id, row in _all_rows(world.sql, table).items():
            alone = sql.load(table, [row_id]).get(row_id)
            assert alone is not None, f"{table} {row_id} comes from nothing that was done"
            different = {name for name in row if name not in {"rev", "number"} and row[name] != alone[name]}
            assert not different, f"{table} {row_id} is not what was done: {sorted(different)}"
        assert _all_rows(sql, table).keys() == _all_rows(world.sql, table).keys(), f"{table}: something is missing"
    sql.db.close()


def _all_rows(sql: Sql, table: str) -> dict[str, Any]:
    return dict(sorted(sql.load(table, [i for (i,) in sql.all(f"SELECT id FROM {table}")]).items()))
