"""Text that is copied in the desk: where it can be pasted, and how long it stays on the clipboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.clipboard_guard import ClipboardGuard, copy_out
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.prose import PlainText, Prose
from csr_desktop.ui.kit.text_drag import keep_text_inside
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.end2end.display import display

OUT, BACK = Qt.ApplicationState.ApplicationInactive, Qt.ApplicationState.ApplicationActive
Make = Callable[..., ClipboardGuard]


@pytest.fixture
def guard(qapp: QApplication) -> Iterator[Make]:
    made: list[ClipboardGuard] = []

    def make(*, stays_inside: bool = False, clear_seconds: float = 0, is_own: bool = True) -> ClipboardGuard:
        one = ClipboardGuard(qapp, stays_inside=stays_inside, clear_seconds=clear_seconds, owns=lambda: is_own)
        made.append(one)
        return one

    yield make
    keep_text_inside(stays=False)
    for one in made:
        one.forget()
        one.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
    QGuiApplication.clipboard().clear()


def text() -> str:
    return QGuiApplication.clipboard().text()


@pytest.fixture
def field(themes: ThemeSwitch, qtbot: QtBot) -> QLineEdit:
    made = TextField(themes, "Notes")
    qtbot.addWidget(made)
    made.show()
    made.setText("Sample Bakery")
    made.selectAll()
    return made


def test_without_a_policy_it_is_a_clipboard_as_any_other(qapp: QApplication, guard: Make, field: QLineEdit) -> None:
    guard()
    QTest.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qapp.applicationStateChanged.emit(OUT)
    assert text() == "Sample Bakery"


def test_what_stays_inside_is_cut_and_pasted_here_and_nowhere_else(
    qapp: QApplication, guard: Make, field: QLineEdit
) -> None:
    guard(stays_inside=True)
    QTest.keyClick(field, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == ""
    qapp.applicationStateChanged.emit(OUT)
    assert text() == ""
    qapp.applicationStateChanged.emit(BACK)
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == "Sample Bakery", "nothing is lost by turning to another program"


def test_histories_of_the_clipboard_are_told_to_leave_it_out(guard: Make, field: QLineEdit) -> None:
    guard(stays_inside=True)
    field.copy()
    assert bytes(QGuiApplication.clipboard().mimeData().data("x-kde-passwordManagerHint").data()) == b"secret"


def test_what_another_program_copied_meanwhile_is_left_alone(qapp: QApplication, guard: Make, field: QLineEdit) -> None:
    made = guard(stays_inside=True)
    field.copy()
    qapp.applicationStateChanged.emit(OUT)
    made._owns = lambda: False
    QGuiApplication.clipboard().setText("of another program")
    qapp.applicationStateChanged.emit(BACK)
    assert text() == "of another program"
    qapp.applicationStateChanged.emit(OUT)
    made.forget()
    assert text() == "of another program"


def test_a_line_for_the_softphone_goes_out(qapp: QApplication, guard: Make) -> None:
    made = guard(stays_inside=True, clear_seconds=0.01)
    copy_out("csr-desktop call --event ring")
    qapp.applicationStateChanged.emit(OUT)
    QTest.qWait(50)
    made.forget()
    assert text() == "csr-desktop call --event ring"


def test_it_is_taken_off_after_a_while(guard: Make, field: QLineEdit, qtbot: QtBot) -> None:
    guard(clear_seconds=0.05)
    field.copy()
    assert text() == "Sample Bakery"
    qtbot.waitUntil(lambda: text() == "", timeout=5000)


def test_it_is_gone_after_a_while_also_while_another_program_is_in_front(
    qapp: QApplication, guard: Make, field: QLineEdit, qtbot: QtBot
) -> None:
    made = guard(stays_inside=True, clear_seconds=0.05)
    field.copy()
    qapp.applicationStateChanged.emit(OUT)
    qtbot.waitUntil(lambda: made._held is None, timeout=5000)
    qapp.applicationStateChanged.emit(BACK)
    assert text() == ""


def test_it_does_not_outlive_the_program(guard: Make, field: QLineEdit) -> None:
    made = guard(stays_inside=True)
    field.copy()
    made.close()
    assert text() == ""


class Drags(QObject):
    """Counts what is dragged from a widget: Qt makes a part of it each time. Where there is no screen it ends at once."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.ChildAdded
        return False


