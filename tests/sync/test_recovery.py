"""A server put back from a backup, a file put back or copied: what was written is kept, sent, and done once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import AddNote, EditClient
from csr_desktop.domain.errors import Refused, Unreadable
from csr_desktop.domain.sync_status import Recovered
from csr_desktop.protocol import PullReply, PullRequest, PushReply, PushRequest, encode
from csr_desktop.server.feed import Feed
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.problems import Rejected
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Account
from csr_desktop.store.opening import open_server, refresh_meta, restore
from csr_desktop.store.salvage import make_anew
from csr_desktop.sync.answers import Revoked, SignedOut, problem_fault
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.recovery import recovered
from tests.conftest import Office
from tests.desks import KEY, InProcess

CLIENT = "SELECT id FROM clients WHERE deleted = 0 ORDER BY id LIMIT 1"


class Wire(InProcess):
    """As over HTTP: what the server refuses as a whole, and what it looks through before it takes it."""

    def push(self, request: PushRequest) -> PushReply:
        sql, device_id = self._bureau.sql, self._account.device_id
        if sql.value("SELECT id FROM devices WHERE id = ?", device_id) is None:
            raise SignedOut("unknown_device", "The server does not know this workstation.", "Sign in again.")
        for command in map(catalogue.decode, request.commands):
            found = sql.value("SELECT id FROM log WHERE device_id = ? AND seq = ?", device_id, command.seq)
            if found is not None and found.partition("/")[0] != command.id:
                raise Refused("copied", "The data on this workstation was copied.", "Sign in again.")
        return super().push(request)

    def pull(self, request: PullRequest) -> PullReply:
        try:
            return super().pull(request)
        except Rejected as fault:
            raise problem_fault(fault.status, encode(fault.problem)) from fault


def engine_of(office: Office, data: DeskData) -> Engine:
    return Engine(
        data.replica, Wire(office.bureau, data.account), office.clock, lambda _: None, lambda _: None, lambda: 0.5
    )


def note(data: DeskData, text: str) -> str:
    row_id = data.replica.new_id()
    data.replica.do(AddNote(row_id=row_id, client_id=data.sql.value(CLIENT), body=text), words="note")
    return row_id


def bodies(sql: Any) -> list[str]:
    return [
        body for (body,) in sql.all("SELECT body FROM notes WHERE body LIKE 'mine %' AND deleted = 0 ORDER BY body")
    ]


@pytest.fixture
def back_up(office: Office) -> Callable[[], Callable[[str], None]]:
    """Copy the server's database as it stands; the result puts that copy back, under a new epoch."""

    def take() -> Callable[[str], None]:
        bureau = office.bureau
        bureau.sql.db.close()
        copy = bureau.folder.with_name("backup")
        shutil.copytree(bureau.folder, copy)
        bureau.sql = open_server(bureau.folder / "server.db")
        again(office, "epoch")

        def put_back(epoch: str) -> None:
            bureau.sql.db.close()
            shutil.rmtree(bureau.folder)
            shutil.copytree(copy, bureau.folder)
            bureau.sql = open_server(bureau.folder / "server.db")
            again(office, epoch)

        return put_back

    return take


def again(office: Office, epoch: str) -> None:
    bureau = office.bureau
    bureau.ledger = Ledger(bureau.sql, bureau.clock)
    bureau.feed = Feed(bureau.sql, bureau.ledger, bureau.clock, epoch)


def test_a_server_that_lost_a_day_gets_it_again(office: Office, back_up: Callable[[], Callable[[str], None]]) -> None:
    data = office.desk()
    engine = engine_of(office, data)
    note(data, "mine 1, before the backup")
    assert engine.sync_once()
    put_back = back_up()
    note(data, "mine 2, after the backup")
    client_id = data.sql.value(CLIENT)
    name = data.sql.value("SELECT name FROM clients WHERE id = ?", client_id)
    data.replica.do(EditClient(row_id=client_id, changes={"name": (name, "Renamed Sample Inc.")}))
    assert engine.sync_once()
    put_back("another")
    note(data, "mine 3, not sent yet")
    before = bodies(data.sql)
    assert bodies(office.bureau.sql) == ["mine 1, before the backup"]
    assert engine.sync_once(), engine.status
    assert bodies(data.sql) == before, "nothing that was on the screen has gone"
    assert engine.sync_once()
    assert data.replica.waiting_count() == 0
    assert bodies(office.bureau.sql) == before
    assert office.bureau.sql.value("SELECT name FROM clients WHERE id = ?", client_id) == "Renamed Sample Inc."
    assert data.sql.value("SELECT COUNT(*) FROM notes WHERE rev <= 0") == 0
    assert recovered(data.replica) == Recovered("server", office.clock.at, 2, 0)


