"""Ctrl+K over the filled desk: keystroke to painted result, and the store's question against bare sqlcipher3."""

from __future__ import annotations

import shutil
import time

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtTest import QTest

from csr_desktop.services.search import Search
from csr_desktop.ui.palette.palette import Palette
from tests.bench.bureaus import copied, opened, percentile
from tests.bench.windows import Paints, open_window, prepared, spin_until

TYPED = (
    "exmaple 0142",
    "example bakery",
    "dana sam",
    "(312) 555-01",
    "garnish",
    "deposit late",
    "#4821",
    "w-2 reissue",
    "robin",
    "bonus run",
)


def keystrokes() -> list[str]:
    return [text[:end] for text in TYPED for end in range(1, len(text) + 1)]


class Answers:
    """When the list last took an answer, and when it was last painted."""

    def __init__(self, palette: Palette) -> None:
        self.count = 0
        self._taken_at = 0.0
        self._paints = Paints(palette.list.viewport())
        palette.model.modelReset.connect(self._on_taken)

    def _on_taken(self) -> None:
        self.count += 1
        self._taken_at = time.perf_counter()

    def wait_for(self, count: int) -> float:
        """When so many answers were painted. Asleep until something happens, as the program is: a loop that looks
        again and again would take turns from the store's thread.
        """
        late: list[bool] = []
        alarm = QTimer(singleShot=True, interval=30_000)
        alarm.timeout.connect(lambda: late.append(True))
        alarm.start()
        every = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        while self.count < count or self._paints.at < self._taken_at:
            QCoreApplication.processEvents(every)
            assert not late, "no answer was painted"
        return self._paints.at


def painted(seats: int) -> list[float]:
    home, account = copied(seats)
    try:
        _, application = open_window(prepared(home, account))
        made = application.desk_window
        assert made is not None
        palette = made.floats.palette
        palette.open()
        spin_until(lambda: not application.worker.is_busy)
        answers = Answers(palette)
        times = []
        for text in TYPED:
            if palette.box.text():
                wanted = answers.count + 1
                palette.box.clear()
                answers.wait_for(wanted)
            for letter in text:
                wanted = answers.count + 1
                began = time.perf_counter()
                QTest.keyClicks(palette.box, letter)
                times.append((answers.wait_for(wanted) - began) * 1000)
        palette.close()
        application.close()
        return times
    finally:
        shutil.rmtree(home, ignore_errors=True)


def asked(seats: int) -> tuple[float, float]:
    """Milliseconds a keystroke in all: the program's question, and its SQL alone on the bare driver."""
    home, data = opened(seats)
    try:
        search = Search(data.replica)
        search.recent()
        connection = data.sql.db.connection()
        statements: list[tuple[str, object]] = []
        execute = data.sql.db.execute_sql

        def noted(sql: str, params: object = None) -> object:
            statements.append((sql, params))
            return execute(sql, params)

        texts = keystrokes()
        for text in texts:
            search.find(text)
        data.sql.db.execute_sql = noted  # type: ignore[method-assign]
        for text in texts:
            search.find(text)
        data.sql.db.execute_sql = execute  # type: ignore[method-assign]
        own = bare = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            for text in texts:
                search.find(text)
            own = min(own, time.perf_counter() - began)
            began = time.perf_counter()
            for sql, params in statements:
                connection.execute(sql, params or ()).fetchall()
            bare = min(bare, time.perf_counter() - began)
        data.close()
        return own * 1000 / len(texts), bare * 1000 / len(texts)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def measure(seats: int) -> dict[str, float]:
    times = painted(seats)
    own, bare = asked(seats)
    return {
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
        "worst_ms": max(times),
        "own_ms": own,
        "bare_ms": bare,
        "ratio": own / bare,
    }
