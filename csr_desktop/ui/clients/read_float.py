"""A note in full, or what a change changed: a line of the timeline that has no place of its own to be opened in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from csr_desktop.ui.clients.form_float import FormFloat
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Facts
from csr_desktop.ui.kit.prose import Prose

if TYPE_CHECKING:
    from csr_desktop.services.client_rows import TimelineRow
    from csr_desktop.ui.clients.timeline_words import TimelineWords
    from csr_desktop.ui.desk import Desk


class ReadFloat(FormFloat):
    def __init__(self, desk: Desk, place: QWidget, words: TimelineWords) -> None:
        super().__init__(desk, place, is_wide=False)
        self.set_name(self.tr("Note"))
        self._words = words
        self._by = Label(tone="muted", size="caption", wraps=True)
        self._prose = Prose(desk.themes, name=self.tr("Note"))
        self._facts = Facts(desk.themes)
        for part in (self._by, self._prose, self._facts):
            self.form.body.addWidget(part)
        self.hide_foot()

    def save(self) -> None:
        """There is nothing to save."""

    def read(self, row: TimelineRow) -> None:
        words, shown = self._words, self._words.row(row)
        is_note = row.kind == "note"
        self.title.setText(self.tr("Note") if is_note else shown.title)
        who = " · ".join(shown.subtitle)
        self._by.setText(self.tr("{0}, {1}").format(who, self.desk.words.moment(row.at)))
        self._prose.setPlainText(row.body if is_note else "")
        self._prose.setVisible(is_note)
        facts = [
            (field, self.tr("{0}, before {1}").format(becomes, was), "")
            for field, was, becomes in words.change_lines(row)
        ]
        self._facts.set_facts(facts)  # type: ignore[arg-type]
        self._facts.setVisible(not is_note)
        self.open(self.close_button)
