"""When the package for Windows is proved once more: where what it is made of is another than when it last was."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
before = list(sys.path)
sys.path[:0] = [str(ROOT / "packaging" / "windows"), str(ROOT / "packaging")]
inputs: Any = import_module("inputs")
sys.path[:] = before  # names such as wheel would hide others from the tests that follow


def is_to_be_proved(root: Path) -> bool:
    said = subprocess.run([str(root / ".ci" / "windows-changed")], capture_output=True, text=True, check=False)
    assert said.returncode in {0, 1}, said.stderr
    assert ("commit packaging/windows/proved" in said.stderr) is (said.returncode == 0)
    return said.returncode == 0


@pytest.fixture
def proved(tmp_path: Path) -> Path:
    """A clone of what counts, in which it was just proved."""
    root = tmp_path / "clone"
    for name in (*inputs.files(), ".ci/windows-changed", "requirements.txt", "requirements-dev.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    assert is_to_be_proved(root), "nobody says that it was"
    (root / "packaging" / "windows" / "proved").write_text(f"{inputs.digest(root)}\n", encoding="ascii")
    return root


def test_what_was_proved_is_not_proved_again(proved: Path) -> None:
    assert not is_to_be_proved(proved)


def added(name: str, text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + text, encoding="utf-8")

    return change


def pinned_anew(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "requirements-dev.txt"
        text = path.read_text(encoding="utf-8")
        changed = re.sub(rf"^{name}==\S+", f"{name}==9999.0", text, flags=re.MULTILINE)
        assert changed != text
        path.write_text(changed, encoding="utf-8")

    return change


@pytest.mark.parametrize(
    "change",
    [
        added("packaging/windows/prove.py", "# another step\n"),
        added("packaging/windows/stubs/new.c", "int made_up;\n"),
        added("packaging/trimmed.py", "# leaves out more\n"),
        added("packaging/icon_font.py", "# imported by the spec\n"),
        added("csr_desktop/ui/made_up.py", "import winreg\n"),
        added("csr_desktop/system/policy_sources.py", "# another key\n"),
        pinned_anew("pyside6-essentials"),
        pinned_anew("pyinstaller"),
    ],
)
def test_what_it_is_made_of_is_proved_after_a_change(proved: Path, change: Callable[[Path], None]) -> None:
    change(proved)
    assert is_to_be_proved(proved)


@pytest.mark.parametrize(
    "change",
    [
        added("csr_desktop/domain/made_up.py", "LIMIT = 1\n"),
        added("csr_desktop/server/made_up.py", "import sys\nassert sys.platform != 'win32'\n"),
        added("packaging/deb.py", "# Debian's\n"),
        added("packaging/windows/__pycache__/prove.cpython-313.pyc", "made up"),
        pinned_anew("pytest"),
        pinned_anew("psycopg"),
    ],
)
def test_what_linux_proves_each_time_is_not(proved: Path, change: Callable[[Path], None]) -> None:
    change(proved)
    assert not is_to_be_proved(proved)


def test_what_windows_alone_does_counts() -> None:
    assert {
        "csr_desktop/self_test.py",
        "csr_desktop/system/keyring_store.py",
        "csr_desktop/system/policy_sources.py",
        "csr_desktop/system/windows_proxies.py",
        "csr_desktop/ui/screen_protection.py",
        "packaging/bill.py",
        "packaging/shared_modules.py",
        "packaging/windows_resources.py",
    } <= set(inputs.files())


def test_the_record_is_a_digest() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}\n", inputs.PROVED.read_text(encoding="ascii"))
