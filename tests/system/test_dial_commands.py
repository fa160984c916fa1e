"""Dialling by another program, with real processes, and the links that the system opens."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.system.dialling import command_of, link_of, run_command, tel_link

NUMBER = "+13125550142"
_WRITE = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]))"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phone", ["phone", NUMBER]),
        ("phone --dial {number} now", ["phone", "--dial", NUMBER, "now"]),
        (
            '"C:\\Program Files\\Phone\\phone.exe" /dial:{number}',
            ["C:\\Program Files\\Phone\\phone.exe", f"/dial:{NUMBER}"],
        ),
        ("phone $(id) `id` ; rm > x {number}", ["phone", "$(id)", "`id`", ";", "rm", ">", "x", NUMBER]),
        ('phone "two words"', ["phone", "two words", NUMBER]),
    ],
)
def test_a_command_is_a_list_with_the_number_as_one_argument(text: str, words: list[str]) -> None:
    assert command_of(text, NUMBER) == words


@pytest.mark.parametrize("text", ["", "   ", '""', '"phone', "{number}", "{number} x"])
def test_a_command_without_a_program_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        command_of(text, NUMBER)


def test_the_number_arrives_as_it_is_and_no_shell_reads_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    run_command([sys.executable, "-c", _WRITE, str(told), "$HOME; x", "*21#"])
    assert told.read_text() == "$HOME; x|*21#"


def test_a_program_that_goes_on_with_the_call_is_neither_waited_for_nor_ended(tmp_path: Path) -> None:
    told = tmp_path / "told"
    goes_on = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    began = time.monotonic()
    run_command([sys.executable, "-c", goes_on, str(told)], watched_seconds=0.5)
    assert time.monotonic() - began < 5
    while not (told.exists() and told.read_text()):
        time.sleep(0.01)
        assert time.monotonic() - began < 20
    process_id = int(told.read_text())
    os.kill(process_id, 0)  # it lives
    os.kill(process_id, 15)
    while _lives(process_id):
        time.sleep(0.01)
        assert time.monotonic() - began < 20, "it was left behind as a zombie"


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_that_fails_or_is_not_there_is_said() -> None:
    with pytest.raises(EnvironmentFault, match="ended with 3"):
        run_command([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(EnvironmentFault, match="can't be started"):
        run_command(["/nowhere/phone", NUMBER])
    with pytest.raises(EnvironmentFault, match="can't be started"):
        run_command(["pho\0ne", NUMBER])


def test_links() -> None:
    assert tel_link(NUMBER) == "tel:+13125550142"
    assert tel_link("*97#", "12") == "tel:*97%23;ext=12"
    assert link_of("callto:", NUMBER) == "callto:+13125550142"
    assert link_of(" callto ", NUMBER) == "callto:+13125550142"
    assert link_of("sip:{number}@pbx.example.com", NUMBER) == "sip:+13125550142@pbx.example.com"


@pytest.mark.parametrize(
    "pattern",
    ["", "call to:", "file:///", "HTTPS://x/{number}", "javascript:", "csr-desktop:", "csr-desktop", "1x:", "a" * 2000],
)
def test_a_link_that_no_softphone_opens_is_refused(pattern: str) -> None:
    with pytest.raises(BadInput):
        link_of(pattern, NUMBER)
