"""Keys of an incoming call's card, which work while one types."""

from __future__ import annotations

from typing import Final

PERSON_KEYS: Final = ("Shift+F1", "Shift+F2", "Shift+F3")
"""One for each of the people who are shown to choose from."""
ATTACH_KEY: Final = "Shift+F9"
"""Takes the call and asks whose number it is."""
