"""The table of actions: no two want one key, letters rest while typing, what floats holds everything."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.actions import Action, Actions, KeyClash, types_text
from csr_desktop.ui.kit.action_float import ActionFloat
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.palette.rows import Heading
from tests.ui.frame_bench import Frame


class Table(QWidget):
    """A window with a field, a text, a list, and actions that say what ran."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []
        self.refused: list[str] = []
        self.place = "inbox"
        self.seconds = 100.0
        self.field, self.text, self.rows = QLineEdit(), QTextEdit(), QListWidget()
        column = QVBoxLayout(self)
        for widget in (self.field, self.text, self.rows):
            column.addWidget(widget)
        self.actions_table = Actions(self, lambda: self.place, lambda: self.seconds)
        self.actions_table.refused.connect(self.refused.append)

    def add(self, name: str, key: str, place: str = "", **more: bool) -> None:
        self.actions_table.add(Action(name, name, lambda: self.ran.append(name), key, place, **more))  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.actions_table.press(event):
            super().keyPressEvent(event)


@pytest.fixture
def table(themes: ThemeSwitch, qtbot: QtBot) -> Table:
    made = Table()
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("E", "inbox"), ("E", "inbox")),
        (("E", ""), ("E", "inbox")),
        (("Ctrl+K", "calls"), ("Ctrl+K", "")),
        (("Ctrl+Shift+K", ""), ("Shift+Ctrl+K", "inbox")),
    ],
)
def test_two_actions_that_want_one_key_where_both_work_fail_at_the_start(
    table: Table, one: tuple[str, str], other: tuple[str, str]
) -> None:
    table.add("first", *one)
    with pytest.raises(KeyClash, match=other[0].replace("+", r"\+")):
        table.add("second", *other)
    with pytest.raises(KeyClash, match="twice"):
        table.add("first", "F12")


def test_places_may_use_the_same_key(table: Table) -> None:
    table.add("here", "E", "inbox")
    table.add("there", "E", "calls")
    table.rows.setFocus()
    QTest.keyClick(table.rows, Qt.Key.Key_E)
    table.place = "calls"
    QTest.keyClick(table.rows, Qt.Key.Key_E)
    assert table.ran == ["here", "there"]
    assert [a.id for a in table.actions_table.of_place("calls")] == ["there"]


