"""Which calls, tickets, messages, notes and follow-ups agree with what was typed, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from csr_desktop.domain.ids import provisional_label
from csr_desktop.store.search_documents import (
    CALLS,
    FOLLOW_UPS,
    ID_MARK,
    KIND_BITS,
    LABEL,
    MESSAGES,
    NOTES,
    TICKETS,
    kind_word,
    line_word,
)
from csr_desktop.store.search_people import PARENTS, Meaning, PeopleQuestion, meaning_of
from csr_desktop.store.search_results import COUNTED
from csr_desktop.store.search_typed import Typed, Word
from csr_desktop.store.search_words import SHORTEST, Spelling

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

GROUPS: Final = (((TICKETS,), 5), ((CALLS,), 5), ((MESSAGES, NOTES), 3), ((FOLLOW_UPS,), 3))
"""Kinds that are shown together, and how many at most."""
_KINDS: Final = (1 << KIND_BITS) - 1
_ENOUGH: Final = 5
_FEW_OWNERS: Final = 32
_DENSE: Final = 20
"""What is counted out within this part of the whole time is found everywhere."""
_TICKETS: Final = 5
_LABELS_LOOKED_AT: Final = 50
_CROCKFORD: Final = {letter: value for value, letter in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")} | {
    "O": 0,
    "I": 1,
    "L": 1,
}

_NEWEST: Final = (
    "SELECT rowid FROM search_item_text WHERE search_item_text MATCH ? "
    "AND rowid NOT IN (SELECT item FROM search_forgotten) ORDER BY rowid DESC LIMIT ?"
)
_SPAN: Final = "SELECT max(item) - (SELECT min(item) FROM search_items) FROM search_items"
_NUMBERED: Final = (
    "SELECT s.item FROM (SELECT rowid AS row, number FROM tickets WHERE number BETWEEN ?1 AND ?1 "
    "OR number BETWEEN ?1 * 10 AND ?1 * 10 + 9 OR number BETWEEN ?1 * 100 AND ?1 * 100 + 99 "
    "OR number BETWEEN ?1 * 1000 AND ?1 * 1000 + 999 ORDER BY number = ?1 DESC, number DESC LIMIT ?2) t "
    f"JOIN search_items s ON s.place = t.row << {KIND_BITS} | {TICKETS} ORDER BY t.number = ?1 DESC, t.number DESC"
)
_LABELLED: Final = (
    "SELECT s.item, t.id FROM search_item_text f CROSS JOIN search_items s ON s.item = f.rowid "
    f"JOIN tickets t ON t.rowid = s.place >> {KIND_BITS} WHERE f.search_item_text MATCH ? ORDER BY f.rowid DESC LIMIT ?"
)


class Items(NamedTuple):
    """Numbers of items, the newest first, and how many there are; `first` are tickets that were named outright, `last`
    items for misspelt words. `meant` are the words that those were taken for.
    """

    found: tuple[int, ...] = ()
    found_count: int = 0
    has_more: bool = False
    first: tuple[int, ...] = ()
    last: frozenset[int] = frozenset()
    meant: frozenset[str] = frozenset()

    def of(self, *kinds: int) -> list[int]:
        return [item for item in self.found if item & _KINDS in kinds]


class WorkQuestion:
    """Asks the items of one file."""

    def __init__(self, sql: Sql, people: PeopleQuestion, spelling: Spelling) -> None:
        self._sql = sql
        self._people = people
        self._spelling = spelling

    def find(self, typed: Typed) -> Items:
        """Every word must be in the item, or name the client or contact it is about. A last word of one or two letters
        is still being typed, and left out.
        """
        words = typed.words[:-1] if typed.words and _is_short(typed.words[-1]) else typed.words
        items = Items() if all(map(_is_short, words)) else self._find(words)
        first = [*self._labelled(typed.label), *self._numbered(typed)]
        if not first:
            return items
        others = [item for item in items.found if item not in first]
        count = items.found_count + len(first) - (len(items.found) - len(others))
        return items._replace(found=(*first, *others), first=tuple(first), found_count=min(count, COUNTED))

    def _find(self, words: Sequence[Word]) -> Items:
        meanings = [Meaning(word) for word in words]
        texts = [self._in_texts(meaning) for meaning in meanings]
        owners = [self._people.id_words(meaning) for meaning in meanings]
        for place, word in enumerate(words):
            if not (texts[place] or owners[place]):  # no such word, nor a beginning of one
                meanings[place] = meaning_of(word, self._spelling)
                texts[place] = self._in_texts(meanings[place])
                owners[place] = self._people.id_words(meanings[place])
        items = self._newest(texts, owners)
        if items.found_count < _ENOUGH:
            others = [meaning_of(word, self._spelling) for word in words]
            if others != meanings and any(meaning.is_other for meaning in others):
                meanings = others
                texts = [self._in_texts(meaning) for meaning in meanings]
                further = self._newest(texts, [self._people.id_words(meaning) for meaning in meanings])
                last = frozenset(further.found) - frozenset(items.found)
                items = Items(
                    (*items.found, *sorted(last, reverse=True)),
                    max(items.found_count, further.found_count),
                    items.has_more or further.has_more,
                    last=last,
                )
        return items._replace(meant=frozenset(other for m in meanings for other in (*m.whole, *m.begun)))

    def _newest(self, texts: Sequence[str], owners: Sequence[Sequence[str]]) -> Items:
        # The cost of a question is the product of how many alternatives its words have.
        is_wide = sum(len(some) > _FEW_OWNERS for some in owners) > 1
        most = _FEW_OWNERS if is_wide else PARENTS
        ways = [_either(text, some[:most]) for text, some in zip(texts, owners, strict=True)]
        if not all(ways):
            return Items()
        match = " AND ".join(f"({way})" for way in ways)
        found = [item for (item,) in self._sql.all(_NEWEST, match, COUNTED + 1)]
        has_more = any(len(some) >= most for some in owners)
        if len(found) <= COUNTED:
            return Items(tuple(found), len(found), has_more)
        return Items(tuple(sorted({*found, *self._rarer(match, found)}, reverse=True)), COUNTED, has_more=True)

    def _rarer(self, match: str, newest: Sequence[int]) -> list[int]:
        """The newest may be calls alone. Some of the other kinds from longer ago, when they are quickly found."""
        if match.count(" OR ") > _FEW_OWNERS or newest[0] - newest[-1] > self._sql.value(_SPAN) / _DENSE:
            return []
        found: list[int] = []
        for kinds, most in GROUPS:
            here = sum(1 for item in newest if item & _KINDS in kinds)
            if here < most and CALLS not in kinds:
                of_kind = " OR ".join(f'"{kind_word(kind)}"' for kind in kinds)
                found += (item for (item,) in self._sql.all(_NEWEST, f"({match}) AND ({of_kind})", most))
        return found

    def _in_texts(self, meaning: Meaning) -> str:
        """What in a text agrees with a word; '' when nothing can."""
        word = meaning.word
        ways = [f'"{line_word(form)}" *' for form in word.forms]
        texts = [self._in_text(piece) for piece in word.pieces]
        if all(texts) and not word.domain:
            ways.append(" AND ".join(texts))
        ways += [f'"{other}"' for other in meaning.whole]
        ways += [self._in_text(other) for other in meaning.begun]
        return " OR ".join(f"({way})" for way in ways if way)

    def _in_text(self, piece: str) -> str:
        """The words with that beginning; '' when there are none."""
        if len(piece) < SHORTEST:
            return f'"{piece}"' if piece.isascii() else f'"{piece}" *'
        known = self._spelling.beginning_with(piece)
        if not known and not piece.isascii():
            return f'"{piece}" *'  # letters may be folded differently in the index
        return '("' + '" OR "'.join(known) + '")' if known else ""

    def _numbered(self, typed: Typed) -> list[int]:
        if not typed.ticket_number:
            return []
        return [item for (item,) in self._sql.all(_NUMBERED, typed.ticket_number, _TICKETS)]

    def _labelled(self, label: str) -> list[int]:
        match = " OR ".join(f'"{word}" *' for word in _label_words(label))
        if not match:
            return []
        found = self._sql.all(_LABELLED, match, _LABELS_LOOKED_AT)
        wanted = "T-" + "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[_CROCKFORD[letter]] for letter in label)
        return [item for item, ticket_id in found if provisional_label(ticket_id).startswith(wanted)][:_TICKETS]


def _either(text: str, owners: Sequence[str]) -> str:
    return " OR ".join(filter(None, (text, '"' + '" OR "'.join(owners) + '"' if owners else "")))


def _is_short(word: Word) -> bool:
    return not word.forms and all(piece.isascii() and len(piece) < SHORTEST for piece in word.pieces)


def _label_words(label: str) -> Iterable[str]:
    """Beginnings of the words for ids that such a label may come from: it leaves out the two highest bits of eight hex
    digits, and a label that is still being typed ends within one.
    """
    if not label or any(letter not in _CROCKFORD for letter in label):
        return []
    value = 0
    for letter in label:
        value = value << 5 | _CROCKFORD[letter]
    bits = 2 + 5 * len(label)
    width = bits // 4
    return [f"{ID_MARK}{LABEL}{(high << bits - 2 | value) >> bits - 4 * width:0{width}x}" for high in range(4)]
