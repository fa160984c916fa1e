"""What a transaction changed, published once after its commit; each screen looks whether it cares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec


class ChangeSet(msgspec.Struct, frozen=True):
    """Ids of the rows that changed, by table. `rights` tells that the person's role or teams changed."""

    rows: Mapping[str, frozenset[str]] = {}
    rights: bool = False

    def touches(self, *tables: str) -> bool:
        return any(self.rows.get(table) for table in tables)

    def ids(self, table: str) -> frozenset[str]:
        return self.rows.get(table, frozenset())

    def __bool__(self) -> bool:
        return self.rights or any(self.rows.values())


def changed(rows: Mapping[str, Iterable[str]], *, rights: bool = False) -> ChangeSet:
    return ChangeSet({table: frozenset(ids) for table, ids in rows.items() if ids}, rights)
