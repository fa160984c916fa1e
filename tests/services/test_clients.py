from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.pay_schedule import PaySchedule
from csr_desktop.services.client_rows import ClientCounts, FieldChange, TimelineCounts, TopicCount
from csr_desktop.sync.replica import UNDO_KEPT
from tests.services.conftest import CHICAGO, DAY, HOUR, MINUTE, NOW, at

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau


def names(page: object) -> list[str]:
    return [row.name for row in page.rows]  # type: ignore[attr-defined]


def test_the_list_goes_by_name_as_people_read_it_and_pages_by_key(bureau: Bureau, desk: Services) -> None:
    for name in ("apple Placeholder", "Zebra Fictional", "Fictional Fitness", "example Café", "Example Bakery"):
        bureau.row("clients", name=name)
    wanted = [
        "apple Placeholder", "Example Bakery", "Example Bakery", "example Café", "Fictional Fitness", "Sample Dental Group",
        "Zebra Fictional",
    ]  # fmt: skip
    seen: list[str] = []
    key = None
    while True:
        page = desk.clients.page("all", after_key=key, limit=2)
        seen += names(page)
        key = page.next_key
        if key is None:
            break
    assert seen == wanted
    assert desk.clients.counts() == ClientCounts(all=7, mine=1)
    assert names(desk.clients.page("mine")) == ["Example Bakery"]


def test_the_filter_takes_a_piece_of_the_name_the_code_or_a_number(bureau: Bureau, desk: Services) -> None:
    bureau.row("clients", name="100 % Made-up Motors_")
    assert names(desk.clients.page("all", "bakery")) == ["Example Bakery"]
    assert names(desk.clients.page("all", " ex-1")) == ["Example Bakery"]
    assert names(desk.clients.page("all", "%")) == ["100 % Made-up Motors_"]
    assert names(desk.clients.page("all", "_")) == ["100 % Made-up Motors_"]
    for typed in ("0142", "(312) 555-0142", "+1 312 555 0142", "312.555.0142"):
        assert names(desk.clients.page("all", typed)) == ["Example Bakery"], typed
    assert names(desk.clients.page("all", "100")) == ["100 % Made-up Motors_"]
    assert names(desk.clients.page("all", "nobody")) == []


def test_recent_ones_are_those_opened_here_the_latest_first_also_after_a_restart(
    bureau: Bureau, desk: Services
) -> None:
    desk.clients.opened("bakery")
    desk.clients.opened("dental")
    desk.clients.opened("bakery")
    again = bureau.restart()
    assert [row.name for row in again.clients.recent()] == ["Example Bakery", "Sample Dental Group"]
    row = again.clients.recent()[0]
    assert (row.city, row.tier, row.cut_off_at, row.is_mine) == (
        "Chicago",
        "gold",
        at("2026-05-14 13:00", CHICAGO),
        True,
    )


def test_a_profile_tells_the_company_at_a_glance(bureau: Bureau, desk: Services) -> None:
    bureau.row("phone_numbers", client_id="bakery", raw="020 7946 0123", e164="+442079460123", label="Accountant")
    for topic, ago in (("notice", 5), ("deposit", 40), ("time", 60), ("notice", 120)):
        bureau.row("interactions", scope="tax", client_id="bakery", topic_id=topic, started_at=NOW - ago * DAY)
    profile = desk.clients.profile("bakery")
    assert (profile.name, profile.specialist_name, profile.can_edit) == ("Example Bakery", "Ada Sample", True)
    assert (profile.is_open, profile.open_until_at) == (True, at("2026-05-14 12:00", CHICAGO))
    assert [contact.name for contact in profile.contacts] == ["Dana Sample", "Robin Stand-in"]
    assert [(n.shown, n.label, n.zone) for n in profile.company_numbers] == [
        ("+44 20 7946 0123", "Accountant", "Europe/London")
    ]
    assert profile.topic_counts == (TopicCount("payroll_tax", "Payroll tax", 2), TopicCount("time", "Time clock", 1))
    assert profile.pay_schedule is not None
    assert profile.pay_schedule.frequency == "biweekly"
    with pytest.raises(Refused):
        desk.clients.profile("nowhere")


def test_a_closed_account_says_since_when(bureau: Bureau, desk: Services) -> None:
    assert desk.clients.rows(["bakery"])[0].status_since_at == 0
    desk.clients.edit_client("bakery", {"status": "closed"})
    row = desk.clients.rows(["bakery"])[0]
    assert (row.status, row.status_since_at, row.cut_off_at) == ("closed", NOW, 0)


