"""Keeping the desk's windows out of screenshots, recordings and shared screens, where the system has a way for that.

Windows 10 version 2004 and newer leaves a window out of what is captured, an older one shows it black; macOS leaves out
what is not to be shared. Other systems have no such thing. It guards against mishaps, not against a camera.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication, QPlatformSurfaceEvent, QWindow

_EXCLUDED_FROM_CAPTURE: Final = 0x11  # WDA_EXCLUDEFROMCAPTURE
_BLACK_IN_CAPTURE: Final = 0x01  # WDA_MONITOR
_SHARED_WITH_NOBODY: Final = 0  # NSWindowSharingNone
_CREATED: Final = QPlatformSurfaceEvent.SurfaceEventType.SurfaceCreated
_MADE_OR_SHOWN: Final = frozenset({QEvent.Type.PlatformSurface, QEvent.Type.Show, QEvent.Type.Expose})
"""macOS may make a window anew while it is shown, behind the same number: what is exposed is looked at again."""


def can_protect(platform: str = sys.platform) -> bool:
    return platform in {"win32", "darwin"}


class ScreenProtection(QObject):
    """Protects every window of the program from the moment on that there is one for the system, before it is seen: a
    tooltip, a menu and what is dragged are windows, too. `protect` takes a window's number and says whether it is
    protected now.
    """

    def __init__(
        self, app: QGuiApplication, protect: Callable[[int], bool] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._protect = protect or system_protection()
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _MADE_OR_SHOWN and isinstance(watched, QWindow) and watched.isTopLevel():
            if isinstance(event, QPlatformSurfaceEvent):
                is_there = event.surfaceEventType() == _CREATED
            else:
                is_there = kind == QEvent.Type.Show or watched.isExposed()
            if is_there:  # asked for its number before or after, it would be made anew
                self._protect(int(watched.winId()))
        return False


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
