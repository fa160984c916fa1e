"""Runs commands for good: several pushes in one transaction, each command done or refused on its own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.command import Command, EditRow, latest_edit_at
from csr_desktop.commands.limits import BROKEN, check_values
from csr_desktop.commands.private_texts import masked_again
from csr_desktop.commands.work import Cell, Edit, Row, Stamp, Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import SERVER, Person, scopes_of
from csr_desktop.server.calls.looking_again import look_again
from csr_desktop.server.notices import take_and_notify
from csr_desktop.server.pin_claims import check_pin_claim
from csr_desktop.server.private_counts import count_private
from csr_desktop.server.share import crossed
from csr_desktop.store.queries.lists import home_region
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row

FUTURE_LIMIT = 60_000
"""How far, in milliseconds, a command may be ahead of the server's clock."""
EARLIEST_AT = 946_684_800_000
"""The year 2000 in milliseconds. Only a clock that was never set says less; then the time of arrival counts."""


_PERSON = (
    "SELECT users.name, users.role, users.is_active, users.deleted, teams.id FROM users "
    "LEFT JOIN memberships ON memberships.user_id = users.id AND memberships.deleted = 0 "
    "LEFT JOIN teams ON teams.id = memberships.team_id AND teams.deleted = 0 WHERE users.id = ?"
)
"""A row for each team that the person is in, and for each that is no more; one without for who is in none."""


class Push(msgspec.Struct, frozen=True):
    """What one device sent. `is_masked`: private numbers were looked for in it already, on another thread."""

    device_id: str
    user_id: str
    commands: Sequence[bytes]
    is_masked: bool = False


def _is_undo_of(command: Command, undone: Command) -> bool:
    same_row = getattr(command, "row_id", None) == getattr(undone, "row_id", None)
    return type(undone) is type(command) and same_row


def _own_undo(command: Command, undone: _Known) -> Command:
    """The undo that this server knows to take that command back, in the envelope of the one that was sent.

    What a desk says about values before and after is its prediction, and could be forged.
    """
    envelope = {"id": command.id, "by": command.by, "device": command.device, "seq": command.seq, "at": command.at}
    own = catalogue.decode(undone.inverse) if undone.inverse else None
    edit = undone.command
    if isinstance(edit, EditRow) and not edit.undoes:
        # Also where it lost to a later edit: else it would come back when that one is taken back.
        seen = own.changes if isinstance(own, EditRow) else {}
        changes = {field: seen.get(field, (becomes, becomes)) for field, (_, becomes) in edit.changes.items()}
        own = msgspec.structs.replace(edit, changes=changes)
    if own is None:
        raise Refused("nothing", "That changed nothing, so there is nothing to take back.")
    return msgspec.structs.replace(own, undoes=command.undoes, **envelope)


def link(
    before: bytes, position: int, command_id: str, user_id: str, body: bytes, status: str, code: str, executed_at: int
) -> bytes:
    """The hash of a row of the log: over the one before it, b"" before the first, and what the row says."""
    said = msgspec.msgpack.encode([position, command_id, user_id, body, status, code, executed_at])
    return hashlib.sha256(before + said).digest()


def masked_body(command: Command, body: bytes, region: str) -> tuple[Command, bytes]:
    """A command as it is decided and logged: private numbers that slipped through on the desk are masked."""
    taken = masked_again(command, region)
    return (command, body) if taken is command else (taken, catalogue.encode(taken))


@cache
def _values_of(table: str) -> Callable[[Row], tuple[Any, ...]]:
    """A row's values in the order of the table's columns."""
    return itemgetter(*COLUMNS[table])


class Executed(msgspec.Struct, frozen=True):
    """How many commands by status, and the age of the oldest in seconds."""

    statuses: dict[str, int]
    oldest_seconds: float


class _Decided(msgspec.Struct, frozen=True):
    command: Command
    body: bytes
    user_id: str
    status: str
    code: str
    reason: str
    inverse: bytes = b""


class _Known(msgspec.Struct, frozen=True):
    """A command that was executed before."""

    command: Command
    user_id: str
    status: str
    code: str = ""
    reason: str = ""
    inverse: bytes = b""
    """What takes it back, as this server saw it; empty when it changed nothing."""


