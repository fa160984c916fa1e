"""What a person finds in the search box."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.ids import provisional_label
from csr_desktop.store.search_results import Hit
from csr_desktop.store.tables import new_row
from tests.store.search_desk import DAY, MINUTE, NOW, Bakery, SearchDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SearchDesk]:
    made = SearchDesk(tmp_path / "desk.db")
    yield made
    made.sql.db.close()


@pytest.fixture
def bakery(desk: SearchDesk) -> Bakery:
    return Bakery(desk)


def marked(text: str, marks: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start : start + length] for start, length in marks]


def only(hits: tuple[Hit, ...], row_id: str) -> Hit:
    (found,) = (hit for hit in hits if hit.row_id == row_id)
    return found


def test_the_drawn_question_finds_the_person_then_the_company_then_their_work(desk: SearchDesk, bakery: Bakery) -> None:
    results = desk.find("exmaple 0142")
    assert [section.key for section in results.sections] == ["directory", "work", "notes", "follow_ups"]
    directory, work, notes, follow_ups = results.sections
    assert [hit.row_id for hit in directory.hits] == [bakery.dana, bakery.client]
    dana = directory.hits[0]
    assert (dana.title, dana.subtitle) == ("Dana Sample", "Example Bakery, (312) 555-0142 ext. 12")
    assert marked(dana.subtitle, dana.subtitle_marks) == ["Example", "0142"]
    assert (dana.number, dana.extension) == ("+13125550142", "12")
    company = directory.hits[1]
    assert marked(company.title, company.title_marks) == ["Example"]
    assert (company.subtitle, company.contact_count) == ("Chicago", 2)
    assert [hit.row_id for hit in work.hits] == [bakery.ticket, bakery.call]
    assert marked(work.hits[1].subtitle, work.hits[1].subtitle_marks) == ["Example", "0142"]
    assert [hit.row_id for hit in notes.hits] == [bakery.message, bakery.note]
    assert marked(notes.hits[1].title, notes.hits[1].title_marks) == ["0142"]
    assert [hit.row_id for hit in follow_ups.hits] == [bakery.follow_up]
    assert (results.found_count, results.is_more) == (7, False)


@pytest.mark.parametrize(
    "typed",
    [
        "0142", "50142", "555-0142", "5550142", "+1 312 555 0142", "+13125550142", "(312) 5550142", "312.555.0142",
        "1-312-555-0142", "312 0142", "3125550142", "2555014", "dana 0142", "bakery 555-0142",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_typed(desk: SearchDesk, bakery: Bakery, typed: str) -> None:
    first = desk.find(typed).hits[0]
    assert first.row_id == bakery.dana
    assert first.number == "+13125550142"


def test_digits_are_marked_through_their_punctuation(desk: SearchDesk, bakery: Bakery) -> None:
    dana = desk.find("3125550142").hits[0]
    assert marked(dana.subtitle, dana.subtitle_marks) == ["312) 555-0142"]


def test_two_digits_are_no_number(desk: SearchDesk, bakery: Bakery) -> None:
    assert desk.find("42").hits == ()


def test_an_end_comes_before_a_piece_from_the_middle(desk: SearchDesk, bakery: Bakery) -> None:
    other = desk.add("contacts", client_id=bakery.plumbing, name="Aaron Placeholder")
    desk.add("phone_numbers", client_id=bakery.plumbing, contact_id=other, raw="", e164="+12015550142")
    desk.add("phone_numbers", client_id=bakery.plumbing, contact_id=other, raw="", e164="+12010142555")
    assert desk.find("0142555").hits[0].number == "+12010142555"
    hits = desk.find("0142").sections[0].hits
    assert {hits[0].number, hits[1].number} == {"+12015550142", "+13125550142"}


def test_a_number_without_e164_is_found_by_its_digits(desk: SearchDesk, bakery: Bakery) -> None:
    desk.add("phone_numbers", client_id=bakery.client, contact_id=bakery.kit, raw="55-01-99 (night)", e164="")
    assert desk.find("550199").hits[0].row_id == bakery.kit
    assert desk.find("550199").hits[0].subtitle.endswith("55-01-99 (night)")


def test_a_company_line_finds_the_company(desk: SearchDesk, bakery: Bakery) -> None:
    hit = desk.find("555-0177").hits[0]
    assert (hit.kind, hit.row_id, hit.subtitle, hit.number) == (
        "client", bakery.client, "Chicago, (312) 555-0177", "+13125550177",
    )  # fmt: skip


@pytest.mark.parametrize(
    "typed",
    ["d", "da", "dan", "dana", "dana s", "dana sam", "sample dana", "dana bakery", "bakery dana", "DANA", "Däna"],
)
def test_a_contact_is_found_while_the_name_is_typed(desk: SearchDesk, bakery: Bakery, typed: str) -> None:
    assert bakery.dana in desk.ids(typed)


@pytest.mark.parametrize(
    "typed", ["exmaple bakery", "example bakrey", "exampel", "exmple", "exxample", "examlpe baker", "bakrey"]
)
def test_typing_errors_are_forgiven(desk: SearchDesk, bakery: Bakery, typed: str) -> None:
    assert bakery.client in desk.ids(typed)


@pytest.mark.parametrize("typed", ["exmap", "palceh", "plcaeholder plumb"])
def test_a_misspelt_beginning_is_forgiven(desk: SearchDesk, bakery: Bakery, typed: str) -> None:
    wanted = bakery.client if typed == "exmap" else bakery.plumbing
    assert wanted in desk.ids(typed)


def test_what_a_misspelt_word_was_taken_for_is_marked(desk: SearchDesk, bakery: Bakery) -> None:
    hit = only(desk.find("garnishmnet").hits, bakery.message)
    assert marked(hit.title, hit.title_marks) == ["garnishment"]


def test_exact_comes_before_begun_before_misspelt(desk: SearchDesk) -> None:
    for name in ("Samantha Demo", "Sma Demo", "Sam Demo", "Bo Sam"):
        desk.add("contacts", client_id="", name=name)
    assert desk.titles("sam") == ["Sam Demo", "Bo Sam", "Samantha Demo"]
    for name in ("Marlo Test", "Marol Test", "Marlow Test"):
        desk.add("contacts", client_id="", name=name)
    assert desk.titles("marlo") == ["Marlo Test", "Marlow Test", "Marol Test"]


def test_every_word_must_agree(desk: SearchDesk, bakery: Bakery) -> None:
    assert bakery.dana not in desk.ids("dana plumbing")
    assert desk.find("dana zebra").hits == ()
    assert bakery.max not in desk.ids("example 0142")


def test_who_left_and_closed_companies_come_last(desk: SearchDesk) -> None:
    gone = desk.add("contacts", client_id="", name="Robin Aaa", is_active=0)
    closed = desk.add("clients", name="Robin Works", status="closed")
    here = desk.add("contacts", client_id="", name="Robin Zzz")
    hits = desk.find("robin").hits
    assert hits[0].row_id == here
    assert {hit.row_id for hit in hits[1:]} == {gone, closed}
    assert [hit.is_past for hit in hits] == [False, True, True]


def test_who_is_named_exactly_is_found_though_they_left(desk: SearchDesk) -> None:
    gone = desk.add("contacts", client_id="", name="Robin Demo", is_active=0)
    for number in range(6):
        desk.add("contacts", client_id="", name=f"Robin Demos {number}")
    assert desk.ids("robin demo")[0] == gone


def test_clients_leave_room_for_contacts(desk: SearchDesk) -> None:
    for number in range(9):
        desk.add("clients", name=f"Orchard {number}")
        desk.add("contacts", client_id="", name=f"Pat Orchard {number}")
    kinds = [hit.kind for hit in desk.find("orchard").hits]
    assert kinds == ["client"] * 3 + ["contact"] * 2
    assert desk.find("orchard").found_count == 18


def test_an_address_finds_its_owner(desk: SearchDesk, bakery: Bakery) -> None:
    for typed in ("dana@", "dana@bak", "dana@bakery.example.com"):
        assert desk.ids(typed)[:1] == [bakery.dana]
    assert bakery.dana not in desk.ids("dana@other.example.com")
    assert bakery.client in desk.ids("office@bakery.example.com")


def test_a_code_finds_its_client_and_a_city_too(desk: SearchDesk, bakery: Bakery) -> None:
    assert desk.ids("exb")[0] == bakery.client
    assert bakery.plumbing in desk.ids("toledo")


@pytest.mark.parametrize("typed", ["dana", "dana tax", "sampel"])
def test_work_that_is_found_by_its_contact_shows_who_that_is(desk: SearchDesk, bakery: Bakery, typed: str) -> None:
    """Else nobody would see why it was found."""
    hit = only(desk.find(typed).hits, bakery.ticket)
    assert hit.subtitle == "#4821, Dana Sample, Example Bakery"
    assert marked(hit.subtitle, hit.subtitle_marks) == ["Sample" if typed == "sampel" else "Dana"]
    message = only(desk.find(f"{typed.split(maxsplit=1)[0]} garnish").hits, bakery.message)
    assert message.subtitle == "#4821, Dana Sample, Example Bakery"


@pytest.mark.parametrize("typed", ["#4821", "4821", "# 4821", "#48", "482"])
def test_a_ticket_is_found_by_its_number(desk: SearchDesk, bakery: Bakery, typed: str) -> None:
    hit = desk.find(typed).hits[0]
    assert (hit.kind, hit.row_id) == ("ticket", bakery.ticket)
    assert hit.title == "Tax notice says the April deposit was late"
    assert hit.subtitle == "#4821, Example Bakery"


def test_the_exact_ticket_comes_before_those_that_begin_with_it(desk: SearchDesk, bakery: Bakery) -> None:
    longer = desk.add("tickets", client_id=bakery.client, number=48210, subject="Another", opened_at=NOW)
    assert desk.ids("#4821") == [bakery.ticket, longer]


def test_a_provisional_label_stays_findable(desk: SearchDesk, bakery: Bakery) -> None:
    ticket = desk.add("tickets", client_id=bakery.client, subject="Written offline", opened_at=NOW)
    others = [desk.add("tickets", subject=f"Other {n}", opened_at=NOW) for n in range(40)]
    label = provisional_label(ticket)
    assert desk.find(label).hits[0].subtitle == f"{label}, Example Bakery"
    for typed in (label, label.lower(), f"#{label}", label[:-1], label[:4]):
        assert ticket in desk.ids(typed)
    desk.change("tickets", ticket, number=77)
    assert desk.ids(label)[0] == ticket
    assert len(desk.ids(label)) < len(others)


def test_a_hash_leaves_only_numbers(desk: SearchDesk, bakery: Bakery) -> None:
    assert bakery.client in desk.ids("bakery")
    assert desk.find("#bakery").hits == ()
    assert desk.ids("#0142")[0] == bakery.dana


def test_commands_are_not_for_search(desk: SearchDesk, bakery: Bakery) -> None:
    assert desk.find("> dana").hits == ()


def test_calls_tickets_messages_notes_and_follow_ups_are_found_by_their_words(desk: SearchDesk, bakery: Bakery) -> None:
    for typed, wanted in (
        ("first question", bakery.call),
        ("notice april", bakery.ticket),
        ("garnish", bakery.message),
        ("shop closes", bakery.note),
        ("rate table", bakery.follow_up),
    ):
        assert desk.ids(typed) == [wanted]
    message = desk.find("garnish").hits[0]
    assert (message.open_kind, message.open_id, message.subtitle) == ("ticket", bakery.ticket, "#4821, Example Bakery")
    note = desk.find("shop closes").hits[0]
    assert (note.open_kind, note.open_id, note.client_id) == ("client", bakery.client, bakery.client)
    follow_up = desk.find("rate table").hits[0]
    assert (follow_up.time_at, follow_up.state) == (NOW + DAY, "open")


def test_words_may_be_of_the_text_and_of_whom_it_is_about(desk: SearchDesk, bakery: Bakery) -> None:
    for typed in (
        "dana question",
        "bakery question",
        "question example",
        "deposit dana bakery",
        "0142 question",
    ):
        assert bakery.call in desk.ids(typed), typed
    assert bakery.call not in desk.ids("plumbing question")


def test_a_call_without_a_note_is_found_by_its_caller_and_named_after_them(desk: SearchDesk, bakery: Bakery) -> None:
    call = desk.add(
        "interactions", client_id=bakery.plumbing, contact_id=bakery.max, number="+14195550130", started_at=NOW
    )
    hit = only(desk.find("max example").hits, call)
    assert (hit.title, hit.subtitle) == ("Max Example", "Placeholder Plumbing, (419) 555-0130")
    unknown = desk.add("interactions", number="+12015550188", started_at=NOW)
    hit = only(desk.find("555-0188").hits, unknown)
    assert (hit.title, hit.number) == ("(201) 555-0188", "+12015550188")


def test_the_newest_come_first_whenever_they_arrived(desk: SearchDesk, bakery: Bakery) -> None:
    times = [NOW - DAY, NOW - 400 * DAY, NOW, NOW - 30 * DAY, NOW - 2 * DAY, NOW - 3 * DAY, NOW - 900 * DAY]
    calls = {at: desk.add("interactions", note="quarterly filing", started_at=at) for at in times}
    assert desk.ids("quarterly") == [calls[at] for at in sorted(times, reverse=True)[:5]]


def test_many_calls_do_not_hide_the_tickets(desk: SearchDesk, bakery: Bakery) -> None:
    tickets = [
        desk.add("tickets", subject=f"Overtime {n}", opened_at=NOW - 90 * DAY, last_message_at=NOW - n * DAY)
        for n in range(3)
    ]
    rows = [
        {**new_row("interactions"), "id": desk.id(), "note": "overtime again", "started_at": NOW - n * MINUTE}
        for n in range(300)
    ]
    desk.put("interactions", *rows)
    results = desk.find("overtime")
    work = results.sections[0]
    assert [hit.kind for hit in work.hits].count("call") == 3
    assert [hit.row_id for hit in work.hits if hit.kind == "ticket"] == tickets[:2]
    assert (results.found_count, results.is_more) == (200, True)


def test_a_long_note_shows_the_part_that_agrees(desk: SearchDesk) -> None:
    text = "nothing of interest " * 40 + "the garnishment began in May " + "and so it went on " * 20
    desk.add("notes", body=text, written_at=NOW)
    hit = desk.find("garnishment").hits[0]
    assert hit.title.startswith("…")
    assert hit.title.endswith("…")
    assert len(hit.title) <= 90
    assert marked(hit.title, hit.title_marks) == ["garnishment"]


def test_messages_of_events_are_not_found(desk: SearchDesk, bakery: Bakery) -> None:
    desk.add("messages", ticket_id=bakery.ticket, kind="event", body="zebra assigned", written_at=NOW)
    assert desk.find("zebra").hits == ()


def test_open_follow_ups_come_before_those_that_are_done(desk: SearchDesk) -> None:
    done = desk.add("follow_ups", title="Check the accrual", state="done", created_at=NOW, due_at=NOW)
    due = desk.add("follow_ups", title="Check the accrual", created_at=NOW - 9 * DAY, due_at=NOW - DAY)
    assert desk.ids("accrual") == [due, done]


def test_an_edit_changes_what_is_found(desk: SearchDesk, bakery: Bakery) -> None:
    assert bakery.call in desk.ids("question")
    desk.change("interactions", bakery.call, note="Asked about the bonus run")
    assert bakery.call not in desk.ids("question")
    assert bakery.call in desk.ids("bonus")
    desk.change("interactions", bakery.call, contact_id=bakery.kit)
    assert bakery.call in desk.ids("kit bonus")
    assert bakery.call not in desk.ids("dana bonus")
    desk.change("contacts", bakery.dana, name="Dana Renamed")
    assert bakery.dana not in desk.ids("dana sample")
    assert desk.ids("renamed 0142")[0] == bakery.dana
    desk.change("clients", bakery.client, name="Invented Interiors")
    assert desk.ids("invented 0142")[0] == bakery.dana
    assert bakery.client not in desk.ids("bakery")
    assert bakery.ticket in desk.ids("invented notice")
    desk.change("phone_numbers", bakery.number, e164="+13125550155")
    assert bakery.dana not in desk.ids("312 555 0142")
    assert desk.ids("0155")[0] == bakery.dana


@pytest.mark.parametrize(
    ("table", "attribute", "typed"),
    [
        ("clients", "client", "bakery"),
        ("contacts", "dana", "dana"),
        ("tickets", "ticket", "notice"),
        ("interactions", "call", "question"),
        ("notes", "note", "closes"),
        ("messages", "message", "garnishment"),
        ("follow_ups", "follow_up", "rate table"),
    ],
)
def test_what_is_deleted_is_not_found_and_comes_back(
    desk: SearchDesk, bakery: Bakery, table: str, attribute: str, typed: str
) -> None:
    row_id = getattr(bakery, attribute)
    assert row_id in desk.ids(typed)
    desk.change(table, row_id, deleted=1)
    assert row_id not in desk.ids(typed)
    desk.change(table, row_id, deleted=0)
    assert row_id in desk.ids(typed)
    desk.remove(table, row_id)
    assert row_id not in desk.ids(typed)


def test_a_removed_number_finds_nobody(desk: SearchDesk, bakery: Bakery) -> None:
    desk.change("phone_numbers", bakery.number, deleted=1)
    assert bakery.dana not in desk.ids("0142")
    assert desk.find("dana").hits[0].number == ""


def test_what_is_gone_is_not_found_before_the_index_forgot_it(desk: SearchDesk, bakery: Bakery) -> None:
    assert bakery.call in desk.ids("question")
    other = desk.sql.db
    with other.atomic("IMMEDIATE"):  # nothing of search is told
        desk.sql.purge("interactions", [bakery.call])
    assert desk.find("question").hits == ()


def test_a_row_number_that_is_given_again_is_indexed_again(desk: SearchDesk) -> None:
    first = [desk.add("notes", body=f"aardvark {n}", written_at=NOW) for n in range(4)]
    assert len(desk.ids("aardvark")) == 3
    desk.remove("notes", *first)
    second = desk.add("notes", body="zebra", written_at=NOW)
    assert desk.ids("zebra") == [second]
    assert desk.ids("aardvark") == []


def test_an_import_of_one_second_is_found_whole(desk: SearchDesk) -> None:
    rows = [{**new_row("notes"), "id": desk.id(), "body": f"imported word{n}", "written_at": NOW} for n in range(150)]
    desk.put("notes", *rows)
    assert desk.find("imported").found_count == 150
    for n in (0, 77, 149):
        assert desk.ids(f"word{n}")[0] == rows[n]["id"]


def test_a_busy_file_is_searched_without_waiting(desk: SearchDesk, bakery: Bakery, tmp_path: Path) -> None:
    import threading

    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        desk.sql.db.connect()
        with desk.sql.transaction():
            holding.set()
            done.wait(20)
        desk.sql.db.close()

    assert bakery.call in desk.ids("question")
    desk.add("notes", body="written just now", written_at=NOW)
    other = threading.Thread(target=hold)
    other.start()
    holding.wait(20)
    began = time.monotonic()
    found, fresh = desk.ids("question"), desk.ids("written just")
    waited = time.monotonic() - began
    done.set()
    other.join()
    assert bakery.call in found
    assert fresh == []
    assert waited < 2
    assert len(desk.ids("written just")) == 1
    assert desk.sql.value("PRAGMA busy_timeout") == 20_000


def test_the_empty_box_shows_my_last_calls_and_their_people(desk: SearchDesk, bakery: Bakery) -> None:
    latest = desk.add("interactions", client_id=bakery.plumbing, contact_id=bakery.max, agent_id="ada", started_at=NOW)
    desk.add("interactions", client_id=bakery.client, contact_id=bakery.kit, agent_id="casey", started_at=NOW)
    people, calls = desk.query.recent("ada").sections
    assert [hit.row_id for hit in people.hits] == [bakery.max, bakery.dana]
    assert [hit.row_id for hit in calls.hits] == [latest, bakery.call]
    assert desk.query.recent("nobody").sections == ()


def test_other_alphabets_are_found(desk: SearchDesk) -> None:
    greek = desk.add("contacts", client_id="", name="Ελένη Δοκιμή")
    accents = desk.add("contacts", client_id="", name="Zoë Façade")
    chinese = desk.add("notes", body="测试 的 便条", written_at=NOW)
    assert desk.ids("ελένη") == [greek]
    assert desk.ids("zoe facade") == desk.ids("ZOË façade") == [accents]
    assert desk.ids("测试") == [chinese]
    hit = desk.find("facade").hits[0]
    assert marked(hit.title, hit.title_marks) == ["Façade"]


# Who is near


def many_danas(desk: SearchDesk) -> list[str]:
    """Sixty contacts called Dana, each of a company of their own; their ids by family name."""
    rows = []
    for number in range(60):
        client = desk.add("clients", name=f"Sample Works {number:02}")
        family = f"{chr(65 + number // 26)}{chr(97 + number % 26)}"
        rows.append(desk.add("contacts", client_id=client, name=f"Dana {family}"))
    return rows


def test_who_was_just_on_the_phone_comes_before_others_of_that_name(desk: SearchDesk) -> None:
    danas = many_danas(desk)
    for minutes, place in ((20, 41), (5, 57)):
        desk.add("interactions", contact_id=danas[place], agent_id="ada", started_at=NOW - minutes * MINUTE)
    desk.add("interactions", contact_id=danas[50], agent_id="casey", started_at=NOW)
    found = [hit.row_id for hit in desk.query.find("dana", "ada").hits]
    assert found[:3] == [danas[57], danas[41], danas[0]]
    assert desk.ids("dana")[0] == danas[0]


def test_a_call_that_came_since_counts_at_the_next_letter(desk: SearchDesk) -> None:
    danas = many_danas(desk)
    assert desk.query.find("dana", "ada").hits[0].row_id == danas[0]
    desk.add("interactions", contact_id=danas[30], agent_id="ada", started_at=NOW)
    assert desk.query.find("dana", "ada").hits[0].row_id == danas[30]


def test_my_clients_come_before_others_called_alike(desk: SearchDesk) -> None:
    ids = [desk.add("clients", name=f"{chr(65 + n % 26)}{chr(97 + n // 26)} Bakery") for n in range(60)]
    desk.change("clients", ids[25], specialist_id="ada")
    assert desk.query.find("bakery", "ada").hits[0].row_id == ids[25]
    assert desk.query.find("bakery", "casey").hits[0].row_id == ids[0]


def test_a_better_agreement_comes_before_whom_one_knows(desk: SearchDesk) -> None:
    client = desk.add("clients", name="Demo Works")
    known = desk.add("contacts", client_id=client, name="Danabel Known")
    desk.add("interactions", contact_id=known, agent_id="ada", started_at=NOW)
    exact = desk.add("contacts", client_id=client, name="Dana Zonda")
    assert [hit.row_id for hit in desk.query.find("dana", "ada").hits[:2]] == [exact, known]


def test_a_company_typed_whole_comes_first_and_then_its_people(desk: SearchDesk) -> None:
    other = desk.add("clients", name="Demo Florists")
    named_alike = desk.add("contacts", client_id=other, name="Sasha Specimen")
    meant = desk.add("clients", name="Specimen Florists")
    person = desk.add("contacts", client_id=meant, name="Pat Fictional")
    desk.add("interactions", contact_id=named_alike, agent_id="ada", started_at=NOW)
    found = [hit.row_id for hit in desk.query.find("specimen florists", "ada").hits[:3]]
    assert found == [meant, person, named_alike]


def test_all_of_a_section_can_be_read(desk: SearchDesk) -> None:
    danas = many_danas(desk)
    few = desk.find("dana").sections[0]
    assert (len(few.hits), few.found_count, few.is_more) == (5, 60, False)
    everyone = desk.query.find_all("dana", "", "directory")
    assert [hit.row_id for hit in everyone.hits] == danas
    for number in range(30):
        desk.add("follow_ups", title=f"Garnishment {number}", due_at=NOW + number, state="open")
    assert len(desk.find("garnishment").sections[0].hits) == 3
    titles = [hit.title for hit in desk.query.find_all("garnishment", "", "follow_ups").hits]
    assert titles == [f"Garnishment {number}" for number in reversed(range(30))]
    assert desk.query.find_all("dana", "", "notes").hits == ()
