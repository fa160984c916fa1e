"""The rules for verifying callers: those for every client, with what is built in, and those of single clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csr_desktop.ui.policy_settings.policy_line import LineWords
from csr_desktop.ui.policy_settings.policy_list import Group
from csr_desktop.ui.policy_settings.policy_page import PolicyPage
from csr_desktop.ui.policy_settings.rule_form import RuleForm, line_key
from csr_desktop.ui.policy_settings.rule_words import RuleWords

if TYPE_CHECKING:
    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.rule_edits import RuleRow
    from csr_desktop.ui.desk import Desk


class _Read(msgspec.Struct, frozen=True):
    can_edit: bool
    rows: tuple[RuleRow, ...]
    topics: tuple[TopicNode, ...]


class RulesPage(PolicyPage[_Read]):
    def __init__(self, desk: Desk) -> None:
        self._words = RuleWords(desk)
        self.form = RuleForm(desk, self._words)
        tables = ("verification_rules", "clients", "topics")
        super().__init__(desk, desk.tr("Verification rules"), desk.tr("New rule"), self.form, *tables)

    def read(self) -> _Read:
        services = self.desk.services
        return _Read(services.rule_edits.can_edit(), services.rule_edits.listed(), services.lists.topics())

    def show_lines(self, read: _Read) -> None:
        self.list.about.setText(self._about(can_edit=read.can_edit))
        self.list.show_groups(self._groups(read), can_add=read.can_edit)

    def _about(self, *, can_edit: bool) -> str:
        order = self.tr(
            "What callers must show before something is done for them. The narrowest rule holds: one for a client "
            "before one for every client, one for a kind of request before one for a topic."
        )
        return order if can_edit else f"{order} {self.tr('Managers and administrators change them.')}"

    def _groups(self, read: _Read) -> list[Group]:
        named: dict[str, list[RuleRow]] = {"": []}
        for row in read.rows:
            named.setdefault(row.place.client_id, []).append(row)
        groups = []
        for client_id, rows in named.items():
            caption = rows[0].client_name if client_id else self.tr("Every client")
            note = ""
            if not client_id and not any(row.id for row in rows):
                note = self.tr("No rule was made yet. What is built in holds:")
            groups.append(Group(caption, note, [self._line(row, can_edit=read.can_edit) for row in rows]))
        return groups

    def _line(self, row: RuleRow, *, can_edit: bool) -> LineWords:
        title = self._words.place(row.place, row.topic_path)
        change = self.tr("Change") if row.id else self.tr("Set")
        return LineWords(
            line_key(row.place),
            title,
            self._words.sentence(row.rule),
            change=change if can_edit else "",
            remove=self.tr("Remove: {0}").format(self._words.about(row)) if can_edit and row.id else "",
            chip="" if row.id else self.tr("Built in"),
        )

    def _row_of(self, key: str) -> RuleRow | None:
        rows = self.shown.rows if self.shown is not None else ()
        return next((row for row in rows if line_key(row.place) == key), None)

    def make_new(self) -> None:
        self._open(None)

    def change(self, key: str) -> None:
        if (row := self._row_of(key)) is not None:
            self._open(row)

    def remove(self, key: str) -> None:
        row, rules = self._row_of(key), self.desk.services.rule_edits
        if row is not None and row.id:
            about = self._words.about(row)
            self.desk.do(self, lambda: rules.remove(row.id, about))

    def _open(self, row: RuleRow | None) -> None:
        if self.shown is None:
            return
        self.list.hide()
        self.form.begin(row, self.shown.topics)
        self.resized.emit()
