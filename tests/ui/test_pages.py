"""Pages over the window and the bar above it: words to the end, on the lines of what lies beneath."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextDocument

from csr_desktop.ui.desk import Notice
from csr_desktop.ui.kit.chips import KeyCap
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.main_window import SMALLEST
from tests.ui.frame_bench import Frame
from tests.ui.whole import broken_parts

PAGES = {"help": "F1", "keys": "?", "settings": "Ctrl+,", "needs_you": "Ctrl+Shift+U"}
SIZES = [SMALLEST, (1280, 720), (1440, 900)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole(frame: Frame, page: str, size: tuple[int, int]) -> None:
    frame.resize(*size)
    frame.press(PAGES[page])
    assert broken_parts(getattr(frame.floats, page).frame) == []


def test_help_reads_like_the_rest_of_the_program(frame: Frame) -> None:
    frame.press("F1")
    page, theme = frame.floats.help, frame.themes.theme
    for key in ("csr", "lead", "it"):
        page.tabs.choose(key)
        page._show(key)
        frame.settle()
        document: QTextDocument = page.text.document()
        block = document.begin()
        while block.isValid():
            shape, is_title = block.blockFormat(), block.blockFormat().headingLevel() > 0
            assert shape.lineHeight() == theme.line_height("title" if is_title else "body")
            assert shape.bottomMargin() in {theme.sizes.space.apart, theme.sizes.space.tight}
            font = block.begin().fragment().charFormat().font()  # type: ignore[attr-defined]
            assert font.pixelSize() in {-1, theme.sizes.type.title if is_title else theme.sizes.type.body}
            block = block.next()
        assert page.text.height() == pytest.approx(document.size().height(), abs=1)
        assert page.text.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("key", ["csr", "lead", "it"])
def test_no_line_of_help_is_cut_off(frame: Frame, key: str, size: tuple[int, int]) -> None:
    frame.resize(*size)
    frame.press("F1")
    page = frame.floats.help
    page.tabs.choose(key)
    page._show(key)
    frame.settle()
    assert page.text.document().idealWidth() <= page.text.viewport().width()


def test_what_happens_while_settings_are_open_is_said_once(frame: Frame) -> None:
    frame.press("Ctrl+,")
    frame.desk.noticed.emit(Notice("Something happened."))
    frame.settle()
    assert frame.said() == ["Something happened."]
    assert frame.floats.settings.notice.text == "Something happened."
    frame.press("Escape")
    frame.desk.noticed.emit(Notice("Something else happened."))
    frame.settle()
    assert frame.said() == ["Something else happened."]


def test_dispositions_are_one_line_of_the_keys_and_one_for_while_typing(frame: Frame) -> None:
    frame.go("calls")
    frame.press("?")
    said = [label.text() for label in frame.floats.keys.frame.findChildren(Label) if label.isVisible()]
    assert [text for text in said if "disposition" in text] == ["Choose a disposition"]
    caps = [cap.accessibleName() for cap in frame.floats.keys.frame.findChildren(KeyCap)]
    assert {"1 \u2026", "Alt 1 \u2026"} <= set(caps)


@pytest.mark.parametrize("width", [1440, 1280])
def test_the_call_bar_starts_where_the_conversation_does(frame: Frame, width: int) -> None:
    frame.resize(width, 800)
    call_bar = frame.window.top_bar.call_bar.mapTo(frame.window, QPoint()).x()
    selected = frame.place.conversation.mapTo(frame.window, QPoint()).x()
    assert abs(call_bar - selected) <= 1


def test_keys_and_their_words_stand_on_the_same_lines_in_both_groups(frame: Frame) -> None:
    frame.press("?")
    page = frame.floats.keys
    caps = {cap.mapTo(page.frame, QPoint()).x() for cap in page.frame.findChildren(KeyCap) if cap.isVisible()}
    assert len(caps) == 2
