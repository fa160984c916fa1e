"""While something floats and has the keyboard, no letter reaches the place beneath; a click beside it closes it."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.kit.action_float import ActionFloat
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.float import FloatFrame, is_in_float
from tests.ui.frame_bench import Frame, can_be_seen

LETTERS = "abcdefghijklmnopqrstuvwxyz123456789?/"


def open_outcome(frame: Frame) -> None:
    frame.go("follow_ups")
    frame.choose_first()
    frame.press("Shift+E")


def open_client_form(frame: Frame) -> None:
    frame.go("clients")
    frame.choose_first()
    frame.press("E")


OPENERS = {"outcome": open_outcome, "client form": open_client_form, "start": lambda frame: frame.press("Ctrl+D")}


def float_of(frame: Frame) -> FloatFrame:
    at: QWidget | None = frame.focus
    while at is not None and not isinstance(at, FloatFrame):
        at = at.parentWidget()
    assert at is not None
    return at


@pytest.mark.parametrize("opener", OPENERS)
def test_no_letter_reaches_the_place_beneath(frame: Frame, opener: str) -> None:
    OPENERS[opener](frame)
    floating = float_of(frame)
    button = next(b for b in floating.findChildren(Button) if can_be_seen(b) and b.isEnabled())
    ran: list[str] = []
    table = frame.window.actions_table
    for alike in table._by_key.values():
        alike[:] = [
            msgspec.structs.replace(a, callback=partial(ran.append, a.id), is_enabled=lambda: True)
            if a.key != "Esc"
            else a
            for a in alike
        ]
    for letter in LETTERS:
        if not can_be_seen(button):
            break
        button.setFocus()
        QTest.keyClicks(frame.focus, letter)
        frame.settle()
    assert ran == []


def test_escape_works_in_each(frame: Frame) -> None:
    for opener in OPENERS.values():
        opener(frame)
        assert is_in_float(frame.focus)
        frame.press("Esc")
        assert not is_in_float(frame.focus)
        assert frame.focus.isVisible()


def test_a_floats_own_digits_work(frame: Frame) -> None:
    open_outcome(frame)
    floating = float_of(frame)
    choices = floating.choices  # type: ignore[attr-defined]
    frame.press("2")
    assert choices.chosen_key == list(choices._buttons)[1]


def words_of(frame: Frame) -> QWidget:
    """Words that take no focus and let no press through."""
    label = next(
        one
        for one in frame.window.top_bar.parentWidget().findChildren(Label)  # type: ignore[union-attr]
        if can_be_seen(one) and not is_in_float(one)
    )
    label.mousePressEvent = lambda event: event.accept()  # type: ignore[method-assign]
    return label


@pytest.mark.parametrize("opener", ["outcome", "start"])
def test_a_click_beside_it_closes_it_and_gives_the_keyboard_back(frame: Frame, opener: str) -> None:
    frame.go("follow_ups")
    frame.choose_first()
    before = frame.focus
    OPENERS[opener](frame)
    floating = float_of(frame)
    QTest.mouseClick(words_of(frame), Qt.MouseButton.LeftButton)
    frame.settle()
    assert isinstance(floating, ActionFloat) is (opener == "outcome")
    assert not is_in_float(frame.focus)
    assert QApplication.focusWidget() is before


def test_a_click_within_leaves_it_open(frame: Frame) -> None:
    frame.press("Ctrl+D")
    floating = float_of(frame)
    QTest.mouseClick(floating, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    frame.settle()
    assert floating.isVisible()
    assert is_in_float(frame.focus)


def test_a_client_form_stays_while_one_works_beside_it(frame: Frame) -> None:
    open_client_form(frame)
    floating = float_of(frame)
    QTest.mouseClick(words_of(frame), Qt.MouseButton.LeftButton)
    frame.settle()
    assert floating.isVisible()


@pytest.mark.parametrize("key", ["Return", "Enter", "Space"])
def test_enter_on_cancel_cancels(frame: Frame, key: str) -> None:
    """And is not taken for the float's own Enter, which would complete the follow-up."""
    open_outcome(frame)
    floating = float_of(frame)
    cancel = next(button for button in floating.findChildren(Button) if button.words == "Cancel")
    cancel.setFocus()
    frame.press(key)
    assert not is_in_float(frame.focus)
    assert frame.notices == []
    assert frame.value("SELECT COUNT(*) FROM outbox") == 0
