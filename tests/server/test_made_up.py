"""The made-up bureau: sizes, shapes, and that nothing in it can be mistaken for real."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import peewee as pw
import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.command import stamped
from csr_desktop.commands.tickets import AddMessage, OpenTicket
from csr_desktop.domain import business_calendar, pay_schedule, phone
from csr_desktop.domain.deposits import decode_rules
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.ids import uuid7
from csr_desktop.server.administration import Administration
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.made_up import history
from csr_desktop.server.made_up.bureau import MadeUp, generate
from csr_desktop.server.made_up.loads import made_up_numbers, made_up_tickets
from csr_desktop.server.made_up.names import company_names, people_names
from csr_desktop.server.made_up.numbers import NumberBook, reserved_numbers
from csr_desktop.server.made_up.organisation import PASSWORD
from csr_desktop.server.made_up.rows import RowShape, fast_ids
from csr_desktop.server.made_up.story import story
from csr_desktop.server.made_up.wording import Wording, topic_words
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.standard_lists import office_hours
from csr_desktop.store.client_clocks import ClientClocks
from csr_desktop.store.derived_tables import DERIVED_TABLES
from csr_desktop.store.inbox_projection import InboxProjection
from csr_desktop.store.opening import open_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED
from csr_desktop.system.resources import resource_text
from tests.server.desk import Clock

NEW_YORK = ZoneInfo("America/New_York")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def at(text: str) -> int:
    """Milliseconds of a local time of the bureau."""
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * 1000


WORKDAY = at("2026-05-14 10:42")


class Made:
    """A generated bureau in memory."""

    def __init__(self, now_at: int = WORKDAY, seats: int = 1, seed: int = 7) -> None:
        self.now_at = now_at
        self.sql: Sql = open_server(":memory:")
        self.ledger = Ledger(self.sql, Clock(now_at))
        self.progress: list[tuple[int, int]] = []
        self.made: MadeUp = generate(
            self.sql, self.ledger, seats, seed, now_at, lambda done, total: self.progress.append((done, total))
        )

    def count(self, table: str, where: str = "1 = 1", *values: Any) -> int:
        return int(self.sql.value(f"SELECT count(*) FROM {table} WHERE {where}", *values))

    def column(self, text: str, *values: Any) -> list[Any]:
        return [row[0] for row in self.sql.all(text, *values)]

    def close(self) -> None:
        self.sql.db.close()


@pytest.fixture(scope="module")
def office() -> Iterator[Made]:
    found = Made()
    yield found
    found.close()


@pytest.fixture
def fewer_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few calls, for tests that look at other things."""
    monkeypatch.setattr(history, "CALLS_A_SEAT", 300)


# Sizes


def test_one_seat_is_a_tenth_of_ten(office: Made) -> None:
    assert office.count("clients") == 120
    assert office.count("contacts") == 300
    assert office.count("phone_numbers") == 540
    told = len(story().calls)
    assert office.count("interactions", "channel = 'phone'") == pytest.approx(24_000 + told, abs=10)
    assert office.count("tickets", "state IN ('open', 'waiting')") == 30
    assert office.count("follow_ups", "state = 'open'") == 25


@pytest.mark.usefixtures("fewer_calls")
def test_more_seats_come_in_teams_of_about_ten_with_one_lead_each() -> None:
    office = Made(seats=21)
    assert len(office.made.teams) == 3
    for team in office.made.teams:
        assert 3 <= len(team.agent_ids) <= 10
        assert office.count("memberships", "team_id = ?", team.id) == len(team.agent_ids) + 1
        assert office.count("tickets", "scope = ? AND state IN ('open', 'waiting')", team.id) > 150
        assert office.count("interactions", "scope = ?", team.id) > 500
    assert office.count("clients") == 120 * 21
    assert office.count("contacts") == 300 * 21
    assert office.count("phone_numbers") == 540 * 21
    assert office.count("tickets", "state IN ('open', 'waiting')") == 30 * 21
    assert office.count("follow_ups", "state = 'open'") == 25 * 21
    roles = Counter(user.role for user in office.made.users)
    assert (roles["lead"], roles["manager"], roles["administrator"]) == (3, 1, 1)
    assert (
        len({user.login for user in office.made.users})
        == len({user.name for user in office.made.users})
        == len(office.made.users)
    )
    assert len(set(office.column("SELECT name FROM clients"))) == 120 * 21
    office.close()


