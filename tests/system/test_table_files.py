"""Tables for spreadsheets: what is written is read again as it was, and nothing is left of what was not finished."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.text import clean, defuse_cell
from csr_desktop.system.table_files import CELL_UNITS, Column, CsvFile, TableFile, XlsxFile

ZONE = ZoneInfo("America/New_York")
COLUMNS = (Column("Started", "at"), Column("Who"), Column("Seconds", "number"), Column("Time", "clock"))
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
AT = 1_778_594_400_000  # 2026-05-12 10:00 in New York
TEXTS = st.text().map(clean) | st.sampled_from(
    ["=1+1", "+1 212 555 0123", "-2", "@SUM(A1)", "\t=x", "'x", 'a "b", c', "two\nlines", "_x000D_", " both ", "\u200b=1",
     "http://example.com", "{=A1}", "1e5", "TRUE", "<b>&amp;"]
)  # fmt: skip
ROWS = st.lists(
    st.tuples(st.integers(1, 4_000_000_000_000), TEXTS, st.integers(0, 10**9), st.integers(0, 10**7)), max_size=8
)


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    """Cells by sheet: text, or a number; what is a formula fails."""
    found: dict[str, list[list[Any]]] = {}
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        names = [s.attrib["name"] for s in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
        for number, name in enumerate(names, 1):
            tree = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(tree.iter(f"{MAIN}f")), "a formula"
            found[name] = [[_cell(cell) for cell in row.iter(f"{MAIN}c")] for row in tree.iter(f"{MAIN}row")]
    return found


def _cell(cell: ET.Element) -> Any:
    text = "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    if cell.attrib.get("t") == "inlineStr":
        return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)
    value = cell.find(f"{MAIN}v")
    return float(value.text) if value is not None and value.text else ""


def begun(kind: str, path: Path, **more: Any) -> TableFile:
    return CsvFile(path, COLUMNS, ZONE) if kind == "csv" else XlsxFile(path, COLUMNS, ZONE, "Calls", **more)


def written(kind: str, path: Path, rows: list[Any], **more: Any) -> TableFile:
    file: TableFile = CsvFile(path, COLUMNS, ZONE) if kind == "csv" else XlsxFile(path, COLUMNS, ZONE, "Calls", **more)
    for row in rows:
        file.put([row])
    file.finish()
    return file


def local(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at // 1000, ZONE)


@given(rows=ROWS)
def test_csv_is_read_again_as_it_was_and_runs_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    written("csv", path, rows)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *lines = csv_rows(path)
    assert header == ["Started (America/New_York)", "Who", "Seconds", "Time"]
    for (at, who, seconds, clock), line in zip(rows, lines, strict=True):
        assert dt.datetime.fromisoformat(line[0]) == local(at)
        assert line[1] == defuse_cell(who)
        assert not line[1].startswith(("=", "+", "@", "\t", "\r")) or re.fullmatch(r"\+\d{1,6}(\.\d+)?", line[1])
        hours, minutes, rest = map(int, line[3].split(":"))
        assert (int(line[2]), hours * 3600 + minutes * 60 + rest) == (seconds, clock)
    assert path.read_bytes().count(b"\r\n") >= len(rows) + 1


@given(rows=ROWS)
def test_xlsx_is_read_again_as_it_was_with_text_as_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("xlsx") / "calls.xlsx"
    written("xlsx", path, rows)
    (header, *lines) = sheets(path)["Calls"]
    assert header == ["Started (America/New_York)", "Who", "Seconds", "Time"]
    for (at, who, seconds, clock), line in zip(rows, lines, strict=True):
        cells = line if len(line) == 4 else [line[0], "", *line[1:]]
        wall = dt.datetime.fromisoformat("1899-12-30") + dt.timedelta(days=cells[0])
        assert abs(wall - local(at).replace(tzinfo=None)) < dt.timedelta(seconds=0.5)
        assert cells[1].replace("\r\n", "\n") == who
        assert cells[2] == seconds
        assert cells[3] * 86_400 == pytest.approx(clock, abs=0.01)


def test_a_full_sheet_goes_on_in_the_next_with_its_header(tmp_path: Path) -> None:
    path = tmp_path / "calls.xlsx"
    rows = [(AT, f"row {n}", n, n) for n in range(1, 26)]
    written("xlsx", path, rows, about=[("List", "My calls")], sheet_rows=11)
    found = sheets(path)
    assert list(found) == ["Calls", "Calls 2", "Calls 3", "About"]
    assert [line[1] for name in list(found)[:3] for line in found[name][1:]] == [row[1] for row in rows]
    assert {tuple(found[name][0]) for name in list(found)[:3]} == {tuple(found["Calls"][0])}
    assert found["About"] == [["List", "My calls"]]


def test_a_note_longer_than_a_cell_is_cut_and_counted_in_a_workbook_alone(tmp_path: Path) -> None:
    long = "\U0001f9fe" * CELL_UNITS
    book = written("xlsx", tmp_path / "calls.xlsx", [(AT, long, 1, 1), (AT, "short", 1, 1)])
    assert book.cut_count == 1
    cell = sheets(tmp_path / "calls.xlsx")["Calls"][1][1]
    assert len(cell.encode("utf-16-le")) // 2 <= CELL_UNITS
    assert cell.endswith("\u2026")
    assert written("csv", tmp_path / "calls.csv", [(AT, long, 1, 1)]).cut_count == 0
    assert csv_rows(tmp_path / "calls.csv")[1][1] == long


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_stopped_leaves_nothing_and_what_was_there_stays(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"calls.{kind}"
    path.write_bytes(b"last month's")
    file: TableFile = CsvFile(path, COLUMNS, ZONE) if kind == "csv" else XlsxFile(path, COLUMNS, ZONE, "Calls")
    file.put([(AT, "Dana Sample", 1, 1)] * 5_000)
    (folder,) = [one for one in tmp_path.iterdir() if one != path]
    assert folder.stat().st_mode & 0o077 == 0, "for its owner alone"
    file.leave()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"last month's"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_place_that_cannot_be_written_is_named_with_a_way_on(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EnvironmentFault, match="nowhere"):
        written(kind, tmp_path / "nowhere" / "calls", [])
    path = tmp_path / "calls"
    path.write_bytes(b"open elsewhere")

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "as Windows says of an open file")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(EnvironmentFault) as fault:
        written(kind, path, [(AT, "x", 1, 1)])
    assert str(path) in fault.value.title
    assert "open in another program" in fault.value.advice
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"open elsewhere"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_many_rows_take_no_more_memory_than_few(kind: str, tmp_path: Path) -> None:
    part = [(AT + n, f"Sample note {n} about a payroll notice", n, n) for n in range(500)]

    def peak(parts: int) -> int:
        file = begun(kind, tmp_path / kind)
        tracemalloc.start()
        for _ in range(parts):
            file.put(part)
        file.finish()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few = peak(2)
    assert peak(40) < few + 1_000_000
