from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from csr_desktop.domain.ids import uuid7
from csr_desktop.services.call_rows import NextSteps, Saved, TicketStep
from csr_desktop.services.inbox_rows import InboxCounts
from csr_desktop.services.outcome import Outcome
from csr_desktop.ui.inbox.inbox_model import PAGE, order_of
from tests.ui.inbox.inbox_bench import Bench


def open_many(bench: Bench, count: int) -> list[str]:
    """So many tickets of mine, on this desk."""
    inbox = bench.data.services.inbox
    made = [inbox.open_ticket(f"Sample question {number}").ticket_id for number in range(count)]
    bench.view("mine")
    return made


def test_groups_stand_in_order_with_their_counts(bench: Bench) -> None:
    headers = [title for title in bench.titles if title in {"Breached", "Next hour", "Today", "Tomorrow and later"}]
    assert headers == ["Breached", "Next hour", "Today", "Tomorrow and later"]
    counts = bench.data.services.inbox.groups("mine")
    line = bench.place.list.model.index(bench.place.list.model.group_lines[0])
    assert line.data() == "Breached"
    assert bench.place.list.model._header("breached").count == str(counts.breached)
    rows = bench.rows()
    assert rows == sorted(rows, key=order_of)


def test_the_header_says_the_view_and_its_count(bench: Bench) -> None:
    counts = bench.data.services.inbox.counts()
    assert bench.place.list.header.title == "Mine"
    assert bench.place.list.header._count.text() == str(counts.mine)


def test_the_rail_is_told_all_counts(bench: Bench) -> None:
    told: list[InboxCounts] = []
    bench.place.counts_changed.connect(told.append)
    bench.choose_ticket()
    bench.press("E")
    assert told[-1] == bench.data.services.inbox.counts()


def test_the_first_row_is_chosen_and_shown(bench: Bench) -> None:
    first = bench.rows()[0]
    assert bench.place.list.current == first
    assert bench.place.list.rows.hasFocus()


@pytest.mark.parametrize("view", ["unassigned", "my_team", "due_today", "breached", "waiting", "escalated"])
def test_every_view_of_the_rail_shows_what_it_counts(bench: Bench, view: str) -> None:
    bench.view(view)
    assert len(bench.rows()) == min(PAGE, getattr(bench.data.services.inbox.counts(), view))


def test_rows_come_in_pages(bench: Bench, qtbot: object) -> None:
    open_many(bench, 150)
    model = bench.place.list.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    while model.canFetchMore(QModelIndex()):
        model.fetchMore(QModelIndex())
        bench.settle()
    rows = bench.rows()
    assert len(rows) == bench.data.services.inbox.counts().mine
    assert len({row.id for row in rows}) == len(rows)
    assert rows == sorted(rows, key=order_of)


def test_scrolling_reads_ahead(bench: Bench) -> None:
    open_many(bench, 400)
    bar = bench.place.list.rows.verticalScrollBar()
    for _ in range(40):
        bar.setValue(bar.maximum())
        bench.settle()
    assert len(bench.rows()) == bench.data.services.inbox.counts().mine


def test_what_a_colleague_takes_turns_grey_and_goes_when_the_selection_moves_on(bench: Bench) -> None:
    bench.view("unassigned")
    casey = bench.colleague()
    taken = bench.row("ticket")
    first = bench.rows()[bench.rows().index(taken) + 1]
    bench.choose(first.id)
    casey.services.inbox.claim(taken.id)
    bench.exchange(casey)
    assert bench.line(taken.id).taken_reason.startswith("Taken by Casey Demo")
    assert bench.place.list.current is not None
    assert bench.place.list.current.id == first.id
    bench.press("K")
    assert bench.place.list.model.place_of(taken.id) >= 0  # it is the one moved onto
    bench.press("J")
    assert bench.place.list.model.place_of(taken.id) == -1


