"""What Windows says to a window of ours: that the session is locked, or left by who sat at it from afar."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from ctypes import c_int, c_size_t, c_ssize_t, c_uint32, c_void_p, c_wchar_p
from typing import Any, Final

TOLD: Final = 0x02B1  # WM_WTSSESSION_CHANGE
LEFT: Final = frozenset({2, 4, 7})
"""WTS_CONSOLE_DISCONNECT, WTS_REMOTE_DISCONNECT, WTS_SESSION_LOCK. Windows locks before it sleeps."""
CLASS: Final = "csr-desktop-session"
_CLOSE: Final = 0x0010  # WM_CLOSE
_DESTROY: Final = 0x0002  # WM_DESTROY
_UNSEEN: Final = -3  # HWND_MESSAGE, the parent of windows that are only told things
_JOIN_SECONDS: Final = 5.0


class _Message(ctypes.Structure):  # MSG
    _fields_ = (
        ("window", c_void_p),
        ("message", c_uint32),
        ("first", c_size_t),
        ("second", c_ssize_t),
        ("time", c_uint32),
        ("x", c_int),
        ("y", c_int),
    )


def listen(on_lock: Callable[[], None]) -> Callable[[], None]:
    """By an unseen window with a thread of its own; where it can't be made nothing is heard."""
    windll: Any = ctypes.windll  # type: ignore[attr-defined, unused-ignore]
    user, sessions = windll.user32, windll.wtsapi32
    procedure_of = ctypes.WINFUNCTYPE(c_ssize_t, c_void_p, c_uint32, c_size_t, c_ssize_t)  # type: ignore[attr-defined, unused-ignore]

    class Class(ctypes.Structure):  # WNDCLASSW
        _fields_ = (
            ("style", c_uint32),
            ("procedure", procedure_of),
            ("more_of_class", c_int),
            ("more_of_window", c_int),
            ("instance", c_void_p),
            ("icon", c_void_p),
            ("cursor", c_void_p),
            ("background", c_void_p),
            ("menu", c_wchar_p),
            ("name", c_wchar_p),
        )

    user.DefWindowProcW.restype = c_ssize_t
    user.DefWindowProcW.argtypes = [c_void_p, c_uint32, c_size_t, c_ssize_t]
    user.CreateWindowExW.restype = c_void_p
    user.CreateWindowExW.argtypes = [
        *(c_uint32, c_wchar_p, c_wchar_p, c_uint32, c_int, c_int, c_int, c_int),
        *(c_void_p, c_void_p, c_void_p, c_void_p),
    ]
    user.PostMessageW.argtypes = [c_void_p, c_uint32, c_size_t, c_ssize_t]
    user.DispatchMessageW.argtypes = [c_void_p]
    user.GetMessageW.argtypes = [c_void_p, c_void_p, c_uint32, c_uint32]
    user.UnregisterClassW.argtypes = [c_wchar_p, c_void_p]
    sessions.WTSRegisterSessionNotification.argtypes = [c_void_p, c_uint32]
    sessions.WTSUnRegisterSessionNotification.argtypes = [c_void_p]

    def procedure(window: int, message: int, first: int, second: int) -> int:
        if message == TOLD and first in LEFT:
            on_lock()
        elif message == _DESTROY:
            sessions.WTSUnRegisterSessionNotification(window)
            user.PostQuitMessage(0)
        return int(user.DefWindowProcW(window, message, first, second))

    made: list[int] = []
    is_made = threading.Event()

    def run() -> None:
        kept = Class(procedure=procedure_of(procedure), name=CLASS)
        user.RegisterClassW(ctypes.byref(kept))
        window = user.CreateWindowExW(0, CLASS, None, 0, 0, 0, 0, 0, _UNSEEN, None, None, None)
        if window:
            made.append(window)
            sessions.WTSRegisterSessionNotification(window, 0)
        is_made.set()
        message = _Message()
        while window and user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            user.DispatchMessageW(ctypes.byref(message))
        user.UnregisterClassW(CLASS, None)

    thread = threading.Thread(target=run, name="session lock", daemon=True)
    thread.start()

    def end() -> None:
        is_made.wait(_JOIN_SECONDS)
        for window in made:
            user.PostMessageW(window, _CLOSE, 0, 0)
        thread.join(_JOIN_SECONDS)

    return end
