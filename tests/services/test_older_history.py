"""What came from the server to be read for a day: in the client's timeline, opened, and gone again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csr_desktop.store import older_rows
from csr_desktop.store.older_rows import Fetched
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.sync.older_wishes import Wish
from tests.services.conftest import DAY, HOUR, NOW, Bureau

if TYPE_CHECKING:
    from csr_desktop.services.client_rows import TimelineRow
    from csr_desktop.services.desk_services import Services

OLD = NOW - 500 * DAY


def as_list(table: str, row_id: str, **fields: Any) -> list[Any]:
    row = {**new_row(table), "scope": "tax", "client_id": "bakery", "rev": 9, **fields, "id": row_id}
    return [row[name] for name in COLUMNS[table]]


def page(bureau: Bureau, rows: dict[str, list[list[Any]]], next_key: tuple[int, str] = (0, ""), left: int = 0) -> None:
    """The next page of Example Bakery's older history came."""
    now = bureau.replica.now()
    before = older_rows.fetched(bureau.sql, "bakery", now)
    after = (before.next_at, before.next_id) if before else (0, "")
    came = Fetched("bakery", now, *next_key, left, int(not next_key[1]))
    assert older_rows.keep_page(bureau.sql, rows, after, came)


def lines(desk: Services, limit: int = 50) -> list[TimelineRow]:
    """The whole timeline, a page after the other."""
    found: list[TimelineRow] = []
    key = None
    while True:
        read = desk.clients.timeline("bakery", (), key, limit)
        found += read.rows
        key = read.next_key
        if key is None:
            return found


def furnish(bureau: Bureau) -> None:
    bureau.row("interactions", "new_call", client_id="bakery", started_at=NOW - DAY, scope="tax", note="Here anyway")
    bureau.row("notes", "note", client_id="bakery", written_at=OLD - 2 * DAY, body="A note is everyone's")
    page(
        bureau,
        {
            "interactions": [
                as_list("interactions", "call", started_at=OLD, note="About the tax notice", agent_id="casey"),
                as_list("interactions", "theirs", started_at=NOW - 2 * DAY, scope="benefits", agent_id="kim"),
            ],
            "tickets": [as_list("tickets", "ticket", last_message_at=OLD - DAY, subject="W-2 reissue", number=77)],
        },
        (OLD - DAY, "ticket"),
        120,
    )


def test_older_rows_stand_among_the_others_in_the_order_of_time(bureau: Bureau, desk: Services) -> None:
    furnish(bureau)
    for limit in (50, 2, 1):
        assert [row.id for row in lines(desk, limit)] == ["new_call", "theirs", "call", "ticket", "note"]
    marked = {row.id: (row.is_older, row.team_name) for row in lines(desk)}
    assert marked == {
        "new_call": (False, ""),
        "theirs": (True, "Benefits"),
        "call": (True, ""),
        "ticket": (True, ""),
        "note": (False, ""),
    }
    assert [row.id for row in desk.clients.timeline("bakery", ("ticket",)).rows] == ["ticket"]
    counts = desk.clients.timeline_counts("bakery")
    assert (counts.call, counts.ticket, counts.note) == (3, 1, 1)
    row = desk.clients.timeline_row("ticket", "ticket")
    assert row is not None
    assert (row.title, row.label, row.is_older) == ("W-2 reissue", "#77", True)


def test_a_row_that_is_here_hides_its_copy_even_when_it_was_deleted(bureau: Bureau, desk: Services) -> None:
    furnish(bureau)
    bureau.row("interactions", "call", client_id="bakery", started_at=OLD, scope="tax", note="As it is by now")
    bureau.row("interactions", "theirs", client_id="bakery", started_at=NOW, scope="tax", deleted=1)
    shown = {row.id: (row.title, row.is_older) for row in lines(desk) if row.kind == "call"}
    assert shown == {"new_call": ("Here anyway", False), "call": ("As it is by now", False)}


def test_a_row_that_was_opened_by_itself_waits_for_the_pages_above_it(bureau: Bureau, desk: Services) -> None:
    furnish(bureau)
    far = {"interactions": [as_list("interactions", "far", started_at=OLD - 9 * DAY, note="Found by search")]}
    older_rows.keep_row(bureau.sql, "interactions", "far", far, NOW)
    assert "far" not in [row.id for row in lines(desk)]
    opened = desk.older.open("call", "far")
    assert opened is not None
    assert (opened.body, opened.client_name) == ("Found by search", "Example Bakery")
    page(bureau, {})
    assert [row.id for row in lines(desk)][-1] == "far"


