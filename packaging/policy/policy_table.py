"""The table of keys in the guide for IT."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policy_words import built_in, shown, values

from csr_desktop.system.policy_keys import PolicyKey

HEAD: Final = ("| key | values | built in | what it does |", "|---|---|---|---|")


def table(keys: Iterable[PolicyKey]) -> str:
    """A row a key, by name."""
    rows = [
        f"| `{key.name}` | {_cell(values(key))} | {_cell(shown(built_in(key)))} | {_cell(key.words)} |"
        for key in sorted(keys, key=lambda key: key.name)
    ]
    return "\n".join((*HEAD, *rows)) + "\n"


def with_table(guide: str, keys: Iterable[PolicyKey]) -> str:
    """The guide with its table as the keys are now. Raises ValueError where it has none."""
    lines = guide.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.rstrip() == HEAD[0]]
    if len(starts) != 1:
        raise ValueError("The guide has no place for the table of keys.")
    end = starts[0]
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return "".join(lines[: starts[0]]) + table(keys) + "".join(lines[end:])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")  # else it is taken for the end of a cell, or for HTML
