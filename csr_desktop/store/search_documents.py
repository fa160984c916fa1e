"""What each call, ticket, message, note and follow-up is found by, in SQL: its text, and words that stand for its ids.

The words for ids begin with a private-use letter that is taken out of people's text, so nobody can type or write one.
A client's new name thereby changes none of its calls: they hold the word for the client, not the name.

An index forgets a document only when told it word for word. So whoever changes what is said here adds a migration that
makes the triggers of `search_schema` and the index anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

ID_MARK: Final = "\ue000"
CLIENT, CONTACT, LABEL, LINE, KIND, DOMAIN = "c", "p", "t", "n", "k", "d"
_ID_LENGTH: Final = 17  # the random end of a UUID with its dash
_DIGITS: Final = 15  # of the longest number in E.164
_TIME_LIMIT: Final = 9_999_999_999_999
_MARK_SQL: Final = f"char({ord(ID_MARK)})"

CALLS, TICKETS, MESSAGES, NOTES, FOLLOW_UPS = 1, 2, 3, 4, 5
KIND_BITS: Final = 3
"""An item's number is its second times eight and its kind; its place is its row number times eight and its kind."""


class Source(NamedTuple):
    """A table whose rows are items: the columns with text, the ids that find it too, when it was, what is left out."""

    kind: int
    table: str
    texts: tuple[str, ...]
    parents: tuple[tuple[str, str], ...]
    at: str
    unless: str = ""

    @property
    def watched(self) -> tuple[str, ...]:
        """The columns whose change makes another document of the row."""
        extra = {CALLS: ("number",), MESSAGES: ("kind",)}.get(self.kind, ())
        return (*self.texts, *(column for _, column in self.parents), self.at, *extra, "deleted")

    def body(self, row: str) -> str:
        """SQL for the document of a row under that alias."""
        texts = " || ' ' || ".join(f"{row}.{text}" for text in self.texts)
        parts = [f"replace({texts}, {_MARK_SQL}, ' ')"]
        parts += [_id_word(letter, f"{row}.{column}") for letter, column in self.parents]
        if self.kind == CALLS:
            parts.append(_line_word(f"{row}.number"))
        else:
            parts.append(f"' ' || {_MARK_SQL} || '{KIND}{self.kind}'")
        if self.kind == TICKETS:
            parts.append(f"' ' || {_MARK_SQL} || '{LABEL}' || substr({row}.id, -8)")
        return " || ".join(parts)

    def is_found(self, row: str) -> str:
        """SQL for whether the row is to be found at all."""
        return f"{row}.deleted = 0" + (f" AND {row}.{self.unless}" if self.unless else "")

    def second(self, row: str) -> str:
        """SQL for the row's time in seconds."""
        return f"(min(max({row}.{self.at}, 0), {_TIME_LIMIT}) / 1000)"


SOURCES: Final = (
    Source(CALLS, "interactions", ("note",), ((CLIENT, "client_id"), (CONTACT, "contact_id")), "started_at"),
    Source(TICKETS, "tickets", ("subject",), ((CLIENT, "client_id"), (CONTACT, "contact_id")), "opened_at"),
    Source(
        MESSAGES,
        "messages",
        ("body",),
        ((CLIENT, "client_id"), (CONTACT, "contact_id")),
        "written_at",
        "kind <> 'event'",
    ),
    Source(NOTES, "notes", ("body",), ((CLIENT, "client_id"),), "written_at"),
    Source(
        FOLLOW_UPS,
        "follow_ups",
        ("title", "outcome_note"),
        ((CLIENT, "client_id"), (CONTACT, "contact_id")),
        "created_at",
    ),
)


def id_word(letter: str, row_id: str) -> str:
    """The word for an id as it stands in the documents; '' for an id that is none."""
    end = row_id[-_ID_LENGTH:].replace("-", "")
    return f"{ID_MARK}{letter}{end}" if end.isascii() and end.isalnum() else ""


def line_word(digits: str) -> str:
    """The beginning of the word for every number that ends with these digits."""
    return f"{ID_MARK}{LINE}{digits[::-1]}"


def kind_word(kind: int) -> str:
    """The word of all items of a kind but calls, which are most of them and have none."""
    return f"{ID_MARK}{KIND}{kind}"


def any_body(place: str) -> str:
    """SQL for the document of the row at a place, whichever table it is in."""
    cases = " ".join(
        f"WHEN {s.kind} THEN (SELECT {s.body('r')} FROM {s.table} r WHERE r.rowid = {place} >> {KIND_BITS})"
        for s in SOURCES
    )
    return f"CASE {place} & {(1 << KIND_BITS) - 1} {cases} END"


def _id_word(letter: str, column: str) -> str:
    word = f"' ' || {_MARK_SQL} || '{letter}' || replace(substr({column}, -{_ID_LENGTH}), '-', '')"
    return f"CASE {column} WHEN '' THEN '' ELSE {word} END"


def _line_word(column: str) -> str:
    """Digits backwards, since an index finds beginnings."""
    backwards = " || ".join(f"substr({column}, -{place}, 1)" for place in range(1, _DIGITS + 1))
    return f"CASE WHEN {column} GLOB '+[0-9]*' THEN ' ' || {_MARK_SQL} || '{LINE}' || {backwards} ELSE '' END"
