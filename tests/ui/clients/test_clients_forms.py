"""What is changed about clients and their people, at its place, with drafts and colleagues."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from csr_desktop.domain.pay_schedule import PaySchedule
from csr_desktop.ui.clients.contact_card import TextButton
from csr_desktop.ui.clients.form_fields import LineField
from csr_desktop.ui.clients.pay_schedule_field import PayScheduleField, next_runs
from csr_desktop.ui.desk import Target
from tests.desks import TUESDAY_10
from tests.ui.clients.screen import Screen

BAKERY = "Example Bakery"


def line(screen: Screen, key: str) -> LineField:
    field = screen.place.forms.client._fields[key]
    assert isinstance(field, LineField)
    return field


def test_a_field_is_edited_by_keyboard_saved_and_taken_back(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    assert screen.place.forms.client.name.line.hasFocus()
    screen.press(Qt.Key.Key_Tab)
    assert line(screen, "code").line.hasFocus()
    line(screen, "products").line.setFocus()
    line(screen, "products").line.setText("Payroll only")
    screen.save()
    assert not screen.place.forms.client.is_open
    assert screen.column("clients", client_id, "products") == "Payroll only"
    command = screen.data.sql.value("SELECT body FROM outbox ORDER BY seq DESC LIMIT 1")
    assert b"products" in bytes(command, "utf-8") if isinstance(command, str) else b"products" in command
    screen.desk.undo(screen.window)
    screen.settle()
    assert screen.column("clients", client_id, "products") != "Payroll only"


def test_letters_are_no_commands_while_a_form_has_the_keyboard(screen: Screen) -> None:
    screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    form = screen.place.forms.client
    form.close_button.setFocus()
    opened: list[Target] = []
    screen.desk.opening.connect(opened.append)
    screen.press(Qt.Key.Key_N)
    assert opened == []
    for _ in range(60):
        screen.press(Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert form.isAncestorOf(focus), "Tab stays in the form"


def test_what_is_wrong_is_said_at_its_field(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    form = screen.place.forms.client
    form.name.line.clear()
    line(screen, "employee_count").line.setText("many")
    line(screen, "email").line.setText("dana at bakery")
    screen.save()
    assert form.is_open
    assert form.name.labelled.error == "A client needs a name."
    assert "whole number" in line(screen, "employee_count").labelled.error
    assert "email address" in line(screen, "email").labelled.error
    assert form.name.line.hasFocus()
    form.name.line.setText(BAKERY)
    line(screen, "employee_count").line.setText("1,234")
    line(screen, "email").line.setText("dana@bakery.example")
    assert form.name.labelled.error == ""
    screen.save()
    assert form.isHidden()
    assert screen.column("clients", client_id, "employee_count") == 1234


def test_a_half_filled_form_is_kept_and_can_be_given_up(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    line(screen, "city").line.setText("Evanston")
    screen.settle()
    screen.press(Qt.Key.Key_Escape)
    assert not screen.place.forms.client.is_open
    assert "Evanston" in screen.data.services.drafts.read(f"client_form:{client_id}")
    screen.show(screen.busiest)
    screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    assert line(screen, "city").value() == "Evanston"
    assert screen.place.forms.client.state.text() == "Draft kept"
    screen.place.forms.client.discard_button.click()
    screen.settle()
    assert screen.data.services.drafts.read(f"client_form:{client_id}") == ""
    screen.press(Qt.Key.Key_E)
    assert line(screen, "city").value() == "Chicago"


def test_a_colleagues_change_meanwhile_stands_on_its_field(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    city, products = line(screen, "city"), line(screen, "products")
    city.line.setText("Evanston")
    screen.colleague(
        client_id,
        lambda casey: casey.services.clients.edit_client(client_id, {"city": "Oak Park", "products": "Payroll only"}),
    )
    assert city.value() == "Evanston", "what is being typed is never touched"
    assert city._meanwhile.isVisible()
    assert city._words.text() == "Casey Demo changed this to “Oak Park” meanwhile. Yours: “Evanston”."
    assert products.value() == "Payroll only"
    assert not products.is_changed
    city.take_button.click()
    assert (city.value(), city.is_changed, city._meanwhile.isVisible()) == ("Oak Park", False, False)


def test_the_persons_value_wins_when_they_keep_it(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    city = line(screen, "city")
    city.line.setText("Evanston")
    screen.colleague(client_id, lambda casey: casey.services.clients.edit_client(client_id, {"city": "Oak Park"}))
    city.keep_button.click()
    assert city.base == "Oak Park", "saving says what was seen"
    screen.office.clock.at += 60_000
    screen.save()
    assert screen.column("clients", client_id, "city") == "Evanston"


def test_a_new_client_shows_whom_it_may_be_already(screen: Screen) -> None:
    screen.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    form = screen.place.forms.client
    screen.type("Exampel Bakery")
    assert form._alike.isVisible()
    links = {button.words: button for button in form._alike.findChildren(TextButton)}
    assert BAKERY in links
    links[BAKERY].click()
    screen.settle()
    assert not form.is_open
    assert screen.place.pane.profile is not None
    assert screen.place.pane.profile.name == BAKERY
    screen.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert form.name.value() == "Exampel Bakery", "the draft waits"


def test_a_new_client_is_added_and_shown(screen: Screen) -> None:
    screen.place.open_target(Target("new_client", ""))
    screen.settle()
    screen.type("Placeholder Pies")
    screen.save()
    assert screen.place.pane.profile is not None
    assert screen.place.pane.profile.name == "Placeholder Pies"
    assert screen.place.pane.profile.status == "active"
    assert screen.data.services.drafts.keys("client_form:") == ()
    assert screen.place.list.current_id == screen.place.pane.profile.id


def test_a_contact_is_added_with_a_number_that_says_how_it_was_read(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_A)
    form = screen.place.forms.contact
    screen.type("Jo Placeholder")
    form.entry.number.setText("312.555.0188 x4")
    screen.settle()
    assert form.entry._labelled._help == "+1 312-555-0188 ext. 4, national form: (312) 555-0188 ext. 4"
    form._fields["authorities"].set_value(("tax",))
    screen.save()
    person = next(c for c in screen.data.services.clients.contacts(client_id) if c.name == "Jo Placeholder")
    assert person.authorities == ("tax",)
    assert [(n.e164, n.extension) for n in person.numbers] == [("+13125550188", "4")]


@pytest.mark.parametrize("number", ["abc", "12", "anonymous"])
def test_a_number_that_is_none_is_refused_at_its_field(screen: Screen, number: str) -> None:
    screen.show(BAKERY)
    screen.press(Qt.Key.Key_A)
    form = screen.place.forms.contact
    screen.type("Jo Placeholder")
    form.entry.number.setText(number)
    screen.save()
    assert form.is_open
    assert "area code" in form.entry._labelled.error
    assert form.entry.number.hasFocus()


def test_a_person_who_left_and_a_number_that_goes(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    person = next(c for c in screen.data.services.clients.contacts(client_id) if len(c.numbers) == 1)
    screen.place.edit_contact(person.id)
    screen.settle()
    form = screen.place.forms.contact
    form._lines[0].remove.click()
    screen.settle()
    assert not form._lines[0].isVisible(), "the open form shows it gone"
    form.active.box.click()
    screen.save()
    now = next(c for c in screen.data.services.clients.contacts(client_id) if c.id == person.id)
    assert (now.is_active, now.numbers) == (False, ())


def test_a_company_number_is_added(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    before = len(screen.data.services.clients.profile(client_id).company_numbers)
    screen.place.add_company_number()
    screen.settle()
    screen.type("(312) 555-0199")
    screen.save()
    assert len(screen.data.services.clients.profile(client_id).company_numbers) == before + 1


def test_the_alert_is_changed_in_its_place(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_P)
    alert = screen.place.pane.side.alert
    assert alert.text.editor.text().startswith("Ask for the shop name first")
    alert.text.editor.set_text("Ask for the shop first.")
    screen.settle()
    assert screen.data.services.drafts.read(f"client_alert:{client_id}") == "Ask for the shop first."
    screen.save()
    assert screen.column("clients", client_id, "alert") == "Ask for the shop first."
    assert not alert.is_editing
    assert screen.data.services.drafts.read(f"client_alert:{client_id}") == ""


def test_the_pay_schedule_says_what_follows_from_it(screen: Screen) -> None:
    client_id = screen.show(BAKERY)
    screen.press(Qt.Key.Key_E)
    field = screen.place.forms.client.schedule
    assert not field.is_changed
    field.parts.frequency.choose("semimonthly")
    field.parts.frequency.chosen.emit("semimonthly")
    field.parts.first_day.choose("15")
    field.parts.second_day.choose("31")
    field.parts.second_day.chosen.emit("31")
    screen.settle()
    shown = [
        label.text() for label in field.parts.preview.findChildren(type(field.parts.trouble)) if not label.isHidden()
    ]
    days = [screen.desk.words.day(date) for date in ("2026-05-15", "2026-05-29", "2026-06-15")]
    assert [text for text in shown if text.startswith("Paid")] == [f"Paid {day}" for day in days]
    field.parts.second_day.choose("15")
    field.parts.second_day.chosen.emit("15")
    screen.save()
    assert "two different days" in field.labelled.error
    field.parts.second_day.choose("31")
    field.parts.second_day.chosen.emit("31")
    screen.save()
    stored = screen.data.services.clients.profile(client_id).pay_schedule
    assert stored is not None
    assert (stored.frequency, stored.pay_days) == ("semimonthly", (15, 31))


_SCHEDULES = st.one_of(
    st.builds(
        PaySchedule,
        frequency=st.sampled_from(["weekly", "biweekly"]),
        time_zone=st.just("America/Chicago"),
        anchor_date=st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)).map(dt.date.isoformat),
        cut_off_days=st.integers(0, 20),
        cut_off_minute=st.integers(0, 1439),
        deposit_rule=st.sampled_from(["semiweekly", "monthly", "next-day"]),
        period_lag_days=st.integers(0, 60),
    ),
    st.builds(
        PaySchedule,
        frequency=st.just("semimonthly"),
        time_zone=st.just("Asia/Kathmandu"),
        pay_days=st.lists(st.integers(1, 31), min_size=2, max_size=2, unique=True).map(tuple),
    ),
    st.builds(
        PaySchedule,
        frequency=st.just("monthly"),
        time_zone=st.just("America/New_York"),
        pay_days=st.integers(1, 31).map(lambda day: (day,)),
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=_SCHEDULES)
def test_looking_at_a_pay_schedule_changes_nothing(screen: Screen, schedule: PaySchedule) -> None:
    field = screen.place.findChild(PayScheduleField) or PayScheduleField(screen.desk, screen.place.words)
    field.parts.time_zone = schedule.time_zone
    field.start(schedule)
    assert field.value() == schedule
    runs = next_runs(schedule, TUESDAY_10)
    assert len({run.cut_off_at for run in runs}) == 3
    screen.settle()
    field.deleteLater()
