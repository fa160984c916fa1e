"""The agenda: what stands in it and where, and that it keeps its place while things change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QListView

from csr_desktop.domain.errors import DiskFull
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.follow_ups import FollowUps
from csr_desktop.ui.desk import Target
from csr_desktop.ui.kit.rows import accessible_text
from tests.conftest import Office
from tests.ui.follow_ups.follow_ups_bench import Bench

CALLBACK = "Call back about the W-2 reissue"
TRACE = "Call Dana with the bank trace"
NEXT = "Check in: did the pay stub open?"


def test_open_ones_stand_by_their_time_and_those_done_today_at_the_end(bench: Bench) -> None:
    assert bench.lines[:3] == ["[Overdue 1]", CALLBACK, "[Today 2]"]
    assert bench.lines[-3:] == ["[Done today 2]", "Send the new hire form", "Call back on the bonus run"]
    assert "[Tomorrow 4]" in bench.lines
    assert "[This week and next 2]" in bench.lines
    assert bench.place.list.header.title == "Follow-ups"
    assert bench.place.list.header._count.text() == "Mine, 9 open"
    assert bench.current == CALLBACK


def test_a_row_says_when_in_the_clients_zone_and_in_mine(bench: Bench) -> None:
    row = bench.row(CALLBACK)
    assert row.end_text.replace("\u00a0", " ") == "8:48 AM in Chicago, 9:48 yours"
    assert row.title_badge is not None
    assert row.title_badge.text == "12 min late"
    assert row.title_badge.tone == "danger"
    moved = bench.row(TRACE)
    assert moved.title_badge is not None
    assert moved.title_badge.text == "Renegotiated once"
    spoken = accessible_text(row)
    assert spoken.startswith("Callback, to do, Call back about the W-2 reissue, Demo Trucking, Robin Placeholder")
    assert "12 min late" in spoken


def test_j_and_k_move_and_complete_nothing(bench: Bench) -> None:
    open_before = bench.place.list.header._count.text()
    bench.select(CALLBACK)
    bench.press(Qt.Key.Key_J)
    first = bench.current
    assert first != CALLBACK
    bench.press(Qt.Key.Key_J)
    bench.press(Qt.Key.Key_K)
    assert bench.current == first
    bench.press(Qt.Key.Key_K)
    assert bench.current == CALLBACK
    assert bench.place.list.header._count.text() == open_before


def test_j_moves_on_past_marked_rows_and_keeps_the_marks(bench: Bench) -> None:
    bench.select(CALLBACK)
    bench.press(Qt.Key.Key_X)
    bench.press(Qt.Key.Key_J)
    bench.press(Qt.Key.Key_X)
    assert len(bench.place.list.marked_rows()) == 2


def test_filters_show_one_kind(bench: Bench) -> None:
    bench.filter("promise")
    assert bench.place.list.header._count.text() == "Mine, 3 open"
    assert {bench.row(line).icon for line in bench.lines if not line.startswith("[")} == {"handshake"}
    bench.filter("callback")
    assert bench.lines == ["[Overdue 1]", CALLBACK, "[Done today 1]", "Call back on the bonus run"]
    bench.select(CALLBACK)
    bench.press(Qt.Key.Key_E)
    assert bench.lines == ["[Done today 2]", CALLBACK, "Call back on the bonus run"]


def test_a_fault_is_said_in_the_place_of_the_list_and_can_be_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> None:
        raise DiskFull

    with monkeypatch.context() as patched:
        patched.setattr(FollowUps, "page", fails)
        bench.filter("promise")
        assert not bench.place.list._states.shows_content
        assert bench.place.list._error.accessibleName() == "The follow-ups could not be read"
    bench.place.list._error.button.click()
    bench.settle()
    assert bench.place.list._states.shows_content


def test_a_colleagues_completion_turns_the_row_grey_until_the_selection_moves_on(
    bench: Bench, office: Office, data: DeskData
) -> None:
    row = bench.select(TRACE)
    casey = office.filled_desk("casey")
    casey.services.follow_ups.complete(row.id, "kept")
    office.bureau.sync(casey)
    before = set(data.services.follow_ups.rows([row.id]))
    office.bureau.sync(data)
    assert set(data.services.follow_ups.rows([row.id])) != before
    bench.place.list.model.refresh([row.id])
    bench.settle()
    assert bench.row(TRACE).taken_reason == "Done by Casey Demo"
    assert bench.current == TRACE
    assert "[Tomorrow 3]" in bench.lines
    bench.press(Qt.Key.Key_Down)
    bench.settle()
    assert TRACE not in bench.lines
    assert bench.current == NEXT


def test_time_moves_rows_into_their_group_and_keeps_the_selection(bench: Bench, office: Office) -> None:
    bench.select("Release the run before the cut-off")
    office.clock.at += 49 * 60_000
    bench.place.on_minute()
    bench.settle()
    assert bench.lines[:4] == ["[Overdue 2]", CALLBACK, "Release the run before the cut-off", "[Today 1]"]
    assert bench.current == "Release the run before the cut-off"
    office.clock.at += 24 * 3_600_000
    bench.place.on_minute()
    bench.settle()
    assert "Send the new hire form" not in bench.lines
    assert (bench.lines[0], bench.lines[4]) == ("[Overdue 3]", "[Today 4]")


def test_one_that_is_not_in_the_list_is_shown_without_a_selection(bench: Bench, data: DeskData) -> None:
    old = data.sql.value(
        "SELECT id FROM follow_ups WHERE state = 'done' AND assignee_id = ? AND completed_at < ? LIMIT 1",
        data.account.user_id,
        data.now() - 30 * 86_400_000,
    )
    assert old
    bench.place.open_target(Target("follow_up", str(old)))
    bench.settle()
    assert bench.place.list.rows.selectedIndexes() == []
    assert bench.place.detail.row is not None
    assert bench.place.detail.row.id == old
    assert not bench.place.detail.reopen.isHidden()
    assert bench.place.detail.complete.isHidden()


def test_opening_one_before_the_place_was_shown_selects_it(bench: Bench) -> None:
    row = bench.select(TRACE)
    fresh = Bench(bench.qtbot, bench.desk)
    fresh.place.open_target(Target("follow_up", row.id))
    fresh.settle()
    assert fresh.current == TRACE


def test_a_lead_sees_the_team_and_a_manager_only_reads(
    bench_of: Callable[[str], tuple[Bench, DeskData]], office: Office, data: DeskData
) -> None:
    lead, _ = bench_of("lee")
    assert lead.lines == []
    assert lead.place.detail.rate.accessibleName() == "No promises due yet"
    lead.filter("promise")
    assert lead.place.list._empty.accessibleName() == "No promises are open"
    lead.place.list._empty.button.click()
    lead.settle()
    assert lead.place.list.kinds.chosen_key == ""
    assert lead.place.list._empty.button.words == "See what the team has open"
    lead.place.list._empty.button.click()
    lead.settle()
    assert lead.place.list.header._count.text() == "Team, 25 open"
    assert "Alex Sample" in lead.row(CALLBACK).subtitle
    lead.select(CALLBACK)
    assert not lead.place.detail.reassign.isHidden()
    manager, _ = bench_of("jordan")
    assert manager.place.list.header._count.text() == "Team, 25 open"
    manager.select(CALLBACK)
    assert manager.place.detail.buttons.isHidden()
    assert manager.row(CALLBACK).check == ""
    enabled = {action.id for action in manager.actions if action.is_enabled()}
    assert not enabled & {"follow_ups_complete", "follow_ups_snooze", "follow_ups_reassign", "follow_ups_new"}


def test_all_that_can_be_used_has_a_name(bench: Bench) -> None:
    bench.select(TRACE)
    bench.press(Qt.Key.Key_N)
    for kind in (QAbstractButton, QLineEdit, QComboBox, QListView):
        for widget in bench.place.findChildren(kind):
            is_inner = isinstance(widget.parent(), QComboBox | QLineEdit)
            if not is_inner and widget.isVisibleTo(bench.place):
                assert widget.accessibleName(), widget


def test_a_narrow_window_shows_the_list_or_the_one_that_is_selected(bench: Bench) -> None:
    bench.place.give_way(880)
    assert not bench.place.list.isHidden()
    bench.select(TRACE)
    bench.press(Qt.Key.Key_Return)
    assert bench.place.panes.shows_selected_only
    assert bench.place.list.isHidden()
    assert bench.focus() is bench.place.detail.call
    assert bench.place.go_back()
    assert not bench.place.list.isHidden()
    assert bench.focus() is bench.place.list.rows
    bench.place.give_way(1440)
    assert bench.place.save_panes() == {}
    bench.place.restore_panes({"wide": [500, 700]})
    assert bench.place.list.width() == 500
