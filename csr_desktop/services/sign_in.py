"""Signing in from this workstation: once with a password; then the workstation's own key speaks for the person."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.text import clean_line
from csr_desktop.system.keyring_store import PersonSecrets, Secrets
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    import ssl

ACCOUNT_FILE = "account.json"


class Account(msgspec.Struct, frozen=True):
    """Who is signed in on this workstation, and where. Nothing secret."""

    server_url: str
    user_id: str
    device_id: str
    name: str
    login: str
    organisation: str

    @property
    def secret_name(self) -> str:
        """The keyring's item of this person."""
        return f"{self.user_id}@{self.server_url}"

    @property
    def file_name(self) -> str:
        return f"{self.user_id}.db"


class Accounts:
    """The workstation's signed-in person. `folder` holds the account's file, `secrets` its keys."""

    def __init__(self, folder: Path, secrets: Secrets, trust: ssl.SSLContext | None = None) -> None:
        self._file = folder / ACCOUNT_FILE
        self._secrets = secrets
        self._trust = trust

    def current(self) -> Account | None:
        """None before the first sign-in, or when its file cannot be read: then the person signs in again."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Account)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def keys(self, account: Account) -> PersonSecrets | None:
        """From the keyring; None when it has no such item. Raises EnvironmentFault when it is locked or missing."""
        raw = self._secrets.read(account.secret_name)
        return PersonSecrets.decode(raw) if raw is not None else None

    def sign_in(self, server_url: str, login: str, password: str) -> Account:
        """Register this workstation. Raises BadInput for a field, Refused for a wrong password, EnvironmentFault."""
        from csr_desktop.protocol import SignInRequest
        from csr_desktop.sync.transport import HttpCalls, checked_url

        url = checked_url(server_url)
        login = clean_line(login, 200)
        if not login:
            raise BadInput("login", "Type the name you sign in with.")
        if not password:
            raise BadInput("password", "Type your password.")
        import platform

        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
        before = self.current()
        known_device = before.device_id if before and before.login.casefold() == login.casefold() else ""
        kept = self._secrets.read(before.secret_name) if before and known_device else None
        http = HttpCalls(url, 20, self._trust)
        try:
            reply = http.sign_in(
                SignInRequest(
                    login=login,
                    password=password,
                    device_name=clean_line(platform.node(), 100) or "workstation",
                    public_key=key.public_key().public_bytes_raw(),
                    database_key=PersonSecrets.decode(kept).database_key if kept else os.urandom(32),
                    device_id=known_device,
                )
            )
        finally:
            http.close()
        account = Account(url, reply.user_id, reply.device_id, reply.name, login, reply.organisation)
        # A file of this person may be here already: its key is never replaced by another.
        known = self._secrets.read(account.secret_name)
        database_key = PersonSecrets.decode(known).database_key if known is not None else reply.database_key
        keys = PersonSecrets(database_key, key.private_bytes_raw(), reply.device_id)
        self._secrets.write(account.secret_name, keys.encode())
        write_whole(self._file, msgspec.json.encode(account))
        return account

    def sign_out(self) -> None:
        """Forget who is signed in; the person's file and key stay, so that unsent work is found again."""
        self._file.unlink(missing_ok=True)


def signer(keys: PersonSecrets) -> DeviceKey:
    return DeviceKey(keys.device_key)


class DeviceKey:
    """Signs challenges with the workstation's private key."""

    def __init__(self, private_key: bytes) -> None:
        self._private_key = private_key

    def __call__(self, text: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._private_key).sign(text)
