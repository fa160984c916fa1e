"""The program meets an error that nobody expected, in a process of its own: what is said, what is kept, and its end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.services.sign_in import Account
from csr_desktop.system.clock import wall_clock
from tests.desks import open_data, station

TYPED = "Sample Bakery wants"
STARTED = """
import json, sys
from pathlib import Path
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTextEdit
from csr_desktop.bootstrap import demo_secrets, run_desk
from csr_desktop.domain.errors import DiskFull
from csr_desktop.system.places import Places

places = Places.under(Path(sys.argv[1]))


def fail(client_name, kind=KeyError):
    raise kind(client_name) if kind is KeyError else kind


def when(holds, then):
    QTimer.singleShot(20, lambda: then() if holds() else when(holds, then))


def fronts():
    return [one for one in QApplication.topLevelWidgets() if one.isVisible() and hasattr(one, "chosen")]


def on_ready(made):
    rows = made.window.place("inbox").list.rows

    def is_writing():
        if not isinstance(QApplication.focusWidget(), QTextEdit) and not made.worker.is_busy:
            QTest.keyClick(rows, Qt.Key.Key_Down)
            QTest.keyClicks(rows, "n")
        return isinstance(QApplication.focusWidget(), QTextEdit) and not made.worker.is_busy

    def write():
        QTest.keyClicks(QApplication.focusWidget(), "Sample Bakery wants")
        HOW
    when(is_writing, write)


def tell():
    said = [label.text() for label in fronts()[0].findChildren(QLabel)]
    windows = [one.windowTitle() for one in QApplication.topLevelWidgets() if one.isVisible()]
    buttons = [button.text() for button in fronts()[0].buttons]
    fronts()[0].buttons[1].click()
    told = {"said": said, "windows": windows, "buttons": buttons, "copied": QApplication.clipboard().text()}
    print(json.dumps(told), flush=True)
    fronts()[0].buttons[0].click()


sys.exit(run_desk(places, demo_secrets(places), ["csr-desktop"], on_ready))
"""
CRASHES = {
    "in a slot": "QTimer.singleShot(0, lambda: fail('Sample Bakery')); when(fronts, tell)",
    "in the store's thread": "made.worker.ask(made, lambda: fail('Sample Bakery'), print); when(fronts, tell)",
    "in the sync's thread": "made.start_sync(); made._engine._puller = made._engine._replica = None;"
    " made._engine.wake(); when(fronts, tell)",
}
Run = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Account]:
    return station(tmp_path_factory.mktemp("crash"))


@pytest.fixture
def home(filled: tuple[Path, Account], tmp_path: Path) -> Path:
    shutil.copytree(filled[0], tmp_path / "station")
    return tmp_path / "station"


@pytest.fixture
def run(home: Path) -> Run:
    def start(how: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run(
            [sys.executable, "-c", STARTED.replace("HOW", how), str(home)],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            env=environment,
        )

    return start


def drafts(home: Path, account: Account) -> list[str]:
    data = open_data(home / "data", account, wall_clock)
    try:
        kept = data.services.drafts
        return [kept.read(key) for key in kept.keys()]  # noqa: SIM118
    finally:
        data.close()


@pytest.mark.parametrize("how", CRASHES.values(), ids=CRASHES)
def test_an_error_that_nobody_expected_is_said_and_ends_the_program(
    run: Run, home: Path, filled: tuple[Path, Account], how: str
) -> None:
    ran = run(how)
    assert ran.returncode == 1, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert told["windows"] == ["CSR Desktop has to end"], "the desk is still worked in"
    words = " ".join(told["said"])
    assert "What you typed is kept on this computer" in words
    assert "start CSR Desktop again" in words
    assert str(home / "log") in words
    assert told["buttons"] == ["Quit", "Copy the report"]
    assert drafts(home, filled[1]) == [TYPED]
    report = (home / "log" / "crash.txt").read_text()
    assert told["copied"] in report
    assert "Error" in told["copied"]
    for file in (home / "log").iterdir():
        assert "Bakery" not in file.read_text(), file.name


def test_what_is_the_worlds_fault_is_said_and_the_work_goes_on(run: Run, home: Path) -> None:
    how = """QTimer.singleShot(0, lambda: fail("", DiskFull()))
        from csr_desktop.ui.notices import PlaceNotice
        def said():
            return [one.text for one in made.window.findChildren(PlaceNotice) if "disk is full" in one.text]
        def close():
            print(json.dumps(said()), flush=True)
            made.window.close()
        when(said, close)"""
    ran = run(how)
    assert ran.returncode == 0, ran.stderr
    assert len(json.loads(ran.stdout.splitlines()[-1])) == 1
    assert not (home / "log" / "crash.txt").exists()
