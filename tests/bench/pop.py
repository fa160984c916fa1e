"""The pop: from the moment a softphone's program tells of a call until the caller stands painted on the window, at
540,000 numbers and 240,000 calls.

What tells is a process of its own, by the way `csr-desktop call` hands over. Each pop is checked against what a plain
reading of the file says. The limit beside it, in the same run: a bare Qt frame with the card's words, made and painted
in a window of the same size, and the SQL that the pop asks on the bare driver.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QWidget

from csr_desktop.domain import phone
from csr_desktop.server.made_up.loads import made_up_numbers
from csr_desktop.services.call_rows import LiveCall
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.migrations import latest_version
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.places import Places
from csr_desktop.system.single_instance import claim, tell_first
from csr_desktop.ui.application import Application
from csr_desktop.ui.calls.incoming_card import IncomingCard
from csr_desktop.ui.calls.phone_line import PhoneLine
from csr_desktop.ui.kit.elide import Label
from tests.bench.bureaus import CACHE, FRESH_SECONDS, copied, open_data_of, percentile
from tests.bench.windows import open_window, prepared, spin_until

NUMBERS, CALLS = 540_000, 240_000
ROUNDS, WARM_UP = 240, 10
REST_MS = 20
"""The event loop's own rest before each call."""
HOME = "US"
NOBODY, WITHHELD = "+17025550119", "anonymous"


def measure() -> dict[str, float]:
    home, places = filled()
    try:
        return _measure(places)
    finally:
        shutil.rmtree(home, ignore_errors=True)


# What it stands on


def filled() -> tuple[Path, Places]:
    """A workstation's folders, copied, with so many numbers and calls in its file. The caller removes the copy."""
    kept = CACHE / f"pop-{latest_version('server')}-{latest_version('desk')}"
    done = kept / "done"
    if not done.exists() or time.time() - done.stat().st_mtime > FRESH_SECONDS:
        shutil.rmtree(kept, ignore_errors=True)
        home, account = copied(10)
        data = open_data_of(home, account)
        fill(data)
        data.close()
        prepared(home, account)
        shutil.copytree(home / "station", kept / "station")
        shutil.rmtree(home)
        done.touch()
    home = Path(tempfile.mkdtemp(prefix="csr-desktop-bench-"))
    shutil.copytree(kept / "station", home / "station")
    return home, Places.under(home / "station")


def fill(data: DeskData) -> None:
    """Up to 540,000 numbers, some shared, foreign or malformed, and up to 240,000 calls, some of them from those."""
    sql = data.sql
    chance = random.Random(1)
    load = made_up_numbers(NUMBERS - int(sql.value("SELECT count(*) FROM phone_numbers")), 2)
    load.fill(sql)
    with sql.transaction():  # what people once typed into a field for numbers
        sql.do("UPDATE phone_numbers SET raw = 'ask Pat, ext. 12', e164 = '' WHERE rowid % 97 = 0")
    known = {e164 for (e164,) in sql.all("SELECT DISTINCT e164 FROM phone_numbers WHERE e164 <> ''")}
    _add_calls(sql, [e164 for e164 in load.hits + load.shared if e164 in known], chance)
    with sql.transaction():
        for projection in data.replica.projections:
            projection.rebuild(sql)


def _add_calls(sql: Sql, e164s: list[str], chance: random.Random) -> None:
    missing = CALLS - int(sql.value("SELECT count(*) FROM interactions"))
    (agent_id, scope) = sql.one("SELECT agent_id, scope FROM interactions WHERE scope <> 'org' LIMIT 1") or ("", "")
    topics = [topic for (topic,) in sql.all("SELECT id FROM topics")]
    blank, now = new_row("interactions"), wall_clock()
    rows = []
    for at in range(missing):
        e164 = chance.choice(e164s)
        started_at = now - chance.randrange(3_600_000, 395 * 86_400_000)
        row = {
            **blank, "id": f"pop-{at:07}", "scope": scope, "rev": 1, "agent_id": agent_id, "channel": "phone",
            "direction": "in", "result": "handled", "number": e164, "topic_id": chance.choice(topics),
            "started_at": started_at, "ended_at": started_at + 300_000, "talk_seconds": 240,
            "note": f"Asked about the deposit of line {at}.",
        }  # fmt: skip
        rows.append([row[column] for column in COLUMNS["interactions"]])
    for start in range(0, len(rows), 5000):
        with sql.transaction():
            sql.upsert_lists("interactions", rows[start : start + 5000])
    with sql.transaction():  # each is of whoever has the number, of several one
        sql.do(
            "UPDATE interactions SET (client_id, contact_id) = (SELECT n.client_id, n.contact_id FROM phone_numbers n "
            "WHERE n.e164 = interactions.number ORDER BY n.id LIMIT 1) WHERE id >= 'pop-' AND id < 'pop.'"
        )


# A plain reading


