"""Labels of the painted strips never touch; the strips say in words what they show."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.strips import Day, DayStrip, Mark, ScheduleStrip, place_labels, shown_names
from csr_desktop.ui.kit.theme import ThemeSwitch

anchors_of = st.lists(st.tuples(st.floats(-50, 900), st.floats(20, 220)), max_size=8).map(sorted)


@given(anchors=anchors_of, room=st.floats(240, 900))
def test_labels_stay_inside_and_never_touch(anchors: list[tuple[float, float]], room: float) -> None:
    placed = place_labels(anchors, room)
    assert len(placed) == len(anchors)
    for label in placed:
        assert label.left >= -0.01
        assert label.right <= room + 0.01
    for one, other in combinations(placed, 2):
        if one.line == other.line:
            assert one.right <= other.left + 0.01 or other.right <= one.left + 0.01


def test_labels_that_fit_stand_in_one_line_where_they_wish() -> None:
    placed = place_labels([(10, 50), (200, 50), (400, 50)], 600)
    assert [(label.left, label.line) for label in placed] == [(10, 0), (200, 0), (400, 0)]


def test_labels_that_are_close_move_as_little_as_needed() -> None:
    placed = place_labels([(100, 80), (120, 80)], 600, gap=10)
    assert [label.left for label in placed] == [100, 190]
    at_the_edge = place_labels([(500, 80), (560, 80)], 600, gap=10)
    assert [label.left for label in at_the_edge] == [430, 520]


def test_labels_without_room_take_another_line() -> None:
    placed = place_labels([(0, 150), (20, 150), (180, 60)], 240, gap=10)
    assert [label.line for label in placed] == [0, 1, 0]


def test_important_names_are_shown_first() -> None:
    assert shown_names([(0, 40, False), (30, 70, True), (80, 120, False)], 4) == [False, True, True]


DAYS = [Day("Wed 13"), Day("Thu 14"), Day("Fri 15"), Day("Sat 16", is_weekend=True), Day("Sun 17", is_weekend=True)]


@pytest.mark.parametrize(("width", "grows"), [(908, False), (320, True), (256, True)])
def test_a_schedule_grows_where_its_labels_need_lines(
    themes: ThemeSwitch, qtbot: QtBot, width: int, grows: bool
) -> None:
    strip = ScheduleStrip(themes, "Biweekly pay")
    qtbot.addWidget(strip)
    marks = [
        Mark(1.54, "cut_off", "Cut-off", "1 PM, in 3 h 18", "warning"),
        Mark(2.5, "pay_date", "Pay date", "$61,400 expected"),
        Mark(3.5, "deposit", "Deposit due", "Semi-weekly rule, Fri pays by Wed"),
    ]
    strip.set_schedule(DAYS, marks, 1.4)
    strip.resize(width, 100)
    strip.grab()
    one_line = strip.sizeHint().height() == 84
    assert one_line is not grows
    assert strip.accessibleDescription().startswith("Thu 14, Cut-off, 1 PM, in 3 h 18; Fri 15, Pay date")


def test_a_schedule_without_days_paints_nothing(themes: ThemeSwitch, qtbot: QtBot) -> None:
    strip = ScheduleStrip(themes, "No schedule")
    qtbot.addWidget(strip)
    strip.set_schedule([], [], -1)
    assert strip.grab().width() > 0


def test_a_day_shows_open_hours_and_the_due_mark(themes: ThemeSwitch, qtbot: QtBot) -> None:
    strip = DayStrip(themes, "Friday in Chicago")
    qtbot.addWidget(strip)
    strip.set_day([(8, 12), (13, 17)], [(8.0, "8 AM"), (17.0, "5 PM")], due_hour=11.0, due_text="Due 11:00")
    strip.resize(600, strip.sizeHint().height())
    image = strip.grab().toImage()
    middle = themes.theme.line_height("caption") + themes.theme.sizes.space.tight + themes.theme.sizes.space.close
    theme = themes.theme
    assert image.pixelColor(round(5 / 12 * 600), middle) == theme.colour("accent")
    assert image.pixelColor(round(3 / 12 * 600), middle) == theme.colour("accent-soft")
    assert image.pixelColor(round(6.5 / 12 * 600), middle) == theme.colour("fill")
    assert strip.accessibleDescription() == "Due 11:00"
