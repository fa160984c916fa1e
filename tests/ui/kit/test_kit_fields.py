"""Fields say what is wrong beneath, pickers find by any words, editors hold plain text only."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, Due, DueField, Labelled, TextField
from csr_desktop.ui.kit.picker import Pick, SearchPicker, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor, Prose
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.ui.kit.gallery import parse_due

TOPICS = [
    Pick("notice", path=("Payroll tax", "Notice")),
    Pick("rate", path=("Payroll tax", "Rate")),
    Pick("w2", path=("Pay stub and W-2", "Reissue")),
]


class Bench(QWidget):
    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        for widget in widgets:
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.resize(500, 500)


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Callable[..., Bench]]:
    """Put widgets into a window that has the keyboard."""
    kept: list[Bench] = []

    def show(*widgets: QWidget) -> Bench:
        bench = Bench(*widgets)
        kept.append(bench)
        qtbot.addWidget(bench)
        with qtbot.waitExposed(bench):
            bench.show()
        bench.activateWindow()
        return bench

    yield show
    kept.clear()


def test_a_labelled_field_is_named_and_its_error_described(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]
) -> None:
    field = TextField(themes, "")
    labelled = Labelled(themes, "Phone", field)
    shown(labelled)
    labelled.set_help("With the extension")
    assert field.accessibleName() == "Phone"
    caption = next(label for label in labelled.findChildren(QLabel) if label.text() == "Phone")
    assert caption.buddy() is field
    labelled.set_error("This is not a phone number.")
    assert labelled.error == "This is not a phone number."
    assert field.accessibleDescription() == "This is not a phone number."
    assert field.grab().toImage().pixelColor(60, 0) == themes.theme.colour("danger")
    labelled.set_error("")
    assert labelled.error == ""
    assert field.accessibleDescription() == "With the extension"


@pytest.mark.parametrize(("is_filter", "left"), [(True, ""), (False, "bakery")])
def test_escape_empties_a_filter_and_never_what_was_written(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench], *, is_filter: bool, left: str
) -> None:
    field = TextField(themes, "Words", is_filter=is_filter)
    shown(field)
    field.setText("bakery")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == left


def test_a_due_time_is_understood_at_once_and_corrected_after_a_pause(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]
) -> None:
    field = DueField(themes, "Due", parse_due)
    shown(field)
    with qtbot.waitSignal(field.due_changed) as told:
        field.set_text("fri 11")
    assert told.args == [1_747_324_800_000]
    assert "Fri, May 15" in said(field)
    field.set_text("sun 9")
    assert field.due == Due(0, "", "Closed on Sundays. Try Mon, 8 AM.")
    assert said(field) == ""
    qtbot.waitUntil(lambda: said(field) == "Closed on Sundays. Try Mon, 8 AM.", timeout=3000)
    field.set_text("")
    assert field.due.at == 0
    assert said(field) == ""


def said(field: QWidget) -> str:
    return " ".join(label.text() for label in field.findChildren(Label) if label.isVisible())


def test_a_choice_keeps_what_is_chosen_and_ignores_the_wheel(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]
) -> None:
    choice = Choice(themes, "Priority")
    shown(choice)
    choice.set_choices([("n", "Normal"), ("h", "High")])
    choice.choose("h")
    choice.set_choices([("l", "Low"), ("n", "Normal"), ("h", "High")])
    assert choice.chosen_key == "h"
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(choice, wheel)
    assert choice.chosen_key == "h"
    with pytest.raises(KeyError):
        choice.choose("x")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("notice", ["notice"]),
        ("tax rate", ["rate"]),
        ("rate payroll", ["rate"]),
        ("pay", ["notice", "rate", "w2"]),
        ("", ["notice", "rate", "w2"]),
        ("Payroll tax \u203a Notice", ["notice"]),
        ("bonus", []),
    ],
)
def test_words_in_any_order_find_a_topic(themes: ThemeSwitch, qtbot: QtBot, typed: str, keys: list[str]) -> None:
    topic = TreeChoice(themes, "Topic")
    qtbot.addWidget(topic)
    topic.set_picks(TOPICS)
    assert [pick.key for pick in topic.matching(typed)] == keys


def test_words_that_begin_a_part_come_first(themes: ThemeSwitch, qtbot: QtBot) -> None:
    topic = TreeChoice(themes, "Topic")
    qtbot.addWidget(topic)
    topic.set_picks([Pick("inner", "Corporate"), Pick("start", "Rate")])
    assert [pick.key for pick in topic.matching("rate")] == ["start", "inner"]


def test_picking_by_keys(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    topic = TreeChoice(themes, "Topic")
    shown(topic, TextField(themes, "Other"))
    topic.set_picks(TOPICS)
    topic.setFocus()
    qtbot.keyClicks(topic, "tax")
    assert topic.is_open
    qtbot.keyClick(topic, Qt.Key.Key_Down)
    with qtbot.waitSignal(topic.picked) as told:
        qtbot.keyClick(topic, Qt.Key.Key_Return)
    assert told.args == [TOPICS[1]]
    assert topic.chosen == TOPICS[1]
    assert topic.text() == "Payroll tax \u203a Rate"
    assert not topic.is_open


def test_what_was_not_picked_is_taken_back(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    topic, other = TreeChoice(themes, "Topic"), TextField(themes, "Other")
    shown(topic, other)
    topic.set_picks(TOPICS)
    topic.choose_key("w2")
    topic.setFocus()
    qtbot.keyClicks(topic, "not")
    qtbot.keyClick(topic, Qt.Key.Key_Escape)
    assert (topic.is_open, topic.text()) == (False, "Pay stub and W-2 \u203a Reissue")
    qtbot.keyClicks(topic, "not")
    other.setFocus()
    assert (topic.is_open, topic.text()) == (False, "Pay stub and W-2 \u203a Reissue")


def test_clearing_the_field_picks_nothing(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    topic = TreeChoice(themes, "Topic")
    shown(topic)
    topic.set_picks(TOPICS)
    topic.choose_key("w2")
    topic.setFocus()
    topic.selectAll()
    with qtbot.waitSignal(topic.picked) as told:
        qtbot.keyClick(topic, Qt.Key.Key_Backspace)
    assert told.args == [None]
    assert topic.chosen is None


def test_answers_that_come_late_are_shown_only_while_one_still_searches(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]
) -> None:
    people, other = SearchPicker(themes, "Person"), TextField(themes, "Other")
    shown(people, other)
    people.setFocus()
    with qtbot.waitSignal(people.searched) as asked:
        qtbot.keyClicks(people, "d")
    assert asked.args == ["d"]
    people.offer([Pick("1", "Dana Sample", "Example Bakery")])
    assert people.is_open
    other.setFocus()
    people.offer([Pick("2", "Robin Placeholder")])
    assert not people.is_open


def test_notes_take_plain_text_only(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    notes = NotesEditor(themes, "Notes")
    shown(notes)
    pasted = QMimeData()
    pasted.setHtml("<b>bold</b>")
    pasted.setText("bold")
    notes.insertFromMimeData(pasted)
    assert notes.text() == "bold"
    assert "<span" not in notes.toHtml()
    notes.setHtml("<i>not markup</i>")
    assert notes.text() == "<i>not markup</i>"


def test_tab_moves_on_from_notes(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    notes, other = NotesEditor(themes, "Notes"), TextField(themes, "Other")
    shown(notes, other)
    notes.setFocus()
    qtbot.keyClick(notes, Qt.Key.Key_Tab)
    assert other.hasFocus()
    assert notes.text() == ""


def test_notes_grow_with_their_lines_up_to_a_limit(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]
) -> None:
    notes = NotesEditor(themes, "Notes", least_lines=2, most_lines=4)
    shown(notes)
    line = themes.theme.line_height("body")
    small = notes.sizeHint().height()
    notes.set_text("one\ntwo\nthree")
    assert notes.sizeHint().height() == small + line
    notes.set_text("\n".join("123456789"))
    assert notes.sizeHint().height() == small + 2 * line


def test_typing_into_notes_can_be_undone(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    notes = NotesEditor(themes, "Notes")
    shown(notes)
    notes.set_text("kept")
    qtbot.keyClicks(notes, " more")
    notes.undo()
    assert notes.text() == "kept"
    notes.undo()
    assert notes.text() == "kept"


def test_prose_is_as_high_as_its_lines(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    prose = Prose(themes, "One line\nand another\nand a third", name="Message")
    shown(prose)
    assert prose.height() == 3 * themes.theme.line_height("body")
    assert prose.isReadOnly()


def test_an_empty_line_between_paragraphs_stays(themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]) -> None:
    notes = NotesEditor(themes, "Notes", least_lines=1)
    shown(notes)
    qtbot.keyClicks(notes, "a")
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        qtbot.keyClick(notes, key)
    qtbot.keyClicks(notes, "b")
    assert notes.text() == "a\n\nb"
    assert notes.document().size().height() == 3 * themes.theme.line_height("body")
    notes.undo()
    assert notes.text() != "a\n\nb"


def test_two_lines_beneath_a_due_time_are_not_cut(
    themes: ThemeSwitch, qtbot: QtBot, shown: Callable[..., Bench]
) -> None:
    words = "Fri, May 15, 11:00 AM in Chicago, which is noon here, and they open again only at two in the afternoon"
    field = DueField(themes, "Due", lambda _text: (1, words, ""))
    bench = shown(field)
    bench.resize(220, 300)
    field.set_text("fri 11")
    qtbot.waitUntil(lambda: label_of(field).height() > 2 * themes.theme.line_height("caption"))
    label = label_of(field)
    assert field.rect().contains(QRect(label.mapTo(field, QPoint(0, 0)), label.size()))


def label_of(field: QWidget) -> Label:
    return next(label for label in field.findChildren(Label) if label.isVisible())
