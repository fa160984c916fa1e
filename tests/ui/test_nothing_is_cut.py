"""Words and keys are whole in every window, language and direction: what has no room is left out or elided, not cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt
from PySide6.QtGui import QImage, QTextLayout, qGray
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Chip, KeyCap, KeyHint
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.kit.words import direction_of, in_reading_order
from csr_desktop.ui.main_window import SMALLEST
from tests.ui.frame_bench import Frame, can_be_seen, describe, interactive, spoken
from tests.ui.test_accessibility import SCREENS, Stretched, show

SIZES = [SMALLEST, (1280, 720)]


def seen_rect(widget: QWidget) -> QRect:
    """What of it lies within all that it stands in. Up and down a scroll area shows everything, sideways nothing more."""
    rect, at = widget.rect(), widget
    while (parent := at.parentWidget()) is not None and not at.isWindow():
        rect = rect.translated(at.pos())
        seen = rect.intersected(parent.rect())
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            seen = QRect(seen.left(), rect.top(), seen.width(), rect.height())
        rect, at = seen, parent
    return rect


def wanted_width(widget: QWidget) -> int:
    """What it needs to be read; 0 where it gives way by itself."""
    if isinstance(widget, ElidedLabel) or getattr(widget, "elides", False) or type(widget).__name__ == "SearchButton":
        return 0
    if isinstance(widget, Button):
        return widget.sizeHint().width() if widget.words else 0
    if isinstance(widget, Label):
        return 0 if widget.wordWrap() or widget.hasHeightForWidth() else widget.sizeHint().width()
    return widget.sizeHint().width() if isinstance(widget, KeyCap | KeyHint | Chip) else 0


def shown_words(widget: QWidget) -> str:
    if isinstance(widget, QLabel):
        return QLabel.text(widget)
    return widget.words if isinstance(widget, Button) else widget.accessibleName()


def cut_off(root: QWidget) -> list[str]:
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, QPushButton | Label | KeyCap | KeyHint | Chip) or not can_be_seen(widget):
            continue
        seen, wanted = seen_rect(widget).width(), wanted_width(widget)
        if (seen < widget.width() - 1 and shown_words(widget)) or widget.width() < wanted:
            found.append(
                f"{shown_words(widget)!r}: {seen} of {widget.width()} seen, {wanted} wanted, {describe(widget)}"
            )
    return found


@pytest.fixture
def stretched(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    made = Frame(data, themes, qtbot, Stretched())
    yield made
    made.close()


@pytest.fixture
def mirrored(qapp: QApplication, data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    made = Frame(data, themes, qtbot)
    yield made
    made.close()
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]


def assert_whole_in_all_sizes(frame: Frame, screen: str) -> QWidget:
    """Opened in the first size, and made as large as the others with the screen in front."""
    frame.resize(*SIZES[0])
    root = show(frame, screen)
    for size in SIZES:
        frame.resize(*size)
        assert root.isVisible()
        assert cut_off(root) == [], size
        assert (frame.window.width(), frame.window.height()) == size
    return root


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut(frame: Frame, screen: str) -> None:
    assert_whole_in_all_sizes(frame, screen)


@pytest.mark.parametrize("screen", SCREENS)
def test_longer_words_are_whole(stretched: Frame, screen: str) -> None:
    root = assert_whole_in_all_sizes(stretched, screen)
    assert any("~" in spoken(widget) for widget in interactive(root)), "the translation is not in use"
    root.grab()


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_right_to_left(mirrored: Frame, screen: str) -> None:
    mirrored.resize(1280, 720)
    assert cut_off(show(mirrored, screen)) == []


NAMES = {
    "long": "Imaginary Placeholder Manufacturing, Warehousing and Distribution Holdings of North Dakota",
    "German": "Beispielhafte Lohnsteuerhilfevereinsgeschaeftsstellenverwaltungsgesellschaft Donaudampfschifffahrt",
    "Hebrew": "\u05de\u05d0\u05e4\u05d9\u05d9\u05ea \u05d4\u05d3\u05d5\u05d2\u05de\u05d4 " * 5,
    "Arabic": "\u0645\u062e\u0628\u0632 \u0627\u0644\u0645\u062b\u0627\u0644 " * 6,
}
NAMED = ["ticket", "running call", "clients", "calls", "follow_ups", "log_contact", "palette"]


@pytest.fixture
def named(request: pytest.FixtureRequest, data: DeskData) -> str:
    """All clients and their people have this name."""
    name = NAMES[request.param].strip()
    for table in ("clients", "contacts"):
        data.sql.db.execute_sql(f"UPDATE {table} SET name = ?", (name,))
    return name


@pytest.mark.parametrize("named", ["long", "German", "Hebrew"], indirect=True)
@pytest.mark.parametrize("screen", NAMED)
def test_a_name_of_any_length_and_script_cuts_nothing(named: str, frame: Frame, screen: str) -> None:
    assert named
    assert_whole_in_all_sizes(frame, screen)


@pytest.mark.parametrize("named", ["Arabic"], indirect=True)
@pytest.mark.parametrize("screen", NAMED)
def test_so_it_is_right_to_left(named: str, mirrored: Frame, screen: str) -> None:
    mirrored.resize(1280, 720)
    assert cut_off(show(mirrored, screen)) == []
    assert named


# Numbers among words that read from right to left


@pytest.mark.parametrize("kind", [Button, Label])
def test_a_number_reads_from_left_to_right_in_a_mirrored_window(
    themes: ThemeSwitch, qtbot: QtBot, kind: type[QWidget]
) -> None:
    def picture(words: str, direction: Qt.LayoutDirection) -> QImage:
        shown = Label(words) if kind is Label else Button(themes, words, role="quiet")
        qtbot.addWidget(shown)
        shown.setLayoutDirection(direction)
        shown.show()
        return inked(shown)

    right = picture("(312) 555-0142", Qt.LayoutDirection.LeftToRight)
    turned = picture("555-0142 (312)", Qt.LayoutDirection.LeftToRight)
    mirrored = picture("(312) 555-0142", Qt.LayoutDirection.RightToLeft)
    assert difference(mirrored, right) * 3 < difference(turned, right)


def difference(one: QImage, other: QImage) -> int:
    """How much darker or lighter their pixels are; letters may stand a fraction of a pixel further."""
    across, down = range(min(one.width(), other.width())), range(min(one.height(), other.height()))
    return sum(abs(qGray(one.pixel(x, y)) - qGray(other.pixel(x, y))) for x in across for y in down)


def inked(widget: QWidget) -> QImage:
    """What is painted on it, without the room around."""
    image = widget.grab().toImage()
    ground = image.pixel(0, 0)
    ink = [(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixel(x, y) != ground]
    across, down = [x for x, _ in ink], [y for _, y in ink]
    return image.copy(min(across), min(down), max(across) - min(across) + 1, max(down) - min(down) + 1)


@pytest.mark.parametrize("number", ["(312) 555-0142", "+972 3-555-0142", "+12125550142", "2026-05-12"])
def test_a_number_among_hebrew_words_keeps_its_order(number: str) -> None:
    hebrew = "\u05e9\u05d9\u05d7\u05d4 \u05de"
    layout = QTextLayout(in_reading_order(f"{hebrew} {number} {hebrew}"))
    layout.beginLayout()
    row = layout.createLine()
    row.setLineWidth(1000)
    layout.endLayout()
    start = layout.text().index(number)
    places = [row.cursorToX(start + at)[0] for at, character in enumerate(number) if at and character.isalnum()]  # type: ignore[index]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("three shops share one number.", Qt.LayoutDirection.LeftToRight),
        ("(312) 555-0142", Qt.LayoutDirection.LeftToRight),
        ("12 \u05e9\u05d9\u05d7\u05d4", Qt.LayoutDirection.RightToLeft),
        ("", Qt.LayoutDirection.LeftToRight),
    ],
)
def test_a_text_reads_in_the_direction_of_its_first_letter(text: str, direction: Qt.LayoutDirection) -> None:
    assert direction_of(text) == direction


@pytest.mark.parametrize("text", ["(312) 555-0142", "Example Bakery, 14 people", "\u05e9\u05d9\u05d7\u05d4 12"])
def test_other_words_are_painted_as_they_are(text: str) -> None:
    assert in_reading_order(text) == text
