"""Backups: made under load, opened by their key alone, whole or absent, and put back with a new epoch."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Literal

import pytest
import structlog
from click.testing import CliRunner, Result

from csr_desktop.commands import clients
from csr_desktop.domain.errors import BadInput, DiskFull, EnvironmentFault, Refused, Unreadable
from csr_desktop.server.backup_content import Beginning, End, File, encoded
from csr_desktop.server.backup_seal import make_key, read_private_keys, seal
from csr_desktop.server.backups import LOCK_NAME, Made, make_backup
from csr_desktop.server.cli import server as server_group
from csr_desktop.server.folder import ServerFolder, epoch
from csr_desktop.server.restoring import restore_backup
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.search_index import SearchIndex
from csr_desktop.server.verification import verify
from csr_desktop.store.migrations import latest_version, migrate
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row
from csr_desktop.store.whole_tables import whole_tables
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.file_lock import lock_file
from tests import by_hand
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk, http_client, new_id
from tests.server.test_engine import Workstation, until


class Safe:
    """A pair of keys, and a folder for backups."""

    def __init__(self, home: Path) -> None:
        self.key = home / "private.key"
        self.public = make_key(self.key)
        self.place = home / "backups"

    def backup(self, folder: ServerFolder, keep: int = 0) -> Made:
        return make_backup(folder, self.place, [self.public], clock=wall_clock, keep=keep)

    def restore(self, backup: Path, folder: ServerFolder) -> ServerFolder:
        restore_backup(backup, read_private_keys(self.key), folder)
        return folder

    def names(self) -> list[str]:
        return sorted(path.name for path in self.place.iterdir())


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    return Safe(tmp_path)


def everything(folder: ServerFolder) -> dict[str, list[str]]:
    """All rows of all tables; but for the epoch, and for how far a server that runs has looked through its calls."""
    sql = folder.open()
    try:
        found = {
            table: sorted(repr(row) for row in sql.all(f"SELECT {','.join(columns)} FROM {table}"))
            for table, columns in whole_tables(sql).items()
        }
    finally:
        sql.db.close()
    found["counters"] = [
        row for row in found["counters"] if not {"epoch", "calls_joined"} & set(re.findall(r"\w+", row))
    ]
    return found


def epoch_of(folder: ServerFolder) -> str:
    sql = folder.open()
    try:
        return epoch(sql)
    finally:
        sql.db.close()


def findings(folder: ServerFolder) -> list[object]:
    sql = folder.open()
    try:
        return [finding for checked in verify(sql) for finding in checked.findings]
    finally:
        sql.db.close()


def test_what_comes_back_is_what_was_there_under_a_new_epoch(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    made = safe.backup(folder)
    again = safe.restore(made.path, ServerFolder(tmp_path / "again"))
    assert everything(again) == everything(folder)
    assert (again.path / "server.key").read_bytes() == (folder.path / "server.key").read_bytes()
    assert epoch_of(again) != epoch_of(folder)
    assert findings(again) == []
    assert {path.name for path in again.path.iterdir()} == {"server.db", "server.key", "server.lock"}
    assert stat.S_IMODE((again.path / "server.db").stat().st_mode) == 0o600


def test_the_index_of_older_work_is_in_no_backup_and_is_made_anew(
    safe: Safe, folder: ServerFolder, tmp_path: Path
) -> None:
    def indexed(place: ServerFolder) -> tuple[int, int]:
        """Items before and after what the server does by itself."""
        sql = place.open()
        before = int(sql.value("SELECT count(*) FROM search_work"))
        with sql.transaction():
            SearchIndex(sql).step()
        found = before, int(sql.value("SELECT count(*) FROM search_work"))
        sql.db.close()
        return found

    sql = folder.open()
    team = sql.value("SELECT id FROM teams LIMIT 1")
    by_hand.upsert(sql, "interactions", [{**new_row("interactions"), "id": "c", "scope": team, "note": "tax notice"}])
    sql.db.close()
    assert indexed(folder) == (0, 1)
    made = safe.backup(folder)
    assert indexed(safe.restore(made.path, ServerFolder(tmp_path / "again"))) == (0, 1)


def test_what_guards_the_log_stands_again_after_a_restore(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    def guards(place: ServerFolder) -> list[tuple[str, ...]]:
        sql = place.open()
        found = sql.all("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') ORDER BY 1, 2")
        sql.db.close()
        return found

    again = safe.restore(safe.backup(folder).path, ServerFolder(tmp_path / "again"))
    assert guards(again) == guards(folder)
    assert any(kind == "trigger" for kind, *_ in guards(again))


def test_nothing_of_it_can_be_read_without_the_key(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    made = safe.backup(folder)
    content = made.path.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n")
    for secret in (b"Ada Sample", b"Sample Payroll", (folder.path / "server.key").read_bytes().strip()):
        assert secret not in content
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(safe.key.stat().st_mode) == 0o600
    make_key(tmp_path / "other.key")
    with pytest.raises(Unreadable, match="another key"):
        restore_backup(made.path, read_private_keys(tmp_path / "other.key"), ServerFolder(tmp_path / "again"))
    assert not (tmp_path / "again" / "server.db").exists()
    assert not (tmp_path / "again" / "server.key").exists()


def test_any_of_several_keys_opens_it(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    second = tmp_path / "second.key"
    made = make_backup(folder, safe.place, [safe.public, make_key(second)], clock=wall_clock)
    for number, key in enumerate((safe.key, second)):
        restore_backup(made.path, read_private_keys(key), ServerFolder(tmp_path / f"again-{number}"))


def test_one_made_under_load_is_consistent_and_desks_send_what_it_lacks(
    safe: Safe, folder: ServerFolder, tmp_path: Path
) -> None:
    """Two workstations work on while it is made; then it is put back at the same address."""
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server:
        port = int(server.url.rpartition(":")[2])
        desks = [Workstation(tmp_path / login, server.url, login) for login in ("ada", "bob")]
        added: list[str] = []
        made: list[Made] = []
        backing = threading.Thread(target=lambda: made.extend(safe.backup(folder) for _ in range(3)))
        while len(made) < 3 or len(added) < 200:  # a desk's file is written to by the thread that opened it
            if len(added) == 50:
                backing.start()
            added.append(new_id())
            desks[0].do(clients.AddClient(row_id=added[-1], name=f"Sample {len(added)}"))
            time.sleep(0.002)
        backing.join()
        until(lambda: all(desk.is_saved() and desk.has("clients", added[-1]) for desk in desks))
    counts = []
    for number, one in enumerate(made):
        restored = safe.restore(one.path, ServerFolder(tmp_path / f"again-{number}"))
        assert findings(restored) == []
        sql = restored.open()
        counts.append(sql.value("SELECT count(*) FROM clients"))
        sql.db.close()
    assert counts == sorted(counts)
    assert 0 < counts[1] < len(added)
    with RunningServer(
        ServerFolder(tmp_path / "again-1"), port=port, surroundings=Surroundings(passwords=CHEAP)
    ) as back:
        back.parts.sql.db.connect()
        until(lambda: back.parts.sql.value("SELECT count(*) FROM clients") == len(added), 60)
        until(lambda: all(desk.is_saved() for desk in desks), 60)
        for desk in desks:
            assert sorted(i for (i,) in desk.data.sql.all("SELECT id FROM clients")) == sorted(added)
            desk.close()
        back.parts.sql.db.close()
    assert findings(ServerFolder(tmp_path / "again-1")) == []


@pytest.mark.postgresql
def test_a_backup_of_either_database_is_restored_into_either(safe: Safe, tmp_path: Path) -> None:
    shared = ServerFolder(tmp_path / "shared", database_url("backup_from"))
    make_bureau(shared)
    alone = safe.restore(safe.backup(shared).path, ServerFolder(tmp_path / "alone"))
    target = database_url("backup_to")
    back = safe.restore(safe.backup(alone).path, ServerFolder(tmp_path / "back", target))
    assert everything(alone) == everything(shared) == everything(back)
    assert findings(shared) == findings(alone) == findings(back) == []
    with pytest.raises(Refused, match="something in this database"):
        safe.restore(safe.backup(alone).path, ServerFolder(tmp_path / "third", target))
    assert len({epoch_of(place) for place in (shared, alone, back)}) == 3


@pytest.mark.postgresql
def test_what_only_one_of_the_databases_has_is_left_behind(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    sql = folder.open()
    sql.do("ALTER TABLE counters ADD COLUMN own INTEGER NOT NULL DEFAULT 7")
    sql.db.close()
    made = safe.backup(folder).path
    back = safe.restore(made, ServerFolder(tmp_path / "shared", database_url("backup_columns")))
    assert findings(back) == []
    with pytest.raises(Unreadable, match="not a whole backup"):
        safe.restore(made, ServerFolder(tmp_path / "alone"))


@pytest.mark.postgresql
def test_on_postgresql_it_is_of_one_moment_while_others_write(safe: Safe, tmp_path: Path) -> None:
    shared = ServerFolder(tmp_path / "shared", database_url("backup_busy"))
    make_bureau(shared)
    with (
        RunningServer(shared, surroundings=Surroundings(passwords=CHEAP)) as server,
        http_client(server.url) as client,
    ):
        ada = Desk(client).begin()
        ended = threading.Event()

        def work() -> None:
            while not ended.is_set():
                ada.push(*(ada.client_command("Sample") for _ in range(5)))

        working = threading.Thread(target=work)
        working.start()
        try:
            made = [safe.backup(shared) for _ in range(4)]
        finally:
            ended.set()
            working.join()
    for number, one in enumerate(made):
        assert findings(safe.restore(one.path, ServerFolder(tmp_path / f"again-{number}"))) == []


def test_one_that_was_changed_or_cut_anywhere_is_told_and_nothing_is_put_in_place(
    safe: Safe, folder: ServerFolder, tmp_path: Path
) -> None:
    whole = safe.backup(folder).path.read_bytes()
    bad = tmp_path / "bad.age"
    again = ServerFolder(tmp_path / "again")
    size = len(whole)
    for content in (
        b"",
        whole[:20],
        whole[: size // 2],
        whole[:-1],
        whole + b"x",
        whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:],
        whole[: size // 2] + bytes([whole[size // 2] ^ 1]) + whole[size // 2 + 1 :],
    ):
        bad.write_bytes(content)
        with pytest.raises(Unreadable, match="damaged or not whole"):
            safe.restore(bad, again)
        assert {path.name for path in again.path.iterdir()} <= {"server.lock"}
    bad.write_bytes(whole)
    safe.restore(bad, again)


@pytest.mark.parametrize("wrong", ["no end", "fewer rows", "newer", "another format", "a path", "not ours", "no rows"])
def test_what_is_well_encrypted_and_no_whole_backup_is_not_taken(safe: Safe, tmp_path: Path, wrong: str) -> None:
    tables = {"organisations": ["id"]}
    version = latest_version("server")
    beginning = Beginning(1, 0, "0.1.0", version, "1", "sqlite", tables)
    records: dict[str, list[Beginning | File | End]] = {
        "no end": [beginning],
        "fewer rows": [beginning, End({"organisations": 1})],
        "newer": [Beginning(1, 0, "9", version + 1, "1", "sqlite", tables), End({})],
        "another format": [Beginning(2, 0, "9", version, "1", "sqlite", tables), End({})],
        "a path": [beginning, File("../server.key", b"x"), End({"organisations": 0})],
        "no rows": [End({})],
    }
    pieces = [encoded(record) for record in records[wrong]] if wrong in records else [b"something else" * 100]
    bad = tmp_path / "bad.age"
    with bad.open("wb") as file:
        seal(iter(pieces), file, [safe.public])
    with pytest.raises(Unreadable):
        safe.restore(bad, ServerFolder(tmp_path / "again"))
    assert {path.name for path in (tmp_path / "again").iterdir()} == {"server.lock"}
    assert not (tmp_path / "server.key").exists()


def test_a_folder_with_a_server_is_never_written_over(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    made = safe.backup(folder)
    before = (folder.path / "server.db").read_bytes()
    with pytest.raises(Refused, match="not empty"):
        safe.restore(made.path, folder)
    assert (folder.path / "server.db").read_bytes() == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "server.key").write_text("0" * 64)
    with pytest.raises(Refused, match="another server's key"):
        safe.restore(made.path, ServerFolder(other))
    assert (other / "server.key").read_text() == "0" * 64


def test_only_the_newest_are_kept_and_nothing_else_is_touched(safe: Safe, folder: ServerFolder) -> None:
    safe.place.mkdir()
    for name in ("notes.txt", "csr-desktop-other.age", "csr-desktop-20990101T000000.000Z.age.txt"):
        (safe.place / name).write_text("somebody's")
    left = safe.place / "csr-desktop-20200101T000000.000Z.age.part"
    left.write_text("half")
    os.utime(left, (0, 0))
    fresh = safe.place / "csr-desktop-20200101T000001.000Z.age.part"
    fresh.write_text("being written by another server")
    made = [safe.backup(folder, keep=2) for _ in range(4)]
    assert [len(one.removed) for one in made] == [0, 0, 1, 1]
    others = {"notes.txt", "csr-desktop-other.age", "csr-desktop-20990101T000000.000Z.age.txt", fresh.name}
    assert set(safe.names()) == {made[2].path.name, made[3].path.name, *others}


@pytest.mark.parametrize(
    ("keep", "keep_daily", "kept"),
    [
        (0, 0, "01a 01b 02a 04a 04b 05a 05b now"),
        (3, 0, "05a 05b now"),
        (0, 1, "now"),
        (0, 3, "04b 05b now"),
        (2, 3, "04b 05b now"),
        (3, 2, "05a 05b now"),
        (4, 9, "01b 02a 04b 05a 05b now"),
        (90, 1, "01a 01b 02a 04a 04b 05a 05b now"),
    ],
)
def test_of_older_days_the_last_of_each_can_be_kept(
    safe: Safe, folder: ServerFolder, keep: int, keep_daily: int, kept: str
) -> None:
    safe.place.mkdir()
    hours = {"a": "040000", "b": "235959"}
    for name in "01a 01b 02a 04a 04b 05a 05b".split():
        (safe.place / f"csr-desktop-202601{name[:2]}T{hours[name[2]]}.000Z.age").write_text(name)
    made = make_backup(
        folder, safe.place, [safe.public], clock=lambda: 1_767_657_600_000, keep=keep, keep_daily=keep_daily
    )
    made.path.write_text("now")  # 2026-01-06T00:00:00.000Z
    assert " ".join((safe.place / name).read_text() for name in sorted(safe.names())) == kept
    assert len(made.removed) == 8 - len(kept.split())


def test_a_second_one_waits_for_its_turn_and_says_so(safe: Safe, folder: ServerFolder) -> None:
    lock = lock_file(folder.path / LOCK_NAME)
    assert lock is not None
    with pytest.raises(Refused, match="being made already"):
        safe.backup(folder)
    lock.close()
    safe.backup(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_leaves_no_half_backup(safe: Safe, folder: ServerFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: Path, flags: int, mode: int = 0o777) -> int:
        handle = real(path, flags, mode)
        if str(path).endswith(".part"):
            os.dup2(real("/dev/full", os.O_WRONLY), handle)
        return handle

    earlier = safe.backup(folder)
    with monkeypatch.context() as patched:
        patched.setattr("csr_desktop.server.backups.os.open", full)
        with pytest.raises(DiskFull, match="no room"):
            safe.backup(folder, keep=1)
    assert safe.names() == [earlier.path.name]


def test_a_disk_that_fills_during_a_restore_is_said_and_it_can_be_done_again(
    safe: Safe, folder: ServerFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own page limit stands in for the disk."""
    made = safe.backup(folder).path
    with monkeypatch.context() as patched:
        patched.setattr("csr_desktop.server.restoring.migrate", limited_migrate)
        with pytest.raises(DiskFull, match="nothing was restored"):
            safe.restore(made, ServerFolder(tmp_path / "again"))
    assert {path.name for path in (tmp_path / "again").iterdir()} == {"server.lock"}
    safe.restore(made, ServerFolder(tmp_path / "again"))


