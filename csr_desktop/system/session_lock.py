"""Hearing that this person's session on the computer is being locked, or that the computer goes to sleep."""

from __future__ import annotations

import sys
from collections.abc import Callable

Ends = Callable[[], None]
"""Stops listening; after it nothing is told any more."""


def listen_for_lock(on_lock: Callable[[], None]) -> Ends:
    """Calls `on_lock` on any thread, more than once for one lock where a system says it in several ways. Where a system
    says nothing, nothing is heard. To be called on the thread with the program's event loop.
    """
    if sys.platform == "win32":
        from csr_desktop.system.session_lock_windows import listen
    elif sys.platform == "darwin":
        from csr_desktop.system.session_lock_mac import listen
    else:
        from csr_desktop.system.session_lock_linux import listen
    return listen(on_lock)
