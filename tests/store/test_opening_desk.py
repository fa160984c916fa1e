from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import peewee as pw
import pytest

from csr_desktop.domain.errors import EnvironmentFault, Unreadable
from csr_desktop.store.meta_file import Meta, meta_path, read_meta, write_meta
from csr_desktop.store.opening import close_desk, open_desk, open_server, refresh_meta, set_aside
from csr_desktop.store.sql import Sql

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
Open = Callable[[], Sql]
SECRET = "Sample Bakery promised a callback"


def clock() -> int:
    return 1_700_000_000_000


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and not p.name.endswith(("-shm", "-wal"))}


def refusal(path: Path, key: bytes = KEY) -> str:
    """The kind of the refusal; and it changes nothing."""
    before = contents(path.parent)
    with pytest.raises(Unreadable) as refused:
        open_desk(path, key, clock=clock)
    assert contents(path.parent) == before
    assert refused.value.title.endswith(".")
    assert refused.value.advice.endswith(".")
    return refused.value.kind


def typed(sql: Sql, seq: int, text: str = SECRET) -> None:
    with sql.transaction():
        sql.do("INSERT INTO drafts VALUES (?, ?, 1)", f"draft {seq}", text)
        sql.do("INSERT INTO state VALUES ('seq', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", str(seq))
        sql.do("INSERT INTO state VALUES ('device_id', 'desk-1') ON CONFLICT (key) DO NOTHING")


def filled(open_it: Open, drafts: int = 300) -> None:
    sql = open_it()
    for seq in range(1, drafts + 1):
        typed(sql, seq, SECRET * 20)
    close_desk(sql)


def test_each_connection_is_set_up_to_lose_and_to_show_nothing(opened: Open, desk_path: Path) -> None:
    sql = opened()
    found: list[dict[str, object]] = []
    wanted = (
        "journal_mode",
        "synchronous",
        "foreign_keys",
        "trusted_schema",
        "secure_delete",
        "busy_timeout",
        "temp_store",
    )

    def look() -> None:
        sql.db.connect(reuse_if_open=True)
        found.append({name: sql.value(f"PRAGMA {name}") for name in wanted})

    def look_elsewhere() -> None:
        look()
        sql.db.close()

    look()
    other = threading.Thread(target=look_elsewhere)
    other.start()
    other.join()
    assert found[0] == found[1]
    assert found[0] == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "secure_delete": 1,
        "busy_timeout": 20_000,
        "temp_store": 0,
    }
    assert ("TEMP_STORE=2",) in sql.all("PRAGMA compile_options")  # what is sorted stays in memory
    if os.name == "posix":
        assert {p.name: oct(p.stat().st_mode & 0o777) for p in desk_path.parent.iterdir()} == dict.fromkeys(
            ("desk.db", "desk.db-wal", "desk.db-shm", "desk.db.meta"), "0o600"
        )


def test_a_thread_that_did_not_connect_is_told_so(opened: Open) -> None:
    sql = opened()
    errors: list[str] = []

    def use() -> None:
        try:
            sql.value("SELECT 1")
        except pw.InterfaceError as error:
            errors.append(type(error).__name__)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert errors == ["InterfaceError"]


def test_nothing_readable_is_on_the_disk_and_only_the_key_opens_it(opened: Open, desk_path: Path) -> None:
    sql = opened()
    typed(sql, 1)
    for file in desk_path.parent.iterdir():
        content = file.read_bytes()
        assert b"Sample Bakery" not in content, file.name
        assert b"SQLite format" not in content, file.name
        assert KEY not in content
        assert KEY.hex().encode() not in content
    close_desk(sql)
    assert refusal(desk_path, bytes(32)) == "wrong_key"
    sql = opened()
    assert sql.value("SELECT body FROM drafts") == SECRET
    close_desk(sql)


def test_a_key_of_another_length_is_a_bug(desk_path: Path) -> None:
    with pytest.raises(ValueError, match="32"):
        open_desk(desk_path, b"short", clock=clock)
    assert not desk_path.exists()


def test_a_missing_file_is_not_made_anew(opened: Open, desk_path: Path) -> None:
    filled(opened)
    desk_path.rename(desk_path.with_name("elsewhere"))
    assert refusal(desk_path) == "missing"
    meta_path(desk_path).write_text("{ half of")
    assert refusal(desk_path) == "missing"


def test_an_emptied_file_is_not_filled_anew(opened: Open, desk_path: Path) -> None:
    filled(opened)
    desk_path.write_bytes(b"")
    assert refusal(desk_path) == "emptied"


def test_an_empty_database_in_its_place_is_noticed(opened: Open, desk_path: Path) -> None:
    filled(opened)
    desk_path.unlink()
    from csr_desktop.store.database import desk_database

    other = Sql(desk_database(desk_path, KEY, clock))
    other.db.connect()
    other.do("CREATE TABLE other (x)")
    other.db.close()
    assert refusal(desk_path) == "damaged"


