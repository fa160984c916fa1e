"""A setting as it may be shown to whoever helps: an address without a name, a password or a token in it."""

from __future__ import annotations

import re
from typing import Final

_SIGN_IN: Final = re.compile(r"((?:^|[\s\"'(,]|//))(?!sips?:\{number\}@)[^\s/@\"',]*:[^\s/@\"',]*@")
_QUERY: Final = re.compile(r"\?[^\s\"']+")


def shown(value: object) -> object:
    """Of a text what stands before @ in an address with a password, and what stands after its question mark, is …"""
    if not isinstance(value, str):
        return value
    return _QUERY.sub("?…", _SIGN_IN.sub(r"\1…@", value))
