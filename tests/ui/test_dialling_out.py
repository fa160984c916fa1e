"""Dialling out from wherever a number is shown: handed to a real program or link, once, and logged once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from csr_desktop.services.call_rows import CallFilter, RunningCall
from csr_desktop.services.desk_data import DeskData
from csr_desktop.system.call_message import call_message, message_of_link
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.ui.frame_bench import can_be_seen, spoken
from tests.ui.phone_frame import PhoneFrame

ROBIN, NOBODY = "(402) 555-0108", "(702) 555-0119"


class Opener(QObject):
    """Takes the links of a scheme that the system is asked to open."""

    def __init__(self, scheme: str) -> None:
        super().__init__()
        self.scheme = scheme
        self.links: list[str] = []
        QDesktopServices.setUrlHandler(scheme, self, "take")

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.links.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))


@pytest.fixture
def frame(data: DeskData, themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path) -> Iterator[PhoneFrame]:
    made = PhoneFrame(data, themes, qtbot, tmp_path / "station")
    yield made
    made.close()


@pytest.fixture
def tel() -> Iterator[Opener]:
    made = Opener("tel")
    yield made
    QDesktopServices.unsetUrlHandler("tel")


@pytest.fixture
def softphone(frame: PhoneFrame, tmp_path: Path) -> Path:
    """A program that dials by writing what it was given."""
    told, script = tmp_path / "dialled", tmp_path / "soft phone.py"
    script.write_text(f"import sys; open({str(told)!r}, 'a').write('|'.join(sys.argv[1:]) + chr(10))")
    frame.remember(dial_way="command", dial_command=f'"{sys.executable}" "{script}" --dial {{number}}')
    return told


def only_call(frame: PhoneFrame) -> RunningCall:
    (call,) = running_calls(frame.desk).all()
    return call


def open_missed(frame: PhoneFrame) -> None:
    frame.go("calls")
    missed = "SELECT id FROM interactions WHERE result = 'missed' AND number <> '' LIMIT 1"
    frame.desk.open("call", str(frame.value(missed)))


def by_ctrl_d(frame: PhoneFrame) -> None:
    frame.press("Ctrl+D")
    frame.type("702 555 0119")
    frame.press("Ctrl+Return")


def by_palette(frame: PhoneFrame) -> None:
    frame.press("Ctrl+K")
    frame.type("robin placeholder")
    frame.press("Ctrl+D")


def from_inbox(frame: PhoneFrame) -> None:
    frame.choose_first()
    frame.press("D")


def from_follow_ups(frame: PhoneFrame) -> None:
    frame.go("follow_ups")
    frame.choose_first()
    frame.press("D")


def from_missed_call(frame: PhoneFrame) -> None:
    open_missed(frame)
    frame.settle()
    frame.press("D")


def from_client(frame: PhoneFrame) -> None:
    client_id = frame.value("SELECT client_id FROM phone_numbers WHERE e164 = '+14025550108'")
    frame.desk.open("client", str(client_id))
    frame.settle()
    frame.press("D")
    if not running_calls(frame.desk).all():  # several numbers are offered
        frame.press("Return")


def from_contact_card(frame: PhoneFrame) -> None:
    client_id = frame.value("SELECT client_id FROM phone_numbers WHERE e164 = '+14025550108'")
    frame.desk.open("client", str(client_id))
    frame.settle()
    buttons = frame.place.findChildren(QAbstractButton)
    number = next(one for one in buttons if can_be_seen(one) and spoken(one) == f"Call {ROBIN}")
    QTest.mouseClick(number, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    "way",
    [by_ctrl_d, by_palette, from_inbox, from_follow_ups, from_missed_call, from_contact_card, from_client],
    ids=lambda way: way.__name__,
)
def test_one_key_dials_from_everywhere(frame: PhoneFrame, tel: Opener, way: object) -> None:
    frame.remember(dial_way="tel")
    assert callable(way)
    way(frame)
    frame.settle()
    call = only_call(frame)
    assert (call.direction, call.phase) == ("out", "dial")
    assert frame.window.current_place == "calls", "the pane is open at once"
    assert tel.links == [f"tel:{call.e164}"]


def test_switched_off_the_call_opens_and_nothing_is_dialled(frame: PhoneFrame, tel: Opener) -> None:
    by_ctrl_d(frame)
    assert only_call(frame).phase == "dial"
    assert tel.links == []
    frame.press("Ctrl+Shift+D")
    assert tel.links == []


def test_a_call_that_came_in_is_not_dialled(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    frame.press("Ctrl+D")
    frame.type("702 555 0119")
    frame.press("Return")
    assert only_call(frame).direction == "in"
    assert tel.links == []


def test_national_form_and_prefix(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel", dial_form="national", dial_prefix="9")
    frame.desk.call(f"{NOBODY} ext. 12")
    frame.settle()
    assert tel.links == ["tel:917025550119;ext=12"]


def test_an_emergency_number_is_dialled_as_it_is(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel", dial_form="national", dial_prefix="9")
    frame.desk.call("911")
    frame.settle()
    assert tel.links == ["tel:911"]


def test_another_link(frame: PhoneFrame) -> None:
    frame.remember(dial_way="scheme", dial_link="sip:{number}@pbx.example.com")
    sip = Opener("sip")
    frame.desk.call(NOBODY)
    frame.settle()
    QDesktopServices.unsetUrlHandler("sip")
    assert sip.links == ["sip:+17025550119@pbx.example.com"]


def test_a_command_gets_the_number_as_one_argument(frame: PhoneFrame, softphone: Path) -> None:
    by_ctrl_d(frame)
    frame.wait(softphone.exists)
    frame.wait(lambda: softphone.read_text() == "--dial|+17025550119\n")


def test_a_command_that_fails_is_said_and_the_call_stays(frame: PhoneFrame) -> None:
    frame.remember(dial_way="command", dial_command=f'"{sys.executable}" -c "raise SystemExit(3)" {{number}}')
    by_ctrl_d(frame)
    frame.wait(lambda: any("ended with 3" in notice.text for notice in frame.notices))
    assert only_call(frame).phase == "dial"
    frame.remember(dial_command="")
    frame.press("Ctrl+Shift+D")
    assert any("Write the program that dials" in notice.text for notice in frame.notices)


def test_what_is_no_number_is_said(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    frame.desk.call("ask at the desk")
    frame.settle()
    assert tel.links == []
    assert any("no number that can be dialed" in notice.text for notice in frame.notices)


def test_a_missed_call_that_is_called_back_from_the_inbox_waits_no_more(frame: PhoneFrame) -> None:
    frame.go("inbox")
    model = frame.place.list.model
    rows = [model.row_at(model.index(line)) for line in range(model.rowCount())]
    missed = next(row.id for row in rows if row is not None and row.kind == "call" and row.can_work)
    assert frame.place.list.rows.select_key(missed)
    frame.place.list.rows.setFocus()
    frame.settle()
    frame.press("D")
    assert only_call(frame).returns_id == missed
    frame.press("F6", "F8", "Alt+1", "Ctrl+Return")
    assert running_calls(frame.desk).all() == []
    assert not frame.data.services.calls.detail(missed).row.is_waiting


# Links


def follow(frame: PhoneFrame, link: str) -> None:
    message = message_of_link(link, frame.data.now())
    assert message is not None
    frame.desk_window.take(message)
    frame.settle()


def test_a_link_opens_the_call_and_a_key_of_the_person_dials_it(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    follow(frame, "tel:+1-702-555-0119")
    assert only_call(frame).number_shown == NOBODY
    assert tel.links == [], "any page can bring a link here"
    frame.press("Ctrl+Shift+D")
    assert tel.links == ["tel:+17025550119"]


def test_a_link_does_not_hold_the_call_that_one_talks_in(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    running_calls(frame.desk).start(ROBIN, direction="in")
    frame.settle()
    frame.go("inbox")
    for link in ("tel:+1-702-555-0119", "csr-desktop:dial?number=702-555-0119"):
        follow(frame, link)
        assert only_call(frame).phase == "talk", "any page can bring a link here"
        assert frame.window.current_place == "inbox"
    assert "702-555-0119" in frame.notices[-1].text
    frame.press("Ctrl+Shift+D")
    assert tel.links == ["tel:+17025550119"]
    assert sorted(call.phase for call in running_calls(frame.desk).all()) == ["dial", "hold"]


def test_our_own_link_that_comes_back_starts_no_second_call(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    by_ctrl_d(frame)
    follow(frame, tel.links[0])
    assert only_call(frame).number_shown == NOBODY
    assert any("itself opens the links" in notice.text for notice in frame.notices)
    assert len(tel.links) == 1


# What the phone says of it


def say(frame: PhoneFrame, event: str, number: str, **fields: str) -> None:
    fields = {"event": event, "number": number, "direction": "out", "id": "7", **fields}
    frame.desk_window.take(call_message(fields, "command", frame.data.now()))
    frame.settle()


@pytest.mark.parametrize(
    ("number", "told"),
    [(NOBODY, "+17025550119"), (NOBODY, "917025550119"), (NOBODY, "97025550119"), ("911", "911"), ("*97", "*97")],
)
def test_the_phone_s_own_word_of_it_is_the_same_call(frame: PhoneFrame, tel: Opener, number: str, told: str) -> None:
    frame.remember(dial_way="tel", dial_form="national", dial_prefix="9")
    frame.desk.call(number)
    frame.settle()
    say(frame, "ring", told)
    call = only_call(frame)
    say(frame, "answer", told)
    assert [(one.id, one.phase) for one in running_calls(frame.desk).all()] == [(call.id, "talk")]
    say(frame, "hangup", told)
    frame.press("Alt+1", "Ctrl+Return")
    assert running_calls(frame.desk).all() == []
    logged = frame.data.services.calls.page(CallFilter()).rows
    assert [row.id for row in logged[:2]].count(call.id) == 1
    assert len([row for row in logged if row.direction == "out" and row.started_at >= call.started_at]) == 1


def test_a_softphone_that_tells_of_the_answer_and_the_end_alone_is_followed(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    frame.desk.call(NOBODY)
    frame.settle()
    call = only_call(frame)
    for event, phase in (("answer", "talk"), ("answer", "talk"), ("hangup", "wrap_up"), ("hangup", "wrap_up")):
        say(frame, event, "+17025550119", direction="", id="")
        assert (only_call(frame).id, only_call(frame).phase) == (call.id, phase)
    assert tel.links == ["tel:+17025550119"]


def test_a_call_that_the_phone_alone_placed_is_logged_too_and_not_dialled(frame: PhoneFrame, tel: Opener) -> None:
    frame.remember(dial_way="tel")
    say(frame, "ring", "+17025550119")
    say(frame, "answer", "+17025550119")
    assert (only_call(frame).direction, only_call(frame).phase) == ("out", "talk")
    assert tel.links == []
