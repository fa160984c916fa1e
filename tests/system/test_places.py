from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.places import Places

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_is_under_one_home_when_that_is_set(tmp_path: Path) -> None:
    places = Places.of_this_person({"CSR_DESKTOP_HOME": str(tmp_path / "home")})
    places.make()
    folders = {places.config, places.data, places.log, places.cache}
    assert {folder.parent for folder in folders} == {tmp_path / "home"}
    assert len(folders) == 4
    assert all(folder.is_dir() for folder in folders)
    if os.name == "posix":
        assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
    places.make()


def test_without_it_they_are_where_the_system_wants_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    places = Places.of_this_person({})
    for folder in (places.config, places.data, places.log, places.cache):
        assert folder.is_absolute()
        assert "csr-desktop" in folder.parts
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="rights of folders are POSIX's here")
def test_a_folder_of_others_is_closed_to_them(tmp_path: Path) -> None:
    places = Places.under(tmp_path)
    places.data.mkdir(mode=0o777)
    places.data.chmod(0o777)
    places.make()
    assert places.data.stat().st_mode & 0o777 == 0o700


def test_a_place_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(EnvironmentFault, match="data"):
        Places.under(tmp_path).make()


def test_a_log_that_can_not_be_kept_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where a folder should be")
    places = Places.under(tmp_path)
    places.make()
    assert places.cache.is_dir()