def limited_migrate(sql: Sql, kind: Literal["server"], *, up_to: int | None = None) -> int:
    reached = migrate(sql, kind, up_to=up_to)
    sql.value(f"PRAGMA max_page_count = {sql.value('PRAGMA page_count') + 1}")
    return reached


KILLED = """
import os, pathlib, signal, sys
from csr_desktop.server import backups, restoring, backup_seal
from csr_desktop.server.folder import ServerFolder
from csr_desktop.system.clock import wall_clock
step, (what, data, place, key, after) = 0, sys.argv[1:]
def counted(call):
    def counting(*given, **named):
        global step
        step += 1
        if step == int(after):
            os.kill(os.getpid(), 9)
        return call(*given, **named)
    return counting
for owner, name in ((os, "open"), (os, "fsync"), (os, "write"), (pathlib.Path, "replace"), (pathlib.Path, "mkdir"),
        (pathlib.Path, "unlink"), (backup_seal._Taking, "write"), (restoring._Loading, "take"),
        (restoring, "fill"), (restoring, "begin_epoch"), (restoring, "migrate")):
    setattr(owner, name, counted(getattr(owner, name)))
if what == "backup":
    backups.make_backup(ServerFolder(pathlib.Path(data)), pathlib.Path(place), [key], clock=wall_clock)
else:
    restoring.restore_backup(pathlib.Path(place), backup_seal.read_private_keys(pathlib.Path(key)),
        ServerFolder(pathlib.Path(data)))
"""


