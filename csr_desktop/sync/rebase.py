"""Taking in a page of the feed: the server's rows, my unsent commands over them again; only the outcome is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.command import Command
from csr_desktop.commands.limits import BROKEN, LATEST_AT, check_values
from csr_desktop.commands.work import Images, Key, Row, Work
from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError, Refused
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import OLDER, Answer, PullReply, PullRequest
from csr_desktop.store import older_rows
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, new_row
from csr_desktop.sync import filling
from csr_desktop.sync.aside import make_next
from csr_desktop.sync.guard import MassDeletion, Suspicious, caught_up, check_deletion, note_stopped
from csr_desktop.sync.housekeeping import drop_old, has_old
from csr_desktop.sync.recovery import CATCHING_UP, all_again, keep_sent, note_what_is_only_here, refused_since
from csr_desktop.sync.replica import ATTACHMENT_BYTES, FIRST_FILL, NEWEST_DESK, Replica, ids_by_table, person_of
from csr_desktop.sync.replies import checked_rows, misshapen

EARLIEST_NOW = 946_684_800_000
"""The year 2000 in milliseconds."""
CLOCK_SLACK_MS = 3 * 86_400_000
"""So much earlier the time may be from which on work is kept, without its being another setting."""
SHORTEST_MS = 28 * 86_400_000
"""The shortest month: no setting keeps less of what is done."""
DIFFERS_KEPT_MS = 30 * 86_400_000
"""How long it is said at a field that somebody else had set it, too."""
EMPTY_PAGES = 1000
"""An honest server's pages bring something, but for those that end a scope; more in a row than this are a lie."""

