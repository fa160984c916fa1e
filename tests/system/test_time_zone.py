"""The time zone that this computer says it is in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from csr_desktop.system.time_zone import own_zone


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such link")
@pytest.mark.parametrize(
    ("target", "zone"),
    [
        ("zoneinfo/America/Denver", "America/Denver"),
        ("zoneinfo/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("zoneinfo/posix/America/Denver", ""),
        ("elsewhere", ""),
    ],
)
def test_the_systems_link_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, zone: str) -> None:
    monkeypatch.delenv("TZ", raising=False)
    link = tmp_path / "localtime"
    link.symlink_to(tmp_path / target)
    assert own_zone(link) == zone


@pytest.mark.parametrize(
    ("told", "zone"),
    [
        ("America/Chicago", "America/Chicago"),
        (":America/Chicago", "America/Chicago"),
        (":/usr/share/zoneinfo/America/Chicago", "America/Chicago"),
        ("CST6CDT,M3.2.0,M11.1.0", ""),
        ("/etc/localtime", ""),
        ("Mars/Olympus", ""),
    ],
)
def test_the_environment_names_it_before_the_link_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", told)
    assert own_zone(tmp_path / "localtime") == zone
