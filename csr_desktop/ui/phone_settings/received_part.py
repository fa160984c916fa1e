"""The last messages as they came, what was understood of each, and what is wrong with it. They are shown as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.services.softphone import SHOWN
from csr_desktop.system.call_message import EVENTS, TEST
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import Hairline, Section, column, line

if TYPE_CHECKING:
    from csr_desktop.services.softphone import Received
    from csr_desktop.ui.desk import Desk

_Told = tuple[tuple["Received", str], ...]
"""Each with its number as it was understood."""


class ReceivedPart(Section):
    resized = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.themes, desk.tr("The last {0} messages as they came").format(SHOWN))
        self._desk = desk
        self._told: _Told | None = None
        self._rows = column(spacing=desk.themes.theme.sizes.space.close)
        self.body.addLayout(self._rows)
        desk.phone_heard.connect(self._on_heard)

    def _on_heard(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        services = self._desk.services

        def read() -> _Told:
            return tuple(
                (one, services.calls.number_shown(one.number) if one.number else "")
                for one in services.softphone.latest()
            )

        self._desk.ask(self, read, self._show, key="received")

    def _show(self, told: _Told) -> None:
        if told == self._told:
            return
        self._told = told
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for at, (one, number) in enumerate(told):
            if at:
                self._rows.addWidget(Hairline(self._desk.themes))
            self._rows.addWidget(self._row(one, number))
        if not told:
            nothing = self.tr(
                "Nothing yet. What your softphone says of a call stands here at once, also when it is wrong."
            )
            self._rows.addWidget(Label(nothing, tone="muted", wraps=True))
        self.resized.emit()

    def _row(self, one: Received, number: str) -> QWidget:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        understood, problems = self._understood(one, number), [self._problem(one, code) for code in one.problems]
        row = QWidget()
        whole = column(row, spacing=space.tight // 2)
        head = line(spacing=space.close)
        head.addWidget(Label(understood, weight=600, wraps=True), 1)
        head.addWidget(Label(self._when(one), tone="faint", size="caption"), 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(head)
        raw = self._raw(one)
        whole.addWidget(Label(raw, tone="muted", size="caption", wraps=True))
        for words in problems:
            said = line(spacing=space.tight)
            said.addWidget(IconMark(themes, "warning", tone="warning"), 0, Qt.AlignmentFlag.AlignTop)
            said.addWidget(Label(words, tone="warning", wraps=True), 1)
            whole.addLayout(said)
        row.setAccessibleName(". ".join([f"{self._when(one)}: {understood}", *problems, raw]))
        return row

    def _when(self, one: Received) -> str:
        return f"{self._desk.words.time_of_day(one.at)} · {self._way(one.via)}"

    def _way(self, via: str) -> str:
        ways = {"command": self.tr("program"), "address": self.tr("address"), "link": self.tr("link")}
        return ways.get(via, via)

    def _understood(self, one: Received, number: str) -> str:
        kind = one.event.casefold()
        if "unproven" in one.problems:
            return self.tr("A link was not believed")
        if kind == TEST:
            return self.tr("A test arrived")
        if kind not in EVENTS:
            return self.tr("Nothing was understood")
        is_out = one.direction.casefold() in {"out", "outbound", "outgoing"}
        words = {
            "ring": self.tr("A call goes out") if is_out else self.tr("A call rings"),
            "answer": self.tr("It was answered"),
            "hold": self.tr("It is on hold"),
            "resume": self.tr("It goes on"),
            "hangup": self.tr("It has ended"),
            "missed": self.tr("It was missed"),
        }
        has_number = bool(number) and "unfilled:number" not in one.problems
        name = one.name if "unfilled:name" not in one.problems else ""
        return ", ".join(part for part in (words[kind], number if has_number else "", name) if part)

    def _raw(self, one: Received) -> str:
        fields = {
            "event": one.event,
            "number": one.number,
            "name": one.name,
            "id": one.reference,
            "direction": one.direction,
            "queue": one.queue,
        }
        return "   ".join(f"{field}: {text}" for field, text in fields.items() if text)

    def _problem(self, one: Received, code: str) -> str:
        problem, _, field = code.partition(":")
        if problem == "unproven":
            return self.tr("It has not this desk's key, and any web page can hold a link. Enter the line above anew.")
        if problem == "unknown_event":
            known = ", ".join(EVENTS)
            return self.tr("The event has to be one of {0}.").format(known)
        if problem == "no_number":
            return self.tr("No number came with it, so nobody can be found.")
        if field == "id":
            return self.tr("The softphone does not fill in the call's id: it has another name for it, or none.")
        came = {"number": one.number, "name": one.name, "queue": one.queue}.get(field, "")
        fields = {"number": self.tr("number"), "name": self.tr("name"), "queue": self.tr("queue")}
        said = self.tr("The softphone did not fill in {0}: it has another name for the {1}. Look it up in its help.")
        return said.format(came, fields.get(field, field))
