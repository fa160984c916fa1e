"""The time zone of a client from its state or city in the United States, where these leave no doubt.

Which is where is data: `resources/places/us_time_zones.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache

import msgspec

from csr_desktop.system.resources import resource_text


class _Places(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By state's two letters: its zone, or the cities of each of its zones; cities known alone; states' names."""

    states: dict[str, str]
    cities: dict[str, dict[str, list[str]]]
    alone: dict[str, list[str]]
    names: dict[str, str]


def zone_of_place(city: str, state: str) -> tuple[str, str]:
    """The zone, and from what it follows in words; both '' where that is in doubt.

    The state may stand behind the city: Austin, TX. Takes two letters or the whole name.
    """
    places = _places()
    town, _, behind = city.partition(",")
    letters = _letters(state, places) or _letters(re.sub(r"[\d-]+$", "", behind.strip()), places)
    town = _plain(town)
    if letters:
        if letters in places.states:
            return places.states[letters], f"its state, {letters}"
        found = _city(town, places.cities.get(letters, {}))
        return found, f"its city, {town.title()}, {letters}" if found else ""
    if state.strip() or behind.strip():
        return "", ""
    found = _city(town, places.alone)
    return found, f"its city, {town.title()}" if found else ""


def is_state(name: str) -> bool:
    """Whether this is a state of the United States, as two letters or its whole name."""
    return bool(_letters(name, _places()))


def _letters(state: str, places: _Places) -> str:
    plain = _plain(state)
    letters = places.names.get(plain, plain.upper())
    return letters if letters in places.states or letters in places.cities else ""


def _city(town: str, zones: dict[str, list[str]]) -> str:
    return next((zone for zone, towns in zones.items() if town in towns), "")


def _plain(name: str) -> str:
    words = re.sub(r"[^a-z]+", " ", name.casefold()).split()
    spelled = {"saint": "st", "ft": "fort"}
    return " ".join(spelled.get(word, word) for word in words)


@cache
def _places() -> _Places:
    return msgspec.convert(tomllib.loads(resource_text("places", "us_time_zones.toml")), _Places)
