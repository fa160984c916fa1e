"""A desk as it starts, in a process of its own: what the first screen shows, and what it does not wait for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.desks import station

STARTED = """
import sys
from pathlib import Path
from csr_desktop.bootstrap import demo_secrets, run_desk
from csr_desktop.system.places import Places

places = Places.under(Path(sys.argv[1]))
said = {}


def on_ready(made):
    import linecache
    from PySide6.QtCore import Qt

    place = made.window.place("inbox")
    rows = place.list.rows
    said["modules"] = sorted(sys.modules)
    said["classes"] = [name for part in ("QtGui", "QtWidgets") for name in vars(sys.modules[f"PySide6.{part}"])]
    said["sources"] = [name for name in linecache.cache if "csr_desktop" in name]
    said["rows"] = rows.model().rowCount()
    said["count"] = place.list.header._count.text()
    said["sync"] = made.window.sync_line.words
    said["keyboard"] = rows.hasFocus()
    said["first"] = place.list.current.title
    picture = rows.viewport().grab(rows.visualRect(rows.currentIndex())).toImage()
    said["colours"] = len({picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())})
    press(made, Qt.Key.Key_Down)
    said["second"] = place.list.current.title
    when_quiet(made, lambda: on_quiet(made))


def press(made, key):
    from PySide6.QtCore import QCoreApplication, QEvent, Qt
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QApplication

    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QCoreApplication.sendEvent(QApplication.focusWidget(), QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))


def when_quiet(made, then):
    from PySide6.QtCore import QTimer

    QTimer.singleShot(100, lambda: when_quiet(made, then) if made.worker.is_busy else then())


def on_quiet(made):
    import json

    place = made.window.place("inbox")
    shown = {"ticket": place.shows_ticket, "call": place.shows_call, "follow_up": place.shows_follow_up}
    said["kind"] = place.list.current.kind
    said["shown"] = [kind for kind, is_shown in shown.items() if is_shown]
    print(json.dumps(said), flush=True)
    made.window.close()


sys.exit(run_desk(places, demo_secrets(places), ["csr-desktop"], on_ready))
"""
LATER = {
    "argon2", "click", "cryptography", "holidays", "httpx2", "keyring", "phonenumbers", "psycopg",
    "rapidfuzz", "sqlite3.dump", "ssl", "starlette", "structlog", "tomllib", "truststore", "zstandard",
    "csr_desktop.commands.attachments", "csr_desktop.domain.file_names", "csr_desktop.services.attachments",
    "csr_desktop.services.older_history", "csr_desktop.store.older_rows", "csr_desktop.sync.older",
    "csr_desktop.sync.older_wishes",
    "csr_desktop.store.attachment_contents", "csr_desktop.sync.attachments", "csr_desktop.ui.inbox.attaching",
    "csr_desktop.ui.inbox.file_saving", "csr_desktop.ui.inbox.file_words", "csr_desktop.ui.inbox.ticket_files",
    "csr_desktop.ui.kit.message", "csr_desktop.commands.every", "csr_desktop.commands.tickets", "csr_desktop.domain.pay_schedule",
    "csr_desktop.store.desk_tables", "csr_desktop.store.salvage", "csr_desktop.store.search_projection",
    "csr_desktop.store.server_tables", "csr_desktop.system.instance_listener",
    "csr_desktop.system.crashes", "csr_desktop.system.diagnostics", "csr_desktop.ui.crash_view",
    "csr_desktop.server", "csr_desktop.sync.engine", "csr_desktop.sync.transport", "csr_desktop.services.calls",
    "csr_desktop.services.clients", "csr_desktop.services.follow_ups", "csr_desktop.services.search",
    "csr_desktop.ui.calls", "csr_desktop.ui.clients", "csr_desktop.ui.context_pane", "csr_desktop.ui.follow_ups",
    "csr_desktop.ui.inbox.asking", "csr_desktop.ui.inbox.conversation_pane", "csr_desktop.ui.inbox.item_panes",
    "csr_desktop.ui.inbox.new_ticket_pane", "csr_desktop.ui.kit.action_float", "csr_desktop.ui.kit.focus_ring",
    "csr_desktop.ui.kit.menu_float", "csr_desktop.ui.kit.prose", "csr_desktop.ui.palette", "csr_desktop.ui.sign_in_view",
}  # fmt: skip
"""Packages and modules that are imported when something is done, never to show the inbox."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home, _ = station(tmp_path_factory.mktemp("first-screen"))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, "-c", STARTED, str(home)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_the_first_screen_can_be_worked_in_at_once(said: dict[str, Any]) -> None:
    assert said["rows"] > 2
    assert said["count"].isdigit()
    assert said["sync"] == "All saved"
    assert said["keyboard"]
    assert said["colours"] > 10, "the first row is not painted"
    assert said["first"]
    assert said["second"] != said["first"], "the arrow did not move on"


def test_what_is_selected_follows_the_list(said: dict[str, Any]) -> None:
    assert said["shown"] == [said["kind"]]


def test_the_first_screen_waits_for_nothing_that_it_does_not_show(said: dict[str, Any]) -> None:
    assert LATER & set(said["modules"]) == set()


def test_the_first_screen_makes_no_class_of_qt_with_hundreds_of_constants(said: dict[str, Any]) -> None:
    assert "QAbstractItemView" in said["classes"]  # PySide6 puts a class there once somebody names it
    assert {"QGradient", "QIcon", "QStyle", "QTextEdit", "QProxyStyle"} & set(said["classes"]) == set()


def test_qt_does_not_read_the_sources_of_the_program(said: dict[str, Any]) -> None:
    assert said["sources"] == []
