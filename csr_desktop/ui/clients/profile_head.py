"""The head of a profile: name, tier, status, local time, facts, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import ElidedLabel, plain_tooltip
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from csr_desktop.services.client_rows import ClientProfile
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.kit.theme import ThemeSwitch

_STATUS_LOOK = {"active": ("success", "check"), "prospect": ("info", ""), "closed": ("neutral", "prohibit")}
_IN_SIGHT = 3
"""So many buttons stand beside the name; what else can be done is in the menu after them."""


class _Fact(QWidget):
    """A few words, with an icon before them."""

    def __init__(self, themes: ThemeSwitch, icon: str = "") -> None:
        super().__init__()
        self.words = ElidedLabel(tone="muted")
        space = themes.theme.sizes.space
        row = line(self, spacing=space.tight, margins=(0, 0, space.apart, 0))
        if icon:
            row.addWidget(IconMark(themes, icon, tone="muted"))
        row.addWidget(self.words)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        self.words.setText(text)
        self.setVisible(bool(text))


class ProfileHead(QWidget):
    def __init__(self, themes: ThemeSwitch, words: ClientWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._profile: ClientProfile | None = None
        space = themes.theme.sizes.space
        self._space = space
        self._name = ElidedLabel(size="name", weight=600)
        self._tier = Chip(themes, "", icon="star")
        self._status = Chip(themes, "")
        for chip in (self._tier, self._status):
            chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.call = Button(themes, self.tr("Call"), role="primary", icon="phone", key_hint="D")
        self.log = Button(themes, self.tr("Log contact"), key_hint="L")
        self.ticket = Button(themes, self.tr("New ticket"), key_hint="N")
        self.edit = Button(themes, self.tr("Edit client"), icon="pencil-simple", key_hint="E")
        self.add_contact = Button(themes, self.tr("Add contact"), icon="user-plus", key_hint="A")
        self.add_note = Button(themes, self.tr("Add note"), icon="note-pencil", key_hint="W")
        self.add_number = Button(themes, self.tr("Add company number"), icon="phone-call")
        self.edit_alert = Button(themes, self.tr("Add alert"), icon="push-pin")
        self.show_side = Button(themes, self.tr("Show contacts and promises"), icon="info", key_hint="I")
        self.buttons = ButtonRow(themes)
        for button in (self.call, self.log, self.ticket):
            self.buttons.add(button)
        self.in_menu = (
            self.edit, self.add_contact, self.add_note, self.add_number, self.edit_alert, self.show_side,
        )  # fmt: skip
        for button in self.in_menu:
            self.buttons.add(button)
        self._facts = QWidget()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._facts.setSizePolicy(policy)
        self._flow = FlowLayout(space.tight, self._facts)
        self._time = _Fact(themes, "clock")
        self._others = [_Fact(themes) for _ in range(3)]
        for fact in (self._time, *self._others):
            self._flow.addWidget(fact)
        whole = column(self, spacing=space.tight, margins=(space.page, space.apart, space.page, space.apart))
        first = line(spacing=space.close)
        first.addWidget(self._name)
        first.addSpacing(space.tight)
        first.addWidget(self._tier)
        first.addWidget(self._status)
        first.addStretch(1)
        first.addSpacing(space.close)
        first.addWidget(self.buttons)
        whole.addLayout(first)
        whole.addWidget(self._facts)
        self.show_actions(can_edit=True, can_log=True, has_alert=False, is_side_folded=False)

    def show_profile(self, profile: ClientProfile) -> None:
        self._profile = profile
        words = self._words.words
        self._name.setText(profile.name)
        tier = words.tier(profile.tier)
        self._tier.set_badge(Badge(tier, icon="star"))
        self._tier.setVisible(bool(tier))
        tone, icon = _STATUS_LOOK.get(profile.status, ("neutral", ""))
        self._status.set_badge(Badge(words.client_status(profile.status), tone, icon))  # type: ignore[arg-type]
        is_closed = profile.status == "closed"
        self._status.setToolTip(plain_tooltip(self._words.closed_since(profile.status_since_at)) if is_closed else "")
        facts = self._words.facts(profile)
        for at, fact in enumerate(self._others):
            fact.set_text(facts[at] if at < len(facts) else "")
        self.show_time()

    def show_time(self) -> None:
        if self._profile is not None:
            self._time.set_text(self._words.local_time(self._profile))
            self._time.setToolTip(plain_tooltip(self._words.words.client_time(self._profile.time_zone)))

    def show_actions(self, *, can_edit: bool, can_log: bool, has_alert: bool, is_side_folded: bool) -> None:
        self.edit_alert.setText(self.tr("Change the alert") if has_alert else self.tr("Add alert"))
        for button in (self.edit, self.add_contact, self.add_note, self.add_number, self.edit_alert):
            self.buttons.set_shown(button, is_shown=can_edit)
        for button in (self.log, self.ticket):
            self.buttons.set_shown(button, is_shown=can_log)
        self.buttons.set_shown(self.show_side, is_shown=is_side_folded)
        self._share_room()

    def _share_room(self) -> None:
        """The buttons in sight get their room as long as a good half of the line is left to the name."""
        offered = [b for b in (self.call, self.log, self.ticket) if b in self.buttons.in_menu or b.isVisibleTo(self)]
        gap = self._space.close
        more = self.call.sizeHint().height() + gap
        wanted = sum(b.sizeHint().width() for b in offered) + gap * (len(offered) - 1) + more
        inner = self.width() - 2 * self._space.page
        title = sum(part.sizeHint().width() + gap for part in (self._name, self._tier, self._status)) + 2 * gap
        rest = inner - min(title, inner * 3 // 5)
        self.buttons.setFixedWidth(max(self.buttons.minimumSizeHint().width(), min(wanted, rest)))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._share_room()
        return super().event(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())