_SAME: Final[Row] = {}


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
        self._asked = self._next = ""
        self._empty_pages = 0

    def request(self, again: Mapping[str, list[str]] | None = None) -> PullRequest:
        """What to ask now; `again` are rows by table that are wanted whatever the cursors say."""
        self._asked, self._next = self._replica.new_id(), ""
        sql, state = self._sql, self._replica.state()
        return PullRequest(
            self._asked,
            cursors_of(sql),
            int(state.get("answered", 0)),
            epoch=state.get("epoch", ""),
            fills=filling.fills(sql),
            again=dict(again or {}),
        )

    def following(self, request: PullRequest, reply: PullReply) -> PullRequest | None:
        """What to ask after this reply to that request, which is to be taken in meanwhile; None when it may change what
        has to be asked. The answer counts only when the reply was taken.
        """
        state = self._replica.state()
        is_as_before = (
            reply.asked == self._asked
            and reply.epoch == request.epoch
            and reply.cut_off_at == int(state.get(filling.CUT_OFF, -1))
            and set(reply.cursors) == set(request.cursors) == set(reply.rights.scopes)
        )
        if not reply.fills or reply.resync or not is_as_before:
            return None
        self._next = self._replica.new_id()
        return msgspec.structs.replace(request, asked=self._next, cursors=reply.cursors, fills=reply.fills, again={})

    def apply(self, reply: PullReply) -> ChangeSet:
        """Rows, cursors, answers and rights in one transaction. Raises Suspicious or Restored with nothing taken."""
        if reply.asked != self._asked:
            return ChangeSet()
        theirs = checked_rows(reply)
        following, self._asked, self._next = self._next, "", ""
        try:
            with self._sql.transaction():
                found = self._apply(reply, theirs)
        except MassDeletion as fault:
            note_stopped(self._replica, fault)
            raise
        self._asked = following
        return found

    def _apply(self, reply: PullReply, theirs: dict[str, list[list[Any]]]) -> ChangeSet:
        state = self._replica.state()
        if state.get("epoch", "") not in {"", reply.epoch}:
            raise Restored
        self._check_progress(reply)
        if "rights" in state and reply.rights.user_id != person_of(state).id:
            raise misshapen()
        rights = msgspec.json.encode(reply.rights).decode()
        rights_changed = rights != state.get("rights")
        self._replica.set_state("offset", str(reply.now - self._replica.clock()))
        if rights_changed:
            self._replica.set_state("rights", rights)
        self._replica.set_state("epoch", reply.epoch)
        if state.get(ATTACHMENT_BYTES, "0") != str(reply.attachment_bytes):
            self._replica.set_state(ATTACHMENT_BYTES, str(reply.attachment_bytes))
        if state.get(NEWEST_DESK, "") != reply.newest_desk:
            self._replica.set_state(NEWEST_DESK, reply.newest_desk)
        is_catching_up = CATCHING_UP in state
        is_filling = bool(reply.fills or filling.fills(self._sql))
        filling.take_places(self._replica, reply, is_new=FIRST_FILL in state, is_again=is_catching_up)
        filling.note_came(self._sql, theirs)
        why = filling.reasons(self._sql)
        is_older = all(fill.stage == OLDER for fill in reply.fills)  # the rest of the work can be done with
        # What the server executed before a scope is taken anew may be among the rows that are still to come.
        is_settled = reply.seq >= 0 and (
            not reply.fills or (is_older and not is_catching_up and all(w == filling.FIRST for w in why.values()))
        )
        queue = self._replica.unsent()
        if is_settled:
            queue = self._answered(reply, queue, is_catching_up=is_catching_up)
        lost = [s for s in cursors_known(self._sql) if s not in reply.rights.scopes]
        written = self._take_in(reply, theirs, lost, queue, is_last=is_settled)
        if rights_changed or state.get("epoch", "") != reply.epoch:
            written["older"] = older_rows.empty(self._sql)
        self._sql.many(
            "INSERT INTO cursors (scope, rev) VALUES (?,?) ON CONFLICT (scope) DO UPDATE SET rev = excluded.rev",
            sorted(reply.cursors.items()),
        )
        self._keep_cut_off(reply, int(state.get(filling.CUT_OFF, 0)))
        if rights_changed and FIRST_FILL not in state and "rights" in state:
            self._take_as_seen_now(state, reply)
        if reply.seq >= 0 and is_older:
            self._sql.do("DELETE FROM state WHERE key = ?", FIRST_FILL)
        if not reply.more and filling.SWEEP not in filling.stages(self._sql):
            caught_up(self._replica)
        if is_catching_up and not reply.more:
            note_what_is_only_here(self._replica, queue)
        self._replica.forget_old_undo()
        found = self._replica.project(written, rights=rights_changed, can_wait=is_filling and is_older)
        self._replica.before_commit()
        return found

    def _check_progress(self, reply: PullReply) -> None:
        """An honest answer moves forward; one that does not would be asked for again without end."""
        before = cursors_of(self._sql)
        goes_back = any(rev < before.get(scope, 0) for scope, rev in reply.cursors.items())
        moves = any(rev > before.get(scope, 0) for scope, rev in reply.cursors.items())
        has_filled = filling.check_places(self._sql, reply, before)
        stands = reply.more and not moves and not has_filled
        brings_nothing = reply.more and not reply.gone and not any(reply.rows.values())
        self._empty_pages = self._empty_pages + 1 if brings_nothing else 0
        is_of_now = EARLIEST_NOW <= reply.now <= LATEST_AT and 0 <= reply.cut_off_at <= reply.now - SHORTEST_MS
        if goes_back or stands or not is_of_now or self._empty_pages > EMPTY_PAGES:
            raise Suspicious("The server's answer does not lead on.", "Nothing of it was taken.")

    def _take_as_seen_now(self, state: Mapping[str, str], reply: PullReply) -> None:
        """In another role more or less is seen of the same rows, where recordings are: the work is asked for again."""
        if person_of(state).role == reply.rights.role:
            return
        work = sorted(set(reply.rights.scopes) - {ORGANISATION, reply.rights.user_id})
        self._sql.many("UPDATE cursors SET rev = -1 WHERE scope = ?", [(scope,) for scope in work])
        filling.forget(self._sql, work)

    def _keep_cut_off(self, reply: PullReply, before_at: int) -> None:
        """Where more is kept than before, it is asked for: all scopes are taken again beside what is here."""
        if 0 < before_at - CLOCK_SLACK_MS <= reply.cut_off_at < before_at:
            return  # the server's clock was set back
        if reply.cut_off_at < before_at:
            self._sql.do("UPDATE cursors SET rev = -1")
            filling.forget(self._sql, filling.reasons(self._sql))
            self._replica.set_state(filling.DROPPED, str(reply.cut_off_at))  # from here on it grows old again
        self._replica.set_state(filling.CUT_OFF, str(reply.cut_off_at))

    def rest(self) -> ChangeSet | None:
        """A step of what is left to do here once everything has come, each a fraction of a second: what changed, None
        when nothing is left. Raises MassDeletion.
        """
        if filling.SWEEP in filling.stages(self._sql):
            return self._sweep()
        if make_next(self._replica):
            return ChangeSet()
        if not filling.fills(self._sql) and has_old(self._replica):
            with self._sql.transaction():
                found = self._replica.project(drop_old(self._replica), can_wait=True)
                self._replica.before_commit()
            return found
        return None

    def _sweep(self) -> ChangeSet:
        """Remove some of what did not come when its scope was taken again."""
        try:
            with self._sql.transaction():
                scope, rows = filling.to_sweep(self._sql)
                images = self._images()
                keys = [
                    (table, row_id)
                    for table, ids in rows.items()
                    for row_id in ids
                    if (image := images.get((table, row_id), _SAME)) is _SAME or (image and image["scope"] == scope)
                ]
                check_deletion(self._replica, ids_by_table(keys), is_all=True)
                incoming: Images = dict.fromkeys(keys[: filling.SWEPT_AT_ONCE])
                written = self._merge({}, incoming, images, self._replica.unsent(), is_last=False)
                if scope and len(keys) <= filling.SWEPT_AT_ONCE:
                    filling.forget(self._sql, [scope])
                    caught_up(self._replica)
                found = self._replica.project(written, can_wait=True)
                self._replica.before_commit()
        except MassDeletion as fault:
            note_stopped(self._replica, fault)
            raise
        return found

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

    def _images(self) -> Images:
        """The server's last state of the rows that unsent commands touched."""
        stored = self._sql.all("SELECT table_name, row_id, image FROM base")
        return {  # an older program kept fewer columns
            (t, i): new_row(t) | msgspec.msgpack.decode(image) if image is not None else None for t, i, image in stored
        }

    def _take_in(
        self,
        reply: PullReply,
        theirs: dict[str, list[list[Any]]],
        lost: Sequence[str],
        queue: list[Command],
        *,
        is_last: bool,
    ) -> dict[str, list[str]]:
        images = self._images()
        special = images.keys() | {(gone.table, gone.row_id) for gone in reply.gone}
        plain, incoming = _parted(theirs, special)
        self._left(reply, incoming, images)
        check_deletion(self._replica, _taken(incoming), reply.cut_off_at)
        self._lose(lost, incoming, images)
        if lost:
            for table, rows in plain.items():
                for row in rows:  # it went from a team that I lost to one that I have
                    incoming.pop((table, row[0]), None)
        return self._merge(plain, incoming, images, queue, is_last=is_last)

    def _merge(
        self,
        plain: Mapping[str, list[list[Any]]],
        incoming: Images,
        images: Images,
        queue: list[Command],
        *,
        is_last: bool,
    ) -> dict[str, list[str]]:
        """Write what the server says, and over it again what is unsent. By table, the ids of what was written."""
        held = set(images)
        for key in held & incoming.keys():
            old, new = images[key], incoming[key]
            if not (old is not None and new is not None and old["rev"] > new["rev"]):
                images[key] = new
        written = {table: [row[0] for row in rows] for table, rows in plain.items()}
        for table, rows in plain.items():
            self._sql.upsert_lists(table, rows)
        self._write({key: row for key, row in incoming.items() if key not in held}, written)
        if held or queue:
            self._rerun(queue, images, is_last, written)
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
        filling.forget(self._sql, scopes)

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


