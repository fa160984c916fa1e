"""What the card of an incoming call offers by key, while the keyboard stays where it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from csr_desktop.ui.calls.incoming_card import PersonLine
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.kit.elide import ClampedLabel
from csr_desktop.ui.main_window import SMALLEST
from tests.ui.frame_bench import Frame, can_be_seen
from tests.ui.test_incoming_call import NOBODY, ROBIN, SHARED, Phone, phone, texts
from tests.ui.whole import broken_parts

__all__ = ["phone"]
NOTICE = (
    "SELECT t.id FROM topics t JOIN topics p ON p.id = t.parent_id WHERE p.name = 'Payroll tax' AND t.name = 'Notice'"
)


def calls_place(frame: Frame) -> CallsPlace:
    place = frame.window.place("calls")
    assert isinstance(place, CallsPlace)
    return place


def test_the_card_says_what_callbacks_wait_and_how_late_they_are_with_the_cut_off(frame: Frame, phone: Phone) -> None:
    phone.say("ring", ROBIN)
    said = texts(phone.card)
    assert "Call back about the W-2 reissue" in said
    assert "Missed call, not called back" in said
    assert "Processing cut-off" in said
    spoken = [part.accessibleName() for part in phone.card.findChildren(QWidget)]
    assert any("Call back about the W-2 reissue" in words and "late" in words for words in spoken), spoken


def test_people_who_share_the_number_are_taken_by_key_with_their_reason(frame: Frame, phone: Phone) -> None:
    frame.go("inbox")
    frame.press("Ctrl+K")
    frame.type("half a wo")
    focus = frame.focus
    phone.say("ring", SHARED)
    lines = [line for line in phone.card.findChildren(PersonLine) if can_be_seen(line)]
    assert [line.accessibleDescription() for line in lines] == ["Shift F1", "Shift F2"]
    assert all("Example Bakery" in line.accessibleName() for line in lines)
    assert "called " in lines[0].accessibleName(), "the reason stands beside the name"
    assert frame.focus is focus
    assert isinstance(focus, QLineEdit)
    wanted = lines[1].accessibleName().partition(",")[0]
    frame.press("Shift+F2")
    assert phone.cards == []
    (call,) = running_calls(frame.desk).all()
    assert (call.contact_name, call.phase) == (wanted, "ring")
    assert frame.window.current_place == "calls"


def test_a_reason_says_how_often_somebody_called_from_this_number(frame: Frame, phone: Phone) -> None:
    words = calls_place(frame).words
    assert words.candidate_reason("called_from_number", 1, 4) == "called from this number 4 times"
    assert words.candidate_reason("called_from_number", 1, 1) == "called from this number 1 time"


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (1100, 700)], ids=str)
def test_the_card_of_a_second_call_leaves_the_buttons_of_the_first(
    frame: Frame, phone: Phone, size: tuple[int, int]
) -> None:
    frame.resize(*size)
    phone.say("ring", ROBIN)
    frame.press("F9")
    phone.say("answer", ROBIN)
    head = calls_place(frame).call_pane.head
    phone.say("ring", SHARED)
    footer = calls_place(frame).call_pane.finish if size[1] > 700 else head.end
    for button in (head.hold, head.consult, head.end, head.more, footer):
        around = QRect(button.mapTo(frame.window, QPoint()), button.size())
        assert not around.intersects(phone.card.geometry()), button.accessibleName()
    assert frame.window.rect().contains(phone.card.geometry())
    assert broken_parts(phone.card) == []
    QTest.mouseClick(head.end, Qt.MouseButton.LeftButton)
    frame.settle()
    (call,) = running_calls(frame.desk).all()
    assert call.phase == "wrap_up"
    frame.go("inbox")
    top = frame.window.top_bar.height()
    assert phone.card.y() - top < 16, "where no such buttons stand it is at the top"
    frame.go("calls")
    frame.resize(SMALLEST[0], SMALLEST[1])
    assert frame.window.rect().contains(phone.card.geometry())


def test_the_time_that_it_rings_goes_on(frame: Frame, phone: Phone) -> None:
    phone.say("ring", ROBIN)
    assert "ringing 0:00" in texts(phone.card)
    frame.qtbot.waitUntil(lambda: "ringing 0:01" in texts(phone.card), timeout=5000)


LONG = (
    "Never change a bank account on the phone without a call back to the number on file, and put every request about "
    "garnishments through to Payroll tax"
)


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)], ids=str)
def test_a_long_alert_is_read_over_two_lines_and_whole_on_hover(
    frame: Frame, phone: Phone, size: tuple[int, int]
) -> None:
    frame.resize(*size)
    client = str(frame.value("SELECT client_id FROM contacts WHERE name = 'Robin Placeholder'"))
    for alert, lines in (("Ask for the fleet code", 1), (LONG, 2)):
        frame.data.services.clients.edit_client(client, {"alert": alert})
        phone.say("ring", ROBIN, id=str(lines))
        (label,) = (one for one in phone.card.findChildren(ClampedLabel) if can_be_seen(one))
        assert label.height() in range(18 * lines, 24 * lines)
        assert (label.text(), label.accessibleName()) == (alert, alert)
        assert label.toolTip() == (alert if lines == 2 else "")
        assert broken_parts(phone.card) == []
        frame.press("F10")


def test_the_next_callers_card_is_as_high_as_what_it_says(frame: Frame, phone: Phone) -> None:
    phone.say("ring", SHARED, id="a1")
    phone.say("ring", NOBODY, id="a2")
    small = phone.card.height()
    frame.press("F10")
    assert phone.card.height() > small
    assert broken_parts(phone.card) == []
    shown = [part for part in phone.card.children() if isinstance(part, QWidget) and can_be_seen(part)]
    for at, part in enumerate(shown):
        others = [other for other in shown[at + 1 :] if other.geometry().intersects(part.geometry())]
        assert others == [], (part.accessibleName(), [other.accessibleName() for other in others])


def test_a_key_for_somebody_who_is_not_there_does_nothing(frame: Frame, phone: Phone) -> None:
    phone.say("ring", ROBIN)
    frame.press("Shift+F1")
    assert len(phone.cards) == 1
    assert running_calls(frame.desk).all() == []


def test_nobodys_number_is_attached_from_the_card_and_its_earlier_calls_with_it(frame: Frame, phone: Phone) -> None:
    earlier = frame.data.sql.value(
        "SELECT id FROM interactions WHERE number = '+17025550119' AND contact_id = '' LIMIT 1"
    )
    assert earlier
    phone.say("ring", NOBODY)
    assert can_be_seen(phone.card.attach)
    frame.press("Shift+F9")
    assert phone.cards == []
    who = calls_place(frame).call_pane.who
    assert can_be_seen(who)
    assert who.finder.isAncestorOf(frame.focus) or frame.focus is who.finder
    frame.type("Dana Sample")
    frame.press("Return")
    (call,) = running_calls(frame.desk).all()
    assert call.contact_name == "Dana Sample"
    phone.say("answer", NOBODY)
    phone.say("hangup", NOBODY)
    frame.press("Alt+1", "Ctrl+Return")
    assert running_calls(frame.desk).all() == []
    row = frame.data.services.calls.rows([str(earlier)])[0]
    assert (row.contact_name, row.client_name) == ("Dana Sample", "Example Bakery")
    assert frame.data.services.calls.candidates(NOBODY).chosen_id == row.contact_id
    frame.press("Ctrl+Z")
    assert frame.data.services.calls.rows([str(earlier)])[0].contact_name == ""


def test_somebodys_number_offers_no_attaching(frame: Frame, phone: Phone) -> None:
    phone.say("ring", ROBIN)
    assert not can_be_seen(phone.card.attach)


def test_f1_reads_the_script_of_the_call_while_typing_and_is_the_help_elsewhere(frame: Frame, phone: Phone) -> None:
    phone.say("ring", SHARED)
    frame.press("F9")
    phone.say("answer", SHARED)
    (call,) = running_calls(frame.desk).all()
    running_calls(frame.desk).set_topic(call.id, str(frame.data.sql.value(NOTICE)))
    frame.settle()
    frame.press("Alt+N")
    frame.type("Notice of ")
    frame.press("F1")
    pane = calls_place(frame).call_pane
    assert can_be_seen(pane.beside)
    frame.type("April 8")
    assert pane.notes.text() == "Notice of April 8"
    frame.press("Esc")
    assert not can_be_seen(pane.beside)
    assert not frame.floats.help.is_open
    frame.go("inbox")
    frame.press("F1")
    assert frame.floats.help.is_open
