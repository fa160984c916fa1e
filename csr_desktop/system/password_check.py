"""Telling whether a password is the one that was signed in with, without the server and without keeping it.

scrypt (RFC 7914) with 32 MB a try. What it makes lies in the system's keyring beside the keys of the person's file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_COST: Final = 1 << 15
_BLOCK: Final = 8
_MEMORY_BYTES: Final = 64 << 20
LONGEST_BYTES: Final = 4096


def make_check(password: str) -> bytes:
    """Salt and hash; another one each time."""
    salt = os.urandom(_SALT_BYTES)
    return salt + _hashed(password, salt)


def is_right(check: bytes, password: str) -> bool:
    """False for what is no check at all."""
    if len(check) != _SALT_BYTES + _HASH_BYTES or len(password.encode("utf-8", "replace")) > LONGEST_BYTES:
        return False
    return hmac.compare_digest(check[_SALT_BYTES:], _hashed(password, check[:_SALT_BYTES]))


def _hashed(password: str, salt: bytes) -> bytes:
    content = password.encode("utf-8", "replace")
    return hashlib.scrypt(content, salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY_BYTES, dklen=_HASH_BYTES)
