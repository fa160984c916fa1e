"""What the frozen desk leaves out is what nothing in it asks for."""

from __future__ import annotations

import ast
import runpy
import sqlite3
import struct
import subprocess
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


def on_windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "platform", "win32")
    return runpy.run_path(str(ROOT / "packaging" / "trimmed.py"))


def test_windows_has_each_runtime_once_the_newest_and_at_the_top_where_all_find_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed = "msvcp140-a4c2229bdc2a2a630acdc095b4d86008.dll"
    entries = [
        ("shiboken6\\MSVCP140.dll", "of shiboken", "BINARY"),
        ("PySide6\\MSVCP140.dll", "of Qt", "BINARY"),
        ("PySide6\\MSVCP140_2.dll", "another library", "BINARY"),
        ("PySide6\\VCRUNTIME140.dll", "of Qt too", "BINARY"),
        ("VCRUNTIME140.dll", "Python's", "BINARY"),
        (f"rapidfuzz.libs\\{hashed}", "named by its hash", "BINARY"),
        ("PySide6\\QtCore.pyd", "core", "EXTENSION"),
    ]
    asked = ["msvcp140.dll", "MSVCP140_2.dll", "VCRUNTIME140.dll", hashed]
    versions = {"of Qt": (14, 44), "of Qt too": (14, 44), "Python's": (14, 42), "named by its hash": (14, 40)}
    stay = on_windows(monkeypatch)["kept"](
        entries, lambda file: asked if file == "core" else [], lambda file: versions.get(file, ())
    )
    assert [(name, file) for name, file, _ in stay] == [
        ("PySide6\\QtCore.pyd", "core"),
        ("MSVCP140.dll", "of Qt"),
        ("MSVCP140_2.dll", "another library"),
        ("VCRUNTIME140.dll", "of Qt too"),
    ]


def test_a_library_says_its_version_itself(tmp_path: Path) -> None:
    library = tmp_path / "made_up.dll"
    described = struct.pack("<IIII", 0xFEEF04BD, 0x10000, 14 << 16 | 44, 35211 << 16)
    library.write_bytes(b"MZ made up" + described)
    assert trimmed["file_version"](str(library)) == (14, 44, 35211, 0)
    library.write_bytes(b"MZ made up")
    assert trimmed["file_version"](str(library)) == ()


def test_who_asks_for_a_runtime_of_a_name_of_its_own_gets_the_one_that_is_there(tmp_path: Path) -> None:
    asks, others = tmp_path / "process.pyd", tmp_path / "metrics.pyd"
    asks.write_bytes(b"MZ\0KERNEL32.dll\0msvcp140-a4c2229bdc2a2a630acdc095b4d86008.dll\0VCRUNTIME140.dll\0")
    others.write_bytes(b"MZ\0MSVCP140.dll\0openssl-a4c2229bdc2a2a630acdc095b4d86008.dll\0")
    entries = [("rapidfuzz\\process.pyd", str(asks), "EXTENSION"), ("metrics.pyd", str(others), "EXTENSION")]
    changed, same = trimmed["with_plain_runtime"](entries, tmp_path / "work")
    assert changed[0] == "rapidfuzz\\process.pyd"
    content = Path(changed[1]).read_bytes()
    assert content == b"MZ\0KERNEL32.dll\0msvcp140.dll" + bytes(34) + b"VCRUNTIME140.dll\0"
    assert len(content) == asks.stat().st_size, "nothing in it moves"
    assert same == entries[1]


def test_on_windows_what_only_a_mac_reads_is_left_out_and_nothing_else_that_the_program_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_out = on_windows(monkeypatch)["LEFT_OUT"]
    of_macs = {"mac_proxies.py", "policy_sources.py", "start_at_sign_in.py"}
    missed = {
        (file, module)
        for file, module in imported()
        for name in left_out
        if name not in _OF_SERVERS and f"{module}.".startswith(f"{name}.")
    }
    assert {file for file, _ in missed} <= of_macs
    assert {module.partition(".")[0] for _, module in missed} == {"PySide6", "plistlib", "xml"}
    assert "_sqlite3" in left_out
    assert "_sqlite3" not in LEFT_OUT


SERVED_BY_SQLCIPHER = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sqlite3", sys.argv[1])
sys.modules["sqlite3"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from pathlib import Path
import peewee
from csr_desktop.store.opening import open_server
assert peewee.sqlite3 is module
open_server(sys.argv[2]).db.close()
assert Path(sys.argv[2]).read_bytes().startswith(b"SQLite format 3")
print(peewee.sqlite3.connect.__module__)
"""


def test_on_windows_a_server_opens_its_file_with_the_sqlite_that_is_there(tmp_path: Path) -> None:
    file = trimmed["SQLITE"]
    said = subprocess.run(
        [sys.executable, "-c", SERVED_BY_SQLCIPHER, str(file), str(tmp_path / "server.sqlite3")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("sqlcipher3")


def test_the_sqlite_of_windows_has_every_name_that_the_program_asks_for() -> None:
    there = runpy.run_path(str(trimmed["SQLITE"]))
    asked = {
        node.attr
        for path in (ROOT / "csr_desktop").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sqlite3"
    }
    assert "SQLITE_IOERR_FSYNC" in asked, "the search finds names"
    assert {name: there.get(name) for name in asked if name.startswith("SQLITE_")} == {
        name: getattr(sqlite3, name) for name in asked if name.startswith("SQLITE_")
    }
    assert asked <= set(there)


def test_on_windows_python_gets_that_sqlite_for_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = on_windows(monkeypatch)
    pure = [("sqlite3", "Lib/sqlite3/__init__.py", "PYMODULE"), ("sqlcipher3", "sqlcipher3/__init__.py", "PYMODULE")]
    assert windows["modules"](pure, tmp_path) == [
        ("sqlite3", str(windows["SQLITE"]), "PYMODULE-2"),
        ("sqlcipher3", "sqlcipher3/__init__.py", "PYMODULE-2"),
    ]
    assert modules(pure, tmp_path)[0][1] == "Lib/sqlite3/__init__.py"


def test_what_short_numbers_cost_is_left_out(tmp_path: Path) -> None:
    pure = [
        (name, f"{name}.py", "PYMODULE")
        for name in ("phonenumbers.shortdata", "phonenumbers.shortdata.region_US", "phonenumbers.data.region_US")
    ]
    stay = [name for name, _, _ in modules(pure, tmp_path)]
    assert stay == ["phonenumbers.shortdata", "phonenumbers.data.region_US"]
    asked = {module for _, module in imported()}
    assert not any("hort" in module for module in asked if module.startswith("phonenumbers")), "nobody asks for them"


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
