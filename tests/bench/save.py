"""A call from the key press to its durable commit, against one bare commit with synchronous=FULL, interleaved."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from csr_desktop.ui.desk_window import DeskWindow
from tests.bench.bureaus import copied, percentile
from tests.bench.windows import open_window, prepared, spin_until
from tests.desks import KEY

ROUNDS = 120


class Bare:
    """A plain sqlcipher3 file with the same settings, one small row a commit."""

    def __init__(self, folder: Path) -> None:
        from sqlcipher3 import dbapi2

        self._connection = dbapi2.connect(  # type: ignore[attr-defined]
            str(folder / "bare.db"), isolation_level=None
        )
        self._connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
        self._connection.execute("PRAGMA journal_mode = wal")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, body TEXT)")
        self._count = 0

    def commit(self) -> float:
        self._count += 1
        began = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO rows VALUES (?, ?)", (f"row-{self._count:08}", "x" * 400))
        self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        self._connection.close()


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    bare = Bare(home)
    try:
        _, application = open_window(prepared(home, account))
        made = application.desk_window
        assert isinstance(made, DeskWindow)
        services = made.desk.services
        commits: list[float] = []

        def noted() -> None:
            commits.append(time.perf_counter())

        application.on_store(lambda: setattr(services.replica, "before_commit", lambda: None))
        own: list[float] = []
        plain: list[float] = []
        stored: list[float] = []
        do = services.calls.save

        def timed_save(call_id: str) -> object:
            began = time.perf_counter()
            saved = do(call_id)
            noted()
            stored.append(commits[-1] - began)
            return saved

        services.calls.save = timed_save  # type: ignore[method-assign,assignment]
        made.window.go("calls")
        for number in range(ROUNDS):
            made.desk.call(f"(312) 555-{number % 100 + 100:04}")
            spin_until(lambda: not application.worker.is_busy)
            spin_until(lambda: bool(application.on_store(services.calls.running)))
            QTest.keyClick(made.window.focusWidget() or made.window, Qt.Key.Key_F8)
            spin_until(lambda: not application.worker.is_busy)
            QTest.keyClick(made.window.focusWidget() or made.window, Qt.Key.Key_1)
            spin_until(lambda: not application.worker.is_busy)
            before = len(commits)
            began = time.perf_counter()
            QTest.keyClick(
                made.window.focusWidget() or made.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
            )
            spin_until(lambda before=before: len(commits) > before)  # type: ignore[misc]
            own.append((commits[-1] - began) * 1000)
            spin_until(lambda: not application.worker.is_busy)
            plain.append(bare.commit() * 1000)
        application.close()
        return {
            "p50_ms": percentile(own, 0.5),
            "p95_ms": percentile(own, 0.95),
            "store_p50_ms": percentile(stored, 0.5) * 1000,
            "bare_p50_ms": percentile(plain, 0.5),
            "bare_p95_ms": percentile(plain, 0.95),
            "ratio": percentile(own, 0.5) / percentile(plain, 0.5),
        }
    finally:
        bare.close()
        shutil.rmtree(home, ignore_errors=True)