class Ledger:
    """The one writer of shared data. `clock` gives milliseconds; `before_commit` is where a test may stop it."""

    def __init__(self, sql: Sql, clock: Callable[[], int], before_commit: Callable[[], None] = lambda: None) -> None:
        self._sql = sql
        self._clock = clock
        self._before_commit = before_commit
        self.executed: Executed | None = None
        """What the latest `push` executed, for whoever counts it once it is committed."""
        with sql.transaction():
            for name in ("rev", "ticket", "log"):
                sql.do(
                    "INSERT INTO counters (id, value, taken, taken_in) VALUES (?, 0, 0, 0) ON CONFLICT DO NOTHING", name
                )

    def push(self, pushes: Sequence[Push]) -> dict[str, int]:
        """Execute what is new, in order. Returns by device the last seq that is known."""
        self.executed = None
        with self._sql.transaction():
            known = self._execute(pushes)
            self._before_commit()
        return known

    def person(self, user_id: str) -> Person:
        """Rights as they stand now; raises Refused when the account is gone or closed."""
        return self._people([user_id])[user_id]

    def _people(self, user_ids: Iterable[str]) -> dict[str, Person]:
        all_teams = frozenset[str]()
        people: dict[str, Person] = {}
        for user_id in set(user_ids):
            found = self._sql.all(_PERSON, user_id)
            name, role, is_active, deleted, _ = found[0] if found else ("", "csr", 0, 1, None)
            if not is_active or deleted:
                raise Refused("signed_out", "This account is closed.", "Ask your administrator.")
            # Others than those read or administer, and work in none.
            own = {team_id for *_, team_id in found if team_id is not None} if role in {"csr", "lead"} else set()
            if not all_teams and (role == "manager" or user_id == SERVER):
                all_teams = frozenset(i for (i,) in self._sql.all("SELECT id FROM teams WHERE deleted = 0"))
            teams = frozenset(own)
            scopes = scopes_of(user_id, role, teams, all_teams)
            if user_id == SERVER:  # what phone systems say is of any team
                teams, scopes = all_teams, scopes | all_teams
            people[user_id] = Person(user_id, name, role, teams, scopes)
        return people

    def _execute(self, pushes: Sequence[Push]) -> dict[str, int]:
        sql = self._sql
        devices = sorted({push.device_id for push in pushes})
        marks = ",".join("?" * len(devices))
        tail = " ORDER BY id FOR UPDATE" if sql.is_postgresql else ""
        stored: dict[str, int] = dict(sql.all(f"SELECT id, seq FROM devices WHERE id IN ({marks}){tail}", *devices))
        known = dict(stored)
        region = home_region(sql)
        todo = [(command, body, push.user_id) for push in pushes for command, body in self._fresh(push, known, region)]
        if not todo:
            return known
        people = self._people(user_id for _, _, user_id in todo)
        work = Work(lambda table, ids: sql.load(table, ids, lock=True), new_row, self._past, sql.find)
        work.fetch(key for command, _, _ in todo for key in command.keys())  # noqa: SIM118
        decided: list[_Decided] = []
        answers = self._answers_of(i for command, _, _ in todo for i in (command.id, command.undoes) if i)
        now = work.arrived_at = self._clock()
        texts: list[tuple[str, Command]] = []
        for command, body, user_id in todo:
            is_repeated = command.id in answers
            outcome = self._decide(command, body, people[user_id], work, answers, now)
            # A repeated id must not put itself before the command that bore it first.
            answers.setdefault(
                command.id, _Known(command, user_id, outcome.status, outcome.code, outcome.reason, outcome.inverse)
            )
            decided.append(outcome)
            if not is_repeated and outcome.status in {"done", "differs"}:
                texts.append((user_id, command))
        oldest_at = min(outcome.command.at for outcome in decided)
        self.executed = Executed(dict(Counter(outcome.status for outcome in decided)), (now - oldest_at) / 1000)
        count_private(sql, texts, region, now)
        look_again(
            sql, (row for row in work.dirty().get("interactions", ()) if work.before["interactions", row["id"]] is None)
        )
        self._keep(work, decided, {d: s for d, s in known.items() if s != stored[d]}, now)
        return known

    @staticmethod
    def _fresh(push: Push, known: dict[str, int], region: str) -> Iterable[tuple[Command, bytes]]:
        for body in push.commands:
            command = catalogue.decode(body)
            if command.device == push.device_id and command.seq == known.get(push.device_id, -1) + 1:
                known[push.device_id] += 1
                yield (command, body) if push.is_masked else masked_body(command, body, region)
            # A lower seq is known and answered by the pull; a higher one has a gap before it and is sent again.

    def _answers_of(self, ids: Iterable[str]) -> dict[str, _Known]:
        columns = "id, body, user_id, status, code, reason, inverse"
        return {
            row[0]: _Known(catalogue.decode(bytes(row[1])), row[2], row[3], row[4], row[5], bytes(row[6]))
            for row in self._logged(columns, sorted(set(ids)))
        }

    def _logged(self, columns: str, ids: Sequence[str]) -> Iterable[tuple[Any, ...]]:
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            yield from self._sql.all(f"SELECT {columns} FROM log WHERE id IN ({','.join('?' * len(part))})", *part)

    def _decide(
        self,
        command: Command,
        body: bytes,
        who: Person,
        work: Work,
        answers: Mapping[str, _Known],
        now: int,
    ) -> _Decided:
        def decided(status: str, code: str = "", reason: str = "", inverse: bytes = b"") -> _Decided:
            return _Decided(command, body, who.id, status, code, reason, inverse)

        work.mark()
        try:
            if command.by != who.id:
                raise Refused("forged", "This was made by somebody else.")
            if (known := answers.get(command.id)) is not None:
                if known.user_id != who.id:
                    raise Refused("forged", "This was made by somebody else.")
                return decided(
                    known.status, known.code, known.reason
                )  # a workstation that took a new number sends again what was executed before
            if command.undoes:
                undone = answers.get(command.undoes)
                if undone is None or undone.user_id != who.id or not _is_undo_of(command, undone.command):
                    raise Refused("unknown", "What this takes back is not known.")
                if undone.status in {"refused", "void"}:
                    return decided("void", "void", "What it takes back never happened.")
                command = _own_undo(command, undone)
            # What stands may be of a time when this server's own clock was ahead; who saw it can still correct it.
            latest_at = max(now + FUTURE_LIMIT, latest_edit_at(command, work) + 1)
            at = now if command.at < EARLIEST_AT else min(command.at, latest_at)
            if at != command.at:
                command = msgspec.structs.replace(command, at=at)
            command.permit(who, work)
            check_pin_claim(self._sql, command, work)
            differs = command.run(work)
            check_values(command, work)
            inverse = command.inverse(work.touched(), work)
        except Refused as refused:
            work.drop()
            return decided("refused", refused.code, str(refused))
        except BROKEN:
            work.drop()
            return decided("refused", "broken", "This could not be carried out as it came.")
        return decided("differs" if differs else "done", inverse=catalogue.encode(inverse) if inverse else b"")

    def _past(self, cell: Cell) -> dict[str, Edit]:
        sql = "SELECT command_id, at, value, is_withdrawn FROM history WHERE table_name=? AND row_id=? AND field=?"
        return {c: Edit(Stamp(at, c), msgspec.json.decode(v), bool(w)) for c, at, v, w in self._sql.all(sql, *cell)}

    def _keep(self, work: Work, decided: Sequence[_Decided], seqs: Mapping[str, int], now: int) -> None:
        sql = self._sql
        history = [
            (*cell, e.stamp.command_id, e.stamp.at, msgspec.json.encode(e.value).decode(), int(e.is_withdrawn))
            for cell, e in work.noted
        ]
        sql.many(
            "INSERT INTO history (table_name, row_id, field, command_id, at, value, is_withdrawn)"
            " VALUES (?,?,?,?,?,?,?) "
            "ON CONFLICT (table_name, row_id, field, command_id) DO UPDATE SET is_withdrawn = excluded.is_withdrawn",
            history,
        )
        sql.many("UPDATE devices SET seq=?, seen_at=? WHERE id=?", [(seq, now, d) for d, seq in sorted(seqs.items())])
        self._append_log(decided, now)
        self.write(work)

    def _append_log(self, decided: Sequence[_Decided], now: int) -> None:
        position = self._count("log", len(decided))
        taken = {i for (i,) in self._logged("id", [entry.command.id for entry in decided])}
        last = self._sql.value("SELECT hash FROM log WHERE position = ?", position) if position else None
        chain = bytes(last) if last is not None else b""
        rows = []
        for entry in decided:
            position += 1
            c = entry.command
            chain = link(chain, position, c.id, entry.user_id, entry.body, entry.status, entry.code, now)
            log_id = f"{c.id}/{c.device}/{c.seq}" if c.id in taken else c.id
            taken.add(c.id)
            rows.append(
                (
                    position,
                    log_id,
                    c.device,
                    c.seq,
                    entry.user_id,
                    entry.body,
                    entry.status,
                    entry.code,
                    entry.reason,
                    now,
                    entry.inverse,
                    chain,
                )
            )
        self._sql.many(
            "INSERT INTO log (position, id, device_id, seq, user_id, body, status, code, reason, executed_at, inverse, "
            "hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            rows,
        )

    def _count(self, name: str, by: int) -> int:
        """Take `by` numbers; the last one before them. The row stays locked until commit."""
        value = self._sql.value("UPDATE counters SET value = value + ? WHERE id = ? RETURNING value", by, name)
        return int(value) - by

    def write(self, work: Work) -> None:
        """Number and store what changed; the counter of revisions is taken last."""
        sql, dirty = self._sql, work.dirty()
        for table, rows in dirty.items():
            dirty[table] = [dict(row) for row in rows]
        unnumbered: list[Any] = [row for row in dirty.get("tickets", ()) if not row["number"]]
        if unnumbered:
            number = self._count("ticket", len(unnumbered))
            for row in unnumbered:
                number += 1
                row["number"] = number
        now = self._clock()
        left, back = crossed(sql, work, dirty, now)
        if back:
            dirty["messages"] = [*dirty.get("messages", ()), *back]
        total = sum(map(len, dirty.values()))
        if not total:
            return
        changing = [(table, row) for table, rows in dirty.items() for row in rows]
        before = (work.before.get((table, row["id"])) for table, row in changing)
        scopes = {row["scope"] for _, row in changing} | {row["scope"] for row in before if row}
        with self._numbers(total, scopes) as rev:
            self._store(work, dirty, rev, left, {row["id"] for row in back}, now)

    def _store(
        self,
        work: Work,
        dirty: Mapping[str, Sequence[Row]],
        rev: int,
        left: Mapping[tuple[str, str], Sequence[str]],
        back: Collection[str],
        now: int,
    ) -> None:
        gone: list[tuple[str, str, str, int, int]] = []
        arrived: list[tuple[str, str, str]] = []
        for table in sorted(dirty):
            values_of, rev_at = _values_of(table), COLUMNS[table].index("rev")
            added: list[list[Any]] = []
            changed: list[list[Any]] = []
            for row in dirty[table]:
                rev += 1
                before: Row | None = work.before.get((table, row["id"]))
                values = list(values_of(row))
                values[rev_at] = rev
                (added if before is None and row["id"] not in back else changed).append(values)
                if (table, row["id"]) in left:
                    gone.append((row["scope"], table, row["id"], rev, now))
                    gone += [(row["scope"], "messages", i, rev, now) for i in left[table, row["id"]]]
                elif before is not None and before["scope"] != row["scope"]:
                    gone.append((before["scope"], table, row["id"], rev, now))
                    arrived.append((row["scope"], table, row["id"]))
            self._sql.insert_lists(table, added)
            self._sql.upsert_lists(table, changed)
        self._sql.many("DELETE FROM gone WHERE scope=? AND table_name=? AND row_id=?", arrived)
        self._sql.many(
            "INSERT INTO gone (scope, table_name, row_id, rev, gone_at) VALUES (?,?,?,?,?) "
            "ON CONFLICT (scope, table_name, row_id) DO UPDATE SET rev = excluded.rev, gone_at = excluded.gone_at",
            gone,
        )

    @contextmanager
    def _numbers(self, count: int, scopes: Collection[str]) -> Iterator[int]:
        """So many revisions for the rows of these scopes that are written inside; the last one before them. Nobody else
        takes any until this transaction ends, so a reader that saw the counter saw every row up to it.
        """
        if self._sql.is_postgresql:
            yield take_and_notify(self._sql, count, scopes)
        else:
            yield self._count("rev", count)
            self._sql.do("UPDATE counters SET taken = 0 WHERE id = 'rev'")

    def fill(self, table: str, rows: Sequence[Sequence[Any]], rev_index: int) -> None:
        """Store new rows made elsewhere (a generator, a restore), lists in column order, numbered like any change."""
        scope = COLUMNS[table].index("scope")
        with self._sql.transaction(), self._numbers(len(rows), {row[scope] for row in rows}) as rev:
            for offset, row in enumerate(rows, 1):
                row[rev_index] = rev + offset  # type: ignore[index]
            self._sql.insert_lists(table, rows)
