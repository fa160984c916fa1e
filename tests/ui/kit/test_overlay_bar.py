"""Rows and words reach the edge of what scrolls; the bar lies over them, and only while there is more to see."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.overlay_bar import OverlayBar
from csr_desktop.ui.kit.rows import Row, row_data, row_flags
from csr_desktop.ui.kit.scroll import ScrollColumn
from csr_desktop.ui.kit.theme import ThemeSwitch


class Rows(QAbstractListModel):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else self.count

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        return row_data(Row(f"Row {index.row()}"), role)

    def flags(self, _index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return row_flags(Row(""))


def shown(area: QAbstractScrollArea, qtbot: QtBot) -> OverlayBar:
    qtbot.addWidget(area)
    area.resize(300, 200)
    area.show()
    qtbot.waitExposed(area)
    for _ in range(3):
        QApplication.processEvents()
    return area.findChildren(OverlayBar)[0]


@pytest.mark.parametrize(("count", "is_seen"), [(2, False), (200, True)])
def test_a_list_of_any_length_has_rows_of_the_same_width(
    themes: ThemeSwitch, qtbot: QtBot, count: int, is_seen: bool
) -> None:
    rows, model = RowList(themes, "Rows"), Rows(count)
    rows.setModel(model)
    bar = shown(rows, qtbot)
    assert rows.visualRect(model.index(0, 0)).width() == rows.width() == 300
    assert bar.isVisible() is is_seen
    assert bar.geometry().right() == 299
    rows.resize(320, 120)
    QApplication.processEvents()
    assert (bar.geometry().right(), bar.height()) == (319, 120)


def test_words_do_not_wrap_anew_when_the_bar_comes(themes: ThemeSwitch, qtbot: QtBot) -> None:
    column = ScrollColumn("Column")
    column.body.addWidget(Label("One line."))
    bar = shown(column, qtbot)
    content = column.widget()
    assert content is not None
    assert (content.width(), bar.isVisible()) == (300, False)
    for _ in range(40):
        column.body.addWidget(Label("One more."))
    for _ in range(3):
        QApplication.processEvents()
    assert (content.width(), bar.isVisible()) == (300, True)


def test_the_bar_and_what_it_lies_over_go_together(themes: ThemeSwitch, qtbot: QtBot) -> None:
    rows = RowList(themes, "Rows")
    model = Rows(200)
    rows.setModel(model)
    bar = shown(rows, qtbot)
    rows.select_row(100)
    assert bar.value() == rows.verticalScrollBar().value() > 0
    before = bar.value()
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, bar.height() - 3))
    assert bar.value() == rows.verticalScrollBar().value() > before


def test_right_to_left_it_lies_on_the_other_side(themes: ThemeSwitch, qtbot: QtBot) -> None:
    rows, model = RowList(themes, "Rows"), Rows(200)
    rows.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    rows.setModel(model)
    assert shown(rows, qtbot).geometry().left() == 0
