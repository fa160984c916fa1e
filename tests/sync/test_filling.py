"""A new desk: the directory first, then the open work, with which one can begin, then the rest, newest first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from csr_desktop.commands import calls, clients
from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import Unreachable
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import DIRECTORY, OLDER, OPEN_WORK, PAGE, PullReply, PullRequest
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync import aside
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.replica import FIRST_FILL
from tests.sync.checks import check_desk
from tests.sync.simulation import Crash, Desk, crash
from tests.sync.small_office import DAY, ONE, TWO, SmallOffice, Wire


def furnish(small: SmallOffice) -> None:
    small.calls(30)
    for number in range(6):
        state = "open" if number % 2 else "closed"
        small.put("tickets", f"{state}-{number}", scope=ONE, state=state, opened_at=small.now, subject="s")
        small.put("messages", f"on {state}-{number}", scope=ONE, ticket_id=f"{state}-{number}", written_at=small.now)
    small.put("interactions", "missed", scope=ONE, result="missed", started_at=small.now - DAY)
    small.put("follow_ups", "promise", scope=ONE, created_at=small.now, due_at=small.now)


def stage(reply: PullReply) -> int:
    return min((fill.stage for fill in reply.fills), default=OLDER)


def is_new(small: SmallOffice) -> bool:
    return bool(small.desk(0).replica.sql.value("SELECT COUNT(*) FROM state WHERE key = ?", FIRST_FILL))


def test_the_directory_comes_before_the_open_work_and_that_before_the_rest(small: SmallOffice) -> None:
    furnish(small)
    seen = set()
    for reply in small.pages(0, limit=2):
        seen.add(stage(reply))
        if stage(reply) >= OPEN_WORK:
            assert small.ids("clients") == {"client-0", "client-1", "client-2"}
        else:
            assert not small.ids("tickets") | small.ids("interactions")
        assert is_new(small) == (stage(reply) < OLDER), "it is done with waiting as soon as one can work"
        if stage(reply) == OLDER:
            assert {f"open-{n}" for n in (1, 3, 5)} <= small.ids("tickets")
            assert {f"on open-{n}" for n in (1, 3, 5)} <= small.ids("messages")
            assert "missed" in small.ids("interactions")
            assert small.ids("follow_ups") == {"promise"}
    assert seen == {DIRECTORY, OPEN_WORK, OLDER}
    assert len(small.ids("interactions")) == 31
    assert small.compare() == 0


def test_older_calls_come_the_newest_first(small: SmallOffice) -> None:
    ids = small.calls(12)
    come: list[str] = []
    for reply in small.pages(0, limit=3):
        come += [row[0] for row in reply.rows.get("interactions", ())]
    assert come == ids[::-1]


def test_it_is_told_how_many_rows_there_are_and_they_are_counted_down(small: SmallOffice) -> None:
    furnish(small)
    replies = list(small.pages(0, limit=4))
    lefts = [reply.left for reply in replies]
    sent = [sum(map(len, reply.rows.values())) for reply in replies]
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[-1] == 0
    is_older = [stage(before) == OLDER for before in replies]
    for at in range(1, len(replies)):
        if is_older[at - 1]:
            assert lefts[at - 1] - lefts[at] == sent[at]


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_page_it_goes_on_there_and_takes_no_page_twice(small: SmallOffice, seed: int) -> None:
    furnish(small)
    desk, come, more, turn = small.desk(0), [], True, seed
    while more:
        turn += 1
        reply = small.answer(0, msgspec.structs.replace(desk.puller.request(), limit=3))
        if turn % 3 == 0:
            desk.fuse.light("commit", 1, crash)
        try:
            desk.apply(reply)
        except Crash:
            desk.open()
            continue
        check_desk(small.world, desk)
        come += [row[0] for row in reply.rows.get("interactions", ()) if row[0] != "missed"]
        more = reply.more
    assert len(come) == len(set(come)) == 30
    assert small.compare() == 0


def test_what_changes_meanwhile_comes_at_once_and_is_not_undone_by_older_pages(small: SmallOffice) -> None:
    furnish(small)
    at = 0
    for at, reply in enumerate(small.pages(0, limit=3)):
        if at % 4 == 1:
            small.put("interactions", f"call-{at % 30:05}", note=f"Changed {at}")
            small.put("clients", "client-1", name=f"Renamed {at}")
            small.move("interactions", [f"call-{(at + 10) % 30:05}"], TWO)
        if at % 4 == 3:
            small.move("interactions", [f"call-{(at + 8) % 30:05}"], ONE)
        assert reply.rows or reply.gone or not reply.more
    assert at > 8
    small.sync(0)
    for table in SYNCED:
        ids = [i for i, s in small.sql.all(f"SELECT id, scope FROM {table}") if s in {"org", ONE, "user-0"}]
        assert small.desk(0).replica.sql.load(table, small.desk(0).rows(table)) == small.sql.load(table, ids)


def test_what_is_done_while_older_calls_come_is_sent_and_answered_without_waiting_for_them(small: SmallOffice) -> None:
    furnish(small)
    desk = small.desk(0)
    pages = small.pages(0, limit=3)
    while is_new(small):
        next(pages)
    desk.replica.do(clients.AddNote(row_id="n", client_id="client-0", body="b"))
    desk.replica.do(calls.LogInteraction(row_id="mine", scope=ONE, started_at=small.now, ended_at=small.now))
    small.push(0)
    reply = next(pages)
    assert reply.more
    assert desk.replica.waiting_count() == 0
    for _ in pages:
        assert "mine" in small.ids("interactions")
    assert small.compare() == 0


def test_a_call_of_a_team_that_one_left_and_came_back_to_during_the_first_fill_does_not_go_again(
    small: SmallOffice,
) -> None:
    furnish(small)
    desk, pages = small.desk(0), small.pages(0, limit=3)
    next(pages)
    desk.replica.do(calls.LogInteraction(row_id="mine", scope=ONE, started_at=small.now, ended_at=small.now))
    small.push(0)
    small.teams(0, TWO)
    while ONE in desk.replica.who().scopes:
        next(pages)
    assert "mine" not in small.ids("interactions")
    small.calls(30, name="newer")
    small.teams(0, ONE, TWO)
    while ONE not in desk.replica.who().scopes:
        next(pages)
    assert is_new(small)
    for _ in pages:
        assert "mine" in small.ids("interactions"), "it is on its way back, but was here already"
    assert desk.replica.waiting_count() == 0
    assert small.compare() == 0


def test_a_page_that_was_asked_ahead_counts_only_when_the_one_before_was_taken(small: SmallOffice) -> None:
    furnish(small)
    desk = small.desk(0)
    first = desk.puller.request()
    reply = small.answer(0, msgspec.structs.replace(first, limit=3))
    desk.apply(reply)
    request = desk.puller.request()
    reply = small.answer(0, msgspec.structs.replace(request, limit=3))
    following = desk.puller.following(request, reply)
    assert following is not None
    ahead = small.answer(0, msgspec.structs.replace(following, limit=3))
    before = desk.local()
    desk.apply(ahead)
    assert desk.local() == before, "it has no place yet"
    desk.fuse.light("commit", 1, crash)
    with pytest.raises(Crash):
        desk.apply(reply)
    desk.apply(ahead)
    assert desk.local() == before
    small.sync(0)
    assert small.compare() == 0


class Seat:
    """The engine of the first desk, and what it tells."""

    def __init__(self, small: SmallOffice) -> None:
        self.wire = Wire(small, 0)
        self.statuses: list[SyncStatus] = []
        self.changes: list[ChangeSet] = []
        self.engine = Engine(
            small.desk(0).replica, self.wire, lambda: small.now, self.changes.append, self._status, lambda: 0.5
        )

    def _status(self, status: SyncStatus) -> None:
        self.statuses.append(status)


def test_with_a_thousand_pages_to_come_one_can_begin_early_and_sees_how_far_it_is(small: SmallOffice) -> None:
    count = 3 * PAGE + 500
    small.calls(count)
    seat = Seat(small)
    _answer_on_any_thread(small, seat.wire)
    assert seat.engine.sync_once()
    older = [status for status in seat.statuses if status.state == "syncing" and status.is_filled]
    assert older
    assert all(status.row_count >= count > status.rows_left for status in older)
    lefts = [status.rows_left for status in older]
    assert lefts == sorted(lefts, reverse=True)
    assert seat.engine.status.state == "saved"
    assert seat.engine.sync_once()
    assert seat.engine.status.mended_count == 0, "then it is compared"
    told = set().union(*(change.ids("interactions") for change in seat.changes))
    assert told == small.ids("interactions")
    assert len(told) == count


def test_cut_off_in_the_middle_the_next_start_goes_on_where_it_was(small: SmallOffice) -> None:
    count = 4 * PAGE
    before = indexes(small.desk(0))
    small.calls(count)
    seat = Seat(small)
    _answer_on_any_thread(small, seat.wire)

    def cut_off(_request: PullRequest) -> None:
        if len(seat.wire.asked) == 2:
            raise Unreachable("The network is away.", "")

    answer, seat.wire.before_pull = seat.wire.before_pull, cut_off
    assert not seat.engine.sync_once()
    come = len(small.ids("interactions"))
    assert 0 < come < count
    assert sum(len(change.ids("interactions")) for change in seat.changes) == come, "what came is on the screen"
    desk = small.desk(0)
    assert aside._KEY in desk.replica.state(), "the long tables' indexes wait for the rest"
    desk.open()
    seat = Seat(small)
    seat.wire.before_pull = answer
    _answer_on_any_thread(small, seat.wire)
    assert seat.engine.sync_once()
    assert len(small.ids("interactions")) == count
    fetched = sum(len(change.ids("interactions")) for change in seat.changes)
    assert fetched == count - come
    assert indexes(desk) == before
    assert aside._KEY not in desk.replica.state()


def indexes(desk: Desk) -> set[str]:
    return {name for (name,) in desk.replica.sql.all("SELECT name FROM sqlite_master WHERE type = 'index'")}


def _answer_on_any_thread(small: SmallOffice, wire: Wire) -> None:
    """The page ahead is asked for on a thread of its own, where the office's database is opened and closed again."""
    pull: Any = wire.pull

    def answered(request: PullRequest) -> PullReply:
        is_opened = small.sql.db.connect(reuse_if_open=True)
        try:
            reply: PullReply = pull(request)
        finally:
            if is_opened:
                small.sql.db.close()
        return reply

    wire.pull = answered  # type: ignore[method-assign]
