"""What is opened from elsewhere is what stands there, with the keyboard on it, whatever the place showed before."""

from __future__ import annotations

import pytest

from tests.ui.frame_bench import Frame

DANA = "Dana Sample"
BAKERY = "Example Bakery"


@pytest.fixture(params=["never opened", "open", "open with a form", "filtered", "scrolled"])
def before(request: pytest.FixtureRequest, frame: Frame) -> Frame:
    """The clients as they were left, and the keyboard elsewhere."""
    if request.param != "never opened":
        frame.go("clients")
        frame.choose_first()
    if request.param == "open with a form":
        frame.press("E")
    if request.param == "filtered":
        frame.press("/")
        frame.type("farm")
    if request.param == "scrolled":
        frame.press("End")
    frame.go("inbox")
    frame.choose_first()
    return frame


def find(frame: Frame, words: str, begins: str) -> None:
    frame.press("Ctrl+K")
    frame.type(words)
    found = frame.floats.palette.list
    for _ in range(30):
        if str(found.currentIndex().data()).startswith(begins):
            break
        frame.press("Down")
    assert str(found.currentIndex().data()).startswith(begins)
    frame.press("Return")


def test_rows_that_came_before_what_was_opened_are_not_chosen_for_it(frame: Frame) -> None:
    """The list fills as soon as it is seen; the keyboard that comes with the opened client must choose nothing else."""
    frame.window.go("clients", is_quiet=True)
    frame.settle()
    assert frame.place.list.model.rowCount() > 0
    frame.desk.open("client", client_id(frame))
    frame.settle()
    assert frame.place.pane.profile.id == frame.place.list.current_id == client_id(frame)
    assert frame.focus is frame.place.list.rows


def client_id(frame: Frame) -> str:
    return str(frame.value("SELECT id FROM clients WHERE name = ?", BAKERY))


def test_a_client_that_is_found_is_the_one_that_is_edited(before: Frame) -> None:
    frame = before
    wanted = client_id(frame)
    find(frame, BAKERY, BAKERY)
    assert frame.window.current_place == "clients"
    assert frame.place.pane.profile.id == wanted
    assert frame.place.list.current_id == wanted
    frame.press("E")
    assert frame.place.forms.client.client_id == wanted


def test_a_contact_that_is_found_is_shown_in_their_companys_profile(before: Frame) -> None:
    frame = before
    contact = str(frame.value("SELECT id FROM contacts WHERE name = ? AND client_id = ?", DANA, client_id(frame)))
    find(frame, "exmaple 0142", DANA)
    assert frame.place.pane.profile.id == client_id(frame)
    assert frame.focus.accessibleName() == f"Edit {DANA}"
    frame.press("Return")
    assert frame.place.forms.contact.contact_id == contact


def test_a_contact_without_its_company_is_found_all_the_same(before: Frame) -> None:
    """A target that names nothing but the person."""
    frame = before
    contact = str(frame.value("SELECT id FROM contacts WHERE name = ? AND client_id = ?", DANA, client_id(frame)))
    frame.desk.open("contact", contact)
    frame.settle()
    assert frame.place.pane.profile.id == client_id(frame)
    assert frame.place.list.current_id == client_id(frame)
    assert frame.focus.accessibleName() == f"Edit {DANA}"


def test_a_person_who_is_not_here_is_said_and_nothing_else_is_shown(frame: Frame) -> None:
    frame.go("clients")
    frame.choose_first()
    shown = frame.place.pane.profile.id
    frame.desk.open("contact", "0190f0f0-0000-7000-8000-000000000000")
    frame.settle()
    assert frame.place.pane.profile.id == shown
    assert frame.notices[-1].tone == "danger"
