"""The desk started anew, in processes of its own: after a failure, minimised, and in another session of the person's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.system.diagnostics import LOG_FILE
from tests.desks import station
from tests.end2end.display import display
from tests.faults.machine import needs

STARTED = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel
from csr_desktop import bootstrap
from csr_desktop.bootstrap import demo_secrets, run_desk
from csr_desktop.system import own_program
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources

home, policy, how, is_minimised = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], sys.argv[4] == "minimised"
places = Places.under(Path(home))
bootstrap.sources_of_this_computer = lambda: Sources((Source("policy", policy),), ())


def when(holds, then, left=400):
    def look():
        if holds() or not left:
            then()
        else:
            when(holds, then, left - 1)
    QTimer.singleShot(20, look)


def say(**told):
    print(json.dumps(told), flush=True)


def notices(made):
    from csr_desktop.ui.notices import PlaceNotice
    return sorted({one.text for one in made.window.findChildren(PlaceNotice) if one.isVisible()})


def on_ready(made):
    listens = (places.data / "running.json").exists
    is_logged = lambda: made._engine is not None and listens() and not made.worker.is_busy

    def segfault():
        import faulthandler
        faulthandler._sigsegv()

    def tell():
        say(notices=notices(made), minimised=made.window.isMinimized(), to_send=made.data.error_report)
        if how in {"wait", "either"}:
            return  # for a signal
        if how == "stay":
            when(lambda: not made.window.isMinimized(), lambda: (say(minimised=False), made.window.close()), 3000)
        elif how == "fault":
            segfault()
        else:
            made.window.close()

    def hear():
        # As after an exchange with a server that names a version.
        from csr_desktop.domain.sync_status import SyncStatus

        def saved(_none):
            made.status_said.emit(SyncStatus("saved", 1))
            when(lambda: notices(made), tell, 50)

        def note():
            with made.data.sql.transaction():
                made.data.replica.set_state("newest_desk", "999.1.0")

        made.worker.ask(made, note, saved)

    def replace():
        # As an upgrade does while it runs; an installation of the same version before it is nothing to tell of.
        made.window.minute_passed.emit()
        before = notices(made)
        program.rename(program.with_name("old"))
        made.window.minute_passed.emit()
        say(notices=before + notices(made))
        program.write_text("a later version")
        made.window.minute_passed.emit()
        made.window.minute_passed.emit()
        when(lambda: notices(made), tell, 50)

    if how in {"named", "replaced"}:
        when(is_logged, lambda: QTimer.singleShot(300, hear if how == "named" else replace))
        return
    running = lambda then: made.desk.ask(made, made.desk.services.calls.running, then)
    if how == "session ends":  # what Qt does when the system says so, as Windows does for an upgrade's sake, too
        def call():
            made.desk.call("(312) 555-0177")
            when(lambda: not made.worker.is_busy, lambda: running(lambda calls: (say(calls=len(calls)), QApplication.quit())))
        when(is_logged, call)
        return
    if how == "look at calls":
        when(is_logged, lambda: running(lambda calls: (say(calls=len(calls)), made.window.close())))
        return
    when(is_logged, lambda: QTimer.singleShot(300, tell))


def look_at_front():
    found = [one for one in QApplication.topLevelWidgets() if one.isVisible() and hasattr(one, "chosen")]
    if found:
        say(front=[label.text() for label in found[0].findChildren(QLabel) if label.isVisible()])
        found[0].buttons[0].click()
    else:
        QTimer.singleShot(50, look_at_front)


if how == "replaced":
    program = Path(home) / "program"
    program.write_text("this version")
    own_program.program_file = lambda: program

if how == "packaged":
    sys.frozen = True

if how in {"front", "either"}:
    import csr_desktop.ui.application as shown
    made = shown.make_application
    def watched(*arguments):
        found = made(*arguments)
        QTimer.singleShot(50, look_at_front)
        return found
    shown.make_application = watched
sys.exit(run_desk(places, demo_secrets(places), ["csr-desktop"], on_ready, is_minimised=is_minimised))
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return station(tmp_path_factory.mktemp("next"))[0]


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "station")
    return tmp_path / "station"


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(
        how: str = "close", *, is_minimised: bool = False, policy: dict[str, object] | None = None, **environment: str
    ) -> subprocess.Popen[str]:
        found = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[2])}
        arguments = [str(home), json.dumps(policy or {}), how, "minimised" if is_minimised else "shown"]
        process = subprocess.Popen(
            [sys.executable, "-c", STARTED, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**found, **environment},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    found: dict[str, Any] = json.loads(line)
    return found


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=30)
    return process.returncode


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG_FILE).read_text("utf-8").splitlines()]


@pytest.mark.skipif(os.name != "posix", reason="a signal tells of the fault")
def test_how_it_failed_is_told_once_at_the_next_start(start: Start, home: Path) -> None:
    failing = start("fault")
    assert told(failing)["notices"] == []
    assert ended(failing) == -signal.SIGSEGV
    again = start()
    [said] = told(again)["notices"]
    assert said.startswith("CSR Desktop failed when it last ran. What you saved is here")
    assert "save a report for your IT" in said
    assert ended(again) == 0
    third = start()
    assert told(third)["notices"] == []
    assert ended(third) == 0
    log = events(home / "log")
    assert [one["event"] for one in log if one["event"] in {"started", "failed when it last ran", "ended"}] == [
        "started",
        "started",
        "failed when it last ran",
        "ended",
        "started",
        "ended",
    ]
    assert {one["event"] for one in log} >= {"sync"}
    assert "Segmentation fault" in (home / "log" / "last-crash-shown.txt").read_text()
    for file in (home / "log").iterdir():
        assert "Alex" not in file.read_text()  # the person, whose name begins most of what is shown
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_report_is_sent_only_where_policy_wants_it(start: Start) -> None:
    for is_wanted in (True, False):
        failing = start("fault")
        told(failing)
        ended(failing)
        again = start(policy={"ErrorReports": is_wanted})
        assert ("Segmentation fault" in told(again)["to_send"]) is is_wanted
        assert ended(again) == 0


def test_a_newer_version_is_told_once_and_only_where_policy_lets_it(start: Start) -> None:
    expected = "A new version of CSR Desktop, 999.1.0, is ready. Your IT installs it; you need do nothing."
    policies: list[dict[str, object]] = [{}, {"UpdateCheck": True}, {"UpdateCheck": True}]
    for policy, notices in zip(policies, ([], [expected], []), strict=True):
        process = start("named", policy=policy)
        assert told(process)["notices"] == notices
        assert ended(process) == 0


def test_an_upgrade_under_a_desk_that_runs_is_told_once(start: Start, home: Path) -> None:
    process = start("replaced")
    assert told(process)["notices"] == [], "neither while nothing changed nor while the program is away"
    [said] = told(process)["notices"]
    assert said.startswith("CSR Desktop was updated on this computer. Quit it and start it again when you can")
    assert said.endswith("What you typed is kept.")
    assert ended(process) == 0
    assert [one["event"] for one in events(home / "log")].count("another version was installed") == 1


def test_a_desk_that_the_system_ends_keeps_the_call_that_runs(start: Start, home: Path) -> None:
    process = start("session ends")
    assert told(process) == {"calls": 1}
    assert ended(process) == 0
    assert [one["event"] for one in events(home / "log")][-1] == "ended", "in order, as when a person quits"
    again = start("look at calls")
    assert told(again) == {"calls": 1}
    assert ended(again) == 0


def test_the_organisation_says_where_logs_go_and_how_much(start: Start, home: Path, tmp_path: Path) -> None:
    process = start(policy={"LogFolder": str(tmp_path / "logs"), "LogLevel": "warning"})
    told(process)
    assert ended(process) == 0
    [own] = (tmp_path / "logs").iterdir()
    assert {one["level"] for one in events(own)} == {"warning"}
    assert not (home / "log" / LOG_FILE).exists()


@pytest.mark.parametrize(("how", "command"), [("close", "csr-desktop"), ("packaged", "csr-desktop-cli")])
def test_a_policy_that_nobody_understands_is_told_and_the_desk_works(
    start: Start, home: Path, how: str, command: str
) -> None:
    process = start(how, policy={"Clipboard": "Inside"})
    [said] = told(process)["notices"]
    assert said.endswith(f"Tell your IT that “{command} policy” says what is wrong.")
    assert said.startswith("Some of your organization's settings can't be read, so what protects data is at its")
    assert ended(process) == 0
    [line] = [one for one in events(home / "log") if one["event"] == "not all of the policy was taken"]
    assert (line["level"], line["count"]) == ("warning", 1)


def test_where_no_log_can_be_kept_it_is_said_and_the_desk_works(start: Start, home: Path) -> None:
    shutil.rmtree(home / "log", ignore_errors=True)
    (home / "log").write_text("a file where a folder should be")
    process = start()
    assert told(process)["notices"] == [
        f"Logs cannot be written to {home / 'log'}, so none are kept. Tell your administrator."
    ]
    assert ended(process) == 0


def test_started_with_the_session_it_waits_in_the_task_bar_until_it_is_started_by_hand(start: Start) -> None:
    first = start("stay", is_minimised=True)
    assert told(first)["minimised"] is True
    assert ended(start(is_minimised=True)) == 0  # as the organisation and the person have it started, both
    assert first.poll() is None
    assert ended(start()) == 0
    assert told(first) == {"minimised": False}
    assert ended(first) == 0


SESSIONS = pytest.mark.skipif(sys.platform != "linux", reason="uses X servers as sessions")


@SESSIONS
def test_of_two_sessions_in_one_instant_one_has_it_and_the_other_is_told_where(start: Start) -> None:
    needs("Xvfb")
    with display() as one, display() as other:
        here = {"QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": ""}
        both = [start("either", **here, DISPLAY=shown) for shown in (one, other)]
        said = [told(process) for process in both]
        (turned_away,) = [process for process, words in zip(both, said, strict=True) if "front" in words]
        (has_it,) = [process for process, words in zip(both, said, strict=True) if "front" not in words]
        words = " ".join(said[both.index(turned_away)]["front"])
        assert "CSR Desktop is open in another session of yours on this computer." in words
        assert ended(turned_away) == 1
        assert has_it.poll() is None
        has_it.terminate()
        assert ended(has_it) == 0


@SESSIONS
def test_in_another_session_it_is_said_where_it_is_open(start: Start) -> None:
    needs("Xvfb")
    with display() as one, display() as other:
        here = {"QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": "", "XDG_SESSION_ID": "1"}
        first = start("wait", **here, DISPLAY=one)
        told(first)
        second = start("front", **here | {"XDG_SESSION_ID": "2"}, DISPLAY=other)
        words = " ".join(told(second)["front"])
        assert "CSR Desktop is open in another session of yours on this computer." in words
        assert "quit it there and start it here" in words
        assert ended(second) == 1
        assert ended(start(is_minimised=True, **here, DISPLAY=other)) == 0, "nobody asked for it at sign-in"
        first.terminate()
        assert ended(first) == 0
        third = start(**here, DISPLAY=other)
        told(third)
        assert ended(third) == 0
