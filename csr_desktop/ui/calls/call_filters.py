"""Which calls a list shows: a text, and a chip for each thing that can be filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.call_rows import CallFilter
from csr_desktop.ui.calls.asked import Asked
from csr_desktop.ui.calls.filter_words import PARTS, FilterWords, key_of, with_value
from csr_desktop.ui.calls.people_search import find_named
from csr_desktop.ui.kit.action_float import PickFloat, narrowed
from csr_desktop.ui.kit.chips import FilterChip
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.picker import Pick
from csr_desktop.ui.kit.rows import KEY_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from csr_desktop.services.call_rows import FilterChoices
    from csr_desktop.services.client_rows import ClientPage
    from csr_desktop.services.search import Hit
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import ThemeSwitch

PLAIN = CallFilter()
_CLIENTS = 30
_BETWEEN = "="
_TEXT = "text" + _BETWEEN


class PartChip(FilterChip):
    """Shows what a part is filtered by, pressed in while it is; a click asks for another value."""

    def __init__(self, themes: ThemeSwitch, part: str, parent: QWidget) -> None:
        super().__init__(themes, part, parent=parent)
        self._part = part

    def nextCheckState(self) -> None:
        """A click alone changes nothing."""

    def on_toggled_aloud(self) -> None:
        self.setChecked(not self.isChecked())
        self.clicked.emit()

    def say(self, words: str, *, is_set: bool) -> None:
        self._words = words
        self.setChecked(is_set)
        self.set_count(None)
        self.setAccessibleName(f"{self._part}: {words}")


class CallFilters(QWidget):
    """Folded away until it is wanted; what is filtered is said beside the list's title all the same."""

    changed = Signal()

    def __init__(
        self,
        desk: Desk,
        *,
        plain: CallFilter = PLAIN,
        parts: Sequence[str] = PARTS,
        parent: QWidget | None = None,
    ) -> None:
        """`plain` is what the list shows when nothing is filtered."""
        super().__init__(parent)
        self.setAccessibleName(self.tr("Filter calls"))
        self._desk = desk
        self._said = FilterWords(desk.words)
        self._plain = self._chosen = plain
        self._parts = parts
        self._names: dict[str, str] = {}
        self._choices: FilterChoices | None = None
        self.floats = Asked(self)
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.text = TextField(
            themes,
            self.tr("Search calls"),
            placeholder=self.tr("Name, company, number or note"),
            icon="magnifying-glass",
            is_filter=True,
        )
        self.text.setToolTip(self.tr("Esc clears it, and closes the filters when it is empty"))
        chips = QWidget()
        chips.setAccessibleName(self.tr("Filters"))
        flow = FlowLayout(space.tight, chips, line_spacing=0)
        self.chips = {part: PartChip(themes, self._said.part(part), chips) for part in PARTS}
        for part, chip in self.chips.items():
            flow.addWidget(chip)
            chip.clicked.connect(lambda _checked=False, part=part: self.ask(part))
        whole = column(self)
        inner = column(spacing=space.tight, margins=(space.pane, space.close, space.apart, space.close))
        inner.addWidget(self.text)
        inner.addWidget(chips)
        whole.addLayout(inner)
        whole.addWidget(Hairline(themes))
        self.text.textChanged.connect(self._on_text)
        self._show()

    # What is chosen

    @property
    def chosen(self) -> CallFilter:
        return self._chosen

    @property
    def is_plain(self) -> bool:
        return self._chosen == self._plain

    def words(self) -> str:
        """ "Today", "This week, Casey Demo, missed"."""
        return self._said.sentence(self._chosen, self._names)

    def set_plain(self, plain: CallFilter) -> None:
        """Another list: what is filtered stays, but for what this list has as its own."""
        was, self._plain = self._plain, plain
        keeps_period = self._chosen.period != was.period
        fields: dict[str, Any] = {"whose": plain.whose, "agent_id": ""}
        self._chosen = msgspec.structs.replace(self._chosen, **fields)
        if not keeps_period:
            self._chosen = msgspec.structs.replace(self._chosen, period=plain.period)
        self._show()

    def show_filter(self, chosen: CallFilter) -> None:
        """Filter by this, as saved; ids get their names from the store."""
        self._chosen = msgspec.structs.replace(chosen, whose=self._plain.whose)
        if self.text.text() != chosen.text:
            self.text.blockSignals(True)
            self.text.setText(chosen.text)
            self.text.blockSignals(False)
        lists = self._desk.services.call_lists

        def show(names: dict[str, str]) -> None:
            self._names = names
            self._show()
            self.changed.emit()

        self._desk.ask(self, lambda: lists.names(chosen), show, key="names")

    def choose(self, **fields: Any) -> None:
        """The plain list but for these."""
        self.show_filter(msgspec.structs.replace(self._plain, **fields))

    def set_part(self, part: str, key: str, name: str = "") -> None:
        if name:
            self._names = {**self._names, f"{part}_id": name}
        chosen = with_value(part, key, self._chosen)
        if chosen != self._chosen:
            self._chosen = chosen
            self._show()
            self.changed.emit()

    def _on_text(self, text: str) -> None:
        self._chosen = msgspec.structs.replace(self._chosen, text=text.strip())
        self.changed.emit()

    def _show(self) -> None:
        for part, chip in self.chips.items():
            said = self._said.said(part, self._chosen, self._names)
            is_set = bool(said) and key_of(part, self._chosen) != key_of(part, self._plain)
            chip.say(said or self._said.anything(part), is_set=is_set)
            chip.setVisible(part in self._parts and (part != "agent" or self._plain.whose == "team"))
        self.updateGeometry()

    # Asking

    def ask(self, part: str) -> None:
        """Float the values of a part by its chip."""
        if part == "client":
            self._ask_client()
            return
        self._with_choices(lambda: self._offer(part))

    def ask_any(self) -> None:
        """Float the values of all parts at once, beneath the chips, to be narrowed down by typing: what is none of them
        is a name, a company or a piece of a note.
        """
        parts = [part for part in self._parts if not self.chips[part].isHidden() and part != "client"]
        self._with_choices(lambda: self._offer_any(parts))

    def _with_choices(self, then: Callable[[], None]) -> None:
        def have(choices: FilterChoices) -> None:
            self._choices = choices
            then()

        self._desk.ask(self, self._desk.services.call_lists.choices, have, key="choices")

    def _offer(self, part: str) -> None:
        picks = [
            Pick(one.part + _BETWEEN + one.key, one.words, path=one.path)
            for one in self._said.values(part, self._choices)
        ]
        made = PickFloat(self._desk.themes, self.window(), self._said.part(part))
        made.narrow(picks, chosen_key=part + _BETWEEN + key_of(part, self._chosen))
        names = {pick.key: _name_of(pick) for pick in picks}
        made.taken.connect(lambda key: self._take(key, names[key]))
        self.floats.pick(made, self.chips[part])

    def _offer_any(self, parts: Sequence[str]) -> None:
        picks = [
            Pick(one.part + _BETWEEN + one.key, one.words, detail=self._said.part(one.part), path=one.path)
            for part in parts
            for one in self._said.values(part, self._choices)
            if one.key
        ]
        picks.append(Pick("client" + _BETWEEN, self.tr("A client\u2026"), detail=self._said.part("client")))
        made = PickFloat(
            self._desk.themes, self.window(), self.tr("Filter by"), self.tr("Filter by, or any name or word")
        )
        services = self._desk.services

        def search(text: str) -> None:
            typed, found = text.strip(), narrowed(picks, text)
            if typed:
                words = self.tr("Contains \u201c{0}\u201d").format(typed)
                found.append(Pick(_TEXT + typed, words, detail=self.tr("Text")))
                self._desk.ask(
                    made, lambda: find_named(services, typed), lambda hits: add(text, found, hits), key="named"
                )
            made.offer(found)

        def add(text: str, found: list[Pick], hits: tuple[Hit, ...]) -> None:
            """Behind what was there: the line that Enter takes stays the same."""
            if made.field.text() == text and not made.is_left:
                kept = made.rows.currentIndex().data(KEY_ROLE)
                made.offer([*found, *map(self._named, hits)])
                made.rows.select_key(str(kept))

        made.searched.connect(search)
        search("")
        made.taken.connect(lambda key: self._take(key, next(_name_of(p) for p in made.picks if p.key == key)))
        self.floats.pick(made, self)

    def _named(self, hit: Hit) -> Pick:
        """A company as such, a person by the name."""
        if hit.kind == "client":
            return Pick("client" + _BETWEEN + hit.row_id, hit.title, detail=self._said.part("client"))
        return Pick(f"person{hit.row_id}{_BETWEEN}{hit.title}", hit.title, detail=hit.subtitle)

    def _take(self, taken: str, name: str) -> None:
        part, _, key = taken.partition(_BETWEEN)
        if part == "text" or part.startswith("person"):
            self.text.setText(key)
        elif part == "client" and not key:
            self._ask_client()
        elif taken == "period" + _BETWEEN + "days":
            self._ask_days()
        else:
            self.set_part(part, key, name)

    def _ask_client(self) -> None:
        made = PickFloat(self._desk.themes, self.window(), self._said.part("client"), self.tr("Name, code or number"))
        clients = self._desk.services.clients
        names: dict[str, str] = {}

        def find(text: str) -> None:
            self._desk.ask(made, lambda: clients.page("all", text, None, _CLIENTS), offer, key="find")

        def offer(page: ClientPage) -> None:
            names.update((row.id, row.name) for row in page.rows)
            picks = [Pick(row.id, row.name, row.city) for row in page.rows]
            if not made.field.text():
                picks.insert(0, Pick("", self._said.anything("client")))
            made.offer(picks, chosen_key=self._chosen.client_id or None)

        made.searched.connect(find)
        made.taken.connect(lambda key: self.set_part("client", key, names.get(key, "")))

        def begin(page: ClientPage) -> None:
            offer(page)
            self.floats.pick(made, self.chips["client"])

        self._desk.ask(made, lambda: clients.page("all", "", None, _CLIENTS), begin)

    def _ask_days(self) -> None:
        from csr_desktop.ui.calls.days_float import DaysFloat

        made = DaysFloat(self._desk, self.window(), self._chosen.from_day, self._chosen.to_day)
        made.taken.connect(self._take_days)
        self.floats.form(made, self.chips["period"], made.first)

    def _take_days(self, from_day: str, to_day: str) -> None:
        chosen = msgspec.structs.replace(self._chosen, period="days", from_day=from_day, to_day=to_day)
        if chosen != self._chosen:
            self._chosen = chosen
            self._show()
            self.changed.emit()

    def focus_text(self) -> None:
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()

    @property
    def names(self) -> Mapping[str, str]:
        """What the ids of the filter are called."""
        return self._names


def _name_of(pick: Pick) -> str:
    return pick.path[-1] if pick.path else pick.words


class DayFoot(QWidget):
    """How many calls were handled today, and how long they took; or what the list holds."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sizes = themes.theme.sizes
        self._handled = Label(tone="muted", size="caption")
        self._times = ElidedLabel(tone="muted", size="caption")
        whole = column(self)
        whole.addWidget(Hairline(themes))
        row = line(margins=(sizes.space.pane, 0, sizes.space.pane, 0), spacing=sizes.space.close)
        row.addWidget(self._handled)
        row.addStretch(1)
        row.addWidget(self._times)
        whole.addLayout(row, 1)
        self.setFixedHeight(sizes.height.sub_header)

    def say(self, handled: str, times: str) -> None:
        self._handled.setText(handled)
        self._times.setText(times)
        self.setAccessibleName(", ".join(part for part in (handled, times) if part))
