"""Text that is copied in the desk: where it can be pasted, and how long it stays on the clipboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from csr_desktop.ui.clipboard_guard import ClipboardGuard, copy_out
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.theme import ThemeSwitch

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
