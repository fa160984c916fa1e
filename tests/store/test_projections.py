"""Derived tables follow the rows they are made from; made again from nothing they are the same."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from csr_desktop.domain import pay_schedule
from csr_desktop.domain.deposits import DepositRules, decode_rules
from csr_desktop.domain.pay_schedule import PaySchedule
from csr_desktop.store.client_clocks import ClientClocks
from csr_desktop.store.inbox_projection import CALL_BACK_MS, MISSED_CALL_MS, NO_CONSEQUENCE, InboxProjection
from csr_desktop.store.opening import open_desk
from csr_desktop.store.tables import new_row
from csr_desktop.system.resources import resource_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from csr_desktop.store.sql import Sql

NOW = 1_778_769_720_000  # 14 May 2026, 14:42 UTC
DAY = 86_400_000


@cache
def rules() -> DepositRules:
    return decode_rules(resource_text("payroll", "us.toml"))


class Projected:
    """A desk's file whose derived tables are kept as the replica keeps them."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.sql: Sql = open_desk(path, bytes(range(32)), clock=lambda: self.now)
        self.clocks = ClientClocks(lambda: self.now, rules)
        self.items = InboxProjection(lambda: self.now)

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        whole = [{**new_row(table), "scope": "team", **row} for row in rows]
        with self.sql.transaction():
            self.sql.upsert(table, whole)
            for projection in (self.clocks, self.items):
                if table in projection.tables:
                    projection.update(self.sql, table, [row["id"] for row in whole])

    def item(self, row_id: str) -> tuple[Any, ...] | None:
        return self.sql.one(
            "SELECT kind, due_at, cut_off_at, consequence_at FROM inbox_items WHERE item_id = ?", row_id
        )

    def everything(self) -> tuple[list[Any], list[Any]]:
        clocks = self.sql.all("SELECT * FROM client_clocks ORDER BY client_id")
        return clocks, self.sql.all("SELECT * FROM inbox_items ORDER BY item_id")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Projected]:
    made = Projected(tmp_path / "desk.db")
    yield made
    made.sql.db.close()


def weekly(weekday_anchor: str, minute: int = 13 * 60) -> str:
    return pay_schedule.encode(
        PaySchedule("weekly", "America/Chicago", weekday_anchor, cut_off_days=1, cut_off_minute=minute)
    )


def test_a_ticket_waits_while_it_is_open_or_waiting(desk: Projected) -> None:
    ticket = {"id": "t", "client_id": "c", "reply_due_at": NOW + 5}
    desk.put("tickets", ticket)
    assert desk.item("t") == ("ticket", NOW + 5, 0, NOW + 5)
    desk.put("tickets", {**ticket, "state": "waiting", "reply_due_at": 0})
    assert desk.item("t") == ("ticket", 0, 0, NO_CONSEQUENCE)
    for gone in ({"state": "resolved"}, {"state": "closed"}, {"deleted": 1}):
        desk.put("tickets", {**ticket, **gone})
        assert desk.item("t") is None
        desk.put("tickets", ticket)
    desk.sql.purge("tickets", ["t"])
    desk.items.update(desk.sql, "tickets", ["t"])
    assert desk.item("t") is None


def test_only_calls_that_somebody_should_return_wait(desk: Projected) -> None:
    call = {"id": "i", "result": "missed", "started_at": NOW - DAY}
    desk.put("interactions", call)
    assert desk.item("i") == ("call", NOW - DAY + CALL_BACK_MS, 0, NOW - DAY + CALL_BACK_MS)
    for gone in (
        {"called_back_at": NOW},
        {"direction": "out"},
        {"result": "handled"},
        {"started_at": NOW - MISSED_CALL_MS - 1},
    ):
        desk.put("interactions", {**call, **gone})
        assert desk.item("i") is None, gone
    desk.put("interactions", {**call, "result": "handled", "channel": "voicemail"})
    assert desk.item("i") is not None


