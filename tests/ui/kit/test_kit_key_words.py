from __future__ import annotations

import re
from pathlib import Path

import pytest

from csr_desktop import ui
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import KeyCap
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.theme import ThemeSwitch

_SPELT = re.compile(r"(Ctrl|Alt|Shift|\u21e7)[ +](Return|[A-Z0-9\u21e7\u21b5])")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("Ctrl+M", "Ctrl M"),
        ("Ctrl M", "Ctrl M"),
        ("Ctrl+Shift+T", "Ctrl Shift T"),
        ("Ctrl \u21e7 T", "Ctrl Shift T"),
        ("Ctrl+Return", "Ctrl \u21b5"),
        ("Esc", "Esc"),
        ("?", "?"),
        ("\u2191 \u2193", "\u2191 \u2193"),
        ("Alt 1 \u2026", "Alt 1 \u2026"),
        ("", ""),
    ],
)
def test_a_key_is_written_one_way_whoever_names_it(key: str, shown: str) -> None:
    assert key_text(key) == shown


def test_buttons_and_caps_show_it_so(themes: ThemeSwitch) -> None:
    assert Button(themes, "Save", key_hint="Ctrl+Return").key_hint == "Ctrl \u21b5"
    assert IconButton(themes, "x", "Close", key_hint="Shift+F6").accessibleDescription() == "Shift F6"
    assert KeyCap(themes, "Ctrl+K").accessibleName() == "Ctrl K"


def test_no_sentence_spells_a_key_itself() -> None:
    """Else a Mac's person reads of keys that are not on that keyboard."""
    told = {}
    for file in Path(ui.__file__).parent.rglob("*.py"):
        for said in re.findall(r"\.tr\(\s*((?:\"[^\"\n]*\"\s*)+)", file.read_text("utf-8")):
            if _SPELT.search(said):
                told[file.name] = said
    assert told == {}
