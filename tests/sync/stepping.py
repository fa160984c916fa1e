"""A database whose every statement and commit is a step at which something can happen: a crash, or another's turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import peewee as pw

from csr_desktop.store.sql import Sql

Step = Literal["begin", "statement", "commit", "committed"]
"""Before a transaction, before a statement, before a commit, after it."""


class Crash(BaseException):
    """The process ends here."""


class Fuse:
    """What happens once, at the n-th step of a kind from now."""

    def __init__(self) -> None:
        self.put_out()

    def light(self, kind: Step, count: int, action: Callable[[], None]) -> None:
        self._kind: Step | None = kind
        self._left = count
        self._action = action

    def put_out(self) -> None:
        self._kind, self._left = None, 0
        self._action = lambda: None

    def burn(self, kind: Step) -> None:
        if kind != self._kind:
            return
        self._left -= 1
        if self._left == 0:
            action = self._action
            self.put_out()
            action()


def crash() -> None:
    raise Crash


class SteppingSql(Sql):
    """Tells its fuse of each step."""

    def __init__(self, db: pw.Database, fuse: Fuse) -> None:
        super().__init__(db)
        self.fuse = fuse

    @contextmanager
    def transaction(self, *, joins: bool = False) -> Iterator[None]:
        if self.db.in_transaction():
            with super().transaction(joins=joins):
                yield
            return
        self.fuse.burn("begin")
        with super().transaction(joins=joins):
            yield
            self.fuse.burn("commit")
        self.fuse.burn("committed")

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        self.fuse.burn("statement")
        return super().all(sql, *values)

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        self.fuse.burn("statement")
        return super().one(sql, *values)

    def do(self, sql: str, *values: Any) -> int:
        self.fuse.burn("statement")
        return super().do(sql, *values)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.fuse.burn("statement")
        super().many(sql, rows)

    def upsert_lists(self, table: str, lists: Sequence[Sequence[Any]]) -> None:
        self.fuse.burn("statement")
        super().upsert_lists(table, lists)
