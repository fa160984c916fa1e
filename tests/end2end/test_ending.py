"""How the demo and the desk start and end: real processes, real signals, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.phone_test import tell_by_address

PROGRAM = [sys.executable, "-m", "csr_desktop"]
Start = Callable[..., subprocess.Popen[str]]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them"),
    pytest.mark.xdist_group("tour"),
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "tmp").mkdir()
    here = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(tmp_path / "tmp")}
    here.pop("DISPLAY", None)
    here.pop("WAYLAND_DISPLAY", None)
    return {**here, "CSR_DESKTOP_HOME": str(tmp_path / "desk")}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*PROGRAM, *words], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def until(what: str, is_so: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)


def servers_of(folder: Path) -> list[int]:
    """Processes that run a server in this folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"run" in words and any(word.startswith(str(folder).encode()) for word in words):
            found.append(int(line.parent.name))
    return found


def is_open(tmp: Path) -> bool:
    return any(tmp.glob("csr-desktop-demo-*/desks/alex/data/*.db"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_demo_ends_in_order_and_leaves_nothing(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    demo = start("demo")
    until("the desk", lambda: is_open(tmp_path / "tmp"), demo)
    assert servers_of(tmp_path / "tmp")
    demo.send_signal(number)
    out, _ = demo.communicate(timeout=30)
    assert demo.returncode == 0, out
    assert "Traceback" not in out
    assert list((tmp_path / "tmp").iterdir()) == []
    assert servers_of(tmp_path / "tmp") == []


def test_a_demo_that_is_making_up_its_bureau_ends_too(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--seats", "10")
    until("the making", lambda: any((tmp_path / "tmp").glob("csr-desktop-demo-*/server.begun/server.db")), demo)
    demo.send_signal(signal.SIGTERM)
    out, _ = demo.communicate(timeout=30)
    assert demo.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in out
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_killed_demo_takes_its_server_with_it_and_the_next_one_cleans_up(start: Start, tmp_path: Path) -> None:
    tmp = tmp_path / "tmp"
    killed, beside = start("demo"), start("demo", "--home", str(tmp_path / "kept"))
    until("the desk", lambda: is_open(tmp), killed)
    left = next(tmp.iterdir())
    killed.kill()
    killed.wait()
    until("the server's end", lambda: servers_of(left) == [])
    assert left.exists()
    until("the other desk", lambda: any((tmp_path / "kept").glob("desks/alex/data/*.db")), beside)
    after = start("demo")
    until("the next desk", lambda: any(is_open(tmp) and folder != left for folder in tmp.iterdir()), after)
    assert not left.exists()
    assert beside.poll() is None
    assert servers_of(tmp_path / "kept"), "another demo's server was ended"


def test_a_second_demo_in_one_folder_says_so(start: Start, tmp_path: Path) -> None:
    home = str(tmp_path / "kept")
    first = start("demo", "--home", home)
    until("the first", (tmp_path / "kept" / "demo.lock").exists, first)
    out, _ = start("demo", "--home", home).communicate(timeout=30)
    assert "already runs in" in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_the_desk_ends_in_order(start: Start, number: signal.Signals) -> None:
    def catches() -> bool:
        words = Path(f"/proc/{desk.pid}/status").read_text().splitlines()
        mask = next(int(line.split()[1], 16) for line in words if line.startswith("SigCgt:"))
        return bool(mask >> (signal.SIGTERM - 1) & 1)

    desk = start()
    until("the window", catches, desk)
    desk.send_signal(number)
    out, _ = desk.communicate(timeout=30)
    assert desk.returncode == 0, out
    assert "Traceback" not in out


@pytest.mark.parametrize("display", ["", ":9999"], ids=["none", "one that went away"])
def test_without_a_display_the_desk_says_so(start: Start, environment: dict[str, str], display: str) -> None:
    environment.pop("QT_QPA_PLATFORM")
    environment["DISPLAY"] = display
    desk = start()
    out, _ = desk.communicate(timeout=30)
    assert desk.returncode == 2
    assert out.startswith("Error: There is no display here")
    assert len(out.splitlines()) == 1


def test_where_qt_itself_finds_no_display_it_is_said_too(start: Start, environment: dict[str, str]) -> None:
    environment.update(QT_QPA_PLATFORM="xcb:always", DISPLAY="nowhere.invalid:0")
    desk = start()
    out, _ = desk.communicate(timeout=60)
    assert desk.returncode == 2
    assert out.startswith("Error: ")
    assert len(out.splitlines()) == 1


def test_a_home_that_cannot_be_used_is_one_sentence(start: Start, environment: dict[str, str]) -> None:
    environment["CSR_DESKTOP_HOME"] = "/proc/nope"
    desk = start()
    out, _ = desk.communicate(timeout=30)
    assert desk.returncode == 2
    assert out.startswith("Error: The folder /proc/nope/config can't be used.")
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize("option", ["--home", "--tour"])
def test_a_file_is_no_folder_for_a_demo(start: Start, tmp_path: Path, option: str) -> None:
    (tmp_path / "afile").write_text("kept")
    for place in (tmp_path / "afile", tmp_path / "afile" / "below"):
        demo = start("demo", option, str(place))
        out, _ = demo.communicate(timeout=30)
        assert demo.returncode in {1, 2}
        assert "Traceback" not in out
        assert str(place) in out
    assert (tmp_path / "afile").read_text() == "kept"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_with_something_else_is_not_taken_for_a_demo_s(start: Start, tmp_path: Path) -> None:
    (tmp_path / "work" / "server").mkdir(parents=True)
    (tmp_path / "work" / "server" / "main.c").write_text("kept")
    out, _ = start("demo", "--home", str(tmp_path / "work")).communicate(timeout=30)
    assert "something else" in out
    assert (tmp_path / "work" / "server" / "main.c").read_text() == "kept"


def is_heard(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_a_call_comes_to_the_demo_s_desk_and_to_none_when_it_has_ended(start: Start, tmp_path: Path) -> None:
    home = tmp_path / "demo"
    (home / "desks" / "alex" / "config").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    wanted = {"answers_phone": True, "phone_port": port, "dial_way": "off", "calls_open_desk": False}
    (home / "desks" / "alex" / "config" / "settings.json").write_text(json.dumps(wanted))
    demo = start("demo", "--home", str(home))
    key = home / "desks" / "alex" / "data" / "phone-key"
    until("the desk to listen", (home / "desks" / "alex" / "data" / "running.json").exists, demo)
    until("its address", lambda: key.exists() and is_heard(port), demo)
    tell_by_address(f"http://127.0.0.1:{port}/call?key={key.read_text()}", "a-test")
    ring = ["call", "--home", str(home / "desks" / "alex"), "--event", "ring", "--number", "+13125550142"]
    assert start(*ring).wait(30) == 0
    demo.send_signal(signal.SIGINT)
    printed = demo.communicate(timeout=60)[0]
    assert f"--home {home}/desks/alex --event ring --number +1" in printed
    assert start(*ring).wait(30) == 3, "nothing is opened: its server is gone"
    with pytest.raises(EnvironmentFault, match="does not answer"):
        tell_by_address(f"http://127.0.0.1:{port}/call?key=x", "a-test")
