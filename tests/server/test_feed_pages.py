"""Pages of the feed: cut by rows and by bytes, without a gap, whatever the size of a note."""

from __future__ import annotations

import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.calls import LogInteraction
from csr_desktop.commands.work import Work
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import MAX_BODY_BYTES, PullReply, PullRequest
from csr_desktop.server.feed import Feed
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row
from csr_desktop.sync.answers import MAX_REPLY_BYTES
from tests.server.desk import Clock, Desk, message, new_id


@pytest.fixture
def before(quiet_ada: Desk) -> dict[str, int]:
    """The cursors before the notes of a test."""
    return quiet_ada.pull().cursors


def notes(sql: Sql, clock: Clock, *characters: int) -> None:
    with sql.transaction():
        work = Work(sql.load, new_row)
        for number, length in enumerate(characters):
            work.put("notes", f"note-{number:04}", scope=ORGANISATION, body=f"{number:04}" + "ü" * length)
        Ledger(sql, clock).write(work)


def pages(desk: Desk, cursors: dict[str, int]) -> list[tuple[int, list[str]]]:
    """Bytes and the notes' ids of each page."""
    found: list[tuple[int, list[str]]] = []
    cursors = dict(cursors)
    while True:
        response = desk.post("pull", PullRequest("a", cursors, 0), headers={"Accept-Encoding": "identity"})
        reply = message(response, PullReply)
        found.append((len(response.content), [row[0] for row in reply.rows.get("notes", ())]))
        cursors |= reply.cursors
        if not reply.more:
            return found


def test_a_page_of_long_notes_is_cut_by_bytes(
    quiet_ada: Desk, quiet_sql: Sql, clock: Clock, before: dict[str, int]
) -> None:
    notes(quiet_sql, clock, *[1024 * 1024] * 12)  # two bytes a letter
    found = pages(quiet_ada, before)
    assert [i for _, ids in found for i in ids] == [f"note-{n:04}" for n in range(12)]
    assert len(found) == 4
    assert max(size for size, _ in found) < MAX_BODY_BYTES + 64 * 1024


def test_what_is_bigger_than_a_page_goes_alone_and_the_rest_follows(
    quiet_ada: Desk, quiet_sql: Sql, clock: Clock, before: dict[str, int]
) -> None:
    notes(quiet_sql, clock, 5, 4 * 1024 * 1024, 5, 4 * 1024 * 1024, 4 * 1024 * 1024, 7)
    found = pages(quiet_ada, before)
    names = [[int(i[-4:]) for i in ids] for _, ids in found]
    assert names == [[0], [1], [2], [3], [4], [5]]
    assert max(size for size, _ in found) < MAX_REPLY_BYTES


@pytest.mark.parametrize("limit", [1, 3, 100, 101, 250])
def test_small_rows_come_in_order_whatever_the_page(
    quiet_ada: Desk, quiet_sql: Sql, clock: Clock, before: dict[str, int], limit: int
) -> None:
    notes(quiet_sql, clock, *range(250))
    cursors, found = dict(before), list[str]()
    more = True
    while more:
        reply = message(quiet_ada.post("pull", PullRequest("a", cursors, 0, limit)), PullReply)
        assert sum(map(len, reply.rows.values())) <= limit
        assert all(rev >= cursors.get(scope, 0) for scope, rev in reply.cursors.items())
        found += [row[0] for row in reply.rows.get("notes", ())]
        cursors, more = cursors | reply.cursors, reply.more
    assert found == [f"note-{n:04}" for n in range(250)]
    assert cursors == quiet_ada.pull().cursors


def test_an_exchange_reads_by_indexes_and_asks_little(quiet_ada: Desk, quiet_sql: Sql, clock: Clock) -> None:
    """What everyone asks all day must not cost more in a larger organisation."""
    team = next(iter(quiet_ada.pull().rights.teams))
    cursors, ledger = quiet_ada.pull().cursors, Ledger(quiet_sql, clock)
    call = quiet_ada.stamp(LogInteraction(row_id=new_id(), scope=team, started_at=clock(), ended_at=clock()))
    asked: list[str] = []
    quiet_sql.db.connection().set_trace_callback(asked.append)
    try:
        ledger.push([Push(quiet_ada.device_id, quiet_ada.user_id, [catalogue.encode(call)])])
        feed = Feed(quiet_sql, ledger, clock, "")
        reply = feed.pull(quiet_ada.device_id, quiet_ada.user_id, PullRequest("a", cursors, 0, fills=[]))
    finally:
        quiet_sql.db.connection().set_trace_callback(None)
    assert len(reply.rows["interactions"]) == 1
    questions = [text for text in asked if text.startswith("SELECT")]
    assert 10 < len(questions) <= 25, len(questions)
    plans = {text: [step[3] for step in quiet_sql.all(f"EXPLAIN QUERY PLAN {text}")] for text in questions}
    scanned = {step for plan in plans.values() for step in plan if step.startswith("SCAN")}
    one_row = {f"SCAN organisations{way}" for way in ("", " USING INDEX sqlite_autoindex_organisations_1")}
    assert scanned <= {"SCAN CONSTANT ROW", "SCAN gone_floors", *one_row}
