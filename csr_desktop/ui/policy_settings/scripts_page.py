"""The scripts and checklists of topics, by topic; below them those that are out of use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csr_desktop.ui.kit.states import EmptyState
from csr_desktop.ui.policy_settings.policy_line import LineWords
from csr_desktop.ui.policy_settings.policy_list import Group
from csr_desktop.ui.policy_settings.policy_page import PolicyPage
from csr_desktop.ui.policy_settings.script_form import ScriptForm

if TYPE_CHECKING:
    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.script_edits import ScriptRow
    from csr_desktop.ui.desk import Desk


class _Read(msgspec.Struct, frozen=True):
    can_edit: bool
    rows: tuple[ScriptRow, ...]
    topics: tuple[TopicNode, ...]
    owners: tuple[tuple[str, str], ...]


class ScriptsPage(PolicyPage[_Read]):
    def __init__(self, desk: Desk) -> None:
        self.form = ScriptForm(desk)
        tables = ("scripts", "topics", "users")
        super().__init__(desk, desk.tr("Scripts and checklists"), desk.tr("New script"), self.form, *tables)
        self.empty = EmptyState(desk.themes, "check-square", "")
        self.empty.acted.connect(self.make_new)
        self.whole.insertWidget(1, self.empty)
        self.empty.hide()

    def read(self) -> _Read:
        services = self.desk.services
        edits = services.script_edits
        return _Read(edits.can_edit(), edits.listed(), services.lists.topics(), edits.owners())

    def show_lines(self, read: _Read) -> None:
        self.list.about.setText(self._about(can_edit=read.can_edit))
        self.list.show_groups(self._groups(read), can_add=read.can_edit and bool(read.rows))
        self.empty.say(
            self.tr("No scripts yet"),
            self.tr("A script is read to the caller, a checklist is ticked. It opens beside the notes with F1."),
            button=self.tr("New script") if read.can_edit else "",
        )

    def take(self, read: _Read) -> None:
        super().take(read)
        self.empty.setVisible(not read.rows and self.form.isHidden())
        self.resized.emit()

    def _about(self, *, can_edit: bool) -> str:
        words = self.tr("What stands beside the notes on calls about a topic, to be read or ticked.")
        return words if can_edit else f"{words} {self.tr('Managers and administrators change them.')}"

    def _groups(self, read: _Read) -> list[Group]:
        groups: dict[str, list[LineWords]] = {}
        for row in read.rows:
            caption = " \u203a ".join(row.topic_path) or self.tr("A topic that is gone")
            groups.setdefault(caption if row.is_active else self.tr("Out of use"), []).append(
                self._line(row, can_edit=read.can_edit)
            )
        return [Group(caption, "", lines) for caption, lines in groups.items()]

    def _line(self, row: ScriptRow, *, can_edit: bool) -> LineWords:
        change = self.tr("Change") if row.is_active else self.tr("Use again")
        return LineWords(
            row.id,
            row.title,
            self._sentence(row),
            change=change if can_edit else "",
            remove=self.tr("Take out of use: {0}").format(row.title) if can_edit and row.is_active else "",
            caption=self._caption(row),
        )

    def _sentence(self, row: ScriptRow) -> str:
        if not row.steps:
            return self.tr("Its lines cannot be read here.")
        of_kind = self.tr("Script, %n line(s): {0}", "", len(row.steps))
        if row.kind == "checklist":
            of_kind = self.tr("Checklist, %n line(s): {0}", "", len(row.steps))
        return of_kind.format(row.steps[0])

    def _caption(self, row: ScriptRow) -> str:
        reviewed = self.tr("Never reviewed")
        if row.reviewed_on:
            reviewed = self.tr("Reviewed {0}").format(self.desk.words.day(row.reviewed_on, with_weekday=False))
        topic = "" if row.is_active else " \u203a ".join(row.topic_path)
        owner = self.tr("looked after by {0}").format(row.owner_name) if row.owner_name else ""
        return ", ".join(part for part in (topic, reviewed, owner) if part)

    def _row_of(self, key: str) -> ScriptRow | None:
        return next((row for row in self.shown.rows if row.id == key), None) if self.shown is not None else None

    def make_new(self) -> None:
        self._open(None)

    def change(self, key: str) -> None:
        row, scripts = self._row_of(key), self.desk.services.script_edits
        if row is None:
            return
        if row.is_active:
            self._open(row)
        else:
            self.wanted_line = key
            self.desk.do(self, lambda: scripts.restore(row.id))

    def remove(self, key: str) -> None:
        row, scripts = self._row_of(key), self.desk.services.script_edits
        if row is not None:
            self.desk.do(self, lambda: scripts.remove(row.id))

    def _open(self, row: ScriptRow | None) -> None:
        if self.shown is None:
            return
        self.list.hide()
        self.empty.hide()
        self.form.begin(row, self.shown.topics, self.shown.owners)
        self.resized.emit()
