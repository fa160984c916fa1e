"""Ctrl+C in the terminal, the end of the session and a closed terminal end the window in order, as closing it does."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from PySide6.QtCore import QSocketNotifier

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""What asks a program to end; which of them there are depends on the system."""


@contextmanager
def ended_by_signals(end: Callable[[], None]) -> Iterator[None]:
    """Run `end` on the window's thread at such a signal, also one that came before the event loop began.

    The handler itself does nothing: raised in a slot, an exception would be lost. The byte that Python writes for each
    signal wakes the event loop, which may otherwise not run any Python for long.
    """
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    notifier = QSocketNotifier(woken.fileno(), QSocketNotifier.Type.Read)

    def read() -> None:
        with suppress(OSError):
            if not set(woken.recv(4096)).isdisjoint(ENDING):
                end()

    notifier.activated.connect(read)
    before_fd = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, _wait_for_the_loop) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_fd)
        notifier.setEnabled(False)
        notifier.deleteLater()
        woken.close()
        wake.close()


def _wait_for_the_loop(_number: int, _frame: object) -> None:
    """It is answered in the event loop."""
