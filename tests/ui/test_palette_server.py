"""Ctrl+K searches the server on demand: after what is here, in a section of its own, and nobody waits for it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from csr_desktop.domain.change_set import changed
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.palette.rows import Heading, Line, PaletteRow
from tests.conftest import Office
from tests.ui.clients.older_bench import OlderServer
from tests.ui.frame_bench import Frame, can_be_seen
from tests.ui.test_nothing_is_cut import cut_off
from tests.ui.test_palette import chosen, lines
from tests.ui.whole import broken_parts

OFFERED = "Search the server too"
OFFLINE = "The server cannot be reached. What is here stays."


class Seat:
    def __init__(self, frame: Frame, server: OlderServer) -> None:
        self.frame, self.server = frame, server
        frame.press("Ctrl+K")

    def answer(self) -> None:
        self.server.answer()
        self.frame.settle()

    def choose(self, title: str) -> None:
        while chosen(self.frame).title != title:
            self.frame.press("Down")

    def titles(self) -> list[str]:
        return [line.title if isinstance(line, Line) else line.words for line in lines(self.frame)]

    def section(self) -> list[PaletteRow]:
        """The server's heading and what stands beneath it."""
        rows = lines(self.frame)
        start = next(at for at, row in enumerate(rows) if isinstance(row, Heading) and "server" in row.words)
        end = next((at for at in range(start + 1, len(rows)) if not isinstance(rows[at], Line)), len(rows))
        return rows[start:end]


@pytest.fixture
def seat(office: Office, data: DeskData, frame: Frame) -> Seat:
    return Seat(frame, OlderServer(office, data, frame.desk))


def test_it_is_offered_after_what_was_found_here_and_before_commands(seat: Seat) -> None:
    seat.frame.type("garnish")
    titles = seat.titles()
    assert titles.index("Follow-ups") < titles.index(OFFERED)
    assert chosen(seat.frame).title != OFFERED
    assert seat.server.wish is None, "typing asks the server for nothing"


def test_the_offer_does_not_come_before_a_command_that_was_typed(seat: Seat) -> None:
    seat.frame.type("show the keys")
    assert chosen(seat.frame).title == "Show the keys of this place"
    assert seat.titles()[-1] == OFFERED


def test_enter_on_it_finds_and_enter_opens(seat: Seat) -> None:
    seat.frame.type("garnish")
    seat.choose(OFFERED)
    seat.frame.press("Return")
    assert seat.section()[1].title == "Searching the server…"  # type: ignore[union-attr]
    assert seat.frame.floats.palette.is_open
    seat.answer()
    heading, *hits = seat.section()
    assert heading == Heading("On the server, the newest 50") or heading == Heading("On the server")
    first = hits[0]
    assert isinstance(first, Line)
    assert chosen(seat.frame) is first
    assert first.title_marks == ((0, 7),)
    seat.frame.press("Return")
    assert not seat.frame.floats.palette.is_open
    assert seat.frame.floats.older.is_open
    seat.answer()
    assert first.title in seat.frame.floats.older.heading.text()
    seat.frame.press("Esc")
    assert not seat.frame.floats.older.is_open


def test_each_find_says_aloud_that_it_is_from_the_server(seat: Seat) -> None:
    seat.frame.type("garnish")
    seat.frame.press("Ctrl+Return")
    seat.answer()
    model = seat.frame.floats.palette.model
    for at, line in enumerate(lines(seat.frame)):
        if isinstance(line, Line):
            text = model.index(at).data(Qt.ItemDataRole.AccessibleTextRole)
            assert text.endswith("From the server") is line.key.startswith("server:ticket")


def test_a_key_asks_from_any_line_and_the_foot_says_so(seat: Seat) -> None:
    palette = seat.frame.floats.palette
    assert not can_be_seen(palette._server_hint)
    seat.frame.type("garnish")
    assert can_be_seen(palette._server_hint)
    assert broken_parts(palette.frame) == []
    seat.frame.press("Ctrl+Return")
    seat.answer()
    assert chosen(seat.frame).key.startswith("server:ticket")
    view = palette.list
    heading = palette.model.index(view.currentIndex().row() - 1)
    assert view.viewport().rect().contains(view.visualRect(heading)), "what came is in sight with its heading"


@pytest.mark.parametrize("size", [(640, 480), (1280, 720)], ids=str)
def test_nothing_of_it_is_cut(seat: Seat, size: tuple[int, int]) -> None:
    seat.frame.resize(*size)
    seat.frame.type("garnish")
    assert cut_off(seat.frame.floats.palette.frame) == []
    seat.frame.press("Ctrl+Return")
    seat.server.fail("offline", OFFLINE * 5)
    seat.frame.settle()
    assert cut_off(seat.frame.floats.palette.frame) == []


