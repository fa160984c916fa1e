"""What a workstation says of its failures, and what it is told of a newer version: with a real server between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from csr_desktop.protocol import ErrorReport, ErrorReportReply
from csr_desktop.server.cli import server as server_commands
from csr_desktop.server.error_reports import ErrorReports
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.logs import log_to
from csr_desktop.server.run import RunningServer
from csr_desktop.services.sync_state import SyncState
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.error_reports import ErrorReporting
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from csr_desktop.sync.transport import HttpTransport
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.crashes import read_last_crash, report_of
from csr_desktop.ui.after_start import is_newer
from tests.server.desk import Desk, message, new_id, problem

PRIVATE = "Sample Bakery"
SEGFAULT = """
import sys
from pathlib import Path
from csr_desktop.system.crashes import install_crash_handler
install_crash_handler(Path(sys.argv[1]), lambda: 1)
import PySide6.QtCore, msgspec, sqlcipher3, faulthandler  # their names come at the end of a report
faulthandler._sigsegv()
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "server.log"
    log_to(path)
    yield path
    structlog.reset_defaults()


def failures(log: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line["event"] == "desk_failed"]


def own_report() -> str:
    def work(client_name: str) -> int:
        return {"a": 1}[client_name]

    try:
        work(PRIVATE)
    except KeyError as error:
        return report_of(error, "MainThread", 1_790_000_000_000)
    raise AssertionError


@pytest.fixture
def transport(server: RunningServer, ada: Desk) -> Iterator[HttpTransport]:
    made = HttpTransport(server.url, ada.device_id, ada.key.sign, wall_clock)
    yield made
    made.close()


def test_a_report_comes_into_the_servers_log_and_nowhere_else(log: Path, transport: HttpTransport, ada: Desk) -> None:
    waiting = [own_report()]
    sent = threading.Event()
    reporting = ErrorReporting(transport, lambda: waiting[0], sent.set)
    thread = threading.Thread(target=reporting.run)
    thread.start()
    reporting.wake()
    assert sent.wait(10)
    reporting.end()
    thread.join()
    [line] = failures(log)
    assert line["device"] == ada.device_id
    report = line["report"]
    assert isinstance(report, list)
    assert "builtins.KeyError" in report
    assert any("test_failures_and_versions.py" in step and step.endswith(" work") for step in report)
    assert PRIVATE not in log.read_text()


def test_a_report_waits_until_the_server_is_there(ada: Desk) -> None:
    gone = HttpTransport("http://127.0.0.1:1", ada.device_id, ada.key.sign, wall_clock)
    sent: list[bool] = []
    ErrorReporting(gone, own_report, lambda: sent.append(True)).round()
    assert sent == []
    gone.close()


@pytest.mark.skipif(os.name != "posix", reason="a signal tells of the fault")
def test_a_librarys_fault_is_a_report_that_is_taken(log: Path, ada: Desk, tmp_path: Path) -> None:
    place = tmp_path / "log"
    place.mkdir()
    subprocess.run([sys.executable, "-c", SEGFAULT, str(place)], check=False, capture_output=True)
    report = read_last_crash(place)
    assert report is not None
    assert "Extension modules" in report
    assert message(ada.post("error-report", ErrorReport(report)), ErrorReportReply).is_kept
    assert "Segmentation fault" in log.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "KeyError: what they wrote = 5 €",
        "<script>alert(1)</script>;\x00",
        "called +1 (212) 555-0123 twice",
        "078-05-1120 12",
        "x" * 64_001,
        "one line " * 1000,
    ],
)
def test_what_is_no_report_is_not_written_down(log: Path, ada: Desk, text: str) -> None:
    assert problem(ada.post("error-report", ErrorReport(text))).code == "bad_message"
    assert failures(log) == []


def test_a_workstation_that_fails_all_the_time_neither_fills_the_log_nor_silences_another(
    log: Path, ada: Desk, desk: Callable[[str], Desk]
) -> None:
    kept = [message(ada.post("error-report", ErrorReport(own_report())), ErrorReportReply).is_kept for _ in range(15)]
    assert kept == [True] * 3 + [False] * 12
    bob = desk("bob").begin()
    assert message(bob.post("error-report", ErrorReport(own_report())), ErrorReportReply).is_kept
    assert len(failures(log)) == 4


def test_many_workstations_that_fail_at_once_do_not_fill_the_log(log: Path) -> None:
    reports = ErrorReports()
    kept = [reports.take(f"device-{number}", ErrorReport(own_report())).is_kept for number in range(40)]
    assert kept == [True] * 30 + [False] * 10
    assert len(failures(log)) == 30


def test_nobody_is_heard_without_signing_in(server: RunningServer, desk: Callable[[str], Desk], log: Path) -> None:
    stranger = desk("bob")
    response = stranger.post("error-report", ErrorReport(own_report()))
    assert response.status_code == 401
    assert failures(log) == []


def said(folder: ServerFolder, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(server_commands, ["set", "newest-desk", "--data", str(folder.path), *words])
    return result.exit_code, result.output


@pytest.mark.usefixtures("log")  # else the server's lines come among what the command says
def test_the_administrator_names_a_version_and_workstations_hear_of_it(
    server: RunningServer, folder: ServerFolder, ada: Desk, transport: HttpTransport, tmp_path: Path
) -> None:
    sql = open_desk(tmp_path / "desk.db", ada.database_key, clock=wall_clock)
    replica = Replica(sql, wall_clock, new_id)
    first_rights(replica, ada.device_id, newcomer(ada.user_id, "Ada Sample"))
    engine = Engine(replica, transport, wall_clock, lambda _: None, lambda _: None)
    state = SyncState(replica)
    try:
        assert engine.sync_once()
        assert state.newest_desk() == ""
        assert said(folder, "2.10.3") == (0, "Version 2.10.3 is ready for workstations.\n")
        assert said(folder) == (0, "Version 2.10.3 is ready for workstations.\n")
        assert engine.sync_once()
        assert state.newest_desk() == "2.10.3"
        assert said(folder, "none") == (0, "No version is named.\n")
        assert engine.sync_once()
        assert state.newest_desk() == ""
        for wrong in ("2", "2.1", "v2.1.0", "1.2.1000", "2.1.-1"):
            code, words = said(folder, wrong)
            assert code == 2
            assert "is no version such as 1.4.2" in words
    finally:
        close_desk(sql)


def test_newer_is_by_numbers() -> None:
    assert is_newer("0.10.0", "0.9.9")
    assert is_newer("1.0.0", "0.999.999")
    assert not is_newer("\N{ARABIC-INDIC DIGIT NINE}.0.0", "0.1.0")
    assert not is_newer("0.9.9", "0.10.0")
    assert not is_newer("1.2.0", "1.2")
    assert not any(is_newer(wrong, "0.1.0") for wrong in ("", "newest", "9.9.9.9", "9.9.9-beta"))
