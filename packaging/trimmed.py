"""What the frozen desk leaves out: modules nobody of ours asks for, Qt's plugins for other machines, libraries that
only those need. The spec and the tests read it here.
"""

from __future__ import annotations

import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath
from typing import Final

_IS_WINDOWS: Final = sys.platform == "win32"
_OF_PYTHONS_SQLITE: Final = ("_sqlite3", "sqlite3.__main__", "sqlite3.dbapi2", "sqlite3.dump")

LEFT_OUT: Final = (
    # Tools of developers, which libraries mention.
    *(
        "IPython",
        "_pytest",
        "attr",
        "attrs",
        "hypothesis",
        "mypy",
        "pip",
        "py",
        "pydoc",
        "pydoc_data",
        "pytest",
        "qtpy",
        "setuptools",
        "tkinter",
    ),
    *("doctest", "lib2to3", "test", "unittest"),
    # Python's own slow forms of what is there in C.
    *("_pydatetime", "_pydecimal"),
    # GNU readline is under the GPL, and nobody types at a prompt of ours.
    "readline",
    # Colours and Markdown of command lines that are not ours, second HTTP clients, formats we do not read.
    *("markdown_it", "pygments", "requests", "rich", "urllib3", "yaml", "_yaml"),
    # Places and carriers of phone numbers, 5 MB; of both we say nothing.
    *("phonenumbers.carrier", "phonenumbers.carrierdata", "phonenumbers.geocoder", "phonenumbers.geodata"),
    # A server for a team is installed from its own package; the demo's keeps to SQLite and makes no backups.
    *("psycopg", "psycopg_binary", "pyrage"),
    # What writes drivers in C; those that are written need only its core, _cffi_backend.
    *("cffi", "pycparser"),
    # Compressors that libraries would use if they were there, and a second driver of the one that is used.
    *("bz2", "_bz2", "lzma", "_lzma", "zstandard.backend_cffi"),
    # Carriers of mail and files that Python's library would reach for, another event loop.
    *("ftplib", "smtplib", "xmlrpc", "anyio._backends._trio"),
    # Of rapidfuzz only its distances are used.
    *("rapidfuzz.fuzz_cpp", "rapidfuzz.utils_cpp"),
    # Only the font files of it are used.
    "qtawesome",
    # Qt: the window is of widgets, the network is Python's. Only on macOS Qt is asked for proxies.
    *(f"PySide6.{name}" for name in ("QtOpenGL", "QtOpenGLWidgets", "QtSvg", "QtSvgWidgets", "QtXml")),
    *(() if sys.platform == "darwin" else ("PySide6.QtNetwork",)),
    # On Windows nothing reads property lists, and SQLCipher's SQLite is the only one (`sqlite_of_sqlcipher.py`).
    *(("asyncio.unix_events", "plistlib", "xml.parsers", "pyexpat", *_OF_PYTHONS_SQLITE) if _IS_WINDOWS else ()),
)
"""Modules and packages, each with all below it."""

_HOLIDAYS: Final = re.compile(r"holidays\.(?:countries|financial)(?:\.(?P<entity>\w+))?")
_HOLIDAYS_OF: Final = ("united_states", "federal_reserve")
"""The library has the holidays of 250 countries and names all of them when one is imported."""

_SHORT_NUMBERS: Final = re.compile(r"phonenumbers\.shortdata\.region_\w+")
"""What the short numbers of each country cost and reach, which nobody asks; each is imported when it is asked for."""
SQLITE: Final = Path(__file__).resolve().parent / "windows" / "sqlite_of_sqlcipher.py"

_PLUGINS: Final = {
    "platforms": r"q(xcb|offscreen|windows|cocoa)",
    "platformthemes": r"qxdgdesktopportal",
    "platforminputcontexts": r".*",
    "styles": r"qmacstyle",
}
"""Qt's plugins that stay, by their folder: a window on X11, Windows or macOS, typing in every language. The style is
Fusion and pictures are PNG, which Qt has in itself.
"""
_PLUGIN: Final = re.compile(r"PySide6/(?:Qt/)?plugins/(?P<kind>[^/]+)/(?:lib)?(?P<name>[^/.]+)\.[^/]*")
_NEVER: Final = re.compile(
    r"(?:.*/)?(?:opengl32sw\.dll|d3dcompiler_\d+\.dll|Qt6(?:Network|OpenGL|Svg|Pdf|Qml|Quick)\w*\.dll)"
    r"|PySide6/(?:Qt/)?translations/.*"
    r"|zstandard/_cffi\..*|rapidfuzz/.*_avx2\..*"
    r"|dateutil/zoneinfo/.*\.tar\.gz|tzdata/zoneinfo/(?:tzdata\.zi|zone(?:1970|now)?\.tab)"
    r"|[^/]*\.dist-info/(?:RECORD|INSTALLER|REQUESTED|WHEEL|sboms/.*|licenses/.*|LICEN[CS]E.*)"
    r"|resources/help/.*\.png",
    re.IGNORECASE,
)
"""Files that nothing loads by itself: a software OpenGL, Qt's own translations, a second driver of zstd, the same
comparisons once more for newer processors, a second list of time zones and their sources, what installers note of
packages (their licenses are laid beside the program), pictures of the guide for readers of the source.
"""
_RUNTIME: Final = re.compile(
    r"(?P<name>(?:msvcp|vcruntime)140(?:_\d|_codecvt_ids)?)(?:-[0-9a-f]{32})?\.dll", re.IGNORECASE
)
"""Microsoft's runtime for C++, of which several wheels bring the same; some under a name of their own, with a hash."""