def test_an_older_copy_is_noticed(opened: Open, desk_path: Path, tmp_path: Path) -> None:
    filled(opened, 5)
    older = shutil.copy(desk_path, tmp_path / "older")
    sql = opened()
    typed(sql, 6)
    close_desk(sql)
    shutil.copy(older, desk_path)
    assert refusal(desk_path) == "rolled_back"


def test_another_file_with_the_same_key_is_noticed(opened: Open, desk_path: Path, tmp_path: Path) -> None:
    filled(opened, 1)
    other = tmp_path / "other" / "desk.db"
    other.parent.mkdir()
    sql = open_desk(other, KEY, clock=clock)
    for seq in (1, 2):
        typed(sql, seq)
    close_desk(sql)
    shutil.copy(other, desk_path)
    assert refusal(desk_path) == "rolled_back"


def test_a_new_device_of_the_same_file_counts_from_one_again(opened: Open, desk_path: Path) -> None:
    filled(opened, 50)
    sql = opened()
    sql.do("UPDATE state SET value = 'desk-2' WHERE key = 'device_id'")
    sql.do("UPDATE state SET value = '1' WHERE key = 'seq'")
    sql.db.close()  # as a crash does: the meta still names the first device
    sql = opened()
    close_desk(sql)
    meta = read_meta(desk_path)
    assert meta is not None
    assert (meta.device_id, meta.last_seq) == ("desk-2", 1)


def test_a_newer_file_is_refused_by_its_meta_and_without_it(opened: Open, desk_path: Path) -> None:
    sql = opened()
    sql.do("UPDATE schema_version SET version = 70")
    close_desk(sql)
    meta = read_meta(desk_path)
    assert meta is not None
    assert meta.schema_version == 70
    assert refusal(desk_path) == "newer"
    assert refusal(desk_path, bytes(32)) == "newer"
    meta_path(desk_path).unlink()
    assert refusal(desk_path) == "newer"


