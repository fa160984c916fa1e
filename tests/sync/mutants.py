"""The program with one rule of sync taken away, each by altering one method. A test must tell it from the real one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest

from csr_desktop.commands import catalogue, clients, command, tickets
from csr_desktop.commands.command import ChangeState, Command, EditRow, read_stamps, readable, write_stamps
from csr_desktop.commands.work import Images, Row, Stamp, Work
from csr_desktop.domain import share
from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.permissions import Person, may_edit_clients
from csr_desktop.protocol import PullReply, PullRequest
from csr_desktop.server import feed as feed_module
from csr_desktop.server import filling as filling_of_server
from csr_desktop.server import ledger as ledger_module
from csr_desktop.server import share as server_share
from csr_desktop.server.feed import Feed, _Page
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.store import migrations
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync import filling, rebase, recovery
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.rebase import Puller
from csr_desktop.sync.replica import NeedsYou, Replica
from tests.sync import rules
from tests.sync.deeds import TEAMS

Patch = pytest.MonkeyPatch


SEEDS = 80
"""A mutant without a test of its own is caught within so many seeds after the one that is named; most by that one."""


class Mutant(NamedTuple):
    """`name` is the rule's in the design, `rule` what it says; `caught_by` a seed of the simulation, or its own test."""

    name: str
    rule: str
    alter: Callable[[Patch], None]
    caught_by: int | rules.Rule


def no_question_number(patch: Patch) -> None:
    original = Puller.apply

    def apply(self: Puller, reply: PullReply) -> ChangeSet:
        self._asked = reply.asked
        return original(self, reply)

    patch.setattr(Puller, "apply", apply)


def answers_with_every_page(patch: Patch) -> None:
    original = Feed.pull

    def pull(self: Feed, device_id: str, user_id: str, request: PullRequest) -> PullReply:
        reply = original(self, device_id, user_id, request)
        seq = int(self._sql.value("SELECT seq FROM devices WHERE id = ?", device_id))
        return msgspec.structs.replace(reply, seq=seq, answers=self._answers(device_id, request.answered))

    patch.setattr(Feed, "pull", pull)


def outbox_emptied_by_the_pushs_answer(patch: Patch) -> None:
    original = Engine._push

    def push(self: Engine) -> None:
        last = self._replica.sql.value("SELECT MAX(seq) FROM outbox")
        original(self)
        self._replica.sql.do("DELETE FROM outbox WHERE seq <= ?", last or 0)

    patch.setattr(Engine, "_push", push)


def wrong_page_cut(patch: Patch) -> None:
    original = Feed.pull

    def pull(self: Feed, device_id: str, user_id: str, request: PullRequest) -> PullReply:
        reply = original(self, device_id, user_id, request)
        if reply.seq >= 0:
            return reply
        moved = {scope: rev + (rev > request.cursors.get(scope, 0)) for scope, rev in reply.cursors.items()}
        return msgspec.structs.replace(reply, cursors=moved)

    patch.setattr(Feed, "pull", pull)


def outbox_trimmed_too_far(patch: Patch) -> None:
    original = Puller._settle

    def settle(self: Puller, answered: Sequence[tuple[Command, Any]], now: int) -> None:
        original(self, answered, now)
        for done, _ in answered[-1:]:
            self._sql.do("DELETE FROM outbox WHERE seq = ?", done.seq + 1)

    patch.setattr(Puller, "_settle", settle)


def arrival_order_wins(patch: Patch) -> None:
    original = EditRow.run

    def run(self: EditRow, work: Work) -> bool:
        row = work.get(self.table, self.row_id)
        if row is not None and not self.undoes:
            others = {field: stamp for field, stamp in read_stamps(row).items() if field not in self.changes}
            work.put(self.table, self.row_id, stamps=write_stamps(others))
        return original(self, work)

    patch.setattr(EditRow, "run", run)


def stamps_stay_behind(patch: Patch) -> None:
    patch.setattr(command, "write_stamps", lambda _stamps: "")


def clocks_that_are_ahead_win(patch: Patch) -> None:
    patch.setattr(ledger_module, "FUTURE_LIMIT", 10**12)


def undo_restores_its_own_was(patch: Patch) -> None:
    def withdraw(
        self: EditRow, work: Work, row: Row, field: str, becomes: Any, stamps: dict[str, Stamp], fields: dict[str, Any]
    ) -> bool:
        work.withdraw((self.table, self.row_id, field), self.undoes)
        stamps[field] = Stamp(0, "")
        fields[field] = becomes
        return True

    patch.setattr(EditRow, "_withdraw", withdraw)


def gone_regardless_of_scope(patch: Patch) -> None:
    def left(self: Puller, reply: PullReply, incoming: Images, images: Images) -> None:
        incoming.update({(gone.table, gone.row_id): None for gone in reply.gone})

    patch.setattr(Puller, "_left", left)


