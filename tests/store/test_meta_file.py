from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.store.meta_file import Meta, key_check, meta_path, read_meta, write_meta

if TYPE_CHECKING:
    from pathlib import Path

META = Meta(key_check(b"k" * 32), 1, "abc", "desk-1", 77, is_initialised=True, written_at=5)


def test_it_comes_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    assert read_meta(path) is None
    write_meta(path, META)
    assert read_meta(path) == META
    assert [p.name for p in tmp_path.iterdir()] == ["desk.db.meta"]
    if os.name == "posix":
        assert meta_path(path).stat().st_mode & 0o777 == 0o600


def test_a_failed_writing_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "desk.db"
    write_meta(path, META)

    def fails(_handle: int) -> None:
        raise OSError(5, "the drive is gone")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="gone"):
        write_meta(path, Meta("", 9, ""))
    assert read_meta(path) == META
    assert [p.name for p in tmp_path.iterdir()] == ["desk.db.meta"]


def test_a_later_version_may_say_more(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    write_meta(path, META)
    content = meta_path(path).read_text()
    meta_path(path).write_text(content.replace("{", '{"of_a_later_version": [1],', 1))
    assert read_meta(path) == META


@given(st.binary(max_size=200))
def test_anything_else_in_its_place_is_no_meta(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.db"
    meta_path(path).write_bytes(content)
    assert read_meta(path) is None


def test_the_check_value_tells_keys_apart_and_holds_none() -> None:
    key = bytes(range(32))
    assert key_check(key) != key_check(bytes(32))
    assert key.hex() not in key_check(key)
