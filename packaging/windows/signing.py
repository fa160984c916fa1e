"""Signs programs and packages for Windows, when a certificate is given; else nothing is signed and names say so.

In the environment either CSR_SIGN_COMMAND, a line that signs the file `{file}` in its place (a runner's signtool, or a
service's), or CSR_SIGN_CERTIFICATE, a PKCS #12 file that osslsigncode signs with, CSR_SIGN_PASSWORD_FILE with the
password in its first line, and CSR_SIGN_TIMESTAMP, the address of a service for time stamps.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SIGNED: Final = frozenset({".dll", ".exe", ".pyd"})
_NAME: Final = "CSR Desktop"


@dataclass(frozen=True)
class Signer:
    """`command` wins over the certificate."""

    command: str = ""
    certificate: str = ""
    password_file: str = ""
    timestamp: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Signer | None:
        """None where neither is given. Raises SystemExit for a command that names no file."""
        found = cls(
            environment.get("CSR_SIGN_COMMAND", ""),
            environment.get("CSR_SIGN_CERTIFICATE", ""),
            environment.get("CSR_SIGN_PASSWORD_FILE", ""),
            environment.get("CSR_SIGN_TIMESTAMP", ""),
        )
        if found.command and "{file}" not in found.command:
            raise SystemExit("CSR_SIGN_COMMAND does not say where the file goes: {file}.")
        return found if found.command or found.certificate else None

    def sign(self, file: Path) -> None:
        """In its place. Raises CalledProcessError."""
        if self.command:
            subprocess.run([word.replace("{file}", str(file)) for word in shlex.split(self.command)], check=True)
            return
        made = file.with_name(f"{file.name}.signed")
        made.unlink(missing_ok=True)
        command = ["osslsigncode", "sign", "-pkcs12", self.certificate, "-h", "sha256", "-n", _NAME]
        if self.password_file:
            command += ["-readpass", self.password_file]
        if self.timestamp:
            command += ["-ts", self.timestamp]
        subprocess.run([*command, "-in", str(file), "-out", str(made)], check=True, stdout=subprocess.DEVNULL)
        made.replace(file)

    def signed_copy(self, folder: Path, target: Path) -> Path:
        """The folder with every program and library in it signed that nobody signed before."""
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target)
        for file in sorted(target.rglob("*")):
            if file.suffix.lower() in _SIGNED and not is_signed(file):
                self.sign(file)
        return target


def is_signed(file: Path) -> bool:
    """Whether a program or library has a signature in it, whoever's; it is not checked."""
    content = file.read_bytes()
    start = int.from_bytes(content[0x3C:0x40], "little")
    if content[start : start + 4] != b"PE\0\0":
        return False
    optional = start + 24
    is_wide = content[optional : optional + 2] == b"\x0b\x02"
    certificates = optional + (144 if is_wide else 128)
    return int.from_bytes(content[certificates + 4 : certificates + 8], "little") > 0
