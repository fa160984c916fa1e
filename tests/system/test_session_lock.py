"""The computer's own lock is heard, in each way in which a Linux desktop says it, on real buses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from csr_desktop.system.session_lock import listen_for_lock
from tests.faults.machine import needs

if sys.platform != "linux":
    pytest.skip("D-Bus is Linux's", allow_module_level=True)

from tests.system.buses import SESSION, Logind, bus, say

LOGIN = "org.freedesktop.login1"
MANAGER, ONE = f"{LOGIN}.Manager", f"{LOGIN}.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
SECONDS = 10


class Heard:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1

    def until(self, times: int) -> None:
        ends_at = time.monotonic() + SECONDS
        while self.times < times:
            assert time.monotonic() < ends_at, f"heard {self.times} times"
            time.sleep(0.01)
        assert self.times == times


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    needs("dbus-daemon", "dbus-send")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    with bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def logind(session: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logind]:
    with bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        monkeypatch.setenv("XDG_SESSION_ID", "2")
        made = Logind(address)
        yield made
        made.close()


@pytest.fixture
def listening() -> Iterator[Heard]:
    heard = Heard()
    ends = listen_for_lock(heard)
    yield heard
    ends()
    assert not [one.name for one in threading.enumerate() if one.name.startswith("session lock")]


def said_until(heard: Heard, tell: Callable[[], None]) -> None:
    """What is said before somebody listens is lost, as the first words after a start may be."""
    ends_at = time.monotonic() + SECONDS
    while not heard.times:
        assert time.monotonic() < ends_at, "never heard"
        tell()
        time.sleep(0.05)
    time.sleep(0.1)
    heard.times = 0


@pytest.mark.parametrize("desktop", ["freedesktop", "gnome", "cinnamon", "xfce"])
def test_a_desktops_screen_saver_is_heard_when_it_begins(session: str, listening: Heard, desktop: str) -> None:
    def tell(*, is_on: bool) -> None:
        name = f"org.{desktop}.ScreenSaver"
        say(session, f"/{name.replace('.', '/')}", f"{name}.ActiveChanged", f"boolean:{str(is_on).lower()}")

    said_until(listening, lambda: tell(is_on=True))
    tell(is_on=False)
    say(session, "/org/example", "org.example.Lamp.ActiveChanged", "boolean:true")
    tell(is_on=True)
    listening.until(1)


def test_logind_tells_of_this_session_and_of_sleep(logind: Logind, listening: Heard) -> None:
    def sleep(*, begins: bool) -> None:
        logind.say("/org/freedesktop/login1", MANAGER, "PrepareForSleep", "b", (begins,))

    def hint(*, is_locked: bool, path: str = SESSION) -> None:
        changed = {"LockedHint": ("b", is_locked)}
        logind.say(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", (ONE, changed, []))

    said_until(listening, lambda: sleep(begins=True))
    sleep(begins=False)
    hint(is_locked=False)
    hint(is_locked=True, path=f"{SESSION}9")
    logind.say(f"{SESSION}9", ONE, "Lock")
    logind.say(SESSION, ONE, "Unlock")
    said_until(listening, lambda: hint(is_locked=True))
    logind.say(SESSION, ONE, "Lock")
    listening.until(1)


def test_nobody_but_logind_is_believed_on_the_systems_bus(
    logind: Logind, listening: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_until(listening, lambda: logind.say(SESSION, ONE, "Lock"))
    say(os.environ["DBUS_SYSTEM_BUS_ADDRESS"], SESSION, f"{ONE}.Lock")
    say(os.environ["DBUS_SYSTEM_BUS_ADDRESS"], "/org/freedesktop/login1", f"{MANAGER}.PrepareForSleep", "boolean:true")
    logind.say(SESSION, ONE, "Lock")
    listening.until(1)


def test_without_a_bus_nothing_is_heard_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"):
        monkeypatch.setenv(name, "unix:path=/nowhere")
    listen_for_lock(Heard())()


def test_a_bus_that_hangs_holds_up_no_end(monkeypatch: pytest.MonkeyPatch, session: str) -> None:
    pid = int(subprocess.run(["pgrep", "-P", str(os.getpid()), "dbus-daemon"], capture_output=True, check=True).stdout)
    os.kill(pid, signal.SIGSTOP)
    try:
        ends = listen_for_lock(Heard())
        time.sleep(0.2)
        began = time.monotonic()
        ends()
        assert time.monotonic() - began < 3
    finally:
        os.kill(pid, signal.SIGCONT)
