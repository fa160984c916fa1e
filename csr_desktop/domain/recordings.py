"""Where a recording may be opened: a reference that a phone system told is somebody else's text, and is opened only
where that can do no harm.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec

if TYPE_CHECKING:
    from pathlib import PurePath

    from csr_desktop.domain.permissions import Person

Refusal = Literal["", "unreadable", "scheme", "credentials", "no_folder", "outside", "no_sound", "gone"]
"""Why a reference is not opened. 'no_folder': files are opened from the configured folder alone, and there is none;
'no_sound': a file that is none of sound, which could be a program; 'gone': a file that is not there.
"""

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\<>\"`{}|^]")
_SOUNDS: Final = frozenset(
    ".aac .aif .aiff .amr .au .flac .gsm .m4a .mka .mp3 .mp4 .oga .ogg .opus .sln .ulaw .wav .wave .webm .wma".split()
)
_FORBIDDEN_PARTS: Final = frozenset({"..", "."})

WITHHELD: Final = "withheld"
"""Stands on a workstation in place of a reference whose recording its person may not hear."""


class Place(msgspec.Struct, frozen=True):
    """A web `address` or the `file` in the configured folder; neither when it is refused, and why."""

    address: str = ""
    file: str = ""
    refusal: Refusal = ""


def may_listen(who: Person, agent_id: str, scope: str) -> bool:
    """Agents to their own calls and to what is nobody's yet, as a voicemail; leads to those of their teams, managers to
    all that they read.
    """
    if who.role == "manager":
        return who.reads(scope)
    return scope in who.teams and (who.is_lead or agent_id in {who.id, ""})


def heard(who: Person, recording: str, agent_id: str, scope: str) -> str:
    """The reference for who may listen; '' for others, and where the server did not tell it."""
    return recording if recording != WITHHELD and may_listen(who, agent_id, scope) else ""


def told(who: Person, recording: str, agent_id: str, scope: str) -> str:
    """What a person's workstation is told of a recording: that there is one, and to who may listen where."""
    return recording if not recording or may_listen(who, agent_id, scope) else WITHHELD


def place_of(reference: str, folder: str) -> Place:
    """Of a reference as the phone system told it. `folder` is where files of recordings lie for this workstation, ''
    for nowhere; a relative name is looked for in it. Touches no file: whether links lead out of the folder is for who
    opens it.
    """
    text = reference.strip()
    if not text or not text.isprintable():
        return Place(refusal="unreadable")
    if _DRIVE.match(text) or text.startswith(("/", "\\")) or ":" not in text.split("/", 1)[0]:
        return _file(text, folder)
    scheme = text.split(":", 1)[0].lower()
    if scheme == "file":
        return _file_address(text, folder)
    if scheme not in {"http", "https"}:
        return Place(refusal="scheme")
    return _web(text)


def _web(text: str) -> Place:
    try:
        found = urlsplit(text)
        host, _ = found.hostname, found.port
    except ValueError:
        return Place(refusal="unreadable")
    if _UNSAFE.search(text) or not host or not text[len(found.scheme) :].startswith("://"):
        return Place(refusal="unreadable")
    if found.username is not None or found.password is not None:
        return Place(refusal="credentials")
    return Place(address=text)


def _file_address(text: str, folder: str) -> Place:
    try:
        found = urlsplit(text)
    except ValueError:
        return Place(refusal="unreadable")
    path = unquote(found.path)
    if not path.isprintable() or found.query or found.fragment:
        return Place(refusal="unreadable")
    if found.netloc and found.netloc.lower() != "localhost":
        path = f"//{found.netloc}{path}"
    elif _DRIVE.match(path[1:]):
        path = path[1:]
    return _file(path, folder)


def _file(path: str, folder: str) -> Place:
    if not folder:
        return Place(refusal="no_folder")
    flavour: type[PurePath] = PureWindowsPath if _DRIVE.match(folder) or folder.startswith("\\\\") else PurePosixPath
    root, named = flavour(folder), flavour(path)
    whole = root / named
    # A name with a colon within could be a stream of another file.
    is_plain = not _FORBIDDEN_PARTS & set(re.split(r"[\\/]", path)) and ":" not in path[2:]
    if not is_plain or not root.is_absolute() or not whole.is_relative_to(root) or whole == root:
        return Place(refusal="outside")
    if whole.suffix.lower() not in _SOUNDS:
        return Place(refusal="no_sound")
    return Place(file=str(whole))
