"""Private numbers in the texts that commands carry: masked on the desk when a command is made, and on the server once
more before it is decided and logged. What is masked already stays as it is, so both have the same row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from csr_desktop.commands.command import Change, Command, EditRow
from csr_desktop.commands.limits import BROKEN
from csr_desktop.commands.text_fields import is_id, own_texts
from csr_desktop.commands.work import Row
from csr_desktop.domain.private_numbers import (
    Found,
    Number,
    find,
    kept_mark,
    marks_in_use,
    masked,
    masked_count,
    number_of,
)

C = TypeVar("C", bound=Command)
_IsKept = Callable[[str, Found], bool]
_PAIRS: Final = ("changes", "back")
"""Fields of commands that hold, by field of the row, what it was and what it becomes."""
_ROUNDS: Final = 3
"""What was masked can change how the digits beside it read, so a text is read again."""
_FEWEST: Final = 6
"""A private number has at least so many digits."""
_PHONE: Final = re.compile(r"\+?[0-9]{10,11}|(?:\+?1[ .-])?\(?[0-9]{3}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}")
"""What most numbers are that are alone in their field: nothing needs to be looked up to know that they are none."""
_LONGEST_PHONE: Final = 20


def has_texts(command: Command) -> bool:
    """Whether there is anything to look through: digits in a field in which people write freely."""
    return any(_may_hold(text) for text in _texts(command))


def masked_here(command: C, home_region: str, none_of_them: AbstractSet[Number]) -> C:
    """The command as a desk makes it: certain private numbers masked but for those that the person said are none, and
    the marks that say so.
    """
    has_marks = hasattr(command, "kept")  # without, the server could not tell, and would mask it
    return _masked(command, home_region, lambda text, one: has_marks and number_of(text, one) in none_of_them)


def masked_again(command: C, home_region: str) -> C:
    """The command as a server takes it: what slipped through masked, but for what the command's marks keep. The same
    object when nothing had to be changed.
    """
    marks, salt = frozenset(_kept(command)), _salt(command)
    return _masked(command, home_region, lambda text, one: kept_mark(text, one, salt) in marks)


def numbers_in(command: Command, row: Row | None, home_region: str) -> frozenset[Number]:
    """The private numbers that stand in the texts that an edit is about to change: what was kept there stays kept."""
    if row is None or not isinstance(command, EditRow):
        return frozenset()
    if not hasattr(command, "kept"):
        return frozenset()
    texts = [row[field] for field in command.changes if isinstance(row[field], str) and not is_id(field)]
    return frozenset(number_of(text, one) for text in texts for one in find(text, home_region))


def masked_text(text: str, home_region: str, none_of_them: AbstractSet[Number] = frozenset()) -> str:
    """The text with its certain private numbers masked, but for those that are said to be none."""
    return _masked_text(text, home_region, lambda text, one: number_of(text, one) in none_of_them)


def counted(command: Command, home_region: str, seen: set[str]) -> tuple[int, int]:
    """How many numbers this command brings masked, and how many kept as none, in texts not `seen` before; those are
    added. What stood there before an edit is not counted.
    """
    masks = kept = 0
    marks, salt = frozenset(_kept(command)), _salt(command)
    for before, after in _written(command):
        if after in seen or not after:
            continue
        seen.add(after)
        masks += max(0, masked_count(after) - masked_count(before))
        if marks:
            stood = marks_in_use(before, find(before, home_region), marks, salt)
            kept += len(marks_in_use(after, find(after, home_region), marks, salt) - stood)
    return masks, kept


def _kept(command: Command) -> tuple[str, ...]:
    return getattr(command, "kept", ())


def _salt(command: Command) -> str:
    return str(getattr(command, "row_id", ""))


def _texts(command: Command) -> Iterator[str]:
    for field in own_texts(type(command)):
        yield getattr(command, field)
    for name in _PAIRS:
        for field, pair in getattr(command, name, {}).items():
            if not is_id(field):
                yield from (value for value in pair if isinstance(value, str))


def _written(command: Command) -> Iterator[tuple[str, str]]:
    """Each text as it was and as it becomes; what is taken back writes nothing."""
    if command.undoes:
        return
    for field in own_texts(type(command)):
        yield "", getattr(command, field)
    for field, (was, becomes) in sorted(getattr(command, "changes", {}).items()):
        if not is_id(field) and isinstance(was, str) and isinstance(becomes, str):
            yield was, becomes


def _may_hold(text: str) -> bool:
    if len(text) < _FEWEST or not any(sign.isdigit() for sign in text):
        return False
    return len(text) > _LONGEST_PHONE or _PHONE.fullmatch(text) is None


def _masked(command: C, home_region: str, is_kept: _IsKept) -> C:
    if not has_texts(command):
        return msgspec.structs.replace(command, kept=()) if _kept(command) else command
    salt, marks = _salt(command), set[str]()

    def written(text: str) -> str:
        if not _may_hold(text):
            return text
        marks.update(kept_mark(text, one, salt) for one in find(text, home_region) if is_kept(text, one))
        return _masked_text(text, home_region, is_kept)

    def of_field(field: str, text: str) -> str:
        return _structured(text, written) if field in command.structured else written(text)

    fields: dict[str, Any] = {field: of_field(field, getattr(command, field)) for field in own_texts(type(command))}
    for name in _PAIRS:
        if pairs := getattr(command, name, None):
            fields[name] = {
                field: pair if is_id(field) else _pair(pair, partial(of_field, field)) for field, pair in pairs.items()
            }
    if hasattr(command, "kept"):
        fields["kept"] = tuple(sorted(marks))
    if all(getattr(command, field) == value for field, value in fields.items()):
        return command
    return msgspec.structs.replace(command, **fields)


def _pair(pair: Change, written: Callable[[str], str]) -> Change:
    was, becomes = (written(value) if isinstance(value, str) else value for value in pair)
    return was, becomes


def _structured(text: str, written: Callable[[str], str]) -> str:
    """JSON with each of its texts masked by itself: what stands beside them, as times do, belongs to none. What cannot
    be read is one text.
    """
    if not _may_hold(text):
        return text
    try:
        found = msgspec.json.decode(text)
        if not isinstance(found, list | dict):
            return written(text)
        masked_one = _each(found, written)
        return text if masked_one == found else msgspec.json.encode(masked_one).decode()
    except BROKEN:
        return written(text)


def _each(found: Any, written: Callable[[str], str]) -> Any:
    if isinstance(found, str):
        return written(found)
    if type(found) is int:  # no time or count that anybody means has the digits of a card
        return found if (text := written(str(found))) == str(found) else text
    if isinstance(found, list):
        return [_each(one, written) for one in found]
    if isinstance(found, dict):
        return {written(name): _each(one, written) for name, one in found.items()}
    return found


def _masked_text(text: str, home_region: str, is_kept: _IsKept) -> str:
    for _ in range(_ROUNDS if _may_hold(text) else 0):
        found = [one for one in find(text, home_region) if one.certainty == "certain" and not is_kept(text, one)]
        if not found:
            break
        text = masked(text, found)
    return text
