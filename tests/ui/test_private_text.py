"""What a person sees and can do when a number that looks private is typed: in editors and in lines, by key and mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.kit.private_text import PrivateText
from csr_desktop.ui.kit.prose import NotesEditor
from tests.ui.frame_bench import Frame, can_be_seen

CARD = "4111 1111 1111 1111"
MASKED = "4111 11\u2022\u2022 \u2022\u2022\u2022\u2022 1111"
BOTH = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
Editor = NotesEditor | TextField


class Typing:
    """A window with one text and its word at the foot."""

    def __init__(self, desk: Desk, editor: Editor, qtbot: QtBot) -> None:
        self.desk, self.editor, self._qtbot = desk, editor, qtbot
        self.window = QWidget()
        self.private: PrivateText = desk.private(editor)
        column = QVBoxLayout(self.window)
        column.addWidget(editor)
        column.addWidget(self.private.hint)
        qtbot.addWidget(self.window)
        self.window.resize(600, 300)
        self.window.show()
        self.window.activateWindow()
        editor.setFocus()
        qtbot.waitUntil(lambda: desk.number_rules.is_ready)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.editor, text)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = BOTH) -> None:
        QTest.keyClick(self.editor, key, modifiers)

    @property
    def text(self) -> str:
        return self.editor.text()

    @property
    def said(self) -> str:
        return "" if self.private.hint.isHidden() else self.private.hint.words

    def underlined(self) -> list[str]:
        assert isinstance(self.editor, NotesEditor)
        return [selection.cursor.selectedText() for selection in self.editor.extraSelections()]


@pytest.fixture(params=["editor", "line"])
def typing(request: pytest.FixtureRequest, desk: Desk, qtbot: QtBot) -> Typing:
    made: Editor = NotesEditor(desk.themes, "Notes") if request.param == "editor" else TextField(desk.themes, "What")
    return Typing(desk, made, qtbot)


@pytest.fixture
def notes(desk: Desk, qtbot: QtBot) -> Typing:
    return Typing(desk, NotesEditor(desk.themes, "Notes"), qtbot)


def test_a_card_is_said_while_it_is_typed_and_masked_by_a_key(typing: Typing) -> None:
    typing.type("Card 4111 1111 1111 111")
    assert not typing.said
    typing.type("1 of hers")
    assert typing.text == f"Card {CARD} of hers"
    assert typing.said.startswith("Looks like a card number.")
    assert "Mask it: Ctrl" in typing.said
    typing.press(Qt.Key.Key_M)
    assert typing.text == f"Card {MASKED} of hers"
    assert not typing.said
    typing.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert typing.text == f"Card {CARD} of hers"
    assert typing.said


def test_what_is_said_to_be_none_is_left_alone_however_it_is_grouped(typing: Typing) -> None:
    typing.type(f"order {CARD}")
    typing.press(Qt.Key.Key_I)
    assert not typing.said
    typing.type(f" again {CARD.replace(' ', '')}.")
    assert not typing.said
    typing.type(" and 5500 0000 0000 0004 ")
    assert typing.said


def test_typing_goes_on_after_masking_where_it_was(typing: Typing) -> None:
    typing.type(f"{CARD} is it")
    typing.press(Qt.Key.Key_M)
    typing.type(", she said")
    assert typing.text == f"{MASKED} is it, she said"


def test_the_keys_do_nothing_in_a_text_without_one(typing: Typing) -> None:
    typing.type("Call (312) 555-0142")
    typing.press(Qt.Key.Key_M)
    typing.press(Qt.Key.Key_I)
    assert typing.text == "Call (312) 555-0142"


def test_the_mouse_does_what_the_keys_do(typing: Typing) -> None:
    typing.type(f"{CARD} and 5500 0000 0000 0004")
    QTest.mouseClick(typing.private.hint.mask_button, Qt.MouseButton.LeftButton)
    assert typing.text == f"{CARD} and 5500 00\u2022\u2022 \u2022\u2022\u2022\u2022 0004"
    assert typing.editor.hasFocus()
    QTest.mouseClick(typing.private.hint.keep_button, Qt.MouseButton.LeftButton)
    assert not typing.said


def test_a_right_click_on_the_number_offers_both(notes: Typing) -> None:
    notes.type(f"Her card {CARD} of old")
    editor = notes.editor
    assert isinstance(editor, NotesEditor)
    cursor = editor.textCursor()
    cursor.setPosition(14)
    at = editor.cursorRect(cursor).center()
    click = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, editor.mapToGlobal(at))
    QApplication.sendEvent(editor.viewport(), click)
    (menu,) = notes.window.findChildren(MenuFloat)
    assert [pick.words for pick in menu.picks] == ["Mask it", "This is not one"]
    QTest.keyClick(menu.rows, Qt.Key.Key_Space)
    assert notes.text == f"Her card {MASKED} of old"
    assert editor.hasFocus()


def test_no_other_menu_is_made_elsewhere_in_the_text(notes: Typing) -> None:
    notes.type(f"Nothing here but {CARD}")
    editor = notes.editor
    assert isinstance(editor, NotesEditor)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(2, 4), editor.mapToGlobal(QPoint(2, 4)))
    assert not notes.private.eventFilter(editor.viewport(), event)


def test_just_the_number_is_underlined_also_behind_an_emoji_and_after_edits_before_it(notes: Typing) -> None:
    notes.editor.set_text(f"\U0001f600\U0001f600 card {CARD} of hers")  # type: ignore[union-attr]
    assert notes.underlined() == [CARD]
    QTest.keyClick(notes.editor, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    notes.editor.insertPlainText("Oh \U0001f600")  # type: ignore[union-attr]
    assert notes.underlined() == [CARD]
    notes.press(Qt.Key.Key_M)
    assert notes.text == f"Oh \U0001f600\U0001f600\U0001f600 card {MASKED} of hers"
    assert notes.underlined() == []


def test_of_two_the_other_is_said_to_be_there(notes: Typing) -> None:
    notes.type(f"Account 123456789 and {CARD} ")
    assert notes.underlined() == ["123456789", CARD]
    assert "1 more underlined." in notes.said
    notes.press(Qt.Key.Key_M)
    assert "more underlined" not in notes.said
    assert notes.underlined() == ["123456789"]


def test_an_underline_does_not_grow_with_what_is_typed_behind_it(notes: Typing) -> None:
    notes.type(f"card {CARD}")
    assert notes.underlined() == [CARD]
    notes.type(" and so on")
    assert notes.underlined() == [CARD]


def test_what_only_may_be_one_is_asked_about_once(typing: Typing) -> None:
    typing.type("her account 000123456789 of old")
    assert typing.said.startswith("Looks like a bank account number.")
    may = [typing.private.may_save() for _ in range(2)]
    assert may == [False, True]
    assert "Saving once more leaves it as it is" in typing.said
    assert typing.editor.hasFocus()


def test_certain_ones_do_not_hold_up_saving(typing: Typing) -> None:
    typing.type(f"Card {CARD}, ssn 078-05-1120")
    assert typing.private.may_save()


def test_what_is_stored_is_not_asked_about(typing: Typing) -> None:
    stored = "her account 000123456789 of old"
    typing.private.set_stored(stored)
    if isinstance(typing.editor, NotesEditor):
        typing.editor.set_text(stored)
    else:
        typing.editor.setText(stored)
    assert not typing.said
    assert typing.private.may_save()


def test_pasted_text_is_looked_at_as_typed(typing: Typing) -> None:
    QApplication.clipboard().setText(f"first 078-05-1120 then {CARD}")
    typing.editor.paste()
    assert "a card number" in typing.said
    typing.press(Qt.Key.Key_M)
    assert "a social security number" in typing.said


def test_the_keys_work_in_the_window_and_say_why_they_do_nothing_elsewhere(frame: Frame) -> None:
    frame.desk.call("(312) 555-0142")
    frame.settle()
    frame.go("calls")
    notes = frame.place.call_pane.notes
    notes.setFocus()
    frame.type(f"{CARD} and 5500 0000 0000 0004")
    frame.press("Ctrl+Shift+M")
    assert notes.text() == f"{CARD} and 5500 00\u2022\u2022 \u2022\u2022\u2022\u2022 0004"
    frame.press("Ctrl+Shift+I")
    assert frame.place.call_pane.private.hint.isHidden()
    frame.press("Ctrl+Shift+M")
    assert notes.text().startswith(CARD)
    assert "No number looks private here." in frame.said()


def test_a_call_with_one_that_only_may_be_private_asks_once_and_is_saved_as_it_is(frame: Frame) -> None:
    frame.desk.call("(312) 555-0142")
    frame.settle()
    frame.go("calls")
    pane = frame.place.call_pane
    pane.notes.setFocus()
    call_id = pane.call_id
    frame.type("Their account 000123456789 is the one.")
    frame.press("F8", "1", "Ctrl+Return")
    assert frame.value("SELECT COUNT(*) FROM interactions WHERE id = ?", call_id) == 0
    assert pane.notes.hasFocus()
    assert can_be_seen(pane.private.hint)
    assert "Saving once more leaves it as it is" in pane.private.hint.words
    frame.press("Ctrl+Return")
    note = frame.value("SELECT note FROM interactions WHERE id = ?", call_id)
    assert note == "Their account 000123456789 is the one."


def test_a_new_ticket_of_a_call_gets_no_part_of_a_number_as_its_subject(frame: Frame) -> None:
    frame.desk.call("(312) 555-0142")
    frame.settle()
    frame.go("calls")
    pane = frame.place.call_pane
    pane.notes.setFocus()
    frame.type("x" * 68 + f" {CARD}")
    assert pane.steps._suggested_subject() == "x" * 68 + " 4111 11\u2022\u2022 \u2022"
