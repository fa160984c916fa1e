"""What IT gets to run a server with: the units, the proxy before it for real, and the form of the compose file."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import yaml

from csr_desktop.protocol import MAX_BODY_BYTES
from csr_desktop.server.cli import server as server_group
from tests.server.conftest import Start
from tests.server.desk import HEADERS, Desk

PLACE = Path(__file__).resolve().parents[2] / "packaging" / "server"
UNITS = ("csr-desktop-server.service", "csr-desktop-backup.service", "csr-desktop-backup.timer")
PROGRAM = "/opt/csr-desktop-server/bin/csr-desktop-server"

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
needs_caddy = pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """With a program that is there, for systemd looks."""
    for name in UNITS:
        (tmp_path / name).write_text((PLACE / name).read_text().replace(PROGRAM, "/bin/true"))
    return tmp_path


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60)


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_the_unit(units: Path, name: str) -> None:
    found = analyze("verify", str(units / name))
    told = [line for line in found.stderr.splitlines() if "csr-desktop" in line]
    assert (found.returncode, told) == (0, [])


@needs_systemd
@pytest.mark.parametrize("name", ["csr-desktop-server.service", "csr-desktop-backup.service"])
def test_the_unit_gives_the_server_little_to_lose(units: Path, name: str) -> None:
    found = analyze("security", "--offline=yes", "--threshold=30", str(units / name))
    assert found.returncode == 0, found.stdout[-400:]


@pytest.mark.parametrize("name", ["csr-desktop-server.service", "csr-desktop-backup.service"])
def test_the_command_of_a_unit_is_one_that_the_program_takes(name: str) -> None:
    (line,) = [line for line in (PLACE / name).read_text().splitlines() if line.startswith("ExecStart=")]
    words = line.removeprefix(f"ExecStart={PROGRAM} ").split()
    command = server_group.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize(
    ("name", "variable", "given", "taken"),
    [
        (
            "csr-desktop-server.service",
            "$CSR_DESKTOP_OPTIONS",
            "--host 0.0.0.0 --port 8443 --drain-seconds 5",
            {"host": "0.0.0.0", "port": 8443, "drain_seconds": 5.0, "proxies": ("127.0.0.1",)},
        ),
        (
            "csr-desktop-backup.service",
            "$CSR_DESKTOP_BACKUP_OPTIONS",
            "--keep-daily 14 --with-attachments",
            {"keep": 30, "keep_daily": 14, "with_attachments": True},
        ),
    ],
)
def test_what_server_env_says_holds_before_what_the_unit_says(
    name: str, variable: str, given: str, taken: dict[str, object]
) -> None:
    assert f"\n{variable[1:]}=\n" in (PLACE / "server.env").read_text()
    (line,) = [line for line in (PLACE / name).read_text().splitlines() if line.startswith("ExecStart=")]
    words = line.removeprefix(f"ExecStart={PROGRAM} ").replace(variable, given).split()
    command = server_group.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None
    found = command.make_context(words[0], words[1:]).params
    assert {key: found[key] for key in taken} == taken


def test_the_compose_file_is_one_and_keeps_the_server_behind_its_proxy() -> None:
    text = (PLACE / "compose.yaml").read_text()
    assert "NOT TRIED" in text
    said: dict[str, Any] = yaml.safe_load(text)
    services = said["services"]
    assert set(services) == {"database", "server", "proxy"}
    assert services["proxy"]["network_mode"] == "service:server"
    assert services["server"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "ports" not in services["database"]
    assert (PLACE / services["server"]["build"]["context"] / services["server"]["build"]["dockerfile"]).is_file()
    for service in services.values():
        assert set(service.get("secrets", ())) <= set(said["secrets"])
        named = {volume.partition(":")[0] for volume in service.get("volumes", ()) if volume[0] not in "./"}
        assert named <= set(said["volumes"])
    options = [o for p in server_group.get_command(None, "run").params for o in p.opts]  # type: ignore[arg-type, union-attr]
    started = (PLACE / "Containerfile").read_text().rpartition("CMD ")[2]
    assert all(word in options for word in yaml.safe_load(started) if word.startswith("--"))


def test_the_compose_file_is_of_the_published_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    said = subprocess.run([*command, str(PLACE / "compose.yaml")], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_container_runs_as_nobody_special_from_pinned_images_and_takes_only_what_it_needs() -> None:
    lines = [line for line in (PLACE / "Containerfile").read_text().replace("\\\n", " ").splitlines() if line[:1] > "#"]
    words = [line.split() for line in lines]
    images = [line[1] for line in words if line[0] == "FROM"]
    assert images
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+[-\w]*", image) for image in images), images
    assert [line[1] for line in words if line[0] == "USER"] == ["csr-desktop"]
    assert not [line for line in words if line[0] == "ADD"]
    from_here = [line[1:-1] for line in words if line[0] == "COPY" and not line[1].startswith("--")]
    taken = [name for names in from_here for name in names]
    assert "." not in taken, "a checkout has more in it than its sources"
    assert all((PLACE.parents[1] / name).exists() for name in taken), taken
    started = [line for line in lines if line.startswith(("ENTRYPOINT", "CMD"))]
    assert all(line.partition(" ")[2].startswith("[") for line in started), "signals reach the server, not a shell"


@needs_caddy
def test_caddy_finds_nothing_wrong_with_its_file(tmp_path: Path) -> None:
    command = ["caddy", "validate", "--config", str(PLACE / "Caddyfile"), "--adapter", "caddyfile"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_each_file_is_told_of_in_the_guide() -> None:
    guide = (PLACE / "README.md").read_text()
    assert [path.name for path in PLACE.iterdir() if path.name != "README.md" and path.name not in guide] == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Front(NamedTuple):
    """A server behind Caddy: the address there, whom to trust, and the server itself on its own port."""

    url: str
    trusting: ssl.SSLContext
    process: subprocess.Popen[str]
    port: int


@pytest.fixture
def behind_caddy(start: Start, tmp_path: Path) -> Iterator[Front]:
    """The address at Caddy with the Caddyfile as it is, which gives `localhost` a certificate of its own authority."""
    behind = free_port()
    process, _ = start("--proxy", "127.0.0.1", "--port", str(behind))
    home = tmp_path / "caddy"
    port = free_port()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "CSR_SITE": f"localhost:{port}",
        "CSR_UPSTREAM": f"127.0.0.1:{behind}",
        "CSR_HTTP_PORT": str(free_port()),
        "CSR_CADDY_ADMIN": "off",
    }
    command = ["caddy", "run", "--config", str(PLACE / "Caddyfile"), "--adapter", "caddyfile"]
    with (tmp_path / "caddy.log").open("wb") as log:
        caddy = subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        root = home / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        deadline = time.monotonic() + 20
        while True:
            assert time.monotonic() < deadline, (tmp_path / "caddy.log").read_text()
            try:
                trusting = ssl.create_default_context(cafile=str(root))
                if httpx2.get(f"https://localhost:{port}/health", verify=trusting).status_code == 200:
                    break
            except (OSError, httpx2.HTTPError):
                time.sleep(0.1)
        yield Front(f"https://localhost:{port}", trusting, process, behind)
    finally:
        caddy.send_signal(signal.SIGTERM)
        caddy.wait(20)


@needs_caddy
def test_a_workstation_signs_in_pushes_pulls_and_hears_news_through_caddy(
    behind_caddy: Front,
) -> None:
    url, trusting, *_ = behind_caddy
    with (
        httpx2.Client(base_url=url, verify=trusting, timeout=40) as client,
        httpx2.Client(base_url=url, verify=trusting, timeout=40) as other,
    ):
        ada, bob = Desk(client).begin(), Desk(other, "bob").begin()
        cursors = bob.pull().cursors
        heard: list[tuple[bool, float]] = []
        polling = threading.Thread(target=lambda: heard.append((bob.poke(cursors), time.monotonic())))
        polling.start()
        time.sleep(1)
        assert heard == [], "the long poll was answered before there was news"
        assert ada.push(ada.client_command("Sample Behind Caddy")) == 1
        pushed_at = time.monotonic()
        polling.join(10)
        assert heard[0][0] is True
        assert heard[0][1] - pushed_at < 1
        assert "Sample Behind Caddy" in bob.names("clients")
        for path in ("/metrics", "/ready"):
            assert client.get(path).status_code == 404
        packed = bob.client.post("/api/1/pull", content=b"", headers=HEADERS)
        assert packed.headers["content-type"] == "application/msgpack"
        assert packed.headers["strict-transport-security"]
        # Caddy ends what is more at its own limit; whether the server's answer is still heard is by chance.
        for size in (MAX_BODY_BYTES + 1, 10_000_000):
            try:
                assert ada.post("push", bytes(size)).status_code in {413, 502}
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                continue
        assert client.get("/health", headers={"X-Long": "x" * 40_000}).status_code in {431, 400}


@needs_caddy
def test_while_the_server_restarts_requests_wait_at_caddy(start: Start, behind_caddy: Front) -> None:
    url, trusting, process, behind = behind_caddy
    with httpx2.Client(base_url=url, verify=trusting, timeout=40) as client:
        ada = Desk(client).begin()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        answered: list[int] = []
        asking = threading.Thread(target=lambda: answered.append(client.get("/health").status_code))
        asking.start()
        time.sleep(0.5)
        start("--proxy", "127.0.0.1", "--port", str(behind))
        asking.join(20)
        assert answered == [200]
        ada.prove()
        assert ada.push(ada.client_command()) == 1
