"""Panes have the widths of the look until the person moves an edge, and give way in narrow windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from csr_desktop.ui.three_panes import ThreePanes

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from csr_desktop.ui.kit.theme import ThemeSwitch

_RAILS = {1440: 176, 1280: 56, 1000: 56, 800: 56}


class Bench:
    """A window with a rail's width taken off, as the program has it."""

    def __init__(self, themes: ThemeSwitch, qtbot: QtBot, width: int) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.list, self.selected, self.context = QWidget(), QWidget(), QWidget()
        self.list.setMinimumWidth(200)
        self.selected.setMinimumWidth(300)
        self.panes = ThreePanes(themes, self.list, self.selected, self.context)
        self._whole = QVBoxLayout(self.window)
        self._whole.addWidget(self.panes)
        self.resize(width)
        self.window.show()
        self.resize(width)

    def resize(self, width: int) -> None:
        self._whole.setContentsMargins(_RAILS.get(width, 176), 0, 0, 0)
        self.panes.give_way(width)
        self.window.resize(width, 600)
        QApplication.processEvents()

    @property
    def widths(self) -> tuple[int, int]:
        return self.list.width(), self.context.width()

    def is_over(self) -> bool:
        return self.panes.shows_context_over

    def drag(self, width: int) -> None:
        self.panes.room.moveSplitter(width, 1)


@pytest.mark.parametrize("first", [800, 1000, 1280, 1440])
def test_widths_are_those_of_the_look_however_the_window_came_to_its_own(
    themes: ThemeSwitch, qtbot: QtBot, first: int
) -> None:
    bench = Bench(themes, qtbot, first)
    bench.resize(1440)
    assert bench.widths == (376, 288)
    assert bench.selected.width() == 1440 - 176 - 376 - 288 - 2
    bench.resize(1280)
    assert bench.widths == (336, 264)
    bench.resize(1000)
    assert bench.list.width() == 304


def test_the_middle_takes_what_the_window_gains(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bench = Bench(themes, qtbot, 1440)
    bench.resize(1900)
    assert bench.widths == (376, 288)


def test_what_was_dragged_holds_for_windows_of_that_breadth(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bench = Bench(themes, qtbot, 1440)
    assert bench.panes.save() == {}
    bench.drag(420)
    bench.resize(1600)
    assert bench.list.width() == 420
    bench.resize(1280)
    assert bench.widths == (336, 264)
    bench.resize(1440)
    assert bench.widths == (420, 288)
    again = Bench(themes, qtbot, 1440)
    again.panes.restore(bench.panes.save())
    assert again.widths == (420, 288)


def test_widths_of_an_older_kind_are_left_aside(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bench = Bench(themes, qtbot, 1440)
    bench.panes.restore({"panes": [300, 500, 300], "wide": [1, 2, 3]})
    assert bench.widths == (376, 288)


def test_the_context_lies_over_the_pane_where_it_is_folded(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bench = Bench(themes, qtbot, 1000)
    assert not bench.context.isVisible()
    bench.panes.show_context(is_shown=True)
    assert bench.is_over()
    assert bench.context.geometry().right() == bench.panes.rect().right()
    assert bench.context.width() == 288
    bench.resize(1440)
    assert bench.context.isVisible()
    assert not bench.is_over()
    assert bench.widths == (376, 288)


def test_in_the_narrowest_window_list_and_selected_take_turns(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bench = Bench(themes, qtbot, 800)
    assert (bench.list.isVisible(), bench.selected.isVisible()) == (True, False)
    bench.panes.show_selected(is_shown=True)
    QApplication.processEvents()
    assert (bench.list.isVisible(), bench.selected.isVisible()) == (False, True)
    assert bench.selected.width() == bench.panes.width()
