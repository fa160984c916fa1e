"""Whether a password opens a desk that was locked: by what this computer knows, else by what the server says."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Refused, Unreachable
from csr_desktop.system.password_check import is_right

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.keyring_store import PersonSecrets

FREE_TRIES: Final = 5
LONGEST_WAIT_SECONDS: Final = 300.0
_OF_A_WRONG_PASSWORD: Final = "wrong_sign_in"  # the server's code  # noqa: S105


class Unlocking:
    """`keys` reads the keyring, `sign_in_again` asks the server; both may take long. `clock` is seconds that only
    grow.
    """

    def __init__(
        self,
        keys: Callable[[Account], PersonSecrets | None],
        sign_in_again: Callable[[Account, str], tuple[Account, PersonSecrets]],
        clock: Callable[[], float],
    ) -> None:
        self._keys = keys
        self._sign_in_again = sign_in_again
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._free_at = 0.0

    def unlock(self, account: Account, password: str) -> tuple[Account, PersonSecrets] | None:
        """Returns when the password is right; what the server had to be asked for is a new registration of this
        workstation, else None. Raises BadInput without a password, Refused for a wrong one and while it has to wait
        after too many, Unreachable where only the server could tell.
        """
        if not password:
            raise BadInput("password", "Type your password.")
        with self._lock:
            wait = self._free_at - self._clock()
            if wait > 0:
                raise Refused("too_many", "Too many wrong passwords.", f"Try again in {round(wait + 0.5)} seconds.")
            found = self._tried(account, password)
            self._failures, self._free_at = 0, 0.0
            return found

    def _tried(self, account: Account, password: str) -> tuple[Account, PersonSecrets] | None:
        keys = self._keys(account)
        if keys is not None and is_right(keys.password_check, password):
            return None
        # It was changed on the server since, or the check was never made here.
        try:
            return self._sign_in_again(account, password)
        except Refused as fault:
            if fault.code != _OF_A_WRONG_PASSWORD:
                raise
            raise self._wrong("Capitals count in it.") from fault
        except EnvironmentFault as fault:
            if keys is None or not keys.password_check:
                if isinstance(fault, Unreachable):
                    advice = "This time the server has to tell whether the password is right. Look at the network."
                    raise Unreachable(fault.title, advice) from fault
                raise
            raise self._wrong("If it was changed lately, this computer has to reach the server first.") from fault

    def _wrong(self, advice: str) -> Refused:
        self._failures += 1
        if self._failures >= FREE_TRIES:
            self._free_at = self._clock() + min(LONGEST_WAIT_SECONDS, 2.0 ** (self._failures - FREE_TRIES + 1))
        return Refused("wrong_password", "This is not your password.", advice)