def test_progress_rises_to_the_number_of_rows(office: Made) -> None:
    done = [done for done, _ in office.progress]
    assert done == sorted(done)
    assert done[-1] == sum(office.made.counts.values())
    assert all(done <= total for done, total in office.progress)


# The same again, and never over something


@pytest.mark.usefixtures("fewer_calls")
def test_the_same_seed_and_time_give_the_same_rows() -> None:
    def rows(seed: int) -> dict[str, list[tuple[Any, ...]]]:
        office = Made(seed=seed)
        found = {table: office.sql.all(f"SELECT * FROM {table} ORDER BY id") for table in SYNCED}
        found["credentials"] = office.sql.all("SELECT * FROM credentials ORDER BY user_id")
        office.close()
        return found

    first = rows(3)
    assert first == rows(3)
    assert first["interactions"] != rows(4)["interactions"]


def test_an_organisation_that_is_there_is_left_alone(office: Made) -> None:
    before = office.count("clients")
    with pytest.raises(Refused):
        generate(office.sql, office.ledger, 1, 1, WORKDAY)
    assert office.count("clients") == before


@pytest.mark.usefixtures("fewer_calls")
def test_a_failure_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = open_server(":memory:")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("csr_desktop.server.made_up.open_work.OpenWork.write", fail)
    with pytest.raises(RuntimeError):
        generate(sql, Ledger(sql, Clock(WORKDAY)), 1, 1, WORKDAY)
    assert all(sql.value(f"SELECT count(*) FROM {table}") == 0 for table in SYNCED)
    sql.db.close()


# Clearly made up


FICTION = (
    re.compile(r"\+1[2-9]\d\d55501\d\d"),
    re.compile(r"\+1[2-9]9\d555\d{4}"),
    re.compile(r"\+44(20|113|114|115|121|131|141)[478]?9?4?6?0?\d{3,7}"),
    re.compile(r"\+447700900\d{3}"),
    re.compile(r"\+49(3023125|6990009|4066969|2214710|8999998)\d{3}"),
)


def test_no_number_can_ring_anywhere(office: Made) -> None:
    numbers = set(office.column("SELECT e164 FROM phone_numbers WHERE e164 <> ''"))
    numbers |= set(office.column("SELECT number FROM interactions WHERE number LIKE '+%'"))
    assert len(numbers) > 300
    assert [number for number in numbers if not any(kind.fullmatch(number) for kind in FICTION)] == []
    assert any(number.startswith("+44") for number in numbers)


def test_mail_goes_to_nobody(office: Made) -> None:
    mails = office.column("SELECT email FROM contacts UNION SELECT email FROM clients UNION SELECT email FROM users")
    assert all(mail == "" or re.fullmatch(r"[\x21-\x7e]+@[a-z0-9-]+\.example", mail) for mail in mails)


def test_what_is_written_agrees_with_what_is_matched(office: Made) -> None:
    rows = office.sql.all("SELECT raw, e164, extension FROM phone_numbers")
    for raw, e164, extension in rows:
        read = phone.parse(raw, "US")
        assert (read.e164, read.extension) == (e164, extension), raw
    assert any(extension for _, _, extension in rows)


@pytest.mark.usefixtures("fewer_calls")
def test_some_numbers_are_malformed_and_some_from_abroad() -> None:
    office = Made(seats=10)
    assert office.count("phone_numbers", "e164 = ''") > 5
    assert office.count("phone_numbers", "e164 LIKE '+49%' OR e164 LIKE '+44%'") > 20
    office.close()


# Shapes


