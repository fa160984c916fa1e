"""Taking in a page of the feed: the server's rows, my unsent commands over them again; only the outcome is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.command import Command
from csr_desktop.commands.limits import BROKEN, LATEST_AT, check_values
from csr_desktop.commands.work import Images, Key, Row, Work
from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError, Refused
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import Answer, PullReply, PullRequest
from csr_desktop.store.tables import COLUMNS, NUMBERS, SYNCED, new_row
from csr_desktop.sync.recovery import CATCHING_UP, all_again, keep_sent, note_what_is_only_here, refused_since
from csr_desktop.sync.replica import FIRST_FILL, Replica, ids_by_table, person_of

EARLIEST_NOW = 946_684_800_000
"""The year 2000 in milliseconds."""
DIFFERS_KEPT_MS = 30 * 86_400_000
"""How long it is said at a field that somebody else had set it, too."""
DELETION_ROWS, DELETION_SHARE = 200, 0.05
"""A catch-up that takes away more rows than both of these of a table stops until a person has looked."""


class Suspicious(CsrDesktopError):
    """An answer that no honest server of this version gives; nothing of it was taken."""


class OlderCopy(Suspicious):
    """Another copy of the file used its numbers: it was copied, or put back from a backup."""

    def __init__(self) -> None:
        super().__init__(
            "The data on this computer was copied, or put back from a backup.",
            "Nothing was sent or lost. Sign in again: this computer then goes on as a new one.",
        )


class Restored(CsrDesktopError):
    """The server was put back from a backup: what the file knows of it does not hold any more."""

    def __init__(self) -> None:
        super().__init__("The server was put back to an earlier state.", "What it lost is sent to it again.")


class Puller:
    """Asks and takes in. Only the newest question's answer counts, once: its id is random and never used again."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._sql = replica.sql
        self._asked = ""

    def request(self) -> PullRequest:
        self._asked = self._replica.new_id()
        cursors: dict[str, int] = dict(self._sql.all("SELECT scope, rev FROM cursors"))
        state = self._replica.state()
        return PullRequest(self._asked, cursors, int(state.get("answered", 0)), epoch=state.get("epoch", ""))

    def apply(self, reply: PullReply) -> ChangeSet:
        """Rows, cursors, answers and rights in one transaction. Raises Suspicious or Restored with nothing taken."""
        if reply.asked != self._asked:
            return ChangeSet()
        theirs = checked_rows(reply)
        self._asked = ""
        with self._sql.transaction():
            state = self._replica.state()
            if state.get("epoch", "") not in {"", reply.epoch}:
                raise Restored
            self._check_progress(reply)
            if "rights" in state and reply.rights.user_id != person_of(state).id:
                raise _misshapen()
            rights = msgspec.json.encode(reply.rights).decode()
            rights_changed = rights != state.get("rights")
            self._replica.set_state("offset", str(reply.now - self._replica.clock()))
            if rights_changed:
                self._replica.set_state("rights", rights)
            self._replica.set_state("epoch", reply.epoch)
            is_catching_up = CATCHING_UP in state
            queue = self._answered(reply, self._replica.unsent(), is_catching_up=is_catching_up)
            written = self._take_in(reply, theirs, queue)
            self._sql.many(
                "INSERT INTO cursors (scope, rev) VALUES (?,?) ON CONFLICT (scope) DO UPDATE SET rev = excluded.rev",
                sorted(reply.cursors.items()),
            )
            if not reply.more:
                self._sql.do("DELETE FROM state WHERE key = ?", FIRST_FILL)
                if is_catching_up:
                    note_what_is_only_here(self._replica, queue)
            self._replica.forget_old_undo()
            found = self._replica.project(written, rights=rights_changed)
            self._replica.before_commit()
        return found

    def _check_progress(self, reply: PullReply) -> None:
        """An honest answer moves forward; one that does not would be asked for again without end."""
        before: dict[str, int] = dict(self._sql.all("SELECT scope, rev FROM cursors"))
        goes_back = any(rev < before.get(scope, 0) for scope, rev in reply.cursors.items())
        stands = reply.more and not any(rev > before.get(scope, 0) for scope, rev in reply.cursors.items())
        if goes_back or stands or not EARLIEST_NOW <= reply.now <= LATEST_AT:
            raise Suspicious("The server's answer does not lead on.", "Nothing of it was taken.")

    def _answered(self, reply: PullReply, queue: list[Command], *, is_catching_up: bool) -> list[Command]:
        """Drop from the outbox what the server has executed; keep what it refused for the person. What is left."""
        if reply.seq < 0:
            return queue
        if is_catching_up:  # numbers do not hold any more, but the ids do
            by_id = {answer.command_id: answer for answer in reply.answers}
            self._settle([(command, by_id[command.id]) for command in queue if command.id in by_id], reply.now)
            self._tell(refused_since(self._replica, by_id), reply.now)
            return all_again(self._replica, reply)
        by_seq = {answer.seq: answer for answer in reply.answers}
        if reply.seq > int(self._replica.state().get("seq", 0)):
            raise OlderCopy
        settled: list[tuple[Command, Answer]] = []
        for command in queue:
            if command.seq > reply.seq:
                continue
            answer = by_seq.get(command.seq)
            if answer is None or answer.command_id != command.id:
                raise OlderCopy
            settled.append((command, answer))
        self._settle(settled, reply.now)
        self._replica.set_state("answered", str(reply.seq))
        return [command for command in queue if command.seq > reply.seq]

    def _settle(self, answered: Sequence[tuple[Command, Answer]], now: int) -> None:
        groups: dict[str, str] = dict(self._sql.all("SELECT id, group_id FROM outbox")) if answered else {}
        self._tell(answered, now)
        self._sql.do("DELETE FROM needs_you WHERE status = 'differs' AND answered_at < ?", now - DIFFERS_KEPT_MS)
        taken = [(groups[c.id], c) for c, answer in answered if answer.status in {"done", "differs"}]
        keep_sent(self._replica, taken, now)
        self._sql.many("DELETE FROM outbox WHERE seq = ?", [(command.seq,) for command, _ in answered])

    def _tell(self, answered: Sequence[tuple[Command, Answer]], now: int) -> None:
        """Keep for the person what was not taken as meant; of a command done again, as it was answered last."""
        self._sql.many(
            "INSERT INTO needs_you (id, body, status, code, reason, answered_at) VALUES (?,?,?,?,?,?)"
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status, code = excluded.code,"
            " reason = excluded.reason, answered_at = excluded.answered_at",
            [
                (command.id, catalogue.encode(command), answer.status, answer.code, answer.reason, now)
                for command, answer in answered
                if answer.status not in {"done", "void"}
            ],
        )

    def _take_in(
        self, reply: PullReply, theirs: dict[str, list[list[Any]]], queue: list[Command]
    ) -> dict[str, list[str]]:
        stored = self._sql.all("SELECT table_name, row_id, image FROM base")
        lost = [s for (s,) in self._sql.all("SELECT scope FROM cursors") if s not in reply.rights.scopes]
        is_plain = not any(row[COLUMNS[table].index("deleted")] for table, rows in theirs.items() for row in rows)
        if is_plain and not (stored or queue or reply.gone or lost):
            if not reply.more:
                self._replica.set_state("taken_away", "{}")
            for table, rows in theirs.items():
                self._sql.upsert_lists(table, rows)
            return {table: [row[0] for row in rows] for table, rows in theirs.items()}
        images: Images = {  # an older program kept fewer columns
            (t, i): new_row(t) | msgspec.msgpack.decode(image) if image is not None else None for t, i, image in stored
        }
        held = set(images)
        incoming: Images = {}
        for table, rows in theirs.items():
            for row in rows:
                incoming[table, row[0]] = dict(zip(COLUMNS[table], row, strict=True))
        self._left(reply, incoming, images)
        self._guard(incoming, is_last=not reply.more)
        self._lose(lost, incoming, images)
        for key in held & incoming.keys():
            old, new = images[key], incoming[key]
            if not (old is not None and new is not None and old["rev"] > new["rev"]):
                images[key] = new
        written: dict[str, list[str]] = {}
        self._write({key: row for key, row in incoming.items() if key not in held}, written)
        if held or queue:
            self._rerun(queue, images, not reply.more, written)
        return written

    def _left(self, reply: PullReply, incoming: Images, images: Images) -> None:
        """A gone mark removes a row only if it still is in that scope, at that or an older rev."""
        known = [gone for gone in reply.gone if gone.table in SYNCED]  # others are of a newer server
        wanted = ids_by_table((gone.table, gone.row_id) for gone in known)
        rows = {table: self._sql.load(table, ids) for table, ids in wanted.items()}
        for gone in known:
            key = (gone.table, gone.row_id)
            here = incoming.get(key) or (images[key] if key in images else rows[gone.table].get(gone.row_id))
            if here is not None and here["scope"] == gone.scope and here["rev"] <= gone.rev:
                incoming[key] = None

    def _lose(self, scopes: Sequence[str], incoming: Images, images: Images) -> None:
        """Rows of scopes that are no longer mine go at once; unsent text about them is in the outbox."""
        for scope in scopes:
            for table in SYNCED:
                for (row_id,) in self._sql.all(f"SELECT id FROM {table} WHERE scope = ?", scope):
                    if (table, row_id) not in images:
                        incoming.setdefault((table, row_id), None)
            for key, row in images.items():
                if row is not None and row["scope"] == scope and key not in incoming:
                    incoming[key] = None
            self._sql.do("DELETE FROM cursors WHERE scope = ?", scope)

    def _guard(self, incoming: Images, *, is_last: bool) -> None:
        """Rows that are deleted and rows that leave count alike, over all pages until nothing more is there."""
        earlier: dict[str, int] = msgspec.json.decode(self._replica.state().get("taken_away") or "{}")
        marked = ids_by_table(key for key, row in incoming.items() if row is None or row["deleted"])
        counts = dict(earlier)
        for table, ids in marked.items():
            here = sum(1 for row in self._sql.load(table, ids).values() if not row["deleted"])
            count = counts[table] = earlier.get(table, 0) + here
            if count <= DELETION_ROWS:
                continue
            total = int(self._sql.value(f"SELECT COUNT(*) FROM {table} WHERE deleted = 0")) + earlier.get(table, 0)
            if count > DELETION_SHARE * total:
                raise Suspicious(
                    f"The server wants to delete {count} of {total} entries here at once.",
                    "No more was deleted. Ask your administrator whether this is meant.",
                )
        self._replica.set_state("taken_away", "{}" if is_last else msgspec.json.encode(counts).decode())

    def _write(self, rows: Images, written: dict[str, list[str]]) -> None:
        by_table: dict[str, list[Row]] = {}
        removed: dict[str, list[str]] = {}
        for (table, row_id), row in rows.items():
            written.setdefault(table, []).append(row_id)
            if row is None:
                removed.setdefault(table, []).append(row_id)
            else:
                by_table.setdefault(table, []).append(row)
        for table, some in by_table.items():
            self._sql.upsert(table, some)
        for table, ids in removed.items():
            self._sql.purge(table, ids)

    def _rerun(self, queue: Iterable[Command], images: Images, is_last: bool, written: dict[str, list[str]]) -> None:
        """In memory: the server's rows, then the unsent commands in order; the difference to the file is written."""
        queue = list(queue)

        def load(table: str, ids: Iterable[str]) -> Mapping[str, Row]:
            ids = list(ids)
            found: dict[str, Row] = dict(self._sql.load(table, [i for i in ids if (table, i) not in images]))
            for row_id in ids:
                if (image := images.get((table, row_id))) is not None:
                    found[row_id] = image
            return found

        work = Work(load, new_row, find=self._sql.find)
        work.fetch([*images, *(key for command in queue for key in command.keys())])  # noqa: SIM118
        who = person_of(self._replica.state())
        first: Images = {}
        blocked: list[tuple[str, int]] = []
        for command in queue:
            work.mark()
            try:
                command.permit(who, work)
                command.run(work)
                check_values(command, work)
            except (Refused, *BROKEN) as fault:
                work.drop()
                blocked.append((str(fault), command.seq))
                continue
            blocked.append(("", command.seq))
            for key, row in work.touched().items():
                first.setdefault(key, row)
        if is_last:
            self._sql.many("UPDATE outbox SET blocked = ?1 WHERE seq = ?2 AND blocked <> ?1", blocked)
        touched: set[Key] = images.keys() | first.keys()
        local = {table: self._sql.load(table, ids) for table, ids in ids_by_table(touched).items()}
        self._write({key: work.now[key] for key in touched if work.now[key] != local[key[0]].get(key[1])}, written)
        self._sql.do("DELETE FROM base")
        self._sql.many(
            "INSERT INTO base (table_name, row_id, image) VALUES (?,?,?)",
            [(t, i, msgspec.msgpack.encode(row) if row is not None else None) for (t, i), row in first.items()],
        )


