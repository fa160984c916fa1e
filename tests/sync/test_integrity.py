"""A desk that lost or changed rows, by whatever fault, is put right, says so, and the server knows of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csr_desktop.commands import calls, clients
from csr_desktop.domain.digest import digest, row_digest
from csr_desktop.protocol import CheckReply, CheckRequest
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.integrity import CHECK_MS, is_check_due
from tests.sync.checks import check_desk
from tests.sync.small_office import DAY, ONE, TWO, SmallOffice, Wire


def report(small: SmallOffice, number: int = 0) -> tuple[int, int, int, int] | None:
    sql = "SELECT checked_at, row_count, differing_count, differed_at FROM device_checks WHERE device_id = ?"
    return small.sql.one(sql, f"device-{number}")


def test_a_desk_that_has_everything_differs_in_nothing_and_that_is_kept(small: SmallOffice) -> None:
    small.calls(20)
    small.sync(0)
    assert small.compare() == 0
    kept = report(small)
    assert kept is not None
    assert kept[0] == small.now
    assert kept[1] == sum(len(small.desk(0).rows(table)) for table in ("interactions", "clients", "contacts", "users",
                          "teams", "memberships", "calendars", "sla_policies"))  # fmt: skip
    assert kept[2:] == (0, 0)


def test_rows_that_are_missing_other_or_too_many_are_put_right(small: SmallOffice) -> None:
    ids = small.calls(40)
    small.calls(3, TWO, name="theirs")
    small.sync(0)
    local = small.desk(0).replica.sql
    local.do("DELETE FROM interactions WHERE id = ?", ids[0])
    local.do("UPDATE interactions SET rev = rev - 1, note = 'Damaged' WHERE id = ?", ids[1])
    local.do("DELETE FROM clients WHERE id = 'client-2'")
    (before,) = local.all("SELECT rev FROM interactions WHERE id = ?", ids[2])
    local.upsert("interactions", [{**small.row("interactions", ids[2]), "id": "never-was", "rev": before[0]}])
    local.upsert("interactions", [{**small.row("interactions", "theirs-00000"), "scope": ONE}])
    assert small.compare() == 5
    assert report(small)[2:] == (5, small.now)  # type: ignore[index]
    assert small.ids("interactions") == set(ids)
    assert local.value("SELECT note FROM interactions WHERE id = ?", ids[1]) == ids[1]
    assert "client-2" in small.ids("clients")
    assert small.compare() == 0
    assert report(small)[2:] == (0, small.now), "when rows differed last stays known"  # type: ignore[index]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(lost=st.sets(st.integers(0, 29)), damaged=st.sets(st.integers(0, 29)))
def test_whatever_rows_a_desk_lost_it_has_them_again(small: SmallOffice, lost: set[int], damaged: set[int]) -> None:
    ids = small.calls(30)
    small.sync(0)
    local = small.desk(0).replica.sql
    for number in damaged:
        local.do("UPDATE interactions SET rev = rev + 1000000 WHERE id = ?", ids[number])
    for number in lost:
        local.do("DELETE FROM interactions WHERE id = ?", ids[number])
    assert small.compare() == len(lost | damaged)
    assert local.load("interactions", ids) == small.sql.load("interactions", ids)


def test_unsent_work_is_no_difference_and_stays(small: SmallOffice) -> None:
    ids = small.calls(5)
    for row_id in ids:
        small.put("interactions", row_id, agent_id="user-0")
    small.sync(0)
    desk = small.desk(0)
    desk.replica.do(calls.EditInteraction(row_id=ids[0], changes={"note": (ids[0], "Mine")}))
    desk.replica.do(clients.AddNote(row_id="n", client_id="client-0", body="Mine"))
    desk.replica.do(calls.LogInteraction(row_id="new", scope=ONE, started_at=small.now, ended_at=small.now))
    assert small.compare() == 0
    desk.replica.sql.do("DELETE FROM interactions WHERE id = ?", ids[1])
    assert small.compare() == 1
    check_desk(small.world, desk)
    assert desk.replica.sql.value("SELECT note FROM interactions WHERE id = ?", ids[0]) == "Mine"
    assert {"new", ids[1]} <= small.ids("interactions")


def test_when_the_server_has_gone_on_meanwhile_nothing_is_said_to_differ(small: SmallOffice) -> None:
    small.calls(5)
    small.sync(0)
    small.calls(1, name="later")
    assert small.compare() == -1
    assert report(small) is None
    small.sync(0)
    assert small.compare() == 0


def test_a_desk_learns_nothing_of_other_teams_by_asking(small: SmallOffice) -> None:
    small.calls(3, TWO)
    small.sync(0)
    desk = small.desk(0)
    cursors: dict[str, int] = dict(desk.replica.sql.all("SELECT scope, rev FROM cursors"))
    cut_off_at = int(desk.replica.state()["cut_off_at"])
    nothing = CheckReply(is_now=False)
    for buckets in ([], ["00"]):
        ask = CheckRequest(cursors, cut_off_at, scope=TWO, buckets=buckets)
        assert small.checks.answer("user-0", ask) == nothing
        more = CheckRequest({**cursors, TWO: 1_000}, cut_off_at, scope=TWO, buckets=buckets)
        assert small.checks.answer("user-0", more) == nothing


def test_a_thousand_desks_cost_the_server_one_reading_of_a_team(small: SmallOffice) -> None:
    small.teams(1, ONE)
    small.calls(50)
    small.sync(0)
    small.sync(1)
    assert small.compare(0) == 0
    read: list[str] = []
    small.checks._rows, rows = lambda *of: read.append(of[0]) or rows(*of), small.checks._rows  # type: ignore[method-assign,func-returns-value]
    assert small.compare(1) == 0
    assert read == ["user-1"]


def engine_of(small: SmallOffice) -> Engine:
    return Engine(small.desk(0).replica, Wire(small, 0), lambda: small.now, lambda _: None, lambda _: None, lambda: 0.5)


def test_it_is_done_after_the_first_fill_each_day_and_when_it_is_asked_for(small: SmallOffice) -> None:
    small.calls(5)
    engine, desk = engine_of(small), small.desk(0)
    told = []
    for step in ("first", "soon", "asked", "next day"):
        if step == "asked":
            desk.replica.sql.do("DELETE FROM interactions WHERE id = 'call-00000'")
            engine.check()
        if step == "next day":
            small.world.now += CHECK_MS + 1
            desk.replica.sql.do("DELETE FROM clients WHERE id = 'client-0'")
        assert engine.sync_once()
        told.append(engine.status.mended_count)
    assert told == [0, -1, 1, 1]
    assert "client-0" in small.ids("clients")


def test_a_clock_that_was_set_back_does_not_keep_a_desk_from_being_compared(small: SmallOffice) -> None:
    small.calls(1)
    engine, desk = engine_of(small), small.desk(0)
    assert engine.sync_once()
    assert not is_check_due(desk.replica)
    small.world.now -= 400 * DAY
    assert is_check_due(desk.replica)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_the_sum_does_not_depend_on_the_order(count: int) -> None:
    rows = [(f"row-{number}", number) for number in range(count)]
    assert digest("notes", rows) == digest("notes", rows[::-1])
    assert digest("notes", rows) == (count, sum(row_digest("notes", *row) for row in rows) % 2**64)
    if rows:
        assert digest("notes", rows) != digest("changes", rows)
        assert digest("notes", [*rows[1:], ("row-0", 5)]) != digest("notes", rows)
