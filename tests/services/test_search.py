"""The search box of a signed-in person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from csr_desktop.domain.permissions import Person
from csr_desktop.services.search import Search
from csr_desktop.store.sql import Sql
from csr_desktop.sync.replica import Replica
from tests.store.search_desk import NOW, Bakery, SearchDesk


class SignedIn:
    """As much of a replica as search asks for."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def who(self) -> Person:
        return Person("ada", "Ada Sample", "csr", frozenset({"team"}), frozenset({"org", "team", "ada"}))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SearchDesk]:
    made = SearchDesk(tmp_path / "desk.db")
    yield made
    made.sql.db.close()


@pytest.fixture
def search(desk: SearchDesk) -> Search:
    return Search(cast("Replica", SignedIn(desk.sql)))


def test_a_person_finds_people_before_work(desk: SearchDesk, search: Search) -> None:
    bakery = Bakery(desk)
    results = search.find("dana")
    assert results.text == "dana"
    assert [section.key for section in results.sections] == ["directory", "work", "notes", "follow_ups"]
    assert results.hits[0].row_id == bakery.dana
    assert {hit.kind for hit in results.hits[1:]} == {"ticket", "call", "message", "follow_up"}


def test_the_empty_box_shows_my_own_last_calls(desk: SearchDesk, search: Search) -> None:
    bakery = Bakery(desk)
    desk.add("interactions", client_id=bakery.plumbing, contact_id=bakery.max, agent_id="casey", started_at=NOW)
    for results in (search.recent(), search.find(""), search.find("   ")):
        assert [(section.key, [hit.row_id for hit in section.hits]) for section in results.sections] == [
            ("recent", [bakery.dana]),
            ("work", [bakery.call]),
        ]


def test_an_empty_desk_finds_nothing(search: Search) -> None:
    assert search.recent().sections == ()
    for text in ("a", "dana", "0142", "#1", "T-4K7"):
        assert search.find(text).sections == ()
        assert search.find(text).found_count == 0


def test_what_was_written_since_the_last_letter_is_found_by_the_next(desk: SearchDesk, search: Search) -> None:
    bakery = Bakery(desk)
    assert search.find("aardvar").hits == ()
    note = desk.add("notes", client_id=bakery.client, body="An aardvark called", written_at=NOW)
    (hit,) = search.find("aardvark").hits
    assert (hit.row_id, hit.open_kind, hit.open_id) == (note, "client", bakery.client)


def test_numbers_are_shown_the_way_of_the_home_region(desk: SearchDesk, search: Search) -> None:
    client = desk.add("clients", name="Beispiel Backstube")
    desk.add("phone_numbers", client_id=client, raw="030 123456", e164="+4930123456")
    organisation = desk.add("organisations", name="Demo Bureau", home_region="DE")
    for typed in ("030 123456", "+49 30 123456", "123456", "0049 30 123456"):
        (hit,) = search.find(typed).hits
        assert hit.subtitle == "030 123456"
    desk.change("organisations", organisation, home_region="US")
    assert search.find("123456").hits[0].subtitle == "+49 30 123456"
