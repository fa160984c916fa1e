"""A ticket on which something risky is asked for: what it waits for, said at the place, and the way to it by keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from csr_desktop.ui.desk import Target
from tests.ui.inbox.inbox_bench import Bench


@pytest.fixture
def ticket(bench: Bench) -> str:
    """A colleague's, on which a bank change is asked for; two factors passed an hour ago."""
    found = bench.data.sql.value("SELECT id FROM tickets WHERE request_kind = 'bank_change'")
    who = "id = (SELECT contact_id FROM tickets WHERE id = ?)"
    bench.data.sql.do(f"UPDATE contacts SET authorities = 'bank' WHERE {who}", found)
    bench.place.open_target(Target("ticket", str(found)))
    bench.settle()
    return str(found)


def bar(bench: Bench) -> Any:
    return bench.place.conversation.request


def test_it_says_what_is_missing_and_offers_the_known_number(bench: Bench, ticket: str) -> None:
    assert bar(bench).isVisible()
    assert bar(bench).accessibleName() == "Bank change: it stays blocked. Missing: a call back to a known number."
    assert bar(bench).next.text().startswith("Call ")
    assert (bar(bench).called.text(), bar(bench).not_reached.text()) == (
        "I reached them on it",
        "I did not reach them",
    )


def test_resolving_is_refused_in_words_and_the_ticket_stays_open(bench: Bench, ticket: str) -> None:
    bench.place.chosen.settle()
    bench.settle()
    assert bench.ticket(ticket).state == "open"
    assert "stays blocked until the caller is verified" in " ".join(notice.text for notice in bench.notices)


def test_alt_v_calls_the_known_number_with_the_call_belonging_to_the_ticket(bench: Bench, ticket: str) -> None:
    calling: list[tuple[str, str, str, str, str]] = []
    bench.desk.calling.connect(lambda *said: calling.append(said))
    bench.press("Alt+V")
    ((number, contact_id, client_id, returns_id, ticket_id),) = calling
    known = bench.data.sql.all(
        "SELECT e164 FROM phone_numbers WHERE contact_id = ? OR client_id = ?", contact_id, client_id
    )
    assert (number,) in known
    assert (returns_id, ticket_id) == ("", ticket)


def test_saying_that_it_was_called_back_lets_it_through_and_undo_blocks_it_again(bench: Bench, ticket: str) -> None:
    bench.press("Alt+Shift+V")
    assert not bench.ticket(ticket).check.is_blocked
    assert bar(bench).accessibleName().startswith("Bank change: verified until ")
    assert not bar(bench).next.isVisible()
    bench.desk.undo(bench.window)
    bench.settle()
    assert bench.ticket(ticket).check.is_blocked
    bench.press("Alt+Shift+V")
    bench.place.chosen.settle()
    bench.settle()
    assert bench.ticket(ticket).state == "resolved"
    assert not bar(bench).isVisible()


def test_what_is_asked_for_is_named_by_q(bench: Bench) -> None:
    found = bench.data.sql.value(
        "SELECT id FROM tickets WHERE request_kind = '' AND state = 'open' AND contact_id <> '' AND assignee_id = ? "
        "ORDER BY id LIMIT 1",
        bench.desk.services.people.who().id,
    )
    bench.place.open_target(Target("ticket", str(found)))
    bench.settle()
    assert not bar(bench).isVisible()
    bench.desk.services.caller_checks.name_request(str(found), "payroll_rollback")
    bench.place.conversation._ask()
    bench.settle()
    assert bar(bench).accessibleName().startswith("Payroll rollback: it stays blocked. Missing: 2 more answers")
    assert bar(bench).accessibleName().endswith("a lead's approval.")


def test_a_call_back_in_vain_is_said_by_key_and_stands_at_the_ticket(bench: Bench, ticket: str) -> None:
    bench.press("Alt+Shift+N")
    bench.press("Return")
    said = bar(bench).accessibleName()
    assert "Missing: a call back to a known number. Called back today, " in said
    assert said.endswith(f"by {bench.desk.services.people.me().name}: no answer.")
    assert bench.ticket(ticket).check.is_blocked
    bench.press("Alt+Shift+N")
    bench.press("Down", "Return")
    assert "wrong person. 2 tries so far." in bar(bench).accessibleName()
    bench.desk.undo(bench.window)
    bench.settle()
    assert bar(bench).accessibleName().endswith("no answer.")
    bench.press("Alt+Shift+V")
    assert not bench.ticket(ticket).check.is_blocked


def test_what_was_shown_so_far_stands_at_the_ticket(bench: Bench, ticket: str) -> None:
    words = bar(bench).evidence.text()
    assert " was asked today, " in words
    assert "passed" in words
    bench.press("Alt+Shift+V")
    me = bench.desk.services.people.me().name
    assert bar(bench).evidence.text().splitlines()[-1].endswith(f" by {me}: reached.")