def test_the_clients_cut_off_presses_when_it_comes_before_the_reply(desk: Projected) -> None:
    desk.put(
        "tickets",
        {"id": "early", "client_id": "c", "reply_due_at": NOW + 1},
        {"id": "late", "client_id": "c", "reply_due_at": NOW + 9 * DAY},
    )
    desk.put("follow_ups", {"id": "f", "client_id": "c", "due_at": NOW + 9 * DAY})
    desk.put("clients", {"id": "c", "pay_schedule": weekly("2026-05-15")})
    cut_off = NOW + 3 * 3_600_000 + 18 * 60_000
    assert desk.item("early") == ("ticket", NOW + 1, cut_off, NOW + 1)
    assert desk.item("late") == ("ticket", NOW + 9 * DAY, cut_off, cut_off)
    assert desk.item("f") == ("follow_up", NOW + 9 * DAY, cut_off, cut_off)
    desk.put("clients", {"id": "c", "pay_schedule": ""})
    assert desk.item("late") == ("ticket", NOW + 9 * DAY, 0, NOW + 9 * DAY)


def test_passed_cut_offs_move_on_and_take_their_items_along(desk: Projected) -> None:
    desk.put(
        "clients", {"id": "c", "pay_schedule": weekly("2026-05-15")}, {"id": "d", "pay_schedule": weekly("2026-05-18")}
    )
    desk.put("tickets", {"id": "t", "client_id": "c"})
    assert not desk.clocks.has_passed(desk.sql, desk.now)
    first = desk.item("t")
    desk.now += 4 * 3_600_000
    assert desk.clocks.has_passed(desk.sql, desk.now)
    moved = desk.clocks.refresh(desk.sql, desk.now)
    desk.items.clocks_moved(desk.sql, moved)
    assert moved == ("c",)
    second = desk.item("t")
    assert first is not None
    assert second is not None
    assert second[3] == first[3] + 7 * DAY


@pytest.mark.parametrize(
    "schedule",
    ["{", "{}", '{"frequency":"weekly","time_zone":"Nowhere"}', weekly("2026-05-15").replace("semiweekly", "next-day")],
)
def test_a_schedule_that_cannot_be_used_is_no_clock(desk: Projected, schedule: str) -> None:
    desk.put("clients", {"id": "c", "pay_schedule": schedule})
    found = desk.sql.all("SELECT client_id FROM client_clocks")
    assert found == ([("c",)] if "next-day" in schedule else [])


@pytest.mark.parametrize("seed", range(5))
def test_kept_row_by_row_or_made_again_they_are_the_same(desk: Projected, seed: int) -> None:
    choice = random.Random(seed)
    schedules = ["", weekly("2026-05-15"), weekly("2026-05-18", 600), weekly("2026-05-20")]
    for _ in range(120):
        client = {"client_id": choice.choice("abcd")}
        number = f"{choice.randrange(20)}"
        chosen: list[tuple[str, dict[str, Any]]] = [
            ("clients", {"id": choice.choice("abcd"), "pay_schedule": choice.choice(schedules), "status": choice.choice(["active", "closed"])}),
            ("tickets", {"id": "t" + number, "state": choice.choice(["open", "waiting", "resolved"]), "reply_due_at": choice.choice([0, NOW, NOW + 5 * DAY])}),
            ("interactions", {"id": "i" + number, "result": choice.choice(["missed", "handled"]), "started_at": NOW - choice.randrange(20) * DAY}),
            ("follow_ups", {"id": "f" + number, "state": choice.choice(["open", "done"]), "due_at": NOW + choice.randrange(9) * DAY}),
        ]  # fmt: skip
        table, row = choice.choice(chosen)
        desk.put(table, {**client, **row, "deleted": int(choice.random() < 0.1)} if table != "clients" else row)
    kept = desk.everything()
    with desk.sql.transaction():
        desk.clocks.rebuild(desk.sql)
        desk.items.rebuild(desk.sql)
    assert desk.everything() == kept
    assert kept[1]
