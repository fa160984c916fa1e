"""Clients: the list by name, its filter, and what stands beside one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.store.derived_tables import ClientClockTable
from csr_desktop.store.tables import ContactTable, FollowUpTable, PhoneNumberTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from csr_desktop.store.sql import Sql

_CHUNK: Final = 500
_COLUMNS: Final = "c.id, c.name, c.city, c.tier, c.status, c.stamps, c.time_zone, c.specialist_id"
_MOST_CANDIDATES: Final = 2000


def counts(sql: Sql, specialist_id: str) -> tuple[int, int]:
    """All, and those of this specialist."""
    mine = sql.value("SELECT COUNT(*) FROM clients WHERE specialist_id = ? AND deleted = 0", specialist_id)
    return int(sql.value("SELECT COUNT(*) FROM clients WHERE deleted = 0")), int(mine)


def page(
    sql: Sql, *, specialist_id: str, text: str, among: Sequence[str] | None, after: tuple[str, str] | None, limit: int
) -> list[tuple[Any, ...]]:
    """Clients by name after a key (name, id). Of one specialist unless '', with `text` in name or code unless '', among
    these ids unless None. Letters beyond ASCII are compared as they are.
    """
    where, values = ["c.deleted = 0"], []
    if specialist_id:
        where.append("c.specialist_id = ?")
        values.append(specialist_id)
    if text:
        where.append("(c.name LIKE ? ESCAPE '\\' OR c.code LIKE ? ESCAPE '\\')")
        pattern = _escaped(text)
        values += [f"%{pattern}%", f"{pattern}%"]
    if among is not None:
        where.append(f"c.id IN ({','.join('?' * len(among))})")
        values += among
    if after is not None:
        where.append("(c.name COLLATE NOCASE, c.id) > (?, ?)")
        values += after
    order = "ORDER BY c.name COLLATE NOCASE, c.id LIMIT ?"
    return sql.all(f"SELECT {_COLUMNS} FROM clients c WHERE {' AND '.join(where)} {order}", *values, limit)


def rows(sql: Sql, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """In no order; deleted ones are left out."""
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        marks = ",".join("?" * len(part))
        found += sql.all(f"SELECT {_COLUMNS} FROM clients c WHERE c.deleted = 0 AND c.id IN ({marks})", *part)
    return found


def clocks(sql: Sql, client_ids: Iterable[str]) -> dict[str, tuple[int, str, str, str]]:
    """By client: cut-off, pay date, deposit due, period end."""
    t = ClientClockTable
    found: dict[str, tuple[int, str, str, str]] = {}
    wanted = sorted({i for i in client_ids if i})
    for start in range(0, len(wanted), _CHUNK):
        query = t.select(t.client_id, t.cut_off_at, t.pay_date, t.deposit_due, t.period_end)
        chosen = query.where(t.client_id.in_(wanted[start : start + _CHUNK]))
        found.update((i, (at, pay, deposit, end)) for i, at, pay, deposit, end in chosen.tuples().execute(sql.db))
    return found


def clients_with_number(sql: Sql, forms: Sequence[str], limit: int) -> list[str]:
    """Ids of clients with one of these numbers (E.164 without its plus), else of those whose digits end with one."""
    if not forms:
        return []
    marks = ",".join("?" * len(forms))
    whole = f"SELECT DISTINCT client_id FROM phone_numbers WHERE e164 IN ({marks}) AND deleted = 0 LIMIT ?"
    found = sql.all(whole, *(f"+{form}" for form in forms), limit)
    if not found:
        # The inner question goes through the index of numbers alone.
        ends = " OR ".join("e164 LIKE ?" for _ in forms)
        inner = f"SELECT rowid FROM phone_numbers WHERE {ends}"
        text = f"SELECT DISTINCT client_id FROM phone_numbers WHERE rowid IN ({inner}) AND deleted = 0 LIMIT ?"
        found = sql.all(text, *(f"%{form}" for form in forms), limit)
    return [i for (i,) in found]


def contacts(sql: Sql, client_id: str) -> list[tuple[Any, ...]]:
    """(id, client id, name, title, email, authorities, is active), active ones first, by name."""
    t = ContactTable
    query = t.select(t.id, t.client_id, t.name, t.title, t.email, t.authorities, t.is_active)
    chosen = query.where((t.client_id == client_id) & (t.deleted == 0)).order_by(t.is_active.desc(), t.name, t.id)
    return list(chosen.tuples().execute(sql.db))


def numbers(sql: Sql, client_id: str) -> list[tuple[Any, ...]]:
    """(id, contact id, raw, E.164, extension, label) of a client and its contacts, in the order they were added."""
    t = PhoneNumberTable
    query = t.select(t.id, t.contact_id, t.raw, t.e164, t.extension, t.label)
    return list(query.where((t.client_id == client_id) & (t.deleted == 0)).order_by(t.id).tuples().execute(sql.db))


def numbers_of(sql: Sql, contact_id: str) -> list[tuple[Any, ...]]:
    """(E.164, extension) of a contact, in the order they were added."""
    t = PhoneNumberTable
    query = t.select(t.e164, t.extension).where((t.contact_id == contact_id) & (t.deleted == 0)).order_by(t.id)
    return list(query.tuples().execute(sql.db))


def number_id_of(sql: Sql, contact_id: str, e164: str, extension: str) -> str:
    """The id of a contact's number; '' when they do not have it."""
    text = (
        "SELECT id FROM phone_numbers WHERE contact_id = ? AND e164 = ? AND extension IN ('', ?) AND deleted = 0 "
        "ORDER BY id LIMIT 1"
    )
    return str(sql.value(text, contact_id, e164, extension) or "")


