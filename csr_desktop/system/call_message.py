"""What a softphone says of a call, as it comes: by a command, by an address that it opens, or by a link.

Nothing is believed or refused here: texts are cut to a length and handed to the running desk, which shows what came.
Softphones lose quotes and do not encode what they fill in, so a text goes on until the next field that is known. What a
caller calls themselves is theirs to choose: the name comes last, and whatever stands behind it belongs to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FIELDS: Final = ("event", "number", "name", "id", "direction", "queue")
_LAST: Final = "name"
EVENTS: Final = ("ring", "answer", "hold", "resume", "hangup", "missed")
TEST: Final = "test"
"""An event that is no call: it shows whether what is told arrives."""
MOST_CHARACTERS: Final = 400
"""Of one field; a number or name that is longer is cut."""
DIAL_SCHEMES: Final = ("tel", "callto")
OWN_SCHEME: Final = "csr-desktop"
_LINK_LIMIT: Final = 8_000


def call_message(fields: dict[str, str], via: str, at: int) -> dict[str, str]:
    """For the running desk. `via` is command, address or link; `at` is now, in milliseconds since the epoch, UTC."""
    return {"what": "call", "via": via, "at": str(at)} | {name: sendable(fields.get(name, "")) for name in FIELDS}


def dial_message(number: str) -> dict[str, str]:
    """Ask the running desk to call somebody."""
    return {"what": "dial", "number": sendable(number)}


def fields_of_words(words: Sequence[str]) -> dict[str, str]:
    """Of a command line: `--number N` or `--number=N`; words without a field belong to the one before, and all that
    follow the name to the name. Of a field that is given twice the first counts.
    """
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for word in words:
        field, has_value, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and field.casefold() in FIELDS and _LAST not in found:
            current = []
            found.setdefault(field.casefold(), current)
            if has_value:
                current.append(value)
        else:
            current.append(word)
    return {field: " ".join(parts) for field, parts in found.items()}


def fields_of_query(query: str) -> dict[str, str]:
    """Of what stands after the ? of an address: decoded where it is encoded. A + is a blank, but before a number. All
    that follows the name belongs to the name.
    """
    found: dict[str, str] = {}
    current = ""
    for part in query[:_LINK_LIMIT].split("&"):
        field, is_field, value = part.partition("=")
        if is_field and field.casefold() in {*FIELDS, "key"} and _LAST not in found:
            current = field.casefold() if field.casefold() not in found else ""
            if current:
                found[current] = value
        elif current:  # an & that the softphone did not encode
            found[current] += "&" + part
    return {field: _decoded(field, text) for field, text in found.items()}


def message_of_link(link: str, at: int) -> dict[str, str] | None:
    """Of a link that the system hands to the program: `tel:` and `callto:` dial, `csr-desktop:call?key=…` tells of a
    call, which is believed by its key alone, since any page can hold a link. None for any other.
    """
    scheme, has_scheme, rest = link.strip()[:_LINK_LIMIT].partition(":")
    if not has_scheme:
        return None
    if scheme.casefold() in DIAL_SCHEMES:
        return dial_message(_dialled(rest))
    if scheme.casefold() == OWN_SCHEME:
        path, _, query = rest.lstrip("/").partition("?")
        if path.strip("/").casefold() == "call":
            fields = fields_of_query(query)
            return call_message(fields, "link", at) | {"key": sendable(fields.get("key", ""))}
        if path.strip("/").casefold() == "dial":
            return dial_message(fields_of_query(query).get("number", ""))
    return None


def sendable(text: str) -> str:
    """A text that can be sent: without halves of characters, which a command line may hold, and not too long."""
    return text[:MOST_CHARACTERS].encode("utf-8", "replace").decode().replace("\0", "")


def _dialled(rest: str) -> str:
    """RFC 3966: parameters follow the number; `ext` is the extension, others say where a local number is from."""
    number, *parameters = unquote(rest.lstrip("/")).split(";")
    number = number.partition("?")[0].strip()
    return number + _extension(parameters)


def _extension(parameters: Iterable[str]) -> str:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().casefold() == "ext" and re.fullmatch(r"[0-9().\- ]{1,20}", value):
            return f" ext. {value}"
    return ""


def _decoded(name: str, text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        return text.replace("+", " ") if name != "number" else text  # not encoded: a placeholder, or a name with a %
    if name != "number":
        return unquote_plus(text)
    # A softphone that encodes writes %2B; one that does not means the sign of an international number.
    return unquote(text) if text.startswith("+") else unquote_plus(text)
