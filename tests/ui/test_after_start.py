"""What fails once the first screen stands."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from csr_desktop.bootstrap import Watch
from csr_desktop.ui.after_start import AfterStart
from csr_desktop.ui.desk_window import DeskWindow
from tests.ui.recovery_seat import Seat


@pytest.mark.qt_no_exception_capture
def test_it_leaves_a_report_and_the_log_is_open_for_it(
    sit: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_after: AfterStart, _made: DeskWindow) -> None:
        raise LookupError

    monkeypatch.setattr(AfterStart, "follow", fail)
    seat = sit("ada")
    seat.open()
    logs = seat.opener.log_place.folder
    reported: list[str] = []
    seat.application.crashed.disconnect()
    seat.application.crashed.connect(lambda report, _place: reported.append(report))
    watch = Watch(seat.application, seat.opener)
    try:
        # As Qt does with an error in a slot.
        with pytest.raises(LookupError) as failed:
            watch._begin(seat.desk)
        sys.excepthook(failed.type, failed.value, failed.tb)
        seat.until(lambda: any(logs.glob("*.log")), "the log")
    finally:
        watch.close()
    assert ["LookupError" in report for report in reported] == [True]
    assert "LookupError" in "".join(file.read_text() for file in logs.glob("*crash*"))
