"""The rules for verifying callers: those for every client, with what is built in, and those of single clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.policy_settings.policy_line import LineWords
from csr_desktop.ui.policy_settings.policy_list import Group, PolicyList
from csr_desktop.ui.policy_settings.rule_form import RuleForm, line_key
from csr_desktop.ui.policy_settings.rule_words import RuleWords

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.rule_edits import RuleRow
    from csr_desktop.ui.desk import Desk


class _Read(msgspec.Struct, frozen=True):
    can_edit: bool
    rows: tuple[RuleRow, ...]
    topics: tuple[TopicNode, ...]


class RulesPage(QWidget):
    resized = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._words = RuleWords(self)
        self._read = _Read(can_edit=False, rows=(), topics=())
        self._wanted_line = ""
        self.list = PolicyList(desk.themes, self.tr("New rule"))
        self.form = RuleForm(desk, self._words)
        self.setAccessibleName(self.tr("Verification rules"))
        whole = column(self)
        whole.addWidget(self.list)
        whole.addWidget(self.form)
        self.list.new_wanted.connect(lambda: self._open(None))
        self.list.change_wanted.connect(self._on_change)
        self.list.remove_wanted.connect(self._on_remove)
        self.list.grown.connect(self.resized)
        self.form.left.connect(self._on_left)
        self.form.resized.connect(self.resized)
        desk.changed.connect(self._on_changed)

    def refresh(self) -> None:
        """A form that is open stays as it is."""
        services = self._desk.services

        def read() -> _Read:
            edits = services.rule_edits
            return _Read(edits.can_edit(), edits.listed(), services.lists.topics())

        self._desk.ask(self, read, self._show, key="rules")

    def _on_changed(self, change_set: ChangeSet) -> None:
        if change_set.rights or change_set.touches("verification_rules", "clients", "topics"):
            self.refresh()

    def _show(self, read: _Read) -> None:
        is_same = read == self._read
        self._read = read
        if not is_same or not self.list.lines:
            self.list.about.setText(self._about(can_edit=read.can_edit))
            self.list.show_groups(self._groups(read), can_add=read.can_edit)
        if self._wanted_line:
            self.list.focus_line(self._wanted_line)
            self._wanted_line = ""
        self.resized.emit()

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
        return next((row for row in self._read.rows if line_key(row.place) == key), None)

    def _on_change(self, key: str) -> None:
        if (row := self._row_of(key)) is not None:
            self._open(row)

    def _on_remove(self, key: str) -> None:
        row, rules = self._row_of(key), self._desk.services.rule_edits
        if row is not None and row.id:
            about = self._words.about(row)
            self._desk.do(self, lambda: rules.remove(row.id, about))

    def _open(self, row: RuleRow | None) -> None:
        self.list.hide()
        self.form.begin(row, self._read.topics)
        self.resized.emit()

    def _on_left(self, key: str) -> None:
        self.list.show()
        self._wanted_line = key or "new"
        self.refresh()
