"""Two desks and a real server: a file attached by one is fetched by the other, through outages, kills and bad bytes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.commands.administration import RemoveMembership
from csr_desktop.commands.tickets import OpenTicket
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.server.attachments import Keeping
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.rates import Limits, Rate
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.inbox_rows import AttachedFile
from csr_desktop.store import attachment_contents as contents
from csr_desktop.store.salvage import make_anew
from csr_desktop.system.clock import wall_clock
from tests.desks import ZONE
from tests.server.desk import CHEAP, Desk, http_client
from tests.server.test_engine import Workstation, until

PART = contents.PART_BYTES
CONTENT = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(5 * PART // 32 + 100))
"""A bit more than 5 MB that packs to nothing less."""


@pytest.fixture
def fast(folder: ServerFolder) -> Iterator[RunningServer]:
    around = Surroundings(passwords=CHEAP, limits=Limits(content=Rate(100_000, 100_000)))
    with RunningServer(folder, surroundings=around) as running:
        yield running


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[[str, str], Workstation]]:
    opened: list[Workstation] = []

    def open_one(url: str, login: str) -> Workstation:
        opened.append(Workstation(tmp_path / "desks" / login, url, login))
        until(opened[-1].is_saved)
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def take_in(desk: Workstation, place: str, content: bytes = CONTENT, name: str = "notice.pdf") -> str:
    """As the window does it, part by part."""
    attachments = desk.data.services.attachments
    content_id = attachments.begin(place, name, len(content))
    for at in range(0, len(content), PART):
        attachments.put(content_id, content[at : at + PART])
    attachments.finish(content_id, hashlib.sha256(content).hexdigest())
    return content_id


def ticket(desk: Workstation) -> str:
    people = desk.data.services.people
    made = OpenTicket(row_id=desk.data.replica.new_id(), scope=people.home_team(), subject="Tax notice")
    desk.do(made)
    return made.row_id


def attach(desk: Workstation, ticket_id: str, content: bytes = CONTENT, name: str = "notice.pdf") -> str:
    content_id = take_in(desk, f"reply:{ticket_id}", content, name)
    desk.data.services.inbox.reply(ticket_id, "Here it is.")
    desk.engine.wake()
    return content_id


def file(desk: Workstation, ticket_id: str, attachment_id: str) -> AttachedFile:
    desk.data.services.changed(desk.changes[-1])
    return next(f for f in desk.data.services.attachments.of_ticket(ticket_id) if f.id == attachment_id)


def state(desk: Workstation, ticket_id: str, attachment_id: str) -> str:
    found = [f.state for f in desk.data.services.attachments.of_ticket(ticket_id) if f.id == attachment_id]
    return found[0] if found else ""


def whole(desk: Workstation, attachment_id: str) -> bytes:
    found, position = b"", 0
    while body := desk.data.services.attachments.part(attachment_id, position):
        found, position = found + body, position + 1
    return found


def test_a_colleague_sees_it_come_and_opens_it(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation]
) -> None:
    ada, bob = open_desk(fast.url, "ada"), open_desk(fast.url, "bob")
    ticket_id = ticket(ada)
    attachment_id = attach(ada, ticket_id, name="..\\notice\u202efdp.exe")
    until(lambda: state(bob, ticket_id, attachment_id) == "there")
    until(lambda: state(ada, ticket_id, attachment_id) == "here")
    found = file(bob, ticket_id, attachment_id)
    assert (found.name, found.size, found.author_name) == ("noticefdp.exe", len(CONTENT), "Ada Sample")
    attachments = bob.data.services.attachments
    assert not attachments.ask_for(attachment_id)
    bob.engine.wake()
    until(lambda: state(bob, ticket_id, attachment_id) == "here")
    assert attachments.ask_for(attachment_id)
    assert whole(bob, attachment_id) == CONTENT
    message = bob.data.services.inbox.conversation(ticket_id).messages[-1]
    assert (message.body, [f.id for f in message.files]) == ("Here it is.", [attachment_id])


def test_what_is_attached_offline_is_sent_later_and_pushes_do_not_wait_for_it(
    folder: ServerFolder, open_desk: Callable[[str, str], Workstation]
) -> None:
    slow = Surroundings(passwords=CHEAP, limits=Limits(content=Rate(1, 0.01)))
    with RunningServer(folder, surroundings=slow) as server:
        ada = open_desk(server.url, "ada")
        ticket_id = ticket(ada)
        attachment_id = attach(ada, ticket_id)
        until(lambda: state(ada, ticket_id, attachment_id) == "sending")
        ada.data.services.inbox.note(ticket_id, "Said meanwhile.")
        ada.engine.wake()
        until(ada.is_saved)
        assert state(ada, ticket_id, attachment_id) == "sending", "the file was held up, the note was not"
        port = int(server.url.rpartition(":")[2])
    later = attach(ada, ticket_id, b"short", "later.txt")
    assert state(ada, ticket_id, later) == "waiting"
    quick = Surroundings(passwords=CHEAP, limits=Limits(content=Rate(100_000, 100_000)))
    with RunningServer(folder, port=port, surroundings=quick) as server:
        until(lambda: [state(ada, ticket_id, i) for i in (attachment_id, later)] == ["here", "here"], 40)


SENDING = """
import sys, time
from pathlib import Path
from tests.server.test_engine import Workstation
from csr_desktop.sync import attachments

