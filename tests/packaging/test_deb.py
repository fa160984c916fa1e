"""The Debian package: where things lie, what it asks for, the same bytes twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import csr_desktop

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
deb: Any = import_module("deb")
debian_package: Any = import_module("debian_package")
run_paths: Any = import_module("run_paths")
sys.path.remove(str(ROOT / "packaging"))  # names such as wheel would hide others from the tests that follow

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "dist" / "csr-desktop"
    (made / "_internal").mkdir(parents=True)
    (made / "csr-desktop").write_text("#!/bin/sh\n")
    (made / "csr-desktop").chmod(0o700)
    (made / "csr-desktop-cli").symlink_to("csr-desktop")
    (made / "_internal" / "one.so").write_bytes(bytes(4096))
    (made / "_internal" / "one.so").chmod(0o755)
    return made


def built(program: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    icons = target / "icons"
    icons.mkdir(parents=True)
    (icons / "csr-desktop-48.png").write_bytes(b"icon")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    made = deb.main(program, icons, target)
    assert isinstance(made, Path)
    return made


def said(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def test_everything_belongs_to_root_and_lies_where_linux_looks(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = built(program, tmp_path / "out", monkeypatch)
    lines = [line.split(maxsplit=5) for line in said("dpkg-deb", "--contents", str(made))]
    found = {line[5].removeprefix("./"): (line[0], line[1]) for line in lines}
    assert {owner for _, owner in found.values()} == {"root/root"}
    assert found["opt/csr-desktop/csr-desktop"][0] == "-rwxr-xr-x"
    assert found["opt/csr-desktop/_internal/one.so"][0] == "-rw-r--r--"
    assert "usr/bin/csr-desktop -> /opt/csr-desktop/csr-desktop" in found
    assert "usr/share/applications/csr-desktop.desktop" in found
    assert "usr/share/doc/csr-desktop/guides -> /opt/csr-desktop/guides" in found
    assert "usr/share/icons/hicolor/48x48/apps/csr-desktop.png" in found
    assert {line[3] for line in lines} == {"2026-01-01"}


def test_the_same_input_gives_the_same_package(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(program, tmp_path / "first", monkeypatch).read_bytes()
    for path in (program, program / "csr-desktop", program / "_internal"):
        os.utime(path)
    assert built(program, tmp_path / "second", monkeypatch).read_bytes() == first


def test_it_says_its_version_and_what_it_needs(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = built(program, tmp_path / "out", monkeypatch)
    assert said("dpkg-deb", "--field", str(made), "Version") == [csr_desktop.__version__]
    assert int(said("dpkg-deb", "--field", str(made), "Installed-Size")[0]) >= 4
    assert "libdbus-1-3" in said("dpkg-deb", "--field", str(made), "Depends")[0]


def test_links_open_apart_from_the_menu() -> None:
    assert "Exec=csr-desktop\n" in deb.DESKTOP
    assert "MimeType" not in deb.DESKTOP
    assert "Exec=csr-desktop link %u\n" in deb.LINKS
    assert "x-scheme-handler/csr-desktop;x-scheme-handler/tel;" in deb.LINKS
    assert "NoDisplay=true\n" in deb.LINKS


def test_an_administrator_can_see_whether_a_file_was_changed(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = built(program, tmp_path / "out", monkeypatch)
    sums = said("dpkg-deb", "--info", str(made), "md5sums")
    assert "620f0b67a91f7f74151bc5be745b7110  opt/csr-desktop/_internal/one.so" in sums


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_a_library_does_not_look_into_the_folders_of_who_built_it(tmp_path: Path) -> None:
    source, folder = tmp_path / "one.c", tmp_path / "made"
    folder.mkdir()
    source.write_text("int one(void) { return 1; }\n")
    for name, place in (("theirs.so", "/home/builder/python/lib"), ("ours.so", "$ORIGIN/../lib")):
        command = ["gcc", "-shared", "-fPIC", f"-Wl,-rpath,{place}", "-o", str(folder / name), str(source)]
        subprocess.run(command, check=True)
    assert b"/home/builder" in (folder / "theirs.so").read_bytes()
    ours = (folder / "ours.so").read_bytes()
    assert run_paths.lead_nowhere(folder) == [folder / "theirs.so"]
    assert b"/home/builder" not in (folder / "theirs.so").read_bytes()
    assert (folder / "ours.so").read_bytes() == ours
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(sys.argv[1]).one() - 1)"
    subprocess.run([sys.executable, "-c", code, str(folder / "theirs.so")], check=True)


@pytest.mark.parametrize(
    ("version", "debian"),
    [("1.2.3", "1.2.3"), ("1.2.3rc1", "1.2.3~rc1"), ("1.2.3.dev4", "1.2.3~~dev4"), ("2.0b2", "2.0~b2")],
)
def test_what_comes_before_a_version_sorts_before_it(version: str, debian: str) -> None:
    assert debian_package.as_debian(version) == debian
    if version != debian:
        final = version[: debian.index("~")]
        assert subprocess.run(["dpkg", "--compare-versions", debian, "lt", final], check=False).returncode == 0
