"""Beside the timeline: the alert, the people, what was promised, what it was about lately, the company itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.clients.alert_part import AlertPart
from csr_desktop.ui.clients.contact_card import ContactCard, NumberLine
from csr_desktop.ui.context_parts import PromiseLine
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.panes import Facts, Hairline, Pane, Section, column, line
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.client_rows import (
        ClientProfile,
        ContextContact,
        OpenPromise,
        ShownNumber,
        TopicCount,
    )
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.desk import Desk


class SidePane(Pane):
    calling = Signal(str, str)
    contact_wanted = Signal(str)
    """A contact to be edited."""
    add_contact_wanted = Signal()
    add_number_wanted = Signal()
    promise_done = Signal(str, str)

    def __init__(self, desk: Desk, words: ClientWords, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, ground="canvas", parent=parent)
        self._desk, self._words = desk, words
        self._client_id = ""
        self._cards: list[ContactCard] = []
        self._rules: list[QWidget] = []
        self._promises: list[PromiseLine] = []
        self._topics: list[tuple[QWidget, ElidedLabel, Label]] = []
        self._numbers: list[NumberLine] = []
        self.setAccessibleName(self.tr("Contacts and promises"))
        self.setMinimumWidth(desk.themes.theme.sizes.width.context_min)
        space = desk.themes.theme.sizes.space
        self._space = space
        self._scroll = ScrollColumn(self.accessibleName(), ground="canvas", margins=(0, space.apart, 0, space.pane))
        self.body.addWidget(self._scroll)
        self.alert = AlertPart(desk)
        self._scroll.body.addWidget(self.alert)
        self._add_contacts()
        self._add_promises()
        self._add_topics()
        self._add_company()
        self._scroll.body.addStretch(1)

    # Parts

    def _part(self, section: QWidget, *, is_first: bool = False, is_full: bool = False) -> QWidget:
        """A section with a hairline above it; a full one reaches to the pane's edges."""
        part = QWidget()
        inner = column(part)
        if not is_first:
            rule = line(margins=(self._space.pane, self._space.apart, self._space.pane, self._space.pane))
            rule.addWidget(Hairline(self._desk.themes))
            inner.addLayout(rule)
        edge = 0 if is_full else self._space.pane
        held = column(margins=(edge, 0, edge, 0))
        held.addWidget(section)
        inner.addLayout(held)
        self._scroll.body.addWidget(part)
        return part

    def _add_contacts(self) -> None:
        self._contacts = Section(self._desk.themes, self.tr("Contacts"), spacing=self._space.close)
        self.add_link = self._contacts.add_link(Button(self._desk.themes, self.tr("Add"), role="link"))
        self.add_link.setAccessibleName(self.tr("Add contact"))
        self.add_link.clicked.connect(self.add_contact_wanted)
        self._nobody = Label(self.tr("Nobody is known there yet."), tone="muted", wraps=True)
        self._contacts.body.addWidget(self._nobody)
        self._part(self._contacts, is_first=True)

    def _add_promises(self) -> None:
        section = QWidget()
        section.setAccessibleName(self.tr("Open promises"))
        self._promise_count = Label(tone="faint", size="caption")
        self._promise_column = column(section)
        head = line(spacing=self._space.button_gap, margins=(self._space.pane, 0, self._space.pane, self._space.tight))
        head.addWidget(Label(self.tr("Open promises"), tone="muted", size="caption", weight=600))
        head.addWidget(self._promise_count)
        head.addStretch(1)
        self._promise_column.addLayout(head)
        self._promise_part = self._part(section, is_full=True)

    def _add_topics(self) -> None:
        self._topic_section = Section(self._desk.themes, self.tr("Last 90 days"), spacing=self._space.tight)
        self._topic_part = self._part(self._topic_section)

    def _add_company(self) -> None:
        self._company = Section(self._desk.themes, self.tr("Company"), spacing=self._space.tight)
        self.add_number_link = self._company.add_link(Button(self._desk.themes, self.tr("Add number"), role="link"))
        self.add_number_link.setAccessibleName(self.tr("Add company number"))
        self.add_number_link.clicked.connect(self.add_number_wanted)
        self._facts = Facts(self._desk.themes)
        self._company.body.addWidget(self._facts)
        self._company_part = self._part(self._company)

    # Showing

    def show_profile(self, profile: ClientProfile) -> None:
        is_other = profile.id != self._client_id
        self._client_id = profile.id
        self.alert.show_alert(profile.id, profile.alert, can_edit=profile.can_edit)
        self._show_contacts(profile.contacts, can_edit=profile.can_edit)
        self._show_promises(profile.promises)
        self._show_topics(profile.topic_counts)
        self._show_company(profile)
        if is_other:
            self._scroll.scroll_to_top()

    def _show_contacts(self, contacts: Sequence[ContextContact], *, can_edit: bool) -> None:
        while len(self._cards) < len(contacts):
            rule = QWidget()
            held = line(rule, margins=(self._space.wide + self._space.close, 0, 0, 0))
            held.addWidget(Hairline(self._desk.themes))
            card = ContactCard(self._desk.themes, self._words)
            card.calling.connect(self.calling)
            card.edit_wanted.connect(self.contact_wanted)
            self._contacts.body.addWidget(rule)
            self._contacts.body.addWidget(card)
            self._cards.append(card)
            self._rules.append(rule)
        for at, (card, rule) in enumerate(zip(self._cards, self._rules, strict=True)):
            is_shown = at < len(contacts)
            card.setVisible(is_shown)
            rule.setVisible(is_shown and at > 0)
            if is_shown:
                card.show_contact(contacts[at], can_edit=can_edit)
        self._contacts.set_count(self._words.count(len(contacts)) if contacts else "")
        self._nobody.setVisible(not contacts)
        self.add_link.setVisible(can_edit)

    def _show_promises(self, promises: Sequence[OpenPromise]) -> None:
        while len(self._promises) < len(promises):
            made = PromiseLine(self._desk.themes, self._desk.words)
            made.completed.connect(self.promise_done)
            self._promises.append(made)
            self._promise_column.addWidget(made)
        for at, shown in enumerate(self._promises):
            shown.setVisible(at < len(promises))
            if at < len(promises):
                shown.show_promise(promises[at])
        self._promise_count.setText(self._words.count(len(promises)))
        self._promise_part.setVisible(bool(promises))

    def _show_topics(self, topics: Sequence[TopicCount]) -> None:
        while len(self._topics) < len(topics):
            row = QWidget()
            name, count = ElidedLabel(), Label(tone="muted")
            held = line(row, spacing=self._space.close)
            held.addWidget(name, 1)
            held.addWidget(count)
            self._topic_section.body.addWidget(row)
            self._topics.append((row, name, count))
        for at, (row, name, count) in enumerate(self._topics):
            row.setVisible(at < len(topics))
            if at < len(topics):
                name.setText(topics[at].name)
                count.setText(self.tr("%n contact(s)", "", topics[at].count))
        self._topic_part.setVisible(bool(topics))

    def _show_company(self, profile: ClientProfile) -> None:
        facts = [(self.tr("Client code"), profile.code), (self.tr("Email"), profile.email)]
        shown = [(label, value, "") for label, value in facts if value]
        self._facts.set_facts(shown)  # type: ignore[arg-type]
        self._facts.setVisible(bool(shown))
        self._show_numbers(profile.company_numbers, can_edit=profile.can_edit)
        self.add_number_link.setVisible(profile.can_edit)
        self._company_part.setVisible(bool(shown) or bool(profile.company_numbers) or profile.can_edit)

    def _show_numbers(self, numbers: Sequence[ShownNumber], *, can_edit: bool) -> None:
        while len(self._numbers) < len(numbers):
            made = NumberLine(self._desk.themes, self._words, can_remove=True)
            made.calling.connect(self.calling)
            made.remove_wanted.connect(self._on_remove_number)
            self._numbers.append(made)
            self._company.body.addWidget(made)
        for at, shown in enumerate(self._numbers):
            shown.setVisible(at < len(numbers))
            if at < len(numbers):
                shown.show_number(numbers[at])
                shown.remove.setVisible(can_edit)

    def _on_remove_number(self, number_id: str) -> None:
        clients = self._desk.services.clients
        self._desk.do(self, lambda: clients.remove_number(number_id))

    # Time and targets

    def on_minute(self) -> None:
        for card in self._cards:
            card.show_time()
        for number in self._numbers:
            number.show_time()
        for promise in self._promises:
            if not promise.isHidden():
                promise.refresh_time()

    def focus_first(self) -> None:
        """Put the keyboard on the first person, or on adding one."""
        card = next((card for card in self._cards if not card.isHidden()), None)
        (card.name if card is not None else self.add_link).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_contact(self, contact_id: str) -> bool:
        """Bring a contact into view and put the keyboard on them."""
        card = next((card for card in self._cards if not card.isHidden() and card.contact_id == contact_id), None)
        if card is None:
            return False
        card.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._scroll.ensureWidgetVisible(card)
        return True
