"""The lists of calls at 240,000 calls: from a key that turns a page until all of its rows stand painted, scrolling by a
screen, and how long the window stands still meanwhile.

The limit beside it, in the same run: what bare SQLite takes for the next page's keys and its rows by id.
"""

from __future__ import annotations

import functools
import random
import shutil
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractEventDispatcher, QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from csr_desktop.store.sql import Sql
from csr_desktop.system.places import Places
from csr_desktop.ui.application import Application
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.calls.call_list import CallList
from csr_desktop.ui.calls.looked_at import LookedAtModel
from csr_desktop.ui.calls.number_list import NumberList
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.desk_window import DeskWindow
from csr_desktop.ui.kit.long_list import LongList
from tests.bench.bureaus import percentile
from tests.bench.pop import CALLS, asleep_until, filled
from tests.bench.windows import Paints, open_window, spin_until

TURNS, SCREENS = 150, 300
BARE_ROWS = 12
VIEWS = ("mine", "team", "numbers")


class Turned(NamedTuple):
    """Milliseconds of one page: until its rows stood painted, of the window's thread alone, and its longest stretch in
    which nothing else could be painted.
    """

    shown: float
    computed: float
    stood: float


def measure() -> dict[str, float]:
    home, places = filled()
    try:
        return _measure(places)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(places: Places) -> dict[str, float]:
    _, application = open_window(places)
    made = application.desk_window
    assert isinstance(made, DeskWindow)
    application.on_store(lambda: _give(made.data.sql, made.data.account.user_id))
    made.window.go("calls")
    place = made.window.place("calls")
    assert isinstance(place, CallsPlace)
    spin_until(lambda: made.is_whole and not application.worker.is_busy)
    figures = {f"bare_{name}": value for name, value in application.on_store(lambda: _bare(made.data.sql)).items()}
    for view in VIEWS:
        figures |= _view(application, place, view)
    application.close()
    return figures


def _give(sql: Sql, user_id: str) -> None:
    """All calls are this person's, so that their own list is as long as the team's."""
    with sql.transaction():
        sql.do("UPDATE interactions SET agent_id = ? WHERE id >= 'pop-' AND id < 'pop.'", user_id)
    found = sql.value("SELECT count(*) FROM interactions")
    assert found == CALLS, found


def _view(application: Application, place: CallsPlace, view: str) -> dict[str, float]:
    pane = place.numbers if view == "numbers" else place.list
    rows = pane.rows
    assert isinstance(rows, LongList)
    model = pane.model
    spin_until(lambda: not application.worker.is_busy)

    def show() -> None:
        place.choose_view(f"calls_{view}")
        pane.filters.set_part("period", "all")  # of the team's list it stays from one's own

    waits = Waits(application.worker)
    opened = _turned(rows, model, show, lambda: _shows_all(pane))
    waits.end()
    rows.setFocus(Qt.FocusReason.OtherFocusReason)
    rows.setCurrentIndex(rows.model().index(1, 0))
    # Begun at once, as by a person who knows where they want to go, while what is counted is counted still.
    turned = [_turned(rows, model, lambda: _press(rows, Qt.Key.Key_PageDown)) for _ in range(TURNS)]
    bar = rows.verticalScrollBar()
    scrolled = [_turned(rows, model, lambda: bar.setValue(bar.value() + bar.pageStep())) for _ in range(SCREENS)]
    figures = {
        f"{view}_open_ms": opened.shown,
        f"{view}_open_stood_ms": opened.stood,
        f"{view}_open_waited_ms": waits.longest,
    }
    for name, found in (("page", turned), ("scroll", scrolled)):
        figures[f"{view}_{name}_p50_ms"] = percentile([one.shown for one in found], 0.5)
        figures[f"{view}_{name}_p95_ms"] = percentile([one.shown for one in found], 0.95)
        figures[f"{view}_{name}_worst_ms"] = max(one.shown for one in found)
        figures[f"{view}_{name}_cpu_p95_ms"] = percentile([one.computed for one in found], 0.95)
        figures[f"{view}_{name}_stood_p95_ms"] = percentile([one.stood for one in found], 0.95)
        figures[f"{view}_{name}_stood_worst_ms"] = max(one.stood for one in found)
    spin_until(lambda: not application.worker.is_busy)
    return figures


