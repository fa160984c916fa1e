"""Keeping the desk's windows out of screenshots, recordings and shared screens, where the system has a way for that.

Windows 10 version 2004 and newer leaves a window out of what is captured, an older one shows it black; macOS leaves out
what is not to be shared. Other systems have no such thing. It guards against mishaps, not against a camera.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QWindow

_EXCLUDED_FROM_CAPTURE: Final = 0x11  # WDA_EXCLUDEFROMCAPTURE
_BLACK_IN_CAPTURE: Final = 0x01  # WDA_MONITOR
_SHARED_WITH_NOBODY: Final = 0  # NSWindowSharingNone


def can_protect(platform: str = sys.platform) -> bool:
    return platform in {"win32", "darwin"}


class ScreenProtection(QObject):
    """Protects every window of the program from the moment on that it is shown. `protect` takes a window's number and
    says whether it is protected now.
    """

    def __init__(
        self, app: QGuiApplication, protect: Callable[[int], bool] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._protect = protect or system_protection()
        self._covered: dict[int, QWindow] = {}
        app.focusWindowChanged.connect(lambda _window: self.cover())

    def cover(self) -> None:
        """All that are shown now and were not yet protected; one that is made anew has another number."""
        shown = {int(window.winId()): window for window in self._app.topLevelWindows() if window.isVisible()}
        for number in shown.keys() - self._covered.keys():
            if not self._protect(number):
                del shown[number]
        self._covered = shown


def system_protection(platform: str = sys.platform) -> Callable[[int], bool]:
    if platform == "win32":
        import ctypes

        user32: Any = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore]
        user32.SetWindowDisplayAffinity.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        return lambda number: protected_by_windows(user32.SetWindowDisplayAffinity, number)
    if platform == "darwin":
        return _protected_by_macos
    return lambda _number: False


def protected_by_windows(set_affinity: Callable[[int, int], int], number: int) -> bool:
    return bool(set_affinity(number, _EXCLUDED_FROM_CAPTURE) or set_affinity(number, _BLACK_IN_CAPTURE))


def _protected_by_macos(number: int) -> bool:
    """Qt's number of a window is its NSView."""
    import ctypes
    import ctypes.util

    objc: Any = ctypes.CDLL(ctypes.util.find_library("objc"))
    objc.sel_registerName.restype = ctypes.c_void_p
    objc.sel_registerName.argtypes = [ctypes.c_char_p]
    ask = ctypes.cast(objc.objc_msgSend, ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p))
    tell = ctypes.cast(objc.objc_msgSend, ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong))
    window = ask(number, objc.sel_registerName(b"window"))
    if not window:
        return False
    tell(window, objc.sel_registerName(b"setSharingType:"), _SHARED_WITH_NOBODY)
    return True
