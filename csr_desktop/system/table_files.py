"""Tables written for people and spreadsheets, bit by bit: CSV and XLSX in the memory of a few rows.

What is written appears when it is whole, in place of an older file; until then it lies in a folder of its own beside
it, for its owner alone, which goes whatever happens.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import secrets
import shutil
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TextIO

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.text import defuse_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

Cell = str | int
Kind = Literal["text", "at", "number", "clock"]
Format = Literal["csv", "xlsx"]
SHEET_ROWS: Final = 1_048_576
"""Of a sheet in the format itself, its header among them."""
CELL_UNITS: Final = 32_767
"""UTF-16 units of a cell in the format itself."""
_CUT: Final = " \u2026"
_WIDTHS: Final = {"text": 22, "at": 20, "number": 10, "clock": 10}
_EPOCH: Final = dt.datetime(1899, 12, 30)  # noqa: DTZ001  # day 0 of spreadsheets, which know no zones


class Column(NamedTuple):
    """`at` are milliseconds since the Unix epoch, 0 for none; `clock` are seconds shown as hours, minutes, seconds."""

    title: str
    kind: Kind = "text"


class CsvRows:
    """RFC 4180, with no cell that a spreadsheet would run as a formula."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)

    def write(self, row: Iterable[Cell]) -> None:
        self._writer.writerow([defuse_cell(cell) for cell in row])


