"""Where a call stands, when several processes and readers tell of it in whatever order."""

from __future__ import annotations

import itertools

import pytest

from csr_desktop.domain.phone_calls import PhoneCall, call_of
from csr_desktop.domain.phone_events import PhoneAgent, phone_event
from csr_desktop.server.calls.call_board import CallBoard

NOW = 1_750_000_000_000


def call() -> PhoneCall:
    agents = [PhoneAgent("201")]
    event = phone_event("ami", "pbx", "c1", "ring", NOW, direction="in", number="13125550167", agents=agents)
    return call_of([event], {"201": "ada"})


@pytest.mark.parametrize("order", list(itertools.permutations([(1, "first"), (2, "second"), (3, "third")])))
def test_the_last_take_over_counts_in_whatever_order_it_is_read(order: tuple[tuple[int, str], ...]) -> None:
    board = CallBoard(lambda: NOW)
    for taken, device_id in order:
        board.put(call(), 1, {"ada": (device_id, device_id.title())}, taken)
    assert board.elsewhere("ada", "mine", [call()]) == {"pbx c1": "Third"}


def test_older_news_of_the_call_tells_all_the_same_where_it_stands() -> None:
    board = CallBoard(lambda: NOW)
    board.put(call(), 2, {"ada": ("first", "First")}, 1)
    assert board.put(call(), 1, {"ada": ("second", "Second")}, 2) == {"ada"}
    assert board.put(call(), 1, {"ada": ("first", "First")}, 1) == frozenset()
    assert board.elsewhere("ada", "mine", [call()]) == {"pbx c1": "Second"}