def test_it_is_said_how_far_the_history_has_come(bureau: Bureau, desk: Services) -> None:
    assert desk.older.state("bakery").step == "not_asked"
    assert desk.older.show_more("bakery").step == "fetching"
    desk.older_wishes.failed(Wish("page", "bakery"), "offline", "The server does not answer. Try again.")
    state = desk.older.state("bakery")
    assert (state.step, state.words) == ("offline", "The server does not answer. Try again.")
    assert desk.older.show_more("bakery").step == "fetching", "Try again"
    desk.older.stop("bakery")
    assert desk.older.state("bakery").step == "not_asked"
    furnish(bureau)
    state = desk.older.state("bakery")
    assert (state.step, state.shown_count, state.left, state.back_to_at) == ("shown", 3, 120, OLD - DAY)
    assert state.kept_until_at == NOW + DAY
    page(bureau, {})
    assert desk.older.show_more("bakery").step == "whole", "there is nothing more to ask for"


def test_after_a_day_nothing_of_it_is_shown_and_then_it_is_gone(bureau: Bureau, desk: Services) -> None:
    furnish(bureau)
    bureau.forward(23 * HOUR)
    page(bureau, {"interactions": [as_list("interactions", "later", started_at=OLD - 5 * DAY)]})
    assert "later" in [row.id for row in lines(desk)]
    bureau.forward(HOUR)
    assert [row.id for row in lines(desk)] == ["new_call", "note"]
    assert desk.older.state("bakery").step == "not_asked"
    assert desk.clients.timeline_counts("bakery").call == 1
    assert older_rows.tidy(bureau.sql, bureau.replica.now()) == ["bakery"]
    for table in older_rows.TABLES:
        assert bureau.sql.value(f"SELECT COUNT(*) FROM older_{table}") == 0, table


def test_a_ticket_is_read_with_its_conversation_once_that_has_come(bureau: Bureau, desk: Services) -> None:
    furnish(bureau)
    work = desk.older.open("ticket", "ticket")
    assert work is not None
    assert (work.label, work.is_whole, work.messages) == ("#77", False, ())
    assert desk.older.opened("ticket", "ticket").step == "fetching"
    rows = {
        "tickets": [as_list("tickets", "ticket", last_message_at=OLD - DAY, subject="W-2 reissue", number=77)],
        "messages": [
            as_list(
                "messages", "m2", ticket_id="ticket", author_id="casey", body="Sent.", written_at=OLD, kind="reply"
            ),
            as_list("messages", "m1", ticket_id="ticket", contact_id="dana", body="Please", written_at=OLD - HOUR),
        ],
        "attachments": [
            [
                {**new_row("attachments"), "id": "f", "ticket_id": "ticket", "name": "w2.pdf", "size": 5}[name]
                for name in COLUMNS["attachments"]
            ]
        ],
    }
    older_rows.keep_row(bureau.sql, "tickets", "ticket", rows, NOW)
    desk.older_wishes.fulfilled(Wish("row", "ticket", "tickets"))
    opened = desk.older.opened("ticket", "ticket")
    assert opened.step == "whole"
    assert opened.work is not None
    assert [(m.author_name, m.body) for m in opened.work.messages] == [
        ("Dana Sample", "Please"),
        ("Casey Demo", "Sent."),
    ]
    assert [(f.name, f.size) for f in opened.work.files] == [("w2.pdf", 5)]
    assert opened.work.kept_until_at == NOW + DAY


def test_what_is_not_there_any_more_is_said(bureau: Bureau, desk: Services) -> None:
    assert desk.older.open("call", "nowhere") is None
    desk.older_wishes.failed(Wish("row", "nowhere", "interactions"), "refused", "This is not here.")
    opened = desk.older.opened("call", "nowhere")
    assert (opened.step, opened.words, opened.work) == ("refused", "This is not here.", None)


def test_an_administrator_never_asks(bureau: Bureau) -> None:
    desk = bureau.sign_in("max", "administrator", ())
    assert not desk.older.may_ask()
    assert desk.older.show_more("bakery").step == "not_asked"
    assert desk.older.open("call", "x") is None
    assert desk.older.search("notice").step == "not_asked"
    assert desk.older_wishes.next() is None
