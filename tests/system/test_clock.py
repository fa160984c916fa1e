from __future__ import annotations

import time

import time_machine

from csr_desktop.system.clock import monotonic, wall_clock


def test_the_wall_clock_is_in_whole_milliseconds_of_the_epoch() -> None:
    with time_machine.travel("2026-03-01T12:00:00.250Z", tick=False):
        assert wall_clock() == 1_772_366_400_250


def test_the_other_clock_does_not_jump_with_it() -> None:
    before = monotonic()
    with time_machine.travel(time.time() - 86_400):
        assert 0 <= monotonic() - before < 60
