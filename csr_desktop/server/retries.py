"""Transactions that met another one on the way are run again, so that both happened one after the other."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from csr_desktop.store.faults import sql_state
from csr_desktop.store.sql import Sql

T = TypeVar("T")
P = ParamSpec("P")
TRIES: Final = 6
_PAUSE_SECONDS: Final = 0.02
_PASSING: Final = frozenset({"40001", "40P01"})
"""Serialisation failure, deadlock: PostgreSQL took the transaction back, and says to try again."""
_TAKEN: Final = "23505"
"""Somebody committed the same id or sign-in name a moment before; looked at again, that is refused in words."""


def settled(sql: Sql, transaction: Callable[[], T]) -> T:
    """What it returns. Within another transaction it is run once, for only the whole can be run again."""
    if not sql.is_postgresql or sql.db.in_transaction():
        return transaction()
    for tried in range(1, TRIES):
        try:
            return transaction()
        except Exception as error:
            state = sql_state(error)
            if state not in _PASSING and not (state == _TAKEN and tried == 1):
                raise
        # Not all at the same moment again.
        time.sleep(random.uniform(0, _PAUSE_SECONDS * tried))  # noqa: S311
    return transaction()


class _WithSql(Protocol):
    _sql: Sql


S = TypeVar("S", bound=_WithSql)


def settling(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A method that is one transaction on the object's `_sql`."""

    @functools.wraps(method)
    def again(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        return settled(self._sql, lambda: method(self, *args, **kwargs))

    return again  # type: ignore[return-value]  # which names the first argument
