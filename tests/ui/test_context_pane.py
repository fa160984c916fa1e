from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from csr_desktop.services.client_rows import LastContact
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.context_pane import ContextPane
from csr_desktop.ui.context_parts import LastContactLine, LinkLine
from csr_desktop.ui.context_waiting import WaitingLine
from csr_desktop.ui.desk import Desk, Notice


def settle(desk: Desk) -> None:
    for _ in range(4):
        while desk.store.is_busy:
            QApplication.processEvents()
        QApplication.processEvents()


@pytest.fixture
def ticket(data: DeskData) -> tuple[str, str, str]:
    """Client, contact and id of the ticket about the notice."""
    row = next(r for r in data.services.inbox.page("mine").rows if "Tax notice" in r.title)
    return row.client_id, row.contact_id, row.id


@pytest.fixture
def pane(desk: Desk, qtbot: QtBot, ticket: tuple[str, str, str]) -> Iterator[ContextPane]:
    made = ContextPane(desk)
    qtbot.addWidget(made)
    made.resize(288, 850)
    made.show()
    made.show_client(*ticket)
    settle(desk)
    yield made
    settle(desk)


def test_it_shows_the_client_and_what_presses(pane: ContextPane, desk: Desk) -> None:
    content = pane._content
    assert content._name.text() == "Example Bakery"
    assert content._tier.badge.text == "Gold"
    assert content._time.text() == desk.words.client_time("America/Chicago")
    assert content._reply.accessibleName() == "Next reply, in 25 min"
    assert content._cut_off.accessibleName() == "Processing cut-off, in 3 h 15"
    assert [p._title.text() for p in content._promises] == ["Call Dana with the bank trace", "Send the new rate table"]


def words(pane: ContextPane) -> set[str]:
    labels = (label for label in pane.findChildren(QLabel) if label.isVisibleTo(pane))
    return {label.accessibleName() or label.text() for label in labels}


def test_the_persons_email_is_there_to_be_read(
    pane: ContextPane, desk: Desk, data: DeskData, ticket: tuple[str, str, str]
) -> None:
    clients, contact_id = data.services.clients, ticket[1]
    desk.do(pane, lambda: clients.edit_contact(contact_id, {"email": "dana@bakery.example"}))
    settle(desk)
    assert "dana@bakery.example" in words(pane)


def test_last_contacts_are_no_heading_over_nothing(pane: ContextPane, desk: Desk, data: DeskData) -> None:
    assert "Last contacts" in words(pane)
    client_id = data.services.clients.add_client({"name": "Lonely Example"}).id
    made = data.services.inbox.open_ticket("The only one", client_id=client_id)
    pane.show_client(client_id, "", made.ticket_id)
    settle(desk)
    assert "Lonely Example" in words(pane)
    assert "Last contacts" not in words(pane)


def test_a_promise_is_ticked_off_and_can_be_taken_back(pane: ContextPane, desk: Desk, data: DeskData) -> None:
    notices: list[Notice] = []
    desk.noticed.connect(notices.append)
    promise = pane._content._promises[0]
    assert promise._promise is not None
    promise.check.click()
    settle(desk)
    assert data.services.follow_ups.detail(promise._promise.id if promise._promise else "").row is not None
    shown = [line._title.text() for line in pane._content._promises if not line.isHidden()]
    assert shown == ["Send the new rate table"]
    desk.undo(pane, notices[-1].undo_group)
    settle(desk)
    assert len([line for line in pane._content._promises if not line.isHidden()]) == 2


def test_time_that_passes_is_shown(pane: ContextPane, desk: Desk, office: object) -> None:
    clock = office.clock  # type: ignore[attr-defined]
    clock.at += 10 * 60_000
    pane.on_minute()
    assert pane._content._reply.accessibleName() == "Next reply, in 15 min"


def test_a_number_dials(pane: ContextPane, desk: Desk, ticket: tuple[str, str, str]) -> None:
    called: list[tuple[str, str]] = []
    desk.calling.connect(lambda number, contact: called.append((number, contact)))
    pane._content._contact._call.click()
    pane._content._contact._numbers[0].button.click()
    pane.call()
    assert len(called) == 3
    assert {contact for _, contact in called} == {ticket[1]}
    assert len({number for number, _ in called}) == 1


