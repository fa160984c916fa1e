"""Older history in the whole program on a real server: pages, a conversation, search, an outage, an older server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from csr_desktop.server.folder import ServerFolder
from csr_desktop.store.tables import new_row
from csr_desktop.ui.clients.timeline_model import OLDER
from csr_desktop.ui.clients.timeline_pane import TimelinePane
from csr_desktop.ui.kit.prose import Prose
from csr_desktop.ui.kit.rows import ROW_ROLE, Row
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.palette.rows import Heading, Line
from csr_desktop.ui.plurals import EnglishPlurals
from tests import by_hand
from tests.faults.wire import Answered, Ask, Asked, Wire, honest
from tests.server.desk import new_id
from tests.ui.recovery_seat import House, Seat

DAY = 86_400_000
CALLS = 450
"""With the ticket three pages."""


class Wired(House):
    """With something between it and the desk."""

    def __init__(self, folder: ServerFolder) -> None:
        super().__init__(folder)
        self.wire = Wire(lambda: super(Wired, self).url)

    @property
    def url(self) -> str:
        return self.wire.url

    def file(self, table: str, *rows: dict[str, Any]) -> list[str]:
        sql = self.sql()
        team = sql.value("SELECT id FROM teams WHERE name = 'Team one'")
        made = [{**new_row(table), "scope": team, "id": new_id(), **row} for row in rows]
        with by_hand.numbered(sql, len(made)) as last:
            sql.upsert(table, [{**row, "rev": last - len(made) + n} for n, row in enumerate(made, 1)])
        sql.db.close()
        return [row["id"] for row in made]

    def furnish(self, now: int) -> str:
        """A client whose work of long ago is both teams'."""
        sql, old = self.sql(), now - 600 * DAY
        teams = [team for (team,) in sql.all("SELECT id FROM teams ORDER BY name")]
        sql.db.close()
        client_id = self.file("clients", {"name": "Sample Bakery", "scope": "org"})[0]
        calls = [
            {
                "client_id": client_id,
                "started_at": old - n,
                "scope": teams[n % 2],
                "note": f"Old call {n}",
                "result": "handled",
            }
            for n in range(CALLS)
        ]
        self.file("interactions", *calls)
        about = {"client_id": client_id, "last_message_at": old + 1, "subject": "W-2 reissue", "state": "closed"}
        ticket = self.file("tickets", about)[0]
        self.file(
            "messages",
            {"ticket_id": ticket, "body": "Please send the duplicate again", "kind": "inbound", "written_at": old},
        )
        return client_id


class Window(Seat):
    """Ada's, with the client open and the keyboard in the timeline."""

    house: Wired

    def begin(self, client_id: str) -> None:
        self.says("All saved")
        self.sync()
        self.until(lambda: bool(self.value("SELECT COUNT(*) FROM clients")), "the client")
        self.desk.desk.open("client", client_id)
        self.until(self.has_line, "the timeline")
        self.press("T")

    def value(self, text: str, *values: Any) -> Any:
        return self.application.on_store(lambda: self.desk.data.sql.value(text, *values))

    @property
    def pane(self) -> TimelinePane:
        return self.desk.window.place("clients").pane.timeline  # type: ignore[attr-defined, no-any-return]

    def has_line(self) -> bool:
        return self.pane.model.older is not None

    def older_count(self) -> int:
        model = self.pane.model
        return sum(
            row is not None and row.is_older for at in range(model.rowCount()) if (row := model.row_at(model.index(at)))
        )

    def last(self) -> Row:
        line = self.pane.model.line(OLDER)
        assert isinstance(line, Row)
        return line

    def reads(self, words: str) -> None:
        def seen() -> bool:
            page = self.desk.floats.older.frame
            texts = [label.accessibleName() or label.text() for label in page.findChildren(QLabel)]
            return any(words in text for text in [*texts, *(p.toPlainText() for p in page.findChildren(Prose))])

        self.until(seen, f"“{words}”")


@pytest.fixture
def house(folder: ServerFolder) -> Iterator[Wired]:
    made = Wired(folder)
    with made.wire.listening():
        yield made
        made.stop()


