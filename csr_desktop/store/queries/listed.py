"""What a list of calls found by reading through years of them: gathered a part at a time, so that nobody waits for all
of it, kept in the connection's own memory and paged by key. No text of a call is in it, and no file ever holds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.store.queries import call_lists as calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from csr_desktop.store.queries.call_lists import CallKey, CallQuestion, NumberKey
    from csr_desktop.store.sql import Sql

_CHUNK: Final = 500


class Listed:
    """The answer to one question at a time. For the thread of its connection."""

    columns = ""
    """Of the table that holds it."""

    def __init__(self, sql: Sql, name: str) -> None:
        """`name` is the table's: who asks at the same time has another one."""
        self._sql = sql
        self.table = f"temp.{name}"
        self.question: CallQuestion | None = None
        """What was gathered; None while that is not whole."""
        self._late: set[str] | None = None
        """Rows that changed since the gathering began; None while nothing is gathered."""

    def gather(self, question: CallQuestion) -> Iterator[None]:
        """Between two parts others may ask the connection. Nothing is read that was gathered already."""
        if question == self.question:
            return
        self.clear()
        self._make()
        late = self._late = set[str]()
        for part in calls.parts(self._sql, question):
            self._take(part)
            yield
            if self._late is not late:  # another question, or it is true no longer
                return
        self._late, self.question = None, question
        self.changed(sorted(late))

    def changed(self, ids: Sequence[str]) -> None:
        """These calls are other ones now: what was gathered of them is looked at again."""
        if self._late is not None:
            self._late.update(ids)
        elif self.question is not None:
            for start in range(0, len(ids), _CHUNK):
                self._look_again(self.question, ids[start : start + _CHUNK])

    def clear(self) -> None:
        """Nobody asks for it any more, or it is true no longer."""
        self.question = self._late = None
        self._sql.do(f"DROP TABLE IF EXISTS {self.table}")

    def _make(self) -> None:
        self._sql.do(f"CREATE TABLE {self.table} ({self.columns}) WITHOUT ROWID")

    def _take(self, part: CallQuestion) -> None:
        raise NotImplementedError

    def _look_again(self, question: CallQuestion, ids: Sequence[str]) -> None:
        raise NotImplementedError


class ListedCalls(Listed):
    columns = "started_at INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (started_at, id)"

    def _take(self, part: CallQuestion) -> None:
        text, values = calls.keys_of(part)
        self._sql.do(f"INSERT OR IGNORE INTO {self.table} {text}", *values)

    def _look_again(self, question: CallQuestion, ids: Sequence[str]) -> None:
        here = self._sql.all(f"SELECT started_at, id FROM interactions WHERE id IN ({_marks(ids)})", *ids)
        self._sql.many(f"DELETE FROM {self.table} WHERE started_at = ? AND id = ?", here)
        gone = sorted(set(ids) - {i for _, i in here})
        if gone:
            self._sql.do(f"DELETE FROM {self.table} WHERE id IN ({_marks(gone)})", *gone)
        found = calls.among(self._sql, question, ids)
        self._sql.many(f"INSERT INTO {self.table} (started_at, id) VALUES (?, ?)", found)

    def keys(self, after: CallKey | None, limit: int) -> list[CallKey]:
        """Those after a key, the newest first."""
        where, values = ("WHERE (started_at, id) < (?, ?)", after) if after else ("", ())
        order = "ORDER BY started_at DESC, id DESC LIMIT ?"
        return self._sql.all(f"SELECT started_at, id FROM {self.table} {where} {order}", *values, limit)

    def extent(self) -> tuple[int, int, int]:
        """How many, and the starts of the oldest and the newest; 0 where there is none."""
        sides = f"(SELECT min(started_at) FROM {self.table}), (SELECT max(started_at) FROM {self.table})"
        count, from_at, to_at = self._sql.one(f"SELECT (SELECT count(*) FROM {self.table}), {sides}") or (0, 0, 0)
        return int(count), int(from_at or 0), int(to_at or 0)


class ListedNumbers(Listed):
    """Every number with how often and when last; withheld ones are none."""

    columns = "number TEXT PRIMARY KEY, call_count INTEGER NOT NULL, last_at INTEGER NOT NULL"

    def _make(self) -> None:
        super()._make()
        name = self.table.removeprefix("temp.")
        self._sql.do(f"CREATE INDEX temp.{name}_last ON {name} (last_at, number, call_count)")

    def _take(self, part: CallQuestion) -> None:
        text, values = calls.counted_numbers(part)
        self._sql.do(
            f"INSERT INTO {self.table} {text} ON CONFLICT (number) DO UPDATE SET "
            "call_count = call_count + excluded.call_count, last_at = max(last_at, excluded.last_at)",
            *values,
        )

    def keys(self, after: NumberKey | None, limit: int) -> list[NumberKey]:
        """(number, how often, last), the latest first."""
        where, values = ("WHERE (last_at, number) < (?, ?)", (after[2], after[0])) if after else ("", ())
        order = "ORDER BY last_at DESC, number DESC LIMIT ?"
        return self._sql.all(f"SELECT number, call_count, last_at FROM {self.table} {where} {order}", *values, limit)

    def totals(self) -> tuple[int, int]:
        """How many numbers, and of how many calls."""
        numbers, of_calls = self._sql.one(f"SELECT count(*), coalesce(sum(call_count), 0) FROM {self.table}") or (0, 0)
        return int(numbers), int(of_calls)

    def of_calls(self, ids: Sequence[str]) -> tuple[list[str], list[NumberKey]]:
        """The numbers of these calls, and those of them that are in the list as they stand now."""
        numbers = calls.numbers_of(self._sql, ids)
        found: list[NumberKey] = []
        for start in range(0, len(numbers), _CHUNK):
            part = numbers[start : start + _CHUNK]
            where = f"WHERE number IN ({_marks(part)})"
            found += self._sql.all(f"SELECT number, call_count, last_at FROM {self.table} {where}", *part)
        return numbers, found

    def _look_again(self, question: CallQuestion, ids: Sequence[str]) -> None:
        numbers = calls.numbers_of(self._sql, ids)
        if numbers:
            text, values = calls.counted_numbers(question._replace(is_wide=False), numbers)
            self._sql.do(f"DELETE FROM {self.table} WHERE number IN ({_marks(numbers)})", *numbers)
            self._sql.do(f"INSERT INTO {self.table} {text}", *values)


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))
