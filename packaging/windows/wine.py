"""A Windows of Wine's, in a folder of its own: for making and proving the package on Linux."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

STUBS: Final = Path(__file__).resolve().parent / "stubs"
_LIBRARIES: Final = {"bcryptprimitives": ("-ladvapi32",), "icuuc": ()}
"""What Windows 10 has and Wine 8 has not, with what each is linked to."""
_OF_LINUX: Final = {"DISPLAY", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"}


class Wine:
    """One prefix. Whatever runs in it reads nothing and has a pipe to write to, which Python wants under Wine."""

    def __init__(self, folder: Path) -> None:
        self.prefix = folder.resolve()
        self.home = self.prefix.with_name(f"{self.prefix.name}-home")
        self._set = {
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml,wbemprox=",
            "HOME": str(self.home),
        }

    @property
    def drive(self) -> Path:
        return self.prefix / "drive_c"

    def make(self) -> None:
        """Anew, as Windows 10, with the libraries that Wine has not."""
        shutil.rmtree(self.prefix, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        self.run("wineboot", "--init", check=False)
        self.run("winecfg", "-v", "win10")
        for name, linked in _LIBRARIES.items():
            command = ["x86_64-w64-mingw32-gcc", "-shared", "-Os", "-s", "-Wall", "-Werror", "-o"]
            target = self.drive / "windows" / "system32" / f"{name}.dll"
            subprocess.run([*command, str(target), str(STUBS / f"{name}.c"), *linked], check=True)

    def start(self, *command: str, cwd: Path | None = None, more: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:
        # This computer's Python is told of its own folders in variables, which Windows' would read too.
        ours = {name: value for name, value in os.environ.items() if name not in _OF_LINUX}
        return subprocess.Popen(
            ["wine", *command],
            cwd=cwd,
            env={**ours, **self._set, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(
        self,
        *command: str,
        check: bool = True,
        cwd: Path | None = None,
        seconds: float = 600,
        more: Mapping[str, str] = {},
    ) -> str:
        """What it wrote. Raises CalledProcessError where its exit code is not 0 and `check` is set."""
        return self.ended(*command, check=check, cwd=cwd, seconds=seconds, more=more)[1]

    def ended(
        self,
        *command: str,
        check: bool = False,
        cwd: Path | None = None,
        seconds: float = 600,
        more: Mapping[str, str] = {},
    ) -> tuple[int, str]:
        """The exit code and what it wrote."""
        with self.start(*command, cwd=cwd, more=more) as process:
            said = self._written(process, time.monotonic() + seconds).decode("utf-8", "replace").replace("\r\n", "\n")
        if check and process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, said)
        return process.returncode, said

    def _written(self, process: subprocess.Popen[bytes], until: float) -> bytes:
        """To its end, not to the pipe's: what starts up with the first command, Windows' services, holds that too."""
        assert process.stdout is not None  # noqa: S101
        pipe, parts = process.stdout.fileno(), []
        while True:
            has_ended = process.poll() is not None
            if select.select([pipe], [], [], 0 if has_ended else 0.05)[0]:
                part = os.read(pipe, 1 << 16)
                parts.append(part)
                if not part:
                    process.wait(max(until - time.monotonic(), 0))
                    return b"".join(parts)
            elif has_ended:
                return b"".join(parts)
            elif time.monotonic() > until:
                self.stop()
                raise subprocess.TimeoutExpired(process.args, until)

    def off_screen(self, line: str) -> tuple[str, ...]:
        """A command for a program with a window: Wine drops Qt's variables, and its own windows are not for Qt 6."""
        return "cmd", "/c", f"set QT_QPA_PLATFORM=offscreen&& {line}"

    def value(self, key: str, name: str = "") -> str | None:
        """The registry's, as `reg` writes it: None where there is none, numbers as 0x1."""
        code, said = self.ended("reg", "query", key, *(("/v", name) if name else ("/ve",)))
        found = re.search(r"^ {4}.*? {4}REG_\w+ {4}(.*)$", said, re.MULTILINE)
        return found[1].strip() if code == 0 and found else None

    def stop(self) -> None:
        subprocess.run(["wineserver", "--kill"], env={**os.environ, **self._set}, check=False)
        subprocess.run(["wineserver", "--wait"], env={**os.environ, **self._set}, check=False)


def inside(path: Path) -> str:
    """How a program in it names a file of this computer."""
    return "Z:" + str(path.resolve()).replace("/", "\\")
