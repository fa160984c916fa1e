"""A floating frame: its shadow, whatever its size, and that it paints alone what it covers."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.theme import ThemeSwitch

GROUND = QColor("#F0F0F0")


class Room(QWidget):
    """A window that counts how often it is painted."""

    painted_count = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted_count += 1
        QPainter(self).fillRect(event.rect(), GROUND)


class Paints(QObject):
    def __init__(self, watched: QWidget) -> None:
        super().__init__()
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    made = Room()
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.fixture
def frame(room: Room, themes: ThemeSwitch) -> FloatFrame:
    made = FloatFrame(themes, room, "Sample")
    made.body.addWidget(QLabel("Placeholder"))
    return made


def shown(room: Room) -> QImage:
    return room.grab().toImage()


def on_screen(room: Room) -> QImage:
    """What was painted there step by step."""
    return room.screen().grabWindow(room.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_what_it_covers_is_not_painted_with_it(room: Room, frame: FloatFrame, qtbot: QtBot) -> None:
    frame.place_at(QRect(100, 100, 500, 300))
    qtbot.wait(20)
    before, paints = room.painted_count, Paints(frame)
    frame.update(frame.rect().adjusted(1, 20, -1, -20))
    qtbot.waitUntil(lambda: paints.count > 0)
    assert room.painted_count == before


def test_what_it_covered_is_there_again(room: Room, frame: FloatFrame, qtbot: QtBot) -> None:
    before = shown(room)
    frame.place_at(QRect(100, 100, 500, 300))
    assert shown(room) != before
    frame.hide()
    assert shown(room) == before


@pytest.mark.parametrize("heights", [(300, 500), (500, 300), (60, 400), (400, 60), (300, 340, 200)])
def test_growing_and_shrinking_leave_nothing_behind(
    room: Room, frame: FloatFrame, qtbot: QtBot, heights: tuple[int, ...]
) -> None:
    for height in heights:
        frame.place_at(QRect(100, 100, 500, height))
        qtbot.wait(20)
    stepwise = on_screen(room)
    room.update()
    qtbot.wait(20)
    assert on_screen(room) == stepwise


def test_the_shadow_of_a_large_frame_is_that_of_a_small_one_made_longer(room: Room, frame: FloatFrame) -> None:
    frame.place_at(QRect(100, 100, 200, 200))
    small = shown(room)
    frame.place_at(QRect(100, 100, 600, 400))
    large = shown(room)
    for out in (1, 6, 12, 20, 30):
        assert small.pixelColor(200, 300 + out) == large.pixelColor(400, 500 + out)
        assert small.pixelColor(300 + min(out, 23), 200) == large.pixelColor(700 + min(out, 23), 300)
        assert small.pixelColor(300 + min(out, 23), 300 + out) == large.pixelColor(700 + min(out, 23), 500 + out)


def test_the_shadow_fades_outwards_and_ends(room: Room, frame: FloatFrame) -> None:
    frame.place_at(QRect(100, 100, 500, 300))
    image = shown(room)
    below = [image.pixelColor(QPoint(350, 400 + out)).lightness() for out in range(1, 37)]
    assert below == sorted(below)
    assert below[0] < below[-1]
    assert image.pixelColor(350, 440) == GROUND


def test_a_frame_smaller_than_its_corners_has_one_too(room: Room, frame: FloatFrame) -> None:
    frame.place_at(QRect(100, 100, 60, 30))
    image = shown(room)
    assert image.pixelColor(130, 135).lightness() < GROUND.lightness()