_FRAMEWORK: Final = re.compile(r"(?P<folder>(?:.*/)?[^/]+\.framework)/.*")
"""On macOS a library is a folder with a version in it, links to that, and a list of properties."""

_OF_THE_SYSTEM: Final = re.compile(
    r"lib(?:X11|X11-xcb|Xau|Xdmcp|xcb|bsd|md|glib-2\.0|gthread-2\.0|gio-2\.0|gobject-2\.0|gmodule-2\.0|pcre2-8|dbus-1"
    r"|systemd|cap|gcrypt|gpg-error|lz4|fontconfig|freetype|expat|brotlidec|brotlicommon|png16|uuid|sqlite3|stdc\+\+"
    r"|gcc_s)\.so\..*"
)
"""On Linux every desktop has these, and its own fit it better; the package for Debian asks for them."""


MOST_BYTES: Final = {"linux": 150_000_000, "win32": 90_000_000, "darwin": 150_000_000}
"""What the unpacked folder may weigh, by platform; a build above it fails."""


def weighed(folder: Path) -> int:
    """The bytes of all files below it, links not counted. Raises SystemExit where that is above the budget."""
    found = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if found > MOST_BYTES[sys.platform]:
        msg = f"{folder} weighs {found:,} bytes, more than {MOST_BYTES[sys.platform]:,}."
        raise SystemExit(msg)
    return found


def is_root(name: str) -> bool:
    """Whether this file stays for its own sake: an extension module, a plugin that is used."""
    posix = PurePath(name).as_posix().replace("\\", "/")
    if _NEVER.fullmatch(posix) or _OF_THE_SYSTEM.fullmatch(PurePath(posix).name):
        return False
    plugin = _PLUGIN.fullmatch(posix)
    if plugin is None:
        return True
    return re.fullmatch(_PLUGINS.get(plugin["kind"], "(?!)"), plugin["name"]) is not None


def is_library(name: str) -> bool:
    """Whether this is a shared library that is there for others, not an extension module or a plugin."""
    path = PurePath(name.replace("\\", "/"))
    if _PLUGIN.fullmatch(path.as_posix()):
        return False
    if path.parts[0].startswith("libpython"):
        return False
    if _FRAMEWORK.fullmatch(path.as_posix()):
        return path.name != "Python"
    is_module = re.search(r"\.(cpython-\w+.*|abi3)\.so$|\.pyd$", path.name) is not None or "lib-dynload" in path.parts
    return not is_module and re.search(r"\.(so|dll|dylib)(\.|$)", path.name, re.IGNORECASE) is not None


def kept(
    binaries: Iterable[tuple[str, str, str]],
    imports_of: Callable[[str], Iterable[str]],
    version_of: Callable[[str], tuple[int, ...]] | None = None,
) -> list[tuple[str, str, str]]:
    """Of the (name within the package, file, kind) those that stay: roots, and the libraries that something which
    stays asks for. `imports_of` gives the names of the libraries that a file asks for, `version_of` the numbers of a
    library's version.
    """
    binaries = list(binaries)
    by_name: dict[str, list[tuple[str, str, str]]] = {}
    for entry in binaries:
        by_name.setdefault(_bare(entry[0]), []).append(entry)
    staying = [entry for entry in binaries if is_root(entry[0]) and not is_library(entry[0])]
    found = set(staying)
    while staying:
        _, file, _kind = staying.pop()
        for wanted in imports_of(file):
            for entry in by_name.get(_bare(wanted), ()):
                if entry not in found and is_root(entry[0]):
                    found.add(entry)
                    staying.append(entry)
    return _one_runtime((entry for entry in binaries if entry in found), version_of or file_version)


