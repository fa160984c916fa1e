"""One secret a person, in the system's keyring. Nothing is looked up: an environment variable or a file in the home
folder could otherwise put any code in the keyring's place. Calls run aside with a deadline, for a locked one can hang.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from csr_desktop.domain.errors import EnvironmentFault, Unreadable
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVICE = "CSR Desktop"
LENGTH_LIMIT = 1000
"""Characters of one item; the smallest keyring takes 1,280."""
_BACKENDS = {
    "win32": ("keyring.backends.Windows", "WinVaultKeyring"),
    "darwin": ("keyring.backends.macOS", "Keyring"),
    "linux": ("keyring.backends.SecretService", "Keyring"),
}
_LOCAL_MACHINE = 2  # CRED_PERSIST_LOCAL_MACHINE of wincred.h
_OF_THE_KEYRING = frozenset({"keyring", "secretstorage", "jeepney", "pywintypes", "win32ctypes", "win32cred"})


class PersonSecrets(msgspec.Struct, frozen=True):
    """What one person has in the keyring: the database's key and the workstation's own (Ed25519), 32 bytes each, and
    what tells whether a password is theirs; empty until the next sign-in of who signed in before there was one.
    """

    database_key: bytes
    device_key: bytes
    device_id: str
    password_check: bytes = b""

    def encode(self) -> bytes:
        """JSON in plain ASCII, the keys in base 64."""
        return msgspec.json.encode(self)

    @staticmethod
    def decode(content: bytes) -> PersonSecrets:
        """Raises Unreadable (wrong_key) when it is something else."""
        try:
            found = msgspec.json.decode(content, type=PersonSecrets)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = None
        if found is None or len(found.database_key) != 32 or len(found.device_key) != 32:
            raise Unreadable(
                "wrong_key",
                "The key in this computer's keyring can't be read.",
                "Your data is kept. Sign in again: your organization's server keeps the right key.",
            )
        return found

    def __repr__(self) -> str:
        return f"PersonSecrets(device_id={self.device_id!r})"  # the keys must not get into a log or a report


class Secrets(Protocol):
    """A place for small secrets by name, each plain ASCII under 1,000 characters. All raise EnvironmentFault."""

    def read(self, name: str) -> bytes | None:
        """None when there is none of this name: never a reason to make a new key while a database is there."""

    def write(self, name: str, content: bytes) -> None:
        """Put it there, or in the place of the old one, and read it back."""

    def delete(self, name: str) -> None:
        """Also fine when there is none."""


class SystemKeyring:
    """Windows' Credential Manager, macOS' Keychain or Linux' Secret Service. `deadline_seconds` is for each call."""

    def __init__(self, deadline_seconds: float = 20.0) -> None:
        self._deadline = deadline_seconds
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, ...], Future[Any]] = {}

    def read(self, name: str) -> bytes | None:
        found = self._call(("read", name), lambda: _backend().get_password(_item(name), name))
        return None if found is None else str(found).encode("ascii", "replace")

    def write(self, name: str, content: bytes) -> None:
        text = content.decode("ascii")
        if len(text) >= LENGTH_LIMIT:
            msg = f"a secret of {len(text)} characters is too long"
            raise ValueError(msg)
        digest = hashlib.sha256(content).hexdigest()
        self._call(("write", name, digest), lambda: _backend().set_password(_item(name), name, text))
        if self.read(name) != content:
            raise EnvironmentFault("Your keyring did not keep the key.", "Try again, or ask your administrator.")

    def delete(self, name: str) -> None:
        if self.read(name) is not None:
            self._call(("delete", name), lambda: _backend().delete_password(_item(name), name))

    def _call(self, what: tuple[str, ...], work: Callable[[], Any]) -> Any:
        """Asked again after the deadline, it waits for the first call: the person gets one question, not two."""
        with self._lock:
            future = self._waiting.get(what)
            if future is None:
                future = self._waiting[what] = Future()
                threading.Thread(target=_run, args=(future, work), name=f"keyring {what[0]}", daemon=True).start()
        try:
            result = future.result(self._deadline)
        except FutureTimeoutError:
            if not future.done():
                raise EnvironmentFault(
                    "Your keyring does not answer.",
                    "It may be asking for your password in another window. Answer it there, then try again.",
                ) from None
            self._forget(what)
            raise
        except Exception as error:
            self._forget(what)
            raise _in_words(error) from error
        self._forget(what)
        return result

    def _forget(self, what: tuple[str, ...]) -> None:
        with self._lock:
            self._waiting.pop(what, None)


def check_keeps(secrets: Secrets) -> None:
    """Keep something for a moment and take it out again. Raises EnvironmentFault where that does not work."""
    import os

    name = "does it keep"
    secrets.write(name, os.urandom(16).hex().encode())
    secrets.delete(name)


class FolderSecrets:
    """Files that only their owner may read, in a folder of their own: for the demo, which holds made-up data only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.secret"

    def read(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._fault() from error

    def write(self, name: str, content: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._path(name), content)
        except OSError as error:
            raise self._fault() from error

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise self._fault() from error

    def _fault(self) -> EnvironmentFault:
        return EnvironmentFault(
            f"The folder {self._folder} can't be used.", "Look whether it can be read and written to."
        )


def _item(name: str) -> str:
    # A service of its own for each name: Windows' backend renames items when two share one.
    return f"{SERVICE}: {name}"


def _run(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  it is raised again where it was waited for
        future.set_exception(error)


def _backend(platform: str = sys.platform) -> Any:
    from importlib import import_module

    where = _BACKENDS.get(platform)
    if where is None:
        raise _missing()
    module, name = where
    chosen = getattr(import_module(module), name)
    # Without this, variables of the environment would set properties of the backend.
    backend = type(name, (chosen,), {"set_properties_from_env": lambda _self: None})()
    if platform == "darwin":
        backend.keychain = None  # else a variable of the environment names the keychain
    if platform == "win32":
        backend.persist = _LOCAL_MACHINE  # the key of a file on this computer does not travel to others
    return backend


def _missing() -> EnvironmentFault:
    return EnvironmentFault(
        "This computer has no keyring that works.",
        "CSR Desktop keeps the key of your data there. Ask your administrator to set it up, then start again.",
    )


def _in_words(error: BaseException) -> BaseException:
    """The keyring's errors in words; a bug stays what it is."""
    if isinstance(error, EnvironmentFault):
        return error
    names = {kind.__name__ for link in (error, error.__cause__) for kind in type(link).__mro__}
    if names & {"KeyringLocked", "LockedException", "PromptDismissedException"}:
        return EnvironmentFault("Your keyring is locked.", "Unlock it, then try again. Nothing was changed.")
    is_theirs = type(error).__module__.partition(".")[0] in _OF_THE_KEYRING
    if is_theirs or isinstance(error, (OSError, ImportError, NameError)):  # NameError: a library of theirs is missing
        return _missing()
    return error
