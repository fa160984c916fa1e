"""What a phone system says long after, again, or not at all; a server whose clock is moved on instead of waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from csr_desktop.domain.phone_calls import PhoneCall
from csr_desktop.protocol import CallTaking
from csr_desktop.server.calls.connections import Settings
from csr_desktop.server.calls.kept_calls import MOST_AGENTS, RINGING_MS, WAITING_MS
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.system.clock import wall_clock
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk, http_client
from tests.server.phones import CALLER, E164, Phone, PhoneSite, add_phone, interactions

OTHER = "12025550199"
MINUTE = 60_000


class Site:
    def __init__(self, folder: ServerFolder) -> None:
        make_bureau(folder)
        self._passed = 0
        self.server = RunningServer(
            folder, surroundings=Surroundings(clock=lambda: wall_clock() + self._passed, passwords=CHEAP)
        )
        self.server.__enter__()
        self.phone = Phone(self.server.url, add_phone(folder))
        self.ada = Desk(http_client(self.server.url), "ada").begin()

    def pass_ms(self, milliseconds: int) -> None:
        self._passed += milliseconds

    def calls(self) -> dict[str, PhoneCall]:
        sql, kept = self.server.parts.sql, self.server.parts.exchange._kept
        is_opened = sql.db.connect(reuse_if_open=True)
        try:
            return {one.call.reference: one.call for one in kept.recent(0)}
        finally:
            if is_opened:
                sql.db.close()

    def rows(self) -> list[tuple[str, str]]:
        self.pass_ms(10_000)
        self.server.parts.exchange.settle()
        return sorted((row["result"], row["number"]) for row in interactions(self.ada))

    def close(self) -> None:
        self.ada.__exit__(None, None, None)
        self.server.__exit__(None, None, None)


@pytest.fixture
def site(folder: ServerFolder) -> Iterator[Site]:
    made = Site(folder)
    yield made
    made.close()


@pytest.mark.parametrize("is_answered", [True, False])
@pytest.mark.parametrize("minutes", [1, 50])
def test_a_word_that_is_said_again_long_after_the_end_rings_nowhere(
    site: Site, minutes: int, is_answered: bool
) -> None:
    site.phone.ring()
    if is_answered:
        site.phone.answer()
    site.phone.end()
    before = site.rows()
    for event in ("newCall", "hangup") if not is_answered else ("hangup", "answer", "newCall"):
        site.pass_ms(minutes * MINUTE // 3)
        site.phone.say(event, user="Ada Sample", **({"cause": "normalClearing"} if event == "hangup" else {}))
        assert list(site.calls()) == ["call-1"]
        assert site.calls()["call-1"].ended_at
    assert site.rows() == before


def test_a_reference_that_is_used_again_for_the_same_caller_is_a_call_as_soon_as_more_is_said(site: Site) -> None:
    for _ in range(2):
        site.phone.ring("1")
        site.phone.answer("1")
        site.phone.end("1")
        site.pass_ms(10 * MINUTE)
    first, second = sorted(site.calls())
    assert (first, second.partition("@")[0]) == ("1", "1")
    assert {call.outcome for call in site.calls().values()} == {"handled"}
    site.phone.ring("1")
    site.phone.end("1", "cancel")
    assert site.rows() == [("missed", E164)], "who was spoken to before gave up this time"


def test_after_an_hour_the_same_words_are_another_call(site: Site) -> None:
    site.phone.ring()
    site.phone.end("call-1", "cancel")
    site.pass_ms(70 * MINUTE)
    site.phone.ring()
    assert sorted(call.outcome for call in site.calls().values()) == ["missed", "ringing"]


def test_what_rings_and_of_which_nothing_more_is_said_is_over_by_itself(site: Site) -> None:
    site.phone.ring("lost")
    site.phone.ring("queued", queue="Payroll", **{"from": OTHER})
    site.phone.ring("taken", **{"from": "12025550111"})
    site.phone.answer("taken", **{"from": "12025550111"})
    exchange = site.server.parts.exchange
    site.pass_ms(RINGING_MS - MINUTE)
    assert exchange.end_silent() == 0
    site.pass_ms(2 * MINUTE)
    assert exchange.end_silent() == 1
    assert {reference for reference, call in site.calls().items() if not call.ended_at} == {"queued", "taken"}
    assert site.rows() == [("missed", E164)]
    site.pass_ms(WAITING_MS)
    assert exchange.end_silent() == 1
    assert site.calls()["taken"].outcome == "talking"


def test_what_somebody_took_by_hand_goes_on_although_its_answer_is_not_told(site: Site) -> None:
    site.phone.ring()
    call = site.calls()["call-1"]
    taking = CallTaking(f"{call.connection} call-1", takes_over=False)
    site.server.parts.exchange.stands_on(site.ada.user_id, site.ada.device_id, taking).result()
    site.pass_ms(RINGING_MS + MINUTE)
    assert site.server.parts.exchange.end_silent() == 0


def test_a_flood_of_agents_is_no_more_than_one_call_can_have(site: Site) -> None:
    began = time.process_time()
    for turn in range(60):
        event = "answer" if turn % 2 else "newCall"
        site.phone.say(event, "big", user=[f"u{turn}-{number}" for number in range(50)])
    assert len(site.calls()["big"].legs) <= MOST_AGENTS + 1
    assert time.process_time() - began < 10
    site.phone.end("big", "cancel")
    assert site.calls()["big"].ended_at


def test_a_decision_is_of_one_call_and_not_of_the_next_with_its_reference(phone_site: PhoneSite) -> None:
    phone = phone_site.phone(settings=Settings(blocked=(f"+{OTHER}",)))
    rejected: dict[str, Any] = {"action": "reject", "reason": "busy"}
    assert phone.say("newCall", "1", user="Ada Sample", **{"from": OTHER}).json() == rejected
    assert phone.say("newCall", "1", user="Ada Sample", **{"from": OTHER}).json() == rejected
    assert phone.say("newCall", "1", user="Ada Sample", **{"from": CALLER}).json() == {}
    phone.end("1", "cancel")
    assert phone.say("newCall", "1", user="Ada Sample", **{"from": OTHER}).json() == rejected
