"""Holds, colleagues and ends that a person's key says of a call, beside what its phone tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from csr_desktop.domain.call_parts import read_parts
from csr_desktop.domain.phone_calls import PhoneCall, call_of
from csr_desktop.domain.phone_events import PhoneAgent, PhoneEvent, phone_event
from csr_desktop.protocol import CallNews
from csr_desktop.sync.answers import call_news
from csr_desktop.system.call_message import call_message

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import LiveCall
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

SECOND = 1000
ROBIN, OTHER = "13125550167", "14025550108"
SOURCES = ("softphone", "cti", "sipgate", "ami")


class Line:
    """The phone of ada's desk, which tells by one of the sources."""

    def __init__(self, bureau: Bureau, desk: Services, source: Any) -> None:
        self.bureau, self.desk, self.source = bureau, desk, source
        self.events: dict[str, set[PhoneEvent]] = {}

    def say(self, kind: Any, seconds: float = 0, number: str = ROBIN, reference: str = "c1") -> LiveCall:
        self.bureau.forward(round(seconds * SECOND))
        live = self.desk.live_calls
        if self.source == "softphone":
            said = {"event": kind, "number": number, "id": reference}
            told = self.desk.softphone.take(call_message(said, "command", self.desk.replica.now()))
            assert told is not None
            return live.take(told)
        agents = [] if kind == "hangup" else [PhoneAgent("201")]
        at = self.desk.replica.now()
        event = phone_event(self.source, "pbx", reference, kind, at, direction="in", number=number, agents=agents)
        self.events.setdefault(reference, set()).add(event)
        return live.take(self._over_the_wire(reference), "ada")

    def _over_the_wire(self, reference: str) -> PhoneCall:
        news = call_news(msgspec.json.encode(CallNews([call_of(self.events[reference], {"201": "ada"})])))
        assert news is not None
        return news.calls[0]

    def answered(self, number: str = ROBIN, reference: str = "c1") -> str:
        self.say("ring", 0, number, reference)
        return self.say("answer", 5, number, reference).running_id

    def saved(self, call_id: str) -> tuple[Any, ...]:
        saved = self.desk.calls.save(call_id)
        columns = "talk_seconds, hold_seconds, wrap_up_seconds, consult_seconds, ended_at - started_at"
        row = self.bureau.sql.one(f"SELECT {columns} FROM interactions WHERE id = ?", saved.interaction_id)
        assert row is not None
        return tuple(row)

    def sources(self, call_id: str) -> list[tuple[str, int, str]]:
        parts = self.desk.calls.one(call_id)
        return [(kind, seconds, source) for (kind, seconds), source in zip(parts.parts, parts.sources, strict=True)]


@pytest.fixture(params=SOURCES)
def line(bureau: Bureau, desk: Services, request: pytest.FixtureRequest) -> Line:
    return Line(bureau, desk, request.param)


def test_a_hold_by_hand_stays_when_the_phone_speaks_again(line: Line) -> None:
    calls = line.desk.calls
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    calls.hold(call_id)
    line.bureau.forward(20 * SECOND)
    calls.resume(call_id)
    line.say("hangup", 10)
    assert line.sources(call_id) == [
        ("ring", 5, line.source),
        ("talk", 30, line.source),
        ("hold", 20, "person"),
        ("talk", 10, "person"),
        ("wrap_up", 0, "person"),
    ]
    assert line.saved(call_id) == (40, 20, 0, 0, 65_000)
    (row,) = line.bureau.sql.all("SELECT parts FROM interactions WHERE number = ?", "+" + ROBIN)
    assert {part.source for part in read_parts(row[0])} == {
        "softphone" if line.source == "softphone" else "phone_system",
        "person",
    }


def test_a_call_that_ends_on_hold_by_hand_was_held_to_its_end(line: Line) -> None:
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    line.desk.calls.hold(call_id)
    line.say("hangup", 20)
    assert line.saved(call_id)[:2] == (30, 20)


def test_a_colleague_who_is_asked_by_hand_stays_a_part_of_the_hold(line: Line) -> None:
    calls = line.desk.calls
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    calls.consult(call_id, "Casey Demo")
    line.bureau.forward(20 * SECOND)
    calls.end_consult(call_id)
    line.bureau.forward(2 * SECOND)
    calls.resume(call_id)
    line.say("hangup", 10)
    assert line.saved(call_id) == (40, 22, 0, 20, 67_000)


