"""Who is it: the people of the number with their reasons, or anyone by name; the number can be kept as theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from csr_desktop.ui.calls import people_search
from csr_desktop.ui.calls.finder import Finder, Found
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.call_rows import CallerMatch
    from csr_desktop.services.search import Hit
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.desk import Desk


class WhoIsIt(QFrame):
    """Enter attaches, Esc leaves."""

    taken = Signal(object, bool)
    """A Found, and whether the number is to be kept as theirs."""
    left = Signal()

    def __init__(self, desk: Desk, words: CallWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = words
        self._match: CallerMatch | None = None
        themes, space = desk.themes, desk.themes.theme.sizes.space
        set_look(self, role="card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Who is it?"))
        self.finder = Finder(
            desk,
            self.tr("Who is it?"),
            self._find,
            self._say,
            placeholder=self.tr("Name or company"),
            icon="user",
            most=5,
        )
        self.keep = CheckBox(themes, self.tr("Keep the number as theirs"))
        self.cancel = Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc")
        self.take = Button(themes, self.tr("It is them"), key_hint="Return")
        whole = column(self, spacing=space.close, margins=(space.apart, space.close, space.apart, space.close))
        self.title = Label(self.tr("Who is it?"), weight=600)
        whole.addWidget(self.title)
        whole.addWidget(self.finder)
        foot = line(spacing=space.close)
        foot.addWidget(self.keep)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.take)
        whole.addLayout(foot)
        self.finder.taken.connect(self._on_taken)
        self.take.clicked.connect(self.finder.take_current)
        self.cancel.clicked.connect(self.left)

    def open(self, number_shown: str, match: CallerMatch | None, *, can_keep: bool) -> None:
        """`can_keep` where the number can be matched; it is proposed for one that nobody has yet."""
        self._match = match
        is_unknown = match is None or not match.candidates
        self.title.setText(
            self.tr("Whose number is {0}?").format(number_shown)
            if is_unknown and number_shown
            else self.tr("Who is it?")
        )
        self.keep.setVisible(can_keep and bool(number_shown))
        self.keep.setChecked(can_keep and is_unknown)
        self.finder.open("")
        self.finder.setFocus()

    def _find(self, text: str) -> tuple[Hit, ...]:
        return people_search.find_named(self._desk.services, text)

    def _say(self, text: str, hits: Sequence[Hit]) -> list[Found]:
        ranked = people_search.of_match(self._match, self._words) if self._match else []
        if not text:
            return ranked
        wanted = text.casefold().split()
        fitting = [one for one in ranked if all(word in f"{one.title} {one.detail}".casefold() for word in wanted)]
        known = {one.contact_id for one in fitting}
        return [
            *fitting,
            *(one for one in people_search.say_named(hits) if not one.contact_id or one.contact_id not in known),
        ]

    def _on_taken(self, found: Found) -> None:
        keeps = self.keep.isVisible() and self.keep.isChecked()
        self.taken.emit(found, keeps)
