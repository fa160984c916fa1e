"""Asks the server for the older history that a person wishes to see, beside the rows that are synced.

One question at a time, the newest wish first. What comes is looked through, kept for a day in tables of its own, and
told as a change of `older`, with the client, the row or the search that it was for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from csr_desktop.commands.limits import LATEST_AT, MOST
from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Refused
from csr_desktop.domain.permissions import UNKNOWN
from csr_desktop.domain.text import clean_line
from csr_desktop.protocol import (
    OLDER_COUNTED,
    OLDER_HITS,
    OLDER_MESSAGES,
    OLDER_PAGE,
    PRIVATE_COUNTS,
    OlderFound,
    OlderPageReply,
    OlderPageRequest,
    OlderRowReply,
    OlderRowRequest,
    OlderSearchReply,
    OlderSearchRequest,
    PrivateCountsReply,
    PrivateCountsRequest,
)
from csr_desktop.store import older_rows
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.older_rows import Fetched
from csr_desktop.store.tables import COLUMNS
from csr_desktop.sync.answers import Revoked
from csr_desktop.sync.older_wishes import OlderWishes, Wish
from csr_desktop.sync.replica import Replica
from csr_desktop.sync.replies import in_shape, misshapen

TIDY_SECONDS: Final = 3600.0
_LONGEST_ID: Final = 80
_LONGEST_TEXT: Final = 600
"""Of what is shown of a hit."""
_NO_SUCH_PLACE: Final = "http_404"
_FOUND_IN: Final = frozenset({"interactions", "tickets", "messages", "follow_ups"})


class OlderTransport(Protocol):
    """What this needs of the network."""

    def older_page(self, request: OlderPageRequest) -> OlderPageReply: ...
    def older_row(self, request: OlderRowRequest) -> OlderRowReply: ...
    def older_search(self, request: OlderSearchRequest) -> OlderSearchReply: ...
    def private_counts(self, request: PrivateCountsRequest) -> PrivateCountsReply: ...


class OlderSync:
    """Runs on a thread of its own, with its own connection; see engine.Companion."""

    def __init__(
        self,
        replica: Replica,
        transport: OlderTransport,
        wishes: OlderWishes,
        on_changed: Callable[[ChangeSet], None],
    ) -> None:
        self._replica = replica
        self._sql = replica.sql
        self._transport = transport
        self._wishes = wishes
        self._on_changed = on_changed
        self._stopped = threading.Event()
        self._tidied_at = 0

    def wake(self) -> None:
        """Rows were exchanged, or a person asked for something."""
        self._wishes.try_again()
        self._wishes.come.set()

    def end(self) -> None:
        self._stopped.set()
        self._wishes.come.set()

    def run(self) -> None:
        self._sql.db.connect(reuse_if_open=True)
        try:
            while True:
                self._wishes.come.clear()
                if self._stopped.is_set():  # looked at after clearing, or an end between would be waited out
                    return
                self.round()
                if not self._stopped.is_set():
                    self._wishes.come.wait(TIDY_SECONDS)
        finally:
            self._sql.db.close()

    def round(self) -> None:
        """Clear away what is old, and fulfil what is wished."""
        self._tidy()
        while not self._stopped.is_set() and (wish := self._wishes.next()) is not None:
            self._fulfil(wish)
            self._on_changed(changed({"older": [wish.told_as]}))

    def _tidy(self) -> None:
        try:
            with said_plainly():
                now = self._replica.now()
                if 0 <= now - self._tidied_at < TIDY_SECONDS * 1000:
                    return
                gone = older_rows.tidy(self._sql, now)
        except EnvironmentFault:  # a full disk, which is said elsewhere; what is old is not shown meanwhile
            return
        self._tidied_at = now
        if gone:
            self._on_changed(changed({"older": gone}))

    def _fulfil(self, wish: Wish) -> None:
        work = {"page": self._page, "row": self._row, "search": self._search, "counts": self._count}[wish.kind]
        try:
            with said_plainly():
                try:
                    work(wish)
                except Refused as fault:
                    self._wishes.failed(wish, "refused", self._said(wish, fault))
        except EnvironmentFault as fault:
            self._wishes.failed(wish, "offline", str(fault))
        except CsrDesktopError as fault:
            self._wishes.failed(wish, "refused", str(fault))

    def _said(self, wish: Wish, fault: Refused) -> str:
        if isinstance(fault, Revoked):
            with self._sql.transaction():
                older_rows.empty(self._sql)
        elif fault.code == _NO_SUCH_PLACE:
            what = "these counts" if wish.kind == "counts" else "older history"
            return f"Your server does not give out {what} yet. Ask your administrator to update it."
        elif fault.code == UNKNOWN and wish.kind == "row":
            older_rows.drop_row(self._sql, wish.table, wish.subject)
            return "This is not there any more, or not yours to see."
        return str(fault)

    def _page(self, wish: Wish) -> None:
        before, now = self._rights(), self._replica.now()
        known = older_rows.fetched(self._sql, wish.subject, now)
        if known is not None and known.is_whole:
            self._wishes.fulfilled(wish)
            return
        after = (known.next_at, known.next_id) if known is not None else (0, "")
        reply = self._transport.older_page(OlderPageRequest(wish.subject, *after))
        rows = checked_page(reply, wish.subject, after)
        page = Fetched(wish.subject, now, reply.next_at, reply.next_id, reply.left, int(not reply.next_id))
        if not self._wishes.is_wanted(wish):
            return
        with self._sql.transaction():
            is_kept = self._rights() == before and older_rows.keep_page(self._sql, rows, after, page)
            self._replica.before_commit()
        if is_kept:  # else what is here has changed meanwhile, and it is asked for anew
            self._wishes.fulfilled(wish)

    def _row(self, wish: Wish) -> None:
        before = self._rights()
        reply = self._transport.older_row(OlderRowRequest(wish.table, wish.subject))
        rows = checked_row(reply, wish.table, wish.subject)
        if not self._wishes.is_wanted(wish):
            return
        with self._sql.transaction():
            is_kept = self._rights() == before
            if is_kept:
                older_rows.keep_row(self._sql, wish.table, wish.subject, rows, self._replica.now())
            self._replica.before_commit()
        if is_kept:
            self._wishes.fulfilled(wish)

    def _search(self, wish: Wish) -> None:
        before = self._rights()
        reply = self._transport.older_search(OlderSearchRequest(wish.subject))
        check_found(reply)
        if self._rights() == before:
            self._wishes.fulfilled(wish, reply)

    def _count(self, wish: Wish) -> None:
        before, (from_day, _, to_day) = self._rights(), wish.subject.partition(" ")
        reply = self._transport.private_counts(PrivateCountsRequest(from_day, to_day))
        check_counts(reply, from_day, to_day)
        if self._rights() == before:
            self._wishes.counts_came(wish, reply)

    def _rights(self) -> tuple[str | None, str | None]:
        """What the person may read of which server; what was asked under other rights is not kept."""
        state = self._replica.state()
        return state.get("rights"), state.get("epoch")


# What a server answers is looked through before anything of it is taken.


def checked_page(reply: OlderPageReply, client_id: str, after: tuple[int, str]) -> dict[str, list[list[Any]]]:
    """Rows of this client alone, each once, all behind the key; the next page goes on behind the last of them. Raises
    Suspicious.
    """
    rows = _checked(reply.columns, reply.rows, older_rows.TIME_OF)
    keys: list[tuple[int, str]] = []
    for table, some in rows.items():
        at, client = COLUMNS[table].index(older_rows.TIME_OF[table]), COLUMNS[table].index("client_id")
        if any(row[client] != client_id for row in some):
            raise misshapen()
        keys += [(row[at], row[0]) for row in some]
    is_behind = not after[1] or all(key < after for key in keys)
    is_next = not reply.next_id or (bool(keys) and (reply.next_at, reply.next_id) == min(keys))
    is_counted = 0 <= reply.left <= OLDER_COUNTED + 1 and (bool(reply.next_id) or reply.left == 0)
    if len(keys) > OLDER_PAGE or len(set(keys)) < len(keys) or not (is_behind and is_next and is_counted):
        raise misshapen()
    return rows


def checked_row(reply: OlderRowReply, table: str, row_id: str) -> dict[str, list[list[Any]]]:
    """The row, and of a ticket what belongs to it. Raises Suspicious."""
    belongs = ("messages", "attachments") if table == "tickets" else ()
    rows = _checked(reply.columns, reply.rows, (table, *belongs))
    if [row[0] for row in rows.get(table, ())] != [row_id]:
        raise misshapen()
    for name in belongs:
        ticket, some = COLUMNS[name].index("ticket_id"), rows.get(name, [])
        if len(some) > OLDER_MESSAGES or any(row[ticket] != row_id for row in some):
            raise misshapen()
    return rows


def check_found(reply: OlderSearchReply) -> None:
    """Raises Suspicious."""
    if len(reply.hits) > OLDER_HITS or not all(map(_is_hit, reply.hits)):
        raise misshapen()


def check_counts(reply: PrivateCountsReply, from_day: str, to_day: str) -> None:
    """Raises Suspicious."""
    keys = [(one.day, one.user_id) for one in reply.counts]
    is_whole = all(
        from_day <= one.day <= to_day
        and len(one.day) == len(from_day)
        and 0 < len(one.user_id) <= _LONGEST_ID
        and min(one.masked_count, one.kept_count) >= 0
        and max(one.masked_count, one.kept_count) < MOST
        for one in reply.counts
    )
    if not is_whole or len(keys) > PRIVATE_COUNTS or keys != sorted(set(keys)):
        raise misshapen()


def _is_hit(hit: OlderFound) -> bool:
    ids = (hit.row_id, hit.scope, hit.client_id, hit.contact_id, hit.ticket_id, hit.view_kind, hit.state, hit.direction)
    texts = (hit.title, hit.subject)
    return (
        hit.table in _FOUND_IN
        and bool(hit.row_id)
        and all(len(one) <= _LONGEST_ID for one in ids)
        and all(clean_line(text, _LONGEST_TEXT) == text for text in texts)
        and 0 <= hit.at <= LATEST_AT
        and 0 <= hit.number < 1 << 53
        and all(start >= 0 and size > 0 and start + size <= len(hit.title) for start, size in hit.marks)
    )


def _checked(
    columns: dict[str, list[str]], given: dict[str, list[list[Any]]], tables: Iterable[str]
) -> dict[str, list[list[Any]]]:
    """Rows of these tables alone, in this program's order of columns, none of them deleted."""
    if not set(given) <= set(tables):
        raise misshapen()
    rows = in_shape(columns, given)
    for table, some in rows.items():
        deleted = COLUMNS[table].index("deleted")
        if any(row[deleted] or not 0 < len(row[0]) <= _LONGEST_ID for row in some) or not _are_unique(some):
            raise misshapen()
    return rows


def _are_unique(rows: Sequence[Sequence[Any]]) -> bool:
    return len({row[0] for row in rows}) == len(rows)
