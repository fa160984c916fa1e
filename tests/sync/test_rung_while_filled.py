"""The phone rings during a first fill: who it is, is known as soon as at any other time."""

from __future__ import annotations

import time

import pytest

from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.search_projection import ANEW
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.sync.aside import make_next, set_aside
from tests.conftest import Office

CALLS = 40_000
NUMBER = "+17025550188"


@pytest.fixture
def data(office: Office) -> DeskData:
    """Alex's desk with years of calls, of which one client has some."""
    made = office.desk("alex")
    office.bureau.sync(made)
    client = made.sql.value("SELECT client_id FROM contacts WHERE deleted = 0 AND client_id <> '' ORDER BY id LIMIT 1")
    blank, team = new_row("interactions"), min(made.services.people.who().teams)
    rows = []
    for at in range(CALLS):
        is_theirs = at % 4000 == 0
        row = {
            **blank, "id": f"many-{at:06}", "scope": team, "rev": 1, "channel": "phone", "direction": "in",
            "result": "handled", "number": NUMBER if is_theirs else f"+1702555{at % 100:04}",
            "client_id": client if is_theirs else f"other-{at % 900}", "started_at": made.now() - at * 60_000,
            "note": f"Asked about line {at}.",
        }  # fmt: skip
        rows.append([row[column] for column in COLUMNS["interactions"]])
    with made.sql.transaction():
        made.sql.upsert_lists("interactions", rows)
        set_aside(made.replica)
    return made


def test_no_question_of_a_pop_reads_all_calls_while_their_indexes_are_set_aside(data: DeskData) -> None:
    client = data.sql.value("SELECT client_id FROM interactions WHERE id = 'many-000000'")
    contact = data.sql.value("SELECT min(id) FROM contacts WHERE client_id = ? AND deleted = 0", client)
    number = {
        **new_row("phone_numbers"), "id": "rung", "scope": "org", "client_id": client, "contact_id": contact,
        "raw": NUMBER, "e164": NUMBER,
    }  # fmt: skip
    data.sql.upsert("phone_numbers", [number])
    statements: list[str] = []
    connection = data.sql.db.connection()
    connection.set_trace_callback(statements.append)
    pop = data.services.calls.caller(NUMBER)
    connection.set_trace_callback(None)
    assert pop.match.chosen_client_id == client
    assert pop.context is not None
    asked = [text for text in statements if "interactions" in text]
    assert len(asked) > 3
    for text in asked:
        plan = [detail for *_, detail in data.sql.all(f"EXPLAIN QUERY PLAN {text}")]
        assert not [one for one in plan if one.startswith("SCAN") and "interactions" in one.split()], (text, plan)
    assert make_next(data.replica), "no index was set aside, so the test tells nothing"


def test_what_search_gathers_after_a_fill_comes_in_short_steps(data: DeskData) -> None:
    search, sql = data.services.search, data.sql
    longest, steps = 0.0, 0
    while True:
        found = sql.value("SELECT count(*) FROM search_items")
        began = time.thread_time()
        has_more = search.tidy()
        longest, steps = max(longest, time.thread_time() - began), steps + 1
        assert sql.value("SELECT count(*) FROM search_items") - found <= 5 * 300
        if not has_more:
            break
    assert sql.value("SELECT count(*) FROM search_items") >= CALLS
    assert steps > CALLS / 300
    assert longest < 0.15, f"{longest:.3f} s of computing, for which a call that rings would wait"


def test_many_changed_notes_do_not_hold_up_who_asks(data: DeskData) -> None:
    """The index is made anew after them, which takes many steps and not one."""
    search, sql = data.services.search, data.sql
    while search.tidy():
        pass
    sql.do("UPDATE interactions SET note = note || ' Twice.' WHERE id LIKE 'many-%0'")
    assert sql.value("SELECT count(*) FROM search_forgotten") > ANEW
    longest, has_more = 0.0, True
    while has_more:
        began = time.thread_time()
        has_more = search.tidy()
        longest = max(longest, time.thread_time() - began)
    assert longest < 0.3, f"{longest:.3f} s of computing"
    found = data.services.search.find("twice line 39990")
    assert "39990" in str(found.sections)
