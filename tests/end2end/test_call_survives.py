"""A call in the whole program, in a process of its own, that is killed, or whose disk is full, while it runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import EventKind, PhoneAgent, PhoneEvent, phone_event
from csr_desktop.services.sign_in import Account
from csr_desktop.system.clock import wall_clock
from tests.desks import open_data, station

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and tmpfs")
TYPED = "Sample Bakery wants"
NUMBER = "+13125550142"
SECOND = 1000
DESK = """
import json, subprocess, sys
from pathlib import Path
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextEdit
from csr_desktop.bootstrap import demo_secrets, run_desk
from csr_desktop.system.places import Places

home = Path(sys.argv[1])
places = Places.under(home)


def when(holds, then):
    QTimer.singleShot(20, lambda: then() if holds() else when(holds, then))


def tell(**told):
    print(json.dumps(told), flush=True)


def say(event):
    number = ["--number", "+13125550142", "--id", "7"]
    command = [sys.executable, "-m", "csr_desktop", "call", "--home", str(home), "--event", event, *number]
    return subprocess.Popen(command)


def running(made, then):
    made.worker.ask(made, lambda: [(one.note, one.phase) for one in made.data.services.calls.running()], then)


def type_in(made, text, then):
    def is_writing():
        if not isinstance(QApplication.focusWidget(), QTextEdit) and not made.worker.is_busy:
            QTest.keyClick(made.window, Qt.Key.Key_F9)
        return isinstance(QApplication.focusWidget(), QTextEdit) and not made.worker.is_busy

    def write():
        QTest.keyClicks(QApplication.focusWidget(), text)
        when(lambda: not made.worker.is_busy, then)
    when(is_writing, write)


def begin(made, then):
    ring = say("ring")

    def rang():
        answer = say("answer")
        when(lambda: answer.poll() is not None, lambda: type_in(made, "Sample Bakery wants", then))
    when(lambda: ring.poll() is not None, rang)


def on_ready(made):
    when((places.data / "running.json").exists, lambda: hear(made))


def hear(made):
    HOW


sys.exit(run_desk(places, demo_secrets(places), ["csr-desktop"], on_ready))
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Account]:
    return station(tmp_path_factory.mktemp("call"))


@pytest.fixture
def home(filled: tuple[Path, Account], tmp_path: Path) -> Path:
    shutil.copytree(filled[0], tmp_path / "station")
    settings = tmp_path / "station" / "config" / "settings.json"
    settings.write_text(json.dumps({"calls_open_desk": False}))
    return tmp_path / "station"


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(how: str, home: Path, *before: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [*before, sys.executable, "-c", DESK.replace("HOW", how), str(home)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    found: dict[str, object] = json.loads(process.stdout.readline())
    return found


def test_killed_between_the_softphones_answer_and_the_phone_systems_one_call_runs_on(
    start: Start, home: Path, filled: tuple[Path, Account]
) -> None:
    began = wall_clock()
    desk = start("begin(made, lambda: running(made, lambda found: tell(running=found)))", home)
    assert told(desk) == {"running": [[TYPED, "talk"]]}
    desk.send_signal(signal.SIGKILL)
    assert desk.wait(10) == -signal.SIGKILL
    data = open_data(home / "data", filled[1], wall_clock)
    try:
        services = data.services
        heard: set[PhoneEvent] = set()

        def say(kind: EventKind, after_seconds: float) -> None:
            at = began + round(after_seconds * SECOND)
            agents = [PhoneAgent("201")]
            heard.add(phone_event("ami", "pbx", "c1", kind, at, direction="in", number=NUMBER, agents=agents))
            services.live_calls.take(call_of(heard, {"201": filled[1].user_id}), filled[1].user_id)

        say("ring", 0)
        say("answer", 2)
        (call,) = services.calls.running()
        assert (call.note, call.phase) == (TYPED, "talk")
        say("hangup", 3)
        (call,) = services.calls.running()
        saved = services.calls.save(call.id)
        row = data.sql.load("interactions", [saved.interaction_id])[saved.interaction_id]
        assert (row["note"], row["result"], row["call_reference"]) == (TYPED, "handled", "pbx c1")
        assert services.calls.running() == ()
    finally:
        data.close()


FULL = """from csr_desktop.ui.notices import PlaceNotice
    ballast = home / "ballast"

    def fill():
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def said():
        return sorted({one.text for one in made.window.findChildren(PlaceNotice) if "disk is full" in one.text})

    def key(which, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or made.window, which, modifier)

    def go_on():
        fill()
        note = QApplication.focusWidget()
        QTest.keyClicks(note, " a refund")
        when(said, lambda: hang_up(note))

    def hang_up(note):
        key(Qt.Key.Key_F8)
        when(lambda: not made.worker.is_busy, lambda: save(note))

    def save(note):
        key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        when(lambda: not made.worker.is_busy, lambda: running(made, lambda found: refused(note, found)))

    def refused(note, found):
        tell(said=said(), typed=note.toPlainText(), running=found)
        ballast.unlink()
        key(Qt.Key.Key_F8)
        when(lambda: not made.worker.is_busy, lambda: running(made, lambda found: has_room(note, found)))

    def has_room(note, found):
        tell(running=found, typed=note.toPlainText())
        key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        when(lambda: not made.worker.is_busy, lambda: running(made, saved))

    def saved(found):
        asked = "SELECT result, note FROM interactions WHERE deleted = 0 ORDER BY started_at DESC LIMIT 1"
        made.worker.ask(made, lambda: made.data.sql.all(asked), lambda rows: tell(running=found, rows=rows))

    begin(made, go_on)"""


def test_a_disk_that_is_full_during_a_call_loses_nothing_of_it(start: Start, home: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no mounts of one's own are allowed here (unshare -Urm)")
    small = home.with_name("small")
    small.mkdir()
    script = f'mount -t tmpfs -o size=64m none "{small}" && cp -a "{home}/." "{small}" && exec "$@"'
    desk = start(FULL, small, "unshare", "-Urm", "sh", "-c", script, "sh")
    full = told(desk)
    words = "The disk is full, so this was not saved. Your text is still here. Free some space, then save again."
    assert full == {"said": [words], "typed": f"{TYPED} a refund", "running": [[TYPED, "talk"]]}
    assert told(desk) == {"typed": f"{TYPED} a refund", "running": [[TYPED, "wrap_up"]]}
    assert told(desk) == {"running": [], "rows": [["handled", f"{TYPED} a refund"]]}
