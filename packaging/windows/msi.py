"""Packs the frozen desk for Windows as an MSI, on Linux: for all users of a computer, for x64, without custom actions.

wixl writes the tables; what it cannot say (conditions of components, short names, what comes when) is put right in
them afterwards. The same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from signing import Signer

UPGRADE_CODE: Final = "2E0B5C4C-6D0A-4B0C-9A0E-53A6B1C5F2D7"
"""Never changes: by it Windows knows an installation of another version."""
_NAMES: Final = uuid.UUID(UPGRADE_CODE)
MOST_BYTES: Final = 45_000_000
NAME: Final = "CSR Desktop"
PROGRAM: Final = '"[INSTALLDIR]csr-desktop.exe"'

MACHINE: Final = r"Software\CSR Desktop"
"""Where the program reads this computer's defaults (`system/policy_sources.py`)."""
INSTALLER: Final = rf"{MACHINE}\Installer"
_CLASSES: Final = r"Software\Classes"
_WINDOWS: Final = r"Software\Microsoft\Windows\CurrentVersion"


@dataclass(frozen=True)
class Value:
    """One of HKEY_LOCAL_MACHINE's. `name` '' is the key's own value; a number is written as one."""

    key: str
    name: str
    value: str | int


@dataclass(frozen=True)
class Component:
    """Values that come and go together. `condition` '' is always."""

    name: str
    values: tuple[Value, ...]
    condition: str = ""
    shortcut_in: str = ""


@dataclass(frozen=True)
class Setting:
    """A property that whoever installs may give, and where a later version finds what was given."""

    name: str
    key: str
    value: str


SETTINGS: Final = (
    Setting("SERVERURL", MACHINE, "ServerUrl"),
    Setting("UPDATECHECK", MACHINE, "UpdateCheck"),
    Setting("AUTOSTART", INSTALLER, "Autostart"),
    Setting("DESKTOPSHORTCUT", INSTALLER, "DesktopShortcut"),
    Setting("REGISTERTEL", INSTALLER, "RegisterTel"),
    Setting("INSTALLDIR", INSTALLER, "InstallDir"),
)


FORGET: Final = "none"
"""Given for SERVERURL or UPDATECHECK, what was kept is forgotten: to Windows Installer an empty word is none at all."""


def _opens_links(key: str, title: str) -> tuple[Value, ...]:
    return (
        Value(key, "", title),
        Value(key, "URL Protocol", ""),
        Value(rf"{key}\DefaultIcon", "", f"{PROGRAM},0"),
        Value(rf"{key}\shell\open\command", "", f'{PROGRAM} link "%1"'),
    )


def _path_of(program: str) -> tuple[Value, ...]:
    key = rf"{_WINDOWS}\App Paths\{program}"
    return Value(key, "", f"[INSTALLDIR]{program}"), Value(key, "Path", "[INSTALLDIR]")


def components(version: str) -> tuple[Component, ...]:
    """All that is not a file. What was given is kept for the next version also where it means no."""
    kept = {setting.name: setting for setting in SETTINGS}

    def keeps(name: str, condition: str = "") -> Component:
        setting = kept[name]
        return Component(f"kept_{name.lower()}", (Value(setting.key, setting.value, f"[{name}]"),), condition or name)

    tel = rf"{_CLASSES}\CSRDesktop.tel"
    abilities = rf"{MACHINE}\Capabilities"
    return (
        Component("installed", (Value(INSTALLER, "Version", version), Value(INSTALLER, "InstallDir", "[INSTALLDIR]"))),
        Component("scheme", _opens_links(rf"{_CLASSES}\csr-desktop", f"URL:{NAME}")),
        Component("app_paths", (*_path_of("csr-desktop.exe"), *_path_of("csr-desktop-cli.exe"))),
        Component("start_menu", (Value(INSTALLER, "StartMenu", 1),), shortcut_in="ProgramMenuFolder"),
        keeps("SERVERURL", f'SERVERURL AND SERVERURL ~<> "{FORGET}"'),
        # A number that is found reads as "#1"; so the words of a command line and what was kept are both asked for.
        Component("update_check_on", (Value(MACHINE, "UpdateCheck", 1),), 'UPDATECHECK = "1" OR UPDATECHECK = "#1"'),
        Component("update_check_off", (Value(MACHINE, "UpdateCheck", 0),), 'UPDATECHECK = "0" OR UPDATECHECK = "#0"'),
        keeps("AUTOSTART"),
        Component("autostart", (Value(rf"{_WINDOWS}\Run", NAME, f"{PROGRAM} --minimized"),), 'AUTOSTART = "1"'),
        keeps("DESKTOPSHORTCUT"),
        Component(
            "desktop_shortcut",
            (Value(INSTALLER, "OnDesktop", 1),),
            'DESKTOPSHORTCUT = "1"',
            shortcut_in="DesktopFolder",
        ),
        keeps("REGISTERTEL"),
        Component(
            "tel",
            (
                *_opens_links(tel, "URL:Phone number"),
                Value(abilities, "ApplicationName", NAME),
                Value(abilities, "ApplicationDescription", "Calls, clients, tickets and follow-ups"),
                Value(rf"{abilities}\UrlAssociations", "tel", "CSRDesktop.tel"),
                Value(rf"{abilities}\UrlAssociations", "callto", "CSRDesktop.tel"),
                Value(r"Software\RegisteredApplications", NAME, abilities),
            ),
            'REGISTERTEL = "1"',
        ),
    )