def test_what_a_colleague_added_and_the_server_lost_stays_in_sight_and_is_counted(
    office: Office, back_up: Callable[[], Callable[[str], None]]
) -> None:
    data, casey = office.desk(), office.desk("casey")
    engine = engine_of(office, data)
    assert engine.sync_once()
    office.bureau.sync(casey)
    put_back = back_up()
    row_id = casey.replica.new_id()
    casey.replica.do(AddNote(row_id=row_id, client_id=data.sql.value(CLIENT), body="mine 9, of Casey"))
    office.bureau.sync(casey)
    assert engine.sync_once()
    assert bodies(data.sql) == ["mine 9, of Casey"]
    put_back("another")
    assert engine.sync_once()
    assert bodies(data.sql) == ["mine 9, of Casey"]
    assert recovered(data.replica) == Recovered("server", office.clock.at, 0, 1)
    assert engine_of(office, casey).sync_once()
    assert engine_of(office, casey).sync_once()
    assert engine.sync_once()
    assert data.sql.value("SELECT rev FROM notes WHERE id = ?", row_id) > 0, "Casey's desk gave it back"


def test_catching_up_that_is_cut_off_goes_on(office: Office, back_up: Callable[[], Callable[[str], None]]) -> None:
    data = office.desk()
    engine = engine_of(office, data)
    put_back = back_up()
    note(data, "mine 1")
    assert engine.sync_once()
    put_back("another")
    note(data, "mine 2")
    pages = 0

    def cut_off() -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise RuntimeError("cut off")

    data.replica.before_commit = cut_off
    with pytest.raises(RuntimeError, match="cut off"):
        engine.sync_once()
    data.replica.before_commit = lambda: None
    note(data, "mine 3, while it catches up")
    assert engine_of(office, data).sync_once()
    assert engine_of(office, data).sync_once()
    assert bodies(office.bureau.sql) == ["mine 1", "mine 2", "mine 3, while it catches up"]
    assert data.replica.waiting_count() == 0


def test_a_file_put_back_from_its_own_backup_sends_what_is_new_and_doubles_nothing(
    office: Office, tmp_path: Path
) -> None:
    data = office.desk()
    engine = engine_of(office, data)
    note(data, "mine 1, unsent in the copy")
    from csr_desktop.store.backup import backup

    backup(data.sql, tmp_path / "copy")
    note(data, "mine 2, made after the copy")
    assert engine.sync_once()
    path = data.sql.db.path  # type: ignore[attr-defined]
    data.close()
    office._open.remove(data)
    restore(path, tmp_path / "copy", KEY, clock=office.clock).db.close()
    data = office.desk()
    note(data, "mine 3, made in the old file")
    engine = engine_of(office, data)
    assert engine.sync_once(), engine.status
    assert engine.sync_once()
    every = ["mine 1, unsent in the copy", "mine 2, made after the copy", "mine 3, made in the old file"]
    assert bodies(office.bureau.sql) == every
    assert bodies(data.sql) == every
    assert data.replica.waiting_count() == 0


