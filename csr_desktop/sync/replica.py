"""The desk's database as commands and pulls change it: local = the server's state + my unsent commands, always."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.command import Command, EditRow, latest_edit_at, stamped
from csr_desktop.commands.limits import check_values
from csr_desktop.commands.work import Images, Work
from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.ids import NewId
from csr_desktop.domain.permissions import ORGANISATION, Person
from csr_desktop.protocol import PUSH_LIMIT, Rights
from csr_desktop.store.projection import Projection
from csr_desktop.store.queries.lists import home_region
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row

if TYPE_CHECKING:
    from csr_desktop.domain.private_numbers import Number

COMMAND_BYTES = 6 * 1024 * 1024
PUSH_BYTES = 6 * 1024 * 1024
"""Of one command, and of the commands of one push: both fit the body that a server takes."""
FIRST_FILL = "first_fill"
"""Key in `state` of a new file until everything has come once: before, what is in it tells nothing of what waits."""
ATTACHMENT_BYTES = "attachment_bytes"
NEWEST_DESK = "newest_desk"
"""Key in `state`: the largest file that the server takes, 0 while it knows of no attachments."""
UNDO_KEPT = 200
"""Groups of commands that can still be taken back."""
_LATEST_FIRST = "ORDER BY rowid DESC"
"""Undo goes back in the order in which things were done, whatever the clock was set to between."""


class Outcome(msgspec.Struct, frozen=True):
    """What was done at once: its group, what changed on this desk, whether it can be taken back."""

    group_id: str
    changed: ChangeSet
    can_undo: bool
    words: str = ""


class NeedsYou(msgspec.Struct, frozen=True):
    """A command that the server did not take as meant."""

    command: Command
    status: str
    code: str
    reason: str
    answered_at: int


class Replica:
    """Runs commands on the local file, keeps them for the server, and what takes them back.

    Rights, the last seq and the clock's offset are rows of the file, read in each transaction: the same commands run
    the same after a restart. May be used from several threads, each with its own connection.
    """

    def __init__(
        self,
        sql: Sql,
        clock: Callable[[], int],
        new_id: NewId,
        projections: Callable[[], Sequence[Projection]] = tuple,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.sql = sql
        self.clock = clock
        self.new_id = new_id
        self._projections = projections
        self.before_commit = before_commit
        self.said_none: set[Number] = set()
        """Numbers in texts of which the person said that they are no private ones, until the program ends."""

    @cached_property
    def projections(self) -> Sequence[Projection]:
        """The derived tables; made with the first change, since nothing that is only read needs them."""
        return self._projections()

    # What the file says

    def state(self) -> dict[str, str]:
        return dict(self.sql.all("SELECT key, value FROM state"))

    def set_state(self, key: str, value: str) -> None:
        self.sql.do(
            "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    def who(self) -> Person:
        """The signed-in person with the rights that the last pull brought."""
        return person_of(self.state())

    def now(self) -> int:
        """Milliseconds, corrected by how far this workstation's clock is off the server's."""
        return self.clock() + int(self.sql.value("SELECT value FROM state WHERE key = 'offset'") or 0)

    def waiting_count(self) -> int:
        return int(self.sql.value("SELECT COUNT(*) FROM outbox"))

    def unfinished_count(self) -> int:
        """Texts and calls that are not saved yet, files on their way, and refused changes: what is in this file alone
        and is not sent.
        """
        written = "SELECT COUNT(*) FROM drafts WHERE key NOT LIKE 'saved_call:%'"  # those are copies
        refused = "SELECT COUNT(*) FROM needs_you WHERE status = 'refused'"
        files = "SELECT COUNT(*) FROM attachment_contents WHERE origin = 'taken'"
        return int(self.sql.value(f"SELECT ({written}) + ({refused}) + ({files})"))

    def unsent(self) -> list[Command]:
        return [catalogue.decode(bytes(body)) for (body,) in self.sql.all("SELECT body FROM outbox ORDER BY seq")]

    def needs_you(self) -> list[NeedsYou]:
        """Refused commands, oldest first. What merely differs is not among them."""
        columns = "body, status, code, reason, answered_at"
        sql = f"SELECT {columns} FROM needs_you WHERE status = 'refused' ORDER BY answered_at, id"
        return [NeedsYou(catalogue.decode(bytes(b)), s, c, r, a) for b, s, c, r, a in self.sql.all(sql)]

    def forget_needs_you(self, command_id: str) -> None:
        """The person has dealt with it."""
        with self.sql.transaction():
            self.sql.do("DELETE FROM needs_you WHERE id = ?", command_id)

    # Doing

    def do(self, *commands: Command, words: str = "") -> Outcome:
        """Run these at once, all or none. Raises Refused, and then nothing has changed."""
        return self._do(commands, words, self.new_id())

    def remember(self, words: str) -> Outcome:
        """Something was done that changes no row of the server's; `undo` comes to it in its turn, and whoever did it
        takes it back by the group's id.
        """
        group_id = self.new_id()
        with self.sql.transaction():
            self._write_undo(group_id, words, (), self.now())
        return Outcome(group_id, ChangeSet(), True, words)

    def undo(self, group_id: str = "", bring_back: Callable[[str, Outcome], None] | None = None) -> Outcome:
        """Take back a group, the latest when none is named; what `bring_back` writes, given that group's id, is part of
        it. Raises Refused when there is nothing to take back.
        """
        which = "WHERE group_id = ?" if group_id else ""
        sql = f"SELECT group_id, words, commands FROM undo {which} {_LATEST_FIRST} LIMIT 1"
        found = self.sql.one(sql, *([group_id] if group_id else []))
        if found is None:
            raise Refused("nothing", "There is nothing to undo.")
        try:
            with self.sql.transaction():
                done = self._do(catalogue.decode_all(bytes(found[2])), found[1], self.new_id(), undoes_group=found[0])
                if bring_back is not None:
                    bring_back(found[0], done)
        except Refused:
            with self.sql.transaction():  # what can't be taken back must not stand before what can
                self.sql.do("DELETE FROM undo WHERE group_id = ?", found[0])
            raise
        return done

    def last_undo(self) -> tuple[str, str] | None:
        """Group id and words of what Undo would take back."""
        found = self.sql.one(f"SELECT group_id, words FROM undo {_LATEST_FIRST} LIMIT 1")
        return (found[0], found[1]) if found else None

    def _do(self, commands: Sequence[Command], words: str, group_id: str, undoes_group: str = "") -> Outcome:
        with self.sql.transaction(joins=True):  # what a rule refuses is refused before anything is written
            state = self.state()
            who, device, seq = person_of(state), state["device_id"], int(state.get("seq", 0))
            at = self.clock() + int(state.get("offset", 0))
            work = Work(self.sql.load, new_row, find=self.sql.find)
            first: Images = {}
            inverses: list[Command] = []
            outbox: list[tuple[int, str, str, bytes]] = []
            ready = [
                stamped(c, self.new_id(), who.id, device, seq + position, at) for position, c in enumerate(commands, 1)
            ]
            work.fetch(key for command in ready for key in command.keys())  # noqa: SIM118
            if not undoes_group:  # what is taken back comes as it was kept
                ready, words = self._masked(ready, work), self.masked(words)
            for command in (_after_what_is_seen(one, work) for one in ready):
                work.mark()
                command.permit(who, work)
                command.run(work)
                check_values(command, work)
                before = work.touched()
                for key, row in before.items():
                    first.setdefault(key, row)
                inverse = command.inverse(before, work)
                if inverse is not None:
                    inverses.insert(0, inverse)
                body = catalogue.encode(command)
                if len(body) > COMMAND_BYTES:
                    raise Refused(
                        "too_long", "This text is too long to keep.", "Shorten it; it is still where you typed it."
                    )
                outbox.append((command.seq, command.id, group_id, body))
            written = self._write_dirty(work)
            self._keep_images(first)
            self.sql.many("INSERT INTO outbox (seq, id, group_id, body, blocked) VALUES (?,?,?,?,'')", outbox)
            self._keep_undo(group_id, undoes_group, words, inverses, at)
            self.set_state("seq", str(seq + len(ready)))
            self.before_commit()
        return Outcome(group_id, written, bool(inverses), words)

    # Private numbers

    def masked(self, text: str) -> str:
        """A text as it is stored: certain private numbers masked, but for those that were said to be none."""
        if not any(sign.isdigit() for sign in text):
            return text
        from csr_desktop.commands.private_texts import masked_text

        return masked_text(text, home_region(self.sql), self.said_none)

    def _masked(self, commands: Sequence[Command], work: Work) -> list[Command]:
        from csr_desktop.commands.private_texts import has_texts, masked_here, numbers_in

        made, region = list(commands), home_region(self.sql)
        for at, command in enumerate(made):
            if has_texts(command):
                row = work.get(command.table, command.row_id) if isinstance(command, EditRow) else None
                made[at] = masked_here(command, region, self.said_none | numbers_in(command, row, region))
        return made

    def _write_dirty(self, work: Work) -> ChangeSet:
        dirty = work.dirty()
        for table, rows in dirty.items():
            self.sql.upsert(table, rows)
        return self.project({table: [row["id"] for row in rows] for table, rows in dirty.items()})

    def project(self, rows: Mapping[str, Sequence[str]], *, rights: bool = False, can_wait: bool = False) -> ChangeSet:
        """Bring the derived tables after these rows, within the transaction that wrote them; with `can_wait` but for
        what follows by itself at the next question or idle moment.
        """
        rows = {table: list(dict.fromkeys(ids)) for table, ids in rows.items()}
        for projection in self.projections:
            for table, ids in rows.items():
                if ids and table in projection.tables and not (can_wait and table in projection.follows):
                    projection.update(self.sql, table, ids)
        return changed(rows, rights=rights)

    def _keep_images(self, images: Images) -> None:
        self.sql.many(
            "INSERT INTO base (table_name, row_id, image) VALUES (?,?,?) ON CONFLICT DO NOTHING",
            [(t, i, msgspec.msgpack.encode(row) if row is not None else None) for (t, i), row in images.items()],
        )

    def _keep_undo(self, group_id: str, undoes_group: str, words: str, inverses: Sequence[Command], at: int) -> None:
        if undoes_group:
            self.sql.do("DELETE FROM undo WHERE group_id = ?", undoes_group)
            return
        if inverses:
            self._write_undo(group_id, words, inverses, at)

    def _write_undo(self, group_id: str, words: str, inverses: Sequence[Command], at: int) -> None:
        self.sql.do(
            "INSERT INTO undo (group_id, words, commands, done_at) VALUES (?,?,?,?)",
            group_id,
            words,
            catalogue.encode_all(inverses),
            at,
        )

    def take_device(self, device_id: str) -> None:
        """The file speaks as another workstation from now on: what is unsent is numbered anew, under the same ids."""
        with self.sql.transaction():
            self.renumber(self.sql.all("SELECT group_id, body FROM outbox ORDER BY seq"), device_id, 0)
            self.sql.do("DELETE FROM state WHERE key = 'is_restored'")

    def renumber(self, waiting: Sequence[tuple[str, bytes]], device_id: str, known: int) -> list[Command]:
        """Let exactly these (group id, command as stored) wait, in this order, after the number that the server knows;
        runs within the caller's transaction.
        """
        commands = [
            msgspec.structs.replace(catalogue.decode(bytes(body)), device=device_id, seq=seq)
            for seq, (_, body) in enumerate(waiting, known + 1)
        ]
        rows = [
            (command.seq, command.id, group_id, catalogue.encode(command))
            for (group_id, _), command in zip(waiting, commands, strict=True)
        ]
        self.sql.do("DELETE FROM outbox")
        self.sql.many("INSERT INTO outbox (seq, id, group_id, body, blocked) VALUES (?,?,?,?,'')", rows)
        self.set_state("device_id", device_id)
        self.set_state("seq", str(known + len(rows)))
        self.set_state("answered", str(known))
        # Numbers may be lower from here on; without this, the meta beside the file would take it for an older one.
        numbering = int(self.sql.value("SELECT value FROM state WHERE key = 'numbering'") or 0)
        self.set_state("numbering", str(numbering + 1))
        return commands

    def forget_old_undo(self) -> None:
        """Keep the newest; runs within the caller's transaction."""
        newest = f"SELECT group_id FROM undo {_LATEST_FIRST} LIMIT ?"
        self.sql.do(f"DELETE FROM undo WHERE group_id NOT IN ({newest})", UNDO_KEPT)

    def push_batch(self, after: int = 0, limit: int = PUSH_LIMIT) -> list[bytes]:
        """The oldest unsent commands after a seq, as they were stored."""
        sql = "SELECT body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?"
        batch: list[bytes] = []
        size = 0
        for (body,) in self.sql.all(sql, after, limit):
            size += len(body)
            if batch and size > PUSH_BYTES:
                break
            batch.append(bytes(body))
        return batch


def _after_what_is_seen(command: Command, work: Work) -> Command:
    """An edit corrects what is on the screen, so it is later than that, even if a colleague's clock is ahead."""
    return msgspec.structs.replace(command, at=max(command.at, latest_edit_at(command, work) + 1))


def person_of(state: Mapping[str, str]) -> Person:
    return _person(state["rights"])


@lru_cache(maxsize=8)
def _person(text: str) -> Person:
    rights = msgspec.json.decode(text, type=Rights)
    return Person(rights.user_id, rights.name, rights.role, frozenset(rights.teams), frozenset(rights.scopes))


def first_rights(replica: Replica, device_id: str, rights: Rights) -> None:
    """A new file: whose it is, before the first pull. Until then the person reads only what is everyone's."""
    with replica.sql.transaction():
        replica.set_state("device_id", device_id)
        replica.set_state("rights", msgspec.json.encode(rights).decode())
        replica.set_state(FIRST_FILL, "1")


def newcomer(user_id: str, name: str) -> Rights:
    return Rights(user_id, name, "csr", [], [ORGANISATION, user_id])


def ids_by_table(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, row_id in keys:
        found.setdefault(table, []).append(row_id)
    return found
