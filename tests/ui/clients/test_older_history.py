"""A client's timeline ends in what the server has besides: asked for, marked, read, and gone after a day."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from csr_desktop.domain.change_set import changed
from csr_desktop.services.client_rows import TimelineRow
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.older_history import OlderWork
from csr_desktop.store import older_rows
from csr_desktop.store.tables import COLUMNS
from csr_desktop.ui.clients import older_page
from csr_desktop.ui.clients.older_page import OlderPage
from csr_desktop.ui.clients.timeline_model import OLDER
from csr_desktop.ui.clients.timeline_pane import TimelinePane
from csr_desktop.ui.kit.prose import Prose
from csr_desktop.ui.kit.rows import ROW_ROLE, Row
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests import by_hand
from tests.conftest import Office
from tests.ui.clients.older_bench import OlderServer
from tests.ui.frame_bench import Frame, interactive, spoken
from tests.ui.whole import broken_parts

BAKERY = "Example Bakery"
OFFLINE = "The server cannot be reached. What is here stays."


class Seat:
    """The Clients place with one client open, the keyboard in the timeline, and the server that answers when told."""

    def __init__(self, frame: Frame, server: OlderServer, name: str) -> None:
        self.frame, self.server = frame, server
        self.client_id = str(frame.value("SELECT id FROM clients WHERE name = ?", name))
        frame.desk.open("client", self.client_id)
        frame.settle()
        frame.press("T")

    @property
    def pane(self) -> TimelinePane:
        return self.frame.place.pane.timeline  # type: ignore[no-any-return]

    def to_end(self) -> None:
        """The last line, as with the End key."""
        self.pane.model.read_to_end()
        self.frame.settle()
        assert self.pane.model.key_at(self.pane.rows.currentIndex()) == OLDER

    def last(self) -> Row:
        line: Row = self.pane.model.index(self.pane.model.rowCount() - 1).data(ROW_ROLE)
        return line

    def said(self) -> str:
        """The last line as a screen reader has it."""
        return str(self.pane.model.index(self.pane.model.place_of(OLDER)).data(Qt.ItemDataRole.AccessibleTextRole))

    def older(self) -> list[TimelineRow]:
        model = self.pane.model
        rows = [model.row_at(model.index(at)) for at in range(model.rowCount())]
        return [row for row in rows if row is not None and row.is_older]

    def answer(self) -> None:
        self.server.answer()
        self.frame.settle()

    def fail(self, step: Any, words: str) -> None:
        self.server.fail(step, words)
        self.frame.settle()

    def fetch_all(self) -> None:
        while self.pane.model.older is None or self.pane.model.older.step != "whole":
            self.frame.press("O")
            self.answer()

    def open_older(self, kind: str) -> TimelineRow:
        """With Enter on the first of that kind."""
        row = next(row for row in self.older() if row.kind == kind and (row.body or kind != "call"))
        self.pane.rows.select_key(f"{kind}:{row.id}")
        self.frame.press("Return")
        assert self.page.is_open
        return row

    @property
    def page(self) -> OlderPage:
        return self.frame.floats.older

    @property
    def work(self) -> OlderWork:
        assert self.page.opening is not None
        assert self.page.opening.work is not None
        return self.page.opening.work

    def words(self) -> str:
        """What can be read in the page."""
        texts = [label.accessibleName() or label.text() for label in self.page.frame.findChildren(QLabel)]
        return "\n".join([*texts, *(prose.toPlainText() for prose in self.page.frame.findChildren(Prose))])


@pytest.fixture
def seat(office: Office, data: DeskData, frame: Frame) -> Seat:
    return Seat(frame, OlderServer(office, data, frame.desk), BAKERY)


@pytest.fixture
def begun(seat: Seat) -> Seat:
    """The first page has come."""
    seat.to_end()
    seat.frame.press("Return")
    seat.answer()
    return seat


# The last line


def test_the_history_ends_in_what_the_server_has_besides(seat: Seat) -> None:
    seat.to_end()
    line = seat.last()
    assert line.title == "Older history and other teams' work is on the server"
    assert line.end_text == "Show it"
    assert seat.said().startswith(line.title)
    assert seat.said().endswith("Show it")


def test_it_stands_beneath_the_last_page_that_is_here_and_no_sooner(seat: Seat) -> None:
    name = "SELECT c.name FROM interactions i JOIN clients c ON c.id = i.client_id GROUP BY 1 ORDER BY COUNT(*) DESC"
    busy = Seat(seat.frame, seat.server, str(seat.frame.value(name)))
    assert busy.pane.model.place_of(OLDER) < 0
    busy.to_end()
    here = sum(
        busy.frame.value(f"SELECT COUNT(*) FROM {table} WHERE client_id = ? AND deleted = 0", busy.client_id)
        for table in ("interactions", "tickets", "follow_ups", "notes", "changes")
    )
    assert here > 50
    assert len([key for key in busy.pane.model.lines if not key.startswith("group:")]) == here + 1


def test_enter_fetches_a_page_and_reading_goes_on_at_the_first_that_came(seat: Seat) -> None:
    seat.to_end()
    seat.frame.press("Return")
    assert seat.last().title == "Fetching older history…"
    assert seat.older() == []
    seat.answer()
    came = seat.older()
    assert [(row.at, row.id) for row in came] == [one[:2] for one in seat.server.outside(seat.client_id)[:40]]
    at = seat.pane.model.key_at(seat.pane.rows.currentIndex()).partition(":")[2]
    assert at in {row.id for row in came}
    assert seat.frame.focus is seat.pane.rows
    back_to = seat.frame.desk.words.day(seat.frame.desk.words.local(came[-1].at).date(), with_weekday=False)
    left = len(seat.server.outside(seat.client_id)) - 40
    assert seat.last().title == f"Showing older history back to {back_to}"
    assert seat.last().subtitle == (f"{left} more on the server",)


def test_what_came_bears_a_mark_that_says_until_when_it_stays(begun: Seat) -> None:
    model = begun.pane.model
    for at in range(model.rowCount()):
        row, line = model.row_at(model.index(at)), model.index(at).data(ROW_ROLE)
        if row is None:
            continue
        words = "From the server, not kept on this computer after tomorrow"
        for role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            assert (words in model.index(at).data(role)) is row.is_older
        assert bool(line.mark_icon) is row.is_older


def test_the_mark_is_painted_where_nothing_else_stands(begun: Seat) -> None:
    row = begun.older()[0]
    begun.pane.rows.select_key(f"{row.kind}:{row.id}")
    begun.frame.press("Up")
    rect = begun.pane.rows.visualRect(begun.pane.model.index(begun.pane.model.place_of(f"{row.kind}:{row.id}")))
    image = begun.pane.rows.viewport().grab(rect).toImage()
    ground = image.pixel(4, 4)

    def inked(left: int, top: int, right: int, bottom: int) -> bool:
        return any(image.pixel(x, y) != ground for x in range(left, right) for y in range(top, bottom))

    assert inked(24, 28, 42, 46), "the mark, in the icon's column on the second line"
    assert not inked(42, 4, 51, 48), "and nothing between it and the words"


def test_a_click_fetches_and_the_second_half_of_a_double_click_does_not_stop_it(seat: Seat) -> None:
    seat.to_end()
    rows = seat.pane.rows
    point = rows.visualRect(rows.currentIndex()).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=point)
    seat.frame.settle()
    assert seat.server.wish is not None
    QTest.mouseDClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=point)
    seat.frame.settle()
    assert seat.server.wish is not None
    seat.answer()
    assert len(seat.older()) == 40


def test_enter_stops_what_takes_long(seat: Seat, qtbot: QtBot) -> None:
    seat.to_end()
    seat.frame.press("Return")
    assert seat.last().end_text == "Stop"
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    seat.frame.press("Return")
    assert seat.server.wish is None
    assert seat.last().end_text == "Show it"


def test_at_the_end_the_next_page_comes_by_itself(begun: Seat) -> None:
    bar = begun.pane.rows.verticalScrollBar()
    assert begun.server.wish is None
    bar.setValue(bar.maximum())
    begun.frame.settle()
    assert begun.server.wish is not None
    place = bar.value()
    begun.answer()
    assert len(begun.older()) > 40
    assert bar.value() == place, "what is read does not move"
    assert begun.server.wish is None, "and only one page for one way down"


def test_before_it_is_asked_for_nothing_comes_by_itself(seat: Seat) -> None:
    seat.to_end()
    bar = seat.pane.rows.verticalScrollBar()
    bar.setValue(0)
    bar.setValue(bar.maximum())
    seat.frame.settle()
    assert seat.server.wish is None


def test_all_of_it_can_be_read_to_the_end(seat: Seat) -> None:
    seat.fetch_all()
    assert len(seat.older()) == len(seat.server.outside(seat.client_id))
    assert seat.last().title == "This is the whole history."
    assert seat.last().end_text == ""
    seat.frame.press("O")
    assert [notice.text for notice in seat.frame.notices] == ["This is the whole history."]
    seat.pane.rows.select_key(OLDER)
    seat.frame.press("Return")
    assert seat.server.wish is None


def test_where_nothing_is_older_that_is_said(seat: Seat, office: Office) -> None:
    for _, row_id, table in seat.server.outside(seat.client_id):
        by_hand.update(office.bureau.sql, table, "deleted = 1", "id = ?", row_id)
    seat.to_end()
    seat.frame.press("Return")
    seat.answer()
    assert seat.last().title == "There is no older history."
    assert seat.last().end_text == ""


@pytest.mark.parametrize(("step", "can_try"), [("offline", True), ("refused", False)])
def test_why_nothing_came_is_said_in_its_place(seat: Seat, step: str, can_try: bool) -> None:
    seat.to_end()
    seat.frame.press("Return")
    seat.fail(step, OFFLINE)
    assert seat.last().title == "Older history could not be fetched"
    assert OFFLINE.rstrip(".") in seat.said()
    assert seat.last().end_text == ("Try again" if can_try else "")
    assert seat.frame.focus is seat.pane.rows
    seat.frame.press("Return")
    assert (seat.server.wish is not None) is can_try
    if not can_try:
        seat.frame.press("O")  # whoever asks for it once more is not turned away
    seat.answer()
    assert seat.older()


def test_what_stands_there_stays_when_the_next_page_does_not_come(begun: Seat) -> None:
    begun.frame.press("O")
    begun.fail("offline", OFFLINE)
    assert len(begun.older()) == 40
    bar = begun.pane.rows.verticalScrollBar()
    bar.setValue(0)
    bar.setValue(bar.maximum())
    begun.frame.settle()
    assert begun.server.wish is None, "a network that is gone is not asked for at each way down"


def test_another_client_ends_the_wait(seat: Seat) -> None:
    seat.frame.press("O")
    assert seat.server.wish is not None
    Seat(seat.frame, seat.server, "Demo Trucking")
    assert seat.server.wish is None


def test_what_is_a_day_old_leaves_and_can_be_asked_for_again(begun: Seat, office: Office) -> None:
    here = len(begun.pane.model.lines)
    office.clock.at += older_rows.KEPT_MS
    older_rows.tidy(begun.frame.data.sql, office.clock.at)
    begun.frame.desk.publish(changed({"older": [begun.client_id]}))
    begun.frame.settle()
    assert begun.older() == []
    assert len(begun.pane.model.lines) < here
    begun.to_end()
    assert begun.last().end_text == "Show it"


def test_it_leaves_the_window_when_its_day_is_over_though_nothing_cleared_it_away_yet(
    begun: Seat, office: Office
) -> None:
    begun.open_older("ticket")
    begun.answer()
    office.clock.at += older_rows.KEPT_MS
    begun.frame.window.pass_minute()
    begun.frame.settle()
    assert begun.older() == []
    assert "This has left your computer" in begun.words()


def test_what_came_waits_while_somebody_types_in_the_palette(seat: Seat) -> None:
    seat.to_end()
    seat.frame.press("Return", "Ctrl+K")
    seat.answer()
    assert seat.older() == []
    seat.frame.press("Esc")
    assert len(seat.older()) == 40


def test_counts_say_what_is_here(begun: Seat) -> None:
    shown = len([key for key in begun.pane.model.lines if not key.startswith(("group:", OLDER))])
    chips = [spoken(chip) for chip in interactive(begun.pane.filters)]
    assert chips[0] == f"All {shown}"


def test_a_filter_holds_for_what_came_too_and_notes_are_all_here(begun: Seat) -> None:
    begun.frame.press("3")
    assert {row.kind for row in begun.older()} == {"ticket"}
    assert begun.pane.model.place_of(OLDER) == begun.pane.model.rowCount() - 1
    begun.frame.press("6")
    assert begun.older() == []
    assert begun.pane.model.place_of(OLDER) < 0
    begun.frame.press("O")
    assert begun.pane.model.kind == ""
    assert begun.server.wish is not None


def test_where_nothing_is_here_the_page_offers_it(seat: Seat) -> None:
    sql = seat.frame.data.sql
    name = "SELECT c.name FROM clients c WHERE NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.client_id = c.id)"
    names = [str(found) for (found,) in sql.all(name)]
    empty = next(
        n
        for n in names
        if any(
            t == "follow_ups"
            for *_, t in seat.server.outside(str(seat.frame.value("SELECT id FROM clients WHERE name = ?", n)))
        )
    )
    seat = Seat(seat.frame, seat.server, empty)
    seat.frame.press("4")
    state = seat.pane._empty
    assert state.isVisible()
    assert "Older history and other teams' work is on the server" in state.accessibleDescription()
    while not state.button.hasFocus():
        seat.frame.press("Tab")
    seat.frame.press("Return")
    assert state.button.words == "Stop"
    while seat.server.wish is not None:
        seat.answer()
        if not seat.older():
            seat.frame.press("Return")
    assert {row.kind for row in seat.older()} == {"follow_up"}
    assert seat.frame.focus is seat.pane.rows


def test_an_administrator_is_not_offered_it(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> None:
    data = office.filled_desk("sam")
    frame = Frame(data, themes, qtbot)
    try:
        seat = Seat(frame, OlderServer(office, data, frame.desk), BAKERY)
        seat.pane.model.read_to_end()
        frame.settle()
        assert seat.pane.model.place_of(OLDER) < 0
        frame.press("O")
        assert [notice.text for notice in frame.notices] == [
            "Your role does not read what is kept on the server alone."
        ]
        assert seat.server.wish is None
    finally:
        frame.close()


@pytest.fixture
def of_others(seat: Seat, office: Office) -> Seat:
    """The newest that is not here is another team's work."""
    team_id = "00000000-0000-7000-8000-0000000000aa"
    names = ["id", "name", *(name for name in COLUMNS["teams"] if name not in {"id", "name", "rev"})]
    row = dict(zip(names, office.bureau.sql.one(f"SELECT {','.join(names)} FROM teams") or (), strict=True))
    by_hand.upsert(office.bureau.sql, "teams", [{**row, "id": team_id, "name": "Team South"}])
    _, row_id, table = seat.server.outside(seat.client_id)[0]
    by_hand.update(office.bureau.sql, table, "scope = ?", "id = ?", team_id, row_id)
    office.bureau.sync(seat.frame.data)
    return seat


