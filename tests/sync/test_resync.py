"""Away for so long that it is no longer known what left: the scope is taken again beside the old rows. And the question
that is asked before very much is deleted.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from csr_desktop.commands import calls, clients, verifications
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.domain.sync_status import StoppedDeletion
from csr_desktop.protocol import DIRECTORY, Fill
from csr_desktop.server.share import MARKS_KEPT_MS, drop_old_marks, floors
from csr_desktop.store.queries.verifications import known_numbers
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.filling import SWEPT_AT_ONCE
from csr_desktop.sync.guard import MassDeletion, Suspicious, let_go_on, stopped
from csr_desktop.sync.recovery import begin_again
from tests.sync.databases import PostgresqlCopies
from tests.sync.run_simulation import own_postgresql
from tests.sync.simulation import Crash, crash
from tests.sync.small_office import DAY, ONE, TWO, SmallOffice, Wire
from tests.sync.stepping import Step


def away(small: SmallOffice, days: int = 100) -> None:
    """So much time passes, and the server does its daily work."""
    small.world.now += days * DAY
    with small.sql.transaction():
        drop_old_marks(small.sql, small.now)


def test_marks_are_kept_for_ninety_days_and_it_is_remembered_how_far_they_are_whole(small: SmallOffice) -> None:
    early, late = small.calls(1, name="early"), small.calls(1, name="late")
    small.move("interactions", early, TWO)
    top = small.sql.value("SELECT value FROM counters WHERE id = 'rev'")
    small.world.now += MARKS_KEPT_MS - DAY
    small.move("interactions", late, TWO)
    away(small, 0)
    assert len(small.sql.all("SELECT 1 FROM gone")) == 2
    away(small, 2)
    assert [i for (i,) in small.sql.all("SELECT row_id FROM gone")] == late
    assert floors(small.sql) == {ONE: top}


def test_who_came_that_far_goes_on_without_taking_anything_again(small: SmallOffice) -> None:
    moved = small.calls(3)
    small.move("interactions", moved[:1], TWO)
    small.sync(0)
    away(small)
    replies = small.sync(0)
    assert [reply.resync for reply in replies] == [[]]
    assert not [row for reply in replies for row in reply.rows.get("interactions", ())]
    assert small.ids("interactions") == set(moved[1:])


def test_who_was_away_has_the_old_rows_until_all_have_come_again(small: SmallOffice) -> None:
    rows = small.calls(20)
    small.sync(0)
    small.move("interactions", rows[:4], TWO)
    small.put("interactions", rows[5], note="Changed meanwhile")
    away(small)
    new = small.calls(2, name="new")
    resyncs = []
    for reply in small.pages(0, limit=3):
        resyncs.append(reply.resync)
        assert set(rows) <= small.ids("interactions"), "nothing flickers"
    assert resyncs[0] == [ONE]
    assert not any(resyncs[1:])
    assert small.rest() > 0
    assert small.ids("interactions") == {*rows[4:], *new}
    assert small.compare() == 0


@pytest.mark.parametrize("stop_after", range(9))
def test_taking_again_that_is_cut_off_anywhere_goes_on_and_removes_just_what_is_gone(
    small: SmallOffice, stop_after: int
) -> None:
    rows = small.calls(20)
    small.sync(0)
    small.move("interactions", rows[:4], TWO)
    away(small)
    desk = small.desk(0)
    for at, _ in enumerate(small.pages(0, limit=4)):
        if at == stop_after:
            break
    desk.fuse.light("commit", 1, crash)
    with pytest.raises(Crash):
        small.sync(0)
    desk.open()
    small.move("interactions", rows[4:5], TWO)
    small.move("interactions", rows[:1], ONE)
    small.sync(0, limit=4)
    assert small.ids("interactions") == {rows[0], *rows[5:]}
    assert small.compare() == 0
    assert not desk.replica.sql.all("SELECT 1 FROM came")


def test_who_was_away_in_the_middle_of_the_first_fill_keeps_nothing_that_left(small: SmallOffice) -> None:
    """A new workstation was switched off for months before the open work had come: some of it may have left since."""
    rows = [f"ticket-{number:02}" for number in range(20)]
    for row_id in rows:
        small.put("tickets", row_id, scope=ONE, state="open", opened_at=small.now)
    for _ in small.pages(0, limit=7):
        if small.ids("tickets"):
            break
    came = sorted(small.ids("tickets"))
    assert 0 < len(came) < 20
    small.move("tickets", came[:2], TWO)
    away(small)
    small.sync(0, limit=7)
    assert small.ids("tickets") == set(rows) - set(came[:2])
    assert small.compare() == 0


def test_unsent_work_outlives_taking_its_scope_again(small: SmallOffice) -> None:
    rows = small.calls(6)
    for row_id in rows:
        small.put("interactions", row_id, agent_id="user-0")
    small.sync(0)
    desk = small.desk(0)
    desk.replica.do(calls.EditInteraction(row_id=rows[0], changes={"note": (rows[0], "On a row that left")}))
    desk.replica.do(calls.EditInteraction(row_id=rows[1], changes={"note": (rows[1], "On a row that stays")}))
    desk.replica.do(calls.LogInteraction(row_id="mine", scope=ONE, started_at=small.now, ended_at=small.now))
    small.move("interactions", rows[:1], TWO)
    away(small)
    for _ in small.pages(0, limit=2):
        assert "mine" in small.ids("interactions")
    small.rest()
    assert small.ids("interactions") == {*rows[1:], "mine"}
    small.sync(0)
    assert small.row("interactions", rows[1])["note"] == "On a row that stays"
    (refused,) = desk.replica.needs_you()
    assert getattr(refused.command, "changes", {})["note"][1] == "On a row that left"


def test_what_did_not_come_again_goes_in_small_steps_once_the_person_has_said_that_it_is_meant(
    small: SmallOffice,
) -> None:
    rows = small.calls(2 * SWEPT_AT_ONCE + 100)
    small.sync(0)
    small.move("interactions", rows[: 2 * SWEPT_AT_ONCE], TWO)
    away(small)
    desk = small.desk(0)
    for _ in small.pages(0):
        pass
    with pytest.raises(MassDeletion):
        desk.puller.rest()
    assert small.ids("interactions") == set(rows)
    let_go_on(desk.replica)
    counts = [len(rows)]
    while desk.puller.rest() is not None:
        counts.append(len(small.ids("interactions")))
    assert counts[:3] == [700, 400, 100]
    assert small.ids("interactions") == set(rows[2 * SWEPT_AT_ONCE :])
    assert stopped(desk.replica) is None


def test_a_server_cannot_have_a_desk_take_the_same_scope_again_and_again(small: SmallOffice) -> None:
    small.sync(0)
    desk = small.desk(0)
    reply = small.answer(0, desk.puller.request())
    place = Fill(ORGANISATION, DIRECTORY, "clients", 5, 1)
    for resync in ([ORGANISATION], []):
        forged = msgspec.structs.replace(
            reply, asked=desk.puller.request().asked, more=True, fills=[place], resync=resync
        )
        with pytest.raises(Suspicious):
            desk.puller.apply(forged)
    assert not desk.replica.sql.all("SELECT 1 FROM fills")


def test_who_loses_the_team_whose_rows_are_just_taken_again_goes_on(small: SmallOffice) -> None:
    rows = small.calls(20)
    small.teams(0, ONE, TWO)
    small.calls(3, TWO, name="two")
    small.sync(0)
    small.move("interactions", rows[:4], TWO)
    away(small)
    pages = small.pages(0, limit=4)
    next(pages)
    small.teams(0, TWO)
    for _ in pages:
        pass
    small.sync(0)
    assert small.ids("interactions") == {*rows[:4], *(f"two-{n:05}" for n in range(3))}
    assert not small.desk(0).replica.sql.all("SELECT 1 FROM fills")


def test_a_fill_that_goes_back_is_not_followed(small: SmallOffice) -> None:
    small.calls(10)
    desk = small.desk(0)
    next(small.pages(0, limit=3))
    before = desk.replica.sql.all("SELECT * FROM fills ORDER BY scope")
    reply = small.answer(0, msgspec.structs.replace(desk.puller.request(), limit=3))
    for fill in reply.fills:
        again = msgspec.structs.replace(fill, below=fill.below + 10, stage=DIRECTORY, table="organisations")
        others = [one for one in reply.fills if one.scope != fill.scope]
        desk.puller.request()
        forged = msgspec.structs.replace(reply, asked=desk.puller._asked, fills=[*others, again])
        with pytest.raises(Suspicious):
            desk.puller.apply(forged)
    assert desk.replica.sql.all("SELECT * FROM fills ORDER BY scope") == before


# Very much at once


def engine_of(small: SmallOffice) -> Engine:
    return Engine(small.desk(0).replica, Wire(small, 0), lambda: small.now, lambda _: None, lambda _: None, lambda: 0.5)


def test_very_much_is_deleted_only_when_somebody_has_asked_and_just_this_once(small: SmallOffice) -> None:
    rows = small.calls(1000)
    engine = engine_of(small)
    desk = small.desk(0)
    assert engine.sync_once()
    small.remove("interactions", rows[:600])
    desk.replica.do(clients.AddNote(row_id="n", client_id="client-0", body="Written meanwhile"))
    assert not engine.sync_once()
    assert engine.status.state == "stopped"
    assert engine.status.title == "The server wants to delete 600 of 1000 entries here at once."
    assert len(small.ids("interactions")) == 1000
    assert small.sql.load("notes", ["n"]), "what is written is sent all the same"
    assert stopped(desk.replica) == StoppedDeletion(600, 1000, small.now)
    assert not engine.sync_once(), "it is not forgotten by trying again"
    let_go_on(desk.replica)
    assert engine.sync_once()
    assert len(small.ids("interactions")) == 400
    assert stopped(desk.replica) is None
    small.remove("interactions", rows[600:900])
    assert not engine.sync_once(), "the next time it is asked again"
    assert stopped(desk.replica) == StoppedDeletion(300, 400, small.now)


def test_what_goes_over_many_pages_of_a_fill_is_counted_together(small: SmallOffice) -> None:
    rows = small.calls(1000)
    small.sync()
    begin_again(small.desk(0).replica, "file")
    small.remove("interactions", rows[:600])
    with pytest.raises(MassDeletion):
        small.sync(limit=100)
    assert len(small.ids("interactions")) >= 750
    let_go_on(small.desk(0).replica)
    small.sync(limit=100)
    assert len(small.ids("interactions")) == 400, "it is asked once"


def test_a_verification_that_waits_stays_while_all_comes_again(small: SmallOffice) -> None:
    number = {"scope": ORGANISATION, "client_id": "client-0", "contact_id": "contact-0", "e164": "+12125550101"}
    small.put("phone_numbers", "number", **number)
    small.sync()
    desk = small.desk(0)
    desk.replica.do(
        verifications.AddVerification(
            row_id="mine", scope=ONE, client_id="client-0", contact_id="contact-0",
            asked=(("company_id", True, small.now),), number_id="number", called_back_at=small.now,
        )
    )  # fmt: skip
    begin_again(desk.replica, "server")
    assert known_numbers(desk.replica.sql, "client-0", "contact-0"), "it is offered, too"
    for _ in small.pages(limit=3):
        assert small.ids("verifications") == {"mine"}
    small.sync()
    assert small.row("verifications", "mine")["called_back_at"] == small.now


def test_nothing_is_let_go_before_it_was_asked(small: SmallOffice) -> None:
    rows = small.calls(1000)
    engine = engine_of(small)
    assert engine.sync_once()
    let_go_on(small.desk(0).replica)
    small.remove("interactions", rows[:600])
    assert not engine.sync_once()


def test_a_server_that_takes_it_back_is_followed_and_nothing_is_asked_any_more(small: SmallOffice) -> None:
    rows = small.calls(1000)
    engine = engine_of(small)
    assert engine.sync_once()
    small.remove("interactions", rows[:600])
    assert not engine.sync_once()
    for row_id in rows[:600]:
        small.put("interactions", row_id, deleted=0)
    assert engine.sync_once()
    assert stopped(small.desk(0).replica) is None
    assert len(small.ids("interactions")) == 1000


@pytest.mark.postgresql
@pytest.mark.xdist_group("postgresql")
def test_all_of_it_is_the_same_on_postgresql(tmp_path: Path) -> None:
    copies = PostgresqlCopies(own_postgresql())
    small = SmallOffice(tmp_path, copies.fresh())
    try:
        rows = small.calls(20)
        small.calls(3, days_ago=500, name="old")
        small.put("tickets", "ticket", scope=ONE, state="closed", opened_at=small.now - 500 * DAY)
        small.put("messages", "said", scope=ONE, ticket_id="ticket", written_at=small.now - 500 * DAY)
        small.sync(0, limit=3)
        assert small.ids("interactions") == set(rows)
        small.put("tickets", "ticket", state="open")
        small.sync(0)
        assert small.ids("messages") == {"said"}
        assert small.compare() == 0
        small.desk(0).replica.sql.do("DELETE FROM interactions WHERE id = ?", rows[9])
        assert small.compare() == 1
        small.move("interactions", rows[:4], TWO)
        away(small)
        assert [reply.resync for reply in small.sync(0, limit=5)][:2] == [[ONE], []]
        assert small.ids("interactions") == set(rows[4:])
        assert small.compare() == 0
    finally:
        small.close()
        copies.close()


@pytest.mark.parametrize(
    ("what", "killed_at"), [*(("commit", n) for n in (1, 2, 3)), *(("statement", n) for n in (1, 10, 30, 60, 90, 120))]
)
def test_killed_while_it_is_asked_it_asks_again_and_goes_on_as_was_said(
    small: SmallOffice, what: Step, killed_at: int
) -> None:
    """At a commit or a statement, before and after the person says that it is meant: nothing goes unasked, and all once it may."""
    rows = small.calls(SWEPT_AT_ONCE + 100)
    small.sync(0)
    small.move("interactions", rows[:SWEPT_AT_ONCE], TWO)
    away(small)
    desk = small.desk(0)
    desk.replica.do(calls.LogInteraction(row_id="mine", scope=ONE, started_at=small.now, ended_at=small.now))
    kills = 0

    def until_asked() -> None:
        with pytest.raises(MassDeletion):
            small.sync(0, limit=150)

    def until_done() -> None:
        small.sync(0, limit=150)

    for part in (until_asked, lambda: let_go_on(desk.replica), until_done):
        desk.fuse.light(what, killed_at, crash)
        try:
            part()
        except Crash:
            kills += 1
            desk.open()
            if part is not until_done:
                assert {*rows, "mine"} == small.ids("interactions")
            desk.fuse.put_out()
            part()
        desk.fuse.put_out()
        desk.open()
        if part is until_asked:
            assert stopped(desk.replica) is not None
            assert {*rows, "mine"} == small.ids("interactions")
    assert kills
    assert small.ids("interactions") == {*rows[SWEPT_AT_ONCE:], "mine"}
    assert stopped(desk.replica) is None
    assert small.compare() == 0