def checked_rows(reply: PullReply) -> dict[str, list[list[Any]]]:
    """The reply's rows in this program's order of columns. Raises Suspicious for wrong tables, types or shapes."""
    found: dict[str, list[list[Any]]] = {}
    for table, rows in reply.rows.items():
        names = COLUMNS.get(table)
        given = tuple(reply.columns.get(table, ()))
        if names is None:
            continue  # of a newer server
        if given != names:
            rows = reordered(table, names, given, rows)  # noqa: PLW2901
        at_stamps = names.index("stamps")
        try:
            msgspec.convert(rows, _row_type(table))
            for row in rows:
                if stamps := row[at_stamps]:
                    _stamps.decode(stamps)
        except (msgspec.MsgspecError, RecursionError):
            raise _misshapen() from None
        found[table] = rows
    if (
        any(not 0 <= rev <= 2**53 for rev in reply.cursors.values())
        or not set(reply.cursors) <= set(reply.rights.scopes)
        or not {ORGANISATION, reply.rights.user_id} <= set(reply.rights.scopes)  # what nobody can lose
    ):
        raise _misshapen()
    return found


def reordered(table: str, names: Sequence[str], given: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows of a server whose table has other columns: unknown ones are left out, missing ones get their default."""
    blank, at = new_row(table), {name: i for i, name in enumerate(given)}
    if not {"id", "scope", "rev"} <= set(given) or any(len(row) != len(given) for row in rows):
        raise _misshapen()
    return [[row[at[name]] if name in at else blank[name] for name in names] for row in rows]


def _misshapen() -> Suspicious:
    return Suspicious("The server's answer does not have the right form.", "Nothing of it was taken.")


_stamps = msgspec.json.Decoder(dict[str, tuple[Annotated[int, msgspec.Meta(ge=0, le=LATEST_AT)], str]])
_types: dict[str, Any] = {}


def _row_type(table: str) -> Any:
    if table not in _types:
        whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
        kinds = tuple(whole if name in NUMBERS[table] else str for name in COLUMNS[table])
        _types[table] = list[tuple[kinds]]  # type: ignore[valid-type]
    return _types[table]
