"""List, profile and timeline as a person uses them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.actions import BURST_SECONDS
from csr_desktop.ui.clients.contact_card import dialled
from csr_desktop.ui.desk import Target
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.kit.rows import ROW_ROLE, HeaderRow, Row
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.conftest import Office
from tests.ui.clients.screen import Screen
from tests.ui.conftest import let_go, make_desk

BAKERY = "Example Bakery"


def titles(screen: Screen) -> list[str]:
    model = screen.place.list.model
    return [model.index(at).data(ROW_ROLE).title for at in range(model.rowCount())]


def test_the_list_has_my_clients_then_all_with_their_counts(screen: Screen) -> None:
    model = screen.place.list.model
    headers = [row for at in range(model.rowCount()) if isinstance(row := model.index(at).data(ROW_ROLE), HeaderRow)]
    mine = screen.data.sql.value("SELECT COUNT(*) FROM clients WHERE specialist_id = ?", screen.data.account.user_id)
    assert [(header.title, header.count) for header in headers] == [("My clients", str(mine)), ("All", "120")]
    assert screen.place.pane.profile is not None, "the first client's profile stands there at once"


def test_those_opened_stand_at_the_top_next_time(screen: Screen) -> None:
    screen.press(Qt.Key.Key_Down)
    opened = screen.place.list.current_id
    screen.press(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is screen.place.pane.timeline.rows
    screen.place.on_shown()
    screen.settle()
    model = screen.place.list.model
    assert [model.key_at(model.index(at)) for at in (0, 1)] == ["group:recent", f"recent:{opened}"]
    assert screen.place.list.current_id == opened


def test_what_stands_open_keeps_its_row_whatever_is_clicked_beside(screen: Screen) -> None:
    rows = screen.place.list.rows
    opened = screen.place.list.current_id
    heading, row = (rows.visualRect(rows.model().index(at, 0)).center() for at in (0, 1))
    for place, held in ((heading, Qt.KeyboardModifier.NoModifier), (row, Qt.KeyboardModifier.ControlModifier)):
        QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, held, place)
        screen.settle()
        assert [index.row() for index in rows.selectedIndexes()] == [1]
        assert screen.place.list.current_id == opened
    screen.press(Qt.Key.Key_Down)
    assert [index.row() for index in rows.selectedIndexes()] == [2]


def test_a_persons_email_stands_beneath_their_numbers(screen: Screen) -> None:
    found = "SELECT k.email, c.name FROM contacts k JOIN clients c ON c.id = k.client_id WHERE k.email <> '' LIMIT 1"
    email, name = screen.data.sql.one(found) or ("", "")
    assert email
    screen.show(name)
    shown = [label for label in screen.place.pane.side.findChildren(QLabel) if label.isVisibleTo(screen.place.pane)]
    assert email in {label.accessibleName() or label.text() for label in shown}


def test_a_closed_account_is_grey_with_the_reason(screen: Screen) -> None:
    closed = str(screen.data.sql.value("SELECT id FROM clients WHERE status = 'closed'"))
    row = screen.place.words.row(screen.data.services.clients.rows([closed])[0])
    assert row.taken_reason.startswith("Closed account")


@pytest.mark.parametrize("typed", ["example bak", "312 555 0167", "(312) 555-0167"])
def test_the_filter_finds_by_name_and_by_number(screen: Screen, typed: str) -> None:
    screen.place.focus_filter()
    screen.type(typed)
    assert BAKERY in titles(screen)
    assert len(titles(screen)) < 10
    screen.press(Qt.Key.Key_Escape)
    assert len(titles(screen)) > 100, "Esc takes the filter back"


def test_enter_in_the_filter_opens_the_first_found(screen: Screen) -> None:
    screen.place.focus_filter()
    screen.type("example baker")
    screen.press(Qt.Key.Key_Return)
    assert screen.place.pane.profile is not None
    assert screen.place.pane.profile.name == BAKERY


def test_each_letter_in_the_filter_shows_the_first_found_and_enter_opens_it(screen: Screen) -> None:
    """Not what the letters before had found first."""
    screen.place.focus_filter()
    screen.type("dent")
    earlier = titles(screen)[1]
    screen.type("l")
    first = titles(screen)[1]
    assert first != earlier, "a misspelt word is found by likeness, not by name"
    assert screen.place.list.current_id == screen.client(first)
    screen.press(Qt.Key.Key_Return)
    assert screen.place.pane.profile is not None
    assert screen.place.pane.profile.name == first


def test_what_nobody_is_called_is_said(screen: Screen) -> None:
    screen.place.focus_filter()
    screen.type("zzzz")
    assert titles(screen) == []
    assert screen.place.list._empty.isVisible()


@pytest.mark.parametrize("typed", ["exmaple bakery", "bakery example", "example bakrey"])
def test_a_misspelt_name_finds_its_client(screen: Screen, typed: str) -> None:
    screen.place.focus_filter()
    screen.type(typed)
    assert titles(screen)[1] == BAKERY
    screen.press(Qt.Key.Key_Return)
    assert screen.place.pane.profile is not None
    assert screen.place.pane.profile.name == BAKERY


def test_whom_nobody_knows_yet_can_be_added(screen: Screen) -> None:
    screen.place.focus_filter()
    screen.type("zzzz")
    button = screen.place.list._empty.button
    assert button.words == "New client"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    screen.settle()
    assert screen.place.forms.client.is_open


def test_the_timeline_filters_by_kind_and_pages(screen: Screen) -> None:
    screen.show(screen.busiest)
    timeline = screen.place.pane.timeline
    screen.press(Qt.Key.Key_2)
    assert timeline.filters.chosen_key == "call"
    rows = [key for key in timeline.model.lines if not key.startswith("group:")]
    assert len(rows) == 50
    assert all(key.startswith("call:") for key in rows)
    timeline.rows.verticalScrollBar().setValue(timeline.rows.verticalScrollBar().maximum())
    timeline.model.fetchMore(timeline.rows.rootIndex())
    screen.settle()
    rows = [key for key in timeline.model.lines if not key.startswith("group:")]
    assert len(rows) >= 100
    times = [timeline.model._rows[key].at for key in rows]
    assert times == sorted(times, reverse=True)
    assert len(set(rows)) == len(rows)


def test_enter_opens_a_line_in_its_place(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    opened: list[object] = []
    screen.desk.opening.connect(opened.append)
    timeline = screen.place.pane.timeline
    timeline.choose_kind("ticket")
    screen.settle()
    screen.press(Qt.Key.Key_T)
    screen.press(Qt.Key.Key_Return)
    row = timeline.model.row_at(timeline.rows.currentIndex())
    assert row is not None
    assert opened == [Target("ticket", row.id, client_id)]


def test_a_note_is_written_kept_added_and_taken_back(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_W)
    screen.type("Wants statements on paper.")
    assert screen.data.services.drafts.read(f"client_note:{client_id}") == "Wants statements on paper."
    screen.show(screen.busiest)
    screen.show(BAKERY)
    composer = screen.place.pane.timeline.composer
    assert composer.isVisible(), "what was begun comes back"
    screen.press(Qt.Key.Key_W)
    screen.save()
    assert not composer.isVisible()
    assert screen.data.services.drafts.read(f"client_note:{client_id}") == ""
    first = screen.place.pane.timeline.model.index(1).data(ROW_ROLE)
    assert isinstance(first, Row)
    assert (first.title, first.subtitle) == ("Wants statements on paper.", ("Note by you",))
    screen.desk.undo(screen.window)
    screen.settle()
    assert screen.place.pane.timeline.model.index(1).data(ROW_ROLE).title != "Wants statements on paper."


def test_a_long_note_is_read_in_full(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    body = "First line.\n" + "word " * 100
    note = screen.data.services.clients.add_note(client_id, body)
    screen.desk.publish(note.outcome.changed)
    screen.settle()
    screen.press(Qt.Key.Key_T)
    screen.place.pane.timeline.rows.select_key(f"note:{note.id}")
    screen.press(Qt.Key.Key_Return)
    reading = screen.place.forms.reading
    assert reading.is_open
    assert reading._prose.toPlainText() == body.strip()
    screen.press(Qt.Key.Key_Escape)
    assert reading.isHidden()
    assert QApplication.focusWidget() is screen.place.pane.timeline.rows


def test_new_lines_keep_the_chosen_one(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    rows = screen.place.pane.timeline.rows
    screen.press(Qt.Key.Key_T)
    screen.press(Qt.Key.Key_Down)
    chosen = screen.place.pane.timeline.model.key_at(rows.currentIndex())
    outcome = screen.data.services.clients.add_note(client_id, "From elsewhere").outcome
    screen.desk.publish(outcome.changed)
    screen.settle()
    assert screen.place.pane.timeline.model.key_at(rows.currentIndex()) == chosen


def test_call_offers_every_number_and_dials_the_chosen(screen: Screen) -> None:
    screen.show(BAKERY)
    dialling: list[tuple[str, str]] = []
    screen.desk.calling.connect(lambda number, contact: dialling.append((number, contact)))
    screen.press(Qt.Key.Key_D)
    (menu,) = screen.window.findChildren(MenuFloat)
    profile = screen.place.pane.profile
    assert profile is not None
    numbers = [n for person in profile.contacts if person.is_active for n in person.numbers]
    assert len(menu.picks) == len(numbers) + len(profile.company_numbers)
    screen.press(Qt.Key.Key_Return)
    assert dialling == [(dialled(numbers[0]), numbers[0].contact_id)]


def test_a_promise_is_ticked_off(screen: Screen) -> None:
    screen.show(BAKERY)
    profile = screen.place.pane.profile
    assert profile is not None
    mine = next(at for at, promise in enumerate(profile.promises) if promise.is_mine)
    screen.place.pane.side._promises[mine].check.click()
    screen.settle()
    assert screen.column("follow_ups", profile.promises[mine].id, "outcome") == "kept"
    assert len(screen.place.pane.profile.promises) == len(profile.promises) - 1  # type: ignore[union-attr]


def test_the_side_pane_folds_behind_its_key(screen: Screen) -> None:
    screen.show(BAKERY)
    side = screen.place.pane.side
    assert side.isVisible()
    screen.resize(1100, 700)
    assert not side.isVisible()
    screen.press(Qt.Key.Key_I)
    assert side.isVisible()
    assert side.isAncestorOf(QApplication.focusWidget())  # type: ignore[arg-type]
    screen.press(Qt.Key.Key_Escape)
    assert not side.isVisible()
    screen.resize(1440, 900)
    assert side.isVisible()


def test_in_a_very_narrow_window_the_list_or_the_profile_stands_there(screen: Screen) -> None:
    screen.show(BAKERY)
    screen.resize(880, 700)
    assert (screen.place.list.isVisible(), screen.place.pane.isVisible()) == (False, True)
    screen.press(Qt.Key.Key_T)
    screen.press(Qt.Key.Key_Escape)
    assert (screen.place.list.isVisible(), screen.place.pane.isVisible()) == (True, False)
    screen.press(Qt.Key.Key_Return)
    assert (screen.place.list.isVisible(), screen.place.pane.isVisible()) == (False, True)


def test_a_contact_is_opened_from_elsewhere(screen: Screen) -> None:
    client_id = screen.client(BAKERY)
    person = screen.data.services.clients.contacts(client_id)[1]
    screen.place.open_target(Target("contact", person.id, client_id))
    screen.settle()
    focus = QApplication.focusWidget()
    assert focus is not None
    assert person.name in focus.accessibleName()
    model = screen.place.list.model
    assert model.key_at(screen.place.list.rows.currentIndex()) == f"recent:{client_id}"
    assert screen.place.list.rows.verticalScrollBar().value() == 0


def drag(panes: QSplitter, position: int) -> None:
    panes.moveSplitter(position, 1)
    panes.splitterMoved.emit(position, 1)


def test_widths_are_kept_once_they_were_moved(screen: Screen) -> None:
    assert screen.place.save_panes() == {}
    drag(screen.place.panes.room, 320)
    saved = screen.place.save_panes()
    assert saved["wide"][0] == 320
    drag(screen.place.pane.panes, 700)
    assert screen.place.save_panes()["side.wide"] == [0, screen.place.pane.side.width()]
    screen.place.restore_panes({"middle": [290, 0]})
    screen.resize(1280, 720)
    assert screen.place.list.width() == pytest.approx(290, abs=20)


def test_everything_that_can_be_used_has_a_name(screen: Screen) -> None:
    screen.show(BAKERY)
    screen.place.edit_client()
    screen.settle()
    screen.place.add_contact()
    screen.settle()
    nameless = [
        widget
        for widget in screen.window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not widget.accessibleName()
    ]
    # Scroll areas and splitters' own parts take no keyboard of their own.
    assert [type(widget).__name__ for widget in nameless] == []


def test_a_manager_edits_clients_but_logs_nothing(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> None:
    data = office.filled_desk("jordan")
    desk = make_desk(data, themes)
    screen = Screen(desk, data, office, qtbot)
    screen.show(BAKERY)
    opened: list[Target] = []
    desk.opening.connect(opened.append)
    for key in (Qt.Key.Key_L, Qt.Key.Key_N):
        screen.press(key)
        qtbot.wait(int(BURST_SECONDS * 1100))  # not a word that is typed
    assert opened == []
    head = screen.place.pane.head
    assert not any(button.isVisible() or button in head.buttons.in_menu for button in (head.log, head.ticket))
    assert head.call.isVisible()
    screen.press(Qt.Key.Key_E)
    assert screen.place.forms.client.is_open
    let_go(desk)
