"""Whether a password opens a desk that was locked: by what this computer knows, else by what the server says."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from csr_desktop.domain.errors import BadInput, CsrDesktopError, EnvironmentFault, Refused, Unreachable
from csr_desktop.system.password_check import is_right

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.keyring_store import PersonSecrets

FREE_TRIES: Final = 5
LONGEST_WAIT_SECONDS: Final = 300.0
_MOST_DOUBLINGS: Final = 10
_OF_A_WRONG_PASSWORD: Final = "wrong_sign_in"  # the server's code  # noqa: S105


class Unlocking:
    """`keys` reads the keyring, `sign_in_again` asks the server; both may take long. `clock` is seconds that only
    grow. `failures` wrong passwords were typed before the program was ended, and `keep` gets how many now are: who
    starts it again waits anew, by a clock that nobody can set, and gets no free tries.
    """

    def __init__(
        self,
        keys: Callable[[Account], PersonSecrets | None],
        sign_in_again: Callable[[Account, str], tuple[Account, PersonSecrets]],
        clock: Callable[[], float],
        failures: int = 0,
        keep: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._keys = keys
        self._sign_in_again = sign_in_again
        self._clock = clock
        self._lock = threading.Lock()
        self._keep = keep
        self._count(failures)

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
            self._note(0)
            return found

    def forget_failures(self) -> None:
        """The server knew the person by their password."""
        with self._lock:
            self._note(0)

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
        self._note(self._failures + 1)
        return Refused("wrong_password", "This is not your password.", advice)

    def _note(self, failures: int) -> None:
        is_other = failures != self._failures
        self._count(failures)
        if is_other:
            with suppress(CsrDesktopError):  # on a full disk it is known until the program ends
                self._keep(failures)

    def _count(self, failures: int) -> None:
        self._failures = failures
        doublings = min(failures - FREE_TRIES + 1, _MOST_DOUBLINGS)
        wait = min(LONGEST_WAIT_SECONDS, 2.0**doublings) if doublings > 0 else 0.0
        self._free_at = self._clock() + wait
