"""How a file or database comes to its present shape: ordered steps, each in one transaction with its version.

A released step never changes; what changes later is a further step. Steps have their own frozen shapes and SQL and
import no model. On the desk, step 1 takes the search index's statements from `search_schema`: that index is derived, so
a later step that changes it drops and fills it anew.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Literal, NamedTuple

from csr_desktop.domain.errors import Unreadable
from csr_desktop.store.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from csr_desktop.store.sql import Sql

Kind = Literal["desk", "server"]

_SYNCED_1 = (
    Shape("organisations", "name home_region time_zone own_numbers"),
    Shape("users", "name login email role extension is_active:number", indexes=("login",)),
    Shape("teams", "name calendar_id"),
    Shape("memberships", "user_id team_id"),
    Shape("calendars", "name body"),
    Shape("sla_policies", "name calendar_id targets"),
    Shape("topics", "name parent_id position:number is_active:number"),
    Shape("dispositions", "name position:number is_resolution:number is_active:number"),
    Shape(
        "clients",
        "code name status tier employee_count:number products specialist_id email city time_zone alert pay_schedule "
        "calendar_id sla_policy_id",
        indexes=("name", "code"),
    ),
    Shape("contacts", "client_id name title email authorities is_active:number", indexes=("client_id", "email")),
    Shape(
        "phone_numbers", "client_id contact_id raw e164 extension label", indexes=("e164", "contact_id", "client_id")
    ),
    Shape("notes", "client_id author_id body written_at:number", indexes=("client_id written_at",)),
    Shape("changes", "client_id contact_id author_id fields changed_at:number", indexes=("client_id changed_at",)),
    Shape(
        "interactions",
        "client_id contact_id agent_id ticket_id channel direction result number extension started_at:number "
        "ended_at:number talk_seconds:number hold_seconds:number wrap_up_seconds:number dial_seconds:number topic_id "
        "disposition_id note called_back_by_id called_back_at:number",
        indexes=("client_id started_at", "agent_id started_at", "number started_at"),
    ),
    Shape(
        "tickets",
        "client_id contact_id number:number subject channel topic_id priority state assignee_id opened_by_id "
        "opened_at:number sla_policy_id calendar_id reply_due_at:number first_replied_at:number last_message_at:number "
        "resolved_at:number escalated_to_id escalated_at:number assigned_at:number",
        indexes=("client_id opened_at", "number"),
    ),
    Shape(
        "messages",
        "ticket_id client_id kind author_id contact_id body written_at:number",
        indexes=("ticket_id written_at",),
    ),
    Shape(
        "follow_ups",
        "client_id contact_id ticket_id interaction_id kind title assignee_id created_by_id created_at:number "
        "due_at:number first_due_at:number snoozed_until_at:number state outcome outcome_note completed_by_id "
        "completed_at:number moves",
        indexes=("client_id due_at", "assignee_id state due_at", "ticket_id"),
    ),
)
_CARRIED_1 = "id scope rev:number deleted:number stamps "

_SERVER_1 = (
    Shape("gone", "scope table_name row_id rev:number", key="scope table_name row_id", indexes=("scope rev",)),
    Shape(
        "history",
        "table_name row_id field command_id at:number value is_withdrawn:number",
        key="table_name row_id field command_id",
    ),
    Shape(
        "log",
        "position:number id device_id seq:number user_id body:bytes status code reason executed_at:number "
        "inverse:bytes hash:bytes",
        key="position",
        unique=("id", "device_id seq"),
    ),
    Shape(
        "devices", "id user_id name public_key:bytes registered_at:number seen_at:number revoked_at:number seq:number"
    ),
    Shape("credentials", "user_id password_hash failures:number failed_at:number", key="user_id"),
    Shape("escrow", "device_id wrapped_key:bytes", key="device_id"),
    Shape("counters", "id value:number"),
)
_DESK_1 = (
    Shape("outbox", "seq:number id group_id body:bytes blocked", key="seq"),
    Shape("base", "table_name row_id image:bytes?", key="table_name row_id"),
    Shape("cursors", "scope rev:number", key="scope"),
    Shape("needs_you", "id body:bytes status code reason answered_at:number"),
    Shape("undo", "group_id words commands:bytes done_at:number", key="group_id"),
    Shape("drafts", "key body written_at:number", key="key"),
    Shape("state", "key value", key="key"),
    Shape("client_clocks", "client_id cut_off_at:number pay_date deposit_due period_end", key="client_id"),
    Shape(
        "inbox_items",
        "item_id kind scope assignee_id client_id state escalated_to_id due_at:number cut_off_at:number "
        "consequence_at:number snoozed_until_at:number",
        key="item_id",
        indexes=("assignee_id consequence_at item_id", "scope consequence_at item_id", "client_id"),
    ),
)


_REFUSE_1 = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
_APPEND_ONLY_SQLITE_1 = (
    f"CREATE TRIGGER log_no_update BEFORE UPDATE ON log {_REFUSE_1}",
    f"CREATE TRIGGER log_no_delete BEFORE DELETE ON log {_REFUSE_1}",
)
_APPEND_ONLY_POSTGRESQL_1 = (
    (
        "CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
    ),
    (
        "CREATE TRIGGER log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_log_change()"
    ),
)


def _desk_1(sql: Sql) -> Iterator[str]:
    from csr_desktop.store.queries.indexes import DESK_INDEXES
    from csr_desktop.store.search_schema import SCHEMA

    for shape in _SYNCED_1:
        yield from shape._replace(columns=_CARRIED_1 + shape.columns).statements(is_postgresql=sql.is_postgresql)
    for shape in _DESK_1:
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    yield from SCHEMA
    yield from DESK_INDEXES


def _server_1(sql: Sql) -> Iterator[str]:
    for shape in _SYNCED_1:
        feed = shape._replace(columns=_CARRIED_1 + shape.columns, indexes=("scope rev", *shape.indexes))
        yield from feed.statements(is_postgresql=sql.is_postgresql)
    for shape in _SERVER_1:
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    yield from _APPEND_ONLY_POSTGRESQL_1 if sql.is_postgresql else _APPEND_ONLY_SQLITE_1


def _desk_2(sql: Sql) -> Iterator[str]:
    shape = Shape("sent", "position:number id device_id group_id body:bytes answered_at:number", key="position")
    yield from shape.statements(is_postgresql=sql.is_postgresql)


def _reply_clock(sql: Sql) -> Iterator[str]:
    """Tickets of before say no more than when the reply is due, which is enough to go on from."""
    number = f"{'BIGINT' if sql.is_postgresql else 'INTEGER'} NOT NULL DEFAULT 0"
    yield "ALTER TABLE tickets ADD COLUMN reply_clock TEXT NOT NULL DEFAULT ''"
    yield f"ALTER TABLE tickets ADD COLUMN reply_from_at {number}"
    yield f"ALTER TABLE tickets ADD COLUMN reply_used_seconds {number}"


def _desk_3(sql: Sql) -> Iterator[str]:
    """A server that was newer has said these values of rows that were kept without them, so all rows come again."""
    yield from _reply_clock(sql)
    yield "UPDATE cursors SET rev = 0"


_SERVER_3 = (
    Shape("gone_floors", "scope rev:number", key="scope"),
    Shape(
        "device_checks",
        "device_id checked_at:number row_count:number differing_count:number differed_at:number",
        key="device_id",
    ),
)
_DESK_4 = (
    Shape("fills", "scope stage:number table_name below:number rows_left:number why", key="scope"),
    Shape("came", "scope table_name row_id", key="scope table_name row_id"),
)


def _server_3(sql: Sql) -> Iterator[str]:
    """Marks of before count from now on; what workstations keep of what is done becomes the usual."""
    number = "BIGINT" if sql.is_postgresql else "INTEGER"
    now = "extract(epoch FROM now())" if sql.is_postgresql else "strftime('%s', 'now')"
    yield f"ALTER TABLE gone ADD COLUMN gone_at {number} NOT NULL DEFAULT 0"
    yield f"UPDATE gone SET gone_at = CAST({now} AS {number}) * 1000"
    for shape in _SERVER_3:
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    yield "INSERT INTO counters (id, value) VALUES ('history_months', 13) ON CONFLICT DO NOTHING"


def _desk_4(sql: Sql) -> Iterator[str]:
    for shape in _DESK_4:
        yield from shape.statements(is_postgresql=sql.is_postgresql)


def _server_4(sql: Sql) -> Iterator[str]:
    """Rows bear numbers of the counter and are seen by scope; a sign-in name is one person's; several processes know
    which challenges were used.
    """
    from csr_desktop.store.fences import counter_statements, number_fence, scope_fence

    _part_logins(sql)
    yield "CREATE UNIQUE INDEX users_login_once ON users (login) WHERE login <> '' AND deleted = 0"
    shape = Shape("used_challenges", "tag:bytes until_at:number", key="tag", indexes=("until_at",))
    yield from shape.statements(is_postgresql=sql.is_postgresql)
    schema = str(sql.value("SELECT current_schema()")) if sql.is_postgresql else ""
    yield from counter_statements(is_postgresql=sql.is_postgresql, schema=schema)
    for table in (*(shape.table for shape in _SYNCED_1), "gone"):
        yield from number_fence(table, is_postgresql=sql.is_postgresql)
        if sql.is_postgresql:
            yield from scope_fence(table)


def _part_logins(sql: Sql) -> None:
    """Two servers on one database could give two people the same sign-in name. Only the earlier could sign in by it; a
    later one gets its own, such as `ada.2`.
    """
    twice = "SELECT login FROM users WHERE login <> '' AND deleted = 0 GROUP BY login HAVING count(*) > 1 ORDER BY 1"
    for (login,) in sql.all(twice):
        everyone = sql.all("SELECT id FROM users WHERE login = ? AND deleted = 0 ORDER BY id", login)
        taken = {found for (found,) in sql.all("SELECT login FROM users")}
        free = (name for n in count(2) if (name := f"{login}.{n}") not in taken)
        for (user_id,), name in zip(everyone[1:], free, strict=False):
            rev = sql.value("UPDATE counters SET value = value + 1 WHERE id = 'rev' RETURNING value")
            sql.do("UPDATE users SET login = ?, rev = ? WHERE id = ?", name, rev, user_id)


_ATTACHMENTS_6 = Shape(
    "attachments",
    _CARRIED_1 + "ticket_id message_id interaction_id name media_type size:number sha256 author_id added_at:number "
    "arrived_at:number scan",
    indexes=("ticket_id", "interaction_id", "sha256"),
)


def _desk_6(sql: Sql) -> Iterator[str]:
    yield from _ATTACHMENTS_6.statements(is_postgresql=sql.is_postgresql)
    contents = Shape(
        "attachment_contents",
        "id place name sha256 size:number held:number sent:number origin problem used_at:number",
        indexes=("place",),
    )
    parts = Shape("attachment_parts", "content_id position:number body:bytes", key="content_id position")
    for shape in (contents, parts):
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    # What a newer server sent of attachments was passed over: everything is asked for once more.
    yield "UPDATE cursors SET rev = 0"


def _server_6(sql: Sql) -> Iterator[str]:
    from csr_desktop.store.fences import number_fence, scope_fence

    indexes = ("scope rev", *_ATTACHMENTS_6.indexes)
    yield from _ATTACHMENTS_6._replace(indexes=indexes).statements(is_postgresql=sql.is_postgresql)
    contents = Shape(
        "contents",
        "sha256 size:number kept_at:number unnamed_at:number scan tries:number tried_at:number",
        key="sha256",
    )
    yield from contents.statements(is_postgresql=sql.is_postgresql)
    yield from number_fence("attachments", is_postgresql=sql.is_postgresql)
    if sql.is_postgresql:
        yield from scope_fence("attachments")


_OLDER_7 = (
    ("interactions", "client_id started_at"),
    ("tickets", "client_id last_message_at"),
    ("messages", "ticket_id written_at"),
    ("follow_ups", "client_id created_at"),
    ("attachments", "ticket_id"),
)


def _desk_7(sql: Sql) -> Iterator[str]:
    """What came from the server to be read for a day, outside of what this workstation keeps: tables of their own, so
    that nothing that counts, compares, looks up or clears away the others' rows ever meets these.
    """
    columns = {shape.table: _CARRIED_1 + shape.columns for shape in _SYNCED_1}
    columns["tickets"] += " reply_clock reply_from_at:number reply_used_seconds:number"
    columns["attachments"] = _ATTACHMENTS_6.columns
    for table, index in _OLDER_7:
        shape = Shape(f"older_{table}", f"{columns[table]} fetched_at:number is_whole:number", indexes=(index,))
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    fetched = Shape(
        "older_fetched",
        "client_id fetched_at:number next_at:number next_id rows_left:number is_whole:number",
        key="client_id",
    )
    yield from fetched.statements(is_postgresql=sql.is_postgresql)


_SEARCH_WORK_7 = "number:number id table_name scope at:number"


def _server_7(sql: Sql) -> Iterator[str]:
    """The index of older work, which is filled behind the writes; see `server.search_index`."""
    reached = Shape("search_reached", "scope table_name rev:number", key="scope table_name")
    yield from reached.statements(is_postgresql=sql.is_postgresql)
    work = Shape("search_work", _SEARCH_WORK_7, key="number", unique=("id",))
    yield from work.statements(is_postgresql=sql.is_postgresql)
    if sql.is_postgresql:
        yield "ALTER TABLE search_work ADD COLUMN words tsvector NOT NULL"
        yield "CREATE INDEX search_work_words ON search_work USING gin (words)"
    else:
        # Positions are left out: no question asks for words side by side. What is folded is folded before.
        yield (
            "CREATE VIRTUAL TABLE search_work_text USING fts5 (body, content = '', columnsize = 0, detail = none, "
            "prefix = '3', tokenize = 'unicode61 remove_diacritics 0')"
        )


def _server_8(_sql: Sql) -> Iterator[str]:
    """Which teams a person is in is asked with each request, which must not read everybody's."""
    yield "CREATE INDEX memberships_user_id ON memberships (user_id)"


