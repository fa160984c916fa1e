"""The lines that people enter in their softphones, run as a softphone would: filled in, and not."""

from __future__ import annotations

import os
import queue
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.system.call_message import fields_of_query, message_of_link
from csr_desktop.system.own_program import command_words
from csr_desktop.system.places import HOME_VARIABLE, Places
from csr_desktop.system.settings import Settings, SettingsFile
from csr_desktop.system.single_instance import claim
from csr_desktop.system.softphones import SOFTPHONES, Softphone, paste_lines

URL = "http://127.0.0.1:28765/call?key=sample-key"


class Desk:
    def __init__(self, home: Path) -> None:
        self.places = Places.under(home)
        self.places.make()
        SettingsFile(self.places.config / "settings.json").save(Settings(calls_open_desk=False))
        self.heard: queue.Queue[dict[str, str]] = queue.Queue()
        held = claim(self.places)
        assert held is not None
        self.held = held
        self.held.listen(self.heard.put)

    def run(self, words: list[str]) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if name != HOME_VARIABLE}
        subprocess.run(words, env=environment, check=True, capture_output=True, timeout=60)
        return self.heard.get(timeout=10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "a home")
    yield made
    made.held.close()


def lines(desk: Desk, softphone: str) -> dict[str, str]:
    assert softphone in SOFTPHONES
    return {line.field: line.text for line in paste_lines(softphone, command_words(desk.places), URL)}


@pytest.mark.skipif(sys.platform == "win32", reason="the lines are split by this system's rules")
def test_3cx_runs_the_program_with_the_parameters(desk: Desk) -> None:
    found = lines(desk, "3cx")
    filled = found["parameters"].replace("%CallerNumber%", "+13125550142")
    filled = filled.replace("%CallerDisplayName%", "Dana & Sons Sample")
    told = desk.run([found["program"], *shlex.split(filled)])
    assert (told["event"], told["number"], told["name"]) == ("ring", "+13125550142", "Dana & Sons Sample")
    unfilled = desk.run([found["program"], *shlex.split(found["parameters"])])
    assert unfilled["number"] == "%CallerNumber%", "what was not filled in is to be seen"


@pytest.mark.skipif(sys.platform == "win32", reason="the lines are split by this system's rules")
def test_microsip_adds_the_number_at_the_end(desk: Desk) -> None:
    kept = dict(line.split("=", 1) for line in lines(desk, "microsip")["settings"].splitlines())
    said = {
        "cmdIncomingCall": ("ring", ""),
        "cmdOutgoingCall": ("ring", "out"),
        "cmdCallAnswer": ("answer", ""),
        "cmdCallStart": ("answer", ""),
        "cmdCallEnd": ("hangup", ""),
        "cmdCallBusy": ("hangup", ""),
    }
    assert kept.keys() == said.keys()
    for key, (event, direction) in said.items():
        told = desk.run([*shlex.split(kept[key]), "+13125550142"])
        assert (told["event"], told["direction"], told["number"]) == (event, direction, "+13125550142")


@pytest.mark.skipif(sys.platform == "win32", reason="the lines are split by this system's rules")
def test_a_name_cannot_become_an_option(desk: Desk) -> None:
    found = lines(desk, "command")["ring"]
    for name in ("--help", "--deliver", "--home /nowhere", "--home=/nowhere", "-h", "--", "X --id 8 --direction out"):
        filled = found.replace("{number}", "1").replace('"{name}"', name).replace("{id}", "7")
        told = desk.run(shlex.split(filled))
        assert (told["event"], told["number"], told["id"]) == ("ring", "1", "7"), name
        assert not told["direction"]


@pytest.mark.parametrize("softphone", SOFTPHONES)
def test_the_name_of_a_caller_comes_last(desk: Desk, softphone: Softphone) -> None:
    for line in paste_lines(softphone, command_words(desk.places), URL, "csr-desktop:call?key=sample-key"):
        options = re.findall(r"(?:--|[?&])([a-z]+)(?==| )", line.text.splitlines()[0])
        assert "name" not in options[:-1], line


@pytest.mark.parametrize("softphone", ["3cx", "zoiper", "bria", "address"])
def test_addresses_say_what_they_are_for(desk: Desk, softphone: str) -> None:
    for field, text in lines(desk, softphone).items():
        if not text.startswith("http"):
            continue
        address, _, query = text.partition("?")
        told = fields_of_query(query)
        assert address == URL.partition("?")[0]
        assert told["key"] == "sample-key"
        assert told["event"] == ("ring" if field == "web_client" else field)
        assert told["number"].strip("%{}") in {"CallerNumber", "phone", "caller", "number"}


def test_links_carry_the_key_as_they_come_back(desk: Desk) -> None:
    found = paste_lines("link", command_words(desk.places), "", "csr-desktop:call?key=sample-key")
    assert [line.field for line in found] == ["ring", "answer", "hangup"]
    for line in found:
        filled = line.text.replace("{number}", "+13125550142").replace("{name}", "Dana & Sons").replace("{id}", "7")
        told = message_of_link(filled, 1)
        assert told is not None
        assert (told["event"], told["number"], told["name"], told["key"]) == (
            line.field, "+13125550142", "Dana & Sons", "sample-key",
        )  # fmt: skip


def test_without_an_address_its_lines_are_not_there(desk: Desk) -> None:
    texts = [line.text for name in SOFTPHONES for line in paste_lines(name, command_words(desk.places), "")]
    assert not [text for text in texts if "http" in text]
    assert texts.count("") == 11


def test_the_usual_place_is_not_spelled_out(desk: Desk) -> None:
    assert "--home" not in command_words(Places.of_this_person({}))
    assert command_words(desk.places)[-2:] == ["--home", str(desk.places.data.parent)]
