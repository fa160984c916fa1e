"""A call for a company without a person: from its profile, from the palette, by its name and by its own line."""

from __future__ import annotations

import pytest

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