def _desk_8(sql: Sql) -> Iterator[str]:
    yield from Shape("draft_marks", "key marks", key="key").statements(is_postgresql=sql.is_postgresql)
    yield (
        "CREATE TRIGGER draft_marks_go AFTER DELETE ON drafts BEGIN DELETE FROM draft_marks WHERE key = OLD.key; END"
    )


def _server_9(sql: Sql) -> Iterator[str]:
    shape = Shape("private_counts", "user_id day masked_count:number kept_count:number", key="user_id day")
    yield from shape.statements(is_postgresql=sql.is_postgresql)


_PHONE_10 = (
    Shape(
        "phone_connections", "id kind name token_hash settings secret:bytes team_id is_active:number added_at:number"
    ),
    Shape("phone_agents", "connection_id name user_id", key="connection_id name"),
    Shape(
        "phone_calls",
        "connection_id call_key reference number events:bytes began_at:number heard_at:number ended_at:number "
        "is_settled:number interaction_id command_id",
        key="connection_id call_key",
        indexes=("connection_id reference", "connection_id number", "is_settled ended_at", "heard_at"),
    ),
    Shape("phone_words", "id connection_id said_at:number said reference diagnoses", indexes=("connection_id",)),
)


def _server_10(sql: Sql) -> Iterator[str]:
    for shape in _PHONE_10:
        yield from shape.statements(is_postgresql=sql.is_postgresql)


