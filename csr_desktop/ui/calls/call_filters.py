"""Which calls the list shows: period, kind, whose, and a text."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.call_rows import CallFilter
from csr_desktop.ui.kit.chips import FilterChips
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.theme import ThemeSwitch


class CallFilters(QWidget):
    """Folded away until it is wanted; what is filtered is said beside the list's title all the same."""

    changed = Signal()

    def __init__(self, themes: ThemeSwitch, *, is_lead: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Filter calls"))
        space = themes.theme.sizes.space
        self.text = TextField(
            themes,
            self.tr("Search calls"),
            placeholder=self.tr("Name, company, number or note"),
            icon="magnifying-glass",
            is_filter=True,
        )
        self._period = FilterChips(themes, self.tr("Period"))
        self._kind = FilterChips(themes, self.tr("Kind of call"))
        self._whose = FilterChips(themes, self.tr("Whose calls"))
        self._periods = {
            "today": self.tr("Today"),
            "week": self.tr("This week"),
            "month": self.tr("This month"),
            "all": self.tr("All"),
        }
        self._kinds = {
            "": self.tr("Every kind"),
            "missed": self.tr("Missed"),
            "in": self.tr("Incoming"),
            "out": self.tr("Outgoing"),
        }
        for key, words in self._periods.items():
            self._period.add(key, words)
        for key, words in self._kinds.items():
            self._kind.add(key or "every", words)
        self._whose.add("mine", self.tr("Mine"))
        self._whose.add("team", self.tr("Team"))
        whole = column(self)
        inner = column(spacing=space.tight, margins=(space.pane, space.close, space.apart, space.close))
        inner.addWidget(self.text)
        inner.addWidget(self._period)
        inner.addWidget(self._kind)
        inner.addWidget(self._whose)
        whole.addLayout(inner)
        whole.addWidget(Hairline(themes))
        for chips in (self._period, self._kind, self._whose):
            chips.chosen.connect(lambda _key: self.changed.emit())
        self.text.textChanged.connect(lambda _text: self.changed.emit())
        self.set_lead(is_lead=is_lead)

    def set_lead(self, *, is_lead: bool) -> None:
        """Only a lead can look at the team's calls."""
        self._whose.setVisible(is_lead)
        if not is_lead:
            self._whose.choose("mine")

    @property
    def chosen(self) -> CallFilter:
        kind = self._kind.chosen_key
        return CallFilter(
            whose="team" if self._whose.chosen_key == "team" else "mine",
            period=self._period.chosen_key,
            direction=kind if kind in {"in", "out"} else "",
            missed_only=kind == "missed",
            text=self.text.text().strip(),
        )

    @property
    def is_plain(self) -> bool:
        """Today's calls of mine, all of them."""
        return self.chosen == CallFilter(whose="mine", period="today", direction="", missed_only=False, text="")

    def words(self) -> str:
        """ "Today", "This week, missed, team"."""
        parts = [self._periods[self._period.chosen_key]]
        kind = self._kind.chosen_key
        if kind != "every":
            parts.append(self._kinds[kind].lower())
        if self._whose.chosen_key == "team":
            parts.append(self.tr("team"))
        if self.text.text().strip():
            parts.append("\u201c" + self.text.text().strip() + "\u201d")
        return ", ".join(parts)

    def choose(self, *, period: str = "today", kind: str = "every", whose: str = "mine", text: str = "") -> None:
        self._period.choose(period)
        self._kind.choose(kind)
        self._whose.choose(whose)
        if self.text.text() != text:
            self.text.setText(text)
        else:
            self.changed.emit()


class DayFoot(QWidget):
    """How many calls were handled today, and how long they took."""

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
