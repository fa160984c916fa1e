"""How a backup is encrypted: as an age file (age-encryption.org), for X25519 keys, in the format of `age-keygen`.

Whoever has the private key opens it with this program or with `age -d`. A byte changed or missing, also at its end,
shows while it is read. Nobody signs it: whoever may write where backups lie could put another in its place.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import zstandard

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Unreadable
from csr_desktop.system.whole_file import sync_folder

_LEVEL: Final = 3
_PART_BYTES: Final = 1 << 20
_KEY_MARK: Final = "AGE-SECRET-KEY-1"


class _Pieces(io.RawIOBase):
    """Bytes that are made while they are read. Keeps what stopped their making, for the sealer only passes its words
    on.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.fault: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while not self._left:
                self._left = memoryview(next(self._pieces))
        except StopIteration:
            return 0
        except BaseException as fault:
            self.fault = fault
            raise
        taken = min(len(buffer), len(self._left))
        buffer[:taken] = self._left[:taken]
        self._left = self._left[taken:]
        return taken


class _Taking(io.RawIOBase):
    """Hands on what is written; keeps what first stopped that, for more may be written after it."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self.fault: BaseException | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            self._take(bytes(data))
        except BaseException as fault:
            self.fault = self.fault or fault
            raise
        return len(data)


def _age() -> Any:
    try:
        import pyrage
    except ModuleNotFoundError:  # the package of a workstation is without it
        raise EnvironmentFault(
            "Backups are not in this package, which is a workstation's.",
            "On the server's computer install the server's own package. A pair of keys is also made by "
            "`age-keygen -o FILE` (age-encryption.org), on any computer.",
        ) from None
    return pyrage


def make_key(path: Path) -> str:
    """A new pair of keys: the private one into a file that only its owner can read, which must not be there yet; the
    public one is returned.
    """
    identity = _age().x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            file.write(f"# public key: {public}\n{identity}\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.absolute().parent)
    except FileExistsError:
        raise BadInput(
            "file", f"There is a file {path} already.", "Take another name; a key is never replaced."
        ) from None
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be written ({os.strerror(error.errno or 0)}).") from error
    return public


def check_public_key(text: str) -> str:
    """Raises BadInput for what is no public key, and for a private one, which must not be given so."""
    age = _age()
    if text.strip().upper().startswith(_KEY_MARK):
        raise BadInput(
            "to",
            "This is the private key. Whoever may read this machine's list of processes has seen it now.",
            "Make a new pair with `csr-desktop server backup-key`, and give the public key, which begins with age1.",
        )
    try:
        return str(age.x25519.Recipient.from_str(text.strip()))
    except age.RecipientError:
        raise BadInput(
            "to",
            "This is not a public key.",
            "It begins with age1; `csr-desktop server backup-key` makes one and prints it, and so does `age-keygen`.",
        ) from None


def read_private_keys(path: Path) -> list[Any]:
    """Raises Unreadable for a file that is missing, open to others or holds no key."""
    age = _age()
    try:
        is_open = os.name == "posix" and bool(path.stat().st_mode & 0o077)
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise Unreadable(
            "missing", f"The key {path} cannot be read ({os.strerror(error.errno or 0)}).", "Look at the name."
        ) from None
    if is_open:
        raise Unreadable("open", f"Others can read {path}.", f"Run: chmod 600 {path}")
    try:
        given = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = [age.x25519.Identity.from_str(line) for line in given]
    except age.IdentityError:
        found = []
    if not found:
        raise Unreadable(
            "key", f"There is no private key in {path}.", "It is the file that `backup-key` or `age-keygen` made."
        )
    return found


def seal(pieces: Iterator[bytes], file: IO[bytes], public_keys: Sequence[str]) -> None:
    """Pack and encrypt what comes, in the memory of a piece. Raises what the pieces or the file raise."""
    age = _age()
    reader, writer = _Pieces(_packed(pieces)), _Taking(file.write)
    recipients = [age.x25519.Recipient.from_str(key) for key in public_keys]
    try:
        age.encrypt_io(io.BufferedReader(reader, _PART_BYTES), writer, recipients)
    except Exception:
        if fault := reader.fault or writer.fault:
            raise fault from None
        raise


def unseal(file: IO[bytes], private_keys: Sequence[Any], take: Callable[[bytes], object]) -> None:
    """Decrypt and unpack, piece by piece. Raises Unreadable for another key, and for what was changed or cut; what was
    taken by then is worth nothing.
    """
    age = _age()
    unpacking = zstandard.ZstdDecompressor().decompressobj()
    writer = _Taking(lambda data: take(unpacking.decompress(data)))
    try:
        age.decrypt_io(file, writer, private_keys)
    except Exception as error:
        if writer.fault is not None and not isinstance(writer.fault, zstandard.ZstdError):
            raise writer.fault from None
        if isinstance(error, age.DecryptError) and "matching" in str(error):
            raise Unreadable(
                "other_key",
                "This backup was made for another key.",
                "Give the private key of the public key it is for.",
            ) from None
        raise _damaged() from error
    if not unpacking.eof:
        raise _damaged()


def _damaged() -> Unreadable:
    return Unreadable(
        "damaged", "This backup is damaged or not whole.", "Nothing was changed. Take another backup, or copy it again."
    )


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packing = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    for piece in pieces:
        if packed := packing.compress(piece):
            yield packed
    yield packing.flush()
