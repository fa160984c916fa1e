"""What every command is, and the three shapes most of them have: add a row, edit fields, change a guarded state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import msgspec

from csr_desktop.commands.limits import check_text, check_value
from csr_desktop.commands.work import Edit, Images, Key, Row, Stamp, Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import ORGANISATION, Person, may_read, may_work_in, unknown

C = TypeVar("C", bound="Command")
_encode_json = msgspec.json.encode


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """An immutable wish. The runner fills in who, where and when; a screen fills in the rest, ids of new rows included.

    `at` is the corrected time it was meant, in milliseconds. `undoes` is the command that this one takes back.
    """

    structured: ClassVar[frozenset[str]] = frozenset()
    """Fields, of it or of its row, that are JSON: private numbers are masked in each text there by itself. They are in
    all other texts, too. A command with `kept` has there the marks of those that the person said are none.
    """
    id: str = ""
    by: str = ""
    device: str = ""
    seq: int = 0
    at: int = 0
    undoes: str = ""

    def keys(self) -> Iterator[Key]:
        """The rows it looks at or makes; they are loaded before it runs, and locked on the server."""
        raise NotImplementedError

    def permit(self, who: Person, work: Work) -> None:
        """Raise Refused when this person may not do this to these rows."""
        raise NotImplementedError

    def run(self, work: Work) -> bool:
        """Change the rows; True when the outcome differs from what was meant. Accepts its own earlier effect."""
        raise NotImplementedError

    def inverse(self, before: Images, work: Work) -> Command | None:
        """What takes this back, made from the rows as they were `before`; None when there is nothing to take back."""
        raise NotImplementedError


def stamped(command: C, command_id: str, by: str, device: str, seq: int, at: int) -> C:
    """The command with its envelope; a time it already bears is kept."""
    return msgspec.structs.replace(command, id=command_id, by=by, device=device, seq=seq, at=command.at or at)


def readable(who: Person, work: Work, table: str, row_id: str) -> Row:
    """The row, which must exist, be readable and not be deleted."""
    row = may_read(who, work.get(table, row_id))
    if row["deleted"]:
        raise Refused("deleted", "This was deleted meanwhile.", "Your text is kept.")
    return row


def linked(who: Person, work: Work, table: str, row_id: str) -> None:
    """A reference may be empty; else it names a row that this person may know of, even a deleted one."""
    if row_id:
        may_read(who, work.get(table, row_id))


def references(who: Person, work: Work, command: Command, table: str) -> None:
    """Every row that a command names beside its own must be one that this person may know of."""
    for name, row_id in command.keys():  # noqa: SIM118  # no dict
        if name != table:
            linked(who, work, name, row_id)


def teams_of(work: Work, user_id: str) -> frozenset[str]:
    """The teams that this person is in by now."""
    rows = work.find("memberships", "user_id", user_id)
    return frozenset(row["team_id"] for row in rows if not row["deleted"])


def may_be_given(who: Person, work: Work, scope: str, user_id: str, *, to_managers: bool = False) -> None:
    """Work goes to those who work in its team; what is handed up, to a manager too. Raises Refused for others."""
    if user_id in {"", who.id}:
        return
    user = work.get("users", user_id)
    if user is None or user["deleted"] or not user["is_active"]:
        raise Refused("unknown", "There is no such colleague.")
    if to_managers and user["role"] == "manager":
        return
    if user["role"] not in {"csr", "lead"} or scope not in teams_of(work, user_id):
        raise Refused("not_in_team", f"{user['name']} does not work in this team.", "Choose one of the team.")


class AddRow(Command, frozen=True, kw_only=True):
    """Adds one row. Taken back by its author: the row is marked deleted, and comes back if that is undone."""

    table: ClassVar[str]
    row_id: str
    is_removal: bool = False

    def values(self, work: Work) -> dict[str, Any]:
        """The new row's values, its scope included."""
        raise NotImplementedError

    def author(self, row: Row) -> str:
        """Who may take it back."""
        raise NotImplementedError

    def permit_add(self, who: Person, work: Work) -> None:
        raise NotImplementedError

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id

    def permit(self, who: Person, work: Work) -> None:
        row = work.get(self.table, self.row_id)
        if self.is_removal and not self.undoes:
            raise unknown()
        if row is not None and (self.undoes or self.is_removal):
            may_read(who, row)
            if row["scope"] != ORGANISATION:
                may_work_in(who, row["scope"])  # who made it may manage or administer by now
            if self.author(row) != who.id and not _leads_author(who, work, row, self.author(row)):
                raise Refused("not_yours", "Only the person who added this, or their lead, can take it back.")
            return
        if row is not None and self.author(row) != who.id:
            raise unknown()  # an id that was forged or repeated must not show that it exists
        if self.is_removal:
            raise unknown()
        self.permit_add(who, work)

    def run(self, work: Work) -> bool:
        row = work.get(self.table, self.row_id)
        if row is None:
            work.put(self.table, self.row_id, **self.values(work))
        elif bool(row["deleted"]) != self.is_removal and (self.undoes or self.is_removal):
            work.put(self.table, self.row_id, deleted=int(self.is_removal))
        return False

    def inverse(self, before: Images, work: Work) -> Command | None:
        row = work.get(self.table, self.row_id)
        old = before.get((self.table, self.row_id))
        if row is None or (old is not None and old["deleted"] == row["deleted"]):
            return None
        return msgspec.structs.replace(self, id="", seq=0, at=0, undoes=self.id, is_removal=not self.is_removal)


