"""Signing in from this workstation: once with a password; then the workstation's own key speaks for the person."""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Refused, Unreadable
from csr_desktop.domain.text import clean_line
from csr_desktop.store.meta_file import key_check
from csr_desktop.system.keyring_store import PersonSecrets, Secrets
from csr_desktop.system.password_check import make_check
from csr_desktop.system.proxies import Proxies
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

ACCOUNT_FILE = "account.json"
_AS_SYSTEM = Proxies()


class Account(msgspec.Struct, frozen=True):
    """Who is signed in on this workstation, and where. Nothing secret."""

    server_url: str
    user_id: str
    device_id: str
    name: str
    login: str
    organisation: str
    kept_as: str = ""
    """The name of the keyring's item where it was made under another address of the server; '' where it was not."""

    @property
    def secret_name(self) -> str:
        """The keyring's item of this person."""
        return self.kept_as or f"{self.user_id}@{self.server_url}"

    def moved(self, server_url: str) -> Account:
        """The same person and keys at another address."""
        own = f"{self.user_id}@{server_url}"
        return msgspec.structs.replace(
            self, server_url=server_url, kept_as="" if self.secret_name == own else self.secret_name
        )

    @property
    def file_name(self) -> str:
        return f"{self.user_id}.db"


class Accounts:
    """The workstation's signed-in person. `folder` holds the account's file, `secrets` its keys; `key_checks` says by
    which keys the database files that lie here are opened, without a key.
    """

    def __init__(
        self,
        folder: Path,
        secrets: Secrets,
        trust: ssl.SSLContext | None = None,
        key_checks: Callable[[], list[str]] = list,
        proxies: Proxies = _AS_SYSTEM,
    ) -> None:
        self._file = folder / ACCOUNT_FILE
        self._secrets = secrets
        self._trust = trust
        self._key_checks = key_checks
        self._proxies = proxies

    def current(self) -> Account | None:
        """None before the first sign-in, or when its file cannot be read: then the person signs in again."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Account)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def keep(self, account: Account) -> None:
        """From the next start on it is this one: the server answered at its new address. Raises OSError."""
        write_whole(self._file, msgspec.json.encode(account))

    def keys(self, account: Account) -> PersonSecrets | None:
        """From the keyring; None when it has no such item. Raises EnvironmentFault when it is locked or missing."""
        raw = self._secrets.read(account.secret_name)
        return PersonSecrets.decode(raw) if raw is not None else None

    def sign_in(self, server_url: str, login: str, password: str) -> Account:
        """Register this workstation. Raises BadInput for a field, Refused for a wrong password, EnvironmentFault."""
        from csr_desktop.sync.transport import checked_url

        url = checked_url(server_url)
        login = clean_line(login, 200)
        if not login:
            raise BadInput("login", "Type the name you sign in with.")
        before = self.current()
        is_same = before is not None and before.login.casefold() == login.casefold()
        kept = self._kept(before) if before is not None and is_same else None
        # A number is asked back only for the key that the server keeps under it: whoever has the key takes a new one.
        device_id = before.device_id if before is not None and is_same and kept is None else ""
        return self._register(url, login, password, device_id, self._told(url, kept))

    def sign_in_again(self, account: Account, password: str) -> tuple[Account, PersonSecrets]:
        """Register this workstation under a new number, for the same person and their file. Raises as `sign_in`."""
        kept = self._kept(account)
        url, device_id = account.server_url, "" if kept else account.device_id
        renewed = self._register(url, account.login, password, device_id, self._told(url, kept), account.user_id)
        keys = self.keys(renewed)
        if keys is None:
            raise EnvironmentFault("Your keyring did not keep the key.", "Try again, or ask your administrator.")
        return renewed, keys

    def _told(self, url: str, kept: bytes | None) -> bytes | None:
        """The key, where the server has it already. One at another address may be another server: it is told the key
        once it has said that the person is the same.
        """
        before = self.current()
        return kept if before is not None and before.server_url == url else None

    def _kept(self, account: Account) -> bytes | None:
        """The database key in the keyring. What opens no file here is asked back from the server."""
        try:
            keys = self.keys(account)
        except Unreadable:
            return None
        checks = self._key_checks()
        return keys.database_key if keys and (not checks or key_check(keys.database_key) in checks) else None

    def _register(
        self, url: str, login: str, password: str, device_id: str, kept: bytes | None, user_id: str = ""
    ) -> Account:
        if not password:
            raise BadInput("password", "Type your password.")
        import platform

        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from csr_desktop.protocol import SignInRequest
        from csr_desktop.sync.transport import HttpCalls

        key = Ed25519PrivateKey.generate()
        request = SignInRequest(
            login=login,
            password=password,
            device_name=clean_line(platform.node(), 100) or "workstation",
            public_key=key.public_key().public_bytes_raw(),
            database_key=kept or os.urandom(32),
            device_id=device_id,
            key_checks=self._key_checks(),
        )
        http = HttpCalls(url, 20, self._trust, self._proxies, longest_seconds=40)
        try:
            reply = http.sign_in(request)
            if user_id and reply.user_id != user_id:
                raise Refused(
                    "other_person",
                    "Behind this name is another account by now.",
                    "Your data here is kept. Ask your administrator.",
                )
            account = self._named(Account(url, reply.user_id, reply.device_id, reply.name, login, reply.organisation))
            # A file of this person may be here already: its key is never replaced by another.
            known = self._kept(account)
            if known is not None and known != reply.database_key:
                again = msgspec.structs.replace(
                    request, device_id=reply.device_id, database_key=known, key_checks=[key_check(known)]
                )
                reply = http.sign_in(again)
                account = msgspec.structs.replace(account, device_id=reply.device_id)
        finally:
            http.close()
        keys = PersonSecrets(
            known or reply.database_key, key.private_bytes_raw(), reply.device_id, make_check(password)
        )
        self.note_secret(account.secret_name)
        self._secrets.write(account.secret_name, keys.encode())
        write_whole(self._file, msgspec.json.encode(account))
        return account

    def _named(self, account: Account) -> Account:
        """With the keyring's item that this person has here already, be it from another address: one file, one key."""
        names = self.secret_names()
        others = (name for name in names if name.startswith(f"{account.user_id}@"))
        other = "" if account.secret_name in names else next(others, "")
        return msgspec.structs.replace(account, kept_as=other)

    def sign_out(self) -> None:
        """Forget who is signed in; the person's file and key stay, so that unsent work is found again."""
        self._file.unlink(missing_ok=True)

    # What the keyring has of this workstation

    def secret_names(self) -> list[str]:
        """The keyring's items of everybody who signed in here, and one for the proxy if any; oldest first."""
        try:
            names = msgspec.json.decode(self._names_file.read_bytes(), type=list[str])
        except (FileNotFoundError, msgspec.MsgspecError):
            names = []
        for account in (self.being_removed(), self.current()):
            if account is not None and account.secret_name not in names:
                names.append(account.secret_name)
        return names

    def note_secret(self, name: str) -> None:
        """So that it is found again when all of a person's is to be deleted here. Before it is kept."""
        if name not in (names := self.secret_names()):
            write_whole(self._names_file, msgspec.json.encode([*names, name]))

    @property
    def _names_file(self) -> Path:
        return self._file.with_name("signed-in-here.json")

    # A workstation that was revoked

    def begin_removal(self) -> None:
        """From now on nobody is signed in; `end_removal` is due, after a restart too."""
        if self._file.exists():
            self._file.replace(self._removed_file)

    def being_removed(self) -> Account | None:
        try:
            return msgspec.json.decode(self._removed_file.read_bytes(), type=Account)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def end_removal(self, account: Account, wipe: Callable[[], None]) -> None:
        """Delete the person's keys, without which the file is noise, then the file by `wipe`."""
        self._secrets.delete(account.secret_name)
        wipe()
        self._removed_file.unlink(missing_ok=True)

    @property
    def _removed_file(self) -> Path:
        return self._file.with_suffix(".removed.json")


def signer(keys: PersonSecrets) -> DeviceKey:
    return DeviceKey(keys.device_key)


class DeviceKey:
    """Signs challenges with the workstation's private key."""

    def __init__(self, private_key: bytes) -> None:
        self._private_key = private_key

    def __call__(self, text: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._private_key).sign(text)


def is_proved(keys: PersonSecrets, text: bytes, proof: bytes) -> bool:
    """Whether whoever says this knows the database key, which the server keeps for this workstation."""
    return hmac.compare_digest(hmac.digest(keys.database_key, text, "sha256"), proof)