_VERIFICATIONS_11 = (
    Shape(
        "verification_rules",
        _CARRIED_1 + "client_id topic_id request_kind factors required_count:number is_call_back_needed:number "
        "is_second_approver_needed:number holds_seconds:number",
    ),
    Shape(
        "verifications",
        _CARRIED_1
        + "client_id contact_id interaction_id ticket_id request_kind topic_id agent_id asked asked_at:number "
        "called_number_id called_back_by_id called_back_at:number approver_id approved_at:number passed_at:number "
        "expires_at:number",
        indexes=("client_id asked_at", "ticket_id", "interaction_id"),
    ),
)
_REQUEST_KIND_11 = "ADD COLUMN request_kind TEXT NOT NULL DEFAULT ''"


def _server_11(sql: Sql) -> Iterator[str]:
    """Verification of callers; PINs are known to the server alone, as hashes."""
    from csr_desktop.store.fences import number_fence, scope_fence

    for shape in _VERIFICATIONS_11:
        feed = shape._replace(indexes=("scope rev", *shape.indexes))
        yield from feed.statements(is_postgresql=sql.is_postgresql)
        yield from number_fence(shape.table, is_postgresql=sql.is_postgresql)
        if sql.is_postgresql:
            yield from scope_fence(shape.table)
    pins = Shape(
        "caller_pins", "contact_id pin_hash author_id set_at:number failures:number failed_at:number", "contact_id"
    )
    passes = Shape("pin_passes", "contact_id user_id passed_at:number", "contact_id user_id passed_at")
    for shape in (pins, passes):
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    yield f"ALTER TABLE tickets {_REQUEST_KIND_11}"