def no_gone_mark(patch: Patch) -> None:
    original = Ledger.write

    def write(self: Ledger, work: Work) -> None:
        original(self, work)
        self._sql.do("DELETE FROM gone")

    patch.setattr(Ledger, "write", write)


def gone_mark_stays(patch: Patch) -> None:
    original = Sql.many

    def many(self: Sql, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        original(self, sql, [] if sql.startswith("DELETE FROM gone") else rows)

    patch.setattr(Sql, "many", many)


def lost_scope_kept(patch: Patch) -> None:
    def lose(self: Puller, scopes: Sequence[str], incoming: Images, images: Images) -> None:
        for scope in scopes:
            self._sql.do("DELETE FROM cursors WHERE scope = ?", scope)

    patch.setattr(Puller, "_lose", lose)


def no_base(patch: Patch) -> None:
    patch.setattr(Replica, "_keep_images", lambda _self, _images: None)


def base_overwritten_by_a_stale_row(patch: Patch) -> None:
    original = Puller._take_in

    def take_in(self: Puller, reply: PullReply, *rest: Any, **named: Any) -> dict[str, list[str]]:
        for table, row_id, image in self._sql.all("SELECT table_name, row_id, image FROM base WHERE image NOT NULL"):
            older = msgspec.msgpack.encode({**msgspec.msgpack.decode(image), "rev": 0})
            self._sql.do("UPDATE base SET image = ? WHERE table_name = ? AND row_id = ?", older, table, row_id)
        return original(self, reply, *rest, **named)

    patch.setattr(Puller, "_take_in", take_in)


def gaps_accepted(patch: Patch) -> None:
    def fresh(push: Push, known: dict[str, int], _region: str) -> Iterable[tuple[Command, bytes]]:
        for body in push.commands:
            found = catalogue.decode(body)
            if found.device == push.device_id and found.seq > known.get(push.device_id, -1):
                known[push.device_id] = found.seq
                yield found, body

    patch.setattr(Ledger, "_fresh", staticmethod(fresh))


def undo_of_a_refused_one_not_void(patch: Patch) -> None:
    original = Ledger._decide

    def decide(self: Ledger, one: Command, body: bytes, who: Person, work: Work, answers: Any, now: int) -> Any:
        taken = {i: msgspec.structs.replace(known, status="done") for i, known in answers.items() if i == one.undoes}
        return original(self, one, body, who, work, {**answers, **taken}, now)

    patch.setattr(Ledger, "_decide", decide)


def writes_of_a_refused_one_kept(patch: Patch) -> None:
    patch.setattr(Work, "drop", lambda self: self._layer.clear())


def undo_without_its_guard(patch: Patch) -> None:
    def taken_back(self: ChangeState, row: Row) -> dict[str, Any]:
        return {field: becomes for field, (_, becomes) in self.back.items()}

    patch.setattr(ChangeState, "_taken_back", taken_back)


def rights_in_memory(patch: Patch) -> None:
    original_set, original_state = Replica.set_state, Replica.state

    def set_state(self: Replica, key: str, value: str) -> None:
        if key == "rights" and key in original_state(self):
            vars(self)["rights"] = value
        else:
            original_set(self, key, value)

    def state(self: Replica) -> dict[str, str]:
        known = original_state(self)
        return known | {"rights": vars(self)["rights"]} if "rights" in vars(self) else known

    patch.setattr(Replica, "set_state", set_state)
    patch.setattr(Replica, "state", state)


def numbered_by_the_desk(patch: Patch) -> None:
    original = tickets.OpenTicket.values
    patch.setattr(tickets.OpenTicket, "values", lambda self, work: {**original(self, work), "number": self.seq})


def children_stay_behind(patch: Patch) -> None:
    original = tickets.AddMessage.values
    patch.setattr(tickets.AddMessage, "values", lambda self, work: {**original(self, work), "scope": TEAMS[0]})


def alarm_for_every_difference(patch: Patch) -> None:
    original = Replica.needs_you

    def needs_you(self: Replica) -> list[NeedsYou]:
        found = self.sql.all("SELECT body, status, code, reason, answered_at FROM needs_you WHERE status = 'differs'")
        return original(self) + [NeedsYou(catalogue.decode(bytes(body)), *rest) for body, *rest in found]

    patch.setattr(Replica, "needs_you", needs_you)


def no_note_on_a_deleted_client(patch: Patch) -> None:
    def permit_add(self: clients.AddNote, who: Person, work: Work) -> None:
        may_edit_clients(who)
        readable(who, work, "clients", self.client_id)

    patch.setattr(clients.AddNote, "permit_add", permit_add)


# Of what the simulation found beyond those rules


def nothing_sent_is_remembered(patch: Patch) -> None:
    patch.setattr(rebase, "keep_sent", lambda *_: None)


def late_refusals_not_told(patch: Patch) -> None:
    patch.setattr(rebase, "refused_since", lambda *_: [])


def upgrade_without_fetching_again(patch: Patch) -> None:
    def without(made: Callable[[Sql], Iterator[str]]) -> Callable[[Sql], Iterator[str]]:
        return lambda sql: (statement for statement in made(sql) if "cursors SET" not in statement)

    steps = tuple(step._replace(statements=without(step.statements)) for step in migrations.STEPS)
    patch.setattr(migrations, "STEPS", steps)


def epoch_ignored(patch: Patch) -> None:
    original = Feed.pull

    def pull(self: Feed, device_id: str, user_id: str, request: PullRequest) -> PullReply:
        self._epoch = "epoch 0"  # as at the beginning, for good
        return original(self, device_id, user_id, msgspec.structs.replace(request, epoch=""))

    patch.setattr(Feed, "pull", pull)


def places_forgotten(patch: Patch) -> None:
    patch.setattr(filling, "fills", lambda _sql: [])


def what_came_not_noted(patch: Patch) -> None:
    patch.setattr(filling, "note_came", lambda *_: None)


def nothing_swept(patch: Patch) -> None:
    patch.setattr(
        filling, "to_sweep", lambda sql: (sql.value("SELECT scope FROM fills WHERE stage = ?", filling.SWEEP), {})
    )


# Of what happens as years pass


def cut_off_not_applied_at_the_server(patch: Patch) -> None:
    for module in (feed_module, filling_of_server):
        patch.setattr(module, "within_sql", lambda *_, **__: "")


def messages_without_their_ticket(patch: Patch) -> None:
    original = share.within_sql

    def within_sql(table: str, cut_off_at: int, *, is_postgresql: bool, alias: str = "") -> str:
        said = original(table, cut_off_at, is_postgresql=is_postgresql, alias=alias)
        return f"{said.partition(' OR EXISTS ')[0]})" if table == "messages" and said else said

    for module in (feed_module, filling_of_server):
        patch.setattr(module, "within_sql", within_sql)


def conversation_stays_away(patch: Patch) -> None:
    original = server_share.crossed
    patch.setattr(ledger_module, "crossed", lambda *given: (original(*given)[0], []))


def nothing_told_of_what_grew_old_meanwhile(patch: Patch) -> None:
    original = _Page._changed_rows

    def changed_rows(self: _Page, table: str, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        return (change for change in original(self, table, scope, after) if change[1])

    patch.setattr(_Page, "_changed_rows", changed_rows)


def old_rows_kept_at_the_desk(patch: Patch) -> None:
    patch.setattr(rebase, "has_old", lambda _replica: False)


def unsent_work_dropped_when_old(patch: Patch) -> None:
    patch.setattr(Replica, "unsent", _without_when_dropping(Replica.unsent))


def _without_when_dropping(original: Callable[[Replica], list[Command]]) -> Callable[[Replica], list[Command]]:
    def unsent(self: Replica) -> list[Command]:
        is_dropping = sys._getframe(1).f_code.co_name == "drop_old"
        if is_dropping:
            self.sql.do("DELETE FROM base")
        return [] if is_dropping else original(self)

    return unsent


def marks_dropped_too_early(patch: Patch) -> None:
    patch.setattr(server_share, "MARKS_KEPT_MS", 20 * 86_400_000)


def no_resync_after_being_away(patch: Patch) -> None:
    patch.setattr(feed_module, "floors", lambda _sql: {})


def sweep_takes_unsent_work(patch: Patch) -> None:
    original = Puller._sweep

    def sweep(self: Puller) -> ChangeSet:
        scope = self._sql.value("SELECT scope FROM fills WHERE stage = ? ORDER BY scope", filling.SWEEP)
        found = original(self)
        for table in SYNCED:
            here = self._sql.all(f"SELECT id FROM {table} WHERE scope = ? AND rev < 0", scope)
            self._sql.purge(table, [row_id for (row_id,) in here])
        return found

    patch.setattr(Puller, "_sweep", sweep)


def guard_that_does_not_hold(patch: Patch) -> None:
    patch.setattr(rebase, "check_deletion", lambda *_, **__: None)


def taken_anew_without_a_sweep(patch: Patch) -> None:
    patch.setattr(filling, "taken_anew", lambda _sql: [])


def sent_forgotten_while_catching_up(patch: Patch) -> None:
    patch.setattr(recovery, "is_behind", lambda _replica: False)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("D1", "rights are state of the file", rights_in_memory, 0),
    Mutant("D2", "only the newest question's answer counts", no_question_number, 2),
    Mutant("D3", "answers come with the last page only", answers_with_every_page, 25),
    Mutant("D3", "an answer to a push is a hint", outbox_emptied_by_the_pushs_answer, 0),
    Mutant("D3", "the outbox loses what was executed, and no more", outbox_trimmed_too_far, 11),
    Mutant("pages", "a page's cursor is the last revision in it", wrong_page_cut, 3),
    Mutant("D9", "a field is its latest edit", arrival_order_wins, 38),
    Mutant("D9", "stamps travel with the row", stamps_stay_behind, 0),
    Mutant("D9", "a clock wins a minute at most", clocks_that_are_ahead_win, rules.a_clock_that_is_ahead_wins_a_minute_at_most),
    Mutant("D4", "undo brings back the best that remains", undo_restores_its_own_was, 55),
    Mutant("D5", "the undo of what was refused is void", undo_of_a_refused_one_not_void,
           rules.taking_back_what_was_refused_is_void_and_says_nothing),
    Mutant("D6", "a lost scope goes at once", lost_scope_kept, 13),
    Mutant("D7", "a mark removes a row only from the scope it left", gone_regardless_of_scope,
           rules.a_mark_of_an_older_server_leaves_what_went_to_another_of_my_teams),
    Mutant("D7", "a row that leaves a scope leaves a mark", no_gone_mark, 20),
    Mutant("D7", "the mark goes when the row comes back", gone_mark_stays, rules.a_mark_of_leaving_goes_when_the_row_comes_back),
    Mutant("D8", "the server numbers tickets", numbered_by_the_desk, 6),
    Mutant("D10", "children are where their ticket is", children_stay_behind, 0),
    Mutant("D11", "what merely differs is no alarm", alarm_for_every_difference, 7),
    Mutant("D12", "a note on a client deleted meanwhile is taken", no_note_on_a_deleted_client,
           rules.a_note_on_a_client_deleted_meanwhile_is_taken),
    Mutant("base", "the server's row under mine is kept", no_base, 0),
    Mutant("base", "a newer image is not replaced by an older row", base_overwritten_by_a_stale_row,
           rules.a_stale_row_leaves_the_image_of_the_newer_one),
    Mutant("seq", "what comes after a gap waits", gaps_accepted, rules.what_comes_after_a_gap_waits),
    Mutant("drop", "nothing of a refused command remains", writes_of_a_refused_one_kept,
           rules.nothing_of_a_refused_command_remains),
    Mutant("guard", "a claim is taken back only while it stands", undo_without_its_guard,
           rules.a_claim_is_taken_back_only_while_it_stands),
    Mutant("sent", "what was taken is remembered for a server that forgets", nothing_sent_is_remembered, 5),
    Mutant("sent", "what is refused of it later is told", late_refusals_not_told,
           rules.what_is_refused_when_it_comes_again_late_is_told),
    Mutant("sent", "nothing of it is forgotten before it is looked through", sent_forgotten_while_catching_up,
           rules.what_was_sent_long_ago_is_sent_again_to_a_server_that_lost_it),
    Mutant("epoch", "a server that was put back says so", epoch_ignored,
           rules.a_server_that_was_put_back_and_went_on_is_noticed),
    Mutant("fills", "older rows go on where they were", places_forgotten, 1),
    Mutant("fills", "what came again stays", what_came_not_noted, 23),
    Mutant("fills", "what did not come again goes", nothing_swept, 53),
    Mutant("share", "old rows stay on the server", cut_off_not_applied_at_the_server, 1),
    Mutant("share", "messages are kept with their ticket", messages_without_their_ticket, 3),
    Mutant("share", "a conversation comes back with its ticket", conversation_stays_away, 81),
    Mutant("share", "what was done and grew old meanwhile leaves", nothing_told_of_what_grew_old_meanwhile, 228),
    Mutant("share", "what grows old leaves the desk", old_rows_kept_at_the_desk, 18),
    Mutant("share", "unsent work keeps its rows, however old", unsent_work_dropped_when_old, 8),
    Mutant("share", "a scope of which more is kept loses what left", taken_anew_without_a_sweep, 301),
    Mutant("marks", "marks are kept for ninety days", marks_dropped_too_early, 83),
    Mutant("marks", "who was away for longer takes the scope again", no_resync_after_being_away, 146),
    Mutant("marks", "the sweep leaves unsent work alone", sweep_takes_unsent_work, 28),
    Mutant("mass deletion", "very much goes only when somebody has asked", guard_that_does_not_hold, 38),
    Mutant("columns", "an upgraded desk gets everything again", upgrade_without_fetching_again, rules.unsent_work_goes_on_after_an_upgrade),
)  # fmt: skip