class RemoveRow(Command, frozen=True, kw_only=True):
    """Marks a row deleted, or brings it back."""

    table: ClassVar[str]
    row_id: str
    is_restored: bool = False

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id

    def permit_remove(self, who: Person, row: Row) -> None:
        raise NotImplementedError

    def permit(self, who: Person, work: Work) -> None:
        self.permit_remove(who, may_read(who, work.get(self.table, self.row_id)))

    def run(self, work: Work) -> bool:
        row = work.get(self.table, self.row_id)
        if row is not None and bool(row["deleted"]) == self.is_restored:
            work.put(self.table, self.row_id, deleted=int(not self.is_restored))
        return False

    def inverse(self, before: Images, work: Work) -> Command | None:
        if (self.table, self.row_id) not in before:
            return None
        return msgspec.structs.replace(self, id="", seq=0, at=0, undoes=self.id, is_restored=not self.is_restored)


Change = tuple[Any, Any]
"""What a field was on the screen, and what it becomes."""


class EditRow(Command, frozen=True, kw_only=True):
    """Gives fields new values. A field is the latest edit, by (time, command id), of all that are not withdrawn.

    An undo names the command and withdraws it; the best remaining value comes back.
    """

    table: ClassVar[str]
    editable: ClassVar[frozenset[str]]
    row_id: str
    changes: dict[str, Change]

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        raise NotImplementedError

    def check(self, field: str, value: Any) -> None:
        """Raise Refused when this field cannot have this value."""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id

    def permit(self, who: Person, work: Work) -> None:
        row = readable(who, work, self.table, self.row_id)
        for field, (was, becomes) in self.changes.items():
            if field not in self.editable or not type(was) is type(becomes) is type(row[field]):
                raise Refused("not_allowed", f"“{field}” cannot be edited this way.")
            check_value(field, becomes)
            if isinstance(becomes, str) and not self.undoes:
                check_text(field, becomes)
            self.check(field, becomes)
        self.permit_edit(who, row, work)

    def run(self, work: Work) -> bool:
        row = work.get(self.table, self.row_id)
        assert row is not None  # noqa: S101  # permit has seen it
        stamps = read_stamps(row)
        fields: dict[str, Any] = {}
        differs = False
        for field, (was, becomes) in self.changes.items():
            current = stamps.get(field, Stamp(0, ""))
            if self.undoes:
                wins = self._withdraw(work, row, field, becomes, stamps, fields)
                if was == becomes:
                    continue  # it changed nothing here, and is only withdrawn
            else:
                mine = Stamp(self.at, self.id)
                if current == mine:
                    continue
                if current == Stamp(0, ""):
                    work.note((self.table, self.row_id, field), Edit(current, row[field]))
                work.note((self.table, self.row_id, field), Edit(mine, becomes))
                wins = mine > current
                if wins:
                    stamps[field] = mine
                    fields[field] = becomes
            differs = differs or not wins or row[field] != was
        if fields:
            work.put(self.table, self.row_id, stamps=write_stamps(stamps), **fields)
        return differs

    def _withdraw(
        self, work: Work, row: Row, field: str, becomes: Any, stamps: dict[str, Stamp], fields: dict[str, Any]
    ) -> bool:
        cell = (self.table, self.row_id, field)
        work.withdraw(cell, self.undoes)
        if stamps.get(field, Stamp(0, "")).command_id != self.undoes:
            return True  # what it takes back holds no longer: nothing to do, nothing to say
        best = work.best(cell)
        stamps[field] = best.stamp if best else Stamp(0, "")
        fields[field] = best.value if best else becomes
        return bool(fields[field] == becomes)

    def inverse(self, before: Images, work: Work) -> Command | None:
        old, new = before.get((self.table, self.row_id)), work.get(self.table, self.row_id)
        if old is None or new is None:
            return None
        back = {f: (new[f], old[f]) for f in self.changes if new[f] != old[f]}
        if not back:
            return None
        # An undo is itself taken back by a fresh edit: what was withdrawn stays withdrawn.
        undoes = "" if self.undoes else self.id
        return msgspec.structs.replace(self, id="", seq=0, at=0, undoes=undoes, changes=back)