def _desk_9(sql: Sql) -> Iterator[str]:
    """What a newer server sent of verifications and requests was passed over: everything is asked for once more."""
    for shape in _VERIFICATIONS_11:
        yield from shape.statements(is_postgresql=sql.is_postgresql)
    for table in ("tickets", "older_tickets"):
        yield f"ALTER TABLE {table} {_REQUEST_KIND_11}"
    yield "UPDATE cursors SET rev = 0"


_SAVED_FILTERS = Shape("saved_filters", _CARRIED_1 + "place name words body made_at:number")


def _desk_11(sql: Sql) -> Iterator[str]:
    yield from _SAVED_FILTERS.statements(is_postgresql=sql.is_postgresql)
    # What a newer server sent of them was passed over: what is the person's own is asked for once more.
    yield "UPDATE cursors SET rev = 0 WHERE scope <> 'org' AND scope NOT IN (SELECT id FROM teams)"


def _server_13(sql: Sql) -> Iterator[str]:
    from csr_desktop.store.fences import number_fence, scope_fence

    yield from _SAVED_FILTERS._replace(indexes=("scope rev",)).statements(is_postgresql=sql.is_postgresql)
    yield from number_fence("saved_filters", is_postgresql=sql.is_postgresql)
    if sql.is_postgresql:
        yield from scope_fence("saved_filters")


