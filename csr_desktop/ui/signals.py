"""Ctrl+C in the terminal, the end of the session and a closed terminal end the window in order, as closing it does."""

from __future__ import annotations

import os
import signal
import sys
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
    woken, wake, said, close = _pair()
    notifier = QSocketNotifier(woken, QSocketNotifier.Type.Read)

    def read() -> None:
        with suppress(OSError):
            if not set(said()).isdisjoint(ENDING):
                end()

    notifier.activated.connect(read)
    before_fd = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        with answered_by(_wait_for_the_loop):
            yield
    finally:
        signal.set_wakeup_fd(before_fd)
        notifier.setEnabled(False)
        notifier.deleteLater()
        close()


def _wait_for_the_loop(_number: int, _frame: object) -> None:
    """It is answered in the event loop."""


def _pair() -> tuple[int, int, Callable[[], bytes], Callable[[], None]]:
    """What Python writes to and Qt waits for: its reading and writing end, what reads all, what closes both."""
    if sys.platform == "win32":  # there only sockets can be waited for
        import socket

        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)

        def close() -> None:
            woken.close()
            wake.close()

        return woken.fileno(), wake.fileno(), lambda: woken.recv(4096), close
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)

    def close_pipe() -> None:
        for end in ends:
            os.close(end)

    return *ends, lambda: os.read(ends[0], 4096), close_pipe
