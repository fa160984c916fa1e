"""Programs and packages for Windows are signed when a certificate is given, and those of others are left as they are."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "windows"))
signing: Any = import_module("signing")
sys.path.pop(0)

needs_osslsigncode = pytest.mark.skipif(shutil.which("osslsigncode") is None, reason="osslsigncode is not installed")


def program(path: Path) -> Path:
    """The least that is a program for Windows of 64 bits: heads, and one empty section."""
    content = bytearray(1_024)
    content[0:2], content[0x3C:0x40] = b"MZ", (0x80).to_bytes(4, "little")
    content[0x80:0x84] = b"PE\0\0"
    content[0x84:0x98] = bytes.fromhex("6486 0100 00000000 00000000 00000000 f000 2200")
    optional = 0x98
    content[optional : optional + 2] = b"\x0b\x02"
    content[optional + 32 : optional + 40] = bytes.fromhex("00100000 00020000")  # alignments
    content[optional + 56 : optional + 64] = bytes.fromhex("00200000 00020000")  # sizes
    content[optional + 108 : optional + 112] = (16).to_bytes(4, "little")
    section = optional + 240
    content[section : section + 8] = b".text\0\0\0"
    content[section + 8 : section + 24] = bytes.fromhex("00020000 00100000 00020000 00020000")
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A made-up publisher's, for a day, and the file with its password."""
    folder = tmp_path_factory.mktemp("certificate")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Publisher")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .sign(key, SHA256())
    )
    held = folder / "publisher.p12"
    held.write_bytes(
        pkcs12.serialize_key_and_certificates(b"made up", key, made, None, BestAvailableEncryption(b"made up"))
    )
    word = folder / "password.txt"
    word.write_text("made up")
    return held, word


def test_without_a_certificate_nothing_is_signed() -> None:
    assert signing.Signer.of({}) is None
    assert signing.Signer.of({"CSR_SIGN_TIMESTAMP": "http://127.0.0.1:9"}) is None


def test_a_command_that_names_no_file_is_refused() -> None:
    with pytest.raises(SystemExit, match="where the file goes"):
        signing.Signer.of({"CSR_SIGN_COMMAND": "signtool sign /fd sha256"})


@needs_osslsigncode
def test_programs_that_nobody_signed_are_signed_in_a_copy(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    ours = program(folder / "csr-desktop.exe")
    (folder / "notes.txt").write_text("nothing to sign")
    signer = signing.Signer.of(
        {"CSR_SIGN_CERTIFICATE": str(certificate[0]), "CSR_SIGN_PASSWORD_FILE": str(certificate[1])}
    )
    copy = signer.signed_copy(folder, tmp_path / "signed")
    assert not signing.is_signed(ours)
    assert signing.is_signed(copy / "csr-desktop.exe")
    said = subprocess.run(
        ["osslsigncode", "verify", str(copy / "csr-desktop.exe")], capture_output=True, text=True, check=False
    ).stdout
    assert "Example Publisher" in said
    assert (copy / "notes.txt").read_text() == "nothing to sign"
    first = (copy / "csr-desktop.exe").read_bytes()
    again = signer.signed_copy(copy, tmp_path / "again")
    assert (again / "csr-desktop.exe").read_bytes() == first, "what has a signature keeps it"


def test_a_runners_own_command_signs_each_file(tmp_path: Path) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    for name in ("a program.exe", "library.dll", "module.pyd", "data.json"):
        program(folder / name)
    log = tmp_path / "signed.txt"
    script = tmp_path / "sign.py"
    script.write_text(f"import sys; open({str(log)!r}, 'a').write(sys.argv[1] + chr(10))")
    signer = signing.Signer.of({"CSR_SIGN_COMMAND": f'"{sys.executable}" "{script}" "{{file}}"'})
    signer.signed_copy(folder, tmp_path / "signed")
    names = [Path(line).name for line in log.read_text().splitlines()]
    assert names == ["a program.exe", "library.dll", "module.pyd"]
