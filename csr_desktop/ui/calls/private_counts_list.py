"""For a lead: how many private numbers were masked in their people's texts, and how many were said to be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.services.private_counts import COUNTS, DAYS
from csr_desktop.ui.calls.call_filters import DayFoot
from csr_desktop.ui.keyed_model import KeyedModel
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import Pane
from csr_desktop.ui.kit.rows import HeaderRow, Row
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.private_counts import PersonCount, PrivateCountsState
    from csr_desktop.ui.desk import Desk


class PrivateCountsModel(KeyedModel):
    """Headers are days, rows their people."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.themes)
        self._words = desk.words
        self._rows: dict[str, Row | HeaderRow] = {}

    def make_line(self, key: str) -> Row | HeaderRow:
        return self._rows[key]

    def show_counts(self, state: PrivateCountsState) -> None:
        rows: dict[str, Row | HeaderRow] = {}
        if state.total:
            rows["total"] = HeaderRow(self.tr("Last %n day(s)", "", DAYS))
            rows.update((f"total {at}", self._row(one)) for at, one in enumerate(state.total))
        for day in state.days:
            rows[day.day] = HeaderRow(self._words.day(day.day))
            rows.update((f"{day.day} {at}", self._row(one)) for at, one in enumerate(day.people))
        before, self._rows = self._rows, rows
        self.set_lines(list(rows))
        self.repaint([key for key, row in rows.items() if before.get(key, row) != row])

    def _row(self, one: PersonCount) -> Row:
        number = self._words.locale.toString
        masked = self.tr("{0} masked").format(number(one.masked_count))
        kept = self.tr("{0} said to be none").format(number(one.kept_count)) if one.kept_count else ""
        name = one.name or self.tr("Somebody who left")
        return Row(
            name,
            icon="eye-slash",
            subtitle=(kept or self.tr("None kept as it was"),),
            end_text=masked,
            end_tone="muted",
            spoken=", ".join(part for part in (name, masked, kept) if part),
        )


class PrivateCountsList(Pane):
    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, " ", parent=parent)
        self._desk = desk
        self._is_asked = False
        themes = desk.themes
        self.set_title(self.tr("Private numbers"))
        self.model = PrivateCountsModel(desk)
        self.model.setParent(self)
        self.rows = RowList(themes, self.tr("Private numbers"))
        self.rows.setModel(self.model)
        self._stack = StateStack(self.rows)
        self._empty = EmptyState(themes, "eye-slash", "", "")
        self._error = ErrorState(themes)
        self._error.acted.connect(self.load)
        self._loading = LoadingState(themes, can_stop=False)
        self._foot = DayFoot(themes)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self._foot)

    def load(self) -> None:
        """Ask the server."""
        self._is_asked = True
        counts = self._desk.services.private_counts

        def show(state: PrivateCountsState) -> None:
            self._desk.saved.emit()  # wakes what asks
            self._show(state)

        self._desk.ask(self, counts.ask, show, key="counts")

    def on_changed(self, change_set: ChangeSet) -> None:
        if self._is_asked and COUNTS in change_set.ids("older"):
            counts = self._desk.services.private_counts
            self._desk.ask(self, counts.state, self._show, key="counts")

    def on_minute(self) -> None:
        """Counts do not follow the clock."""

    def _show(self, state: PrivateCountsState) -> None:
        self.model.show_counts(state)
        masked = sum(one.masked_count for one in state.total)
        kept = sum(one.kept_count for one in state.total)
        self._foot.say(self.tr("%Ln masked", "", masked) if state.is_known else "", self._standing(state, kept))
        if state.total:
            self._stack.show_content()
        elif state.is_known:
            self._empty.say(
                self.tr("No private number was found"),
                self.tr("Card, bank and social security numbers in your people's notes are counted here, by day."),
            )
            self._stack.show_state(self._empty)
        elif state.step in {"offline", "refused"}:
            self._error.say(self.tr("The counts cannot be had now"), state.words, button=self.tr("Try again"))
            self._stack.show_state(self._error)
        else:
            self._stack.show_state(self._loading)

    def _standing(self, state: PrivateCountsState, kept: int) -> str:
        if state.is_known and state.step == "offline":
            return self.tr("As last told; the server cannot be reached")
        if state.is_known and state.step == "refused":
            return state.words
        return self.tr("%Ln said to be none", "", kept) if state.is_known else ""