def test_the_strip_shows_the_payroll_calendar_of_two_weeks(desk: Services) -> None:
    strip = desk.clients.schedule("bakery")
    assert strip is not None
    assert [day.date for day in strip.days[:3]] == ["2026-05-13", "2026-05-14", "2026-05-15"]
    assert len(strip.days) == 14
    assert [day.date for day in strip.days if day.is_weekend] == [
        "2026-05-16",
        "2026-05-17",
        "2026-05-23",
        "2026-05-24",
    ]
    assert {day.date: day.holiday for day in strip.days if day.holiday} == {"2026-05-25": "Memorial Day"}
    assert (strip.today, strip.frequency, strip.period_end) == ("2026-05-14", "biweekly", "2026-05-09")
    assert (strip.cut_off_at, strip.pay_date, strip.deposit_due) == (
        at("2026-05-14 13:00", CHICAGO),
        "2026-05-15",
        "2026-05-20",
    )
    assert [(mark.date, mark.kind) for mark in strip.marks] == [
        ("2026-05-14", "cut_off"),
        ("2026-05-15", "pay_date"),
        ("2026-05-20", "deposit_due"),
        ("2026-05-25", "bank_holiday"),
    ]
    assert desk.clients.schedule("dental") is None


def test_one_timeline_holds_everything_newest_first_and_pages_by_key(bureau: Bureau, desk: Services) -> None:
    bureau.row(
        "interactions", scope="tax", client_id="bakery", contact_id="dana", agent_id="casey", started_at=NOW - 8 * DAY,
        talk_seconds=400, hold_seconds=60, wrap_up_seconds=44, note="Late deposit, first question\nShe asks.",
        topic_id="deposit", disposition_id="needs follow-up",
    )  # fmt: skip
    bureau.row("tickets", scope="tax", client_id="bakery", contact_id="dana", subject="Tax notice", number=4821, channel="email",
               opened_at=NOW - DAY, last_message_at=NOW - 25 * MINUTE, assignee_id="ada", reply_due_at=NOW + HOUR)  # fmt: skip
    desk.follow_ups.add("promise", "Call with the bank trace", NOW + DAY, client_id="bakery", contact_id="dana")
    desk.clients.add_note("bakery", "Prefers mornings")
    bureau.forward(MINUTE)
    desk.clients.edit_client("bakery", {"tier": "silver", "specialist_id": "kim"})
    bureau.forward(MINUTE)
    desk.clients.edit_contact("robin", {"authorities": ("payroll", "tax", "bank")})

    page = desk.clients.timeline("bakery")
    assert [row.kind for row in page.rows] == ["change", "change", "note", "follow_up", "ticket", "call"]
    contact, client, note, promise, ticket, call = page.rows
    assert (contact.view_kind, contact.contact_name) == ("contact", "Robin Stand-in")
    assert set(client.fields) == {
        FieldChange("tier", "gold", "silver"),
        FieldChange("specialist_id", "Ada Sample", "Kim Specimen"),
    }
    assert (note.title, note.by_name, note.is_mine) == ("Prefers mornings", "Ada Sample", True)
    assert (promise.view_kind, promise.state, promise.due_at) == ("promise", "open", NOW + DAY)
    assert (ticket.label, ticket.contact_name, ticket.due_at) == ("#4821", "Dana Sample", NOW + HOUR)
    assert (call.title, call.seconds, call.by_name) == ("Late deposit, first question", 504, "Casey Demo")
    assert (call.disposition, call.topic_path) == ("Needs follow-up", ("Payroll tax", "Late deposit"))
    assert desk.clients.timeline_counts("bakery") == TimelineCounts(
        all=6, call=1, ticket=1, follow_up=1, note=1, change=2
    )

    seen: list[str] = []
    key = None
    while True:
        part = desk.clients.timeline("bakery", after_key=key, limit=2)
        seen += [row.id for row in part.rows]
        key = part.next_key
        if key is None:
            break
    assert seen == [row.id for row in page.rows]
    assert [row.kind for row in desk.clients.timeline("bakery", ("note", "call")).rows] == ["note", "call"]
    assert desk.clients.timeline_row("call", call.id) == call
    assert desk.clients.timeline_row("call", "nowhere") is None


def test_edits_are_by_field_and_undo_brings_back_what_was(bureau: Bureau, desk: Services) -> None:
    outcome = desk.clients.edit_client(
        "bakery", {"name": "  Example  Bakery & Café ", "employee_count": "35", "city": "Chicago"}
    )
    profile = desk.clients.profile("bakery")
    assert (profile.name, profile.employee_count) == ("Example Bakery & Café", 35)
    assert {field.field for field in desk.clients.timeline("bakery").rows[0].fields} == {"name", "employee_count"}
    assert outcome.words == "client_edited:Example Bakery"
    desk.undo()
    profile = desk.clients.profile("bakery")
    assert (profile.name, profile.employee_count) == ("Example Bakery", 34)
    assert desk.clients.timeline("bakery").rows == ()

    schedule = PaySchedule("monthly", CHICAGO, pay_days=(31,))
    desk.clients.edit_client("bakery", {"pay_schedule": schedule})
    assert desk.clients.profile("bakery").pay_schedule == schedule
    desk.clients.edit_client("bakery", {"pay_schedule": None})
    assert desk.clients.schedule("bakery") is None