_SCRIPTS_12 = Shape("scripts", _CARRIED_1 + "topic_id title kind steps reviewed_on owner_id is_active:number")


def _columns_12(sql: Sql) -> Iterator[str]:
    number = f"{'BIGINT' if sql.is_postgresql else 'INTEGER'} NOT NULL DEFAULT 0"
    yield f"ALTER TABLE organisations ADD COLUMN wrap_up_limit_seconds {number}"
    yield "ALTER TABLE organisations ADD COLUMN wrap_up_disposition_id TEXT NOT NULL DEFAULT ''"
    yield f"ALTER TABLE interactions ADD COLUMN consult_seconds {number}"
    yield "ALTER TABLE interactions ADD COLUMN checked TEXT NOT NULL DEFAULT ''"


def _server_12(sql: Sql) -> Iterator[str]:
    from csr_desktop.store.fences import number_fence, scope_fence

    yield from _columns_12(sql)
    yield from _SCRIPTS_12._replace(indexes=("scope rev",)).statements(is_postgresql=sql.is_postgresql)
    yield from number_fence("scripts", is_postgresql=sql.is_postgresql)
    if sql.is_postgresql:
        yield from scope_fence("scripts")


def _desk_10(sql: Sql) -> Iterator[str]:
    """What a newer server said of scripts and of these columns was passed over, so all rows come again."""
    yield from _columns_12(sql)
    # Its own columns stand at the end, so it is made anew around its rows.
    before = next(shape.columns for shape in _SYNCED_1 if shape.table == "interactions")
    columns = f"{_CARRIED_1}{before} consult_seconds:number checked fetched_at:number is_whole:number"
    kept = ", ".join(word.partition(":")[0] for word in f"{_CARRIED_1}{before} fetched_at is_whole".split())
    yield "DROP INDEX older_interactions_client_id_started_at"
    yield "ALTER TABLE older_interactions RENAME TO older_interactions_before"
    older = Shape("older_interactions", columns, indexes=("client_id started_at",))
    yield from older.statements(is_postgresql=sql.is_postgresql)
    yield (
        f"INSERT INTO older_interactions ({kept}, consult_seconds, checked) "
        f"SELECT {kept}, 0, '' FROM older_interactions_before"
    )
    yield "DROP TABLE older_interactions_before"
    yield from _SCRIPTS_12.statements(is_postgresql=sql.is_postgresql)
    yield "UPDATE cursors SET rev = 0"


