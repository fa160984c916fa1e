"""A call that the phone tells of, as the person at the desk sees it: the card, the pane, the missed call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import EventKind, PhoneAgent, phone_event
from csr_desktop.protocol import CallNews
from csr_desktop.system.call_message import call_message, dial_message
from csr_desktop.ui.calls.incoming_card import IncomingCard
from csr_desktop.ui.calls.running_calls import running_calls
from tests.ui.frame_bench import Frame, can_be_seen
from tests.ui.whole import broken_parts

ROBIN, SHARED, NOBODY = "(402) 555-0108", "(312) 555-0142", "(702) 555-0119"


class Phone:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def say(self, event: str, number: str = ROBIN, **fields: str) -> None:
        fields = {"event": event, "number": number, **fields}
        self.frame.desk_window.take(call_message(fields, "command", self.frame.data.now()))
        self.frame.settle()

    @property
    def cards(self) -> list[IncomingCard]:
        return [card for card in self.frame.window.findChildren(IncomingCard) if can_be_seen(card)]

    @property
    def card(self) -> IncomingCard:
        (card,) = self.cards
        card._slide.setCurrentTime(card._slide.duration())
        self.frame.settle()
        return card


@pytest.fixture
def phone(frame: Frame) -> Phone:
    return Phone(frame)


def texts(card: QWidget) -> str:
    from csr_desktop.ui.kit.elide import Label

    return " | ".join(label.text() for label in card.findChildren(Label) if can_be_seen(label))


def test_the_card_says_who_calls_and_takes_no_focus(frame: Frame, phone: Phone) -> None:
    frame.go("inbox")
    frame.press("Ctrl+K")
    frame.type("tax no")
    focus = frame.focus
    phone.say("ring", queue="Payroll line")
    card = phone.card
    assert frame.focus is focus
    frame.type("tice")
    assert isinstance(focus, QLineEdit)
    assert focus.text() == "tax notice"
    said = texts(card)
    for words in ("Incoming call", "ringing 0:00", "Payroll line", "Robin Placeholder", "Demo Trucking", ROBIN):
        assert words in said, said
    assert "Robin Placeholder" in card.accessibleDescription()
    assert broken_parts(card) == []
    inside = frame.window.rect()
    corner = card.mapTo(frame.window, QPoint(card.width(), card.height()))
    assert inside.contains(corner)
    assert card.mapTo(frame.window, QPoint()).y() >= frame.window.top_bar.height()


def test_one_key_takes_it_into_the_pane_also_while_typing(frame: Frame, phone: Phone) -> None:
    frame.go("inbox")
    frame.press("Ctrl+K")
    frame.type("half a wo")
    phone.say("ring")
    frame.press("F9")
    assert phone.cards == []
    assert frame.window.current_place == "calls"
    (call,) = running_calls(frame.desk).all()
    assert (call.phase, call.contact_name) == ("ring", "Robin Placeholder")
    phone.say("answer")
    assert running_calls(frame.desk).all()[0].phase == "talk"
    phone.say("hangup")
    assert running_calls(frame.desk).all()[0].phase == "wrap_up"
    frame.press("Alt+1", "Ctrl+Return")
    assert running_calls(frame.desk).all() == []


def test_a_call_that_is_picked_up_at_the_phone_stands_in_the_call_bar(frame: Frame, phone: Phone) -> None:
    frame.go("clients")
    phone.say("ring")
    phone.say("answer")
    assert phone.cards == []
    assert frame.window.current_place == "clients", "nobody is taken from where they are"
    assert frame.desk_window.call_bar.line.name.words == "Robin Placeholder"
    assert frame.desk_window.own_presence is not None
    assert frame.desk_window.own_presence.status == "on_call"
    frame.press("F9")
    assert frame.window.current_place == "calls", "the key that accepts leads to it all the same"
    assert can_be_seen(frame.place.call_pane)


def test_a_press_on_accept_that_comes_as_the_phone_tells_of_the_answer_opens_that_call(
    frame: Frame, phone: Phone
) -> None:
    """A screen reader presses the button that it has found, though the card is leaving."""
    frame.go("clients")
    phone.say("ring")
    (card,) = phone.cards
    accept = card.accept
    phone.say("answer")
    accept.click()
    frame.settle()
    assert frame.window.current_place == "calls"
    assert can_be_seen(frame.place.call_pane)
    assert len(running_calls(frame.desk).all()) == 1


def test_people_who_share_the_number_are_ranked_with_the_reason(frame: Frame, phone: Phone) -> None:
    phone.say("ring", SHARED)
    said = texts(phone.card)
    assert "Example Bakery" in said or "people share" in said
    assert "share" in said


def test_nobody_s_number_and_a_placeholder_are_said(frame: Frame, phone: Phone) -> None:
    phone.say("ring", NOBODY, name='Kit "K" Sample & Sons <b>')
    said = texts(phone.card)
    assert 'Kit "K" Sample & Sons <b>' in said
    assert "nobody's number yet" in said
    frame.press("F10")
    assert phone.cards == []
    phone.say("ring", "%CallerNumber%")
    assert "did not pass the number on, only %CallerNumber%" in texts(phone.card)


def test_the_newest_stands_before_the_one_that_rang_first(frame: Frame, phone: Phone) -> None:
    phone.say("ring")
    phone.say("ring", NOBODY)
    assert "1 more call" in texts(phone.card)
    assert "Unknown caller" in texts(phone.card)
    frame.press("F10")
    assert "Robin Placeholder" in texts(phone.card)
    phone.say("hangup")
    assert phone.cards == []
    assert not frame.window.actions_table.is_enabled("accept_call")


def test_a_call_that_nobody_took_comes_to_the_inbox(frame: Frame, phone: Phone) -> None:
    line = frame.desk_window.phone_line
    assert line is not None
    phone.say("ring", NOBODY)
    phone.say("hangup", NOBODY)
    assert phone.cards == []
    assert line._missed.isActive()
    line._missed.setInterval(0)
    from csr_desktop.domain.phone_calls import SETTLED_MS

    known = frame.desk.services.live_calls._known
    for one in known.values():
        import msgspec

        one.call = msgspec.structs.replace(one.call, ended_at=one.call.ended_at - SETTLED_MS)
    line._log_missed()
    frame.settle()
    assert any("Missed call from" in notice.text for notice in frame.notices)
    assert frame.data.services.calls.page(_missed()).rows[0].number_shown == NOBODY


def test_a_phone_systems_call_shows_the_card_and_goes_when_a_colleague_takes_it(frame: Frame, phone: Phone) -> None:
    window = frame.desk_window
    me = window.data.account.user_id

    def tell(*steps: tuple[EventKind, str]) -> None:
        events = [
            phone_event("cti", "pbx", "1", kind, at, direction="in", number=ROBIN, agents=[PhoneAgent(agent)])
            for at, (kind, agent) in enumerate(steps, window.data.now())
        ]
        call = call_of(events, {"201": me, "202": "a-colleague"})
        window._calls_told.emit(CallNews([call], is_all=True))
        frame.settle()

    tell(("ring", "201"), ("ring", "202"))
    assert phone.card.isVisible()
    tell(("ring", "201"), ("ring", "202"), ("answer", "202"))
    assert phone.cards == []
    assert not running_calls(frame.desk).all()
    tell(("ring", "201"), ("answer", "201"))
    assert phone.cards == []
    (running,) = running_calls(frame.desk).all()
    assert (running.phase, running.direction) == ("talk", "in")


def _missed() -> object:
    from csr_desktop.services.call_rows import CallFilter

    return CallFilter(result="missed")


def beside(frame: Frame) -> str:
    """What the pane of the client says."""
    pane = frame.place.context
    assert can_be_seen(pane)
    return texts(pane)


def test_beside_a_call_of_nobodys_number_stands_how_often_it_called_and_the_way_to_attach_it(
    frame: Frame, phone: Phone
) -> None:
    now = frame.data.now()
    for minutes in (50, 20):
        at = now - minutes * 60_000
        frame.data.services.calls.log_missed("+17025550119", "", at, at + 9000, "missed", "phone")
    frame.desk.saved.emit()
    phone.say("ring", NOBODY)
    frame.press("F9")
    said = beside(frame)
    assert f"{NOBODY} is nobody's number yet" in said
    assert "3 calls from it in 7 days, the last today," in said
    assert "Ctrl M says who it is" in said
    frame.press("Ctrl+M")
    frame.type("Dana Sample")
    frame.press("Return")
    assert "Example Bakery" in beside(frame)


def test_beside_a_missed_call_of_an_unknown_number_the_inbox_says_so(frame: Frame) -> None:
    now = frame.data.now()
    for number in ("+17025550137", "anonymous"):
        saved = frame.data.services.calls.log_missed(number, "", now - 60_000, now - 50_000, "missed", "phone")
        frame.data.services.changed(saved.outcome.changed)
        frame.desk.publish(saved.outcome.changed)
    frame.settle()
    frame.go("inbox")
    rows = frame.place.list.rows
    told = {}
    for line in range(rows.model().rowCount()):
        words = str(rows.model().index(line, 0).data(Qt.ItemDataRole.AccessibleTextRole))
        if "Missed call" in words:
            rows.select_row(line)
            frame.settle()
            told[words] = beside(frame)
    (unknown,) = (said for words, said in told.items() if "(702) 555-0137" in words)
    assert "(702) 555-0137 is nobody's number yet" in unknown
    assert "1 call from it in 7 days" in unknown
    assert "Open it in Calls (O)" in unknown
    assert any("Number withheld" in said and "Nobody can be found by it" in said for said in told.values())


def test_a_link_dials(frame: Frame) -> None:
    frame.desk_window.take(dial_message("+1 702 555 0119"))
    frame.settle()
    (call,) = running_calls(frame.desk).all()
    assert (call.direction, call.number_shown) == ("out", NOBODY)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (800, 600), (640, 480)])
def test_it_is_whole_at_every_size(frame: Frame, phone: Phone, width: int, height: int) -> None:
    frame.resize(width, height)
    phone.say("ring")
    card = phone.card
    assert frame.window.rect().contains(card.geometry())
    if height >= 720:
        assert broken_parts(card) == []
    assert can_be_seen(card.accept)


def test_a_ring_of_which_the_softphone_says_no_more_goes_by_itself(frame: Frame, phone: Phone) -> None:
    line = frame.desk_window.phone_line
    assert line is not None
    phone.say("ring")
    assert len(phone.cards) == 1
    assert line._silent.isActive()
    for one in frame.desk.services.live_calls._known.values():
        one.word_seconds -= 90
    line._silent.timeout.emit()
    frame.settle()
    assert phone.cards == []
    assert not line._silent.isActive()


def test_how_long_it_rings_is_told_by_no_clock_that_jumps(frame: Frame, phone: Phone) -> None:
    phone.say("ring")
    card = phone.card
    words = card._desk.words
    ahead = words.now() + 3_600_000
    before, words.now = words.now, lambda: ahead
    try:
        card.refresh_time()
        assert "ringing 0:0" in texts(card)
    finally:
        words.now = before


def test_accepting_in_the_moment_in_which_the_phone_answers_shows_that_call(frame: Frame, phone: Phone) -> None:
    frame.go("calls")
    earlier = running_calls(frame.desk)
    phone.say("ring", NOBODY, id="first")
    phone.say("answer", NOBODY, id="first")
    phone.say("hangup", NOBODY, id="first")
    frame.desk.open("call", earlier.all()[0].id)
    phone.say("ring", id="second")
    card = phone.card
    told = frame.desk.services.softphone.take(
        call_message({"event": "answer", "number": ROBIN, "id": "second"}, "command", frame.data.now())
    )
    assert told is not None
    taken = frame.desk.services.live_calls.take(told).running_id  # and the window has not heard of it yet
    card.accept.click()
    frame.settle()
    assert frame.place.call_pane.call_id == taken
    assert not any("ended" in said for said in frame.said())


def test_what_waits_for_the_running_calls_is_told_though_they_are_asked_for_again(frame: Frame) -> None:
    """The phone's answer may come between a press of Accept and what follows from it."""
    calls, shown = running_calls(frame.desk), []
    later: list[Callable[[], None]] = []
    ask = frame.desk.store.ask

    def slowly(owner: Any, work: Any, done: Any, failed: Any = None, *, key: str = "") -> None:
        later[:] = [lambda: ask(owner, work, done, failed, key=key)]  # a later one of this key takes its place

    frame.desk.store.ask = slowly  # type: ignore[method-assign]
    calls.load(lambda: shown.append("the call"))
    calls.load()
    later[0]()
    frame.settle()
    assert shown == ["the call"]