def test_undo_takes_back_what_was_done_last_also_when_the_clock_was_set_back(bureau: Bureau, desk: Services) -> None:
    desk.clients.edit_client("bakery", {"city": "Evanston"})
    bureau.forward(-HOUR)
    note_id = desk.clients.add_note("bakery", "Sample note").id
    desk.undo()
    assert bureau.sql.value("SELECT deleted FROM notes WHERE id = ?", note_id) == 1
    assert desk.clients.profile("bakery").city == "Evanston"
    desk.undo()
    assert desk.clients.profile("bakery").city == "Chicago"


def test_the_oldest_are_forgotten_first_also_when_the_clock_was_set_back(bureau: Bureau, desk: Services) -> None:
    for number in range(UNDO_KEPT):
        desk.replica.remember(f"deed {number}")
    bureau.forward(-HOUR)
    desk.replica.remember("the last deed")
    with bureau.sql.transaction():
        desk.replica.forget_old_undo()
    kept = {words for (words,) in bureau.sql.all("SELECT words FROM undo")}
    assert "the last deed" in kept
    assert "deed 0" not in kept
    assert len(kept) == UNDO_KEPT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("employee_count", "many"),
        ("employee_count", -1),
        ("time_zone", "Middle Earth"),
        ("pay_schedule", "{}"),
        ("scope", "tax"),
        ("name", "Example Bakery"),
    ],
)
def test_what_cannot_be_edited_is_said_at_its_field(desk: Services, field: str, value: object) -> None:
    with pytest.raises(BadInput):
        desk.clients.edit_client("bakery", {field: value})
    assert desk.last_undo() is None


def test_a_client_with_a_zone_that_is_not_known_here_is_shown_in_the_organisations(
    bureau: Bureau, desk: Services
) -> None:
    bureau.sql.do("UPDATE clients SET time_zone = 'Nowhere/Nix' WHERE id = 'bakery'")
    organisation = desk.lists.organisation().time_zone
    assert desk.clients.profile("bakery").time_zone == organisation
    assert {row.time_zone for row in desk.clients.rows(["bakery"])} == {organisation}


def test_a_new_client_shows_who_it_may_be_already(bureau: Bureau, desk: Services) -> None:
    bureau.row("contacts", client_id="dental", name="Sam Placeholder", email="sam@example.test")
    found = desk.clients.likely_duplicates("Exmaple Bakery, Inc.")
    assert [(d.client_id, d.reason) for d in found] == [("bakery", "name")]
    found = desk.clients.likely_duplicates("Else", code="EX-1", email="sam@example.test", number="312 555 0142")
    assert [(d.client_id, d.reason, d.contact_name) for d in found] == [
        ("bakery", "code", ""),
        ("dental", "email", "Sam Placeholder"),
    ]
    assert desk.clients.likely_duplicates("Else", number="(212) 555-0100") == ()  # our own line
    added = desk.clients.add_client({"name": "Placeholder Plumbing", "city": "Toledo", "specialist_id": "ada"})
    assert desk.clients.profile(added.id).city == "Toledo"
    desk.changed(added.outcome.changed)
    assert desk.clients.counts() == ClientCounts(all=3, mine=2)
    with pytest.raises(BadInput):
        desk.clients.add_client({"city": "Toledo"})


def test_contacts_and_numbers_are_added_and_taken_back(desk: Services) -> None:
    added = desk.clients.add_contact(
        "bakery",
        " Pat  Makebelieve",
        title="Accountant",
        authorities=("tax", "nonsense"),
        number="(312) 555-0199 ext 7",
    )
    contact = next(c for c in desk.clients.contacts("bakery") if c.id == added.id)
    assert (contact.name, contact.authorities) == ("Pat Makebelieve", ("tax",))
    assert [(n.e164, n.extension, n.shown) for n in contact.numbers] == [("+13125550199", "7", "(312) 555-0199 ext. 7")]
    desk.clients.remove_number(contact.numbers[0].id)
    assert next(c for c in desk.clients.contacts("bakery") if c.id == added.id).numbers == ()
    desk.undo()
    assert len(next(c for c in desk.clients.contacts("bakery") if c.id == added.id).numbers) == 1
    desk.undo()
    assert added.id not in [c.id for c in desk.clients.contacts("bakery")]
    for text in ("", "12", "not a number", "(212) 555-0100"):
        with pytest.raises(BadInput):
            desk.clients.add_number("bakery", "dana", text)
    desk.clients.edit_contact("dana", {"is_active": False})
    assert [c.name for c in desk.clients.contacts("bakery")] == ["Robin Stand-in", "Dana Sample"]


def test_clients_are_everyones_also_a_managers(bureau: Bureau) -> None:
    manager = bureau.sign_in("max", "manager", (), ("tax", "benefits"))
    assert manager.clients.profile("bakery").can_edit
    manager.clients.edit_client("bakery", {"tier": "silver"})
    assert manager.clients.rows(["bakery"])[0].tier == "silver"
