"""What the frozen desk leaves out is what nothing in it asks for."""

from __future__ import annotations

import ast
import runpy
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import csr_desktop

ROOT = Path(csr_desktop.__file__).parents[1]
trimmed: Any = runpy.run_path(str(ROOT / "packaging" / "trimmed.py"))
LEFT_OUT, MOST_BYTES = trimmed["LEFT_OUT"], trimmed["MOST_BYTES"]
is_library, is_root, kept = trimmed["is_library"], trimmed["is_root"], trimmed["kept"]
weighed, without_dead_links = trimmed["weighed"], trimmed["without_dead_links"]
modules, packed_again = trimmed["modules"], trimmed["packed_again"]
_OF_SERVERS = ("psycopg", "pyrage")
_OF_MACOS = "mac_proxies.py"


def imported() -> Iterator[tuple[str, str]]:
    """Every (file, module) that the program imports, wherever in its code."""
    for path in sorted((ROOT / "csr_desktop").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from ((path.name, f"{node.module}.{alias.name}") for alias in node.names)


def test_nothing_that_the_program_imports_is_left_out() -> None:
    left_out = tuple(f"{name}." for name in LEFT_OUT if name not in _OF_SERVERS)
    found = list(imported())
    assert ("rail.py", "PySide6.QtCore.Qt") in found, "the search finds imports"
    missed = [(file, module) for file, module in found if f"{module}.".startswith(left_out)]
    assert [(file, module) for file, module in missed if sys.platform == "darwin" or file != _OF_MACOS] == []


def test_macos_keeps_what_asks_for_its_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PySide6.QtNetwork" in LEFT_OUT or sys.platform == "darwin"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "PySide6.QtNetwork" not in runpy.run_path(str(ROOT / "packaging" / "trimmed.py"))["LEFT_OUT"]


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("PySide6/Qt/plugins/platforms/libqvnc.so", False),
        ("PySide6/plugins/platforms/qwindows.dll", True),
        ("PySide6\\plugins\\platforms\\qdirect2d.dll", False),
        ("PySide6/Qt/plugins/platforms/libqcocoa.dylib", True),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", False),
        ("PySide6/Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so", True),
        ("PySide6/Qt/plugins/imageformats/libqjpeg.so", False),
        ("PySide6/Qt/plugins/imageformats/libqtiff.so", False),
        ("PySide6/Qt/plugins/tls/libqopensslbackend.so", False),
        ("PySide6/plugins/styles/qmodernwindowsstyle.dll", False),
        ("PySide6/Qt/plugins/styles/libqmacstyle.dylib", True),
        ("PySide6/QtWidgets.abi3.so", True),
        ("PySide6\\opengl32sw.dll", False),
        ("PySide6/Qt/translations/qtbase_de.qm", False),
        ("zstandard/backend_c.cpython-311-x86_64-linux-gnu.so", True),
        ("zstandard/_cffi.cpython-311-x86_64-linux-gnu.so", False),
        ("libX11.so.6", False),
        ("libxcb-cursor.so.0", True),
        ("libpython3.11.so.1.0", True),
    ],
)
def test_plugins_for_other_machines_go_and_those_for_windows_on_screens_stay(name: str, *, stays: bool) -> None:
    assert is_root(name) is stays


