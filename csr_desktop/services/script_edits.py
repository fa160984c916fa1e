"""Scripts and checklists of topics as a desk shows and changes them, also those that are out of use."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.commands.administration import AddScript, EditScript
from csr_desktop.domain.call_scripts import KINDS, MOST_STEPS, STEP_CHARACTERS, read_steps, write_steps
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.services.outcome import Added
from csr_desktop.store.queries import lists as queries
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica


_TITLE_CHARACTERS: Final = 200


class ScriptRow(msgspec.Struct, frozen=True):
    """`reviewed_on` is an ISO date, '' for never. One that is not active is out of use."""

    id: str
    topic_id: str
    topic_path: tuple[str, ...]
    title: str
    kind: str
    steps: tuple[str, ...]
    reviewed_on: str
    owner_id: str
    owner_name: str
    is_active: bool


class ScriptText(msgspec.Struct, frozen=True):
    """What is typed of a script; its steps are the lines of `steps`."""

    topic_id: str
    title: str
    kind: str
    steps: str
    reviewed_on: str = ""
    owner_id: str = ""


class ScriptEdits:
    def __init__(self, replica: Replica, people: People, lists: Lists) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists

    def can_edit(self) -> bool:
        return self._people.can_set_policies()

    def listed(self) -> tuple[ScriptRow, ...]:
        """By topic and title, those in use first. One that cannot be read, which came from elsewhere, has no steps."""
        found = []
        for row_id, topic_id, title, kind, steps, reviewed_on, owner_id, is_active in queries.all_scripts(
            self._replica.sql
        ):
            path, owner = self._lists.topic_path(topic_id), self._people.name(owner_id)
            read = _steps_or_none(steps)
            found.append(
                ScriptRow(row_id, topic_id, path, title, kind, read, reviewed_on, owner_id, owner, bool(is_active))
            )
        return tuple(sorted(found, key=lambda one: (not one.is_active, one.topic_path, one.title.casefold(), one.id)))

    def owners(self) -> tuple[tuple[str, str], ...]:
        """Id and name of everyone who can look after one, by name."""
        return self._people.active()

    def add(self, text: ScriptText) -> Added:
        """Raises BadInput for a field that cannot be so."""
        values = _values(text)
        row_id = self._replica.new_id()
        command = AddScript(
            row_id=row_id,
            topic_id=values["topic_id"],
            title=values["title"],
            script_kind=values["kind"],
            steps=values["steps"],
            reviewed_on=values["reviewed_on"],
            owner_id=values["owner_id"],
        )
        return Added(self._replica.do(command, words=f"script_added:{values['title']}"), row_id)

    def edit(self, script_id: str, text: ScriptText, shown: ScriptRow) -> Outcome:
        """Give it other values than those that were shown. Raises BadInput for a field that cannot be so, and where
        nothing is another.
        """
        self._row(script_id)
        values = _values(text)
        seen = {**{field: getattr(shown, field) for field in values}, "steps": write_steps(shown.steps)}
        changes = {field: (seen[field], value) for field, value in values.items() if value != seen[field]}
        if not changes:
            raise BadInput("", "Nothing was changed.")
        return self._replica.do(
            EditScript(row_id=script_id, changes=changes), words=f"script_changed:{values['title']}"
        )

    def remove(self, script_id: str) -> Outcome:
        """It stands beside no call any more; it can be taken into use again."""
        row = self._row(script_id)
        return self._replica.do(_use(row, is_active=False), words=f"script_removed:{row['title']}")

    def restore(self, script_id: str) -> Outcome:
        """It is in use again."""
        row = self._row(script_id)
        return self._replica.do(_use(row, is_active=True), words=f"script_restored:{row['title']}")

    def _row(self, script_id: str) -> dict[str, Any]:
        found = rows.one(self._replica.sql, "scripts", script_id)
        if found is None:
            raise unknown()
        return found


def _use(row: dict[str, Any], *, is_active: bool) -> EditScript:
    return EditScript(row_id=row["id"], changes={"is_active": (row["is_active"], int(is_active))})


def steps_of(text: str) -> tuple[str, ...]:
    """The steps that lines mean; empty lines mean none."""
    return tuple(line for line in (_whole_line(one) for one in clean(text).splitlines()) if line)


def _whole_line(text: str) -> str:
    """As one line, nothing cut: what is too long is said, never dropped."""
    return clean_line(text, max(1, len(text)))


def _steps_or_none(text: str) -> tuple[str, ...]:
    try:
        return read_steps(text)
    except ValueError:
        return ()


def _values(text: ScriptText) -> dict[str, str]:
    """By column. Raises BadInput at the field that is wrong."""
    title, steps = _whole_line(text.title), steps_of(text.steps)
    if not title:
        raise BadInput("title", "Say in a few words what it is for.")
    if len(title) > _TITLE_CHARACTERS:
        raise BadInput("title", f"A title has up to {_TITLE_CHARACTERS} characters.", "Put the rest into the lines.")
    if not text.topic_id:
        raise BadInput("topic_id", "Choose the topic beside whose calls it stands.")
    if text.kind not in KINDS:
        raise BadInput("kind", "It is either a script or a checklist.")
    _check_steps(steps)
    reviewed_on = clean_line(text.reviewed_on)
    if reviewed_on and not _is_day(reviewed_on):
        raise BadInput("reviewed_on", "Write the day as 2026-05-04.")
    return {
        "topic_id": text.topic_id,
        "title": title,
        "kind": text.kind,
        "steps": write_steps(steps),
        "reviewed_on": reviewed_on,
        "owner_id": text.owner_id,
    }


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_steps(steps: tuple[str, ...]) -> None:
    if not steps:
        raise BadInput("steps", "Write at least one line.")
    if len(steps) > MOST_STEPS:
        raise BadInput("steps", f"There can be up to {MOST_STEPS} lines; these are {len(steps)}.")
    for at, step in enumerate(steps):
        if len(step) > STEP_CHARACTERS:
            raise BadInput(
                "steps", f"“{step[:40]}…” is longer than {STEP_CHARACTERS} characters.", "Make two lines of it."
            )
        if step in steps[:at]:
            raise BadInput("steps", f"“{step[:40]}” stands there twice.", "Each line is ticked on its own.")
