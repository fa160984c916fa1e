"""Text from people and from outside: cleaned once where it enters, and made safe or short where it leaves."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LINE_LIMIT: Final = 500
"""Characters kept of a one-line field unless the field says otherwise."""

# Patterns are compiled when first used, which `re` remembers: no screen waits for it.
_UNWANTED: Final = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]"
_CARRIAGE_RETURN: Final = "\r\n?"

# Ordering the marks of one letter takes time that grows with the square of their number, so a hostile run is broken up
# first. UAX #15 ("Stream-Safe Text Format") allows 30 marks in a row and sets U+034F between longer ones.
_MARKS_IN_A_ROW: Final = 30
_MAYBE_MARKS: Final = r"[^\w\s\x00-\x7f]{16,}"
_MARK_BREAK: Final = "\u034f"

_RUNS_AS_FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212")
# Letters by their kind, but nothing is to be seen of them.
_UNSEEN_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_SEARCHED: Final = 64
_UNSEEN_KINDS: Final = frozenset({"Cf", "Cc", "Mn", "Me", "Mc"})
_LEADING_BLANKS: Final = frozenset("\t\r\n \u00a0\u3000")
_NUMBER: Final = r"(?a)-?\d{1,15}(?:\.\d{1,15})?|\+(?:\d{1,6}|\d{1,9}\.\d{1,9})"

_ZERO_WIDTH_JOINER: Final = "\u200d"


def clean(text: str) -> str:
    """The text as it may be stored: no NUL, lone surrogates or control characters but line feed and tab, line ends as
    line feeds, Unicode NFC. Overrides of the direction go, which only make a text look like another; right-to-left
    marks, isolates and joined emoji stay. Cleaning twice changes nothing.
    """
    if is_plain(text):
        return text
    text = re.sub(_CARRIAGE_RETURN, "\n", re.sub(_UNWANTED, "", text))
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", re.sub(_MAYBE_MARKS, _break_marks, text))


def is_plain(text: str) -> bool:
    """Whether it is one line of ASCII that shows, as most fields are, so that there is nothing to clean: told in a
    fifth of what patterns take. Another text may be clean, too.
    """
    return text.isascii() and text.isprintable()


def clean_line(text: str, limit: int = LINE_LIMIT) -> str:
    """The text as one line: cleaned, white space folded to single spaces, trimmed, at most `limit` characters. A letter
    is not cut from its accents, nor an emoji in the middle, unless it alone is longer than the limit.
    """
    return _cut(" ".join(clean(text).split()), limit)


def login_key(login: str) -> str:
    """A sign-in name as it is stored and compared: cleaned, at most 200 characters, capitals don't count."""
    return clean_line(login, 200).casefold()


def excerpt(text: str, length: int) -> str:
    """The beginning of a text on one line, at most `length` characters; … at the end of a word says that it goes on."""
    line = " ".join(text[: length * 4 + 400].split())
    if len(line) <= length:
        return line
    if length < 2:
        return "…"[:length]
    cut = _cut(line, length - 1)
    word_end = cut.rfind(" ")
    if word_end > length // 2 and line[len(cut)] != " ":
        cut = cut[:word_end]
    return cut.rstrip(" ,;:.-\u2013\u2014") + "…"


def initials(name: str) -> str:
    """One or two capital letters for a person or company, of its first and last word; '' when there is no letter."""
    words = [word for word in (_first_letter(part) for part in clean_line(name, 200).split()) if word]
    return "".join(words[:1] + words[1:][-1:])


def defuse_cell(value: str | float) -> str | int | float:
    """A cell for a CSV file that no spreadsheet will run as a formula: a leading = + - @ (also full-width), tab, line
    end or space gets an apostrophe before it. Numbers, also as plain decimal text like -12.50, stay; a + before seven
    or more digits is a phone number, which a spreadsheet would turn into 1.2E+10, so it is text.
    """
    if not isinstance(value, str):
        return value
    if not value or re.fullmatch(_NUMBER, value):
        return value
    if value[0] in _LEADING_BLANKS or _first_seen(value) in _RUNS_AS_FORMULA:
        return "'" + value
    return value


def _first_seen(value: str) -> str:
    """The first character that shows: spreadsheets skip blanks and invisible marks before a formula. A mark without a
    letter that it stands on counts as invisible.
    """
    for character in value[:_SEARCHED]:
        if not (
            character.isspace() or character in _UNSEEN_LETTERS or unicodedata.category(character) in _UNSEEN_KINDS
        ):
            return character
    return "=" if len(value) > _SEARCHED else ""  # so many hide something


def _first_letter(word: str) -> str:
    for character in word:
        if character.isalpha():
            return character.upper()[:1]
    return ""


def _cut(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    end = limit
    while end > 0 and limit - end < 32 and _belongs_together(line[end - 1], line[end]):
        end -= 1
    if end <= 0 or _belongs_together(line[end - 1], line[end]):
        end = limit
    return line[:end].rstrip()


def _belongs_together(before: str, after: str) -> bool:
    return (
        _ZERO_WIDTH_JOINER in {before, after}
        or unicodedata.combining(after) != 0
        or "\ufe00" <= after <= "\ufe0f"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )


def _break_marks(match: re.Match[str]) -> str:
    broken: list[str] = []
    in_a_row = 0
    for character in match.group():
        decomposed = unicodedata.normalize("NFD", character)
        if unicodedata.combining(decomposed[0]) == 0:
            in_a_row = 0
        elif in_a_row + len(decomposed) > _MARKS_IN_A_ROW:
            broken.append(_MARK_BREAK)
            in_a_row = len(decomposed)
        else:
            in_a_row += len(decomposed)
        broken.append(character)
    return "".join(broken)
