"""CSV files as other systems write them: any delimiter and encoding, quoted line breaks, and lines that are broken.

A broken line never takes the lines after it with it: it is given back as it came, and reading goes on at the next.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from csr_desktop.domain.errors import BadInput, EnvironmentFault

DELIMITERS: Final = (",", ";", "\t", "|")
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_CELL_CHARACTERS: Final = 100_000
_LONG_CELL: Final = f"A cell is longer than {MOST_CELL_CHARACTERS:,} characters."
_MOST_RECORD_LINES: Final = 200
_MOST_RECORD_CHARACTERS: Final = 1_000_000
_SNIFFED_RECORDS: Final = 50
_SNIFFED_BYTES: Final = 65_536
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([,;\t|])"?[,;\t|\s]*', re.IGNORECASE)
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OTHER_KINDS: Final = (
    (b"PK\x03\x04", "an Excel or other packed file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a packed file"),
    (b"SQLite format 3", "a database"),
    (b"\x89PNG", "a picture"),
)
_CONTROL: Final = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f]")
_MARKED: Final = "csr-desktop-marked"
_SAVE_AS_CSV: Final = "Open it where it comes from and save or export it as CSV."


class Record(msgspec.Struct, frozen=True):
    """A line of the table: cells, the number of the file's line it begins on, and the text as it came."""

    line: int
    cells: tuple[str, ...]
    raw: str


class BrokenRecord(msgspec.Struct, frozen=True):
    """A line that cannot be read, and why, for a person."""

    line: int
    reason: str
    raw: str


class Text(msgspec.Struct, frozen=True):
    """A file's text and the encoding it was read in. Bytes that do not fit are lone surrogates in it."""

    text: str
    encoding: str


def read_file(path: Path, encoding: str = "") -> Text:
    """The text of a file. Raises EnvironmentFault when it cannot be opened, BadInput when it is no text or too big."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be read: {error.strerror}.", "Check the name and your rights.") from None
    if len(content) > MOST_BYTES:
        raise BadInput("file", f"{path} is larger than {MOST_BYTES // 2**20} MB.", "Split it into several files.")
    return decode(content, encoding)


def decode(content: bytes, encoding: str = "") -> Text:
    """Text from bytes: in the encoding named, else by its byte order mark, else UTF-16 when every other byte is NUL,
    else UTF-8, else Windows-1252. Raises BadInput for what is no text.
    """
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BadInput("file", "The file is empty.")
    for start, kind in _OTHER_KINDS:
        if content.startswith(start):
            raise BadInput("file", f"This is {kind}, not a CSV file.", _SAVE_AS_CSV)
    if encoding:
        found = _decoded(content, encoding)
    else:
        name = next((name for mark, name in _MARKS if content.startswith(mark)), "") or _without_mark(content)
        found = _decoded(content, name) if name else _utf8_or_windows(content)
    sample = found.text[:_SNIFFED_BYTES]
    if len(_CONTROL.findall(sample)) + sample.count("\0") // 4 > len(sample) // 50:
        raise BadInput("file", "This is not a text file.", _SAVE_AS_CSV)
    return found


def _decoded(content: bytes, encoding: str) -> Text:
    try:
        # Text in UTF-8 may begin with a mark whoever names the encoding.
        name = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
        text = content.decode(name, "surrogateescape")
    except LookupError:
        raise BadInput("encoding", f"There is no encoding called {encoding!r}.", "Try utf-8 or windows-1252.") from None
    except UnicodeError:
        # Encodings of two or four bytes have no way to keep a wrong one, only to mark where it was.
        text = content.decode(name, _MARKED)
    return Text(text, encoding)


def _mark(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return "\udcff", fault.end


codecs.register_error(_MARKED, _mark)


def _without_mark(content: bytes) -> str:
    sample = content[:_SNIFFED_BYTES]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    least = len(sample) // 5
    if odd > least and even <= odd // 20:
        return "utf-16-le"
    if even > least and odd <= even // 20:
        return "utf-16-be"
    return ""


def _utf8_or_windows(content: bytes) -> Text:
    """One wrong byte in a file of UTF-8 spoils its line, not the names in all others."""
    text = content.decode("utf-8", "surrogateescape")
    if text.isascii():
        return Text(text, "utf-8")
    wrong = sum("\ud800" <= character <= "\udfff" for character in text)
    fitting = sum(character > "\x7f" for character in text) - wrong
    if wrong == 0 or fitting >= 10 * wrong:
        return Text(text, "utf-8")
    return Text(content.decode("cp1252", "surrogateescape"), "windows-1252")


def records(text: str, delimiter: str) -> Iterator[Record | BrokenRecord]:
    """The lines of the table in order, blank ones left out. `raw` keeps quotes and line ends within."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.broken(_reason(error))
        except _TooLongError:
            yield lines.broken("A quotation mark is opened and not closed.")
        else:
            if any(cell and not cell.isspace() for cell in cells):
                raw = lines.raw()
                if max(map(len, cells)) > MOST_CELL_CHARACTERS:
                    yield BrokenRecord(lines.first, _LONG_CELL, raw)
                elif not raw.isascii() and any("\ud800" <= character <= "\udfff" for character in raw):
                    yield BrokenRecord(lines.first, "It holds bytes that are no text in the file's encoding.", raw)
                else:
                    yield Record(lines.first, tuple(cells), raw)
            continue
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)