def killed_at(after: int, *words: object) -> bool:
    """Run it in a process that kills itself at that step; whether it came so far."""
    command = [sys.executable, "-c", KILLED, *map(str, words), str(after)]
    code = subprocess.run(command, check=False, capture_output=True, timeout=60).returncode
    assert code in {0, -signal.SIGKILL}
    return code != 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_killed_at_any_step_there_is_a_whole_backup_or_none(safe: Safe, folder: ServerFolder, tmp_path: Path) -> None:
    step, seen = 1, set()
    while killed_at(step, "backup", folder.path, safe.place, safe.public):
        for path in safe.place.iterdir() if safe.place.exists() else ():
            seen.add(path.suffix)
            if path.suffix == ".age":
                safe.restore(path, ServerFolder(tmp_path / f"again-{step}"))
            path.unlink()
        step += 1
    assert step > 6
    assert seen == {".age", ".part"}, "it was killed before or after all of it only"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_killed_at_any_step_a_restore_is_done_or_can_be_done_again(
    safe: Safe, folder: ServerFolder, tmp_path: Path
) -> None:
    made = safe.backup(folder).path
    whole = everything(folder)
    step, done = 1, 0
    while killed_at(step, "restore", tmp_path / f"again-{step}", made, safe.key):
        again = ServerFolder(tmp_path / f"again-{step}")
        try:
            safe.restore(made, again)
        except Refused:
            done += 1  # it was in place as a whole before
        assert everything(again) == whole
        step += 1
    assert step > 20
    assert done < 5


