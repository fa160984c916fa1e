"""What an import compares: clients and people, there already or planned, and when two of them are one."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal

import msgspec

from csr_desktop.server.import_differences import Changes
from csr_desktop.server.import_lines import ImportLine, LineNumber

What = Literal["refused", "already there", "differs", "changed", "assumed", "note"]


class Remark(msgspec.Struct, frozen=True):
    """A line of the report: of which line, what became of it, why, which row it equals, and the line as it came."""

    line: int
    what: What
    reason: str
    same_as: str
    raw: str


class PlannedContact(msgspec.Struct):
    """`origin` is where it comes from, `numbers` what is known of it or planned: (E.164 or text, extension)."""

    id: str
    name: str
    email: str
    title: str
    authorities: str
    origin: str
    is_new: bool
    numbers: set[tuple[str, str]]
    added: list[LineNumber]
    changes: Changes = {}


class PlannedClient(msgspec.Struct):
    """A client there is or will be. `fields` are those of AddClient, `changes` what becomes of a known one; `people`
    finds its contacts by name, folded, `by_mail` by e-mail without capitals.
    """

    id: str
    code: str
    name: str
    email: str
    origin: str
    is_new: bool
    fields: dict[str, Any]
    contacts: list[PlannedContact]
    numbers: set[tuple[str, str]]
    added: list[LineNumber]
    people: dict[str, PlannedContact] = {}
    by_mail: dict[str, list[PlannedContact]] = {}
    changes: Changes = {}
    zone_line: ImportLine | None = None
    """Of a new client without a time zone: the line from which one is likely, or its first."""

    @property
    def words(self) -> str:
        return f"{self.name} ({self.code})" if self.code else self.name


class Counts(msgspec.Struct):
    """`unchanged` lines said nothing new; `known` clients got something added. `differing` lines say something else
    than is there, which was kept; `changed` clients and contacts got it.
    """

    lines: int = 0
    clients: int = 0
    contacts: int = 0
    numbers: int = 0
    known: int = 0
    unchanged: int = 0
    refused: int = 0
    differing: int = 0
    changed: int = 0


def folded(name: str) -> str:
    """How names are compared: capitals, accents, signs and the number of spaces do not count."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    words = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in plain).split()
    return " ".join(words) or name.casefold().strip()


def folded_code(code: str) -> str:
    return "".join(code.casefold().split())


def may_be_one_name(name: str, other: str) -> bool:
    """Whether two names may be spellings of one, such as D. Sample and Dana Sample."""
    words, other_words = folded(name).split(), folded(other).split()
    return bool(words and other_words) and words[-1] == other_words[-1] and words[0][0] == other_words[0][0]
