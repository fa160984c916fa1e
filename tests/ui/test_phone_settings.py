"""The settings of the phone, at the real window by keyboard: lines, test, messages as they came, address."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.system.call_message import call_message, message_of_link
from csr_desktop.system.softphones import SOFTPHONES
from csr_desktop.ui.calls.incoming_card import IncomingCard
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import SMALLEST
from tests.ui.frame_bench import can_be_seen, interactive, spoken
from tests.ui.phone_frame import PhoneFrame, free_port
from tests.ui.test_accessibility import Stretched
from tests.ui.whole import broken_parts


@pytest.fixture
def frame(data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path) -> Iterator[PhoneFrame]:
    made = PhoneFrame(data, themes, qtbot, tmp_path / "station")
    yield made
    made.close()


def texts(part: QWidget) -> list[str]:
    return [label.text() for label in part.findChildren(Label) if label.isVisibleTo(part)]


def say(frame: PhoneFrame, event: str, **fields: str) -> None:
    frame.desk_window.take(call_message({"event": event, **fields}, "command", frame.data.now()))
    frame.settle()


def tab_to(frame: PhoneFrame, widget: QWidget) -> None:
    for _ in range(60):
        if frame.focus is widget:
            return
        frame.press("Tab")
    raise AssertionError(f"Tab does not come to {widget.accessibleName()}")


@pytest.mark.parametrize("size", [SMALLEST, (1280, 720)], ids=str)
@pytest.mark.parametrize("softphone", SOFTPHONES)
def test_it_is_whole_with_every_softphones_lines(frame: PhoneFrame, size: tuple[int, int], softphone: str) -> None:
    frame.resize(*size)
    frame.remember(softphone=softphone, answers_phone=True)
    page = frame.open_page()
    page.address.switch_on()
    for number in range(12):
        say(frame, "ring", number="%CallerNumber%", name=f"Sample {number} " * 12)
    frame.press("F10")
    assert broken_parts(frame.floats.settings.frame) == []
    assert [widget for widget in interactive(frame.floats.settings.frame) if not spoken(widget).strip()] == []


def test_longer_words_fit_too(data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path) -> None:
    frame = PhoneFrame(data, themes, qtbot, tmp_path / "station", Stretched())
    frame.resize(*SMALLEST)
    page = frame.open_page()
    say(frame, "ring", number="%CallerNumber%")
    frame.press("F10")
    for softphone in SOFTPHONES:
        page.lines.choice._buttons[softphone].click()
        frame.settle()  # the lines are laid out, then what holds them
        frame.settle()
        assert broken_parts(frame.floats.settings.frame) == []
    part = frame.open_dialling()
    for way in ("scheme", "command"):
        part.way._buttons[way].click()
        part.form._buttons["national"].click()
        frame.settle()
        assert broken_parts(frame.floats.settings.frame) == []
    frame.close()


def follow(frame: PhoneFrame, link: str) -> None:
    """As when somebody clicks it in a browser and the system asks this program to open it."""
    message = message_of_link(link, frame.data.now())
    assert message is not None
    frame.desk_window.take(message)
    frame.settle()


ROBIN = "(402) 555-0108"


def cards(frame: PhoneFrame) -> list[IncomingCard]:
    return [card for card in frame.window.findChildren(IncomingCard) if can_be_seen(card)]


@pytest.mark.parametrize("key", ["", "key=&", "key=x&", f"key={'x' * 43}&"])
def test_a_link_of_a_web_page_rings_answers_and_ends_no_call(frame: PhoneFrame, key: str) -> None:
    frame.access.link()  # there is a key
    follow(frame, f"csr-desktop:call?{key}event=ring&number={ROBIN}&name=Your Bank")
    assert cards(frame) == []
    say(frame, "ring", number=ROBIN)
    follow(frame, f"csr-desktop:call?{key}event=answer&number={ROBIN}")
    assert len(cards(frame)) == 1, "it rings on"
    assert running_calls(frame.desk).all() == []
    say(frame, "answer", number=ROBIN)
    for event in ("hold", "hangup", "missed"):
        follow(frame, f"csr-desktop:call?{key}event={event}&number={ROBIN}")
        follow(frame, f"csr-desktop:call?{key}event={event}")
        (call,) = running_calls(frame.desk).all()
        assert call.phase == "talk", event
    page = frame.open_page()
    assert "A link was not believed" in texts(page.received)
    assert any("has not this desk's key" in text for text in texts(page.received))


def test_the_softphones_own_link_tells_of_a_call_until_there_is_another_key(frame: PhoneFrame) -> None:
    page = frame.open_page()
    assert not page.address.new_key.isVisibleTo(page)
    page.lines.choice._buttons["link"].setFocus(Qt.FocusReason.TabFocusReason)
    frame.press("Space")
    ring, answer, hangup = (
        field.field.toPlainText().replace("{number}", ROBIN).replace("{name}", "").replace("{id}", "7")
        for field in page.lines.fields
    )
    follow(frame, ring)
    assert len(cards(frame)) == 1
    follow(frame, answer)
    (call,) = running_calls(frame.desk).all()
    assert call.phase == "talk"
    tab_to(frame, page.address.new_key)
    frame.press("Space")
    follow(frame, hangup)
    (call,) = running_calls(frame.desk).all()
    assert call.phase == "talk", "the key is another one now"
    follow(frame, page.lines.fields[2].field.toPlainText().replace("{number}", ROBIN).replace("{id}", "7"))
    (call,) = running_calls(frame.desk).all()
    assert call.phase == "wrap_up"


def test_the_palette_leads_there(frame: PhoneFrame) -> None:
    frame.press("Ctrl+K")
    frame.type(">set up the phone")
    frame.press("Return")
    assert frame.floats.settings.is_open
    assert frame.floats.settings.phone is not None
    assert can_be_seen(frame.floats.settings.phone)


def test_a_line_is_copied_by_keyboard(frame: PhoneFrame) -> None:
    page = frame.open_page()
    first = page.lines.fields[0]
    assert first.copy.accessibleName() == "Copy: Program"
    tab_to(frame, first.copy)
    frame.press("Space")
    assert QGuiApplication.clipboard().text() == frame.access.program[0]
    assert first.copy.words == "Copied"
    assert first.copy.accessibleName() == "Copy: Program"


def test_what_is_chosen_is_remembered(frame: PhoneFrame) -> None:
    page = frame.open_page()
    page.lines.choice._buttons["microsip"].setFocus(Qt.FocusReason.TabFocusReason)
    frame.press("Space")
    assert frame.settings.softphone == "microsip"
    assert "cmdIncomingCall=" in page.lines.fields[0].field.toPlainText()
    tab_to(frame, page.opens_desk)
    frame.press("Space")
    assert frame.settings.calls_open_desk


def test_a_test_takes_the_way_of_the_program_and_becomes_no_call(frame: PhoneFrame) -> None:
    page = frame.open_page()
    tab_to(frame, page.test.by_program)
    frame.press("Space")
    assert page.test.result.text() == "A test is on its way …"
    frame.wait(lambda: "arrived after" in page.test.result.text())
    assert "A test arrived" in texts(page.received)
    assert running_calls(frame.desk).all() == []
    assert frame.desk.services.live_calls.ringing() == ()


def test_a_test_takes_the_way_of_the_address(frame: PhoneFrame) -> None:
    page = frame.open_page()
    assert not page.test.by_address.isEnabled()
    tab_to(frame, page.address.wanted)
    frame.press("Space")
    tab_to(frame, page.test.by_address)
    frame.press("Space")
    frame.wait(lambda: "arrived after" in page.test.result.text())
    assert float(page.test.result.text().split()[-2]) < 1


def test_what_fails_is_said(frame: PhoneFrame) -> None:
    page = frame.open_page()
    frame.held.close()
    page.test.by_program.click()
    frame.wait(lambda: "did not find this desk" in page.test.result.text())
    assert texts(page.received)[-1].startswith("Nothing yet.")


def test_the_last_messages_stand_there_as_they_came(frame: PhoneFrame) -> None:
    page = frame.open_page()
    assert texts(page.received)[-1].startswith("Nothing yet.")
    say(frame, "ring", number="(402) 555-0108", name='<b>"Kit" & Sample</b>\u202e\x07', id="7")
    shown = texts(page.received)
    assert 'A call rings, (402) 555-0108, <b>"Kit" & Sample</b>' in shown
    assert 'event: ring   number: (402) 555-0108   name: <b>"Kit" & Sample</b>   id: 7' in shown
    say(frame, "ring", number="%CallerNumber%", id="{{id}}")
    say(frame, "dialed", number="1")
    say(frame, "ring")
    said = " | ".join(texts(page.received))
    assert "did not fill in %CallerNumber%" in said
    assert "id: {{id}}" in said
    assert "does not fill in the call's id" in said
    assert "The event has to be one of ring, answer, hold, resume, hangup, missed." in said
    assert "No number came with it" in said
    for number in range(20):
        say(frame, "answer", number=f"402555{number:04}")
    rows = [row for row in page.received.findChildren(QWidget) if row.isVisible() and "program: " in spoken(row)]
    assert len(rows) == 10
    assert "It was answered" in spoken(rows[0])


def test_a_call_that_rings_stays_above_the_page_that_grows(frame: PhoneFrame) -> None:
    frame.resize(1280, 720)
    frame.open_page()
    for number in range(4):
        say(frame, "ring", number=f"402555{number:04}")
    (card,) = frame.window.findChildren(IncomingCard)
    card._slide.setCurrentTime(card._slide.duration())
    frame.settle()
    for x in (4, card.width() // 2, card.width() - 4):
        found = frame.window.childAt(card.mapTo(frame.window, QPoint(x, card.height() // 2)))
        assert found is card or card.isAncestorOf(found)


def test_the_address_answers_once_it_is_switched_on_by_keyboard(frame: PhoneFrame) -> None:
    frame.remember(softphone="zoiper")
    page = frame.open_page()
    assert page.lines.fields == []
    tab_to(frame, page.address.wanted)
    frame.press("Space")
    assert [field.field.accessibleName() for field in page.lines.fields] == [
        "When it rings",
        "When it is answered",
        "When it ends",
    ]
    line = page.lines.fields[0].field.toPlainText().replace("{phone}", "4025550108").replace("{name}", "Robin")
    place = urlsplit(line)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=10)
    connection.request("GET", f"{place.path}?{place.query}")
    assert connection.getresponse().status == 200
    connection.close()
    frame.wait(lambda: bool(frame.desk.services.live_calls.ringing()))
    assert "A call rings, (402) 555-0108, Robin" in texts(page.received)


def test_a_port_that_is_taken_is_said_at_its_field(frame: PhoneFrame) -> None:
    page = frame.open_page()
    page.address.switch_on()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tab_to(frame, page.address.port)
        page.address.port.selectAll()
        frame.type(str(port))
        frame.press("Return")
        assert f"Port {port} of this computer is taken" in page.address.port_room.error
        assert can_be_seen(page.address.port_room)
        assert not page.test.by_address.isEnabled()
    page.address.port.selectAll()
    frame.type(str(free_port()))
    frame.press("Return")
    assert page.address.port_room.error == ""
    assert page.test.by_address.isEnabled()
    page.address.port.selectAll()
    frame.type("80")
    frame.press("Return")
    assert "Choose a port from 1024" in page.address.port_room.error


def test_a_new_key_changes_the_lines_at_once(frame: PhoneFrame) -> None:
    frame.remember(softphone="address")
    page = frame.open_page()
    page.address.switch_on()
    before = page.lines.fields[0].field.toPlainText()
    tab_to(frame, page.address.new_key)
    frame.press("Space")
    assert page.lines.fields[0].field.toPlainText() != before


def test_the_page_of_dialling_is_whole(frame: PhoneFrame) -> None:
    part = frame.open_dialling()
    for way in ("tel", "scheme", "command", "off"):
        part.way._buttons[way].click()
        part.form._buttons["national"].click()
        frame.settle()
        assert broken_parts(frame.floats.settings.frame) == []
        assert frame.settings.dial_way == way


def test_what_cannot_dial_is_said_at_its_field_and_not_kept(frame: PhoneFrame) -> None:
    part = frame.open_dialling()
    part.way._buttons["scheme"].click()
    for field, room, text in (
        (part.link, part.link_room, "https://example.com/"),
        (part.command, part.command_room, '"phone'),
        (part.prefix, part.prefix_room, "9 or 0"),
    ):
        part.way._buttons["scheme" if field is part.link else "command"].click()
        part.form._buttons["national"].click()
        field.setFocus()
        field.selectAll()
        frame.type(text)
        frame.press("Return")
        assert room.error
    kept = frame.settings
    assert (kept.dial_link, kept.dial_command, kept.dial_prefix) == ("callto:", "", "")