def test_all_contacts_lead_to_the_profile(pane: ContextPane, desk: Desk, ticket: tuple[str, str, str]) -> None:
    opened: list[tuple[str, str]] = []
    desk.opening.connect(lambda target: opened.append((target.kind, target.id)))
    pane._content._all.click()
    assert opened == [("client", ticket[0])]


def test_a_change_of_the_client_is_seen(
    pane: ContextPane, desk: Desk, data: DeskData, ticket: tuple[str, str, str]
) -> None:
    desk.do(pane, lambda: data.services.clients.edit_client(ticket[0], {"alert": "Ask for the sample word."}))
    settle(desk)
    assert pane._content._alert_text.text() == "Ask for the sample word."


def test_it_is_read_when_it_comes_on_the_screen(desk: Desk, qtbot: QtBot, ticket: tuple[str, str, str]) -> None:
    hidden = ContextPane(desk)
    qtbot.addWidget(hidden)
    hidden.show_client(*ticket)
    settle(desk)
    assert hidden._context is None
    hidden.show()
    settle(desk)
    assert hidden._content._name.text() == "Example Bakery"


def test_no_client_leaves_it_empty(pane: ContextPane) -> None:
    pane.show_client("")
    assert pane._stack.currentWidget() is pane._empty


def test_a_client_that_is_not_here_is_said(pane: ContextPane, desk: Desk) -> None:
    pane.show_client("00000000-0000-7000-8000-000000000000")
    settle(desk)
    assert pane._stack.currentWidget() is pane._error


def said(pane: ContextPane) -> list[str]:
    lines = pane.findChildren(LinkLine)
    return [line.accessibleName() for line in lines if line.isVisibleTo(pane)]


def test_beside_a_call_stands_what_its_card_showed(desk: Desk, data: DeskData, qtbot: QtBot) -> None:
    made = ContextPane(desk, shows_waiting=True)
    qtbot.addWidget(made)
    made.show()
    client_id = str(data.sql.value("SELECT client_id FROM contacts WHERE name = 'Robin Placeholder'"))
    made.show_client(client_id)
    settle(desk)
    assert any(one.startswith("Call back about the W-2 reissue, ") and "late" in one for one in said(made)), said(made)
    assert any(one.startswith("Missed call, not called back, ") for one in said(made))
    shown = data.services.calls.waiting(client_id)
    assert [f"{one.label} {one.subject}" for one in shown.tickets[:2]] == [one for one in said(made) if one[0] == "#"]
    opened: list[tuple[str, str]] = []
    desk.opening.connect(lambda target: opened.append((target.kind, target.id)))
    for line in made.findChildren(WaitingLine):
        line.click()
    assert {kind for kind, _ in opened} == {"follow_up", "call", *(["ticket"] if shown.tickets else [])}


def test_a_contact_without_a_note_says_how_it_went(desk: Desk, qtbot: QtBot) -> None:
    line = LastContactLine(desk.themes, desk.words)
    qtbot.addWidget(line)

    def of(**fields: object) -> str:
        whole = {"kind": "call", "id": "1", "view_kind": "phone", "direction": "in", "result": "handled", "title": ""}
        line.show_contact(LastContact(**{**whole, "topic_path": (), "at": desk.words.now(), **fields}))
        return line.accessibleName().rpartition(", ")[0]

    assert of(talk_seconds=241) == "Called us, 4:01"
    assert of(direction="out", talk_seconds=7) == "We called, 0:07"
    assert of(direction="out", result="no_answer") == "We called, no answer"
    assert of(result="missed") == "Missed call"
    assert of(result="abandoned", title="Kim") == "Missed call: Kim"
    assert of(title="Asks for the rate table", talk_seconds=9) == "Asks for the rate table"
    assert of(topic_path=("Payroll tax", "Notice")) == "Notice"
    assert of(view_kind="voicemail") == "Voicemail"
