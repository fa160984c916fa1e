"""Nothing that is typed, written or imported breaks the search box or means anything but itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csr_desktop.domain.text import clean
from csr_desktop.store.search_documents import ID_MARK
from csr_desktop.store.search_marks import Marker
from csr_desktop.store.search_typed import read
from csr_desktop.store.search_words import WORD, fold, words_of
from tests.store.search_desk import NOW, Bakery, SearchDesk

FTS = ['"', "*", "^", "(", ")", "AND", "OR", "NOT", "NEAR", "name:", "{name more} :", "+", "-", "'", ";", "--", ID_MARK]
PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from([*FTS, "dana", "example", "0142", "#4821", "T-", "@", "555-", "n", "c", "depo", "\0", "\ud800"]),
    st.text("0123456789 ()+-./", max_size=12),
)
TYPED = st.lists(PIECES, max_size=8).map(" ".join) | st.lists(PIECES, max_size=8).map("".join)


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bakery]:
    desk = SearchDesk(tmp_path_factory.mktemp("hostile") / "desk.db")
    made = Bakery(desk)
    desk.add(
        "notes", client_id=made.client, body='He said "deposit" AND (late) OR name:* NOT NEAR(a b)', written_at=NOW
    )
    yield made
    desk.sql.db.close()


@given(TYPED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@example('"')
@example('dana" OR "1')
@example("(")
@example("dana AND")
@example("name : dana *")
@example("#")
@example("T-!!!!!!")
@example("T-UUUUUU")
@example("9" * 300)
@example("+" * 50)
@example("a@" * 100)
@example("ﷺ ١٢٣٤ ᦰ ǅ ß İ ﬀ")
def test_any_text_is_answered_and_marks_stay_within_their_texts(bakery: Bakery, text: str) -> None:
    results = bakery.desk.find(text)
    for hit in results.hits:
        for shown, marks in ((hit.title, hit.title_marks), (hit.subtitle, hit.subtitle_marks)):
            end = 0
            for start, length in marks:
                assert end <= start
                assert length > 0
                end = start + length
            assert end <= len(shown)
    assert results.found_count >= max((len(section.hits) for section in results.sections), default=0)


def test_operators_are_words(bakery: Bakery) -> None:
    desk = bakery.desk
    assert bakery.call in desk.ids("deposit question")
    assert bakery.call not in desk.ids("deposit OR question")
    assert bakery.call not in desk.ids("NOT zebra question")
    assert desk.find("dana OR kit").hits == ()
    assert desk.find("*").hits == ()
    assert desk.find("^").hits == ()


def test_the_words_for_ids_can_be_neither_typed_nor_written(bakery: Bakery) -> None:
    desk = bakery.desk
    word = f"{ID_MARK}c{bakery.client[-17:].replace('-', '')}"
    assert desk.find(word).hits == ()
    forged = desk.add("notes", body=f"{word} {ID_MARK}k2", written_at=NOW)
    assert forged not in desk.ids("bakery")
    assert desk.find("bakery").hits


def test_four_megabytes_are_no_trouble(bakery: Bakery) -> None:
    desk = bakery.desk
    note = desk.add(
        "notes", client_id=bakery.client, body="word " * 400_000 + "needle " + "x" * 2_000_000, written_at=NOW
    )
    assert desk.ids("needle") == [note]
    assert desk.ids("n" * 4_000_000) == []
    assert len(desk.find("needle").hits[0].title) <= 90


def test_right_to_left_and_lone_marks_are_kept(bakery: Bakery) -> None:
    desk = bakery.desk
    note = desk.add("notes", body=clean("\u202eshalom \u05e9\u05dc\u05d5\u05dd e\u0301clair"), written_at=NOW)
    assert desk.ids("\u05e9\u05dc\u05d5\u05dd") == desk.ids("eclair") == desk.ids("éclair") == [note]


def test_each_letter_is_one_to_the_index_too(bakery: Bakery) -> None:
    """FTS5 without positions refuses a quoted word that it reads as two."""
    sql = bakery.desk.sql
    sql.do("CREATE VIRTUAL TABLE temp.letters USING fts5 (body, tokenize = 'unicode61 remove_diacritics 2')")
    sql.do("CREATE VIRTUAL TABLE temp.terms USING fts5vocab ('temp', 'letters', 'instance')")
    letters = [chr(code) for code in range(1, sys.maxunicode + 1) if WORD.fullmatch(chr(code))]
    with sql.transaction():
        sql.many(
            "INSERT INTO letters (rowid, body) VALUES (?, ?)", [(ord(letter), f"a{letter}b") for letter in letters]
        )
    assert sql.value("SELECT count(DISTINCT doc) FROM temp.terms") == len(letters)
    assert sql.all("SELECT doc FROM temp.terms GROUP BY doc HAVING count(*) > 1") == []


@given(st.text(max_size=40))
def test_folding_keeps_places(text: str) -> None:
    cleaned = clean(text)
    assert len(fold(cleaned)) == len(cleaned)
    assert all(3 <= len(word) <= 32 for word in words_of([cleaned]))


@given(TYPED, st.text(max_size=60))
def test_marks_are_in_order_and_within(typed: str, shown: str) -> None:
    shown = clean(shown)
    end = 0
    for start, length in Marker(read(typed, "US").words, ("example",)).marks(shown):
        assert start >= end
        end = start + length
    assert end <= len(shown)


@given(st.text(max_size=2_000))
def test_what_is_read_is_only_letters_and_digits(text: str) -> None:
    typed = read(text, "US")
    assert len(typed.words) <= 8
    for word in typed.words:
        for piece in (*word.pieces, *word.forms, *filter(None, [word.domain])):
            assert WORD.fullmatch(piece)


def test_a_file_copied_whole_is_searched_as_before(bakery: Bakery, tmp_path: Path) -> None:
    """Backups are made by VACUUM INTO: items are found by row number, which it must keep."""
    desk = bakery.desk
    gone = desk.add("interactions", note="a gap in the row numbers", started_at=NOW)
    desk.add("interactions", note="after the gap", started_at=NOW)
    before = desk.ids("gap"), desk.ids("question")
    desk.remove("interactions", gone)
    desk.sql.all("VACUUM INTO ?", str(tmp_path / "copy.db"))
    copy = SearchDesk(tmp_path / "copy.db")
    assert copy.ids("question") == before[1]
    assert copy.ids("gap") == [row_id for row_id in before[0] if row_id != gone]
    copy.sql.db.close()