def test_where_nothing_is_here_enter_searches_the_server(seat: Seat) -> None:
    seat.frame.type("zzqqxx")
    assert chosen(seat.frame).title == OFFERED
    seat.frame.press("Return", "Return")
    assert seat.frame.floats.palette.is_open, "pressed once more, it opens nothing else"
    seat.answer()
    assert chosen(seat.frame).title == "Nothing found on the server for “zzqqxx”"
    seat.frame.press("Return")
    assert seat.frame.floats.palette.is_open


def test_typing_on_takes_it_away(seat: Seat) -> None:
    seat.frame.type("garnis")
    seat.frame.press("Ctrl+Return")
    seat.answer()
    assert seat.section()
    seat.frame.type("h")
    assert OFFERED in seat.titles()
    assert not any(isinstance(row, Line) and row.key.startswith("server:ticket") for row in lines(seat.frame))


def test_typing_on_and_leaving_end_the_wait(seat: Seat) -> None:
    seat.frame.type("garnis")
    for leave in (lambda: seat.frame.type("h"), lambda: seat.frame.press("Esc")):
        seat.frame.press("Ctrl+Return")
        assert seat.server.wish is not None
        leave()
        assert seat.server.wish is None


def test_leaving_before_the_window_knows_that_it_is_searched_ends_the_wait_too(seat: Seat) -> None:
    seat.frame.type("garnish")
    QTest.keyClick(seat.frame.focus, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(seat.frame.focus, Qt.Key.Key_Escape)
    seat.frame.settle()
    assert not seat.frame.floats.palette.is_open
    assert seat.server.wish is None


def test_when_rights_change_meanwhile_it_is_not_waited_for_for_ever(seat: Seat) -> None:
    seat.frame.type("garnish")
    seat.frame.press("Ctrl+Return")
    assert "Searching the server…" in seat.titles()
    changes = changed({}, rights=True)
    seat.frame.desk.services.changed(changes)
    seat.frame.desk.publish(changes)
    seat.frame.settle()
    assert "Searching the server…" not in seat.titles()
    assert OFFERED in seat.titles()
    seat.frame.press("Ctrl+Return")
    seat.answer()
    assert chosen(seat.frame).key.startswith("server:ticket")


def test_what_comes_does_not_move_who_went_elsewhere(seat: Seat) -> None:
    seat.frame.type("garnish")
    seat.frame.press("Ctrl+Return", "Up", "Up")
    before = chosen(seat.frame)
    seat.answer()
    assert chosen(seat.frame).key == before.key
    assert len(seat.section()) > 1


@pytest.mark.parametrize(("step", "can_try"), [("offline", True), ("refused", False)])
def test_why_it_could_not_be_searched_is_said(seat: Seat, step: str, can_try: bool) -> None:
    seat.frame.type("garnish")
    seat.frame.press("Ctrl+Return")
    seat.server.fail(step, OFFLINE)  # type: ignore[arg-type]
    seat.frame.settle()
    line = chosen(seat.frame)
    assert (line.title, line.detail) == ("The server could not be searched", OFFLINE)
    assert line.end == ("Try again" if can_try else "")
    if can_try:
        seat.frame.press("Return")
        seat.answer()
        assert chosen(seat.frame).key.startswith("server:ticket")


@pytest.mark.parametrize("text", ["", "> garnish", "#42"])
def test_commands_and_numbers_are_not_searched_there(seat: Seat, text: str) -> None:
    seat.frame.floats.palette.box.setText(text)
    seat.frame.settle()
    seat.frame.press("Ctrl+Return")
    assert OFFERED not in seat.titles()
    assert seat.server.wish is None
    assert not can_be_seen(seat.frame.floats.palette._server_hint)


def test_its_client_can_be_opened_with_tab(seat: Seat) -> None:
    seat.frame.type("garnish")
    seat.frame.press("Ctrl+Return")
    seat.answer()
    client_id = seat.frame.value("SELECT id FROM clients WHERE name = ?", chosen(seat.frame).detail.partition(", ")[2])
    seat.frame.press("Tab", "Down", "Return")
    assert seat.frame.place.pane.profile.id == client_id


def test_enter_that_is_faster_than_the_search_here_searches_the_server_for_what_was_typed(seat: Seat) -> None:
    box = seat.frame.floats.palette.box
    box.setText("garnish")
    seat.frame.press("Ctrl+Return")
    seat.frame.qtbot.waitUntil(lambda: seat.server.wish is not None)
    assert seat.server.wish is not None
    assert seat.server.wish.subject == "garnish"


def test_an_administrator_is_not_offered_it(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> None:
    data = office.filled_desk("sam")
    frame = Frame(data, themes, qtbot)
    try:
        seat = Seat(frame, OlderServer(office, data, frame.desk))
        frame.type("bakery")
        frame.press("Ctrl+Return")
        assert OFFERED not in seat.titles()
        assert seat.server.wish is None
    finally:
        frame.close()