def test_a_library_stays_only_while_something_that_stays_asks_for_it() -> None:
    entries = [
        ("PySide6/QtGui.abi3.so", "gui", "EXTENSION"),
        ("PySide6/Qt/lib/libQt6Gui.so.6", "libgui", "BINARY"),
        ("libQt6Gui.so.6", "PySide6/Qt/lib/libQt6Gui.so.6", "SYMLINK"),
        ("PySide6/Qt/lib/libicudata.so.73", "icu", "BINARY"),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", "gtk theme", "BINARY"),
        ("libgtk-3.so.0", "gtk", "BINARY"),
        ("libpango-1.0.so.0", "pango", "BINARY"),
        ("libpython3.11.so.1.0", "python", "BINARY"),
        ("python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "ssl", "EXTENSION"),
        ("libssl.so.3", "libssl", "BINARY"),
    ]
    needs = {
        "gui": ["libQt6Gui.so.6", "libc.so.6"],
        "libgui": ["libicudata.so.73"],
        "gtk theme": ["libgtk-3.so.0"],
        "gtk": ["libpango-1.0.so.0"],
        "ssl": ["libssl.so.3"],
    }
    stay = [name for name, _, _ in kept(entries, lambda file: needs.get(file, []))]
    assert stay == [
        "PySide6/QtGui.abi3.so",
        "PySide6/Qt/lib/libQt6Gui.so.6",
        "libQt6Gui.so.6",
        "PySide6/Qt/lib/libicudata.so.73",
        "libpython3.11.so.1.0",
        "python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so",
        "libssl.so.3",
    ]


def test_links_to_what_went_go_too() -> None:
    binaries = [("PySide6/Qt/lib/libQt6Gui.so.6", "x", "BINARY")]
    datas = [
        ("libQt6Gui.so.6", "PySide6/Qt/lib/libQt6Gui.so.6", "SYMLINK"),
        ("libQt6Svg.so.6", "PySide6/Qt/lib/libQt6Svg.so.6", "SYMLINK"),
        ("resources/help/it.md", "it.md", "DATA"),
        ("PySide6/Qt/translations/qtbase_de.qm", "x", "DATA"),
    ]
    assert [name for name, _, _ in without_dead_links(datas, binaries)] == ["libQt6Gui.so.6", "resources/help/it.md"]


def test_a_library_is_told_from_a_module_and_a_plugin() -> None:
    assert is_library("libssl.so.3")
    assert is_library("PySide6/Qt/lib/libQt6Gui.so.6")
    assert is_library("Qt6Gui.dll")
    assert not is_library("PySide6/QtGui.abi3.so")
    assert not is_library("sqlcipher3/_sqlite3.cpython-311-x86_64-linux-gnu.so")
    assert not is_library("PySide6/QtGui.pyd")
    assert not is_library("PySide6/plugins/platforms/qwindows.dll")


def test_a_folder_above_its_budget_fails_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_bytes(b"x" * 600)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "two").write_bytes(b"x" * 400)
    monkeypatch.setitem(MOST_BYTES, sys.platform, 1_000)
    assert weighed(tmp_path) == 1_000
    monkeypatch.setitem(MOST_BYTES, sys.platform, 999)
    with pytest.raises(SystemExit, match="weighs 1,000 bytes, more than 999"):
        weighed(tmp_path)


def test_windows_has_each_runtime_once_and_at_the_top_where_all_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    entries = [
        ("shiboken6\\MSVCP140.dll", "of shiboken", "BINARY"),
        ("PySide6\\MSVCP140.dll", "of Qt", "BINARY"),
        ("PySide6\\VCRUNTIME140.dll", "of Qt too", "BINARY"),
        ("VCRUNTIME140.dll", "Python's", "BINARY"),
        ("rapidfuzz.libs\\msvcp140-a4c2.dll", "named by its hash", "BINARY"),
        ("PySide6\\QtCore.pyd", "core", "EXTENSION"),
    ]
    asked = ["msvcp140.dll", "VCRUNTIME140.dll", "msvcp140-a4c2.dll"]
    stay = kept(entries, lambda file: asked if file == "core" else [])
    assert [(name, file) for name, file, _ in stay] == [
        ("rapidfuzz.libs\\msvcp140-a4c2.dll", "named by its hash"),
        ("PySide6\\QtCore.pyd", "core"),
        ("MSVCP140.dll", "of shiboken"),
        ("VCRUNTIME140.dll", "Python's"),
    ]


def test_of_the_holidays_of_all_countries_one_stays_with_a_package_that_names_none(tmp_path: Path) -> None:
    pure = [
        (name, f"{name}.py", "PYMODULE")
        for name in (
            "csr_desktop.domain.bank_days",
            "holidays",
            "holidays.countries",
            "holidays.countries.united_states",
            "holidays.countries.sweden",
            "holidays.financial",
            "holidays.financial.federal_reserve",
            "holidays.financial.ny_stock_exchange",
            "holidays.groups.christian",
        )
    ]
    empty = tmp_path / "__init__.py"
    assert modules(pure, empty) == [
        ("csr_desktop.domain.bank_days", "csr_desktop.domain.bank_days.py", "PYMODULE"),
        ("holidays", "holidays.py", "PYMODULE-2"),
        ("holidays.countries", str(empty), "PYMODULE-2"),
        ("holidays.countries.united_states", "holidays.countries.united_states.py", "PYMODULE-2"),
        ("holidays.financial", str(empty), "PYMODULE-2"),
        ("holidays.financial.federal_reserve", "holidays.financial.federal_reserve.py", "PYMODULE-2"),
        ("holidays.groups.christian", "holidays.groups.christian.py", "PYMODULE-2"),
    ]


def test_pythons_first_modules_are_packed_the_same_each_time(tmp_path: Path) -> None:
    archive = tmp_path / "base_library.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(zipfile.ZipInfo("abc.pyc"), b"x" * 10_000)
    packed_again(archive)
    first = archive.read_bytes()
    assert len(first) < 1_000
    assert zipfile.ZipFile(archive).read("abc.pyc") == b"x" * 10_000
    packed_again(archive)
    assert archive.read_bytes() == first
