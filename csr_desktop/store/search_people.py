"""Which clients and contacts a person means, by name or number, the best first: exact before begun before misspelt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csr_desktop.domain.phone import SEARCHED_DIGITS
from csr_desktop.store.search_directory import FIRST_CONTACT, FIRST_NUMBER
from csr_desktop.store.search_documents import CLIENT, CONTACT, DOMAIN, ID_MARK, id_word
from csr_desktop.store.search_near import NOBODY, Near
from csr_desktop.store.search_results import COUNTED
from csr_desktop.store.search_typed import Word
from csr_desktop.store.search_words import WORD, Spelling, fold

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

SHOWN: Final = 5
_MOST_CLIENTS: Final = 3
"""So many clients leave room for contacts."""
_LOOKED_AT: Final = 40
_END: Final = 1 << 62
_OF_EACH: Final = 8
PARENTS: Final = 100
"""Clients and contacts that one word alone names, at most."""

_ENTRIES: Final = (
    "SELECT d.entry, d.row_id, d.client_id, d.contact_id, d.is_past, d.name, d.more, d.digits "
    "FROM search_directory_text f CROSS JOIN search_directory d ON d.entry = f.rowid "
    "WHERE f.search_directory_text MATCH ? AND f.rowid {} ? LIMIT ?"
)
_NAMED: Final = _ENTRIES.format("<")
_NUMBERED: Final = _ENTRIES.format(">=")
_CLIENTS_AND_CONTACTS: Final = (
    f"SELECT * FROM ({_ENTRIES.format('<')}) UNION ALL SELECT * FROM ({_ENTRIES.format('< ? AND f.rowid >=')})"
)
_COUNT: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM search_directory_text "
    "WHERE search_directory_text MATCH ? AND rowid < ? LIMIT ?)"
)
_PARENT: Final = (
    "SELECT d.client_id, d.contact_id FROM search_directory_text f CROSS JOIN search_directory d ON d.entry = f.rowid "
    "WHERE f.search_directory_text MATCH ? AND f.rowid < ? LIMIT ?"
)


class Found(NamedTuple):
    """A contact, or a client when `contact_id` is ''; `number_id` is the row of the number that agrees."""

    client_id: str
    contact_id: str
    number_id: str = ""

    @property
    def key(self) -> tuple[bool, str]:
        """Whom it is, by whichever number they were found."""
        return bool(self.contact_id), self.contact_id or self.client_id


class Meaning(NamedTuple):
    """A word and what else it may have been meant to be: whole words, and beginnings of words."""

    word: Word
    whole: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()

    @property
    def is_other(self) -> bool:
        return bool(self.whole or self.begun)


class People(NamedTuple):
    """The best, and how many there are."""

    found: tuple[Found, ...]
    found_count: int
    has_more: bool


class _Candidate(NamedTuple):
    order: tuple[Any, ...]
    found: Found


def meaning_of(word: Word, spelling: Spelling) -> Meaning:
    """What a misspelt word may have been meant to be; numbers are taken as they are."""
    if word.forms or word.domain or len(word.pieces) != 1:
        return Meaning(word)
    return Meaning(word, *spelling.meant_by(word.pieces[0]))


class PeopleQuestion:
    """Asks the directory of one file."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def find(self, words: Sequence[Word], near: Near = NOBODY, *, most: int = SHOWN) -> People:
        """Every word must agree with the entry, or with whom it belongs to."""
        return self._find([Meaning(word) for word in words], near, most)

    def find_misspelt(
        self, meanings: Sequence[Meaning], found: People, near: Near = NOBODY, *, most: int = SHOWN
    ) -> People:
        """The same with what the words may have been meant to be, after those who were found without that."""
        further = self._find(meanings, near, most)
        known = {who.key for who in found.found}
        added = (who for who in further.found if who.key not in known)
        return People((*found.found, *added)[:most], further.found_count, further.has_more)

    def id_words(self, meaning: Meaning) -> tuple[str, ...]:
        """The words for the ids of clients and contacts that one word alone names, as documents hold them."""
        match = _parents(meaning)
        # An entry of a number has the name of its contact only once more.
        end = _END if meaning.word.forms or meaning.word.domain else FIRST_NUMBER
        owners = self._sql.all(_PARENT, match, end, PARENTS)
        words = (id_word(CONTACT, contact) if contact else id_word(CLIENT, client) for client, contact in owners)
        return tuple(dict.fromkeys(word for word in words if word))

    def _find(self, meanings: Sequence[Meaning], near: Near, most: int) -> People:
        match = " AND ".join(map(_anywhere, meanings))
        looked_at = max(most, _LOOKED_AT)
        entries = self._sql.all(_NAMED, match, FIRST_NUMBER, looked_at + 1)
        count = len(entries)
        if count > looked_at:
            count = int(self._sql.value(_COUNT, match, FIRST_NUMBER, COUNTED + 1))
            pieces = [piece for meaning in meanings for piece in meaning.word.pieces]
            best = self._best(meanings)
            entries = [*best, *(entries if most > SHOWN or not best else ())]
            entries += (one.entry for one in near.beginning_with(pieces))
        candidates = [_Candidate(_order(one, meanings, near), Found(one[2], one[3])) for one in dict.fromkeys(entries)]
        if any(meaning.word.forms for meaning in meanings):
            numbered = self._sql.all(_NUMBERED, match, FIRST_NUMBER, COUNTED + 1)
            owners = {found.key for entry in numbered for found in _of_number(entry)}
            owners -= {candidate.found.key for candidate in candidates}
            count = COUNTED + 1 if len(numbered) > COUNTED else count + len(owners)
            if len(numbered) > looked_at:
                at_end = " AND ".join(_anywhere(meaning, at_end=True) for meaning in meanings)
                numbered = self._sql.all(_NUMBERED, at_end, FIRST_NUMBER, looked_at) or numbered[:looked_at]
            candidates += _holders(numbered, meanings, near)
        return People(_chosen(candidates, most), min(count, COUNTED), count > COUNTED)

    def _best(self, meanings: Sequence[Meaning]) -> list[tuple[Any, ...]]:
        """Of very many, some that are surely among the best."""
        found: list[tuple[Any, ...]] = []
        for way in ('name : "{}"', 'name : ^ "{}" *', 'name : "{}" *'):
            pieces = [piece for meaning in meanings for piece in meaning.word.pieces]
            # Only the first word can be the name's first.
            ways = [way, *([way.replace("^ ", "")] * (len(pieces) - 1))]
            match = " AND ".join(each.format(piece) for each, piece in zip(ways, pieces, strict=True))
            values = (match, FIRST_CONTACT, _OF_EACH, match, FIRST_NUMBER, FIRST_CONTACT, _OF_EACH)
            found += self._sql.all(_CLIENTS_AND_CONTACTS, *values)
            if len(found) > _OF_EACH:
                break
        return found