PROPERTIES: Final = {
    "ARPCOMMENTS": "Calls, clients, tickets and follow-ups",
    "ARPNOMODIFY": "1",
    "ARPPRODUCTICON": "program.ico",
    # All files are ours and belong together: an older one of another version never stays because it says a higher one.
    "REINSTALLMODE": "amus",
    # A computer is never started anew by this: where a file was in use, Windows says so with exit code 3010.
    "REBOOT": "ReallySuppress",
    # A program that runs is asked to close by the Restart Manager, which is what Windows does when nothing is said. One
    # that does not answer goes on, and its files change with the next restart of the computer.
    "MSIRMSHUTDOWN": "0",
}
NEWER: Final = f"A newer version of {NAME} is installed. Remove it first if you want this one."
TOO_OLD: Final = f"{NAME} needs Windows 10 of version 1809, Windows Server 2019, or newer, of 64 bits."
_LEAST_BUILD: Final = 17763
"""The oldest that Qt 6.12 runs on. `VersionNT64` and `WindowsBuild` say 603 and 9600 since Windows 8.1."""
NEW_ENOUGH: Final = f"Installed OR (VersionNT64 >= 603 AND BUILDOFWINDOWS >= {_LEAST_BUILD})"


def guid(kind: str, name: str) -> str:
    """The same for the same name in every version: by it Windows counts who needs a file or a value."""
    return str(uuid.uuid5(_NAMES, f"{kind}:{name}")).upper()


def _id(kind: str, name: str) -> str:
    return f"{kind}_{uuid.uuid5(_NAMES, name).hex}"


def product_version(version: str) -> str:
    """Three numbers, which is all that Windows compares: 1.2.3 of 1.2.3rc1."""
    found = [re.match(r"\d+", part) for part in [*version.split("."), "0", "0"][:3]]
    return ".".join(match[0] if match else "0" for match in found)


