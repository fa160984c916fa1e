"""Keeps None, True and False alive on Python 3.11 under PySide6 6.12.

PySide6 6.12 is compiled for Python 3.12, where these three live for ever, and gives back references to them that it
never took: each Qt method overridden in Python that returns None or a truth value takes one away. On Python 3.11 the
count reaches zero after some thousand calls, and the interpreter aborts with "none_dealloc". From 3.12 on nothing is
to be done.
"""

import ctypes
import sys

# As large as no program gives back in years, far from overflowing a 64-bit count.
_MORE_REFERENCES = 1 << 40


def keep_singletons() -> None:
    """Call once before Qt calls into Python; more often does no harm."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for lasting in (None, True, False):
        if sys.getrefcount(lasting) < _MORE_REFERENCES // 2:
            # The reference count is the first field of an object.
            ctypes.c_ssize_t.from_address(id(lasting)).value += _MORE_REFERENCES
