from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import asdict

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.instance_listener import LENGTH_LIMIT
from csr_desktop.system.places import Places
from csr_desktop.system.session import this_session
from csr_desktop.system.single_instance import claim, raise_first, tell_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from csr_desktop.system.single_instance import Claim

FIRST = """
import sys, threading
from pathlib import Path
from csr_desktop.system.places import Places
from csr_desktop.system.session import this_session
from csr_desktop.system.single_instance import claim
claimed = claim(Places.under(Path(sys.argv[1])))
if claimed:
    claimed.listen(lambda message: print("told", message, flush=True))
print("first" if claimed else "second", flush=True)
if claimed:
    sys.stdin.read()
    claimed.close()
"""


def listening(places: Places, on_message: Callable[[dict[str, str]], None]) -> Claim | None:
    claimed = claim(places)
    if claimed is not None:
        claimed.listen(on_message)
    return claimed


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places.under(tmp_path)
    made.make()
    return made


@pytest.fixture
def first(places: Places, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", FIRST, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "first\n"
        yield process
        if process.poll() is None:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_second_start_raises_the_first_and_is_told_so(
    places: Places, first: subprocess.Popen[str], tmp_path: Path
) -> None:
    second = subprocess.run(
        [sys.executable, "-c", FIRST, str(tmp_path)], input="", capture_output=True, text=True, check=True, timeout=30
    )
    assert second.stdout == "second\n"
    assert raise_first(places)
    assert line_of(first) == "told {'what': 'raise'}\n"
    assert tell_first(places, {"what": "call", "number": "+12125550123"})
    assert line_of(first) == "told {'what': 'call', 'number': '+12125550123'}\n"


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_after_a_kill_the_next_start_is_the_first(places: Places, first: subprocess.Popen[str]) -> None:
    assert claim(places) is None
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert (places.data / "running.json").exists()
    assert not tell_first(places, {"what": "raise"})
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    claimed = listening(places, heard.put)
    assert claimed is not None
    assert raise_first(places)
    assert heard.get(timeout=10) == {"what": "raise"}
    claimed.close()


@pytest.mark.skipif(os.name != "posix", reason="stops with a signal")
def test_a_first_one_that_hangs_is_not_waited_for_long(places: Places, first: subprocess.Popen[str]) -> None:
    first.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)  # its threads stop one after the other
    try:
        assert claim(places) is None
        assert not tell_first(places, {"what": "raise"})
        began = time.monotonic()
        assert not raise_first(places)
        assert time.monotonic() - began < 10
    finally:
        first.send_signal(signal.SIGCONT)


def test_many_starts_at_once_make_one_first(places: Places, tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    said = sorted(line_of(process) for process in started)
    for process in started:
        process.communicate("", timeout=30)
    assert said == ["first\n"] + ["second\n"] * 5


def test_each_folder_has_its_own_first(tmp_path: Path) -> None:
    claims = []
    for person in ("one", "two"):
        each = Places.under(tmp_path / person)
        each.make()
        claims.append(listening(each, print))
    assert None not in claims
    for claimed in claims:
        assert claimed is not None
        claimed.close()


def test_after_closing_nothing_is_left_and_it_can_be_claimed_again(places: Places) -> None:
    for _ in range(3):
        claimed = listening(places, print)
        assert claimed is not None
        claimed.close()
        claimed.close()
        assert not [t for t in threading.enumerate() if t.name == "single instance"]
        assert [p.name for p in places.data.iterdir()] == ["running.lock"]
    assert not tell_first(places, {"what": "raise"})


def test_one_that_is_just_starting_is_waited_for(places: Places) -> None:
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(raise_first(places)))
    asking.start()
    claimed = listening(places, heard.put)
    assert claimed is not None
    asking.join(10)
    claimed.close()
    assert answers == [True]
    assert heard.get(timeout=1) == {"what": "raise"}


def test_one_that_waits_for_its_keyring_is_waited_for_though_one_was_killed_before_it(places: Places) -> None:
    """It holds the place and hears nobody yet; a person who starts it again must not read that it hangs."""
    killed = listening(places, print)
    assert killed is not None
    left = (places.data / "running.json").read_bytes()
    killed.close()
    (places.data / "running.json").write_bytes(left)
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    claimed = claim(places)
    assert claimed is not None
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(raise_first(places)))
    asking.start()
    asking.join(4)
    assert answers == []
    claimed.listen(heard.put)
    asking.join(10)
    claimed.close()
    assert answers == [True]
    assert heard.get(timeout=1) == {"what": "raise"}


def test_only_who_can_read_the_persons_files_is_heard(places: Places) -> None:
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    claimed = listening(places, heard.put)
    assert claimed is not None
    endpoint = json.loads((places.data / "running.json").read_text())
    if os.name == "posix":
        assert (places.data / "running.json").stat().st_mode & 0o777 == 0o600
    token = endpoint["token"].encode()
    wrong = b"0" * len(token)
    hostile = [
        b"",
        wrong + b'{"what":"raise"}',
        token[:-1],
        token + b"[" * 5000,
        token + b'{"what": 5}',
        token + b"\xff",
        token + b'{"what":"' + b"x" * LENGTH_LIMIT + b'"}',
    ]
    for content in hostile:
        with socket.create_connection(("127.0.0.1", endpoint["port"]), timeout=10) as connection:
            try:
                connection.sendall(b"w" * 64 + content)
                connection.shutdown(socket.SHUT_WR)
                assert len(connection.recv(64, socket.MSG_WAITALL)) == 64
                assert connection.recv(10) == b""
            except ConnectionError:
                pass  # it hung up on us midway
    assert tell_first(places, {"what": "still there"})
    assert heard.get(timeout=10) == {"what": "still there"}
    assert heard.empty()
    claimed.close()


