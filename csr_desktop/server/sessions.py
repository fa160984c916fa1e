"""Short access tokens for workstations that prove their key: a challenge is signed, a token lasts 15 minutes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from csr_desktop.domain.errors import Unreadable
from csr_desktop.protocol import ChallengeReply, TokenReply, TokenRequest, revoked_text, token_text
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.problems import Rejected
from csr_desktop.store.sql import Sql

CHALLENGE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 15 * 60
TOKENS_A_DEVICE: Final = 4
_RANDOM_BYTES: Final = 24
_TAG_BYTES: Final = 32


class Session(msgspec.Struct, frozen=True):
    """Whose token it is."""

    device_id: str
    user_id: str


class Sessions:
    """Challenges are signed by this process and remembered only once used, so that asking for many costs no memory;
    tokens are kept as hashes. Both end with the process, and workstations then prove themselves again.
    """

    def __init__(
        self,
        sql: Sql,
        key: ServerKey,
        monotonic: Callable[[], float],
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._sql = sql
        self._key = key
        self._monotonic = monotonic
        self._random_bytes = random_bytes
        self._secret = self._own_secret()
        self._lock = threading.Lock()
        self._used: OrderedDict[bytes, float] = OrderedDict()
        self._tokens: OrderedDict[bytes, tuple[Session, float]] = OrderedDict()

    def challenge(self) -> ChallengeReply:
        until = int((self._monotonic() + CHALLENGE_SECONDS) * 1000)
        content = until.to_bytes(8, "big", signed=True) + self._random_bytes(_RANDOM_BYTES)
        return ChallengeReply(content + self._tag(content))

    def token(self, request: TokenRequest) -> TokenReply:
        """Reads the database. Raises Rejected (401): `unknown_device` for one that is unknown or signed wrong,
        `revoked` for one that proved its key but was revoked, with the proof of it; `signed_out` when the account is
        closed.
        """
        self._check_challenge(request.challenge)
        sql = (
            "SELECT d.public_key, d.revoked_at, d.user_id, u.is_active, u.deleted FROM devices d "
            "JOIN users u ON u.id = d.user_id WHERE d.id = ?"
        )
        row = self._sql.one(sql, request.device_id) if "\0" not in request.device_id else None
        if row is None or not _is_signed(bytes(row[0]), request):
            raise unknown_device()
        self._use_up(request.challenge)
        if row[1]:
            raise revoked(self._proofs(request))
        check_is_in(row[1], row[3], row[4])
        session = Session(request.device_id, row[2])
        return TokenReply(self._issued(session, self._monotonic() + TOKEN_SECONDS), TOKEN_SECONDS)

    def session(self, authorization: str) -> Session:
        """Whose request this is, by its Authorization header. Raises Rejected (401, `token_expired`) when a new token
        is wanted. Looks at no database: rights are checked where it is read.
        """
        kind, _, token = authorization.partition(" ")
        found = self._known(token.strip()) if kind.lower() == "bearer" else None
        if found is None or found[1] <= self._monotonic():
            raise Rejected(401, "token_expired", "This workstation has to prove itself again.", "It does so by itself.")
        return found[0]

    def check(self, session: Session) -> None:
        """Whether workstation and account still stand; reads the database. Raises Rejected (401) as `token` does."""
        sql = (
            "SELECT d.revoked_at, u.is_active, u.deleted FROM devices d JOIN users u ON u.id = d.user_id "
            "WHERE d.id = ? AND d.user_id = ?"
        )
        row = self._sql.one(sql, session.device_id, session.user_id)
        if row is None:
            raise unknown_device()
        check_is_in(*row)

    def _own_secret(self) -> bytes:
        return self._random_bytes(32)

    def _issued(self, session: Session, until: float) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._drop_old(session.device_id)
            self._tokens[_hashed(token)] = (session, until)
        return token

    def _known(self, token: str) -> tuple[Session, float] | None:
        """Whose token it is, and until when."""
        with self._lock:
            return self._tokens.get(_hashed(token))

    def _proofs(self, request: TokenRequest) -> list[bytes]:
        """See Problem: only who kept the workstation's database keys can tell it to wipe its file."""
        wrapped = self._sql.value("SELECT wrapped_key FROM escrow WHERE device_id = ?", request.device_id)
        text = revoked_text(request.challenge, request.device_id)
        try:
            keys = self._key.unwrap_all(request.device_id, bytes(wrapped or b""))
        except Unreadable:
            return []
        return [hmac.digest(key, text, "sha256") for key in keys]

    def _tag(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")

    def _check_challenge(self, challenge: bytes) -> None:
        content, tag = challenge[:-_TAG_BYTES], challenge[-_TAG_BYTES:]
        is_ours = hmac.compare_digest(tag, self._tag(content))
        until = int.from_bytes(content[:8], "big", signed=True) / 1000
        with self._lock:
            is_fresh = is_ours and until > self._monotonic() and challenge not in self._used
        if not is_fresh:
            raise _stale()

    def _use_up(self, challenge: bytes) -> None:
        with self._lock:
            if challenge in self._used:
                raise _stale()
            now = self._monotonic()
            while self._used and next(iter(self._used.values())) <= now:
                self._used.popitem(last=False)
            self._used[challenge] = now + CHALLENGE_SECONDS

    def _drop_old(self, device_id: str) -> None:
        """Forget what has ended, and the oldest tokens of a workstation that asks again and again."""
        now = self._monotonic()
        while self._tokens and next(iter(self._tokens.values()))[1] <= now:
            self._tokens.popitem(last=False)
        mine = [key for key, (session, _) in self._tokens.items() if session.device_id == device_id]
        for key in mine[: max(0, len(mine) - TOKENS_A_DEVICE + 1)]:
            del self._tokens[key]


class SharedSessions(Sessions):
    """Those of several processes, on one host or more, that share a database and the server's key: any of them takes
    the challenge and the token that another gave. A token says itself whose it is, under the key's seal; the database
    notes which challenges were used. `seconds` is the time of day, which such hosts keep alike.
    """

    def __init__(self, sql: Sql, key: ServerKey, seconds: Callable[[], float]) -> None:
        super().__init__(sql, key, seconds)
        self._seconds = seconds

    def _own_secret(self) -> bytes:
        return self._key.derived(b"sessions 1")

    def _issued(self, session: Session, until: float) -> str:
        content = msgspec.msgpack.encode((session.device_id, session.user_id, int(until)))
        return base64.urlsafe_b64encode(self._seal(content) + content).decode()

    def _known(self, token: str) -> tuple[Session, float] | None:
        try:
            sealed = base64.b64decode(token, b"-_", validate=True)
        except ValueError:
            return None
        seal, content = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not hmac.compare_digest(seal, self._seal(content)):
            return None
        device_id, user_id, until = msgspec.msgpack.decode(content, type=tuple[str, str, int])
        return Session(device_id, user_id), until

    def _seal(self, content: bytes) -> bytes:
        return self._tag(b"token " + content)

    def _use_up(self, challenge: bytes) -> None:
        now = int(self._seconds())
        insert = "INSERT INTO used_challenges (tag, until_at) VALUES (?,?) ON CONFLICT DO NOTHING"
        if not self._sql.do(insert, challenge[-_TAG_BYTES:], (now + CHALLENGE_SECONDS) * 1000):
            raise _stale()
        self._sql.do("DELETE FROM used_challenges WHERE until_at < ?", now * 1000)


def check_is_in(revoked_at: int, is_active: int, is_deleted: int) -> None:
    """A revoked workstation wipes its file; that of a closed account keeps it, since accounts are reopened."""
    if revoked_at:
        raise revoked()
    if not is_active or is_deleted:
        raise Rejected(401, "signed_out", "This account is closed.", "Ask your administrator.")


def revoked(proofs: Sequence[bytes] = ()) -> Rejected:
    title = "This workstation was signed out by an administrator."
    return Rejected(401, "revoked", title, "Sign in again.", proofs=proofs)


def unknown_device() -> Rejected:
    """Also what a server says that was put back from a backup older than the workstation: nothing is wiped for it."""
    return Rejected(401, "unknown_device", "The server does not know this workstation.", "Sign in again.")


def _is_signed(public_key: bytes, request: TokenRequest) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(request.signature, token_text(request.challenge, request.device_id))
    except (ValueError, InvalidSignature):
        return False
    return True


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _stale() -> Rejected:
    return Rejected(401, "challenge_used", "This challenge was used or is too old.", "Ask for a new one.")