_CALLS_14 = ("call_reference", "queue", "recording", "parts", "recording_pauses")


def _calls_14(table: str) -> Iterator[str]:
    for column in _CALLS_14:
        yield f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''"


def _desk_12(sql: Sql) -> Iterator[str]:
    """A server that was newer has said these values of rows that were kept without them, so all rows come again; what
    was fetched to be read for a day is fetched anew when it is wanted.
    """
    yield from _calls_14("interactions")
    columns = next(shape.columns for shape in _SYNCED_1 if shape.table == "interactions")
    yield "DROP TABLE older_interactions"
    shape = Shape(
        "older_interactions",
        f"{_CARRIED_1}{columns} consult_seconds:number checked {' '.join(_CALLS_14)} fetched_at:number is_whole:number",
        indexes=("client_id started_at",),
    )
    yield from shape.statements(is_postgresql=sql.is_postgresql)
    yield "DELETE FROM older_fetched"
    yield "UPDATE cursors SET rev = 0"


def _server_14(sql: Sql) -> Iterator[str]:
    """Calls of before know of no phone system's call: the index leaves them out."""
    yield from _calls_14("interactions")
    yield (
        'CREATE INDEX "interactions_call_reference" ON "interactions" ("call_reference") WHERE call_reference <> \'\''
    )
    yield "ALTER TABLE phone_calls ADD COLUMN recording TEXT NOT NULL DEFAULT ''"
    shape = Shape(
        "call_desks",
        "connection_id call_key user_id device_id taken_at:number",
        key="connection_id call_key user_id",
        indexes=("taken_at",),
    )
    yield from shape.statements(is_postgresql=sql.is_postgresql)


def _known_since(sql: Sql) -> Iterator[str]:
    """Since when a number is kept. Of those of before only their id says when it was made: the first 48 bits of the
    version 7, in milliseconds. It is not later than now, and not known of another id.
    """
    number = "BIGINT" if sql.is_postgresql else "INTEGER"
    yield f"ALTER TABLE phone_numbers ADD COLUMN known_since_at {number} NOT NULL DEFAULT 0"
    if sql.is_postgresql:
        yield (
            "UPDATE phone_numbers SET known_since_at = ('x' || lpad(substr(replace(id, '-', ''), 1, 12), 16, '0'))"
            "::bit(64)::bigint WHERE id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'"
        )
        return
    digits = "0123456789abcdef"
    places = (*range(1, 9), *range(10, 14))
    values = (f"((instr('{digits}', substr(id, {at}, 1)) - 1) << {44 - 4 * n})" for n, at in enumerate(places))
    hexes = f"[{digits}]"
    like = "-".join((hexes * 8, hexes * 4, "7" + hexes * 3, hexes * 4, hexes * 12))
    yield f"UPDATE phone_numbers SET known_since_at = {' + '.join(values)} WHERE id GLOB '{like}'"


def _verifications_15(sql: Sql) -> Iterator[str]:
    number = "BIGINT" if sql.is_postgresql else "INTEGER"
    yield f"ALTER TABLE verifications ADD COLUMN lacks_approval {number} NOT NULL DEFAULT 0"
    yield "ALTER TABLE verifications ADD COLUMN called_back_call_id TEXT NOT NULL DEFAULT ''"
    yield 'CREATE INDEX "verifications_called_back_call_id" ON "verifications" ("called_back_call_id")'


