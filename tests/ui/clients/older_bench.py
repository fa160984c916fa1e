"""The office's server answering what a desk wishes of older history, one wish at a time, when the test says so."""

from __future__ import annotations

from typing import Any, Literal

from csr_desktop.domain.change_set import changed
from csr_desktop.protocol import OlderFound, OlderSearchReply
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store import older_rows
from csr_desktop.store.tables import COLUMNS
from csr_desktop.sync.older_wishes import Wish
from csr_desktop.ui.desk import Desk
from tests.conftest import Office


class OlderServer:
    def __init__(self, office: Office, data: DeskData, desk: Desk, page: int = 40) -> None:
        self._sql, self._data, self._desk, self._page = office.bureau.sql, data, desk, page
        self._wishes = data.services.older_wishes

    @property
    def wish(self) -> Wish | None:
        return self._wishes.next()

    def answer(self) -> None:
        wish = self._wishes.next()
        assert wish is not None, "nothing is wished for"
        if wish.kind == "page":
            self._answer_page(wish.subject)
            self._wishes.fulfilled(wish)
        elif wish.kind == "row":
            self._answer_row(wish)
            self._wishes.fulfilled(wish)
        else:
            self._wishes.fulfilled(wish, self._found(wish.subject))
        self._tell(wish)

    def fail(self, step: Literal["offline", "refused"], words: str) -> None:
        wish = self._wishes.next()
        assert wish is not None
        self._wishes.failed(wish, step, words)
        self._tell(wish)

    def _tell(self, wish: Wish) -> None:
        self._desk.publish(changed({"older": [wish.told_as]}))

    def outside(self, client_id: str) -> list[tuple[int, str, str]]:
        """(time, id, table) of what the desk does not keep, the newest first."""
        found: list[tuple[int, str, str]] = []
        for table, at in older_rows.TIME_OF.items():
            here = {i for (i,) in self._data.sql.all(f"SELECT id FROM {table} WHERE client_id = ?", client_id)}
            text = f"SELECT {at}, id FROM {table} WHERE client_id = ? AND deleted = 0"
            found += [(when, i, table) for when, i in self._sql.all(text, client_id) if i not in here]
        return sorted(found, reverse=True)

    def _rows(self, table: str, where: str, *values: Any) -> list[tuple[Any, ...]]:
        names = ",".join(f'"{name}"' for name in COLUMNS[table])
        return self._sql.all(f"SELECT {names} FROM {table} WHERE {where}", *values)

    def _answer_page(self, client_id: str) -> None:
        sql, now = self._data.sql, self._data.now()
        before = older_rows.fetched(sql, client_id, now)
        after = (before.next_at, before.next_id) if before is not None else (0, "")
        left = [one for one in self.outside(client_id) if before is None or one[:2] < after]
        page, rest = left[: self._page], left[self._page :]
        rows = {t: [r for _, i, of in page if of == t for r in self._rows(t, "id = ?", i)] for t in older_rows.TIME_OF}
        next_at, next_id = page[-1][:2] if rest else (0, "")
        fetched_at = before.fetched_at if before is not None else now
        told = older_rows.Fetched(client_id, fetched_at, next_at, next_id, min(len(rest), 1001), int(not rest))
        assert older_rows.keep_page(sql, rows, after, told)

    def _answer_row(self, wish: Wish) -> None:
        rows = {wish.table: self._rows(wish.table, "id = ?", wish.subject)}
        if wish.table == "tickets":
            rows["messages"] = self._rows("messages", "ticket_id = ?", wish.subject)
            rows["attachments"] = self._rows("attachments", "ticket_id = ?", wish.subject)
        older_rows.keep_row(self._data.sql, wish.table, wish.subject, rows, self._data.now())

    def _found(self, text: str) -> OlderSearchReply:
        """Tickets whose subject begins so."""
        here = {i for (i,) in self._data.sql.all("SELECT id FROM tickets")}
        text_like = (
            "SELECT id, scope, client_id, contact_id, last_message_at, subject, number, channel, state FROM tickets"
        )
        rows = self._sql.all(f"{text_like} WHERE subject LIKE ? ORDER BY last_message_at DESC", f"{text}%")
        hits = [
            OlderFound(
                "tickets", i, scope, client, contact, i, at, subject, [(0, len(text))], subject, number, kind, state
            )
            for i, scope, client, contact, at, subject, number, kind, state in rows
            if i not in here
        ]
        return OlderSearchReply(hits[:50], is_more=len(hits) > 50)
