"""Each fault is tried, and each test that the list names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tests.faults

ROOT = Path(__file__).parents[2]
FAULTS = {*range(1, 25), 26}


def listed() -> Iterator[tuple[int, str, str]]:
    """Number, file and name of each test in the list."""
    number = 0
    for line in (tests.faults.__doc__ or "").splitlines():
        if begun := re.match(r"(\d+) ", line):
            number = int(begun[1])
        if named := re.fullmatch(r"\s+(tests/[\w/]+\.py)::(\w+)", line):
            yield number, named[1], named[2]


def functions(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_fault_has_tests_and_each_of_them_exists() -> None:
    found = list(listed())
    assert {number for number, _, _ in found} == FAULTS
    missing = [f"{file}::{name}" for _, file, name in found if name not in functions(ROOT / file)]
    assert missing == []


def test_what_is_tried_here_is_in_the_list() -> None:
    named = {(file, name) for _, file, name in listed()}
    here = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "tests" / "faults").glob("test_*.py")
        if path.name != "test_inventory.py"
        for name in functions(path)
    }
    older = "tests/faults/test_older_history_window.py"
    assert here - named == {
        ("tests/faults/test_damage.py", "test_without_harm_all_of_it_is_sent"),
        (older, "test_a_history_is_read_to_its_end_and_a_ticket_in_it"),
        (older, "test_the_palette_finds_what_only_the_server_has_and_opens_it"),
    }, "without a fault"
