"""Who has which rows: teams that people join, leave and change, rows that move, and work that is done and grows old."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import peewee as pw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.commands import calls, clients, follow_ups, tickets
from csr_desktop.commands.work import Work
from csr_desktop.domain.share import AGING, cut_off, is_within, within_sql
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED, new_row
from csr_desktop.sync.guard import Suspicious
from csr_desktop.sync.housekeeping import DROPPED_AT_ONCE
from tests.postgresql import database_url
from tests.sync.small_office import DAY, ONE, TWO, SmallOffice

YEAR_2 = 500  # days, more than the 13 months that are kept


# Teams


def test_who_joins_a_team_gets_its_work_and_who_leaves_keeps_nothing_of_it(small: SmallOffice) -> None:
    small.calls(5, TWO)
    small.sync(0)
    assert not small.ids("interactions")
    small.teams(0, ONE, TWO)
    small.sync(0, limit=2)
    assert len(small.ids("interactions")) == 5
    small.teams(0, ONE)
    small.sync(0)
    assert not small.desk(0).rows("interactions")
    assert not small.desk(0).replica.sql.all("SELECT 1 FROM cursors WHERE scope = ?", TWO)


def test_who_changes_teams_has_the_new_teams_work_instead_of_the_old(small: SmallOffice) -> None:
    small.calls(3, ONE, name="one")
    small.calls(4, TWO, name="two")
    small.sync(0)
    small.teams(0, TWO)
    small.sync(0, limit=3)
    assert small.ids("interactions") == {f"two-{n:05}" for n in range(4)}


def test_what_goes_to_the_new_team_as_its_person_does_is_there(small: SmallOffice) -> None:
    rows = small.calls(3)
    small.sync(0)
    small.move("interactions", rows[:2], TWO)
    small.teams(0, TWO)
    small.sync(0)
    assert small.ids("interactions") == set(rows[:2])


def test_who_leaves_while_the_teams_work_still_comes_keeps_nothing_of_it(small: SmallOffice) -> None:
    small.calls(30, TWO)
    small.sync(0)
    small.teams(0, ONE, TWO)
    pages = small.pages(0, limit=5)
    while not small.ids("interactions"):
        next(pages)
    small.teams(0, ONE)
    for _ in pages:
        pass
    assert not small.desk(0).rows("interactions")
    assert not small.desk(0).replica.sql.all("SELECT 1 FROM fills")


def test_what_was_not_sent_when_the_team_was_lost_is_told_with_its_words(small: SmallOffice) -> None:
    small.put("tickets", "ticket", scope=ONE, subject="s", assignee_id="user-0", opened_at=small.now)
    small.sync(0)
    desk = small.desk(0)
    desk.replica.do(tickets.AddMessage(row_id="said", ticket_id="ticket", message_kind="note", body="Mine"))
    small.teams(0)
    small.sync(0)
    assert not desk.rows("tickets")
    assert not desk.rows("messages")
    waiting = desk.replica.needs_you()
    assert [getattr(one.command, "body", "") for one in waiting] == ["Mine"]
    assert not small.sql.load("messages", ["said"])


def test_a_push_is_judged_by_the_teams_of_that_moment(small: SmallOffice) -> None:
    small.sync(0)
    desk = small.desk(0)
    desk.replica.do(calls.LogInteraction(row_id="late", scope=ONE, started_at=1, ended_at=2))
    small.teams(0, TWO)
    small.push(0)
    assert not small.sql.load("interactions", ["late"])
    assert small.sql.value("SELECT status FROM log WHERE device_id = 'device-0'") == "refused"


def test_a_pull_is_answered_by_the_teams_of_that_moment_whatever_the_desk_claims(small: SmallOffice) -> None:
    small.calls(5, TWO)
    request = small.desk(0).puller.request()
    claimed = msgspec.structs.replace(request, cursors={TWO: 0}, again={"interactions": ["call-00000"]})
    reply = small.answer(0, claimed)
    assert "interactions" not in reply.rows
    assert TWO not in reply.cursors
    assert not [fill for fill in reply.fills if fill.scope == TWO]


def test_a_row_that_moves_leaves_one_team_and_comes_to_the_other(small: SmallOffice) -> None:
    (moved,) = small.calls(1)
    small.sync(0)
    small.sync(1)
    small.move("interactions", [moved], TWO)
    small.sync(0)
    small.sync(1)
    assert not small.desk(0).rows("interactions")
    assert small.ids("interactions", 1) == {moved}


def test_a_row_that_moves_between_my_teams_never_leaves_me(small: SmallOffice) -> None:
    small.teams(0, ONE, TWO)
    (moved,) = small.calls(1)
    small.sync(0)
    small.move("interactions", [moved], TWO)
    for _ in small.pages(0, limit=1):
        assert small.ids("interactions") == {moved}
    assert small.desk(0).replica.sql.value("SELECT scope FROM interactions") == TWO


def test_a_row_that_goes_and_comes_back_is_there(small: SmallOffice) -> None:
    (moved,) = small.calls(1)
    small.sync(0)
    small.move("interactions", [moved], TWO)
    small.move("interactions", [moved], ONE)
    small.sync(0)
    assert small.ids("interactions") == {moved}


def test_a_person_has_what_is_theirs_alone(small: SmallOffice) -> None:
    small.put("notes", "mine", scope="user-0", body="b")
    small.put("notes", "everyones", scope="org", body="b")
    small.sync(0)
    small.sync(1)
    assert (small.ids("notes", 0), small.ids("notes", 1)) == ({"mine", "everyones"}, {"everyones"})


# What is done and old


def test_old_calls_stay_on_the_server_and_open_work_comes_however_old(small: SmallOffice) -> None:
    old, new = small.calls(2, days_ago=YEAR_2, name="old"), small.calls(2, name="new")
    at = small.now - YEAR_2 * DAY
    for state in ("open", "waiting", "resolved", "closed"):
        small.put("tickets", state, scope=ONE, state=state, opened_at=at, last_message_at=at,
                  resolved_at=at if state in {"resolved", "closed"} else 0)  # fmt: skip
        small.put("messages", f"on {state}", scope=ONE, ticket_id=state, written_at=at)
        small.put("follow_ups", state, scope=ONE, state="open" if state == "open" else "done",
                  created_at=at, due_at=at, completed_at=at)  # fmt: skip
    small.put("notes", "known", scope="org", client_id="client-0", written_at=at)
    small.sync(0, limit=3)
    assert small.ids("interactions") == set(new)
    assert set(old).isdisjoint(small.ids("interactions"))
    assert small.ids("tickets") == {"open", "waiting"}
    assert small.ids("messages") == {"on open", "on waiting"}
    assert small.ids("follow_ups") == {"open"}
    assert small.ids("notes") == {"known"}, "what is known of a client is the directory"
    assert small.compare() == 0


def test_an_older_desk_is_sent_everything_as_before(small: SmallOffice) -> None:
    small.calls(2, days_ago=YEAR_2, name="old")
    request = msgspec.structs.replace(small.desk(0).puller.request(), fills=None)
    reply = small.answer(0, request)
    assert {row[0] for row in reply.rows["interactions"]} == {"old-00000", "old-00001"}
    assert (reply.fills, reply.resync, reply.cut_off_at) == ([], [], 0)


def test_an_old_call_that_is_corrected_comes_again_and_goes_when_that_is_taken_back(small: SmallOffice) -> None:
    small.teams(1, ONE)
    (old,) = small.calls(1, days_ago=YEAR_2)
    small.put("interactions", old, agent_id="user-0")
    with small.sql.transaction():
        small.sql.do("UPDATE counters SET value = 0 WHERE id = 'history_months'")
    small.sync(0)
    small.sync(1)
    with small.sql.transaction():
        small.sql.do("UPDATE counters SET value = 13 WHERE id = 'history_months'")
    small.sync(1)
    assert not small.ids("interactions", 1)
    desk = small.desk(0)
    desk.replica.do(calls.EditInteraction(row_id=old, changes={"note": (old, "They called again about it")}))
    small.sync(0)
    small.sync(1)
    assert small.ids("interactions", 1) == {old}
    desk.replica.undo()
    small.sync(0)
    small.sync(1)
    assert not small.ids("interactions", 1), "as it was before, it is old"
    assert small.compare(0) == small.compare(1) == 0


def test_an_old_ticket_that_is_reopened_comes_with_its_whole_conversation(small: SmallOffice) -> None:
    at = small.now - YEAR_2 * DAY
    small.put("tickets", "ticket", scope=ONE, state="closed", opened_at=at, resolved_at=at)
    for number in range(5):
        small.put("messages", f"said-{number}", scope=ONE, ticket_id="ticket", written_at=at)
    small.sync(0)
    assert not small.ids("tickets") | small.ids("messages")
    small.put("tickets", "ticket", state="open", resolved_at=0)
    small.sync(0)
    assert small.ids("tickets") == {"ticket"}
    assert small.ids("messages") == {f"said-{number}" for number in range(5)}
    assert small.compare() == 0
    small.put("tickets", "ticket", state="closed", resolved_at=at)
    small.sync(0)
    assert not small.ids("tickets") | small.ids("messages"), "as it was before, it is old"
    assert small.compare() == 0


def test_what_grows_old_leaves_in_small_steps_and_what_waits_to_be_sent_keeps_its_rows(small: SmallOffice) -> None:
    old = small.calls(2 * DROPPED_AT_ONCE + 50, days_ago=300)
    new = small.calls(3, days_ago=1, name="new")
    small.put("interactions", old[0], agent_id="user-0")
    small.sync(0)
    assert len(small.ids("interactions")) == len(old) + len(new)
    small.world.now += 200 * DAY
    desk = small.desk(0)
    desk.replica.set_state("offset", "0")
    for _ in small.pages(0):
        pass
    desk.replica.do(calls.EditInteraction(row_id=old[0], changes={"note": (old[0], "Still being written")}))
    counts = [len(small.ids("interactions"))]
    while desk.puller.rest() is not None:
        counts.append(len(small.ids("interactions")))
    assert max(before - after for before, after in itertools.pairwise(counts)) <= DROPPED_AT_ONCE
    assert small.ids("interactions") == {old[0], *new}
    small.sync(0)
    assert desk.replica.sql.value("SELECT note FROM interactions WHERE id = ?", old[0]) == "Still being written"
    assert small.compare() == 0


def test_when_more_is_to_be_kept_it_comes_beside_what_is_here(small: SmallOffice) -> None:
    small.calls(4, days_ago=YEAR_2, name="old")
    small.calls(2, name="new")
    small.sync(0)
    with small.sql.transaction():
        small.sql.do("UPDATE counters SET value = 24 WHERE id = 'history_months'")
    small.sync(0)
    for _ in small.pages(0, limit=2):
        assert {"new-00000", "new-00001"} <= small.ids("interactions")
    assert len(small.ids("interactions")) == 6


def test_a_server_clock_that_was_set_back_a_day_has_nobody_fetch_all_again(small: SmallOffice) -> None:
    small.calls(4)
    small.sync(0)
    small.world.now -= 2 * DAY
    (reply,) = small.sync(0)
    assert not reply.rows
    assert not small.desk(0).replica.sql.all("SELECT 1 FROM cursors WHERE rev < 0")


def test_no_server_can_make_a_desk_drop_what_is_not_a_month_old(small: SmallOffice) -> None:
    small.calls(4)
    small.sync(0)
    desk = small.desk(0)
    reply = small.answer(0, desk.puller.request())
    for cut_off_at in (small.now, small.now - 27 * DAY, -1):
        forged = msgspec.structs.replace(reply, asked=desk.puller.request().asked, cut_off_at=cut_off_at)
        with pytest.raises(Suspicious):
            desk.puller.apply(forged)
    assert len(small.ids("interactions")) == 4


def test_an_edit_of_a_row_that_left_meanwhile_is_still_done(small: SmallOffice) -> None:
    small.put("follow_ups", "done", scope=ONE, state="done", assignee_id="user-0", title="t", completed_by_id="user-0",
              created_at=small.now - 300 * DAY, due_at=small.now - 300 * DAY, completed_at=small.now - 300 * DAY)  # fmt: skip
    small.sync(0)
    desk = small.desk(0)
    desk.replica.do(follow_ups.ReopenFollowUp(row_id="done", was_at=small.now - 300 * DAY))
    small.world.now += 200 * DAY
    small.sync(0)
    assert small.ids("follow_ups") == {"done"}
    assert small.row("follow_ups", "done")["state"] == "open"
    desk.replica.do(clients.AddNote(row_id="n", client_id="client-0", body="b"))
    small.sync(0)
    assert small.compare() == 0


def test_who_was_away_for_longer_than_work_is_kept_has_none_of_it_open_any_more(small: SmallOffice) -> None:
    """It was done with and grew old meanwhile, so it does not come; nor does it stay as it was."""
    small.put("tickets", "ticket", scope=ONE, state="open", opened_at=small.now)
    small.put("follow_ups", "promise", scope=ONE, state="open", created_at=small.now, due_at=small.now + DAY)
    small.sync(0)
    small.put("tickets", "ticket", state="closed", resolved_at=small.now + DAY)
    small.put("follow_ups", "promise", state="done", completed_at=small.now + DAY)
    small.world.now += YEAR_2 * DAY
    small.sync(0)
    assert not small.ids("tickets") | small.ids("follow_ups")
    assert small.compare() == 0


def test_much_that_grew_old_while_somebody_was_away_goes_without_being_asked_about(small: SmallOffice) -> None:
    rows = small.calls(400)
    small.sync(0)
    with small.sql.transaction():
        work = Work(small.sql.load, new_row)
        for row_id in rows:
            work.put("interactions", row_id, note="Corrected since")
        small.world.ledger.write(work)
    small.world.record()
    small.world.now += YEAR_2 * DAY
    small.sync(0)
    assert not small.ids("interactions")


def test_what_was_said_lately_stays_when_its_old_ticket_leaves(small: SmallOffice) -> None:
    at = small.now - YEAR_2 * DAY
    small.put("tickets", "ticket", scope=ONE, state="open", opened_at=at)
    small.put("messages", "old", scope=ONE, ticket_id="ticket", written_at=at)
    small.put("messages", "new", scope=ONE, ticket_id="ticket", written_at=small.now)
    small.sync(0)
    small.put("tickets", "ticket", state="closed", resolved_at=at)
    small.sync(0)
    assert (small.ids("tickets"), small.ids("messages")) == (set(), {"new"})
    assert small.compare() == 0


def test_no_page_ends_within_what_leaves_at_once(small: SmallOffice) -> None:
    at = small.now - YEAR_2 * DAY
    small.put("tickets", "ticket", scope=ONE, state="open", opened_at=at)
    for number in range(7):
        small.put("messages", f"said-{number}", scope=ONE, ticket_id="ticket", written_at=at)
    small.sync(0)
    small.put("tickets", "ticket", state="closed", resolved_at=at)
    small.sync(0, limit=3)
    assert not small.ids("tickets") | small.ids("messages")


def set_months(small: SmallOffice, count: int) -> None:
    with small.sql.transaction():
        small.sql.do("UPDATE counters SET value = ? WHERE id = 'history_months'", count)


def test_what_leaves_just_when_more_is_to_be_kept_is_not_held_on_to(small: SmallOffice) -> None:
    rows = small.calls(9)
    small.sync(0)
    set_months(small, 24)
    pages = small.pages(0, limit=3)
    next(pages)  # from here on everything is asked for once more
    small.move("interactions", rows[:4], TWO)
    for _ in pages:
        pass
    small.sync(0, limit=3)
    assert small.ids("interactions") == set(rows[4:])
    assert small.compare() == 0


def test_after_more_was_kept_for_a_while_work_grows_old_as_before(small: SmallOffice) -> None:
    rows = small.calls(3, days_ago=YEAR_2)
    small.sync(0)
    set_months(small, 24)
    small.sync(0)
    small.sync(0)
    assert small.ids("interactions") == set(rows)
    small.world.now += 260 * DAY
    small.sync(0)
    assert not small.ids("interactions")


def test_what_had_left_by_growing_old_comes_to_whoever_catches_up_once_more_is_kept(small: SmallOffice) -> None:
    at = small.now - YEAR_2 * DAY
    small.sync(0)
    small.put("tickets", "ticket", scope=ONE, state="open", opened_at=at)
    small.put("tickets", "ticket", state="closed", resolved_at=at)
    set_months(small, 24)
    small.desk(0).replica.sql.do("UPDATE cursors SET rev = 0")  # as an upgrade leaves them
    small.desk(0).replica.sql.do("DELETE FROM state WHERE key = 'cut_off_at'")
    small.sync(0)
    assert small.ids("tickets") == {"ticket"}
    assert small.compare() == 0


# The rule itself


def test_months_are_counted_by_the_calendar() -> None:
    def day(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    assert cut_off(day("2026-05-12T15:30:00"), 13) == day("2025-04-12")
    assert cut_off(day("2026-03-31T00:00:00"), 13) == day("2025-02-28")
    assert cut_off(day("2026-01-05T00:00:00"), 1) == day("2025-12-05")
    assert cut_off(day("2026-01-05T00:00:00"), 0) == 0
    assert cut_off(day("1975-01-05T00:00:00"), 1200) == 0


CUT = 1_000
near = st.sampled_from([0, CUT - 1, CUT, CUT + 1])
stamps = st.one_of(
    st.just(""),
    st.just("{}"),
    st.dictionaries(st.sampled_from(["note", "subject"]), st.tuples(near, st.just("c")), min_size=1).map(json.dumps),
)


@st.composite
def conversations(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """A row of each table that ages; the message may be of the ticket."""
    found: dict[str, dict[str, Any]] = {}
    for table in AGING:
        row = {**new_row(table), "id": "row", "scope": "team", "stamps": draw(stamps)}
        for name in row:
            if name.endswith("_at"):
                row[name] = draw(near)
        if "state" in row:
            row["state"] = draw(st.sampled_from(["open", "waiting", "resolved", "closed", "done"]))
        found[table] = row
    found["messages"]["ticket_id"] = draw(st.sampled_from(["", "row", "elsewhere"]))
    return found


def agree(sql: Sql, rows: dict[str, dict[str, Any]]) -> None:
    for table, row in rows.items():
        sql.upsert(table, [row])
    for table, row in rows.items():
        ticket = rows["tickets"] if row.get("ticket_id") == "row" else None
        question = within_sql(table, CUT, is_postgresql=sql.is_postgresql)
        found = sql.value(f"SELECT COUNT(*) FROM {table} WHERE {question}")
        assert found == is_within(table, row, CUT, ticket), table


@pytest.fixture(scope="module")
def memory() -> Iterator[Sql]:
    db = pw.SqliteDatabase(":memory:", autoconnect=False)
    db.connect()
    for table in AGING:
        pw.SchemaManager(SYNCED[table], db).create_all()
    yield Sql(db)
    db.close()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Sql]:
    db = pw.PostgresqlDatabase(database_url("share"), prefer_psycopg3=True, autoconnect=False)
    db.connect()
    for table in AGING:
        pw.SchemaManager(SYNCED[table], db).create_all()
    yield Sql(db)
    db.close()


@given(conversations())
def test_the_rule_is_the_same_in_python_and_in_sqlite(memory: Sql, rows: dict[str, dict[str, Any]]) -> None:
    agree(memory, rows)


@pytest.mark.postgresql
@pytest.mark.xdist_group("postgresql")
@given(conversations())
def test_the_rule_is_the_same_in_python_and_in_postgresql(postgresql: Sql, rows: dict[str, dict[str, Any]]) -> None:
    agree(postgresql, rows)
