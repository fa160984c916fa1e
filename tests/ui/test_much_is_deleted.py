"""Where the server would delete very much at once, the person is told, asks, and says by keyboard that it is meant."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import PresenceWord
from csr_desktop.sync.guard import MassDeletion, note_stopped, stopped
from csr_desktop.ui.kit.buttons import Button
from tests.conftest import Office
from tests.ui.frame_bench import Frame, spoken


def test_it_is_told_with_both_figures_and_goes_on_when_the_person_says_so(frame: Frame, office: Office) -> None:
    woken: list[bool] = []

    class Engine:
        def start(self) -> None: ...
        def stop(self) -> None: ...
        def check(self) -> None: ...
        def say(self, word: PresenceWord) -> None: ...
        def wake(self) -> None:
            woken.append(True)

    office.bureau.sync(frame.data)
    frame.desk_window._engine = Engine()
    fault = MassDeletion(1234, 5678)
    note_stopped(frame.data.replica, fault)
    status = SyncStatus("stopped", office.clock.at, fault.title, fault.advice)
    frame.desk_window.status_said.emit(status)
    frame.settle()
    assert frame.window.sync_line.words == "1 change needs you"
    frame.press("Ctrl+Shift+U")
    page = frame.floats.needs_you
    texts = [label.text() for label in page.content.findChildren(QLabel) if label.isVisible()]
    figures = frame.desk.words.locale.toString
    said = f"The server wants to delete {figures(1234)} of {figures(5678)} entries here at once. No more was deleted."
    assert said in texts
    assert any(text.startswith("Ask your administrator whether this is meant.") for text in texts)
    (meant,) = [b for b in page.content.findChildren(Button) if b.isVisible()]
    assert spoken(meant).startswith("That is meant: The server wants to delete very much at once")
    for _ in range(5):
        if frame.focus is meant:
            break
        frame.press("Tab")
    assert frame.focus is meant
    frame.press("Space")
    frame.settle()
    assert stopped(frame.data.replica) is None
    assert woken, "it goes on at once"
    assert frame.data.services.sync_state.needs_you() == ()


def test_how_far_older_calls_have_come_is_said_with_the_time_that_is_left(frame: Frame, office: Office) -> None:
    office.bureau.sync(frame.data)
    figures = frame.desk.words.locale.toString
    for seconds, left in (
        (0, ""),
        (1, ", about 1 second left"),
        (20, ", about 20 seconds left"),
        (200, ", about 3 minutes left"),
    ):
        status = SyncStatus("syncing", office.clock.at, rows_left=46_000, is_filled=True, row_count=80_000,
                            seconds_left=seconds)  # fmt: skip
        frame.desk_window.status_said.emit(status)
        frame.settle()
        said = f"Fetching older calls: {figures(34_000)} of {figures(80_000)}{left}"
        assert frame.window.sync_line.words == said
    frame.desk_window.status_said.emit(SyncStatus("saved", office.clock.at, is_filled=True))
    frame.settle()
    assert frame.window.sync_line.words == "All saved"


def test_what_was_put_right_is_said_once_and_nothing_else_unless_it_was_asked_for(frame: Frame, office: Office) -> None:
    checked: list[bool] = []

    class Engine:
        def start(self) -> None: ...
        def stop(self) -> None: ...
        def wake(self) -> None: ...
        def say(self, word: PresenceWord) -> None: ...
        def check(self) -> None:
            checked.append(True)

    frame.desk_window._engine = Engine()

    def said(mended: int) -> list[str]:
        before = len(frame.notices)
        frame.desk_window.status_said.emit(SyncStatus("saved", office.clock.at, is_filled=True, mended_count=mended))
        frame.settle()
        return [notice.text for notice in frame.notices[before:]]

    assert said(-1) == said(0) == []
    assert said(1) == ["Compared with the server, and put right: 1 thing."]
    assert said(3) == ["Compared with the server, and put right: 3 things."]
    frame.window.actions_table.run("check_data")
    frame.settle()
    assert checked
    assert said(-1) == [], "not yet compared"
    assert said(0) == ["Compared with the server: everything here is as it should be."]
    assert said(0) == []