def test_a_copied_file_stops_and_goes_on_under_a_new_number(office: Office) -> None:
    data = office.desk()
    engine = engine_of(office, data)
    assert engine.sync_once()
    data.close()
    office._open.remove(data)
    shutil.copytree(office.home / "alex", office.home / "copy")
    data = office.desk()
    first = engine_of(office, data)
    note(data, "mine 1, of the first computer")
    assert first.sync_once()

    from tests.desks import open_data

    other = open_data(office.home / "copy", data.account, office.clock)
    office._open.append(other)
    second = engine_of(office, other)
    note(other, "mine 2, of the second computer")
    assert not second.sync_once()
    assert second.status.state == "copied"
    assert other.replica.waiting_count() == 1
    renewed = account_of_new_device(office, other.account)
    other.rejoin(renewed, other._keys)
    second = engine_of(office, other)
    assert second.sync_once(), second.status
    assert first.sync_once()
    for sql in (office.bureau.sql, data.sql, other.sql):
        assert bodies(sql) == ["mine 1, of the first computer", "mine 2, of the second computer"]


def account_of_new_device(office: Office, account: Account) -> Account:
    import msgspec

    renewed = msgspec.structs.replace(account, device_id="device-anew")
    insert = (
        "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq)"
        " VALUES (?,?,?,?,0,0,0,0)"
    )
    office.bureau.sql.do(insert, renewed.device_id, renewed.user_id, "test", b"")
    return renewed


def test_a_server_that_does_not_know_the_workstation_any_more_keeps_it_waiting(office: Office) -> None:
    data = office.desk()
    office.bureau.sql.do("DELETE FROM devices WHERE id = ?", data.account.device_id)
    again(office, "another")
    note(data, "mine 1")
    engine = engine_of(office, data)
    assert not engine.sync_once()
    assert engine.status.state == "signed_out"
    data.rejoin(account_of_new_device(office, data.account), data._keys)
    engine = engine_of(office, data)
    assert engine.sync_once()
    assert bodies(office.bureau.sql) == ["mine 1"]
    assert data.replica.waiting_count() == 0


def test_what_the_server_never_takes_is_not_called_saved(office: Office) -> None:
    """A number that is missing in between: the server takes nothing behind it."""
    data = office.desk()
    engine = engine_of(office, data)
    assert engine.sync_once()
    note(data, "mine 1")
    waiting = data.sql.all("SELECT group_id, body FROM outbox")
    data.replica.renumber(waiting, data.account.device_id, 5)
    data.replica.set_state("answered", "0")
    assert not engine.sync_once()
    assert engine.status.state == "stopped"
    data.services.sync_state.set_phase("stopped", office.clock.at)
    assert data.services.sync_state.words().code == "stopped"


def test_lower_numbers_after_a_restored_server_are_no_older_file(
    office: Office, back_up: Callable[[], Callable[[str], None]]
) -> None:
    data = office.desk()
    put_back = back_up()
    for number in range(3):
        note(data, f"mine {number}")
    engine = engine_of(office, data)
    assert engine.sync_once()
    data.sql.do("DELETE FROM sent")
    refresh_meta(data.sql)
    put_back("another")
    assert engine.sync_once()
    assert data.replica.state()["seq"] == "0"
    data.sql.db.close()  # as a crash does: the meta still says 3
    office._open.remove(data)
    assert bodies(office.desk().sql) == ["mine 0", "mine 1", "mine 2"]


def test_unsent_work_is_taken_out_of_a_damaged_file(office: Office) -> None:
    data = office.desk()
    engine = engine_of(office, data)
    note(data, "mine 1, sent")
    assert engine.sync_once()
    note(data, "mine 2, unsent")
    data.services.drafts.write("call", "half a sentence")
    path = data.sql.db.path  # type: ignore[attr-defined]
    data.close()
    office._open.remove(data)
    damage(path)
    with pytest.raises(Unreadable) as told:
        office.desk()
    assert told.value.kind == "damaged"
    make_anew(path, KEY, office.clock)
    data = office.desk()
    assert data.replica.state()["salvaged"] == "1"
    assert data.services.drafts.read("call") == "half a sentence"
    engine = engine_of(office, data)
    assert engine.sync_once(), engine.status
    note(data, "mine 3, in the new file")
    assert engine.sync_once()
    assert data.replica.waiting_count() == 0
    every = ["mine 1, sent", "mine 2, unsent", "mine 3, in the new file"]
    assert bodies(office.bureau.sql) == every
    assert bodies(data.sql) == every
    assert list(path.parent.glob("*set-aside*")), "the damaged file is kept"


