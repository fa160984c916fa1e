"""A call for a company without a person: from its profile, from the palette, by its name and by its own line."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton

from csr_desktop.services.call_rows import RunningCall
from tests.ui.frame_bench import Frame

LINE = "(312) 555-0131"


@pytest.fixture
def company(frame: Frame) -> str:
    """A client that nobody is known of."""
    clients = frame.data.services.clients
    added = clients.add_client({"name": "Placeholder Foundry"})
    frame.data.services.changed(added.outcome.changed)
    frame.desk.publish(added.outcome.changed)
    frame.settle()
    return added.id


def add_line(frame: Frame, client_id: str, number: str = LINE) -> None:
    outcome = frame.data.services.clients.add_number(client_id, "", number).outcome
    frame.data.services.changed(outcome.changed)
    frame.desk.publish(outcome.changed)
    frame.settle()


def only_call(frame: Frame) -> RunningCall:
    (call,) = frame.data.services.calls.running()
    return call


def open_profile(frame: Frame, client_id: str) -> None:
    frame.desk.open("client", client_id)
    frame.settle()
    assert frame.place.pane.profile.id == client_id


def test_d_on_a_profile_without_a_number_starts_a_call_for_the_company(frame: Frame, company: str) -> None:
    open_profile(frame, company)
    frame.press("D")
    call = only_call(frame)
    assert (call.client_id, call.contact_id, call.number) == (company, "", "")
    assert frame.window.current_place == "calls"
    assert frame.place.call_pane.head.name.text() == "Placeholder Foundry"
    assert frame.place.context.client_id == company
    frame.type("Asked for a quote.")
    frame.press("F6", "F8", "1", "Ctrl+Return")
    saved = frame.value("SELECT client_id || contact_id || note FROM interactions WHERE id = ?", call.id)
    assert saved == company + "Asked for a quote."


def test_d_on_a_profile_dials_the_companys_line(frame: Frame, company: str) -> None:
    add_line(frame, company)
    open_profile(frame, company)
    frame.press("D")
    call = only_call(frame)
    assert (call.client_id, call.contact_id, call.number_shown) == (company, "", LINE)


def test_ctrl_d_in_the_palette_calls_a_company(frame: Frame, company: str) -> None:
    frame.press("Ctrl+K")
    frame.type("placeholder foundry")
    assert frame.floats.palette.list.currentIndex().data() == "Placeholder Foundry"
    frame.press("Ctrl+D")
    assert only_call(frame).client_id == company
    assert frame.place.call_pane.head.name.text() == "Placeholder Foundry"


def test_a_company_is_called_by_its_name(frame: Frame, company: str) -> None:
    frame.press("Ctrl+D")
    frame.type("placeholder foundry")
    frame.press("Return")
    call = only_call(frame)
    assert (call.client_id, call.contact_id, call.direction) == (company, "", "in")


def test_a_number_that_only_the_company_has_finds_the_company(frame: Frame, company: str) -> None:
    add_line(frame, company)
    frame.press("Ctrl+D")
    frame.type("312 555 0131")
    frame.press("Return")
    call = only_call(frame)
    assert (call.client_id, call.contact_id) == (company, "")
    head = frame.place.call_pane.head
    assert head.name.text() == "Placeholder Foundry"
    assert frame.place.words.match(call)[2] == f"{LINE} is the company's own line: who is it?"


def test_two_companies_that_share_a_line_are_both_offered(frame: Frame, company: str) -> None:
    add_line(frame, company)
    other = frame.data.services.clients.add_client({"name": "Placeholder Farms"}).id
    add_line(frame, other)
    frame.press("Ctrl+D")
    frame.type("312 555 0131")
    finder = frame.desk_window.call_bar._float.finder  # type: ignore[union-attr]
    at = [found.client_id for found in finder.model.found].index(other)
    frame.press(*["Down"] * at, "Return")
    call = only_call(frame)
    assert (call.client_id, call.contact_id) == (other, "")
    assert frame.place.words.match(call)[2] == f"Company chosen by you for {LINE}: who is it?"


def fill_new_client(frame: Frame, name: str, number: str) -> None:
    frame.go("clients")
    frame.press("Ctrl+N")
    frame.type(name)
    frame.press("Tab")
    frame.type(number)


@pytest.mark.parametrize("typed", ["(312) 555-0188", "312.555.0188", "+1 312 555 0188"])
def test_the_next_call_from_a_new_clients_main_number_finds_it(frame: Frame, typed: str) -> None:
    fill_new_client(frame, "Placeholder Printing", typed)
    assert frame.focus.accessibleName() == "Main number"
    frame.press("Ctrl+Return")
    client_id = frame.place.pane.profile.id
    assert frame.place.pane.profile.name == "Placeholder Printing"
    assert [number.e164 for number in frame.place.pane.profile.company_numbers] == ["+13125550188"]
    frame.press("Ctrl+D")
    frame.type("3125550188")
    frame.press("Return")
    assert only_call(frame).client_id == client_id
    assert frame.place.call_pane.head.name.text() == "Placeholder Printing"


def test_one_undo_takes_back_the_new_client_and_its_number(frame: Frame) -> None:
    fill_new_client(frame, "Placeholder Printing", "312 555 0188")
    frame.press("Ctrl+Return", "Ctrl+Z")
    left = "SELECT COUNT(*) FROM {0} WHERE {1} AND deleted = 0"
    assert frame.value(left.format("phone_numbers", "e164 = '+13125550188'")) == 0
    assert frame.value(left.format("clients", "name = 'Placeholder Printing'")) == 0


def test_a_number_that_cannot_be_dialled_is_said_at_its_field_and_nothing_is_added(frame: Frame) -> None:
    fill_new_client(frame, "Placeholder Printing", "12")
    frame.press("Ctrl+Return")
    form = frame.place.forms.client
    assert form.is_open
    assert "cannot be" in form.number._labelled.error or "not a number" in form.number._labelled.error
    assert frame.focus is form.number.number
    assert frame.value("SELECT COUNT(*) FROM clients WHERE name = 'Placeholder Printing'") == 0


def test_a_known_number_shows_whose_it_is(frame: Frame) -> None:
    e164, owner = frame.data.sql.one(
        "SELECT n.e164, c.name FROM phone_numbers n JOIN clients c ON c.id = n.client_id "
        "WHERE n.e164 <> '' AND n.deleted = 0 ORDER BY n.id LIMIT 1"
    )
    fill_new_client(frame, "", e164)
    words = [label.text() for label in frame.place.forms.client._alike.findChildren(QAbstractButton)]
    assert owner in words


def test_a_half_typed_number_is_kept(frame: Frame) -> None:
    fill_new_client(frame, "", "312 555")
    frame.press("Esc")
    assert not frame.place.forms.client.is_open
    frame.press("Ctrl+N")
    assert frame.place.forms.client.number.text() == "312 555"
