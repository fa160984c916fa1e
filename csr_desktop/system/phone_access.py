"""How this workstation's phone and the desk reach each other: the address or link that softphones open, and what is
dialled. Both carry a key, by which the desk knows that they were entered by its person.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.system.call_message import OWN_SCHEME
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.system.phone_address import PhoneAddress
    from csr_desktop.system.places import Places
    from csr_desktop.system.settings import Settings

LOWEST_PORT: Final = 1024
HIGHEST_PORT: Final = 65_535
_KEY_FILE: Final = "phone-key"
_KEY_LENGTH: Final = 43


class AddressState(msgspec.Struct, frozen=True):
    """`url` is '' while nothing answers there; `fault` says why, where it should."""

    is_wanted: bool
    port: int
    url: str = ""
    fault: str = ""


class PhoneAccess:
    """`settings` gives what is chosen now, `remember` keeps what is chosen from now on, `clock` is milliseconds since
    the epoch, `is_managed` tells of which settings the organisation has settled. Used on one thread; what is told comes
    on others.
    """

    def __init__(
        self,
        places: Places,
        settings: Callable[[], Settings],
        remember: Callable[..., None],
        clock: Callable[[], int],
        is_managed: Callable[[str], bool] = lambda _setting: False,
    ) -> None:
        self.is_managed = is_managed
        self._places = places
        self._settings = settings
        self.remember = remember
        self._clock = clock
        self._on_message: Callable[[dict[str, str]], None] | None = None
        self._address: PhoneAddress | None = None
        self._answered_key = ""
        self._fault = ""

    @property
    def settings(self) -> Settings:
        return self._settings()

    @property
    def program(self) -> list[str]:
        """What a softphone runs to tell of a call, before the options."""
        from csr_desktop.system.own_program import command_words  # what starts programs is large

        return command_words(self._places)

    # The address

    @property
    def is_begun(self) -> bool:
        return self._on_message is not None

    def begin(self, on_message: Callable[[dict[str, str]], None]) -> AddressState:
        """Answer from now on, where that is wanted. More often does nothing."""
        if self._on_message is None:
            self._on_message = on_message
            self._answer()
        return self.state

    @property
    def state(self) -> AddressState:
        url = ""
        if self._address is not None:
            url = f"http://127.0.0.1:{self._address.port}/call?key={self._answered_key}"
        return AddressState(self.settings.answers_phone, self.settings.phone_port, url, self._fault)

    def link(self) -> str:
        """For softphones that open links: what stands before what is told. Raises EnvironmentFault where no key can be
        kept.
        """
        return f"{OWN_SCHEME}:call?key={self._key()}"

    def knows(self, key: str) -> bool:
        """Whether a link has this desk's key. Any page can hold one without."""
        own = self._kept_key()
        return bool(own) and hmac.compare_digest(key.encode("utf-8", "replace"), own.encode())

    @property
    def has_key(self) -> bool:
        return bool(self._kept_key())

    def switch(self, *, is_wanted: bool, port: int) -> AddressState:
        """Answer there from now on, or nowhere. Raises BadInput for a port that no program may take."""
        if not LOWEST_PORT <= port <= HIGHEST_PORT:
            raise BadInput("port", f"Choose a port from {LOWEST_PORT} to {HIGHEST_PORT}.")
        self.remember(answers_phone=is_wanted, phone_port=port)
        self._answer()
        return self.state

    def renew_key(self) -> AddressState:
        """From now on address and link are others: who knows the old ones is not heard any more."""
        self._write_key()
        self._answer()
        return self.state

    def close(self) -> None:
        """For good."""
        self._stop()
        self._on_message = None

    def _answer(self) -> None:
        self._stop()
        if self._on_message is None or not self.settings.answers_phone:
            return
        from csr_desktop.system.phone_address import PhoneAddress

        try:
            self._answered_key = self._key()
            self._address = PhoneAddress(self.settings.phone_port, self._answered_key, self._on_message, self._clock)
        except EnvironmentFault as fault:
            self._fault = str(fault)

    def _stop(self) -> None:
        self._fault = ""
        if self._address is not None:
            self._address.close()
            self._address = None

    def _key(self) -> str:
        return self._kept_key() or self._write_key()

    def _kept_key(self) -> str:
        path = self._places.data / _KEY_FILE
        try:
            is_own = os.name == "nt" or not path.stat().st_mode & 0o077
            key = path.read_text("ascii").strip() if is_own else ""  # others may have read it
        except (OSError, UnicodeDecodeError):
            key = ""
        return key if len(key) == _KEY_LENGTH else ""

    def _write_key(self) -> str:
        """In a file that only the person may read."""
        from secrets import token_urlsafe

        key = token_urlsafe(32)
        path = self._places.data / _KEY_FILE
        try:
            write_whole(path, key.encode())
        except OSError as error:
            raise EnvironmentFault(
                f"{path} can't be written.", "The key of the phone's address is kept there. Ask your administrator."
            ) from error
        return key
