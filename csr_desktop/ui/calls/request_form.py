"""The form of a service request inside a call: what kind, and what is asked for in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from csr_desktop.domain.caller_verification import is_risky
from csr_desktop.services.call_rows import OpenStep, RequestStep
from csr_desktop.ui.calls.step_forms import StepForm
from csr_desktop.ui.check_words import CheckWords
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, Labelled, TextField
from csr_desktop.ui.kit.panes import line

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.desk import Desk


class RequestForm(StepForm):
    """Enter takes it; a risky kind says that it stays blocked."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self._words = CheckWords(self)
        self.set_title(self.tr("What does the client ask for?"))
        self.kind = Choice(themes, self.tr("Kind of request"))
        self.kind.set_choices(self._words.requests())
        self.what = TextField(themes, self.tr("What is asked for"), placeholder=self.tr("In the client's words"))
        self._what_field = Labelled(themes, self.tr("What is asked for"), self.what)
        self._private = desk.private(self.what)
        self._what_field.add_foot(self._private.hint)
        row = line(spacing=space.close)
        row.addWidget(Labelled(themes, self.tr("Kind"), self.kind))
        row.addWidget(self._what_field, 1)
        self.help = Label("", tone="muted", size="caption", wraps=True)
        self.body.addLayout(row)
        self.body.addWidget(self.help)
        self.setFocusProxy(self.kind)
        self._tab_last(self.what)
        self.what.returnPressed.connect(self.finish)
        self.what.textChanged.connect(self.edited)
        self.what.textChanged.connect(lambda: self._what_field.set_error(""))
        self.kind.chosen.connect(self._on_kind)

    def open(self, step: RequestStep | None) -> None:
        """The one that is to be changed, or a new one."""
        self.take.setText(self.tr("Change") if step else self.tr("Add request"))
        self._what_field.set_error("")
        if step is not None:
            self.kind.choose(step.kind)
        self.what.setText(step.text if step else "")
        self._show_help()
        self._opened_as = self.entered()
        self.kind.setFocus()

    def _on_kind(self, _kind: str) -> None:
        self._show_help()
        self.edited.emit()

    def _show_help(self) -> None:
        kind = self.kind.chosen_key
        blocked = self._words.blocked(kind, call_back=False, approval=False)
        self.help.setText(blocked if is_risky(kind) else self.tr("A ticket of its own is opened for it."))

    def entered(self) -> OpenStep:
        return OpenStep("request", self.what.text(), kind=self.kind.chosen_key)

    def put_back(self, kept: OpenStep) -> None:
        if self.kind.findData(kept.kind) >= 0:
            self.kind.choose(kept.kind)
        self.what.setText(kept.what)
        self._show_help()
        self._opened_as = None

    def finish(self) -> None:
        if not self._private.may_save():
            return
        kind = self.kind.chosen_key
        if is_risky(kind) and not self.what.text().strip():
            self._what_field.set_error(self.tr("Write what is asked for: who carries it out has only this."))
            self.what.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.taken.emit(RequestStep(kind, self._words.request(kind), self.what.text().strip()))
