"""Lists of calls that are years long: pages are there before they are reached, nobody waits for what takes long."""

from __future__ import annotations

from typing import Any

import pytest

from csr_desktop.domain.change_set import changed
from csr_desktop.domain.ids import uuid7
from csr_desktop.services.call_rows import CallFilter
from csr_desktop.store.tables import new_row
from csr_desktop.ui.calls.looked_at import COMING
from tests.ui.frame_bench import Frame

ALL_OF_TEAM = CallFilter(whose="team", period="all")


@pytest.fixture
def frame_of_calls(frame: Frame) -> Frame:
    frame.go("calls")
    return frame


def lines_in_sight(rows: Any) -> list[str]:
    first, last = (rows._line_at(rows.verticalOffset() + y) for y in (0, rows.viewport().height() - 1))
    return list(rows.model().lines[first : last + 1])


@pytest.mark.parametrize("view", ["team", "numbers"])
def test_the_next_pages_are_there_before_they_are_turned_to(frame_of_calls: Frame, view: str) -> None:
    place = frame_of_calls.place
    place.choose_view(f"calls_{view}")
    pane = place.shown_list
    pane.filters.set_part("period", "all")
    frame_of_calls.settle()
    asked: list[str] = []
    pane.model.rows_wanted.connect(asked.extend)
    place._left.rows.setCurrentIndex(pane.model.index(1, 0))
    for _ in range(6):
        bar = pane.rows.verticalScrollBar()
        before = bar.value()
        bar.setValue(before + bar.pageStep())  # nothing is asked or answered before this is painted
        assert bar.value() > before, "the list is too short for this test"
        assert all(pane.model.line(key) is not COMING for key in lines_in_sight(pane.rows))
        frame_of_calls.settle()
    assert asked
    assert len(asked) == len(set(asked)), "a row was read twice"


def test_the_pages_of_a_filter_that_looks_through_years_are_all_its_calls_once(frame_of_calls: Frame) -> None:
    lists, sql = frame_of_calls.data.services.call_lists, frame_of_calls.data.sql
    chosen = CallFilter(whose="team", period="all", result="handled")
    found, after = [], None
    while True:
        page = lists.keys(chosen, after, 40)
        found += page.keys
        if page.next_key is None:
            break
        after = page.next_key
    teams = frame_of_calls.data.services.people.seen_teams()
    wanted = sql.all(
        f"SELECT started_at, id FROM interactions WHERE deleted = 0 AND result = 'handled' AND scope IN "
        f"({','.join('?' * len(teams))}) ORDER BY started_at DESC, id DESC",
        *teams,
    )
    assert found == wanted
    assert len(wanted) > 120


def test_what_changes_while_years_are_looked_through_is_in_the_list(frame_of_calls: Frame) -> None:
    data = frame_of_calls.data
    lists, sql = data.services.call_lists, data.sql
    chosen = CallFilter(whose="team", period="all", result="handled")
    steps = lists.gather(chosen)
    next(steps)  # the first part is read
    gone = sql.value("SELECT min(id) FROM interactions WHERE result = 'handled' AND deleted = 0")
    new = made_call(frame_of_calls)
    sql.upsert("interactions", [new])
    sql.do("UPDATE interactions SET deleted = 1 WHERE id = ?", gone)
    data.services.changed(changed({"interactions": [gone, new["id"]]}))
    for _ in steps:
        pass
    listed = {i for _, i in lists.keys(chosen, None, 100_000).keys}
    assert new["id"] in listed
    assert gone not in listed
    sql.do("UPDATE interactions SET result = 'missed' WHERE id = ?", new["id"])
    data.services.changed(changed({"interactions": [new["id"]]}))
    assert new["id"] not in {i for _, i in lists.keys(chosen, None, 100_000).keys}


def test_a_new_call_counts_for_its_number_alone(frame_of_calls: Frame) -> None:
    place, data = frame_of_calls.place, frame_of_calls.data
    place.choose_view("calls_numbers")
    place.numbers.filters.set_part("period", "all")
    frame_of_calls.settle()
    model = place.numbers.model
    before = dict.fromkeys(model.lines)
    last = model.lines[-1]
    (was,) = model.numbers([last])
    row = made_call(frame_of_calls) | {"number": last}
    data.sql.upsert("interactions", [row])
    statements: list[str] = []
    change = changed({"interactions": [row["id"]]})
    data.services.changed(change)
    data.sql.db.connection().set_trace_callback(statements.append)
    frame_of_calls.desk.publish(change)
    frame_of_calls.settle()
    data.sql.db.connection().set_trace_callback(None)
    assert model.lines[0] == last
    assert dict.fromkeys(model.lines) == before
    assert model.numbers([last]) == ((last, was[1] + 1, row["started_at"]),)
    assert not [one for one in statements if "GROUP BY +i.number" in one], "all of them were counted"


def made_call(frame: Frame) -> dict[str, Any]:
    data = frame.data
    return {
        **new_row("interactions"), "id": str(uuid7(data.now(), 11)), "channel": "phone", "result": "handled",
        "scope": min(data.services.people.who().teams), "agent_id": data.services.people.who().id,
        "started_at": data.now() - 1000, "ended_at": data.now(), "talk_seconds": 60, "number": "+13125550123",
    }  # fmt: skip
