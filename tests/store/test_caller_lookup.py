"""Who may be calling, found while it rings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.matching import rank_callers
from csr_desktop.store.caller_lookup import COUNTED, MOST, CallerLookup
from csr_desktop.store.inbox_projection import InboxProjection
from csr_desktop.store.tables import new_row
from tests.store.search_desk import DAY, NOW, Bakery, SearchDesk

NUMBER = "+13125550142"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SearchDesk]:
    made = SearchDesk(tmp_path / "desk.db")
    yield made
    made.sql.db.close()


@pytest.fixture
def bakery(desk: SearchDesk) -> Bakery:
    return Bakery(desk)


@pytest.fixture
def lookup(desk: SearchDesk) -> CallerLookup:
    return CallerLookup(desk.sql)


def open_work(desk: SearchDesk) -> None:
    with desk.sql.transaction():
        InboxProjection(lambda: NOW).rebuild(desk.sql)


def test_the_holder_with_what_is_known_of_them(desk: SearchDesk, bakery: Bakery, lookup: CallerLookup) -> None:
    desk.change("contacts", bakery.dana, title="Office manager")
    open_work(desk)
    (dana,) = lookup.candidates(NUMBER)
    assert (dana.contact_id, dana.name, dana.role_title) == (bakery.dana, "Dana Sample", "Office manager")
    assert (dana.client_id, dana.client_name, dana.is_active) == (bakery.client, "Example Bakery", True)
    assert (dana.calls_from_number, dana.last_call_at) == (1, NOW - 8 * DAY)
    assert (dana.has_open_ticket, dana.has_open_promise) == (True, True)
    desk.change("tickets", bakery.ticket, state="closed")
    desk.change("follow_ups", bakery.follow_up, kind="task")
    open_work(desk)
    (dana,) = lookup.candidates(NUMBER)
    assert (dana.has_open_ticket, dana.has_open_promise) == (False, False)


@pytest.mark.parametrize("number", ["", "+13125550199", "anonymous", "12", "'; DROP TABLE clients"])
def test_nobody_has_such_a_number(bakery: Bakery, lookup: CallerLookup, number: str) -> None:
    assert lookup.candidates(number) == ()
    assert lookup.find(number).found_count == 0


def test_our_own_lines_are_nobodys(desk: SearchDesk, bakery: Bakery, lookup: CallerLookup) -> None:
    desk.add("phone_numbers", client_id=bakery.client, contact_id=bakery.kit, e164="+12125550100")
    assert lookup.candidates("+12125550100") == ()


def test_a_shared_number_gives_all_and_the_likeliest_first(
    desk: SearchDesk, bakery: Bakery, lookup: CallerLookup
) -> None:
    desk.add("phone_numbers", client_id=bakery.client, contact_id=bakery.kit, e164=NUMBER)
    for days in (1, 2, 3):
        desk.add(
            "interactions", client_id=bakery.client, contact_id=bakery.kit, number=NUMBER, started_at=NOW - days * DAY
        )  # fmt: skip
    found = lookup.find(NUMBER)
    assert {who.contact_id for who in found.candidates} == {bakery.dana, bakery.kit}
    ranked = rank_callers(found.candidates, NOW)
    assert [(who.candidate.contact_id, who.candidate.calls_from_number) for who in ranked] == [
        (bakery.kit, 3),
        (bakery.dana, 1),
    ]


def test_a_last_call_from_another_number_is_known(desk: SearchDesk, bakery: Bakery, lookup: CallerLookup) -> None:
    desk.add("phone_numbers", client_id=bakery.client, contact_id=bakery.kit, e164="+13125550188")
    desk.add(
        "interactions", client_id=bakery.client, contact_id=bakery.kit, number="+13125550111", started_at=NOW - DAY
    )
    (kit,) = lookup.candidates("+13125550188")
    assert (kit.calls_from_number, kit.last_call_at) == (0, NOW - DAY)


def test_a_company_line_is_the_company(desk: SearchDesk, bakery: Bakery, lookup: CallerLookup) -> None:
    open_work(desk)
    (company,) = lookup.candidates("+13125550177")
    assert (company.contact_id, company.name, company.client_id) == ("", "Example Bakery", bakery.client)
    assert (company.is_active, company.has_open_ticket) == (True, True)


def test_inactive_people_and_closed_companies_say_so(desk: SearchDesk, bakery: Bakery, lookup: CallerLookup) -> None:
    desk.change("contacts", bakery.dana, is_active=0)
    assert [who.is_active for who in lookup.candidates(NUMBER)] == [False]
    desk.change("contacts", bakery.dana, is_active=1)
    desk.change("clients", bakery.client, status="closed")
    assert [who.is_active for who in lookup.candidates(NUMBER)] == [False]


def test_deleted_ones_are_not_offered(desk: SearchDesk, bakery: Bakery, lookup: CallerLookup) -> None:
    desk.change("contacts", bakery.dana, deleted=1)
    assert lookup.candidates(NUMBER) == ()
    desk.change("contacts", bakery.dana, deleted=0)
    desk.change("phone_numbers", bakery.number, deleted=1)
    assert lookup.candidates(NUMBER) == ()
    desk.change("clients", bakery.client, deleted=1)
    assert lookup.candidates("+13125550177") == ()


def test_an_extension_chooses_among_those_behind_one_number(
    desk: SearchDesk, bakery: Bakery, lookup: CallerLookup
) -> None:
    desk.add("phone_numbers", client_id=bakery.client, contact_id=bakery.kit, e164=NUMBER, extension="34")
    desk.add("phone_numbers", client_id=bakery.client, contact_id="", e164=NUMBER)

    def who(extension: str) -> set[str]:
        return {candidate.contact_id for candidate in lookup.candidates(NUMBER, extension)}

    assert who("12") == {bakery.dana}
    assert who("34") == {bakery.kit}
    assert who("99") == {""}
    assert who("") == {bakery.dana, bakery.kit, ""}


def test_a_number_of_five_thousand_is_bounded_and_knows_who_called(
    desk: SearchDesk, bakery: Bakery, lookup: CallerLookup
) -> None:
    contacts = [
        {**new_row("contacts"), "id": desk.id(), "name": f"Person {n}", "client_id": bakery.client} for n in range(5000)
    ]
    numbers = [
        {
            **new_row("phone_numbers"),
            "id": desk.id(),
            "contact_id": row["id"],
            "client_id": bakery.client,
            "e164": "+12015550100",
        }
        for row in contacts
    ]
    with desk.sql.transaction():
        desk.sql.upsert("contacts", contacts)
        desk.sql.upsert("phone_numbers", numbers)
    caller = contacts[4321]["id"]
    desk.add("interactions", client_id=bakery.client, contact_id=caller, number="+12015550100", started_at=NOW)
    found = lookup.find("+12015550100")
    assert (len(found.candidates), found.found_count, found.has_more) == (MOST, COUNTED, True)
    assert found.candidates[0].contact_id == caller
    began = time.perf_counter()
    for _ in range(20):
        lookup.find("+12015550100")
    assert (time.perf_counter() - began) / 20 < 0.05


def test_inactive_people_take_no_place_from_those_who_may_call(
    desk: SearchDesk, bakery: Bakery, lookup: CallerLookup
) -> None:
    number, left_from = "+12015550101", MOST + 10
    for place in range(left_from + 5):
        contact = desk.add(
            "contacts", client_id=bakery.client, name=f"Person {place}", is_active=int(place >= left_from)
        )
        desk.add("phone_numbers", client_id=bakery.client, contact_id=contact, e164=number)
        if place < 10:
            desk.add("interactions", client_id=bakery.client, contact_id=contact, number=number, started_at=NOW)
    found = lookup.find(number)
    assert [one.is_active for one in found.candidates[:5]] == [True] * 5
    assert sum(one.is_active for one in found.candidates) == 5