def own_lines_of(sql: Sql, client_id: str) -> list[tuple[Any, ...]]:
    """(E.164, extension) of a company itself, in the order they were added."""
    t = PhoneNumberTable
    is_own = (t.client_id == client_id) & (t.contact_id == "") & (t.e164 != "") & (t.deleted == 0)
    return list(t.select(t.e164, t.extension).where(is_own).order_by(t.id).tuples().execute(sql.db))


def open_promises(sql: Sql, client_id: str) -> list[tuple[Any, ...]]:
    """(id, title, kind, due, assignee id, contact id), the earliest due first."""
    t = FollowUpTable
    query = t.select(t.id, t.title, t.kind, t.due_at, t.assignee_id, t.contact_id)
    open_ones = (t.client_id == client_id) & (t.state == "open") & (t.kind == "promise") & (t.deleted == 0)
    return list(query.where(open_ones).order_by(t.due_at, t.id).tuples().execute(sql.db))


def open_callbacks(sql: Sql, client_id: str) -> list[tuple[str, str, str, int, str]]:
    """(kind, id, title, due, contact id) of a client's open callbacks, and of missed calls that nobody returned, which
    have been due since; the earliest first.
    """
    return sql.all(
        "SELECT 'callback', id, title, due_at AS at, contact_id FROM follow_ups WHERE client_id = ?1 "
        "AND state = 'open' AND kind = 'callback' AND deleted = 0 UNION ALL "
        "SELECT 'missed', id, '', ended_at AS at, contact_id FROM interactions WHERE client_id = ?1 "
        "AND result IN ('missed', 'abandoned') AND direction = 'in' AND called_back_at = 0 AND deleted = 0 "
        "ORDER BY at LIMIT 10",
        client_id,
    )


def next_reply(sql: Sql, client_id: str, ticket_id: str) -> tuple[int, int]:
    """When the next reply is due and since when it is owed, of this ticket or else of the client's tickets; 0, 0 for
    none.
    """
    chosen = "id = ?" if ticket_id else "client_id = ? AND state IN ('open', 'waiting') AND reply_due_at > 0"
    found = sql.one(
        f"SELECT id, reply_due_at, opened_at, first_replied_at FROM tickets WHERE deleted = 0 AND {chosen} "
        "ORDER BY reply_due_at LIMIT 1",
        ticket_id or client_id,
    )
    if found is None or not found[1]:
        return 0, 0
    since = sql.value(
        "SELECT MIN(written_at) FROM messages WHERE ticket_id = ? AND kind = 'inbound' AND deleted = 0 "
        "AND written_at > COALESCE((SELECT MAX(written_at) FROM messages WHERE ticket_id = ? AND kind = 'reply' "
        "AND deleted = 0), 0)",
        found[0],
        found[0],
    )
    return int(found[1]), int(since or found[2])


