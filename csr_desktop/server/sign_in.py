"""A person's first word from a workstation: the password is checked, the workstation registered, its key kept safe."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from csr_desktop.domain.errors import BadInput, Unreadable
from csr_desktop.domain.ids import NewId
from csr_desktop.domain.text import clean_line, login_key
from csr_desktop.protocol import SignInReply, SignInRequest
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.passwords import LONGEST, Passwords
from csr_desktop.server.problems import Rejected
from csr_desktop.server.rates import too_often
from csr_desktop.server.writer import Writer
from csr_desktop.store.meta_file import key_check
from csr_desktop.store.sql import Sql

KEY_BYTES: Final = 32
KEY_CHECKS_LIMIT: Final = 100
FREE_TRIES: Final = 3
LONGEST_DELAY_SECONDS: Final = 60
_STRANGERS_KEPT: Final = 10_000

_log = structlog.get_logger(__name__)


def delay_seconds(failures: int) -> int:
    """How long after its last failure an account waits before the next try: 0, 0, 0, 1, 2, 4, … 60."""
    return 0 if failures < FREE_TRIES else min(LONGEST_DELAY_SECONDS, 2 ** min(failures - FREE_TRIES, 10))


class _Account(msgspec.Struct, frozen=True):
    """Who tries to sign in; all empty for a name that nobody has."""

    user_id: str = ""
    name: str = ""
    is_open: bool = False
    password_hash: str = ""


class SignIn:
    """Runs on a thread of its own pool, which bounds how many passwords are checked at once; writes by the writer.

    A try is counted before the password is looked at and forgiven after, so many at once are no way around the delays.
    Names that nobody has are delayed alike, from memory; after a restart theirs start anew.
    """

    def __init__(
        self, sql: Sql, writer: Writer, key: ServerKey, passwords: Passwords, clock: Callable[[], int], new_id: NewId
    ) -> None:
        self._sql = sql
        self._writer = writer
        self._key = key
        self._passwords = passwords
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._strangers: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def sign_in(self, request: SignInRequest) -> SignInReply:
        """Raises BadInput for a malformed request and Rejected: 429 while the account waits, 401 `wrong_sign_in` for a
        wrong name or password alike, 401 `closed` for the right password of a closed account.
        """
        if len(request.public_key) != KEY_BYTES or len(request.database_key) != KEY_BYTES:
            raise BadInput(
                "keys", "The workstation sent keys of a wrong length.", "Update CSR Desktop on this workstation."
            )
        if len(request.password) > LONGEST or "\0" in request.device_id:
            raise wrong_sign_in()
        account = self._writer.do(lambda: self._count_try(request.login)).result()
        if not self._passwords.is_right(request.password, account.password_hash):
            _log.info("sign_in_failed", user_id=account.user_id)
            raise wrong_sign_in()
        if not account.is_open:
            raise Rejected(401, "closed", "This account is closed.", "Ask your administrator.")
        new_hash = ""
        if self._passwords.is_outdated(account.password_hash):
            new_hash = self._passwords.hashed(request.password)
        reply = self._writer.do(lambda: self._register(request, account, new_hash)).result()
        _log.info("signed_in", user_id=reply.user_id, device_id=reply.device_id)
        return reply

    def _count_try(self, login: str) -> _Account:
        """On the writer's thread, where tries come one after another. Raises Rejected (429) while the account waits."""
        now = self._clock()
        key = login_key(login)
        sql = (
            "SELECT u.id, u.name, u.is_active, u.deleted, c.password_hash, c.failures, c.failed_at FROM users u "
            "JOIN credentials c ON c.user_id = u.id WHERE u.login = ? ORDER BY u.id LIMIT 1"
        )
        row = self._sql.one(sql, key) if key else None
        if row is None:
            self._count_stranger(key, now)
            # The same writing as for a known name, on a row of nobody's, so that the time it takes tells nothing.
            self._sql.do("UPDATE credentials SET failures=0, failed_at=? WHERE user_id=?", now, NOBODY)
            return _Account()
        user_id, name, is_active, is_deleted, password_hash, failures, failed_at = row
        _refuse_while_waiting(failures, failed_at, now)
        self._sql.do("UPDATE credentials SET failures=?, failed_at=? WHERE user_id=?", failures + 1, now, user_id)
        return _Account(user_id, name, bool(is_active) and not is_deleted, password_hash)

    def _count_stranger(self, key: str, now: int) -> None:
        name = hashlib.sha256(key.encode()).digest()
        with self._lock:
            failures, failed_at = self._strangers.get(name, (0, 0))
            _refuse_while_waiting(failures, failed_at, now)
            self._strangers[name] = (failures + 1, now)
            self._strangers.move_to_end(name)
            if len(self._strangers) > _STRANGERS_KEPT:
                self._strangers.popitem(last=False)

    def _register(self, request: SignInRequest, account: _Account, new_hash: str) -> SignInReply:
        """On the writer's thread: forgive the tries, and note the workstation, new or without its keyring."""
        sql, now, user_id = self._sql, self._clock(), account.user_id
        sql.do("UPDATE credentials SET failures=0 WHERE user_id=?", user_id)
        if new_hash:
            sql.do("UPDATE credentials SET password_hash=? WHERE user_id=?", new_hash, user_id)
        device_name = clean_line(request.device_name, 100)
        kept = self._kept_keys(request, user_id)
        device_id, database_key = request.device_id, _chosen_key(request, kept)
        if device_id in kept:
            update = "UPDATE devices SET public_key=?, name=?, seen_at=? WHERE id=?"
            sql.do(update, request.public_key, device_name, now, device_id)
        else:
            device_id = self._new_id()
            sql.do(
                "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) "
                "VALUES (?,?,?,?,?,?,0,0)",
                *(device_id, user_id, device_name, request.public_key, now, now),
            )
        self._keep_key(device_id, kept.get(device_id, []), database_key)
        organisation = sql.value("SELECT name FROM organisations WHERE deleted = 0 ORDER BY id LIMIT 1")
        return SignInReply(device_id, user_id, account.name, organisation or "", database_key)

    def _kept_keys(self, request: SignInRequest, user_id: str) -> dict[str, list[bytes]]:
        """The database keys of this person's workstations that are not revoked, by workstation, the newest last: those
        of the one that asks, and of all when it has files. Another person's or an unknown one has none here.
        """
        find = (
            "SELECT d.id, e.wrapped_key FROM escrow e JOIN devices d ON d.id = e.device_id "
            "WHERE d.user_id = ? AND d.revoked_at = 0 ORDER BY d.seen_at DESC, d.id"
        )
        found: dict[str, list[bytes]] = {}
        for device_id, wrapped in self._sql.all(find, user_id):
            if device_id == request.device_id:
                found[device_id] = self._key.unwrap_all(device_id, bytes(wrapped))
            elif request.key_checks:
                with suppress(Unreadable):  # of a server's key that was lost; the one that asks may still do without
                    found[device_id] = self._key.unwrap_all(device_id, bytes(wrapped))
        return found

    def _keep_key(self, device_id: str, kept: list[bytes], database_key: bytes) -> None:
        if kept[-1:] == [database_key]:
            return
        wrapped = self._key.wrap_all(device_id, [*(key for key in kept if key != database_key), database_key])
        self._sql.do(
            "INSERT INTO escrow (device_id, wrapped_key) VALUES (?,?) "
            "ON CONFLICT (device_id) DO UPDATE SET wrapped_key = excluded.wrapped_key",
            *(device_id, wrapped),
        )


