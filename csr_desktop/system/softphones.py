"""What is entered in a softphone so that it tells the desk of calls, with its own names for number and name.

3CX for Windows and its web client, MicroSIP (the keys of its ini file; it adds the number to its commands as the last
word), Zoiper and Bria, and any other that runs a command, opens an address or a link. The name, which the caller
chooses, always comes last.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Softphone = Literal["3cx", "microsip", "zoiper", "bria", "command", "address", "link"]
SOFTPHONES: Final[tuple[Softphone, ...]] = ("3cx", "microsip", "zoiper", "bria", "command", "address", "link")
_MICROSIP: Final = (
    ("cmdIncomingCall", "ring"),
    ("cmdOutgoingCall", "ring --direction out"),
    ("cmdCallAnswer", "answer"),
    ("cmdCallStart", "answer"),
    ("cmdCallEnd", "hangup"),
    ("cmdCallBusy", "hangup"),
)
_TOLD: Final = ("ring", "answer", "hangup")


class PasteLine(msgspec.Struct, frozen=True):
    """`field` is where it goes: program, parameters, web_client, ring, answer, hangup, or settings for all lines of the
    softphone's own file. One without a text wants the address, which is switched off.
    """

    field: str
    text: str


def paste_lines(softphone: Softphone, program: Sequence[str], url: str, link: str = "") -> tuple[PasteLine, ...]:
    """`program` is what runs to tell of a call, before its options; `url` is the phone's address with its key, '' while
    it is switched off; `link` is the start of the desk's own links with the key.
    """

    def address(field: str, event: str, number: str, name: str = "", reference: str = "") -> PasteLine:
        told = f"&event={event}&number={number}"
        told += f"&id={reference}" if reference else ""
        told += f"&name={name}" if name else ""
        start = link if softphone == "link" else url
        return PasteLine(field, f"{start}{told}" if start else "")

    if softphone == "3cx":
        told = '--event ring --number "%CallerNumber%" --name "%CallerDisplayName%"'
        return (
            PasteLine("program", program[0]),
            PasteLine("parameters", command_line(program[1:], told)),
            address("web_client", "ring", "%CallerNumber%", "%CallerDisplayName%"),
        )
    if softphone == "microsip":
        keys = (f"{key}={command_line(program, f'--event {event} --number')}" for key, event in _MICROSIP)
        return (PasteLine("settings", "\n".join(keys)),)
    if softphone == "zoiper":
        return tuple(address(event, event, "{phone}", "{name}") for event in _TOLD)
    if softphone == "bria":
        return (address("ring", "ring", "{{caller}}"),)
    if softphone == "command":
        told = '--number "{number}" --id "{id}" --name "{name}"'
        return tuple(PasteLine(event, command_line(program, f"--event {event} {told}")) for event in _TOLD)
    return tuple(address(event, event, "{number}", "{name}", "{id}") for event in _TOLD)


def command_line(words: Sequence[str], told: str = "") -> str:
    """The words as they are typed on this system, and `told` as it stands."""
    quoted = [subprocess.list2cmdline([word]) if sys.platform == "win32" else shlex.quote(word) for word in words]
    return " ".join([*quoted, told] if told else quoted)
