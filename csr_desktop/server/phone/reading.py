"""What one message of a phone system says: its fields, whichever way they were packed, and the phone events in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from csr_desktop.domain.phone_events import MOST_AGENTS, PhoneAgent, PhoneEvent

MOST_BYTES: Final = 64 * 1024
"""Of one message; those of real systems have less than 2,000."""
_MOST_FIELDS: Final = 500
_MOST_CHARACTERS: Final = 4_000
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,200})"?', re.IGNORECASE)
_PART_NAME: Final = re.compile(r'[;\s]name="?([^";]{1,200})"?', re.IGNORECASE)
_NAMED_LIST: Final = re.compile(r"\[(.*)\]", re.DOTALL)
VOICEMAIL: Final = frozenset({"voicemail", "mailbox"})
"""What stands for a user where a mailbox answered."""

_NO_CALL: Final = "The field callId is missing: without it the event belongs to no call."
_UNFILLED_CALL: Final = "The field callId came as {}: the phone system did not fill it in."
_UNFILLED: Final = "The field {} came as {}: the phone system did not fill it in."
TOO_BIG: Final = f"The message is longer than {MOST_BYTES:,} bytes."
UNREADABLE: Final = "The message is neither JSON nor a form."


class Reading(msgspec.Struct, frozen=True):
    """`said` is the kind of event by the sender's word, in lower case. `diagnoses` are sentences for who connects the
    phone system: what is missing, unknown or was not filled in. A message may have events and a diagnosis.
    """

    said: str = ""
    events: tuple[PhoneEvent, ...] = ()
    diagnoses: tuple[str, ...] = ()


class Fields:
    """The fields of a message in which names may repeat. Values of any kind are text; the first of a name counts."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for count, (name, value) in enumerate(pairs):
            if count == _MOST_FIELDS:
                break
            self._values.setdefault(name.strip().lower(), []).append(value[:_MOST_CHARACTERS])

    def __bool__(self) -> bool:
        return bool(self._values)

    def first(self, *names: str) -> str:
        """The first that is not empty, of the first of the names that has one. Quotes around a whole value go."""
        for name in names:
            for value in self._values.get(name.lower(), ()):
                if found := _bare(value):
                    return found
        return ""

    def every(self, name: str) -> tuple[str, ...]:
        """All of `name`, `name[]` and `name[0]`…; one that holds a list in brackets is that list."""
        found: list[str] = []
        for key, values in self._values.items():
            if key == name.lower() or (key.startswith(name.lower() + "[") and key.endswith("]")):
                for value in values:
                    listed = _NAMED_LIST.fullmatch(_bare(value))
                    found += listed[1].split(",") if listed else [value]
        return tuple(text for text in (_bare(value) for value in found) if text)[:MOST_AGENTS]


def read_fields(body: bytes, content_type: str, query: str = "") -> Fields | None:
    """Of JSON, a form in either packing, or the query of the address; None when it is nothing of these. What was packed
    otherwise than the content type says is read as what it is.
    """
    pairs = parse_qsl(query[:MOST_BYTES], keep_blank_values=True, errors="replace")
    if not body.strip():
        return Fields(pairs)
    if body.lstrip()[:1] in {b"{", b"["}:
        found = _json_pairs(body)
    elif (boundary := _BOUNDARY.search(content_type)) is not None:
        found = _part_pairs(body, boundary[1])
    else:
        text = body.decode("utf-8", "replace").strip()
        found = parse_qsl(text, keep_blank_values=True, errors="replace")
    if not found:
        return None
    return Fields([*found, *pairs])


def missing_reference(said: str) -> str:
    """Why an event belongs to no call, by what came as its reference."""
    return _UNFILLED_CALL.format(_quoted(said)) if said.strip() else _NO_CALL


def unfilled_fields(events: Iterable[PhoneEvent], wire_names: dict[str, str]) -> tuple[str, ...]:
    """A diagnosis of each field in which a placeholder came. `wire_names` are the sender's names of fields."""
    found: dict[str, None] = {}
    for event in events:
        for field in event.unfilled:
            said = str(getattr(event, field))
            shown = _quoted(said) if said else "a placeholder"
            found[_UNFILLED.format(wire_names.get(field, field), shown)] = None
    return tuple(found)


def by_users(users: Iterable[str]) -> tuple[PhoneAgent, ...]:
    return tuple(PhoneAgent(user=user) for user in users)


def _quoted(text: str) -> str:
    return f"“{text.strip()[:60]}”"


def _bare(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].strip()
    return value


def _json_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        said: object = msgspec.json.decode(body.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return []
    if not isinstance(said, dict):
        return []
    pairs: list[tuple[str, str]] = []
    for name, value in said.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                pairs.append((name, one))
            elif type(one) in {int, float}:
                pairs.append((name, _digits_of(one)))
    return pairs


def _digits_of(number: float) -> str:
    """A number without point and exponent: some send phone numbers as such."""
    if isinstance(number, int):
        return str(number) if abs(number) < 10**30 else ""
    return str(int(number)) if abs(number) < 1e15 and number.is_integer() else ""


def _part_pairs(body: bytes, boundary: str) -> list[tuple[str, str]]:
    """multipart/form-data (RFC 7578) of short texts; files are none of its fields."""
    pairs: list[tuple[str, str]] = []
    for part in body.split(b"--" + boundary.encode("latin-1", "replace"))[1:_MOST_FIELDS]:
        head, found, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head.decode("utf-8", "replace"))
        if found and name and b"filename=" not in head.lower():
            pairs.append((name[1], content.removesuffix(b"\r\n").decode("utf-8", "replace")))
    return pairs
