"""The settings' part of this workstation: it starts at sign-in or not, who settled that, and a report for IT."""

from __future__ import annotations

import json
import os
import socket
import zipfile
from collections.abc import Generator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from csr_desktop.sync.way import checked_in_time
from csr_desktop.system.diagnostics_file import write_diagnostics
from csr_desktop.system.places import Places
from csr_desktop.system.proxies import Proxies
from csr_desktop.system.start_at_sign_in import AutostartFile, StartAtSignIn
from csr_desktop.ui.workstation_part import Workstation, WorkstationPart
from tests.ui.frame_bench import Frame
from tests.ui.whole import broken_parts

WORDS = ["/opt/csr-desktop/csr-desktop", "--minimized"]


class Kept:
    """What was remembered, and whether the organization settled it."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.is_settled = False
        self.server_url = ""

    def remember(self, **values: object) -> None:
        self.values |= values


def part_of(frame: Frame, tmp_path: Path, kept: Kept, own: Path | None = None) -> tuple[WorkstationPart, AutostartFile]:
    places = Places.under(tmp_path / "home")
    places.make()

    def report(path: Path) -> Generator[None, None, None]:
        found = yield from checked_in_time(kept.server_url, "the test", Proxies())
        write_diagnostics(path, places, {"connection": found})

    entry = AutostartFile(own or tmp_path / "own", [tmp_path / "everyone"], WORDS)
    frame.floats.workstation = Workstation(
        StartAtSignIn(entry),
        lambda: kept.is_settled,
        kept.remember,
        report,
    )
    frame.press("Ctrl+,")
    part = frame.floats.settings.workstation
    assert part is not None
    return part, entry


def test_a_person_has_it_started_at_sign_in(frame: Frame, tmp_path: Path) -> None:
    kept = Kept()
    part, entry = part_of(frame, tmp_path, kept)
    assert broken_parts(frame.floats.settings.frame) == []
    part.starts.click()
    assert entry.words() == '"/opt/csr-desktop/csr-desktop" "--minimized"'
    assert kept.values == {"starts_at_sign_in": True}
    part.starts.click()
    assert entry.words() is None
    assert kept.values == {"starts_at_sign_in": False}
    assert not part.managed.isVisible()


@pytest.mark.parametrize("by", ["policy", "everyone"])
def test_what_the_organization_settled_is_shown_and_stays(frame: Frame, tmp_path: Path, by: str) -> None:
    kept = Kept()
    kept.is_settled = by == "policy"
    if by == "everyone":
        AutostartFile(tmp_path / "everyone", [], WORDS).write()
    part, _ = part_of(frame, tmp_path, kept)
    assert part.managed.isVisible()
    assert part.starts.accessibleDescription() == "Managed by your organization"
    assert not part.starts.isEnabled()
    assert part.starts.isChecked() is (by == "everyone")


@pytest.mark.skipif(os.name != "posix", reason="a folder below /proc takes nothing")
def test_what_cannot_be_changed_is_said_there(frame: Frame, tmp_path: Path) -> None:
    kept = Kept()
    part, _ = part_of(frame, tmp_path, kept, Path("/proc/none"))
    part.starts.click()
    assert part.problem.text().startswith("What starts when you sign in to this computer could not be changed.")
    assert not part.starts.isChecked()
    assert kept.values == {}


def test_a_report_for_it_is_saved_where_the_person_says(frame: Frame, tmp_path: Path) -> None:
    part, _ = part_of(frame, tmp_path, Kept())
    target = tmp_path / "report.zip"
    part.save(target)
    frame.settle()
    assert part.saved.text() == f"The report is in {target}. Give it to your IT."
    with zipfile.ZipFile(target) as made:
        assert made.namelist() == ["about.json", "settings.json", "files.json", "connection.json"]
    part.save(tmp_path / "nowhere" / "report.zip")
    frame.settle()
    assert "could not be written" in part.saved.text()
    assert part.report.isEnabled()


def test_a_server_that_hangs_holds_up_neither_the_person_nor_for_long_the_report(
    frame: Frame, tmp_path: Path, qtbot: QtBot
) -> None:
    kept = Kept()
    part, _ = part_of(frame, tmp_path, kept)
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kept.server_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        part.save(tmp_path / "report.zip")
        held, _ = silent.accept()
        with held:
            for _ in range(20):
                frame.desk.ask(part, lambda: "answered", seen.append)
            qtbot.waitUntil(lambda: len(seen) == 20)
            assert not (tmp_path / "report.zip").exists(), "meanwhile what a person does is answered"
            qtbot.waitUntil(part.report.isEnabled, timeout=15_000)
    with zipfile.ZipFile(tmp_path / "report.zip") as made:
        found = json.loads(made.read("connection.json"))
    assert [(step["stage"], step["works"]) for step in found["steps"]][-1] == ("server", False)
