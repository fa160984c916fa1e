"""The ring is worn by what got the keyboard by key, outside the button, and always in high contrast."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.fields import FieldFrame, TextField
from csr_desktop.ui.kit.focus_ring import FocusRing
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.theme import ThemeSwitch


class Bench(QWidget):
    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        self.column = column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        self.first, self.second = Button(themes, "Assign"), Button(themes, "Resolve", role="primary")
        self.check = CheckBox(themes, "Every week")
        self.field = TextField(themes, "Number")
        for widget in (self.first, self.second, self.check, self.field):
            column.addWidget(widget)

    @property
    def rings(self) -> list[FocusRing]:
        return [ring for ring in self.findChildren(FocusRing) if ring.isVisible()]


@pytest.fixture
def bench(themes: ThemeSwitch, qtbot: QtBot) -> Bench:
    made = Bench(themes)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.first.setFocus()
    return made


def test_tab_puts_the_ring_outside_the_button(bench: Bench, qtbot: QtBot, themes: ThemeSwitch) -> None:
    qtbot.keyClick(bench.first, Qt.Key.Key_Tab)
    assert bench.second.hasFocus()
    (ring,) = bench.rings
    outside = themes.theme.sizes.radius.focus_gap + themes.theme.sizes.stroke.focus_ring
    around = QRect(ring.mapTo(bench, QPoint()), ring.size())
    assert around == bench.second.geometry().adjusted(-outside, -outside, outside, outside)
    image = bench.grab().toImage()
    above = bench.second.geometry().center()
    above.setY(bench.second.y() - outside + 1)
    assert image.pixelColor(above) == themes.theme.colour("focus")
    above.setY(bench.second.y() - 1)
    assert image.pixelColor(above) != themes.theme.colour("focus")


def test_the_pointer_puts_none_on(bench: Bench, qtbot: QtBot) -> None:
    bench.field.setFocus(Qt.FocusReason.MouseFocusReason)
    bench.second.setFocus(Qt.FocusReason.MouseFocusReason)
    assert bench.second.hasFocus()
    assert bench.rings == []


def test_high_contrast_always_shows_it(bench: Bench, themes: ThemeSwitch) -> None:
    themes.choose("contrast")
    bench.second.setFocus(Qt.FocusReason.MouseFocusReason)
    assert len(bench.rings) == 1


def test_the_ring_moves_on_with_the_keyboard(bench: Bench, qtbot: QtBot) -> None:
    qtbot.keyClick(bench.first, Qt.Key.Key_Tab)
    qtbot.keyClick(bench.second, Qt.Key.Key_Tab)
    assert bench.check.hasFocus()
    assert [ring.widget() for ring in bench.rings] == [bench.check]
    qtbot.keyClick(bench.check, Qt.Key.Key_Tab)
    assert bench.field.hasFocus()
    assert bench.rings == []


def test_the_ring_survives_a_change_of_theme(bench: Bench, qtbot: QtBot, themes: ThemeSwitch) -> None:
    qtbot.keyClick(bench.first, Qt.Key.Key_Tab)
    themes.choose("dark")
    assert [ring.widget() for ring in bench.rings] == [bench.second]


def test_a_field_gets_a_wider_border_and_its_text_stays(bench: Bench, themes: ThemeSwitch) -> None:
    bench.field.setText("(312) 555-0142")
    bench.first.setFocus()
    before = bench.field.cursorRect()
    height = bench.field.height()
    bench.field.setFocus(Qt.FocusReason.MouseFocusReason)
    assert bench.field.cursorRect() == before
    assert bench.field.height() == height == themes.theme.sizes.height.control
    image = bench.field.grab().toImage()
    assert image.pixelColor(image.width() // 2, 1) == themes.theme.colour("focus")


def test_a_frame_wears_the_focus_of_its_editor(bench: Bench, themes: ThemeSwitch) -> None:
    frame, editor = FieldFrame(themes), NotesEditor(themes, "Reply")
    frame.add_editor(editor)
    bench.column.addWidget(frame)
    frame.show()
    editor.setFocus()
    assert frame.grab().toImage().pixelColor(60, 1) == themes.theme.colour("focus")
    bench.first.setFocus()
    assert frame.grab().toImage().pixelColor(60, 1) == themes.theme.colour("surface")
