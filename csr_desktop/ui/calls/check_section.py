"""Verification of the caller: a chip for each factor, passed or failed by shape and word; never what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from csr_desktop.domain.caller_verification import FAILED_CALL_BACKS
from csr_desktop.protocol import PinQuestion, PinSetting
from csr_desktop.ui.check_words import CheckWords
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.services.check_rows import CallCheck
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import ThemeSwitch

CALL_BACK = "call_back"
_PIN_DIGITS = 12
_NEXT = {"": "passed", "passed": "failed", "failed": ""}
_SHAPES = {"": "circle", "passed": "check", "failed": "x", **dict.fromkeys(FAILED_CALL_BACKS, "x")}
_LOOKS = {
    "": ("fill", "fill-hover", "text"),
    "passed": ("success-soft", "success-soft", "success"),
    **dict.fromkeys(("failed", *FAILED_CALL_BACKS), ("danger-soft", "danger-soft", "danger")),
}


class FactorChip(Button):
    """Space goes on from not asked to passed, failed, and not asked again."""

    def __init__(self, themes: ThemeSwitch, factor: str, name: str, parent: QWidget | None = None) -> None:
        self.outcome = ""
        super().__init__(themes, name, icon=_SHAPES[""], parent=parent)
        self.factor = factor

    def grounds(self) -> tuple[str, str, str]:
        return _LOOKS[self.outcome]

    def set_outcome(self, outcome: str, words: str) -> None:
        self.outcome = outcome
        self.set_icon_name(_SHAPES[outcome])
        self.setAccessibleName(f"{self.words}, {words}" if words else self.words)


class CheckSection(QWidget):
    """Of one running call. It sends what was chosen and shows what came of it."""

    chosen = Signal(str, str)
    """A factor and passed, failed or ''."""
    call_back_chosen = Signal(str)
    """passed, one of FAILED_CALL_BACKS, or ''."""
    pin_answered = Signal(str, str, object)
    """Of which call, passed or failed, and when by the server's clock."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = CheckWords(self)
        self._check: CallCheck | None = None
        self._call_id = self._contact_id = self._name = ""
        self._asked_pin: dict[str, str] = {}
        """Of which call it was asked, by contact."""
        self._is_new_pin = False
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.caption = Label("", tone="muted", size="caption")
        self._row = QWidget()
        self._flow = FlowLayout(space.tight, self._row)
        policy = self._row.sizePolicy()
        policy.setHeightForWidth(True)
        self._row.setSizePolicy(policy)
        self.chips: dict[str, FactorChip] = {}
        self._lock = IconMark(themes, "lock-simple", tone="muted")
        self.hint = Label("", tone="muted", size="caption", wraps=True)
        whole = column(self, spacing=space.tight)
        whole.addWidget(self.caption)
        whole.addWidget(self._row)
        self.hint_row = QWidget()
        """Laid out by the pane, beneath what stands beside this."""
        hint = line(self.hint_row, spacing=space.close)
        hint.addWidget(self._lock, 0, Qt.AlignmentFlag.AlignTop)
        hint.addWidget(self.hint, 1)
        self.pin = TextField(themes, self.tr("The caller's PIN"), placeholder=self.tr("PIN, then Return"))
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setMaxLength(_PIN_DIGITS)
        self.pin.returnPressed.connect(self._on_pin)
        self.pin.hide()
        whole.addWidget(self.pin)
        desk.changed.connect(self._on_changed)

    def show_call(self, call: RunningCall) -> None:
        check = call.check
        is_shown = check is not None and bool(call.client_id)
        self.setVisible(is_shown)
        if not is_shown:
            self.hint_row.hide()
        if check is None or (check == self._check and call.id == self._call_id):
            return
        if call.contact_id != self._contact_id or call.id != self._call_id:
            self.close_pin()
        self._call_id, self._contact_id, self._name = call.id, call.contact_id, call.contact_name
        self._check = check
        self._show_chips(check)
        caption = self._caption(check)
        self.caption.setText(caption)
        self.setAccessibleName(caption)
        self._show_hint(check)

    def _show_hint(self, check: CallCheck) -> None:
        words = self._hint_words(check)
        self.hint.setText(words)
        self._lock.setVisible(check.is_blocked)
        self.hint_row.setVisible(bool(words))

    def _show_chips(self, check: CallCheck) -> None:
        wanted = {one.factor: one.outcome for one in check.factors}
        if check.needs_call_back:
            wanted[CALL_BACK] = check.call_back
        if list(wanted) != list(self.chips):
            self._make_chips(list(wanted))
        for factor, outcome in wanted.items():
            if factor == CALL_BACK:
                self._show_call_back(self.chips[factor], outcome)
            else:
                self.chips[factor].set_outcome(outcome, self._words.outcome(outcome))
            self.chips[factor].setEnabled(check.has_contact and (factor == CALL_BACK or not check.was_asked_before))

    def _show_call_back(self, chip: FactorChip, outcome: str) -> None:
        """Its words say why it failed: "Known number: no answer"."""
        words = self._words.call_back(outcome)
        failed = self.tr("Known number: {0}").format(words)
        is_failed = outcome in FAILED_CALL_BACKS
        chip.setText(failed if is_failed else self._call_back_name())
        chip.set_outcome(outcome, "" if is_failed else words)

    def _call_back_name(self) -> str:
        return self.tr("Known number called back")

    def _make_chips(self, factors: list[str]) -> None:
        had_focus = next((factor for factor, chip in self.chips.items() if chip.hasFocus()), "")
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.chips = {}
        for factor in factors:
            name = self._call_back_name() if factor == CALL_BACK else self._words.factor(factor)
            chip = FactorChip(self._desk.themes, factor, name)
            chip.clicked.connect(lambda _=False, factor=factor: self._on_chip(factor))
            self._flow.addWidget(chip)
            chip.show()
            self.chips[factor] = chip
        if had_focus in self.chips:
            self.chips[had_focus].setFocus(Qt.FocusReason.OtherFocusReason)
        self._row.updateGeometry()

    def _caption(self, check: CallCheck) -> str:
        if check.holds_until_at and not check.is_begun:
            until = self._desk.words.time_of_day(check.holds_until_at)
            return self.tr("Verification, holds until {0}").format(until)
        words = self.tr("Verification, {0} of {1} passed").format(check.passed_count, check.needed_count)
        return self.tr("{0}, failed").format(words) if check.is_failed else words

    def _hint_words(self, check: CallCheck) -> str:
        if not check.has_contact:
            return self.tr("Say who is on the line first: {0}.").format(key_text("Ctrl+M"))
        if check.is_blocked:
            others = check.needed_count - check.passed_count
            lacks_call_back = check.needs_call_back and not check.is_called_back
            is_last = lacks_call_back or (check.needs_approval and others == 1)
            blocked = self._words.blocked(
                check.request_kind, call_back=is_last and lacks_call_back, approval=is_last and not lacks_call_back
            )
            warning = self._words.may_not_ask(self._name, check.request_kind) if check.may_not_ask else ""
            return f"{blocked} {warning}".rstrip()
        if check.is_risky:
            until_at = max(check.passed_until_at, check.holds_until_at)
            return self.tr("Verified until {0}.").format(self._desk.words.time_of_day(until_at))
        return ""

    def _on_chip(self, factor: str) -> None:
        check = self._check
        if check is None:
            return
        if factor == CALL_BACK:
            self._on_call_back(check)
        elif factor == "pin" and not self.chips[factor].outcome:
            self._show_hint(check)
            self._open_pin(is_new=False)
        else:
            self.chosen.emit(factor, _NEXT[self.chips[factor].outcome])

    def _on_call_back(self, check: CallCheck) -> None:
        """Space goes on through what can be said of this call, and back to nothing said."""
        steps = ("", *check.call_back_choices)
        at = steps.index(check.call_back) if check.call_back in steps else len(steps) - 1
        if len(steps) > 1 or check.call_back:
            self.call_back_chosen.emit(steps[(at + 1) % len(steps)])
        else:
            self._say_how()

    def _say_how(self) -> None:
        self.say(self.tr("Hang up and call a number that was known before; then choose this in that call."))

    # The PIN, which only the server knows

    def _open_pin(self, *, is_new: bool) -> None:
        self._is_new_pin = is_new
        self.pin.clear()
        self.pin.setPlaceholderText(self.tr("New PIN, 4 to 12 digits") if is_new else self.tr("PIN, then Return"))
        self.pin.setAccessibleName(self.tr("The caller's new PIN") if is_new else self.tr("The caller's PIN"))
        self.pin.show()
        self.pin.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_pin(self) -> None:
        """Give the person on the line a new PIN; the server says who may."""
        if self._contact_id:
            self._open_pin(is_new=True)

    def _on_pin(self) -> None:
        typed = self.pin.text()
        self.close_pin()
        if not typed or not self._contact_id:
            return
        self._asked_pin[self._contact_id] = self._call_id
        questions, contact_id = self._desk.services.pin_questions, self._contact_id
        if self._is_new_pin:
            self.say(self.tr("The server takes the new PIN \u2026"))
            questions.ask(PinSetting(contact_id, typed))
        else:
            self.say(self.tr("The server compares the PIN \u2026"))
            questions.ask(PinQuestion(contact_id, typed))

    def close_pin(self) -> bool:
        """False when nothing was open."""
        if self.pin.isHidden():
            return False
        had_focus = self.pin.hasFocus()
        self.pin.clear()
        self.pin.hide()
        if had_focus and "pin" in self.chips:
            self.chips["pin"].setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _on_changed(self, change_set: ChangeSet) -> None:
        for contact_id in sorted(change_set.ids("pins") & set(self._asked_pin)):
            reply = self._desk.services.pin_questions.take_answer(contact_id)
            if reply is None:
                continue
            call_id = self._asked_pin.pop(contact_id)
            words = self._pin_words(reply.outcome)
            if reply.outcome in {"passed", "failed"}:  # its chip shows it
                self.pin_answered.emit(call_id, reply.outcome, reply.passed_at)
                announce(self, words)
            elif call_id == self._call_id:
                self.say(words)

    def _pin_words(self, outcome: str) -> str:
        words = {
            "passed": self.tr("The PIN is right."),
            "failed": self.tr("The PIN is wrong."),
            "set": self.tr("The new PIN holds from now on."),
            "none": self.tr("No PIN is kept of this person: use another factor."),
            "locked": self.tr("Too many wrong PINs: use another factor, or try again later."),
            "offline": self.tr("A PIN needs the server, which is not reached: use another factor."),
        }
        return words.get(outcome, outcome.removeprefix("refused: "))

    def say(self, words: str) -> None:
        """Why something could not be done, above what it is blocked by; until the next thing is chosen."""
        blocked = self._hint_words(self._check) if self._check is not None else ""
        self.hint.setText("\n".join(part for part in (words, blocked) if part))
        self.hint_row.show()
        announce(self, words)

    def focus(self) -> None:
        """The first that was not asked, else the first."""
        chips = [chip for chip in self.chips.values() if chip.isEnabled()]
        chip = next((one for one in chips if not one.outcome), chips[0] if chips else None)
        if chip is not None:
            chip.setFocus(Qt.FocusReason.ShortcutFocusReason)
