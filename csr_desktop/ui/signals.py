"""Ctrl+C in the terminal, the end of the session and a closed terminal end the window in order, as closing it does."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from PySide6.QtCore import QSocketNotifier

from csr_desktop.system.ending_signals import ENDING, answered_by


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
    try:
        with answered_by(_wait_for_the_loop):
            yield
    finally:
        signal.set_wakeup_fd(before_fd)
        notifier.setEnabled(False)
        notifier.deleteLater()
        woken.close()
        wake.close()


def _wait_for_the_loop(_number: int, _frame: object) -> None:
    """It is answered in the event loop."""