def _server_15(sql: Sql) -> Iterator[str]:
    """What is derived from a row's own id needs no number: workstations derive the same."""
    from csr_desktop.store.fences import number_fence

    yield from _verifications_15(sql)

    of_table = " ON phone_numbers" if sql.is_postgresql else ""
    yield f"DROP TRIGGER phone_numbers_update_numbered{of_table}"
    yield from _known_since(sql)
    fence = number_fence("phone_numbers", is_postgresql=sql.is_postgresql)
    yield from (statement for statement in fence if "phone_numbers_update_numbered" in statement)


def _desk_13(sql: Sql) -> Iterator[str]:
    """A server that was newer has said this of rows that were kept without it, so all rows come again."""
    yield from _known_since(sql)
    yield from _verifications_15(sql)
    yield "UPDATE cursors SET rev = 0"


class Step(NamedTuple):
    """One change of shape, for a desk's file or a server's database."""

    version: int
    kind: Kind
    statements: Callable[[Sql], Iterator[str]]


STEPS: tuple[Step, ...] = (
    Step(1, "desk", _desk_1),
    Step(1, "server", _server_1),
    Step(2, "desk", _desk_2),
    Step(2, "server", _reply_clock),
    Step(3, "desk", _desk_3),
    Step(3, "server", _server_3),
    Step(4, "server", _server_4),
    Step(4, "desk", _desk_4),
    Step(6, "desk", _desk_6),
    Step(6, "server", _server_6),
    Step(7, "desk", _desk_7),
    Step(7, "server", _server_7),
    Step(8, "desk", _desk_8),
    Step(8, "server", _server_8),
    Step(9, "server", _server_9),
    Step(10, "server", _server_10),
    Step(9, "desk", _desk_9),
    Step(11, "server", _server_11),
    Step(10, "desk", _desk_10),
    Step(12, "server", _server_12),
    Step(11, "desk", _desk_11),
    Step(13, "server", _server_13),
    Step(12, "desk", _desk_12),
    Step(14, "server", _server_14),
    Step(13, "desk", _desk_13),
    Step(15, "server", _server_15),
)
_ONE_AT_A_TIME = 7_203_114_518  # any number that no other program on the same PostgreSQL takes as its advisory lock


def latest_version(kind: Kind) -> int:
    """The version this program makes and reads."""
    return max(step.version for step in STEPS if step.kind == kind)


def version_of(sql: Sql) -> int:
    """The version of an open database; 0 when it is empty."""
    found = sql.value(
        "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'"
        if sql.is_postgresql
        else "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
    )
    return int(sql.value("SELECT version FROM schema_version")) if found else 0


def refuse_newer(version: int, kind: Kind) -> None:
    """Raises Unreadable when a newer program wrote this."""
    if version > latest_version(kind):
        what = "Your data on this computer" if kind == "desk" else "The database"
        raise Unreadable(
            "newer",
            f"{what} was written by a newer version of CSR Desktop.",
            "Nothing was changed. Install that version again, or ask your administrator for it.",
        )


def migrate(
    sql: Sql, kind: Kind, before_first: Callable[[int], None] = lambda _version: None, *, up_to: int | None = None
) -> int:
    """Run the steps that are missing, or those `up_to` a version that a backup is of; returns the version reached.

    `before_first` is told the old version once, before anything of an existing database changes. Killed at any
    moment, each step is there as a whole or not at all. Raises Unreadable for a newer one.
    """
    version = version_of(sql)
    refuse_newer(version, kind)
    target = latest_version(kind) if up_to is None else up_to
    if 0 < version < target:
        before_first(version)
    for step in STEPS:
        if step.kind == kind and version < step.version <= target:
            _run(sql, step)
    return target


def _run(sql: Sql, step: Step) -> None:
    with sql.transaction():
        if sql.is_postgresql:
            sql.all("SELECT pg_advisory_xact_lock(?)", _ONE_AT_A_TIME)
        if version_of(sql) >= step.version:  # another process was here between
            return
        if step.version == 1:
            sql.do('CREATE TABLE "schema_version" ("version" BIGINT NOT NULL)')
            sql.do("INSERT INTO schema_version (version) VALUES (0)")
        for statement in step.statements(sql):
            sql.db.execute_sql(statement)
        sql.do("UPDATE schema_version SET version = ?", step.version)
