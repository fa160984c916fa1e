"""At a client or ticket: a field that two people set without seeing each other's value, and the choice of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.text import excerpt
from csr_desktop.ui.actions import Action
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.notice import NoticeBar
from csr_desktop.ui.kit.panes import column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.differences import Difference, Value
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk

SET_KEY, KEEP_KEY = "Alt+M", "Alt+K"
_VALUE_LENGTH = 60


class DifferenceBar(QWidget):
    """Takes no room while nothing differs. `field` and `value` give the words of a field and of what stands in it."""

    def __init__(
        self, desk: Desk, field: Callable[[str], str], value: Callable[[str, Value], str], margins: tuple[int, ...]
    ) -> None:
        super().__init__()
        self._desk = desk
        self._field, self._value = field, value
        self._read: Callable[[], Sequence[Difference]] | None = None
        self._shown: Sequence[Difference] = ()
        self._bar: NoticeBar | None = None
        self._column = column(self, margins=margins)  # type: ignore[arg-type]
        desk.changed.connect(self._on_changed)
        self.hide()

    def show_client(self, client_id: str) -> None:
        differences = self._desk.services.differences
        self._show(lambda: differences.of_client(client_id))

    def show_ticket(self, ticket_id: str) -> None:
        differences = self._desk.services.differences
        self._show(lambda: differences.of_ticket(ticket_id))

    def _show(self, read: Callable[[], Sequence[Difference]]) -> None:
        self._read = read
        self.refresh()

    def _on_changed(self, _change_set: ChangeSet) -> None:
        self.refresh()

    def refresh(self) -> None:
        if self._read is not None:
            self._desk.ask(self, self._read, self._on_read, key="differences")

    @property
    def current(self) -> Difference | None:
        """The one that is said now; the next follows when it is dealt with."""
        return self._shown[0] if self._shown else None

    def _on_read(self, found: Sequence[Difference]) -> None:
        if found == self._shown:
            return
        self._shown = found
        self.setVisible(bool(found))
        if not found:
            return
        if self._bar is None:
            self._bar = NoticeBar(self._desk.themes)
            self._bar.acted.connect(self.keep)
            self._bar.acted_second.connect(self.set_other)
            self._column.addWidget(self._bar)
        first = found[0]
        other = self._other_words(first)
        self._bar.say(
            self.sentence(first),
            lead=self._lead(first),
            tone="info",
            icon="users",
            action=self.tr("Keep it so"),
            key_hint=key_text(KEEP_KEY),
            second_action=other,
            second_key_hint=key_text(SET_KEY) if other else "",
            stays=True,
        )

    def _lead(self, difference: Difference) -> str:
        name = self._field(difference.field)
        return self.tr("{0}, {1}:").format(difference.person, name) if difference.person else f"{name}:"

    def _other_words(self, difference: Difference) -> str:
        if not difference.is_mine_standing:
            return self.tr("Set mine again")
        return self.tr("Set theirs again") if difference.other is not None else ""

    def sentence(self, difference: Difference) -> str:
        """Who set what when, and whose stands."""
        who = difference.other_by or self.tr("a colleague")
        words = self._desk.words
        when = words.short(difference.other_at) if difference.other_at else ""
        if difference.other is None:
            text = self.tr("you set {0}, and it had been changed meanwhile. Yours stands.")
            return text.format(self._mine(difference))
        other = self._said(difference.field, difference.other, difference.other_named)
        if when:
            text = self.tr("you set {0}, {1} set {2} ({3}).").format(self._mine(difference), who, other, when)
        else:
            text = self.tr("you set {0}, {1} set {2}.").format(self._mine(difference), who, other)
        theirs = self.tr("Theirs stands, as the later one.")
        return f"{text} {self.tr('Yours stands.') if difference.is_mine_standing else theirs}"

    def _mine(self, difference: Difference) -> str:
        return self._said(difference.field, difference.mine, difference.mine_named)

    def _said(self, field: str, value: Value, named: str) -> str:
        words = excerpt(named or self._value(field, value), _VALUE_LENGTH)
        return self.tr("“{0}”").format(words) if words else self.tr("nothing")

    def keep(self) -> None:
        difference, differences = self.current, self._desk.services.differences
        if difference is not None:
            self._desk.ask(self, lambda: differences.keep(difference), lambda _: self.refresh())

    def set_other(self) -> None:
        difference, differences = self.current, self._desk.services.differences
        if difference is None or not self._other_words(difference):
            return

        def done(_outcome: Outcome) -> None:
            self.refresh()

        self._desk.do(self, lambda: differences.set_other(difference), done)

    def place_actions(self, place: str) -> list[Action]:
        """For the place's table of actions."""
        return difference_actions(place, lambda: self)


def difference_actions(place: str, bar: Callable[[], DifferenceBar | None]) -> list[Action]:
    """The keys of a place's bar, which may be built later than they are told; None until then."""

    def is_shown() -> bool:
        found = bar()
        return found is not None and found.current is not None and found.isVisible()

    def keep() -> None:
        if (found := bar()) is not None:
            found.keep()

    def set_other() -> None:
        if (found := bar()) is not None:
            found.set_other()

    keep_words = QCoreApplication.translate("DifferenceBar", "Keep the field as it stands")
    other_words = QCoreApplication.translate("DifferenceBar", "Set the other value of the field")
    return [
        Action(f"{place}_keep_field", keep_words, keep, KEEP_KEY, place, "check", is_shown),
        Action(f"{place}_other_field", other_words, set_other, SET_KEY, place, "users", is_shown),
    ]
