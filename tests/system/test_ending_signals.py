"""Signals that ask to end are answered as long as wanted, and then as before."""

from __future__ import annotations

import signal

from csr_desktop.system.ending_signals import ENDING, answered_by


def test_each_is_answered_and_then_as_before() -> None:
    answered: list[int] = []
    before = {number: signal.getsignal(number) for number in ENDING}
    with answered_by(lambda number, _frame: answered.append(number)):
        for number in ENDING:
            signal.raise_signal(number)
    assert answered == list(ENDING)
    assert {number: signal.getsignal(number) for number in ENDING} == before
