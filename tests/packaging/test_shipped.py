"""What of others is shipped is known, licensed, pinned, and none of it is under the GPL alone."""

from __future__ import annotations

import copy
import re
import sys
import venv
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import csr_desktop

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
bill: Any = import_module("bill")
shipped: Any = import_module("shipped")
trimmed: Any = import_module("trimmed")
sys.path.pop(0)  # names such as wheel would hide others from the tests that follow

LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
NOT_IN_THE_DESK = {"setuptools", "psycopg", "psycopg-binary", "pycparser", "qtpy"}
"""Tools of the build, and what the frozen desk leaves out."""


def here() -> dict[str, str]:
    """Of the lock what is installed on this system, as the desk would ship all of it."""
    found = {}
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK, re.MULTILINE):
        try:
            found[name] = shipped.metadata.version(name)
        except shipped.metadata.PackageNotFoundError:
            continue
    return {name: version for name, version in found.items() if name not in NOT_IN_THE_DESK}


def test_everything_shipped_has_the_text_of_its_license(tmp_path: Path) -> None:
    names = here()
    assert len(names) > 30
    shipped.write_licenses(tmp_path / "licenses", names, {})
    for name, version in names.items():
        texts = list((tmp_path / "licenses" / f"{name}-{version}").iterdir())
        assert texts, name
        assert any(text.stat().st_size > 500 for text in texts), name
    index = (tmp_path / "licenses" / "README.txt").read_text(encoding="utf-8")
    assert all(f"{name} {version}" in index for name, version in names.items())
    assert "Lesser General Public License 3" in index
    assert (tmp_path / "licenses" / "python.txt").stat().st_size > 1_000


def test_nothing_shipped_is_under_the_gpl_but_qt_which_is_under_the_lgpl_too() -> None:
    for name in here():
        stated = shipped.license_of(shipped.metadata.distribution(name))
        if "GPL" in stated:
            assert name in {"pyside6-essentials", "shiboken6"}
            assert "LGPL-3.0-only OR" in stated
    assert "readline" in trimmed.LEFT_OUT, "GNU readline is under the GPL"


def test_what_has_no_license_with_it_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_TEXTS", tmp_path)
    with pytest.raises(SystemExit, match="shiboken6 6 has no license"):
        shipped.write_licenses(tmp_path / "licenses", {"shiboken6": "6"}, {})


def test_modules_are_followed_to_what_they_were_installed_from() -> None:
    found = shipped.distributions(["msgspec._core", "_cffi_backend.cpython-311-x86_64-linux-gnu.so", "click/core.py"])
    assert {"msgspec", "cffi", "click"} <= set(found)
    assert "csr-desktop" not in shipped.distributions(["csr_desktop.domain"])


def test_the_bill_takes_the_pins_with_their_hashes_and_nothing_else() -> None:
    text = bill.pins(LOCK, ["msgspec", "click"])
    assert re.findall(r"^(\S+?)==", text, re.MULTILINE) == ["click", "msgspec"]
    assert text.count("--hash=sha256:") > 2
    with pytest.raises(SystemExit, match="not in the lock: pytest"):
        bill.pins(LOCK, ["click", "pytest"])


def test_what_comes_from_no_distribution_is_in_the_bill_too() -> None:
    found = {one["name"]: one for one in bill.beside({"libssl3": "3.0.19-1~deb12u2", "zlib1g": "1:1.2.13"}, "6.12.0")}
    assert set(found) == {"libssl3", "openssl", "python", "qt", "zlib1g"}
    assert found["qt"]["purl"] == "pkg:generic/qt@6.12.0"
    assert found["zlib1g"]["purl"] == "pkg:deb/debian/zlib1g@1%3A1.2.13"


def test_a_bill_has_what_is_in_its_environment_under_the_name_of_what_is_shipped(tmp_path: Path) -> None:
    venv.create(tmp_path / "runtime", with_pip=False)
    (site,) = (tmp_path / "runtime").rglob("site-packages")
    told = site / "sample_library-1.2.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.4\nName: sample-library\nVersion: 1.2\n")
    made = bill.describe(next((tmp_path / "runtime").glob("*/python*")))
    of_server, of_desk = copy.deepcopy(made), made
    bill.complete(of_server, {"sample-library": "1.2"}, {})
    assert of_server["metadata"]["component"]["name"] == "csr-desktop-server"
    assert of_server["metadata"]["component"]["version"] == csr_desktop.__version__
    assert [(one["name"], one["version"]) for one in of_server["components"]] == [("sample-library", "1.2")]
    bill.complete(of_desk, {"pyside6-essentials": "6.12.0"}, {"zlib1g": "1:1.2.13"})
    assert of_desk["metadata"]["component"]["name"] == "csr-desktop"
    assert [one["name"] for one in of_desk["components"]] == ["openssl", "python", "qt", "sample-library", "zlib1g"]


def test_the_licenses_that_qts_wheels_lack_are_in_the_project_for_every_system() -> None:
    for name, words in (
        ("LGPL-3.txt", "GNU LESSER GENERAL PUBLIC LICENSE"),
        ("GPL-3.txt", "GNU GENERAL PUBLIC LICENSE"),
    ):
        text = (ROOT / "packaging" / "licenses" / name).read_text(encoding="utf-8")
        assert words in text
        assert "Version 3, 29 June 2007" in text