def last_contacts(sql: Sql, client_id: str, but_ticket_id: str, limit: int) -> list[tuple[str, str, int]]:
    """(kind, id, time) of the latest calls and tickets, the newest first."""
    return sql.all(
        "SELECT * FROM (SELECT 'call', id, started_at AS at FROM interactions WHERE client_id = ?1 AND deleted = 0 "
        "ORDER BY started_at DESC, id DESC LIMIT ?3) UNION ALL "
        "SELECT * FROM (SELECT 'ticket', id, last_message_at AS at FROM tickets WHERE client_id = ?1 AND deleted = 0 "
        "AND id <> ?2 ORDER BY last_message_at DESC, id DESC LIMIT ?3) ORDER BY at DESC LIMIT ?3",
        client_id,
        but_ticket_id,
        limit,
    )


def contact_count(sql: Sql, client_id: str) -> int:
    """Calls and tickets, all of them."""
    found = sql.value(
        "SELECT (SELECT COUNT(*) FROM interactions WHERE client_id = ?1 AND deleted = 0) "
        "+ (SELECT COUNT(*) FROM tickets WHERE client_id = ?1 AND deleted = 0)",
        client_id,
    )
    return int(found)


def topic_counts(sql: Sql, client_id: str, since_at: int) -> list[tuple[str, int]]:
    """(topic id, contacts) of the client's calls and tickets since then."""
    return sql.all(
        "SELECT topic_id, COUNT(*) FROM ("
        "SELECT topic_id FROM interactions WHERE client_id = ?1 AND started_at >= ?2 AND deleted = 0 "
        "AND ticket_id = '' UNION ALL "
        "SELECT topic_id FROM tickets WHERE client_id = ?1 AND opened_at >= ?2 AND deleted = 0) "
        "WHERE topic_id <> '' GROUP BY topic_id",
        client_id,
        since_at,
    )


def same_code(sql: Sql, code: str) -> list[tuple[Any, ...]]:
    """(id, name) of clients with this code."""
    return sql.all("SELECT id, name FROM clients WHERE code = ? AND deleted = 0 LIMIT 10", code)


def same_email(sql: Sql, email: str) -> list[tuple[Any, ...]]:
    """(client id, client name, contact name) where a contact or the client itself has this address, as it is spelt or
    in lower case.
    """
    return sql.all(
        "SELECT c.id, c.name, k.name FROM contacts k JOIN clients c ON c.id = k.client_id "
        "WHERE k.email IN (?1, ?2) AND k.deleted = 0 AND c.deleted = 0 "
        "UNION SELECT id, name, '' FROM clients WHERE email IN (?1, ?2) AND deleted = 0 LIMIT 10",
        email,
        email.lower(),
    )


def same_number(sql: Sql, e164: str) -> list[tuple[Any, ...]]:
    """(client id, client name, contact name) of whom a number is known."""
    return sql.all(
        "SELECT c.id, c.name, COALESCE(k.name, '') FROM phone_numbers n JOIN clients c ON c.id = n.client_id "
        "LEFT JOIN contacts k ON k.id = n.contact_id WHERE n.e164 = ? AND n.deleted = 0 AND c.deleted = 0 LIMIT 10",
        e164,
    )


def names_like(sql: Sql, parts: Sequence[str]) -> list[tuple[str, str]]:
    """(id, name) of clients whose name holds any of these pieces, to be looked at more closely."""
    if not parts:
        return []
    condition = " OR ".join("name LIKE ? ESCAPE '\\'" for _ in parts)
    patterns = [f"%{_escaped(part)}%" for part in parts]
    text = f"SELECT id, name FROM clients WHERE deleted = 0 AND ({condition}) LIMIT {_MOST_CANDIDATES}"
    return sql.all(text, *patterns)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
