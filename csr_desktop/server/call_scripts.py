"""Scripts and checklists of topics from a file, and what there is of them.

The file is a table with a line a step: topic (as “Payroll tax > Notice”), title, kind, step, reviewed on, owner. Lines
of the same topic and title are one script, in their order; what is empty there is as in the line above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from csr_desktop.commands.administration import AddDisposition, AddScript, EditOrganisation, EditScript
from csr_desktop.commands.command import Command
from csr_desktop.domain.call_scripts import read_steps, write_steps
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.text import clean_line
from csr_desktop.server.administration import Administration, NotThere
from csr_desktop.server.csv_reading import Record, Text, delimiter_of, records

COLUMNS: Final = ("topic", "title", "kind", "step", "reviewed_on", "owner")
_NEEDED: Final = frozenset({"topic", "title", "step"})


class ListedScript(msgspec.Struct, frozen=True):
    topic: str
    title: str
    kind: str
    step_count: int
    reviewed_on: str
    owner: str
    is_active: bool


class TakenScripts(msgspec.Struct, frozen=True):
    added: int
    changed: int
    same: int


class _Read(msgspec.Struct):
    topic: str
    title: str
    kind: str
    reviewed_on: str
    owner: str
    steps: list[str]


class CallScripts:
    """Blocking. Raises BadInput for what a person can mend in the file, with its line."""

    def __init__(self, administration: Administration, new_id: Callable[[], str]) -> None:
        self._administration = administration
        self._sql = administration.sql
        self._new_id = new_id

    def listed(self) -> list[ListedScript]:
        """By topic and title."""
        topics = {topic_id: " > ".join(path) for topic_id, path in self._paths().items()}
        found = self._sql.all(
            "SELECT s.topic_id, s.title, s.kind, s.steps, s.reviewed_on, s.is_active, u.login FROM scripts s "
            "LEFT JOIN users u ON u.id = s.owner_id WHERE s.deleted = 0"
        )
        listed = [
            ListedScript(
                topics.get(topic, ""), title, kind, len(read_steps(steps)), reviewed, owner or "", bool(active)
            )
            for topic, title, kind, steps, reviewed, active, owner in found
        ]
        return sorted(listed, key=lambda one: (one.topic, one.title))

    def take(self, text: Text) -> TakenScripts:
        """All of the file or nothing. A script of the same topic and title is changed to what the file says."""
        topics: dict[tuple[str, ...], str] = {}
        for known_id, path in self._paths().items():
            topics.setdefault(tuple(name.casefold() for name in path), known_id)
        added = same = 0
        owners = {login: user_id for user_id, login in self._sql.all("SELECT id, login FROM users WHERE deleted = 0")}
        commands: list[Command] = []
        for one in _read(text.text):
            topic_id = topics.get(tuple(part.strip().casefold() for part in one.topic.split(">")))
            if topic_id is None:
                raise BadInput("topic", f"There is no topic {one.topic!r}.", "Write it as in: Payroll tax > Notice")
            if one.owner and one.owner not in owners:
                raise NotThere("owner", f"Nobody signs in as {one.owner!r}.", "user list")
            becomes = {
                "kind": one.kind or "checklist",
                "steps": write_steps(one.steps),
                "reviewed_on": one.reviewed_on,
                "owner_id": owners.get(one.owner, ""),
                "is_active": 1,
            }
            there = self._sql.one(
                "SELECT id, kind, steps, reviewed_on, owner_id, is_active FROM scripts "
                "WHERE topic_id = ? AND title = ? AND deleted = 0 ORDER BY id LIMIT 1",
                *(topic_id, one.title),
            )
            if there is None:
                added += 1
                commands.append(
                    AddScript(
                        row_id=self._new_id(),
                        topic_id=topic_id,
                        title=one.title,
                        script_kind=str(becomes["kind"]),
                        steps=str(becomes["steps"]),
                        reviewed_on=one.reviewed_on,
                        owner_id=str(becomes["owner_id"]),
                    )
                )
                continue
            changes = {
                field: (was, becomes[field])
                for field, was in zip(becomes, there[1:], strict=True)
                if was != becomes[field]
            }
            same += not changes
            if changes:
                commands.append(EditScript(row_id=there[0], changes=changes))
        if commands:
            self._administration.do(*commands)
        return TakenScripts(added, len(commands) - added, same)

    def _paths(self) -> dict[str, tuple[str, ...]]:
        """By id, the names from the top down."""
        rows = {i: (name, parent) for i, name, parent in self._sql.all("SELECT id, name, parent_id FROM topics")}
        found: dict[str, tuple[str, ...]] = {}
        for topic_id in sorted(rows):
            path: list[str] = []
            at, seen = topic_id, set[str]()
            while at in rows and at not in seen:
                seen.add(at)
                name, at = rows[at]
                path.insert(0, name)
            found[topic_id] = tuple(path)
        return found


def set_wrap_up_limit(
    administration: Administration, new_id: Callable[[], str], seconds: int, disposition: str
) -> None:
    """After so many seconds of wrap-up a call is saved by itself; 0 for no limit. Where nobody chose how it ended, it
    gets the disposition of that name, which is made when there is none.
    """
    sql, commands = administration.sql, list[Command]()
    row = sql.one(
        "SELECT id, wrap_up_limit_seconds, wrap_up_disposition_id FROM organisations WHERE deleted = 0 "
        "ORDER BY id LIMIT 1"
    )
    if row is None:
        raise BadInput("organisation", "There is no organization yet.")
    name, disposition_id = clean_line(disposition, 200), ""
    if name and seconds:
        known = {words.casefold(): i for i, words in sql.all("SELECT id, name FROM dispositions WHERE deleted = 0")}
        disposition_id = known.get(name.casefold(), "")
        if not disposition_id:
            disposition_id = new_id()
            last = sql.value("SELECT max(position) FROM dispositions") or 0
            commands.append(AddDisposition(row_id=disposition_id, name=name, position=last + 1))
    becomes = {"wrap_up_limit_seconds": seconds, "wrap_up_disposition_id": disposition_id}
    changes = {
        field: (was, becomes[field]) for field, was in zip(becomes, row[1:], strict=True) if was != becomes[field]
    }
    if changes:
        commands.append(EditOrganisation(row_id=row[0], changes=changes))
        administration.do(*commands)


def _read(text: str) -> list[_Read]:
    delimiter = delimiter_of(text, lambda cells: sum(_column(cell) in COLUMNS for cell in cells))
    places: dict[str, int] = {}
    found: list[_Read] = []
    for record in records(text, delimiter):
        if not isinstance(record, Record):
            raise BadInput("file", f"Line {record.line}: {record.reason}")
        if not places:
            places = {_column(cell): place for place, cell in enumerate(record.cells) if _column(cell) in COLUMNS}
            if not places.keys() >= _NEEDED:
                raise BadInput("file", "The first line must name the columns topic, title and step.")
            continue
        _take_line(record, places, found)
    if not found:
        raise BadInput("file", "The file has no scripts.")
    for one in found:
        try:
            read_steps(write_steps(one.steps))
        except ValueError as fault:
            raise BadInput("step", f"{one.title}: {fault}") from None
    return found


def _take_line(record: Record, places: dict[str, int], found: list[_Read]) -> None:
    cells = {name: clean_line(record.cells[at]) for name, at in places.items() if at < len(record.cells)}
    last = found[-1] if found else None
    topic = cells.get("topic", "") or (last.topic if last else "")
    title = cells.get("title", "") or (last.title if last and not cells.get("topic") else "")
    if not topic or not title or not cells.get("step"):
        raise BadInput("file", f"Line {record.line}: it needs a topic, a title and a step.")
    one = next((known for known in found if (known.topic, known.title) == (topic, title)), None)
    if one is None:
        one = _Read(
            topic,
            title,
            cells.get("kind", "").casefold(),
            cells.get("reviewed_on", ""),
            cells.get("owner", "").casefold(),
            [],
        )
        found.append(one)
    one.steps.append(cells["step"])


def _column(cell: str) -> str:
    return clean_line(cell).casefold().replace(" ", "_")
