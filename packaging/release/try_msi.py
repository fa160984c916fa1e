"""Tries a Windows package as a deployment tool uses it, on a Windows computer that may be spoiled: validated by WiX,
installed silently by SYSTEM, upgraded from the version before, with settings by policy, an older one refused, repaired,
removed.

python packaging/release/try_msi.py NEW.msi --before OLD.msi --templates FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from trying import every_key, need_taken, need_window, said, say, try_all_parts

POLICIES: Final = r"Software\Policies\CSR Desktop"
DEFAULTS: Final = r"Software\CSR Desktop"
RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
FOLDER: Final = Path(r"C:\Program Files\CSR Desktop")
COMMAND: Final = FOLDER / "csr-desktop-cli.exe"
PREFERENCES: Final = "org.csr-desktop.CSR-Desktop.plist"
"""Has the example's values for every system."""
ADDRESS: Final = "https://desk.example.com"
DONE: Final = 0
FAILED: Final = 1603
_SPACE: Final = {"p": "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"}
_TASK: Final = "csr-desktop-try"
_LONGEST_SECONDS: Final = 900


def installing(msi: Path, log: Path, **properties: str) -> list[str]:
    """The words of a silent installation or upgrade."""
    words = ["msiexec", "/i", str(msi), "/qn", "/norestart", "/l*v", str(log)]
    return [*words, *(f"{name}={value}" for name, value in properties.items())]


def repairing(msi: Path, log: Path) -> list[str]:
    return ["msiexec", "/fa", str(msi), "/qn", "/norestart", "/l*v", str(log)]


def removing(msi: Path, log: Path) -> list[str]:
    return ["msiexec", "/x", str(msi), "/qn", "/norestart", "/l*v", str(log)]


def validating(msi: Path, smoke: Path) -> list[str]:
    """WiX's own consistency evaluators; a warning is said, an error ends it. Those that are left out take folders of
    shortcuts for the person's own, whatever ALLUSERS says; here it is always 1, so they are the computer's.
    """
    return [str(smoke), "-nologo", *(f"-sice:{name}" for name in ("ICE38", "ICE43", "ICE57")), str(msi)]


def batch(words: list[str], result: Path) -> str:
    """A file for cmd that runs the words and leaves their exit code, whole or not at all."""
    line = f'start "" /wait {subprocess.list2cmdline(words)}'
    part = result.with_suffix(".part")
    lines = ["@echo off", line, f'>"{part}" echo %ERRORLEVEL%', f'move /y "{part}" "{result}" >nul']
    return "\r\n".join(lines) + "\r\n"


def template_values(admx: bytes, examples: Mapping[str, object]) -> dict[str, object]:
    """What Windows writes for each policy of the template when an administrator settles the example's values. Raises
    KeyError or ValueError where template and example do not fit each other.
    """
    found: dict[str, object] = {}
    root = ET.fromstring(admx)  # noqa: S314  # the one that this build made
    for policy in root.findall("p:policies/p:policy", _SPACE):
        if (name := policy.get("valueName")) is not None:
            state = "enabledValue" if examples[name] else "disabledValue"
            found[name] = int(policy.findall(f"p:{state}/p:decimal", _SPACE)[0].attrib["value"])
        for element in policy.findall("p:elements/*", _SPACE):
            name = element.attrib["valueName"]
            value = found[name] = examples[name]
            choices = [choice.text for choice in element.findall("p:item/p:value/p:string", _SPACE)]
            if choices and value not in choices:
                raise ValueError(f"{name}: {value} is none of the template's choices.")
    if missing := set(examples) - set(found):
        raise ValueError(f"Not in the template: {', '.join(sorted(missing))}")
    return found


