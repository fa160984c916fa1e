"""The phone systems that an administrator connected: their addresses' tokens, settings, secrets, and whom they mean."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, get_args

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from csr_desktop.domain.errors import BadInput, Unreadable
from csr_desktop.domain.permissions import SERVER
from csr_desktop.domain.phone_events import agent_key
from csr_desktop.domain.text import clean_line
from csr_desktop.server.administration import Administration, NotThere
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.retries import settling
from csr_desktop.store.sql import Sql

Kind = Literal["cti", "sipgate", "ami"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""The generic webhook, the sipgate push API, Asterisk's manager interface, which is watched from here."""
WORDS_KEPT: Final = 50
"""Of each connection, the latest messages."""
_TOKEN_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_PURPOSE: Final = b"phone systems 1"
_COLUMNS: Final = "id, kind, name, token_hash, settings, secret, team_id, is_active"

_log = structlog.get_logger(__name__)


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """`queues` gives the id of the team by `agent_key` of a queue's name. `address` is where sipgate reaches this
    server, '' for where it was reached. What follows is of Asterisk: `is_plain` sends the secret itself, `ca_file` is
    an authority's certificate to trust beside the system's. `recording_places` gives, by how the phone system's names
    of recordings begin, how they do for workstations: https://… or a folder there. Callers in `blocked` (as
    `call_rules.blocked_key` has them) are turned away; with `dials_specialist` others go to who is assigned to their
    company and free.
    """

    queues: dict[str, str] = {}
    address: str = ""
    host: str = ""
    port: int = 5038
    username: str = ""
    has_tls: bool = False
    ca_file: str = ""
    is_plain: bool = False
    trunks: tuple[str, ...] = ()
    has_recordings: bool = False
    recording_places: dict[str, str] = {}
    blocked: tuple[str, ...] = ()
    dials_specialist: bool = False


class Connection(msgspec.Struct, frozen=True):
    id: str
    kind: Kind
    name: str
    token_hash: str
    settings: Settings
    secret: bytes
    team_id: str
    is_active: bool

    def __repr__(self) -> str:
        return f"Connection({self.kind}, {self.id})"


class Word(msgspec.Struct, frozen=True):
    """A message as it is remembered: without numbers and names."""

    said_at: int
    said: str
    reference: str
    diagnoses: tuple[str, ...]


def active_connections(sql: Sql) -> list[Connection]:
    """Those that were not revoked, by name."""
    rows = sql.all(f"SELECT {_COLUMNS} FROM phone_connections WHERE is_active = 1 ORDER BY name, id")
    return [_connection(row) for row in rows]


def connection_with(connections: Iterable[Connection], kind: Kind, token: str) -> Connection | None:
    """Whose address has this token. Each is compared in the same time."""
    said = _hashed(token)
    found = None
    for one in connections:
        if hmac.compare_digest(one.token_hash, said) and one.kind == kind:
            found = one
    return found


