"""Proves an MSI under Wine: what an administrator does with it, step by step, with what came of each."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msi import FORGET, INSTALLER, MACHINE, NEWER, build, table
from wine import Wine, inside

SERVER: Final = "https://desk.example.com"
OTHER_SERVER: Final = "https://other.example.com"
LOCAL: Final = "HKLM\\"
RUN: Final = rf"{LOCAL}Software\Microsoft\Windows\CurrentVersion\Run"
COMMAND: Final = rf"{LOCAL}Software\Classes\csr-desktop\shell\open\command"
APP_PATHS: Final = rf"{LOCAL}Software\Microsoft\Windows\CurrentVersion\App Paths"
POLICY: Final = rf"{LOCAL}Software\Policies\CSR Desktop"
_REFUSED: Final = 1603 & 0xFF
"""What Wine gives of Windows Installer's exit code for "failed"."""
_NOT_RUNNING: Final = 3
_TINY: Final = ("csr-desktop.exe", "csr-desktop-cli.exe")
_MADE_UP: Final = b"made up"


class NotProved(Exception):
    """In words, what was not as it should be."""


def expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise NotProved(f"{what}: {found!r}, not {wanted!r}.")


class Proof:
    """One Windows of Wine's in which nothing of the build is, and the package."""

    def __init__(self, package: Path, icon: Path, version: str, work: Path) -> None:
        self.wine = Wine(work)
        self.package, self.icon, self.version = package, icon, version
        self.home = self.wine.drive / "Program Files" / "CSR Desktop"

    def install(self, package: Path, *words: str) -> int:
        return self.wine.ended("msiexec", "/i", inside(package), "/qn", *words)[0]

    def machine(self, name: str) -> str | None:
        return self.wine.value(LOCAL + MACHINE, name)

    def memory(self, name: str) -> str | None:
        return self.wine.value(LOCAL + INSTALLER, name)

    def program(self, line: str, *, code: int = 0) -> str:
        """The console program from where it was installed."""
        found, said = self.wine.ended(*self.wine.off_screen(f"csr-desktop-cli.exe {line}"), cwd=self.home)
        if found != code:
            raise NotProved(f"csr-desktop-cli {line} ended with {found}:\n{said}")
        return said

    def links(self) -> list[str]:
        """The folders of menus that the program stands in."""
        return sorted(path.parent.name for path in self.wine.drive.rglob("CSR Desktop.lnk"))

    def is_on_desktop(self) -> bool:
        """Wine makes a Linux desktop's entry of what is laid on the desktop, and leaves that when the other goes."""
        return any(self.wine.home.rglob("CSR Desktop.desktop"))

    def wait(self, is_so: Callable[[], bool], what: str, seconds: float = 60, pause: float = 0.2) -> None:
        until = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > until:
                raise NotProved(f"{what}: not within {seconds:.0f} s.")
            time.sleep(pause)


def prove(package: Path, icon: Path, version: str, work: Path) -> None:
    """Say each step. Raises SystemExit for the first that fails."""
    proof = Proof(package, icon, version, work)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, step in _steps(proof, Path(folder)):
                before = time.monotonic()
                try:
                    step()
                except (NotProved, subprocess.SubprocessError) as fault:
                    raise SystemExit(f"Not proved, {name}: {fault}") from None
                print(f"  {name}: {time.monotonic() - before:.1f} s", flush=True)
    finally:
        proof.wine.stop()
    print(f"Proved under Wine: {time.monotonic() - began:.0f} s", flush=True)


