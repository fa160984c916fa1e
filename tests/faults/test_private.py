"""Fault 24: private numbers that somebody types anywhere are in no file of desk or server once their text is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from pytestqt.qtbot import QtBot

from csr_desktop.commands import catalogue
from csr_desktop.commands.calls import EditInteraction, LogInteraction
from csr_desktop.commands.command import Command, stamped
from csr_desktop.commands.tickets import AddMessage
from csr_desktop.protocol import PrivateCount
from csr_desktop.server.exports import Names, private_counts_table
from csr_desktop.server.ledger import Push
from csr_desktop.server.private_counts import private_counts
from csr_desktop.services.call_rows import EscalateStep, FollowUpStep, NextSteps, TicketStep
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.sql import Sql
from csr_desktop.system.crashes import report_of
from csr_desktop.system.diagnostics import DiagnosticsLog
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.conftest import Office
from tests.desks import TUESDAY_10
from tests.ui.frame_bench import Frame

CARD, SSN, IBAN = "4539 1488 0343 6467", "078-05-1120", "GB82 WEST 1234 5698 7654 32"
SAID = f"card {CARD}, ssn {SSN}, to {IBAN}"
STORED = (
    "card 4539 14\u2022\u2022 \u2022\u2022\u2022\u2022 6467, ssn \u2022\u2022\u2022-\u2022\u2022-1120, "
    "to \u2022\u2022\u2022\u2022 \u2022\u2022\u2022\u2022 \u2022\u2022\u2022\u2022 \u2022\u2022\u2022\u2022 \u2022\u202254 32"
)
PIECES = ("03436467", "45391488", "078051120", "12345698", "5698765432")
"""Of each number more than may stay, without what groups it."""
WORDS = {"1488", "0343", "078", "5698"}
"""Of each number what an index would know of it alone."""
LATER = TUESDAY_10 + 3 * 3_600_000
TODAY = "2026-05-12"


@pytest.fixture
def data(office: Office) -> DeskData:
    return office.desk()


@pytest.fixture
def frame(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    made = Frame(data, themes, qtbot)
    yield made
    made.close()


def found_in(sql: Sql) -> set[str]:
    """The tables in which a piece of one of the numbers can be read; an index is looked at by its words."""
    made = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    tables = [name for (name,) in sql.all(made)]
    found = set()
    for table in tables:
        for row in sql.all(f'SELECT * FROM "{table}"'):
            values = [value.decode("latin-1") if isinstance(value, bytes) else value for value in row]
            texts = [re.sub("[^0-9A-Za-z]", "", value) for value in values if isinstance(value, str)]
            if any(piece in text for piece in PIECES for text in texts):
                found.add(table)
    return found


def files_with(folder: Path) -> list[str]:
    """Files below in whose bytes one of the numbers stands as it was typed, or without blanks."""
    forms = [form.encode() for number in (CARD, SSN, IBAN) for form in (number, re.sub("[ -]", "", number))]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


def type_everywhere(frame: Frame) -> None:
    """By keys what one types most, the rest as its screens ask for it."""
    frame.desk.call("(312) 555-0142")
    frame.settle()
    frame.go("calls")
    frame.place.call_pane.notes.setFocus()
    frame.type(SAID)
    assert frame.place.call_pane.private.is_open
    frame.press("F8", "1", "Ctrl+Return")
    ticket_id = str(
        frame.value("SELECT id FROM tickets WHERE assignee_id = ? AND state = 'open'", frame.data.account.user_id)
    )
    frame.desk.open("ticket", ticket_id)
    frame.settle()
    for kind in ("reply", "note", "heard"):
        frame.place.conversation.composer.start(kind)
        frame.type(f"{kind}: {SAID}")
        frame.press("Ctrl+Return")
    services, client_id = frame.data.services, str(frame.value("SELECT id FROM clients ORDER BY id LIMIT 1"))
    services.clients.add_note(client_id, SAID)
    services.clients.edit_client(client_id, {"alert": SAID})
    services.inbox.rename(ticket_id, SAID)
    services.inbox.escalate(ticket_id, services.people.leads(services.people.home_team())[0].id, SAID)
    opened = services.inbox.open_ticket(SAID, client_id=client_id, note=SAID)
    services.inbox.rename(opened.ticket_id, f"again {SAID}")
    promise = services.follow_ups.add("promise", SAID, LATER, client_id=client_id).id
    services.follow_ups.rename(promise, f"{SAID} again")
    services.follow_ups.renegotiate(promise, LATER + 60_000, SAID)
    services.follow_ups.complete(promise, "kept", SAID)
    steps = NextSteps(
        TicketStep(),
        (FollowUpStep("promise", SAID, LATER),),
        EscalateStep(services.people.leads(services.people.home_team())[0].id, SAID),
    )
    saved = services.calls.log_afterwards(
        client_id=client_id,
        number="+13125550142",
        started_at=TUESDAY_10 - 600_000,
        talk_seconds=60,
        note=SAID,
        steps=steps,
    )
    services.calls.correct(saved.interaction_id, {"note": f"{SAID} corrected"})
    discarded = services.calls.start("(312) 555-0142", direction="in")
    services.calls.set_note(discarded.id, SAID)
    services.calls.discard(discarded.id)


def test_what_is_typed_anywhere_is_masked_in_every_file(frame: Frame, office: Office) -> None:
    words = set(terms(frame.data.sql))
    type_everywhere(frame)
    assert found_in(frame.data.sql) == set()
    assert not WORDS & (set(terms(frame.data.sql)) - words)
    office.bureau.sync(frame.data)
    frame.data.services.undo()
    office.bureau.sync(frame.data)
    assert found_in(frame.data.sql) == set()
    assert found_in(office.bureau.sql) == set()
    assert files_with(office.home) == []
    note = frame.value("SELECT body FROM messages WHERE kind = 'reply' AND body LIKE 'reply: card%'")
    assert note == f"reply: {STORED}"
    assert frame.value("SELECT COUNT(*) FROM needs_you") == 0


def terms(sql: Sql) -> Iterator[str]:
    for table in ("search_item_terms", "search_directory_terms"):
        yield from (term for (term,) in sql.all(f"SELECT DISTINCT term FROM {table}"))


def test_what_waits_to_be_saved_is_in_drafts_alone(frame: Frame, office: Office) -> None:
    ticket_id = str(frame.value("SELECT id FROM tickets WHERE state = 'open' ORDER BY id LIMIT 1"))
    frame.desk.open("ticket", ticket_id)
    frame.settle()
    frame.place.conversation.composer.start("reply")
    frame.type(SAID)
    assert frame.data.services.drafts.read(f"reply:{ticket_id}") == SAID
    assert found_in(frame.data.sql) == {"drafts"}
    assert files_with(office.home) == []  # the file with the drafts is encrypted
    frame.press("Ctrl+Return")
    assert found_in(frame.data.sql) == set()


def test_a_crash_and_the_log_of_the_program_hold_none(data: DeskData, tmp_path: Path) -> None:
    def fail(note: str) -> None:
        raise KeyError(f"no place for {note}")

    log = DiagnosticsLog(tmp_path / "log")
    try:
        (tmp_path / "log").mkdir(exist_ok=True)
        try:
            fail(SAID)
        except KeyError as error:
            (tmp_path / "log" / "crash.txt").write_text(report_of(error, "MainThread", TUESDAY_10), encoding="utf-8")
            structlog.get_logger("csr_desktop.ui").error("not saved", error=error, kind=SAID, note=SAID)
    finally:
        log.close()
    assert (tmp_path / "log" / "csr-desktop.log").exists()
    assert files_with(tmp_path / "log") == []


def pushed(office: Office, data: DeskData, *commands: Command) -> None:
    """As a desk sends them that looks for nothing."""
    account, first = data.account, int(data.replica.state().get("seq", 0)) + 1
    ready = [
        stamped(c, f"0190{at:04x}-0000-7000-8000-00000000abcd", account.user_id, account.device_id, at, TUESDAY_10)
        for at, c in enumerate(commands, first)
    ]
    office.bureau.ledger.push([Push(account.device_id, account.user_id, [catalogue.encode(c) for c in ready])])


def log_of(scope: str, row_id: str, **fields: Any) -> LogInteraction:
    return LogInteraction(row_id=row_id, scope=scope, started_at=1, ended_at=2, **fields)


def test_what_an_older_desk_sends_is_masked_before_anything_of_it_is_kept(office: Office, data: DeskData) -> None:
    scope, sql = data.services.people.home_team(), office.bureau.sql
    ticket_id = str(sql.value("SELECT id FROM tickets WHERE scope = ? LIMIT 1", scope))
    pushed(
        office,
        data,
        log_of(scope, "call", note=SAID),
        EditInteraction(row_id="call", changes={"note": (SAID, f"{SAID} again")}),
        AddMessage(row_id="said", ticket_id=ticket_id, message_kind="note", body=SAID),
        AddMessage(row_id="nowhere", ticket_id="unknown", message_kind="note", body=SAID),
    )
    statuses = [s for (s,) in sql.all("SELECT status FROM log ORDER BY position DESC LIMIT 4")][::-1]
    assert statuses == ["done", "done", "done", "refused"]
    assert sql.value("SELECT note FROM interactions WHERE id = 'call'") == f"{STORED} again"
    assert found_in(sql) == set()
    assert files_with(office.home) == []
    casey = office.filled_desk("casey")
    assert casey.sql.value("SELECT body FROM messages WHERE id = 'said'") == STORED
    assert found_in(casey.sql) == set()


def test_the_lead_learns_how_many_and_nothing_else(office: Office, data: DeskData) -> None:
    replica, services, me = data.replica, data.services, data.account.user_id
    client_id = str(data.sql.value("SELECT id FROM clients ORDER BY id LIMIT 1"))
    services.clients.add_note(client_id, f"ssn {SSN} and card {CARD}")
    replica.said_none.add(("ssn", SSN.replace("-", "")))
    services.clients.add_note(client_id, f"part {SSN} is none, card {CARD} is")
    services.clients.add_note(client_id, "nothing here")
    office.bureau.sync(data)
    expected = [PrivateCount(me, TODAY, masked_count=3, kept_count=1)]
    assert private_counts(office.bureau.sql, TODAY, TODAY) == expected
    assert private_counts(office.bureau.sql, TODAY, TODAY, ["somebody else"]) == []
    header, rows = private_counts_table(office.bureau.sql, Names(office.bureau.sql))
    assert header == ("Day", "Person", "Teams", "Masked", "Kept as none")
    assert [(row[0], row[1], *row[3:]) for row in rows] == [(TODAY, data.account.name, 3, 1)]
    data.services.undo()
    office.bureau.sync(data)
    assert private_counts(office.bureau.sql, "2026-05-01", "2026-05-31", [me]) == expected


def test_a_call_that_is_taken_back_and_saved_again_counts_once(office: Office, data: DeskData) -> None:
    calls, me = data.services.calls, data.account.user_id
    call = calls.start("(312) 555-0142")
    calls.end(call.id)
    calls.save(call.id, f"ssn {SSN} and card {CARD}")
    office.bureau.sync(data)
    data.services.undo()
    office.bureau.sync(data)
    (again,) = calls.running()
    calls.save(again.id, f"ssn {SSN} and card {CARD}")
    office.bureau.sync(data)
    assert private_counts(office.bureau.sql, TODAY, TODAY) == [PrivateCount(me, TODAY, masked_count=2, kept_count=0)]


def test_what_was_said_of_a_number_lasts_with_its_draft(office: Office, data: DeskData) -> None:
    note = f"order {CARD} is no card"
    data.replica.said_none.add(("card", CARD.replace(" ", "")))
    data.services.drafts.write("client_note:x", note)
    call = data.services.calls.start("(312) 555-0142", direction="in")
    data.services.calls.set_note(call.id, note)
    for key in ("draft", "call"):
        office.close_desks()
        anew = office.desk()
        assert anew.replica.said_none == set()
        if key == "draft":
            assert anew.services.drafts.read("client_note:x") == note
        else:
            anew.services.calls.running()
            saved = anew.services.calls.save(call.id)
            office.bureau.sync(anew)
            text = "SELECT note FROM interactions WHERE id = ?"
            assert office.bureau.sql.value(text, saved.interaction_id) == note
            assert anew.sql.value("SELECT COUNT(*) FROM draft_marks WHERE key LIKE 'call:%'") == 0
        assert anew.replica.said_none == {("card", CARD.replace(" ", ""))}
        if key == "draft":
            anew.services.drafts.clear("client_note:x")
            assert anew.sql.value("SELECT COUNT(*) FROM draft_marks WHERE key = 'client_note:x'") == 0


def test_a_colleague_who_edits_leaves_what_was_kept(office: Office, data: DeskData) -> None:
    client_id = str(data.sql.value("SELECT id FROM clients ORDER BY id LIMIT 1"))
    data.replica.said_none.add(("card", CARD.replace(" ", "")))
    data.services.clients.edit_client(client_id, {"alert": f"order {CARD}"})
    office.bureau.sync(data)
    casey = office.filled_desk("casey")
    casey.services.clients.edit_client(client_id, {"alert": f"order {CARD}, ssn {SSN}"})
    office.bureau.sync(casey)
    alert = office.bureau.sql.value("SELECT alert FROM clients WHERE id = ?", client_id)
    assert alert == f"order {CARD}, ssn \u2022\u2022\u2022-\u2022\u2022-1120"
