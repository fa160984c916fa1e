"""The index follows the rows: step by step the same as made anew, and nothing of what was taken out stays in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.store.search_documents import ID_MARK, SOURCES
from csr_desktop.store.search_projection import ANEW, PAGE, SearchProjection, forget, is_behind, settle
from csr_desktop.store.tables import COLUMNS, new_row
from tests.store.search_desk import DAY, NOW, Bakery, SearchDesk
from tests.store.search_filler import SMALL, Filler

WORDS = "deposit garnishment bakery dana example late notice zoë 0142 5551 april bonus wage".split()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SearchDesk]:
    made = SearchDesk(tmp_path / "desk.db")
    yield made
    made.sql.db.close()


def in_whole(desk: SearchDesk) -> dict[str, Any]:
    """What the index holds, without the numbers that it gives by itself."""
    sql = desk.sql
    with sql.transaction():
        settle(sql, 1_000_000)
        while sql.value("SELECT count(*) FROM search_forgotten"):
            forget(sql, 1_000)
    found: dict[str, Any] = {
        "terms": sql.all("SELECT term, doc FROM search_item_terms ORDER BY term"),
        "directory": sql.all(
            "SELECT row_id, client_id, contact_id, is_past, name, more, digits FROM search_directory ORDER BY row_id"
        ),
        "directory terms": sql.all("SELECT term, col, doc, cnt FROM search_directory_terms ORDER BY term, col"),
        "places": sql.all("SELECT place, item >> 3 FROM search_items ORDER BY place"),
    }
    sql.do("INSERT INTO search_directory_text (search_directory_text, rank) VALUES ('integrity-check', 1)")
    sql.do("INSERT INTO search_item_text (search_item_text) VALUES ('integrity-check')")
    return found


def words(desk: SearchDesk) -> set[tuple[str, int]]:
    return set(desk.sql.all("SELECT word, places FROM search_words"))


def rebuilt(desk: SearchDesk) -> None:
    with desk.sql.transaction():
        desk.projection.rebuild(desk.sql)


def test_pages_and_made_anew_are_the_same(desk: SearchDesk) -> None:
    Filler(SMALL).fill(desk.sql)
    for table in sorted(desk.projection.tables):
        ids = [i for (i,) in desk.sql.all(f"SELECT id FROM {table}")]
        with desk.sql.transaction():
            desk.projection.update(desk.sql, table, ids)
    step_by_step, known = in_whole(desk), words(desk)
    rebuilt(desk)
    assert in_whole(desk) == step_by_step
    assert words(desk) == known


TEXTS = {"note", "subject", "body", "title", "outcome_note", "name", "code", "city", "label", "raw"}
TIMES = {"started_at", "opened_at", "written_at", "created_at"}
CHOICES: dict[tuple[str, str], list[Any]] = {
    ("phone_numbers", "e164"): ["", "+13125550142", "+14195550130", "anonymous"],
    ("interactions", "number"): ["", "+13125550142", "+14195550130", "anonymous"],
    ("contacts", "is_active"): [0, 1],
    ("contacts", "email"): ["", "dana@bakery.example.com", "x@", "@y", "no"],
    ("clients", "status"): ["active", "closed"],
    ("messages", "kind"): ["note", "event"],
}


def any_text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(0, 6)))


def any_values(chance: random.Random, rows: dict[str, list[str]], table: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in COLUMNS[table]:
        if name in {"client_id", "contact_id"}:
            fields[name] = chance.choice([*rows[name.removesuffix("_id") + "s"], ""])
        elif name in TEXTS:
            fields[name] = any_text(chance)
        elif name in TIMES:
            fields[name] = chance.choice([0, -5, 2**62, NOW, NOW - chance.randrange(3) * 1000])
        elif (table, name) in CHOICES:
            fields[name] = chance.choice(CHOICES[table, name])
    return fields


@pytest.mark.parametrize("seed", range(6))
def test_any_changes_leave_what_making_anew_gives(desk: SearchDesk, seed: int) -> None:
    chance = random.Random(seed)
    rows: dict[str, list[str]] = {table: [] for table in desk.projection.tables}

    for _ in range(120):
        table = chance.choice(sorted(rows))
        deed = chance.random()
        if deed < 0.5 or not rows[table]:
            count = PAGE if chance.random() < 0.1 else 1
            new = [{**new_row(table), "id": desk.id(), **any_values(chance, rows, table)} for _ in range(count)]
            desk.put(table, *new)
            rows[table] += [row["id"] for row in new]
        elif deed < 0.75:
            desk.change(table, chance.choice(rows[table]), **any_values(chance, rows, table))
        elif deed < 0.85:
            desk.change(table, chance.choice(rows[table]), deleted=chance.randrange(2))
        elif deed < 0.95:
            some = chance.sample(rows[table], min(len(rows[table]), chance.choice([1, 1, 3])))
            desk.remove(table, *some)
            rows[table] = [row_id for row_id in rows[table] if row_id not in some]
        else:
            desk.find(any_text(chance))
    answers = {word: desk.ids(word) for word in WORDS}
    step_by_step, known = in_whole(desk), words(desk)
    rebuilt(desk)
    anew = in_whole(desk)
    # Which of several rows of one second comes first depends on when they came.
    assert [place for place, _ in step_by_step.pop("places")] == [place for place, _ in anew.pop("places")]
    assert step_by_step == anew
    assert {word for word, _ in words(desk)} <= {word for word, _ in known}
    assert {word: set(ids) for word, ids in answers.items() if len(ids) < 3} == {
        word: set(desk.ids(word)) for word, ids in answers.items() if len(ids) < 3
    }


def test_a_saved_call_costs_no_write_of_search(desk: SearchDesk) -> None:
    Bakery(desk)
    desk.find("dana")
    before = {
        name: desk.sql.all(f"SELECT count(*) FROM {name}")
        for name in ("search_items", "search_item_text_data", "search_stale")
    }
    desk.add("interactions", note="aardvark", started_at=NOW)
    assert {name: desk.sql.all(f"SELECT count(*) FROM {name}") for name in before} == before
    assert is_behind(desk.sql)
    assert len(desk.ids("aardvark")) == 1
    assert not is_behind(desk.sql)


def test_a_page_is_indexed_with_its_rows(desk: SearchDesk) -> None:
    desk.put(
        "notes", *({**new_row("notes"), "id": desk.id(), "body": "aardvark", "written_at": NOW} for _ in range(PAGE))
    )
    assert not is_behind(desk.sql)


def test_a_change_of_another_column_leaves_the_index_alone(desk: SearchDesk) -> None:
    bakery = Bakery(desk)
    desk.find("dana")
    desk.change("tickets", bakery.ticket, state="waiting", priority="high", assignee_id="ada", number=5000)
    assert not is_behind(desk.sql)
    assert desk.ids("#5000") == [bakery.ticket]


def test_nothing_of_a_removed_text_stays(desk: SearchDesk) -> None:
    note = desk.add("notes", body="unmistakable", written_at=NOW)
    desk.add("notes", body="another", written_at=NOW)
    assert desk.ids("unmistakable") == [note]
    desk.change("notes", note, body="harmless", deleted=1)
    while desk.query.tidy():
        pass
    assert desk.sql.all("SELECT term FROM search_item_terms WHERE term LIKE 'unmis%'") == []
    assert desk.sql.value("SELECT count(*) FROM search_forgotten") == 0
    blocks = [bytes(block) for (block,) in desk.sql.all("SELECT block FROM search_item_text_data")]
    assert not any(b"mistakable" in block for block in blocks)


def test_opening_the_box_forgets_too(desk: SearchDesk) -> None:
    note = desk.add("notes", body="unmistakable", written_at=NOW)
    desk.find("unmistakable")
    desk.remove("notes", note)
    assert desk.sql.all("SELECT term FROM search_item_terms WHERE term = 'unmistakable'")
    desk.query.recent("ada")
    assert desk.sql.all("SELECT term FROM search_item_terms WHERE term = 'unmistakable'") == []


def test_when_very_much_is_removed_the_index_is_made_anew(desk: SearchDesk) -> None:
    rows = [
        {**new_row("notes"), "id": desk.id(), "body": f"word{n} common", "written_at": NOW} for n in range(ANEW + 60)
    ]
    desk.put("notes", *rows)
    kept = desk.add("notes", body="common ground", written_at=NOW - DAY)
    assert desk.find("common").is_more
    desk.remove("notes", *(row["id"] for row in rows))
    assert desk.ids("common") == [kept]
    desk.put("notes", *({**new_row("notes"), "id": desk.id(), "body": "rest", "written_at": NOW} for _ in range(PAGE)))
    assert desk.sql.value("SELECT count(*) FROM search_forgotten") == 0
    assert desk.sql.value("SELECT count(*) FROM search_items") == PAGE + 1


def test_segments_are_merged_at_leisure(desk: SearchDesk) -> None:
    desk.sql.do("INSERT INTO search_item_text (search_item_text, rank) VALUES ('automerge', 0)")
    for n in range(12):
        desk.add("notes", body=f"aardvark {n}", written_at=NOW + n * 1000)
        desk.find("aardvark")
    segments = "SELECT count(DISTINCT segid) FROM search_item_text_idx"
    assert desk.sql.value(segments) == 12
    while desk.query.tidy():
        pass
    assert desk.sql.value(segments) == 1
    assert desk.find("aardvark").found_count == 12


def test_a_renamed_company_changes_its_contacts_and_numbers_only(desk: SearchDesk) -> None:
    bakery = Bakery(desk)
    desk.find("dana")
    desk.change("clients", bakery.client, name="Pretend Pediatrics", tier="gold")
    assert not is_behind(desk.sql)
    found = desk.sql.all("SELECT row_id FROM search_directory WHERE more LIKE '%Pretend%' ORDER BY row_id")
    assert [i for (i,) in found] == sorted([bakery.dana, bakery.kit, bakery.number, bakery.line])


def test_a_number_that_comes_before_its_contact_is_found_when_that_has_come(desk: SearchDesk) -> None:
    contact_id, client_id = desk.id(), desk.id()
    desk.add("phone_numbers", contact_id=contact_id, client_id=client_id, raw="", e164="+13125550142")
    assert desk.find("0142").hits == ()
    desk.put("contacts", {**new_row("contacts"), "id": contact_id, "client_id": client_id, "name": "Late Comer"})
    assert desk.ids("0142") == [contact_id]
    desk.put("clients", {**new_row("clients"), "id": client_id, "name": "Later Company"})
    assert desk.ids("later 0142") == [contact_id, client_id]


def test_no_document_holds_a_text_in_the_file_twice(desk: SearchDesk) -> None:
    """The index of items is of words alone; what was forgotten is emptied."""
    Bakery(desk)
    desk.find("dana")
    columns = {
        row[1] for row in desk.sql.all("SELECT name, sql FROM sqlite_master WHERE name LIKE 'search_item_text%'")
    }
    assert not any(sql and "_content" in sql for sql in columns)
    assert all(source.table in SearchProjection.tables for source in SOURCES)
    assert desk.sql.all("SELECT term FROM search_item_terms WHERE term LIKE ?", f"{ID_MARK}c%")