def flip(path: Path, at: int, length: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        old = file.read(length)
        file.seek(at)
        file.write(bytes(b ^ 0x5A for b in old))


@pytest.mark.parametrize("length", [1, 512])
def test_a_changed_byte_anywhere_is_told_at_opening(opened: Open, desk_path: Path, length: int) -> None:
    filled(opened)
    whole = desk_path.read_bytes()
    assert len(whole) > 400_000
    chance = random.Random(length)
    used = [0, 5, 40, 4096 - 10, *(chance.randrange(len(whole) - length) for _ in range(12)), len(whole) - length]
    missed = []
    for at in used:
        desk_path.write_bytes(whole)
        flip(desk_path, at, length)
        try:
            assert refusal(desk_path) == "damaged"
        except pytest.fail.Exception:
            missed.append(at)
            close_desk(opened())
    assert missed == []


@pytest.mark.parametrize("left", [1, 100, 4096, 5000, 100_000])
def test_a_cut_file_is_told_at_opening(opened: Open, desk_path: Path, left: int) -> None:
    filled(opened)
    os.truncate(desk_path, left)
    assert refusal(desk_path) == "damaged"


def test_a_cut_header_is_told_at_opening(opened: Open, desk_path: Path) -> None:
    filled(opened)
    desk_path.write_bytes(desk_path.read_bytes()[4096:])
    assert refusal(desk_path) == "damaged"


CRASHES = """
import os, sys
from pathlib import Path
from csr_desktop.store.opening import open_desk, refresh_meta
sql = open_desk(Path(sys.argv[1]), bytes(range(32)), clock=lambda: 1)
for seq in range(1, 21):
    with sql.transaction():
        sql.do("INSERT INTO drafts VALUES (?, ?, 1)", f"draft {seq}", "x" * 500)
        sql.do("INSERT INTO state VALUES ('seq', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", str(seq))
    if seq == 10:
        refresh_meta(sql)
print("acknowledged", flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def crashed(desk_path: Path) -> Path:
    """A file whose program was killed: 20 commands acknowledged, the meta knows of 10, most of it in the WAL."""
    ended = subprocess.run([sys.executable, "-c", CRASHES, str(desk_path)], capture_output=True, check=False)
    assert ended.stdout == b"acknowledged\n", ended.stderr.decode()
    assert ended.returncode == -9
    return desk_path


def test_after_a_kill_all_that_was_acknowledged_is_there(crashed: Path, opened: Open) -> None:
    sql = opened()
    assert sql.value("SELECT COUNT(*) FROM drafts") == 20
    meta = read_meta(crashed)
    assert meta is not None
    assert (meta.last_seq, meta.is_closed) == (20, False)
    close_desk(sql)


@pytest.mark.parametrize("harm", ["deleted", "cut", "changed"])
def test_a_wal_that_was_harmed_is_noticed_by_the_meta(crashed: Path, harm: str) -> None:
    wal = crashed.with_name("desk.db-wal")
    if harm == "deleted":
        wal.unlink()
        crashed.with_name("desk.db-shm").unlink()
    elif harm == "cut":
        os.truncate(wal, 5000)
    else:
        flip(wal, 40, 100)
    with pytest.raises(Unreadable) as refused:
        open_desk(crashed, KEY, clock=clock)
    assert refused.value.kind in {"rolled_back", "damaged"}


def test_a_damaged_meta_is_made_again(opened: Open, desk_path: Path) -> None:
    filled(opened, 3)
    for content in (b"", b"\xff\xfe", b'{"key_check": 5}', b"[]"):
        meta_path(desk_path).write_bytes(content)
        sql = opened()
        close_desk(sql)
        meta = read_meta(desk_path)
        assert meta is not None
        assert (meta.last_seq, meta.is_initialised, meta.is_closed) == (3, True, True)


def test_a_clean_file_is_not_read_through_and_an_unclean_one_is(opened: Open, desk_path: Path) -> None:
    filled(opened)
    checks: list[str] = []

    def opened_and_watched() -> None:
        from csr_desktop.store.database import DeskDatabase

        original: Any = DeskDatabase.execute_sql

        def watched(self: DeskDatabase, sql: str, params: object = None) -> object:
            checks.append(sql)
            return original(self, sql, params)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DeskDatabase, "execute_sql", watched)
            opened()

    opened_and_watched()
    assert "PRAGMA quick_check(1)" not in checks
    opened_and_watched()  # the first is still open, as if it had crashed
    assert "PRAGMA quick_check(1)" in checks


def test_while_another_thread_has_it_open_it_does_not_count_as_closed(opened: Open, desk_path: Path) -> None:
    sql = opened()
    typed(sql, 1)
    ready, leave = threading.Event(), threading.Event()

    def sync() -> None:
        sql.db.connect()
        sql.value("SELECT COUNT(*) FROM state")
        ready.set()
        leave.wait(10)
        sql.db.close()

    thread = threading.Thread(target=sync)
    thread.start()
    ready.wait(10)
    close_desk(sql)
    meta = read_meta(desk_path)
    leave.set()
    thread.join()
    assert meta is not None
    assert not meta.is_closed


def test_the_meta_follows_after_each_sync(opened: Open, desk_path: Path) -> None:
    sql = opened()
    typed(sql, 41)
    refresh_meta(sql)
    meta = read_meta(desk_path)
    assert meta is not None
    assert (meta.device_id, meta.last_seq, meta.written_at) == ("desk-1", 41, clock())


def test_a_damaged_file_is_set_aside_whole_and_a_new_one_made(crashed: Path, opened: Open) -> None:
    sizes = {name: crashed.with_name(f"desk.db{name}").stat().st_size for name in ("", "-wal", ".meta")}
    aside = set_aside(crashed)
    assert {name: aside.with_name(aside.name + name).stat().st_size for name in sizes} == sizes
    assert not crashed.exists()
    sql = opened()
    assert sql.value("SELECT COUNT(*) FROM drafts") == 0
    close_desk(sql)
    old = open_desk(aside, KEY, clock=clock)  # nothing in it is lost
    assert old.value("SELECT COUNT(*) FROM drafts") == 20
    close_desk(old)
    assert set_aside(crashed) != aside


def test_a_start_cut_off_before_anything_was_kept_with_another_key(desk_path: Path, opened: Open) -> None:
    write_meta(desk_path, Meta("of a key that was never stored", 0, "x"))
    desk_path.write_bytes(os.urandom(8192))
    sql = opened()
    typed(sql, 1)
    close_desk(sql)
    assert desk_path.with_name("desk.db.set-aside-1").stat().st_size == 8192


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="gone"):
        open_desk(tmp_path / "gone" / "desk.db", KEY, clock=clock)
    with pytest.raises(EnvironmentFault, match="gone"):
        open_server(tmp_path / "gone" / "server.db")
    assert list(tmp_path.iterdir()) == []


READS_ONLY = """
import sys, json
from pathlib import Path
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.store.opening import open_desk
try:
    open_desk(Path(sys.argv[1]), bytes(range(32)), clock=lambda: 1)
except CsrDesktopError as fault:
    print(json.dumps([type(fault).__name__, fault.title]))
"""


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's here")
@pytest.mark.parametrize("what", ["file", "folder", "meta"])
def test_a_read_only_place_is_named(tmp_path: Path, user_command: list[str], what: str) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    path = folder / "desk.db"
    close_desk(open_desk(path, KEY, clock=clock))
    for parent in (tmp_path, *tmp_path.parents):
        if parent.owner() == path.owner() and parent.name.startswith(("test_", "pytest-", "popen-")):
            parent.chmod(0o755)
    place = {"file": path, "folder": folder, "meta": meta_path(path)}[what]
    for item in (folder, *folder.iterdir()):
        item.chmod(0o777 if item.is_dir() else 0o666)
    place.chmod(0o555)
    names = sorted(p.name for p in folder.iterdir())
    ended = subprocess.run(
        [*user_command, sys.executable, "-c", READS_ONLY, str(path)], capture_output=True, check=True
    )
    kind, title = msgspec.json.decode(ended.stdout, type=tuple[str, str])
    assert kind == "EnvironmentFault"
    assert str(place) in title
    assert sorted(p.name for p in folder.iterdir()) == names
    folder.chmod(0o755)