class ChangeState(Command, frozen=True, kw_only=True):
    """Moves a row on from a state that must still hold: claims, completions, closings. Taken back only while untouched.

    `back` is filled in an undo alone: {field: (as this change left it, as it was)}.
    """

    table: ClassVar[str]
    restorable: ClassVar[frozenset[str]]
    row_id: str
    back: dict[str, Change] = {}

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        raise NotImplementedError

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        """The fields' new values, none when it is done already; raises Refused when the guard does not hold."""
        raise NotImplementedError

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id

    def permit(self, who: Person, work: Work) -> None:
        row = readable(who, work, self.table, self.row_id)
        if not (bool(self.back) == bool(self.undoes) and self.restorable.issuperset(self.back)):
            raise Refused("not_allowed", "This cannot be taken back this way.")
        if any(type(value) is not type(row[f]) for f, pair in self.back.items() for value in pair):
            raise Refused("not_allowed", "This cannot be taken back this way.")
        self.permit_change(who, row, work)

    def run(self, work: Work) -> bool:
        row = work.get(self.table, self.row_id)
        assert row is not None  # noqa: S101  # permit has seen it
        fields = self._taken_back(row) if self.undoes else self.effect(row, work)
        if any(row[f] != value for f, value in fields.items()):
            work.put(self.table, self.row_id, **fields)
        return False

    def _taken_back(self, row: Row) -> dict[str, Any]:
        fields = {f: becomes for f, (_, becomes) in self.back.items()}
        if all(row[f] == value for f, value in fields.items()):
            return {}
        if any(row[f] != was for f, (was, _) in self.back.items()):
            raise Refused("changed", "This was changed again meanwhile, so it was not taken back.")
        return fields

    def inverse(self, before: Images, work: Work) -> Command | None:
        old, new = before.get((self.table, self.row_id)), work.get(self.table, self.row_id)
        if old is None or new is None:
            return None
        back = {f: (new[f], old[f]) for f in sorted(self.restorable) if new[f] != old[f]}
        if not back:
            return None
        return msgspec.structs.replace(self, id="", seq=0, at=0, undoes=self.id, back=back)


def _leads_author(who: Person, work: Work, row: Row, author_id: str) -> bool:
    """A team's rows are its lead's; of what is everyone's, only what people of their teams wrote."""
    return who.is_lead and (row["scope"] in who.teams or not who.teams.isdisjoint(teams_of(work, author_id)))


def name_of(work: Work, user_id: str) -> str:
    user = work.get("users", user_id)
    return str(user["name"]) if user else "a colleague"


def read_stamps(row: Row) -> dict[str, Stamp]:
    if not row["stamps"]:
        return {}
    return {field: Stamp(at, command) for field, (at, command) in msgspec.json.decode(row["stamps"]).items()}


def latest_edit_at(command: Command, work: Work) -> int:
    """When the fields that an edit changes were given the values they have, the latest of them, in milliseconds; 0 for
    fields never edited, and for what is no edit or takes one back.
    """
    if not isinstance(command, EditRow) or command.undoes:
        return 0
    row = work.get(command.table, command.row_id)
    stamps = read_stamps(row) if row is not None else {}
    return max((stamps[field].at for field in command.changes if field in stamps), default=0)


def write_stamps(stamps: dict[str, Stamp]) -> str:
    return _encode_json({f: [s.at, s.command_id] for f, s in sorted(stamps.items()) if s.at}).decode()
