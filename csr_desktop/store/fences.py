"""What the server's database refuses by itself, whatever program writes to it; part of its migrations, so frozen.

Numbers: a row that is written, and the mark of one that left, bears a revision that the counter gave to this very
transaction. A reader that saw the counter at 10 has then seen every row up to 10, for good. On PostgreSQL the counter's
row notes which transaction took how many. SQLite does not tell transactions apart, but lets one write at a time: there
the row notes the latest take, which the writer closes as soon as its rows are written.

Scopes, PostgreSQL only: a session sees the rows of the scopes that it names in the setting `csr.scopes`, with commas
between; all of them, and may change them, when it says `*`. The tables' owner stands outside of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_BACK = "the counter of revisions never goes back"
_OTHERWISE = "not numbered by the counter of revisions"


def counter_statements(*, is_postgresql: bool, schema: str = "") -> Iterator[str]:
    """The counter notes what was taken from it. `schema` is where the tables are, on PostgreSQL."""
    kind = "BIGINT" if is_postgresql else "INTEGER"
    yield f"ALTER TABLE counters ADD COLUMN taken {kind} NOT NULL DEFAULT 0"
    yield f"ALTER TABLE counters ADD COLUMN taken_in {kind} NOT NULL DEFAULT 0"
    if not is_postgresql:
        yield (
            "CREATE TRIGGER counters_no_back BEFORE UPDATE ON counters WHEN OLD.id = 'rev' AND NEW.value < OLD.value "
            f"BEGIN SELECT RAISE(ABORT, '{_NO_BACK}'); END"
        )
        yield (
            "CREATE TRIGGER counters_taken AFTER UPDATE OF value ON counters WHEN NEW.id = 'rev' "
            "BEGIN UPDATE counters SET taken = NEW.value - OLD.value WHERE id = 'rev'; END"
        )
        return
    # The path of names is fixed, so that a table of the same name in the session's own space cannot stand in.
    yield f"""CREATE FUNCTION note_taken() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE this bigint := pg_catalog.pg_current_xact_id()::text::bigint;
        BEGIN
            IF NEW.value < OLD.value THEN RAISE EXCEPTION '{_NO_BACK}'; END IF;
            NEW.taken := NEW.value - OLD.value + CASE WHEN OLD.taken_in = this THEN OLD.taken ELSE 0 END;
            NEW.taken_in := this;
            RETURN NEW;
        END $$"""
    yield (
        "CREATE TRIGGER counters_taken BEFORE UPDATE ON counters FOR EACH ROW WHEN (OLD.id = 'rev') "
        "EXECUTE FUNCTION note_taken()"
    )
    yield f"""CREATE FUNCTION refuse_other_numbers() RETURNS trigger LANGUAGE plpgsql
        SET search_path = "{schema}", pg_temp AS $$
        DECLARE low bigint; high bigint;
        BEGIN
            SELECT value - taken, value INTO low, high FROM counters
                WHERE id = 'rev' AND taken_in = pg_catalog.pg_current_xact_id()::text::bigint;
            IF EXISTS (SELECT FROM written WHERE low IS NULL OR rev <= low OR rev > high) THEN
                RAISE EXCEPTION USING MESSAGE = 'a row of ' || TG_TABLE_NAME || ' is {_OTHERWISE}';
            END IF;
            RETURN NULL;
        END $$"""


def number_fence(table: str, *, is_postgresql: bool) -> Iterator[str]:
    """Refuse a row of this table, which has a column `rev`, when it is written with another number."""
    for change in ("insert", "update"):
        name = f"{table}_{change}_numbered"
        if is_postgresql:
            yield (
                f"CREATE TRIGGER {name} AFTER {change.upper()} ON {table} REFERENCING NEW TABLE AS written "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_numbers()"
            )
        else:
            # FAIL before the row is written leaves nothing of it. ABORT would have SQLite copy each page that an INSERT
            # touches, so as to take back the one row, which costs as much as the row.
            yield (
                f"CREATE TRIGGER {name} BEFORE {change.upper()} ON {table} "
                "WHEN NOT EXISTS (SELECT 1 FROM counters WHERE id = 'rev' AND NEW.rev > value - taken "
                f"AND NEW.rev <= value) BEGIN SELECT RAISE(FAIL, 'a row of {table} is {_OTHERWISE}'); END"
            )


def scope_fence(table: str) -> Iterator[str]:
    """PostgreSQL: show rows of this table, which has a column `scope`, only to a session that names their scope."""
    # Each setting is read once a question, by being a question of its own.
    said = "(SELECT current_setting('csr.scopes', true))"
    named = "(SELECT string_to_array(current_setting('csr.scopes', true), ','))"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"CREATE POLICY whole ON {table} USING ({said} = '*') WITH CHECK ({said} = '*')"
    yield f"CREATE POLICY scopes ON {table} FOR SELECT USING (scope = ANY ({named}::text[]))"
