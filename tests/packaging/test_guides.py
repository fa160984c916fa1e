"""What administrators get with each package: the guides, the templates, the script for Macs, the sums of a release."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from csr_desktop.system.policy_sources import PREFERENCES

ROOT = Path(__file__).resolve().parents[2]
before = list(sys.path)
sys.path[:0] = [str(ROOT / "packaging"), str(ROOT / "packaging" / "macos")]
guides: Any = import_module("guides")
checksums: Any = import_module("checksums")
mac_installer: Any = import_module("mac_installer")
sys.path[:] = before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path)
    return tmp_path / "guides"


def make(target: Path) -> None:
    """As `make package` does."""
    command = [sys.executable, str(ROOT / "packaging" / "guides.py"), str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def test_the_folder_has_each_text_each_template_and_the_script(folder: Path) -> None:
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    templates = ["csr-desktop.admx", "csr-desktop.mobileconfig", "en-US/csr-desktop.adml"]
    templates += [f"{PREFERENCES}.plist", "policy.toml"]
    texts = ["deploying.md", "it.md", "remove-csr-desktop.sh", "server.md"]
    assert set(found) >= {*texts, *(f"policy/{name}" for name in templates)}
    ET.fromstring((folder / "policy" / "csr-desktop.admx").read_bytes())
    plistlib.loads((folder / "policy" / "csr-desktop.mobileconfig").read_bytes())
    assert os.access(folder / "remove-csr-desktop.sh", os.X_OK)


def test_what_was_there_before_is_not_kept(folder: Path) -> None:
    (folder / "gone.md").write_text("of an earlier version")
    make(folder.parent)
    assert not (folder / "gone.md").exists()


def test_every_link_leads_to_what_is_there(folder: Path) -> None:
    links = 0
    for text in folder.glob("*.md"):
        for place in re.findall(r"\]\(([^)]+)\)", text.read_text(encoding="utf-8")):
            links += 1
            assert (folder / place).is_file(), f"{text.name}: {place}"
    assert links >= 2, "the steps lead to both guides"


def test_links_that_lead_out_of_the_folder_are_words() -> None:
    text = "See [the guide](../resources/help/it.md), [a file](release/x.py) and [a page](https://desk.example.com)."
    led = guides.led_here(text, "packaging/README.md")
    assert led == "See [the guide](it.md), a file and [a page](https://desk.example.com)."


def test_what_the_guide_says_of_the_folder_is_in_it(folder: Path) -> None:
    it = (folder / "it.md").read_text(encoding="utf-8")
    [words] = re.findall(r"\*\*What came with it\.\*\*.*?\n\n", it, re.DOTALL)
    named = {name for name in re.findall(r"`([\w./-]+)`", words) if "/" not in name} - {"guides", "SHA256SUMS"}
    named -= {"csr-desktop-guides-1.2.3.zip"}
    assert named == {"it.md", "deploying.md", "server.md", "policy"}
    assert all((folder / name).exists() for name in named)
    assert not re.search(r"`(packaging|resources)/", it), "who has only a package has no such folder"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_script_that_removes_it_from_a_mac_is_one_that_sh_reads() -> None:
    said = subprocess.run(["shellcheck", str(guides.REMOVAL)], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_the_script_removes_what_the_package_installs_and_says_when_it_could_not(tmp_path: Path) -> None:
    text = guides.REMOVAL.read_text(encoding="utf-8")
    assert f'rm -rf "/{mac_installer.APP_PLACE}" /{mac_installer.COMMAND_PLACE} || exit 1\n' in text
    assert f"pkgutil --forget {mac_installer.RECEIPT} " in text
    # The same with stand-ins for the system's commands: nobody is signed in, there is no receipt, and it may not remove.
    for name, code in {"pkill": 1, "pkgutil": 1, "sleep": 0, "rm": 0}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    command = ["/bin/sh", str(guides.REMOVAL)]
    environment = {"PATH": str(tmp_path)}
    assert subprocess.run(command, env=environment, check=False).returncode == 0
    (tmp_path / "rm").write_text("#!/bin/sh\nexit 1\n")
    assert subprocess.run(command, env=environment, check=False).returncode == 1


def test_the_script_is_printed_whole_where_its_use_is_told() -> None:
    steps = (ROOT / "packaging" / "README.md").read_text(encoding="utf-8")
    assert f"```sh\n{guides.REMOVAL.read_text(encoding='utf-8')}```\n" in steps


def test_sums_are_of_everything_that_was_made_and_are_checked_by_the_usual_tool(tmp_path: Path) -> None:
    names = {"csr-desktop_1.2.3_amd64.deb", "guides/policy/policy.toml", "made up.msi"}
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    sums = checksums.write(tmp_path)
    assert sums.name == "SHA256SUMS"
    check = ["sha256sum", "--check", "--strict", "--quiet", sums.name]
    subprocess.run(check, cwd=tmp_path, check=True)
    assert {line.split("  ", 1)[1] for line in sums.read_text().splitlines()} == names
    assert checksums.write(tmp_path).read_text() == sums.read_text(), "it is not among what it sums up"
    (tmp_path / "made up.msi").write_text("another")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_make_package_ends_with_the_sums() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("package: freeze", "package-windows: "):
        recipe = re.findall(rf"^{target}.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert recipe[-1].splitlines()[-1] == "\t$(BIN)/python packaging/checksums.py build/package"
    assert "\t$(BIN)/python packaging/guides.py build/package\n" in makefile
