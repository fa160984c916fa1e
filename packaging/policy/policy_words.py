"""What the templates, the examples and the guide say of a key, in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from csr_desktop.system.policy_keys import PolicyKey
from csr_desktop.system.settings import Settings

ROOT: Final = Path(__file__).resolve().parents[2]
NAME: Final = "csr-desktop"
EXAMPLE_ADDRESS: Final = "https://desk.example.com"
_BUILT_IN: Final = Settings()


def built_in(key: PolicyKey) -> Any:
    """What holds where nobody says anything."""
    return getattr(_BUILT_IN, key.setting)


def example(key: PolicyKey) -> Any:
    """A value that the program takes: what is built in, and of the server an address."""
    value = key.read(built_in(key))
    return EXAMPLE_ADDRESS if key.is_address and not value else value


def values(key: PolicyKey) -> str:
    """What may stand there."""
    match key.kind:
        case "switch":
            return "on or off"
        case "number":
            return f"{key.least} to {key.most}"
        case "choice":
            return ", ".join(key.choices)
        case "text":
            return "an address" if key.is_address else "text"


def shown(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value != "" else "empty"
