"""The inbox at 30,000 open tickets: opened to painted, and the longest frame while scrolling through it."""

from __future__ import annotations

import shutil
import time

from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from tests.bench.bureaus import copied, open_data_of, percentile
from tests.bench.windows import Paints, open_window, prepared, spin_until

TICKETS, OPENED, STEPS = 30_000, 20, 400


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    try:
        data = open_data_of(home, account)
        now = wall_clock()
        team = min(data.replica.who().teams)
        client_ids = [i for (i,) in data.sql.all("SELECT id FROM clients WHERE deleted = 0 ORDER BY id")]
        blank = new_row("tickets")
        rows = []
        for number in range(TICKETS):
            values = {
                **blank,
                "id": f"bench-{number:06}",
                "scope": team,
                "rev": 1,
                "number": 100_000 + number,
                "subject": f"Question {number} about the deposit",
                "client_id": client_ids[number % len(client_ids)],
                "assignee_id": account.user_id,
                "channel": "email",
                "opened_at": now - number * 1000,
                "last_message_at": now - number * 1000,
                "reply_due_at": now + (number - 3000) * 60_000,
            }
            rows.append([values[c] for c in COLUMNS["tickets"]])
        with data.sql.transaction():
            data.sql.upsert_lists("tickets", rows)
            data.replica.project({"tickets": [row[0] for row in rows]})
        data.close()
        _, application = open_window(prepared(home, account))
        made = application.desk_window
        assert made is not None
        window = made.window
        inbox = window.place("inbox")
        view = inbox.list.rows  # type: ignore[attr-defined]
        paints = Paints(view.viewport())
        opening: list[float] = []
        for _ in range(OPENED):
            inbox.choose_view("unassigned")
            spin_until(lambda: not application.worker.is_busy)
            before = paints.count
            began = time.perf_counter()
            inbox.choose_view("mine")
            spin_until(lambda before=before: not application.worker.is_busy and paints.count > before)  # type: ignore[misc]
            opening.append((paints.at - began) * 1000)
        frames: list[float] = []
        bar = view.verticalScrollBar()
        for _ in range(STEPS):
            before = paints.count
            began = time.perf_counter()
            bar.setValue(bar.value() + 400)
            spin_until(lambda before=before: paints.count > before or bar.value() >= bar.maximum())  # type: ignore[misc]
            frames.append((time.perf_counter() - began) * 1000)
        shown = float(view.model().rowCount())
        application.close()
        return {
            "p50_ms": percentile(opening, 0.5),
            "p95_ms": percentile(opening, 0.95),
            "frame_p95_ms": percentile(frames, 0.95),
            "worst_frame_ms": max(frames),
            "rows_scrolled": shown,
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)
