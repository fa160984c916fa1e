"""Tables of a desk that follow from others: kept in the transaction that wrote the rows they follow from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from csr_desktop.store.sql import Sql


class Projection(Protocol):
    """One derived table, or several that belong together."""

    @property
    def tables(self) -> frozenset[str]:
        """The synced tables it follows."""
        ...

    @property
    def follows(self) -> frozenset[str]:
        """Those of them that it comes after by itself when it is not told of them."""
        ...

    def update(self, sql: Sql, table: str, ids: Sequence[str]) -> None:
        """These rows were written, marked deleted or removed."""
        ...

    def rebuild(self, sql: Sql) -> None:
        """Make everything anew."""
        ...