def cursors_of(sql: Sql) -> dict[str, int]:
    """How far the changes of each scope have come, but for scopes that are to be taken anew."""
    return dict(sql.all("SELECT scope, rev FROM cursors WHERE rev >= 0"))


def cursors_known(sql: Sql) -> list[str]:
    return [scope for (scope,) in sql.all("SELECT scope FROM cursors")]


def _parted(
    theirs: Mapping[str, list[list[Any]]], special: Collection[Key]
) -> tuple[dict[str, list[list[Any]]], Images]:
    """Rows that are written as they came, and by key those that are deleted or that more has to be known of."""
    plain: dict[str, list[list[Any]]] = {}
    incoming: Images = {}
    for table, rows in theirs.items():
        names = COLUMNS[table]
        at = names.index("deleted")
        ids = {row_id for name, row_id in special if name == table}
        kept = [row for row in rows if not row[at] and row[0] not in ids] if ids else [r for r in rows if not r[at]]
        if len(kept) < len(rows):
            incoming.update(
                ((table, row[0]), dict(zip(names, row, strict=True))) for row in rows if row[at] or row[0] in ids
            )
        if kept:
            plain[table] = kept
    return plain, incoming


def _taken(incoming: Images) -> dict[str, list[str]]:
    return ids_by_table(key for key, row in incoming.items() if row is None or row["deleted"])
