from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.errors import DiskFull, EnvironmentFault
from csr_desktop.system.settings import Settings, SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

CHOSEN = Settings(
    server_url="https://server.example",
    last_login="sample",
    theme="dark",
    is_compact=True,
    window_geometry="AdnQywAD",
    pane_sizes={"inbox": [300, 700]},
)


def test_what_was_chosen_stays_chosen_also_when_it_is_what_everybody_gets(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.save(Settings(last_login="sample"))
    assert file.touched == {"last_login"}
    file.save(Settings(last_login="sample", theme="system"), touched={"theme"})
    again = SettingsFile(file.path)
    assert again.load() == (Settings(last_login="sample"), "")
    assert again.touched == {"last_login", "theme"}
    again.save(Settings())
    assert again.touched == {"last_login", "theme"}, "taken back is chosen too"


def test_they_come_back_as_they_were_chosen(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    assert file.load() == (Settings(), "")
    file.save(CHOSEN)
    assert file.load() == (CHOSEN, "")
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


@given(
    st.builds(
        Settings,
        server_url=st.text(),
        theme=st.sampled_from(["light", "dark", "contrast", "system"]),
        text_scale_percent=st.integers(50, 300),
        pane_sizes=st.dictionaries(st.text(max_size=10), st.lists(st.integers(0, 5000), max_size=4), max_size=4),
    )
)
def test_any_settings_come_back(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> None:
    file = SettingsFile(tmp_path_factory.getbasetemp() / "any-settings.json")
    file.save(settings)
    assert file.load() == (settings, "")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1]", b"null", b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings, word = SettingsFile(path).load()
    assert settings == Settings()
    aside = tmp_path / "settings.json.set-aside-1"
    assert aside.read_bytes() == content
    assert str(aside) in word


def test_one_wrong_value_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "purple", "last_login": "sample", "is_compact": 5, "pane_sizes": {"inbox": [1, 2]}}')
    settings, word = SettingsFile(path).load()
    assert settings == Settings(last_login="sample", pane_sizes={"inbox": [1, 2]})
    assert word


def test_what_a_later_version_wrote_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "of_a_later_version": {"x": 1}}')
    assert SettingsFile(path).load() == (Settings(theme="light"), "")


def test_a_full_disk_keeps_the_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.save(CHOSEN)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        file.save(Settings())
    assert file.load() == (CHOSEN, "")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="gone"):
        SettingsFile(tmp_path / "gone" / "settings.json").save(Settings())
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(EnvironmentFault, match="a-folder"):
        SettingsFile(tmp_path / "a-folder").load()
