"""What a row says aloud, which of its words give way first, and how the list is worked by keys and pointer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.chips import Badge, paint_chip
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.row_delegate import RowDelegate
from csr_desktop.ui.kit.rows import ROW_ROLE, Clock, HeaderRow, Row, accessible_text, row_data, row_flags
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.ui.kit.gallery import ROWS, RowsModel

LATE = Clock("timer", "25 min", "warning", "Reply due in 25 minutes")
CUT_OFF = Clock("money", "3 h 18", spoken="Cut-off in 3 hours 18")
LONG = Row(
    "Tax notice says that the deposit for the second week of April was late",
    icon="envelope-simple",
    time_text="10:17 AM",
    subtitle=("Example Bakery", "Dana Placeholder-Sample of the head office"),
    first_clock=LATE,
    second_clock=CUT_OFF,
)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            Row("Tax notice", subtitle=("Example Bakery", "Dana Sample"), first_clock=LATE, second_clock=CUT_OFF),
            "Tax notice, Example Bakery, Dana Sample, Reply due in 25 minutes, Cut-off in 3 hours 18",
        ),
        (Row("Two hires", is_new=True, time_text="9:40 AM"), "New, Two hires, 9:40 AM"),
        (
            Row("Bank change", subtitle=("Example Bakery",), taken_reason="Taken by Casey Demo", first_clock=LATE),
            "Bank change, Taken by Casey Demo",
        ),
        (Row("Send the form", check="done", title_badge=Badge("Kept")), "Done, Send the form, Kept"),
        (Row("Anything", spoken="Said otherwise"), "Said otherwise"),
        (HeaderRow("Today", "6", end_text="81 %"), "Today, 6, 81 %"),
    ],
)
def test_a_row_says_itself_in_a_sentence(row: Row | HeaderRow, sentence: str) -> None:
    assert accessible_text(row) == sentence
    assert row_data(row, int(Qt.ItemDataRole.AccessibleTextRole)) == sentence


def test_a_tooltip_shows_markup_as_text() -> None:
    shown = str(row_data(Row("<b>Sample</b> & Sons"), int(Qt.ItemDataRole.ToolTipRole)))
    assert "&lt;b&gt;Sample&lt;/b&gt; &amp; Sons" in shown


def test_headers_cannot_be_selected() -> None:
    assert not row_flags(HeaderRow("Today")) & Qt.ItemFlag.ItemIsSelectable
    assert row_flags(Row("Tax notice")) & Qt.ItemFlag.ItemIsSelectable


class Painted:
    """What a list showed: elided words by their whole text, and the chips."""

    def __init__(self, words: dict[str, str], chips: list[Badge]) -> None:
        self.words = words
        self.chips = [badge.text for badge in chips]


def painted(themes: ThemeSwitch, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, row: Row, width: int) -> Painted:
    words: dict[str, str] = {}
    chips: list[Badge] = []
    elided = RowDelegate.elided

    def note_words(*args: object, **kwargs: object) -> str:
        shown = elided(*args, **kwargs)  # type: ignore[arg-type]
        words[str(args[2])] = shown
        return shown

    def note_chip(*args: object, **kwargs: object) -> None:
        assert isinstance(args[3], Badge)
        chips.append(args[3])
        paint_chip(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(RowDelegate, "elided", note_words)
    monkeypatch.setattr("csr_desktop.ui.kit.row_delegate.paint_chip", note_chip)
    rows = RowList(themes, "Inbox")
    qtbot.addWidget(rows)
    rows.setModel(RowsModel([row], rows))
    rows.resize(width, 200)
    rows.grab()
    return Painted(words, chips)


def test_the_contact_gives_way_before_the_client(
    themes: ThemeSwitch, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = painted(themes, qtbot, monkeypatch, LONG, 376)
    subtitle = seen.words[" · ".join(LONG.subtitle)]
    assert subtitle.startswith("Example Bakery · D")
    assert subtitle.endswith("…")


@pytest.mark.parametrize(
    ("width", "shows_time", "chips"),
    [
        (376, True, ["25 min", "3 h 18"]),
        (352, True, ["25 min", "3 h 18"]),
        (351, False, ["25 min", "3 h 18"]),
        (319, False, ["25 min"]),
        (200, False, ["25 min"]),
    ],
)
def test_time_goes_first_then_the_second_clock_never_title_or_first_clock(
    themes: ThemeSwitch, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: int, shows_time: bool, chips: list[str]
) -> None:
    seen = painted(themes, qtbot, monkeypatch, LONG, width)
    assert ("10:17 AM" in seen.words) is shows_time
    assert seen.chips == chips
    assert seen.words[LONG.title].startswith("Tax notice")


def test_a_time_that_matters_stays_in_a_narrow_list(
    themes: ThemeSwitch, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = painted(themes, qtbot, monkeypatch, Row("Dana Sample", time_text="4:12", keeps_time=True), 272)
    assert seen.words["4:12"] == "4:12"


def test_a_taken_row_says_why_and_has_no_clocks(
    themes: ThemeSwitch, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = Row("Bank change", subtitle=("Example Bakery",), first_clock=LATE, taken_reason="Taken by Casey Demo")
    seen = painted(themes, qtbot, monkeypatch, taken, 376)
    assert "Taken by Casey Demo" in seen.words
    assert "Example Bakery" not in seen.words
    assert seen.chips == []


def test_heights_are_the_tokens(themes: ThemeSwitch) -> None:
    delegate, heights = RowDelegate(themes), themes.theme.sizes.height
    assert delegate.height_of(Row("Two lines")) == heights.row_two_line == 52
    assert delegate.height_of(Row("One line", is_one_line=True)) == heights.row_one_line == 32
    assert delegate.height_of(HeaderRow("Today")) == heights.group_header == 28


@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_sixty_rows_of_every_kind_paint(
    themes: ThemeSwitch, qtbot: QtBot, name: str, direction: Qt.LayoutDirection
) -> None:
    themes.choose(name)  # type: ignore[arg-type]
    rows = RowList(themes, "Inbox")
    qtbot.addWidget(rows)
    rows.setLayoutDirection(direction)
    model = RowsModel([*ROWS * 5][:60], rows)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, rows)
    rows.setModel(model)
    rows.resize(376, 60 * 52)
    rows.select_row(1)
    image = rows.grab().toImage()
    assert ink(image, themes.theme.tone("warning")) > 50
    assert ink(image, themes.theme.colour("control")) > 50


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_chip_without_a_tone_shows_on_a_selected_row_that_lost_the_keyboard(
    themes: ThemeSwitch, qtbot: QtBot, name: Literal["light", "dark"]
) -> None:
    themes.choose(name)
    rows = RowList(themes, "Inbox")
    qtbot.addWidget(rows)
    rows.setModel(RowsModel([Row("Tax notice", badges=(Badge("Call at noon"),))], rows))
    rows.resize(376, 52)
    rows.select_row(0)
    image = rows.grab().toImage()
    assert ink(image, themes.theme.colour("selection-idle")) > 5000
    assert ink(image, themes.theme.colour("surface")) > 500


def ink(image: QImage, colour: QColor) -> int:
    """How many pixels have exactly that colour."""
    wanted = colour.rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(min(400, image.height())))


# The list, worked.


class Bench(QWidget):
    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        self.field = QLineEdit()
        self.rows = RowList(themes, "Inbox")
        self.model = RowsModel(list(ROWS), self.rows)
        self.rows.setModel(self.model)
        column.addWidget(self.field)
        column.addWidget(self.rows)
        self.resize(400, 400)


@pytest.fixture
def bench(themes: ThemeSwitch, qtbot: QtBot) -> Bench:
    made = Bench(themes)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.field.setFocus()
    return made


def titles(bench: Bench) -> str:
    row = bench.rows.currentIndex().data(ROW_ROLE)
    assert isinstance(row, Row)
    return row.title


def test_coming_in_by_tab_chooses_the_first_row_and_shows_it(bench: Bench, qtbot: QtBot) -> None:
    qtbot.keyClick(bench.field, Qt.Key.Key_Tab)
    assert bench.rows.hasFocus()
    assert bench.rows.currentIndex().row() == 1
    focus = bench.rows.viewport().grab().toImage()
    assert focus.pixelColor(200, 28) == QColor("#2F5BD0")


def test_arrows_and_letters_step_over_headers(bench: Bench, qtbot: QtBot) -> None:
    bench.rows.setFocus(Qt.FocusReason.TabFocusReason)
    bench.rows.select_row(5)
    qtbot.keyClick(bench.rows, Qt.Key.Key_Down)
    assert bench.rows.currentIndex().row() == 7
    qtbot.keyClick(bench.rows, Qt.Key.Key_K)
    assert bench.rows.currentIndex().row() == 5
    qtbot.keyClick(bench.rows, Qt.Key.Key_J)
    assert bench.rows.currentIndex().row() == 7
    qtbot.keyClick(bench.rows, Qt.Key.Key_Home)
    assert bench.rows.currentIndex().row() == 1
    qtbot.keyClick(bench.rows, Qt.Key.Key_Up)
    assert bench.rows.currentIndex().row() == 1
    qtbot.keyClick(bench.rows, Qt.Key.Key_End)
    assert bench.rows.currentIndex().row() == len(ROWS) - 1


def test_enter_and_a_double_click_open(bench: Bench, qtbot: QtBot) -> None:
    opened: list[int] = []
    bench.rows.opened.connect(lambda index: opened.append(index.row()))
    bench.rows.select_row(2)
    qtbot.keyClick(bench.rows, Qt.Key.Key_Return)
    where = bench.rows.visualRect(bench.model.index(3, 0)).center()
    qtbot.mouseDClick(bench.rows.viewport(), Qt.MouseButton.LeftButton, pos=where)
    header = bench.rows.visualRect(bench.model.index(0, 0)).center()
    qtbot.mouseDClick(bench.rows.viewport(), Qt.MouseButton.LeftButton, pos=header)
    assert opened == [2, 3]


@contextmanager
def checks(bench: Bench) -> Iterator[list[int]]:
    seen: list[int] = []
    bench.rows.check_clicked.connect(lambda index: seen.append(index.row()))
    yield seen


def test_the_circle_checks_without_selecting(bench: Bench, qtbot: QtBot) -> None:
    bench.rows.select_row(2)
    follow_up = bench.model.index(7, 0)
    bench.rows.scrollTo(follow_up)
    with checks(bench) as seen:
        corner = bench.rows.visualRect(follow_up).topLeft()
        qtbot.mouseClick(bench.rows.viewport(), Qt.MouseButton.LeftButton, pos=corner + QPoint(20, 16))
        assert seen == [7]
        assert bench.rows.currentIndex().row() == 2
        bench.rows.select_row(7)
        qtbot.keyClick(bench.rows, Qt.Key.Key_Space)
        assert seen == [7, 7]


def test_the_circle_is_at_the_right_edge_in_a_mirrored_window(bench: Bench, qtbot: QtBot) -> None:
    bench.rows.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    follow_up = bench.model.index(7, 0)
    bench.rows.scrollTo(follow_up)
    with checks(bench) as seen:
        corner = bench.rows.visualRect(follow_up).topRight()
        qtbot.mouseClick(bench.rows.viewport(), Qt.MouseButton.LeftButton, pos=corner + QPoint(-20, 16))
        assert seen == [7]


def test_letters_are_left_to_the_place(bench: Bench, qtbot: QtBot) -> None:
    heard: list[str] = []

    class Place(QWidget):
        def keyPressEvent(self, event: object) -> None:
            heard.append(event.text())  # type: ignore[attr-defined]

    place = Place()
    qtbot.addWidget(place)
    bench.rows.setParent(place)
    qtbot.keyClick(bench.rows, Qt.Key.Key_E)
    assert heard == ["e"]


def test_selection_and_scroll_place_stay_with_their_rows_over_a_refresh(bench: Bench) -> None:
    bench.rows.select_row(7)
    bench.rows.verticalScrollBar().setValue(120)
    QApplication.processEvents()
    kept = titles(bench)
    top = bench.rows.indexAt(QPoint(1, 1)).data()
    changes: list[QModelIndex] = []
    bench.rows.current_row_changed.connect(changes.append)
    with bench.rows.keep_place():
        bench.model.replace([HeaderRow("Breached"), Row("Just in"), Row("And another"), *ROWS])
    assert titles(bench) == kept
    assert bench.rows.indexAt(QPoint(1, 1)).data() == top
    assert changes == []


def test_a_selected_row_that_went_away_is_told(bench: Bench) -> None:
    bench.rows.select_row(1)
    changes: list[QModelIndex] = []
    bench.rows.current_row_changed.connect(changes.append)
    with bench.rows.keep_place():
        bench.model.replace(list(ROWS[2:]))
    assert len(changes) == 1


def test_clicking_a_row_shows_no_ring(bench: Bench, qtbot: QtBot) -> None:
    bench.rows.setFocus(Qt.FocusReason.TabFocusReason)
    assert bench.rows.property("showsFocus")
    where = bench.rows.visualRect(bench.model.index(2, 0)).center()
    press = QMouseEvent(
        QMouseEvent.Type.MouseButtonPress,
        QPointF(where),
        bench.rows.viewport().mapToGlobal(QPointF(where)),
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(bench.rows.viewport(), press)
    assert not bench.rows.property("showsFocus")
    assert bench.rows.currentIndex().row() == 2