def dragged(text: QWidget) -> bool:
    """Whether the pointer takes along what is selected there, from its first letters to far outside."""
    widget: QWidget = text.viewport() if isinstance(text, QTextEdit) else text
    drags = Drags(widget)
    begin = QPoint(25, 12 if isinstance(text, QTextEdit) else widget.height() // 2)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=begin)
    for step in range(1, 6):
        place = begin + QPoint(0, 60 * step)
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            QPointF(widget.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(widget, move)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=begin)
    return drags.count > 0


@pytest.fixture(params=["to read", "to write", "a label", "a field"])
def text_at(request: pytest.FixtureRequest, themes: ThemeSwitch, qtbot: QtBot) -> QWidget:
    """All of it is selected."""
    words = "Sample Bakery wants its direct deposit file again"
    if request.param == "a label":
        label = Label(words, selectable=True)
        qtbot.addWidget(label)
        label.show()
        label.setSelection(0, len(words))
        return label
    if request.param == "a field":
        field = TextField(themes, "Notes")
        qtbot.addWidget(field)
        field.show()
        field.setText(words)
        field.selectAll()
        return field
    made = Prose(themes, words) if request.param == "to read" else PlainText(themes)
    qtbot.addWidget(made)
    made.setPlainText(words)
    made.resize(400, 60)
    made.show()
    made.selectAll()
    return made


def test_text_that_stays_inside_is_not_dragged_out(guard: Make, text_at: QWidget) -> None:
    guard(stays_inside=True)
    assert not dragged(text_at)


@pytest.mark.parametrize("text_at", ["to read", "to write", "a label"], indirect=True)
def test_without_the_policy_it_is(guard: Make, text_at: QWidget) -> None:
    guard()
    assert dragged(text_at)


def test_a_selection_that_stays_inside_can_be_made_longer_with_shift(
    guard: Make, themes: ThemeSwitch, qtbot: QtBot
) -> None:
    guard(stays_inside=True)
    made = PlainText(themes)
    qtbot.addWidget(made)
    made.setPlainText("Sample Bakery wants its file again")
    made.resize(400, 60)
    made.show()
    cursor = made.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(6, cursor.MoveMode.KeepAnchor)
    made.setTextCursor(cursor)
    end = made.cursorRect(made.textCursor()).center() + QPoint(60, 0)
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, end)
    assert len(made.textCursor().selectedText()) > 6


SELECTING = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtGui import QClipboard
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from csr_desktop.ui.clipboard_guard import ClipboardGuard
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.theme import ThemeSwitch
app = QApplication([])
guard = ClipboardGuard(app, stays_inside=sys.argv[1] == "inside", clear_seconds=0.1 if sys.argv[1] == "awhile" else 0)
field = TextField(ThemeSwitch(app), "Notes")
field.setText("Sample Bakery")
field.show()
assert QTest.qWaitForWindowExposed(field)
field.setFocus()
QTest.keyClick(field, Qt.Key.Key_Home, Qt.KeyboardModifier.ShiftModifier)
assert field.selectedText() == "Sample Bakery"
for _ in range(10):
    QTest.qWait(20)
if sys.argv[1] == "locked":
    guard.forget()
    QTest.qWait(20)
print("offered: " + app.clipboard().text(QClipboard.Mode.Selection))
"""


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
@pytest.mark.parametrize(
    ("way", "offered"), [("inside", ""), ("awhile", ""), ("locked", ""), ("everywhere", "Sample Bakery")]
)
def test_what_is_only_selected_is_offered_to_other_programs_as_far_as_what_is_copied(way: str, offered: str) -> None:
    with display() as shown:
        env = {**os.environ, "QT_QPA_PLATFORM": "xcb", "DISPLAY": shown}
        command = [sys.executable, "-c", SELECTING, way]
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert said.stdout == f"offered: {offered}\n", said.stderr
