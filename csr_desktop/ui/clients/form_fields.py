"""Fields of a form: each knows what it showed, what it holds now, and what a colleague made of it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, FieldFrame, Labelled, TextField
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.picker import Pick, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.ui.kit.theme import ThemeSwitch


class FormField(QWidget):
    """`base` is the value that was shown; saving sends it along, so that the server sees what the person saw."""

    edited = Signal()
    """By the person, or by taking a colleague's value."""

    def __init__(self, themes: ThemeSwitch, key: str, label: str, editor: QWidget) -> None:
        super().__init__()
        self.key = key
        self.base: Any = ""
        self._theirs: Any = None
        self._says: Callable[[Any], str] = str
        space = themes.theme.sizes.space
        self.labelled = Labelled(themes, label, editor)
        self.labelled.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._meanwhile = QWidget()
        self._mark = IconMark(themes, "users", tone="warning", size="icon_small")
        self._words = Label(size="caption", tone="warning", wraps=True)
        self.take_button = Button(themes, self.tr("Use theirs"), role="link")
        self.keep_button = Button(themes, self.tr("Keep mine"), role="link")
        whole = column(self, spacing=space.tight // 2)
        whole.addWidget(self.labelled)
        whole.addWidget(self._meanwhile)
        said = line(spacing=space.tight)
        said.addWidget(self._mark)
        said.addWidget(self._words, 1)
        buttons = line(spacing=space.apart)
        for button in (self.take_button, self.keep_button):
            button.set_text_size("caption")
            buttons.addWidget(button)
        buttons.addStretch(1)
        inner = column(self._meanwhile)
        inner.addLayout(said)
        inner.addLayout(buttons)
        self._meanwhile.hide()
        self.take_button.clicked.connect(self._on_take)
        self.keep_button.clicked.connect(self._on_keep)

    # What the subclasses know

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        raise NotImplementedError

    def problem(self) -> str:
        """What is wrong with what was typed, and what to do; '' when nothing is."""
        return ""

    @property
    def editor(self) -> QWidget:
        return self.labelled.field

    # Values

    @property
    def is_changed(self) -> bool:
        return bool(self.value() != self.base)

    def start(self, value: Any, says: Callable[[Any], str] | None = None) -> None:
        """Show a stored value."""
        if says is not None:
            self._says = says
        self.base = value
        self._theirs = None
        self._meanwhile.hide()
        self.labelled.set_error("")
        self.labelled.set_help("")
        self.set_value(value)

    def check(self) -> bool:
        """Say at the field what is wrong; True when nothing is."""
        self.labelled.set_error(self.problem())
        return not self.labelled.error

    def meet(self, value: Any, by: str) -> None:
        """A colleague's value came while the form is open. An untouched field takes it and says so; in one that was
        changed both stand, and the person chooses.
        """
        known = self.base if self._theirs is None else self._theirs
        if value == known:
            return
        who = by or self.tr("A colleague")
        if not self.is_changed or value == self.value():
            was = self._says(self.base)
            self.start(value)
            self.labelled.set_help(
                self.tr("{0} changed this from {1} to {2}.").format(who, _quoted(was), _quoted(self._says(value)))
            )
            return
        self._theirs = value
        self._words.setText(
            self.tr("{0} changed this to {1} meanwhile. Yours: {2}.").format(
                who, _quoted(self._says(value)), _quoted(self._says(self.value()))
            )
        )
        self._meanwhile.show()

    def _on_take(self) -> None:
        self.start(self._theirs)
        self.edited.emit()
        self.editor.setFocus()

    def _on_keep(self) -> None:
        self.base, self._theirs = self._theirs, None
        self._meanwhile.hide()
        self.editor.setFocus()

    def _on_edited(self) -> None:
        if self.labelled.error:
            self.check()
        self.edited.emit()


def _quoted(text: str) -> str:
    return f"\u201c{text}\u201d"


class LineField(FormField):
    def __init__(self, themes: ThemeSwitch, key: str, label: str, *, needed: str = "", placeholder: str = "") -> None:
        """`needed` says what is missing when it is empty."""
        self.line = TextField(themes, label, placeholder=placeholder)
        super().__init__(themes, key, label, self.line)
        self._needed = needed
        self.line.textChanged.connect(self._on_edited)
        self.line.editingFinished.connect(self.check)

    def value(self) -> str:
        return self.line.text().strip()

    def set_value(self, value: Any) -> None:
        self.line.setText(str(value))
        self.line.setCursorPosition(0)

    def problem(self) -> str:
        return self._needed if self._needed and not self.value() else ""


class EmailField(LineField):
    def problem(self) -> str:
        name, at, host = self.value().partition("@")
        if self.value() and (not name or not at or not host or " " in self.value()):
            return self.tr("This is no email address. Write it like name@company.com.")
        return super().problem()


class CountField(LineField):
    """A whole number; empty is 0. What is no number stays as it was typed."""

    def value(self) -> Any:
        digits = self.line.text().replace(",", "").replace("\u00a0", "").replace("'", "").strip()
        return int(digits) if digits.isascii() and digits.isdigit() else self.line.text().strip() or 0

    def set_value(self, value: Any) -> None:
        self.line.setText(str(value) if value else "")

    def problem(self) -> str:
        value = self.value()
        if not isinstance(value, int):
            return self.tr("Write a whole number, such as 34.")
        return self.tr("So many cannot be.") if value >= 10_000_000 else ""


class ChoiceField(FormField):
    def __init__(self, themes: ThemeSwitch, key: str, label: str) -> None:
        self.choice = Choice(themes, label)
        super().__init__(themes, key, label, self.choice)
        self.choice.chosen.connect(self._on_edited)

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        self.choice.set_choices(choices)

    def value(self) -> str:
        return self.choice.chosen_key

    def set_value(self, value: Any) -> None:
        """A value that is not offered any more is offered once again, under the words for it."""
        if self.choice.findData(value) < 0:
            self.choice.addItem(self._says(value), value)
        self.choice.choose(value)


class PickField(FormField):
    """One of many, found by typing."""

    def __init__(self, themes: ThemeSwitch, key: str, label: str, *, placeholder: str = "", icon: str = "") -> None:
        self.tree = TreeChoice(themes, label, placeholder=placeholder, icon=icon)
        super().__init__(themes, key, label, self.tree)
        self._picks: dict[str, Pick] = {}
        self.tree.picked.connect(self._on_edited)

    def offer(self, picks: Sequence[Pick]) -> None:
        self._picks = {pick.key: pick for pick in picks}
        self.tree.set_picks(picks)

    def value(self) -> str:
        return self.tree.chosen.key if self.tree.chosen else ""

    def set_value(self, value: Any) -> None:
        known = self._picks.get(value)
        self.tree.choose(known or (Pick(value, self._says(value)) if value else None))


class ProseField(FormField):
    """Some lines of plain text."""

    def __init__(self, themes: ThemeSwitch, key: str, label: str, *, placeholder: str = "") -> None:
        self.prose = NotesEditor(themes, label, placeholder=placeholder, least_lines=2, most_lines=6)
        frame = FieldFrame(themes)
        space = themes.theme.sizes.space
        self.prose.setViewportMargins(space.close, space.tight, space.close, space.tight)
        frame.add_editor(self.prose)
        frame.setFocusProxy(self.prose)
        super().__init__(themes, key, label, frame)
        self.prose.textChanged.connect(self._on_edited)

    def value(self) -> str:
        return self.prose.text().strip()

    def set_value(self, value: Any) -> None:
        self.prose.set_text(str(value))
