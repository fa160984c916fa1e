"""PINs of callers: salted argon2 hashes that the server alone keeps and compares; never logged, sent back or synced."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import structlog

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.permissions import may_read
from csr_desktop.protocol import PinReply
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.passwords import Passwords
from csr_desktop.store.sql import Sql

MOST_FAILURES: Final = 5
"""In a row. Then nobody can try this PIN for a while, whoever asks; after as many again for twice as long."""
LOCKED_MS: Final = 15 * 60_000
LONGEST_LOCKED_MS: Final = 86_400_000
PASSES_KEPT_MS: Final = 30 * 86_400_000
"""For evidence of workstations that were away."""
_PIN: Final = re.compile("[0-9]{4,12}")

_log = structlog.get_logger(__name__)


class CallerPins:
    """Of each question first what is noted before the comparison, then the comparison, which takes a core for a while,
    then what came of it: so that many questions at once are no more tries than one after the other.
    """

    def __init__(self, sql: Sql, ledger: Ledger, passwords: Passwords, clock: Callable[[], int]) -> None:
        self._sql = sql
        self._ledger = ledger
        self._passwords = passwords
        self._clock = clock

    def check_asker(self, user_id: str, contact_id: str) -> None:
        """Raises Refused for who handles no calls, and for a contact that is not there."""
        who = self._ledger.person(user_id)
        if who.role not in {"csr", "lead"}:
            raise Refused("not_allowed", "Only who handles calls can check a PIN.")
        self._check_contact(user_id, contact_id)

    def begin(self, contact_id: str) -> tuple[str, str]:
        """Within a transaction: the hash to compare with, or why there is nothing to compare: none, locked. It counts
        as failed until `settle` says otherwise.
        """
        lock = " FOR UPDATE" if self._sql.is_postgresql else ""
        columns = "pin_hash, failures, failed_at"
        found = self._sql.one(f"SELECT {columns} FROM caller_pins WHERE contact_id = ?{lock}", contact_id)
        if found is None:
            return "", "none"
        pin_hash, failures, failed_at = found
        now = self._clock()
        if now - failed_at < locked_ms(failures):
            return "", "locked"
        self._sql.do(
            "UPDATE caller_pins SET failures = ?, failed_at = ? WHERE contact_id = ?", failures + 1, now, contact_id
        )
        return pin_hash, ""

    def is_right(self, pin: str, pin_hash: str) -> bool:
        return bool(_PIN.fullmatch(pin)) and self._passwords.is_right(_widened(pin), pin_hash)

    def settle(self, user_id: str, contact_id: str, *, is_right: bool) -> PinReply:
        """Within a transaction."""
        _log.info("pin_checked", user_id=user_id, contact_id=contact_id, passed=is_right)
        if not is_right:
            return PinReply("failed")
        now = self._clock()
        self._sql.do("UPDATE caller_pins SET failures = 0, failed_at = 0 WHERE contact_id = ?", contact_id)
        self._sql.do(
            "INSERT INTO pin_passes (contact_id, user_id, passed_at) VALUES (?,?,?) ON CONFLICT DO NOTHING",
            *(contact_id, user_id, now),
        )
        self._sql.do("DELETE FROM pin_passes WHERE passed_at < ?", now - PASSES_KEPT_MS)
        return PinReply("passed", now)

    # Setting one

    def hashed(self, user_id: str, contact_id: str, pin: str) -> str:
        """Raises Refused for who may not set a PIN, BadInput for what is none. '' takes it away."""
        if self._ledger.person(user_id).role not in {"lead", "administrator"}:
            raise Refused("not_allowed", "Only a lead or an administrator can set a PIN.")
        self._check_contact(user_id, contact_id)
        if pin and not _PIN.fullmatch(pin):
            raise BadInput("pin", "A PIN has 4 to 12 digits.")
        return self._passwords.hashed(_widened(pin)) if pin else ""

    def keep(self, user_id: str, contact_id: str, pin_hash: str) -> PinReply:
        """Within a transaction."""
        self.put(user_id, contact_id, pin_hash)
        _log.info("pin_set", user_id=user_id, contact_id=contact_id, is_taken_away=not pin_hash)
        return PinReply("set" if pin_hash else "none")

    def put(self, user_id: str, contact_id: str, pin_hash: str) -> None:
        """Within a transaction. What passed by the PIN of before is forgotten with it."""
        for table in ("caller_pins", "pin_passes"):
            self._sql.do(f"DELETE FROM {table} WHERE contact_id = ?", contact_id)
        if pin_hash:
            self._sql.do(
                "INSERT INTO caller_pins (contact_id, pin_hash, author_id, set_at, failures, failed_at) "
                "VALUES (?,?,?,?,0,0)",
                *(contact_id, pin_hash, user_id, self._clock()),
            )

    def _check_contact(self, user_id: str, contact_id: str) -> None:
        row = self._sql.load("contacts", [contact_id]).get(contact_id)
        may_read(self._ledger.person(user_id), row)


def locked_ms(failures: int) -> int:
    """For how long after the last of so many failures in a row nobody can try."""
    if failures == 0 or failures % MOST_FAILURES:
        return 0
    return min(LONGEST_LOCKED_MS, LOCKED_MS << min(failures // MOST_FAILURES - 1, 10))


def _widened(pin: str) -> str:
    """What the hasher takes is as long as a password at least."""
    return f"caller-pin:{pin}"
