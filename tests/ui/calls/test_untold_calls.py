"""What a locked desk whose file is not open says of calls."""

import pytest

from csr_desktop.ui.calls.untold_calls import UntoldCalls


def said(event: str, number: str = "(312) 555-0142", **more: str) -> dict[str, str]:
    return {"what": "call", "event": event, "number": number, **more}


@pytest.mark.usefixtures("qapp")
def test_each_call_counts_once_until_it_is_over() -> None:
    calls = UntoldCalls()
    for message in (said("ring"), said("ring"), said("ring", id="2"), said("test"), said("ring", "1", direction="out")):
        calls.take(message)
    assert (calls.ringing_count, calls.running_count) == (2, 0)
    calls.take(said("answer"))
    calls.take(said("Hold"))
    assert (calls.ringing_count, calls.running_count) == (1, 1)
    calls.take(said("missed", id="2"))
    assert (calls.ringing_count, calls.running_count) == (0, 1)
    calls.take(said("hangup", ""))
    assert (calls.ringing_count, calls.running_count) == (0, 0)


@pytest.mark.usefixtures("qapp")
def test_a_ring_of_which_no_more_is_said_goes_by_itself() -> None:
    calls = UntoldCalls()
    changes: list[int] = []
    calls.changed.connect(lambda: changes.append(calls.ringing_count))
    calls.take(said("ring"))
    assert calls._silent.isActive()
    calls._silent.timeout.emit()
    assert changes == [1, 0]
