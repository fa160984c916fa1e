"""What is asked before a deed in a few fields: how it went, the new time, other words. And how the rate is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from csr_desktop.domain.errors import BadInput
from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.due_entry import DueEntry
from csr_desktop.ui.form_float import FormFloat
from csr_desktop.ui.kit.action_float import ActionFloat
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled
from csr_desktop.ui.kit.panes import Facts, column, line
from csr_desktop.ui.wording import place_of

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.follow_up_rows import FollowUpRow, KeptRate
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.follow_ups.agenda_words import AgendaWords
    from csr_desktop.ui.follow_ups.deeds import Deeds


class OutcomeFloat(FormFloat):
    """How it went, by number or pointer, and a note."""

    def __init__(self, desk: Desk, window: QWidget, row: FollowUpRow, outcomes: tuple[str, ...], deeds: Deeds) -> None:
        super().__init__(desk, window, "", "")
        self._row, self._deeds = row, deeds
        self.set_heading(self.tr("How did it go?"), self.tr("Complete"))
        self.choices = ChoiceRow(desk.themes, self.tr("Outcome"))
        self.choices.set_choices([(key, desk.words.follow_up_outcome(key)) for key in outcomes])
        self.choices.choose(outcomes[0])
        self.fields.addWidget(self.choices)
        self.note = self.add_line(self.tr("Note"), self.tr("Only if there is something to say"))
        self._keeper = DraftKeeper(desk, self.note, f"outcome_note:{row.id}")

    def open_by(self, anchor: QWidget, first: QWidget | None = None, *, is_trailing: bool = False) -> None:
        chosen = self.choices.focusWidget() or self.choices.findChildren(Button)[0]
        super().open_by(anchor, first or chosen, is_trailing=is_trailing)

    def take(self) -> None:
        if not self.may_save():
            return
        self.button.setEnabled(False)
        outcome, note = self.choices.chosen_key, self.note.text()
        self._deeds.complete([self._row], outcome, note, lambda: self.finish(self._keeper), self.say_fault)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_0
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.take()
        elif 1 <= number <= 9:
            self.choices.press_number(number)
        else:
            super().keyPressEvent(event)


class MoveFloat(FormFloat):
    """Another time, which the client agreed to where it is a promise, and why."""

    def __init__(self, desk: Desk, window: QWidget, row: FollowUpRow, words: AgendaWords, deeds: Deeds) -> None:
        verb = words.move(row.kind)
        super().__init__(desk, window, verb, verb)
        self._row, self._deeds = row, deeds
        due, mine = words.whole(row.due_at, row.client_zone)
        now_due = self.tr("Now due {0}").format(f"{due}, {mine}" if mine else due)
        self.fields.addWidget(Label(now_due, tone="muted", wraps=True))
        if row.kind == "promise" and row.due_at < desk.words.now():
            late = self.tr("Its time has passed: it counts as broken all the same.")
            self.fields.addWidget(Label(late, tone="danger", size="caption", wraps=True))
        label = self.tr("New time")
        if mine:
            label = self.tr("New time, in {0}").format(place_of(row.client_zone))
        self.due = DueEntry(desk, label)
        self.due.set_client(row.client_id, takes_closed=row.kind in {"task", "deadline"})
        self.due.edit.returnPressed.connect(self.take)
        self.fields.addWidget(Labelled(desk.themes, label, self.due))
        agreed = self.tr("What was agreed, and why") if row.kind == "promise" else self.tr("Optional")
        self.reason = self.add_line(self.tr("Reason"), agreed)
        self._keeper = DraftKeeper(desk, self.reason, f"move_reason:{row.id}")

    def take(self) -> None:
        if self.may_save():
            self.due.settle(self._move)

    def _move(self, new_at: int) -> None:
        self.button.setEnabled(False)
        reason = self.reason.text()
        self._deeds.move(self._row.id, new_at, reason, lambda: self.finish(self._keeper), self.say_fault)


class RenameFloat(FormFloat):
    def __init__(self, desk: Desk, window: QWidget, row: FollowUpRow, deeds: Deeds) -> None:
        super().__init__(desk, window, "", "")
        self._row, self._deeds = row, deeds
        self.set_heading(self.tr("Change the words"), self.tr("Change"))
        self.title = self.add_line(self.tr("What is to be done"), text=row.title)
        self.title.selectAll()

    def take(self) -> None:
        if not self.may_save():
            return
        self.button.setEnabled(False)
        self._deeds.rename(self._row.id, self.title.text(), self.leave, self.say_fault)

    def say_fault(self, fault: CsrDesktopError) -> None:
        super().say_fault(fault)
        if isinstance(fault, BadInput):
            self.title.setFocus()


class CountedFloat(ActionFloat):
    """The definition of the rate with its figures: what counts as kept, as due, and what does not count."""

    def __init__(self, desk: Desk, window: QWidget, rate: KeptRate, whose: str, words: AgendaWords) -> None:
        super().__init__(desk.themes, window, "")
        themes, space = desk.themes, desk.themes.theme.sizes.space
        title = self.tr("How it is counted")
        self.setAccessibleName(title)
        whole = column(spacing=space.apart, margins=(space.pane, space.pane, space.pane, space.pane))
        whole.addWidget(Label(title, weight=600))
        whole.addWidget(Label(self.tr("Promise kept rate: kept on time \u00f7 due."), wraps=True))
        number = words.words.locale.toString
        owner = self.tr("you") if whose == "mine" else self.tr("your team")
        kept = self.tr(
            "{0}, done as kept by the time agreed. One renegotiated before it was due is measured by its new time; one"
            " moved only afterwards counts as broken."
        )
        due = self.tr("{0}, promised by {1}, whose time came in the last 90 days, whether done or still open.")
        facts = [
            (self.tr("Kept on time"), kept.format(number(rate.kept)), ""),
            (self.tr("Due"), due.format(number(rate.due), owner), ""),
            (self.tr("Not counted"), self.tr("Canceled promises, and those whose time is still to come."), ""),
        ]
        if rate.share is not None and rate.low is not None and rate.high is not None:
            span = self.tr("{0} to {1}: where the true rate lies in 95 of 100 cases (Wilson), given so few promises.")
            facts.append((self.tr("In brackets"), span.format(words.percent(rate.low), words.percent(rate.high)), ""))
        else:
            facts.append(
                (self.tr("No data"), self.tr("Nothing was due, so there is no rate, neither 0 nor 100\u00a0%."), "")
            )
        table = Facts(themes)
        table.set_facts(facts)  # type: ignore[arg-type]
        whole.addWidget(table)
        close = Button(themes, self.tr("Close"), key_hint="Esc")
        close.clicked.connect(self.leave)
        foot = line()
        foot.addStretch(1)
        foot.addWidget(close)
        whole.addLayout(foot)
        self.body.addLayout(whole)
        self._close = close

    def open_by(self, anchor: QWidget) -> None:
        sizes = self.themes.theme.sizes
        self.place_by(anchor, sizes.width.main_min)
        self._close.setFocus(Qt.FocusReason.OtherFocusReason)
