"""Ctrl+K over the filled desk: keystroke to painted result, and the store's question against bare sqlcipher3."""

from __future__ import annotations

import shutil
import time

from PySide6.QtTest import QTest

from csr_desktop.services.search import Search
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


def painted(seats: int) -> list[float]:
    home, account = copied(seats)
    try:
        _, application = open_window(prepared(home, account))
        made = application.desk_window
        assert made is not None
        palette = made.floats.palette
        palette.open()
        spin_until(lambda: not application.worker.is_busy)
        paints = Paints(palette.list.viewport())
        times = []
        for text in TYPED:
            palette.box.clear()
            spin_until(lambda: not application.worker.is_busy)
            for letter in text:
                before = paints.count
                began = time.perf_counter()
                QTest.keyClicks(palette.box, letter)
                spin_until(lambda before=before: not application.worker.is_busy and paints.count > before)  # type: ignore[misc]
                times.append((paints.at - began) * 1000)
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