class TableFile:
    """A table that is being written. Any thread may write, one at a time. Raises EnvironmentFault where it cannot be
    written, and is left then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut_count = 0
        """Texts that were too long for a cell."""
        self._folder = path.with_name(f".{secrets.token_hex(8)}.part")
        self._gone = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        try:
            self._folder.mkdir(mode=0o700)
        except OSError as fault:
            raise self._fault(fault) from fault

    @property
    def _part(self) -> Path:
        return self._folder / "table"

    def put(self, rows: Iterable[Sequence[Cell]]) -> None:
        try:
            self._put(rows)
        except OSError as fault:
            raise self._fault(fault) from fault

    def finish(self) -> None:
        """Whole, and in its place."""
        try:
            self._close()
            with self._part.open("rb+") as file:
                os.fsync(file.fileno())
            self._part.chmod(0o600)
            self._part.replace(self.path)
        except OSError as fault:
            raise self._fault(fault) from fault
        self._gone()

    def leave(self) -> None:
        """As if nothing had been written. What was there before is there still."""
        with suppress(OSError):
            self._drop()
        self._gone()

    def _put(self, rows: Iterable[Sequence[Cell]]) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError

    def _drop(self) -> None:
        raise NotImplementedError

    def _fault(self, fault: OSError) -> EnvironmentFault:
        self.leave()
        if isinstance(fault, PermissionError) and self.path.exists():
            advice = "If it is open in another program, close it there, or choose another name."
        else:
            advice = "Choose another place."
        why = os.strerror(fault.errno) if fault.errno else str(fault)
        return EnvironmentFault(f"{self.path} cannot be written: {why}.", advice)


class CsvFile(TableFile):
    """With the mark by which Excel knows UTF-8. Times as ISO 8601 with their offset."""

    def __init__(self, path: Path, columns: Sequence[Column], zone: ZoneInfo) -> None:
        self._out: TextIO | None = None
        super().__init__(path)
        self._kinds = [column.kind for column in columns]
        self._zone = zone
        try:
            self._out = self._part.open("w", encoding="utf-8-sig", newline="")
            self._rows = CsvRows(self._out)
            self._rows.write([_titled(column, zone) for column in columns])
        except OSError as fault:
            raise self._fault(fault) from fault

    def _put(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            self._rows.write(self._cell(kind, cell) for kind, cell in zip(self._kinds, row, strict=True))

    def _cell(self, kind: Kind, cell: Cell) -> Cell:
        if kind == "at":
            return dt.datetime.fromtimestamp(int(cell) // 1000, self._zone).isoformat(sep=" ") if cell else ""
        if kind == "clock":
            minutes, seconds = divmod(int(cell), 60)
            return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
        return cell

    def _close(self) -> None:
        assert self._out is not None  # noqa: S101  # made with it
        self._out.close()

    def _drop(self) -> None:
        if self._out is not None:
            self._out.close()


class XlsxFile(TableFile):
    """Text stays text, times are dates of the zone in the header, and a full sheet goes on in the next."""

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        zone: ZoneInfo,
        name: str,
        about: Sequence[tuple[str, str]] = (),
        *,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        """`name` is the sheets'; what it is `about` stands on a sheet of its own at the end."""
        self._book: Any = None
        super().__init__(path)
        import xlsxwriter  # large, and seldom wanted

        self._columns, self._zone, self._name, self._about = columns, zone, name, about
        self._sheet_rows = sheet_rows
        self._sheet: Any = None
        self._line = self._sheet_count = 0
        self._offsets: dict[int, int] = {}
        self._book = xlsxwriter.Workbook(str(self._part), {"constant_memory": True, "tmpdir": str(self._folder)})
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._formats = {
            "at": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "number": self._book.add_format({"num_format": "0"}),
            "clock": self._book.add_format({"num_format": "[h]:mm:ss"}),
        }
        try:
            self._next_sheet()
        except OSError as fault:
            raise self._fault(fault) from fault

    def _next_sheet(self) -> None:
        self._end_sheet()
        self._sheet_count += 1
        number = f" {self._sheet_count}" if self._sheet_count > 1 else ""
        self._sheet = self._book.add_worksheet(self._name + number)
        self._sheet.freeze_panes(1, 0)
        for at, column in enumerate(self._columns):
            self._sheet.set_column(at, at, _WIDTHS[column.kind])
            self._sheet.write_string(0, at, _titled(column, self._zone), self._bold)
        self._line = 1

    def _end_sheet(self) -> None:
        if self._sheet is not None and self._line > 1:
            self._sheet.autofilter(0, 0, self._line - 1, len(self._columns) - 1)

    def _put(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            if self._line >= self._sheet_rows:
                self._next_sheet()
            for at, (column, cell) in enumerate(zip(self._columns, row, strict=True)):
                self._write(at, column.kind, cell)
            self._line += 1

    def _write(self, at: int, kind: Kind, cell: Cell) -> None:
        if kind == "text":
            if cell:
                self._sheet.write_string(self._line, at, self._fitting(str(cell)))
        elif kind == "at":
            if cell:
                self._sheet.write_number(self._line, at, self._day(int(cell)), self._formats[kind])
        else:
            number = int(cell) / 86_400 if kind == "clock" else cell
            self._sheet.write_number(self._line, at, number, self._formats[kind])

    def _day(self, at: int) -> float:
        """Days since the spreadsheets' first, as the wall in the zone shows it."""
        seconds = at // 1000
        quarter = seconds // 900  # no zone changes its offset within one
        offset = self._offsets.get(quarter)
        if offset is None:
            if len(self._offsets) > 100_000:
                self._offsets.clear()
            wall = dt.datetime.fromtimestamp(quarter * 900, self._zone).utcoffset() or dt.timedelta()
            offset = self._offsets[quarter] = int(wall.total_seconds())
        return (seconds + offset) / 86_400 - (_EPOCH - dt.datetime(1970, 1, 1)).days  # noqa: DTZ001

    def _fitting(self, text: str) -> str:
        if len(text) * 2 <= CELL_UNITS or len(text.encode("utf-16-le", "surrogatepass")) // 2 <= CELL_UNITS:
            return text
        self.cut_count += 1
        units = text.encode("utf-16-le", "surrogatepass")[: 2 * (CELL_UNITS - len(_CUT))]
        return units.decode("utf-16-le", "ignore") + _CUT

    def _close(self) -> None:
        from xlsxwriter.exceptions import FileCreateError

        self._end_sheet()
        if self._about:
            sheet = self._book.add_worksheet("About")
            sheet.set_column(0, 0, 28)
            sheet.set_column(1, 1, 90)
            for line, (what, words) in enumerate(self._about):
                sheet.write_string(line, 0, what, self._bold)
                sheet.write_string(line, 1, self._fitting(words))
        try:
            self._book.close()
        except FileCreateError as fault:
            raise fault.args[0] if isinstance(fault.args[0], OSError) else OSError(str(fault)) from fault

    def _drop(self) -> None:
        """The files of sheets that are not done yet."""
        book = self._book
        for sheet in book.worksheets() if book is not None else ():
            with suppress(OSError, AttributeError):
                sheet.row_data_fh.close()
        if book is not None:
            book.fileclosed = True  # else it would speak of it when it goes


def _titled(column: Column, zone: ZoneInfo) -> str:
    return f"{column.title} ({zone.key})" if column.kind == "at" else column.title