def _one_runtime(
    binaries: Iterable[tuple[str, str, str]], version_of: Callable[[str], tuple[int, ...]]
) -> list[tuple[str, str, str]]:
    """Windows takes a library that is loaded already, by its name alone; so one of each is enough, the newest, which
    works for who was built with an older one, and at the top it is found for all.
    """
    found: dict[str, list[tuple[str, str, str]]] = {}
    others = []
    for name, file, kind in binaries:
        match = _RUNTIME.fullmatch(re.split(r"[\\/]", name)[-1])
        if match is None:
            others.append((name, file, kind))
        else:
            found.setdefault(match["name"].lower(), []).append((f"{match['name']}.dll", file, kind))
    return [*others, *(max(several, key=lambda entry: version_of(entry[1])) for several in found.values())]


def file_version(file: str) -> tuple[int, ...]:
    """The four numbers in a Windows library's own description; () without one."""
    content = Path(file).read_bytes()
    place = content.find(b"\xbd\x04\xef\xfe")
    if place < 0:
        return ()
    high, low = struct.unpack_from("<II", content, place + 8)
    return high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF


_NAMED_BY_HASH: Final = re.compile(rb"((?:msvcp|vcruntime)140(?:_\d|_codecvt_ids)?)-[0-9a-f]{32}\.dll\0", re.IGNORECASE)


def with_plain_runtime(binaries: Iterable[tuple[str, str, str]], work: Path) -> list[tuple[str, str, str]]:
    """The same files; where one asks for a runtime of a name of its own, a copy in `work` that asks for the one that is
    there (`_one_runtime`): the name in it is written over.
    """
    found = []
    for name, file, kind in binaries:
        content = Path(file).read_bytes() if kind in {"EXTENSION", "BINARY"} else b""
        plain = _NAMED_BY_HASH.sub(lambda match: (match[1] + b".dll").ljust(len(match[0]), b"\0"), content)
        if plain == content:
            found.append((name, file, kind))
            continue
        copy = work / "plain_runtime" / name.replace("\\", "/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(plain)
        found.append((name, str(copy), kind))
    return found


def modules(pure: Iterable[tuple[str, str, str]], empty: Path) -> list[tuple[str, str, str]]:
    """Of Python's modules, as (name, file, kind), those that stay. A package that names all of what goes is replaced by
    one without a line, `empty`, which is called __init__.py. Others' modules are packed without their docstrings and
    assertions; ours keep them: the command line's help is made of docstrings.
    """
    found = []
    for name, file, kind in pure:
        if _SHORT_NUMBERS.fullmatch(name):
            continue
        if _IS_WINDOWS and name == "sqlite3":
            file = str(SQLITE)  # noqa: PLW2901
        if kind == "PYMODULE" and name.partition(".")[0] != "csr_desktop":
            kind = "PYMODULE-2"  # noqa: PLW2901
        holidays = _HOLIDAYS.fullmatch(name)
        if holidays is None or holidays["entity"] in _HOLIDAYS_OF:
            found.append((name, file, kind))
        elif holidays["entity"] is None:
            found.append((name, str(empty), kind))
    return found


def packed_again(archive: Path) -> None:
    """The first modules of Python are in a ZIP file that PyInstaller does not compress. On Windows Python can unpack
    them, as its zlib is in its own library; elsewhere that would have to be imported first.
    """
    with zipfile.ZipFile(archive) as read:
        held = [(member, read.read(member)) for member in read.infolist()]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as written:
        for member, content in held:
            written.writestr(member, content, zipfile.ZIP_DEFLATED, 9)


def without_dead_links(
    datas: Iterable[tuple[str, str, str]], binaries: Iterable[tuple[str, str, str]]
) -> list[tuple[str, str, str]]:
    """The data files that stay: of links only those to a file that stays, of a Mac's framework all or nothing."""
    binaries = list(binaries)
    names = {_bare(name) for name, _, _ in binaries}
    frameworks = {_framework(name) for name, _, _ in binaries}

    def stays(name: str, kind: str) -> bool:
        if framework := _framework(name):
            return framework in frameworks
        return not _NEVER.fullmatch(name.replace("\\", "/")) and (kind != "SYMLINK" or _bare(name) in names)

    return [entry for entry in datas if stays(entry[0], entry[2])]


def _framework(name: str) -> str:
    """The folder of the Mac's framework that it lies in, '' for none."""
    match = _FRAMEWORK.fullmatch(name.replace("\\", "/"))
    return match["folder"] if match else ""


def _bare(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return last.lower() if sys.platform == "win32" else last