def test_another_teams_work_bears_its_name(of_others: Seat) -> None:
    of_others.frame.press("O")
    of_others.answer()
    row = of_others.older()[0]
    assert row.team_name == "Team South"
    line = of_others.pane.model.line(f"{row.kind}:{row.id}")
    assert isinstance(line, Row)
    assert line.subtitle[-1] == "Team South"
    assert {older.team_name for older in of_others.older()[1:]} == {""}


# Reading one


def test_a_ticket_opens_with_its_conversation(begun: Seat, office: Office) -> None:
    row = begun.open_older("ticket")
    assert row.title in begun.page.heading.text()
    assert "Fetching the conversation…" in begun.words()
    begun.answer()
    bodies = office.bureau.sql.all("SELECT body FROM messages WHERE ticket_id = ? AND kind <> 'event'", row.id)
    assert bodies
    for (body,) in bodies:
        assert body in begun.words()
    assert "Fetching" not in begun.words()
    assert "From the server, not kept on this computer after tomorrow" in begun.words()
    assert begun.page.frame.accessibleName() == row.title


@pytest.mark.parametrize("kind", ["call", "follow_up"])
def test_a_call_and_a_follow_up_are_whole_at_once(begun: Seat, kind: str) -> None:
    row = begun.open_older(kind)
    assert begun.server.wish is None
    if kind == "call":
        (number,) = [fact.value for fact in begun.page._words.facts(begun.work) if fact.label == "Number"]
        assert number.startswith(("(", "+44 ")), "as people write it here"
    assert (row.body if kind == "call" else row.title) in begun.words()
    assert row.contact_name in begun.words()


