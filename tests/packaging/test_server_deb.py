"""The server's package and wheel: what is in them, for whom, and that they are the same bytes twice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
bill: Any = import_module("bill")
server_deb: Any = import_module("server_deb")
make_wheel: Any = import_module("make_wheel")
prove_server_deb: Any = import_module("prove_server_deb")
sys.path.remove(str(ROOT / "packaging"))  # names such as wheel would hide others from the tests that follow

SCRIPTS = [*sorted((ROOT / "packaging" / "server" / "deb").iterdir()), ROOT / "packaging" / "bare_machine.sh"]

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's files, with one library in place of all of them."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    library = tmp_path / "library"
    (library / "csr_desktop").mkdir(parents=True)
    (library / "csr_desktop" / "__init__.py").write_text("")
    made = tmp_path / "tree"
    server_deb.lay_out(library, "made-up-library 1.0: MIT\n", made)
    return made


def contents(package: Path) -> dict[str, tuple[str, str]]:
    said = subprocess.run(["dpkg-deb", "--contents", str(package)], check=True, capture_output=True, text=True).stdout
    lines = [line.split(maxsplit=5) for line in said.splitlines()]
    return {line[5].removeprefix("./"): (line[0], line[1]) for line in lines}


@needs_dpkg
def test_units_settings_and_program_lie_where_debian_looks(tree: Path, tmp_path: Path) -> None:
    found = contents(server_deb.pack(tree, tmp_path / "out", "csr-desktop-server"))
    assert not [name for name in found if name.startswith("etc/")], "what administrators change is no file of dpkg's"
    assert "opt/csr-desktop-server/server.env" in found
    assert found["opt/csr-desktop-server/bin/csr-desktop-server"][0] == "-rwxr-xr-x"
    assert "usr/bin/csr-desktop-server -> /opt/csr-desktop-server/bin/csr-desktop-server" in found
    units = {name.rpartition("/")[2] for name in found if name.startswith("lib/systemd/system/csr")}
    assert units == {"csr-desktop-server.service", "csr-desktop-backup.service", "csr-desktop-backup.timer"}
    assert "usr/lib/sysusers.d/csr-desktop-server.conf" in found
    assert {"README.md", "it.md", "Caddyfile"} <= {
        name.rpartition("/")[2] for name in found if name.startswith("usr/share/doc/csr-desktop-server/")
    }
    assert not [name for name in found if name.startswith(("var/", "opt/csr-desktop/"))], "data is nobody's to remove"


@needs_dpkg
def test_the_same_input_gives_the_same_package(tree: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(tree, again, symlinks=True)
    first = server_deb.pack(tree, tmp_path / "first", "csr-desktop-server").read_bytes()
    for path in again.rglob("*.py"):
        path.chmod(0o600)
        os.utime(path)
    assert server_deb.pack(again, tmp_path / "second", "csr-desktop-server").read_bytes() == first


def test_what_lies_beside_the_wheel_is_all_that_its_steps_name_and_the_same_bytes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    first, second = (server_deb.pack_files(tmp_path / folder) for folder in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        names = {Path(name).name for name in packed.namelist()}
        pins = packed.read("csr-desktop-server/requirements.txt")
    guide = (ROOT / "packaging" / "server" / "README.md").read_text()
    steps = re.findall(r"^```sh\n(.*?)^```", guide.partition("## Elsewhere")[2], re.MULTILINE | re.DOTALL)[0]
    named = {word for word in steps.split() if re.fullmatch(r"[\w.*-]+\.(txt|conf|env|service|timer)", word)}
    assert "requirements.txt" in named
    assert [word for word in named if not [name for name in names if Path(name).match(word)]] == []
    assert pins == server_deb.PINS.read_bytes()


def test_the_wheel_is_the_same_bytes_whoever_builds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    first = make_wheel.make_wheel(tmp_path / "first")
    usual = os.umask(0o077)
    try:
        second = make_wheel.make_wheel(tmp_path / "second")
    finally:
        os.umask(usual)
    assert second.name == first.name
    assert second.read_bytes() == first.read_bytes()


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def asked_for(*extras: str) -> set[str]:
    """Names of what the project with these extras wants here, with all that those want in turn."""
    said = project()
    texts = [*said["dependencies"], *(text for extra in extras for text in said["optional-dependencies"][extra])]
    waiting = [(Requirement(text), "") for text in texts]
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while waiting:
        one, of = waiting.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": of}):
            continue
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        found.add(name)
        for extra in {"", *one.extras} - {told for of_name, told in seen if of_name == name}:
            seen.add((name, extra))
            waiting += [(Requirement(line), extra) for line in metadata.requires(name) or []]
    return found


def test_the_servers_pins_are_what_the_project_wants_for_it_and_those_of_the_lock() -> None:
    pinned = bill.names_in(server_deb.PINS.read_text(encoding="utf-8"))
    locked = bill.names_in((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert {name: locked[name] for name in pinned} == pinned, "`make lock` writes both"
    wanted = asked_for("server", "build")
    assert wanted <= set(pinned)
    assert not set(pinned) & (asked_for("desk") - wanted), "nothing that only the desk wants"
    assert not [line for line in server_deb.PINS.read_text(encoding="utf-8").splitlines() if "://" in line]


def test_the_server_has_what_it_needs_on_debians_python_and_no_window() -> None:
    found = server_deb.needed()
    assert {"click", "msgspec", "starlette", "uvicorn", "psycopg", "psycopg-binary", "cffi", "h11"} <= set(found)
    assert not set(found) & {"pyside6-essentials", "keyring", "sqlcipher3", "setuptools", "tzlocal", "colorama"}
    assert found["psycopg"] == found["psycopg-binary"] == metadata.version("psycopg")


def test_the_container_is_filled_from_the_servers_pins_alone() -> None:
    lines = (
        (ROOT / "packaging" / "server" / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    )
    copied = {word for line in lines if line.startswith("COPY") for word in line.split() if word.endswith(".txt")}
    assert copied == {"packaging/server/requirements.txt"}
    (run,) = [line for line in lines if line.startswith("RUN") and "pip install" in line]
    installing = [step for step in run.split("&&") if "pip install" in step]
    assert all("--require-hashes" in step or "--no-index" in step for step in installing)


def made_up_library(folder: Path, name: str, version: str, text: str) -> None:
    told = folder / f"{name}-{version}.dist-info"
    (told / "licenses").mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {name.replace('_', '-')}",
        f"Version: {version}",
        "License-Expression: MIT",
        "",
    ]
    (told / "METADATA").write_text("\n".join(lines))
    if text:
        (told / "licenses" / "LICENSE").write_text(text)
    files = [path.relative_to(folder).as_posix() for path in told.rglob("*") if path.is_file()]
    (told / "RECORD").write_text("".join(f"{name},,\n" for name in files))


def test_the_copyright_has_the_terms_of_every_library_in_their_words(tmp_path: Path) -> None:
    library = tmp_path / "library"
    made_up_library(library, "sample", "1.2", "Copyright Sample Authors\r\nAs it is.\n")
    made_up_library(library, "example", "3.4", "Copyright Example Authors\n")
    made_up_library(library, "csr_desktop", "0.1.0", "")
    terms = server_deb.licenses(library)
    assert terms.startswith("example 3.4: MIT\n\nCopyright Example Authors\n")
    assert "sample 1.2: MIT\n\nCopyright Sample Authors\nAs it is.\n" in terms
    (library / "csr_desktop" / "ui").mkdir(parents=True)
    server_deb.clear_up(library)
    made = tmp_path / "tree"
    server_deb.lay_out(library, terms, made)
    copyright_text = (made / "usr/share/doc/csr-desktop-server/copyright").read_text()
    assert copyright_text.endswith(f"with their terms:\n{terms}\n")


def test_a_library_without_the_text_of_its_license_stops_the_build(tmp_path: Path) -> None:
    made_up_library(tmp_path, "sample", "1.2", "")
    with pytest.raises(SystemExit, match=r"sample 1\.2 has no license with it"):
        server_deb.licenses(tmp_path)


def test_debians_python_is_asked_for_as_the_libraries_want_it(tree: Path) -> None:
    text = (tree / "DEBIAN" / "control").read_text()
    assert "python3 (>= 3.11), python3 (<< 3.12)" in text
    assert "\nRecommends: caddy\n" in text


@pytest.fixture
def maintained(tmp_path: Path) -> Callable[..., str]:
    """Runs a maintainer's script on the files below a folder that stands for /, as the account that tests have."""
    root, tools = tmp_path / "root", tmp_path / "tools"
    tools.mkdir()
    for name in ("systemd-sysusers", "py3compile", "deb-systemd-helper"):
        (tools / name).symlink_to("/bin/true")
    (root / "opt" / "csr-desktop-server").mkdir(parents=True)

    def run(script: str, *words: str) -> str:
        text = (ROOT / "packaging" / "server" / "deb" / script).read_text()
        text = re.sub(r"(?<=[ =])/(etc|opt|var|run)/", rf"{root}/\1/", text)
        text = re.sub(r"-o [a-z-]+ -g [a-z-]+", f"-o {os.getuid()} -g {os.getgid()}", text)
        env = {"PATH": f"{tools}:{os.environ['PATH']}", "DPKG_MAINTSCRIPT_PACKAGE": "csr-desktop-server"}
        done = subprocess.run(["sh", "-c", text, script, *words], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@needs_dpkg
def test_settings_are_made_once_kept_at_an_upgrade_and_removed_by_purging_alone(
    maintained: Callable[..., str], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    shipped, settings = root / "opt/csr-desktop-server/server.env", root / "etc/csr-desktop/server.env"
    shipped.write_text("KEY=\n")
    assert "  csr-desktop-server init --data" in maintained("postinst", "configure")
    assert (settings.read_text(), settings.stat().st_mode & 0o777) == ("KEY=\n", 0o640)
    settings.write_text("KEY=age1made-up\n")
    shipped.write_text("KEY=\nNEW=\n")
    maintained("postinst", "configure", "0.1.0")
    assert settings.read_text() == "KEY=age1made-up\n"
    (root / "var/lib/csr-desktop/server.key").write_text("made up")
    policy = settings.with_name("policy.toml")
    policy.write_text("")
    assert "Kept, as it has the server's data" in maintained("postrm", "remove")
    assert settings.exists()
    maintained("postrm", "purge")
    assert list(policy.parent.iterdir()) == [policy], "what another package has there stays"
    assert (root / "var/lib/csr-desktop/server.key").exists()
    policy.unlink()
    maintained("postrm", "purge")
    assert not policy.parent.exists()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=[path.name for path in SCRIPTS])
def test_a_script_is_one_that_sh_reads(script: Path) -> None:
    said = subprocess.run(["shellcheck", "--shell", "sh", str(script)], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


@needs_dpkg
def test_a_trial_starts_the_server_as_the_unit_does(tree: Path) -> None:
    account, words = prove_server_deb.as_its_unit_says(tree)
    assert account == "csr-desktop"
    assert words[:4] == ["/opt/csr-desktop-server/bin/csr-desktop-server", "run", "--data", "/var/lib/csr-desktop"]
    assert not [word for word in words if "$" in word]
