"""Each trap has its tests, and each test that the list names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tests.traps

ROOT = Path(__file__).parents[2]
TRAPS = {*range(1, 10), 15, 16, 17}


def listed() -> Iterator[tuple[int, str, str]]:
    """Number, file and name of each test in the list."""
    number = 0
    for line in (tests.traps.__doc__ or "").splitlines():
        if begun := re.match(r"(\d+) ", line):
            number = int(begun[1])
        if named := re.fullmatch(r"\s+(tests/[\w/]+\.py)::(\w+)", line):
            yield number, named[1], named[2]


def functions(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else ()
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_each_trap_has_tests_and_each_of_them_exists() -> None:
    found = list(listed())
    assert {number for number, _, _ in found} == TRAPS
    assert [f"{file}::{name}" for _, file, name in found if name not in functions(ROOT / file)] == []


def test_what_is_tried_here_is_in_the_list() -> None:
    named = {name for _, file, name in listed() if file == "tests/traps/test_traps.py"}
    assert functions(ROOT / "tests/traps/test_traps.py") == named
