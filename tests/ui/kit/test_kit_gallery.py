"""All components at once, in each theme, mirrored and narrow: they paint, and nothing that acts is without a name."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QLabel, QLineEdit, QTextEdit
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.float import DimSheet, FloatFrame
from csr_desktop.ui.kit.theme import THEME_NAMES, ThemeName, ThemeSwitch
from tests.ui.kit.gallery import Gallery

ACTS = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QTextEdit)


@pytest.fixture
def gallery(themes: ThemeSwitch, qtbot: QtBot) -> Gallery:
    made = Gallery(themes)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.mark.parametrize("name", THEME_NAMES)
def test_the_grounds_and_the_accent_are_the_themes(gallery: Gallery, themes: ThemeSwitch, name: ThemeName) -> None:
    themes.choose(name)
    image = gallery.grab().toImage()
    assert image.pixelColor(4, 4) == themes.theme.colour("surface")
    centre = gallery.primary.mapTo(gallery, gallery.primary.rect().center())
    assert image.pixelColor(centre.x(), centre.y() + 11) == themes.theme.colour("accent")


def test_every_label_is_plain_text(gallery: Gallery) -> None:
    assert {label.textFormat() for label in gallery.findChildren(QLabel)} == {Qt.TextFormat.PlainText}


def test_everything_that_acts_has_an_accessible_name(gallery: Gallery) -> None:
    nameless = [
        widget
        for kind in ACTS
        for widget in gallery.findChildren(kind)
        if not widget.accessibleName() and widget.isVisible()
    ]
    assert nameless == []


def test_it_paints_mirrored(gallery: Gallery, qtbot: QtBot) -> None:
    gallery.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    assert gallery.grab().width() > 0
    assert gallery.primary.mapTo(gallery, QPoint()).x() > gallery.width() // 2


def test_a_float_has_a_shadow_that_lets_clicks_through(gallery: Gallery, themes: ThemeSwitch, qtbot: QtBot) -> None:
    card = FloatFrame(themes, gallery, "Incoming call")
    sheet = DimSheet(themes, gallery)
    sheet.cover()
    before = gallery.grab().toImage()
    card.place_at(gallery.rect().adjusted(400, 400, -400, -400))
    after = gallery.grab().toImage()
    below = card.geometry().center()
    below.setY(card.geometry().bottom() + 8)
    assert after.pixelColor(below).lightness() < before.pixelColor(below).lightness()
    assert gallery.childAt(below) is sheet
    with qtbot.waitSignal(sheet.clicked):
        qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=below)
    card.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert gallery.grab().toImage().pixelColor(below) == before.pixelColor(below)
