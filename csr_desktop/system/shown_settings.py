"""Settings as they may be shown to whoever helps: addresses without names, passwords and tokens in them."""

from __future__ import annotations

import re
from typing import Final

_SIGN_IN: Final = re.compile(r"(^|[\s\"'(,]|//)(?!sips?:\{number\}@)[^\s/@\"',]*:(?!//)[^\s\"',]*@", re.MULTILINE)
_QUERY: Final = re.compile(r"\?[^\s\"']+")


def shown(text: str) -> str:
    """Without what stands before @ in an address with a password, and … for what stands after its question mark."""
    return _QUERY.sub("?…", _SIGN_IN.sub(r"\1", text))
