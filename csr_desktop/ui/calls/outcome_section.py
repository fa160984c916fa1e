"""What came of a call: its ticket, its follow-ups, each a line that opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Chip
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import CallDetail
    from csr_desktop.services.inbox_rows import LinkedPromise
    from csr_desktop.ui.desk import Desk


class OutcomeSection(QWidget):
    """Without a ticket it offers to link one, to who may."""

    link_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.setAccessibleName(self.tr("Next steps"))
        whole = column(self, spacing=space.tight)
        whole.addWidget(Label(self.tr("Next steps"), tone="muted", size="caption"))
        self._lines = column(spacing=space.close)
        whole.addLayout(self._lines)
        self._link = Button(themes, self.tr("Link a ticket"), icon="ticket")
        row = line()
        row.addWidget(self._link)
        row.addStretch(1)
        whole.addLayout(row)
        self._link.clicked.connect(self.link_wanted)

    def show_detail(self, detail: CallDetail, zone: str) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if detail.ticket_id:
            ticket_id = detail.ticket_id
            words = f"{detail.ticket_label} {detail.ticket_subject}".strip()
            self._lines.addWidget(self._line("ticket", words, "", None, "ticket", ticket_id))
            if detail.escalated_to_name:
                escalated = self.tr("Escalated to {0}").format(detail.escalated_to_name)
                when = self._desk.words.within(detail.escalated_at)
                self._lines.addWidget(self._line("flag", escalated, when, None, "ticket", ticket_id))
        for one in detail.follow_ups:
            self._lines.addWidget(self._follow_up(one, zone))
        self._link.setVisible(detail.can_correct and not detail.ticket_id and bool(detail.row.client_id))
        self.setVisible(bool(detail.ticket_id or detail.follow_ups) or not self._link.isHidden())

    def _follow_up(self, one: LinkedPromise, zone: str) -> QWidget:
        words, chip = self._desk.words, None
        if one.state == "open":
            late = one.due_at < words.now()
            chip = Chip(self._desk.themes, self.tr("Overdue"), tone="danger") if late else None
        else:
            done = words.follow_up_outcome(one.outcome) or self.tr("Done")
            chip = Chip(self._desk.themes, done, tone="danger" if one.outcome == "broken" else "success", icon="check")
        icon = VIEW_ICONS.get(one.kind, "calendar-check")
        return self._line(icon, one.title, words.both(one.due_at, zone), chip, "follow_up", one.id)

    def _line(self, icon: str, text: str, when: str, chip: Chip | None, kind: str, row_id: str) -> QWidget:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        made = QFrame()
        set_look(made, role="card")
        made.setFixedHeight(sizes.height.sub_header)
        row = line(made, spacing=sizes.space.apart, margins=(sizes.space.apart, 0, sizes.space.tight, 0))
        row.addWidget(IconMark(themes, icon, tone="muted"))
        row.addWidget(ElidedLabel(text))
        row.addWidget(ElidedLabel(when, tone="muted"), 1)
        if chip is not None:
            row.addWidget(chip)
        opens = Button(themes, self.tr("Open"), role="quiet")
        opens.setAccessibleName(self.tr("Open {0}").format(text))
        opens.clicked.connect(lambda: self._desk.open(kind, row_id))
        row.addWidget(opens)
        made.setAccessibleName(", ".join(part for part in (text, when) if part))
        return made