class Reference:
    """Who has a number, read once and for all from the rows, in the simplest way that can be right."""

    def __init__(self, sql: Sql) -> None:
        self._holders: dict[str, list[tuple[str, str]]] = {}
        active = {i for (i,) in sql.all("SELECT id FROM contacts WHERE is_active = 1 AND deleted = 0")}
        closed = {i for (i,) in sql.all("SELECT id FROM clients WHERE status = 'closed' OR deleted <> 0")}
        for e164, contact, client in sql.all(
            "SELECT e164, contact_id, client_id FROM phone_numbers WHERE deleted = 0 AND e164 <> ''"
        ):
            if (not contact or contact in active) and client not in closed:
                self._holders.setdefault(e164, []).append((contact, client))

    def active_holders(self, e164: str) -> set[tuple[str, str]]:
        return set(self._holders.get(e164, ()))

    def some(self, chance: random.Random, count: int) -> list[str]:
        return chance.sample(sorted(self._holders), count)

    def some_shared(self, chance: random.Random, count: int) -> list[str]:
        shared = sorted(e164 for e164, holders in self._holders.items() if len(set(holders)) > 1)
        return chance.sample(shared, count)

    def check(self, number: str, call: LiveCall) -> None:
        """The pop names those who can be meant, nobody else, and takes nobody where several can be."""
        assert call.pop is not None
        match, wanted = call.pop.match, self.active_holders(phone.parse(number, HOME).e164)
        found = {(one.contact_id, one.client_id) for one in match.candidates if one.is_active}
        assert found <= wanted, f"{found - wanted} do not have this number"
        assert len(found) == min(len(wanted), 20), f"{len(wanted)} have this number, {len(found)} were found"
        assert not match.chosen_id or (match.chosen_id, match.chosen_client_id) in wanted


# The desk


class Cards(QObject):
    """When the card of a call was first painted, and when it had come to its place."""

    def __init__(self, line: PhoneLine) -> None:
        super().__init__()
        self.card: IncomingCard = line.card
        self.painted_at = self.settled_at = 0.0
        self._key = ""
        self.card.installEventFilter(self)
        self.card._slide.finished.connect(lambda: QTimer.singleShot(0, self._note_settled))

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.card.call is not None:
            call = self.card.call
            if self._key != call.key and not self.card.visibleRegion().isEmpty():
                self._key = call.key
                QTimer.singleShot(0, self._note_painted)  # after this painting
        return False

    def _note_painted(self) -> None:
        self.painted_at = time.monotonic()

    def _note_settled(self) -> None:
        self.settled_at = time.monotonic()


class Teller:
    """The softphone's program: a process that tells of a call and says when it began to."""

    def __init__(self, places: Places) -> None:
        command = [sys.executable, "-m", "tests.bench.pop", str(places.data.parent)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, **fields: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(fields) + "\n")
        self._process.stdin.flush()

    def began_at(self) -> float:
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=10)


