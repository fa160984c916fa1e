"""Text that comes in, and text that goes out to spreadsheets and narrow places."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.text import clean, clean_line, defuse_cell, excerpt, initials, is_plain

ANY_TEXT = st.text(st.characters(exclude_categories=()))
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


def test_what_would_block_an_outbox_is_taken_out() -> None:
    assert clean("a\x00b\ud800c\udfffd") == "abcd"
    assert clean("bell\x07 escape\x1b[31m delete\x7f next\x85") == "bell escape[31m delete next"


def test_a_name_cannot_be_made_to_read_backwards() -> None:
    assert clean_line("invoice\u202efdp.exe") == "invoicefdp.exe"
    assert clean("\u202dSample\u202e") == "Sample"
    assert clean("\u2067\u05e9\u05dc\u05d5\u05dd\u2069 Sample") == "\u2067\u05e9\u05dc\u05d5\u05dd\u2069 Sample"


def test_lines_and_tabs_stay() -> None:
    assert clean("one\r\ntwo\rthree\n\tfour") == "one\ntwo\nthree\n\tfour"
    assert clean("one\r\x00\ntwo") == "one\ntwo"


def test_letters_are_composed_and_other_scripts_stay() -> None:
    assert clean("Zoe\u0308") == "Zo\u00eb"
    assert clean("\u200f\u05e9\u05dc\u05d5\u05dd\u200f") == "\u200f\u05e9\u05dc\u05d5\u05dd\u200f"
    assert clean(FAMILY) == FAMILY


@pytest.mark.parametrize("code", range(0x180))
def test_a_plain_text_is_clean_and_one_line(code: int) -> None:
    text = f"Sample{chr(code)}text"
    assert is_plain(text) == (0x20 <= code <= 0x7E)
    if is_plain(text):
        assert clean(text) == text
        assert text.splitlines() == [text]


@settings(deadline=None)
@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\x00" not in once
    once.encode()
    assert unicodedata.is_normalized("NFC", once)


@settings(deadline=None)
@given(st.text("a\u0301\u0316\u0344\u034f\r\n\x00\ud800", max_size=200))
def test_long_runs_of_marks_are_stable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4_000_000,
        "é\x00" * 2_000_000,
        "e\u0301 " * 1_300_000,
        "a" + "\u0301\u0316" * 2_000_000,
        "\r\n" * 2_000_000,
    ],
    ids=["plain", "nul", "composing", "marks", "lines"],
)
def test_four_megabytes_are_cleaned_while_one_waits(text: str) -> None:
    started = time.process_time()
    clean(text)
    assert time.process_time() - started < 8


def test_marks_that_come_apart_are_counted_as_what_they_become() -> None:
    once = clean("a" + "\u0344" * 200)
    assert clean(once) == once
    assert max(len(run) for run in once.split("\u034f")) <= 31


def test_ordinary_accents_are_not_broken_up() -> None:
    vietnamese = "Nguyễn Thị Ánh Tuyết, Đường Điện Biên Phủ"
    assert clean(unicodedata.normalize("NFD", vietnamese)) == vietnamese


def test_a_field_is_one_line() -> None:
    assert clean_line("  Sample \n\r\n Foods\t\u00a0\u2028Inc. \x00") == "Sample Foods Inc."
    assert clean_line("x" * 600) == "x" * 500
    assert clean_line("Sample Foods", 7) == "Sample"


def test_a_letter_is_not_cut_from_its_accent_nor_an_emoji_in_two() -> None:
    assert clean_line("abq\u0323\u0307", 4) == "ab"
    assert clean_line("a " + FAMILY, 4) == "a"
    assert clean_line(FAMILY, 3) == FAMILY[:3]


@settings(deadline=None)
@given(ANY_TEXT, st.integers(1, 40))
def test_one_line_twice_changes_nothing(text: str, limit: int) -> None:
    once = clean_line(text, limit)
    assert clean_line(once, limit) == once
    assert len(once) <= limit
    assert "\n" not in once


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", " x", "\u00a0=1", "\u3000=1"),
        *(
            "\uff1d1+1",
            "\uff0b1",
            "\uff0d1+1",
            "\uff20A1",
            "\u200b=1",
            "\ufeff=1",
            "=cmd|' /C calc'!A0",
            "-2+3+cmd",
            "+12125550142",
        ),
        *(f"{unseen}=1+1" for unseen in "\u2800\u3164\u115f\uffa0\u034f\u180b\u0301\U000e0100\u20e3"),
        "\u2800 \u3164\u200b=1+1",
        "\u200b" * 100 + "=1+1",
        *("--5", "-", "+", "-1e5", "-1,5", "+1 (212) 555-0142", "-\u0663"),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert defuse_cell(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "Sample Foods",
        "12",
        "-12.50",
        "-3",
        "+5",
        "+1.25",
        "0142",
        "a=b",
        "x-1",
        "\u200f\u05e9\u05dc\u05d5\u05dd",
        "\u2800x=1",
    ],
)
def test_other_cells_and_numbers_stay(cell: str) -> None:
    assert defuse_cell(cell) == cell


@pytest.mark.parametrize("number", [0, -5, 2.5, -1e300])
def test_numbers_stay_numbers(number: float) -> None:
    assert defuse_cell(number) is number


@settings(deadline=None)
@given(ANY_TEXT)
def test_no_defused_cell_begins_as_a_formula(text: str) -> None:
    cell = defuse_cell(text)
    assert isinstance(cell, str)
    is_number = cell.lstrip("+-").replace(".", "").isdigit()
    assert is_number or not cell.startswith(
        ("=", "+", "-", "@", "\t", "\r", " ", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )
    assert cell.removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        *(("Ann Sample", "AS"), ("ann", "A"), ("Ann B. Example-Demo", "AE"), ("", ""), ("42", ""), ("  ", "")),
        *(("émile (Fictional)", "ÉF"), ("ßample", "S"), ("3 Sample 7", "S"), ("山田 太郎", "山太")),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@settings(deadline=None)
@given(ANY_TEXT)
def test_initials_are_at_most_two_letters(name: str) -> None:
    assert len(initials(name)) <= 2


def test_an_excerpt_ends_at_a_word() -> None:
    assert excerpt("The W-2 of Ann Sample\nis wrong", 40) == "The W-2 of Ann Sample is wrong"
    assert excerpt("The W-2 of Ann Sample is wrong", 16) == "The W-2 of Ann…"
    assert excerpt("The W-2 of Ann Sample is wrong", 15) == "The W-2 of Ann…"
    assert excerpt("x" * 50, 10) == "x" * 9 + "…"
    assert excerpt("", 10) == ""


@settings(deadline=None)
@given(ANY_TEXT, st.integers(0, 60))
def test_an_excerpt_fits(text: str, length: int) -> None:
    assert len(excerpt(text, length)) <= length
