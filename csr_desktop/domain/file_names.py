"""Names of files from elsewhere: made safe to show and to save under, whole, so that what they end in can be seen."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from csr_desktop.domain.text import clean_line

NAME_CHARACTERS: Final = 200
"""Of a name that is kept; file systems take 255 bytes, which other than Latin letters use up sooner."""
NAME_BYTES: Final = 240
_SEPARATORS: Final = "[/\\\\]"
_FORBIDDEN: Final = '[<>:"|?*]'
_RESERVED: Final = r"(?i)(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])"
_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
_PROGRAMS: Final = frozenset(
    "app apk bat bash chm cmd com command cpl csh deb desktop dll dmg docm dotm exe gadget hta img inf ins iso jar "
    "jnlp js jse lnk msc msi msix msp mst pif pkg pptm ps1 psm1 py pyw reg rpm scf scpt scr settingcontent-ms sh sys "
    "terminal url vb vbe vbs vhd vhdx vxd webloc wsc wsf wsh xll xlsm xltm".split()
)
_LONGEST_ENDING: Final = 12


def safe_name(text: str) -> str:
    """The last part of a name or path as it may be shown, kept and used for a new file: one line, without anything of
    a folder, what another system forbids, marks that turn the direction or are not seen, blanks or points at its ends,
    and no name that Windows keeps for a device. All of what it ends in stays: `bill.pdf.exe` is that. "file" when
    nothing is left. Doing it twice changes nothing.
    """
    last = re.split(_SEPARATORS, text.rstrip("/\\"))[-1]
    name = clean_line("".join(_visible(character) for character in last), len(last))
    name = re.sub(_FORBIDDEN, "_", name).strip(" .")
    if re.fullmatch(_RESERVED, name.partition(".")[0].rstrip()):
        name = f"_{name}"
    return _shortened(name) or "file"


def media_type_of(name: str) -> str:
    """By what the name ends in; a guess for other programs, on which nothing here rests."""
    return _MEDIA_TYPES.get(_ending(name), "application/octet-stream")


def is_program(name: str) -> bool:
    """Whether a computer would run it, or what is in it, when it is opened."""
    return _ending(name) in _PROGRAMS


def _ending(name: str) -> str:
    stem, point, ending = name.rpartition(".")
    return ending.casefold() if point and stem else ""


def _visible(character: str) -> str:
    """Not seen, but makes the rest look like something else: format characters (the joiner of emoji too)."""
    kind = unicodedata.category(character)
    if kind in {"Zl", "Zp", "Zs"} or character in "\t\n\r":
        return " "
    return "" if kind in {"Cf", "Cc", "Cs", "Co", "Cn"} else character


def _shortened(name: str) -> str:
    """Within the limits, cut before what it ends in."""
    if _fits(name):
        return name
    stem, point, ending = name.rpartition(".")
    tail = point + ending if stem and len(ending) <= _LONGEST_ENDING else ""
    head = name[: len(name) - len(tail)]
    while head and not _fits(head + tail):
        head = head[:-1]
    return (head.rstrip(" .") + tail).strip(" .")


def _fits(name: str) -> bool:
    return len(name) <= NAME_CHARACTERS and len(name.encode()) <= NAME_BYTES
