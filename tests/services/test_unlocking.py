"""How long who types wrong passwords waits, and that ending the program shortens none of it."""

from __future__ import annotations

import pytest

from csr_desktop.domain.errors import DiskFull, Refused, Unreachable
from csr_desktop.services.sign_in import Account
from csr_desktop.services.unlocking import FREE_TRIES, LONGEST_WAIT_SECONDS, Unlocking
from csr_desktop.system.keyring_store import PersonSecrets
from csr_desktop.system.password_check import make_check

SAMPLE = Account("https://desk.example.com", "01890a5d-ac96-774b-bcce-b302099a8057", "d", "Alex Sample", "alex", "Demo")
SECRETS = PersonSecrets(bytes(32), bytes(32), "d", make_check("made up"))


class Computer:
    """A clock that is moved, and what of a person's settings outlives the program."""

    def __init__(self) -> None:
        self.now, self.failures, self.is_full = 0.0, 0, False

    def start(self) -> Unlocking:
        return Unlocking(lambda _: SECRETS, self._ask_server, lambda: self.now, self.failures, self._keep)

    def _keep(self, failures: int) -> None:
        if self.is_full:
            raise DiskFull
        self.failures = failures

    def _ask_server(self, account: Account, password: str) -> tuple[Account, PersonSecrets]:
        raise Unreachable("Nobody is there.")


def code(unlocking: Unlocking, password: str) -> str:
    try:
        unlocking.unlock(SAMPLE, password)
    except Refused as fault:
        return fault.code
    return "open"


def waited(computer: Computer, unlocking: Unlocking) -> float:
    """Seconds until a password is looked at again."""
    began = computer.now
    while code(unlocking, "made up") == "too_many":
        computer.now += 1
    return computer.now - began


def test_each_wrong_password_doubles_the_wait_and_the_right_one_ends_it() -> None:
    computer = Computer()
    unlocking = computer.start()
    assert [code(unlocking, "guess") for _ in range(FREE_TRIES)] == ["wrong_password"] * FREE_TRIES
    for seconds in (2, 4, 8):
        assert code(unlocking, "guess") == "too_many"
        computer.now += seconds
        assert code(unlocking, "guess") == "wrong_password"
    assert waited(computer, unlocking) == 16
    assert computer.failures == 0
    assert code(unlocking, "guess") == "wrong_password", "free tries again"


def test_a_start_gives_no_fresh_run_of_guesses() -> None:
    computer = Computer()
    unlocking = computer.start()
    for _ in range(FREE_TRIES - 1):
        code(unlocking, "guess")
    assert code(computer.start(), "guess") == "wrong_password", "the last free one"
    for seconds in (2, 4, 8):
        again = computer.start()
        computer.now += seconds - 1
        again = computer.start()  # the time before it counts for nothing
        assert code(again, "made up") == "too_many"
        computer.now += seconds
        assert code(again, "guess") == "wrong_password"


@pytest.mark.parametrize("failures", [-5, 0, 14, 10**9])
def test_whatever_stands_on_the_disk_nobody_waits_for_longer_than_the_longest(failures: int) -> None:
    computer = Computer()
    computer.failures = failures
    expected = LONGEST_WAIT_SECONDS if failures > FREE_TRIES else 0
    assert waited(computer, computer.start()) == expected


def test_who_signed_in_at_the_server_starts_anew() -> None:
    computer = Computer()
    computer.failures = FREE_TRIES
    unlocking = computer.start()
    unlocking.forget_failures()
    assert computer.failures == 0
    assert code(unlocking, "made up") == "open"


def test_a_full_disk_keeps_nobody_out_and_lets_nobody_guess() -> None:
    computer = Computer()
    computer.is_full = True
    unlocking = computer.start()
    for _ in range(FREE_TRIES):
        assert code(unlocking, "guess") == "wrong_password"
    assert waited(computer, unlocking) == 2
