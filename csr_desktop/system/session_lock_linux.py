"""What Linux says by D-Bus: logind of the session and of sleep, the desktop's screen saver of the screen."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

_LOGIND: Final = "org.freedesktop.login1"
_MANAGER: Final = f"{_LOGIND}.Manager"
_SESSION: Final = f"{_LOGIND}.Session"
_REPLY_SECONDS: Final = 10.0
_END_SECONDS: Final = 1.0
"""A bus that hangs while it is greeted holds nobody up: its thread is left to itself."""


def listen(on_lock: Callable[[], None]) -> Callable[[], None]:
    """Each bus has a thread of its own; one that is not there, or ends, is not heard."""
    ears = [_Ear("SESSION", _screen_savers, on_lock), _Ear("SYSTEM", _logind, on_lock)]

    def end() -> None:
        for ear in ears:
            ear.end()

    return end


class _Ear:
    def __init__(self, bus: str, ask: Callable[[DBusConnection], tuple[str, ...]], on_lock: Callable[[], None]) -> None:
        self._bus, self._ask, self._on_lock = bus, ask, on_lock
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_ended = False
        self._thread = threading.Thread(target=self._run, name=f"session lock, {bus.lower()} bus", daemon=True)
        self._thread.start()

    def end(self) -> None:
        with self._lock:
            self._is_ended = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        from jeepney.io.blocking import open_dbus_connection

        try:
            with open_dbus_connection(self._bus) as connection:
                self._hear(connection)
        except Exception:  # noqa: BLE001  # no bus, one that ended, or words that are none: the desk works without
            return

    def _hear(self, connection: DBusConnection) -> None:
        from jeepney import DBusAddress, new_method_call
        from jeepney.bus_messages import message_bus

        with self._lock:
            if self._is_ended:
                return
            self._socket = connection.sock
        try:
            bus = DBusAddress(message_bus.object_path, message_bus.bus_name, message_bus.interface)
            for rule in self._ask(connection):
                call = new_method_call(bus, "AddMatch", "s", (f"type='signal',{rule}",))
                connection.send_and_get_reply(call, timeout=_REPLY_SECONDS)
            while not self._is_ended:
                if tells_of_lock(connection.receive()) and not self._is_ended:
                    self._on_lock()
        finally:
            with self._lock:
                self._socket = None


def _screen_savers(_connection: DBusConnection) -> tuple[str, ...]:
    """Each desktop has its own, and all of them this one signal."""
    return ("member='ActiveChanged'",)


def _logind(connection: DBusConnection) -> tuple[str, ...]:
    """Rules for what logind itself says of sleep and of this session, where there is one."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.wrappers import DBusErrorResponse, unwrap_msg

    rules = (f"sender='{_LOGIND}',interface='{_MANAGER}',member='PrepareForSleep'",)
    manager = DBusAddress("/org/freedesktop/login1", _LOGIND, _MANAGER)
    # A program that a service of the session started is in none itself, and "auto" is then the person's own.
    call = new_method_call(manager, "GetSession", "s", (os.environ.get("XDG_SESSION_ID") or "auto",))
    try:
        (path,) = unwrap_msg(connection.send_and_get_reply(call, timeout=_REPLY_SECONDS))
    except (DBusErrorResponse, TimeoutError):
        return rules
    ours = f"sender='{_LOGIND}',path='{path}'"
    hint = "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'"
    return (*rules, f"{ours},interface='{_SESSION}',member='Lock'", f"{ours},{hint}")


def tells_of_lock(message: Message) -> bool:
    """Of a signal that was asked for; an end of the lock or of sleep is none."""
    from jeepney import HeaderFields

    fields = message.header.fields
    interface, member = fields.get(HeaderFields.interface, ""), fields.get(HeaderFields.member, "")
    body: tuple[Any, ...] = message.body
    if member == "ActiveChanged":
        return interface.endswith(".ScreenSaver") and body == (True,)
    if member == "PropertiesChanged":
        return len(body) > 1 and body[0] == _SESSION and body[1].get("LockedHint") == ("b", True)
    return (interface, member) == (_SESSION, "Lock") or (
        (interface, member) == (_MANAGER, "PrepareForSleep") and body == (True,)
    )
