"""Faults 12 and 23, at the window: while the server hangs it lives and saves; a name in HTML is only text."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QTextEdit

from csr_desktop.server.folder import ServerFolder
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.plurals import EnglishPlurals
from tests.faults.processes import Server, serving
from tests.ui.recovery_seat import House, Seat

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked from a prepared one here")
CLIENT = "SELECT id FROM clients ORDER BY name LIMIT 1"
SILENT_SECONDS = 2.5
LONGEST_TURN_SECONDS = 1.0
"""Far below a request's deadline, which a window that waits for the network would show; machines may be busy."""


class OwnProcess(House):
    """The server in a process of its own, which can be stopped midway."""

    def __init__(self, server: Server) -> None:
        self.folder = server.folder
        self._server = server

    @property
    def url(self) -> str:
        return self._server.url


@pytest.fixture
def server_process(folder: ServerFolder) -> Iterator[Server]:
    with serving(folder) as made:
        yield made


@pytest.fixture
def seat(server_process: Server, tmp_path: Path, qapp: QApplication, themes: ThemeSwitch) -> Iterator[Seat]:
    plurals = EnglishPlurals()
    qapp.installTranslator(plurals)
    quits = qapp.quitOnLastWindowClosed()
    made = Seat(qapp, themes, OwnProcess(server_process), tmp_path / "ada")
    made.open_filled()
    made.add_client("Sample Bakery")
    yield made
    made.close()
    qapp.removeTranslator(plurals)
    qapp.setQuitOnLastWindowClosed(quits)


def test_the_window_lives_while_the_server_hangs(seat: Seat, server_process: Server) -> None:
    turns: list[float] = [time.monotonic()]
    ticking = QTimer()
    ticking.setInterval(5)
    ticking.timeout.connect(lambda: turns.append(time.monotonic()))
    os.kill(server_process.pid, signal.SIGSTOP)
    try:
        ticking.start()
        end = time.monotonic() + SILENT_SECONDS
        written = 0
        while time.monotonic() < end:
            written += 1
            seat.note(f"note {written:03}")
            seat.wait(0.1)
        ticking.stop()
        seat.says(f"{written} changes waiting")
    finally:
        os.kill(server_process.pid, signal.SIGCONT)
    assert written >= 5
    assert max(after - before for before, after in itertools.pairwise(turns)) < LONGEST_TURN_SECONDS
    assert seat.notes() == [f"note {number:03}" for number in range(1, written + 1)]
    seat.sync()
    seat.says("All saved")
    assert OwnProcess(server_process).notes() == seat.notes()


def test_no_part_of_the_window_takes_a_name_for_html(seat: Seat) -> None:
    hostile = "<img src='file:///etc/hostname'><b>Sample</b> & Sons"
    clients = seat.desk.desk.services.clients
    for deed in (
        lambda: clients.add_client({"name": hostile}).outcome,
        lambda: clients.add_note(str(seat.desk.data.sql.value(CLIENT)), hostile).outcome,
    ):
        seat.desk.desk.do(seat.desk, deed, is_quiet=True)
        seat.wait(0.2)
    shown: set[str] = set()
    for place in ("Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4"):
        seat.press(place)
        seat.wait(0.3)
        labels = seat.desk.window.findChildren(QLabel)
        assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
        assert not [text for text in seat.desk.window.findChildren(QTextEdit) if text.acceptRichText()]
        shown |= {label.text() for label in labels}
    assert len(shown) > 20
