"""Every icon that the code names is there and can be painted: a wrong name would be found only by who opens its screen.

The names are read out of the code: what is given for a parameter, field, variable or dictionary that is called icon.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

import csr_desktop.ui
from csr_desktop.ui.kit.icons import has_icon, paint_icon

UI = Path(csr_desktop.ui.__file__).parent
IN_TUPLES = {"wifi-slash"}
"""Of words, icon and tone, where nothing is called icon; the tests of the sync line show each."""
Signatures = dict[str, list[list[str]]]


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(UI.rglob("*.py"))}


def parameters(node: ast.ClassDef | ast.FunctionDef) -> list[str]:
    """What is given by position: a function's, an initialiser's, or the fields of a plain class."""
    if isinstance(node, ast.FunctionDef):
        return [arg.arg for arg in node.args.args if arg.arg != "self"]
    made = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    if made is not None:
        return parameters(made)
    return [f.target.id for f in node.body if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)]


def defined(tree: ast.AST) -> Signatures:
    found: Signatures = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.setdefault(node.name, []).append(parameters(node))
    return found


def is_called_icon(name: str) -> bool:
    return bool(re.search(r"(^|_)icons?(_name)?$", name.lower()))


def named_in(value: ast.expr) -> Iterator[str]:
    """The texts that an expression may come to."""
    if isinstance(value, ast.Constant):
        if isinstance(value.value, str) and value.value:
            yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*named_in(value.body), *named_in(value.orelse))
    elif isinstance(value, ast.BoolOp | ast.Dict):
        for part in value.values:
            yield from named_in(part)
    elif isinstance(value, ast.Subscript):
        yield from named_in(value.value)
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        yield from named_in(value.func.value)
        for part in value.args[1:]:
            yield from named_in(part)


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def given_icons(node: ast.Call, signatures: list[list[str]]) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg and is_called_icon(keyword.arg):
            yield from named_in(keyword.value)
    for names in signatures:
        for name, value in zip(names, node.args, strict=False):
            if is_called_icon(name):
                yield from named_in(value)


def icons_of(tree: ast.Module, everywhere: Signatures) -> Iterator[tuple[str, int]]:
    here = defined(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = called(node)
            signatures = here.get(name) or everywhere.get(name, [])
            yield from ((icon, node.lineno) for icon in given_icons(node, signatures[:1]))
        elif isinstance(node, ast.FunctionDef) and is_called_icon(node.name):
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value is not None:
                    value = part.value.elts[0] if isinstance(part.value, ast.Tuple) else part.value
                    yield from ((icon, part.lineno) for icon in named_in(value))
        elif isinstance(node, ast.Assign):
            targets = [getattr(target, "attr", getattr(target, "id", "")) for target in node.targets]
            if any(map(is_called_icon, targets)):
                yield from ((icon, node.lineno) for icon in named_in(node.value))


@cache
def used() -> dict[str, str]:
    """Where each name stands."""
    everywhere: Signatures = {}
    for tree in trees().values():
        for name, signatures in defined(tree).items():
            everywhere.setdefault(name, []).extend(signatures)
    return {
        icon: f"{path.relative_to(UI)}:{line}"
        for path, tree in trees().items()
        for icon, line in icons_of(tree, everywhere)
    }


def test_every_icon_that_is_named_is_in_the_set() -> None:
    assert len(used()) > 60
    assert {name: where for name, where in used().items() if not has_icon(name)} == {}


def test_no_icon_is_named_where_this_does_not_look(qapp: QApplication) -> None:
    """A text with a hyphen that is an icon's name is one."""
    texts = {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "-" in node.value and has_icon(node.value)
    }
    assert len(texts) > 30
    assert texts - set(used()) <= IN_TUPLES


def test_every_one_is_painted(qapp: QApplication) -> None:
    for name, where in {**used(), **dict.fromkeys(IN_TUPLES, "sync_words.py")}.items():
        image = QImage(16, 16, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        paint_icon(painter, QRect(0, 0, 16, 16), name, QColor("black"))
        painter.end()
        assert any(image.pixelColor(x, y) != QColor("white") for x in range(16) for y in range(16)), f"{name}, {where}"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def act(key, icon): ...\nact('a', 'no-such')", {"no-such"}),
        ("class Line(Struct):\n    key: str\n    icon: str\nLine('k', 'one' if x else 'two')", {"one", "two"}),
        ("class B:\n    def __init__(self, themes, icon): ...\nB(t, icon='one')", {"one"}),
        ("_ICONS = {'call': 'phone'}\nicon = {'a': 'b'}.get(k, 'c')", {"phone", "b", "c"}),
        ("def past_icon(x):\n    return ('a' if x else 'b'), 'faint'", {"a", "b"}),
        ("button.icon_name = 'x'\nlabel.text = 'y'", {"x"}),
    ],
)
def test_names_are_found_in_the_code(code: str, names: set[str]) -> None:
    tree = ast.parse(code)
    assert {name for name, _ in icons_of(tree, defined(tree))} == names
