from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from csr_desktop.system.crashes import install_crash_handler, read_last_crash, report_of
from csr_desktop.system.diagnostics import DiagnosticsLog

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = "Sample Bakery"
PRELUDE = """
import os, sys, threading
from pathlib import Path
from csr_desktop.system.crashes import install_crash_handler
handler = install_crash_handler(Path(sys.argv[1]), lambda: 1_700_000_000_000, lambda report: print("told", len(report) > 50, flush=True))
def work(client_name):
    note = "a note of " + client_name
    return {}[client_name]
"""


def crashed(place: Path, script: str) -> subprocess.CompletedProcess[str]:
    program = PRELUDE + textwrap.dedent(script)
    return subprocess.run(
        [sys.executable, "-c", program, str(place)], capture_output=True, text=True, check=False, timeout=30
    )


def test_an_uncaught_error_leaves_a_report_without_its_words(tmp_path: Path) -> None:
    ended = crashed(tmp_path, f"work({PRIVATE!r})")
    assert ended.returncode == 1
    assert ended.stdout == "told True\n"
    assert "KeyError" in ended.stderr
    assert PRIVATE not in ended.stderr, "what is no terminal may be the system's journal"
    for file in tmp_path.iterdir():
        assert PRIVATE not in file.read_text()
        if os.name == "posix":
            assert file.stat().st_mode & 0o777 == 0o600
    report = read_last_crash(tmp_path)
    assert report is not None
    assert "2023-11-14T22:13:20+00:00" in report
    assert "builtins.KeyError" in report
    assert " work" in report
    assert "MainThread" in report
    assert read_last_crash(tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of its own")
def test_a_terminal_is_told_in_full(tmp_path: Path) -> None:
    ours, its = os.openpty()
    with subprocess.Popen([sys.executable, "-c", PRELUDE + f"work({PRIVATE!r})", str(tmp_path)], stderr=its) as ended:
        os.close(its)
        said = b""
        with suppress(OSError):  # so a terminal whose other side has gone is read to its end
            while part := os.read(ours, 4096):
                said += part
    os.close(ours)
    assert ended.returncode == 1
    assert PRIVATE.encode() in said


def test_errors_in_threads_are_reported_with_what_was_behind_them(tmp_path: Path) -> None:
    script = f"""
        def sync():
            try:
                work({PRIVATE!r})
            except KeyError as error:
                raise OSError(28, {PRIVATE!r}) from error
        thread = threading.Thread(target=sync, name="sync")
        thread.start()
        thread.join()
        handler.close()
        """
    ended = crashed(tmp_path, script)
    assert ended.returncode == 0
    assert PRIVATE not in ended.stderr
    report = read_last_crash(tmp_path)
    assert report is not None
    assert "thread sync" in report
    assert report.index("OSError (errno 28)") < report.index("after") < report.index("KeyError")
    assert PRIVATE not in report


def test_a_fault_in_a_library_is_reported_at_the_next_start(tmp_path: Path) -> None:
    ended = crashed(tmp_path, "import faulthandler; faulthandler._sigsegv()")
    assert ended.returncode != 0
    handler = install_crash_handler(tmp_path, lambda: 1)
    try:
        report = read_last_crash(tmp_path)
        assert report is not None
        assert "Segmentation fault" in report or "access violation" in report
        assert str(tmp_path) not in report
        assert read_last_crash(tmp_path) is None
    finally:
        handler.close()


def test_asking_while_running_does_not_lose_a_later_fault(tmp_path: Path) -> None:
    script = """
        from csr_desktop.system.crashes import read_last_crash
        assert read_last_crash(Path(sys.argv[1])) is None
        import faulthandler
        faulthandler._sigsegv()
        """
    crashed(tmp_path, script)
    assert read_last_crash(tmp_path) is not None


def test_a_good_end_and_an_interruption_are_no_crashes(tmp_path: Path) -> None:
    for script in ("handler.close()", "sys.exit(3)", "raise KeyboardInterrupt", "pass"):
        assert "told" not in crashed(tmp_path, script).stdout
        assert read_last_crash(tmp_path) is None


def test_what_fails_again_and_again_does_not_fill_the_disk(tmp_path: Path) -> None:
    script = """
        for _ in range(3000):
            try:
                work("x")
            except KeyError as error:
                sys.excepthook(KeyError, error, error.__traceback__)
        """
    crashed(tmp_path, script)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 150_000


def test_a_folder_that_cannot_be_written_to_hides_no_error(tmp_path: Path) -> None:
    place = tmp_path / "log"
    place.mkdir()
    script = """
        import shutil
        shutil.rmtree(sys.argv[1])
        work("x")
        """
    ended = crashed(place, script)
    assert ended.stdout == "told True\n"
    assert "KeyError" in ended.stderr


def test_closing_puts_back_what_was_there(tmp_path: Path) -> None:
    before = (sys.excepthook, threading.excepthook)
    install_crash_handler(tmp_path, lambda: 1).close()
    assert (sys.excepthook, threading.excepthook) == before
    assert list(tmp_path.iterdir()) == []


def test_a_report_does_not_name_the_persons_folders() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("def fails():\n    1 / 0\nfails()", "/home/sample/apps/lib/site-packages/library/core.py", "exec"))
    report = report_of(caught.value, "main", 0)
    assert "  library/core.py:2 fails" in report
    assert "sample" not in report


def test_a_circle_of_errors_ends() -> None:
    one, two = ValueError(), KeyError()
    one.__context__, two.__context__ = two, one
    assert report_of(one, "main", 0).count("ValueError") == 1


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@pytest.mark.parametrize("name", ["crash.txt", "fault.txt", "last-crash.txt", "csr-desktop.log"])
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_what_somebody_else_put_there_is_neither_read_nor_written(tmp_path: Path, name: str, kind: str) -> None:
    place, own = tmp_path / "log", tmp_path / "own key"
    place.mkdir()
    own.write_text("the person's own\n")
    if kind == "link":
        (place / name).symlink_to(own)
    elif kind == "hard link":
        os.link(own, place / name)
    else:
        os.mkfifo(place / name)
    log = DiagnosticsLog(place)
    handler = install_crash_handler(place, lambda: 1)
    try:
        logging.getLogger("csr_desktop").warning("something %s", "happened")
        assert "own" not in (read_last_crash(place) or "")
    finally:
        handler.close()
        log.close()
    assert own.read_text() == "the person's own\n"
    assert b"own" not in b"".join(path.read_bytes() for path in place.iterdir() if path.is_file() and path.name != name)