def test_the_first_call_stays_held_by_the_second(line: Line) -> None:
    calls = line.desk.calls
    first = line.answered()
    line.bureau.forward(25 * SECOND)
    second = line.answered(OTHER, "c2")
    line.say("hangup", 60, OTHER, "c2")
    line.bureau.forward(10 * SECOND)
    calls.resume(first)
    line.say("hangup", 10)
    assert line.saved(first)[:2] == (40, 70)
    assert line.saved(second)[:2] == (60, 0)


def test_what_the_phone_tells_of_holds_goes_before_the_keys(line: Line) -> None:
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    line.desk.calls.hold(call_id)
    line.say("hold", 1)
    line.say("resume", 9)
    line.say("hangup", 10)
    assert line.sources(call_id)[1:4] == [
        ("talk", 31, line.source),
        ("hold", 9, line.source),
        ("talk", 10, line.source),
    ]


def test_an_answer_that_is_told_again_does_not_change_the_call_on_the_line(line: Line) -> None:
    calls = line.desk.calls
    first = line.answered()
    line.bureau.forward(10 * SECOND)
    second = line.answered(OTHER, "c2")
    line.bureau.forward(10 * SECOND)
    line.say("answer")
    assert {call.id: call.phase for call in calls.running()} == {first: "hold", second: "talk"}


def test_ended_by_hand_before_the_phones_word_no_moment_counts_twice(line: Line) -> None:
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    line.desk.calls.end(call_id)
    line.say("hangup", 10)
    line.bureau.forward(5 * SECOND)
    assert line.saved(call_id) == (40, 0, 5, 0, 45_000)


def test_a_hold_by_hand_is_there_after_a_restart(line: Line) -> None:
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    line.desk.calls.hold(call_id)
    line.bureau.forward(20 * SECOND)
    line.desk = line.bureau.restart()
    line.desk.calls.resume(call_id)
    line.say("hangup", 10)
    assert line.desk.calls.one(call_id).hold_seconds == 20


def test_a_softphone_that_tells_only_of_the_ring_leaves_the_rest_to_the_keys(bureau: Bureau, desk: Services) -> None:
    line = Line(bureau, desk, "softphone")
    call_id = desk.live_calls.accept(line.say("ring").key)
    bureau.forward(5 * SECOND)
    desk.calls.answer(call_id)
    bureau.forward(20 * SECOND)
    desk.calls.hold(call_id)
    line.say("ring", 5)
    assert desk.calls.one(call_id).phase == "hold"
    line.say("hangup", 5)
    assert line.saved(call_id)[:2] == (20, 10)
    assert bureau.sql.value("SELECT result FROM interactions WHERE id = ?", call_id) == "handled"


def test_a_clock_that_jumps_does_not_move_a_hold_by_hand(line: Line) -> None:
    call_id = line.answered()
    line.bureau.forward(30 * SECOND)
    line.bureau.wall += 3_600_000
    line.desk.calls.hold(call_id)
    line.bureau.forward(20 * SECOND)
    line.desk.calls.resume(call_id)
    line.bureau.forward(10 * SECOND)
    line.bureau.wall -= 3_600_000
    line.say("hangup")
    assert line.saved(call_id)[:2] == (40, 20)


@pytest.mark.parametrize("is_chosen", [True, False])
def test_a_call_that_was_taken_but_never_answered_waits_for_nobody_once_it_is_dealt_with(
    bureau: Bureau, desk: Services, is_chosen: bool
) -> None:
    line = Line(bureau, desk, "softphone")
    call_id = desk.live_calls.accept(line.say("ring").key)
    desk.calls.set_note(call_id, "She wrote an email meanwhile.")
    line.say("hangup", 20)
    if is_chosen:
        desk.calls.set_disposition(call_id, "resolved")
    saved = desk.calls.save(call_id)
    row = desk.calls.detail(saved.interaction_id).row
    assert (row.result, row.talk_seconds, row.is_waiting) == ("missed", 0, not is_chosen)
    assert bureau.sql.value("SELECT COUNT(*) FROM inbox_items WHERE item_id = ?", call_id) == (0 if is_chosen else 1)


def test_the_parts_of_an_outgoing_call_add_up_to_its_handle_time(bureau: Bureau, desk: Services) -> None:
    call_id = desk.calls.start("(312) 555-0167").id
    bureau.forward(61 * SECOND)
    desk.calls.answer(call_id)
    bureau.forward(48 * SECOND)
    desk.calls.end(call_id)
    row = desk.calls.detail(desk.calls.save(call_id).interaction_id).row
    assert (row.dial_seconds, row.talk_seconds, row.handle_seconds) == (61, 48, 109)
