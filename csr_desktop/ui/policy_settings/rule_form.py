"""A rule for verifying callers: what for, which factors and how many, what else is needed, how long a pass holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.caller_verification import FACTORS, Rule
from csr_desktop.services.rule_edits import RulePlace
from csr_desktop.ui.check_words import CheckWords
from csr_desktop.ui.kit.buttons import ChoiceButton
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, ErrorLine, Labelled, TextField
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker, TreeChoice
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.policy_settings.policy_form import PolicyForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from csr_desktop.services.client_rows import ClientPage, ClientRow
    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.outcome import Added, Outcome
    from csr_desktop.services.rule_edits import RuleRow
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.policy_settings.rule_words import RuleWords

TOPIC: Final = "topic"
_UNITS: Final = {"days": 86_400, "hours": 3600, "minutes": 60}
_NEW: Final = Rule(("company_id", "pay_total"), 2, holds_seconds=8 * 3600)
_HOLDS_LETTERS: Final = 6


class RuleForm(PolicyForm):
    def __init__(self, desk: Desk, words: RuleWords) -> None:
        super().__init__(desk)
        self._words = words
        self._checks = CheckWords(self)
        self._row: RuleRow | None = None
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.client = SearchPicker(themes, self.tr("Client"), placeholder=self.tr("Every client"), icon="buildings")
        self.kind = Choice(themes, self.tr("For"))
        self.topic = TreeChoice(themes, self.tr("Topic"), placeholder=self.tr("Words of the topic"))
        self._client_room = Labelled(themes, self.tr("Client"), self.client)
        self.kind_room = Labelled(themes, self.tr("For"), self.kind)
        self.topic_room = Labelled(themes, self.tr("Topic"), self.topic)
        self.topic_room.set_help(self.tr("With all topics below it."))
        self.factors = {one: ChoiceButton(themes, self._checks.factor(one)) for one in FACTORS}
        self.required = ChoiceRow(themes, self.tr("How many of them must pass"), numbered=False)
        self.factors_error = ErrorLine(themes)
        self.call_back = CheckBox(themes, self.tr("A known number must be called back"))
        self.approval = CheckBox(themes, self.tr("A lead who asked nothing must approve"))
        self.holds = TextField(themes, self.tr("A pass holds for"))
        self.unit = Choice(themes, self.tr("Minutes, hours or days"))
        self.unit.set_choices([("minutes", self.tr("minutes")), ("hours", self.tr("hours")), ("days", self.tr("days"))])
        self.holds_error = ErrorLine(themes)
        self.sentence = Label("", wraps=True)
        figures = themes.theme.metrics().horizontalAdvance("0") * _HOLDS_LETTERS
        self.holds.setFixedWidth(figures + 2 * space.apart)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        space = self.desk.themes.theme.sizes.space
        self._places = QWidget()
        places = column(self._places, spacing=space.pane)
        beside = line(spacing=space.apart)
        top = Qt.AlignmentFlag.AlignTop
        beside.addWidget(self._client_room, 1, top)
        beside.addWidget(self.kind_room, 1, top)
        places.addLayout(beside)
        places.addWidget(self.topic_room)
        self.fields.addWidget(self._places)
        self.fields.addWidget(self._asked())
        needs = column(spacing=space.tight)
        needs.addWidget(self._caption(self.tr("What else is needed")))
        needs.addWidget(self._flow(self.tr("What else is needed"), (self.call_back, self.approval), space.page))
        self.fields.addLayout(needs)
        holds = column(spacing=space.tight)
        caption = self._caption(self.tr("A pass holds for"))
        caption.setBuddy(self.holds)
        holds.addWidget(caption)
        row = line(spacing=space.close)
        row.addWidget(self.holds)
        row.addWidget(self.unit)
        row.addStretch(1)
        holds.addLayout(row)
        holds.addWidget(self.holds_error)
        self.fields.addLayout(holds)
        says = column(spacing=space.tight)
        says.addWidget(self._caption(self.tr("What it says")))
        says.addWidget(self.sentence)
        self.fields.addLayout(says)

    def _asked(self) -> QWidget:
        space = self.desk.themes.theme.sizes.space
        made = QWidget()
        whole = column(made, spacing=space.tight)
        whole.addWidget(self._caption(self.tr("What the caller can be asked for, or be known by")))
        name = self.tr("What the caller can be asked for, or be known by")
        whole.addWidget(self._flow(name, self.factors.values(), space.tight))
        whole.addSpacing(space.close)
        whole.addWidget(self._caption(self.tr("How many of them must pass")))
        whole.addWidget(self.required)
        whole.addWidget(self.factors_error)
        return made

    def _flow(self, name: str, parts: Iterable[QWidget], spacing: int) -> QWidget:
        made = QWidget()
        made.setAccessibleName(name)
        flow = FlowLayout(spacing, made, line_spacing=self.desk.themes.theme.sizes.space.tight)
        policy = made.sizePolicy()
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
        for part in parts:
            flow.addWidget(part)
        return made

    def _caption(self, text: str) -> Label:
        return Label(text, tone="muted", size="caption")

    def _connect(self) -> None:
        self.client.searched.connect(self._find_clients)
        self.kind.chosen.connect(self._on_kind)
        for button in self.factors.values():
            button.clicked.connect(self._on_factor)
        self.required.chosen.connect(self._on_edited)
        self.call_back.toggled.connect(self._on_edited)
        self.approval.toggled.connect(self._on_edited)
        self.holds.textEdited.connect(self._on_edited)
        self.unit.chosen.connect(self._on_edited)
        self.holds.returnPressed.connect(self.save)

    # Opening

    def begin(self, row: RuleRow | None, topics: Sequence[TopicNode]) -> None:
        """A new one, or one at its place; where nobody made one, it begins with what is built in."""
        self._row = row
        self.heading.setText(self._title(row))
        self.setAccessibleName(self.heading.text())
        self.save_button.setText(self.tr("Save rule") if row is not None and row.id else self.tr("Add rule"))
        self._places.setVisible(row is None)
        if row is None:
            self.client.choose(None)
            self.topic.set_picks([Pick(node.id, node.name, path=node.path) for node in topics])
            self.topic.choose(None)
            self.kind.set_choices(
                [("", self.tr("Anything else")), (TOPIC, self.tr("A topic …")), *self._checks.requests()]
            )
            self.kind.choose("")
        self._show_rule(row.rule if row is not None else _NEW)
        self.clear_problems()
        self._on_kind()
        self.show()
        first = self.client if row is None else next(iter(self.factors.values()))
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _title(self, row: RuleRow | None) -> str:
        return self._words.about(row) if row is not None else self.tr("New rule")

    def _show_rule(self, rule: Rule) -> None:
        for factor, button in self.factors.items():
            button.setChecked(factor in rule.factors)
        self._offer_counts()
        self.required.choose(str(rule.required_count))
        self.call_back.setChecked(rule.is_call_back_needed)
        self.approval.setChecked(rule.is_second_approver_needed)
        unit = next(unit for unit, seconds in _UNITS.items() if rule.holds_seconds % seconds == 0)
        self.unit.choose(unit)
        self.holds.setText(str(rule.holds_seconds // _UNITS[unit]))

    # Typing

    def _find_clients(self, text: str) -> None:
        clients = self.desk.services.clients

        def offer(found: Sequence[ClientRow]) -> None:
            self.client.offer([Pick(row.id, row.name, detail=row.city, icon="buildings") for row in found])

        def show(page: ClientPage) -> None:
            offer(page.rows)

        if text.strip():
            self.desk.ask(self, lambda: clients.page("all", text, None, 20), show, key="find")
        else:
            self.desk.ask(self, clients.recent, offer, key="find")

    def _on_kind(self) -> None:
        self.topic_room.setVisible(self.kind.chosen_key == TOPIC)
        self._on_edited()

    def _offer_counts(self) -> None:
        before, chosen = self.required.chosen_key, len(self._chosen())
        self.required.set_choices([(str(number), self._words.count(number)) for number in range(chosen + 1)])
        if before and int(before) > chosen:
            self.required.choose(str(chosen))

    def _on_factor(self) -> None:
        had_focus = self.focusWidget()
        self._offer_counts()
        if had_focus is not None:
            had_focus.setFocus(Qt.FocusReason.OtherFocusReason)
        self._on_edited()

    def _chosen(self) -> tuple[str, ...]:
        return tuple(factor for factor, button in self.factors.items() if button.isChecked())

    def rule(self) -> Rule:
        """As it stands in the fields; a time that cannot be read holds for 0 seconds."""
        typed = self.holds.text().strip()
        number = int(typed) if typed.isascii() and typed.isdigit() else 0
        return Rule(
            self._chosen(),
            int(self.required.chosen_key or 0),
            self.call_back.isChecked(),
            self.approval.isChecked(),
            number * _UNITS[self.unit.chosen_key or "minutes"],
        )

    def _on_edited(self) -> None:
        self.clear_problems()
        rule = self.rule()
        self.sentence.setText(self._words.sentence(rule) if rule.holds_seconds else self._words.needs(rule))
        self.resized.emit()

    # Leaving

    def clear_problems(self) -> None:
        super().clear_problems()
        self._client_room.set_error("")
        self.kind_room.set_error("")
        self.topic_room.set_error("")
        self.factors_error.say("", is_error=False)
        self.holds_error.say("", is_error=False)
        set_look(self.holds, isBad=False)
        self.holds.setAccessibleDescription("")

    def say_problem(self, field: str, words: str) -> bool:
        if field == "place" and self._row is None:
            room, at = (self.topic_room, self.topic) if self.kind.chosen_key == TOPIC else (self.kind_room, self.kind)
            room.set_error(words)
            at.setFocus(Qt.FocusReason.OtherFocusReason)
        elif field == "factors":
            self.factors_error.say(words, is_error=True)
            next(iter(self.factors.values())).setFocus(Qt.FocusReason.OtherFocusReason)
        elif field == "holds":
            self.holds_error.say(words, is_error=True)
            set_look(self.holds, isBad=True)
            self.holds.setAccessibleDescription(words)
            self.holds.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            return False
        return True

    def cancel(self) -> None:
        self.hide()
        self.left.emit(_key_of(self._row) if self._row is not None else "")

    def save(self) -> None:
        rules, rule, row = self.desk.services.rule_edits, self.rule(), self._row
        self.clear_problems()
        about = self._words.about(row) if row is not None else self._about()
        if row is not None and row.id:
            self.desk.do(self, lambda: rules.edit(row.id, rule, row.rule, about), self.on_saved, self.on_fault)
            return
        if row is None and self.kind.chosen_key == TOPIC and self.topic.chosen is None:
            self.topic_room.set_error(self.tr("Choose the topic."))
            self.topic.setFocus(Qt.FocusReason.OtherFocusReason)
            self.resized.emit()
            return
        if row is None and self.client.is_searching:  # else it would be a rule for all of them
            self._client_room.set_error(self.tr("Choose the client from the list, or leave this empty."))
            self.client.setFocus(Qt.FocusReason.OtherFocusReason)
            self.resized.emit()
            return
        place = row.place if row is not None else self._place()

        def add() -> Outcome:
            added: Added = rules.add(place, rule, about)
            return added.outcome

        self.desk.do(self, add, self.on_saved, self.on_fault)

    def _about(self) -> str:
        client, topic = self.client.chosen, self.topic.chosen
        kind = topic.words if self.kind.chosen_key == TOPIC and topic else self.kind.currentText()
        return ", ".join(part for part in (kind, client.words if client else "") if part)

    def _place(self) -> RulePlace:
        kind, client, topic = self.kind.chosen_key, self.client.chosen, self.topic.chosen
        return RulePlace(
            client.key if client else "",
            topic.key if topic and kind == TOPIC else "",
            kind if kind != TOPIC else "",
        )

    def on_saved(self, _outcome: Outcome) -> None:
        self.hide()
        self.left.emit(_key_of(self._row) if self._row is not None else line_key(self._place()))


def line_key(place: RulePlace) -> str:
    """The key of the line of a rule's place, whether somebody made it or it is built in."""
    return f"{place.client_id}:{place.topic_id}:{place.request_kind}"


def _key_of(row: RuleRow) -> str:
    return line_key(row.place)
