"""The fields of commands that hold text: of all of them, also of those that are made one day, but for ids.

A code, such as a channel or a state, counts as text: each command checks its own, and none of them holds a number.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from csr_desktop.commands.command import Command

_IDS: Final = frozenset({"id", "by", "device", "undoes", "scope", "sha256"})


def is_id(field: str) -> bool:
    return field in _IDS or field.endswith("_id")


@cache
def own_texts(kind: type[Command]) -> tuple[str, ...]:
    """The texts that stand in the command itself."""
    return tuple(one.name for one in msgspec.structs.fields(kind) if one.type is str and not is_id(one.name))
