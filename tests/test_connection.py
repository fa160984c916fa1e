"""What IT sees of the way to the server: each stage with what was seen, the one that fails in words."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest
import trustme
from click.testing import CliRunner

from csr_desktop import bootstrap
from csr_desktop.__main__ import main
from csr_desktop.connection import found_here
from csr_desktop.protocol import PROTOCOL
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer
from csr_desktop.services.sign_in import Accounts
from csr_desktop.sync import way
from csr_desktop.sync.way import Found, _certificate_words
from csr_desktop.system.diagnostics_file import write_diagnostics
from csr_desktop.system.keyring_store import FolderSecrets
from csr_desktop.system.places import Places
from csr_desktop.system.proxies import Proxies, SystemChoice
from csr_desktop.system.settings import Settings, SettingsFile
from tests.faults.machine import namespace
from tests.server.conftest import bureau, folder
from tests.server.desk import PASSWORD
from tests.sync.connect_proxy import ConnectProxy, Impostor, answer, answers
from tests.sync.test_proxies import DESK, protected, shown_by

__all__ = ["bureau", "folder", "protected"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folders, with a keyring of files."""
    monkeypatch.setenv("CSR_DESKTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(bootstrap, "system_secrets", lambda: FolderSecrets(tmp_path / "keys"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    (tmp_path / "home" / "config").mkdir(parents=True)
    return tmp_path / "home"


def settle(home: Path, settings: Settings) -> None:
    SettingsFile(home / "config" / "settings.json").save(settings)


def checked() -> tuple[Found, int]:
    """What the command says; a server in this process writes its log there, too."""
    result = CliRunner().invoke(main, ["check-connection", "--json"])
    told, _ = json.JSONDecoder().raw_decode(result.stdout, result.stdout.index("{\n"))
    return msgspec.convert(told, Found), result.exit_code


def words(found: Found) -> dict[str, str]:
    return {step.stage: step.words for step in found.steps}


def test_each_stage_of_a_way_that_works(home: Path, protected: RunningServer) -> None:
    with ConnectProxy(protected.url) as proxy:
        settle(home, Settings(server_url=DESK, proxy_mode="fixed_servers", proxy_server=proxy.address))
        found, code = checked()
        assert (found.server, found.server_from) == (DESK, "chosen by the person")
        assert (found.proxy, found.proxy_from) == (proxy.url, "the settings name it")
        assert (found.works, code) == (True, 0)
        assert all(step.works for step in found.steps)
        told = words(found)
        assert list(told) == ["name", "connection", "proxy", "protection", "server"]
        assert told["name"] == "127.0.0.1 is 127.0.0.1"
        assert told["connection"] == "connected to 127.0.0.1"
        assert told["proxy"] == "lets the connection through"
        assert told["protection"].startswith("TLSv1.3, TLS_AES_")
        assert "certificate for desk.example.com by OU=" in told["protection"]
        assert "valid from 2000-01-01 00:00 to 3000-01-01 00:00 UTC" in told["protection"]
        assert told["server"] == f"answers with 200, protocol {PROTOCOL} of CSR Desktop"
        plainly = CliRunner().invoke(main, ["check-connection"]).stdout.splitlines()
        assert f"server  {DESK} (chosen by the person)" in plainly
        assert f"proxy   {proxy.url} (the settings name it)" in plainly
        assert [line.partition(":")[0] for line in plainly if line.startswith(("works", "FAILS"))] == [
            "works name",
            "works connection",
            "works proxy",
            "works protection",
            "works server",
        ]


def test_the_stage_that_fails_is_the_last_one(home: Path) -> None:
    with ConnectProxy(says=answer("403 Forbidden")) as proxy:
        settle(home, Settings(server_url=DESK, proxy_mode="fixed_servers", proxy_server=proxy.address))
        found, code = checked()
    assert (found.works, code) == (False, 1)
    assert [(step.stage, step.works) for step in found.steps] == [
        ("name", True),
        ("connection", True),
        ("proxy", False),
    ]
    assert "does not let this computer through to desk.example.com (it says 403)" in found.steps[-1].words


@pytest.mark.parametrize("is_behind_proxy", [True, False])
def test_a_certificate_that_is_refused_is_described(home: Path, is_behind_proxy: bool) -> None:
    got: list[bytes] = []
    stranger = trustme.CA(organization_name="Example Interception Ltd")
    shows = shown_by(stranger.issue_cert("desk.example.com"))
    with (
        Impostor(lambda connection: got.append(connection.recv(65536)), shows) as opens,
        ConnectProxy(opens.url) as proxy,
    ):
        by_proxy = Settings(server_url=DESK, proxy_mode="fixed_servers", proxy_server=proxy.address)
        settle(home, by_proxy if is_behind_proxy else Settings(server_url=opens.url))
        found, code = checked()
    assert code == 1
    told = found.steps[-1]
    assert (told.stage, told.works) == ("protection", False)
    assert "It shows a certificate for desk.example.com by" in told.words
    assert "O=Example Interception Ltd" in told.words
    assert not any(got), "nothing was said over a connection that is not trusted"


def test_what_a_strangers_certificate_says_commands_no_terminal(home: Path) -> None:
    liar = trustme.CA(organization_name="Liar\x1b[2K\x1b[1G\nworks protection: certificate is good " + "x" * 40)
    with Impostor(answers(b""), shown_by(liar.issue_cert("desk.example.com"))) as opens:
        settle(home, Settings(server_url=opens.url))
        found, code = checked()
    assert code == 1
    assert "It shows a certificate for desk.example.com by" in found.steps[-1].words
    assert all(step.words.isprintable() for step in found.steps)
    assert len(found.steps[-1].words) < 500


def test_a_password_in_an_address_is_not_said(home: Path) -> None:
    settle(
        home,
        Settings(server_url="https://ann:unlikely@desk.example.com", dial_link="https://d.example.com/?t=unlikely"),
    )
    for words in (["check-connection"], ["check-connection", "--json"], ["policy"], ["policy", "--json"]):
        ended = CliRunner().invoke(main, words)
        assert "desk.example.com" in ended.output
        assert "unlikely" not in ended.output


def test_a_certificate_that_nobody_can_read_ends_no_check() -> None:
    real = trustme.CA().issue_cert("desk.example.com").cert_chain_pems[0].bytes()
    shown = ssl.PEM_cert_to_DER_cert(real.decode())
    third, fifth = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04"
    assert third in shown
    assert _certificate_words(shown.replace(third, fifth, 1)) == "certificate that can't be read"


def test_who_is_not_there_fails_behind_the_name(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    result = CliRunner().invoke(main, ["check-connection", "--server", f"https://localhost:{port}"])
    *_, name, connection = result.stdout.splitlines()
    assert name.startswith("works name: localhost is ")
    refuses = (
        "FAILS connection: localhost refuses the connection. Check the server's address: it is not running there, or a "
        "firewall is in the way. ["
    )
    assert connection.startswith(refuses)


def test_a_computer_without_a_network_or_a_way_out(tmp_path: Path) -> None:
    """In a network of its own, where there is only this computer."""
    told = []
    for server in ("https://desk.example.com", "https://192.0.2.1"):
        command = [*namespace("-n"), sys.executable, "-m", "csr_desktop", "check-connection", "--server", server]
        around = {**os.environ, "CSR_DESKTOP_HOME": str(tmp_path / "home"), "no_proxy": "*"}
        told += subprocess.run(command, env=around, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line.rpartition(" [")[0] for line in told if line.startswith("FAILS")] == [
        "FAILS name: The name desk.example.com can't be looked up now. Check whether this computer has a network.",
        "FAILS connection: No network leads to 192.0.2.1. Check the server's address; away from the office it may be "
        "reached by VPN alone.",
    ]


def test_without_a_server_it_says_what_to_do(home: Path) -> None:
    result = CliRunner().invoke(main, ["check-connection"])
    assert result.exit_code == 1
    assert "No server is settled here: say --server https://desk.example.com." in result.stderr


def test_an_address_that_is_none_is_refused(home: Path) -> None:
    result = CliRunner().invoke(main, ["check-connection", "--server", "http://desk.example.com"])
    assert result.exit_code == 1
    assert (
        "FAILS settings: This address is not protected. Use the one that begins with https:// [0 ms]" in result.stdout
    )


def test_the_server_of_who_is_signed_in_is_the_one_that_is_asked(home: Path, folder: ServerFolder) -> None:
    with RunningServer(folder) as server:
        Accounts(home / "config", bootstrap.system_secrets()).sign_in(server.url, "ada", PASSWORD)
        settle(home, Settings(server_url="https://other.example.com"))
        found, _ = checked()
    assert (found.server, found.server_from, found.works) == (server.url, "signed in there", True)
    assert (found.proxy, found.proxy_from) == ("", "this computer itself")


def test_name_and_password_for_a_proxy_are_kept_used_and_taken_out_again(home: Path, protected: RunningServer) -> None:
    with ConnectProxy(protected.url, sign_in="ada:unlikely secret") as proxy:
        settle(home, Settings(server_url=DESK, proxy_mode="fixed_servers", proxy_server=proxy.address))
        assert "wants a name and a password" in checked()[0].steps[-1].words
        kept = CliRunner().invoke(main, ["proxy-sign-in", "--name", "ada"], input="unlikely secret\n")
        assert kept.exit_code == 0, kept.output
        assert f"Kept for the proxy {proxy.address}." in kept.stdout
        result = CliRunner().invoke(main, ["check-connection", "--json"])
        assert result.exit_code == 0, result.output
        assert "unlikely" not in result.output + kept.output
        # So that it goes when all of the person's goes.
        assert Accounts(home / "config", bootstrap.system_secrets()).secret_names() == ["proxy"]
        gone = CliRunner().invoke(main, ["purge-user-data", "--yes"])
        assert gone.exit_code == 0, gone.output
        assert bootstrap.system_secrets().read("proxy") is None
        (home / "config").mkdir(parents=True)
        settle(home, Settings(server_url=DESK, proxy_mode="fixed_servers", proxy_server=proxy.address))
        CliRunner().invoke(main, ["proxy-sign-in", "--name", "ada"], input="unlikely secret\n")
        assert CliRunner().invoke(main, ["proxy-sign-in", "--forget"]).exit_code == 0
        assert "wants a name and a password" in checked()[0].steps[-1].words


def test_without_a_proxy_it_asks_for_which(home: Path) -> None:
    result = CliRunner().invoke(main, ["proxy-sign-in", "--name", "ada"], input="unlikely\n")
    assert result.exit_code == 1
    assert "Say which one with --proxy." in result.stderr


def test_the_installed_command_says_it(tmp_path: Path) -> None:
    page = answer("200 OK", body="<html>Welcome</html>")
    with Impostor(answers(page)) as hotel:
        command = [sys.executable, "-m", "csr_desktop", "check-connection", "--server", hotel.url]
        told = subprocess.run(
            command,
            env={**os.environ, "CSR_DESKTOP_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.returncode == 1
    assert "FAILS server: A web page answers in the place of the server." in told.stdout
    assert told.stderr == ""


def test_a_report_waits_only_seconds_for_a_way_that_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way, "_PATIENCE_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settle(home, Settings(server_url=url))
        found = found_here()
        assert isinstance(found, Found)
        assert [(step.stage, step.works) for step in found.steps] == [
            ("name", True),
            ("connection", True),
            ("server", False),
        ]
    hangs = threading.Event()

    def script(_url: str) -> SystemChoice:
        hangs.wait(30)
        return SystemChoice((), "a script")

    try:
        steps = way.checked_in_time("https://desk.example.com", "here", Proxies(ask=script))
        began = time.monotonic()
        words = ended(steps)
        assert words == {"words": "The way to https://desk.example.com was not known after 1 seconds."}
        assert time.monotonic() - began < 3
    finally:
        hangs.set()


def ended(steps: Generator[None, None, object]) -> object:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_a_report_without_a_server_says_so(home: Path) -> None:
    assert found_here() == {"words": "No server is settled here."}


def test_name_and_password_for_a_proxy_are_in_no_report(
    home: Path, protected: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(server_url=DESK, proxy_server="sample:made-up-word@proxy.example.com:3128")
    settle(home, settings)
    with ConnectProxy(protected.url, sign_in="sample:made-up-word") as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("://", "://sample:made-up-word@"))
        monkeypatch.setattr(way, "_PATIENCE_SECONDS", 20.0)
        found = found_here()
    assert isinstance(found, Found)
    assert found.proxy == proxy.url
    wrong = {"words": "http://sample:made-up-word@proxy.example.com/ and sample:made-up-word@proxy.example.com"}
    write_diagnostics(tmp_path / "report.zip", Places.of_this_person(), {"connection": found, "wrong": wrong})
    with zipfile.ZipFile(tmp_path / "report.zip") as made:
        content = {name: made.read(name).decode() for name in made.namelist()}
    assert not [name for name, text in content.items() if "sample" in text or "made-up-word" in text]
    assert json.loads(content["settings.json"])["settings"]["proxy_server"] == "proxy.example.com:3128"
    assert json.loads(content["wrong.json"])["words"] == "http://proxy.example.com/ and proxy.example.com"
    assert json.loads(content["connection.json"])["proxy"] == proxy.url