def test_esc_gives_the_keyboard_back_to_the_row(begun: Seat) -> None:
    row = begun.open_older("ticket")
    assert begun.page.frame.isAncestorOf(begun.frame.focus)
    begun.frame.press("Esc")
    assert not begun.page.is_open
    assert begun.frame.focus is begun.pane.rows
    assert begun.pane.model.row_at(begun.pane.rows.currentIndex()) == row
    assert begun.server.wish is None, "nobody waits for it any more"


def test_ctrl_c_copies_all_of_it(begun: Seat) -> None:
    row = begun.open_older("ticket")
    begun.answer()
    QApplication.clipboard().setText("before")
    begun.frame.press("Ctrl+C")
    text = QApplication.clipboard().text()
    work = begun.work
    assert text.startswith(row.title)
    assert all(message.body in text for message in work.messages)
    assert begun.page.copy_button.words == "Copied"


def test_of_a_long_conversation_the_newest_stand_there_and_earlier_ones_on_demand(
    begun: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(older_page, "_AT_ONCE", 2)
    begun.open_older("ticket")
    begun.answer()
    work = begun.work
    assert len(work.messages) > 2
    first = next(message for message in work.messages if message.kind != "event")
    assert f"Show {len(work.messages) - 2} earlier message" in " ".join(map(spoken, interactive(begun.page.frame)))
    while "earlier message" not in spoken(begun.frame.focus):
        begun.frame.press("Tab")
    while any("earlier message" in spoken(widget) for widget in interactive(begun.page.frame)):
        while "earlier message" not in spoken(begun.frame.focus):
            begun.frame.press("Tab")
        begun.frame.press("Return")
    assert first.body in begun.words()


def test_a_conversation_that_does_not_come_says_why_and_can_be_tried_again(begun: Seat) -> None:
    row = begun.open_older("ticket")
    begun.fail("offline", OFFLINE)
    assert row.title in begun.page.heading.text()
    assert OFFLINE in begun.words()
    while spoken(begun.frame.focus) != "Try again":
        begun.frame.press("Tab")
    begun.frame.press("Return")
    begun.answer()
    assert OFFLINE not in begun.words()


def open_unknown(seat: Seat) -> str:
    """A ticket that the server found and of which nothing is here, as from the palette."""
    ticket_id = next(i for _, i, table in seat.server.outside(seat.client_id) if table == "tickets")
    seat.frame.desk.open_older("ticket", ticket_id)
    seat.frame.settle()
    return ticket_id


def test_what_is_not_here_at_all_says_that_it_is_fetched(seat: Seat, qtbot: QtBot) -> None:
    open_unknown(seat)
    qtbot.waitUntil(lambda: "Fetching it from the server…" in seat.words())
    assert seat.page.frame.isAncestorOf(seat.frame.focus)
    seat.answer()
    assert seat.page.copy_button.isVisible()
    assert "Fetching" not in seat.words()


@pytest.mark.parametrize(
    ("step", "title", "button"),
    [("offline", "This could not be fetched", "Try again"), ("refused", "This cannot be shown", "Close")],
)
def test_what_cannot_be_had_says_why(seat: Seat, step: str, title: str, button: str) -> None:
    open_unknown(seat)
    seat.fail(step, "It is not there any more.")
    assert title in seat.words()
    assert "It is not there any more." in seat.words()
    assert spoken(seat.frame.focus) == button
    assert not seat.page.copy_button.isVisible()
    seat.frame.press("Return")
    assert seat.page.is_open is (step == "offline")
    if step == "offline":
        seat.answer()
        assert seat.page.copy_button.isVisible()


def test_what_has_left_meanwhile_can_be_fetched_again(seat: Seat, office: Office) -> None:
    ticket_id = open_unknown(seat)
    seat.answer()
    office.clock.at += older_rows.KEPT_MS
    older_rows.tidy(seat.frame.data.sql, office.clock.at)
    seat.frame.desk.publish(changed({"older": [ticket_id]}))
    seat.frame.settle()
    assert "This has left your computer" in seat.words()
    assert spoken(seat.frame.focus) == "Fetch it again"
    seat.frame.press("Return")
    seat.answer()
    assert seat.page.copy_button.isVisible()


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (1440, 900)], ids=str)
@pytest.mark.parametrize("kind", ["ticket", "call", "follow_up"])
def test_the_page_is_whole(begun: Seat, kind: str, size: tuple[int, int]) -> None:
    begun.open_older(kind)
    begun.frame.resize(*size)
    if kind == "ticket":
        begun.answer()
    assert broken_parts(begun.page.frame) == []


def test_what_people_wrote_is_never_markup(begun: Seat, office: Office) -> None:
    row = next(row for row in begun.older() if row.kind == "ticket")
    hostile = "<b>bold</b><img src=x> &amp; \u202eevil"
    office.bureau.sql.db.connect(reuse_if_open=True)
    by_hand.update(office.bureau.sql, "messages", "body = ?", "ticket_id = ?", hostile, row.id)
    begun.pane.rows.select_key(f"ticket:{row.id}")
    begun.frame.press("Return")
    begun.answer()
    assert hostile in begun.words()
    begun.page.frame.grab()
