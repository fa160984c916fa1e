"""A backup with what attachments hold, on both databases: each file once, proved when it is put back, or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from csr_desktop.domain.errors import Unreadable
from csr_desktop.server.backup_content import Content, ContentEnd, End, Reading, Record, encoded
from csr_desktop.server.backup_seal import read_private_keys, seal, unseal
from csr_desktop.server.backups import Made, make_backup
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.restoring import Restored, restore_backup
from csr_desktop.system.clock import wall_clock
from tests.postgresql import database_url
from tests.server.test_attachments import TEXT, Site, add, fetch, hashed, send, site
from tests.server.test_backups import Safe, everything, findings, run, safe

__all__ = ["safe", "site"]
PICTURE = bytes(range(256)) * 10


def backup(safe: Safe, site: Site) -> Made:
    contents = ContentFolder(site.path / "attachments")
    return make_backup(
        ServerFolder(site.path, site.database), safe.place, [safe.public], clock=wall_clock, contents=contents
    )


def restore(safe: Safe, made: Made, folder: ServerFolder) -> Restored:
    return restore_backup(made.path, read_private_keys(safe.key), folder)


def files(home: Path) -> dict[str, bytes]:
    """By the hash that their names say."""
    place = home / "attachments"
    return {p.parent.name + p.name: p.read_bytes() for p in place.rglob("*") if p.is_file()}


def filled(site: Site) -> list[str]:
    """Three attachments of two contents, by one workstation."""
    ada = site.desk("ada")
    found = [add(ada, TEXT), add(ada, PICTURE), add(ada, TEXT)]
    for attachment_id, content in zip(found, (TEXT, PICTURE, TEXT), strict=True):
        send(ada, attachment_id, content)
    return found


def test_what_is_put_back_can_be_opened_again(site: Site, safe: Safe, tmp_path: Path) -> None:
    """Made while the server runs; another's server with all of its files."""
    ids = filled(site)
    made = backup(safe, site)
    assert (made.files, made.missing) == (2, 0)
    assert made.size < len(TEXT), "the same content is in it once, and packed"
    other = database_url("backup_contents") if site.database else ""
    again = ServerFolder(tmp_path / "again", other)
    restored = restore(safe, made, again)
    assert restored.files == 2
    assert files(again.path) == {hashed(TEXT): TEXT, hashed(PICTURE): PICTURE}
    assert everything(again) == everything(ServerFolder(site.path, site.database))
    assert findings(again) == []
    assert all(p.stat().st_mode & 0o077 == 0 for p in (again.path / "attachments").rglob("*")) or os.name == "nt"
    site.path, site.database = again.path, other
    site.start()
    lea = site.desk("lea")
    assert fetch(lea, ids[0], len(TEXT)) == TEXT
    assert fetch(lea, ids[1], len(PICTURE)) == PICTURE


def test_one_without_is_put_back_as_ever_beside_a_folder_that_was_copied(
    site: Site, safe: Safe, tmp_path: Path
) -> None:
    filled(site)
    made = make_backup(ServerFolder(site.path, site.database), safe.place, [safe.public], clock=wall_clock)
    kept = tmp_path / "again" / "attachments" / hashed(TEXT)[:2] / hashed(TEXT)[2:]
    kept.parent.mkdir(parents=True)
    kept.write_bytes(TEXT)
    again = ServerFolder(tmp_path / "again")
    assert restore(safe, made, again).files is None
    assert files(again.path) == {hashed(TEXT): TEXT}


def test_a_file_that_the_server_has_not_whole_is_told_and_keeps_nothing_else_back(
    site: Site, safe: Safe, tmp_path: Path
) -> None:
    filled(site)
    ContentFolder(site.path / "attachments").place_of(hashed(PICTURE)).unlink()
    spoilt = ContentFolder(site.path / "attachments").place_of(hashed(TEXT))
    spoilt.write_bytes(TEXT[:-1] + b"!")
    made = backup(safe, site)
    assert (made.files, made.missing) == (0, 2)
    again = ServerFolder(tmp_path / "again")
    assert restore(safe, made, again).files == 0
    assert files(again.path) == {}
    assert findings(again) == []