def test_calls_come_in_office_hours_most_on_monday_mornings(office: Made) -> None:
    started = office.column(
        "SELECT started_at FROM interactions WHERE channel = 'phone' AND started_at < ?", office.now_at - DAY_MS
    )
    local = [dt.datetime.fromtimestamp(s / 1000, NEW_YORK) for s in started]
    assert all(moment.weekday() < 5 and 8 <= moment.hour < 19 for moment in local)
    mornings = Counter(moment.weekday() for moment in local if moment.hour < 12)
    assert mornings[0] > 1.2 * max(mornings[day] for day in (1, 2, 3, 4))
    months = Counter(moment.month for moment in local)
    assert months[1] > 1.15 * months[8]
    days = (max(local) - min(local)).days
    assert 3 * 365 - 7 <= days <= 3 * 366


def test_bank_holidays_are_quiet(office: Made) -> None:
    thanksgiving, week_before = (
        office.count("interactions", "channel = 'phone' AND started_at BETWEEN ? AND ?", day, day + DAY_MS)
        for day in (at("2025-11-27 00:00"), at("2025-11-20 00:00"))
    )
    assert thanksgiving < week_before / 4


def test_every_channel_and_result_is_there(office: Made) -> None:
    channels = set(office.column("SELECT DISTINCT channel FROM interactions"))
    assert channels == {"phone", "email", "chat", "social", "in_person", "web_form", "voicemail"}
    results = Counter(office.column("SELECT result FROM interactions WHERE channel = 'phone'"))
    assert set(results) == {"handled", "missed", "abandoned", "no_answer"}
    assert results["handled"] > 0.8 * sum(results.values())
    assert office.count("interactions", "direction = 'out'") > 1000
    assert office.count("interactions", "client_id = '' AND number <> ''") > 3


def test_the_parts_of_a_call_fill_its_time(office: Made) -> None:
    wrong = office.count(
        "interactions",
        "channel = 'phone' AND result IN ('handled', 'no_answer') "
        "AND ended_at - started_at <> (talk_seconds + hold_seconds + dial_seconds) * 1000",
    )
    assert wrong <= 3  # a call of just now was cut off
    assert office.count("interactions", "result IN ('missed', 'abandoned') AND talk_seconds + wrap_up_seconds > 0") == 0
    assert office.count("interactions", "result = 'handled' AND channel = 'phone' AND hold_seconds > 0") > 1000


def test_nobody_talks_to_two_people_at_once(office: Made) -> None:
    rows = office.sql.all(
        "SELECT agent_id, started_at, ended_at FROM interactions WHERE channel = 'phone' AND result = 'handled' "
        "AND started_at < ? ORDER BY agent_id, started_at",
        office.now_at - DAY_MS,
    )
    told = {office.now_at + call.at * MINUTE_MS for call in story().calls}
    overlaps = sum(
        earlier[0] == later[0] and later[1] < earlier[2] and not {earlier[1], later[1]} & told
        for earlier, later in pairwise(rows)
    )
    assert overlaps == 0


