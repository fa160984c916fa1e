"""What a window's texts know of private numbers in common: where phone numbers are dialled from, and what is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.domain.private_numbers import Number

EXAMPLES = "card 4111 1111 1111 1111, ssn 078-05-1120, account 000123456789, call +1 312 555 0142 or 030 555 0142"
"""Numbers of nobody: reading them loads all that the reading of numbers needs."""


class NumberRules(QObject):
    """Texts are not looked through before this is ready: the first reading loads what would hold up a key."""

    became_ready = Signal()

    def __init__(self, said_none: set[Number], prepare: Callable[[Callable[[str], None]], None]) -> None:
        """`said_none` is shared with what stores texts. `prepare` reads EXAMPLES on another thread, and then hands the
        home region to the function it is given.
        """
        super().__init__()
        self.said_none = said_none
        self.home_region = ""
        self.is_ready = False
        self._prepare = prepare
        self._is_asked = False

    def want(self) -> None:
        """Somebody is about to type."""
        if not self._is_asked:
            self._is_asked = True
            self._prepare(self._on_prepared)

    def _on_prepared(self, home_region: str) -> None:
        self.home_region = home_region
        self.is_ready = True
        self.became_ready.emit()
