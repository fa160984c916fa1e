"""Made-up sequences of what phone systems send, and the calls that they tell. People and numbers in them exist nowhere.

A file has `about`, the `system` (cti, sipgate, ami), its `steps` and the calls `expected` from them. A step has the
seconds after the first one and what is sent then: `json` or `form` for the webhooks, the lines of an event for `ami`. A
leg that is expected names its agent by extension or, without one, by user.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.server.phone import cti, sipgate
from csr_desktop.server.phone.ami_events import Lines, read_event
from csr_desktop.server.phone.ami_messages import MessageReader

GREETING = b"Asterisk Call Manager/9.0.0\r\n"


class Step(msgspec.Struct, frozen=True):
    after_seconds: float
    json: dict[str, Any] = {}
    form: tuple[tuple[str, str], ...] = ()
    ami: str = ""

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
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return tuple(
        msgspec.convert({"name": file.stem, **tomllib.loads(file.read_text(encoding="utf-8"))}, Sequence)
        for file in files
    )


def sequence(name: str) -> Sequence:
    return next(one for one in every_sequence() if one.name == name)
