"""Made-up sequences of what phone systems send, and the calls that they tell. People and numbers in them exist nowhere.

A file of `resources/phone_sequences` has `about`, the `system` (cti, sipgate, ami), its `steps` and the calls
`expected` from them. A step has the seconds after the first one and what is sent then: `json` or `form` for the
webhooks, the lines of an event for `ami`. A leg that is expected names its agent by extension or, without one, by user.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.server.phone import cti, sipgate
from csr_desktop.server.phone.ami_events import Lines, read_event
from csr_desktop.server.phone.ami_messages import MessageReader
from csr_desktop.system.resources import resource_path

GREETING = b"Asterisk Call Manager/9.0.0\r\n"


class Step(msgspec.Struct, frozen=True):
    after_seconds: float
    json: dict[str, Any] = {}
    form: tuple[tuple[str, str], ...] = ()
    ami: str = ""

    def said_as(self, others: Mapping[str, str]) -> Step:
        """With these texts in place of those, wherever they stand."""

        def said(value: Any) -> Any:
            if isinstance(value, str):
                for old, new in others.items():
                    value = value.replace(old, new)
                return value
            return [said(one) for one in value] if isinstance(value, list) else value

        return Step(
            self.after_seconds,
            {name: said(value) for name, value in self.json.items()},
            tuple((name, said(value)) for name, value in self.form),
            said(self.ami),
        )

    @property
    def content_type(self) -> str:
        return "application/json" if self.json else "application/x-www-form-urlencoded"

    @property
    def body(self) -> bytes:
        """As it goes over the wire."""
        if self.ami:
            return (self.ami.strip("\n").replace("\n", "\r\n") + "\r\n\r\n").encode()
        return msgspec.json.encode(self.json) if self.json else urlencode(self.form).encode()


class Sequence(msgspec.Struct, frozen=True):
    name: str
    about: str
    system: str
    steps: tuple[Step, ...]
    expected: tuple[dict[str, Any], ...]

    def events(self, began_at: int, connection: str = "pbx") -> list[PhoneEvent]:
        """What is read from all steps, the first of which is received `began_at`."""
        found: list[PhoneEvent] = []
        reader = MessageReader()
        reader.take(GREETING)
        for step in self.steps:
            at = began_at + round(step.after_seconds * 1000)
            if self.system == "ami":
                for message in reader.take(step.body):
                    found += read_event(message, connection, Lines(), at)
            else:
                read = cti.read if self.system == "cti" else sipgate.read
                found += read(step.body, step.content_type, connection, at).events
        return found


@cache
def every_sequence() -> tuple[Sequence, ...]:
    return tuple(read_sequence(file) for file in sorted(resource_path("phone_sequences").glob("*.toml")))


def read_sequence(file: Path) -> Sequence:
    """Of a file of one's own too. Raises BadInput for one that is none."""
    try:
        return msgspec.convert({"name": file.stem, **tomllib.loads(file.read_text(encoding="utf-8"))}, Sequence)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise BadInput("sequence", f"{file} holds no sequence of a phone system ({error}).") from None


def sequence(name: str) -> Sequence:
    """Raises BadInput for a name that none has."""
    found = next((one for one in every_sequence() if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in every_sequence())
        raise BadInput("sequence", f"There is no sequence called {name!r}.", f"There are: {known}.")
    return found
