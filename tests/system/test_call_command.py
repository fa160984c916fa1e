"""The command that softphones run, as a process of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csr_desktop.system.places import Places
from csr_desktop.system.settings import Settings, SettingsFile
from csr_desktop.system.single_instance import Claim, claim

NOT_RUNNING = 3


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places.under(tmp_path)
    made.make()
    SettingsFile(made.config / "settings.json").save(Settings(calls_open_desk=False))
    return made


def run(
    places: Places, *words: str, python: tuple[str, ...] = ("-m", "csr_desktop")
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CSR_DESKTOP_HOME": str(places.data.parent)}
    return subprocess.run(
        [sys.executable, *python, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def listening(places: Places) -> tuple[Claim, queue.Queue[dict[str, str]]]:
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    held = claim(places)
    assert held is not None
    held.listen(heard.put)
    return held, heard


def test_the_running_desk_has_it_and_the_command_says_nothing(places: Places) -> None:
    held, heard = listening(places)
    before = time.time_ns() // 1_000_000
    told = ("--event", "ring", "--number", "(312) 555-0142", "--id", "7", "--name", "Dana", "Sample")
    done = run(places, "call", *told)
    held.close()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    message = heard.get(timeout=10)
    assert {"what": "call", "via": "command", "event": "ring", "number": "(312) 555-0142"}.items() <= message.items()
    assert (message["name"], message["id"]) == ("Dana Sample", "7")
    assert before <= int(message["at"]) <= time.time_ns() // 1_000_000


def test_a_link_is_handed_over(places: Places) -> None:
    held, heard = listening(places)
    done = run(places, "link", "tel:+13125550142;ext=12")
    held.close()
    assert done.returncode == 0
    assert heard.get(timeout=10) == {"what": "dial", "number": "+13125550142 ext. 12"}


def test_what_is_no_call_is_said(places: Places) -> None:
    for words in (["call"], ["call", "--number", "555-0142"], ["link", "https://example.com"]):
        done = run(places, *words)
        assert done.returncode == 2
        assert "555" not in done.stderr, "a number is nowhere repeated"


def test_without_a_running_desk_it_says_so(places: Places) -> None:
    done = run(places, "call", "--event", "ring", "--number", "555-0142")
    assert (done.returncode, done.stdout) == (NOT_RUNNING, "")
    assert "not running" in done.stderr
    assert not list(places.data.iterdir()), "nothing of the call is written anywhere"


def test_it_loads_neither_the_window_nor_the_database(places: Places) -> None:
    listed = run(
        places,
        "call", "--event", "ring", "--number", "1",
        python=("-X", "importtime", "-m", "csr_desktop"),
    ).stderr  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in listed.splitlines() if line.startswith("import time:")}
    assert "csr_desktop.system.call_message" in loaded
    for heavy in ("PySide6", "peewee", "phonenumbers", "sqlite3", "structlog", "ssl", "asyncio"):
        assert heavy not in loaded


def test_the_desk_is_opened_for_it_and_then_told(places: Places, tmp_path: Path) -> None:
    """Where no window can be shown the desk ends; whoever runs it next within two minutes hears of the call."""
    SettingsFile(places.config / "settings.json").save(Settings(calls_open_desk=True))
    environment_without_display = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    before = dict(os.environ)
    os.environ.update(environment_without_display)
    try:
        began = time.monotonic()
        done = run(places, "call", "--event", "ring", "--number", "(312) 555-0142")
        took = time.monotonic() - began
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert done.returncode == NOT_RUNNING
    assert "being opened" in done.stderr
    assert took < 10, "it does not wait for the desk"
    held, heard = listening(places)
    assert heard.get(timeout=30)["number"] == "(312) 555-0142"
    held.close()


def test_a_place_where_no_desk_is_opens_none(places: Places) -> None:
    nowhere = places.data.parent / "moved away"
    began = time.monotonic()
    done = run(places, "call", "--home", str(nowhere), "--event", "ring", "--number", "(312) 555-0142")
    assert (done.returncode, done.stdout) == (NOT_RUNNING, "")
    assert "No desk keeps its files there" in done.stderr
    assert "being opened" not in done.stderr
    assert time.monotonic() - began < 10
    assert not nowhere.exists(), "nothing was started that would make it"


def test_a_test_of_the_phone_opens_no_second_desk(places: Places) -> None:
    SettingsFile(places.config / "settings.json").save(Settings(calls_open_desk=True))
    done = run(places, "call", "--event", "Test", "--number", "1")
    assert done.returncode == NOT_RUNNING
    assert "not running" in done.stderr
    assert not list(places.data.iterdir()), "nothing was started that would lock the folder"