def test_notes_are_many_and_keep_to_their_topic(office: Made) -> None:
    notes = office.column("SELECT note FROM interactions WHERE note <> ''")
    sentences = {sentence.strip() for note in notes for sentence in re.split(r"(?<=\.)\s+", note)}
    assert len(sentences) > 8000
    lengths = sorted(map(len, notes))
    assert lengths[len(lengths) // 10] < 40
    assert lengths[-len(lengths) // 20] > 180
    words = topic_words()
    constant = {
        phrase: {place for place, topic in enumerate(words) if phrase in (*topic.details, *topic.acts)}
        for topic in words
        for phrase in (*topic.details, *topic.acts)
        if "{" not in phrase
    }
    topic_ids: dict[str, set[int]] = {}
    for place, topic_id in enumerate(
        office.column("SELECT id FROM topics WHERE name = ? LIMIT 1", words[place].name or words[place].parent)[0]
        for place in range(len(words))
    ):
        topic_ids.setdefault(topic_id, set()).add(place)
    checked = 0
    for note, topic_id in office.sql.all("SELECT note, topic_id FROM interactions WHERE result = 'handled' LIMIT 6000"):
        for phrase, places in constant.items():
            if phrase in note and topic_id in topic_ids:
                checked += 1
                assert places & topic_ids[topic_id], (note, phrase)
    assert checked > 2000


def test_some_clients_call_again_and_again_on_one_topic(office: Made) -> None:
    repeats = office.sql.all(
        "SELECT client_id, topic_id, count(*) FROM interactions WHERE started_at > ? AND client_id <> '' AND topic_id <> '' "
        "GROUP BY client_id, topic_id HAVING count(*) >= 3",
        office.now_at - 30 * DAY_MS,
    )
    assert len(repeats) > 10


def test_the_next_call_of_the_telling_client_on_its_notice_is_the_third_in_thirty_days(office: Made) -> None:
    topics = office.column(
        "SELECT t.name FROM interactions i JOIN topics t ON t.id = i.topic_id WHERE i.client_id = ? AND i.started_at > ?",
        *(office.made.telling.id, office.now_at - 30 * DAY_MS),
    )
    assert topics.count("Notice") == 2


def test_shared_numbers(office: Made) -> None:
    own = office.sql.all("SELECT contact_id FROM phone_numbers WHERE e164 = ?", office.made.shared_number)
    assert len({contact_id for (contact_id,) in own if contact_id}) == 3
    accountants = office.sql.all(
        "SELECT e164 FROM phone_numbers WHERE e164 <> '' GROUP BY e164 HAVING count(DISTINCT client_id) > 1"
    )
    assert accountants
    assert office.count("phone_numbers", "e164 = ?", office.made.unknown_number) == 0
    assert office.count("interactions", "number = ? AND contact_id = ''", office.made.unknown_number) == 1


def test_everything_refers_to_something_that_is_there(office: Made) -> None:
    targets = {
        "client_id": "clients", "contact_id": "contacts", "agent_id": "users", "ticket_id": "tickets", "topic_id": "topics",
        "disposition_id": "dispositions", "called_back_by_id": "users", "assignee_id": "users", "opened_by_id": "users",
        "sla_policy_id": "sla_policies", "calendar_id": "calendars", "escalated_to_id": "users", "author_id": "users",
        "created_by_id": "users", "completed_by_id": "users", "interaction_id": "interactions", "specialist_id": "users",
        "user_id": "users", "team_id": "teams", "parent_id": "topics",
    }  # fmt: skip
    checked = 0
    for table, columns in COLUMNS.items():
        for column in set(columns) & set(targets):
            checked += 1
            orphan = f"{column} <> '' AND {column} NOT IN (SELECT id FROM {targets[column]})"
            assert office.count(table, orphan) == 0, (table, column)
    assert checked > 30
    for table in ("interactions", "tickets", "messages", "follow_ups"):
        assert office.count(table, "scope NOT IN (SELECT id FROM teams)") == 0
    mixed = "SELECT count(*) FROM {} x JOIN contacts c ON c.id = x.contact_id WHERE c.client_id <> x.client_id"
    assert all(
        office.sql.value(mixed.format(table)) == 0
        for table in ("interactions", "tickets", "follow_ups", "phone_numbers")
    )


def test_revisions_and_ticket_numbers_are_each_used_once(office: Made) -> None:
    revs = [rev for table in SYNCED for rev in office.column(f"SELECT rev FROM {table}")]
    assert len(revs) == len(set(revs))
    assert max(revs) == office.sql.value("SELECT value FROM counters WHERE id = 'rev'")
    numbers = office.column("SELECT number FROM tickets")
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert office.sql.value("SELECT value FROM counters WHERE id = 'ticket'") == len(numbers)


def test_old_follow_ups_were_kept_or_broken(office: Made) -> None:
    rows = office.sql.all(
        "SELECT kind, outcome, due_at, completed_at, moves, first_due_at FROM follow_ups WHERE state = 'done'"
    )
    promises = [row for row in rows if row[0] == "promise"]
    assert all((outcome == "kept") == (done_at <= due_at) for _, outcome, due_at, done_at, *_ in promises)
    kept = sum(row[1] == "kept" for row in promises) / len(promises)
    assert 0.8 < kept < 0.99
    moved = [row for row in rows if row[4] != "[]"]
    assert moved
    for _, _, due_at, _, moves, first_due_at in moved:
        (was_at, becomes_at, reason, _, _) = msgspec.json.decode(moves)[0]
        assert (was_at, becomes_at) == (first_due_at, due_at)
        assert reason
    assert {row[0] for row in rows} == {"promise", "callback", "check_in", "task", "deadline"}


def test_agents_write_while_the_bureau_is_open(office: Made) -> None:
    hours = office_hours("America/New_York")
    written = office.column(
        "SELECT written_at FROM messages WHERE kind = 'reply' AND written_at < ? LIMIT 3000", office.now_at - 7 * DAY_MS
    )
    assert sum(hours.is_open(moment) for moment in written) > 0.97 * len(written)


# What is open now

MOMENTS = {
    "a Thursday morning": WORKDAY,
    "early on a Monday": at("2026-03-09 08:05"),
    "late on a Saturday": at("2026-08-01 23:50"),
    "the last minutes of a year": at("2025-12-31 23:58"),
    "a bank holiday": at("2026-05-25 11:00"),
    "a Friday evening": at("2026-10-30 19:30"),
}


@pytest.fixture(params=sorted(MOMENTS), scope="module")
def moment(request: pytest.FixtureRequest) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "CALLS_A_SEAT", 1500)
        found = Made(MOMENTS[request.param])
    yield found
    found.close()


def waiting(office: Made, where: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the desk's inbox makes of it: kind, due, consequence, state, in order."""
    clock = Clock(office.now_at)
    for table in DERIVED_TABLES:
        pw.SchemaManager(table, office.sql.db).create_all(safe=True)
    ClientClocks(clock, lambda: decode_rules(resource_text("payroll", "us.toml"))).rebuild(office.sql)
    InboxProjection(clock).rebuild(office.sql)
    sql = f"SELECT kind, due_at, consequence_at, state FROM inbox_items WHERE {where} ORDER BY consequence_at, item_id"
    return office.sql.all(sql, *values)


def test_nothing_has_happened_that_is_still_to_come(moment: Made) -> None:
    for table, columns in {
        "interactions": ("started_at", "ended_at", "called_back_at"),
        "tickets": ("opened_at", "first_replied_at", "last_message_at", "resolved_at", "escalated_at", "assigned_at"),
        "messages": ("written_at",),
        "follow_ups": ("created_at", "completed_at"),
        "notes": ("written_at",),
        "changes": ("changed_at",),
    }.items():
        for column in columns:
            assert moment.sql.value(f"SELECT max({column}) FROM {table}") <= moment.now_at, (table, column)


def test_replies_are_due_as_the_calendar_and_the_policy_say(moment: Made) -> None:
    owed = moment.sql.all(
        "SELECT t.id, t.reply_due_at, t.priority, t.first_replied_at, c.body, p.targets, t.calendar_id, cl.calendar_id, c.name "
        "FROM tickets t JOIN calendars c ON c.id = t.calendar_id JOIN sla_policies p ON p.id = t.sla_policy_id "
        "JOIN clients cl ON cl.id = t.client_id WHERE t.reply_due_at > 0"
    )
    assert len(owed) > 15
    for ticket_id, due_at, priority, first_replied_at, body, targets, calendar_id, own_id, name in owed:
        asked_at = moment.sql.value(
            "SELECT max(written_at) FROM messages WHERE ticket_id = ? AND kind = 'inbound'", ticket_id
        )
        seconds = msgspec.json.decode(targets)[priority][1 if first_replied_at else 0]
        assert business_calendar.decode(body).add_open(asked_at, seconds) == due_at
        assert calendar_id == own_id or name == "Around the clock"
    closed = moment.count("tickets", "state <> 'open' AND reply_due_at > 0")
    assert closed == 0


def test_the_inbox_has_something_in_every_group(moment: Made) -> None:
    items = waiting(moment, "assignee_id = ? AND state = 'open'", moment.made.agent.id)
    midnight = dt.datetime.fromtimestamp(moment.now_at / 1000, NEW_YORK).replace(hour=23, minute=59, second=59)
    tonight_at = round(midnight.timestamp()) * 1000
    shown = [item for item in items if item[0] != "follow_up" or item[1] <= tonight_at]
    assert 11 <= len(shown) <= 16
    groups = Counter(
        "breached" if consequence_at < moment.now_at
        else "next_hour" if consequence_at <= moment.now_at + HOUR_MS
        else "today" if consequence_at <= tonight_at
        else "later"
        for _, _, consequence_at, _ in shown
    )  # fmt: skip
    assert groups["breached"] >= 1
    assert groups["next_hour"] >= 2 or moment.now_at + HOUR_MS > tonight_at
    assert groups["later"] >= 3
    if moment.now_at == WORKDAY:
        assert len(shown) == 14
        assert groups["today"] >= 4


def test_the_team_has_more_for_everyone(moment: Made) -> None:
    team, agent = moment.made.teams[0], moment.made.agent
    assert len(waiting(moment, "assignee_id = ? AND state = 'waiting'", agent.id)) == 8
    assert len(waiting(moment, "assignee_id = '' AND kind = 'ticket'")) >= 6
    assert len(waiting(moment, "assignee_id = '' AND kind = 'call'")) >= 4
    assert len(waiting(moment, "assignee_id <> ? AND assignee_id <> ''", agent.id)) >= 10
    assert len(waiting(moment, "escalated_to_id = ?", team.lead_id)) >= 1
    assert len(waiting(moment, "kind = 'ticket' AND due_at > 0 AND due_at < ?", moment.now_at)) >= 1


def test_old_missed_calls_were_returned(moment: Made) -> None:
    unreturned = moment.column(
        "SELECT started_at FROM interactions WHERE called_back_at = 0 AND direction = 'in' "
        "AND (result IN ('missed', 'abandoned') OR channel = 'voicemail')"
    )
    assert 4 <= len(unreturned) <= 30
    assert min(unreturned) > moment.now_at - 2 * DAY_MS


def test_pay_schedules_can_be_used(moment: Made) -> None:
    rules = decode_rules(resource_text("payroll", "us.toml"))
    texts = set(moment.column("SELECT pay_schedule FROM clients WHERE pay_schedule <> ''"))
    frequencies = set()
    for text in texts:
        schedule = pay_schedule.decode(text)
        frequencies.add(schedule.frequency)
        assert schedule.next_clocks(moment.now_at, rules).cut_off_at >= moment.now_at
    assert frequencies == {"weekly", "biweekly", "semimonthly", "monthly"}


def test_cut_offs_come_as_the_story_says(office: Made) -> None:
    rules = decode_rules(resource_text("payroll", "us.toml"))

    def minutes(name: str) -> float:
        text = office.sql.value("SELECT pay_schedule FROM clients WHERE name = ?", name)
        return (pay_schedule.decode(text).next_clocks(office.now_at, rules).cut_off_at - office.now_at) / MINUTE_MS

    assert 193 < minutes("Example Bakery") <= 198
    assert 43 < minutes("Mock Orchard") <= 48
    assert 20 * 60 < minutes("Demo Trucking") < 32 * 60
    assert office.sql.value("SELECT status FROM clients WHERE name = 'Madeup Diner'") == "closed"


def test_the_telling_client_is_as_drawn(office: Made) -> None:
    telling = office.made.telling
    client = office.sql.one(
        "SELECT name, city, tier, status, employee_count, alert FROM clients WHERE id = ?", telling.id
    )
    assert client is not None
    assert client[:5] == ("Example Bakery", "Chicago", "gold", "active", 34)
    assert "three shops" in client[5]
    assert office.column("SELECT name FROM contacts WHERE client_id = ? ORDER BY id", telling.id)[0:3] != []
    assert set(office.column("SELECT name FROM contacts WHERE client_id = ?", telling.id)) == {
        "Dana Sample",
        "Robin Stand-in",
        "Pat Makebelieve",
    }
    assert phone.display(telling.number, "US", telling.extension) == "(312) 555-0142 ext. 12"
    assert office.column(
        "SELECT kind FROM messages WHERE ticket_id = ? ORDER BY written_at, id", telling.ticket_id
    ) == [
        "inbound",
        "event",
        "reply",
        "note",
        "inbound",
    ]
    promise = office.sql.one("SELECT title, state, ticket_id, moves FROM follow_ups WHERE id = ?", telling.promise_id)
    assert promise is not None
    assert promise[:3] == ("Call Dana with the bank trace", "open", telling.ticket_id)
    assert len(msgspec.json.decode(promise[3])) == 1
    assert office.count("follow_ups", "client_id = ? AND kind = 'promise' AND state = 'open'", telling.id) == 2
    assert office.count("changes", "client_id = ?", telling.id) == 2


# What one can do with it


def test_the_people_can_sign_in(office: Made) -> None:
    hashes = set(office.column("SELECT password_hash FROM credentials WHERE user_id <> ''"))
    hashes.discard("")
    assert len(office.column("SELECT user_id FROM credentials WHERE user_id = ?", office.made.agent.id)) == 1
    password_hash = office.sql.value("SELECT password_hash FROM credentials WHERE user_id = ?", office.made.agent.id)
    assert Passwords().is_right(PASSWORD, password_hash)
    assert not Passwords().is_outdated(password_hash)
    assert office.made.agent.password == PASSWORD
    assert {user.login: user.role for user in office.made.users} == {
        "alex": "csr",
        "casey": "csr",
        "kim": "csr",
        "lee": "lead",
        "jordan": "manager",
        "sam": "administrator",
    }


@pytest.mark.usefixtures("fewer_calls")
def test_ordinary_commands_go_on_from_there() -> None:
    office = Made()
    made, now_at = office.made, office.now_at
    admin = Administration(office.sql, office.ledger, Clock(now_at))
    admin.add_user("New Sample", "new", "csr", [made.teams[0].name])
    office.sql.do(
        "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) VALUES ('d', ?, '', x'', 0, 0, 0, 0)",
        made.agent.id,
    )
    new = OpenTicket(row_id=uuid7(now_at, 1), scope=made.teams[0].id, subject="Next", client_id=made.telling.id)
    reply = AddMessage(
        row_id=uuid7(now_at, 2), ticket_id=made.telling.ticket_id, message_kind="reply", body="It does not."
    )
    commands = [
        catalogue.encode(stamped(command, uuid7(now_at, 3 + seq), made.agent.id, "d", seq, now_at))
        for seq, command in enumerate((new, reply), 1)
    ]
    last = office.sql.value("SELECT max(number) FROM tickets")
    assert office.ledger.push([Push("d", made.agent.id, commands)]) == {"d": 2}
    assert office.column("SELECT status FROM log WHERE device_id = 'd'") == ["done", "done"]
    assert office.sql.value("SELECT number FROM tickets WHERE id = ?", new.row_id) == last + 1
    assert office.sql.value("SELECT reply_due_at FROM tickets WHERE id = ?", made.telling.ticket_id) == 0
    office.close()


# Loads


def test_a_directory_of_numbers_has_hits_shared_ones_and_misses() -> None:
    sql = open_server(":memory:")
    load = made_up_numbers(30_000, 5)
    load.fill(sql, Ledger(sql, Clock(WORKDAY)))

    def owners(number: str) -> int:
        return len(sql.all("SELECT DISTINCT contact_id FROM phone_numbers WHERE e164 = ? AND contact_id <> ''", number))

    assert sql.value("SELECT count(*) FROM phone_numbers") == 30_000
    clients, contacts = (sql.value(f"SELECT count(*) FROM {table}") for table in ("clients", "contacts"))
    assert clients / 30_000 == pytest.approx(2 / 9, rel=0.1)
    assert contacts / 30_000 == pytest.approx(5 / 9, rel=0.1)
    assert len(load.hits) > 100
    assert len(load.shared) > 10
    assert all(owners(number) == 1 for number in load.hits)
    assert all(owners(number) > 1 for number in load.shared)
    assert all(owners(number) == 0 for number in load.misses)
    again = made_up_numbers(30_000, 5)
    assert [rows for _, rows in again.rows()][-1] == [rows for _, rows in made_up_numbers(30_000, 5).rows()][-1]
    sql.db.close()


@pytest.mark.usefixtures("fewer_calls")
def test_a_load_of_open_tickets() -> None:
    office = Made()
    ids = made_up_tickets(
        office.sql,
        300,
        1,
        office.now_at,
        scope=office.made.teams[0].id,
        assignee_id=office.made.agent.id,
        ledger=office.ledger,
    )
    assert len(set(ids)) == 300
    assert office.count("tickets", "state = 'open' AND number >= 100000") == 300
    assert office.count("tickets", "number >= 100000 AND assignee_id = ?", office.made.agent.id) == 200
    assert office.count("messages", "ticket_id IN (SELECT id FROM tickets WHERE number >= 100000)") == 300
    late = office.count("tickets", "number >= 100000 AND reply_due_at < ?", office.now_at)
    assert 0 < late < 100
    office.close()


# Small parts


def test_names_do_not_run_out() -> None:
    from random import Random

    companies = company_names(Random(1), frozenset({"Example Bakery"}))
    names = [next(companies) for _ in range(20_000)]
    assert len(set(names)) == 20_000
    assert "Example Bakery" not in names
    people = people_names(Random(1))
    assert len({next(people) for _ in range(80_000)}) == 80_000


def test_numbers_do_not_run_out_and_keep_to_their_area_while_it_lasts() -> None:
    from random import Random

    book = NumberBook(Random(1), frozenset({"+13125550142"}))
    near = [book.in_area("312") for _ in range(99)]
    assert len(set(near)) == 99
    assert all(number.startswith("+1312") for number in near)
    assert "+13125550142" not in near
    far = {book.in_area("312") for _ in range(40_000)}
    assert len(far) == 40_000
    assert not far & set(near)
    with pytest.raises(ValueError, match="800,000"):
        reserved_numbers(800_001)


def test_ids_are_like_those_of_the_desk() -> None:
    from random import Random

    made, expected = fast_ids(Random(9)), Random(9)
    for moment in (0, WORKDAY, (1 << 48) - 1):
        bits = expected.getrandbits(73)
        assert made(moment) == uuid7(moment, bits)
    row = [made(WORKDAY) for _ in range(1000)]
    assert row == sorted(set(row))


def test_a_shape_refuses_columns_that_are_not_there() -> None:
    assert RowShape("notes", "id", "body")("1", "words")[COLUMNS["notes"].index("body")] == "words"
    with pytest.raises(ValueError, match="colour"):
        RowShape("notes", "id", "colour")


def test_words_follow_the_month() -> None:
    from random import Random

    wording = Wording(Random(1), dt.date(2026, 5, 14))
    deposit = next(place for place, words in enumerate(topic_words()) if words.name == "Deposit")
    in_may = {wording.subject(deposit) for _ in range(200)}
    wording.move_to(dt.date(2026, 11, 2))
    in_november = {wording.subject(deposit) for _ in range(200)}
    assert any("April" in subject or "May" in subject for subject in in_may)
    assert any("October" in subject or "November" in subject for subject in in_november)
    assert not any("May" in subject for subject in in_november)
    for place, words in enumerate(topic_words()):
        if words.is_work:
            for text in (
                wording.ask(place),
                wording.answer(place, "Dana"),
                wording.inner(place),
                wording.note(place, "Dana"),
            ):
                assert "{" not in text
                assert "\0" not in text
