"""What the self-test says of a machine, as a real process: to the administrator who reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.self_test import _keyring_advice


def asked(home: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    here = {**os.environ, "CSR_DESKTOP_HOME": str(home), **environment}
    command = [sys.executable, "-m", "csr_desktop", "self-test", *options]
    return subprocess.run(command, env=here, capture_output=True, text=True, check=False, timeout=90)


def test_a_server_needs_neither_window_nor_keyring(tmp_path: Path) -> None:
    told = asked(tmp_path / "home", "--part", "server", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
    assert told.returncode == 0, told.stdout
    assert told.stderr == ""
    assert "keyring" not in told.stdout
    assert "window" not in told.stdout
    assert "works server database (server): SQLite" in told.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's")
def test_without_a_keyring_the_administrator_reads_what_to_install(tmp_path: Path) -> None:
    told = asked(tmp_path / "home", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
    assert told.returncode == 1
    keyring = next(line for line in told.stdout.splitlines() if "keyring (desk)" in line)
    assert keyring.startswith("FAILS")
    assert "gnome-keyring" in keyring
    assert "administrator" not in told.stdout
    assert "EnvironmentFault" not in told.stdout
    assert "A server can run here." in told.stdout


def test_a_folder_that_cannot_be_used_fails_and_the_rest_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    told = asked(tmp_path / "home", "--json", "--part", "desk")
    assert told.returncode == 1
    found: dict[str, Any] = msgspec.json.decode(told.stdout)
    parts = {part["part"]: part for part in found["parts"]}
    assert not parts["folders"]["works"]
    assert str(tmp_path / "home") in parts["folders"]["words"]
    assert parts["encrypted database"]["works"]
    assert "passwords" not in parts


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_each_system_s_keyring_is_named(platform: str) -> None:
    names = {"linux": "Secret Service", "win32": "Credential Manager", "darwin": "keychain"}
    assert names[platform] in _keyring_advice(platform)


@pytest.mark.skipif(sys.platform != "linux", reason="Windows and macOS bring their authorities")
def test_without_authorities_it_fails_and_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("")
    (tmp_path / "none").mkdir()
    told = asked(
        tmp_path / "home",
        "--part",
        "desk",
        SSL_CERT_FILE=str(tmp_path / "none.pem"),
        SSL_CERT_DIR=str(tmp_path / "none"),
    )
    assert told.returncode == 1
    trust = next(line for line in told.stdout.splitlines() if "trust store (desk)" in line)
    assert trust.startswith("FAILS")
    assert "ca-certificates" in trust
