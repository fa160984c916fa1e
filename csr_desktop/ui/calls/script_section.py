"""The script or checklist of a call's topic: its line in the pane, the steps beside the notes, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.elide import ClampedLabel, ElidedLabel, Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.scroll import ScrollColumn
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.script_steps import StepRow, StepWords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.call_scripts import Checked
    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.services.lists import CallScript
    from csr_desktop.ui.desk import Desk


class ScriptLine(QWidget):
    """ "For this topic": the script's title, when it was reviewed, and how to read it. Hidden without one."""

    read_wanted = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._shown: tuple[object, ...] = ()
        self.setAccessibleName(self.tr("For this topic"))
        whole = column(self, spacing=desk.themes.theme.sizes.space.tight)
        whole.addWidget(Label(self.tr("For this topic"), tone="muted", size="caption"))
        self._lines = column(spacing=desk.themes.theme.sizes.space.tight)
        whole.addLayout(self._lines)
        self.hide()

    def show_scripts(self, scripts: Sequence[CallScript], checked: Sequence[Checked]) -> None:
        shown = (tuple(scripts), tuple(checked))
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        done = {one.script_id: len(one.done) for one in checked}
        for place, script in enumerate(scripts):
            self._lines.addWidget(self._line(script, done.get(script.id, 0), is_first=place == 0))
        self.setVisible(bool(scripts))

    def _line(self, script: CallScript, done: int, *, is_first: bool) -> QWidget:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        made = QFrame()
        set_look(made, role="card")
        made.setFixedHeight(sizes.height.sub_header)
        row = line(made, spacing=sizes.space.apart, margins=(sizes.space.apart, 0, sizes.space.apart, 0))
        row.addWidget(IconMark(themes, "book-open" if script.kind == "script" else "check-square", tone="muted"))
        row.addWidget(ElidedLabel(script.title), 1)
        reviewed = ""
        if done:
            reviewed = self.tr("{0} of {1} done").format(done, len(script.steps))
        elif script.reviewed_on:
            day = self._desk.words.day(script.reviewed_on, with_weekday=False)
            reviewed = self.tr("Reviewed {0}").format(day)
        row.addWidget(Label(reviewed, size="caption", tone="muted"))
        read = Button(themes, self.tr("Read"), role="quiet", key_hint="F1" if is_first else "")
        read.setAccessibleName(self.tr("Read {0}").format(script.title))
        read.clicked.connect(lambda: self.read_wanted.emit(script.id))
        row.addWidget(read)
        made.setAccessibleName(", ".join(part for part in (script.title, reviewed) if part))
        return made


_LEAST_ROWS: Final = 6


class ScriptBeside(QFrame):
    """The steps of one script. They are ticked by Space where it is a checklist; Tab moves between them."""

    ticked = Signal(str, str, bool)
    """Id of the script, the step's words, whether it is done."""
    left = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._script: CallScript | None = None
        self._boxes: list[tuple[str, CheckBox]] = []
        self._is_showing = False
        themes, space = desk.themes, desk.themes.theme.sizes.space
        set_look(self, role="card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.title = ClampedLabel(most_lines=2)
        self.title.set_weight(600)
        self.close_button = Button(themes, self.tr("Close"), role="quiet", key_hint="Esc")
        self._hint = ElidedLabel(size="caption", tone="muted")
        self.setMinimumHeight(_LEAST_ROWS * themes.theme.sizes.height.row_one_line)
        margins = (space.apart, space.close, space.apart, 0)
        self._steps = ScrollColumn(self.tr("Steps"), spacing=space.tight, margins=margins)
        whole = column(self, spacing=space.close, margins=(1, space.close, 1, space.close))
        head = line(spacing=space.close, margins=(space.apart, 0, space.tight, 0))
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(head)
        under = line(margins=(space.apart, 0, space.apart, 0))
        under.addWidget(self._hint, 1)
        whole.addLayout(under)
        whole.addWidget(Hairline(themes))
        whole.addWidget(self._steps, 1)
        self.close_button.clicked.connect(self.left)
        self.hide()

    @property
    def script_id(self) -> str:
        return self._script.id if self._script is not None and not self.isHidden() else ""

    @property
    def boxes(self) -> list[CheckBox]:
        return [box for _, box in self._boxes]

    def open(self, script: CallScript, checked: Sequence[Checked]) -> None:
        self._show(script, checked)
        self.show()

    def refresh(self, call: RunningCall) -> None:
        """What was ticked, or the script itself, changed; one that the topic has no more is left."""
        if self.isHidden() or self._script is None:
            return
        script = next((one for one in call.scripts if one.id == self.script_id), None)
        if script is None:
            self.left.emit()
        elif script != self._script:
            self._show(script, call.checked)
        else:
            self._show_done(call.checked)

    def focus_step(self) -> None:
        """On the first step that is not done, else the first."""
        box = next((box for box in self.boxes if not box.isChecked()), self.boxes[0] if self._boxes else None)
        (box or self.close_button).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def _show(self, script: CallScript, checked: Sequence[Checked]) -> None:
        self._script = script
        self.title.setText(script.title)
        self.setAccessibleName(script.title)
        self._boxes = []
        body = self._steps.body
        while (item := body.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for place, step in enumerate(script.steps):
            body.addWidget(self._row(script, place, step))
        for (_, box), (_, after) in zip(self._boxes, self._boxes[1:], strict=False):
            QWidget.setTabOrder(box, after)
        self._hint.setVisible(script.kind == "checklist")
        self._show_done(checked)

    def _row(self, script: CallScript, place: int, step: str) -> QWidget:
        made = StepRow(self._desk.themes, script.kind, place, step)
        if made.box is not None:
            made.box.toggled.connect(lambda is_done: self._on_toggled(step, is_done=is_done))
            self._boxes.append((step, made.box))
        return made

    def _show_done(self, checked: Sequence[Checked]) -> None:
        mine = next((one for one in checked if self._script is not None and one.script_id == self._script.id), None)
        done = {mine.steps[place] for place in mine.done} if mine else set()
        self._is_showing = True
        for step, box in self._boxes:
            if box.isChecked() != (step in done):
                box.setChecked(step in done)
        self._is_showing = False
        count = self.tr("{0} of {1} done").format(len(done), len(self._boxes))
        self._hint.setText(self.tr("{0}. F1 goes through them.").format(count))

    def _on_toggled(self, step: str, *, is_done: bool) -> None:
        if not self._is_showing and self._script is not None:
            self.ticked.emit(self._script.id, step, is_done)


class GoneThrough(QWidget):
    """On an earlier call: which steps were done, and which were not."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setAccessibleName(self.tr("Gone through"))
        self._lines = column(self, spacing=desk.themes.theme.sizes.space.tight)
        self.hide()

    def show_checked(self, checked: Sequence[Checked]) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for one in checked:
            words = self.tr("{0}: {1} of {2} done").format(one.title, len(one.done), len(one.steps))
            self._lines.addWidget(ElidedLabel(words, tone="muted", size="caption"))
            for place, step in enumerate(one.steps):
                self._lines.addWidget(self._step(step, is_done=place in one.done))
        self.setVisible(bool(checked))

    def _step(self, step: str, *, is_done: bool) -> QWidget:
        made = QWidget()
        row = line(made, spacing=self._desk.themes.theme.sizes.space.close)
        mark = IconMark(self._desk.themes, "check" if is_done else "minus", tone="success" if is_done else "faint")
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(StepWords(step, tone="" if is_done else "muted", wraps=True), 1)
        made.setAccessibleName(self.tr("{0}, done").format(step) if is_done else self.tr("{0}, not done").format(step))
        return made