def test_what_the_scanner_refused_is_not_missed(site: Site, safe: Safe) -> None:
    filled(site)
    sql = ServerFolder(site.path, site.database).open()
    sql.do("UPDATE contents SET scan = 'refused' WHERE sha256 = ?", hashed(PICTURE))
    sql.db.close()
    ContentFolder(site.path / "attachments").remove(hashed(PICTURE))
    made = backup(safe, site)
    assert (made.files, made.missing) == (1, 0)


def test_one_that_was_changed_or_cut_leaves_no_file_behind(site: Site, safe: Safe, tmp_path: Path) -> None:
    filled(site)
    made = backup(safe, site)
    whole = made.path.read_bytes()
    for content in (whole[:-30], whole[: len(whole) * 2 // 3], whole[:-300] + bytes([whole[-300] ^ 1]) + whole[-299:]):
        made.path.write_bytes(content)
        with pytest.raises(Unreadable, match="damaged or not whole"):
            restore(safe, made, ServerFolder(tmp_path / "again"))
        assert not files(tmp_path / "again")


OTHER = hashed(b"another")


PROVED = ContentEnd(hashed(PICTURE), is_whole=True)


@pytest.mark.parametrize(
    ("wrong", "count"),
    [
        ([Content(hashed(PICTURE), 0, PICTURE[:-1]), PROVED], 1),
        ([Content(hashed(PICTURE), 5, PICTURE), PROVED], 1),
        ([Content(hashed(PICTURE), 0, PICTURE), ContentEnd(OTHER, is_whole=True)], 1),
        ([Content(hashed(PICTURE), 0, PICTURE)], 0),
        ([Content(hashed(PICTURE), 0, PICTURE), PROVED], 2),
        ([Content(hashed(PICTURE), 0, PICTURE), PROVED] * 2, 2),
        ([Content("../../escaped", 0, PICTURE), ContentEnd("../../escaped", is_whole=True)], 1),
        ([Content(OTHER, 0, b"another"), ContentEnd(OTHER, is_whole=True)], 1),
    ],
    ids=["short", "begins later", "another's end", "no end", "one too few", "twice", "a path", "unknown"],
)
@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_contents_that_do_not_fit_are_not_taken(
    site: Site, safe: Safe, tmp_path: Path, wrong: list[Record], count: int
) -> None:
    """Well encrypted, by somebody who may write where backups lie."""
    filled(site)
    records: list[Record] = []
    with backup(safe, site).path.open("rb") as file:
        unseal(file, read_private_keys(safe.key), Reading(records.append).feed)
    counts = next(record.counts for record in records if isinstance(record, End))
    rows = [record for record in records if not isinstance(record, Content | ContentEnd | End)]
    bad = tmp_path / "bad.age"

    def put(contents: list[Record], number: int) -> Restored:
        with bad.open("wb") as file:
            seal((encoded(record) for record in [*rows, *contents, End(counts, number)]), file, [safe.public])
        return restore_backup(bad, read_private_keys(safe.key), ServerFolder(tmp_path / "again"))

    with pytest.raises(Unreadable):
        put(wrong, count)
    assert not files(tmp_path / "again")
    assert not list(tmp_path.rglob("escaped*"))
    assert put([Content(hashed(PICTURE), 0, PICTURE), PROVED], 1).files == 1


KILLED = """
import os, pathlib, sys
from csr_desktop.server import backup_seal, contents, restoring
from csr_desktop.server.folder import ServerFolder
step, (data, place, key, after) = 0, sys.argv[1:]
def counted(call):
    def counting(*given, **named):
        global step
        step += 1
        if step == int(after):
            os.kill(os.getpid(), 9)
        return call(*given, **named)
    return counting
for owner, name in ((os, "fsync"), (pathlib.Path, "replace"), (contents.ContentFolder, "append"),
        (contents.ContentFolder, "proved"), (contents.ContentFolder, "keep"), (restoring, "begin_epoch")):
    setattr(owner, name, counted(getattr(owner, name)))
restoring.restore_backup(pathlib.Path(place), backup_seal.read_private_keys(pathlib.Path(key)),
    ServerFolder(pathlib.Path(data)))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_killed_at_any_step_a_restore_can_be_done_again(site: Site, safe: Safe, tmp_path: Path) -> None:
    filled(site)
    made = backup(safe, site)
    step = 1
    while True:
        again = ServerFolder(tmp_path / f"again-{step}")
        words = [str(again.path), str(made.path), str(safe.key), str(step)]
        code = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, timeout=60).returncode
        assert code in {0, -signal.SIGKILL}
        if not code:
            break
        if not (again.path / "server.db").exists():
            restore(safe, made, again)
        assert {n: b for n, b in files(again.path).items() if len(n) == 64} == {
            hashed(TEXT): TEXT,
            hashed(PICTURE): PICTURE,
        }
        assert not list((again.path / "attachments" / "unfinished").glob("*"))
        step += 1
    assert step > 10


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from the process's own figures")
@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_memory_is_the_same_for_large_files(site: Site, safe: Safe, tmp_path: Path) -> None:
    """80 MB that do not get smaller, there and back, each way in a process of its own."""
    ada, sql = site.desk("ada"), ServerFolder(site.path).open()
    folder = ContentFolder(site.path / "attachments")
    for content in (os.urandom(40 << 20), os.urandom(40 << 20)):
        add(ada, content)
        folder.append("name", 0, content)
        folder.keep("name", hashed(content))
        columns = "sha256, size, kept_at, unnamed_at, scan, tries, tried_at"
        sql.do(f"INSERT INTO contents ({columns}) VALUES (?,?,1,0,'',0,0)", hashed(content), len(content))
    sql.db.close()
    site.close()
    words = ["--data", str(site.path), "--to", safe.public, "--into", str(safe.place)]
    plain = peak("backup", *words)
    full = peak("backup", *words, "--with-attachments")
    newest = max(safe.place.iterdir())
    back = peak("restore", str(newest), "--key", str(safe.key), "--data", str(tmp_path / "again"))
    assert newest.stat().st_size > 80 << 20
    assert sorted(files(tmp_path / "again")) == sorted(files(site.path))
    assert max(full, back) - plain < 20 << 20


PEAK = """
import resource, sys
from csr_desktop.server.cli import server
try:
    server(sys.argv[1:], prog_name="csr-desktop server")
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def peak(*words: str) -> int:
    """The most that was ever resident, in bytes."""
    done = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True, timeout=100)
    return int(done.stdout.split("peak ")[1])


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_from_the_command_line(site: Site, safe: Safe, tmp_path: Path) -> None:
    filled(site)
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "target"
    (site.path / "attachments").rename(elsewhere)
    words = ["--data", site.path, "--to", safe.public, "--into", safe.place, "--with-attachments"]
    lacking = run("backup", *words)
    assert "2 files of attachments could not be read whole" in lacking.output
    made = run("backup", *words, "--attachments", elsewhere)
    assert (made.exit_code, "2 files of attachments." in made.output) == (0, True), made.output
    newest = max(safe.place.iterdir())
    again = tmp_path / "again"
    told = run("restore", newest, "--key", safe.key, "--data", again, "--attachments", target)
    assert (told.exit_code, "2 files of attachments." in told.output) == (0, True), told.output
    assert ContentFolder(target).read(hashed(TEXT), 0, len(TEXT)) == TEXT
    assert not (again / "attachments").exists()
    plain = run("backup", *words[:-1])
    assert plain.exit_code == 0
    without = run("restore", max(safe.place.iterdir()), "--key", safe.key, "--data", tmp_path / "third")
    assert "is not in this backup" in without.output


def test_a_file_of_nothing_comes_back(site: Site, safe: Safe, tmp_path: Path) -> None:
    sql = ServerFolder(site.path, site.database).open()
    columns = "sha256, size, kept_at, unnamed_at, scan, tries, tried_at"
    sql.do(f"INSERT INTO contents ({columns}) VALUES (?,0,1,0,'',0,0)", hashed(b""))
    sql.db.close()
    folder = ContentFolder(site.path / "attachments")
    folder.append("name", 0, b"")
    folder.keep("name", hashed(b""))
    made = backup(safe, site)
    again = ServerFolder(tmp_path / "again")
    assert (made.files, restore(safe, made, again).files) == (1, 1)
    assert files(again.path) == {hashed(b""): b""}
