"""What the organization has settled: shown as it holds, not to be changed here, and why is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.managed import ManagedLine
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import SMALLEST
from tests.ui.frame_bench import Frame
from tests.ui.phone_frame import PhoneFrame
from tests.ui.whole import broken_parts

WORDS = "Managed by your organization"


def marked(part: QWidget) -> int:
    """How often the words stand there to be read."""
    return sum(label.text() == WORDS for label in part.findChildren(Label) if label.isVisible())


def test_colors_that_are_settled_stay(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> None:
    frame = Frame(data, themes, qtbot, managed=frozenset({"theme"}))
    before = themes.wanted
    frame.press("Ctrl+,")
    page = frame.floats.settings
    assert marked(page.frame) == 1
    for button in page.looks.findChildren(QAbstractButton):
        assert not button.isEnabled()
        assert button.accessibleDescription() == WORDS
        button.click()
    assert (themes.wanted, frame.remembered) == (before, {})
    frame.close()


def test_what_nobody_settled_can_be_chosen(frame: Frame) -> None:
    frame.press("Ctrl+,")
    page = frame.floats.settings
    assert marked(page.frame) == 0
    page.looks._buttons["contrast"].click()
    assert frame.remembered == {"theme": "contrast"}


def test_a_way_of_dialling_that_is_settled(data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path) -> None:
    managed = {"dial_way": "command", "dial_command": "/opt/phone/dial {number}"}
    frame = PhoneFrame(data, themes, qtbot, tmp_path / "station", managed=managed)
    part = frame.open_dialling()
    assert marked(part) == 2
    assert part.way.chosen_key == "command"
    assert not part.way._buttons["tel"].isEnabled()
    assert part.command.accessibleDescription() == WORDS
    part.command.setFocus()
    QTest.keyClicks(part.command, "x")
    QTest.keyClick(part.command, Qt.Key.Key_Return)
    assert part.command.text() == "/opt/phone/dial {number}", "it can be read, and reached by key"
    assert part.form._buttons["national"].isEnabled()
    part.form._buttons["national"].click()
    frame.settle()
    assert frame.settings.dial_form == "national", "what is not settled is the person's"
    assert (frame.settings.dial_way, frame.settings.dial_command) == ("command", "/opt/phone/dial {number}")
    frame.close()


def test_what_protects_this_workstation_is_said(
    data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path
) -> None:
    managed = {"idle_lock_minutes": 5, "clipboard": "inside", "screen_protection": True}
    frame = PhoneFrame(data, themes, qtbot, tmp_path / "station", managed=managed)
    frame.press("Ctrl+,")
    said = [label.text() for label in frame.floats.settings.frame.findChildren(Label) if label.isVisible()]
    assert "after 5 minutes without a key" in said
    assert "can be pasted in CSR Desktop alone" in said
    assert ("not possible on this system" in said) is (sys.platform not in {"win32", "darwin"})
    frame.close()


@pytest.mark.parametrize("is_on", [False, True])
def test_an_address_of_the_phone_that_is_settled(
    data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path, is_on: bool
) -> None:
    managed = {"answers_phone": is_on, "calls_open_desk": True}
    frame = PhoneFrame(data, themes, qtbot, tmp_path / "station", managed=managed)
    page = frame.open_page()
    frame.remember(softphone="zoiper")
    page.refresh()
    frame.settle()
    assert (page.address.wanted.isChecked(), page.address.wanted.isEnabled()) == (is_on, False)
    assert (page.opens_desk.isChecked(), page.opens_desk.isEnabled()) == (True, False)
    assert marked(page) == 2
    page.address.wanted.click()
    assert bool(frame.access.state.url) is is_on
    said = [label.text() for label in page.lines.findChildren(Label) if label.isVisible()]
    assert any("your organization does not let" in text for text in said) is not is_on
    assert not [b for b in page.lines.findChildren(QAbstractButton) if b.text() == "Answer at an address"]
    frame.close()


@pytest.mark.parametrize("size", [SMALLEST, (1280, 720)], ids=str)
def test_pages_with_settled_settings_are_whole(
    data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path, size: tuple[int, int]
) -> None:
    every = {
        "dial_way": "scheme",
        "dial_link": "callto:",
        "dial_command": "dial",
        "dial_form": "national",
        "dial_prefix": "9",
        "answers_phone": True,
        "calls_open_desk": False,
    }
    frame = PhoneFrame(data, themes, qtbot, tmp_path / "station", managed=every)
    frame.resize(*size)
    for opened in (frame.open_dialling, frame.open_page):
        opened()
        frame.settle()
        assert broken_parts(frame.floats.settings.frame) == []
    frame.close()


def test_what_is_let_go_can_be_changed_again(themes: ThemeSwitch, qtbot: QtBot) -> None:
    from csr_desktop.ui.kit.choices import ChoiceRow

    row = ChoiceRow(themes, "Colors", numbered=False)
    row.set_choices([("light", "Light")])
    line = ManagedLine(themes, row)
    qtbot.addWidget(row)
    qtbot.addWidget(line)
    line.settle(is_managed=True)
    line.settle(is_managed=False)
    assert row.isEnabled()
    assert row._buttons["light"].accessibleDescription() == ""
    assert line.isHidden()
