from __future__ import annotations

import json
import logging
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.system.diagnostics import FILE_BYTES, FILE_COUNT, LOG_FILE, DiagnosticsLog, masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE = "Sample Bakery"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DiagnosticsLog]:
    names = ("peewee", "httpx2", "httpcore2", "keyring", "asyncio")
    levels = {name: logging.getLogger(name).level for name in names}
    made = DiagnosticsLog(tmp_path)
    yield made
    made.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(place: Path) -> list[dict[str, Any]]:
    path = place / LOG_FILE
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def test_a_line_says_what_when_and_where_and_only_allowed_values(log: DiagnosticsLog, tmp_path: Path) -> None:
    structlog.get_logger("csr_desktop.sync").info(
        "pull applied", rows=12_345_678, seconds=0.25, client=PRIVATE, note=f"{PRIVATE} called", kind={"name": PRIVATE}
    )
    (line,) = lines(tmp_path)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "pull applied",
        "level": "info",
        "logger": "csr_desktop.sync",
        "rows": 12_345_678,
        "seconds": 0.25,
        "kind": "dict",
        "dropped": 2,
    }
    if os.name == "posix":
        assert (tmp_path / LOG_FILE).stat().st_mode & 0o777 == 0o600


def test_of_other_libraries_only_the_pattern_is_kept(log: DiagnosticsLog, tmp_path: Path) -> None:
    logging.getLogger("some.library").warning(
        "could not reach %s for %s", "server.example", PRIVATE, extra={"client": PRIVATE}
    )
    logging.getLogger("some.library").warning(ValueError(PRIVATE))
    logging.getLogger("some.library").warning(f"could not reach {PRIVATE}")  # noqa: G004  # as some libraries do
    pattern, *places = [line["event"] for line in lines(tmp_path)]
    assert pattern == "could not reach %s for %s"
    assert [str(place).partition(":")[0] for place in places] == ["test_diagnostics.py"] * 2
    assert PRIVATE not in (tmp_path / LOG_FILE).read_text("utf-8")


def test_statements_and_requests_are_never_written(log: DiagnosticsLog, tmp_path: Path) -> None:
    import peewee as pw

    db = pw.SqliteDatabase(":memory:", autoconnect=False)
    db.connect()
    db.execute_sql("SELECT ?", (PRIVATE,))
    db.close()
    for name in ("peewee", "httpx2", "httpcore2.http11"):
        logging.getLogger(name).debug(PRIVATE)
        logging.getLogger(name).info(PRIVATE)
    assert lines(tmp_path) == []


def test_even_a_log_of_everything_holds_no_statement(tmp_path: Path) -> None:
    log = DiagnosticsLog(tmp_path, logging.DEBUG)
    try:
        assert logging.getLogger("peewee").getEffectiveLevel() == logging.WARNING
        logging.getLogger("peewee").debug(("PRAGMA key = ?", [PRIVATE]))
        assert lines(tmp_path) == []
    finally:
        log.close()


def test_an_error_is_written_without_its_words(log: DiagnosticsLog, tmp_path: Path) -> None:
    def fails(name: str) -> None:
        raise ValueError(name)

    try:
        fails(PRIVATE)
    except ValueError as error:
        structlog.get_logger("csr_desktop").exception("call failed")
        structlog.get_logger("csr_desktop").error("call failed", exc_info=error)
        logging.getLogger("some.library").exception("call failed")
    found = lines(tmp_path)
    assert len(found) == 3
    for line in found:
        assert line["error"] == "ValueError"
        assert line["frames"][-1].startswith("system/test_diagnostics.py:")
        assert line["frames"][-1].endswith(" fails")
    assert PRIVATE not in (tmp_path / LOG_FILE).read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "+1 (212) 555-0123",
        "212.555.0123",
        "5550123",
        "123-45-6789",
        "4111 1111 1111 1111",
        "DE02 1203 0000 0000 2020 51",
    ],
)
def test_a_persons_number_never_gets_through(text: str) -> None:
    assert sum(map(str.isdigit, masked(f"for {text} now"))) <= 2


@given(st.text(alphabet="0123456789 -.()/x", max_size=60))
def test_no_seven_digits_in_a_row_are_left(text: str) -> None:
    run = 0
    for sign in masked(text):
        run = run + 1 if sign.isdigit() else 0
        assert run < 7


@pytest.mark.parametrize("text", ["12 rows in 0.5 s", "status 503", "build 2026.11", "port 65535", "123456"])
def test_small_numbers_stay(text: str) -> None:
    assert masked(text) == text


def test_it_never_takes_more_than_its_room(log: DiagnosticsLog, tmp_path: Path) -> None:
    noise = random.Random(1)
    logger = structlog.get_logger("csr_desktop")
    for _ in range(30_000):
        logger.info("x" * 180, kind="".join(noise.choices("abcdefgh", k=150)))
    files = list(tmp_path.iterdir())
    assert len(files) == FILE_COUNT + 1
    assert sum(file.stat().st_size for file in files) <= (FILE_COUNT + 1) * FILE_BYTES
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = DiagnosticsLog(tmp_path / "gone")
    structlog.get_logger("csr_desktop").info("still running")
    log.close()
    assert capfd.readouterr() == ("", "")


def test_after_closing_nothing_is_left_behind(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    DiagnosticsLog(tmp_path).close()
    assert (root.level, list(root.handlers)) == before
    assert not structlog.is_configured()
