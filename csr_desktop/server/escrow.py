"""The server's own key, and the workstations' database keys wrapped with it."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from csr_desktop.domain.errors import Unreadable

_KEY_BYTES = 32
_NONCE_BYTES = 12
_WRAPPED_BYTES = _NONCE_BYTES + _KEY_BYTES + 16
KEYS_KEPT = 8
"""Of one workstation: it may have made a key that it lost before it was stored, or use one of a file from before."""
_PURPOSE = b"csr-desktop escrow 1:"


class ServerKey:
    """Wraps with AES-256-GCM, bound to the workstation's id, so that one escrow cannot stand in for another."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(key)
        self._key = key
        self._random_bytes = random_bytes

    @classmethod
    def create(cls, path: Path) -> ServerKey:
        """Make the key's file, for its owner alone. Raises FileExistsError rather than replace one."""
        key = os.urandom(_KEY_BYTES)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return cls(key)

    @classmethod
    def read(cls, path: Path) -> ServerKey:
        """Raises Unreadable when the file is missing, damaged or open to others."""
        try:
            text = path.read_text("ascii")
            is_open = os.name == "posix" and bool(path.stat().st_mode & 0o077)
        except FileNotFoundError:
            raise Unreadable(
                "missing",
                f"There is no {path.name} in the server's folder.",
                "Put it back from a backup; without it, workstations that lost their key lose what they had not sent.",
            ) from None
        except UnicodeDecodeError:
            raise _damaged(path) from None
        if is_open:
            raise Unreadable("open", f"Others can read {path}.", f"Run: chmod 600 {path}")
        try:
            key = bytes.fromhex(text.strip())
        except ValueError:
            raise _damaged(path) from None
        if len(key) != _KEY_BYTES:
            raise _damaged(path)
        return cls(key)

    def derived(self, purpose: bytes) -> bytes:
        """A secret for one purpose that all servers with this key share; 32 bytes."""
        return hmac.digest(self._key, b"csr-desktop " + purpose, "sha256")

    def wrap(self, device_id: str, database_key: bytes) -> bytes:
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, database_key, _PURPOSE + device_id.encode())

    def wrap_all(self, device_id: str, database_keys: Sequence[bytes]) -> bytes:
        """The newest keys, one after another, each wrapped alone; the newest last."""
        return b"".join(self.wrap(device_id, key) for key in database_keys[-KEYS_KEPT:])

    def unwrap_all(self, device_id: str, wrapped: bytes) -> list[bytes]:
        """What `wrap_all` put together, or `wrap` alone. Raises Unreadable."""
        starts = range(0, len(wrapped), _WRAPPED_BYTES)
        return [self.unwrap(device_id, wrapped[start : start + _WRAPPED_BYTES]) for start in starts]

    def unwrap(self, device_id: str, wrapped: bytes) -> bytes:
        """Raises Unreadable for what another key wrapped, or what was wrapped for another workstation."""
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, _PURPOSE + device_id.encode())
        except (InvalidTag, ValueError):
            raise Unreadable(
                "other_key", "The server cannot open the key it kept for this workstation.", "Tell your IT."
            ) from None


def _damaged(path: Path) -> Unreadable:
    return Unreadable("damaged", f"{path} is damaged.", "Put it back from a backup.")
