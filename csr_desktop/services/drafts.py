"""Every text that is being typed, by the place where it is typed; on disk when a call returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.domain.text import clean
from csr_desktop.services.said_none import keep_said, take_up
from csr_desktop.store.queries import drafts as queries

if TYPE_CHECKING:
    from csr_desktop.sync.replica import Replica

_CALLS: Final = ("call:", "saved_call:")
"""Keys that are not texts; `running_calls` keeps them."""


class Drafts:
    """Keys are a kind of place and an id, such as “reply:<ticket id>”."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def read(self, key: str) -> str:
        """'' when there is none."""
        body = queries.read(self._replica.sql, key)
        if body:
            take_up(self._replica, key, [body])
        return body

    def write(self, key: str, text: str) -> None:
        """An empty text clears it. White space at the ends stays: someone may be in the middle of a word."""
        body = clean(text)
        if body:
            queries.write(self._replica.sql, key, body, self._replica.now())
            keep_said(self._replica, key, [body])
        else:
            self.clear(key)

    def clear(self, key: str) -> None:
        queries.clear(self._replica.sql, key)

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """Where texts wait, calls that are not saved yet not counted."""
        found = queries.with_prefix(self._replica.sql, prefix)
        return tuple(key for key, _, _ in found if not key.startswith(_CALLS))
