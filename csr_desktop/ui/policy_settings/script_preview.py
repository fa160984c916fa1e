"""A script as it will stand beside the notes of a call, while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame

from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.panes import Hairline, column
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.script_steps import StepRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.ui.kit.theme import ThemeSwitch


class ScriptPreview(QFrame):
    """It is looked at: the keyboard passes it by."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        self._themes = themes
        self._shown: tuple[object, ...] = ()
        self.rows: list[StepRow] = []
        space = themes.theme.sizes.space
        set_look(self, role="card")
        self.title = ElidedLabel(weight=600)
        self._hint = ElidedLabel(size="caption", tone="muted")
        self._nothing = Label(
            self.tr("Each line that you write stands here as it will in a call."), tone="muted", wraps=True
        )
        whole = column(self, spacing=space.close, margins=(space.apart, space.close, space.apart, space.close))
        whole.addWidget(self.title)
        whole.addWidget(self._hint)
        whole.addWidget(Hairline(themes))
        whole.addWidget(self._nothing)
        self._steps = column(spacing=space.tight)
        whole.addLayout(self._steps)

    def show_script(self, title: str, kind: str, steps: Sequence[str]) -> None:
        shown = (kind, *steps)
        self.title.setText(title or self.tr("Without a title"))
        self._hint.setText(self.tr("{0} of {1} done").format(0, len(steps)))
        self._hint.setVisible(kind == "checklist" and bool(steps))
        self._nothing.setVisible(not steps)
        self.setAccessibleName(self.tr("As it stands in a call: {0}").format(self.title.text()))
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._steps.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = [StepRow(self._themes, kind, place, step) for place, step in enumerate(steps)]
        for row in self.rows:
            if row.box is not None:
                row.box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                row.box.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._steps.addWidget(row)
            row.show()  # Qt would do it later, and until then it has no height
