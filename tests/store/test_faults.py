from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import peewee as pw
import pytest

from csr_desktop.domain.errors import CsrDesktopError, DiskFull, EnvironmentFault, Refused, Unreachable, Unreadable
from csr_desktop.store.faults import said_plainly, translate
from csr_desktop.store.opening import open_server


def sqlite_error(code: int) -> Exception:
    error = sqlite3.OperationalError("as the driver says it")
    error.sqlite_errorcode = code
    return error


class DriverError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate
        super().__init__("as the driver says it")


class OperationalError(DriverError):
    pass


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_IOERR_WRITE, DiskFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, DiskFull),
        (sqlite3.SQLITE_IOERR_FSYNC, EnvironmentFault),
        (sqlite3.SQLITE_READONLY_DIRECTORY, EnvironmentFault),
        (sqlite3.SQLITE_CANTOPEN, EnvironmentFault),
        (sqlite3.SQLITE_BUSY, EnvironmentFault),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, EnvironmentFault),
        (sqlite3.SQLITE_CORRUPT, Unreadable),
        (sqlite3.SQLITE_CORRUPT_VTAB, Unreadable),
        (sqlite3.SQLITE_NOTADB, Unreadable),
    ],
)
def test_what_sqlite_says(code: int, kind: type[CsrDesktopError]) -> None:
    fault = translate(sqlite_error(code))
    assert type(fault) is kind
    assert fault.title.endswith(".")
    assert fault.advice.endswith(".")


@pytest.mark.parametrize("code", [sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_MISUSE])
def test_our_own_mistakes_stay_bugs(code: int) -> None:
    assert translate(sqlite_error(code)) is None


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", DiskFull),
        ("53300", Unreachable),
        ("57P01", Unreachable),
        ("08006", Unreachable),
        ("28P01", Unreachable),
        ("3D000", Unreachable),
        ("25006", EnvironmentFault),
        ("40001", EnvironmentFault),
        ("40P01", EnvironmentFault),
        ("XX001", Unreadable),
    ],
)
def test_what_postgresql_says(state: str, kind: type[CsrDesktopError]) -> None:
    assert type(translate(OperationalError(state))) is kind


def test_a_broken_connection_has_no_state_and_a_wrong_statement_is_a_bug() -> None:
    assert isinstance(translate(OperationalError(None)), Unreachable)
    assert translate(DriverError(None)) is None
    assert translate(DriverError("42P01")) is None


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, EnvironmentFault),
        (errno.EACCES, EnvironmentFault),
    ],
)
def test_what_the_system_says(number: int, kind: type[CsrDesktopError]) -> None:
    fault = translate(OSError(number, "as the system says it", "/place/of/it"))
    assert type(fault) is kind
    if kind is EnvironmentFault:
        assert "/place/of/it" in fault.title


def fail_and_then(later: Exception) -> None:
    try:
        raise sqlite_error(sqlite3.SQLITE_FULL)
    except sqlite3.OperationalError as full:
        raise later from full


def test_the_first_error_counts_and_not_what_came_of_it() -> None:
    hides = pw.OperationalError(sqlite_error(sqlite3.SQLITE_ERROR), "cannot rollback")
    with pytest.raises(DiskFull) as caught, said_plainly():
        fail_and_then(hides)
    assert caught.value.__cause__ is hides


def test_a_bug_that_came_while_a_fault_was_handled_is_a_bug() -> None:
    with pytest.raises(KeyError), said_plainly():
        fail_and_then(KeyError("missing"))


def test_rules_and_interruptions_pass_untouched() -> None:
    refused = Refused("taken", "Somebody was faster.")
    with pytest.raises(Refused) as caught, said_plainly():
        raise refused
    assert caught.value is refused
    with pytest.raises(KeyboardInterrupt), said_plainly():
        raise KeyboardInterrupt


def test_an_unclear_error_is_tried_out_where_it_happened(tmp_path: Path) -> None:
    unclear = sqlite_error(sqlite3.SQLITE_IOERR)
    assert type(translate(unclear, tmp_path)) is EnvironmentFault
    assert type(translate(unclear, tmp_path / "gone")) is EnvironmentFault
    assert list(tmp_path.iterdir()) == []
    if Path("/dev/full").exists():
        probe = pytest.MonkeyPatch()
        with probe.context() as patch, Path("/dev/full").open("wb", buffering=0) as full:
            patch.setattr(Path, "write_bytes", lambda _path, content: full.write(content))
            assert isinstance(translate(unclear, tmp_path), DiskFull)


def test_an_address_without_a_server_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        open_server(f"postgresql://csr:hidden-word@/none?host={tmp_path}")
    assert "hidden-word" not in str(caught.value)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    path.write_bytes(b"not a database at all" * 400)
    with pytest.raises(Unreadable) as caught:
        open_server(path)
    assert caught.value.kind == "damaged"
    assert path.read_bytes().startswith(b"not a database")