def _chosen_key(request: SignInRequest, kept: Mapping[str, Sequence[bytes]]) -> bytes:
    """The key that opens a file of the workstation, when that is known; see SignInReply."""
    files = set(request.key_checks[:KEY_CHECKS_LIMIT])
    if key_check(request.database_key) in files:
        return request.database_key
    own = list(reversed(kept.get(request.device_id, ())))
    others = [key for device_id, keys in kept.items() if device_id != request.device_id for key in reversed(keys)]
    return next((key for key in (*own, *others) if key_check(key) in files), own[0] if own else request.database_key)


NOBODY: Final = "nobody"
"""The credentials row that stands in for names that nobody has; its hash fits no password."""


def keep_nobody(sql: Sql) -> None:
    """Make sure that the row is there."""
    insert = "INSERT INTO credentials (user_id, password_hash, failures, failed_at) VALUES (?,'',0,0)"
    sql.do(f"{insert} ON CONFLICT DO NOTHING", NOBODY)


def wrong_sign_in() -> Rejected:
    return Rejected(
        401, "wrong_sign_in", "The name or the password is wrong.", "Check both; capitals count in the password."
    )


def _refuse_while_waiting(failures: int, failed_at: int, now: int) -> None:
    delay_ms = delay_seconds(failures) * 1000
    # A clock that was set back must not make anybody wait for longer than the delay itself.
    left_ms = min(delay_ms, failed_at + delay_ms - now)
    if left_ms > 0:
        fault = too_often(math.ceil(left_ms / 1000))
        raise Rejected(
            429,
            "wait",
            "The last tries to sign in were wrong.",
            f"Try again in {fault.retry_after_seconds} seconds.",
            retry_after_seconds=fault.retry_after_seconds,
        )
