"""Where logs go: the system's place or the organisation's, each person's own; and nowhere without stopping anything."""

from __future__ import annotations

import getpass
import logging
import os
from pathlib import Path

import pytest

from csr_desktop.system.log_place import LogPlace, log_place
from csr_desktop.system.places import Places
from csr_desktop.system.policy import decide
from csr_desktop.system.policy_sources import Source, Sources
from csr_desktop.system.settings import Settings

pytestmark = pytest.mark.skipif(os.name != "posix", reason="paths are POSIX's here")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places.under(tmp_path / "home")
    made.make()
    return made


def by_policy(**values: object) -> Settings:
    policy = decide(Sources((Source("policy", values),), ()), Settings())
    assert policy.faults == ()
    return policy.apply(Settings())


def test_without_a_policy_it_is_the_systems_place(places: Places) -> None:
    assert log_place(places, Settings()) == LogPlace(places.log, logging.INFO)


def test_the_organisations_folder_has_one_of_each_persons(places: Places, tmp_path: Path) -> None:
    settings = by_policy(LogFolder="$PLACE/logs", LogLevel="debug")
    found = log_place(places, settings, {"PLACE": str(tmp_path)})
    assert found == LogPlace(tmp_path / "logs" / getpass.getuser(), logging.DEBUG)
    assert found.folder.stat().st_mode & 0o777 == 0o700
    assert list(found.folder.iterdir()) == []


@pytest.mark.parametrize("said", ["$NOWHERE/logs", "/proc/none"])
def test_a_folder_that_is_none_is_said_and_the_systems_is_taken(places: Places, said: str) -> None:
    found = log_place(places, by_policy(LogFolder=said), {})
    assert found.folder == places.log
    assert found.words.startswith("Logs cannot be written to ")
    assert found.words.endswith(f"which your organization has set, so they go to {places.log}.")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="another person's folder can be made by root alone")
@pytest.mark.parametrize("is_link", [False, True])
def test_a_folder_that_somebody_else_made_before_is_not_taken(places: Places, tmp_path: Path, is_link: bool) -> None:
    common = tmp_path / "logs"
    own = common / getpass.getuser()
    if is_link:
        common.mkdir()
        (tmp_path / "elsewhere").mkdir()
        own.symlink_to(tmp_path / "elsewhere")
    else:
        own.mkdir(parents=True)
        os.chown(own, 12345, 12345)
    found = log_place(places, by_policy(LogFolder=str(common)), {})
    assert found.folder == places.log
    assert str(own) in found.words


def test_where_nothing_takes_a_log_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where a folder should be")
    places = Places.under(tmp_path)
    found = log_place(places, Settings(log_level="error"))
    assert found.words == f"Logs cannot be written to {places.log}, so none are kept. Tell your administrator."
