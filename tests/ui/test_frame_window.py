"""The window with its four places over real services: going about, opening, counts, widths, undo, notices."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTextEdit
from pytestqt.qtbot import QtBot

from csr_desktop.domain.sync_status import SyncPhase, SyncStatus
from csr_desktop.ui.desk import Notice
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.rows import KEY_ROLE
from csr_desktop.ui.main_window import LIVES_IN, PLACES
from csr_desktop.ui.notices import PlaceNotice
from csr_desktop.ui.sync_float import SyncFloat
from tests.conftest import Office
from tests.ui.frame_bench import Frame, can_be_seen, spoken
from tests.ui.whole import broken_parts

MINE = "SELECT id FROM tickets WHERE assignee_id = ? AND state = 'open' AND deleted = 0 ORDER BY id LIMIT 1"
IDS = {
    "ticket": "SELECT id FROM tickets WHERE state = 'open' AND deleted = 0 ORDER BY id LIMIT 1",
    "client": "SELECT id FROM clients WHERE deleted = 0 ORDER BY id LIMIT 1",
    "contact": "SELECT id FROM contacts WHERE is_active = 1 AND deleted = 0 ORDER BY id LIMIT 1",
    "call": "SELECT id FROM interactions WHERE result = 'handled' AND contact_id <> '' AND deleted = 0 LIMIT 1",
    "follow_up": "SELECT id FROM follow_ups WHERE state = 'open' AND deleted = 0 ORDER BY id LIMIT 1",
}


def my_ticket(frame: Frame) -> str:
    return str(frame.value(MINE, frame.data.account.user_id))


# Going about


def test_the_keys_of_the_places_bring_each_to_the_front_with_the_keyboard_in_it(frame: Frame) -> None:
    for place in (*PLACES, *reversed(PLACES)):
        frame.go(place)
        assert frame.window.current_place == place
        assert frame.place.isVisible()
        assert frame.place.isAncestorOf(frame.focus)
        assert frame.focus.isVisible()
        assert sum(frame.window.place(key).isVisible() for key in PLACES if frame.window.has_place(key)) == 1


def test_a_place_is_built_when_it_is_first_shown_or_in_idle_time(frame: Frame, qtbot: QtBot) -> None:
    assert [key for key in PLACES if frame.window.has_place(key)] == ["inbox"]
    frame.desk_window.build_places()
    qtbot.waitUntil(lambda: all(frame.window.has_place(key) for key in PLACES))
    assert frame.window.current_place == "inbox"
    frame.settle()
    assert frame.place.isAncestorOf(frame.focus)


def test_the_places_work_from_within_text_too(frame: Frame) -> None:
    frame.go("clients")
    frame.press("/")
    assert isinstance(frame.focus, QLineEdit)
    frame.type("dem")
    frame.press("Ctrl+3")
    assert frame.window.current_place == "calls"


# The rail


def test_the_rail_counts_what_the_services_count(frame: Frame) -> None:
    counts = frame.data.services.inbox.counts()
    assert counts.mine > 0
    for view in ("mine", "unassigned", "my_team", "due_today", "breached", "waiting", "escalated"):
        assert frame.count(view) == getattr(counts, view), view
    assert frame.count("inbox") == counts.mine
    assert frame.count("follow_ups") == frame.data.services.follow_ups.waiting_count()
    assert frame.count("calls") == 0


def test_the_rail_follows_what_is_done(frame: Frame) -> None:
    mine, waiting = frame.count("mine"), frame.count("waiting")
    ticket_id = my_ticket(frame)
    frame.desk.do(frame.window, lambda: frame.data.services.inbox.set_state(ticket_id, "waiting"))
    frame.settle()
    assert frame.count("waiting") == waiting + 1
    frame.desk.undo(frame.window)
    frame.settle()
    assert (frame.count("mine"), frame.count("waiting")) == (mine, waiting)


def test_a_running_call_is_counted_from_its_first_moment_to_its_last(frame: Frame) -> None:
    frame.desk.call("(312) 555-0142")
    frame.settle()
    assert frame.count("calls") == 1
    frame.go("calls")
    frame.press("F8", "Ctrl+Return")
    assert not frame.data.services.calls.running()
    assert frame.count("calls") == 0


def test_a_minute_counts_anew(frame: Frame, office: Office) -> None:
    breached = frame.count("breached")
    office.clock.at += 3 * 3_600_000
    frame.window.pass_minute()
    frame.settle()
    assert frame.count("breached") == frame.data.services.inbox.counts().breached
    assert frame.count("breached") > breached


@pytest.mark.parametrize("place", PLACES)
def test_a_minute_does_not_take_the_keyboard_away_nor_what_is_chosen(frame: Frame, office: Office, place: str) -> None:
    """Cut-offs pass meanwhile, so that lists are read anew."""
    frame.go(place)
    frame.choose_first()
    key = frame.place.list.rows.currentIndex().data(KEY_ROLE)
    for _ in range(4):
        frame.press("Tab")
    focus = frame.focus
    assert frame.place.isAncestorOf(focus)
    for hours in (1, 5, 20):
        office.clock.at += hours * 3_600_000
        frame.window.pass_minute()
        frame.settle()
        assert frame.focus is focus
        assert frame.place.list.rows.currentIndex().data(KEY_ROLE) == key


def test_the_inbox_is_put_in_order_again_when_a_cut_off_passes(frame: Frame, office: Office) -> None:
    def shown() -> list[str]:
        model = frame.place.list.rows.model()
        rows = (model.index(line, 0).data(KEY_ROLE) for line in range(model.rowCount()))
        return [str(key) for key in rows if key]

    office.clock.at += 26 * 3_600_000
    frame.window.pass_minute()
    frame.settle()
    after = shown()
    frame.place.list.reload()
    frame.settle()
    assert after == shown()


def test_tab_goes_through_the_top_bar_as_the_eye_does(frame: Frame) -> None:
    frame.window.top_bar.search.setFocus(Qt.FocusReason.TabFocusReason)
    names = []
    for _ in range(4):
        names.append(spoken(frame.focus))
        frame.press("Tab")
    assert names == ["Search or run a command", "Start a call", "My presence: Available", "All saved"]


def test_views_stand_under_the_inbox_only_and_the_last_one_is_remembered(frame: Frame) -> None:
    rail = frame.window.rail.places
    assert "Unassigned" in frame.rail()
    rail.view_chosen.emit("inbox", "unassigned")
    frame.settle()
    assert (rail.place, rail.view) == ("inbox", "unassigned")
    assert frame.place.list.rows.accessibleName() == "Unassigned"
    frame.go("clients")
    assert frame.rail() == ["Inbox", "Clients", "Calls", "Follow-ups"]
    frame.go("inbox")
    assert rail.view == "unassigned"
    assert frame.place.list.rows.accessibleName() == "Unassigned"


def test_the_rail_follows_a_view_that_is_chosen_in_the_inbox(frame: Frame) -> None:
    frame.place.list.view_wanted.emit("my_team")
    frame.settle()
    assert frame.window.rail.places.view == "my_team"


def test_the_rail_works_by_keyboard_alone(frame: Frame) -> None:
    frame.press("Ctrl+0")
    rail = frame.window.rail.places
    assert frame.focus is rail
    frame.press("Down", "Down")
    assert rail.currentIndex().data() == "Unassigned"
    frame.press("Return")
    assert rail.view == "unassigned"
    frame.press("Ctrl+0")
    while rail.currentIndex().data() != "Calls":
        frame.press("Down")
    frame.press("Return")
    assert frame.window.current_place == "calls"
    assert frame.place.isAncestorOf(frame.focus)


def test_the_foot_of_the_rail_opens_keys_and_settings(frame: Frame) -> None:
    foot = frame.window.rail.foot
    for line, page in ((0, frame.floats.keys), (1, frame.floats.settings)):
        QTest.mouseClick(
            foot.viewport(), Qt.MouseButton.LeftButton, pos=foot.visualRect(foot.model().index(line, 0)).center()
        )
        frame.settle()
        assert page.is_open
        frame.press("Esc")
        assert not page.is_open


# Opening


@pytest.mark.parametrize("kind", sorted(IDS))
def test_what_is_opened_shows_in_the_place_where_it_lives(frame: Frame, kind: str) -> None:
    row_id = str(frame.value(IDS[kind]))
    client_id = str(frame.value(f"SELECT client_id FROM {kind}s WHERE id = ?", row_id)) if kind == "contact" else ""
    wanted = row_id
    frame.go("follow_ups" if LIVES_IN[kind] == "inbox" else "inbox")
    frame.desk.open(kind, row_id, client_id)
    frame.settle()
    assert frame.window.current_place == LIVES_IN[kind]
    place = frame.place
    shown = {
        "inbox": lambda: place.conversation.conversation.ticket_id,
        "clients": lambda: place.pane.profile.id,
        "calls": lambda: place.past.detail.row.id,
        "follow_ups": lambda: place.detail.item_id,
    }[LIVES_IN[kind]]
    assert shown() == (client_id if kind == "contact" else wanted)
    assert place.isAncestorOf(frame.focus)


@pytest.mark.parametrize("kind", ["new_ticket", "new_client", "log_contact", "new_follow_up"])
def test_something_new_begins_in_its_place_with_the_keyboard_in_a_field(frame: Frame, kind: str) -> None:
    client_id = str(frame.value(IDS["client"]))
    frame.go("clients" if kind != "new_client" else "calls")
    frame.desk.open(kind, "", client_id)
    frame.settle()
    assert frame.window.current_place == LIVES_IN[kind]
    assert isinstance(frame.focus, QLineEdit | QTextEdit)


def test_every_kind_that_can_be_opened_has_a_place() -> None:
    assert set(LIVES_IN) >= set(IDS)
    assert set(LIVES_IN.values()) == set(PLACES)


# Widths


@pytest.mark.parametrize("width", [1920, 1440, 1280, 1180, 1000, 900, 800, 640])
def test_at_every_width_the_place_fits_the_window(frame: Frame, width: int) -> None:
    for place in PLACES:
        frame.go(place)
        frame.choose_first()
    frame.resize(width, 700)
    assert frame.focus.isVisible()
    assert frame.window.width() == width, "something in the window is wider than the window may be"
    for place in PLACES:
        frame.go(place)
        assert frame.place.width() <= width
        assert frame.focus.isVisible()


def test_the_narrow_rail_shows_icons_and_keeps_its_words_for_who_cannot_see(frame: Frame) -> None:
    wide = frame.window.rail.width()
    frame.resize(1000)
    rail = frame.window.rail
    assert rail.width() < wide
    assert frame.rail() == ["Inbox", "Clients", "Calls", "Follow-ups"]
    model = rail.places.model()
    assert str(model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)) == f"Inbox, {frame.count('inbox')}"
    frame.press("Ctrl+0")
    assert rail.places.currentIndex().data() == "Inbox"
    frame.resize(1440)
    assert (rail.width(), "Mine" in frame.rail()) == (wide, True)


@pytest.mark.parametrize("width", [1440, 1360, 1200, 900, 800, 640])
def test_nothing_in_the_top_bar_lies_over_anything_else(frame: Frame, width: int) -> None:
    bar = frame.window.top_bar
    frame.resize(width, 700)

    def look() -> None:
        frame.settle()
        assert bar.presence is not None
        shown = (bar.search, bar.call_bar, bar.presence, bar.sync_line, bar.avatar)
        parts = sorted(shown, key=lambda part: part.x())
        for left, right in itertools.pairwise(parts):
            assert left.geometry().right() < right.x()
        assert parts[-1].geometry().right() < bar.width()
        assert bar.call_bar.width() >= bar.call_bar.minimumSizeHint().width()
        assert bar.sync_line.width() >= bar.sync_line.sizeHint().width()
        assert bar.presence.width() >= bar.presence.sizeHint().width()
        assert spoken(bar.sync_line).startswith("Offline since")
        bar.grab()

    bar.sync_line.set_status(SyncStatus("offline", frame.desk.words.now(), "The server can't be reached.", "", 0))
    look()
    for number in ("(312) 555-0142", "(402) 555-0108"):
        frame.desk.call(number)
        look()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("width", [1440, 1100, 800, 640])
def test_what_happened_can_be_read_at_every_width_in_every_place(frame: Frame, place: str, width: int) -> None:
    frame.resize(width, 700)
    frame.go(place)
    frame.choose_first()
    frame.press("Return")
    before = frame.place.geometry()
    frame.desk.noticed.emit(Notice("Something happened.", undo_group="g"))
    frame.settle()
    assert frame.said() == ["Something happened."]
    assert frame.place.geometry() == before, "nothing is pushed about"
    notice = frame.window.notice
    if notice.isVisible():
        assert width < 900
        assert frame.window.rect().contains(QRect(notice.mapTo(frame.window, QPoint()), notice.size()))


def test_the_chosen_row_stays_in_sight_when_a_notice_comes_beneath_it(frame: Frame) -> None:
    frame.go("inbox")
    rows = frame.place.list.rows
    rows.setFocus()
    while rows.visualRect(rows.currentIndex()).bottom() < rows.viewport().height() - 30:
        before = rows.currentIndex()
        frame.press("J")
        assert rows.currentIndex() != before
    frame.desk.noticed.emit(Notice("Something happened."))
    frame.settle()
    assert rows.viewport().rect().contains(rows.visualRect(rows.currentIndex()))


def test_panes_come_back_as_wide_as_they_were(frame: Frame) -> None:
    remembered = {"follow_ups.wide": [700, 300], "clients.wide": [300, 260]}
    frame.window.restore_panes(remembered)
    frame.go("clients")
    frame.go("follow_ups")
    assert frame.window.save_panes().items() >= remembered.items()


# Undo and notices


def test_a_change_is_said_with_undo_and_taken_back_by_it(frame: Frame) -> None:
    ticket_id = my_ticket(frame)
    frame.desk.do(frame.window, lambda: frame.data.services.inbox.resolve(ticket_id))
    frame.settle()
    (said,) = frame.said()
    assert said.startswith("Resolved")
    notice = next(n for n in frame.window.findChildren(PlaceNotice) if can_be_seen(n))
    undo = notice._action
    assert spoken(undo) == "Undo"
    undo.click()
    frame.settle()
    assert frame.data.services.inbox.conversation(ticket_id).state == "open"
    (said,) = frame.said()
    assert said.startswith("Open again: ")
    assert not notice._action.isVisible()


def test_ctrl_z_takes_back_the_latest_change_outside_of_text_only(frame: Frame) -> None:
    ticket_id = my_ticket(frame)
    frame.desk.do(frame.window, lambda: frame.data.services.inbox.resolve(ticket_id))
    frame.settle()
    frame.go("clients")
    frame.press("/")
    frame.type("abc")
    frame.press("Ctrl+Z")
    assert frame.focus.text() == ""  # type: ignore[attr-defined]
    assert frame.data.services.inbox.conversation(ticket_id).state == "resolved"
    frame.press("Ctrl+1")
    frame.place.list.rows.setFocus()
    frame.press("Ctrl+Z")
    assert frame.data.services.inbox.conversation(ticket_id).state == "open"
    assert frame.said()[0].startswith("Open again: ")


def test_with_nothing_to_take_back_it_says_so(frame: Frame) -> None:
    frame.place.list.rows.setFocus()
    frame.press("Ctrl+Z")
    (notice,) = frame.notices
    assert notice.tone == "danger"
    assert frame.said() == [notice.text]


def test_a_refusal_is_said_in_place(frame: Frame) -> None:
    ticket_id = my_ticket(frame)
    inbox = frame.data.services.inbox
    frame.desk.do(frame.window, lambda: inbox.assign(ticket_id, frame.data.account.user_id))
    frame.settle()
    assert frame.said() == ["There is nothing to change: it is so already."]


def test_a_read_that_fails_without_words_of_its_own_is_said(frame: Frame) -> None:
    def unreadable() -> None:
        frame.data.services.inbox.conversation("no such ticket")

    frame.desk.ask(frame.window, unreadable, lambda _: None)
    frame.settle()
    assert len(frame.said()) == 1


# Saving, in words


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("saved", "All saved"),
        ("offline", "Offline since 10:00"),
        ("stopped", "No news since 10:00, everything is kept"),
    ],
)
def test_the_top_bar_says_how_it_stands(frame: Frame, state: SyncPhase, says: str) -> None:
    line = frame.window.sync_line
    line.set_status(SyncStatus(state, frame.desk.words.now(), "The server can't be reached.", "Everything is kept.", 0))
    frame.settle()
    assert line.words.startswith(says)
    assert spoken(line) == line.words
    line.click()
    frame.settle()
    (float_,) = frame.window.findChildren(SyncFloat)
    assert "The server can't be reached. Everything is kept." in float_.accessibleDescription()
    assert frame.focus is float_.button


def test_the_words_of_saving_answer_a_press_when_there_is_no_more_to_say(frame: Frame) -> None:
    frame.window.sync_line.click()
    frame.settle()
    (float_,) = frame.window.findChildren(SyncFloat)
    assert float_.accessibleDescription().startswith("All saved. ")
    assert broken_parts(float_) == []


def test_what_waits_is_counted_and_a_first_filling_counts_down(frame: Frame) -> None:
    line = frame.window.sync_line
    frame.desk.do(frame.window, lambda: frame.data.services.inbox.resolve(my_ticket(frame)))
    frame.settle()
    assert line.words == "1 change waiting"
    frame.desk.do(frame.window, lambda: frame.data.services.inbox.resolve(my_ticket(frame)))
    frame.settle()
    assert line.words == "2 changes waiting"
    line.set_status(SyncStatus("syncing", 0, "", "", 1234))
    frame.settle()
    assert line.words in {"Fetching, 1,234 to go", "Fetching, 1234 to go"}


# What floats


@pytest.mark.parametrize("keys", ["?", "Ctrl+,", "Ctrl+Shift+U", "F1", "Ctrl+K"])
@pytest.mark.parametrize("size", [(1440, 900), (640, 480)])
def test_a_float_takes_the_keyboard_keeps_it_and_gives_it_back(frame: Frame, keys: str, size: tuple[int, int]) -> None:
    frame.resize(*size)
    frame.choose_first()
    before, row = frame.focus, frame.place.list.rows.currentIndex().row()
    frame.press(keys)
    floats = frame.floats
    (open_one,) = [
        f for f in (floats.palette, floats.keys, floats.settings, floats.needs_you, floats.help) if f.is_open
    ]
    assert frame.window.rect().contains(open_one.frame.geometry())
    for _ in range(12):
        frame.press("Tab")
        assert open_one.frame.isAncestorOf(frame.focus), "Tab left the page"
    for _ in range(12):
        frame.press("Shift+Tab")
        assert open_one.frame.isAncestorOf(frame.focus), "Shift+Tab left the page"
    frame.press("Ctrl+3", "e", "Down")
    assert frame.window.current_place == "inbox"
    frame.press("Esc")
    assert not open_one.is_open
    assert not frame.window.actions_table.is_held
    assert frame.focus is before
    assert frame.place.list.rows.currentIndex().row() == row


def test_a_float_follows_the_window_and_closes_by_a_click_beside_it(frame: Frame) -> None:
    frame.press("?")
    page = frame.floats.keys
    frame.resize(900, 600)
    assert frame.window.rect().contains(page.frame.geometry())
    QTest.mouseClick(page.sheet, Qt.MouseButton.LeftButton, pos=page.sheet.rect().topLeft())
    frame.settle()
    assert not page.is_open


def test_a_page_that_is_too_high_scrolls_by_keyboard(frame: Frame) -> None:
    frame.resize(900, 600)
    frame.press("?")
    bar = frame.floats.keys._scroll.verticalScrollBar()
    assert bar.maximum() > 0
    frame.press("End")
    assert bar.value() == bar.maximum()
    frame.press("Home")
    assert bar.value() == 0


def test_the_look_is_chosen_at_once_and_remembered(frame: Frame) -> None:
    frame.press("Ctrl+,")
    dark = next(b for b in frame.floats.settings.looks.findChildren(Button) if spoken(b) == "Dark")
    dark.click()
    frame.settle()
    try:
        assert frame.remembered == {"theme": "dark"}
        assert frame.themes.theme.name == "dark"
    finally:
        frame.themes.choose("light")


def test_help_has_a_page_for_each_reader(frame: Frame) -> None:
    frame.press("F1")
    page = frame.floats.help
    texts = []
    for key in ("csr", "lead", "it"):
        page.tabs.choose(key)
        page._show(key)
        texts.append(page.text.toPlainText())
    assert all(len(text) > 200 for text in texts)
    assert len(set(texts)) == 3


def test_a_late_answer_of_the_search_does_not_bring_the_palette_back(frame: Frame) -> None:
    palette = frame.floats.palette
    frame.press("Ctrl+K")
    QTest.keyClicks(palette.box, "demo")
    QTest.keyClick(palette.box, Qt.Key.Key_Escape)
    assert frame.store.is_busy, "the answer is still under way"
    frame.settle()
    assert not palette.is_open


def test_ctrl_q_quits_from_within_text_too(frame: Frame) -> None:
    closed: list[bool] = []
    frame.window.closing.connect(lambda: closed.append(True))
    frame.go("clients")
    frame.press("/")
    assert isinstance(frame.focus, QLineEdit)
    frame.press("Ctrl+Q")
    assert closed == [True]
    assert not frame.window.isVisible()
