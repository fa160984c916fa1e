"""What a call is probably about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.likely_topics import likely_topics

DAY = 86_400_000
NOW = 1_780_000_000_000
TOPICS = ("notice", "deposit", "w2", "login")
rows = st.lists(st.tuples(st.sampled_from((*TOPICS, "")), st.integers(NOW - 400 * DAY, NOW)), max_size=8)
days = st.dictionaries(st.sampled_from(TOPICS), st.integers(0, 30))


def test_an_open_ticket_is_likelier_than_a_contact_of_yesterday() -> None:
    assert likely_topics([("w2", NOW - 90 * DAY)], [("notice", NOW - DAY)], {}, NOW) == ("w2", "notice")


def test_contacts_count_less_with_each_two_weeks() -> None:
    old = [("notice", NOW - 60 * DAY)] * 3
    assert likely_topics([], [*old, ("w2", NOW - DAY)], {}, NOW) == ("w2", "notice")


def test_what_everybody_calls_about_today_decides_between_two_that_are_alike() -> None:
    both = [("deposit", NOW - DAY), ("notice", NOW - DAY)]
    assert likely_topics([], both, {"notice": 6}, NOW)[0] == "notice"
    assert likely_topics([], both, {"deposit": 6}, NOW)[0] == "deposit"


def test_an_agents_day_brings_no_topic_to_a_client_who_has_others_but_to_one_who_has_none() -> None:
    assert likely_topics([], [("w2", NOW - DAY)], {"login": 30}, NOW) == ("w2",)
    assert likely_topics([], [], {"login": 3, "w2": 1}, NOW) == ("login", "w2")
    assert likely_topics([], [], {}, NOW) == ()


@given(rows, rows, days, st.data())
def test_the_order_of_what_is_known_means_nothing(
    tickets: list[tuple[str, int]], contacts: list[tuple[str, int]], day: dict[str, int], data: st.DataObject
) -> None:
    found = likely_topics(tickets, contacts, day, NOW)
    turned = {topic: day[topic] for topic in data.draw(st.permutations(sorted(day)))}
    again = likely_topics(data.draw(st.permutations(tickets)), data.draw(st.permutations(contacts)), turned, NOW)
    assert found == again
    assert len(found) == len(set(found)) <= 3
    assert "" not in found


@given(rows, rows, days, st.sampled_from(TOPICS))
def test_one_more_ticket_of_a_topic_never_makes_it_less_likely(
    tickets: list[tuple[str, int]], contacts: list[tuple[str, int]], day: dict[str, int], topic: str
) -> None:
    before = likely_topics(tickets, contacts, day, NOW, most=9)
    after = likely_topics([*tickets, (topic, NOW)], contacts, day, NOW, most=9)
    if topic in before:
        assert after.index(topic) <= before.index(topic)
    assert topic in after
