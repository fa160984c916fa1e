"""One running program a person's data: a lock that the system takes back by itself, and a way to tell the first one
something. A second start in the same session raises its window; elsewhere it is said in words where it is open.

The first holds a lock on a file in the data folder and listens on the loopback address; port and token stand in a file
that only its owner may read, and it proves that it knows the token before it is told anything. A second start, or the
softphone's command, tells the first one and ends.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.file_lock import FileLock, lock_file
from csr_desktop.system.session import Session, this_session
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from csr_desktop.system.instance_listener import InstanceListener
    from csr_desktop.system.places import Places

_RAISE = {"what": "raise"}
_ANSWER_SECONDS = 3.0
_STARTING_SECONDS = 30.0
"""Longer than the keyring may keep the first one waiting, which shows nothing and hears nobody until then."""


class OpenElsewhere(EnvironmentFault):
    """The person has it open with the same data where a window brought to the front is not seen from here."""


class _Endpoint(msgspec.Struct, frozen=True):
    port: int
    token: str
    process_id: int
    session: Session


def claim(places: Places) -> Claim | None:
    """Be the first one, until `close`; None when another program is that already. Others are heard once it listens.

    Raises EnvironmentFault when the data folder takes no lock.
    """
    path = places.data / "running.lock"
    try:
        lock = lock_file(path)
    except OSError as error:
        raise _no_lock(path) from error
    if lock is None:
        return None
    with suppress(OSError):
        _endpoint_path(places).unlink()  # of one that was killed; without it, this one is known to be starting
    return Claim(_endpoint_path(places), lock)


def raise_first(places: Places) -> bool:
    """Ask the running program to come to the front, or one that is starting as soon as it hears. False when it does
    not answer. Raises OpenElsewhere where it runs in another session, or on another computer with the same folder.
    """
    return _tell(places, _RAISE, this_session(), _STARTING_SECONDS)


def tell_first(places: Places, message: Mapping[str, str], *, starting_seconds: float = 0.0) -> bool:
    """Give the running program a message; True when it was taken. One that is just starting, and does not listen yet,
    is given that long. It may run in another session of the person's, but on this computer.
    """
    try:
        return _tell(places, message, None, starting_seconds)
    except OpenElsewhere:
        return False


def _tell(places: Places, message: Mapping[str, str], session: Session | None, starting_seconds: float) -> bool:
    """Only to one of this session, when one is given. Raises OpenElsewhere."""
    from csr_desktop.system.instance_listener import LENGTH_LIMIT

    content = msgspec.json.encode(dict(message))
    if len(content) > LENGTH_LIMIT:
        msg = f"a message of {len(content)} bytes is too long"
        raise ValueError(msg)
    began = time.monotonic()
    while True:
        endpoint = _endpoint(_endpoint_path(places))
        if endpoint is not None:
            _refuse_elsewhere(endpoint.session, session)
            if _told(endpoint, content):
                return True
        patience = min(starting_seconds, _ANSWER_SECONDS) if endpoint else starting_seconds
        if time.monotonic() >= began + patience:
            return False
        time.sleep(0.05)  # it is another process: there is nothing to wait on


class Claim:
    """Holds the place of the first one. Close it at the end, in any thread."""

    def __init__(self, endpoint_path: Path, lock: FileLock) -> None:
        self._path = endpoint_path
        self._lock = lock
        self._listener: InstanceListener | None = None
        self._is_closed = False

    def listen(self, on_message: Callable[[dict[str, str]], None]) -> None:
        """Hear from now on what others tell: each message, `{"what": "raise"}` from a second start, on a thread of its
        own. More often does nothing. Raises EnvironmentFault where the endpoint can't be written.
        """
        from csr_desktop.system.instance_listener import InstanceListener

        if self._listener is not None or self._is_closed:
            return
        listener = InstanceListener(on_message)
        try:
            write_whole(
                self._path, msgspec.json.encode(_Endpoint(listener.port, listener.token, os.getpid(), this_session()))
            )
        except OSError as error:
            listener.close()
            raise _no_lock(self._path) from error
        self._listener = listener

    def close(self) -> None:
        """Let another program be the first."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._listener is not None:
            self._listener.close()
        with suppress(OSError):
            self._path.unlink()
        self._lock.close()


def _endpoint(path: Path) -> _Endpoint | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Endpoint)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _refuse_elsewhere(first: Session, own: Session | None) -> None:
    if first.computer != this_session().computer:  # its port is not here, and another's may be
        raise OpenElsewhere(
            f"CSR Desktop is open with this data on another computer, {first.computer}.",
            "Quit it there, then start it here. Nothing is lost.",
        )
    if own is not None and first != own:
        raise OpenElsewhere(
            "CSR Desktop is open in another session of yours on this computer.",
            "Go on working there, or quit it there and start it here. Nothing is lost.",
        )


def _told(endpoint: _Endpoint, content: bytes) -> bool:
    _let_come_to_front(endpoint.process_id)
    from csr_desktop.system.instance_listener import say

    return say(endpoint.port, endpoint.token, content)


def _let_come_to_front(process_id: int) -> None:
    """Windows lets only the program that the person has just started bring a window to the front."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(process_id)


def _endpoint_path(places: Places) -> Path:
    return places.data / "running.json"


def _no_lock(path: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"{path} can't be written to or locked.",
        "CSR Desktop needs this so that it runs once only. Ask your administrator.",
    )