def _anywhere(meaning: Meaning, *, at_end: bool = False) -> str:
    """What in an entry agrees with a word; with `at_end`, of numbers only their ends."""
    word = meaning.word
    whole_words = " AND ".join(f'{{name more}} : "{piece}" *' for piece in word.pieces)
    ways = [f'({whole_words} AND more : "{ID_MARK}{DOMAIN}{word.domain}" *)' if word.domain else f"({whole_words})"]
    ways += [f'digits : "{form}"' for form in word.forms] if at_end else _in_numbers(word)
    ways += [f'{{name more}} : "{other}"' for other in meaning.whole]
    ways += [f'{{name more}} : "{other}" *' for other in meaning.begun]
    return f"({' OR '.join(ways)})"


def _in_numbers(word: Word) -> list[str]:
    """The digits as one piece of a number, or each group of them as a piece."""
    ways = [f'digits : "{form}" *' for form in word.forms]
    groups = [piece for piece in word.pieces if len(piece) >= SEARCHED_DIGITS]
    if word.forms and len(groups) > 1:
        ways.append("(" + " AND ".join(f'digits : "{group}" *' for group in groups) + ")")
    return ways


def _parents(meaning: Meaning) -> str:
    word = meaning.word
    if word.domain:
        return _anywhere(meaning)
    ways = _in_numbers(word)
    if not word.forms:
        own = [" AND ".join(f'"{piece}" *' for piece in word.pieces)]
        own += [f'"{other}"' for other in meaning.whole]
        own += [f'"{other}" *' for other in meaning.begun]
        ways = [f"name : ({' OR '.join(f'({way})' for way in own)})"]
    return " OR ".join(ways)


