"""Having a number dialled by another program: by a link that the system opens, or by a command.

A command is started with its arguments as a list, never through a shell. It may go on as the softphone itself, with the
call in it, so it is neither waited for nor ended: what fails in its first moments is told, the rest is its own.
"""

from __future__ import annotations

import re
import subprocess
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.system.call_message import OWN_SCHEME
from csr_desktop.system.own_program import apart

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBER: Final = "{number}"
WATCHED_SECONDS: Final = 3.0
_LIMIT: Final = 1_000
_LINK: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,30}):[^\s\"'<>\\]*")
_WORD: Final = re.compile(r'(?:"[^"]*"|[^\s"])+')
_NO_PHONES: Final = frozenset({OWN_SCHEME, "file", "http", "https", "ftp", "javascript", "vbscript", "data", "about"})


def tel_link(number: str, extension: str = "") -> str:
    """RFC 3966. The number is of digits, +, * and # alone."""
    return f"tel:{quote(number, safe='+*')}" + (f";ext={extension}" if extension else "")


def link_of(pattern: str, number: str) -> str:
    """`pattern` is a scheme such as "callto:", or a link with {number} in it. Raises BadInput for what is neither."""
    text = pattern.strip()
    text = f"{text}:" if re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{1,30}", text) else text
    found = _LINK.fullmatch(text) if len(text) <= _LIMIT else None
    if found is None or found[1].casefold() in _NO_PHONES:
        raise BadInput("dial_link", "Write a scheme that your softphone opens, such as callto: or sip:{number}@host.")
    filled = quote(number, safe="+*")
    return text.replace(NUMBER, filled) if NUMBER in text else text + filled


def command_of(text: str, number: str) -> list[str]:
    """The program and its arguments: words between blanks, or within double quotes. The number stands for {number},
    else at the end, within one argument. Raises BadInput where no program is named.
    """
    words = [word.replace('"', "") for word in _WORD.findall(text[:_LIMIT])]
    if not words or not words[0] or NUMBER in words[0] or text.count('"') % 2:
        raise BadInput("dial_command", "Write the program that dials, with quotes around a path that has blanks.")
    if not any(NUMBER in word for word in words):
        words.append(NUMBER)
    return [word.replace(NUMBER, number) for word in words]


def run_command(words: Sequence[str], watched_seconds: float = WATCHED_SECONDS) -> None:
    """Start it and watch it for a moment. Raises EnvironmentFault when it cannot be started, or ends with an error in
    that time. It lives on when the desk ends.
    """
    try:
        process = subprocess.Popen(list(words), stdin=subprocess.DEVNULL, **apart())  # noqa: S603  # the person's own
    except (OSError, ValueError) as error:
        raise EnvironmentFault(
            f"{words[0]} can't be started ({getattr(error, 'strerror', '') or error}), so nothing was dialed.",
            "Look at the dial command in the settings, under Phone.",
        ) from error
    try:
        code = process.wait(watched_seconds)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="dial command", daemon=True).start()
        return
    if code:
        raise EnvironmentFault(
            f"{words[0]} ended with {code}, so the number may not have been dialed.",
            "Look at the dial command in the settings, under Phone.",
        )
