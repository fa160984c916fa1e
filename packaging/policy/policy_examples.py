"""An example each of what is settled on macOS (a configuration profile) and on Linux (/etc/csr-desktop/policy.toml)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import Final
from uuid import UUID, uuid5
from xml.sax.saxutils import escape

from policy_words import built_in, example, shown, values

from csr_desktop.system.policy_keys import PolicyKey
from csr_desktop.system.policy_sources import DEFAULTS_FILE, POLICY_FILE, PREFERENCES

_SPACE: Final = UUID("5f2a4f0e-8f1e-4a55-9f7b-3f6f0c1d2b7a")
_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- What stands here outside of comments is settled and locked. Each key stands in a comment of its own with a value
     that the program takes: take it out of the comment to settle it. -->
"""


def profile(keys: Iterable[PolicyKey]) -> bytes:
    """A configuration profile for the whole computer, in the form that Apple documents for preferences."""
    settings = _dict(_entry("mcx_preference_settings", *_settings(keys)))
    forced = _dict(_entry("Forced", "<array>", *_indented(settings), "</array>"))
    payload = [
        *_entry("PayloadType", "<string>com.apple.ManagedClient.preferences</string>"),
        *_entry("PayloadIdentifier", f"<string>{PREFERENCES}.policy.settings</string>"),
        *_entry("PayloadUUID", f"<string>{_uuid('settings')}</string>"),
        *_entry("PayloadVersion", "<integer>1</integer>"),
        *_entry("PayloadContent", *_dict(_entry(PREFERENCES, *forced))),
    ]
    outer = [
        *_entry("PayloadType", "<string>Configuration</string>"),
        *_entry("PayloadIdentifier", f"<string>{PREFERENCES}.policy</string>"),
        *_entry("PayloadUUID", f"<string>{_uuid('profile')}</string>"),
        *_entry("PayloadVersion", "<integer>1</integer>"),
        *_entry("PayloadScope", "<string>System</string>"),
        *_entry("PayloadDisplayName", "<string>CSR Desktop: settings by policy</string>"),
        *_entry("PayloadContent", "<array>", *_indented(_dict(payload)), "</array>"),
    ]
    return _plist(_dict(outer))


def preferences(keys: Iterable[PolicyKey]) -> bytes:
    """The same settings alone, for tools that make a profile of a property list by themselves."""
    return _plist(_settings(keys))


def _settings(keys: Iterable[PolicyKey]) -> list[str]:
    """Each key with its words as a comment before it, in the types that macOS has; all but addresses are comments, so
    that what is deployed as it lies settles nothing that nobody chose.
    """
    lines: list[str] = []
    for key in keys:
        lines.append(f"<!-- {_said(key.words)} ({_said(values(key))}) -->")
        entry = _entry(key.name, _typed(example(key)))
        lines += entry if key.is_address else [f"<!-- {' '.join(entry).replace('--', '- -')} -->"]
    return _dict(lines)


def _said(words: str) -> str:
    """In a comment, which no two hyphens may end."""
    return escape(words.replace("--", "-"))


def _plist(lines: Iterable[str]) -> bytes:
    return (_HEAD + "\n".join(['<plist version="1.0">', *lines, "</plist>"]) + "\n").encode()


def _dict(entries: Iterable[str]) -> list[str]:
    return ["<dict>", *_indented(entries), "</dict>"]


def _entry(name: str, *value: str) -> list[str]:
    return [f"<key>{name}</key>", *value]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"\t{line}" for line in lines]


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return "<true/>" if value else "<false/>"
    if isinstance(value, int):
        return f"<integer>{value}</integer>"
    return f"<string>{escape(str(value))}</string>"


def _uuid(name: str) -> str:
    return str(uuid5(_SPACE, name)).upper()


def policy_file(keys: Iterable[PolicyKey]) -> bytes:
    """The same for Linux; nothing in it holds before its line is taken in."""
    lines = [
        f"# {POLICY_FILE}: what the organization settles; it belongs to root, and only root may write to it.",
        f"# A line without its # is locked for everybody. The same keys in {DEFAULTS_FILE} are defaults,",
        "# which people may change. `csr-desktop policy` says what holds.",
    ]
    for key in keys:
        lines += ["", *_comment(f"{key.words} ({values(key)}; built in: {shown(built_in(key))})")]
        lines.append(f"# {key.name} = {_toml(example(key))}")
    return ("\n".join(lines) + "\n").encode()


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)
