"""What macOS says to every program when the screen is locked."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_char_p, c_long, c_uint32, c_void_p
from typing import Final

_FRAMEWORK: Final = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
_LOCKED: Final = b"com.apple.screenIsLocked"
_UTF_8: Final = 0x08000100  # kCFStringEncodingUTF8
_AT_ONCE: Final = 4  # CFNotificationSuspensionBehaviorDeliverImmediately, also to a program in the background
_Callback: Final = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)


def listen(on_lock: Callable[[], None]) -> Callable[[], None]:
    """It is told on the thread that asks, by its event loop. The screen is locked before the computer sleeps, where a
    password is wanted after sleep at all.
    """
    try:
        api = ctypes.CDLL(_FRAMEWORK)
    except OSError:
        return lambda: None
    api.CFNotificationCenterGetDistributedCenter.restype = c_void_p
    api.CFStringCreateWithCString.restype = c_void_p
    api.CFStringCreateWithCString.argtypes = [c_void_p, c_char_p, c_uint32]
    api.CFNotificationCenterAddObserver.restype = None
    api.CFNotificationCenterAddObserver.argtypes = [c_void_p, c_void_p, _Callback, c_void_p, c_void_p, c_long]
    api.CFNotificationCenterRemoveEveryObserver.restype = None
    api.CFNotificationCenterRemoveEveryObserver.argtypes = [c_void_p, c_void_p]
    told = _Callback(lambda *_: on_lock())
    who = ctypes.cast(told, c_void_p)  # an address that is nobody else's
    center = api.CFNotificationCenterGetDistributedCenter()
    name = api.CFStringCreateWithCString(None, _LOCKED, _UTF_8)
    api.CFNotificationCenterAddObserver(center, who, told, name, None, _AT_ONCE)
    return lambda: api.CFNotificationCenterRemoveEveryObserver(center, who)
