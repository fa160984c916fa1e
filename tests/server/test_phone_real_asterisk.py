"""A real Asterisk, where one is installed: with a configuration of its own, without SIP, its manager on loopback alone.
A call between Local channels is made, answered and ended, and heard as it is by what watches.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.server.phone.ami import AmiLogin, AmiWatch

PROGRAM = shutil.which("asterisk")
USER, SECRET = "watcher", "made-up-secret"
WAIT_SECONDS = 30.0
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Asterisk is installed here"),
    pytest.mark.timeout(120),
]
MODULES = ("app_dial", "app_verbose", "pbx_config", "bridge_simple", "bridge_softmix", "func_callerid", "func_channel")
PERMISSIONS = "call,agent,cdr,system,originate,reporting"


def configured(home: Path, port: int) -> Path:
    """The main configuration file of an Asterisk that keeps all of its files there."""
    for name in ("etc", "var", "log", "run", "spool"):
        (home / name).mkdir(parents=True)
    modules = _own_modules()
    directories = {
        "astetcdir": "etc", "astvarlibdir": "var", "astdbdir": "var", "astkeydir": "var", "astdatadir": "var",
        "astagidir": "var", "astspooldir": "spool", "astrundir": "run", "astlogdir": "log",
    }  # fmt: skip
    lines = [f"{key} => {home / name}" for key, name in directories.items()]
    if modules:
        lines.append(f"astmoddir => {modules}")
    files = {
        "asterisk.conf": "\n".join(["[directories]", *lines, "[options]", "nocolor = yes", ""]),
        "modules.conf": "\n".join(["[modules]", "autoload = no", *(f"load = {one}.so" for one in MODULES), ""]),
        "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error\n",
        "manager.conf": (
            f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {port}\n"
            f"[{USER}]\nsecret = {SECRET}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
            f"read = {PERMISSIONS}\nwrite = {PERMISSIONS}\n"
        ),
        "extensions.conf": (
            "[general]\nstatic = yes\n"
            "[customers]\nexten => s,1,Set(CALLERID(num)=13125550142)\n same => n,Set(CALLERID(name)=Dana Sample)\n"
            " same => n,Dial(Local/201@agents,20)\n same => n,Hangup()\n"
            "[agents]\nexten => 201,1,Wait(1)\n same => n,Answer()\n same => n,Wait(2)\n same => n,Hangup()\n"
            "[silence]\nexten => s,1,Answer()\n same => n,Wait(20)\n"
        ),
    }
    for name, content in files.items():
        (home / "etc" / name).write_text(content, encoding="utf-8")
    return home / "etc" / "asterisk.conf"


def _own_modules() -> str:
    """Where Debian and others put its modules."""
    found = [*Path("/usr/lib").glob("asterisk/modules"), *Path("/usr/lib").glob("*/asterisk/modules")]
    return str(found[0]) if found else ""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """That of the manager of a running Asterisk."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    assert PROGRAM is not None
    said = (tmp_path / "said").open("wb")
    config = configured(tmp_path / "asterisk", number)
    with said, subprocess.Popen([PROGRAM, "-f", "-C", str(config)], stdout=said, stderr=said) as process:
        try:
            connected(number).close()
            yield number
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def connected(port: int) -> socket.socket:
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            assert time.monotonic() < end, "Asterisk's manager does not listen"
            time.sleep(0.2)


def originate(port: int) -> None:
    """A call of a customer, whose own side is silence."""
    action = (
        f"Action: Login\r\nUsername: {USER}\r\nSecret: {SECRET}\r\nEvents: off\r\n\r\n"
        "Action: Originate\r\nChannel: Local/s@silence\r\nContext: customers\r\nExten: s\r\nPriority: 1\r\n"
        "Async: true\r\n\r\n"
    )
    with connected(port) as manager:
        manager.sendall(action.encode())
        answer, end = b"", time.monotonic() + WAIT_SECONDS
        while answer.count(b"Response: Success") < 2:
            assert b"Response: Error" not in answer, answer
            assert time.monotonic() < end, answer
            answer += manager.recv(4096)


def test_a_call_between_local_channels_is_heard_to_its_end(port: int) -> None:
    watch, events = AmiWatch(AmiLogin(USER, SECRET), "pbx"), list[PhoneEvent]()
    watch.connected()
    is_made, end = False, time.monotonic() + 2 * WAIT_SECONDS
    with connected(port) as line:
        line.settimeout(1)
        while not any(one.kind == "hangup" for one in events):
            assert time.monotonic() < end, events
            try:
                data = line.recv(4096)
            except TimeoutError:
                if not is_made:  # signed in, and nothing more is said
                    originate(port)
                    is_made = True
                continue
            assert data, "Asterisk closed the connection"
            heard = watch.take(data, time.time_ns() // 1_000_000)
            line.sendall(heard.send)
            assert not heard.is_to_close
            events += heard.events
    references = {one.reference for one in events}
    calls = [call_of([one for one in events if one.reference == each]) for each in references]
    assert len(calls) == 1, "one customer call is one Linkedid"
    assert calls[0].answered_at > 0
    assert calls[0].ended_at >= calls[0].answered_at
