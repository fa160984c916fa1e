"""Buses of D-Bus of one's own, and a stand-in for logind that speaks on one."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.threading import open_dbus_connection

SESSION = "/org/freedesktop/login1/session/_32"


@contextmanager
def bus() -> Iterator[str]:
    """Its address; it ends afterwards."""
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address"]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
    finally:
        daemon.kill()
        daemon.communicate()


def say(address: str, path: str, signal: str, *words: str) -> None:
    """As any program on it may."""
    subprocess.run(["dbus-send", f"--bus={address}", "--type=signal", path, signal, *words], check=True)


class Logind:
    """Knows one session, "2", and tells of it."""

    def __init__(self, address: str) -> None:
        self._connection = open_dbus_connection(address)
        self._connection.send(message_bus.RequestName("org.freedesktop.login1"))
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        with suppress(Exception):  # it was closed
            while True:
                message = self._connection.receive()
                fields = message.header.fields
                if message.header.message_type == MessageType.method_call:
                    assert fields[HeaderFields.member] == "GetSession"
                    is_known = message.body == ("2",)
                    reply = (
                        new_method_return(message, "o", (SESSION,)) if is_known else new_error(message, "org.none.None")
                    )
                    self._connection.send(reply)

    def say(self, path: str, interface: str, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        self._connection.send(new_signal(DBusAddress(path, interface=interface), member, signature or None, body))

    def close(self) -> None:
        self._connection.close()
        self._thread.join(5)
