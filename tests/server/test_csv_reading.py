"""CSV files of any delimiter and encoding, and broken ones."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.server.csv_reading import (
    DELIMITERS,
    MOST_CELL_CHARACTERS,
    BrokenRecord,
    Record,
    decode,
    delimiter_of,
    read_file,
    records,
)
from csr_desktop.server.import_columns import known_columns

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=12)
ROWS = st.lists(st.lists(TEXT, min_size=2, max_size=5), min_size=1, max_size=6)


def written(rows: list[list[str]], delimiter: str, quoting: int = csv.QUOTE_MINIMAL, line_end: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=line_end).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def cells(text: str, delimiter: str = ",") -> list[list[str]]:
    found = list(records(text, delimiter))
    assert all(isinstance(record, Record) for record in found), found
    return [list(record.cells) for record in found if isinstance(record, Record)]


@given(
    ROWS,
    st.sampled_from(DELIMITERS),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str, quoting: int, line_end: str) -> None:
    if line_end != "\r\n":
        quoting = csv.QUOTE_ALL  # the writer quotes only those line ends that it writes itself
    found = cells(written(rows, delimiter, quoting, line_end), delimiter)
    # A blank line holds nothing; blanks before a cell are taken for layout where it has no quotation marks.
    expected = [row for row in rows if any(cell and not cell.isspace() for cell in row)]
    assert [[cell.strip() for cell in row] for row in found] == [[cell.strip() for cell in row] for row in expected]


@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(DELIMITERS))
def test_a_record_knows_its_line_and_how_it_came(rows: list[list[str]], delimiter: str) -> None:
    text = written(rows, delimiter)
    lines = list(io.StringIO(text, newline=""))
    for record in records(text, delimiter):
        rest = "".join(lines[record.line - 1 :])
        assert rest.startswith(record.raw)
        again = next(iter(records(record.raw, delimiter)))
        assert isinstance(again, Record)
        assert isinstance(record, Record)
        assert again.cells == record.cells


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), min_size=1, max_size=40),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_encodings_are_found_out(word: str, encoding: str) -> None:
    text = f"client,phone,email,city\r\n{word},1,2,3\r\nSample Dental Group,(918) 555-0131,,Tulsa\r\n" * 2
    mark = {"utf-16-le": b"", "utf-16-be": b""}.get(encoding, b"")
    assert decode(mark + text.encode(encoding)).text == text


@given(st.text(st.sampled_from("äöüßéèñçÄÖÜ€„“ØÅ"), min_size=1, max_size=10))
def test_windows_1252_is_found_out(word: str) -> None:
    text = f"client;city\r\nBeispiel {word} Muster;Köln\r\n"
    content = text.encode("cp1252")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        found = decode(content)
        assert (found.text, found.encoding) == (text, "windows-1252")
    else:
        assume(False)


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "utf-16", "windows-1252", "utf-32", "ascii"]))
@example(b"\xff\xfe\x00", "")
@example(b"client\n\x00\xd8", "utf-16-le")
def test_no_bytes_make_it_fail_in_another_way(content: bytes, encoding: str) -> None:
    try:
        text = decode(content, encoding).text
    except BadInput:
        return
    for delimiter in DELIMITERS:
        for record in records(text, delimiter):
            assert record.line >= 1
            assert isinstance(record, Record | BrokenRecord)


@given(st.text(max_size=200), st.sampled_from(DELIMITERS))
@example('"', ",")
@example('a,"b\nc,d\n"e"f,g\nh,i', ",")
@example("a,b\x00c\nd,e", ",")
def test_a_broken_line_takes_no_other_with_it(text: str, delimiter: str) -> None:
    """Behind any rubbish without line ends a sound line is still read."""
    rubbish = " ".join(text.splitlines())
    found = list(records(f"{rubbish}\r\nsound{delimiter}line\r\n", delimiter))
    last = found[-1]
    assert isinstance(last, Record)
    assert last.cells[-2:] == ("sound", "line") or '"' in rubbish


def test_an_unclosed_quotation_mark_spoils_its_own_line_only() -> None:
    text = 'client,phone\r\nExample "Bakery",1\r\n"Demo Trucking,2\r\n' + "".join(
        f"Sample {n},{n}\r\n" for n in range(5000)
    )
    found = list(records(text, ","))
    broken = [record for record in found if isinstance(record, BrokenRecord)]
    assert [(record.line, record.raw) for record in broken] == [(3, '"Demo Trucking,2')]
    assert "not closed" in broken[0].reason
    assert len(found) == 1 + 1 + 1 + 5000
    assert found[1] == Record(2, ('Example "Bakery"', "1"), 'Example "Bakery",1')


def test_many_unclosed_quotation_marks_are_each_found_in_reasonable_time() -> None:
    text = "".join(f'"Sample {n},{n}\n' if n % 2 else f"Sample {n},{n}\n" for n in range(4000))
    found = list(records(text, ","))
    assert len(found) >= 2000
    assert all(record.raw.startswith('"') for record in found if isinstance(record, BrokenRecord))


def test_a_quotation_mark_in_the_middle_is_refused_rather_than_guessed() -> None:
    found = list(records('"Joe "The Boss" Demo",1\nSample,2\n', ","))
    assert isinstance(found[0], BrokenRecord)
    assert "doubled" in found[0].reason
    assert found[1] == Record(2, ("Sample", "2"), "Sample,2")


def test_line_breaks_within_quotation_marks() -> None:
    text = 'client,alert\r\n"Example Bakery","Ask first:\r\nthree shops\nshare one line"\r\nDemo Trucking,\r\n'
    assert cells(text) == [
        ["client", "alert"],
        ["Example Bakery", "Ask first:\r\nthree shops\nshare one line"],
        ["Demo Trucking", ""],
    ]
    assert [record.line for record in records(text, ",")] == [1, 2, 5]


def test_a_cell_of_four_megabytes_is_refused_and_the_next_line_read() -> None:
    found = list(records("a,b\n" + "x" * 4_000_000 + ",1\nc,d\n", ","))
    assert [type(record) for record in found] == [Record, BrokenRecord, Record]
    assert isinstance(found[1], BrokenRecord)
    assert "longer" in found[1].reason
    quoted = list(records('a,b\n"' + ("x" * 19 + "\n") * 200_000 + '",1\nc,d\n', ","))
    assert isinstance(quoted[1], BrokenRecord)
    assert quoted[-1] == Record(200_003, ("c", "d"), "c,d")
    just = "x" * MOST_CELL_CHARACTERS
    assert cells(f"{just},1\n") == [[just, "1"]]
    assert isinstance(next(records(f"{just}x,1\n", ",")), BrokenRecord)


def test_nul_characters_stay_in_their_cell() -> None:
    assert cells("a\0b,c\n") == [["a\0b", "c"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b" \r\n\r\n\t", "empty"),
        (b"\0" * 4000, "empty"),
        (b"PK\x03\x04rest of a workbook", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(1, 256)) * 20, "not a text file"),
        (b"\x7fELF" + bytes(range(32)) * 40, "not a text file"),
    ],
)
def test_what_is_no_text_is_said_so(content: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        decode(content)


def test_one_wrong_byte_spoils_its_line_only() -> None:
    content = (
        "client,city\nBäckerei Muster,Köln\nMüller Demo,Düsseldorf\nÖzgür Sample,Gießen\n".encode() * 3
        + b"Bad \xe4 one,x\n"
    )
    text = decode(content)
    assert text.encoding == "utf-8"
    found = list(records(text.text, ","))
    broken = [record for record in found if isinstance(record, BrokenRecord)]
    assert [record.line for record in broken] == [13]
    assert "no text" in broken[0].reason


def test_the_encoding_can_be_said() -> None:
    assert decode("client\nÄ".encode("cp850"), "cp850").text == "client\nÄ"
    with pytest.raises(BadInput, match="no encoding called 'klingon'"):
        decode(b"client", "klingon")
    assert decode(b"\xef\xbb\xbfclient", "UTF8").text == "client"


@given(st.sampled_from(DELIMITERS), st.booleans())
def test_delimiters_are_found_out(delimiter: str, has_title: bool) -> None:
    rows = [
        ["Client", "Phone", "Note"],
        ["Example, Bakery; Ltd", "(312) 555-0142", "a|b, c; d"],
        ["Demo\tTrucking", "1", ""],
    ]
    text = ("Client list, printed today; all of it\r\n" if has_title else "") + written(rows, delimiter)
    assert delimiter_of(text, known_columns) == delimiter


def test_excel_s_own_word_on_the_delimiter_is_followed() -> None:
    text = "sep=;\r\nclient;phone\r\nExample, Bakery;1\r\n"
    assert delimiter_of(text, known_columns) == ";"
    assert cells(text, ";") == [["client", "phone"], ["Example, Bakery", "1"]]
    assert next(records(text, ";")).line == 2


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        read_file(tmp_path / "missing.csv")
    with pytest.raises(EnvironmentFault):
        read_file(tmp_path)