def _steps(proof: Proof, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    older = folder / "older.msi"
    yield "a Windows with nothing in it", proof.wine.make
    yield "an older version is packed", lambda: _pack_older(proof, folder, older)
    yield "it installs silently with all properties", lambda: _install_older(proof, older)
    yield "upgrade in place: what was given stays, what the old version had goes", lambda: _upgrade(proof)
    yield "the programs say their version", lambda: _versions(proof)
    yield "self-test from Program Files", lambda: _self_test(proof)
    yield "a day's tour, in the demo with its server", lambda: _tour(proof)
    yield "this computer's defaults and the organization's policy", lambda: _policy(proof)
    yield "a link finds nobody, and then the desk that runs", lambda: _links(proof)
    yield "an older version is refused and changes nothing", lambda: _downgrade(proof, older)
    yield "repair brings back a file and keeps what was given", lambda: _repair(proof)
    yield "another build of this version, with another server and no autostart", lambda: _again(proof, folder)
    yield "upgrades that are cut off are made good by the next start of the installer", lambda: _cut_off(proof, folder)
    yield "what was given is changed by a repair and forgotten on request", lambda: _forget(proof, folder)
    yield "removal leaves nothing but the person's data", lambda: _remove(proof)
    yield "another folder is remembered and left for a third", lambda: _folder(proof, folder, older)


def _tiny(folder: Path, *names: str) -> Path:
    program = folder / "tiny"
    program.mkdir(exist_ok=True)
    for name in (*_TINY, *names):
        (program / name).write_bytes(_MADE_UP)
    return program


def _pack_older(proof: Proof, folder: Path, older: Path) -> None:
    build(_tiny(folder, "only-in-the-old.txt"), proof.icon, older, "0.0.1")


def _install_older(proof: Proof, older: Path) -> None:
    words = (f"SERVERURL={SERVER}", "AUTOSTART=1", "DESKTOPSHORTCUT=1", "REGISTERTEL=1", "UPDATECHECK=0")
    expect(proof.install(older, *words), 0, "exit code")
    expect(proof.memory("Version"), "0.0.1", "version")
    expect((proof.home / "only-in-the-old.txt").is_file(), True, "the old version's file")
    _as_given(proof)


def _as_given(proof: Proof) -> None:
    installed = "C:\\Program Files\\CSR Desktop\\"
    expect(proof.machine("ServerUrl"), SERVER, "server")
    expect(proof.machine("UpdateCheck"), "0x0", "looking for updates")
    expect(proof.wine.value(RUN, "CSR Desktop"), f'"{installed}csr-desktop.exe" --minimized', "autostart")
    expect(proof.wine.value(COMMAND), f'"{installed}csr-desktop.exe" link "%1"', "what opens links")
    for name in _TINY:
        expect(proof.wine.value(rf"{APP_PATHS}\{name}"), f"{installed}{name}", f"where {name} is found by its name")
    for scheme in ("tel", "callto"):
        found = proof.wine.value(rf"{LOCAL}{MACHINE}\Capabilities\UrlAssociations", scheme)
        expect(found, "CSRDesktop.tel", f"ability for {scheme}")
    expect(proof.memory("InstallDir"), installed, "folder")
    expect((proof.links(), proof.is_on_desktop()), (["Programs"], True), "shortcuts")


def _upgrade(proof: Proof) -> None:
    expect(proof.install(proof.package), 0, "exit code")
    expect(proof.memory("Version"), proof.version, "version")
    expect((proof.home / "only-in-the-old.txt").exists(), False, "the old version's file is still there")
    listed = proof.wine.run("reg", "query", rf"{LOCAL}Software\Microsoft\Windows\CurrentVersion\Uninstall", "/s")
    expect(listed.count("DisplayName "), 1, "programs that can be removed")
    _as_given(proof)


def _versions(proof: Proof) -> None:
    expect(json.loads(proof.program("--version --json"))["version"], proof.version, "version of the console program")
    found, said = proof.wine.ended(*proof.wine.off_screen("csr-desktop.exe --version"), cwd=proof.home)
    expect((found, proof.version in said), (0, True), f"version of the windowed program in {said!r}")


def _self_test(proof: Proof) -> None:
    report = json.loads(proof.program("self-test --json"))
    failed = [part for part in report["parts"] if not part["works"]]
    expect((report["works"], failed), (True, []), "parts that do not work")
    words = {part["part"]: part["words"] for part in report["parts"]}
    for name, word in (("keyring", "keeps and gives back"), ("encrypted database", "SQLCipher"), ("window", "Qt 6")):
        expect(word in words[name], True, f"{name} says {words[name]}")


def _tour(proof: Proof) -> None:
    said = proof.program(r"demo --tour C:\tour")
    report = json.loads((proof.wine.drive / "tour" / "tour.json").read_bytes())
    expect(bool(report) and "steps passed" in said, True, f"the tour said {said[-500:]}")


def _policy(proof: Proof) -> None:
    def effective(name: str) -> tuple[object, str]:
        found = json.loads(proof.program("policy --json"))["settings"][name]
        return found["value"], found["from"]

    expect(effective("ServerUrl"), (SERVER, rf"HKLM\{MACHINE}"), "the computer's default")
    proof.wine.run("reg", "add", POLICY, "/v", "ServerUrl", "/d", OTHER_SERVER, "/f")
    expect(effective("ServerUrl"), (OTHER_SERVER, POLICY), "policy")
    proof.wine.run("reg", "delete", POLICY, "/f")


def _start_link(proof: Proof) -> tuple[int, str]:
    return proof.wine.ended(*proof.wine.off_screen('start /wait "" "csr-desktop://dial?number=3125550142"'))


def _links(proof: Proof) -> None:
    """Nothing is opened for a link, by the computer's default, so what the program says is known: nobody runs."""
    proof.wine.run("reg", "add", LOCAL + MACHINE, "/v", "CallsOpenDesk", "/t", "REG_DWORD", "/d", "0", "/f")
    expect(_start_link(proof), (_NOT_RUNNING, ""), "exit code of a link without a desk, and what was said")
    with _running(proof):
        proof.wait(lambda: _start_link(proof)[0] == 0, "a link to the desk that runs")
    proof.wine.run("reg", "delete", LOCAL + MACHINE, "/v", "CallsOpenDesk", "/f")


@contextmanager
def _running(proof: Proof) -> Iterator[None]:
    desk = proof.wine.start(*proof.wine.off_screen("csr-desktop.exe"), cwd=proof.home)
    try:
        yield
    finally:
        proof.wine.ended("taskkill", "/F", "/IM", "csr-desktop.exe")
        desk.wait(timeout=60)
        if desk.stdout is not None:
            desk.stdout.close()


def _downgrade(proof: Proof, older: Path) -> None:
    log = proof.wine.drive / "downgrade.log"
    expect(proof.install(older, f"SERVERURL={OTHER_SERVER}", "/l*v", r"C:\downgrade.log"), _REFUSED, "exit code")
    conditions = [row[1] for row in table(older, "LaunchCondition")[1]]
    expect(NEWER in conditions, True, "the words for it")
    done = re.findall(r"Action start [\d:]+: (\w+)", log.read_bytes().replace(b"\0", b"").decode("utf-8", "replace"))
    expect(done[-1:], ["LaunchConditions"], "the last that was begun")
    expect(proof.memory("Version"), proof.version, "version")
    _as_given(proof)
    log.unlink(missing_ok=True)


def _product(package: Path) -> str:
    return {row[0]: row[1] for row in table(package, "Property")[1]}["ProductCode"]


def _repair(proof: Proof) -> None:
    gone = proof.home / "csr-desktop.exe"
    size = gone.stat().st_size
    gone.unlink()
    # What msiexec /fa says in properties; Wine 8 does not know that option.
    expect(proof.install(proof.package, "REINSTALL=ALL", "REINSTALLMODE=amus"), 0, "exit code")
    expect(gone.stat().st_size if gone.exists() else 0, size, "size of the file that was missing")
    _as_given(proof)
    _versions(proof)


def _again(proof: Proof, folder: Path) -> None:
    rebuilt = folder / "rebuilt.msi"
    build(_tiny(folder, "rebuilt.txt"), proof.icon, rebuilt, proof.version)
    expect(proof.install(rebuilt, f"SERVERURL={OTHER_SERVER}", "AUTOSTART=0", "UPDATECHECK=1"), 0, "exit code")
    expect(proof.machine("ServerUrl"), OTHER_SERVER, "server")
    expect(proof.machine("UpdateCheck"), "0x1", "looking for updates")
    expect(proof.wine.value(RUN, "CSR Desktop"), None, "autostart")
    expect((proof.home / "_internal").exists(), False, "the other build's files")
    expect(proof.install(proof.package), 0, "exit code of the first build, once more")
    expect((proof.machine("ServerUrl"), proof.wine.value(RUN, "CSR Desktop")), (OTHER_SERVER, None), "what was given")


def _cut_off(proof: Proof, folder: Path) -> None:
    rebuilt = folder / "rebuilt.msi"
    whole = _files_in(proof.home)
    _cut(proof, rebuilt, lambda: _files_in(proof.home) < whole // 2)
    expect((proof.home / "rebuilt.txt").exists(), False, "the new version is there though it was cut off")
    expect(proof.machine("ServerUrl"), OTHER_SERVER, "server after removing was cut off")
    expect(proof.install(rebuilt), 0, "exit code after removing was cut off")
    # Wine, which takes nothing back, leaves files of the version that was being removed beside these.
    expect([(proof.home / name).read_bytes() for name in _TINY], [_MADE_UP] * len(_TINY), "the new version's files")
    expect(proof.machine("ServerUrl"), OTHER_SERVER, "server after it was made good")
    _cut(proof, proof.package, lambda: _files_in(proof.home) > whole // 2)
    expect(_files_in(proof.home) < whole, True, "it was cut off before the last file")
    expect(proof.machine("ServerUrl"), OTHER_SERVER, "server after writing was cut off")
    expect(proof.install(proof.package), 0, "exit code after writing was cut off")
    expect((_files_in(proof.home), proof.machine("ServerUrl")), (whole, OTHER_SERVER), "files, and the server")
    expect(proof.memory("Version"), proof.version, "version")
    _versions(proof)


def _cut(proof: Proof, package: Path, is_midway: Callable[[], bool]) -> None:
    """As by a power failure: everything ends at once, and under Wine nobody takes back what was done."""
    with proof.wine.start("msiexec", "/i", inside(package), "/qn") as installer:
        proof.wait(lambda: is_midway() or installer.poll() is not None, "midway through an upgrade", pause=0.005)
        code = installer.poll()
        proof.wine.stop()
    expect(code, None, "exit code before it was cut off")


def _files_in(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


def _forget(proof: Proof, folder: Path) -> None:
    words = ("REINSTALL=ALL", "REINSTALLMODE=amus", f"SERVERURL={SERVER}", "UPDATECHECK=0")
    expect(proof.install(proof.package, *words), 0, "exit code of a repair with words")
    expect((proof.machine("ServerUrl"), proof.machine("UpdateCheck")), (SERVER, "0x0"), "what the repair was given")
    words = (f"SERVERURL={FORGET}", f"UPDATECHECK={FORGET}", "DESKTOPSHORTCUT=0", "REGISTERTEL=0")
    expect(proof.install(folder / "rebuilt.msi", *words), 0, "exit code of an upgrade that forgets")
    expect(proof.install(proof.package), 0, "exit code of the one after it")
    expect((proof.machine("ServerUrl"), proof.machine("UpdateCheck")), (None, None), "what was to be forgotten")
    expect((proof.links(), proof.memory("OnDesktop")), (["Programs"], None), "shortcuts")
    expect(proof.wine.value(rf"{LOCAL}Software\RegisteredApplications", "CSR Desktop"), None, "ability for tel")


def _remove(proof: Proof) -> None:
    users = proof.wine.drive / "users"
    before = sorted(
        path for path in users.rglob("*") if path.is_file() and "csr-desktop" in str(path.relative_to(users))
    )
    expect(bool(before), True, "the person has data")
    expect(proof.wine.ended("msiexec", "/x", _product(proof.package), "/qn")[0], 0, "exit code")
    expect(proof.home.exists(), False, "the program's folder is still there")
    expect([path for path in before if not path.exists()], [], "data that went")
    expect(proof.wine.ended("reg", "query", LOCAL + MACHINE)[0], 1, "what is left of the computer's settings")
    for key in (COMMAND, rf"{LOCAL}Software\Classes\CSRDesktop.tel", *(rf"{APP_PATHS}\{name}" for name in _TINY)):
        expect(proof.wine.value(key), None, key)
    expect(proof.wine.value(rf"{LOCAL}Software\RegisteredApplications", "CSR Desktop"), None, "ability for tel")
    expect(proof.wine.value(RUN, "CSR Desktop"), None, "autostart")
    expect(proof.links(), [], "shortcuts")


def _folder(proof: Proof, folder: Path, older: Path) -> None:
    newer = folder / "newer.msi"
    build(_tiny(folder), proof.icon, newer, "0.0.2")
    expect(proof.install(older, r"INSTALLDIR=C:\Desks\CSR"), 0, "exit code")
    expect(proof.install(newer), 0, "exit code of the upgrade")
    there = proof.wine.drive / "Desks" / "CSR" / "csr-desktop.exe"
    expect((there.is_file(), proof.home.exists()), (True, False), "where it is")
    expect(proof.wine.value(COMMAND), r'"C:\Desks\CSR\csr-desktop.exe" link "%1"', "what opens links")
    expect((proof.machine("ServerUrl"), proof.machine("UpdateCheck")), (None, None), "what nobody gave")
    newest, elsewhere = folder / "newest.msi", proof.wine.drive / "Elsewhere"
    build(_tiny(folder), proof.icon, newest, "0.0.3")
    expect(proof.install(newest, r"INSTALLDIR=C:\Elsewhere"), 0, "exit code of the upgrade to a third folder")
    expect(((elsewhere / "csr-desktop.exe").is_file(), there.parent.exists()), (True, False), "where it is then")
    expect(proof.wine.ended("msiexec", "/x", _product(newest), "/qn")[0], 0, "exit code of the removal")
    expect(elsewhere.exists(), False, "the folder is still there")