def _shows_all(pane: CallList | NumberList) -> bool:
    shown = pane._shown
    return shown is not None and shown == pane.filters.chosen and len(pane.model.lines) > BARE_ROWS


def _press(rows: LongList, key: Qt.Key) -> None:
    assert QApplication.focusWidget() is rows
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QCoreApplication.sendEvent(rows, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))


class Waits(QObject):
    """How many milliseconds a short question waits at most behind what takes long, asked every few of them."""

    def __init__(self, worker: StoreWorker) -> None:
        super().__init__()
        self._worker, self._is_on, self.longest = worker, True, 0.0
        self._ask()

    def _ask(self) -> None:
        began = time.perf_counter()
        self._worker.ask(self, lambda: None, lambda _none: self._answered(began))

    def _answered(self, began: float) -> None:
        self.longest = max(self.longest, (time.perf_counter() - began) * 1000)
        if self._is_on:
            QTimer.singleShot(5, self._ask)

    def end(self) -> None:
        self._is_on = False


class Stands:
    """How long the window's thread went on without looking for what else there is to do."""

    def __init__(self) -> None:
        self.longest, self._since = 0.0, time.perf_counter()
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._on_awake)
        dispatcher.aboutToBlock.connect(self._on_block)

    def _on_awake(self) -> None:
        self._note()
        self._since = time.perf_counter()

    def _on_block(self) -> None:
        self._note()
        self._since = 0.0

    def _note(self) -> None:
        if self._since:
            self.longest = max(self.longest, time.perf_counter() - self._since)

    def begin(self) -> None:
        self.longest, self._since = 0.0, time.perf_counter()


def _turned(
    rows: LongList,
    model: LookedAtModel[Any],
    turn: Callable[[], None],
    is_so: Callable[[], bool] = lambda: True,
) -> Turned:
    """One page, begun while what the last one asked for may still be under way, as with a key held down."""
    paints, stands = Paints(rows.viewport()), _stands()
    began, computing = time.perf_counter(), time.thread_time()
    stands.begin()
    turn()
    asleep_until(lambda: paints.count > 0 and is_so() and _is_whole(rows, model))
    stands._note()
    rows.viewport().removeEventFilter(paints)
    return Turned((time.perf_counter() - began) * 1000, (time.thread_time() - computing) * 1000, stands.longest * 1000)


@functools.cache
def _stands() -> Stands:
    return Stands()


def _is_whole(rows: LongList, model: LookedAtModel[Any]) -> bool:
    """Whether every line in sight has its row; those that had none are painted in the same turn as it comes."""
    first, last = (rows._line_at(rows.verticalOffset() + y) for y in (0, rows.viewport().height() - 1))
    return all(model.is_here(key) for key in model.lines[max(0, first) : last + 1])


# The limit


def _bare(sql: Sql) -> dict[str, float]:
    """Milliseconds at the 95th percentile on the bare driver, in the order of time."""
    connection: Any = sql.db.connection()
    chance, keys, rows = random.Random(4), list[float](), list[float]()
    for _ in range(TURNS):
        after = chance.randrange(1, 390) * 86_400_000
        began = time.perf_counter()
        found = connection.execute(
            "SELECT started_at, id FROM interactions WHERE started_at < (SELECT max(started_at) FROM interactions) - ? "
            "ORDER BY started_at DESC, id DESC LIMIT 2000",
            (after,),
        ).fetchall()
        keys.append((time.perf_counter() - began) * 1000)
        page = [i for _, i in found[:BARE_ROWS]]
        began = time.perf_counter()
        marks = ",".join("?" * len(page))
        connection.execute(f"SELECT * FROM interactions WHERE id IN ({marks})", page).fetchall()
        rows.append((time.perf_counter() - began) * 1000)
    return {"keys_p95_ms": percentile(keys, 0.95), "rows_p95_ms": percentile(rows, 0.95)}