def damage(path: Path) -> None:
    """Noise over the pages of the largest table."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        for at in range(size // 2, size // 2 + 400_000, 4096):
            file.seek(at)
            file.write(bytes(range(256)) * 2)


def test_nothing_can_be_taken_out_of_a_file_without_its_head(office: Office) -> None:
    data = office.desk()
    note(data, "mine 1")
    path = data.sql.db.path  # type: ignore[attr-defined]
    data.close()
    office._open.remove(data)
    with path.open("r+b") as file:
        file.write(bytes(4096))
    make_anew(path, KEY, office.clock)
    data = office.desk()
    assert data.replica.state()["salvaged"] == "-1"
    assert engine_of(office, data).sync_once()


def test_unsent_work_that_could_be_read_only_in_part_needs_the_person(office: Office) -> None:
    data = office.desk()
    assert engine_of(office, data).sync_once()
    path = data.sql.db.path  # type: ignore[attr-defined]
    data.sql.all("VACUUM")
    data.sql.all("PRAGMA wal_checkpoint(TRUNCATE)")
    first = path.stat().st_size // 4096
    with data.sql.transaction():
        for number in range(40):
            data.services.drafts.write(f"reply:{number:02}", "half a sentence " * 50)
    data.close()
    office._open.remove(data)
    with path.open("r+b") as file:
        for page in (first + 3, first + 4):
            file.seek((page - 1) * 4096)
            file.write(bytes(range(64)))
    make_anew(path, KEY, office.clock)
    data = office.desk()
    assert 0 < len(data.services.drafts.keys("reply:")) < 40
    assert engine_of(office, data).sync_once()
    found = recovered(data.replica)
    assert found == Recovered("damaged", office.clock.at, is_in_part=True)
    assert found.needs_person
    assert data.services.sync_state.words().code == "needs_you"
    assert "old_file" not in data.replica.state()


@pytest.mark.parametrize("what", ["missing", "emptied"])
def test_a_file_that_went_missing_is_made_anew_and_what_was_in_it_is_not_called_safe(office: Office, what: str) -> None:
    data = office.desk()
    engine = engine_of(office, data)
    note(data, "mine 1, sent")
    assert engine.sync_once()
    note(data, "mine 2, unsent")
    path = data.sql.db.path  # type: ignore[attr-defined]
    data.close()
    office._open.remove(data)
    path.unlink()
    if what == "emptied":
        path.touch()
    with pytest.raises(Unreadable) as told:
        office.desk()
    assert told.value.kind == what
    make_anew(path, KEY, office.clock)
    data = office.desk()
    assert data.replica.state()["salvaged"] == "-1"
    engine = engine_of(office, data)
    assert engine.sync_once(), engine.status
    note(data, "mine 3, in the new file")
    assert engine.sync_once(), engine.status
    assert bodies(office.bureau.sql) == ["mine 1, sent", "mine 3, in the new file"]
    assert data.replica.waiting_count() == 0
    found = recovered(data.replica)
    assert found == Recovered("missing", office.clock.at, salvaged_count=-1)
    assert found.needs_person


def test_a_revoked_workstation_counts_what_is_nowhere_else(office: Office) -> None:
    data = office.desk()

    class Closed(Wire):
        def push(self, request: PushRequest) -> PushReply:
            raise Revoked("revoked", "An administrator signed this computer out.", "Sign in again.")

    data.services.drafts.write("note:c", "half a sentence")
    call = data.services.calls.start("555-0100")
    data.services.calls.set_note(call.id, "while it rings")
    with data.sql.transaction():
        data.sql.do("INSERT INTO needs_you VALUES ('a', x'00', 'refused', 'taken', '', 1)")
        data.sql.do("INSERT INTO needs_you VALUES ('b', x'00', 'differs', '', '', 1)")
        data.sql.do("INSERT INTO drafts VALUES ('saved_call:g', '{}', 1)")
    note(data, "mine 1")
    wire = Closed(office.bureau, data.account)
    engine = Engine(data.replica, wire, office.clock, lambda _: None, lambda _: None, lambda: 0.5)
    assert not engine.sync_once()
    status = engine.status
    assert (status.state, status.waiting_count, status.unfinished_count) == ("revoked", 1, 3)