def _reason(error: csv.Error) -> str:
    words = str(error)
    if "field larger" in words:
        return _LONG_CELL
    if "unexpected end" in words:
        return "A quotation mark is opened and not closed."
    if "expected after" in words:
        return "A quotation mark stands in the middle of a quoted cell; inside of one it must be doubled."
    return "The line cannot be read as CSV."


class _TooLongError(Exception):
    """A record that goes on for so many lines began with a stray quotation mark."""


class _Lines(Iterator[str]):
    """Hands lines to the reader, remembers where a record began, and can go back to just behind its first line."""

    def __init__(self, text: str) -> None:
        self._lines = list(io.StringIO(text, newline=""))
        if self._lines and _SEPARATOR_LINE.fullmatch(self._lines[0].rstrip("\r\n")):
            self._lines[0] = "\n"
        self._next = 0
        self._start = 0
        self._characters = 0

    @property
    def first(self) -> int:
        """The number of the record's first line, from 1."""
        return self._start + 1

    def begin(self) -> None:
        self._start = self._next
        self._characters = 0

    def raw(self) -> str:
        return "".join(self._lines[self._start : self._next]).rstrip("\r\n")

    def broken(self, reason: str) -> BrokenRecord:
        self._next = self._start + 1
        return BrokenRecord(self.first, reason, self.raw())

    def __next__(self) -> str:
        if self._next >= len(self._lines):
            raise StopIteration
        line = self._lines[self._next]
        taken = self._next - self._start
        self._characters += len(line)
        if taken and (taken >= _MOST_RECORD_LINES or self._characters > _MOST_RECORD_CHARACTERS):
            raise _TooLongError
        self._next += 1
        return line


def delimiter_of(text: str, known_columns: Callable[[Sequence[str]], int]) -> str:
    """The most likely delimiter: the one that shows most known columns in one of the first lines, then the one that
    cuts most lines into the same number of cells. `known_columns` counts those of a possible header.
    """
    head = "".join(islice(io.StringIO(text[: _MOST_RECORD_CHARACTERS * 2], newline=""), _SNIFFED_RECORDS * 4))
    named = _SEPARATOR_LINE.match(head)
    if named:
        return named[1]

    def score(delimiter: str) -> tuple[int, float, int]:
        found = [r.cells for r in islice(records(head, delimiter), _SNIFFED_RECORDS) if isinstance(r, Record)]
        if not found:
            return 0, 0.0, 0
        width, count = Counter(len(cells) for cells in found).most_common(1)[0]
        known = max(known_columns(cells) for cells in found[:20])
        return known, count / len(found) if width > 1 else 0.0, width

    return max(DELIMITERS, key=score)
