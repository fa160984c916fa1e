"""Passwords: what is taken for one, and its argon2id hash."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from csr_desktop.domain.errors import BadInput

SHORTEST: Final = 10
LONGEST: Final = 1024


def check_password(password: str) -> None:
    """Raises BadInput for one that is too short or too long."""
    length = len(_normal(password))
    if length < SHORTEST:
        raise BadInput(
            "password",
            f"The password is too short: at least {SHORTEST} characters.",
            "Some words in a row make a good one.",
        )
    if length > LONGEST:
        raise BadInput("password", f"The password is too long: at most {LONGEST} characters.")


class Passwords:
    """Costs are argon2-cffi's own (RFC 9106, section 4, the low-memory choice) unless a hasher is given."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._of_nobody = self._hasher.hash(secrets.token_urlsafe(24))

    def hashed(self, password: str) -> str:
        """Raises BadInput for one that is too short or too long."""
        check_password(password)
        return self._hasher.hash(_normal(password))

    def is_right(self, password: str, password_hash: str) -> bool:
        """With no hash the same work is done for nothing, so that nobody can time which names exist."""
        try:
            self._hasher.verify(password_hash or self._of_nobody, _normal(password)[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        return bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other costs than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    """NFC, as RFC 8265 (OpaqueString) wants it, so that it does not matter which keyboard it was typed on."""
    return unicodedata.normalize("NFC", password)