def test_letters_rest_while_typing_and_keys_with_ctrl_work(table: Table) -> None:
    table.add("letter", "E", "inbox")
    table.add("question", "?")
    table.add("palette", "Ctrl+K")
    for widget in (table.field, table.text):
        widget.setFocus()
        QTest.keyClicks(widget, "See?")
        QTest.keyClick(widget, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert table.field.text() == "See?"
    assert table.text.toPlainText() == "See?"
    assert table.ran == ["palette", "palette"]
    table.rows.setFocus()
    QTest.keyClicks(table.rows, "e?")
    assert table.ran[2:] == ["letter", "question"]


def test_letters_that_a_full_field_does_not_take_are_still_letters(table: Table) -> None:
    table.add("letter", "E", "inbox")
    table.field.setMaxLength(2)
    table.field.setFocus()
    QTest.keyClicks(table.field, "see")
    assert table.field.text() == "se"
    assert table.ran == []


def test_what_is_only_read_does_not_count_as_typing(table: Table) -> None:
    table.add("letter", "E", "inbox")
    table.text.setReadOnly(True)
    assert not types_text(table.text)
    assert not types_text(QLabel())
    table.text.setFocus()
    QTest.keyClicks(table.text, "e")
    assert table.ran == ["letter"]


def test_keys_that_work_in_text_and_those_that_rest_there(table: Table) -> None:
    table.add("promise", "F9", works_in_text=True)
    table.add("undo", "Ctrl+Z", rests_in_text=True)
    table.field.setFocus()
    QTest.keyClicks(table.field, "abc")
    QTest.keyClick(table.field, Qt.Key.Key_F9)
    QTest.keyClick(table.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert table.ran == ["promise"]
    assert table.field.text() == ""
    QTest.keyClick(table.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert table.ran == ["promise"]
    table.rows.setFocus()
    QTest.keyClick(table.rows, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert table.ran == ["promise", "undo"]


def test_esc_goes_to_the_widget_first_and_then_to_the_place(table: Table, themes: ThemeSwitch) -> None:
    table.add("back", "Esc", waits=True)
    field = TextField(themes, "Search", is_filter=True)
    layout = table.layout()
    assert layout is not None
    layout.addWidget(field)
    field.setText("abc")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), table.ran) == ("", [])
    table.rows.setFocus()
    QTest.keyClick(table.rows, Qt.Key.Key_Escape)
    assert table.ran == ["back"]


def test_nothing_runs_while_a_page_floats_and_nothing_disabled_ever(table: Table) -> None:
    table.add("letter", "E", "inbox")
    table.actions_table.add(Action("never", "never", lambda: table.ran.append("never"), "F2", is_enabled=lambda: False))
    table.rows.setFocus()
    table.actions_table.is_held = True
    QTest.keyClick(table.rows, Qt.Key.Key_E)
    table.actions_table.is_held = False
    QTest.keyClick(table.rows, Qt.Key.Key_F2)
    table.actions_table.run("never")
    assert table.ran == []
    table.actions_table.run("letter")
    assert table.ran == ["letter"]


def test_a_key_that_does_not_apply_says_why_and_the_word_after_it_runs_nothing(table: Table) -> None:
    for letter in "ode":
        table.add(letter, letter.upper(), "inbox")
    note = Action(
        "note", "Write a note", lambda: None, "N", is_enabled=lambda: False, why_not=lambda: "Notes belong to tickets."
    )
    table.actions_table.add(note)
    table.rows.addItems(["a", "b"])
    table.rows.setFocus()
    QTest.keyClicks(table.rows, "Node ode, one")
    QTest.keyClick(table.rows, Qt.Key.Key_Return)
    assert (table.ran, table.refused) == ([], ["Notes belong to tickets."])
    table.seconds += 2
    QTest.keyClicks(table.rows, "o")
    assert table.ran == ["o"]


def test_keys_with_ctrl_and_esc_work_in_the_midst_of_a_word(table: Table) -> None:
    table.add("palette", "Ctrl+K")
    table.add("back", "Esc", waits=True)
    table.add("letter", "E", "inbox")
    table.actions_table.add(Action("never", "Never", lambda: None, "N", is_enabled=lambda: False))
    table.rows.setFocus()
    QTest.keyClicks(table.rows, "ne")
    QTest.keyClick(table.rows, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(table.rows, "ne")
    QTest.keyClick(table.rows, Qt.Key.Key_Escape)
    QTest.keyClicks(table.rows, "e")
    assert table.ran == ["palette", "back", "letter"]
    assert table.refused == ["“Never” does not fit what is shown here."] * 2


def test_a_word_that_begins_with_a_letter_without_meaning_runs_nothing_and_says_so_once(table: Table) -> None:
    table.add("letter", "E", "inbox")
    label = QLabel("what is read")
    label.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    layout = table.layout()
    assert layout is not None
    layout.addWidget(label)
    label.show()
    label.setFocus()
    QTest.keyClicks(label, "yes, see")
    assert table.ran == []
    assert table.refused == ["Nothing was typed or done: no text was open to type in."]
    table.field.setFocus()
    QTest.keyClicks(table.field, "yes")
    assert table.field.text() == "yes"


def test_a_key_that_does_not_apply_says_why_also_while_typing(table: Table) -> None:
    table.actions_table.add(
        Action("hang_up", "Hang up", lambda: None, "F8", works_in_text=True, is_enabled=lambda: False)
    )
    table.field.setFocus()
    QTest.keyClick(table.field, Qt.Key.Key_F8)
    QTest.keyClicks(table.field, "noted")
    assert table.refused == ["“Hang up” does not fit what is shown here."]
    assert table.field.text() == "noted"


def test_what_floats_has_its_letters_for_itself(table: Table, themes: ThemeSwitch) -> None:
    table.add("letter", "E", "inbox")
    table.add("escalate", "F4", "inbox", works_in_text=True)
    table.add("hang_up", "F8", works_in_text=True)
    table.actions_table.add(Action("never", "Never", lambda: None, "N", is_enabled=lambda: False))
    floating = ActionFloat(themes, table, "Move it")
    button = Button(themes, "Move")
    floating.body.addWidget(button)
    floating.place_by(table.rows, 200)
    button.setFocus()
    QTest.keyClicks(button, "nee")
    QTest.keyClick(button, Qt.Key.Key_F4)
    assert (table.ran, table.refused) == ([], [])
    QTest.keyClick(button, Qt.Key.Key_F8)
    floating.leave()
    table.rows.setFocus()
    QTest.keyClicks(table.rows, "e")
    assert table.ran == ["hang_up", "letter"]


def test_a_key_that_is_held_down_runs_once(table: Table) -> None:
    table.add("letter", "E", "inbox")
    table.rows.setFocus()
    for is_repeat in (False, True, True):
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, Qt.Key.Key_E, Qt.KeyboardModifier.NoModifier, "e", is_repeat)
            QApplication.sendEvent(table.rows, event)
    table.rows.clearFocus()
    repeat = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_E, Qt.KeyboardModifier.NoModifier, "e", True)
    QApplication.sendEvent(table, repeat)
    assert table.ran == ["letter"]


def test_keys_are_written_as_on_the_keyboard() -> None:
    assert key_text("Ctrl+Shift+U").split() == ["Ctrl", "Shift", "U"]
    assert key_text("E") == "E"


# The window's table and its views


def test_on_a_promise_in_the_inbox_the_key_of_notes_says_why_and_a_word_does_nothing(frame: Frame) -> None:
    rows, model = frame.place.list.rows, frame.place.list.model
    promise = next(
        row for line in range(model.rowCount()) if (row := model.row_at(model.index(line))) and row.kind == "follow_up"
    )
    rows.select_key(promise.id)
    rows.setFocus()
    frame.settle()
    frame.type("node")
    assert frame.said() == ["Notes belong to tickets."]
    assert (frame.window.current_place, frame.called) == ("inbox", [])
    assert frame.value("SELECT state FROM follow_ups WHERE id = ?", promise.id) == "open"


def test_keys_of_the_line_say_that_there_is_no_call(frame: Frame) -> None:
    frame.desk_window.window.place("calls")
    frame.press("F8")
    assert frame.said() == ["No call is on the line."]
    frame.go("calls")
    frame.type("1")
    assert frame.said() == ["No call is open to give a disposition to."]


@pytest.mark.parametrize("place", ["inbox", "clients", "calls", "follow_ups"])
def test_palette_and_keys_page_list_exactly_the_table(frame: Frame, place: str) -> None:
    frame.go(place)
    frame.choose_first()
    table = frame.window.actions_table.of_place(place)
    enabled = [a.title for a in table if a.in_palette and a.is_enabled()]
    frame.floats.palette.open(">")
    frame.settle()
    model = frame.floats.palette.model
    lines = [model.index(at).data() for at in range(model.rowCount())]
    assert lines[1:] == enabled
    assert lines[0] == "Commands"
    assert "Undo the last change" in lines
    frame.press("Esc", "?")
    shown = {label.text() for label in frame.floats.keys.content.findChildren(QLabel) if label.isVisible()}
    assert {a.title for a in table if a.key and a.in_keys} <= shown
    assert not {a.title for a in table if not a.in_keys} & shown
    others = {a.title for a in frame.window.actions_table if a.place not in {place, ""}}
    assert not shown & (others - {a.title for a in table})


def test_every_action_has_words_and_every_key_of_a_place_is_its_own(frame: Frame) -> None:
    for place in ("clients", "calls", "follow_ups"):
        frame.go(place)
    actions = list(frame.window.actions_table)
    assert all(a.title and a.title[0].isupper() and "!" not in a.title for a in actions)
    for place in ("inbox", "clients", "calls", "follow_ups"):
        keys = [key_text(a.key) for a in frame.window.actions_table.of_place(place) if a.key]
        assert len(keys) == len(set(keys))


def test_every_command_of_a_place_that_is_offered_runs_from_the_palette(frame: Frame) -> None:
    """Each finds its widgets, also when nothing is selected and when something is."""
    titles = [a.title for a in frame.window.actions_table.of_place("inbox") if a.in_palette]
    for title in titles:
        frame.go("inbox")
        frame.choose_first()
        frame.floats.palette.open("> " + title)
        frame.settle()
        line = frame.floats.palette.model.first_line()
        if line >= 0:
            assert not isinstance(frame.floats.palette.model.index(line).data(), Heading)
            frame.press("Return")
        assert not frame.floats.palette.is_open or line < 0
        frame.floats.palette.close()
        for page in (frame.floats.keys, frame.floats.settings, frame.floats.needs_you, frame.floats.help):
            page.close()
        frame.press("Esc", "Esc", "Esc")


def test_a_window_that_is_collected_with_the_keyboard_in_it_ends_without_a_fault(
    themes: ThemeSwitch, qtbot: QtBot
) -> None:
    other = Table()
    qtbot.addWidget(other)
    other.show()

    def forgotten() -> None:
        made = Table()
        made.show()
        made.activateWindow()
        made.rows.setFocus()

    gc.collect()
    gc.disable()
    try:
        with qtbot.captureExceptions() as faults:
            forgotten()
            QTest.qWait(20)
            assert QApplication.focusWidget() is not None
            assert QApplication.focusWidget().window() is not other
            gc.collect()
            QTest.qWait(20)
    finally:
        gc.enable()
    assert not faults
    with qtbot.waitActive(other):
        other.activateWindow()
    other.rows.setFocus()
    other.add("here", "E", "inbox")
    QTest.keyClick(other.rows, Qt.Key.Key_E)
    assert other.ran == ["here"]