def test_a_new_item_moves_neither_selection_nor_scroll(bench: Bench) -> None:
    open_many(bench, 80)
    rows = bench.place.list.rows
    rows.verticalScrollBar().setValue(rows.verticalScrollBar().maximum() // 2)
    chosen = rows.indexAt(rows.viewport().rect().center())
    key = bench.place.list.model.row_at(chosen)
    assert key is not None
    bench.choose(key.id)
    top = rows.visualRect(rows.currentIndex()).top()
    bench.desk.do(
        bench.place, lambda: bench.data.services.inbox.open_ticket("Sample, urgent", priority="urgent").outcome
    )
    bench.settle()
    assert bench.place.list.current is not None
    assert bench.place.list.current.id == key.id
    assert rows.visualRect(rows.currentIndex()).top() == top


def test_a_row_whose_time_changes_moves_to_its_place(bench: Bench) -> None:
    first, last = bench.rows()[0], bench.rows()[-1]
    bench.choose(first.id)
    model = bench.place.list.model
    moved = msgspec.structs.replace(last, consequence_at=1, group="breached")
    model._apply([last.id], [moved], bench.data.services.inbox.groups("mine"), frozenset())
    assert bench.rows()[0].id == last.id
    assert bench.place.list.current is not None
    assert bench.place.list.current.id == first.id


def test_time_moves_rows_between_groups(bench: Bench) -> None:
    soon = next(row for row in bench.rows() if row.group == "next_hour")
    bench.office.clock.at += 3_700_000
    bench.place.on_minute()
    bench.settle()
    assert bench.place.list.model.row_of(soon.id).group == "breached"  # type: ignore[union-attr]


def test_several_rows_are_claimed_as_one_change(bench: Bench) -> None:
    bench.view("unassigned")
    before = bench.data.services.inbox.counts().unassigned
    first, second = [row for row in bench.rows() if row.kind == "ticket"][:2]
    bench.choose(first.id)
    bench.press("X")
    while bench.place.list.current != second:
        bench.press("J")
    bench.press("X")
    assert len(bench.place.list.marked_rows()) == 2
    assert bench.place.list.bulk.isVisible()
    assert bench.place.list.bulk.accessibleName() == "2 selected"
    bench.press("C")
    assert bench.data.services.inbox.counts().unassigned == before - 2
    assert not bench.place.list.bulk.isVisible()
    bench.desk.undo(bench.place)
    bench.settle()
    assert bench.data.services.inbox.counts().unassigned == before


def test_shift_and_arrows_mark_rows_but_no_headers(bench: Bench) -> None:
    bench.choose(bench.rows()[0].id)
    bench.press("Shift+Down", "Shift+Down", "Shift+Down")
    assert [row.id for row in bench.place.list.marked_rows()] == [row.id for row in bench.rows()[:4]]
    assert bench.place.go_back()
    assert len(bench.place.list.marked_rows()) == 1


def test_an_empty_view_says_so_and_leads_on(bench: Bench) -> None:
    lists = bench.place.list
    bench.view("mine")
    lists.model.beginResetModel()
    lists.model._rows, lists.model._lines, lists.model._places = {}, [], None
    lists.model.endResetModel()
    lists._show_state()
    assert lists._empty.isVisible()
    assert lists._empty.accessibleName() == "Nothing waits for you"
    wanted: list[str] = []
    bench.place.view_changed.connect(wanted.append)
    lists._empty.button.click()
    bench.settle()
    assert wanted == ["unassigned"]
    assert lists.header.title == "Unassigned"


def test_rows_are_sentences_for_screen_readers(bench: Bench) -> None:
    row = bench.row("ticket", "Tax notice")
    model = bench.place.list.model
    spoken = model.index(model.place_of(row.id)).data(0x000B)  # Qt.AccessibleTextRole
    assert "Tax notice" in spoken
    assert "Reply due in 25 min" in spoken


def test_an_id_of_nothing_is_left_out(bench: Bench) -> None:
    before = bench.rows()
    bench.place.list.model.refresh([uuid7(1, 1)])
    bench.settle()
    assert bench.rows() == before


def test_a_row_that_was_answered_stays_where_it_is_until_the_selection_moves(bench: Bench) -> None:
    bench.view("unassigned")
    row = next(r for r in bench.rows() if r.kind == "ticket" and r.can_work and r.group == "today")
    bench.choose(row.id)
    before = bench.titles
    bench.press("R")
    bench.type("The rate of your notice is set.")
    bench.press("Ctrl+Return")
    assert bench.titles == before
    for _ in range(2):
        bench.place.list.reload()  # as when a cut-off passes, or many rows come
        bench.settle()
        assert bench.titles == before
        assert bench.place.list.current.id == row.id
        assert bench.place.conversation.ticket_id == row.id
    bench.place.list.rows.setFocus()
    bench.press("J")
    after = bench.titles
    assert after != before
    assert sorted(after) == sorted(before)
    assert after.index(row.title) > before.index(row.title)


def test_a_resolved_row_stays_also_when_the_list_is_read_anew(bench: Bench) -> None:
    bench.view("unassigned")
    row = next(r for r in bench.rows() if r.kind == "ticket" and r.can_work)
    bench.choose(row.id)
    before = bench.titles
    bench.press("E")
    bench.place.list.reload()
    bench.settle()
    assert bench.titles == before
    assert bench.line(row.id).taken_reason == "Resolved"
    assert bench.place.list.current.id == row.id
    bench.press("J")
    assert row.title not in bench.titles


def test_while_several_are_selected_what_stands_beside_the_list_is_about_all_of_them(bench: Bench) -> None:
    shown = bench.choose_ticket()
    bench.press("Shift+Down", "Shift+Down")
    marked = bench.place.list.marked_rows()
    several = bench.place._selected.several
    assert several.isVisible()
    assert several.accessibleName() == "3 selected"
    assert not bench.place.conversation.isVisible()
    bench.type("r")
    assert not bench.place.conversation.composer.has_keyboard()
    fits = {key for key, button in several.buttons.items() if button.isVisible()}
    assert {"claim", "assign", "clear"} <= fits
    QTest.mouseClick(several.buttons["claim"], Qt.MouseButton.LeftButton)
    bench.settle()
    for row in marked:
        if row.kind == "ticket" and row.can_work:
            assert bench.ticket(row.id).is_mine
    assert not several.isVisible()
    assert bench.place.list.rows.hasFocus()
    assert bench.place.list.current is not None
    assert bench.place.list.current.id != shown


def test_esc_shows_the_row_again_that_is_current(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("X", "Down", "Down", "X")
    assert bench.place._selected.several.isVisible()
    bench.press("Up", "Up")
    assert bench.place.go_back()
    bench.settle()
    assert bench.place.conversation.isVisible()
    assert bench.place.conversation.ticket_id == bench.place.list.current.id == ticket


def test_what_was_looked_at_is_not_new_until_something_comes_in(bench: Bench, qtbot: QtBot) -> None:
    row = next(r for r in bench.rows() if r.kind == "ticket" and r.is_new)
    bench.choose(row.id)
    assert bench.line(row.id).is_new
    qtbot.waitUntil(lambda: not bench.line(row.id).is_new)
    others = [r for r in bench.rows() if r.is_new]
    assert others
    bench.place.list.reload()
    bench.settle()
    assert not bench.line(row.id).is_new
    bench.data.services.inbox.heard(row.id, "One more thing.")
    bench.place.list.reload()
    bench.settle()
    assert bench.line(row.id).is_new


def test_a_row_that_one_moves_past_stays_new(bench: Bench, qtbot: QtBot) -> None:
    new = [r for r in bench.rows() if r.is_new]
    bench.choose(new[0].id)
    bench.choose(new[1].id)
    qtbot.waitUntil(lambda: not bench.line(new[1].id).is_new)
    assert bench.line(new[0].id).is_new


def test_the_row_that_is_shown_is_selected_also_after_a_view_with_nothing_in_it(bench: Bench) -> None:
    """The list gets the keyboard back by itself when its rows come, before one of them is chosen."""
    bench.view("escalated")
    bench.press("Shift+F4")
    bench.view("mine")
    bench.view("escalated")
    assert bench.rows() == []
    bench.view("mine")
    shown = bench.place.list.current
    assert shown is not None
    assert bench.place.list.rows.marked_keys == [shown.id]


def test_a_ticket_that_is_taken_back_is_gone_and_not_grey(bench: Bench) -> None:
    client_id = str(bench.data.sql.value("SELECT id FROM clients WHERE name = 'Example Bakery'"))
    calls = bench.data.services.calls
    saved: list[Saved] = []

    def save() -> Outcome:
        steps = NextSteps(ticket=TicketStep(subject="Undone at once"))
        at = bench.data.now() - 60_000
        saved.append(calls.log_afterwards(client_id=client_id, started_at=at, talk_seconds=9, steps=steps))
        return saved[0].outcome

    def titles() -> list[str]:
        model = bench.place.list.model
        return [row.title for at in range(model.rowCount()) if (row := model.row_at(model.index(at)))]

    bench.desk.do(bench.place, save)
    bench.settle()
    assert "Undone at once" in titles()
    bench.desk.undo(bench.place)
    bench.settle()
    assert "Undone at once" not in titles()