put = attachments.contents.note_sent


def told(sql, content_id, sent):
    put(sql, content_id, sent)
    print(sent, flush=True)
    time.sleep(0.3)


attachments.contents.note_sent = told
desk = Workstation(Path(sys.argv[1]), sys.argv[2], "ada")
time.sleep(60)
"""


def test_a_killed_desk_goes_on_with_the_part_it_was_at(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation], tmp_path: Path
) -> None:
    home = tmp_path / "killed"
    ada = Workstation(home, fast.url, "ada")
    until(ada.is_saved)
    ticket_id = ticket(ada)
    until(ada.is_saved)
    ada.engine.stop()
    attachment_id = attach(ada, ticket_id)
    ada.data.close()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    sent: list[list[int]] = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", SENDING, str(home), fast.url], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdout is not None
        told = [int(process.stdout.readline()), int(process.stdout.readline())]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        sent.append(told)
    assert sent[0] == [PART, 2 * PART]
    assert sent[1][0] >= 3 * PART, "it began anew"
    ada = open_again(home, fast.url)
    until(lambda: state(ada, ticket_id, attachment_id) == "here")
    ada.close()
    bob = open_desk(fast.url, "bob")
    bob.data.services.attachments.ask_for(attachment_id)
    bob.engine.wake()
    until(lambda: state(bob, ticket_id, attachment_id) == "here")
    assert whole(bob, attachment_id) == CONTENT


def open_again(home: Path, url: str) -> Workstation:
    return Workstation(home, url, "ada")


def test_fetching_goes_on_where_it_was_and_bad_bytes_are_not_kept(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation]
) -> None:
    ada, bob = open_desk(fast.url, "ada"), open_desk(fast.url, "bob")
    ticket_id = ticket(ada)
    attachment_id = attach(ada, ticket_id)
    until(lambda: state(bob, ticket_id, attachment_id) == "there")
    lying = next((fast.folder.path / "attachments").glob("??/*"))
    good = lying.read_bytes()
    lying.write_bytes(b"x" + good[1:])
    bob.engine.stop()
    sql = bob.data.sql
    bob.data.services.attachments.ask_for(attachment_id)
    contents.put(sql, attachment_id, good[:PART])  # had before it was cut off
    lying.write_bytes(good[:PART].replace(good[:8], b"x" * 8, 1) + good[PART:])
    bob.engine = bob.data.engine(bob.changes.append, bob.statuses.append)
    bob.engine.start()
    until(lambda: state(bob, ticket_id, attachment_id) == "here")
    assert whole(bob, attachment_id) == good, "the part that was here was fetched again"
    contents.drop(sql, attachment_id)
    bob.data.services.attachments.ask_for(attachment_id)
    bob.engine.wake()
    until(lambda: state(bob, ticket_id, attachment_id) == "problem", 40)
    assert file(bob, ticket_id, attachment_id).problem == "damaged"
    assert whole(bob, attachment_id) == b""
    lying.write_bytes(good)
    bob.data.services.attachments.ask_for(attachment_id)
    bob.engine.wake()
    until(lambda: state(bob, ticket_id, attachment_id) == "here")


def test_what_is_too_large_or_empty_is_said_before_it_is_taken(
    folder: ServerFolder, open_desk: Callable[[str, str], Workstation]
) -> None:
    with RunningServer(
        folder, surroundings=Surroundings(passwords=CHEAP, keeping=Keeping(largest_bytes=2_000_000))
    ) as server:
        ada = open_desk(server.url, "ada")
        attachments = ada.data.services.attachments
        assert attachments.limit() == 2_000_000
        with pytest.raises(BadInput, match="At most 2 MB"):
            attachments.begin("reply:t", "big.pdf", 2_000_001)
        with pytest.raises(BadInput, match="empty"):
            attachments.begin("reply:t", "nothing.txt", 0)
        assert ada.data.sql.value("SELECT count(*) FROM attachment_contents") == 0
        ticket_id = ticket(ada)
        big = take_in(ada, f"reply:{ticket_id}", b"x" * 1_500_000)
        until(ada.is_saved)
        ada.engine.stop()
        port = int(server.url.rpartition(":")[2])
    # The limit was lowered between choosing and sending.
    around = Surroundings(passwords=CHEAP, keeping=Keeping(largest_bytes=1_000_000))
    with RunningServer(folder, port=port, surroundings=around):
        ada.engine = ada.data.engine(ada.changes.append, ada.statuses.append)
        ada.data.services.inbox.reply(ticket_id, "Here.")
        ada.engine.start()
        until(lambda: state(ada, ticket_id, big) == "problem")
        assert file(ada, ticket_id, big).problem == "too_large"
        until(ada.is_saved)


def test_what_the_scanner_refused_is_nowhere_any_more(
    folder: ServerFolder, open_desk: Callable[[str, str], Workstation]
) -> None:
    refuse = (sys.executable, "-c", "import sys; sys.exit(1)")
    keeping = Keeping(scan_command=refuse)
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP, keeping=keeping)) as server:
        ada, bob = open_desk(server.url, "ada"), open_desk(server.url, "bob")
        ticket_id = ticket(ada)
        attachment_id = attach(ada, ticket_id, b"harm")
        until(lambda: state(bob, ticket_id, attachment_id) == "refused")
        with pytest.raises(Refused, match="scanner"):
            bob.data.services.attachments.ask_for(attachment_id)
        until(lambda: state(ada, ticket_id, attachment_id) == "refused")
        until(lambda: ada.data.sql.value("SELECT count(*) FROM attachment_parts") == 0)


def test_undo_takes_text_and_file_back_to_the_draft_and_it_can_be_sent_again(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation]
) -> None:
    ada, bob = open_desk(fast.url, "ada"), open_desk(fast.url, "bob")
    ticket_id = ticket(ada)
    first = attach(ada, ticket_id)
    until(lambda: state(bob, ticket_id, first) == "there")
    services = ada.data.services
    services.undo()
    ada.engine.wake()
    assert services.drafts.read(f"reply:{ticket_id}") == "Here it is."
    (waiting,) = services.attachments.waiting_with(f"reply:{ticket_id}")
    assert (waiting.name, waiting.id != first) == ("notice.pdf", True)
    until(lambda: state(bob, ticket_id, first) == "")
    services.inbox.reply(ticket_id, "Here it is.")
    ada.engine.wake()
    until(lambda: state(bob, ticket_id, waiting.id) == "there")
    assert services.attachments.waiting_with(f"reply:{ticket_id}") == ()


def test_leaving_out_and_removing_can_be_taken_back(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation]
) -> None:
    ada = open_desk(fast.url, "ada")
    ticket_id = ticket(ada)
    services, place = ada.data.services, f"note:{ticket_id}"
    content_id = take_in(ada, place)
    services.attachments.leave_out(content_id)
    assert services.attachments.waiting_with(place) == ()
    assert services.undo().changed.touches("attachments")
    assert [f.id for f in services.attachments.waiting_with(place)] == [content_id]
    services.inbox.note(ticket_id, "See the file.")
    services.attachments.remove(content_id)
    assert services.attachments.of_ticket(ticket_id) == ()
    services.undo()
    assert [f.id for f in services.attachments.of_ticket(ticket_id)] == [content_id]
    ada.engine.wake()
    until(lambda: state(ada, ticket_id, content_id) == "here")


def test_the_cache_is_bounded_and_nothing_unsent_is_dropped(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation]
) -> None:
    ada = open_desk(fast.url, "ada")
    ticket_id = ticket(ada)
    ids = [attach(ada, ticket_id, b"%d" % n * PART, f"{n}.txt") for n in range(4)]
    until(lambda: all(state(ada, ticket_id, i) == "here" for i in ids))
    ada.engine.stop()
    unsent, staged = attach(ada, ticket_id, b"u" * PART), take_in(ada, "reply:x", b"s" * PART)
    sql, now = ada.data.sql, ada.data.replica.now()
    for age, content_id in enumerate(ids):
        contents.note_use(sql, content_id, now - age)
    contents.tidy(sql, now, room=2 * PART)
    left = {content_id for (content_id,) in sql.all("SELECT id FROM attachment_contents")}
    assert left == {*ids[:2], unsent, staged}
    contents.tidy(sql, now + 40 * 86_400_000, room=0)
    left = {content_id for (content_id,) in sql.all("SELECT id FROM attachment_contents")}
    assert left == {unsent, staged}
    parts = {content_id for (content_id,) in sql.all("SELECT DISTINCT content_id FROM attachment_parts")}
    assert parts == left


def test_a_lost_teams_files_leave_the_computer(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation]
) -> None:
    ada = open_desk(fast.url, "ada")
    ticket_id = ticket(ada)
    attachment_id = attach(ada, ticket_id)
    until(lambda: state(ada, ticket_id, attachment_id) == "here")
    with http_client(fast.url) as client:
        adm = Desk(client, "adm").begin()
        reply = adm.pull()
        rows = [dict(zip(reply.columns["memberships"], row, strict=True)) for row in reply.rows["memberships"]]
        mine = next(row for row in rows if row["user_id"] == ada.data.account.user_id)
        adm.push(adm.stamp(RemoveMembership(row_id=mine["id"])))
    until(lambda: ada.data.sql.value("SELECT count(*) FROM attachment_contents") == 0)
    assert ada.data.sql.value("SELECT count(*) FROM attachment_parts") == 0


def test_nothing_of_a_file_lies_readable_on_the_disk(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation], tmp_path: Path
) -> None:
    ada = open_desk(fast.url, "ada")
    take_in(ada, "reply:x", b"SSN 000-12-3456 of Sample " * 1000)
    for path in (tmp_path / "desks").rglob("*"):
        if path.is_file():
            assert b"000-12-3456" not in path.read_bytes()


def test_a_damaged_file_is_made_anew_with_what_was_not_sent(
    fast: RunningServer, open_desk: Callable[[str, str], Workstation], tmp_path: Path
) -> None:
    ada = Workstation(tmp_path / "damaged", fast.url, "ada")
    until(ada.is_saved)
    ticket_id = ticket(ada)
    until(ada.is_saved)
    ada.engine.stop()
    unsent = attach(ada, ticket_id)
    staged = take_in(ada, f"note:{ticket_id}", b"kept", "staged.txt")
    account, keys = ada.data.account, ada.data._keys
    ada.data.close()
    make_anew(tmp_path / "damaged" / account.file_name, keys.database_key, ada.data.clock)
    again = DeskData(tmp_path / "damaged", account, keys, wall_clock, ZONE)
    found, position = b"", 0
    while body := again.services.attachments.part(unsent, position):
        found, position = found + body, position + 1
    assert found == CONTENT
    assert [f.id for f in again.services.attachments.waiting_with(f"note:{ticket_id}")] == [staged]
    again.close()


def test_a_server_that_takes_no_files_is_sent_none(
    folder: ServerFolder, open_desk: Callable[[str, str], Workstation]
) -> None:
    around = Surroundings(passwords=CHEAP, keeping=Keeping(largest_bytes=0))
    with RunningServer(folder, surroundings=around) as server:
        ada = open_desk(server.url, "ada")
        with pytest.raises(BadInput, match="does not take files"):
            ada.data.services.attachments.begin("reply:t", "notice.pdf", 10)
