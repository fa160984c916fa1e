"""Calls: from the phone's event to the painted pop, what `csr-desktop call` costs, ten busy minutes of events, how
long a key takes in the notes of a running call with private numbers looked for while typing, and how the lists of calls
turn their pages at 240,000 calls.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent

from csr_desktop.ui.application import Application
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.desk_window import DeskWindow
from csr_desktop.ui.kit.prose import NotesEditor
from tests.bench import call_command, call_events, call_scroll, pop
from tests.bench.bureaus import copied, percentile
from tests.bench.private import LENGTH, PROSE, dense_note
from tests.bench.windows import open_window, prepared, spin_until

TYPED = " card 4111 1111 1111 1111 and ssn 078-05-1120, her bank acct 000123456789 of old. " * 3


PARTS = ("pop", "command", "events", "typing", "lists")


def measure(seats: int, _database: str = "", only: str = "", speed: float = call_events.SPEED) -> dict[str, float]:
    """`speed` is how many times as fast as life the ten minutes of events pass."""
    if only and only not in PARTS:
        raise SystemExit(f"there is no part {only}")
    parts: dict[str, Callable[[], dict[str, float]]] = {
        "pop": pop.measure,
        "command": call_command.measure,
        "events": lambda: call_events.measure(speed),
        "typing": lambda: typing(seats),
        "lists": call_scroll.measure,
    }
    figures: dict[str, float] = {}
    for part in [only] if only else PARTS:
        figures |= parts[part]()
    return figures


def typing(seats: int) -> dict[str, float]:
    """Milliseconds of computing on the window's thread from the key until its letter is painted, in a note of plain
    words and in one of numbers; `wall` with what other programs of the computer took meanwhile.
    """
    home, account = copied(seats)
    places, figures = prepared(home, account), {}
    try:
        _, application = open_window(places)
        made = application.desk_window
        assert isinstance(made, DeskWindow)
        made.window.go("calls")
        made.desk.call("(312) 555-0142")
        place = made.window.place("calls")
        assert isinstance(place, CallsPlace)
        spin_until(lambda: not application.worker.is_busy and place.call_pane.isVisible())
        notes = place.call_pane.notes
        notes.setFocus()
        spin_until(lambda: made.desk.number_rules.is_ready)
        for name, note in (("", (PROSE * LENGTH)[:LENGTH]), ("dense_", dense_note())):
            computed, waited = _keys(notes, note, application)
            figures[f"typing_{name}p95_ms"] = percentile(computed, 0.95)
            figures[f"typing_{name}wall_p95_ms"] = percentile(waited, 0.95)
        application.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return figures


def _keys(notes: NotesEditor, note: str, application: Application) -> tuple[list[float], list[float]]:
    notes.set_text(note)
    cursor = notes.textCursor()
    cursor.setPosition(len(note) // 2)
    notes.setTextCursor(cursor)
    spin_until(lambda: not application.worker.is_busy)
    computed, waited = [], []
    for sign in TYPED:
        began, began_wall = time.thread_time(), time.perf_counter()
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QCoreApplication.sendEvent(notes, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, sign))
        notes.viewport().repaint()
        computed.append((time.thread_time() - began) * 1000)
        waited.append((time.perf_counter() - began_wall) * 1000)
        spin_until(lambda: not application.worker.is_busy)
    return computed, waited