class Trial:
    """Runs on Windows alone. Each step raises SystemExit, saying what was wrong."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.work.mkdir(parents=True, exist_ok=True)

    def as_system(self, words: list[str], expected: int = DONE) -> None:
        """What a deployment tool does: nobody's session, no desktop."""
        result, script = self.work / "result.txt", self.work / "run.cmd"
        result.unlink(missing_ok=True)
        script.write_text(batch(words, result), encoding="utf-8", newline="")
        task = ["schtasks", "/create", "/f", "/tn", _TASK, "/ru", "SYSTEM", "/rl", "HIGHEST", "/sc", "once"]
        self._must([*task, "/st", "00:00", "/tr", f'"{script}"'])
        try:
            self._must(["schtasks", "/run", "/tn", _TASK])
            end = time.monotonic() + _LONGEST_SECONDS
            while not result.exists():
                if time.monotonic() > end:
                    raise SystemExit(f"It does not end: {words}")
                time.sleep(1)
        finally:
            self._must(["schtasks", "/delete", "/f", "/tn", _TASK])
        code = int(result.read_text(encoding="utf-8").strip())
        if code != expected:
            raise SystemExit(f"{code} instead of {expected}: {words}")

    def _must(self, words: list[str]) -> None:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def validate(self, msi: Path) -> None:
        say("WiX validates the package")
        subprocess.run(validating(msi, Path(os.environ["WIX"]) / "bin" / "smoke.exe"), check=True)

    def install_and_upgrade(self, new: Path, before: Path) -> None:
        say(f"SYSTEM installs {before.name}, silently")
        self.as_system(installing(before, self.work / "install.log", SERVERURL=ADDRESS, AUTOSTART="1"))
        say("SYSTEM upgrades it and says nothing of the address")
        self.as_system(installing(new, self.work / "upgrade.log"))
        if read_value(DEFAULTS, "ServerUrl") != ADDRESS:
            raise SystemExit("The server's address was not kept.")
        version = json.loads(said(COMMAND, "--version", "--json"))["version"]
        if read_value(rf"{DEFAULTS}\Installer", "Version") != version:
            raise SystemExit("The version that tools look for is not in the registry.")

    def use(self, templates: Path) -> None:
        try_all_parts(COMMAND)
        need_window(FOLDER / "csr-desktop.exe", COMMAND)
        say("every policy of the template holds")
        examples = every_key((templates / PREFERENCES).read_bytes())
        values = template_values((templates / "csr-desktop.admx").read_bytes(), examples)
        write_values(POLICIES, values)
        try:
            need_taken(values, COMMAND, f"HKLM\\{POLICIES}")
        finally:
            remove_key(POLICIES)

    def refuse_older(self, before: Path) -> None:
        say("an older version is refused and changes nothing")
        version = said(COMMAND, "--version")
        self.as_system(installing(before, self.work / "downgrade.log"), FAILED)
        if said(COMMAND, "--version") != version:
            raise SystemExit("The older version is there now.")

    def repair_and_remove(self, new: Path) -> None:
        say("what is missing is repaired")
        COMMAND.unlink()
        self.as_system(repairing(new, self.work / "repair.log"))
        said(COMMAND, "--version")
        say("a repair with other words takes back what was asked for")
        words = {"REINSTALL": "ALL", "REINSTALLMODE": "amus", "AUTOSTART": "0"}
        self.as_system(installing(new, self.work / "words.log", **words))
        if read_value(RUN, "CSR Desktop") is not None or read_value(DEFAULTS, "ServerUrl") != ADDRESS:
            raise SystemExit("It still starts with the session, or the server's address went.")
        say("removed, it leaves what belongs to people")
        kept = Path(os.environ["LOCALAPPDATA"]) / "csr-desktop" / "made-up.txt"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text("made up", encoding="utf-8")
        self.as_system(removing(new, self.work / "remove.log"))
        if left := [path for path in FOLDER.rglob("*") if path.is_file()]:
            raise SystemExit(f"Is left: {left[:5]}")
        if read_value(DEFAULTS, "ServerUrl") is not None:
            raise SystemExit("The server's address is left in the registry.")
        if read_value(RUN, "CSR Desktop") is not None or read_value(r"Software\Classes\csr-desktop", "") is not None:
            raise SystemExit("It still starts with the session, or still opens links.")
        if not kept.is_file():
            raise SystemExit("A person's files went with the program.")


def read_value(key: str, name: str) -> object:
    """Of HKLM, None where there is none."""
    if sys.platform != "win32":
        raise SystemExit("This is tried on Windows.")
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
            found: object = winreg.QueryValueEx(opened, name)[0]
            return found
    except FileNotFoundError:
        return None


def write_values(key: str, values: Mapping[str, object]) -> None:
    """Into HKLM, as Group Policy does: numbers as REG_DWORD, the rest as REG_SZ."""
    if sys.platform != "win32":
        raise SystemExit("This is tried on Windows.")
    import winreg

    access = winreg.KEY_WRITE | winreg.KEY_WOW64_64KEY
    with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, key, 0, access) as opened:
        for name, value in values.items():
            kind = winreg.REG_DWORD if isinstance(value, int) else winreg.REG_SZ
            winreg.SetValueEx(opened, name, 0, kind, value)


def remove_key(key: str) -> None:
    if sys.platform != "win32":
        raise SystemExit("This is tried on Windows.")
    import winreg

    winreg.DeleteKeyEx(winreg.HKEY_LOCAL_MACHINE, key, winreg.KEY_WOW64_64KEY, 0)


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Try a Windows package.")
    parser.add_argument("new", type=Path)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--templates", type=Path, required=True)
    given = parser.parse_args(words)
    new, before = given.new.resolve(), given.before.resolve()
    trial = Trial(Path(os.environ["PROGRAMDATA"]) / "csr-desktop-try")
    trial.validate(new)
    trial.install_and_upgrade(new, before)
    trial.use(given.templates)
    trial.refuse_older(before)
    trial.repair_and_remove(new)
    say("all is well")


if __name__ == "__main__":
    main(sys.argv[1:])