@pytest.mark.parametrize("answer", [b"", b"ok", b"0" * 64, b"0" * 64 + b"ok"])
def test_who_listens_on_the_port_of_one_that_was_killed_is_told_nothing(places: Places, answer: bytes) -> None:
    told: list[bytes] = []

    def pretend(other: socket.socket) -> None:
        connection, _ = other.accept()
        with connection, suppress(ConnectionError):
            connection.settimeout(5)
            told.append(connection.recv(4096))
            connection.sendall(answer)
            while part := connection.recv(4096):
                told.append(part)

    with socket.create_server(("127.0.0.1", 0)) as other:
        pretending = threading.Thread(target=pretend, args=(other,))
        pretending.start()
        left = {
            "port": other.getsockname()[1],
            "token": "5ec7e7" * 10,
            "process_id": 1,
            "session": asdict(this_session()),
        }
        (places.data / "running.json").write_text(json.dumps(left))
        assert not tell_first(places, {"what": "call", "name": "Dana Sample"})
        pretending.join()
    said = b"".join(told)
    assert len(said) == 64, "a word that means nothing, and no more"
    assert left["token"].encode() not in said


def test_one_that_connects_and_says_nothing_holds_up_only_briefly(places: Places) -> None:
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    claimed = listening(places, heard.put)
    assert claimed is not None
    endpoint = json.loads((places.data / "running.json").read_text())
    with socket.create_connection(("127.0.0.1", endpoint["port"])):
        assert raise_first(places)
    assert heard.get(timeout=10) == {"what": "raise"}
    claimed.close()


def test_one_that_connects_again_and_again_and_says_nothing_keeps_no_second_start_from_being_heard(
    places: Places,
) -> None:
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    claimed = listening(places, heard.put)
    assert claimed is not None
    port = json.loads((places.data / "running.json").read_text())["port"]
    is_over = threading.Event()

    def pester() -> None:
        held: list[socket.socket] = []
        while not is_over.wait(0.02):
            held.append(socket.create_connection(("127.0.0.1", port)))
        for connection in held:
            connection.close()

    pestering = threading.Thread(target=pester)
    pestering.start()
    try:
        time.sleep(0.3)
        began = time.monotonic()
        assert raise_first(places)
        assert time.monotonic() - began < 1
        assert heard.get(timeout=1) == {"what": "raise"}
        time.sleep(1.5)  # longer than each is listened to
        assert raise_first(places)
        assert heard.get(timeout=1) == {"what": "raise"}
    finally:
        is_over.set()
        pestering.join()
        claimed.close()


def test_a_message_that_is_too_long_is_a_bug(places: Places) -> None:
    with pytest.raises(ValueError, match="too long"):
        tell_first(places, {"what": "x" * LENGTH_LIMIT})


def test_a_folder_that_takes_no_lock_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"running\.lock"):
        listening(Places.under(tmp_path / "none"), print)


def test_a_lock_is_not_inherited_by_programs_that_are_started(places: Places) -> None:
    claimed = listening(places, print)
    assert claimed is not None
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()  # the system closes what is not inherited a moment after it says that a program runs
        claimed.close()
        again = listening(places, print)
        assert again is not None
        again.close()
        child.communicate(b"", timeout=10)


IN_A_SESSION = """
import os, sys
from pathlib import Path
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.system.places import Places
from csr_desktop.system.single_instance import raise_first
try:
    print(raise_first(Places.under(Path(sys.argv[1]))))
except CsrDesktopError as fault:
    print(type(fault).__name__, fault)
"""


def said_in_a_session(home: Path, **environment: str) -> str:
    found = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    ended = subprocess.run(
        [sys.executable, "-c", IN_A_SESSION, str(home)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**found, **environment},
    )
    return ended.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="sessions are told apart by Linux's displays here")
def test_a_start_in_another_session_is_told_where_it_is_open(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":10.0")
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    claimed = listening(places, heard.put)
    assert claimed is not None
    try:
        assert said_in_a_session(tmp_path, DISPLAY=":10") == "True"
        assert heard.get(timeout=10) == {"what": "raise"}
        for elsewhere in ({"DISPLAY": ":11"}, {"WAYLAND_DISPLAY": "wayland-1"}):
            assert said_in_a_session(tmp_path, **elsewhere) == (
                "OpenElsewhere CSR Desktop is open in another session of yours on this computer. "
                "Go on working there, or quit it there and start it here. Nothing is lost."
            )
        assert heard.empty(), "a window came to the front where nobody looks"
    finally:
        claimed.close()


def test_a_folder_that_another_computer_has_open_is_named_with_it(places: Places, tmp_path: Path) -> None:
    """As a data folder on a share: its port means nothing here, and what listens there is not told the token."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        endpoint = {
            "port": other.getsockname()[1],
            "token": "secret",
            "process_id": 1,
            "session": {"computer": "sample-pc-7", "name": ":0"},
        }
        (places.data / "running.json").write_text(json.dumps(endpoint))
        assert said_in_a_session(tmp_path) == (
            "OpenElsewhere CSR Desktop is open with this data on another computer, sample-pc-7. "
            "Quit it there, then start it here. Nothing is lost."
        )
        assert not tell_first(places, {"what": "call"})
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()