def _holders(numbered: Sequence[tuple[Any, ...]], meanings: Sequence[Meaning], near: Near) -> Iterable[_Candidate]:
    """Who has the numbers, and then the companies of these."""
    for entry in numbered:
        order = _order(entry, meanings, near)
        holder, *company = _of_number(entry)
        yield _Candidate(order, holder)
        for found in company:
            yield _Candidate((1, *order[1:]), found)


def _of_number(entry: tuple[Any, ...]) -> Iterable[Found]:
    """The holder of a number, and the company of a contact when that is here."""
    _, number_id, client_id, contact_id, _, _, more, _ = entry
    yield Found(client_id, contact_id, number_id)
    if contact_id and more.strip():
        yield Found(client_id, "")


def _order(entry: tuple[Any, ...], meanings: Sequence[Meaning], near: Near) -> tuple[Any, ...]:
    """What sorts before: who is found by themselves; whose name or company was typed whole; the better agreement; who
    is active; who is near; the name's beginning.
    """
    _, row_id, client_id, contact_id, is_past, name, more, digits = entry
    folded = fold(name)
    own = WORD.findall(folded)
    others = WORD.findall(fold(more))
    typed = [piece for meaning in meanings for piece in meaning.word.pieces]
    whole = 0 if typed == own else 1 if contact_id and len(typed) > 1 and typed == others[: len(typed)] else 2
    if digits:  # beside a number, the company's name tells as much as the person's
        own, others, whole = own + others, [], 2
    distance = sum(_distance(meaning, own, others, digits) for meaning in meanings)
    is_second = not contact_id if digits else bool(contact_id)
    begins = folded.startswith(meanings[0].word.pieces[0])
    nearness = near.distance(client_id, contact_id)
    return (0, whole, distance, is_past, nearness, not begins, is_second, folded, row_id)


def _distance(meaning: Meaning, own: Sequence[str], others: Sequence[str], digits: str) -> int:
    word = meaning.word
    if word.forms and digits:
        whole = digits.partition(" ")[0]
        return 0 if any(whole.endswith(form) for form in word.forms) else 1
    for far, names in ((0, own), (2, others)):
        if all(piece in names for piece in word.pieces):
            return far
        if all(any(name.startswith(piece) for name in names) for piece in word.pieces):
            return far + 1
    is_own = any(other in own for other in meaning.whole) or any(
        name.startswith(other) for other in meaning.begun for name in own
    )
    return 4 if is_own else 6


def _chosen(candidates: Iterable[_Candidate], most: int) -> tuple[Found, ...]:
    """The best, each once, and of few neither clients nor contacts alone when there are both."""
    best: dict[tuple[bool, str], Found] = {}
    for candidate in sorted(candidates):
        best.setdefault(candidate.found.key, candidate.found)
    if most > SHOWN:
        return tuple(best.values())[:most]
    clients = [found for found in best.values() if not found.contact_id]
    contact_count = len(best) - len(clients)
    left_out = set(clients[max(_MOST_CLIENTS, SHOWN - contact_count) :])
    chosen = [found for found in best.values() if found not in left_out][:SHOWN]
    if clients and not any(found in clients for found in chosen):
        chosen[-1] = clients[0]
    return tuple(chosen)