@pytest.fixture
def window(house: Wired, tmp_path: Path, qapp: QApplication, themes: ThemeSwitch) -> Iterator[Window]:
    plurals = EnglishPlurals()
    qapp.installTranslator(plurals)
    quits = qapp.quitOnLastWindowClosed()
    made = Window(qapp, themes, house, tmp_path / "ada")
    made.open_filled()
    made.begin(house.furnish(made.desk.desk.words.now()))
    yield made
    made.close()
    qapp.removeTranslator(plurals)
    qapp.setQuitOnLastWindowClosed(quits)


def test_a_history_is_read_to_its_end_and_a_ticket_in_it(window: Window) -> None:
    assert window.older_count() == 0
    window.press("O")
    window.until(lambda: window.older_count() == 200, "a page")
    bar = window.pane.rows.verticalScrollBar()
    for _ in range(10):
        if window.pane.model.older is not None and window.pane.model.older.step == "whole":
            break
        bar.setValue(bar.maximum())
        window.wait(0.3)
    window.until(lambda: window.older_count() == CALLS + 1, "all of it")
    assert window.last().title == "This is the whole history."
    teams = {
        row.team_name
        for at in range(window.pane.model.rowCount())
        if (row := window.pane.model.row_at(window.pane.model.index(at)))
    }
    assert teams == {"", "Team two"}
    window.pane.rows.select_key(next(key for key in window.pane.model.lines if key.startswith("ticket:")))
    window.press("Return")
    window.reads("Please send the duplicate again")
    window.press("Esc")
    assert QApplication.focusWidget() is window.pane.rows


def test_without_the_server_it_says_so_and_tries_again(window: Window, house: Wired) -> None:
    house.stop()
    window.press("O")
    window.until(lambda: window.last().end_text == "Try again", "what is the matter")
    assert window.last().title == "Older history could not be fetched"
    assert window.last().subtitle[0]
    house.start()
    window.press("O")
    window.until(lambda: window.older_count() == 200, "a page")


def test_an_older_server_is_said_to_be_one(window: Window, house: Wired) -> None:
    def older(asked: Asked, ask: Ask) -> Answered | None:
        unknown = asked.path.replace("/older/", "/not-there-yet/")
        return honest(asked._replace(path=unknown), ask)

    house.wire.manner = older
    window.press("O")
    window.until(lambda: "does not give out older history yet" in window.last().subtitle[0], "an older server")
    assert window.last().end_text == ""
    window.press("Ctrl+K")
    QTest.keyClicks(window.desk.floats.palette.box, "duplicate")
    window.wait(0.3)
    window.press("Ctrl+Return")
    model = window.desk.floats.palette.model
    window.until(lambda: model.row_of("server:ask") >= 0, "the line of the server")
    window.until(
        lambda: (
            "older history yet" in str(model.index(model.row_of("server:ask")).data(Qt.ItemDataRole.AccessibleTextRole))
        ),
        "why it cannot be searched",
    )


def test_the_palette_finds_what_only_the_server_has_and_opens_it(window: Window) -> None:
    window.press("Ctrl+K")
    palette = window.desk.floats.palette
    QTest.keyClicks(palette.box, "duplicate")
    window.until(lambda: palette.model.row_of("server:ask") >= 0, "the offer")

    def found() -> bool:
        """The server's index is filled in idle moments."""
        if palette.model.first_of("server:message") >= 0:
            return True
        line = palette.model.row_of("server:ask")
        if line >= 0 and not str(palette.model.index(line).data()).startswith("Searching"):
            window.press("Backspace", "e", "Ctrl+Return")
        return False

    window.until(found, "the message")
    rows = [palette.model.index(at).data(ROW_ROLE) for at in range(palette.model.rowCount())]
    assert Heading("On the server") in rows
    line = palette.list.currentIndex().data(ROW_ROLE)
    assert isinstance(line, Line)
    assert [line.title[start : start + size].casefold() for start, size in line.title_marks] == ["duplicate"]
    window.press("Return")
    window.reads("Please send the duplicate again")
    assert window.desk.floats.older.heading.text() == "W-2 reissue"