def told_by(folder: Path) -> None:
    """The other side of Teller, in its own process."""
    from csr_desktop.system.call_message import call_message

    places = Places.under(folder)
    for line in sys.stdin:
        began = time.monotonic()
        assert tell_first(places, call_message(json.loads(line), "command", time.time_ns() // 1_000_000))
        sys.stdout.write(f"{began}\n")
        sys.stdout.flush()


def asleep_until(is_so: Any, seconds: float = 30) -> None:
    """Asleep until something happens, as the program is."""
    late: list[bool] = []
    alarm = QTimer(singleShot=True, interval=round(seconds * 1000))
    alarm.timeout.connect(lambda: late.append(True))
    alarm.start()
    every = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
    while not is_so():
        QCoreApplication.processEvents(every)
        assert not late, "it did not come"


def rest(milliseconds: int) -> None:
    over: list[bool] = []
    QTimer.singleShot(milliseconds, lambda: over.append(True))
    asleep_until(lambda: bool(over))


def _measure(places: Places) -> dict[str, float]:
    _, application = open_window(places)
    made = application.desk_window
    assert made is not None
    spin_until(lambda: made.is_whole)
    line = made.phone_line
    assert line is not None
    numbers = int(application.on_store(lambda: made.data.sql.value("SELECT count(*) FROM phone_numbers")))
    calls = int(application.on_store(lambda: made.data.sql.value("SELECT count(*) FROM interactions")))
    assert (numbers, calls) == (NUMBERS, CALLS)
    reference = application.on_store(lambda: Reference(made.data.sql))
    chance = random.Random(3)
    held = claim(places)
    assert held is not None
    held.listen(application.told.emit)
    teller = Teller(places)
    cards, painted, settled = Cards(line), [], []
    shown, rung = list[LiveCall](), list[str]()
    try:
        for at, number in enumerate(_callers(application, reference, chance)):
            rest(REST_MS)
            assert not line._ringing
            teller.tell(event="ring", number=number, id=f"call-{at}", name="Sample “Caller” & Co", queue="Payroll line")
            cards.painted_at = cards.settled_at = 0.0
            asleep_until(lambda: cards.painted_at > 0 and cards.settled_at > 0)
            began, call = teller.began_at(), cards.card.call
            assert call is not None
            reference.check(number, call)
            if at >= WARM_UP:
                painted.append((cards.painted_at - began) * 1000)
                settled.append((cards.settled_at - began) * 1000)
                shown.append(call)
                rung.append(number)
            line.dismiss()
            asleep_until(lambda: not application.worker.is_busy)
        bare = _bare(application, [_words(cards.card, line, call) for call in shown[:40]], rung)
    finally:
        teller.close()
        held.close()
        application.close()
    kinds = Counter(min(call.pop.match.sharing_count, 2) for call in shown if call.pop)
    return {
        "pop_p50_ms": percentile(painted, 0.5),
        "pop_p95_ms": percentile(painted, 0.95),
        "pop_worst_ms": max(painted),
        "pop_in_place_p95_ms": percentile(settled, 0.95),
        "pop_bare_p95_ms": bare,
        "pop_ratio": percentile(painted, 0.95) / bare,
        "pop_numbers": numbers,
        "pop_calls": calls,
        "pop_of_nobody": kinds[0],
        "pop_of_one": kinds[1],
        "pop_of_several": kinds[2],
    }


def _callers(application: Application, reference: Reference, chance: random.Random) -> list[str]:
    """Who rings: clients of the bureau with all that waits for them, people of the large directory with and without
    calls, numbers that several share, of nobody, and withheld ones. In the ways in which phones write numbers.
    """
    made = application.desk_window
    assert made is not None
    sql = made.data.sql
    lively = application.on_store(
        lambda: [
            number
            for (number,) in sql.all(
                "SELECT DISTINCT n.e164 FROM inbox_items i JOIN phone_numbers n ON n.client_id = i.client_id "
                "WHERE n.e164 <> '' AND n.deleted = 0 ORDER BY n.e164"
            )
        ]
    )
    called = application.on_store(
        lambda: [n for (n,) in sql.all("SELECT DISTINCT number FROM interactions WHERE id >= 'pop-' AND id < 'pop.'")]
    )
    part = (ROUNDS + WARM_UP) // 5
    chosen = [
        *chance.sample(lively, 2 * part),
        *chance.sample(called, part),
        *reference.some(chance, part // 2),
        *reference.some_shared(chance, part // 2),
    ]
    chosen += [f"+1702555{chance.randrange(100, 200):04}" for _ in range(part // 2)] + [WITHHELD] * 5
    chosen += [NOBODY] * (ROUNDS + WARM_UP - len(chosen))
    chance.shuffle(chosen)
    return [_written(number, at) for at, number in enumerate(chosen)]


def _written(number: str, at: int) -> str:
    if at % 3 == 0 or not number.startswith("+"):
        return number
    return f"sip:{number}@sample.example;user=phone" if at % 3 == 1 else phone.display(number, HOME)


# The limit


def _words(card: IncomingCard, line: PhoneLine, call: LiveCall) -> list[str]:
    line.card.show_call(call, 0)
    words = [label.text() for label in card.findChildren(Label) if label.isVisibleTo(card) and label.text()]
    line.card.leave()
    return words


def _bare(application: Application, cards: list[list[str]], numbers: list[str]) -> float:
    """Milliseconds at the 95th percentile of bare SQL and bare Qt for the same pops."""
    made = application.desk_window
    assert made is not None
    services, sql = made.desk.services, made.data.sql

    def asked() -> list[float]:
        connection, times = sql.db.connection(), []
        execute, statements = sql.db.execute_sql, list[tuple[str, object]]()

        def noted(text: str, params: object = None) -> object:
            statements.append((text, params))
            return execute(text, params)

        for number in numbers:
            statements.clear()
            sql.db.execute_sql = noted  # type: ignore[method-assign]
            services.calls.caller(number)
            sql.db.execute_sql = execute  # type: ignore[method-assign]
            began = time.perf_counter()
            for text, params in statements:
                connection.execute(text, params or ()).fetchall()
            times.append((time.perf_counter() - began) * 1000)
        return times

    read = application.on_store(asked)
    window = QWidget()
    window.resize(1440, 900)
    window.show()
    drawn = []
    for words in cards:
        spin_until(lambda: True)
        began = time.perf_counter()
        frame = _bare_card(window, words)
        frame.repaint()
        drawn.append((time.perf_counter() - began) * 1000)
        frame.deleteLater()
    window.close()
    return percentile(read, 0.95) + percentile(drawn, 0.95)


def _bare_card(window: QWidget, words: list[str]) -> QFrame:
    frame = QFrame(window)
    grid = QGridLayout(frame)
    for at, text in enumerate(words):
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        grid.addWidget(label, at, 0)
    grid.addWidget(QPushButton("Accept"))
    frame.setGeometry(1060, 60, 368, max(120, frame.sizeHint().height()))
    frame.show()
    return frame


if __name__ == "__main__":
    told_by(Path(sys.argv[1]))
