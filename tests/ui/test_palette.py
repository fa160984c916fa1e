"""Ctrl+K: typing finds, Enter opens, Ctrl+D calls, Esc gives the keyboard back; nothing that is typed breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from csr_desktop.services.search import Hit
from csr_desktop.ui.kit.rows import ROW_ROLE
from csr_desktop.ui.main_window import LIVES_IN
from csr_desktop.ui.palette.found_lines import is_name_of
from csr_desktop.ui.palette.rows import Heading, Line, Nothing, PaletteModel, PaletteRow, _parts
from tests.ui.frame_bench import Frame, spoken

HOSTILE = [
    "'; DROP TABLE clients; --",
    '"' * 40,
    "* AND NEAR( OR NOT",
    "%_\\",
    "<b>bold</b><img src=x>",
    "\u202eevil\u202c \u200b\u200d",
    "\U0001f600" * 20,
    "a" * 20_000,
    "#",
    "#" * 50,
    ">",
    "> > >",
    "\t  \n",
    "é" * 300,
    "(",
    "0" * 500,
    "&&& {0} %n %1",
]


@pytest.fixture
def palette(frame: Frame) -> Frame:
    frame.choose_first()
    frame.press("Ctrl+K")
    return frame


def lines(frame: Frame) -> list[PaletteRow]:
    model = frame.floats.palette.model
    return [model.index(at).data(ROW_ROLE) for at in range(model.rowCount())]


def found(frame: Frame, kind: str) -> list[Line]:
    return [line for line in lines(frame) if isinstance(line, Line) and line.key.startswith(f"{kind}:")]


def chosen(frame: Frame) -> Line:
    line = frame.floats.palette.list.currentIndex().data(ROW_ROLE)
    assert isinstance(line, Line)
    return line


def test_an_empty_box_offers_whom_one_spoke_with_and_what_can_be_done(palette: Frame) -> None:
    headings = [line.words for line in lines(palette) if isinstance(line, Heading)]
    assert headings == ["Lately with", "Last calls", "Commands"]
    assert palette.focus is palette.floats.palette.box
    assert isinstance(chosen(palette), Line)


@pytest.mark.parametrize("text", ["example bakery", "exmaple bakry", "bakery exam"])
def test_typing_finds_and_the_first_line_is_chosen(palette: Frame, text: str) -> None:
    palette.type(text)
    assert any(line.title == "Example Bakery" for line in found(palette, "client"))
    assert palette.floats.palette.found.text().endswith(" found")
    first = next(line for line in lines(palette) if isinstance(line, Line))
    assert chosen(palette) is first


def test_enter_opens_the_client_where_clients_live(palette: Frame) -> None:
    palette.type("example bakery")
    while not chosen(palette).key.startswith("client:"):
        palette.press("Down")
    client_id = chosen(palette).key.partition(":")[2]
    palette.press("Return")
    assert not palette.floats.palette.is_open
    assert palette.window.current_place == "clients"
    assert palette.place.pane.profile.id == client_id
    assert palette.place.isAncestorOf(palette.focus)


@pytest.mark.parametrize(
    ("kind", "table", "text"), [("ticket", "tickets", "subject"), ("follow_up", "follow_ups", "title")]
)
def test_enter_opens_work_in_its_place(palette: Frame, kind: str, table: str, text: str) -> None:
    row_id, words = palette.data.sql.one(
        f"SELECT id, {text} FROM {table} WHERE state = 'open' AND assignee_id = ? ORDER BY id LIMIT 1",
        palette.data.account.user_id,
    )
    palette.type(words)
    assert row_id in [line.key.partition(":")[2] for line in found(palette, kind)]
    while chosen(palette).key != f"{kind}:{row_id}":
        palette.press("Down")
    palette.press("Return")
    assert palette.window.current_place == LIVES_IN[kind]


def test_a_click_opens_too_and_one_beside_it_leaves(palette: Frame) -> None:
    rows = palette.floats.palette.list
    at = rows.currentIndex()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(at).center())
    palette.settle()
    assert not palette.floats.palette.is_open
    assert palette.window.current_place == "clients"
    palette.press("Ctrl+K")
    sheet = palette.floats.palette.sheet
    QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=sheet.rect().topLeft())
    assert not palette.floats.palette.is_open


def test_ctrl_d_calls_who_is_chosen(palette: Frame) -> None:
    palette.type("dana sample")
    while not chosen(palette).key.startswith("contact:"):
        palette.press("Down")
    contact_id = chosen(palette).key.partition(":")[2]
    palette.press("Ctrl+D")
    ((number, contact),) = palette.called
    assert contact == contact_id
    assert not palette.floats.palette.is_open
    assert palette.window.current_place == "calls"
    (call,) = palette.data.services.calls.running()
    assert (call.contact_id, call.direction) == (contact_id, "out")
    assert number in {"", call.number}


def test_ctrl_d_does_nothing_where_nobody_can_be_called(palette: Frame) -> None:
    palette.type("> settings")
    palette.press("Ctrl+D")
    assert palette.called == []
    assert palette.floats.palette.is_open


@pytest.mark.parametrize("number", ["(312) 555-0142", "3125550142", "+1 312 555 0142"])
def test_a_number_can_be_called_as_typed(palette: Frame, number: str) -> None:
    palette.type(number)
    line = next(line for line in found(palette, "action") if line.key == "action:call_number")
    assert line.title == f"Call {number}"
    while chosen(palette) is not line:
        palette.press("Down")
    palette.press("Return")
    assert palette.called == [(number, "")]


def test_an_arrow_shows_commands_only(palette: Frame) -> None:
    palette.type(">")
    assert [line.words for line in lines(palette) if isinstance(line, Heading)] == ["Commands"]
    everything = len(lines(palette))
    palette.type("go to")
    titles = [line.title for line in lines(palette) if isinstance(line, Line)]
    assert titles == ["Go to the inbox", "Go to clients", "Go to calls", "Go to follow-ups"]
    assert len(titles) < everything
    palette.press("Down", "Return")
    assert palette.window.current_place == "clients"


def test_a_view_of_the_inbox_is_found_by_its_name(palette: Frame) -> None:
    palette.press("Esc", "Ctrl+2", "Ctrl+K")
    palette.type("unassigned")
    assert chosen(palette).title == "Inbox: Unassigned"
    palette.press("Return")
    assert palette.window.current_place == "inbox"
    inbox = palette.window.place("inbox")
    assert inbox.list.header.title == "Unassigned"  # type: ignore[attr-defined]
    assert inbox.list.rows.hasFocus()  # type: ignore[attr-defined]


def test_what_is_the_name_of_a_command_stands_before_notes_with_its_words(palette: Frame) -> None:
    palette.type("team calls")
    assert chosen(palette).title == "Calls: Team's calls"
    palette.press("Return")
    assert palette.window.current_place == "calls"


@pytest.mark.parametrize(
    ("text", "title", "is_name"),
    [
        ("team calls", "Calls: Team's calls", True),
        ("te ca", "Calls: Team's calls", True),
        ("team", "Calls: Team's calls", False),
        ("calls team", "Calls: Team's calls", False),
        ("team calls today", "Calls: Team's calls", False),
        ("", "Help", False),
        ("help", "Help", False),
    ],
)
def test_a_name_is_all_of_its_words_begun(text: str, title: str, is_name: bool) -> None:
    assert is_name_of(text, title) is is_name


def test_a_hash_finds_numbers_only(palette: Frame) -> None:
    number = palette.value("SELECT number FROM tickets WHERE number > 0 ORDER BY id LIMIT 1")
    palette.type(f"#{number}")
    assert found(palette, "ticket")
    assert not found(palette, "note")


def test_arrows_go_round_over_the_headings(palette: Frame) -> None:
    first = chosen(palette)
    count = sum(isinstance(line, Line) for line in lines(palette))
    seen = []
    for _ in range(count):
        seen.append(chosen(palette).key)
        palette.press("Down")
    assert chosen(palette) is first
    assert len(set(seen)) == count
    palette.press("Up")
    assert chosen(palette).key == seen[-1]


def test_esc_gives_the_keyboard_back_where_it_was(frame: Frame) -> None:
    frame.go("clients")
    frame.press("/")
    field = frame.focus
    frame.press("Ctrl+K")
    frame.type("bakery")
    frame.press("Esc")
    assert frame.focus is field
    frame.type("x")
    assert field.text() == "x"  # type: ignore[attr-defined]


def test_it_begins_anew_each_time(palette: Frame) -> None:
    palette.type("bakery")
    palette.press("Esc", "Ctrl+K")
    assert palette.floats.palette.box.text() == ""
    assert next(line.words for line in lines(palette) if isinstance(line, Heading)) == "Lately with"


def test_enter_that_is_faster_than_the_search_opens_what_was_typed(palette: Frame) -> None:
    """Not the line that an earlier text left there."""
    box = palette.floats.palette.box
    QTest.keyClicks(box, "example bakery")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert palette.floats.palette.is_open
    palette.settle()
    assert not palette.floats.palette.is_open
    assert palette.window.current_place == "clients"
    shown = palette.place.pane.profile
    assert "Example Bakery" in {shown.name, *(c.name for c in shown.contacts)}


def test_enter_and_then_other_letters_open_nothing(palette: Frame) -> None:
    box = palette.floats.palette.box
    QTest.keyClicks(box, "exam")
    QTest.keyClick(box, Qt.Key.Key_Return)
    QTest.keyClicks(box, "p")
    palette.settle()
    assert palette.floats.palette.is_open


def test_all_of_a_section_are_shown_by_its_last_line_and_esc_goes_back(palette: Frame) -> None:
    palette.type("example")
    few = [line.key for line in lines(palette) if isinstance(line, Line)]
    (rest,) = [
        at for at, line in enumerate(lines(palette)) if isinstance(line, Line) and line.key == "action:all_directory"
    ]
    line = lines(palette)[rest]
    assert isinstance(line, Line)
    count = int(line.title.split()[-1])
    assert line.title in {f"Show all {count}", f"Show the first {count}"}
    palette.press(*["Down"] * few.index("action:all_directory"), "Return")
    assert palette.floats.palette.is_open
    heading, *everyone = lines(palette)
    assert isinstance(heading, Heading)
    assert heading.words == "Contacts and clients"
    assert len({one.key for one in everyone if isinstance(one, Line)}) == count > 5
    assert chosen(palette) == everyone[0]
    palette.press("Esc")
    assert [one.key for one in lines(palette) if isinstance(one, Line)] == few
    palette.press("Esc")
    assert not palette.floats.palette.is_open


def test_nothing_found_is_said_with_what_can_be_done(palette: Frame) -> None:
    palette.type("qqqqzzzzxxxx")
    nothing, server, heading, *offered = lines(palette)
    assert isinstance(nothing, Nothing)
    assert nothing.title == "Nothing found for “qqqqzzzzxxxx”"
    assert isinstance(server, Line)
    assert server.title == "Search the server too"
    assert chosen(palette) is server
    assert heading == Heading("Commands")
    assert "Start a call" in [line.title for line in offered if isinstance(line, Line)]
    palette.press("Ctrl+D", "Down")
    assert palette.floats.palette.is_open


def test_tab_shows_what_else_can_be_done_and_esc_goes_back(palette: Frame) -> None:
    palette.type("example bakery")
    while not chosen(palette).key.startswith("client:"):
        palette.press("Down")
    client = chosen(palette)
    before = [line.key for line in lines(palette) if isinstance(line, Line)]
    palette.press("Tab")
    assert lines(palette)[0] == Heading("Example Bakery")
    offered = [line.title for line in lines(palette) if isinstance(line, Line)]
    assert offered == ["Open", "Call", "New ticket", "Log a contact", "New follow-up"]
    palette.press("Tab")
    assert [line.title for line in lines(palette) if isinstance(line, Line)] == offered
    palette.press("Esc")
    assert palette.floats.palette.is_open
    assert [line.key for line in lines(palette) if isinstance(line, Line)] == before
    assert chosen(palette).key == client.key
    palette.press("Tab", "Down", "Down", "Return")
    assert not palette.floats.palette.is_open
    assert palette.window.current_place == "inbox"


def test_other_letters_after_tab_find_anew(palette: Frame) -> None:
    palette.type("example bakery")
    palette.press("Tab")
    palette.type("x")
    palette.press("Backspace")
    assert any(line.title == "Example Bakery" for line in found(palette, "client"))
    palette.press("Esc")
    assert not palette.floats.palette.is_open


def test_a_client_shows_its_next_clock(palette: Frame) -> None:
    palette.type("example bakery")
    line = next(line for line in found(palette, "client") if line.title == "Example Bakery")
    at = palette.value("SELECT cut_off_at FROM client_clocks WHERE client_id = ?", line.key.partition(":")[2])
    assert line.clock == palette.desk.words.clock("cut_off", at)
    model = palette.floats.palette.model
    text = model.index(lines(palette).index(line)).data(Qt.ItemDataRole.AccessibleTextRole)
    assert line.clock is not None
    assert line.clock.spoken in text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_typed_breaks_it(palette: Frame, text: str) -> None:
    box = palette.floats.palette.box
    box.setText(text)
    palette.settle()
    assert lines(palette)
    palette.floats.palette.frame.grab()
    for line in lines(palette):
        if isinstance(line, Line):
            for marks, words in ((line.title_marks, line.title), (line.detail_marks, line.detail)):
                assert all(start >= 0 and length > 0 and start + length <= len(words) for start, length in marks)
    palette.press("Down", "Esc")
    assert not palette.floats.palette.is_open
    assert palette.notices == []


def test_a_hit_is_shown_as_it_is_and_never_as_markup(palette: Frame) -> None:
    hostile = "<b>Sample</b> & \u202eSons " + "long " * 200
    hit = Hit(**{**dict.fromkeys(Hit.__struct_fields__, ""), "kind": "client", "row_id": "x", "title": hostile,
                 "subtitle": hostile, "time_at": 0, "title_marks": ((3, 6),), "subtitle_marks": ()})  # fmt: skip
    line = palette.floats.palette.lines.hit(hit)
    assert line.title == hostile
    model = palette.floats.palette.model
    model.show_rows([line, Heading(hostile)])
    palette.floats.palette.frame.grab()
    assert model.index(0).data(Qt.ItemDataRole.AccessibleTextRole).startswith(hostile)


def test_every_line_is_read_aloud(palette: Frame) -> None:
    palette.type("sample")
    model = palette.floats.palette.model
    for at, line in enumerate(lines(palette)):
        text = model.index(at).data(Qt.ItemDataRole.AccessibleTextRole)
        assert text.startswith(line.title) if isinstance(line, Line) else text == line.words
    assert spoken(palette.floats.palette.box) == "Search or run a command"
    assert spoken(palette.floats.palette.list) == "Found"


def test_it_stays_within_the_window_whatever_is_found(palette: Frame, qtbot: QtBot) -> None:
    for size in ((640, 480), (1440, 900)):
        palette.resize(*size)
        for text in ("", "a", "qqqqzzzz", ">"):
            palette.floats.palette.box.setText(text)
            palette.settle()
            assert palette.window.rect().contains(palette.floats.palette.frame.geometry())


# Its parts


def test_lines_are_found_over_headings() -> None:
    model = PaletteModel()
    assert (model.first_line(), model.next_line(0, 1)) == (-1, -1)
    model.show_rows([Heading("only")])
    assert (model.first_line(), model.next_line(0, 1)) == (-1, -1)
    line = Line("k", "phone", "t", lambda: None)
    model.show_rows([Heading("a"), line, Heading("b"), line])
    assert model.first_line() == 1
    assert [model.next_line(at, 1) for at in (-1, 1, 3)] == [1, 3, 1]
    assert [model.next_line(at, -1) for at in (1, 3)] == [3, 1]
    assert model.flags(model.index(0)) == Qt.ItemFlag.NoItemFlags


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(-2, 40)), max_size=6))
def test_the_parts_of_a_marked_text_are_the_text(text: str, marks: list[tuple[int, int]]) -> None:
    parts = _parts(text, marks)
    assert "".join(part for part, _ in parts) == text
    assert all(part for part, _ in parts)


@pytest.mark.parametrize("is_marked", [True, False], ids=["the marked line", "another line"])
def test_a_screen_reader_finds_a_line_by_its_name_and_presses_it(palette: Frame, *, is_marked: bool) -> None:
    QAccessible.setActive(True)
    palette.type("example bakery")
    palette.press("Down")
    of_clients = found(palette, "client")
    if is_marked:
        while chosen(palette) is not of_clients[0]:
            palette.press("Down")
    wanted = of_clients[0]
    assert (chosen(palette) is wanted) == is_marked
    rows = QAccessible.queryAccessibleInterface(palette.floats.palette.list)
    (row,) = [
        rows.child(at)
        for at in range(rows.childCount())
        if rows.child(at).text(QAccessible.Text.Name).startswith(f"{wanted.title}, {wanted.detail}".rstrip(", "))
    ]
    row.actionInterface().doAction(row.actionInterface().actionNames()[0])
    palette.qtbot.waitUntil(lambda: not palette.floats.palette.is_open)
    palette.settle()
    assert palette.window.current_place == LIVES_IN["client"]
    assert palette.place.pane.profile.id == wanted.key.partition(":")[2]
