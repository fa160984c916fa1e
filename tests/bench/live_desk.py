"""python -m tests.bench.live_desk FOLDER: that workstation's desk, its window off screen, doing what its input says.

A line in, a line out, both JSON. {"list": N} gives the first N tickets of the inbox. {"rename": [ids], "to": text}
changes them, and gives when that was asked for. {"watch": {id: text}} gives when rows that read so were painted; its
answer comes when it does, and "watching" at once. Times are of the monotonic clock, which is the same in all processes.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal

from csr_desktop.bootstrap import DeskOpener, demo_secrets, make_desk
from csr_desktop.commands.tickets import EditTicket
from csr_desktop.system.places import Places
from csr_desktop.ui.application import Application

PLACES = ("clients", "calls", "follow_ups")


def say(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


class Seat(QObject):
    asked = Signal(object)

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        self._wanted: dict[str, str] = {}
        self.asked.connect(self._do, Qt.ConnectionType.QueuedConnection)
        self._ready = QTimer(self)
        self._ready.setInterval(50)
        self._ready.timeout.connect(self._look)
        self._ready.start()

    def read(self) -> None:
        """On a thread of its own."""
        for line in sys.stdin:
            self.asked.emit(json.loads(line))

    @property
    def _made(self) -> Any:
        return self._application.desk_window

    @property
    def _list(self) -> Any:
        return self._made.window.place("inbox").list

    def _look(self) -> None:
        """Say when all has come and the desk hears by its stream."""
        made = self._made
        if made is None or not made.is_filled or self._application.worker.is_busy:
            return
        if made._engine.listening.way == "stream" and all(map(made.window.has_place, PLACES)):
            self._ready.stop()
            made.window.resize(1440, 900)
            made.window.go("inbox")
            self._list.rows.viewport().installEventFilter(self)
            say(ready=True)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._wanted:
            model = self._list.model
            shown = {row_id: model.row_of(row_id) for row_id in self._wanted}
            if all(row is None or row.title == self._wanted[row_id] for row_id, row in shown.items()):
                self._wanted = {}
                QTimer.singleShot(0, lambda: say(seen=time.monotonic()))  # after this painting
        return False

    def _do(self, asked: dict[str, Any]) -> None:
        if "list" in asked:
            model = self._list.model
            rows = [model.row_at(model.index(at, 0)) for at in range(model.rowCount())]
            say(ids=[row.id for row in rows if row is not None and row.kind == "ticket"][: asked["list"]])
        elif "watch" in asked:
            self._wanted = asked["watch"]
            say(watching=len(self._wanted))
        else:
            self._rename(asked["rename"], asked["to"])

    def _rename(self, ids: list[str], text: str) -> None:
        replica, began = self._made.desk.services.replica, time.monotonic()

        def run() -> Any:
            now = replica.sql.load("tickets", ids)
            edits = [EditTicket(row_id=i, changes={"subject": (now[i]["subject"], f"{text} {i[-6:]}")}) for i in ids]
            return replica.do(*edits, words="")

        self._made.desk.do(self, run, lambda _: say(began=began, saved=time.monotonic()), is_quiet=True)


def main(folder: Path) -> int:
    places = Places.under(folder)
    app, application = make_desk(DeskOpener(places, demo_secrets(places)), ["bench"])
    seat = Seat(application)
    threading.Thread(target=seat.read, daemon=True).start()
    application.start()
    return int(app.exec())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