def digest(folder: Path, icon: Path, version: str, moment: int) -> str:
    """Of all that goes into the package, and of what puts it there; `moment` in seconds since 1970."""
    seen = hashlib.sha256(f"{moment} {source(folder, version, '')}".encode())
    for path in (icon, Path(__file__)):
        seen.update(hashlib.sha256(path.read_bytes()).digest())
    for path in _files(folder):
        seen.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size} ".encode())
        seen.update(hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def source(folder: Path, version: str, product: str) -> str:
    """What wixl reads; the files are looked for below `program`, beside it."""
    held: list[str] = []
    tree = "\n".join(_tree(folder, PurePosixPath(), held))
    others = [_component(component, held) for component in components(version)]
    inside = "\n".join(text for place, text in others if not place)
    places = "\n".join(f'<Directory Id="{place}">{text}</Directory>' for place, text in others if place)
    searches = "\n".join(
        # A property that was given makes the name one that no value has: it stays, and what was kept is for who says
        # nothing. Windows has the search take its finding before a command line's word.
        f'<Property Id="{setting.name}"><RegistrySearch Id="find_{setting.name.lower()}" Root="HKLM"'
        f' Key={quoteattr(setting.key)} Name="{setting.value}[{setting.name}]" Type="raw" Win64="yes"/></Property>'
        for setting in SETTINGS
    )
    searches += (
        '\n<Property Id="BUILDOFWINDOWS"><RegistrySearch Id="find_build_of_windows" Root="HKLM"'
        r' Key="SOFTWARE\Microsoft\Windows NT\CurrentVersion" Name="CurrentBuildNumber" Type="raw" Win64="yes"/>'
        "</Property>"
    )
    stated = "\n".join(
        f"<Property Id={quoteattr(name)} Value={quoteattr(value)}/>" for name, value in PROPERTIES.items()
    )
    references = "\n".join(f'<ComponentRef Id="{name}"/>' for name in held)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="{product}" Name="{NAME}" Language="1033" Version="{product_version(version)}" Manufacturer="{NAME}"
 UpgradeCode="{UPGRADE_CODE}">
<Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine" Manufacturer="{NAME}"
 Description="{NAME} {version}" Comments="{NAME} {version}, for all users of a computer"/>
<MajorUpgrade DowngradeErrorMessage="{NEWER}"/>
<Media Id="1" Cabinet="program.cab" EmbedCab="yes"/>
<Icon Id="program.ico" SourceFile="program.ico"/>
{stated}
{searches}
<Directory Id="TARGETDIR" Name="SourceDir">
<Directory Id="ProgramFiles64Folder"><Directory Id="INSTALLDIR" Name="{NAME}">
{tree}
{inside}
</Directory></Directory>
{places}
</Directory>
<Feature Id="Program" Title="{NAME}" Level="1">
{references}
</Feature>
</Product>
</Wix>
"""


def _tree(folder: Path, below: PurePosixPath, held: list[str]) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        place = below / path.name
        if path.is_dir():
            yield f'<Directory Id="{_id("d", str(place))}" Name={quoteattr(path.name)}>'
            yield from _tree(path, place, held)
            yield "</Directory>"
            continue
        name = _id("c", str(place))
        held.append(name)
        yield f'<Component Id="{name}" Guid="{guid("file", str(place))}" Win64="yes">'
        yield f'<File Id="{_id("f", str(place))}" Name={quoteattr(path.name)} KeyPath="yes"'
        yield f" Source={quoteattr(str('program' / place))}/></Component>"


def _component(component: Component, held: list[str]) -> tuple[str, str]:
    """The folder of its shortcut, '' without one, and its text."""
    held.append(component.name)
    rows = [f'<Component Id="{component.name}" Guid="{guid("values", component.name)}" Win64="yes">']
    if component.shortcut_in:
        rows.append(
            f'<Shortcut Id="shortcut_{component.name}" Name="{NAME}" Target="[INSTALLDIR]csr-desktop.exe"'
            ' WorkingDirectory="INSTALLDIR" Icon="program.ico"/>'
        )
    for index, value in enumerate(component.values):
        name = f" Name={quoteattr(value.name)}" if value.name else ""
        kind = "integer" if isinstance(value.value, int) else "string"
        path = ' KeyPath="yes"' if index == 0 else ""
        rows.append(
            f'<RegistryValue Root="HKLM" Key={quoteattr(value.key)}{name} Type="{kind}"'
            f" Value={quoteattr(str(value.value))}{path}/>"
        )
    return component.shortcut_in, "\n".join([*rows, "</Component>"])


Row = list[str]


_ASKED_AGAIN: Final = 0x40
"""A component whose condition is asked for again by a repair, which may be given other words."""
_ORDER: Final = {
    # Within the transaction: an upgrade that fails leaves the version that was there.
    "RemoveExistingProducts": 1501,
    # What was given goes after the old version's files and is written before the new one's, so that an upgrade that is
    # cut off, and not taken back, has it still.
    "RemoveRegistryValues": 3550,
    "WriteRegistryValues": 3560,
}


def put_right(package: Path, version: str) -> None:
    """What wixl leaves out or says otherwise than it is wanted."""
    conditions = {component.name: component.condition for component in components(version) if component.condition}

    def condition(row: Row) -> None:
        if found := conditions.get(row[0]):
            row[4] = f'({found}) OR REMOVE = "ALL"'  # what was put there goes with the rest, whatever is said then
            row[3] = str(int(row[3]) | _ASKED_AGAIN)

    def in_order(row: Row) -> None:
        row[2] = str(_ORDER.get(row[0], row[2]))

    def this_version_too(row: Row) -> None:
        if row[6] == "WIX_UPGRADE_DETECTED":
            row[4] = str(int(row[4]) | 0x200)  # another build of the same version replaces it

    def secure(row: Row) -> None:
        if row[0] == "SecureCustomProperties":
            row[1] = ";".join([row[1], *(setting.name for setting in SETTINGS)])

    def whole(row: Row) -> None:
        row[7] = str(0x08 | 0x10)  # neither put off until it is needed nor chosen away

    _change(package, "Component", condition)
    _change(package, "InstallExecuteSequence", in_order)
    _change(package, "Upgrade", this_version_too)
    _change(package, "Property", secure)
    _change(package, "Feature", whole)
    _change(package, "LaunchCondition", None, [NEW_ENOUGH, TOO_OLD])
    taken: set[tuple[str, str]] = set()
    folders = dict(_pairs(package, "Component", 0, 2))
    _change(package, "File", lambda row: _shorten(row, 2, folders[row[1]], taken))
    _change(package, "Directory", lambda row: _shorten(row, 2, row[1], taken))
    _change(package, "Shortcut", lambda row: _shorten(row, 2, row[1], taken))


_SHORT: Final = re.compile(r"[A-Za-z0-9_~-]{1,8}(?:\.[A-Za-z0-9_~-]{1,3})?")


def _shorten(row: Row, column: int, folder: str, taken: set[tuple[str, str]]) -> None:
    """Put the short name that file systems of old want before a long one."""
    name = row[column]
    if name in {".", "SourceDir"} or "|" in name:
        return
    if _SHORT.fullmatch(name):
        taken.add((folder, name.upper()))
        return
    stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
    plain = re.sub(r"[^A-Za-z0-9]", "", stem).upper()
    tail = dot + re.sub(r"[^A-Za-z0-9]", "", ending).upper()[:3]
    for attempt in range(1_000):
        mark = hashlib.sha256(f"{attempt} {name}".encode()).hexdigest()[:4].upper()
        short = f"{plain[:3]}~{mark}{tail}"
        if (folder, short) not in taken:
            taken.add((folder, short))
            row[column] = f"{short}|{name}"
            return
    raise SystemExit(f"No short name is left for {name}.")


def table(package: Path, name: str) -> tuple[list[str], list[Row]]:
    """The three lines that say what its columns are, and its rows."""
    text = subprocess.run(["msiinfo", "export", str(package), name], check=True, capture_output=True).stdout.decode()
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return lines[:3], [line.split("\t") for line in lines[3:]]


def _pairs(package: Path, name: str, first: int, second: int) -> Iterator[tuple[str, str]]:
    for row in table(package, name)[1]:
        yield row[first], row[second]


def _change(package: Path, name: str, change: Callable[[Row], None] | None, *more: Row) -> None:
    head, rows = table(package, name)
    for row in rows:
        if change is not None:
            change(row)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.idt"
        lines = [*head, *("\t".join(row) for row in [*rows, *more])]
        file.write_bytes("".join(f"{line}\r\n" for line in lines).encode("ascii"))
        subprocess.run(["msibuild", str(package), "-i", str(file)], check=True, stdout=subprocess.DEVNULL)


_SUMMARY: Final = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
_PACKAGE_CODE, _CREATED, _SAVED = 9, 12, 13
_TO_1601: Final = 11_644_473_600


def make_even(package: Path, code: str, moment: int) -> None:
    """Put this package code and moment (seconds since 1970) for the ones of chance that it was written with."""
    content = bytearray(package.read_bytes())
    place = content.find(_SUMMARY)
    if place < 0 or content.find(_SUMMARY, place + 1) >= 0:
        raise SystemExit(f"{package} has no summary, or several.")
    start = place - 28  # the section's place counts from the beginning of the set
    section = start + struct.unpack_from("<I", content, place + 16)[0]
    count = struct.unpack_from("<I", content, section + 4)[0]
    for index in range(count):
        kind, offset = struct.unpack_from("<II", content, section + 8 + 8 * index)
        at = section + offset
        if kind in {_CREATED, _SAVED}:
            struct.pack_into("<Q", content, at + 4, (moment + _TO_1601) * 10_000_000)
        elif kind == _PACKAGE_CODE:
            content[at + 8 : at + 8 + 38] = f"{{{code}}}".encode("ascii")
    package.write_bytes(content)


def build(folder: Path, icon: Path, package: Path, version: str) -> None:
    """Pack what lies below the folder. Other input has other codes, so Windows never takes one for the other."""
    package.parent.mkdir(parents=True, exist_ok=True)
    package.unlink(missing_ok=True)
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    seen = digest(folder, icon, version, moment)
    with tempfile.TemporaryDirectory(dir=package.parent) as made:
        work = Path(made)
        shutil.copytree(folder, work / "program", copy_function=shutil.copyfile)
        shutil.copyfile(icon, work / "program.ico")
        for path in work.rglob("*"):
            os.utime(path, (moment, moment))
        (work / "program.wxs").write_text(source(folder, version, guid("product", seen)), encoding="utf-8")
        command = ["wixl", "--arch", "x64", "--output", str(package.resolve()), "program.wxs"]
        subprocess.run(command, check=True, cwd=work, env=os.environ | {"TZ": "UTC"})
    put_right(package, version)
    make_even(package, guid("package", seen), moment)


def weighed(package: Path) -> int:
    found = package.stat().st_size
    if found > MOST_BYTES:
        raise SystemExit(f"{package} weighs {found:,} bytes, more than {MOST_BYTES:,}.")
    return found


def packed(folder: Path, icon: Path, target: Path, version: str, signer: Signer | None) -> Path:
    """The package of this version below `target`, signed where there is a signer, and `-unsigned` in its name where
    there is none. Raises SystemExit where it weighs more than it may.
    """
    program = signer.signed_copy(folder, folder.with_name(f"{folder.name}-signed")) if signer else folder
    package = target / f"csr-desktop-{version}-x64{'' if signer else '-unsigned'}.msi"
    build(program, icon, package, version)
    if signer is not None:
        signer.sign(package)
    print(f"{package}: {weighed(package):,} bytes", flush=True)
    return package