def sealed(key: ServerKey, connection_id: str, secret: str) -> bytes:
    """A secret as it may lie in the database, of use for this connection and with this server's key alone."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key.derived(_PURPOSE)).encrypt(nonce, secret.encode(), connection_id.encode())


def opened(key: ServerKey, connection: Connection) -> str:
    """Raises Unreadable for what another key sealed."""
    nonce, rest = connection.secret[:_NONCE_BYTES], connection.secret[_NONCE_BYTES:]
    try:
        return AESGCM(key.derived(_PURPOSE)).decrypt(nonce, rest, connection.id.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable(
            "other_key", f"The secret of the phone system {connection.name!r} cannot be opened.", "Add it again."
        ) from None


def known_agents(sql: Sql, connection_id: str) -> dict[str, str]:
    """Ids of people by `agent_key` of what a phone system may call them: as it was mapped for this connection, else by
    extension, sign-in name, email address, or a name that only one has.
    """
    found: dict[str, str] = {}
    names: dict[str, set[str]] = {}
    rows = sql.all(
        "SELECT id, extension, login, email, name FROM users WHERE deleted = 0 AND is_active = 1 AND id <> ? "
        "ORDER BY id",
        SERVER,
    )
    for place in (1, 2, 3):
        for row in rows:
            if key := agent_key(row[place]):
                found.setdefault(key, row[0])
    for row in rows:
        names.setdefault(agent_key(row[4]), set()).add(row[0])
    for name, ids in names.items():
        if name and len(ids) == 1:
            found.setdefault(name, *ids)
    mapped = "SELECT name, user_id FROM phone_agents WHERE connection_id = ?"
    return found | dict(sql.all(mapped, connection_id))


class PhoneConnections:
    """What the command line does. Blocking; needs a connection in the calling thread. Raises BadInput and NotThere."""

    def __init__(
        self,
        sql: Sql,
        administration: Administration,
        key: ServerKey,
        clock: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        self._sql = self.sql = sql
        self._administration = administration
        self._key = key
        self._clock = clock
        self._new_id = new_id

    @settling
    def add(
        self,
        kind: str,
        name: str,
        team: str,
        queues: Mapping[str, str],
        settings: Settings = Settings(),  # noqa: B008  # it never changes
        secret: str = "",
    ) -> str:
        """A new phone system; the token of its address, '' for one that is watched. Teams are names or ids. The token
        is kept as its hash alone.
        """
        name = clean_line(name, 200)
        if not name:
            raise BadInput("name", "The phone system needs a name.")
        if kind not in KINDS:
            raise BadInput("kind", f"There is no kind of phone system called {kind!r}.", f"Kinds: {', '.join(KINDS)}.")
        if kind == "ami" and not (settings.host and settings.username and secret):
            raise BadInput("host", "Asterisk needs a host, a manager user and a secret.")
        with self._sql.transaction():
            if any(one.name.casefold() == name.casefold() for one in active_connections(self._sql)):
                raise BadInput("name", f"There is a phone system called {name!r} already.")
            team_id = self._administration.team_id(team)
            by_queue = {agent_key(queue): self._administration.team_id(to) for queue, to in queues.items()}
            kept = msgspec.structs.replace(settings, queues=by_queue)
            connection_id = self._new_id()
            token = "" if kind == "ami" else secrets.token_urlsafe(_TOKEN_BYTES)
            self._sql.do(
                f"INSERT INTO phone_connections ({_COLUMNS}, added_at) VALUES (?,?,?,?,?,?,?,?,?)",
                *(connection_id, kind, name, _hashed(token) if token else "", msgspec.json.encode(kept).decode()),
                *(sealed(self._key, connection_id, secret) if secret else b"", team_id, 1, self._clock()),
            )
        _log.info("phone_system_added", connection=connection_id, kind=kind)
        return token

    def all(self) -> list[Connection]:
        """All, those that were revoked too, by name."""
        rows = self._sql.all(f"SELECT {_COLUMNS} FROM phone_connections ORDER BY name, id")
        return [_connection(row) for row in rows]

    def named(self, name: str) -> Connection:
        """The one that is not revoked, by its name, whose capitals don't count, or its id."""
        wanted = clean_line(name, 200)
        for one in active_connections(self._sql):
            if wanted.casefold() == one.name.casefold() or wanted == one.id:
                return one
        raise NotThere("name", f"There is no phone system called {name!r}.", "phone list")

    @settling
    def revoke(self, name: str) -> None:
        """Its token is worth nothing any more, and it is watched no more. Its calls stay."""
        with self._sql.transaction():
            found = self.named(name)
            self._sql.do("UPDATE phone_connections SET is_active = 0, secret = ? WHERE id = ?", b"", found.id)
        _log.info("phone_system_revoked", connection=found.id)

    @settling
    def map(self, name: str, agent: str, login: str) -> None:
        """What the phone system calls `agent`, an extension or a user's name, is this person; nobody for ''."""
        key = agent_key(agent)
        if not key:
            raise BadInput("agent", "Which extension or user of the phone system?")
        with self._sql.transaction():
            connection_id = self.named(name).id
            self._sql.do("DELETE FROM phone_agents WHERE connection_id = ? AND name = ?", connection_id, key)
            if login:
                user_id = self._administration.user_id(login)
                added = "INSERT INTO phone_agents (connection_id, name, user_id) VALUES (?,?,?)"
                self._sql.do(added, connection_id, key, user_id)

    @settling
    def change(self, name: str, change: Callable[[Settings], Settings]) -> Settings:
        """Its settings as they are from now on."""
        with self._sql.transaction():
            found = self.named(name)
            settings = change(found.settings)
            kept = msgspec.json.encode(settings).decode()
            self._sql.do("UPDATE phone_connections SET settings = ? WHERE id = ?", kept, found.id)
        return settings

    def mapped(self, name: str) -> list[tuple[str, str]]:
        """What it calls people, and their sign-in names."""
        return self._sql.all(
            "SELECT a.name, u.login FROM phone_agents a JOIN users u ON u.id = a.user_id "
            "WHERE a.connection_id = ? ORDER BY a.name",
            self.named(name).id,
        )

    def words(self, name: str) -> list[Word]:
        """The latest messages, the newest first."""
        rows = self._sql.all(
            "SELECT said_at, said, reference, diagnoses FROM phone_words WHERE connection_id = ? "
            "ORDER BY id DESC LIMIT ?",
            *(self.named(name).id, WORDS_KEPT),
        )
        return [Word(at, said, call, tuple(msgspec.json.decode(found or "[]"))) for at, said, call, found in rows]


def _connection(row: Iterable[Any]) -> Connection:
    connection_id, kind, name, token_hash, settings, secret, team_id, is_active = row
    read = msgspec.json.decode(settings, type=Settings)
    return Connection(connection_id, kind, name, token_hash, read, bytes(secret), team_id, bool(is_active))


def _hashed(token: str) -> str:
    """A token has 256 random bits: nobody finds it by trying, so a quick hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
