"""A call lies between its start and its end, and neither is still to come."""

from __future__ import annotations

from typing import Any

import pytest

from csr_desktop.commands import calls
from csr_desktop.domain.call_parts import fitted
from csr_desktop.domain.errors import Refused
from tests.commands.rows import CSR, TEAM, Bureau

NOW = 1_800_000_000_000
HOUR = 3_600_000


def log(**said: Any) -> calls.LogInteraction:
    usual: dict[str, Any] = {
        "row_id": "new",
        "scope": TEAM,
        "started_at": NOW - HOUR,
        "ended_at": NOW - HOUR + 600_000,
        "at": NOW,
    }
    return calls.LogInteraction(**(usual | said))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"ended_at": NOW + 61_000}, "ahead"),
        ({"started_at": 4 * 10**12, "ended_at": 4 * 10**12}, "ahead"),
        ({"talk_seconds": 10**9}, "not_allowed"),
        ({"talk_seconds": 400, "hold_seconds": 200, "dial_seconds": 120}, "not_allowed"),
        ({"wrap_up_seconds": 10**9}, "not_allowed"),
        ({"wrap_up_seconds": 4000}, "not_allowed"),
    ],
)
def test_what_cannot_have_been_is_refused(said: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        log(**said).permit(CSR, Bureau().work())
    assert refusal.value.code == code


def test_the_server_goes_by_when_it_came_and_not_by_what_it_says() -> None:
    work = Bureau().work()
    work.arrived_at = NOW
    with pytest.raises(Refused):
        log(started_at=NOW + HOUR, ended_at=NOW + HOUR, at=NOW + 2 * HOUR).permit(CSR, work)


@pytest.mark.parametrize(
    "said",
    [
        {"talk_seconds": 500, "hold_seconds": 90, "consult_seconds": 90, "dial_seconds": 10, "wrap_up_seconds": 3000},
        {"ended_at": NOW + 30_000},
        {"talk_seconds": 601},
    ],
)
def test_what_two_clocks_and_rounding_make_of_a_call_is_accepted(said: dict[str, Any]) -> None:
    log(**said).permit(CSR, Bureau().work())


def test_times_stay_where_what_was_measured_fits_and_make_room_where_not() -> None:
    assert fitted(NOW - HOUR, NOW, 3600, 0, NOW) == (NOW - HOUR, NOW)
    assert fitted(NOW, NOW - HOUR, 1200, 60, NOW) == (NOW - 1_260_000, NOW - 60_000)
    assert fitted(NOW - HOUR, NOW - HOUR, 1200, 0, NOW) == (NOW - HOUR, NOW - HOUR + 1_200_000)