def run(*words: object) -> Result:
    try:
        return CliRunner().invoke(server_group, [str(word) for word in words])
    finally:
        structlog.reset_defaults()


def test_from_the_command_line(folder: ServerFolder, tmp_path: Path) -> None:
    key, place, again = tmp_path / "key", tmp_path / "backups", tmp_path / "again"
    made_key = run("backup-key", key)
    public = made_key.stdout.strip()
    assert public.startswith("age1")
    assert "AGE-SECRET-KEY" not in made_key.output
    assert run("backup-key", key).exit_code == 1, "a key was replaced"
    made = run("backup", "--data", folder.path, "--to", public, "--into", place, "--keep", 3)
    assert made.exit_code == 0, made.output
    (file,) = place.iterdir()
    restored = run("restore", file, "--key", key, "--data", again)
    assert restored.exit_code == 0, restored.output
    assert f"verify --data {again}" in restored.output
    assert run("verify", "--data", again).exit_code == 0
    assert run("restore", file, "--key", key, "--data", again).exit_code == 1
    key.chmod(0o644)
    refused = run("restore", file, "--key", key, "--data", tmp_path / "third")
    assert "chmod 600" in refused.output


@pytest.mark.skipif(shutil.which("age-keygen") is None, reason="age-keygen is not installed")
def test_keys_of_age_keygen_are_as_good(folder: ServerFolder, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
    assert run("backup", "--data", folder.path, "--to", public, "--into", tmp_path / "backups").exit_code == 0
    (file,) = (tmp_path / "backups").iterdir()
    assert run("restore", file, "--key", key, "--data", tmp_path / "again").exit_code == 0


def test_a_private_key_is_not_taken_as_an_argument(safe: Safe, folder: ServerFolder) -> None:
    private = safe.key.read_text().splitlines()[-1]
    refused = run("backup", "--data", folder.path, "--to", private, "--into", safe.place)
    assert (refused.exit_code, "private key" in refused.output, private in refused.output) == (1, True, False)
    assert not safe.place.exists()
    with pytest.raises(BadInput, match="not a public key"):
        make_backup(folder, safe.place, ["age1nonsense"], clock=wall_clock)


def test_a_backup_without_the_server_s_key_is_not_made(safe: Safe, folder: ServerFolder) -> None:
    (folder.path / "server.key").unlink()
    with pytest.raises(EnvironmentFault, match="Put it back"):
        safe.backup(folder)
    assert not safe.place.exists()


def test_a_server_that_was_never_finished_has_no_backup(safe: Safe, tmp_path: Path) -> None:
    begun = ServerFolder(tmp_path / "begun")
    begun.create().db.close()
    with pytest.raises(Unreadable, match="no server"):
        safe.backup(begun, keep=1)
    assert not safe.place.exists()


def test_a_workstations_package_says_in_words_that_backups_are_made_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)  # Python's way of saying that it is not there
    with pytest.raises(EnvironmentFault, match=r"the server.s own package.*age-keygen -o FILE"):
        make_key(tmp_path / "private.key")
    assert not (tmp_path / "private.key").exists()
