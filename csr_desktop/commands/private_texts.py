"""Private numbers in the texts that commands carry: masked on the desk when a command is made, and on the server once
more before it is decided and logged. What is masked already stays as it is, so both have the same row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeVar

import msgspec

from csr_desktop.commands.command import Change, Command, EditRow
from csr_desktop.commands.limits import BROKEN
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
_REASON: Final = 2
"""Where a reason stands in one of a follow-up's moves."""
_ROUNDS: Final = 3
"""What was masked can change how the digits beside it read, so a text is read again."""


def has_texts(command: Command) -> bool:
    """Whether there is anything to look through: digits in a field in which people write freely."""
    return any(any(sign.isdigit() for sign in text) for text in _texts(command))


def masked_here(command: C, home_region: str, none_of_them: AbstractSet[Number]) -> C:
    """The command as a desk makes it: certain private numbers masked but for those that the person said are none, and
    the marks that say so.
    """
    return _masked(command, home_region, lambda text, one: number_of(text, one) in none_of_them)


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
    texts = [str(row[field]) for field in command.changes if field in command.texts]
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
    for field in command.texts:
        if isinstance(text := getattr(command, field, None), str):
            yield text
    for name in _PAIRS:
        for field, pair in getattr(command, name, {}).items():
            if field in command.texts:
                yield from (value for value in pair if isinstance(value, str))


def _written(command: Command) -> Iterator[tuple[str, str]]:
    """Each text as it was and as it becomes; what is taken back writes nothing."""
    if command.undoes:
        return
    for field in sorted(command.texts):
        if isinstance(text := getattr(command, field, None), str):
            yield "", text
        elif field in (changes := getattr(command, "changes", {})):
            was, becomes = changes[field]
            if isinstance(was, str) and isinstance(becomes, str):
                yield was, becomes


def _masked(command: C, home_region: str, is_kept: _IsKept) -> C:
    if not has_texts(command):
        return msgspec.structs.replace(command, kept=()) if _kept(command) else command
    salt, marks = _salt(command), set[str]()

    def written(text: str) -> str:
        marks.update(kept_mark(text, one, salt) for one in find(text, home_region) if is_kept(text, one))
        return _masked_text(text, home_region, is_kept)

    fields: dict[str, Any] = {}
    for field in command.texts:
        if isinstance(text := getattr(command, field, None), str):
            fields[field] = written(text)
    for name in _PAIRS:
        if pairs := getattr(command, name, None):
            fields[name] = {field: _pair(field, pair, command, written) for field, pair in pairs.items()}
    fields["kept"] = tuple(sorted(marks))
    if all(getattr(command, field) == value for field, value in fields.items()):
        return command
    return msgspec.structs.replace(command, **fields)


def _pair(field: str, pair: Change, command: Command, written: Callable[[str], str]) -> Change:
    if field not in command.texts or not all(isinstance(value, str) for value in pair):
        return pair
    was, becomes = (_moves(value, written) if field == "moves" else written(value) for value in pair)
    return was, becomes


def _moves(value: str, written: Callable[[str], str]) -> str:
    """A follow-up's moves, whose times could be read as numbers of cards."""
    try:
        moves = msgspec.json.decode(value, type=list[list[Any]])
    except BROKEN:
        return value
    for move in moves:
        if len(move) > _REASON and isinstance(move[_REASON], str):
            move[_REASON] = written(move[_REASON])
    return msgspec.json.encode(moves).decode()


def _masked_text(text: str, home_region: str, is_kept: _IsKept) -> str:
    for _ in range(_ROUNDS):
        found = [one for one in find(text, home_region) if one.certainty == "certain" and not is_kept(text, one)]
        if not found:
            break
        text = masked(text, found)
    return text
