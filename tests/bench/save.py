"""A call from the key press to its durable commit, against one bare commit of the same call with synchronous=FULL.

The bare commit puts the same row into the same table of a copy of the desk's file, with sqlcipher3 alone. Both files
are set up alike, lie on the same disk, and their logs have come round once, as they have after the first minutes of a
day: a log that still grows makes each commit slower. The two take turns, each when the other has done all its work.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from csr_desktop.services.call_rows import Saved
from csr_desktop.store.database import desk_database
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from csr_desktop.ui.desk_window import DeskWindow
from tests.bench.bureaus import copied, percentile
from tests.bench.windows import open_window, prepared, spin_until
from tests.desks import KEY

ROUNDS = 120
WARM_UP = 10
"""Rounds that are not counted."""
REST_MS = 5
"""The event loop's own rest before each side: what is left to paint is painted."""


class Bare:
    """A copy of the desk's file, into which sqlcipher3 alone commits one row at a time."""

    def __init__(self, file: Path) -> None:
        self._db = desk_database(file, KEY, lambda: 0)
        self._db.connect()
        self.sql = Sql(self._db)
        self._connection = self._db.connection()
        self._connection.execute("CREATE TABLE small_rows (id TEXT PRIMARY KEY, body TEXT)")
        columns = COLUMNS["interactions"]
        self._insert = f"INSERT INTO interactions ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"

    def commit_call(self, row: tuple[Any, ...]) -> float:
        """Seconds for the row of a call."""
        return self._commit(self._insert, row)

    def commit_small(self, row_id: str) -> float:
        """Seconds for a row of 400 letters in a table without further indexes."""
        return self._commit("INSERT INTO small_rows VALUES (?, ?)", (row_id, "x" * 400))

    def _commit(self, sql: str, values: tuple[Any, ...]) -> float:
        began = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(sql, values)
        self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        self._db.close()


class Saves:
    """The desk: calls that are started, ended, given a disposition and saved with the keyboard."""

    def __init__(self, application: Any, made: DeskWindow) -> None:
        self._application = application
        self._made = made
        self._calls = made.desk.services.calls
        self._do = self._calls.save
        self._calls.save = self._timed  # type: ignore[method-assign,assignment]
        self._ended: list[float] = []
        self.last_id = ""
        self.stored: list[float] = []
        """Milliseconds on the store's thread alone."""

    def _timed(self, *asked: Any) -> Saved:
        began = time.perf_counter()
        saved = self._do(*asked)
        self._ended.append(time.perf_counter())
        self.stored.append((self._ended[-1] - began) * 1000)
        self.last_id = saved.interaction_id
        return saved

    def prepare(self, number: int) -> None:
        """A call that was ended and waits to be saved."""
        self._made.desk.call(f"(312) 555-{number % 100 + 100:04}")
        self.settle()
        spin_until(lambda: bool(self._application.on_store(self._calls.running)))
        self._press(Qt.Key.Key_F8)
        self.settle()
        self._press(Qt.Key.Key_1)
        self.settle()

    def settle(self) -> None:
        spin_until(lambda: not self._application.worker.is_busy)

    def commit(self) -> float:
        """Seconds from the key press until the call is on the disk."""
        before = len(self._ended)
        held = self._made.window.focusWidget() or self._made.window
        QTest.keyPress(held, Qt.Key.Key_Control)  # held down already: it is Return that saves
        began = time.perf_counter()
        self._send(held, QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        rest_until(lambda: len(self._ended) > before)
        QTest.keyRelease(held, Qt.Key.Key_Control)
        return self._ended[-1] - began

    @staticmethod
    def _send(widget: QWidget, *kinds: QEvent.Type) -> None:
        """Ctrl+Return to whom has the keyboard, as Qt hands on what the platform tells."""
        for kind in kinds:
            event = QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, "\r")
            QCoreApplication.sendEvent(widget, event)

    def _press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self._made.window.focusWidget() or self._made.window, key, modifier)


def rest(milliseconds: int = REST_MS) -> None:
    """In the event loop as between two keys, which leaves Python to the store's thread."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def rest_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        rest()
        if time.monotonic() > end:
            raise AssertionError("it did not come")


def bring_log_round(sql: Sql) -> None:
    """Write more pages than SQLite lets gather, twice: the second time from the log's beginning."""
    for _ in range(2):
        sql.do("UPDATE interactions SET rev = rev WHERE rowid > (SELECT max(rowid) FROM interactions) - 20000")


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    places = prepared(home, account)
    bare = Bare(next((home / "alex").glob("*.db")))
    try:
        _, application = open_window(places)
        made = application.desk_window
        assert isinstance(made, DeskWindow)
        replica = made.desk.services.replica
        application.on_store(lambda: bring_log_round(replica.sql))
        bring_log_round(bare.sql)
        saves = Saves(application, made)
        times: dict[str, list[float]] = {"own": [], "call": [], "small": []}
        made.window.go("calls")
        saves.prepare(0)
        saves.commit()
        rows = application.on_store(lambda: replica.sql.load("interactions", [saves.last_id]))
        like = [rows[saves.last_id][column] for column in COLUMNS["interactions"]]
        place_of_id = COLUMNS["interactions"].index("id")

        def commit_call() -> float:
            like[place_of_id] = replica.new_id()
            return bare.commit_call(tuple(like))

        turns = (("own", saves.commit), ("call", commit_call), ("small", lambda: bare.commit_small(replica.new_id())))
        for number in range(1, WARM_UP + ROUNDS + 1):
            saves.settle()
            saves.prepare(number)
            # None of them always comes first: a disk may answer the second faster.
            for place in range(len(turns)):
                name, commit = turns[(number + place) % len(turns)]
                saves.settle()
                rest()
                times[name].append(commit() * 1000)
        application.close()
        medians = {name: percentile(found[WARM_UP:], 0.5) for name, found in times.items()}
        return {
            "p50_ms": medians["own"],
            "p95_ms": percentile(times["own"][WARM_UP:], 0.95),
            "store_p50_ms": percentile(saves.stored[WARM_UP:], 0.5),
            "bare_p50_ms": medians["call"],
            "bare_p95_ms": percentile(times["call"][WARM_UP:], 0.95),
            "bare_small_row_p50_ms": medians["small"],
            "ratio": medians["own"] / medians["call"],
            "ratio_to_small_row": medians["own"] / medians["small"],
        }
    finally:
        bare.close()
        shutil.rmtree(home, ignore_errors=True)
